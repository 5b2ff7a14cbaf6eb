"""Call sheets: the file at hand, on one page, with the line to log afterwards."""

import re
import shlex
import subprocess
from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlsplit

import needs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from page_tools import CONFIG, HOSTILE, ON, STATIC, TEMPLATES, Read, item, paid, sent, standing, with_claims

from pastdue.config import Columns, Config
from pastdue.documents import calls, diary, excuses
from pastdue.model import (
    Accrual,
    Action,
    Activity,
    Answer,
    Charge,
    Class,
    Conduct,
    Customer,
    Decision,
    Hold,
    Instalment,
    Obligation,
    ObligationState,
    Plan,
    PlanState,
    Promise,
    PromiseState,
    State,
)

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


def made(account=ACCOUNT, decision=CALL, config=CONFIG, url="https://pay.example/abc/", ways=(), hours=""):
    return calls.sheet(with_claims(account), decision, config, TEMPLATES, STATIC, url, ways, hours)


def read(*args, **kwargs) -> Read:
    return Read(made(*args, **kwargs).content)


def commands(page: Read) -> list[str]:
    """Each `log` line of the sheet."""
    found: list[str] = []
    for text in page.texts:
        if text.startswith("python build.py log"):
            found.append(text)
        elif text.startswith("--"):
            found[-1] = f"{found[-1].strip()} {text}"
    return [line.strip() for line in found]


def test_the_sheet_opens_with_who_calls_whom_and_about_which_bills():
    assert (
        "Hello, this is Nora Conneely from Harbour Joinery. May I speak to Anna Byrne? I am calling about invoices HJ-31 "
        "and HJ-44, €1,665.50 together. The oldest was due on 20 January 2026."
    ) in read().text


def test_many_invoices_are_counted_and_the_parts_of_one_are_told_as_such():
    call = Decision("K-8", "EUR", Action.CALL, (), channels=("call",))
    many = standing("K-8", *(item(f"A{n}", 9 - n, 1000) for n in range(4)))
    assert "about 4 invoices, €40.00 together. The oldest, A0, was due on 21 February 2026." in read(many, call).text
    parts = standing("K-8", item("A", 9, 1000), item("A", 3, 2000))
    assert "about invoice A: €30.00 in 2 parts, the first was due on 21 February 2026." in read(parts, call).text


def test_one_invoice_is_named_with_its_sum():
    page = read(standing("K-8", item("A", 3, 5000)), Decision("K-8", "EUR", Action.CALL, (), channels=("call",)))
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


def test_the_sheet_says_when_to_call_where_not_any_time_will_do():
    text = read(hours="Call between 09:00 and 17:30 their time (00:00-08:30 yours)").text
    assert (
        "anna@bruckner.example Call between 09:00 and 17:30 their time (00:00-08:30 yours) +49 (0)30 555 0199" in text
    )
    assert "anna@bruckner.example +49 (0)30 555 0199" in read().text


def test_a_disputed_invoice_is_shown_and_not_asked_for():
    page = read(decision=replace(CALL, holds=(Hold("dispute", "x", None, "HJ-31"),)))
    assert "invoice HJ-44: €625.50 was due" in page.text
    assert "disputed: do not ask for it" in page.text
    assert "To ask for €625.50" in page.text
    assert "--invoice HJ-31" not in page.text


# ------------------------------------------------------------------ whose sheet there is, and what it says when they ring


WAIT = Decision("K-7", "EUR", Action.WAIT, ("second-notice on 2026-03-05: 5 days after the last notice",))


@pytest.mark.parametrize("kind", ["stop-contact", "lawyer", "deceased", "insolvency", "fraud", "placed"])
def test_where_nobody_talks_to_them_any_more_there_is_no_sheet(kind):
    held = Decision("K-7", "EUR", Action.HOLD, (), holds=(Hold(kind, "x"),))
    assert not calls.has_sheet(ACCOUNT, held)


