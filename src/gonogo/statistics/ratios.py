"""What is compared by its ratio: tokens, cost, latency."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gonogo.statistics.clusters import Clusters, standard_error_of_mean, sum_clusters
from gonogo.statistics.differences import Shortage, Untestable
from gonogo.statistics.percentiles import FEWEST, TooFewValuesError
from gonogo.statistics.sign_flips import MOST_ENUMERATED, sign_flip_p

Floats = NDArray[np.float64]

_RESAMPLES: Final = 4_000
_SEED: Final = 20260103
_ROUNDING: Final = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio:
    """How many times as much the cases take now, case by case.

    Attributes:
        estimate: Geometric mean over cases of after / before, above 0; 1: as before.
        low: Lower end of its two-sided 95 % interval.
        high: Upper end.
        p_rise: One-sided p-value of "it rose by no more than the tolerance".
        p_kept: One-sided p-value of "it rose by the tolerance or more": small values exclude it.
        log_standard_error: Of the logarithm of the estimate, cluster-robust; 0 where every case
            changed alike.
        total: Sum after / sum before: what the bill says; equal to the estimate only where every
            case changed alike.
        cases: Cases compared.
        clusters: Independent clusters of them.
        left_out: Cases with a value of 0 or less on a side, which have no ratio.
    """

    estimate: float
    low: float
    high: float
    p_rise: float
    p_kept: float
    log_standard_error: float
    total: float
    cases: int
    clusters: int
    left_out: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PercentileRatio:
    """How a percentile of all values changed.

    Attributes:
        before: Percentile before, in the unit of the values.
        after: Percentile now.
        low: Lower end of the two-sided 95 % interval of after / before.
        high: Upper end.
    """

    before: float
    after: float
    low: float
    high: float

    @property
    def estimate(self) -> float:
        """After / before."""
        return self.after / self.before


def compare_ratios(
    before: Sequence[float] | Floats,
    after: Sequence[float] | Floats,
    groups: Sequence[Hashable | None] | None = None,
    *,
    tolerance: float = 0.0,
    confidence: float = 0.95,
) -> Ratio | Untestable:
    """Compare what cases take, on the log scale.

    Logarithms of after / before are averaged over cases, with the cluster-robust t interval; below
    30 clusters p-values are by sign flips (see `paired_means`). On the log scale twice and half
    weigh alike and a long case counts no more than a short one (Vickers and Altman 2001 argue for
    pairs, Bland and Altman 1996, "Transformations, means, and confidence intervals", for logs).

    Args:
        before: Of each case the mean over its trials: tokens, dollars or seconds.
        after: Of the same cases now.
        groups: The `group` of each case; None is independent.
        tolerance: A rise that does not count, as a share: 0.1 is 10 %.
        confidence: Of the interval, two-sided.

    Returns:
        The ratio; `Untestable` for no cases with a ratio, or a single cluster of them.
    """
    old, new = np.asarray(before, dtype=np.float64), np.asarray(after, dtype=np.float64)
    if not (np.isfinite(old).all() and np.isfinite(new).all()):
        return Untestable(why=Shortage.NOT_FINITE, cases=old.size)
    usable = (old > 0) & (new > 0)
    if not usable.any():
        return Untestable(why=Shortage.NO_CASES, cases=0)
    chosen = None if groups is None else [groups[int(i)] for i in np.flatnonzero(usable)]
    logs = sum_clusters(np.log(new[usable] / old[usable]), chosen)
    if logs.sums.size < 2:
        return Untestable(why=Shortage.ONE_CLUSTER, cases=logs.cases)
    reach = _reach(logs, confidence=confidence)
    allowed = float(np.log1p(tolerance))
    return Ratio(
        estimate=float(np.exp(logs.mean)),
        low=float(np.exp(logs.mean - reach)),
        high=float(np.exp(logs.mean + reach)),
        p_rise=_p_below(Clusters(sums=-logs.sums, sizes=logs.sizes), -allowed),
        p_kept=_p_below(logs, allowed),
        log_standard_error=standard_error_of_mean(logs).size,
        total=float(new[usable].sum() / old[usable].sum()),
        cases=logs.cases,
        clusters=logs.sums.size,
        left_out=int((~usable).sum()),
    )


def compare_percentiles(
    before: Sequence[Sequence[float]],
    after: Sequence[Sequence[float]],
    percent: int,
    *,
    confidence: float = 0.95,
) -> PercentileRatio:
    """Compare a percentile of all trials of all cases, by bootstrap over cases.

    Whole cases are drawn with both their sides, so that slow cases stay slow on both (Efron and
    Tibshirani 1993, "An Introduction to the Bootstrap", section 13.3, percentile interval;
    clusters as Davison and Hinkley 1997, section 3.8). Percentiles are weighted nearest ranks, as
    in `percentiles`. 4,000 draws, fixed seed.

    Args:
        before: Of each case the values of its trials, above 0: seconds.
        after: Of the same cases now.
        percent: 50, 95 or 99.
        confidence: Of the interval, two-sided.

    Raises:
        TooFewValuesError: Fewer cases, or values on a side, than the percentile needs.
    """
    for count in (len(before), sum(map(len, before)), sum(map(len, after))):
        if count < FEWEST[percent]:
            raise TooFewValuesError(
                f"n too small: p{percent} needs {FEWEST[percent]} cases and values, "
                f"there are {count}"
            )
    generator = np.random.default_rng(_SEED)
    draws = generator.multinomial(len(before), [1 / len(before)] * len(before), size=_RESAMPLES)
    old, new = _weighted(before, draws, percent), _weighted(after, draws, percent)
    once = np.ones((1, len(before)), dtype=draws.dtype)
    outside = (1 - confidence) / 2
    low, high = np.quantile(new / old, [outside, 1 - outside])
    return PercentileRatio(
        before=float(_weighted(before, once, percent)[0]),
        after=float(_weighted(after, once, percent)[0]),
        low=float(low),
        high=float(high),
    )


def _weighted(values: Sequence[Sequence[float]], draws: NDArray[np.int64], percent: int) -> Floats:
    """Return the percentile of each draw, which says how often each case was drawn."""
    flat = np.concatenate([np.asarray(case, dtype=np.float64) for case in values])
    owner = np.repeat(np.arange(len(values)), [len(case) for case in values])
    order = np.argsort(flat, kind="stable")
    counts = np.cumsum(draws[:, owner[order]], axis=1)
    ranks = np.ceil(counts[:, -1] * percent / 100)
    places = np.minimum((counts < ranks[:, None]).sum(axis=1), flat.size - 1)
    return np.asarray(flat[order][places], dtype=np.float64)


def _reach(logs: Clusters, *, confidence: float) -> float:
    from scipy.special import stdtrit  # noqa: PLC0415 - heavy: on use only

    error = standard_error_of_mean(logs)
    return float(stdtrit(error.degrees_of_freedom, 0.5 + confidence / 2)) * error.size


def _p_below(logs: Clusters, bound: float) -> float:
    from scipy.special import stdtr  # noqa: PLC0415 - heavy: on use only

    above = logs.minus(bound)
    moved = int((np.abs(above) > _ROUNDING).sum())
    error = standard_error_of_mean(logs)
    if moved <= MOST_ENUMERATED or error.size < _ROUNDING:
        return sign_flip_p(above)
    return float(stdtr(error.degrees_of_freedom, (logs.mean - bound) / error.size))
