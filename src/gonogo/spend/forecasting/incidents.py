"""What stood out once and is over: not to be expected again, though it may come again.

A pattern has to be seen twice. Candidates forecast from a history without its incidents; they are
judged by what was observed, so that an incident widens the intervals.
"""

from dataclasses import replace
from itertools import pairwise
from typing import Final

import numpy as np

from gonogo.spend.forecasting.histories import DAY, WEEK, Flags, Floats, History, fill

_FEWEST_HOURS: Final = 5 * DAY
"""Below, too little is known of what is usual."""

_TIMES: Final = 3
"""An hour stands out that has three times the mean of the same hour's median and that of all, and
more than days have in their busiest hour."""

_PEAK: Final = 2
"""An incident has an hour with twice what days have in their busiest."""

_APART: Final = DAY // 4
"""Hours that stand out and lie closer together belong to one incident."""

_LONGEST: Final = 4 * DAY
"""What lasts longer than a long weekend is a habit."""

_OVER: Final = DAY // 2
"""So many usual hours show that an incident is over; before, it may be a new level."""

_BEGUN: Final = 4
"""After so many hours an incident is more than a burst."""

_SAME_HOUR: Final = 3
"""Two that begin at the same hour of the day, give or take so much, may be a pattern."""


def without_incidents(history: History) -> History:
    """Return a history whose incidents are replaced by the same hours of the nearest other day."""
    incidents = find_incidents(history.values, history.known)
    if not incidents.any():
        return history
    return replace(history, values=fill(history.values, history.known & ~incidents))


def find_incidents(values: Floats, known: Flags) -> Flags:
    """Return which hours belong to incidents.

    Args:
        values: At least two days, without a gap.
        known: Which of them were observed.
    """
    found = np.zeros(values.size, dtype=np.bool_)
    runs = _outstanding(values, known)
    if len(runs) > max(1, values.size // (2 * WEEK)):
        return found  # bursts are usual
    for first, after in runs:
        others = (start for start, _ in runs if start != first)
        if (
            after <= values.size - _OVER
            and after - first <= min(_LONGEST, values.size // 4)
            and not any(_same_hour(first, start) for start in others)
        ):
            found[first:after] = True
    return found


def is_under_way(values: Floats) -> bool:
    """Say whether an incident has lasted for some hours, and until now.

    Args:
        values: One an hour up to now, at least 0.
    """
    runs = _outstanding(values, np.ones(values.size, dtype=np.bool_))
    return any(
        after == values.size
        and after - first >= _BEGUN
        and values[first:].max() > _PEAK * values[:first].max()
        for first, after in runs
        if first
    )


def _outstanding(values: Floats, known: Flags) -> list[tuple[int, int]]:
    """Return the first hour of each run of hours that stand out, and the one after its last."""
    days = values[values.size % DAY :].reshape(-1, DAY)
    peak = float(np.median(days.max(axis=1)))
    if values.size < _FEWEST_HOURS or peak <= 0:
        return []
    usual = np.array([np.median(values[hour::DAY]) for hour in range(DAY)])
    usual = usual[np.arange(values.size) % DAY]
    least = np.maximum(_TIMES * (usual + float(np.median(values))) / 2, peak)
    return [
        (first, after)
        for first, after in _runs(np.flatnonzero((values > least) & known))
        if values[first:after].max() > _PEAK * peak
    ]


def _runs(hours: "np.ndarray[tuple[int], np.dtype[np.intp]]") -> list[tuple[int, int]]:
    """Return the first hour of each run and the one after its last."""
    if hours.size == 0:
        return []
    breaks = [0, *(np.flatnonzero(np.diff(hours) > _APART) + 1).tolist(), hours.size]
    return [(int(hours[a]), int(hours[b - 1]) + 1) for a, b in pairwise(breaks)]


def _same_hour(one: int, other: int) -> bool:
    apart = abs(one - other) % DAY
    return min(apart, DAY - apart) <= _SAME_HOUR
