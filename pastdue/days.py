"""Days: business calendars, month ends, and dates as a reader expects them."""

from collections.abc import Iterable
from datetime import date, timedelta
from functools import cache, lru_cache

SATURDAY_SUNDAY = frozenset({6, 7})


def month_end(day: date) -> date:
    """The last day of the day's month."""
    next_month = (day.replace(day=28) + timedelta(days=4)).replace(day=1)
    return next_month - timedelta(days=1)


@cache
def _public_holidays(country: str, region: str, year: int) -> frozenset[date]:
    import holidays

    return frozenset(holidays.country_holidays(country, subdiv=region or None, years=year))


def is_known_country(country: str, region: str = "") -> bool:
    """True when the holidays of the country (ISO 3166, two letters) and region are known."""
    import holidays

    try:
        holidays.country_holidays(country, subdiv=region or None)
    except NotImplementedError:
        return False
    return True


class Calendar:
    """The operator's business days: not a weekend day, not a public holiday, not a day they said is closed."""

    def __init__(
        self,
        country: str = "none",
        region: str = "",
        weekend: Iterable[int] = SATURDAY_SUNDAY,
        closed: Iterable[date] = (),
    ) -> None:
        """`weekend` holds ISO weekdays (Monday is 1); `country` "none" means no public holidays."""
        self.country, self.region = country, region
        self.weekend, self.closed = frozenset(weekend), frozenset(closed)
        if self.weekend >= set(range(1, 8)):
            raise ValueError("a week without a business day")

    def is_business(self, day: date) -> bool:
        """True when notices may go out on the day."""
        if day.isoweekday() in self.weekend or day in self.closed:
            return False
        return self.country == "none" or day not in _public_holidays(self.country, self.region, day.year)

    def on_or_after(self, day: date) -> date:
        """The first business day that is not before the day."""
        while not self.is_business(day):
            day += timedelta(days=1)
        return day

    def plus(self, day: date, business_days: int) -> date:
        """The day that is so many business days later; 0 gives the day itself."""
        for _ in range(business_days):
            day = self.on_or_after(day + timedelta(days=1))
        return day


@lru_cache(maxsize=4096)
def display(day: date, language: str) -> str:
    """The date in words and in full, never in figures alone: "16 March 2026", "16. März 2026"."""
    from babel.dates import format_date

    return _first(format_date(day, format="long", locale=language), day, language)


@lru_cache(maxsize=4096)
def display_short(day: date, language: str) -> str:
    """The date for a narrow column, the month in letters so that nobody mixes it up with the day: "16 Mar 2026"."""
    from babel.dates import format_skeleton

    return _first(format_skeleton("yMMMd", day, locale=language), day, language)


def _first(said: str, day: date, language: str) -> str:
    """The date, with the first of a month as French says it: "1er mars 2026"; CLDR has no ordinals."""
    is_french = language.partition("_")[0] == "fr"
    return f"1er{said[1:]}" if is_french and day.day == 1 and said[0] == "1" else said
