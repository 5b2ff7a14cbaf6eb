"""Contact limits: how often and when an account is contacted, each preset by its own table, and over random lives."""

import os
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta
from itertools import accumulate

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from world import NO_CALENDAR, day, decide, diary, ladder, ledger, line, recorded, step, told

from pastdue.config import Config
from pastdue.dunning import limits
from pastdue.dunning.escalation import decisions
from pastdue.dunning.limits import presets
from pastdue.findings import Severity
from pastdue.model import COPY, Action, Activity, Customer, Decision, OpenItem, Sent, Standing, State

ACME = Customer("A", "Acme Ltd", email="a@acme.example", phone="+1 555 0100", address=("1 Road",), city="Town")
KIM = replace(ACME, name="Kim Doe", kind="consumer")
SHIPPED = ["house", "us-regf", "us-ma", "us-dc", "us-nyc", "us-ca", "au-rg96", "ca-qc", "uk"]


def config(
    name: str = "house", *, calendar: dict = NO_CALENDAR, business: dict | None = None, **contact: object
) -> Config:
    return Config.model_validate(
        {
            "business": {"name": "B"} | (business or {}),
            "calendar": calendar,
            "contact": {"limits": name, **contact},
            "schedule": {"standard": {"step": [step("reminder", 1)]}},
        }
    )  # fmt: skip


def wrote(
    on: str, *channels: str, due: str = "2026-01-01", state: State = State.SENT, name: str = "reminder"
) -> list[Sent]:
    return [
        Sent(f"{on}-A-{name}-{channel}", day(on), "I", day(due), name, 0, channel, state, 100, "EUR")
        for channel in channels or ("email",)
    ]  # fmt: skip


def rang(on: str, kind: str = "no-answer") -> list[Activity]:
    return [line(on, kind)]


def standing(on: str, said: Iterable[Sent | Activity] = (), customer: Customer = ACME) -> Standing:
    said = tuple(said)
    return Standing(
        day(on),
        customer,
        "EUR",
        history=tuple(each for each in said if isinstance(each, Sent)),
        activity=tuple(each for each in said if isinstance(each, Activity)),
    )


def next_on(of: Config, on: str, kind: str, said: Iterable[Sent | Activity], **more: object) -> str:
    """The first day for a call to a business or a message to a consumer, as text; "never" where there is none."""
    account = standing(on, said, more.pop("customer", ACME if kind == "call" else KIM))  # type: ignore[arg-type]
    waits = limits.wait(account, limits.of(of), of.business_days(), kind, **more)  # type: ignore[arg-type]
    return str((waits[0] if waits else account.on) or "never")


# ------------------------------------------------------------------ the presets


def test_every_preset_names_its_law_its_source_and_the_day_on_which_it_was_checked() -> None:
    assert sorted(presets()) == sorted(SHIPPED)
    for name, rule in presets().items():
        assert rule.name == name
        assert rule.title, name
        assert rule.source, name
        assert rule.binds, name
        assert rule.checked_on, name
        assert rule.confidence in ({"ours"} if name == "house" else {"A", "B"}), name


