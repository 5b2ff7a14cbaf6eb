"""The file of an account: every sum can be worked out again from what is printed, and nothing is claimed that was not announced."""

import csv
import io
import json
import re
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from papers import HAMBURG
from pypdf import PdfReader
from world import NOTICES, day, decide, diary, ledger, line
from world import notices as notices_frame

from pastdue import money
from pastdue.books.activity import KINDS
from pastdue.config import Config
from pastdue.delivery import pdf
from pastdue.documents import bundle, evidence, statement
from pastdue.documents.catalogue import CATALOGUES
from pastdue.documents.catalogue import SHIPPED as WORDS
from pastdue.model import (
    Accrual,
    Activity,
    Charge,
    Customer,
    Ledger,
    Obligation,
    ObligationState,
    PlanState,
    PromiseState,
    Standing,
    State,
)

ON = date(2026, 3, 2)
CONFIG = Config.model_validate(
    {
        "business": {"name": "Brook Street Bakery", "country": "GB", "currency": "GBP"},
        "calendar": {"country": "none", "weekend": []},
        "schedule": {"standard": {"step": [{"name": "reminder", "days": 1, "channels": ["email"]}]}},
    }
)
BYRNE = Customer(
    "ACME", "Byrne & Daughters Ltd", address=("1 Quay Street",), city="Bristol", country="GB", currency="GBP"
)


def charge(principal: int = 123450, *, told: bool = True, year: int = 365, **fields: Any) -> Charge:
    """Interest of two stretches at different rates, and a fixed sum."""
    lines = []
    for first, last, rate, reference in (
        ("2025-12-01", "2025-12-31", 117500, 37500),
        ("2026-01-01", "2026-03-02", 115000, 35000),
    ):
        count = (day(last) - day(first)).days + 1
        amount = money.half_up(Fraction(principal * rate * count, 1_000_000 * year))
        lines.append(Accrual(principal, day(first), day(last), count, rate, amount, reference))
    made = Charge("I-1", day("2025-11-30"), "GBP", "uk-lpcda", day("2025-12-01"), tuple(lines), 7000, day("2025-12-01"))
    return replace(made, principal=principal, told=told, year_days=year, **fields)


def books(*activity: Activity, payments: list[tuple] = (), customer: Customer = BYRNE) -> Ledger:
    invoices = [("I-1", "2025-11-01", "2025-11-30", 123450), ("I-2", "2026-02-01", "2026-02-15", 20000)]
    return ledger(
        invoices, payments, account="ACME", currency="GBP", activity=diary(*activity), customers={"ACME": customer}
    )


def account(book: Ledger, config: Config = CONFIG, **fields: Any) -> evidence.Account:
    """The file of the one account, its first standing with what is given."""
    standings, decisions = decide(book, config, ON)
    standings = (replace(standings[0], **fields), *standings[1:])
    return evidence.Account(
        on=ON,
        standings=tuple(zip(standings, decisions, strict=True)),
        statements=tuple(statement.of(each, book) for each in standings),
        messages=evidence.messages(book.notices, "ACME", ON),
        config=config,
    )


def section(made: evidence.Account, name: str) -> list[dict[str, Any]]:
    title = WORDS.of(made.config.business.language)[f"evidence.{name}"]
    return next(part["blocks"] for part in evidence.sheet(made)["sections"] if part["title"].startswith(title))


def tables(made: evidence.Account, name: str) -> list[list[list[str]]]:
    return [[row["cells"] for row in block["rows"]] for block in section(made, name) if block["t"] == "table"]


def printed(made: evidence.Account) -> tuple[bytes, str]:
    """The finished PDF and all its text, without the spaces that setting it brings."""
    content = pdf.render(json.dumps(evidence.sheet(made)).encode(), pdf.EVIDENCE)
    text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)
    return content, re.sub(r"\s", "", text)


def minor(text: str) -> int:
    """An amount as it is printed, read back."""
    return int(re.sub(r"[^0-9-]", "", text))


# ------------------------------------------------------------------ sums


