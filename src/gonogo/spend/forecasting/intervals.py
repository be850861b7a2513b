"""Intervals from past errors: empirical quantiles, wider the fewer days they come from.

Errors are taken over half of their forecast and half of the mean of an hour at the time, so that
they are neither those of the busiest hours nor of the quietest, and grow with what is used.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Literal

import numpy as np

from gonogo.spend.forecasting.histories import DAY, WEEK, Floats
from gonogo.spend.forecasting.promotions import Combination

Level = Literal[80, 95]
"""How often the interval should hold what comes, in percent."""

_BANDS: Final = (0, 6, DAY, 2 * DAY, 4 * DAY, WEEK)
"""Hours ahead that share their errors."""

_PER_DAY: Final = 1.25
"""So many errors of a day are taken to be independent: hours beside each other err alike."""

_UNKNOWN: Final = (-2.0, 2.0)
"""Bounds where no error is known at all: from nothing to three times of the usual."""

_SPANS: Final = 4
"""The past should hold so many spans without overlap, to tell how wrong a span's sum can be."""


@dataclass(frozen=True, slots=True)
class Interval:
    """What comes lies between, `level` percent of the time.

    Attributes:
        level: In percent.
        low: At least 0.
        high: At least `low`.
    """

    level: Level
    low: Floats
    high: Floats


def interval_of_hours(combination: Combination, level: Level) -> Interval:
    """Return the interval of each hour ahead.

    Args:
        combination: The forecast and its past.
        level: In percent.
    """
    ahead = combination.ahead
    scale = (ahead + combination.level) / 2
    levels = _levels(combination)[:, None]
    errors = _relative(combination.actual - combination.past, (combination.past + levels) / 2)
    low, high = np.empty_like(ahead), np.empty_like(ahead)
    edges = [edge for edge in _BANDS if edge < ahead.size] + [ahead.size]
    bounds, measured = _UNKNOWN, float(ahead.size)
    for start, end in pairwise(edges):
        band = errors[:, start:end]
        found = band[np.isfinite(band)]
        grown = 1.0
        if found.size:
            days = combination.past_days - start / DAY
            bounds, measured = _quantiles(found, _PER_DAY * days, level), float(end)
        else:
            # Errors add up like the steps of a random walk where none were measured.
            grown = max(end / measured, 1.0) ** 0.5
        low[start:end] = ahead[start:end] + grown * bounds[0] * scale[start:end]
        high[start:end] = ahead[start:end] + grown * bounds[1] * scale[start:end]
    return Interval(level, np.maximum(low, 0.0), high)


def bounds_of_sum(
    combination: Combination, hours: tuple[int, int], level: Level
) -> tuple[float, float]:
    """Return the interval of the sum over a span of hours ahead.

    The errors are those of spans as long as the past can hold `_SPANS` times; over a longer span
    relative errors grow with the root of its length, as they do where the level is a random walk.

    Args:
        combination: The forecast and its past.
        hours: First hour ahead, from 0, and the one after the last.
        level: In percent.

    Returns:
        The lower bound, at least 0, and the upper.
    """
    start, end = hours
    if end <= start:
        return 0.0, 0.0
    known = np.isfinite(combination.actual)
    reach = int(np.flatnonzero(known.any(axis=0)).max(initial=DAY - 1)) + 1
    past = combination.past_days * DAY
    longest = max(DAY, min(reach, int(past / _SPANS)) // DAY * DAY)
    until = min(end, longest)
    since = max(0, min(start, until - (end - start)))
    used = known[:, since:until]
    enough = used.mean(axis=1) > 0.5
    said = np.where(used, combination.past[:, since:until], 0.0).sum(axis=1)[enough]
    came = np.where(used, combination.actual[:, since:until], 0.0).sum(axis=1)[enough]
    levels = (_levels(combination) * used.sum(axis=1))[enough]
    errors = _relative(came - said, (said + levels) / 2)
    low, high = _quantiles(errors, past / until, level)
    total = float(combination.ahead[start:end].sum())
    scale = (total + combination.level * (end - start)) / 2 * (end / until) ** 0.5
    return max(total + low * scale, 0.0), total + high * scale


def _levels(combination: Combination) -> Floats:
    """Return the levels before the origins; where nothing was used until then, that of now."""
    levels = combination.past_levels
    return np.where(levels > 0, levels, combination.level)


def _relative(errors: Floats, scales: Floats) -> Floats:
    """Return errors over scales; 0 where the scale is 0: nothing was used for weeks."""
    relative: Floats = np.divide(errors, scales, out=np.zeros_like(errors), where=scales > 0)
    return np.where(np.isfinite(errors), relative, np.nan)


def _quantiles(errors: Floats, independent: float, level: Level) -> tuple[float, float]:
    """Return the bounds of errors to come, at most 0 and at least 0.

    The empirical quantiles of m independent errors hold a share of (m + 1) / m less than they
    promise, as in conformal prediction (Lei et al. 2018). Where m is too small for the promise, the
    largest errors are widened as a normal tail would.

    Args:
        errors: Any number; all finite.
        independent: How many of them are independent of each other, about.
        level: In percent.
    """
    from scipy.special import ndtri  # noqa: PLC0415 - heavy: on use only

    if errors.size == 0:
        return _UNKNOWN
    m = max(independent, 1.0)
    tail = (1 - level / 100) / 2
    adjusted = tail - (0.5 - tail) / m
    low, high = np.quantile(errors, [max(adjusted, 0.0), 1 - max(adjusted, 0.0)])
    wider = 1.0 if adjusted >= 0 else max(1.0, float(ndtri(1 - tail) / ndtri(1 - 1 / (m + 2))))
    return min(float(low), 0.0) * wider, max(float(high), 0.0) * wider