# Monday is 2026-03-02.
TALKED, TRIED, THREE_TALKS = rang("2026-03-02", "call"), rang("2026-03-02"), [
    each for on in ("2026-03-02", "2026-03-04", "2026-03-06") for each in rang(on, "call")
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "said", "kind", "on", "first"),
    [
        # the house: one call a day, two in seven days, and one message
        ("house", TRIED, "call", "2026-03-02", "2026-03-03"),
        ("house", [*TRIED, *rang("2026-03-04")], "call", "2026-03-05", "2026-03-09"),
        ("house", [*TRIED, *rang("2026-03-04", "call")], "call", "2026-03-05", "2026-03-09"),
        ("house", wrote("2026-03-02"), "message", "2026-03-03", "2026-03-09"),
        ("house", wrote("2026-03-02"), "message", "2026-03-09", "2026-03-09"),
        ("house", wrote("2026-03-02", "email", "letter"), "message", "2026-03-04", "2026-03-09"),
        ("house", wrote("2026-03-02"), "call", "2026-03-02", "2026-03-02"),
        ("house", TRIED, "message", "2026-03-02", "2026-03-02"),
        ("house", [], "call", "2026-03-07", "2026-03-09"),  # a business is not called on a Saturday
        # what the law has beside it
        ("us-regf", TALKED, "call", "2026-03-03", "2026-03-09"),  # the conversation's day is day 1
        ("us-regf", TRIED, "call", "2026-03-03", "2026-03-03"),
        ("us-ma", [*TRIED, *rang("2026-03-04")], "call", "2026-03-05", "2026-03-09"),
        ("us-nyc", [*wrote("2026-03-02", "email", "letter"), *rang("2026-03-04")], "call", "2026-03-05", "2026-03-09"),
        ("us-nyc", [*wrote("2026-03-02"), *rang("2026-03-04")], "call", "2026-03-05", "2026-03-05"),
        ("us-nyc", [*TRIED, *rang("2026-03-03"), *wrote("2026-03-04")], "message", "2026-03-11", "2026-03-11"),
        ("us-ca", TALKED, "call", "2026-03-03", "2026-03-03"),
        ("uk", TALKED, "call", "2026-03-03", "2026-03-03"),
        ("au-rg96", [*wrote("2026-03-02"), *rang("2026-03-03"), *rang("2026-03-05")], "message", "2026-03-09", "2026-03-09"),
        ("au-rg96", [*wrote("2026-03-02"), *rang("2026-03-03"), *rang("2026-03-04")], "call", "2026-03-09", "2026-03-10"),
        ("au-rg96", [], "message", "2026-01-26", "2026-01-27"),  # Australia Day
        ("ca-qc", [], "message", "2026-06-24", "2026-06-25"),  # Saint-Jean-Baptiste
        ("ca-qc", [], "message", "2026-03-08", "2026-03-09"),  # a Sunday
        ("none", [*TRIED, *rang("2026-03-03")], "message", "2026-03-04", "2026-03-04"),
        ("none", wrote("2026-03-02"), "message", "2026-03-03", "2026-03-03"),
        ("none", [], "call", "2026-03-08", "2026-03-08"),
    ],
)  # fmt: skip
def test_the_first_day_by_preset(name: str, said: list, kind: str, on: str, first: str) -> None:
    assert next_on(config(name), on, kind, said) == first


LAXER = {"calls_per_week": 50, "messages_per_week": 50}  # so that only the law's own numbers are felt


@pytest.mark.parametrize(
    ("name", "kind", "before", "first"),
    [
        ("us-regf", "call", 6, "2026-03-08"),
        ("us-regf", "call", 7, "2026-03-09"),
        ("us-ma", "call", 2, "2026-03-09"),
        ("us-dc", "call", 3, "2026-03-08"),
        ("us-dc", "call", 4, "2026-03-09"),
        ("us-dc", "message", 4, "2026-03-08"),
        ("us-dc", "message", 5, "2026-03-09"),
        ("us-nyc", "call", 3, "2026-03-09"),
        ("us-nyc", "message", 3, "2026-03-09"),
        ("au-rg96", "message", 3, "2026-03-09"),
        ("us-ca", "call", 6, "2026-03-08"),
        ("uk", "message", 6, "2026-03-08"),
    ],
)
def test_the_laws_own_number_holds_beside_an_operators_laxer_one(name: str, kind: str, before: int, first: str) -> None:
    """So many in the days up to Saturday the 7th, the first of them on Monday the 2nd; asked on Sunday the 8th."""
    of = config(name, **LAXER, hours={"weekday": "07:00-22:00", "saturday": "07:00-22:00", "sunday": "07:00-22:00"})
    days = ["2026-03-02"] + [f"2026-03-0{3 + n % 5}" for n in range(before - 1)]
    said = [
        each for n, on in enumerate(days) for each in (rang(on) if kind == "call" else wrote(on, name=f"n{n}"))
    ]  # fmt: skip
    assert next_on(of, "2026-03-08", kind, said) == first