@pytest.mark.parametrize("year", [365, 360])
def test_interest_is_worked_out_again_from_what_is_printed(year: int) -> None:
    made = account(books(), charges=(charge(year=year),))
    *lines, total = tables(made, "worksheet")[0]
    how = next(block["v"] for block in section(made, "worksheet") if block["t"] == "p")
    assert f"/ {year}," in how
    for principal, first, last, count, rate, amount in lines:
        percent, reference = re.fullmatch(r"([\d.]+)% \(reference ([\d.]+)%\)", rate).groups()
        assert Fraction(percent) - Fraction(reference) == 8
        exact = Fraction(minor(principal)) * Fraction(percent) / 100 * int(count) / year
        assert minor(amount) == money.half_up(exact)
        assert first.endswith(("2025", "2026")), last
    assert minor(total[-1]) == sum(minor(cells[-1]) for cells in lines)


def test_the_claim_is_principal_interest_and_fixed_sums_less_what_was_paid_and_waived() -> None:
    owed = charge(interest_paid=100, interest_waived=200, fee_waived=3000)
    made = account(books(), charges=(owed,))
    first, second, total = tables(made, "claim")[0]
    accrued = sum(each.amount for each in owed.accruals)
    assert [minor(cell) for cell in first[2:]] == [123450, accrued - 300, 4000, 123450 + accrued + 3700]
    assert [minor(cell) for cell in second[2:]] == [20000, 0, 0, 20000]
    assert [minor(cell) for cell in total[2:]] == [143450, accrued - 300, 4000, 143450 + accrued + 3700]
    assert minor(evidence.sheet(made)["sums"][0]["total"]) == minor(total[-1])
    assert [minor(cell) for cell in tables(made, "worksheet")[1][-1][2:]] == [7000, 0, -3000, 4000]


def test_interest_of_a_paid_invoice_is_still_claimed() -> None:
    book = books(payments=[("2026-02-20", "I-1", 123450, ""), ("2026-02-20", "I-2", 20000, "")])
    made = account(book, charges=(charge(principal=0, told=True, fee=500, accruals=()),))
    (row, total) = tables(made, "claim")[0]
    assert row[0] == "I-1"
    assert minor(total[-1]) == 500


def test_what_no_notice_announced_is_shown_and_not_claimed() -> None:
    made = account(books(), charges=(charge(told=False),))
    assert evidence.claims(made.standings[0][0]) == (143450, 0, 0)
    untold = charge().owed
    assert any(
        "is not claimed" in note and minor(note.split(" of ")[0]) == untold for note in evidence.sheet(made)["notes"]
    )
    assert tables(made, "worksheet")[0][-1][0] == "Not claimed: not announced, or paid before"


def test_a_time_without_a_known_rate_claims_nothing_and_says_so() -> None:
    unknown = Accrual(123450, day("2026-01-01"), ON, 61, None, 0)
    made = account(books(), charges=(replace(charge(), accruals=(unknown,)),))
    assert tables(made, "worksheet")[0][0][4:] == ["not known", "£0.00"]
    assert any("No rate of interest is known from 1 January 2026" in note for note in evidence.sheet(made)["notes"])


# ------------------------------------------------------------------ the statement


INVOICE = st.tuples(st.sampled_from(["J", "K", "L"]), st.integers(1, 3), st.sampled_from([50, 100, 130, -40]))
MONEY = st.tuples(st.integers(1, 60), st.sampled_from(["", "J", "K"]), st.sampled_from([30, 100, 250, -30]))
GIVEN_UP = st.tuples(st.integers(1, 60), st.sampled_from(["", "J", "K"]), st.sampled_from([30, 100]))


