"""Reads dates and durations, and tells which dates follow from others: `3 May` + `30 days`."""

import datetime as dt
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from gonogo_checkers.claims.month_names import month_number
from gonogo_checkers.claims.quantities import Quantity

_DAY_FIRST: Final = re.compile(
    r"(?<![\d.,])(?P<day>\d{1,2})(?:st|nd|rd|th|er|\.|º)?\s(?:of\s|de\s)?(?P<month>[^\W\d_]{3,10})\b"
    r"(?:\.?,?\s(?:de\s)?(?P<year>\d{4})(?!\d))?"
)
_MONTH_FIRST: Final = re.compile(
    r"\b(?P<month>[^\W\d_]{3,10})\.?\s(?P<day>\d{1,2})(?:st|nd|rd|th)?\b(?!\s?[:.]\d)"
    r"(?:,?\s(?P<year>\d{4})\b)?"
)
_RANGE: Final = re.compile(
    r"(?<![\d.,])(?P<day>\d{1,2})(?:st|nd|rd|th|\.)?\s?(?:-|–|to|and|or|until|bis|und|au|et|à|al?|y)\s?"
    r"(?=\d{1,2}\b)"
)
_ISO: Final = re.compile(r"\b(?P<year>\d{4})-(?P<month>\d{2})-(?P<day>\d{2})\b")
_UNIT: Final = re.compile(
    r"[\s-]{1,2}(?:(?P<working>working|business|full|whole|calendar|complete)\s)?"
    r"(?:(?P<day>days?|tagen?|tage|jours?|días?|dias?|giorni|dagen)|"
    r"(?P<week>weeks?|wochen?|semaines?|semanas?)|"
    r"(?P<month>months?|monaten?|monate|mois|meses|mesi|maanden)|"
    r"(?P<year>years?|jahren?|jahre|ans?|années?|años?|anos|anni|jaar))\b",
    re.IGNORECASE,
)
_MOST_DATES: Final = 80
_MOST_DURATIONS: Final = 30
_NO_YEAR: Final = 2025


@dataclass(frozen=True, slots=True)
class CalendarDate:
    """A date in a text.

    Attributes:
        day: 1 to 31.
        month: 1 to 12.
        year: None where the text names none.
        start: Offset of its first character.
        end: One past its last.
    """

    day: int
    month: int
    year: int | None
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Duration:
    """So many days (weeks are seven) or months (years are twelve); `is_loose`: working days."""

    number: int
    in_months: bool
    is_loose: bool


def dates_of(text: str) -> list[CalendarDate]:
    """Find the dates with a day and a month, in words or as 2026-05-03, in their order.

    In `from 20 to 27 November`, both are.
    """
    worded = {
        date.start: date
        for pattern in (_MONTH_FIRST, _DAY_FIRST)
        for match in pattern.finditer(text)
        if (date := _worded(match))
    }
    for match in _RANGE.finditer(text):
        later = worded.get(match.end())
        if later is not None and 1 <= int(match["day"]) <= 31:
            start, end = match.span("day")
            worded[start] = CalendarDate(int(match["day"]), later.month, later.year, start, end)
    found = list(worded.values())
    for match in _ISO.finditer(text):
        month, day = int(match["month"]), int(match["day"])
        if 1 <= month <= 12 and 1 <= day <= 31:
            found.append(CalendarDate(day, month, int(match["year"]), *match.span()))
    return sorted(found, key=lambda date: date.start)


def durations_of(text: str, quantities: Iterable[Quantity]) -> Iterator[Duration]:
    """Find the durations in days, weeks, months and years among the numbers of a text."""
    for quantity in quantities:
        unit = _UNIT.match(text, quantity.end)
        if unit is None or not quantity.readings or not 0 < quantity.readings[0] < 4000:
            continue
        number = int(quantity.readings[0])
        factor = 7 if unit["week"] else 12 if unit["year"] else 1
        is_loose = (unit["working"] or "").lower() in {"working", "business"}
        yield Duration(number * factor, bool(unit["month"] or unit["year"]), is_loose)


def follows_from(
    date: CalendarDate, dates: Iterable[CalendarDate], durations: Iterable[Duration]
) -> bool:
    """Tell whether a date lies one of the durations, give or take a day, from another date."""
    spans = list(dict.fromkeys(durations))[:_MOST_DURATIONS]
    starts = list(dict.fromkeys((one.day, one.month, one.year) for one in dates))[:_MOST_DATES]
    for day, month, year in starts:
        base = _date(day, month, year or date.year or _NO_YEAR)
        if base is None:
            continue
        wanted = _date(date.day, date.month, date.year or base.year)
        if wanted is not None and any(_is_apart(base, wanted, span, date.year) for span in spans):
            return True
    return False


def _worded(match: re.Match[str]) -> CalendarDate | None:
    month, day = month_number(match["month"]), int(match["day"])
    if month is None or not 1 <= day <= 31:
        return None
    year = match["year"]
    return CalendarDate(day, month, int(year) if year else None, *match.span())


def _is_apart(base: dt.date, wanted: dt.date, span: Duration, year: int | None) -> bool:
    candidates = [wanted]
    if year is None:
        others = (_date(wanted.day, wanted.month, base.year + by) for by in (-1, 1))
        candidates += [other for other in others if other is not None]
    return any(_lies(base, candidate, span) for candidate in candidates)


def _lies(base: dt.date, wanted: dt.date, span: Duration) -> bool:
    apart = abs((wanted - base).days)
    if not span.in_months:
        longest = span.number * 7 // 5 + 3 if span.is_loose else span.number + 1
        return span.number - 1 <= apart <= longest
    months = abs((wanted.year - base.year) * 12 + wanted.month - base.month)
    if abs(months - span.number) > 1:
        return False
    for sign in (-1, 1):
        index = base.year * 12 + base.month - 1 + sign * span.number
        target = _date(base.day, index % 12 + 1, index // 12) or _date(
            28, index % 12 + 1, index // 12
        )
        if target is not None and abs((wanted - target).days) <= 1 + 2 * (base.day > 28):
            return True
    return False


def _date(day: int, month: int, year: int) -> dt.date | None:
    try:
        return dt.date(year, month, day)
    except (ValueError, OverflowError):
        return None
