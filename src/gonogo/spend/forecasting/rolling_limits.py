"""When a limit is hit whose period rolls: what was spent in the last hours, days or weeks."""

from datetime import datetime, timedelta, tzinfo
from decimal import Decimal
from typing import Final

import numpy as np

from gonogo.spend.forecasting.forecasts import Outlook
from gonogo.spend.forecasting.histories import DAY, Floats
from gonogo.spend.forecasting.hourly_sums import HOUR, HourlySums
from gonogo.spend.forecasting.intervals import Level
from gonogo.spend.forecasting.projections import LimitHit, NotBy, demand_limit

_MARKS_A_DAY: Final = 4


def project_rolling_limit(
    sums: HourlySums,
    outlook: Outlook,
    limit: Decimal,
    *,
    length: timedelta,
    zone: tzinfo,
    level: Level = 80,
) -> LimitHit:
    """Return when the sum over a window that ends now, and moves on, will come to a limit.

    Args:
        sums: What was spent.
        outlook: From the same sums.
        limit: In the unit of the sums, more than 0.
        length: Of the window, more than 0; it is rounded up to whole hours.
        zone: In which times are given back.
        level: Of the interval, in percent.

    Raises:
        ValueError: If the limit or the length is not more than 0.
    """
    demand_limit(limit)
    if length <= timedelta(0):
        raise ValueError(f"length: expected more than 0, got {length}")
    hours = -(-length // HOUR)
    spent = sums.between(sums.ends - hours * HOUR, sums.ends)
    if spent >= limit:
        at = (sums.ends - _hours_since(sums, hours, limit) * HOUR).astimezone(zone)
        return LimitHit(earliest=at, likely=at, latest=at, spent=spent, is_past=True)
    low, likely, high = _curves(sums, outlook, hours, level)
    end = NotBy((sums.ends + likely.size * HOUR).astimezone(zone))
    amount = float(limit)

    def moment(curve: Floats, added: int) -> datetime | NotBy:
        places = np.flatnonzero(curve >= amount)
        if places.size == 0:
            return end
        return (sums.ends + (int(places[0]) + added) * HOUR).astimezone(zone)

    return LimitHit(
        earliest=moment(high, 0), likely=moment(likely, 1), latest=moment(low, 1), spent=spent
    )


def _hours_since(sums: HourlySums, hours: int, limit: Decimal) -> int:
    """Return how many hours ago the sum of the window came to the limit that it is at now."""
    ago, total = 0, sums.between(sums.ends - hours * HOUR, sums.ends)
    while ago < len(sums.sums):
        left, came = len(sums.sums) - 1 - ago, len(sums.sums) - 1 - ago - hours
        total += (sums.sums[came] if came >= 0 else Decimal(0)) - sums.sums[left]
        if total < limit:
            break
        ago += 1
    return ago


def _curves(
    sums: HourlySums, outlook: Outlook, hours: int, level: Level
) -> tuple[Floats, Floats, Floats]:
    """Return what the window holds at the end of each hour ahead: at least, likely and at most."""
    size = outlook.hours.size
    ages = np.arange(1, size + 1)
    known = np.concatenate([[0.0], np.cumsum(sums.values[::-1][:hours])])
    still = known[np.clip(hours - ages, 0, known.size - 1)]
    added = np.concatenate([[0.0], np.cumsum(outlook.hours)])
    likely: Floats = still + added[ages] - added[np.maximum(ages - hours, 0)]
    marks = sorted({*range(0, size, DAY // _MARKS_A_DAY), min(hours, size), size} - {0})
    bounds = np.array([outlook.bounds(max(0, mark - hours), mark, level) for mark in marks])
    totals = np.array([outlook.total(max(0, mark - hours), mark) for mark in marks])
    low, high = (
        likely + np.interp(ages, [0, *marks], np.concatenate([[0.0], side - totals]))
        for side in bounds.T
    )
    return np.maximum(low, still), likely, high
