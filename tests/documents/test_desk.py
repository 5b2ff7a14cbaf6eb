"""The desk: every figure of the morning, in the order in which it is taken, and nothing that obeys a cell."""

import re
from dataclasses import replace
from datetime import timedelta
from urllib.parse import unquote, urlsplit

import pytest
from page_tools import (
    CONFIG,
    HOSTILE,
    ON,
    STATIC,
    TEMPLATES,
    Read,
    document,
    item,
    paid,
    sent,
    standing,
    to_come,
    with_claims,
)

from pastdue.documents import desk
from pastdue.documents.desk import Morning
from pastdue.documents.desk.words import tenths
from pastdue.findings import error, warning
from pastdue.model import (
    Accrual,
    Action,
    Announcement,
    Charge,
    Class,
    Conduct,
    Customer,
    Decision,
    Hold,
    Instalment,
    ItemDecision,
    NoticeItem,
    Obligation,
    ObligationState,
    Plan,
    PlanState,
    Promise,
    PromiseState,
    State,
)
from pastdue.outlook import Kind


def decided(account, action, *lines, step="reminder", channels=("email",), **more):
    more.setdefault("reasons", (f"why of {account.account_id}",))
    return Decision(account.account_id, account.currency, action, step=step, channels=channels, items=lines, **more)


def coming(each, ahead, step="second-notice", rung=3, is_due=False):
    return ItemDecision(each, "reminder", step, ON + timedelta(days=ahead), is_due, ("a reason",), rung)


def page(*pairs, config=CONFIG, **more) -> Read:
    morning = Morning(ON, [with_claims(standing) for standing, _ in pairs], [decision for _, decision in pairs], **more)
    return Read(desk.desk(morning, config, TEMPLATES, STATIC).content)


HEADINGS = (
    "Said, and overdue", "Said for today", "Plans in default", "EUR", "Said for the next fourteen days", "Charges left",
    "Deliveries to settle", "Notices to go today", "Calls to make", "For you to decide", "Proposed",
    "Promises not kept", "Promises", "Plans", "Out of reach", "On hold", "Payment in advance", "To stop serving",
    "Waiting", "In credit", "Next seven days", "Books",
)  # fmt: skip


def section(read: Read, title: str) -> str:
    """The text of one list, from its heading to the next."""
    headings = [text.strip() for text in read.texts]
    named = [n for n, text in enumerate(headings) if text == title]
    # The links to the lists name them once more: below those that stand first, above the others.
    own = named[0] if title in HEADINGS[:3] else named[-1]
    ends = [n for n, text in enumerate(headings) if n > own and text in HEADINGS]
    told = " ".join(read.texts[own : ends[0] if ends else None])
    return re.sub(r"[ \n\t]+", " ", told).replace("\N{NO-BREAK SPACE}", " ")


REACHABLE = {"email": "x@example.com", "phone": "+353 1 000 0000"}
LATE = standing(Customer("K-1", "One Ltd", **REACHABLE), item("A", 12, 50000), item("B", -3, 7000))
LATER = standing(Customer("K-2", "Two Ltd", **REACHABLE), item("C", 45, 90000))
NOTICE = (
    LATE,
    decided(LATE, Action.NOTICE, coming(LATE.items[0], 0, "reminder", 2, is_due=True), pay_by=ON + timedelta(days=7)),
)
CALL = (LATER, decided(LATER, Action.CALL, step="call", channels=("call",)))


# ------------------------------------------------------------------ figures


def test_the_headline_adds_up_per_currency_and_never_across():
    pounds = standing(Customer("K-3", "Three", currency="GBP"), item("D", 200, 4000, currency="GBP"), currency="GBP")
    credit = standing("K-4", credit=1234)
    text = page(NOTICE, CALL, (pounds, decided(pounds, Action.WAIT)), (credit, decided(credit, Action.SETTLED))).text
    assert "EUR Overdue €1,400.00 95 % of what is open Open €1,470.00 2 accounts Credit held €12.34" in text
    assert "not yet due €70.00 5 % 1–30 days €500.00 34 % 31–60 days €900.00 61 % 61–90 days €0.00" in text
    assert "GBP Overdue £40.00 100 % of what is open Open £40.00 1 account " in text
    assert "120+ days £40.00 100 %" in text
    assert text.index("EUR Overdue") < text.index("GBP Overdue"), "the business's own currency first"


