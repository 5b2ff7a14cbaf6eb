"""The instalment agreement: every figure of the plan comes back out of the file, both sides can sign, and consumers are told what it means."""

import io
import json
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from answer_tools import ON, answering, plan
from commandline import PLAIN, Workspace
from papers import ALBRECHT, BRISTOL, HAMBURG
from pypdf import PdfReader

from pastdue import days, money
from pastdue.config import Business, Config
from pastdue.delivery import pdf
from pastdue.documents import note, paper
from pastdue.documents.catalogue import SHIPPED as WORDS
from pastdue.documents.letters import Letters
from pastdue.model import Customer, Notice, NoticeItem, OpenItem, Plan, State

FOLDER = Path(__file__).parents[2] / "letters"
LETTERS = Letters({path.name: path.read_text(encoding="utf-8") for path in FOLDER.iterdir()})

BYRNE = Customer(
    "ACME-1",
    "Byrne & Daughters Ltd",
    contact="Anna Byrne",
    address=("1 Quay Street",),
    postcode="BS1 6AB",
    city="Bristol",
    country="GB",
    currency="GBP",
)
KIM = replace(BYRNE, name="Kim Byrne", kind="consumer", contact="")


def item(invoice_id: str, days_late: int, minor: int, currency: str) -> OpenItem:
    due = ON - timedelta(days_late)
    return OpenItem(invoice_id, due, due - timedelta(30), currency, minor, minor, days_late, "Oak staircase")


def out_for_signature(agreed: Plan, *items: OpenItem, customer: Customer = BYRNE, channel: str = "email") -> Notice:
    """The notice that a plan goes out with."""
    left = sum(each.amount - each.paid for each in agreed.instalments)
    lines = tuple(NoticeItem(each, "plan") for each in items or (item("2041", 40, left, customer.currency),))
    fields = ("plan", -1, "plan", channel, lines, None, (), (), "", "ACME-1")
    return answering(Notice(f"{ON}-plan-{channel}", ON, customer, customer.currency, *fields), agreed)


def data(of: Notice, business: Business = BRISTOL) -> dict[str, object]:
    made = note.of(of, LETTERS, Config(business=business))
    assert made is not None
    return made


def pages(made: dict[str, object]) -> list[str]:
    """The text of each page of the finished file."""
    return [page.extract_text() for page in PdfReader(io.BytesIO(pdf.render(paper.encoded(made)))).pages]


def text(of: Notice, business: Business = BRISTOL) -> str:
    return " ".join("\n".join(pages(data(of, business))).replace("\xa0", " ").split())


def rows(of: Notice, business: Business = BRISTOL) -> list[list[str]]:
    """The schedule as it is printed: number, day, amount and what is then left."""
    found = re.search(r"(?:Then left|Danach offen) (.*?) (?:Total|Summe) ", text(of, business))
    assert found
    amount = r"(\S+(?: €)?)"
    return [list(row) for row in re.findall(rf"(\d+) (\d+\.? \S+ \d{{4}}) {amount} {amount}", found[1])]


def minor(shown: str) -> int:
    return int(re.sub(r"\D", "", shown))


# ------------------------------------------------------------------ figures


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize(("total", "count"), [(100000, 3), (60000, 2), (123457, 12), (5, 5), (99999900, 7)])
def test_every_instalment_comes_back_from_the_file_and_they_add_up_exactly(
    total: int, count: int, language: str
) -> None:
    customer, business = (BYRNE, BRISTOL) if language == "en" else (replace(ALBRECHT, currency="EUR"), HAMBURG)
    agreed = plan(total, count)
    printed = rows(out_for_signature(agreed, customer=customer), business)
    where = "en_GB" if language == "en" else "de"
    assert [number for number, *_ in printed] == [str(n + 1) for n in range(count)]
    assert [day for _, day, *_ in printed] == [days.display_short(each.due, where) for each in agreed.instalments]
    assert [minor(amount) for *_, amount, _ in printed] == money.split(total, count)
    assert sum(minor(amount) for *_, amount, _ in printed) == total
    assert [minor(left) for *_, left in printed] == [sum(money.split(total, count)[n + 1 :]) for n in range(count)]