@given(st.lists(INVOICE, max_size=5), st.lists(MONEY, max_size=5), st.lists(GIVEN_UP, max_size=3))
@settings(max_examples=60, deadline=None)
def test_the_statement_adds_up_to_the_balance_line_by_line(invoices: list, paid: list, given_up: list) -> None:
    start = day("2026-01-01")
    named = {(name, month): amount for name, month, amount in invoices}
    book = ledger(
        [(n if a > 0 else f"C{n}", "2026-01-01", f"2026-0{m}-15", a) for (n, m), a in named.items()],
        [(str(start + timedelta(on)), name, amount, "") for on, name, amount in paid],
        activity=diary(*(line(str(start + timedelta(on)), "writeoff", amount=a, invoice=n) for on, n, a in given_up)),
    )
    (standing, *_), _ = decide(book, CONFIG, ON)
    made = statement.of(standing, book)
    balance = 0
    for entry in made.lines:
        balance += entry.amount
        assert entry.balance == balance
    assert made.closing == standing.balance - standing.credit
    assert [e.on for e in made.lines if e.on] == sorted(e.on for e in made.lines if e.on)


def test_payments_that_went_to_interest_stand_in_the_statement() -> None:
    book = books(payments=[("2026-02-01", "I-1", 1000, "")])
    standing, *_ = decide(book, CONFIG, ON)[0]
    item = replace(standing.items[0], open=123450 - 1000 + 400)
    standing = replace(standing, items=(item, standing.items[1]), charges=(charge(interest_paid=300, fee_paid=100),))
    made = statement.of(standing, book)
    assert (made.lines[-1].kind, made.lines[-1].amount, made.closing) == ("charges-paid", 400, standing.balance)


def test_a_write_off_and_what_undoes_it_both_stand_in_the_statement_with_their_reasons() -> None:
    lines = (
        line("2026-02-20", "writeoff", account="ACME", amount=20000, invoice="I-2", note="gone away"),
        line("2026-02-25", "writeoff", account="ACME", amount=-20000, invoice="I-2", note="found again"),
    )
    made = account(books(*lines))
    rows = tables(made, "statement")[0]
    assert [row[1] for row in rows[2:4]] == ["Written off of I-2", "Write-off of I-2 undone"]
    assert minor(rows[-1][-1]) == 143450
    _, text = printed(made)
    assert "goneaway" in text
    assert "foundagain" in text


# ------------------------------------------------------------------ every word of it, on paper


def test_all_that_the_file_says_is_on_the_page_and_the_file_is_for_the_archive_and_for_every_reader() -> None:
    owed = Obligation(
        "small-claims", ON, ObligationState.DUE, (("I-1", day("2025-11-30")),), day("2026-01-10"), "n-1", "to do"
    )
    made = account(
        books(line("2026-02-01", "call", account="ACME", by="PB", note="asks for a copy")),
        charges=(charge(),),
        obligations=(owed,),
    )
    content, text = printed(made)

    def say(value: Any) -> None:
        for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            say(each)
        if isinstance(value, str):
            assert re.sub(r"\s", "", value) in text, value

    sheet = evidence.sheet(made)
    say([sheet[name] for name in ("title", "as_at", "notes", "notes_title", "contents", "running")])
    say([[party["name"], party["lines"]] for party in sheet["parties"]])
    say([[claim["rows"], claim["total"]] for claim in sheet["sums"]])
    for part in sheet["sections"]:
        say(part["title"])
        for block in part["blocks"]:
            say(block.get("v", ""))
            say([[column["title"]] for column in block.get("columns", ())])
            say([[row["cells"], row["below"]] for row in block.get("rows", ())])
    about = PdfReader(io.BytesIO(content)).metadata
    assert about.title == "Account file: Byrne & Daughters Ltd"
    assert b"<pdfaid:part>2</pdfaid:part>" in content
    assert b"<pdfuaid:part>1</pdfuaid:part>" in content
    assert printed(made)[0] == content


def test_a_business_in_germany_gets_its_file_in_german() -> None:
    config = CONFIG.model_copy(update={"business": HAMBURG})
    made = account(books(), config, charges=(charge(),))
    _, text = printed(made)
    assert "Kontoakte:Byrne&DaughtersLtd" in text
    assert "1.234,50£" in text
    assert "Verjährung:bitteprüfen" in text
    assert "11,75%(Basis3,75%)" in text