def test_the_parts_of_the_bar_fill_it():
    bars = page(NOTICE, CALL).all("rect")
    assert [bar["class"] for bar in bars] == ["age-0", "age-1", "age-2"]
    assert sum(float(bar["width"]) for bar in bars) == pytest.approx(100, abs=0.01)
    assert float(bars[-1]["x"]) + float(bars[-1]["width"]) == pytest.approx(100, abs=0.01)


def test_a_bucket_below_zero_is_no_part_of_the_bar():
    account = replace(LATE, buckets=(-5000, 60000, 0, 0, 0, 0))
    bars = page((account, NOTICE[1])).all("rect")
    assert [(bar["class"], bar["x"], bar["width"]) for bar in bars] == [("age-1", "0.000", "100.000")]


def test_a_notice_that_an_error_stops_is_not_told_as_one_that_goes():
    found = error("letters/plan.en.md", "K-1: disputed", account_id="K-1")
    stopped = "reminder, by email does not go: an error under Books stops it"
    assert stopped in section(page(NOTICE, findings=[found]), "Notices to go today")
    goes = page(NOTICE, findings=[found], documents=[document(LATE, "email", "outbox/x.eml")])
    for read in (goes, page(NOTICE, findings=[replace(found, account_id="K-2")])):
        assert "does not go" not in read.text
        assert "reminder, by email pay by 9 Mar 2026" in section(read, "Notices to go today")


def test_empty_books_make_a_desk_that_says_so():
    read = page()
    for said in (
        "Monday 2 March 2026",
        "Nothing is open",
        "Books are clean.",
        "Nothing is due to go out today.",
        "No calls today.",
    ):
        assert said in read.text, said
    assert read.problems() == []


# ------------------------------------------------------------------ what goes out, whom to call


def test_a_notice_shows_account_step_channels_sum_deadline_reasons_and_files():
    documents = [
        document(LATE, "email", "outbox/2026-03-02/K-1-reminder.eml"),
        document(LATE, "letter", "outbox/2026-03-02/K-1 ä.pdf"),
        document(LATER, "email", "outbox/2026-03-02/K-2.eml"),
    ]
    pair = (LATE, replace(NOTICE[1], channels=("email", "letter")))
    read = page(pair, documents=documents, pages={"K-1": "site/public/abc/index.html"})
    said = section(read, "Notices to go today")
    for each in ("One Ltd", "K-1", "reminder, by email and letter", "pay by 9 Mar 2026", "€500.00", "why of K-1"):
        assert each in said, each
    assert [unquote(link) for link in read.links if not link.startswith("#")] == [
        "../site/public/abc/index.html", "2026-03-02/K-1-reminder.eml", "2026-03-02/K-1 ä.pdf", "2026-03-02/K-1-call.html",
        "preview/K-1-reminder.html", "preview/K-1-reminder.html",
    ]  # fmt: skip


def test_calls_come_in_order_of_the_sum_with_number_and_sheet():
    small = (LATE, decided(LATE, Action.CALL, step="call", channels=("call",)))
    read = page(small, CALL)
    said = section(read, "Calls to make")
    assert said.index("Two Ltd") < said.index("One Ltd")
    assert "€900.00" in said
    assert "2026-03-02/K-2-call.html" in read.links
    assert "tel:+35310000000" in read.links


def test_when_to_call_stands_beside_the_number_of_those_who_are_called():
    notice = (LATE, decided(LATE, Action.NOTICE))
    hours = {"K-2": "Call between 09:00 and 17:30", "K-1": "No calls today"}
    read = page(CALL, notice, hours=hours)
    assert "+353 1 000 0000 Call between 09:00 and 17:30 call sheet" in section(read, "Calls to make")
    assert "No calls today" not in read.text


def test_calls_come_in_order_of_their_worth_and_each_says_why():
    small = (LATE, decided(LATE, Action.CALL, step="call", channels=("call",)))
    worth = {("K-1", "EUR"): (45000, 50000, "90 % for the payer"), ("K-2", "EUR"): (27000, 90000, "30 % for the payer")}
    said = section(page(CALL, small, worth=worth), "Calls to make")
    assert said.index("One Ltd") < said.index("Two Ltd")
    assert "Worth €450.00: €500.00 × 90 % for the payer. why of K-1" in said
    assert "Worth €270.00: €900.00 × 30 % for the payer. why of K-2" in said


def test_a_call_in_place_of_a_letter_says_so():
    pair = (LATER, decided(LATER, Action.CALL, step="final-demand", channels=("call",)))
    assert "final-demand, by telephone" in section(page(pair), "Calls to make")