def test_there_is_a_sheet_for_what_is_overdue_and_for_a_call_today():
    ahead = standing(CUSTOMER, item("HJ-58", -14, 240000))
    assert calls.has_sheet(ACCOUNT, WAIT)
    assert calls.has_sheet(ahead, CALL)
    assert not calls.has_sheet(ahead, WAIT)
    for hold in (Hold("promise", "x"), Hold("plan", "x", None, "HJ-31"), Hold("hardship", "x"), Hold("dispute", "x")):
        assert calls.has_sheet(ACCOUNT, replace(WAIT, holds=(hold,)))


def test_a_sheet_without_a_call_today_is_for_when_they_ring():
    page = read(decision=WAIT)
    assert "When they ring Harbour Joinery, Nora Conneely speaking. Thank you for ringing. It is about invoices" in (
        page.text
    )
    assert "HJ-31 and HJ-44, €1,665.50 together" in page.text
    assert "No call is due today. This is for when they ring. second-notice on 2026-03-05" in page.text
    assert "I am calling" not in page.text
    assert "When they ring" not in read().text
    assert len(commands(page)) == len(commands(read()))


def test_who_rings_while_a_promise_is_pending_is_asked_for_that_alone():
    pending = promise(2, -4, 50000, 20000, PromiseState.PENDING)
    held = Decision("K-7", "EUR", Action.HOLD, ("payment is promised for 2026-03-06",), holds=(Hold("promise", "x"),))
    text = read(conduct_of(ACCOUNT, promises=(pending,)), held).text
    assert "What we agreed holds: €300.00 by 6 March 2026." in text
    assert "To ask for €300.00 by 6 Mar 2026" in text
    assert "What was agreed holds. Ask for nothing else." in text
    assert "next comes" not in text


def test_who_rings_during_a_plan_is_asked_for_its_instalment():
    parts = tuple(Instalment(n, ON + timedelta(days=30 * n - 62), 20000, 20000 if n < 2 else 0) for n in range(1, 5))
    plan = Plan(ON - timedelta(days=50), ON, PlanState.LATE, ON + timedelta(days=3), parts)
    holds = tuple(Hold("plan", "x", None, each.invoice_id) for each in ACCOUNT.items)
    text = read(conduct_of(ACCOUNT, plan=plan), replace(WAIT, holds=holds)).text
    assert "We agreed on €200.00 by 28 February 2026, and it has not come yet." in text
    assert "To ask for €200.00 by 28 Feb 2026" in text
    assert "Oldest 41 days late" in text
    # What is invoiced since goes its own way.
    text = read(conduct_of(ACCOUNT, plan=plan), replace(WAIT, holds=holds[:1])).text
    assert "It is about invoice HJ-44: €625.50 was due" in text


@pytest.mark.parametrize("kind", ["hardship", "hold", "cash-flow", "dispute", "error"])
def test_who_rings_during_a_pause_is_asked_for_nothing(kind):
    text = read(decision=Decision("K-7", "EUR", Action.HOLD, ("paused",), holds=(Hold(kind, "x"),))).text
    assert "To ask for nothing for now" in text
    assert "next comes" not in text


# ------------------------------------------------------------------ the line to log


def rows(page: Read) -> list[list[str]]:
    """Each line that pastes into a spreadsheet, as its cells."""
    return [text.split("\t") for text in page.texts if "\t" in text]


WAYS = ((66650, 66650, 33250), (33310,) * 5)


