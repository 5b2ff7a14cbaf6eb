"""Answers: notices beside the ladder, each owed for something that was said or done, and each said once."""

from dataclasses import replace

import pandas as pd
import pytest
from world import day, decide, decided, diary, every_day, ladder, ledger, line, notices, sent, step, told

from pastdue.config import Config
from pastdue.documents import notices as written
from pastdue.documents.notices import ledger_rows
from pastdue.dunning.answers import answer_due
from pastdue.dunning.holds import holds
from pastdue.model import Action, Activity, Answer, Customer, Decision, Document, Ledger, State

LADDER = ladder(step("reminder", 1, pay_within=7), step("second", 20, pay_within=7), step("demand", 40, pay_within=7))
ONE = [("I", "2025-01-01", "2025-01-10", 50_000)]
TWO = [*ONE, ("J", "2025-01-02", "2025-01-10", 20_000)]
NOT_RECEIVED = line("2025-02-03", "reason", note="not-received", invoice="I")


def story(
    *lines: Activity,
    invoices: list = ONE,
    payments: list = (),
    config: Config = LADDER,
    last: str = "2025-03-05",
    customers: dict | None = None,
) -> list[str]:
    books = ledger(invoices, payments, activity=diary(*lines), customers=customers)
    return told(books, config, "2025-01-09", last)


def answer_on(on: str, *lines: Activity, invoices: list = ONE, payments: list = (), config: Config = LADDER) -> Answer:
    books = ledger(invoices, payments, activity=diary(*lines))
    made = list(decided(books, config, every_day("2025-01-09", on)))[-1][1]
    assert made.answer is not None, made
    return made.answer


# ------------------------------------------------------------------ the invoice did not arrive


def test_an_invoice_that_did_not_arrive_goes_again_and_the_ladder_restarts_politely_after_its_deadline() -> None:
    assert story(NOT_RECEIVED) == [
        "2025-01-11 reminder",
        "2025-01-30 second",
        "2025-02-03 invoice-again",
        "2025-02-11 reminder",  # the day after the seven days that it gives
        "2025-02-19 second",
        "2025-02-27 demand",
    ]
    answer = answer_on("2025-02-03", NOT_RECEIVED)
    assert answer.pay_by == day("2025-02-10")
    assert answer.why == "said on 2025-02-03: the invoice did not arrive"


def test_saying_it_again_and_again_restarts_nothing() -> None:
    again = [line(f"2025-{month:02d}-20", "reason", note="not-received", invoice="I") for month in range(2, 4)]
    vague = [line(f"2025-{month:02d}-25", "reason", note="not-received") for month in range(2, 4)]
    assert story(NOT_RECEIVED, *again, *vague, last="2025-04-10") == story(NOT_RECEIVED)


def test_only_the_invoice_that_did_not_arrive_restarts() -> None:
    made = list(decided(ledger(TWO, activity=diary(NOT_RECEIVED)), LADDER, every_day("2025-01-09", "2025-02-19")))
    by_day = {str(on): decision for on, decision in made}
    assert by_day["2025-02-03"].answer.items == (("I", day("2025-01-10")),)
    last = {each.item.invoice_id: (each.step, each.next_step) for each in by_day["2025-02-19"].items}
    assert last == {"I": ("reminder", "second"), "J": ("second", "demand")}


def test_what_is_said_without_an_invoice_is_about_those_that_were_written_by_then() -> None:
    vague = line("2025-02-03", "reason", note="not-received")
    invoices = [*TWO, ("NEW", "2025-02-04", "2025-02-20", 5_000)]
    assert {i for i, _ in answer_on("2025-02-03", vague, invoices=invoices).items} == {"I", "J"}
    sent_again = [each for each in story(vague, invoices=invoices) if "invoice-again" in each]
    assert sent_again == ["2025-02-03 invoice-again"]


def test_a_restart_is_not_by_age() -> None:
    config = ladder(step("reminder", 1), step("second", 10), step("demand", 20), schedule={"entry": "by-age"})
    assert [each.split()[1] for each in story(NOT_RECEIVED, config=config)][-4:] == [
        "invoice-again",
        "reminder",
        "second",
        "demand",
    ]