def test_every_notice_and_call_is_listed_however_many():
    pairs = [(standing(f"N-{n}", item(f"I-{n}", 5, 100 + n)), None) for n in range(250)]
    pairs = [(account, decided(account, Action.NOTICE)) for account, _ in pairs]
    said = section(page(*pairs), "Notices to go today")
    assert all(f"N-{n} " in said for n in range(250))


def test_a_guard_stands_above_everything():
    text = page(NOTICE, guards=("payments were last touched 12 days ago",)).text
    assert (
        text.index("Nothing will be sent")
        < text.index("payments were last touched 12 days ago")
        < text.index("Overdue")
    )
    assert "Nothing will be sent" not in page(NOTICE).text


# ------------------------------------------------------------------ what waits, what hangs, what is wrong


def test_a_hold_says_why_and_until_when():
    until = (
        LATE,
        decided(
            LATE, Action.HOLD, reasons=("payment is promised",), holds=(Hold("promise", "x", ON + timedelta(days=4)),)
        ),
    )
    lasting = (
        LATER,
        decided(LATER, Action.HOLD, reasons=("a lawyer acts",), holds=(Hold("lawyer", "y"), Hold("hold", "z", ON))),
    )
    said = section(page(until, lasting), "On hold")
    assert "payment is promised" in said
    assert "until 6 Mar 2026" in said
    assert "a lawyer acts" in said
    assert "until you lift it" in said


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("plan", "while it is kept"),
        ("dispute", "until it is settled"),
        ("placed", "until it is recalled"),
        ("fraud", "until you lift it"),
    ],
)
def test_a_hold_without_a_day_says_what_ends_it(kind, said):
    assert said in section(page((LATE, decided(LATE, Action.HOLD, holds=(Hold(kind, "x"),)))), "On hold")


def test_who_waits_is_listed_by_the_day_of_the_next_step():
    first = (LATER, decided(LATER, Action.WAIT, coming(LATER.items[0], 1, "final-demand", 5)))
    then = (LATE, decided(LATE, Action.WAIT, coming(LATE.items[0], 3), coming(LATE.items[1], 9, "invoice", 0)))
    said = section(page(then, first), "Waiting")
    assert said.index("final-demand on 3 Mar 2026") < said.index("second-notice on 5 Mar 2026")
    assert "why of K-1" in said
    assert "€570.00" in said


def test_an_account_whose_schedule_is_through_is_for_the_operator_to_decide():
    assert "Two Ltd" in section(page((LATER, decided(LATER, Action.REFER))), "For you to decide")


def test_an_account_that_nothing_can_reach_is_never_passed_over():
    lost = standing("K-9", item("Z", 40, 5000))
    for action in (Action.WAIT, Action.CALL):
        said = section(page((lost, decided(lost, action, channels=()))), "Out of reach")
        assert "K-9" in said
        assert "€50.00" in said
    held = decided(lost, Action.HOLD, holds=(Hold("hold", "x"),))
    assert "Out of reach" not in page((lost, held)).text


@pytest.mark.parametrize(
    ("state", "said", "remedy"),
    [
        (State.PRINTED, "printed, not posted", "build.py send --posted"),
        (State.UNCLEAR, "unclear whether it arrived", "build.py send --resolve 9-reminder=sent, or 9-reminder=resend"),
        (State.DEFERRED, "put off by their mail server", "the next send tries again"),
        (State.REFUSED, "refused by their mail server", "mend the address"),
    ],
)
def test_a_delivery_that_hangs_is_shown_with_what_to_do(state, said, remedy):
    account = replace(LATE, history=(sent(9, "A", "reminder", 2, state, file="outbox/2026-02-21/a b.pdf"),))
    read = page((account, decided(account, Action.WAIT)))
    text = section(read, "Deliveries to settle")
    assert said in text
    assert remedy in text
    assert "2026-02-21/a%20b.pdf" in read.links


def test_a_refused_mail_is_settled_by_a_later_notice_and_an_unclear_one_is_not():
    later = sent(2, "A", "second-notice", 3)
    for state, hangs in ((State.REFUSED, False), (State.DEFERRED, False), (State.UNCLEAR, True), (State.PRINTED, True)):
        account = replace(LATE, history=(sent(9, "A", "reminder", 2, state), later))
        assert ("Deliveries to settle" in page((account, decided(account, Action.WAIT))).text) is hangs, state


