"""Deals the trials of each case out anew to baseline and run: what no change would look like.

For cases with more trials on one side than on the other. Their differences are lopsided though
nothing changed (one trial of a case that nearly always passes seldom fails, but then by much), so
neither sign flips nor t hold; which trial is on which side stays exchangeable all the same.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

DRAWS: Final = 4999
_SEED: Final = 20260104
_MOST_AT_ONCE: Final = 4_000_000
_ROUNDING: Final = 1e-9


def draw_relabelled(before: Sequence[Sequence[float]], after: Sequence[Sequence[float]]) -> Floats:
    """Return mean differences over cases under trials dealt out at random within each case.

    A permutation test stratified by case (Good 2005, "Permutation, parametric and bootstrap tests
    of hypotheses", chapter 7). Exact where trials of a case are alike before and after; it keeps
    the cases as they are, so it knows nothing of changes that lift some cases and lower others.

    Args:
        before: Of each case the scores of its trials; one or more.
        after: Of the same cases now; one or more.

    Returns:
        `DRAWS` mean differences, sorted; all 0 where no case disagrees with itself. Fixed seed;
        the order of cases and trials does not matter.
    """
    by_counts: dict[tuple[int, int], list[list[float]]] = defaultdict(list)
    for old, new in zip(before, after, strict=True):
        pooled = sorted([*new, *old])
        if pooled[-1] - pooled[0] > _ROUNDING:
            by_counts[len(new), len(old)].append(pooled)
    generator = np.random.default_rng(_SEED)
    sums = np.zeros(DRAWS)
    for (new_count, old_count), rows in sorted(by_counts.items()):
        pooled_scores = np.array(sorted(rows))
        for part in _parts(pooled_scores):
            new_sums = _deal(generator, part, new_count)
            old_sums = part.sum() - new_sums
            sums += new_sums / new_count - old_sums / old_count
    return np.sort(sums / max(1, len(before)))


def _parts(pooled: Floats) -> list[Floats]:
    rows = max(1, _MOST_AT_ONCE // (DRAWS * pooled.shape[1]))
    return [pooled[start : start + rows] for start in range(0, len(pooled), rows)]


def _deal(generator: np.random.Generator, pooled: Floats, count: int) -> Floats:
    """Return, of each draw, the sum over the cases of `count` of their trials."""
    keys = generator.random((DRAWS, *pooled.shape), dtype=np.float32)
    chosen = np.argpartition(keys, count - 1, axis=2)[:, :, :count]
    cases = np.arange(len(pooled))[None, :, None]
    dealt: Floats = pooled[cases, chosen].sum(axis=(1, 2))
    return dealt
