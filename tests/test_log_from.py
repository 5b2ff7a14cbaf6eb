"""`log --from`: what customers answer by the buttons of their pages, from the page through an email into the ledger."""

import csv
import json
import re
import tempfile
from collections.abc import Iterator
from datetime import date, timedelta
from email.message import EmailMessage
from html import unescape
from pathlib import Path
from urllib.parse import parse_qs, urlencode

import pytest
from commandline import PLAIN, Workspace, table
from hypothesis import given, settings
from hypothesis import strategies as st

from pastdue.books import replies
from pastdue.books.activity import KINDS

ON = date(2026, 3, 2)
CUSTOMERS = (
    "account_id,name,email,cc,currency\n"
    "K-7,Brückner,anna@bruckner.example,buch@bruckner.example,EUR\nK-8,Eight KK,eight@example.com,,JPY\n"
)
INVOICES = "invoice_id,account_id,due,amount\nHJ-1,K-7,2026-01-31,420.00\nHJ-2,K-8,2026-01-31,500\n"
HEAD = "on,account_id,kind,invoice_id,amount,due,every,count,by,note\n"
PROMISE = "2026-03-02,K-7,promise,,420.00,2026-03-09,,,,says: can pay"
PAID = "2026-03-02,K-7,message,,,,,,,says: paid"
FROM = "Anna <anna@bruckner.example>"


@pytest.fixture
def books(tmp_path: Path) -> Workspace:
    # A comma for the decimals: what an email says is in the contract's own format whatever the ledgers are kept in.
    columns = '[columns.activity]\nnumber_format = "1.234,56"\ndate_format = "%d.%m.%Y"\n[columns.invoices]\nnumber_format = "1234.56"\n'
    config = PLAIN.format(business="", more=columns)
    return Workspace.of(
        tmp_path / "books", config, customers=CUSTOMERS, invoices=INVOICES, payments="received,account_id,amount\n"
    )


def email(text: str, sender: str = FROM, **how: str) -> bytes:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, "accounts@brookstreet.example", "I can pay"
    message.set_content(text, **how)  # type: ignore[arg-type]
    return message.as_bytes()


def saved(books: Workspace, content: bytes | str) -> str:
    path = books.root.parent / "reply.eml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return str(path)


def ledger(books: Workspace) -> list[str]:
    path = books.root / "accounts/activity.csv"
    return path.read_text("utf-8").splitlines()[1:] if path.is_file() else []


def took(books: Workspace, content: bytes | str, *, sure: bool = True) -> list[str]:
    """The rows that were written, all of them without a question where `sure`."""
    books.done("log", "--from", saved(books, content), "--on", "2026-03-02", *(["--yes"] if sure else []))
    return ledger(books)


def refused(books: Workspace, content: bytes | str) -> str:
    """What is said of an email of which nothing is written."""
    before = ledger(books)
    done = books.run("log", "--from", saved(books, content), "--on", "2026-03-02", "--yes")
    assert (done.exit_code, done.stdout, ledger(books)) == (1, "", before)
    return done.stderr


# ------------------------------------------------------------------ from the page to the ledger


def buttons(page: str) -> Iterator[tuple[str, str]]:
    """The button's name, and the body of the email that it begins."""
    for link in re.findall(r'href="mailto:[^"?]+\?([^"]+)"', page):
        fields = parse_qs(unescape(link), strict_parsing=True)
        yield fields["subject"][0].rpartition(" (")[0], fields["body"][0].replace("\r\n", "\n")


amounts = st.integers(1, 10**9)
invoice = st.tuples(st.integers(-20, 120), amounts, st.integers(0, 100))  # days late, cents, percent paid
account = st.tuples(st.lists(invoice, min_size=1, max_size=4), st.sampled_from(["EUR", "JPY", "KWD"]))
names = st.lists(
    st.text('abcXYZ09 -/.,&"äß', min_size=1, max_size=20).filter(lambda name: name == " ".join(name.split())),
    min_size=2, max_size=4, unique_by=str.casefold,
)  # fmt: skip