@pytest.mark.parametrize("order", [1, -1])
def test_an_email_that_was_put_off_is_not_announced_again_where_the_letter_of_its_step_is_there(order):
    email = sent(9, "A", "final-demand", 4, State.DEFERRED)
    letter = replace(sent(9, "A", "final-demand", 4, State.PRINTED, channel="letter"), notice_id="9-letter")
    account = replace(LATE, history=(email, letter)[::order])
    said = section(page((account, decided(account, Action.WAIT))), "Deliveries to settle")
    assert "final-demand by letter: printed, not posted" in said
    assert "put off" not in said


def test_a_hanging_notice_about_several_invoices_is_one_entry_with_their_sum():
    lines = (
        sent(9, "A", "reminder", 2, State.PRINTED, open=5000),
        sent(9, "B", "", -1, State.PRINTED, open=700, notice_id="9-reminder"),
    )
    account = replace(LATE, history=lines)
    said = section(page((account, decided(account, Action.WAIT))), "Deliveries to settle")
    assert said.count("printed, not posted") == 1
    assert "reminder by email" in said
    assert "€57.00" in said


# ------------------------------------------------------------------ what was promised and agreed


def promise(made, due, amount, received, state, row=9, said=0):
    day = ON - timedelta(days=due)
    return Promise(
        ON - timedelta(days=made), day, day + timedelta(days=2), amount, said or amount, received, state, row
    )


def of(account, **more):
    return replace(account, conduct=Conduct(**more))


def test_pending_promises_stand_with_their_day_the_soonest_first():
    soon = promise(3, -2, 5000, 1000, PromiseState.PENDING, 9, said=6000)
    later = promise(1, -9, 700, 0, PromiseState.PENDING, 10)
    one, two = of(LATE, promises=(later,)), of(LATER, promises=(soon,))
    held = decided(two, Action.HOLD, holds=(Hold("promise", "x", soon.deadline),))
    said = section(page((one, decided(one, Action.WAIT)), (two, held)), "Promises")
    assert "Two Ltd K-2 promised for 4 Mar 2026 €50.00 call sheet made on 27 Feb 2026; broken after 6 Mar 2026" in said
    assert "€10.00 of it has come" in said
    assert "€60.00 was said: more than is owed" in said
    assert said.index("Two Ltd") < said.index("One Ltd")
    assert said.count("it pauses nothing") == 1, "the one that no hold goes with"


def test_promises_that_were_not_kept_stand_once_for_each_account_that_still_owes():
    broken = (
        promise(40, 30, 9000, 2500, PromiseState.PARTLY_KEPT, 3),
        promise(20, 10, 4000, 0, PromiseState.BROKEN, 4),
        promise(60, 50, 4000, 4000, PromiseState.KEPT, 2),
    )
    one, done = of(LATE, promises=broken), of(standing("K-9", credit=5), promises=broken)
    said = section(page((one, decided(one, Action.WAIT)), (done, decided(done, Action.SETTLED))), "Promises not kept")
    assert (
        "promised for 20 Feb 2026 €40.00 call sheet €40.00 for 20 Feb 2026: nothing came €90.00 for 31 Jan 2026: €25.00 came"
        in said
    )
    assert "K-9" not in said


def plan(state, until=None, paid=1):
    parts = tuple(
        Instalment(n, ON + timedelta(days=30 * n - 45), 20000, 20000 if n <= paid else 0) for n in range(1, 4)
    )
    return Plan(ON - timedelta(days=50), ON, state, until, parts)


def test_a_plan_in_default_stands_first_on_the_page():
    one = of(LATE, plan=plan(PlanState.DEFAULT, ON - timedelta(days=1), 0), proposals=("the plan is in default: x",))
    read = page(NOTICE, (one, decided(one, Action.WAIT)), findings=[error("a.csv", "wrong", row=1)])
    said = section(read, "Plans in default")
    assert "One Ltd K-1 payment 1 is missing since 1 Mar 2026 was due on 15 Feb 2026 €200.00" in said
    assert "0 of 3 payments made, €0.00 of €600.00 the plan is in default: x" in said
    assert read.text.index("They did not pay what was agreed") < read.text.index("EUR") < read.text.index("wrong")
    assert "Proposed" not in read.text, "what is proposed for it stands there"


