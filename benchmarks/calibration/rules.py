"""Rules that others use, over many simulated suites at once: arrays of (count, cases)."""

import warnings

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from scipy.special import bdtr, stdtr

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

_RESAMPLES = 400


def mean_drop(before: Floats, after: Floats, *, threshold: float = 0.02) -> Flags:
    """Return where the mean fell by more than a threshold."""
    flags: Flags = after.mean(axis=1) - before.mean(axis=1) < -threshold
    return flags


def unpaired_t(before: Floats, after: Floats) -> Flags:
    """Return where Welch's t-test, the pairing forgotten, says worse at 5 %."""
    n = before.shape[1]
    old, new = before.var(axis=1, ddof=1) / n, after.var(axis=1, ddof=1) / n
    error = np.sqrt(np.maximum(old + new, 1e-18))
    freedom = (old + new) ** 2 / np.maximum((old**2 + new**2) / (n - 1), 1e-36)
    t = (after.mean(axis=1) - before.mean(axis=1)) / error
    flags: Flags = stdtr(np.maximum(1.0, freedom), t) <= 0.05
    return flags


def paired_t(differences: Floats, *, bound: float = 0.0) -> Flags:
    """Return where the paired t-test, groups forgotten, says that the mean is below a bound."""
    n = differences.shape[1]
    spread = differences.std(axis=1, ddof=1)
    distance = differences.mean(axis=1) - bound
    t = np.where(
        spread > 1e-9, distance / np.maximum(spread, 1e-9) * n**0.5, np.sign(distance) * 99
    )
    flags: Flags = stdtr(n - 1, t) <= 0.05
    return flags


def paired_bootstrap(differences: Floats, generator: np.random.Generator) -> Flags:
    """Return where the 90 % bootstrap interval over cases, groups forgotten, is below 0."""
    n = differences.shape[1]
    weights = generator.multinomial(n, [1 / n] * n, size=_RESAMPLES) / n
    flags: Flags = np.quantile(differences @ weights.T, 0.95, axis=1) < -1e-12
    return flags


def sign_test(differences: Floats) -> Flags:
    """Return where the exact sign test says worse at 5 %."""
    worse = (differences < -1e-9).sum(axis=1)
    better = (differences > 1e-9).sum(axis=1)
    flags: Flags = bdtr(better.astype(float), worse + better, 0.5) <= 0.05
    return flags & (worse + better > 0)


def wilcoxon(differences: Floats) -> Flags:
    """Return where Wilcoxon's signed-rank test, by its normal approximation, says worse at 5 %."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        p = stats.wilcoxon(
            np.round(differences, 9), axis=1, alternative="less", method="asymptotic"
        ).pvalue
    flags: Flags = np.nan_to_num(p, nan=1.0) <= 0.05
    return flags


def attainable_level(differences: Floats) -> float:
    """Return how often an exact test of signs could reject at 5 %, given how many cases moved.

    The largest attainable p-value up to 5 % of so many fair coins, averaged over the suites: what
    discreteness leaves of the level where differences are of one size.
    """
    moved = (np.abs(differences) > 1e-9).sum(axis=1)
    levels = {0: 0.0}
    for m in np.unique(moved[moved > 0]):
        tails = bdtr(np.arange(m + 1.0), int(m), 0.5)
        levels[int(m)] = float(tails[tails <= 0.05].max(initial=0.0))
    return float(np.mean([levels[int(m)] for m in moved]))
