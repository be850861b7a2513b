"""Periods of limits: calendar days, weeks and months in a time zone, and rolling windows.

Times are microseconds since 1970 in UTC, so that every store and language can compare them.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from enum import StrEnum
from typing import Final

ROLLING_SLOTS: Final = 1440
"""A rolling window is made of so many slots, 24 hours of minutes: what was spent leaves it at most
one slot later than to the microsecond, never earlier."""

FOREVER: Final = 9_000_000_000_000_000
"""The year 2255; a whole number that doubles, as Redis computes with, still hold exactly."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_LENGTH: Final = re.compile(r"([1-9][0-9]{0,5})([mhdw])")
_UNITS: Final = {
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}
_LONGEST: Final = timedelta(days=366)


class Period(StrEnum):
    """How long a limit's amount lasts."""

    DAILY = "daily"
    WEEKLY = "weekly"
    """From Monday."""
    MONTHLY = "monthly"
    ROLLING = "rolling"
    """The time up to now, as long as the limit says."""


@dataclass(frozen=True, slots=True)
class Window:
    """The time in which a limit's amount may be spent.

    Attributes:
        starts: First microsecond; 0 where it rolls.
        ends: First microsecond after it; `FOREVER` where it rolls.
        length: Of a rolling window, in microseconds; 0 where it does not roll.
        slot: Length of the slots of a rolling window, in microseconds; 0 likewise.
    """

    starts: int
    ends: int
    length: int = 0
    slot: int = 0


def microseconds_of(moment: datetime) -> int:
    """Return a time as microseconds since 1970.

    Raises:
        ValueError: If it has no time zone, or lies outside of 1970 to 2255.
    """
    if moment.tzinfo is None:
        raise ValueError(f"expected a time with its time zone, got {moment.isoformat()}")
    microseconds = (moment - _EPOCH) // _MICROSECOND
    if not 0 <= microseconds < FOREVER:
        raise ValueError(f"expected a time from 1970 to 2255, got {moment.isoformat()}")
    return microseconds


def moment_of(microseconds: int) -> datetime:
    """Return a time from microseconds since 1970, in UTC."""
    return _EPOCH + timedelta(microseconds=microseconds)


def parse_length(text: str) -> timedelta:
    """Read the length of a rolling window: `90m`, `24h`, `7d`, `4w`.

    Raises:
        ValueError: If it is none, or longer than 366 days.
    """
    match = _LENGTH.fullmatch(text)
    length = int(match[1]) * _UNITS[match[2]] if match else None
    if length is None or length > _LONGEST:
        raise ValueError(
            f"expected a length of up to 366 days such as '90m', '24h', '7d' or '4w', got {text!r}"
        )
    return length


def calendar_window(period: Period, zone: tzinfo, at: int) -> Window:
    """Return the day, week or month that holds a moment.

    Days are as long as the zone makes them: 23 or 25 hours where clocks change. A midnight that is
    left out begins when the clocks go on, one that comes twice the first time.

    Args:
        period: Not a rolling one.
        zone: Where it is which day.
        at: Microseconds since 1970.
    """
    today = moment_of(at).astimezone(zone).date()
    match period:
        case Period.DAILY:
            first, after = today, today + timedelta(days=1)
        case Period.WEEKLY:
            first = today - timedelta(days=today.weekday())
            after = first + timedelta(days=7)
        case Period.MONTHLY:
            first = today.replace(day=1)
            after = (first + timedelta(days=32)).replace(day=1)
        case Period.ROLLING:
            raise ValueError("a rolling window is no part of the calendar")
    return Window(_midnight(first, zone), _midnight(after, zone))


def rolling_window(length: timedelta) -> Window:
    """Return a window of the time up to now."""
    microseconds = length // _MICROSECOND
    return Window(0, FOREVER, microseconds, microseconds // ROLLING_SLOTS)


def _midnight(day: date, zone: tzinfo) -> int:
    local = datetime(day.year, day.month, day.day, tzinfo=zone)
    return max(microseconds_of(local.astimezone(UTC)), 0)
