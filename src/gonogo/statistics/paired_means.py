"""The paired comparison of scores by the mean over cases, clusters respected.

Few clusters that moved: sign flips, exact. Many: the cluster-robust t-test.
"""

from collections.abc import Hashable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gonogo.statistics.clusters import Clusters, standard_error_of_mean, sum_clusters
from gonogo.statistics.differences import Difference, Method, Shortage, Untestable
from gonogo.statistics.rare_breaks import excluded_drop_p
from gonogo.statistics.sign_flips import MOST_ENUMERATED, sign_flip_p

Floats = NDArray[np.float64]

ENOUGH_CLUSTERS: Final = 30
"""From so many clusters that moved on, the t-test; below, sign flips."""

LOPSIDED: Final = 0.2
"""From so much skewness / sqrt(clusters) on, the interval's longer side is by `rare_breaks`."""

_CHANCE_LEAN: Final = 5.0
"""Two standard errors of a normal sample's skewness, sqrt(6 / n), over sqrt(n): 4.9 / n."""

_ROUNDING: Final = 1e-9


def compare_means(
    differences: Sequence[float] | Floats,
    groups: Sequence[Hashable | None] | None = None,
    *,
    tolerance: float = 0.0,
    margin: float | None = None,
    confidence: float = 0.95,
) -> Difference | Untestable:
    """Say how far the mean over cases moved, and whether a drop is shown or excluded.

    Below `ENOUGH_CLUSTERS` clusters whose mean moved, p_drop is by sign flips (`sign_flips`),
    which holds where nothing changed whatever the atoms of the scores; else by the cluster-robust
    t-test (`clusters`). p_kept is the larger of that test's and `rare_breaks`. The interval is by
    t, and its longer side by `rare_breaks` where differences are lopsided (a few breaks among many
    that stayed). Where every case moved alike there is no variance, and it is as wide as a change
    of cases too rare to be seen (Clopper and Pearson 1934 at 0 of n clusters).

    Args:
        differences: Of each case, mean over trials after minus before, -1 to 1.
        groups: The `group` of each case; a case of group None is independent.
        tolerance: A drop that does not count, 0 or more.
        margin: A drop that must be excluded, above 0 and below 1; None: not asked.
        confidence: Of the interval, two-sided.

    Returns:
        The difference; `Untestable` for no cases, a single cluster, or a NaN or infinity.
    """
    values = np.asarray(differences, dtype=np.float64)
    if values.size == 0:
        return Untestable(why=Shortage.NO_CASES, cases=0)
    if not np.isfinite(values).all():
        return Untestable(why=Shortage.NOT_FINITE, cases=values.size)
    clusters = sum_clusters(values, groups)
    if clusters.sums.size < 2:
        return Untestable(why=Shortage.ONE_CLUSTER, cases=values.size)
    error = standard_error_of_mean(clusters)
    low, high = _interval(clusters, confidence=confidence)
    return Difference(
        estimate=clusters.mean,
        low=max(-1.0, low),
        high=min(1.0, high),
        p_drop=_p_below(clusters, -tolerance),
        p_kept=None if margin is None else _p_kept(clusters, margin),
        standard_error=error.size,
        degrees_of_freedom=error.degrees_of_freedom,
        cases=clusters.cases,
        clusters=clusters.sums.size,
        better=int((values > _ROUNDING).sum()),
        worse=int((values < -_ROUNDING).sum()),
        method=_method(clusters),
    )


def _moved(clusters: Clusters) -> int:
    return int((np.abs(clusters.sums) > _ROUNDING).sum())


def _varies(clusters: Clusters) -> bool:
    return float(np.ptp(clusters.sums / clusters.sizes)) > _ROUNDING


def _method(clusters: Clusters) -> Method:
    if not _varies(clusters):
        return Method.NO_VARIATION
    if _moved(clusters) >= ENOUGH_CLUSTERS:
        return Method.CLUSTER_T
    return Method.SIGN_FLIPS if clusters.sums.size <= MOST_ENUMERATED else Method.DRAWN_FLIPS


def _p_below(clusters: Clusters, bound: float) -> float:
    """Return the p-value of "the mean is `bound` or more"."""
    if clusters.mean >= bound - _ROUNDING:
        above = clusters.minus(bound)
        if not (np.abs(above) > _ROUNDING).any():
            return 1.0
    if _moved(clusters) < ENOUGH_CLUSTERS or not _varies(clusters):
        return sign_flip_p(clusters.minus(bound))
    return _t_p(clusters, bound)


def _t_p(clusters: Clusters, bound: float) -> float:
    from scipy.special import stdtr  # noqa: PLC0415 - heavy: on use only

    error = standard_error_of_mean(clusters)
    return float(stdtr(error.degrees_of_freedom, (clusters.mean - bound) / error.size))


def _p_kept(clusters: Clusters, margin: float) -> float:
    return max(_p_below(_mirror(clusters), margin), excluded_drop_p(clusters, margin=margin))


def _interval(clusters: Clusters, *, confidence: float) -> tuple[float, float]:
    from scipy.special import stdtrit  # noqa: PLC0415 - heavy: on use only

    outside = (1 - confidence) / 2
    if not _varies(clusters):
        unseen = float(1 - outside ** (1 / clusters.sums.size))
        mean = clusters.mean
        return mean - unseen * (1 + mean), mean + unseen * (1 - mean)
    error = standard_error_of_mean(clusters)
    reach = float(stdtrit(error.degrees_of_freedom, 1 - outside)) * error.size
    low, high = clusters.mean - reach, clusters.mean + reach
    lean, much = _lean(clusters), max(LOPSIDED, _CHANCE_LEAN / clusters.sums.size)
    if lean < -much:
        low = min(low, _lowest(clusters, outside, reach=reach))
    if lean > much:
        high = max(high, -_lowest(_mirror(clusters), outside, reach=reach))
    return low, high


def _lean(clusters: Clusters) -> float:
    """Return the skewness of the clusters' means over the root of their number.

    The error of a one-sided t-limit is in proportion to it (Johnson 1978, "Modified t tests and
    confidence intervals for asymmetrical populations").
    """
    means = clusters.sums / clusters.sizes
    centred = means - means.mean()
    return float((centred**3).mean() / (centred**2).mean() ** 1.5 / means.size**0.5)


def _lowest(clusters: Clusters, outside: float, *, reach: float) -> float:
    """Return the mean below which drops are excluded with `rare_breaks`."""
    low, high = max(-0.999, clusters.mean - 4 * reach), clusters.mean
    for _ in range(12):
        middle = (low + high) / 2
        excluded = excluded_drop_p(clusters, margin=-middle) <= outside
        low, high = (middle, high) if excluded else (low, middle)
    return low


def _mirror(clusters: Clusters) -> Clusters:
    return Clusters(sums=-clusters.sums, sizes=clusters.sizes)
