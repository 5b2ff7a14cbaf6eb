"""Regimes: every known case of the shipped ones, who may be claimed from, and what is wrong with a config."""

import csv
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from pastdue import money
from pastdue.config import Config
from pastdue.dunning import interest, regimes
from pastdue.dunning.regimes import Regime
from pastdue.findings import Severity

with (Path(__file__).parent / "vectors.csv").open(encoding="utf-8", newline="") as _file:
    VECTORS = list(csv.DictReader(_file))


def config(regime: str, currency: str = "EUR", **settings: object) -> Config:
    """A config with these settings of `[interest]`."""
    raw = {"business": {"currency": currency}, "interest": {"regime": regime, **settings}}
    return Config.model_validate(raw)


def regime_of(regime: str, kind: str = "business", **settings: object) -> Regime:
    """The regime, which the test knows to be there."""
    found = regimes.for_account(config(regime, **settings), kind)
    assert found is not None
    return found


def given(row: dict[str, str]) -> dict[str, str]:
    """`a=1; b=2` of a row."""
    return dict(part.strip().split("=", 1) for part in row["given"].split(";") if part.strip())


def minor(text: str) -> tuple[int, str]:
    """`10.00 EUR` in minor units, and its currency."""
    amount, currency = text.split()
    return money.half_up(Decimal(amount).scaleb(money.exponent(currency))), currency


def the_rows(asks: str) -> pytest.MarkDecorator:
    rows = [row for row in VECTORS if row["asks"] == asks]
    assert rows
    names = [f"{row['case']}-{row['debtor']}-{row['given'].replace(' ', '')}" for row in rows]
    return pytest.mark.parametrize("row", rows, ids=names)


@the_rows("interest")
def test_known_interest_to_the_minor_unit(row: dict[str, str]) -> None:
    facts = given(row)
    settings: dict[str, object] = {"day_count": facts.get("day_count", "")}
    if "rates" in facts:
        settings["rates"] = dict(each.split() for each in facts["rates"].split(","))
    regime = regime_of(row["regime"], row["debtor"], **settings)
    principal, currency = minor(facts["principal"])
    start, until = date.fromisoformat(facts["start"]), date.fromisoformat(facts["until"])
    lines = interest.accruals(regime, [(start, principal)], start, until)
    assert money.to_text(sum(line.amount for line in lines), currency) == row["expected"], row["source"]


@the_rows("rate")
def test_known_rates_and_the_day_they_hold_from(row: dict[str, str]) -> None:
    regime = regime_of(row["regime"], row["debtor"])
    day = date.fromisoformat(given(row)["day"])
    assert regime.rate_on(day, day)[0] == regimes.millionths(row["expected"]), row["source"]
    last = date(day.year, 6, 30) if day.month < 7 else date(day.year, 12, 31)
    assert regime.rate_on(last, last)[0] == regimes.millionths(row["expected"]), "to the half-year's last day"


@the_rows("sum")
def test_known_fixed_sums(row: dict[str, str]) -> None:
    amount, currency = minor(given(row)["debt"])
    regime = regime_of(row["regime"], row["debtor"])
    assert money.to_text(regime.fixed_sum(amount, currency), currency) == row["expected"], row["source"]


@the_rows("start")
def test_known_first_days_of_interest(row: dict[str, str]) -> None:
    facts = given(row)
    day = interest.first_day(
        regime_of(row["regime"], row["debtor"]),
        due=date.fromisoformat(facts["due"]),
        issued=date.fromisoformat(facts["issued"]) if "issued" in facts else None,
        agreed=facts["agreed"] == "yes",
        told=facts.get("told") == "yes",
        first_reminder=date.fromisoformat(facts["reminder"]) if "reminder" in facts else None,
    )
    assert str(day or "none") == row["expected"], row["source"]


@the_rows("none")
def test_a_rule_between_businesses_claims_nothing_from_a_consumer(row: dict[str, str]) -> None:
    assert regimes.for_account(config(row["regime"]), row["debtor"]) is None


STATUTORY = [name for name in regimes.known_ids() if name != regimes.CONTRACT]


