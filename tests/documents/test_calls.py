"""Call sheets: the file at hand, on one page, with the line to log afterwards."""

import re
import shlex
import shutil
import subprocess
from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from page_tools import CONFIG, HOSTILE, ON, STATIC, TEMPLATES, Read, item, paid, sent, standing

from pastdue.documents import calls
from pastdue.model import Action, Activity, Customer, Decision, Hold, State

CUSTOMER = Customer(
    "K-7", "Brückner Interiors", contact="Anna Byrne", email="anna@bruckner.example", phone="+49 (0)30 555 0199"
)
ACCOUNT = standing(
    CUSTOMER,
    item("HJ-31", 41, 104000, 184000, description="Oak shelving", reference="PO 77-A"),
    item("HJ-44", 12, 62550),
    item("HJ-58", -14, 240000),
    payments=(paid(20, 80000, "HJ-31", reference="transfer"),),
    history=(
        sent(40, "HJ-31", "reminder", 2, pay_by=ON - timedelta(days=33)),
        sent(10, "HJ-31", "second-notice", 3, State.UNCLEAR, channel="letter"),
        sent(8, "HJ-31", "call", 4, State.CALLED, channel="call"),
    ),
    activity=(
        Activity(ON - timedelta(days=8), "K-7", "call", note="Anna looks into it"),
        Activity(ON - timedelta(days=5), "K-7", "promise", amount=50000, due=ON - timedelta(days=1)),
        Activity(ON - timedelta(days=4), "K-7", "track", note="firm"),
    ),
)
CALL = Decision(
    "K-7", "EUR", Action.CALL, ("HJ-31 is 41 days past due, after second-notice: call",), "call", 4, channels=("call",)
)


def made(account=ACCOUNT, decision=CALL, config=CONFIG, url="https://pay.example/abc/"):
    return calls.sheet(account, decision, config, TEMPLATES, STATIC, url)


def read(*args, **kwargs) -> Read:
    return Read(made(*args, **kwargs).content)


def commands(page: Read) -> list[str]:
    """Each `log` line of the sheet."""
    return re.findall(r"python build\.py log .*?(?= (?:They|You|Nobody) |$)", page.text.strip())


def test_the_sheet_opens_with_who_calls_whom_and_about_which_bills():
    assert (
        "Hello, this is Nora Conneely from Harbour Joinery. May I speak to Anna Byrne? I am calling about 2 invoices, "
        "€1,665.50 together. The oldest, HJ-31, was due on 20 January 2026."
    ) in read().text


def test_one_invoice_is_named_with_its_sum():
    page = read(standing("K-8", item("A", 3, 5000)), Decision("K-8", "EUR", Action.CALL, ()))
    assert "I am calling about invoice A: €50.00 was due on 27 February 2026." in page.text


def test_everything_one_needs_is_on_the_sheet():
    text = read().text
    for said in (
        "Brückner Interiors", "Anna Byrne", "account K-7", "anna@bruckner.example", "+49 (0)30 555 0199", "2 March 2026",
        "HJ-31 is 41 days past due, after second-notice: call",
        "To ask for €1,665.50", "Open in total €4,065.50", "Oldest 41 days late", "Last payment €800.00 on 10 Feb 2026",
        "Oak shelving · PO 77-A", "21 Dec 2025", "20 Jan 2026", "€1,840.00", "€800.00", "€1,040.00", "HJ-58", "€2,400.00",
        "HJ-31 · transfer", "Email: reminder", "pay by 28 Jan 2026", "Letter: second-notice", "unclear",
        "Call Anna looks into it", "Promise €500.00 by 1 Mar 2026", "https://pay.example/abc/",
    ):  # fmt: skip
        assert said in text, said


def test_the_latest_contact_comes_first_and_a_call_is_listed_once():
    text = read().text
    order = [
        text.index(said)
        for said in ("Promise €500.00", "Anna looks into it", "Letter: second-notice", "Email: reminder")
    ]
    assert order == sorted(order)
    assert "Call: call" not in text
    assert "firm" not in text


def test_the_number_can_be_dialled_from_the_sheet():
    assert "tel:+49305550199" in read().links


@pytest.mark.parametrize("phone", ["", "ask reception", "12"])
def test_a_number_that_cannot_be_dialled_is_no_link(phone):
    page = read(replace(ACCOUNT, customer=replace(CUSTOMER, phone=phone)))
    assert not [link for link in page.links if link.startswith("tel:")]
    assert (phone or "No telephone number") in page.text


def test_their_time_zone_is_named_where_it_is_another():
    assert (
        "Their time zone is Asia/Tokyo; yours is Europe/Dublin."
        in read(replace(ACCOUNT, customer=replace(CUSTOMER, timezone="Asia/Tokyo"))).text
    )
    assert "time zone" not in read(replace(ACCOUNT, customer=replace(CUSTOMER, timezone="Europe/Dublin"))).text


def test_a_disputed_invoice_is_shown_and_not_asked_for():
    page = read(decision=replace(CALL, holds=(Hold("dispute", "x", None, "HJ-31"),)))
    assert "invoice HJ-44: €625.50 was due" in page.text
    assert "disputed: do not ask for it" in page.text
    assert "To ask for €625.50" in page.text
    assert "--invoice HJ-31" not in page.text


# ------------------------------------------------------------------ the line to log


def test_each_outcome_has_its_line():
    assert commands(read()) == [
        "python build.py log K-7 call --note 'what was said'",
        "python build.py log K-7 promise --amount 1665.50 --due 2026-03-09",
        "python build.py log K-7 dispute --invoice HJ-31 --note 'what is wrong'",
        "python build.py log K-7 reason --note cash-flow",
        "python build.py log K-7 voicemail",
        "python build.py log K-7 no-answer",
    ]