def test_a_month_is_counted_back_from_the_day_and_ends_with_short_months_too() -> None:
    of = config("house", calls_per_week=50, messages_per_week=50, contacts_per_month=1)
    said = rang("2026-01-30")
    assert next_on(of, "2026-02-27", "message", said) == "2026-03-01"  # 28 February looks back to 29 January
    assert next_on(of, "2026-03-02", "message", rang("2026-02-15")) == "2026-03-15"
    assert next_on(of, "2026-03-31", "message", rang("2026-03-01")) == "2026-04-01"


def test_the_houses_number_of_messages_is_for_consumers_and_every_other_number_for_everybody() -> None:
    once, twice = wrote("2026-03-02"), [*TRIED, *rang("2026-03-03")]
    for customer, first in ((KIM, "2026-03-09"), (ACME, "2026-03-03")):
        for name in ("house", "us-regf", "us-ma", "us-dc", "us-nyc", "us-ca"):
            assert next_on(config(name), "2026-03-03", "message", once, customer=customer) == first
    for customer in (KIM, ACME):
        own = next_on(config(messages_per_week=1), "2026-03-03", "message", once, customer=customer)
        assert own == next_on(config("none", messages_per_week=1), "2026-03-03", "message", once, customer=customer)
        assert own == "2026-03-09"
        assert next_on(config(), "2026-03-04", "call", twice, customer=customer) == "2026-03-09"
        five = [each for n in range(5) for each in wrote("2026-03-02", name=f"n{n}")]
        laws = config("us-dc", messages_per_week=50)
        assert next_on(laws, "2026-03-03", "message", five[:4], customer=customer) == "2026-03-03"
        assert next_on(laws, "2026-03-03", "message", five, customer=customer) == "2026-03-09"
        nyc = [*twice, *wrote("2026-03-03")]
        assert next_on(config("us-nyc", **LAXER), "2026-03-04", "message", nyc, customer=customer) == "2026-03-09"


# ------------------------------------------------------------------ what counts


def test_a_copy_what_was_refused_and_what_they_wrote_to_us_are_no_contacts() -> None:
    house = config()
    for state in (State.REFUSED, State.DEFERRED):
        assert next_on(house, "2026-03-03", "message", wrote("2026-03-02", state=state)) == "2026-03-03"
    for state in (State.SENT, State.DRAFTED, State.PRINTED, State.POSTED, State.UNCLEAR):
        assert next_on(house, "2026-03-03", "message", wrote("2026-03-02", state=state)) == "2026-03-09"
    assert next_on(house, "2026-03-03", "message", wrote("2026-03-02", COPY)) == "2026-03-03"
    assert next_on(config("us-nyc"), "2026-03-03", "call", [*rang("2026-03-02", "message") * 4]) == "2026-03-03"


def test_for_the_house_only_what_is_overdue_is_dunning_and_a_law_counts_every_message() -> None:
    invoice = wrote("2026-03-02", due="2026-04-01", name="invoice")
    assert next_on(config(), "2026-03-03", "message", invoice) == "2026-03-03"
    assert next_on(config(), "2026-03-03", "message", wrote("2026-03-02"), is_dunning=False) == "2026-03-03"
    three = [*invoice, *wrote("2026-03-02", due="2026-04-01", name="other"), *wrote("2026-03-03", due="2026-04-01")]
    assert next_on(config("us-nyc"), "2026-03-04", "message", three, is_dunning=False) == "2026-03-09"


def test_one_notice_is_one_message_however_many_items_and_by_law_one_for_each_channel() -> None:
    two = [*wrote("2026-03-02"), replace(wrote("2026-03-02")[0], invoice_id="J")]
    nyc = config("us-nyc", **LAXER)
    assert next_on(nyc, "2026-03-03", "message", two, channels=2) == "2026-03-03"
    assert next_on(nyc, "2026-03-03", "message", wrote("2026-03-02", "email", "letter"), channels=2) == "2026-03-09"
    assert next_on(nyc, "2026-03-03", "message", wrote("2026-03-02", "email", "letter")) == "2026-03-03"


