"""Limitation: which invoices are too old to be sued for, where that is certain enough to keep a threat of court back.

It decides nothing else: what is owed stays owed and is asked for. Where law and facts leave a doubt, nothing is time-barred here.
"""

from datetime import date

from pastdue.config import Config
from pastdue.model import Standing

# Simple contract debts: Limitation Act 1980 s.5 and the Limitation (Northern Ireland) Order 1989, six years (Scotland has
# five; the longer holds for all of GB); BGB 195, 199, three years from the end of the year.
_RESTARTS = frozenset({"promise", "plan", "signed"})  # the debt is acknowledged, and its time begins anew


def time_barred(standing: Standing, config: Config) -> frozenset[str]:
    """The invoices for which no suit may be threatened any more.

    Only where business and customer are both in Great Britain or Northern Ireland, or both in Germany. A payment towards
    an invoice, a promise and a plan begin its time anew.
    """
    country = config.business.country.upper()
    if country not in {"GB", "DE"} or (standing.customer.country or country).upper() != country:
        return frozenset()
    found = set[str]()
    for item in standing.items:
        if standing.on <= _last_day(item.due, item.due, country):
            continue
        named = {"", item.invoice_id}
        again = [each.received for each in standing.payments if each.amount > 0 and each.invoice_id in named]
        again += [each.on for each in standing.activity if each.kind in _RESTARTS and each.invoice_id in named]
        if standing.on > _last_day(item.due, max(again, default=item.due), country):
            found.add(item.invoice_id)
    return frozenset(found)


def _last_day(due: date, again: date, country: str) -> date:
    """The last day on which an action can be brought."""
    if country == "GB":
        return _years_later(max(due, again), 6)
    return max(date(due.year + 3, 12, 31), _years_later(again, 3) if again > due else date.min)


def _years_later(day: date, years: int) -> date:
    """The same day years later; 28 February for a 29th that is none."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)
