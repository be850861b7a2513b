"""The sign-flip test: how often would random signs give as low a sum?

It holds when each value is as likely as its negative, as case differences are when nothing
changed: then baseline and candidate are exchangeable (Fisher 1935, "The Design of Experiments",
section 21). Under a mean of zero without symmetry it holds for many clusters: it is the wild
cluster bootstrap with the null imposed (Cameron, Gelbach and Miller 2008, "Bootstrap-based
improvements for inference with clustered errors").
"""

from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

MOST_ENUMERATED: Final = 29
"""Up to so many values other than 0, all 2^m signs are counted; above, signs are drawn."""

DRAWS: Final = 9999
_SEED: Final = 20260101
_ROUNDING: Final = 1e-9


def sign_flip_p(sums: Floats) -> float:
    """Return the share of sign assignments whose sum is below the observed one, or tied with it.

    Of the other assignments that tie, half are counted: the mid-p of discrete scores, where the
    plain p-value would be far too careful (Lancaster 1961, "Significance tests in discrete
    distributions"). Without ties it is the exact p-value.

    Args:
        sums: One value a cluster, centred so that the null hypothesis is a mean of 0; any shape
            of values, zeros included (they change nothing).

    Returns:
        One-sided p-value of "the mean is 0 or more", above 0, at most 1. With m values other
        than 0 it is at least 2^-m; no values, or all 0, give 1. Up to `MOST_ENUMERATED` values
        every assignment is counted; above, 9,999 are drawn with a fixed seed and the observed one
        is added (Phipson and Smyth 2010, "Permutation p-values should never be zero"). The order
        of the values does not matter.
    """
    values = sums[np.abs(sums) > _ROUNDING]
    if values.size == 0:
        return 1.0
    limit, slack = float(values.sum()), _ROUNDING * (1.0 + float(np.abs(values).sum()))
    if values.size <= MOST_ENUMERATED:
        below, tied, total = _enumerate(values, limit, slack)
        return (below + 1 + (tied - 1) / 2) / total
    drawn = _signs(values.size) @ np.sort(values)
    below = int((drawn < limit - slack).sum())
    tied = int((drawn <= limit + slack).sum()) - below
    return (below + 1 + tied / 2) / (1 + DRAWS)


def _enumerate(values: Floats, limit: float, slack: float) -> tuple[int, int, int]:
    """Count all assignments by halves (Horowitz and Sahni 1974): 2^(m/2) memory, not 2^m."""
    half = values.size // 2
    left = np.sort(_all_sums(values[:half]))
    right = np.sort(_all_sums(values[half:]))
    below = int(np.searchsorted(left, limit - slack - right).sum())
    reached = int(np.searchsorted(left, limit + slack - right, side="right").sum())
    return below, reached - below, left.size * right.size


def _all_sums(values: Floats) -> Floats:
    sums = np.zeros(1)
    for value in values:
        sums = np.concatenate((sums - value, sums + value))
    return sums


@lru_cache(maxsize=2)
def _signs(count: int) -> Floats:
    generator = np.random.default_rng(_SEED)
    return generator.integers(0, 2, size=(DRAWS, count)).astype(np.float64) * 2 - 1