def test_own_numbers_stand_in_for_the_house_and_0_means_never() -> None:
    assert next_on(config(messages_per_week=2), "2026-03-03", "message", wrote("2026-03-02")) == "2026-03-03"
    assert next_on(config("none", messages_per_week=1), "2026-03-03", "message", wrote("2026-03-02")) == "2026-03-09"
    assert next_on(config(calls_per_week=0), "2026-03-03", "call", []) == "never"
    assert next_on(config(days_after_talk=3), "2026-03-03", "call", TALKED) == "2026-03-05"
    both = [*TRIED, *rang("2026-03-03")]
    per_week = config().model_copy(update={"calls": config().calls.model_copy(update={"per_week": 3})})
    assert next_on(per_week, "2026-03-04", "call", both) == "2026-03-04"
    assert next_on(config(), "2026-03-04", "call", both) == "2026-03-09"


def test_quiet_days_and_the_public_holidays_of_where_they_are() -> None:
    ireland = {"calendar": {"country": "IE"}, "business": {"country": "IE"}}
    german, irish, unknown = (replace(KIM, country=country) for country in ("DE", "IE", "XX"))
    labour_day = "2026-05-01"  # a Friday; the Monday after is a holiday in Ireland
    assert next_on(config(**ireland), labour_day, "message", [], customer=german) == "2026-05-05"
    assert next_on(config(**ireland), labour_day, "message", [], customer=irish) == labour_day
    assert next_on(config("none", **ireland), labour_day, "message", [], customer=german) == labour_day
    assert next_on(config(), labour_day, "message", [], customer=german) == labour_day  # a calendar without holidays
    assert next_on(config(**ireland), "2026-05-06", "message", [], customer=unknown) == "2026-05-06"
    for name in ("house", "none"):
        quiet = config(name, quiet=["2026-03-03", "2026-03-04"])
        assert next_on(quiet, "2026-03-03", "message", []) == "2026-03-05"
        assert next_on(quiet, "2026-03-03", "call", []) == "2026-03-05"


@pytest.mark.parametrize(
    ("name", "said", "kind", "why"),
    [
        ("house", wrote("2026-03-02"), "message", "1 message in seven days is enough: the last was on 2026-03-02; again on 2026-03-09"),
        ("house", rang("2026-03-04"), "call", "tried today; again on 2026-03-05"),
        ("house", [*TALKED, *rang("2026-03-03")], "call", "called 2 times in seven days; again on 2026-03-09"),
        ("us-regf", TALKED, "call", "no call in the 7 days from a conversation, and one was on 2026-03-02 (us-regf); again on 2026-03-09"),
        ("us-nyc", [*wrote("2026-03-02", "email", "letter"), *rang("2026-03-03")], "message",
         "1 message in seven days is enough: the last was on 2026-03-02; again on 2026-03-09"),
        ("us-nyc", [*wrote("2026-03-02", "email", "letter"), *rang("2026-03-03")], "call",
         "3 contacts in seven days are enough (us-nyc): the last were on 2026-03-02 and 2026-03-03; again on 2026-03-09"),
    ],
)  # fmt: skip
def test_the_reason_names_the_limit_the_days_and_the_next_one(name: str, said: list, kind: str, why: str) -> None:
    of = config(name)
    customer = ACME if kind == "call" else KIM
    waits = limits.wait(standing("2026-03-04", said, customer), limits.of(of), of.business_days(), kind)  # type: ignore[arg-type]
    assert waits is not None
    assert waits[1] == why


# ------------------------------------------------------------------ what is wrong with the settings


