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

_DOUBT: Final = 0.1
"""A past without noise does not show that there is none: no interval is narrower than if one more
day had been seen, wrong by so much of its scale."""

_MOST_GROWTH: Final = 2.0
"""How much larger errors are taken to become as what is used grows. A jump of the level is an error
as large as the new level; in proportion to the old one it would be multiplied by the jump again."""

_WORSE: Final = 1.5
"""No sum is off by more an hour than so many times the worst day of the past was."""

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
    scales = _grown((combination.past + levels) / 2, float(scale.mean()))
    errors = _relative(combination.actual - combination.past, scales)
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
    relative errors grow with the root of its length, as they do where the level is a random walk,
    up to `_WORSE`.

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
    total = float(combination.ahead[start:end].sum())
    scale = (total / (end - start) + combination.level) / 2
    span = _measured(combination, start, end)
    low, high = _quantiles(
        _errors_of_sums(combination, span, scale), combination.past_days * DAY / span.stop, level
    )
    grown = (end / span.stop) ** 0.5
    days = _errors_of_days(combination, scale)
    low = max(low * grown, min(low, _WORSE * float(days.min(initial=low))))
    high = min(high * grown, max(high, _WORSE * float(days.max(initial=high))))
    scale *= end - start
    return max(total + low * scale, 0.0), total + high * scale


def _measured(combination: Combination, start: int, end: int) -> slice:
    """Return the hours ahead, at most as many, whose sums the past can hold often enough."""
    known = np.isfinite(combination.actual)
    reach = int(np.flatnonzero(known.any(axis=0)).max(initial=DAY - 1)) + 1
    longest = max(DAY, min(reach, int(combination.past_days * DAY / _SPANS)) // DAY * DAY)
    until = min(end, longest)
    return slice(max(0, min(start, until - (end - start))), until)


def _errors_of_sums(combination: Combination, span: slice, now: float) -> Floats:
    """Return the errors of the sums of a span, over their hours and scales.

    Args:
        combination: The forecast and its past.
        span: Hours ahead.
        now: The mean scale of an hour ahead.
    """
    used = np.isfinite(combination.actual)[:, span]
    enough = used.mean(axis=1) > 0.5
    counts = used.sum(axis=1)[enough]
    said = np.where(used, combination.past[:, span], 0.0).sum(axis=1)[enough]
    came = np.where(used, combination.actual[:, span], 0.0).sum(axis=1)[enough]
    scales = (said / counts + _levels(combination)[enough]) / 2
    return _relative(came - said, counts * _grown(scales[:, None], now)[:, 0])


def _errors_of_days(combination: Combination, now: float) -> Floats:
    """Return the errors of the sums of each of the first days ahead, likewise."""
    ends = range(DAY, min(combination.actual.shape[1], WEEK) + 1, DAY)
    spans = [slice(end - DAY, end) for end in ends]
    return np.concatenate([_errors_of_sums(combination, span, now) for span in spans])


def _levels(combination: Combination) -> Floats:
    """Return the levels before the origins; where nothing was used until then, that of now."""
    levels = combination.past_levels
    return np.where(levels > 0, levels, combination.level)


def _grown(scales: Floats, now: float) -> Floats:
    """Return scales of the past, raised where they have grown by more than `_MOST_GROWTH` since.

    Args:
        scales: (origins, hours).
        now: The mean scale of an hour ahead.
    """
    means = scales.mean(axis=1, keepdims=True)
    raised: Floats = scales * np.maximum(
        np.divide(now / _MOST_GROWTH, means, out=np.ones_like(means), where=means > 0), 1.0
    )
    return raised


def _relative(errors: Floats, scales: Floats) -> Floats:
    """Return errors over scales; 0 where the scale is 0: nothing was used for weeks."""
    relative: Floats = np.divide(errors, scales, out=np.zeros_like(errors), where=scales > 0)
    return np.where(np.isfinite(errors), relative, np.nan)


def _quantiles(errors: Floats, independent: float, level: Level) -> tuple[float, float]:
    """Return the bounds of errors to come, below 0 and above 0.

    The empirical quantiles of m independent errors hold a share of (m + 1) / m less than they
    promise, as in conformal prediction (Lei et al. 2018). Where m is too small for the promise, the
    largest error is widened as a normal tail would, and to both sides: a few errors that all went
    one way do not show that the next cannot go the other.

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
    least = float(ndtri(1 - tail)) * _DOUBT / (m + 1) ** 0.5
    if adjusted < 0:
        wider = max(1.0, float(ndtri(1 - tail) / ndtri(1 - 1 / (m + 2))))
        high = wider * max(abs(low), abs(high))
        low = -high
    return min(float(low), -least), max(float(high), least)
