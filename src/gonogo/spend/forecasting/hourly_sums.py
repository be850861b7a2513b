"""Sums of exchanges by the hour, in one pass and bounded memory: what a forecast starts from."""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import accumulate
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from gonogo.errors import UnpricedModelError, UnusableHistoryError
from gonogo.exchanges import Exchange
from gonogo.pricing import Prices, cost_of
from gonogo.spend.forecasting.histories import Flags, Floats

Measure = Callable[[Exchange], Decimal | int | None]
"""What of an exchange is summed, at least 0; None where it is not known."""

HOUR: Final = timedelta(hours=1)

MOST_DAYS: Final = 400
"""What is older is counted, not summed: more than a year, so that memory is bounded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HourlySums:
    """Sums of whole hours.

    Attributes:
        starts: When the first hour begins, in UTC, on the hour.
        sums: One an hour without a gap, oldest first, at least 0; US dollars or tokens. An hour
            without an exchange is 0.
        missing: Which hours were not observed, or not wholly; as long as `sums`.
        unfinished: Sum of the hour that was not over; not in `sums`.
        unmeasured: How many exchanges had no value: a model without a price, no usage.
        undated: How many had no time; they are not in `sums`.
        outside: How many were older than what is summed, or later than now; likewise.
    """

    starts: datetime
    sums: tuple[Decimal, ...]
    missing: tuple[bool, ...] = ()
    unfinished: Decimal = Decimal(0)
    unmeasured: int = 0
    undated: int = 0
    outside: int = 0

    @property
    def ends(self) -> datetime:
        """When the last hour is over."""
        return self.starts + len(self.sums) * HOUR

    @property
    def values(self) -> Floats:
        """The sums as an array."""
        return np.array([float(value) for value in self.sums])

    @property
    def gaps(self) -> Flags | None:
        """Which hours were not observed, as an array; None: all were."""
        return np.array(self.missing, dtype=np.bool_) if any(self.missing) else None

    def between(self, start: datetime, end: datetime) -> Decimal:
        """Return the sum of the hours that begin at `start` or later and before `end`."""
        first, last = (
            min(max(hours_until(self.starts, t), 0), len(self.sums)) for t in (start, end)
        )
        return sum(self.sums[first:last], Decimal(0))

    def reached(self, amount: Decimal, start: datetime) -> datetime | None:
        """Return the end of the hour in which what is summed since `start` came to an amount.

        None: it has not come to it.
        """
        first = min(max(hours_until(self.starts, start), 0), len(self.sums))
        totals = list(accumulate(self.sums[first:]))
        place = bisect_left(totals, amount)
        return self.starts + (first + place + 1) * HOUR if place < len(totals) else None


def sum_by_hour(
    exchanges: Iterable[Exchange],
    measure: Measure,
    *,
    now: datetime,
    unobserved: Sequence[tuple[datetime, datetime]] = (),
) -> HourlySums:
    """Sum exchanges by the hour up to the last hour that is over.

    Args:
        exchanges: In any order; read once, none is kept.
        measure: What of an exchange is summed: `cost_with(prices)` or `tokens_of`.
        now: With its time zone.
        unobserved: Times, each from one moment up to another, in which exchanges happened that are
            not among these: a recorder that was down, a lost file.

    Raises:
        UnusableHistoryError: If `now` has no time zone or a value is negative.
    """
    if now.tzinfo is None:
        raise UnusableHistoryError(
            f"now: expected a time with its time zone, got {now.isoformat()}"
        )
    this_hour = _hour_of(now)
    tally = _Tally(now=this_hour, since=this_hour - MOST_DAYS * 24)
    for exchange in exchanges:
        tally.add(exchange, measure)
    first = min(tally.sums, default=this_hour)
    sums = tuple(tally.sums.get(hour, Decimal(0)) for hour in range(first, this_hour))
    found = HourlySums(
        starts=_EPOCH + first * HOUR,
        sums=sums,
        unfinished=tally.sums.get(this_hour, Decimal(0)),
        unmeasured=tally.unmeasured,
        undated=tally.undated,
        outside=tally.outside,
    )
    return replace(found, missing=_missing(found, unobserved)) if unobserved else found


def sums_of(values: ArrayLike, starts: datetime, *, per_hour: int = 1) -> HourlySums:
    """Return hourly sums from an array of sums of an hour or finer.

    Args:
        values: One sum a bin, oldest first; NaN where a bin was not observed. Bins that make no
            whole hour at the end are left out.
        starts: When the first begins, on the hour, with its time zone.
        per_hour: Bins of an hour, at least 1.

    Raises:
        UnusableHistoryError: If a value is infinite or negative, or `starts` is not on the hour.
    """
    if starts.tzinfo is None or starts.astimezone(UTC) != _EPOCH + _hour_of(starts) * HOUR:
        raise UnusableHistoryError(
            f"starts: expected a full hour with its time zone, got {starts.isoformat()}"
        )
    bins = np.asarray(values, dtype=np.float64)
    wrong = np.flatnonzero((bins < 0) | np.isinf(bins))
    if wrong.size:
        place = int(wrong[0])
        raise UnusableHistoryError(f"bin {place}: expected at least 0, got {float(bins[place])!r}")
    hours = bins[: bins.size // per_hour * per_hour].reshape(-1, per_hour)
    unknown: Flags = np.isnan(hours)
    return HourlySums(
        starts=starts.astimezone(UTC),
        sums=tuple(Decimal(repr(float(value))) for value in np.nansum(hours, axis=1)),
        missing=tuple(any(gaps) for gaps in unknown.tolist()),
    )


def cost_with(prices: Prices) -> Measure:
    """Return what measures the cost of an exchange, in US dollars; unknown without a price."""

    def measure(exchange: Exchange) -> Decimal | None:
        try:
            return cost_of(exchange, prices)
        except UnpricedModelError:
            return None

    return measure


def tokens_of(exchange: Exchange) -> int | None:
    """Return input and output tokens of an exchange; None where they were not recorded."""
    return exchange.usage.total_tokens if exchange.usage is not None else None


def hours_until(start: datetime, end: datetime) -> int:
    """Return how many hours begin from `start`, itself on the hour, and before `end`."""
    return -((start - end) // HOUR)


class _Tally:
    """Running sums by hours since 1970."""

    def __init__(self, *, now: int, since: int) -> None:
        self.now, self.since = now, since
        self.sums: dict[int, Decimal] = {}
        self.unmeasured = self.undated = self.outside = 0

    def add(self, exchange: Exchange, measure: Measure) -> None:
        if exchange.at is None:
            self.undated += 1
            return
        hour = _hour_of(exchange.at)
        if not self.since <= hour <= self.now:
            self.outside += 1
            return
        value = measure(exchange)
        if value is None:
            self.unmeasured += 1
        elif value < 0:
            raise UnusableHistoryError(
                f"exchange {exchange.id!r}: expected a value of at least 0, got {value}"
            )
        self.sums[hour] = self.sums.get(hour, Decimal(0)) + (value or 0)


def _missing(
    found: HourlySums, unobserved: Sequence[tuple[datetime, datetime]]
) -> tuple[bool, ...]:
    missing = [False] * len(found.sums)
    for start, end in unobserved:
        first = max((start - found.starts) // HOUR, 0)
        for place in range(first, min(hours_until(found.starts, end), len(missing))):
            missing[place] = True
    return tuple(missing)


_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def _hour_of(moment: datetime) -> int:
    return (moment.astimezone(UTC) - _EPOCH) // HOUR