@pytest.mark.parametrize(("language", "basis"), [("de", "§ 288 Abs. 5 BGB"), ("en", "Section 288(5)")])
def test_a_fixed_sum_stands_under_its_own_rule_and_no_other_language_is_mixed_in(language: str, basis: str) -> None:
    config = CONFIG.model_copy(update={"business": CONFIG.business.model_copy(update={"language": language})})
    item, on = (("I-1", day("2025-11-30")),), day("2026-01-15")
    told = Obligation("fee", on, ObligationState.CARRIED_OUT, item, day("2026-01-01"), "N-1", "charged on 2026-01-15")
    made = account(books(), config, charges=(charge(regime="de-288-b2b"),), obligations=(told,))
    text = str(evidence.sheet(made))
    assert basis.lower() in text.lower()
    assert ("charged on" in text) == (language == "en")


@pytest.mark.parametrize(
    ("language", "called"),
    [("en", "Collection costs"), ("de", "Inkassokosten"), ("fr", "Frais de recouvrement"), ("es", "Gastos de cobro")],
)
def test_what_dutch_law_calls_collection_costs_is_called_so_in_the_file(language: str, called: str) -> None:
    config = CONFIG.model_copy(update={"business": CONFIG.business.model_copy(update={"language": language})})
    item, on = (("I-1", day("2025-11-30")),), day("2026-01-15")
    told = Obligation("fee", on, ObligationState.CARRIED_OUT, item, day("2026-01-01"), "N-1", "charged on 2026-01-15")

    def file(regime: str) -> str:
        lines = (charge(regime=regime, fee_paid=100), replace(charge(regime=regime, told=False), invoice_id="I-2"))
        made = account(books(), config, regime=regime, charges=lines, obligations=(told,))
        (index,) = (page.content for page in bundle.files(made, books(), b"") if page.path.endswith("index.html"))
        return f"{evidence.sheet(made)} {index.decode()}"

    fixed = re.compile(
        r"fixed sum|late-payment fee|pauschale|forfaitaire|indemnité de retard|cantidad(es)? fija", re.IGNORECASE
    )
    assert called in file("nl-119")
    assert not fixed.search(file("nl-119"))
    assert fixed.search(file("uk-lpcda"))


def test_an_account_with_two_currencies_has_two_of_everything_that_is_counted() -> None:
    book = books()
    euro = ledger([("E-1", "2026-01-01", "2026-01-31", 999)], account="ACME", currency="EUR").invoices
    book = replace(book, invoices=pd.concat([book.invoices, euro], ignore_index=True))
    made = account(book)
    assert [claim["currency"] for claim in evidence.sheet(made)["sums"]] == ["EUR", "GBP"]
    titles = [part["title"] for part in evidence.sheet(made)["sections"]]
    assert titles[:4] == [
        "What is claimed (EUR)",
        "Statement of account (EUR)",
        "Interest and fixed sums (EUR)",
        "What is claimed (GBP)",
    ]
    assert [each.closing for each in made.statements] == [999, 143450]


def test_a_settled_account_has_a_file_that_claims_nothing() -> None:
    book = books(payments=[("2026-02-20", "", 150000, "")])
    made = account(book)
    assert evidence.sheet(made)["sums"][0]["total"] == "£0.00"
    assert evidence.sheet(made)["notes"][:2] == [
        "Nothing is open in GBP.",
        "£65.50 stands to the debtor's credit and is not set off here.",
    ]
    assert "NothingisopeninGBP." in printed(made)[1]


def test_the_limitation_is_a_hint_to_check_and_no_verdict() -> None:
    notes = evidence.sheet(account(books()))["notes"]
    assert notes[0].startswith(
        "Limitation: check. The oldest unpaid invoice fell due on 30 November 2025. As a rule of thumb: 6 years"
    )


