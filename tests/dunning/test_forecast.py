"""What the forecast says comes, and nothing else, when the days are really run and nobody pays."""

from dataclasses import replace
from datetime import date, timedelta

import pandas as pd
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from world import NO_CALENDAR, day, diary, ladder, ledger, line, notices, step

from pastdue.config import Config
from pastdue.documents import notices as written
from pastdue.dunning.escalation import decisions
from pastdue.dunning.forecast import coming
from pastdue.dunning.standing import as_at, standings
from pastdue.model import COPY, Action, Activity, Customer, Decision, Ledger, Notice, Sent, Standing, State
from pastdue.outlook import Coming, Kind

START = day("2025-03-03")  # a Monday

STEPS = (
    step("invoice", 0, minimum_gap=0) | {"from": "issued"},
    step("courtesy", -3),
    step("reminder", 1, pay_within=5, announces=[{"consequence": "interest", "in_days": 7}]),
    step("call", 8, "call", give_way=3),
    step("final-demand", 15, "email", "letter", pay_within=7, announces=[{"consequence": "agency", "in_days": 20}]),
    step("referral", 10, "letter", pay_within=5, announces=[{"consequence": "agency", "in_days": 9}])
    | {"from": "previous"},
)
FIRM = (step("reminder", 0, "email"), step("last", 6, "email", "letter", pay_within=3, minimum_gap=2))


def write(standing: Standing, decision: Decision) -> list[tuple[Notice, tuple[Sent, ...]]]:
    return [(each, written.records(each, State.SENT)) for each in written.notices(standing, decision, "")]


def forecast(book: Ledger, config: Config, days: int = 60, on: date = START) -> tuple[Coming, ...]:
    return coming(as_at(book, config, on, to_come=True)[0], on + timedelta(days=days), write)


def lived(
    book: Ledger, config: Config, days: int = 60, on: date = START
) -> tuple[list[tuple[object, ...]], list[tuple[object, ...]]]:
    """Every day decided as a run does it, from tables that are read anew after each that was sent: notices and calls."""
    tables, _ = as_at(book, config, on)
    went: list[tuple[object, ...]] = []
    called: list[tuple[object, ...]] = []
    before: dict[tuple[str, str], tuple[Action, str]] = {}
    for today in (on + timedelta(days=n) for n in range(days + 1)):
        found = [
            tables.standing(customer, currency, today, tables.history.get(customer.account_id, ()))
            for customer, currencies in tables.accounts()
            for currency in currencies
        ]
        rows: list[tuple[object, ...]] = []
        for standing, decision in zip(found, decisions(found, config), strict=True):
            key, now = (standing.account_id, standing.currency), (decision.action, decision.step)
            if decision.action is Action.CALL and before.get(key) != now:
                called.append((today, *key, decision.step))
            before[key] = now
            if decision.action is not Action.NOTICE:
                continue
            both = write(standing, decision)
            channels = tuple(notice.channel for notice, _ in both if notice.channel != COPY)
            went.append((today, *key, decision.step, channels, both[0][0].asked_sum, decision.pay_by))
            rows += [_row(each) for _, sent in both for each in sent]
        if rows:
            book = replace(book, notices=pd.concat([book.notices, notices(rows)], ignore_index=True))
            tables, _ = as_at(book, config, today)
    return sorted(went, key=str), called


def _row(sent: Sent) -> tuple[object, ...]:
    return (
        sent.notice_id, sent.on.toordinal(), "A", sent.invoice_id, sent.due.toordinal() if sent.invoice_id else 0,
        sent.step, sent.rung, sent.channel, sent.state, sent.open, sent.currency,
        sent.pay_by.toordinal() if sent.pay_by else 0, sent.announces, "", "", "", "", "", "",
    )  # fmt: skip


def told(found: tuple[Coming, ...]) -> list[tuple[object, ...]]:
    return sorted(
        (
            (c.on, c.account_id, c.currency, c.what, c.channels, c.amount, c.pay_by)
            for c in found
            if c.kind is Kind.NOTICE
        ),
        key=str,
    )


def days_ago(least: int, most: int) -> st.SearchStrategy[date]:
    return st.integers(least, most).map(lambda n: START - timedelta(days=n))