def test_1000_in_3_is_333_34_and_twice_333_33() -> None:
    printed = rows(out_for_signature(plan(100000, 3)))
    assert printed == [
        ["1", "1 Apr 2026", "£333.34", "£666.66"],
        ["2", "1 May 2026", "£333.33", "£333.33"],
        ["3", "1 Jun 2026", "£333.33", "£0.00"],
    ]


def test_what_is_paid_before_the_signature_is_no_longer_promised() -> None:
    printed = rows(out_for_signature(plan(100000, 3, paid=40000)))
    assert [row[0] for row in printed] == ["2", "3"]
    assert [minor(row[2]) for row in printed] == [33333 - 6666, 33333]
    assert "promises to pay the creditor £600.00" in text(out_for_signature(plan(100000, 3, paid=40000)))


def test_the_debt_is_each_invoice_with_its_days_and_the_sum() -> None:
    items = item("2030", 40, 60000, "GBP"), item("2041", 12, 40000, "GBP")
    said = text(out_for_signature(plan(100000, 3), *items))
    assert "on 2 March 2026, the following is owed to the creditor" in said
    assert "2030 22 Dec 2025 21 Jan 2026 £600.00" in said.replace(" Oak staircase", "")
    assert "2041 19 Jan 2026 18 Feb 2026 £400.00" in said.replace(" Oak staircase", "")
    assert "Total £1,000.00" in said
    assert "is no part of it" not in said


def test_a_plan_of_a_part_says_what_it_leaves_out() -> None:
    items = item("2030", 40, 60000, "GBP"), item("2041", 12, 40000, "GBP")
    other = NoticeItem(item("2055", -9, 7777, "GBP"), "")
    of = out_for_signature(plan(60000, 2), *items)
    said = text(replace(of, items=(*of.items, other)))
    assert "This agreement is about £600.00 of it. The other £400.00 is no part of it" in said
    assert "2055" not in said  # invoiced later: the plan is not about it


def test_a_currency_without_cents_has_none_here() -> None:
    printed = rows(out_for_signature(plan(1000, 3), customer=replace(BYRNE, currency="JPY")))
    assert [minor(row[2]) for row in printed] == [334, 333, 333]


# ------------------------------------------------------------------ what is agreed


@pytest.mark.parametrize(
    "said",
    [
        "Creditor Northwind Instruments Ltd 12 Quay Street Bristol BS1 4DJ",
        "Debtor Byrne & Daughters Ltd 1 Quay Street Bristol BS1 6AB",
        "The debtor acknowledges that",
        "The debtor promises to pay the creditor £1,000.00",
        "By transfer to Northwind Instruments Ltd, sort code 20-00-00, account 55779911, Severn Bank; the reference is ACME-1.",
        "Each payment goes to the instalment that falls due first",
        "The instalments bear interest at 0% a year. There is no fee for this agreement.",
        "may pay all or a part at any time before it is due, without any charge",
        "not arrived in full 5 days after its date puts this agreement in default",
        "go on with the reminders",
        "becomes due at once only after the creditor has said so in writing",
        "no right is given up by it",
        "If it has not come back to the creditor signed by 16 March 2026, it does not begin.",
        "when its address changes",
        "This is all that has been agreed about the instalments",
    ],
)
def test_the_agreement_says_what_one_has_to_say(said: str) -> None:
    assert said in text(out_for_signature(plan(100000, 3)))


def test_the_german_one_says_the_same() -> None:
    of = out_for_signature(plan(100000, 3), customer=replace(ALBRECHT, currency="EUR"))
    whole = text(of, HAMBURG)
    for said in (
        "Gläubiger Nordlicht Messtechnik GmbH Speicherstraße 14 20457 Hamburg",
        "Schuldner Albrecht & Töchter OHG Große Elbstraße 212 22767 Hamburg",
        "Der Schuldner erkennt an, dem Gläubiger am 2. März 2026 Folgendes zu schulden",
        "verspricht, dem Gläubiger 1.000,00 € in diesen Raten zu zahlen",
        "IBAN DE71 1102 2033 0123 4567 89",
        "mit 0 % im Jahr",
        "Rate 5 Tage nach ihrem Tag nicht vollständig eingegangen",
        "in Textform mitgeteilt",
        "bis zum 16. März 2026 nicht unterschrieben",
    ):
        assert said in whole, said