@pytest.mark.parametrize(
    ("contact", "said"),
    [
        ({"limits": "us-may"}, "error: contact.limits: there are no limits called \"us-may\"\n    Did you mean us-ma?"),
        ({"limits": "hose"}, "Did you mean house?"),
        ({"limits": "ca-on"}, "there are no limits called \"ca-on\""),
        ({"limits": "us-ma", "calls_per_week": 5}, "warning: contact.calls_per_week = 5 is laxer than us-ma, whose 2 holds all the same"),
        ({"limits": "us-regf", "days_after_talk": 2}, "warning: contact.days_after_talk = 2 is laxer than us-regf, whose 7 holds"),
        ({"hours": {"weekdays": "09:00-17:00"}}, "\"weekdays\" is not a sort of day\n    Did you mean weekday?"),
        ({"hours": {"weekday": "17:00-09:00"}}, "\"17:00-09:00\" does not end after it begins"),
        ({"hours": {"weekday": "09:00-24:30"}}, "\"09:00-24:30\" does not end after it begins"),
    ],
)  # fmt: skip
def test_settings_that_cannot_be_meant_are_findings(contact: dict, said: str) -> None:
    name = contact.pop("limits", "house")
    (finding,) = limits.problems(config(name, **contact))
    assert said in str(finding)


@pytest.mark.parametrize("name", [*SHIPPED, "none"])
def test_every_preset_by_its_name_is_no_finding(name: str) -> None:
    assert limits.problems(config(name)) == []
    assert not [f for f in limits.problems(config(name, calls_per_week=1)) if f.severity is Severity.ERROR]


# ------------------------------------------------------------------ the hours

DUBLIN = {"timezone": "Europe/Dublin", "country": "IE"}


@pytest.mark.parametrize(
    ("name", "customer", "on", "text"),
    [
        ("house", {}, "2026-03-02", "Call between 09:00 and 17:30"),
        ("house", {"country": "IE"}, "2026-03-02", "Call between 09:00 and 17:30"),
        ("house", {"kind": "consumer"}, "2026-03-02", "Call between 09:00 and 19:00"),
        ("house", {"kind": "consumer"}, "2026-03-07", "Call between 10:00 and 13:00"),
        ("house", {}, "2026-03-07", "No calls today"),
        ("house", {"timezone": "Europe/Berlin"}, "2026-03-02", "Call between 09:00 and 17:30 their time (08:00-16:30 yours)"),
        ("house", {"country": "DE"}, "2026-03-02", "Call between 09:00 and 17:30 their time (08:00-16:30 yours)"),
        # between the change of the clocks there and here, New York is four hours behind Dublin and not five
        ("house", {"timezone": "America/New_York"}, "2026-03-06", "Call between 09:00 and 17:30 their time (14:00-22:30 yours)"),
        ("house", {"timezone": "America/New_York"}, "2026-03-10", "Call between 09:00 and 17:30 their time (13:00-21:30 yours)"),
        ("house", {"timezone": "Asia/Tokyo"}, "2026-03-02", "Call between 09:00 and 17:30 their time (00:00-08:30 yours)"),
        # Friday evening in Dublin is Saturday in Auckland, and Sunday evening is Monday
        ("house", {"timezone": "Pacific/Auckland"}, "2026-03-06", "Call between 13:00 and 17:30 their time (00:00-04:30 yours)"),
        ("house", {"timezone": "Pacific/Auckland"}, "2026-03-05",
         "Call between 13:00 and 17:30 or between 09:00 and 13:00 their time (00:00-04:30, 20:00-24:00 yours)"),
        ("house", {"country": "US"}, "2026-03-02",
         "Call between 19:00 and 22:30 your time, which suits every time zone of US; theirs is not set"),
        ("us-regf", {"country": "US", "kind": "consumer"}, "2026-03-02",
         "Call between 19:00 and 24:00 your time, which suits every time zone of US; theirs is not set"),
        ("house", {"country": "RU"}, "2026-03-03", "No hour suits every time zone of RU: set their timezone in customers"),
        ("au-rg96", {"kind": "consumer", "timezone": "Australia/Sydney"}, "2026-03-02",
         "Call between 11:00 and 19:00 or between 09:00 and 11:00 their time (00:00-08:00, 22:00-24:00 yours)"),
        ("none", {}, "2026-03-01", ""),
    ],
)  # fmt: skip
def test_the_hours_are_the_customers_own_and_shown_in_the_operators_too(
    name: str, customer: dict, on: str, text: str
) -> None:
    of = config(name, business=DUBLIN, calendar={"country": "IE"})
    assert limits.hours_text(replace(ACME, **customer), limits.of(of), day(on)) == text