@pytest.mark.parametrize("name", STATUTORY)
def test_every_known_case_table_covers_every_shipped_rate(name: str) -> None:
    """Every half-year for which a rate is shipped has its row in the table of known cases, so none is shipped unproved."""
    for kind in ("business", "consumer"):
        regime = regimes.for_account(config(name), kind)
        # A counterpart such as nl-119 is proved where its business regime names it.
        if regime is None or not regime.reference:
            continue
        proved = {
            given(row)["day"]
            for row in VECTORS
            if row["asks"] == "rate"
            and (own := regimes.for_account(config(row["regime"]), row["debtor"]))
            and own.id == regime.id
        }
        shipped = {str(step.first) for step in regime.steps if step.rate is not None}
        assert shipped <= proved


def test_the_shipped_regimes_are_these() -> None:
    assert regimes.known_ids() == (
        *("at-1000", "at-456", "ch-or104", "de-288-b2b", "de-288-consumer", "eu-2011-7", "fr-l441-10"),
        *("ie-si580", "nl-119", "nl-119a", "uk-lpcda", "contract"),
    )


@pytest.mark.parametrize("name", STATUTORY)
def test_every_regime_names_its_law_its_sources_and_the_day_of_its_check(name: str) -> None:
    regime = regime_of(name)
    assert regime.law
    assert regime.sources
    assert regime.checked_on


@pytest.mark.parametrize(
    ("name", "until"),
    [
        ("uk-lpcda", "2026-12-31"),
        ("de-288-b2b", "2026-12-31"),
        ("de-288-consumer", "2026-12-31"),
        ("eu-2011-7", "2026-12-31"),
        ("ie-si580", "2026-06-30"),
        ("fr-l441-10", "2026-06-30"),
        ("nl-119a", "2026-06-30"),
        ("nl-119", "2026-06-30"),
    ],
)
def test_no_rate_is_known_after_the_last_that_a_source_prints(name: str, until: str) -> None:
    regime = regime_of(name)
    assert regime.known_until == date.fromisoformat(until)
    last, after = regime.known_until, regime.known_until + timedelta(days=1)
    assert regime.rate_on(last, last)[0] is not None
    assert regime.rate_on(after, after) == (None, None)


def test_german_base_rate_is_the_ecb_rate_less_088_in_every_half_year_since_2013() -> None:
    """DE-13: a mistyped row of either table breaks it."""
    german, ecb = regime_of("de-288-consumer"), regimes._tables()["ecb-mro"]["rates"]
    for year in range(2013, 2027):
        for month in (1, 7):
            day = date(year, month, 1)
            before = ecb[max(first for first in ecb if first < day)]
            assert german.rate_on(day, day)[1] == before - 8_800, day


def test_a_change_on_the_half_years_first_day_counts_at_once_or_half_a_year_later_as_the_law_reads_it() -> None:
    table = {"rates": {date(2019, 12, 1): 10_000, date(2020, 1, 1): 20_000}}
    rule = {"addition": 8, "known_from": date(2020, 1, 1), "known_until": date(2020, 12, 31)}
    for read, references in (("first-day", [20_000]), ("day-before", [10_000, 20_000])):
        steps, known_until = regimes._steps(rule | {"read": read}, table, {})
        assert [step.reference for step in steps] == [None, *references, None], read
        assert known_until == date(2020, 12, 31)


def test_what_a_payment_is_taken_for_first_follows_the_law_of_the_country() -> None:
    named_first = {name for name in regimes.known_ids() if regime_of(name, rate="8").order == "principal"}
    assert named_first == {"uk-lpcda", "ie-si580", "eu-2011-7", "contract"}
    assert regime_of("uk-lpcda", order="costs-interest-principal").order == "costs-interest-principal"


def test_a_debt_in_another_currency_owes_no_fixed_sum() -> None:
    assert regime_of("uk-lpcda").fixed_sum(500_000, "EUR") == 0
    assert regime_of("nl-119a").fixed_sum(500_000, "GBP") == 0
    assert regime_of("ie-si580").fixed_sum(0, "EUR") == 0


def test_collection_costs_are_rounded_half_up_once() -> None:
    assert regime_of("nl-119a").fixed_sum(26_670, "EUR") == 4_001, "15 % of 266.70 is 40.005"
    assert regime_of("nl-119a").fixed_sum(26_669, "EUR") == 4_000
    assert regime_of("nl-119a").fixed_sum(250_005, "EUR") == 37_501, "375 and 10 % of 0.05, rounded together"