@pytest.mark.parametrize("language", ["en", "de"])
def test_everything_that_can_stand_in_a_file_has_words(language: str) -> None:
    there = WORDS.of(language).catalogue
    wanted = [f"activity-{kind}" for kind in KINDS]
    wanted += [f"state-{state}" for state in State] + [f"promise-{state}" for state in PromiseState]
    wanted += [f"plan-{state}" for state in PlanState] + [f"obligation-{state}" for state in ObligationState]
    wanted += [f"entry-{kind}" for kind in statement.ORDER]
    assert [key for key in wanted if f"evidence.{key}" not in there] == []
    own = {key for key in there if key.startswith("evidence.")}
    assert own <= CATALOGUES[language].keys()


# ------------------------------------------------------------------ the folder


HOSTILE = '=HYPERLINK("https://evil.example","x")<script>alert(1)</script>#panic() {{ 7*7 }} *b* ../../etc'


def test_text_of_the_books_is_text_wherever_it_stands() -> None:
    customer = replace(BYRNE, name=HOSTILE, contact=HOSTILE, address=(HOSTILE,))
    lines = [line("2026-02-01", "note", account="ACME", note=HOSTILE, by="@SUM(A1)")]
    book = books(*lines, customer=customer)
    made = account(book)
    content, text = printed(made)
    assert "#panic()" in text
    pages = {page.path: page.content for page in bundle.files(made, book, content)}
    html = pages["index.html"].decode()
    assert "<script" not in html
    assert "&lt;script&gt;" in html
    for name in ("customers", "activity", "invoices", "payments", "notices"):
        for row in csv.reader(io.StringIO(pages[f"books/{name}.csv"].decode(), newline="")):
            assert not [cell for cell in row if cell.startswith(("=", "+", "@", "-"))], name
    (row,) = csv.DictReader(io.StringIO(pages["books/activity.csv"].decode()))
    assert row["note"] == f" {HOSTILE}"


def notice(file: str, n: int = 1) -> tuple[object, ...]:
    values: dict[str, object] = dict.fromkeys(NOTICES, "")
    values |= {
        "notice_id": f"n-{n}",
        "on": ON.toordinal(),
        "account_id": "ACME",
        "invoice_id": "I-1",
        "due": 1,
        "rung": 0,
    }
    values |= {
        "pay_by": 0,
        "open": 1,
        "channel": "email",
        "state": "sent",
        "currency": "GBP",
        "file": file,
        "step": "reminder",
    }
    return tuple(values[name] for name in NOTICES)


@pytest.mark.parametrize(
    "file",
    [
        "/etc/passwd.eml",
        "../outside.eml",
        "outbox/../../x.pdf",
        "outbox/a\\b.pdf",
        "outbox/x.exe",
        "portal.key",
        "outbox//x.eml",
        "",
    ],
)
def test_a_place_that_is_none_in_the_outbox_is_never_read(file: str) -> None:
    book = replace(books(), notices=notices_frame([notice(file)]))
    messages = evidence.messages(book.notices, "ACME", ON)
    assert bundle.wanted(messages, book, "ACME", ON, frozenset()) == ()


def test_documents_have_plain_names_that_differ_whatever_theirs_are() -> None:
    files = ["outbox/a/É t.eml", "outbox/b/É t.eml", "outbox/a/x.eml", "outbox/a/X.eml"]
    book = replace(books(), notices=notices_frame([notice(file, n) for n, file in enumerate(files)]))
    there = frozenset({"invoices/I-1.pdf", "invoices/other.pdf"})
    wanted = bundle.wanted(evidence.messages(book.notices, "ACME", ON), book, "ACME", ON, there)
    assert [each.source for each in wanted] == [*files, "invoices/I-1.pdf"]
    paths = [each.path for each in wanted]
    assert len({path.casefold() for path in paths}) == len(paths)
    assert all(re.fullmatch(r"(notices|invoices)/[A-Za-z0-9-]+\.(eml|pdf)", path) for path in paths)


def test_a_standing_without_anything_is_a_file_too() -> None:
    book = ledger([], account="ACME", currency="GBP", customers={"ACME": BYRNE})
    made = account(book)
    assert isinstance(made.standings[0][0], Standing)
    assert printed(made)[0].startswith(b"%PDF")