def test_the_invoice_sent_again_stands_for_the_steps_before_the_due_date() -> None:
    config = ladder(step("invoice", 0, **{"from": "issued"}), step("courtesy", -5), step("reminder", 1))
    said = line("2025-01-03", "reason", note="not-received")
    assert told(ledger(ONE, activity=diary(said)), config, "2025-01-01", "2025-03-01") == [
        "2025-01-01 invoice",
        "2025-01-03 invoice-again",
        "2025-01-11 reminder",  # the courtesy note would fall within the deadline and lapses with the due date
    ]


@pytest.mark.parametrize(
    ("due", "pay_by"),
    [
        (["2025-01-10", "2025-06-30"], "2025-02-10"),  # the overdue one; what is not due keeps its own date
        (["2025-02-05"], "2025-02-10"),
        (["2025-02-05", "2025-02-10"], "2025-02-10"),
        (["2025-03-31"], "2025-03-31"),
        (["2025-03-31", "2025-03-31"], "2025-03-31"),
        (["2025-02-05", "2025-03-31"], None),
    ],
)
def test_an_invoice_that_goes_again_is_not_due_before_its_own_date(due: list[str], pay_by: str | None) -> None:
    invoices = [(f"I{n}", "2025-01-01", each, 50_000) for n, each in enumerate(due)]
    answer = answer_on("2025-02-03", line("2025-02-03", "reason", note="not-received"), invoices=invoices)
    assert len(answer.items) == len(due)
    assert answer.pay_by == (day(pay_by) if pay_by else None)


def test_an_invoice_that_went_again_before_its_due_date_is_reminded_of_after_it() -> None:
    said = line("2025-01-03", "reason", note="not-received")
    later = [("I", "2025-01-01", "2025-02-10", 50_000), ("J", "2025-01-02", "2025-02-20", 20_000)]
    assert told(ledger(later, activity=diary(said)), LADDER, "2025-01-01", "2025-02-28") == [
        "2025-01-03 invoice-again",
        "2025-02-11 reminder",
        "2025-02-21 reminder",
    ]


def test_a_paid_invoice_is_not_sent_again() -> None:
    for said in (NOT_RECEIVED, line("2025-02-03", "reason", note="not-received")):
        assert "invoice-again" not in " ".join(story(said, payments=[("2025-02-03", "", 50_000, "")]))


def test_a_disputed_invoice_is_not_asked_for_in_any_answer() -> None:
    lines = (line("2025-01-15", "dispute", invoice="I"), line("2025-02-03", "reason", note="not-received"))
    assert {i for i, _ in answer_on("2025-02-03", *lines, invoices=TWO).items} == {"J"}
    cash = (line("2025-01-15", "dispute", invoice="I"), line("2025-02-03", "reason", note="cash-flow"))
    offer = answer_on("2025-02-03", *cash, invoices=TWO)
    assert ({i for i, _ in offer.items}, {sum(way) for way in offer.options}) == ({"J"}, {20_000})
    promise = (
        line("2025-01-15", "dispute", invoice="I"),
        line("2025-02-03", "promise", amount=20_000, due="2025-02-10"),
    )
    assert {i for i, _ in answer_on("2025-02-03", *promise, invoices=TWO).items} == {"J"}
    assert story(line("2025-01-05", "dispute", invoice="I"), NOT_RECEIVED) == []


# ------------------------------------------------------------------ short of cash


def test_who_is_short_of_cash_is_offered_a_plan_once_that_adds_up() -> None:
    short = line("2025-01-25", "reason", note="cash-flow")
    answer = answer_on("2025-01-25", short, invoices=[("I", "2025-01-01", "2025-01-10", 60_000)])
    assert [(len(way), way[0]) for way in answer.options] == [(2, 30_000), (3, 20_000), (6, 10_000), (12, 5_000)]
    assert [each for each in story(short) if "plan-offer" in each] == ["2025-01-25 plan-offer"]


def test_what_they_say_they_can_pay_decides_what_is_offered() -> None:
    short = line("2025-01-25", "reason", note="cash-flow", amount=15_000)
    assert [len(way) for way in answer_on("2025-01-25", short).options] == [4, 6, 12]