@pytest.mark.parametrize(
    ("customer", "business", "hint"),
    [
        (KIM, BRISTOL, "By signing you acknowledge that you owe the amount above."),
        (replace(KIM, language="de"), HAMBURG, "Mit Ihrer Unterschrift erkennen Sie an, dass Sie den Betrag oben"),
    ],
)
def test_a_consumer_is_told_what_a_signature_means_and_where_to_get_advice(
    customer: Customer, business: Business, hint: str
) -> None:
    said = text(out_for_signature(plan(100000, 3), customer=customer), business)
    assert hint in said
    assert re.search(r"consumer or debt advice service|Verbraucherzentrale oder einer Schuldnerberatung", said)
    assert re.search(r"too old to be enforced|verjährt", said)
    assert said.index(hint) < re.search(r"For the creditor|Für den Gläubiger", said).start()
    assert not re.search(r"Position|Funktion", said.rpartition("Kim Byrne")[2])
    firm = text(out_for_signature(plan(100000, 3), customer=replace(customer, kind="business")), business)
    assert hint not in firm


def test_both_sides_have_their_lines_and_an_unknown_address_is_asked_for() -> None:
    def sides(customer: Customer) -> list[tuple[object, ...]]:
        made = data(out_for_signature(plan(100000, 3), customer=customer))
        return [(side["for"], side["name"], *side["lines"]) for side in made["signatures"]]

    lines = ("Place and date", "Signature", "Name", "Position")
    assert sides(BYRNE) == [
        ("For the creditor", "Northwind Instruments Ltd", *lines),
        ("For the debtor", "Byrne & Daughters Ltd", *lines),
    ]
    assert sides(replace(KIM, address=()))[1] == ("Debtor", "Kim Byrne", "Place and date", "Signature", "Address")
    said = text(out_for_signature(plan(100000, 3)))
    assert all(said.count(line) == 2 for line in ("Place and date", "Signature", "Position"))


def test_other_notices_go_without_one() -> None:
    late = replace(out_for_signature(plan(100000, 3)), letter="instalment", step="instalment")
    assert note.of(answering(late), LETTERS, Config(business=BRISTOL)) is None
    assert note.of(replace(late, answer=None), LETTERS, Config(business=BRISTOL)) is None


# ------------------------------------------------------------------ the file


def test_the_file_is_pdf_ua_and_pdf_a_and_the_same_each_time() -> None:
    made = paper.encoded(data(out_for_signature(plan(100000, 3))))
    file = pdf.render(made)
    pdf.render(paper.encoded(data(out_for_signature(plan(60000, 2), customer=KIM))))
    assert pdf.render(made) == file
    reader = PdfReader(io.BytesIO(file))
    about = reader.root_object["/Metadata"].get_object().get_data().decode()
    assert re.search(r"pdfuaid:part>1<", about)
    assert re.search(r"pdfaid:part>2<", about)
    assert reader.metadata.title == "Instalment agreement"


@pytest.mark.parametrize("name", ["#panic() $a$ *b*", "{{ 7 * 7 }} | a | b |", "<b>x</b> & Söhne", "株式会社 日本 №"])
def test_a_name_of_any_make_signs_as_it_is(name: str) -> None:
    customer = replace(BYRNE, name=name, address=(name,))
    found = re.sub(r"\s", "", text(out_for_signature(plan(100000, 3), customer=customer)))
    assert found.count(re.sub(r"\s", "", name)) == 3  # as a party, in the address, and above the lines


