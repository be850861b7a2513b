"""How long was observed, whatever clocks say and however many days nothing was logged."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final

_MOST_DAYS: Final = 5000
_LONGEST_GAP: Final = 31
"""Days without a call after which a new part begins."""

_LEAST_SHARE: Final = Decimal("0.01")
"""Of the calls; a smaller part is a clock that was wrong, or a leftover."""

_DAY: Final = timedelta(days=1)


@dataclass(slots=True)
class _Part:
    first: datetime
    last: datetime
    calls: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """What time the calls are of.

    Attributes:
        first: When the first of them began; None: no one has a time.
        last: Likewise the last.
        days: How many days that is, at least 1: a day that has begun counts as a whole, and gaps of
            more than a month are not in it.
        apart: How many calls lie apart from the others, and are not of that time.
    """

    first: datetime | None
    last: datetime | None
    days: int
    apart: int


class ObservedTime:
    """Notes the times of calls; memory is bounded by days."""

    def __init__(self) -> None:
        self._days: dict[int, _Part] = {}
        self._beyond = 0

    def note(self, at: datetime) -> None:
        """Take the time of a call."""
        day = at.astimezone(UTC).toordinal()
        part = self._days.get(day)
        if part is not None:
            part.first, part.last = min(part.first, at), max(part.last, at)
            part.calls += 1
        elif len(self._days) < _MOST_DAYS:
            self._days[day] = _Part(at, at, 1)
        else:
            self._beyond += 1

    def observed(self) -> Observed:
        """Return what time was observed."""
        parts = self._parts()
        calls = sum(part.calls for part in parts)
        kept = [part for part in parts if part.calls >= calls * _LEAST_SHARE]
        return Observed(
            first=kept[0].first if kept else None,
            last=kept[-1].last if kept else None,
            days=max(sum((part.last - part.first) // _DAY + 1 for part in kept), 1),
            apart=self._beyond + calls - sum(part.calls for part in kept),
        )

    def _parts(self) -> list[_Part]:
        """Join days that no gap of more than a month parts."""
        parts: list[_Part] = []
        last = 0
        for day in sorted(self._days):
            found = self._days[day]
            if parts and day - last <= _LONGEST_GAP:
                whole = parts[-1]
                whole.last, whole.calls = found.last, whole.calls + found.calls
            else:
                parts.append(_Part(found.first, found.last, found.calls))
            last = day
        return parts