def test_a_consumer_is_offered_no_more_instalments_than_may_be() -> None:
    config = LADDER.model_copy(update={"plans": LADDER.plans.model_copy(update={"consumer_instalments": 4})})
    person = {"A": Customer("A", "Ann", kind="consumer", email="a@a.example")}
    books = ledger(ONE, activity=diary(line("2025-01-25", "reason", note="cash-flow")), customers=person)
    answer = decide(books, config, day("2025-01-25"))[1][0].answer
    assert [len(way) for way in answer.options] == [2, 3]


def test_no_plan_is_offered_in_a_currency_in_which_none_can_be_agreed() -> None:
    dollars = {"A": Customer("A", "Acme", email="a@acme.example", currency="USD")}
    short = line("2025-01-25", "reason", note="cash-flow")
    assert "plan-offer" not in " ".join(story(short, customers=dollars))


# ------------------------------------------------------------------ plans


PLAN = line("2025-01-20", "plan", amount=25_000, due="2025-02-28", every="month", count=2)
SIGNED = line("2025-01-25", "signed")


def test_an_unsigned_plan_goes_out_once_and_pauses_for_fourteen_days() -> None:
    assert story(PLAN, last="2025-02-28") == [
        "2025-01-11 reminder",
        "2025-01-20 plan",
        "2025-02-04 second",  # the note lapsed on the third
        "2025-02-19 demand",
    ]


def test_a_signed_plan_in_good_standing_is_silent() -> None:
    paid = [("2025-02-28", "", 25_000, ""), ("2025-03-28", "", 25_000, "")]
    assert story(PLAN, SIGNED, payments=paid, last="2025-04-10") == ["2025-01-11 reminder", "2025-01-20 plan"]


def test_a_late_instalment_is_reminded_of_once_and_unpaid_after_its_grace_it_is_a_default() -> None:
    assert story(PLAN, SIGNED, last="2025-03-15") == [
        "2025-01-11 reminder",
        "2025-01-20 plan",
        "2025-03-01 instalment",
        "2025-03-06 second",  # five days of grace, and the ladder goes on where it stood
        "2025-03-14 demand",
    ]
    answer = answer_on("2025-03-01", PLAN, SIGNED)
    assert (answer.pay_by, answer.asks) == (day("2025-03-05"), 25_000)
    assert answer.why == "instalment 1 was due on 2025-02-28"


def test_a_reminder_that_goes_on_the_last_day_of_the_grace_leaves_some_days_and_the_default_waits_for_them() -> None:
    books = ledger(ONE, activity=diary(PLAN, SIGNED))
    days = [day("2025-01-11"), day("2025-01-20"), *every_day("2025-03-05", "2025-03-15")]  # nobody ran it in between
    made = {str(on): decision for on, decision in decided(books, LADDER, days)}
    answer = made["2025-03-05"].answer
    assert answer is not None
    assert (answer.step, answer.pay_by) == ("instalment", day("2025-03-08"))
    assert [on for on, decision in made.items() if decision.action is Action.NOTICE][-1] == "2025-03-10"
    assert {hold.until for hold in made["2025-03-08"].holds} == {day("2025-03-08")}
    assert made["2025-03-09"].holds == ()


def test_the_deadline_of_a_late_instalment_is_a_business_day() -> None:
    config = LADDER.model_copy(update={"calendar": ladder(step("r", 1), calendar={"country": "none"}).calendar})
    reminded = [line for line in story(PLAN, SIGNED, config=config, last="2025-03-20") if line > "2025-03"]
    assert reminded == [
        "2025-03-03 instalment",  # the first of March is a Saturday; they have until Thursday, three business days
        "2025-03-10 second",
        "2025-03-18 demand",
    ]
    early = line("2025-01-20", "plan", amount=25_000, due="2025-02-24", every="month", count=2)
    books = ledger(ONE, activity=diary(early, SIGNED))
    answers = [d.answer for _, d in decided(books, config, every_day("2025-01-09", "2025-02-25")) if d.answer]
    assert (answers[-1].step, answers[-1].pay_by) == ("instalment", day("2025-03-03"))  # the grace ends on a Saturday


def test_money_that_comes_by_the_deadline_of_the_reminder_keeps_the_plan() -> None:
    books = ledger(ONE, [("2025-03-08", "", 25_000, "")], activity=diary(PLAN, SIGNED))
    days = [day("2025-01-11"), day("2025-01-20"), *every_day("2025-03-05", "2025-03-20")]
    assert [d.step for _, d in decided(books, LADDER, days) if d.action is Action.NOTICE] == [
        "reminder",
        "plan",
        "instalment",
    ]


