"""Dates as people and cameras write them, read as one column: its other values decide what one of them means."""

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from typing import Literal, NamedTuple

DatePrecision = Literal["day", "month", "year"]
"""The shortest period that all dates of a column tell apart."""

MONTHS, DAYS = 12, 31
"""The highest numbers of a month and of a day."""

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")

_NAMED_MONTH = r"(?P<name>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
_YEAR = r"(?P<year>1[89]\d\d|2[01]\d\d)"
_DATE_FORMS = tuple(
    re.compile(form, re.IGNORECASE)
    for form in (
        rf"{_YEAR}(?P<month>\d\d)(?P<day>\d\d)",  # 20210531
        rf"{_YEAR}[-/.:](?P<month>\d\d?)[-/.:](?P<day>\d\d?)",  # 2021-05-31; EXIF: 2021:05:31
        rf"{_YEAR}[-/.](?P<month>\d\d?)",  # 2021-05
        rf"(?P<month>\d\d?)[-/.]{_YEAR}",  # 05/2021
        rf"(?P<one>\d\d?)[-/.](?P<two>\d\d?)[-/.]{_YEAR}",  # 31/05/2021 or 05/31/2021
        rf"(?P<day>\d\d?)(st|nd|rd|th)?[ -]{_NAMED_MONTH}[ ,-]+{_YEAR}",  # 31 May 2021
        rf"{_NAMED_MONTH} (?P<day>\d\d?)(st|nd|rd|th)?,? {_YEAR}",  # May 31, 2021
        rf"{_NAMED_MONTH}[ ,-]+{_YEAR}",  # May 2021
        rf"{_YEAR}",
    )
)
_CLOCK = re.compile(
    r"[T ]\s*(?P<hour>\d\d?):(?P<rest>\d\d[\d:.]*)\s*(?P<half>[ap]m)?\s*(?P<zone>Z|UTC|GMT|[+-]\d\d:?(\d\d)?)?",
    re.IGNORECASE,
)
_COMPACT_CLOCK = re.compile(r"T\d{4}(\d\d)?")


class Date(NamedTuple):
    """A date, as far as it is known.

    Attributes:
        year: four digits.
        month: 1 to 12; 0 = not known.
        day: of the month, as it was written, in whatever time zone; 0 = not known.
        either: two numbers of which one is the day and one the month; None if that is no question.
        moment: the time in UTC, a time without a zone taken as UTC; None if the day is not known.
    """

    year: int
    month: int = 0
    day: int = 0
    either: tuple[int, int] | None = None
    moment: datetime | None = None


def read_dates(texts: Sequence[str]) -> list[Date | None]:
    """The date of each text; None for a text that is no date.

    Whether the day or the month comes first in 03/04/2021 is decided by the other texts: a number above 12 is a day. If
    none decides, or they contradict each other, neither is known of such dates.

    >>> [date.month if date else None for date in read_dates(["03/04/2021", "31/05/2021", "May 2021", "summer"])]
    [4, 5, 5, None]
    """
    found = [_parts(text.strip()) for text in texts]
    pairs = [one[0].either for one in found if one and one[0].either]
    day_first, month_first = any(one > MONTHS for one, _ in pairs), any(two > MONTHS for _, two in pairs)
    order = (0, 1) if day_first and not month_first else (1, 0) if month_first and not day_first else None
    return [None if one is None else _dated(*one, order) for one in found]


def periods(dates: Sequence[Date]) -> tuple[DatePrecision, list[str]]:
    """The period of each date, all of the longest that one of them needs; equal texts are the same period.

    >>> periods([Date(2021, 5, 31), Date(2021, 6)])
    ('month', ['2021-05', '2021-06'])
    >>> periods([Date(2021, either=(3, 4)), Date(2021, either=(4, 3))])
    ('day', ['3/4/2021', '4/3/2021'])
    """
    pairs = [one.either for one in dates if one.either]
    if len(pairs) == len(dates):
        return "day", [f"{first}/{second}/{one.year}" for one, (first, second) in zip(dates, pairs, strict=True)]
    if all(one.day for one in dates):
        return "day", [f"{one.year}-{one.month:02d}-{one.day:02d}" for one in dates]
    if all(one.month for one in dates):
        return "month", [f"{one.year}-{one.month:02d}" for one in dates]
    return "year", [f"{one.year}" for one in dates]


def _parts(text: str) -> tuple[Date, str] | None:
    """A date without its time, and the text of its time; None if the text is no date."""
    for form in _DATE_FORMS:
        match = form.match(text)
        if match is None:
            continue
        rest, groups = text[match.end() :], match.groupdict()
        day, either = int(groups.get("day") or 0), None
        if "one" in groups:
            either = int(groups["one"]), int(groups["two"])
        if rest and not ((day or either) and (_CLOCK.fullmatch(rest) or _COMPACT_CLOCK.fullmatch(rest))):
            continue
        month = _MONTHS.index(groups["name"].lower()) + 1 if groups.get("name") else int(groups.get("month") or 0)
        return Date(int(groups["year"]), month, day, either), rest
    return None


def _dated(found: Date, clock: str, order: tuple[int, int] | None) -> Date | None:
    """A date whose day and month are in order, with its moment; None if there is no such day or time."""
    if found.either:
        if order is None:
            low, high = sorted(found.either)
            return found if 1 <= low <= MONTHS and high <= DAYS else None
        found = found._replace(day=found.either[order[0]], month=found.either[order[1]], either=None)
    elif not found.month:
        return found
    if not found.day:
        return found if 1 <= found.month <= MONTHS else None
    try:
        day = date(found.year, found.month, found.day)
        moment = datetime.combine(day, _time(clock))
    except ValueError:
        return None
    return found._replace(moment=moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC))


def _time(clock: str) -> time:
    """The time of day, midnight if there is none; raises `ValueError` if it is none."""
    if not clock:
        return time()
    match = _CLOCK.fullmatch(clock)
    if match is None:
        return time.fromisoformat(clock)
    hour, zone = int(match["hour"]), (match["zone"] or "").upper()
    if match["half"]:
        hour = hour % 12 + (12 if match["half"].lower() == "pm" else 0)
    return time.fromisoformat(f"{hour:02d}:{match['rest']}{'+00:00' if zone in {'Z', 'UTC', 'GMT'} else zone}")