@st.composite
def diaries(draw: st.DrawFn) -> tuple[Activity, ...]:
    soon = st.integers(-3, 30).map(lambda n: START + timedelta(days=n))
    kinds = {
        "promise": lambda on: line(str(on), "promise", amount=draw(st.integers(1, 900)), due=max(on, draw(soon))),
        "dispute": lambda on: line(str(on), "dispute", invoice="1"),
        "hold": lambda on: line(str(on), "hold", due=draw(soon)),
        "hold-1": lambda on: line(str(on), "hold", invoice="1", due=draw(soon)),
        "cash-flow": lambda on: line(str(on), "reason", note="cash-flow"),
        "not-received": lambda on: line(str(on), "reason", note="not-received"),
        "call": lambda on: line(str(on), "call"),
        "plan": lambda on: line(str(on), "plan", amount=300, due=max(on, draw(soon)), every="week", count=3),
        "signed": lambda on: line(str(on), "signed"),
        "hardship": lambda on: line(str(on), "hardship", due=draw(soon)),
        "delivered": lambda on: line(str(on), "delivered", invoice="2", amount=100),
        "writeoff": lambda on: line(str(on), "writeoff", amount=draw(st.integers(1, 300)), invoice="1"),
    }
    chosen = draw(st.lists(st.tuples(st.sampled_from(sorted(kinds)), days_ago(0, 30)), max_size=4))
    lines = [kinds[kind](on) for kind, on in sorted(chosen, key=lambda each: each[1])]
    return diary(*lines)


@st.composite
def worlds(draw: st.DrawFn) -> tuple[Ledger, Config]:
    """An account of any sort, with a history of its own, and rules that pull in every direction."""
    steps = draw(st.sampled_from([STEPS, FIRM, STEPS[2:]]))
    config = ladder(
        *steps,
        calendar=draw(st.sampled_from([NO_CALENDAR, {"country": "IE"}])),
        schedule={
            "entry": draw(st.sampled_from(["in-order", "by-age"])),
            "minimum_gap": draw(st.sampled_from([0, 3, 5])),
        },
        interest=draw(
            st.sampled_from([{}, {"regime": "ie-si580"}, {"regime": "ie-si580", "starts": "due"}]),
        ),
        contact=draw(st.sampled_from([{}, {"limits": "none"}, {"messages_per_week": 1, "contacts_per_month": 3}])),
        deliveries=draw(st.sampled_from([{}, {"ask_after": 4}])),
        policy=draw(st.sampled_from([{}, {"version": "2025-01", "send": True}])),
        prepayment=draw(
            st.sampled_from([{}, {"after_final_demand": True}, {"late_times": 1, "late_days": 5}]),
        ),
    )
    bills = []
    for n in range(1, draw(st.integers(1, 4)) + 1):
        issued = draw(days_ago(0, 80))
        bills.append((str(n), str(issued), str(issued + timedelta(days=draw(st.integers(0, 40)))), draw(AMOUNT)))
    paid = [
        (str(on), invoice, amount, currency)
        for on, invoice, amount, currency in draw(
            st.lists(st.tuples(days_ago(0, 60), st.sampled_from(["", "1", "2"]), AMOUNT, st.just("")), max_size=2)
        )
    ]
    if draw(st.booleans()):  # something was paid very late a year ago, and is about to be forgotten
        long_ago = START - timedelta(days=draw(st.integers(310, 364)))
        bills.append(("0", str(long_ago - timedelta(days=60)), str(long_ago - timedelta(days=30)), 500))
        paid.append((str(long_ago), "0", 500, ""))
    reach = draw(st.sampled_from([{"email": "a@acme.example"}, {"email": "a@acme.example", "cc": "b@acme.example"},
                                  {"address": ("1 Quay",), "city": "Cork"}, {"phone": "+353 1"},
                                  {"email": "a@acme.example", "address": ("1 Quay",), "city": "Cork", "phone": "1"}]))  # fmt: skip
    customer = Customer("A", "Acme", kind=draw(st.sampled_from(["business", "consumer"])), **reach)  # type: ignore[arg-type]
    book = ledger(bills, paid, activity=draw(diaries()), customers={"A": customer})
    if draw(st.booleans()):  # the weeks before were run too, as often as the operator came to it
        every = draw(st.sampled_from([4, 9]))
        for ago in range(28, 0, -every):
            today = START - timedelta(days=ago)
            found, _ = standings(book, config, today)
            rows = [
                _row(replace(each, state=state))
                for standing, decision in zip(found, decisions(found, config), strict=True)
                if decision.action is Action.NOTICE
                for _, sent in write(standing, decision)
                for each in sent
                for state in [State.POSTED if each.channel == "letter" else State.SENT]
            ]
            if rows:
                book = replace(book, notices=pd.concat([book.notices, notices(rows)], ignore_index=True))
    return book, config


AMOUNT = st.integers(50, 900)


@given(worlds())
@settings(max_examples=25, deadline=None, phases=[Phase.explicit, Phase.generate])
def test_the_days_bring_exactly_what_the_forecast_said(world: tuple[Ledger, Config]) -> None:
    found = forecast(*world, days=45)
    went, called = lived(*world, days=45)
    assert told(found) == went
    assert {(c.on, c.account_id, c.currency, c.what) for c in found if c.kind is Kind.CALL} <= set(called)
    assert {c.what for c in found if c.kind is Kind.CALL} == {step for *_, step in called}