def test_plans_stand_with_what_is_paid_and_what_is_next_the_late_ones_first():
    good, late = of(LATE, plan=plan(PlanState.GOOD)), of(LATER, plan=plan(PlanState.LATE, ON, 0))
    offered = of(standing("K-5", item("E", 1, 60000)), plan=plan(PlanState.OFFERED, ON + timedelta(days=9), 0))
    paid_up = of(standing("K-6"), plan=plan(PlanState.PAID, None, 3))
    said = section(page(*((each, decided(each, Action.HOLD)) for each in (good, late, offered, paid_up))), "Plans")
    assert (
        "in good standing, payment 2 is next due on 17 Mar 2026 €200.00 call sheet 1 of 3 payments made, €200.00 of €600.00"
        in said
    )
    assert "payment 1 is late, its grace ends on 2 Mar 2026 was due on 15 Feb 2026" in said
    assert "out for signature until 11 Mar 2026" in said
    assert said.index("K-2") < said.index("K-5") < said.index("K-1")
    assert "K-6" not in said


def test_what_the_record_suggests_stands_with_its_figures():
    one = of(
        LATE, klass=Class.AVOIDS, figures="4 calls unanswered in a row", proposals=("move to the firm track: avoids",)
    )
    said = section(page((one, decided(one, Action.WAIT))), "Proposed")
    assert "avoids €500.00 move to the firm track: avoids 4 calls unanswered in a row" in said


def test_an_invoice_on_hold_by_itself_is_listed_with_its_sum_and_end():
    hold = Hold("dispute", "A is disputed (activity, line 3)", None, "A")
    pair = (LATE, replace(NOTICE[1], holds=(hold, Hold("plan", "a plan", ON + timedelta(days=3), "B"))))
    said = section(page(pair), "On hold")
    assert "notice; 2 invoices on hold €570.00 A is disputed (activity, line 3) a plan, until 5 Mar 2026" in said


def test_payment_in_advance_is_listed_with_its_reason():
    one = of(LATE, prepayment="3 invoices were paid 10 days late or more")
    said = section(page((one, decided(one, Action.WAIT))), "Payment in advance")
    assert "One Ltd K-1 payment in advance €500.00 3 invoices were paid 10 days late or more" in said


def test_whom_to_stop_serving_is_listed_with_the_figures_and_the_rule():
    costly = {("K-1", "EUR"): (6, 41, 10000, 50000, 1234), ("K-2", "EUR"): (9, None, 0, 90000, 0)}
    said = section(page(NOTICE, CALL, costly=costly), "To stop serving")
    assert "Six contacts or more in twelve months" in said
    assert (
        "One Ltd K-1 6 contacts, 41 days late on average €570.00 €500.00 overdue, €12.34 interest unpaid, €100.00 paid in twelve months"
        in said
    )
    assert "9 contacts, nothing paid in twelve months" in said
    assert said.index("Two Ltd") < said.index("One Ltd")


def test_promises_kept_are_counted_by_number_and_by_value_per_currency():
    text = page(NOTICE, kept={"EUR": (17, 20, 1240000, 1600000), "GBP": (0, 1, 0, 5)}).text
    assert "85.0 % of promises kept: 17 of 20 in twelve months; 77.5 % by value, €12,400.00 of €16,000.00" in text
    assert "promises kept" not in page(NOTICE).text


@pytest.mark.parametrize(
    ("part", "whole", "said"),
    [(17, 20, "85.0 %"), (1240000, 1600000, "77.5 %"), (1, 3, "33.3 %"), (2, 3, "66.7 %"), (1, 2000, "0.1 %"),
     (1, 2001, "0.0 %"), (0, 7, "0.0 %"), (7, 7, "100.0 %"), (1999, 2000, "100.0 %"), (10**12 - 1, 10**12, "100.0 %")],
)  # fmt: skip
def test_a_share_has_one_decimal_the_half_rounded_up(part, whole, said):
    assert tenths(part, whole) == said


def test_credits_are_listed():
    account = standing("K-4", credit=1234)
    assert "€12.34" in section(page((account, decided(account, Action.SETTLED))), "In credit")


def test_findings_stand_with_place_and_hint_and_errors_first():
    found = [
        warning("accounts/customers.csv", "no address", "Add one.", row=7, column="email"),
        error(
            "accounts/books.xlsx",
            "not a date",
            "Write 2025-02-28.",
            sheet="invoices",
            row=14,
            column="due",
            account_id="K-1",
        ),
    ]
    read = page(NOTICE, findings=found)
    for said in (
        "accounts/books.xlsx[invoices]:14",
        "due: not a date",
        "Write 2025-02-28.",
        "email: no address",
        "1 to mend, 1 to know",
    ):
        assert said in read.text, said
    assert read.text.index("not a date") < read.text.index("no address")
    assert read.text.index("not a date") < read.text.rindex("Notices to go today"), "errors come before the day's work"
    only = page(NOTICE, findings=found[:1]).text
    assert only.index("no address") > only.rindex("Notices to go today"), "what is only said comes after it"