def test_a_default_is_proposed_to_the_operator_and_paying_up_reinstates_the_plan() -> None:
    (standing,), _ = decide(ledger(ONE, activity=diary(PLAN, SIGNED)), LADDER, day("2025-03-06"))
    assert standing.conduct.proposals == (
        "the plan is in default: instalment 1 of 2025-02-28 is unpaid; accelerate it, or agree anew",
    )
    late = [("2025-03-08", "", 25_000, ""), ("2025-03-28", "", 25_000, "")]
    assert story(PLAN, SIGNED, payments=late, last="2025-03-20")[-1] == "2025-03-06 second"
    books = ledger(ONE, late, activity=diary(PLAN, SIGNED))
    (standing,), (decision,) = decide(books, LADDER, day("2025-03-20"))
    assert (decision.action, standing.conduct.proposals) == (Action.HOLD, ())


def test_each_late_instalment_has_its_own_reminder() -> None:
    paid = [("2025-03-03", "", 25_000, ""), ("2025-04-02", "", 25_000, "")]
    assert [each for each in story(PLAN, SIGNED, payments=paid, last="2025-04-05") if "instalment" in each] == [
        "2025-03-01 instalment",
        "2025-03-29 instalment",
    ]


# ------------------------------------------------------------------ prepayment


STRICT = ladder(
    step("reminder", 1, pay_within=7), step("final-demand", 20, pay_within=7),
    prepayment={"after_final_demand": True},
)  # fmt: skip


def test_prepayment_is_told_once_and_lifted_once() -> None:
    paid = [("2025-03-10", "", 50_000, "")]
    assert story(payments=paid, config=STRICT, last="2025-03-15") == [
        "2025-01-11 reminder",
        "2025-01-30 final-demand",
        "2025-01-31 prepayment",
        "2025-03-10 prepayment-lifted",
    ]


def test_prepayment_by_many_late_payments_is_told_with_the_next_invoice_and_not_every_day() -> None:
    config = ladder(step("reminder", 1, pay_within=7), prepayment={"late_times": 2, "late_days": 5})
    paid = [("2025-02-10", "I", 50_000, ""), ("2025-02-11", "J", 20_000, "")]
    assert story(invoices=TWO, payments=paid, config=config) == ["2025-01-11 reminder"]
    invoices = [*TWO, ("NEW", "2025-03-01", "2025-09-01", 5_000)]
    assert story(invoices=invoices, payments=paid, config=config) == ["2025-01-11 reminder", "2025-03-01 prepayment"]


def test_prepayment_that_ends_is_told_once_about_the_invoice_it_began_with_and_one_about_none_never() -> None:
    paid = [("2025-03-10", "", 50_000, "")]
    books = ledger(ONE, paid, activity=diary())
    made = dict(decided(books, STRICT, every_day("2025-01-09", "2025-04-30")))
    (lifted,) = [d for d in made.values() if d.step == "prepayment-lifted"]
    assert lifted.answer is not None
    assert lifted.answer.items == (("I", day("2025-01-10")),)
    config = ladder(step("reminder", 1), prepayment={"late_times": 1, "late_days": 5})
    late = ledger(ONE, [("2025-02-10", "I", 50_000, "")])
    (standing,), (decision,) = decide(late, config, day("2025-02-12"))
    assert standing.conduct.prepayment
    assert (decision.action, decision.answer) == (Action.SETTLED, None)


def test_prepayment_in_one_currency_is_not_lifted_in_another() -> None:
    books = ledger([*ONE, ("U", "2025-01-01", "2025-12-31", 900)])
    books = replace(books, invoices=books.invoices.assign(currency=["EUR", "USD"]))
    said = []
    for on in every_day("2025-01-09", "2025-02-28"):
        _, made = decide(books, STRICT, on)
        rows = [row for d in made if d.action is Action.NOTICE for row in sent(d, on)]
        said += [(str(on), d.currency, d.step) for d in made if d.action is Action.NOTICE]
        if rows:
            books = replace(books, notices=pd.concat([books.notices, notices(rows)], ignore_index=True))
    assert said == [
        ("2025-01-11", "EUR", "reminder"),
        ("2025-01-30", "EUR", "final-demand"),
        ("2025-01-31", "EUR", "prepayment"),
    ]