def test_own_hours_stand_in_for_the_houses_and_a_laws_hold_beside_them() -> None:
    own = {"weekday": "06:00-22:00", "sunday": "10:00-11:00"}
    text = lambda name, on: limits.hours_text(ACME, limits.of(config(name, hours=own)), day(on))  # noqa: E731
    assert text("house", "2026-03-02") == "Call between 06:00 and 22:00"
    assert text("us-ma", "2026-03-02") == "Call between 08:00 and 21:00"
    assert text("house", "2026-03-07") == "No calls today"
    assert text("none", "2026-03-08") == "Call between 10:00 and 11:00"
    assert text("ca-qc", "2026-03-08") == "No calls today"


def test_a_day_on_which_the_clocks_change_has_the_hours_that_its_clocks_show() -> None:
    of = config(business=DUBLIN, calendar={"country": "IE"}, hours={"sunday": "00:00-24:00"})
    windows = limits.hours(ACME, limits.of(of), day("2026-03-29"))
    assert windows is not None
    (first, last), = windows  # fmt: skip
    assert last.timestamp() - first.timestamp() == 23 * 3600


# ------------------------------------------------------------------ the decisions


ONE = [("I", "2025-12-01", "2026-01-01", 50_000)]
CLOSE = (
    step("reminder", 1),
    step("second", 4),
    step("call", 5, "call", give_way=9),
    step("demand", 12, "email", "letter"),
)


def limited(name: str, *steps: dict, **contact: object) -> Config:
    return ladder(*(steps or CLOSE), contact={"limits": name, **contact}, schedule={"minimum_gap": 0})


def test_a_notice_that_would_be_one_too_many_waits_says_why_and_when_it_goes() -> None:
    book = ledger(ONE, customers={"A": KIM})
    house = limited("house")
    _, (first,) = decide(book, house, day("2026-01-02"))
    _, (then,) = decide(recorded(book, [first], day("2026-01-02")), house, day("2026-01-06"))
    assert (first.action, then.action) == (Action.NOTICE, Action.WAIT)
    why = "1 message in seven days is enough: the last was on 2026-01-02; again on 2026-01-09"
    assert then.reasons == (why,)
    assert (then.items[0].next_step, then.items[0].next_on, then.items[0].reasons[-1]) == (
        "second",
        day("2026-01-09"),
        why,
    )
    assert told(book, house, "2026-01-01", "2026-01-12")[:2] == ["2026-01-02 reminder", "2026-01-09 second"]
    assert told(book, limited("none"), "2026-01-01", "2026-01-12")[:2] == ["2026-01-02 reminder", "2026-01-05 second"]


def test_between_two_messages_to_a_business_lies_the_gap_of_its_schedule() -> None:
    lines = diary(line("2026-01-03", "promise", amount=50_000, due="2026-01-05"))
    steps = step("reminder", 1), step("second", 4), step("third", 30)
    gap_5 = ladder(*steps, contact={"limits": "house"}, schedule={"minimum_gap": 5})
    late = {
        customer.kind: told(ledger(ONE, customers={"A": customer}), gap_5, "2026-01-01", "2026-01-31")
        for customer in (ACME, KIM)
    }
    assert late["business"] == ["2026-01-02 reminder", "2026-01-07 second", "2026-01-31 third"]
    assert late["consumer"] == ["2026-01-02 reminder", "2026-01-09 second", "2026-01-31 third"]
    # a broken promise brings the next step at once, and a week's wait would have held it back
    broken = told(ledger(ONE, activity=lines, customers={"A": ACME}), gap_5, "2026-01-01", "2026-01-13")
    assert broken == ["2026-01-02 reminder", "2026-01-03 promise", "2026-01-08 second"]
    own = ladder(*steps, contact={"messages_per_week": 1}, schedule={"minimum_gap": 5})
    assert told(ledger(ONE, customers={"A": ACME}), own, "2026-01-01", "2026-01-13")[1] == "2026-01-09 second"