def test_thousands_of_findings_do_not_bury_the_day():
    read = page(NOTICE, findings=[error("a.csv", f"wrong {n}", row=n) for n in range(3000)])
    assert "2800 more: build.py check" in read.text


def test_the_next_seven_days_show_steps_and_what_falls_due():
    account = standing(
        Customer("K-1", "One Ltd", **REACHABLE),
        item("A", 12, 50000),
        item("B", -3, 7000),
        item("C", -3, 500),
        item("D", -8, 9),
    )
    comes = [
        to_come(3, Kind.NOTICE, "second-notice"),
        to_come(3, Kind.HOLD_ENDS, "hardship"),
        to_come(8, Kind.NOTICE, "final-demand"),
    ]
    said = section(page((account, decided(account, Action.WAIT)), coming=comes), "Next seven days")
    assert (
        "Thursday 5 Mar 2026 second-notice by email: One Ltd last day of the hold (hardship): One Ltd €75.00 Friday"
        in said
    )
    assert "0.09" not in said, "the eighth day is not one of seven"
    assert "Tuesday 10 Mar" not in said
    assert said[: said.index("One by one")].count("2026") == 7
    assert "10 Mar 2026 One Ltd final-demand by email" in said[said.index("One by one") :]


# ------------------------------------------------------------------ the file


def test_the_desk_stands_alone_and_is_sound():
    read = page(NOTICE, CALL, guards=("g",), findings=[error("a.csv", "b", row=1)])
    assert read.requests == ["data:,"]
    assert "--accent" in read.styles
    assert "prefers-color-scheme: dark" in read.styles
    assert "@media print" in read.styles
    assert read.problems() == []
    assert all(
        link in {f"#{attrs.get('id')}" for _, attrs in read.elements} for link in read.links if link.startswith("#")
    )


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_text_from_the_books_is_shown_and_never_obeyed(text):
    customer = Customer(text, text, phone=text, email=text)
    account = standing(customer, item(text, 3, 5000), credit=5, payments=(paid(1, 5, text),))
    account = replace(
        account, history=(sent(5, text, text, 2, State.PRINTED, channel=text, file=text, notice_id=text),)
    )
    account = of(account, figures=text, proposals=(text,), prepayment=text, reason=text)
    line = ItemDecision(
        account.items[0], text, text, ON + timedelta(days=1), False, (text,), 1, (Announcement("fee", ON),)
    )
    pairs = [
        (
            account,
            decided(account, action, line, step=text, channels=(text,), reasons=(text,), holds=(Hold(text, text),)),
        )
        for action in Action
    ]
    read = page(*pairs, guards=(text,), findings=[error(text, text, text, sheet=text, column=text, row=1)], pages={text: text}, worth={(text, "EUR"): (1, 2, text)})  # fmt: skip
    assert read.problems() == []
    assert read.requests == ["data:,"]
    assert {urlsplit(link).scheme for link in read.links} <= {"", "tel"}
    assert not [link for link in read.links if link.startswith(("//", "/"))]


def test_a_stylesheet_cannot_leave_its_element():
    static = {"style.css": b"a{}</style><script>alert(1)</script>"}
    read = Read(desk.desk(Morning(ON, (), ()), CONFIG, TEMPLATES, static).content)
    assert read.problems() == []


@pytest.mark.parametrize(
    "place",
    [
        "{% for guard in guards %}",
        "{% if e.tel %}",
        "{% if s.more %}",
        "{% for d in ahead.days %}",
        "{% for w in ahead.weeks %}",
        "{% for l in ahead.lines %}",
        "{% if step.more %}",
        "{% if e.preview %}",
        "{% for a in analyses %}",
        "{% if c.drawing %}",
        "{% for s in others %}",
        "{% if findings_more %}",
        "{% for sum in d.due %}",
        "{% if t.kept[0] %}",
        "{% for s in obligations %}",
    ],
)
def test_a_mistake_in_any_branch_of_the_template_is_found(place):
    assert place in TEMPLATES["desk.html"]
    (found,) = desk.check(TEMPLATES | {"desk.html": TEMPLATES["desk.html"].replace(place, place + "{{ misspelt }}")})
    assert found.stops_run
    assert found.file == "site/templates/desk.html"
    assert found.row