# ------------------------------------------------------------------ whatever the answer


@pytest.mark.parametrize(
    "said", [NOT_RECEIVED, line("2025-02-03", "reason", note="cash-flow"), replace(PLAN, on=day("2025-02-03"))]
)
def test_no_answer_goes_by_telephone_and_none_blocks_the_ladder(said: Activity) -> None:
    phone = {"A": Customer("A", "Acme", phone="+44 1")}
    books = ledger(ONE, activity=diary(said), customers=phone)
    assert all(decision.answer is None for _, decision in decided(books, LADDER, every_day("2025-02-03", "2025-03-31")))


def test_answers_keep_to_business_days_and_one_a_day() -> None:
    config = ladder(step("reminder", 1, pay_within=7), step("second", 20), calendar={"country": "none"})
    saturday = line("2025-01-18", "promise", amount=50_000, due="2025-02-20")
    both = line("2025-01-18", "reason", note="not-received")
    assert story(saturday, both, config=config, last="2025-01-31") == [
        "2025-01-13 reminder",
        "2025-01-20 promise",
        "2025-01-21 invoice-again",
    ]


def test_an_answer_that_the_server_defers_is_tried_again_and_one_that_is_refused_goes_by_letter() -> None:
    customers = {"A": Customer("A", "Acme", email="a@acme.example", address=("1 Road",), city="Town")}
    books = ledger(ONE, activity=diary(NOT_RECEIVED), customers=customers)
    days = every_day("2025-02-03", "2025-02-05")
    assert [d.step for _, d in decided(books, LADDER, days, State.DEFERRED)] == ["invoice-again"] * 3
    assert [d.channels for _, d in decided(books, LADDER, days[:2], State.REFUSED)] == [("email",), ("letter",)]


@pytest.mark.parametrize(
    ("on", "lines", "payments", "config"),
    [
        ("2025-02-03", (NOT_RECEIVED,), (), LADDER),
        ("2025-01-20", (PLAN,), (), LADDER),
        ("2025-01-20", (line("2025-01-20", "promise", amount=100, due="2025-01-28"),), (), LADDER),
        ("2025-03-10", (), (("2025-03-10", "", 50_000, ""),), STRICT),
    ],
)
def test_these_tests_record_an_answer_as_the_product_does(
    on: str, lines: tuple, payments: tuple, config: Config
) -> None:
    """The rows of this small world against those that `send` writes: invoice, due date, step, rung, deadline."""
    books = ledger(ONE, payments, activity=diary(*lines))
    made: Decision | None = None
    for when, each in decided(books, config, every_day("2025-01-09", on)):
        made = each
        assert when
    assert made is not None
    assert made.answer is not None
    (standing,), _ = decide(books, config, day(on))
    document = Document(next(written.notices(standing, made, "")), "outbox/x.eml", "eml", b"")
    theirs = [
        (r["invoice_id"], r["due"], r["step"], r["rung"], r["pay_by"]) for r in ledger_rows(document.notice, document)
    ]
    ours = notices(sent(made, day(on)))
    as_text = [
        (r.invoice_id, str(day("0001-01-01").fromordinal(r.due)), r.step, str(r.rung), str(made.pay_by or ""))
        for r in ours.itertuples()
    ]
    assert as_text == theirs


def test_an_answer_is_about_something(  # nothing would record one about nothing, and it would go every day
) -> None:
    books: Ledger = ledger([], activity=diary(line("2025-02-03", "reason", note="not-received")))
    (standing,), _ = decide(books, LADDER, day("2025-02-03"))
    assert answer_due(standing, holds(standing, LADDER), LADDER, LADDER.business_days()) is None


def test_a_restart_does_not_shorten_a_deadline_that_the_customer_was_given() -> None:
    config = ladder(step("reminder", 1), step("second", 20, pay_within=21), step("demand", 40))
    assert story(NOT_RECEIVED, config=config)[1:] == [
        "2025-01-30 second",  # they have until the twentieth of February
        "2025-02-03 invoice-again",
        "2025-02-21 reminder",
        "2025-02-26 second",
    ]