@pytest.mark.parametrize("count", [2, 9, 12, 24])
def test_signatures_stay_together_with_what_they_stand_under(count: int) -> None:
    made = pages(data(out_for_signature(plan(120000, count))))
    assert [n for n, page in enumerate(made) if "For the creditor" in page] == [len(made) - 1]
    assert "Position" in made[-1]
    assert all(f"Page {n} of {len(made)}" in page for n, page in enumerate(made, start=1))


def test_with_a_printed_letter_it_follows_on_pages_that_are_its_own() -> None:
    config = Config(business=HAMBURG)
    of = out_for_signature(plan(100000, 3), customer=replace(ALBRECHT, currency="EUR"), channel="letter")
    letter = LETTERS.write(of, config)
    enclosed = data(of, HAMBURG)
    made = paper.compose(of, letter.subject, WORDS.of(letter.language), letter.blocks, config, [enclosed])
    found = [page.extract_text() for page in PdfReader(io.BytesIO(pdf.render(made.content))).pages]
    alone = pages(enclosed)
    assert "Die Vereinbarung liegt bei." in " ".join(found[0].split())
    assert "Seite 1 von 1" in found[0]
    assert found[1:] == alone
    assert "Seite 1 von 2" in found[1]
    quiet = "Nordlicht Messtechnik GmbH · K-20417 · 2. März 2026"
    assert [quiet in page for page in found] == [False, False, True]
    assert json.loads(made.content)["enclosed"] == [enclosed]


# ------------------------------------------------------------------ from the books to the outbox

CUSTOMERS = "account_id,name,email,kind,address,postcode,city\nACME,Acme {name},{email},consumer,1 Way,12345,Town\n"
INVOICES = "invoice_id,account_id,issued,due,amount\nINV-1,ACME,2026-01-01,2026-01-31,1000.00\n"
PLANNED = (
    "on,account_id,kind,invoice_id,amount,due,every,count,by,note\n"
    "2026-03-02,ACME,plan,,333.33,2026-04-01,month,3,pat,\n"
)


def planned(root: Path, email: str = "a@acme.example", name: str = "Ltd") -> Workspace:
    customers = CUSTOMERS.format(email=email, name=name)
    config = PLAIN.format(business='address = "2 Brook Street"\ncity = "Galway"', more="")
    return Workspace.of(root, config, customers=customers, invoices=INVOICES, activity=PLANNED)


def test_a_plan_in_the_diary_goes_out_with_its_agreement_attached(tmp_path: Path) -> None:
    books = planned(tmp_path)
    books.done("build", "--on", "2026-03-02")
    before = books.files("outbox")
    books.done("build", "--on", "2026-03-02")
    assert books.files("outbox") == before
    email = books.email("outbox/2026-03-02/ACME-plan.eml")
    (attached,) = email.iter_attachments()
    assert attached.get_filename() == note.FILE == "instalment-agreement.pdf"
    said = "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(attached.get_content())).pages)
    assert [each for each in ("€333.34", "€333.33", "€1,000.00", "1 Way", "Before you sign") if each not in said] == []


def test_without_an_email_address_the_agreement_is_part_of_the_letter(tmp_path: Path) -> None:
    books = planned(tmp_path, email="")
    books.done("build", "--on", "2026-03-02")
    file = books.files("outbox")["outbox/2026-03-02/ACME-plan.pdf"]
    found = [page.extract_text() for page in PdfReader(io.BytesIO(file)).pages]
    assert "Instalment agreement" in found[1]
    assert "€333.34" in found[1]


def test_what_no_font_has_is_told_of_an_attached_agreement_too(tmp_path: Path) -> None:
    told = planned(tmp_path, name="🌷").run("build", "--on", "2026-03-02")
    assert "outbox/2026-03-02/ACME-plan.eml: warning: no font has 🌷 (U+1F337)" in told.stderr


def test_an_agreement_is_sent_once(tmp_path: Path) -> None:
    books = planned(tmp_path)
    books.done("send", "--on", "2026-03-02", "--yes")
    assert books.told("step", "state", "rung") == [("plan", str(State.DRAFTED), "-1")]
    books.done("send", "--on", "2026-03-03", "--yes")
    assert len(books.notices()) == 1
