"""What a day, a month and a limit come to: what was spent and what is foreseen, by the calendar."""

from dataclasses import dataclass
from datetime import datetime, tzinfo
from decimal import Decimal
from typing import Final

import numpy as np

from gonogo.spend.forecasting.forecasts import MOST_AHEAD, Outlook, foresee_totals
from gonogo.spend.forecasting.histories import DAY, WEEK, Floats
from gonogo.spend.forecasting.hourly_sums import HOUR, HourlySums, hours_until
from gonogo.spend.forecasting.intervals import Level
from gonogo.spend.periods import Period, calendar_window, microseconds_of, moment_of

_MICRO: Final = Decimal("0.000001")


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """An amount that is not known yet, in the unit of the sums; all at least 0.

    Attributes:
        likely: What is expected.
        low_80: With `high_80`, holds what comes four times out of five.
        high_80: The upper bound.
        low_95: With `high_95`, holds it 19 times out of 20.
        high_95: The upper bound.
    """

    likely: Decimal
    low_80: Decimal
    high_80: Decimal
    low_95: Decimal
    high_95: Decimal

    def plus(self, amount: Decimal) -> "Estimate":
        """Return the estimate with an amount added that is known."""
        return Estimate(
            likely=self.likely + amount,
            low_80=self.low_80 + amount,
            high_80=self.high_80 + amount,
            low_95=self.low_95 + amount,
            high_95=self.high_95 + amount,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class BurnRate:
    """How fast it is spent.

    Attributes:
        per_hour: Mean of the hours of the last day that were observed.
        per_day: 24 times the mean of the hours of the last week that were observed.
    """

    per_hour: Decimal
    per_day: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Projection:
    """What a period of the calendar comes to; `total` is `spent` plus `ahead`.

    Attributes:
        starts: In the zone asked for.
        ends: First moment after it, likewise.
        spent: Within it, in the hours that are over.
        ahead: What is still to come of it.
        total: Both.
        notes: What to know before trusting it, one sentence each.
    """

    starts: datetime
    ends: datetime
    spent: Decimal
    ahead: Estimate
    total: Estimate
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NotBy:
    """A limit is not hit by the end of what is looked at.

    Attributes:
        end: In the zone asked for.
    """

    end: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitHit:
    """When a limit will be hit, or was.

    Attributes:
        earliest: Start of the first hour in which it may be, by the upper bound.
        likely: By the forecast.
        latest: End of the hour in which it will be even by the lower bound.
        spent: Of the limit, in the hours that are over.
        is_past: Whether it was hit already: the three times are the end of that hour.
    """

    earliest: datetime | NotBy
    likely: datetime | NotBy
    latest: datetime | NotBy
    spent: Decimal
    is_past: bool = False


def foresee(sums: HourlySums, until: datetime) -> Outlook:
    """Foresee what adds up from the last hour that is over up to a moment.

    Raises:
        UnusableHistoryError: If fewer than two days were observed.
        ValueError: If the moment is not within the next five weeks.
    """
    hours = hours_until(sums.ends, until)
    if not 1 <= hours <= MOST_AHEAD:
        raise ValueError(
            f"until: expected a time within {MOST_AHEAD // DAY} days after"
            f" {sums.ends.isoformat()}, got {until.isoformat()}"
        )
    return foresee_totals(sums.values, hours, missing=sums.gaps)


def burn_rate_of(sums: HourlySums) -> BurnRate:
    """Return how fast it is spent; 0 where nothing was observed."""
    return BurnRate(
        per_hour=_mean(sums, DAY).quantize(_MICRO),
        per_day=(DAY * _mean(sums, WEEK)).quantize(_MICRO),
    )


def end_of_month(sums: HourlySums, zone: tzinfo) -> datetime:
    """Return when the month ends in which the first hour ahead lies."""
    window = calendar_window(Period.MONTHLY, zone, microseconds_of(sums.ends))
    return moment_of(window.ends).astimezone(zone)


def project_month(sums: HourlySums, outlook: Outlook, zone: tzinfo) -> Projection:
    """Return what the calendar month comes to in which the first hour ahead lies.

    Args:
        sums: What was spent.
        outlook: Up to the end of the month at least: `foresee(sums, end_of_month(sums, zone))`.
        zone: The account's; hours count to the month in which they begin.

    Raises:
        ValueError: If the outlook ends before the month does.
    """
    window = calendar_window(Period.MONTHLY, zone, microseconds_of(sums.ends))
    return _project(sums, outlook, _moments(window.starts, window.ends, zone))


def project_days(sums: HourlySums, outlook: Outlook, zone: tzinfo) -> tuple[Projection, ...]:
    """Return what each calendar day comes to, from the one under way to the outlook's last whole.

    A day is as long as the zone makes it: 23 or 25 hours where clocks change.

    Args:
        sums: What was spent.
        outlook: From the same sums.
        zone: The account's; hours count to the day in which they begin.
    """
    days: list[Projection] = []
    last = sums.ends + outlook.hours.size * HOUR
    moment = microseconds_of(sums.ends)
    while True:
        window = calendar_window(Period.DAILY, zone, moment)
        starts, ends = _moments(window.starts, window.ends, zone)
        if ends > last:
            return tuple(days)
        days.append(_project(sums, outlook, (starts, ends)))
        moment = window.ends


def project_limit(
    sums: HourlySums,
    outlook: Outlook,
    limit: Decimal,
    *,
    since: datetime,
    until: datetime | None = None,
    level: Level = 80,
) -> LimitHit:
    """Return when a limit will be hit.

    Args:
        sums: What was spent.
        outlook: From the same sums.
        limit: In the unit of the sums, more than 0.
        since: When the limit began to count, with the zone in which times are given back.
        until: When it begins anew; None: not within the outlook.
        level: Of the interval, in percent.

    Raises:
        ValueError: If the limit is not more than 0.
    """
    demand_limit(limit)
    spent = sums.between(since, sums.ends)
    zone = since.tzinfo
    reached = sums.reached(limit, since)
    if reached is not None:
        at = reached.astimezone(zone)
        return LimitHit(earliest=at, likely=at, latest=at, spent=spent, is_past=True)
    if spent + sums.unfinished >= limit:
        at = (sums.ends + HOUR).astimezone(zone)
        return LimitHit(
            earliest=at, likely=at, latest=at, spent=spent + sums.unfinished, is_past=True
        )
    ahead = outlook.hours.size if until is None else max(hours_until(sums.ends, until), 0)
    low, likely, high = (curve[:ahead] for curve in outlook.curves(level))
    left = float(limit - spent)
    end = NotBy((sums.ends + likely.size * HOUR).astimezone(zone))

    def moment(hours: float | None) -> datetime | NotBy:
        return end if hours is None else (sums.ends + hours * HOUR).astimezone(zone)

    first, last = _hour_of(high, left), _hour_of(low, left)
    return LimitHit(
        earliest=moment(first),
        likely=moment(_part_of_hour(likely, left)),
        latest=moment(None if last is None else last + 1),
        spent=spent,
    )


def demand_limit(limit: Decimal) -> None:
    """Refuse a limit that is not more than 0.

    Raises:
        ValueError: If so.
    """
    if not (limit.is_finite() and limit > 0):
        raise ValueError(f"limit: expected more than 0, got {limit}")


def _project(sums: HourlySums, outlook: Outlook, period: tuple[datetime, datetime]) -> Projection:
    starts, ends = period
    spent = sums.between(starts, ends)
    first, last = (max(hours_until(sums.ends, moment), 0) for moment in period)
    ahead = _estimate(outlook, first, last)
    notes = outlook.notes
    if starts < sums.starts:
        since = sums.starts.astimezone(starts.tzinfo).isoformat()
        notes = (*notes, f"what was spent before {since} is not known and not in it")
    return Projection(
        starts=starts,
        ends=ends,
        spent=spent,
        ahead=ahead,
        total=ahead.plus(spent),
        notes=notes,
    )


def _estimate(outlook: Outlook, start: int, end: int) -> Estimate:
    low_80, high_80 = outlook.bounds(start, end, 80)
    low_95, high_95 = outlook.bounds(start, end, 95)
    return Estimate(
        likely=_amount(outlook.total(start, end)),
        low_80=_amount(low_80),
        high_80=_amount(high_80),
        low_95=_amount(low_95),
        high_95=_amount(high_95),
    )


def _amount(value: float) -> Decimal:
    return Decimal(repr(value)).quantize(_MICRO)


def _mean(sums: HourlySums, hours: int) -> Decimal:
    last = sums.sums[-hours:]
    missing = sums.missing[-hours:] or (False,) * len(last)
    seen = [value for value, gap in zip(last, missing, strict=True) if not gap]
    return sum(seen, Decimal(0)) / len(seen) if seen else Decimal(0)


def _moments(starts: int, ends: int, zone: tzinfo) -> tuple[datetime, datetime]:
    return moment_of(starts).astimezone(zone), moment_of(ends).astimezone(zone)


def _hour_of(curve: Floats, amount: float) -> int | None:
    """Return the hour ahead, from 0, by whose end a rising curve has come to an amount."""
    place = int(np.searchsorted(curve, amount))
    return place if place < curve.size else None


def _part_of_hour(curve: Floats, amount: float) -> float | None:
    place = _hour_of(curve, amount)
    if place is None:
        return None
    before = float(curve[place - 1]) if place else 0.0
    return place + (amount - before) / (float(curve[place]) - before)