def test_a_step_that_is_still_ahead_names_the_day_that_the_limit_leaves_it() -> None:
    book = ledger(ONE, customers={"A": KIM})
    _, (first,) = decide(book, limited("house"), day("2026-01-02"))
    _, (then,) = decide(recorded(book, [first], day("2026-01-02")), limited("house"), day("2026-01-03"))
    assert then.items[0].next_on == then.next_on == day("2026-01-09")


def test_a_hold_goes_before_any_limit() -> None:
    book = ledger(ONE, activity=diary(line("2026-01-03", "lawyer")), customers={"A": KIM})
    _, (first,) = decide(replace(book, activity=()), limited("house"), day("2026-01-02"))
    _, (then,) = decide(recorded(book, [first], day("2026-01-02")), limited("house"), day("2026-01-06"))
    assert then.action is Action.HOLD
    assert "a lawyer acts for them" in then.reasons[0]


def test_what_they_asked_for_goes_although_the_limit_is_reached_and_counts() -> None:
    lines = diary(line("2026-01-05", "promise", amount=10_000, due="2026-01-06"))
    book = ledger(ONE, activity=lines, customers={"A": KIM})
    ladder_of = limited("house", step("reminder", 1), step("second", 4))
    assert told(book, ladder_of, "2026-01-01", "2026-01-20") == [
        "2026-01-02 reminder",
        "2026-01-05 promise",
        "2026-01-12 second",  # the promise was broken on the 9th, and the letter of the 5th is a message
    ]


def test_two_currencies_of_one_account_share_a_laws_limit_on_the_same_day() -> None:
    euro, pounds = (
        ledger(ONE, customers={"A": KIM}),
        ledger([("J", "2025-12-01", "2026-01-01", 7_000)], currency="GBP"),
    )
    both = replace(euro, invoices=pd.concat([euro.invoices, pounds.invoices], ignore_index=True))
    steps = (step("demand", 1, "email", "letter"),)
    _, law = decide(both, limited("us-nyc", *steps), day("2026-01-02"))
    assert [each.action for each in law] == [Action.NOTICE, Action.WAIT]
    _, house = decide(both, limited("house", *steps), day("2026-01-02"))
    assert [each.action for each in house] == [Action.NOTICE, Action.NOTICE]  # one day's post


# ------------------------------------------------------------------ over random lives

FIRST = day("2026-03-02")
LOOK_BACK = {7: timedelta(days=7), 30: timedelta(days=28)}  # the shortest month
NUMBERS = {  # of a consumer: what is counted, the most, the days; as the rules say it, not as the program has it
    "house": [("calls", 2, 7), ("messages", 1, 7)],
    "us-regf": [("calls", 2, 7), ("messages", 1, 7)],
    "us-dc": [("calls", 2, 7), ("messages", 1, 7), ("every message", 5, 7)],
    "us-nyc": [("everything", 3, 7)],
    "au-rg96": [("everything", 3, 7), ("everything", 10, 30)],
}
REPLIES = {"promise", "plan", "plan-offer", "invoice-again", "prepayment-lifted"}