def test_a_promise_in_another_currency_than_the_diary_s_is_not_offered():
    pounds = standing(CUSTOMER, item("A", 3, 5000, currency="GBP"), currency="GBP")
    assert not [line for line in commands(read(pounds)) if "promise" in line]


@given(st.text(min_size=1, max_size=30), st.text(max_size=30))
def test_a_shell_reads_the_line_as_it_is_meant(account, note):
    words = shlex.split(calls.log_command(account, "call", note=note))
    if account.startswith("-"):
        assert words[:3] == ["python", "build.py", "log"]
        assert words[-3:] == ["--", calls.plain(account), "call"]
    else:
        assert words == ["python", "build.py", "log", calls.plain(account), "call", "--note", calls.plain(note)]


@pytest.mark.parametrize(
    "evil", ["$(touch x)", "`touch x`", "a; touch x", "a\ntouch x", "'; touch x; '", "a && touch x", "-rf"]
)
def test_no_account_makes_a_shell_do_anything_else(evil, tmp_path):
    line = calls.log_command(evil, "call", note=evil)
    shell = subprocess.run(["sh", "-c", f"python() {{ printf '%s\\n' \"$@\"; }}; {line}"], cwd=tmp_path, capture_output=True, text=True, check=True)  # fmt: skip
    assert list(tmp_path.iterdir()) == []
    assert shell.stdout.splitlines().count(calls.plain(evil)) == 2


# ------------------------------------------------------------------ the file


def test_the_file_lies_in_the_day_s_folder_under_a_safe_name():
    assert made().path == "outbox/2026-03-02/K-7-call.html"
    for text in HOSTILE:
        path = made(standing(Customer(text, text), item("A", 3, 5000)), CALL).path
        assert re.fullmatch(r"outbox/2026-03-02/[A-Za-z0-9-]+\.html", path), path


def test_two_currencies_of_one_account_have_two_sheets():
    pounds = standing(CUSTOMER, item("A", 3, 5000, currency="GBP"), currency="GBP")
    assert made(pounds).path != made().path


def test_the_sheet_stands_alone_and_is_sound():
    page = read()
    assert page.requests == ["data:,"]
    assert "size: A4" in page.styles
    assert page.problems() == []
    assert page.links == ["tel:+49305550199", "https://pay.example/abc/"]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_text_from_the_books_is_shown_and_never_obeyed(text):
    customer = Customer(text, text, contact=text, email=text, phone=text, timezone=text)
    account = standing(
        customer,
        item(text, 3, 5000, 6000, description=text, reference=text),
        payments=(paid(1, 5, text, reference=text),),
        history=(sent(5, text, text, 2, channel=text),),
        activity=(Activity(ON, text, "call", invoice_id=text, note=text),),
    )
    page = read(account, Decision(text, "EUR", Action.CALL, (text,)), url="")
    assert page.problems() == []
    assert page.requests == ["data:,"]
    assert {urlsplit(link).scheme for link in page.links} <= {"tel"}


LONG = standing(
    Customer("W" * 24, "W" * 200, contact="C" * 200, phone="+44 20 7946 0000 ext 5555", email="e" * 90, timezone="Asia/Tokyo"),
    *(item(f"{n:03}" + "I" * 27, 400 - n, 99_999_999_999, description="d" * 300, reference="r" * 300) for n in range(60)),
    payments=(paid(1, 99_999_999_999, "p" * 99, reference="q" * 99),) * 40,
    activity=tuple(Activity(ON, "x", "call", note="n " * 300) for _ in range(50)),
)  # fmt: skip


def test_what_does_not_fit_is_counted():
    text = read(LONG, replace(CALL, reasons=("because " * 60,) * 5)).text
    assert "54 more, €53,999,999,999.46 together" in text
    assert "Open in total €59,999,999,999.40" in text
    assert "46 earlier." in text


@pytest.mark.skipif(not (shutil.which("chromium") and shutil.which("pdfinfo")), reason="needs chromium and pdfinfo")
def test_the_longest_sheet_prints_on_one_page(tmp_path):
    (tmp_path / "sheet.html").write_bytes(made(LONG, replace(CALL, reasons=("because " * 60,) * 5)).content)
    subprocess.run(
        ["chromium", "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}",
         "--no-pdf-header-footer", f"--print-to-pdf={tmp_path / 'sheet.pdf'}", (tmp_path / "sheet.html").as_uri()],
        check=True, capture_output=True, timeout=60,
    )  # fmt: skip
    told = subprocess.run(["pdfinfo", tmp_path / "sheet.pdf"], check=True, capture_output=True, text=True).stdout
    assert re.search(r"Pages:\s+1\n", told), told
    assert "A4" in told


@pytest.mark.parametrize(
    "place", ["{% if zone %}", "{% if rest %}", "{% if older %}", "{% for outcome, command in outcomes %}"]
)
def test_a_mistake_in_any_branch_of_the_template_is_found(place):
    assert TEMPLATES["call.html"].count(place) == 1
    (found,) = calls.check(TEMPLATES | {"call.html": TEMPLATES["call.html"].replace(place, place + "{{ misspelt }}")})
    assert found.stops_run
    assert found.file == "site/templates/call.html"


def test_the_shipped_template_is_sound_and_a_missing_one_stops_the_run():
    assert calls.check(TEMPLATES) == []
    (found,) = calls.check({name: text for name, text in TEMPLATES.items() if name != "call.html"})
    assert found.stops_run
    assert found.file == "site/templates/call.html"
