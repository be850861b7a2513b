"""Which cases disagree with themselves, and how much of a suite's noise each of them brings."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gonogo.statistics.multiplicity import adjust_benjamini_hochberg

Floats = NDArray[np.float64]

_DEALS: Final = 19_999
_SEED: Final = 20260102
_ROUNDING: Final = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseNoise:
    """How much the trials of one case disagree.

    Attributes:
        trials: How many trials it had.
        variance: Of its trials, unbiased; 0 to 0.5 for scores. 0 below two trials.
        noise_share: Its share of the variance that trials bring to the suite's mean, 0 to 1; 0
            where there is none at all.
        p_value: Chance that trials dealt out at random over the cases would disagree in this case
            as much, adjusted over all cases (Benjamini and Hochberg); 1 below two trials.
    """

    trials: int
    variance: float
    noise_share: float
    p_value: float

    def is_flaky(self, *, alpha: float = 0.05) -> bool:
        """Whether it disagrees with itself more than its peers do with themselves."""
        return self.p_value <= alpha


def measure_noise(trials: Sequence[Sequence[float]]) -> tuple[CaseNoise, ...]:
    """Measure each case's disagreement with itself, and hold it against its peers'.

    The residuals of all trials, stretched by sqrt(n / (n-1)) so that cases of few trials are not
    calmer by arithmetic, are dealt out at random over the cases; a case is held against its own
    sum of squares in 19,999 deals with a fixed seed (a permutation test, Good 2005, "Permutation,
    parametric and bootstrap tests of hypotheses"; p as Phipson and Smyth 2010). It asks whether a
    case stands out: where every case wobbles alike, none does.

    Args:
        trials: Of each case, the scores of its trials; cases of no or one trial bring nothing.

    Returns:
        Of each case, in order. All agree: shares 0 and p-values 1.
    """
    values = [np.asarray(case, dtype=np.float64) for case in trials]
    variances = np.array([float(case.var(ddof=1)) if case.size > 1 else 0.0 for case in values])
    variances[variances < _ROUNDING**2] = 0.0
    counts = np.array([case.size for case in values])
    of_mean = variances / np.maximum(1, counts)
    total = float(of_mean.sum())
    shares = of_mean / total if total > 0 else np.zeros_like(of_mean)
    p_values = adjust_benjamini_hochberg([float(p) for p in _outstanding(values, variances)])
    return tuple(
        CaseNoise(
            trials=int(counts[i]),
            variance=float(variances[i]),
            noise_share=float(shares[i]),
            p_value=p_values[i],
        )
        for i in range(len(values))
    )


def _outstanding(values: Sequence[Floats], variances: Floats) -> Floats:
    p_values = np.ones(len(values))
    repeated = [case for case in values if case.size > 1]
    if not variances.any():
        return p_values
    # Sorted, so that the order of cases does not matter.
    pool = np.sort(
        np.concatenate(
            [(case - case.mean()) ** 2 * case.size / (case.size - 1) for case in repeated]
        )
    )
    generator = np.random.default_rng(_SEED)
    for count in sorted({case.size for case in repeated}):
        dealt = np.sort(_deal(generator, pool, count))
        for i, case in enumerate(values):
            if case.size == count and variances[i] > 0:
                own = variances[i] * count - _ROUNDING
                hits = dealt.size - int(np.searchsorted(dealt, own))
                p_values[i] = (1 + hits) / (1 + dealt.size)
    return p_values


def _deal(generator: np.random.Generator, pool: Floats, count: int) -> Floats:
    """Return sums of `count` entries of the pool, drawn without putting back."""
    if pool.size <= 4 * count**2:
        shuffled = generator.permuted(np.tile(pool, (_DEALS, 1)), axis=1)
        return np.asarray(shuffled[:, :count].sum(axis=1), dtype=np.float64)
    places = np.sort(generator.integers(0, pool.size, size=(_DEALS, count)), axis=1)
    distinct = (np.diff(places, axis=1) > 0).all(axis=1)
    return np.asarray(pool[places[distinct]].sum(axis=1), dtype=np.float64)
