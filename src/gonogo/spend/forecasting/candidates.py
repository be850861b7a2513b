"""What may forecast: the champions, their challengers, and all their forecasts at once."""

from collections.abc import Sequence
from itertools import product
from typing import Final

import numpy as np

from gonogo.spend.forecasting.histories import DAY, WEEK, Floats
from gonogo.spend.forecasting.level_breaks import RaisedWeek
from gonogo.spend.forecasting.profiles import Profile, TrendedProfile
from gonogo.spend.forecasting.smoothing import Smoothing, smooth

Candidate = Profile | TrendedProfile | RaisedWeek | Smoothing

LAST_DAY: Final = Profile(DAY, 1)
"""Seasonal-naive by day: the champion where nothing better has been shown."""

LAST_WEEK: Final = Profile(WEEK, 1)
"""Seasonal-naive by week: the champion where it was the better of the two."""

RAISED_WEEK: Final = RaisedWeek()
"""Stands in for either after a break of the level."""

_PROFILES: Final[tuple[Candidate, ...]] = (
    LAST_DAY,
    LAST_WEEK,
    *(Profile(DAY, days) for days in (2, 3, 5, 7, 14, 28)),
    *(Profile(DAY, days, by_median=True) for days in (3, 5, 7)),
    *(Profile(DAY, days, level=DAY) for days in (2, 3, 5)),
    *(Profile(DAY, days, level=2 * DAY) for days in (3, 7)),
    *(Profile(WEEK, weeks) for weeks in (2, 3, 4, 8)),
    *(Profile(WEEK, weeks, by_median=True) for weeks in (3, 4)),
    *(Profile(WEEK, weeks, level=level) for weeks in (1, 2, 3) for level in (DAY, WEEK)),
)
_TRENDED: Final[tuple[Candidate, ...]] = tuple(
    TrendedProfile(period, days, damping)
    for period, days in ((DAY, 7), (DAY, 14), (WEEK, 14), (WEEK, 28))
    for damping in (0.9, 0.97)
)
_MEMORIES: Final = (0.0, 0.5, 0.8, 0.95)
_DAILY: Final = tuple(
    Smoothing(level, day, 0.0, memory)
    for level, day, memory in product((0.01, 0.05, 0.2, 0.5), (0.02, 0.1, 0.3), _MEMORIES)
)
_WEEKLY: Final = tuple(
    Smoothing(level, day, week, memory)
    for level, (day, week), memory in product(
        (0.002, 0.01, 0.05, 0.2),
        ((0.02, 0.1), (0.1, 0.1), (0.1, 0.3), (0.02, 0.3), (0.3, 0.05)),
        _MEMORIES,
    )
)

_FIRST_WEEKLY: Final = 2 * WEEK
"""Smoothing with a season of a week spends the first week to begin, and needs one to be judged."""

_OFFSET: Final = 0.1
"""Added before logarithms where some hours have next to none, in means of the busy hours."""


def candidates_for(hours: int) -> tuple[Candidate, ...]:
    """Return what may forecast from a history of so many hours, `LAST_DAY` first."""
    profiles = tuple(c for c in (*_PROFILES, *_TRENDED, RAISED_WEEK) if c.hours <= hours)
    grids = (_DAILY, _WEEKLY) if hours >= _FIRST_WEEKLY else (_DAILY,)
    smoothings = tuple(setting for grid in grids for setting in grid)
    return (*profiles, *smoothings, *(_of_logarithms(setting) for setting in smoothings))


def extend_all(values: Floats, origins: Sequence[int], horizon: int) -> Floats:
    """Return the forecasts of all candidates from several places of a series.

    Args:
        values: One an hour, at least 0, two days or more.
        origins: How many hours are known to each forecast, ascending, at least a day.
        horizon: Hours ahead, at least 1.

    Returns:
        (origins, candidates, horizon), at least 0; NaN where a candidate needs more history.
    """
    candidates = candidates_for(values.size)
    found = np.full((len(origins), len(candidates), horizon), np.nan)
    kinds: dict[tuple[bool, bool], list[tuple[int, Smoothing]]] = {}
    for place, candidate in enumerate(candidates):
        if isinstance(candidate, Smoothing):
            kind = (candidate.week > 0, candidate.of_logarithms)
            kinds.setdefault(kind, []).append((place, candidate))
            continue
        for row, origin in enumerate(origins):
            if origin >= candidate.hours:
                found[row, place] = candidate.extend(values[:origin], horizon)
    for members in kinds.values():
        places, settings = zip(*members, strict=True)
        ahead = _smooth(values, settings, origins, horizon)
        for row, origin in enumerate(origins):
            if origin >= settings[0].hours:
                found[row, list(places)] = ahead[origin]
    np.maximum(found, 0.0, out=found)
    return found


def _of_logarithms(setting: Smoothing) -> Smoothing:
    return Smoothing(setting.level, setting.day, setting.week, setting.memory, of_logarithms=True)


def _smooth(
    values: Floats, settings: Sequence[Smoothing], origins: Sequence[int], horizon: int
) -> dict[int, Floats]:
    if not settings[0].of_logarithms:
        return smooth(values, settings, origins, horizon)
    busy = values[values > 0]
    mean = float(busy.mean()) if busy.size else 1.0
    offset = 0.0 if values.min() > mean / 20 else _OFFSET * mean
    logarithms = np.log(values + offset)
    # An hour e times as large as the largest ever is not believed.
    highest = float(logarithms.max()) + 1
    return {
        origin: np.exp(np.minimum(ahead, highest)) - offset
        for origin, ahead in smooth(logarithms, settings, origins, horizon).items()
    }
