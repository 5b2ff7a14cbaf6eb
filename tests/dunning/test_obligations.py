"""What notices announced is carried out, waived, made moot by payment, or on the list: each consequence, each answer."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from world import day, diary, ledger, line, notices

from pastdue.config import Config
from pastdue.dunning.standing import standings
from pastdue.model import Activity, Obligation, ObligationState, Standing

EXAMPLES = 80
CONSEQUENCES = ("interest", "fee", "prepayment", "stop-service", "agency", "small-claims")
BY_OPERATOR = ("stop-service", "agency", "small-claims")
INVOICE = ("I", "2025-01-01", "2025-01-31", 100_000)
OTHER = ("J", "2025-01-01", "2025-02-10", 50_000)
TOLD, ON = "2025-02-15", "2025-03-01"


def config(regime: str = "contract", **more: Any) -> Config:
    own = {"rate": "9.75", "fee": "40"} if regime == "contract" else {}
    return Config.model_validate(
        {
            "interest": {"regime": regime} | own,
            "schedule": {"standard": {"step": [{"name": "s", "days": 1, "channels": ["email"]}]}},
        }
        | more
    )


def said(*rows: tuple[str, str, str, str], state: str = "sent", channel: str = "email") -> pd.DataFrame:
    """Notices as (day, invoice, due, what it announces); of one day, one notice."""
    return notices(
        [
            (
                f"{on}-{channel}", day(on).toordinal(), "A", invoice, day(due).toordinal(), "s", 0, channel, state, 1, "EUR",
                0, announces, "", "", "", "", "", "",
            )
            for on, invoice, due, announces in rows
        ]
    )  # fmt: skip


def standing_of(
    on: str,
    told: pd.DataFrame,
    activity: Sequence[Activity] = (),
    payments: Sequence[tuple[str, str, int, str]] = (),
    invoices: Sequence[tuple[str, str, str, int]] = (INVOICE,),
    rule: Config | None = None,
) -> Standing:
    book = replace(ledger(invoices, payments, activity=diary(*activity)), notices=told)
    (found,), _ = standings(book, rule or config(), day(on))
    return found


def announced(*what: str, on: str = ON) -> pd.DataFrame:
    """One notice that announces each for the day."""
    return said((TOLD, "I", "2025-01-31", "; ".join(f"{each} {on}" for each in what)))


def the_one(on: str, told: pd.DataFrame, *rest: Any, **more: Any) -> Obligation:
    (found,) = standing_of(on, told, *rest, **more).obligations
    return found


# ------------------------------------------------------------------ each consequence


@pytest.mark.parametrize("what", CONSEQUENCES)
def test_before_its_day_it_is_ahead_and_nothing_is_to_be_done(what: str) -> None:
    found = the_one("2025-02-28", announced(what))
    assert (found.state, found.on, found.announced) == (ObligationState.AHEAD, day(ON), day(TOLD))
    assert not found.state.is_open


@pytest.mark.parametrize("what", ["interest", "fee", "prepayment"])
@pytest.mark.parametrize("on", [ON, "2025-03-15"])
def test_what_the_tool_carries_out_is_carried_out_on_its_day(what: str, on: str) -> None:
    assert the_one(on, announced(what)).state is ObligationState.CARRIED_OUT


@pytest.mark.parametrize("what", BY_OPERATOR)
def test_what_the_operator_carries_out_is_due_on_its_day_and_then_overdue(what: str) -> None:
    assert the_one(ON, announced(what)).state is ObligationState.DUE
    late = the_one("2025-03-02", announced(what))
    assert late.state is ObligationState.OVERDUE
    assert "waive it" in late.why


@pytest.mark.parametrize("what", ["interest", "fee"])
def test_what_no_rule_lets_happen_is_on_the_list(what: str) -> None:
    assert the_one("2025-03-02", announced(what), rule=config("")).state is ObligationState.OVERDUE


def test_interest_without_a_known_rate_is_on_the_list() -> None:
    invoice = ("I", "2026-11-01", "2026-12-20", 100_000)
    told = said(("2026-12-22", "I", "2026-12-20", "interest 2027-01-05"))
    found = the_one("2027-01-10", told, invoices=[invoice], rule=config("de-288-b2b"))
    assert found.state is ObligationState.OVERDUE


# ------------------------------------------------------------------ each answer


@pytest.mark.parametrize("what", CONSEQUENCES)
@pytest.mark.parametrize("invoice", ["", "I"])
@pytest.mark.parametrize(
    ("kind", "state"), [("waive", ObligationState.WAIVED), ("carried-out", ObligationState.CARRIED_OUT)]
)
def test_a_line_of_the_diary_answers_for_it(what: str, invoice: str, kind: str, state: ObligationState) -> None:
    found = the_one("2025-03-15", announced(what), [line("2025-03-02", kind, note=what, invoice=invoice)])
    assert found.state is state
    assert "line 2 of activity" in found.why


@pytest.mark.parametrize("what", BY_OPERATOR)
def test_placing_the_account_carries_out_what_announced_a_third_party(what: str) -> None:
    found = the_one("2025-03-15", announced(what), [line("2025-03-02", "placed", note="agency")])
    assert (found.state is ObligationState.CARRIED_OUT) == (what != "stop-service")


def test_another_waiver_an_earlier_one_and_one_of_another_invoice_answer_for_nothing() -> None:
    for waiver in (
        line("2025-03-02", "waive", note="agency: goodwill"),
        line("2025-03-02", "waive", note="goodwill", amount=500),
        line("2025-02-14", "waive", note="stop-service"),
        line("2025-03-02", "waive", note="stop-service", invoice="J"),
        line("2025-03-02", "carried-out", note="agency"),
    ):
        found = the_one("2025-03-15", announced("stop-service"), [waiver], invoices=[INVOICE, OTHER])
        assert found.state is ObligationState.OVERDUE


def test_a_waiver_of_one_of_two_invoices_leaves_the_other_on_the_list() -> None:
    told = said((TOLD, "I", "2025-01-31", f"agency {ON}"), (TOLD, "J", "2025-02-10", f"agency {ON}"))
    of_one, of_other = (line(f"2025-03-0{n}", "waive", note="agency", invoice=i) for n, i in ((2, "I"), (3, "J")))
    both = [INVOICE, OTHER]
    assert the_one("2025-03-15", told, [of_one], invoices=both).state is ObligationState.OVERDUE
    assert the_one("2025-03-15", told, [of_one, of_other], invoices=both).state is ObligationState.WAIVED
    paid = [("2025-03-05", "J", 50_000, "")]
    assert the_one("2025-03-15", told, [of_one], paid, both).state is ObligationState.WAIVED


@pytest.mark.parametrize(
    ("payments", "invoices", "activity"),
    [
        ([("2025-02-20", "I", 100_000, "")], [INVOICE], []),
        ([], [INVOICE, ("C", "2025-02-20", "2025-02-20", -100_000)], []),
        ([], [INVOICE], [line("2025-02-20", "writeoff", amount=100_000, note="gone away")]),
    ],
    ids=["payment", "credit", "write-off"],
)
@pytest.mark.parametrize("what", CONSEQUENCES)
def test_it_is_moot_when_nothing_is_open(what: str, payments: list, invoices: list, activity: list) -> None:
    assert the_one("2025-03-15", announced(what), activity, payments, invoices).state is ObligationState.MOOT


def test_a_part_payment_makes_nothing_moot() -> None:
    paid = [("2025-02-20", "I", 99_999, "")]
    assert the_one("2025-03-15", announced("agency"), (), paid).state is ObligationState.OVERDUE


@pytest.mark.parametrize("what", ["interest", "prepayment", *BY_OPERATOR])
def test_a_reversed_payment_brings_it_back(what: str) -> None:
    money = [("2025-02-20", "I", 100_000, ""), ("2025-03-05", "I", -100_000, "")]
    assert the_one("2025-03-04", announced(what), (), money).state is ObligationState.MOOT
    assert the_one("2025-03-15", announced(what), (), money).state is not ObligationState.MOOT


def test_paying_late_does_not_undo_interest_and_fixed_sum() -> None:
    paid = [("2025-03-10", "I", 100_000, "")]
    found = standing_of("2025-03-15", announced("interest", "fee", "agency"), (), paid).obligations
    assert {o.consequence: o.state.value for o in found} == {
        "interest": "carried-out", "fee": "carried-out", "agency": "moot"
    }  # fmt: skip


# ------------------------------------------------------------------ not yet


def test_a_later_notice_gives_until_its_own_day() -> None:
    told = said((TOLD, "I", "2025-01-31", f"agency {ON}"), ("2025-02-27", "I", "2025-01-31", "agency 2025-03-20"))
    first, second = standing_of("2025-03-10", told).obligations
    assert first.state is ObligationState.OVERDUE
    assert first.held == "a later notice gives them until 2025-03-20"
    assert (second.state, second.held) == (ObligationState.AHEAD, "")
    first, second = standing_of("2025-03-20", told).obligations
    assert (first.held, second.held) == ("", "")


@pytest.mark.parametrize(
    "held",
    [
        [line("2025-02-20", "dispute", invoice="I")],
        [line("2025-02-28", "promise", amount=100_000, due="2025-03-20")],
        [
            line("2025-02-28", "plan", amount=50_000, due="2025-03-31", every="month", count=2),
            line("2025-03-01", "signed"),
        ],
        [line("2025-02-28", "hardship", due="2025-03-31")],
        [line("2025-02-28", "lawyer")],
    ],
    ids=["dispute", "promise", "plan", "hardship", "lawyer"],
)
def test_a_hold_keeps_the_operator_from_acting_and_the_obligation_on_the_list(held: list[Activity]) -> None:
    found = the_one("2025-03-10", announced("agency"), held)
    assert found.state is ObligationState.OVERDUE
    assert found.held


def test_a_dispute_of_another_invoice_holds_nothing() -> None:
    told = said((TOLD, "I", "2025-01-31", f"agency {ON}"), (TOLD, "J", "2025-02-10", f"agency {ON}"))
    disputed = [line("2025-02-20", "dispute", invoice="J")]
    assert not the_one("2025-03-10", told, disputed, invoices=[INVOICE, OTHER]).held


# ------------------------------------------------------------------ what is and is not an announcement


def test_an_email_and_a_letter_of_one_step_are_one_obligation() -> None:
    row = (TOLD, "I", "2025-01-31", f"agency {ON}")
    assert the_one("2025-03-10", pd.concat([said(row), said(row, channel="letter", state="posted")]))


@pytest.mark.parametrize(("state", "channel"), [("refused", "email"), ("deferred", "email"), ("printed", "letter")])
def test_what_never_went_out_announces_nothing(state: str, channel: str) -> None:
    told = said((TOLD, "I", "2025-01-31", f"interest {ON}; agency {ON}"), state=state, channel=channel)
    found = standing_of("2025-03-10", told)
    assert bool(found.obligations) == bool(found.charges) == (state == "printed")


def test_prepayment_that_was_waived_for_one_invoice_holds_for_the_other() -> None:
    told = said((TOLD, "I", "2025-01-31", f"prepayment {ON}"), (TOLD, "J", "2025-02-10", f"prepayment {ON}"))
    waiver = line("2025-03-02", "waive", note="prepayment", invoice="I")
    found = standing_of("2025-03-10", told, [waiver], invoices=[INVOICE, OTHER])
    assert found.conduct.prepayment
    assert not standing_of(
        "2025-03-10", told, [replace(waiver, invoice_id="")], invoices=[INVOICE, OTHER]
    ).conduct.prepayment


# ------------------------------------------------------------------ a plan in default


PLAN = [
    line("2025-02-10", "plan", amount=50_000, due="2025-02-28", every="month", count=2),
    line("2025-02-11", "signed"),
]


def test_a_plan_in_default_is_the_operators_until_answered() -> None:
    nothing = notices([])
    assert standing_of("2025-02-28", nothing, PLAN).obligations == ()
    found = the_one("2025-03-20", nothing, PLAN)
    assert (found.consequence, found.state) == ("plan-default", ObligationState.OVERDUE)
    for kind, state in (("carried-out", ObligationState.CARRIED_OUT), ("waive", ObligationState.WAIVED)):
        answered = [*PLAN, line("2025-03-19", kind, note="plan-default")]
        assert the_one("2025-03-20", nothing, answered).state is state


def test_a_plan_that_is_made_good_or_agreed_anew_is_in_default_no_more() -> None:
    paid = [("2025-03-19", "I", 50_000, "")]
    assert standing_of("2025-03-20", notices([]), PLAN, paid).obligations == ()
    anew = line("2025-03-19", "plan", amount=25_000, due="2025-04-30", every="month", count=4)
    assert standing_of("2025-03-20", notices([]), [*PLAN, anew]).obligations == ()


# ------------------------------------------------------------------ none vanishes

DAYS = st.integers(0, 100)
NAMES = st.sampled_from(["", "I", "J"])
ANSWERS = st.one_of(
    st.builds(
        lambda on, kind, note, i: (on, kind, {"note": note, "invoice_id": i}),
        DAYS, st.sampled_from(["waive", "carried-out"]), st.sampled_from(CONSEQUENCES), NAMES,
    ),
    st.builds(lambda on: (on, "placed", {"note": "agency"}), DAYS),
    st.builds(lambda on, i, amount: (on, "writeoff", {"amount": amount, "invoice_id": i}), DAYS, NAMES, st.sampled_from([50_000, 100_000])),
    st.builds(lambda on, i: (on, "dispute", {"invoice_id": i}), DAYS, st.sampled_from("IJ")),
    st.builds(lambda on, kind: (on, kind, {}), DAYS, st.sampled_from(["lawyer", "release", "recalled", "hold", "signed"])),
    st.builds(lambda on, days: (on, "hardship", {"due": _on(on + days)}), DAYS, st.integers(0, 30)),
    st.builds(lambda on, days: (on, "promise", {"amount": 100_000, "due": _on(on + days)}), DAYS, st.integers(0, 30)),
    st.builds(
        lambda on, days: (on, "plan", {"amount": 50_000, "due": _on(on + days), "every": "month", "count": 3}), DAYS, st.integers(0, 30)
    ),
)  # fmt: skip
MONEY = st.tuples(DAYS, NAMES, st.sampled_from([50_000, 100_000, -50_000, -100_000, 333]))
SAID = st.tuples(DAYS, st.sampled_from([INVOICE, OTHER]), st.sampled_from(CONSEQUENCES), st.integers(1, 30))


def _on(number: int) -> date:
    return day("2025-01-15") + timedelta(days=number)


@given(
    st.lists(SAID, min_size=1, max_size=5), st.lists(ANSWERS, max_size=4), st.lists(MONEY, max_size=4),
    st.sampled_from(["", "contract", "de-288-b2b", "uk-lpcda"]), st.integers(14, 40),
)  # fmt: skip
@settings(max_examples=EXAMPLES, deadline=None)
def test_what_was_announced_is_carried_out_waived_moot_or_overdue_on_the_list(
    told: list, answers: list, money: list, regime: str, later: int
) -> None:
    rows = [(str(_on(on)), inv[0], inv[2], f"{what} {_on(on + ahead)}") for on, inv, what, ahead in sorted(told)]
    activity = [Activity(_on(on), "A", kind, **cells) for on, kind, cells in sorted(answers, key=lambda a: a[0])]
    payments = [(str(_on(on)), i, amount, "") for on, i, amount in money]
    on = max(_on(each[0] + each[3]) for each in told) + timedelta(days=later)
    found = standing_of(str(on), said(*rows), activity, payments, [INVOICE, OTHER], config(regime))
    listed = {(o.consequence, o.on, o.announced, key): o for o in found.obligations for key in o.items}
    opens = {item.key for item in found.items}
    for day_, inv, what, ahead in told:
        key = (inv[0], day(inv[2]))
        obligation = listed[what, _on(day_ + ahead), _on(day_), key]
        assert obligation.state not in {ObligationState.AHEAD, ObligationState.DUE}
        lines = [
            a for a in found.activity if a.on >= _on(day_) and a.invoice_id in {"", *(i for i, _ in obligation.items)}
        ]
        if obligation.state is ObligationState.MOOT:
            assert not opens.intersection(obligation.items)
        elif obligation.state is ObligationState.WAIVED:
            assert any(a.kind == "waive" and a.note == what for a in lines)
        elif obligation.state is ObligationState.CARRIED_OUT:
            charged = [c for c in found.charges if c.key in obligation.items]
            assert (
                any(a.kind == "carried-out" and a.note == what for a in lines)
                or any(a.kind == "placed" and what in {"agency", "small-claims"} for a in lines)
                or (what == "interest" and any(c.accrued for c in charged))
                or (what == "fee" and any(c.fee for c in charged))
                or (what == "prepayment" and found.conduct.prepayment)
            )
        else:
            assert obligation.state is ObligationState.OVERDUE
            assert opens.intersection(obligation.items)
