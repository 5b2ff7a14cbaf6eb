"""The money from a step back: charts of enough, tables of all, currencies apart; and the days ahead."""

import re
from dataclasses import fields
from datetime import date, timedelta

import pytest
from page_tools import CONFIG, ON, STATIC, TEMPLATES, Read, item, paid, standing, to_come

from pastdue.documents import desk
from pastdue.documents.desk import Morning, charts
from pastdue.model import Action, Conduct, Decision, Promise, PromiseState
from pastdue.outlook import Cash, CountBack, Kind, Metrics, MonthEnd, Ratio, Week

NONE = Ratio(0, 0)


def end(month, *buckets, cei=NONE, dso=NONE, best=NONE):
    on = date(2026, month + 1, 1) - timedelta(days=1)
    return MonthEnd(on, buckets, 0, 0, 0, 0, cei, dso, best)


def metrics(currency="EUR", *history, **more):
    ratios = (each.name for each in fields(Metrics) if each.type is Ratio)
    back = CountBack(None, (), "the books begin on 2026-01-01")
    figures = dict.fromkeys(ratios, NONE) | {"rolled": (), "count_back": back} | more
    return Metrics(currency=currency, history=history, **figures)


def cash(currency="EUR", *weeks, **more):
    rest = dict.fromkeys(("later", "no_date", "no_record", "apart", "balance"), 0) | more
    return Cash(currency, tuple(Week(*week) for week in weeks), (), habit=None, **rest)


def page(*standings, **more):
    decisions = [Decision(each.account_id, each.currency, Action.WAIT, ()) for each in standings]
    return Read(desk.desk(Morning(ON, standings, decisions, **more), CONFIG, TEMPLATES, STATIC).content)


TWO = (
    end(1, 100000, 0, 0, 0, 0, 0, cei=Ratio(1, 4, 100), dso=Ratio(100000, 300000, 90), best=Ratio(1, 3, 90)),
    end(2, 50000, 70000, 0, 0, 0, 300, cei=Ratio(2, 3, 100), dso=Ratio(120300, 360000, 90), best=Ratio(1, 9, 90)),
)


def drawn(read):
    return [attrs["aria-label"] for attrs in read.all("svg") if attrs.get("role") == "img"]


def test_every_chart_has_a_name_and_its_numbers_in_a_table():
    read = page(metrics=[metrics("EUR", *TWO)], cash=[cash("EUR", (ON, 100, 0, 200))])
    assert len(drawn(read)) == 4
    assert drawn(read)[0].startswith("EUR: What was open at the ends of months, by age, 2 month ends")
    for row in (
        "28 Feb 2026 €1,203.00 €500.00 €700.00 €0.00 €0.00 €0.00 €3.00",
        "2 Mar 2026 – €1.00 €0.00 €2.00 €3.00",
        "31 Jan 2026 30.0 30.0 €1,000.00 €3,000.00",
        "28 Feb 2026 30.1 10.0 €1,203.00 €3,600.00",
        "28 Feb 2026 €0.02 €0.03 66.7 – –",
    ):
        assert row in read.text, row
    assert len([attrs for attrs in read.all("div") if attrs.get("tabindex") == "0"]) == 4
    assert read.problems() == []


def test_what_is_overdue_what_moves_on_and_what_was_promised_is_said_in_figures():
    rolled = Ratio(60, 100, 100), Ratio(1, 3, 100), NONE, NONE, NONE
    more = {"delinquent": Ratio(4500000, 36000000, 90), "past_due": Ratio(3, 8, 100), "promised": Ratio(3, 2, 100)}
    read = page(metrics=[metrics("EUR", *TWO, rolled=rolled, **more)])
    for said in (
        "Of that delinquent 11.3 days the first less the second",
        "Past due 37.5 % of what is open",
        "Promises made 3 in 2 conversations of 90 days",
        "Roll rate, 30 days 60.0 % 33.3 % – – –",
    ):
        assert said in read.text, said
    assert "Promises made" not in page(metrics=[metrics("EUR", *TWO)]).text


@pytest.mark.parametrize("history", [(), TWO[:1]])
def test_of_too_little_nothing_is_drawn_and_the_page_says_so(history):
    read = page(metrics=[metrics("EUR", *history)])
    assert drawn(read) == []
    assert read.text.count("No chart: ") == 4
    assert "Counted back – the books begin on 2026-01-01" in read.text