def test_each_outcome_has_its_command_and_the_same_line_for_the_activity_sheet():
    page = read(ways=WAYS)
    assert commands(page) == [
        "python build.py log K-7 call --note 'what was said'",
        "python build.py log K-7 promise --amount 1665.50 --due 2026-03-09",
        "python build.py log K-7 plan --amount 333.10 --due 2026-03-09 --every month --count 5",
        "python build.py log K-7 dispute --invoice HJ-31 --note 'what is wrong'",
        "python build.py log K-7 reason --note cash-flow",
        "python build.py log K-7 voicemail",
        "python build.py log K-7 no-answer",
        "python build.py log K-7 stop-contact",
    ]
    # on, account_id, kind, invoice_id, amount, due, every, count, by, note
    assert rows(page) == [
        ["2026-03-02", "K-7", "call", "", "", "", "", "", "", "what was said"],
        ["2026-03-02", "K-7", "promise", "", "1665.50", "2026-03-09", "", "", "", ""],
        ["2026-03-02", "K-7", "plan", "", "333.10", "2026-03-09", "month", "5", "", ""],
        ["2026-03-02", "K-7", "dispute", "HJ-31", "", "", "", "", "", "what is wrong"],
        ["2026-03-02", "K-7", "reason", "", "", "", "", "", "", "cash-flow"],
        ["2026-03-02", "K-7", "voicemail", *[""] * 7],
        ["2026-03-02", "K-7", "no-answer", *[""] * 7],
        ["2026-03-02", "K-7", "stop-contact", *[""] * 7],
    ]


def test_the_row_is_one_that_the_books_read():
    from pastdue.books import ledger
    from pastdue.books.tables import RawFile

    head = "on\taccount_id\tkind\tinvoice_id\tamount\tdue\tevery\tcount\tby\tnote"
    pasted = "\n".join([head, *("\t".join(row) for row in rows(read(ways=WAYS)))]).replace("\t", ",")
    files = {
        "customers": "account_id,name\nK-7,Brückner\n",
        "invoices": "invoice_id,account_id,due,amount\nHJ-31,K-7,2026-01-20,1840.00\n",
        "payments": "received,account_id,amount\n",
        "activity": pasted + "\n",
    }
    raw = [RawFile(f"accounts/{name}.csv", text.encode()) for name, text in files.items()]
    found, findings = ledger.read(raw, CONFIG)
    assert not [each for each in findings if each.file.startswith("accounts/activity")], findings
    assert [line.kind for line in found.activity] == [row[2] for row in rows(read(ways=WAYS))]
    assert found.activity[1].amount == 166550


def test_the_row_is_written_as_the_operator_s_own_sheet_is():
    config = CONFIG.model_copy(
        update={"columns": {"activity": Columns(date_format="%d/%m/%Y", number_format="1.234,56")}}
    )
    assert ["02/03/2026", "K-7", "promise", "", "1665,50", "09/03/2026", "", "", "", ""] in rows(read(config=config))


@pytest.mark.parametrize("account", ["=HYPERLINK(1)", "+1", "-1", "@x", '"x', " =1"])
def test_no_row_pastes_as_a_formula(account):
    page = read(standing(Customer(account, "x"), item("A", 3, 5000)), Decision(account, "EUR", Action.CALL, ()))
    assert rows(page) == []
    assert len(commands(page)) == 7


def test_a_promise_in_another_currency_than_the_diary_s_is_not_offered():
    pounds = standing(CUSTOMER, item("A", 3, 5000, currency="GBP"), currency="GBP")
    assert not [line for line in commands(read(pounds)) if "promise" in line]


@given(st.text(min_size=1, max_size=30), st.text(max_size=30))
def test_a_shell_reads_the_line_as_it_is_meant(account, note):
    words = shlex.split(diary.command(account, "call", note=note))
    if account.startswith("-"):
        assert words[:3] == ["python", "build.py", "log"]
        assert words[-3:] == ["--", calls.plain(account), "call"]
    else:
        assert words == ["python", "build.py", "log", calls.plain(account), "call", "--note", calls.plain(note)]


@pytest.mark.parametrize(
    "evil", ["$(touch x)", "`touch x`", "a; touch x", "a\ntouch x", "'; touch x; '", "a && touch x", "-rf"]
)
def test_no_account_makes_a_shell_do_anything_else(evil, tmp_path):
    line = diary.command(evil, "call", note=evil)
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
    customer = Customer(text, text, contact=text, email=text, phone=text)
    account = standing(
        customer,
        item(text, 3, 5000, 6000, description=text, reference=text),
        payments=(paid(1, 5, text, reference=text),),
        history=(sent(5, text, text, 2, channel=text),),
        activity=(Activity(ON, text, "call", invoice_id=text, note=text),),
        conduct=Conduct(reason=text, reason_on=ON, figures=text, proposals=(text,), prepayment=text),
    )
    page = read(account, Decision(text, "EUR", Action.CALL, (text,)), url="")
    assert page.problems() == []
    assert page.requests == ["data:,"]
    assert {urlsplit(link).scheme for link in page.links} <= {"tel"}