def test_a_consumer_owes_no_fixed_sum_but_the_dutch_collection_costs() -> None:
    owe = set()
    for name in regimes.known_ids():
        regime = regimes.for_account(config(name, rate="8", fee="40"), "consumer")
        owe |= {regime.id} if regime and regime.sums.bands else set()
    assert owe == {"nl-119"}


def test_collection_costs_of_a_dutch_consumer_wait_for_a_letter_of_fourteen_days() -> None:
    assert regime_of("nl-119a", "consumer").sums.notice_days == 14
    assert regime_of("nl-119a").sums.notice_days == 0


class TestTheOperatorsRates:
    def test_a_rate_holds_for_its_half_year_and_no_longer(self) -> None:
        regime = regime_of("eu-2011-7", rates={"2027-01-01": "2.65"})
        assert regime.rate_on(date(2026, 12, 31), date(2026, 12, 31)) == (104_000, 24_000)
        assert regime.rate_on(date(2027, 1, 1), date(2027, 1, 1)) == (106_500, 26_500)
        assert regime.rate_on(date(2027, 6, 30), date(2027, 6, 30)) == (106_500, 26_500)
        assert regime.rate_on(date(2027, 7, 1), date(2027, 7, 1)) == (None, None)
        assert regime.known_until == date(2027, 6, 30)

    def test_the_day_on_which_the_bank_changed_it_means_the_next_half_year(self) -> None:
        regime = regime_of("uk-lpcda", rates={"2026-11-05": "3.5", "2026-12-17": "3.25"})
        assert regime.rate_on(date(2026, 12, 31), date(2026, 12, 31)) == (117_500, 37_500)
        assert regime.rate_on(date(2027, 1, 1), date(2027, 1, 1)) == (112_500, 32_500)

    def test_a_rate_does_not_reach_into_the_half_year_after_its_own(self) -> None:
        regime = regime_of("eu-2011-7", rates={"2025-01-01": "3", "2027-01-01": "2.65", "2028-01-01": "3"})
        assert regime.rate_on(date(2025, 1, 1), date(2025, 1, 1)) == (110_000, 30_000)
        assert regime.rate_on(date(2025, 7, 1), date(2025, 7, 1)) == (101_500, 21_500)
        assert regime.rate_on(date(2027, 7, 1), date(2027, 7, 1)) == (None, None)

    def test_a_half_year_left_out_stays_unknown(self) -> None:
        regime = regime_of("eu-2011-7", rates={"2027-07-01": "3"})
        assert regime.rate_on(date(2027, 3, 1), date(2027, 3, 1)) == (None, None)
        assert regime.rate_on(date(2027, 7, 1), date(2027, 7, 1)) == (110_000, 30_000)

    def test_rates_of_the_chosen_regime_are_not_taken_for_another_reference_rate(self) -> None:
        """The ECB's rate of a Dutch operator is not the legal rate that its consumers owe."""
        rates = {"2026-07-01": "2.40"}
        assert regime_of("nl-119a", rates=rates).rate_on(date(2026, 7, 1), date(2026, 7, 1)) == (104_000, 24_000)
        assert regime_of("nl-119a", "consumer", rates=rates).known_until == date(2026, 6, 30)
        assert regime_of("de-288-b2b", "consumer", rates={"2027-01-01": "2"}).known_until == date(2027, 6, 30)

    def test_a_regime_without_rates_of_its_own_claims_nothing_until_they_are_entered(self) -> None:
        assert regime_of("at-456").known_until == date.min
        lines = interest.accruals(regime_of("at-456"), [(date(2026, 1, 1), 100)], date(2026, 1, 1), date(2026, 2, 1))
        assert [(line.rate, line.amount) for line in lines] == [(None, 0)]

    def test_a_bank_rate_far_below_zero_never_makes_the_creditor_owe(self) -> None:
        regime = regime_of("de-288-consumer", rates={"2027-01-01": "-9.5"})
        assert regime.rate_on(date(2027, 1, 1), date(2027, 1, 1)) == (0, -95_000)


