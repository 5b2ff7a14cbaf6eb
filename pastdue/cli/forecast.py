"""`forecast`: what the coming days bring if nobody pays, and the cash to expect, for a reader and for scripts."""

from collections.abc import Callable, Iterable, Iterator
from datetime import date
from functools import partial
from itertools import groupby
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from pastdue import days, money
from pastdue.cli.screen import LANGUAGE, plain
from pastdue.documents.desk.coming import beside, summary, words
from pastdue.flow import Forecast
from pastdue.outlook import Cash, Coming, Expected, Kind

ASSUMED = (
    "If nobody pays or answers, every notice goes out on its day and printed letters are posted; "
    "calls that nobody makes give way. Only what the books hold today is counted."
)


def show(console: Console, found: Forecast) -> None:
    """Day by day what comes, then what money is expected in each week; the sums add up to what is open."""
    console.print(Text(f"{_day(found.on)} to {_day(found.until)}", style="bold"))
    console.print(Text(ASSUMED, style="dim"))
    if found.coming:
        console.print()
        console.print(_coming(found.coming))
        console.print(Text(", ".join(summary(found.coming)), style="bold"))
    else:
        console.print("Nothing comes.")
    for each in found.cash:
        console.print()
        for line in _cash(each):
            console.print(line)


def _coming(coming: Iterable[Coming]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("day", no_wrap=True)
    table.add_column("account", max_width=14, no_wrap=True, overflow="ellipsis")
    table.add_column("what comes", ratio=1)
    table.add_column("pay by", no_wrap=True)
    table.add_column("sum", justify="right", no_wrap=True)
    for on, group in groupby(coming, key=lambda each: each.on):
        for place, each in enumerate(group):
            table.add_row(
                f"{on:%a} {_brief(on)}" if place == 0 else "",
                plain(each.account_id),
                Text(plain(words(each)), style=_TONE.get(each.kind, "")),
                _brief(each.pay_by) if each.pay_by else "",
                money.display(each.amount, each.currency, LANGUAGE),
            )
    return table


def _brief(day: date) -> str:
    """The day without its year, which stands above."""
    return f"{day.day:>2} {day:%b}"


_TONE = {Kind.CALL: "cyan", Kind.CONSEQUENCE: "yellow", Kind.REFER: "magenta"}


def _cash(cash: Cash) -> Iterator[Text | Table]:
    amount = partial(money.display, currency=cash.currency, language=LANGUAGE)
    yield Text.assemble((cash.currency, "bold"), f"  cash expected of {amount(cash.balance)} open")
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("week from", no_wrap=True)
    for name in ("promised", "by plans", "by habit", "together"):
        table.add_column(name, justify="right", no_wrap=True)
    for week in cash.weeks:
        sums = (week.promised, week.planned, week.by_habit, week.total)
        table.add_row(str(week.first), *(amount(each) if each else "–" for each in sums))
    yield table
    yield from (Text(said, style="dim") for said in beside(cash, amount))


def _day(day: date) -> str:
    return days.display_short(day, LANGUAGE)


# ------------------------------------------------------------------ for scripts


def shape(found: Forecast) -> dict[str, Any]:
    """The forecast as JSON: `coming` in the order of its days, `cash` by currency. Amounts are text."""
    return {
        "on": found.on.isoformat(),
        "until": found.until.isoformat(),
        "coming": [_one(each) for each in found.coming],
        "cash": {each.currency: _of_currency(each) for each in found.cash},
    }


def _one(each: Coming) -> dict[str, Any]:
    return {
        "on": each.on.isoformat(),
        "account_id": each.account_id,
        "currency": each.currency,
        "kind": str(each.kind),
        "what": each.what,
        "amount": money.to_text(each.amount, each.currency),
        "channels": list(each.channels),
        "pay_by": each.pay_by.isoformat() if each.pay_by else None,
        "why": each.why,
    }


def _of_currency(cash: Cash) -> dict[str, Any]:
    def amount(minor: int) -> str:
        return money.to_text(minor, cash.currency)

    return {
        "balance": amount(cash.balance),
        "weeks": [
            {
                "from": week.first.isoformat(),
                "promised": amount(week.promised),
                "planned": amount(week.planned),
                "by_habit": amount(week.by_habit),
                "total": amount(week.total),
            }
            for week in cash.weeks
        ],
        "later": amount(cash.later),
        "no_date": amount(cash.no_date),
        "no_record": amount(cash.no_record),
        "apart": amount(cash.apart),
        "habit_days": cash.habit,
        "lines": [_line(each, amount) for each in cash.lines],
    }


def _line(each: Expected, amount: Callable[[int], str]) -> dict[str, Any]:
    return {
        "on": each.on.isoformat(),
        "account_id": each.account_id,
        "source": str(each.source),
        "amount": amount(each.amount),
        "invoice_id": each.invoice_id or None,
        "days_late": each.days_late if each.invoice_id else None,
    }