LONG = standing(
    Customer("W" * 24, "W" * 200, contact="C" * 200, phone="+44 20 7946 0000 ext 5555", email="e" * 90),
    *(item(f"{n:03}" + "I" * 27, 400 - n, 99_999_999_999, description="d" * 300, reference="r" * 300) for n in range(60)),
    payments=(paid(1, 99_999_999_999, "p" * 99, reference="q" * 99),) * 40,
    activity=tuple(Activity(ON, "x", "call", note="n " * 300) for _ in range(50)),
)  # fmt: skip


FULLEST = replace(
    LONG,
    customer=replace(LONG.customer, kind="consumer"),
    history=(sent(40, "000", "reminder", 2, pay_by=ON - timedelta(days=33)),),
    conduct=Conduct(
        promises=tuple(
            Promise(ON, ON, ON, 99_999_999_999, 99_999_999_999, 9_999_999_999, PromiseState.PARTLY_KEPT, n)
            for n in range(9)
        ),
        reason="cash-flow",
        reason_on=ON,
        unanswered=9,
        klass=Class.BREAKS,
        figures="figures " * 60,
        proposals=("proposal " * 60,) * 3,
        prepayment="because " * 60,
    ),
)
FULL_CALL = replace(CALL, reasons=("because " * 60,) * 5)
FULL_HOURS = (
    "Call between 11:00 and 19:00 or between 09:00 and 11:00 their time (00:00-08:00, 22:00-24:00 yours)"  # the longest
)
FULL_WAYS = tuple((59_999_999_999 // count + 1,) * (count - 1) + (1,) for count in (2, 3, 6, 12, 24))


def test_what_does_not_fit_is_counted():
    text = read(LONG, FULL_CALL).text
    assert "55 more, €54,999,999,999.45 together" in text
    assert "Open in total €59,999,999,999.40" in text
    assert "46 earlier." in text


@needs.chromium
@needs.poppler
@pytest.mark.parametrize("account", [LONG, FULLEST], ids=["long", "fullest"])
def test_the_longest_sheet_prints_on_one_page(account, tmp_path):
    url = "https://pay.harbourjoinery.example/b6gmzall54rtahyvkawc7hngsnokk45o/"
    (tmp_path / "sheet.html").write_bytes(made(account, FULL_CALL, url=url, ways=FULL_WAYS, hours=FULL_HOURS).content)
    subprocess.run(
        [needs.CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}",
         "--no-pdf-header-footer", f"--print-to-pdf={tmp_path / 'sheet.pdf'}", (tmp_path / "sheet.html").as_uri()],
        check=True, capture_output=True, timeout=60,
    )  # fmt: skip
    told = subprocess.run(["pdfinfo", tmp_path / "sheet.pdf"], check=True, capture_output=True, text=True).stdout
    assert re.search(r"Pages:\s+1\n", told), told
    assert "A4" in told


# ------------------------------------------------------------------ the record, the answers, what may be agreed


def conduct_of(account, **more):
    return replace(account, conduct=Conduct(**more))


def promise(made, due, said, received, state, row=9):
    day = ON - timedelta(days=due)
    return Promise(ON - timedelta(days=made), day, day + timedelta(days=2), said, said, received, state, row)


PART = promise(24, 14, 50000, 20000, PromiseState.PARTLY_KEPT)
NOTHING = promise(10, 5, 30000, 0, PromiseState.BROKEN, 10)


def answers(page: Read) -> list[str]:
    """What they may say, in the order of the sheet."""
    return re.findall(
        "“([^”]*)”", page.text[page.text.index("They may say") : page.text.index("What you may promise")]
    ) or [said.strip() for said in page.texts if said.strip() in {each.says for each in excuses.EXCUSES}]


def test_promises_stand_with_dates_sums_and_what_became_of_them():
    kept, pending = (
        promise(60, 50, 95000, 95000, PromiseState.KEPT, 3),
        promise(2, -3, 4000, 0, PromiseState.PENDING, 11),
    )
    text = read(conduct_of(ACCOUNT, promises=(kept, PART, NOTHING))).text
    assert "20 Feb 2026 €300.00 by 25 Feb 2026 broken: nothing came" in text
    assert "6 Feb 2026 €500.00 by 16 Feb 2026 broken: €200.00 came" in text
    assert "1 Jan 2026 €950.00 by 11 Jan 2026 kept" in text
    assert "€40.00 by 5 Mar 2026 pending" in read(conduct_of(ACCOUNT, promises=(pending,))).text


def test_a_promise_on_the_list_is_no_contact_besides():
    line = Activity(ON - timedelta(days=24), "K-7", "promise", amount=50000, due=ON - timedelta(days=14), row=9)
    page = read(replace(conduct_of(ACCOUNT, promises=(PART,)), activity=(line,)))
    assert page.text.count("€500.00 by 16 Feb 2026") == 1


def test_the_record_shows_class_figures_reason_and_what_is_to_be_decided():
    account = conduct_of(
        ACCOUNT,
        klass=Class.BREAKS,
        figures="1 of 3 promises kept",
        reason="cash-flow",
        reason_on=ON - timedelta(days=18),
        proposals=("move to the firm track",),
        prepayment="3 invoices were late",
    )
    text = read(account).text
    for said in (
        "for you alone", "Promises and breaks 1 of 3 promises kept", "Last reason cash-flow, said on 12 Feb 2026",
        "To decide move to the firm track", "Prepayment 3 invoices were late",
    ):  # fmt: skip
        assert said in text, said


def test_a_broken_promise_is_named_first_until_it_was_spoken_of():
    account = replace(conduct_of(ACCOUNT, promises=(PART,)), activity=())
    said = "You told us €500.00 by 16 February 2026, and €200.00 of it has come."
    assert said in read(account).text.split("To ask for")[0]
    spoken = replace(account, activity=(Activity(ON - timedelta(days=1), "K-7", "call"),))
    assert said not in read(spoken).text.split("To ask for")[0]


def test_after_a_broken_promise_one_asks_what_has_changed():
    page = read(conduct_of(ACCOUNT, promises=(PART,), klass=Class.SLOW))
    assert answers(page)[0] == "I will pay, I promise."
    assert (
        "You told us €500.00 by 16 February 2026, and €200.00 of it has come. What has changed since then?" in page.text
    )
    assert "I will pay, I promise." not in answers(read())


@pytest.mark.parametrize(
    ("reason", "first"),
    [
        ("not-received", "We never got the invoice."),
        ("cash-flow", "Cash is short."),
        ("dispute", "Something was wrong with the work."),
        ("forgot", "I forgot."),
        ("refuses", "We are not going to pay."),
        ("avoids", "The person who pays is away."),
    ],
)
def test_the_likeliest_answer_follows_the_last_reason(reason, first):
    assert answers(read(conduct_of(ACCOUNT, reason=reason, reason_on=ON)))[0] == first


def test_where_fraud_was_claimed_one_stops_and_notes():
    assert answers(read(conduct_of(ACCOUNT, reason="fraud", promises=(PART,)))) == [
        "I never ordered that; it was not me."
    ]


def test_a_consumer_has_no_customers_and_nobody_who_pays_for_them():
    account = replace(ACCOUNT, customer=replace(CUSTOMER, kind="consumer"))
    said = answers(read(conduct_of(account, reason="cash-flow")))
    assert "Things are hard at home." in said
    assert "We are waiting for our own customer." not in said
    assert "what they owe is nobody else's matter" in read(account).text
    nameless = replace(account, customer=replace(account.customer, contact=""))
    assert "May I speak to Brückner Interiors?" in read(nameless).text
    assert "python build.py log K-7 hardship --due 2026-04-01" in commands(read(account))


def test_nothing_that_is_said_threatens():
    threats = re.compile(
        r"court|sue|lawyer|solicitor|legal|agency|bailiff|police|credit (rating|record)|report|seize|must|final|demand|"
        r"or else|immediately|consequence|refuse",
        re.IGNORECASE,
    )
    for each in excuses.EXCUSES:
        assert not threats.search(each.reply), each.reply
        assert "?" in each.reply or each is excuses.FRAUD, "a reply asks; after fraud is claimed, nothing is asked"


def test_every_answer_is_offered_to_somebody():
    accounts = [
        replace(replace(account, customer=replace(CUSTOMER, kind=kind)), conduct=Conduct(reason=reason, klass=klass, promises=broken))
        for account in (ACCOUNT, standing(CUSTOMER, item("A", 3, 5000)))
        for kind in ("business", "consumer")
        for reason in ("", "not-received", "forgot", "cash-flow", "dispute", "fraud", "refuses", "avoids")
        for klass in Class
        for broken in ((), (PART,))
    ]  # fmt: skip
    said = {each for account in accounts for each in answers(read(account))}
    assert said >= {each.says for each in excuses.EXCUSES}


def test_the_plans_that_could_be_agreed_add_up_and_stand_with_the_last_payment():
    text = read(ways=((66650, 66650, 33250), (40000,) * 4)).text
    assert "€666.50 3 payments €332.50" in text
    assert "€400.00 4 payments" in text
    assert "A plan stops everything for 14 days" in text
    assert "If they can pay" not in read().text


def test_a_plan_in_force_stands_in_place_of_new_ones():
    parts = tuple(Instalment(n, ON + timedelta(days=30 * n - 45), 20000, 20000 if n < 2 else 0) for n in range(1, 5))
    plan = Plan(ON - timedelta(days=50), ON, PlanState.LATE, ON + timedelta(days=4), parts)
    page = read(conduct_of(ACCOUNT, plan=plan), ways=WAYS)
    assert "Plan of 11 Jan 2026, signed, an instalment is late; its grace ends on 6 Mar 2026" in page.text
    assert "1 of 4 15 Feb 2026 paid 2 of 4 17 Mar 2026 €200.00 open" in page.text
    assert "If they can pay" not in page.text
    assert not [line for line in commands(page) if " plan " in line]
    default = replace(plan, state=PlanState.DEFAULT, until=ON - timedelta(days=1))
    page = read(replace(conduct_of(ACCOUNT, plan=default), activity=()), ways=WAYS)
    assert "The instalment of 17 March 2026, €200.00, has not arrived." in page.text
    assert "in default" in page.text
    assert "If they can pay" in page.text


def test_a_promise_may_be_offered_a_pause_until_too_many_were_broken():
    assert "“If €1,665.50 arrives by 9 March 2026, you hear nothing more.” Log it as a promise" in read().text
    assert "and you get it in writing" in read(conduct_of(ACCOUNT, klass=Class.SLOW)).text
    page = read(conduct_of(ACCOUNT, promises=(PART, NOTHING)))
    assert "“If €1,665.50 arrives, you hear nothing more.” A new promise pauses nothing: 2 were not kept." in page.text
    assert "you get it in writing" not in page.text


def test_what_comes_next_is_named_so_that_nothing_else_is_announced():
    steps = [
        {"name": name, "days": 9, "channels": ["call" if name == "call" else "email"]}
        for name in ("call", "final-demand")
    ]
    config = CONFIG.model_copy(
        update={"schedule": Config.model_validate({"schedule": {"standard": {"step": steps}}}).schedule}
    )
    assert (
        "If nothing is agreed, next comes: final-demand. Announce nothing else."
        in read(decision=replace(CALL, rung=0), config=config).text
    )
    assert "next comes" not in read(decision=replace(CALL, rung=1), config=config).text


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ("promise", "I am calling to confirm what you told us: €500.00 by 9 March 2026."),
        ("plan", "It begins with €500.00 on 9 March 2026, and needs your signature."),
        ("plan-offer", "You told us that cash is short."),
        ("invoice-again", "You told us that our invoice did not arrive. It can be paid until 9 March 2026"),
        ("instalment", "the instalment of €500.00. It can still be paid until 9 March 2026."),
        ("prepayment", "for now, we ask for payment in advance"),
        ("prepayment-lifted", "payment in advance is no longer needed"),
    ],
)
def test_a_call_in_place_of_an_answer_opens_with_what_it_answers(step, said):
    answer = Answer(step, (), ON + timedelta(days=7), 50000)
    page = read(decision=Decision("K-7", "EUR", Action.CALL, (), step, channels=("call",), answer=answer))
    assert said in page.text
    assert "To ask for €500.00" in page.text