class TestContract:
    def test_the_rate_is_cut_to_the_cap(self) -> None:
        assert regime_of("contract", rate="18", cap="16").rate_on(date(2026, 1, 1), date(2026, 1, 1)) == (160_000, None)
        assert regime_of("contract", rate="8.5", cap="16").steps[0].rate == 85_000

    def test_without_a_rate_it_claims_nothing(self) -> None:
        assert regimes.for_account(config("contract"), "business") is None

    def test_its_fee_is_in_the_businesss_currency_and_never_for_consumers(self) -> None:
        assert regime_of("contract", "business", rate="8", fee="25").fixed_sum(1, "EUR") == 2500
        assert regime_of("contract", "business", rate="8", fee="25").fixed_sum(1, "USD") == 0
        assert regime_of("contract", "consumer", rate="8", fee="25").fixed_sum(1, "EUR") == 0
        yen = regimes.for_account(config("contract", "JPY", rate="8", fee="3000"), "business")
        assert yen is not None
        assert yen.fixed_sum(1, "JPY") == 3000


def test_no_regime_no_interest() -> None:
    assert regimes.for_account(config(""), "business") is None
    assert regimes.problems(config("")) == []


def test_settings_of_the_operator_go_before_the_regimes() -> None:
    assert regime_of("ch-or104").day_count == "act/365"
    assert regime_of("ch-or104", day_count="30/360").day_count == "30/360"


@pytest.mark.parametrize(
    ("settings", "severity", "message"),
    [
        ({"regime": "uk-lpdca"}, Severity.ERROR, 'there is no regime called "uk-lpdca"'),
        ({"regime": "contract"}, Severity.ERROR, "interest.rate is missing"),
        ({"regime": "contract", "rate": "18", "cap": "16"}, Severity.WARNING, "18 % is above the cap of 16 %"),
        ({"regime": "contract", "rate": "8", "fee": "1.005"}, Severity.ERROR, '"1.005" is not an amount of EUR'),
        ({"regime": "contract", "rate": "8", "rates": {"2027-01-01": "3"}}, Severity.WARNING, "rates is ignored"),
        ({"regime": "uk-lpcda", "rate": "8"}, Severity.WARNING, "interest.rate is ignored"),
        ({"regime": "uk-lpcda", "fee": "8"}, Severity.WARNING, "interest.fee is ignored"),
        ({"regime": "ch-or104", "rates": {"2027-01-01": "3"}}, Severity.WARNING, "interest.rates is ignored"),
        ({"regime": "at-456"}, Severity.WARNING, "at-456 knows no rate by itself"),
        ({"regime": "de-288-b2b", "rates": {"2026-07-01": "1.50"}}, Severity.WARNING, "differs from the 1.52 %"),
    ],
)
def test_a_mistake_in_the_settings_is_a_finding(settings: dict[str, object], severity: Severity, message: str) -> None:
    (finding,) = regimes.problems(config(**settings))  # type: ignore[arg-type]
    assert finding.severity is severity
    assert message in finding.message


def test_a_misspelt_regime_is_told_the_likely_one() -> None:
    (finding,) = regimes.problems(config("uk-lpdca"))
    assert finding.hint == "Did you mean uk-lpcda?"
    assert regimes.for_account(config("uk-lpdca"), "business") is None


def test_sound_settings_are_no_finding() -> None:
    for name in regimes.known_ids():
        settings = {"rate": "8"} if name == "contract" else {"rates": {"2026-01-01": "1.5"}} if name == "at-456" else {}
        assert regimes.problems(config(name, **settings)) == []
    assert regimes.problems(config("de-288-b2b", rates={"2026-07-01": "1.52", "2027-01-01": "1.77"})) == []


def test_a_french_contract_may_not_take_less_than_three_times_the_legal_rate() -> None:
    """FR-02: 2.76 % in the second half of 2025, 2.62 % in the first of 2026 (A, legifiscal.fr)."""
    floors = {day: regimes.floor_on("fr-l441-10", date.fromisoformat(day)) for day in ("2025-12-31", "2026-01-01")}
    assert floors == {"2025-12-31": 82800, "2026-01-01": 78600}
    assert regimes.floor_on("fr-l441-10", date(2024, 6, 30)) is None
    assert regimes.floor_on("uk-lpcda", date(2026, 1, 1)) is None
    for rate, is_warned in (("7.85", True), ("7.86", False)):
        raw = {"business": {"country": "FR"}, "interest": {"regime": "contract", "rate": rate}}
        assert bool(regimes.problems(Config.model_validate(raw))) is is_warned
    assert not regimes.problems(config("contract", rate="1"))