def test_the_shipped_template_is_sound_and_a_missing_one_stops_the_run():
    assert desk.check(TEMPLATES) == []
    (found,) = desk.check({name: text for name, text in TEMPLATES.items() if name != "desk.html"})
    assert found.stops_run
    assert found.file == "site/templates/desk.html"


# ------------------------------------------------------------------ at the telephone


def test_every_account_with_something_overdue_has_its_sheet_at_hand_and_the_list_holds_today_s_calls_alone():
    ahead = standing(Customer("K-3", "Three", **REACHABLE), item("D", -5, 4000))
    gone = standing(Customer("K-4", "Four", **REACHABLE), item("E", 9, 4000))
    stopped = replace(decided(gone, Action.HOLD), holds=(Hold("lawyer", "x"),))
    waiting = decided(LATE, Action.WAIT, coming(LATE.items[0], 3, "second-notice", 3))
    read = page((LATE, waiting), CALL, (ahead, decided(ahead, Action.WAIT)), (gone, stopped))
    sheets = [link for link in read.links if link.endswith("-call.html")]
    assert sorted(set(sheets)) == ["2026-03-02/K-1-call.html", "2026-03-02/K-2-call.html"]
    listed = section(read, "Calls to make")
    assert "Two Ltd" in listed
    assert "One Ltd" not in listed


def test_a_promise_that_was_not_kept_has_the_sheet_beside_it():
    broken = Promise(ON - timedelta(9), ON - timedelta(5), ON - timedelta(3), 900, 900, 0, PromiseState.BROKEN)
    account = replace(LATE, conduct=Conduct(promises=(broken,)))
    assert "call sheet" in section(page((account, decided(account, Action.WAIT))), "Promises not kept")


# ------------------------------------------------------------------ what was said, and what is owed beside


def said(account, what, ago, state=ObligationState.OVERDUE, held="", announced=40):
    """A consequence that was announced for so many days ago."""
    keys = tuple(each.key for each in account.items if each.is_overdue)
    day, told = ON - timedelta(days=ago), ON - timedelta(days=announced)
    return Obligation(what, day, state, keys, told, "n1", "place it and log it as placed, or waive it", held)


def charged(account, interest, fee, *, told=True):
    first = account.items[0] if account.items else item("Z", 60, 1)
    line = Accrual(100000, first.due, ON, 10, 101500, interest)
    return Charge(first.invoice_id, first.due, "EUR", "ie-si580", first.due, (line,), fee, first.due, told=told)


def owing(account, *obligations, charges=()):
    account = replace(account, obligations=obligations, charges=charges)
    return account, decided(account, Action.WAIT)


def test_what_was_said_and_not_done_stands_first_the_longest_overdue_before_the_others():
    one = owing(LATE, said(LATE, "agency", 2), said(LATE, "stop-service", 0, ObligationState.DUE))
    two = owing(LATER, said(LATER, "agency", 9))
    read = page(one, two, CALL, findings=[error("a.csv", "wrong", row=1)], guards=("the books are stale",))
    late = section(read, "Said, and overdue")
    assert late.index(
        "Two Ltd K-2 place with the agency, 9 days overdue said on 21 Jan 2026 for 21 Feb 2026 €900.00"
    ) < (late.index("One Ltd K-1 place with the agency, 2 days overdue said on 21 Jan 2026 for 28 Feb 2026 €500.00"))
    assert "stop work and deliveries said on 21 Jan 2026 for 2 Mar 2026" in section(read, "Said for today")
    order = ["the books are stale", "Said, and overdue", "Said for today", "Overdue €2,300.00", "wrong"]
    assert sorted(order, key=read.text.index) == order


def test_an_obligation_has_the_commands_that_answer_it_and_says_why_it_waits():
    late = section(page(owing(LATER, said(LATER, "agency", 9, held="C is disputed"))), "Said, and overdue")
    assert "For C. Place it and log it as placed, or waive it. It waits: C is disputed" in late
    assert "python build.py log K-2 placed --note 'name of the agency'" in late
    assert "python build.py log K-2 waive --note 'agency: why'" in late
    assert "python build.py evidence K-2" in late


def test_what_may_be_done_now_stands_before_what_still_waits():
    waits = owing(LATER, said(LATER, "agency", 9, held="C is disputed"))
    late = section(page(waits, owing(LATE, said(LATE, "agency", 2))), "Said, and overdue")
    assert late.index("One Ltd") < late.index("Two Ltd")