class Life:
    """A consumer's account in two currencies, day by day, without tables: its items, what went out, and what was noted."""

    def __init__(self, name: str, steps: list[dict], gap: int, dues: list[int], pounds: list[int]) -> None:
        self.name = name
        self.config = ladder(
            *steps, contact={"limits": name}, schedule={"minimum_gap": gap}, calendar={"country": "none"}
        )
        self.dues = {"EUR": dues, "GBP": pounds}
        self.history: list[Sent] = []
        self.activity: list[Activity] = []
        self.made: list[tuple[date, str, bool]] = []  # every contact: the day, what, and whether it was dunning

    def items(self, currency: str, on: date) -> tuple[OpenItem, ...]:
        dues = sorted(FIRST + timedelta(days=days) for days in self.dues[currency])
        return tuple(
            OpenItem(f"{currency}{n}", due, FIRST, currency, 900, 900, (on - due).days) for n, due in enumerate(dues)
        )

    def lives(self, on: date, outcome: str) -> None:
        """The day's decisions, sent and called as the operator would, each held against the numbers as it is made."""
        accounts = [
            Standing(on, KIM, currency, items, history=tuple(self.history), activity=tuple(self.activity))
            for currency in self.dues
            if (items := self.items(currency, on))
        ]
        found = decisions(accounts, self.config)
        for decision in found:
            if decision.action is Action.NOTICE:
                self.sends(decision, on)
        if outcome and any(decision.action is Action.CALL for decision in found):
            self.made.append((on, "call", True))
            within(self.made, self.name)
            self.activity.append(line(str(on), outcome))

    def sends(self, decision: Decision, on: date) -> None:
        about = decision.answer.items if decision.answer else [e.item.key for e in decision.items if e.is_due]
        rung = -1 if decision.answer else decision.rung
        late = any(due < on for _, due in about)
        for channel in decision.channels:
            self.made.append((on, channel, late))
            self.history += [
                Sent(f"{on}-{decision.currency}-{channel}", on, invoice, due, decision.step, rung, channel,
                     State.SENT, 900, decision.currency)
                for invoice, due in about
            ]  # fmt: skip
        if decision.step not in REPLIES:
            within(self.made, self.name)


@settings(max_examples=400 if os.environ.get("PASTDUE_LONG") else 60, deadline=None)
@given(
    name=st.sampled_from(sorted(NUMBERS)),
    gap=st.integers(0, 3),
    ladder_of=st.lists(
        st.tuples(st.integers(0, 4), st.sampled_from([("email",), ("email", "letter"), ("call",)])),
        min_size=3,
        max_size=12,
    ),
    dues=st.lists(st.integers(-2, 12), min_size=1, max_size=3),
    pounds=st.lists(st.integers(-2, 12), max_size=2),
    answered=st.lists(st.sampled_from(["call", "no-answer", "voicemail", ""]), min_size=5, max_size=5),
    reasons=st.dictionaries(st.integers(2, 40), st.sampled_from(["not-received", "cash-flow"]), max_size=3),
)
def test_whatever_happens_no_stretch_of_days_has_more_contacts_than_the_limit(
    name: str, gap: int, ladder_of: list, dues: list[int], pounds: list[int], answered: list[str], reasons: dict
) -> None:
    ages = accumulate(days for days, _ in ladder_of)
    steps = [step(f"s{n}", at, *ladder_of[n][1], give_way=3) for n, at in enumerate(ages)]
    life = Life(name, steps, gap, dues, pounds)
    for n in range(60):
        on = FIRST + timedelta(days=n)
        life.lives(on, answered[n % len(answered)])
        if n in reasons:
            life.activity.append(line(str(on), "reason", note=reasons[n]))


def within(made: list[tuple[date, str, bool]], name: str) -> None:
    """The contact made last, with those before it, is within each number; else it should have waited."""
    last, by, late = made[-1]
    for what, most, days in NUMBERS[name]:
        stretch = [each for each in made if last - LOOK_BACK[days] < each[0]]
        calls = sum(each[1] == "call" for each in stretch)
        if what == "calls" and by == "call":
            assert calls <= most, made
        if what == "messages" and by != "call" and late:
            assert len({each[0] for each in stretch if each[1] != "call" and each[2]}) <= most, made
        if what == "every message" and by != "call":
            assert len(stretch) - calls <= most, made
        if what == "everything":
            assert len(stretch) <= most, made
