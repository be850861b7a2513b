"""Is a drop excluded, even one that comes from a few cases that break wholly and were not drawn?

A t-test answers yes too easily: twenty cases without a failure have no variance, and still one
case in ten may fail. This module asks the least favourable distribution that explains the data.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from gonogo.statistics.clusters import Clusters

Floats = NDArray[np.float64]

_STEPS_PER_UNIT: Final = 120
"""Fineness of the grid of differences: holds means of 1 to 6, 8 or 10 binary trials exactly."""

_MOST_POINTS: Final = 1 << 21
_ROUNDING: Final = 1e-9


def excluded_drop_p(clusters: Clusters, *, margin: float, largest_drop: float = 1.0) -> float:
    """Return the p-value of "the mean dropped by the margin or more".

    Among all distributions with a mean of -margin over the observed values and the worst possible
    one, take the likeliest (the restricted nonparametric maximum likelihood estimate: Owen 2001,
    "Empirical Likelihood", chapter 2; with the end point of the range added, Honda and Takemura
    2010, "An asymptotically optimal bandit algorithm for bounded support models"). The p-value is
    the chance that a sample of it has a mean as high as the observed one, convolved on a grid of
    1/120. For pairs of single binary trials this is the estimated p-value of Lloyd and Moldovan
    (2008) in another guise; for n cases that all stayed equal it is (1 - margin)^n.

    Args:
        clusters: Differences (after minus before) summed by cluster; at least one.
        margin: Below `largest_drop`; negative: a rise that is to be missed.
        largest_drop: By how much a case can fall at most.

    Returns:
        0 to 1; 1 where the observed mean is -margin or lower.
    """
    scale = clusters.sums.size / clusters.cases
    values = clusters.sums * scale + margin
    if values.sum() <= _ROUNDING:
        return 1.0
    worst = min(margin - largest_drop, float(values.min()))
    points, weights = np.unique(np.append(values, worst), return_inverse=True)
    counts = np.bincount(weights).astype(np.float64)
    counts[0] -= 1.0
    return _tail(
        points, _likeliest(points, counts), draws=values.size, observed=float(values.sum())
    )


def fewest_clusters(*, margin: float, alpha: float = 0.05, largest_drop: float = 1.0) -> int:
    """Return how many clusters are needed to exclude a drop at all, were nothing to fall.

    (1 - margin / largest_drop)^n <= alpha: the "rule of three" (Hanley and Lippman-Hand 1983).

    Args:
        margin: Above 0, below `largest_drop`.
        alpha: One-sided level.
        largest_drop: By how much a case can fall at most.
    """
    return int(np.ceil(np.log(alpha) / np.log1p(-margin / largest_drop)))


def _likeliest(points: Floats, counts: Floats) -> Floats:
    """Return the weights of largest likelihood with a mean of 0; the first point is the worst."""
    total = float(counts.sum())
    seen = counts > 0
    if not seen[0]:
        weights = np.zeros_like(counts)
        weights[seen] = counts[seen] / (total * (1 - points[seen] / points[0]))
        if float((weights * points).sum()) >= 0:
            weights[0] = max(0.0, 1 - float(weights.sum()))
            return _normalized(weights)
    low, high = 0.0, -1 / float(points[0])
    for _ in range(60):
        tilt = (low + high) / 2
        slope = float((counts * points / (1 + tilt * points)).sum())
        low, high = (tilt, high) if slope > 0 else (low, tilt)
    return _normalized(counts / (1 + low * points))


def _normalized(weights: Floats) -> Floats:
    return np.asarray(weights / weights.sum(), dtype=np.float64)


def _tail(points: Floats, weights: Floats, *, draws: int, observed: float) -> float:
    """Return the chance that the sum of so many draws is at least the observed one."""
    step = max(1 / _STEPS_PER_UNIT, float(np.ptp(points)) * draws / _MOST_POINTS)
    places = (points - points[0]) / step
    floors = np.floor(places + _ROUNDING).astype(np.intp)
    above = np.clip(places - floors, 0.0, 1.0)
    grid = np.zeros(int(floors[-1]) + 2)
    np.add.at(grid, floors, weights * (1 - above))
    np.add.at(grid, floors + 1, weights * above)
    length = 1 << (draws * (grid.size - 1)).bit_length()
    sums = np.fft.irfft(np.fft.rfft(grid, length) ** draws, length)
    first = int(np.ceil((observed - draws * float(points[0])) / step - 1e-6))
    return float(min(1.0, max(0.0, sums[max(0, first) : draws * (grid.size - 1) + 1].sum())))