def test_letting_go_of_one_of_two_names_its_invoice():
    both = replace(LATER, items=(LATER.items[0], item("C-2", 40, 100)))
    first = replace(said(LATER, "stop-service", 9), items=(both.items[0].key,))
    second = replace(first, items=(both.items[1].key,), on=ON - timedelta(days=1))
    late = section(page(owing(both, first, second)), "Said, and overdue")
    assert "log K-2 waive --invoice C --note 'stop-service: why'" in late
    assert "log K-2 waive --invoice C-2 --note 'stop-service: why'" in late


def test_what_comes_in_fourteen_days_is_listed_where_it_is_for_the_operator_to_do():
    ahead = ObligationState.AHEAD
    account = owing(
        LATER,
        said(LATER, "agency", -14, ahead),
        said(LATER, "small-claims", -15, ahead),
        said(LATER, "interest", -3, ahead),
    )
    read = page(account)
    coming = section(read, "Said for the next fourteen days")
    assert "place with the agency said on 21 Jan 2026 for 16 Mar 2026" in coming
    assert "start the claim" not in coming
    assert "interest" not in coming


def test_what_is_done_or_settled_is_on_no_list():
    settled = (ObligationState.CARRIED_OUT, ObligationState.WAIVED, ObligationState.MOOT)
    read = page(owing(LATER, *(said(LATER, "agency", 3, state) for state in settled)))
    assert "agency" not in read.text


def test_interest_and_fixed_sums_stand_beside_the_balance_and_with_their_account():
    read = page(owing(LATER, charges=(charged(LATER, 1234, 4000, told=False),)))
    assert "Interest and fixed sums €52.34 €12.34 interest and €40.00 fixed sums" in read.text
    waiting = section(read, "Waiting")
    assert "€12.34 interest and €40.00 fixed sums owed beside the invoices" in waiting
    assert "€52.34 of it was announced in no notice before today, and is not claimed" in waiting


def test_what_grew_since_a_notice_whose_deadline_runs_was_announced_and_still_is_not_claimed():
    asked = charged(LATER, 1234, 4000)
    account, waits = owing(LATER, charges=(charged(LATER, 1300, 4000),))
    waiting = section(page((replace(account, claims=(asked,)), waits)), "Waiting")
    assert "€13.00 interest and €40.00 fixed sums owed beside the invoices" in waiting
    assert "€0.66 of it came since the last notice, and is not claimed while its deadline runs" in waiting
    assert "announced in no notice" not in waiting


def test_an_account_that_owes_nothing_but_charges_is_not_forgotten():
    gone = standing("K-9")
    left = section(page(owing(gone, charges=(charged(gone, 901, 4000),))), "Charges left")
    assert "K-9 Ltd K-9 interest and fixed sums €49.01 €9.01 interest and €40.00 fixed sums owed" in left


def test_a_notice_is_listed_with_the_sum_that_it_asks_for():
    account, decision = NOTICE
    charge = charged(account, 1234, 4000)
    line = NoticeItem(account.items[0], "reminder", 2, (), charge)
    letter = document(account, "email", "outbox/2026-03-02/K-1-reminder.eml")
    letter = replace(letter, notice=replace(letter.notice, items=(line,)))
    read = page((replace(account, charges=(charge,)), decision), documents=[letter])
    assert "pay by 9 Mar 2026 €552.34" in section(read, "Notices to go today")


def test_a_call_is_listed_with_the_sum_that_its_sheet_asks_for():
    account, decision = CALL
    account = replace(account, charges=(charged(account, 1234, 4000),))
    read = page((account, decision), worth={("K-2", "EUR"): (81000, 90000, "90 % it is paid")})
    said = section(read, "Calls to make")
    assert "€952.34" in said
    assert "Worth €810.00: €900.00 × 90 % it is paid." in said


def test_a_default_that_was_answered_is_off_the_list():
    one = of(LATE, plan=plan(PlanState.DEFAULT, ON - timedelta(days=1), 0))
    key = (LATE.items[0].key,)
    default = Obligation("plan-default", ON, ObligationState.DUE, key, ON, "", "agree anew")
    asks = section(page(owing(one, default)), "Plans in default")
    assert "python build.py log K-1 carried-out --note plan-default" in asks
    done = replace(default, state=ObligationState.CARRIED_OUT)
    assert "Plans in default" not in page(owing(one, done)).text