@settings(max_examples=5, deadline=None)
@given(st.data(), names)
def test_every_button_of_any_account_says_in_the_ledger_what_it_says_on_the_page(
    data: st.DataObject, ids: list[str]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        customers, invoices, payments = [], [], []
        for n, name in enumerate(ids):
            owing, currency = data.draw(account)
            digits = {"EUR": 2, "JPY": 0, "KWD": 3}[currency]
            customers.append((name, f"No {n}", f"a{n}@example.com", currency))
            for number, (late, cents, percent) in enumerate(owing):
                invoice_id = f'{n}/{number}, "{name}"' if number % 2 else f"{n}-{number}"
                day = ON - timedelta(days=late)
                invoices.append((invoice_id, name, day - timedelta(30), day, f"{cents / 10**digits:.{digits}f}"))
                if part := cents * percent // 100:
                    payments.append((ON - timedelta(days=1), name, f"{part / 10**digits:.{digits}f}", invoice_id))
        config = PLAIN.format(business="", more='[portal]\nbase_url = "https://pay.example"\n')
        books = Workspace.of(
            Path(folder) / "books", config,
            customers=table(("account_id", "name", "email", "currency"), *customers),
            invoices=table(("invoice_id", "account_id", "issued", "due", "amount"), *invoices),
            payments=table(("received", "account_id", "amount", "invoice_id"), *payments),
        )  # fmt: skip
        picks = {name: data.draw(st.integers(0, 99)) for name in ids}
        books.done("build", "--on", "2026-03-02")
        before = standings(books)
        pressed: dict[str, dict[str, str]] = {}
        for page in (books.root / "site/public").glob("*/index.html"):
            said = list(buttons(page.read_text("utf-8")))
            rows = [replies.read("mail", body.encode()).lines for _, body in said]
            assert all(len(found) == 1 for found in rows), "one line each"
            (name,) = {cells["account_id"] for (cells,) in rows}
            at = picks[name] % len(said)
            sender = next(address for account_id, _, address, _ in customers if account_id == name)
            took(books, email(said[at][1], sender))
            pressed[name] = rows[at][0]
            ((title, body),) = [said[at]]
            assert title in body
        assert pressed.keys() == set(ids)
        # A cell that would begin a formula has a blank before it, which no reader of the books takes for a part of it.
        entries = csv.DictReader((books.root / "accounts/activity.csv").read_text("utf-8").splitlines())
        written = [{column: cell.strip() for column, cell in row.items()} for row in entries]
        assert sorted(map(str, written)) == sorted(map(str, pressed.values()))
        after = standings(books)
        for name, cells in pressed.items():
            became(cells, before[name], after[name])


def standings(books: Workspace) -> dict[str, dict]:
    status = json.loads(books.run("status", "--json", "--all", "--on", "2026-03-02").stdout)
    return {each["account_id"]: each for each in status["accounts"]}


def became(cells: dict[str, str], before: dict, after: dict) -> None:
    """The standing after the line was written is what the line says."""
    kinds = {hold["kind"] for hold in after["holds"]}
    if cells["kind"] == "promise":
        (promise,) = after["promises"]
        assert (promise["due"], promise["amount"], promise["state"]) == (cells["due"], cells["amount"], "pending")
        assert cells["amount"] == (before["balance"] if before["overdue"].strip("0.") == "" else before["overdue"])
        assert "promise" in kinds
    elif cells["kind"] == "plan":
        assert "plan" in kinds
        parts, each, count = before["balance"].replace(".", ""), cells["amount"].replace(".", ""), int(cells["count"])
        assert 0 <= int(each) * count - int(parts) < count, "the parts are all that is open"
    elif cells["kind"] == "dispute":
        assert {("dispute", cells["invoice_id"])} <= {(hold["kind"], hold["invoice_id"]) for hold in after["holds"]}
    else:
        assert (after["balance"], after["holds"]) == (before["balance"], before["holds"])


# ------------------------------------------------------------------ as emails come


WRAPPED = PROMISE.replace("says: can pay", "says: can \npay")
AS_THEY_COME = {
    "as it was sent": email(f"I can pay.\n\n{PROMISE}\n"),
    "quoted": email(f"Did you see this?\n\n> > I can pay\n> > {PROMISE}\n>| {PROMISE}\n"),
    "base64": email(f"Grüße\n{PROMISE}\n", cte="base64"),
    "quoted-printable": email(f"Grüße\n{PROMISE}" + "\n\n" + "ä" * 90, cte="quoted-printable"),
    "format=flowed": email(f"> {WRAPPED.replace(chr(10), chr(10) + '> ')}\n"),
    "wrapped within its last words": email(PROMISE.replace("can pay", "can\npay")),
    "wrapped after a comma": email(PROMISE.replace("420.00,", "420.00,\n")),
    "wrapped within a date": email(PROMISE.replace("03-09", "03-\n09")),
    "HTML alone": email(f"<html><head><style>p{{}}</style></head><body><p>Hi</p><div>{PROMISE}<br>x</div>", subtype="html"),
    "HTML with links made of dates": email(
        "<p>" + PROMISE.replace("2026-03-09", '<a href="x:1">2026-03-\u200b09</a>').replace("can pay", "can\n   pay") + "</p>",
        subtype="html",
    ),
    "HTML in a blockquote": email(f"<blockquote>\n<pre>Hello\n{PROMISE}\n</pre></blockquote>", subtype="html"),
    "a text with a mark at its front": b"\xef\xbb\xbf" + PROMISE.encode(),
    "Windows line ends": PROMISE.encode() + b"\r\nThanks\r\n",
    "an unknown charset": email(PROMISE).replace(b'charset="utf-8"', b'charset="x-none"'),
    "a form, as a browser posts it": urlencode(dict(zip(HEAD.strip().split(","), PROMISE.split(","), strict=True))),
    "a form, as a service mails it": email(
        "New entry\n\nmessage: hello\n"
        + "\n".join(f"{name}: {cell}" for name, cell in zip(HEAD.strip().split(","), PROMISE.split(","), strict=True))
    ),
}  # fmt: skip


@pytest.mark.parametrize("how", AS_THEY_COME)
def test_a_line_is_found_however_the_email_came(books: Workspace, how: str) -> None:
    assert took(books, AS_THEY_COME[how]) == ['02.03.2026,K-7,promise,,"420,00",09.03.2026,,,,says: can pay']


def test_an_email_with_both_parts_and_a_file_says_it_once(books: Workspace) -> None:
    message = EmailMessage()
    message["From"] = FROM
    message.set_content(f"{PROMISE}\n")
    message.add_alternative(f"<p>{PROMISE}</p>", subtype="html")
    message.add_attachment(f"{PAID}\n", filename="rows.txt")
    assert len(took(books, message.as_bytes())) == 1


def test_the_same_line_is_not_written_twice_and_others_are(books: Workspace) -> None:
    took(books, email(PROMISE))
    done = books.done("log", "--from", saved(books, email(f"{PAID}\n> {PROMISE}")), "--yes", "--on", "2026-03-02")
    assert "already in the ledger: K-7, 2 March 2026: promise of 420.00 EUR by 9 March 2026: says: can pay" in done
    assert [row.split(",")[2] for row in ledger(books)] == ["promise", "message"]


def test_who_wrote_it_down_is_said_by_the_operator_and_by_nobody_else(books: Workspace) -> None:
    forged = PAID.replace(",,says", ",BOSS,says")
    books.done("log", "--from", saved(books, email(forged)), "--yes", "--by", "JD", "--on", "2026-03-02")
    assert ledger(books) == ["02.03.2026,K-7,message,,,,,,JD,says: paid"]


def test_the_operator_is_asked_for_each_line_and_may_say_no(books: Workspace) -> None:
    path = saved(books, email(f"{PROMISE}\n{PAID}\n"))
    done = books.run("log", "--from", path, "--on", "2026-03-02", answer="n\ny\n")
    assert done.exit_code == 0
    assert done.stderr.count("Add it to the ledger?") == 2
    assert [row.split(",")[2] for row in ledger(books)] == ["message"]


# ------------------------------------------------------------------ what a stranger may not do


def test_an_email_from_another_address_is_said_and_waits_for_a_person(books: Workspace) -> None:
    said = refused(books, email(PROMISE, "Anna <anna@bruckner.example.evil.test>"))
    assert "it comes from anna@bruckner.example.evil.test; the books have anna@bruckner.example for K-7" in said
    for known in ("ANNA@Bruckner.example", "Book-keeping <buch@bruckner.example>"):
        assert "it comes from" not in books.run("log", "--from", saved(books, email(PAID, known)), answer="n").stderr
    done = books.run("log", "--from", saved(books, email(PROMISE, "x@y.example")), "--on", "2026-03-02", answer="y")
    assert done.exit_code == 0
    assert len(ledger(books)) == 1


DOUBTS = {
    "2026-03-02,K-7,promise,,420.01,2026-03-09,,,,x": "that is 420.01 EUR, and 420.00 EUR is open",
    "2026-03-02,K-7,plan,,210.02,2026-03-09,month,2,,x": "that is 420.04 EUR, and 420.00 EUR is open",
    "2026-03-02,K-7,promise,,420,2026-03-01,,,,x": "2026-03-01 has passed",
    "2026-03-02,K-7,promise,,420,2027-03-01,,,,x": "2027-03-01 is 364 days away",
    "2026-03-03,K-7,message,,,,,,,x": "it is dated 2026-03-03, and today is 2026-03-02",
    "2025-12-02,K-7,message,,,,,,,x": "it was made 90 days ago",
    "2026-03-02,K-8,promise,,501,2026-03-09,,,,x": "that is 501 JPY, and 500 JPY is open",
}


@pytest.mark.parametrize("row", DOUBTS)
def test_a_line_out_of_reason_waits_for_a_person(books: Workspace, row: str) -> None:
    assert f"warning: {DOUBTS[row]}\n    not written" in refused(books, row)


def test_nothing_need_be_open_on_an_invoice_that_somebody_disputes_and_it_is_said(books: Workspace) -> None:
    (books.root / "accounts/payments.csv").write_text("received,account_id,amount\n2026-02-02,K-7,420\n")
    assert "warning: nothing is open on HJ-1" in refused(books, "2026-03-02,K-7,dispute,HJ-1,,,,,,x")


WRONG = {
    "2026-03-02,K-9,message,,,,,,,x": 'customers has no account "K-9"',
    "2026-02-30,K-7,message,,,,,,,x": '"2026-02-30" is not a date',
    "2026-03-02,K-7,promise,,1.200,00,2026-03-09,,,,x": "has 11 cells where a line has 10",
    "2026-03-02,K-7,promise,,,2026-03-09,,,,x": "the cell is blank, and promise needs it",
    "2026-03-02,K-7,dispute,HJ-2,,,,,,x": "is not an invoice of",
    "2026-03-02,K-8,promise,,1.50,2026-03-09,,,,x": "has more decimals than JPY has",
    "2026-03-02,K-7,promise,,420": "has 5 cells where a line has 10",
    "Dear all,\nhello": "there is no line for the diary in it",
    "2026-03-02, 14:00, call, me": "there is no line for the diary in it",
    "\n".join(f"2026-03-02,K-7,message,,,,,,,{n}" for n in range(20)): "it holds 21 lines",
    "\x00" * 50: "there is no line for the diary in it",
}


@pytest.mark.parametrize("text", WRONG, ids=range(len(WRONG)))
def test_what_cannot_be_meant_is_a_finding_and_nothing_is_written_not_even_the_good_line_beside_it(
    books: Workspace, text: str
) -> None:
    beside = "" if "no line" in WRONG[text] else f"\n\n{PAID}\n"
    said = refused(books, f"{text}{beside}")
    assert WRONG[text] in said
    assert said.endswith("nothing was written.\n")


@pytest.mark.parametrize("kind", sorted(set(KINDS) - set(replies.SAYABLE)))
def test_an_email_says_nothing_that_no_button_says(books: Workspace, kind: str) -> None:
    assert f"no button says {kind}" in refused(books, f"{PAID}\n2026-03-02,K-7,{kind},HJ-1,1,2026-03-09,,,,upheld\n")


@given(st.binary(max_size=300))
def test_no_bytes_break_the_reader(content: bytes) -> None:
    found = replies.read("mail", content)
    assert isinstance(found.lines, tuple)


@given(st.text(max_size=200), st.sampled_from(["", "plain", "html"]))
def test_a_line_is_found_in_any_company(company: str, subtype: str) -> None:
    around = re.sub(r"[^\w .!?äö]", " ", company)
    text = f"{around}\n{PROMISE}\n{around}\n"
    content = (
        email(f"<p>{around}</p><p>{PROMISE}</p>" if subtype == "html" else text, subtype=subtype)
        if subtype
        else text.encode()
    )
    assert [",".join(line.values()) for line in replies.read("mail", content).lines] == [PROMISE]


def test_the_kinds_are_those_of_the_buttons() -> None:
    assert set(replies.SAYABLE) <= set(KINDS)


def test_who_gives_text_on_standard_input_cannot_be_asked(books: Workspace) -> None:
    done = books.run("log", "--from", "-", answer=PAID)
    assert (done.exit_code, ledger(books)) == (2, [])
    assert "there is nobody to ask" in done.stderr
    assert books.run("log", "--from", "-", "--yes", "--on", "2026-03-02", answer=PAID).exit_code == 0
    assert len(ledger(books)) == 1


@pytest.mark.parametrize("more", [["K-7"], ["K-7", "promise"], ["--amount", "5"], ["--note", "x"]])
def test_from_and_a_line_of_ones_own_are_two_things(books: Workspace, more: list[str]) -> None:
    assert books.run("log", *more, "--from", saved(books, PAID)).exit_code == 2
    assert books.run("log", "K-7").exit_code == 2