@pytest.mark.parametrize(
    "place",
    [
        "{% if hours %}",
        "{% if rest %}",
        "{% if older %}",
        "{% for outcome, command, row in outcomes %}",
        "{% if row %}",
        "{% for label, value in record %}",
        "{% for made, what, state, tone in promises %}",
        "{% for number, due, state in instalments %}",
        "{% for each, count, last in ways %}",
        "{% for says, reply, record_as in answers %}",
    ],
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


# ------------------------------------------------------------------ interest, fixed sums, and what was announced


def charged(number: str, late: int, principal: int, interest: int, fee: int, *, told: bool = True) -> Charge:
    due = ON - timedelta(days=late)
    line = Accrual(max(principal, 100), due, ON, late + 1, 101500, interest)
    return Charge(number, due, "EUR", "ie-si580", due, (line,), fee, due, principal=principal, told=told)


CHARGES = (charged("HJ-31", 41, 104000, 1234, 7000), charged("HJ-9", 90, 0, 500, 0))


def test_the_call_asks_for_the_charges_that_were_told_beside_the_invoices():
    text = read(replace(ACCOUNT, charges=CHARGES)).text
    assert "€1,665.50 together" in text
    assert "With €17.34 interest and €70.00 fixed sums, as we wrote to you, it comes to €1,752.84 today." in text
    assert "To ask for €1,752.84 Of which charges €17.34 interest and €70.00 fixed sums" in text
    assert "Interest and fixed sums €87.34 Open in total €4,152.84" in text
    assert "If €1,752.84, and the interest until it comes, arrives by 9 March 2026" in text


def test_nothing_is_claimed_that_no_notice_announced():
    silent = replace(ACCOUNT, charges=tuple(replace(each, told=False) for each in CHARGES))
    text = read(silent).text
    assert "To ask for €1,665.50 Open in total" in text
    assert "Not to be claimed €17.34 interest and €70.00 fixed sums: no notice announced it before today" in text
    assert "as we wrote to you" not in text


def test_charges_of_what_is_disputed_are_not_asked_for():
    held = replace(CALL, holds=(Hold("dispute", "a reason", invoice_id="HJ-31"),))
    text = read(replace(ACCOUNT, charges=CHARGES), held).text
    assert "To ask for €630.50 Of which charges €5.00 interest" in text


def test_what_was_announced_stands_below_the_opening_with_its_day():
    item = ACCOUNT.items[0]
    agency = Obligation("agency", ON + timedelta(9), ObligationState.AHEAD, (item.key,), ON, "n1", "a reason")
    service = replace(agency, consequence="stop-service", on=ON - timedelta(2), state=ObligationState.OVERDUE)
    done = replace(agency, consequence="interest", on=ON - timedelta(9), state=ObligationState.CARRIED_OUT)
    text = read(replace(ACCOUNT, obligations=(done, service, agency))).text
    assert "Announced in writing: agency from 11 Mar 2026. Announce nothing else." in text
    assert "Announced, and not done yet: stop-service for 28 Feb 2026." in text
    assert "interest from" not in text