def test_no_library_of_charts_is_loaded_where_nothing_is_drawn():
    import subprocess
    import sys

    code = "import pastdue.flow, pastdue.cli.outbox, sys; sys.exit('pygal' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_currencies_are_never_drawn_together():
    pounds = standing(
        "K-3", item("D", 9, 400, currency="GBP"), currency="GBP", payments=(paid(3, 900, currency="GBP"),)
    )
    read = page(pounds, metrics=[metrics("GBP", *TWO), metrics("EUR", *TWO)])
    headings = [text for text in read.texts if "from a step back" in text]
    assert [text for text in headings if text.startswith(("EUR", "GBP"))][-2:] == [
        "EUR, from a step back",
        "GBP, from a step back",
    ]
    assert [name[:3] for name in drawn(read)] == ["EUR"] * 3 + ["GBP"] * 4
    assert "23 Feb 2026 £9.00 – – – £9.00" in read.text
    assert "23 Feb 2026 €0.00 – – – €0.00" in read.text


def test_what_came_is_set_beside_what_is_expected_week_by_week():
    account = standing("K-1", payments=(paid(60, 1), paid(7, 20000), paid(6, 500), paid(6, -100)))
    read = page(
        account,
        metrics=[metrics()],
        cash=[cash("EUR", (ON, 100, 0, 200), (ON + timedelta(7), 0, 50, 0), apart=900, no_date=100)],
    )
    text = read.text
    assert "5 Jan 2026 €0.00" in text
    assert "23 Feb 2026 €204.00 – – – €204.00 2 Mar 2026 – €1.00 €0.00 €2.00 €3.00 9 Mar 2026 – €0.00 €0.50" in text
    assert "€9.00 is disputed or on hold" in text
    assert "€1.00 has no day: it is later already than the account pays." in text
    assert len(drawn(read)) == 1


def test_promises_are_counted_in_the_month_of_their_day():
    def promise(day, state):
        return Promise(day, day, day, 9, 9, 0, state)

    kept, broken = PromiseState.KEPT, PromiseState.BROKEN
    promises = (
        promise(date(2026, 1, 5), kept), promise(date(2026, 2, 5), kept), promise(date(2026, 2, 9), kept),
        promise(date(2026, 2, 27), broken), promise(date(2026, 2, 28), PromiseState.PENDING),
    )  # fmt: skip
    read = page(standing("K-1", conduct=Conduct(promises=promises)), metrics=[metrics("EUR", *TWO)])
    assert "31 Jan 2026 €0.01 €0.04 25.0 1 of 1 100.0 %" in read.text
    assert "28 Feb 2026 €0.02 €0.03 66.7 2 of 3 66.7 %" in read.text


def test_what_is_drawn_is_the_same_every_time_and_names_no_day_script_or_style():
    def made():
        return charts.bars(
            ["Jan", "<b>"], [("a", [100, 200]), ("b", [0, 300])], lambda v: f"€{v:.0f}", 'said "so" & on'
        )

    svg = made()
    assert svg == made()
    assert "&lt;b&gt;" in svg
    assert 'aria-label="said &quot;so&quot; &amp; on"' in svg
    assert not re.search(r"<script|<style|style=|<!--|pygal|http://pygal|\d\.\d\d|id=", svg)
    heights = [float(each) for each in re.findall(r'<rect [^>]*height="([\d.]+)" class="rect', svg)]
    assert heights[1] == pytest.approx(2 * heights[0], rel=0.02)
    assert heights[3] == pytest.approx(3 * heights[0], rel=0.02)


def test_the_weeks_ahead_say_what_comes_and_what_cash():
    account = standing("K-1", item("A", 12, 50000))
    comes = [
        to_come(0),
        to_come(8)._replace(channels=("email", "letter")),
        to_come(9),
        to_come(9, Kind.PROMISE, why="made on 2026-02-20"),
    ]
    read = page(
        account,
        coming=comes,
        until=ON + timedelta(60),
        cash=[cash("EUR", (ON, 1, 2, 3), (ON + timedelta(7), 0, 0, 70))],
    )
    assert "To 1 May 2026, week by week" in read.text
    assert "2 Mar 2026 €0.06 9 Mar 2026 2 notices, 1 promise €0.70" in read.text
    assert "11 Mar 2026 K-1 Ltd promise due, made on 2026-02-20 €5.00" in read.text
    assert "10 Mar 2026 K-1 Ltd reminder by email and letter €5.00" in read.text


def test_where_the_look_ahead_is_short_the_desk_says_where_more_is():
    read = page(standing("K-1", item("A", 12, 50000)), coming=[to_come(2)], until=ON + timedelta(7))
    assert "week by week" not in read.text
    assert "What comes after them: build.py forecast" in read.text


def test_no_more_is_listed_one_by_one_than_anybody_reads():
    read = page(standing("K-1", item("A", 12, 50000)), coming=[to_come(1 + n % 7) for n in range(300)])
    assert "100 more: build.py forecast" in read.text


def test_guards_say_that_nothing_will_be_sent_before_anything_else():
    read = page(standing("K-1", item("A", 12, 50000)), guards=("<b>stale</b>",))
    assert read.text.index("Nothing will be sent <b>stale</b>") < read.text.index("Overdue")
