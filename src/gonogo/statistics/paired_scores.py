"""Chooses the test that fits how a score was measured, and reads trials into what it takes."""

from collections.abc import Hashable, Sequence
from dataclasses import replace
from math import fsum

from gonogo.statistics.binary_pairs import PairCounts, compare_pairs
from gonogo.statistics.differences import Difference, Method, Untestable
from gonogo.statistics.paired_means import compare_means
from gonogo.statistics.relabelling import draw_relabelled


def compare_scores(
    before: Sequence[Sequence[float]],
    after: Sequence[Sequence[float]],
    groups: Sequence[Hashable | None] | None = None,
    *,
    tolerance: float = 0.0,
    margin: float | None = None,
) -> Difference | Untestable:
    """Compare one score over the cases that both sides have.

    One pass-or-fail trial a side and independent cases: `binary_pairs`. Anything else: the mean of
    each case's trials, by `paired_means`. Where a case has more trials on one side than on the
    other, p_drop is the larger of that and of `relabelling`, and the interval spans both.

    Args:
        before: Of each case the scores of its trials in the baseline, 0 to 1.
        after: Of the same cases, in the same order, now.
        groups: The `group` of each case; None is independent.
        tolerance: A drop that does not count, 0 or more.
        margin: A drop that must be excluded, above 0 and below 1; None: not asked.

    Returns:
        The difference. Cases without a trial on either side are left out; `Untestable` where too
        few are left.
    """
    kept = [i for i in range(len(before)) if before[i] and after[i]]
    old, new = [before[i] for i in kept], [after[i] for i in kept]
    chosen = None if groups is None else [groups[i] for i in kept]
    if _are_single_and_binary(old) and _are_single_and_binary(new) and _are_apart(chosen):
        counts = PairCounts(
            cases=len(kept),
            worse=sum(x[0] > y[0] for x, y in zip(old, new, strict=True)),
            better=sum(x[0] < y[0] for x, y in zip(old, new, strict=True)),
        )
        return compare_pairs(counts, tolerance=tolerance, margin=margin)
    differences = [_mean(y) - _mean(x) for x, y in zip(old, new, strict=True)]
    difference = compare_means(differences, chosen, tolerance=tolerance, margin=margin)
    if isinstance(difference, Untestable) or _are_balanced(old, new):
        return difference
    return _heed_lopsided(difference, old, new, tolerance=tolerance)


def _heed_lopsided(
    difference: Difference,
    before: Sequence[Sequence[float]],
    after: Sequence[Sequence[float]],
    *,
    tolerance: float,
) -> Difference:
    drawn = draw_relabelled(before, after)
    as_low = int((drawn <= difference.estimate + tolerance + 1e-9).sum())
    tail = drawn.size // 40
    return replace(
        difference,
        p_drop=max(difference.p_drop, (1 + as_low) / (1 + drawn.size)),
        low=max(-1.0, min(difference.low, difference.estimate - float(drawn[-1 - tail]))),
        high=min(1.0, max(difference.high, difference.estimate - float(drawn[tail]))),
        method=Method.RELABELLED,
    )


def _are_balanced(before: Sequence[Sequence[float]], after: Sequence[Sequence[float]]) -> bool:
    return all(len(x) == len(y) for x, y in zip(before, after, strict=True))


def _mean(values: Sequence[float]) -> float:
    return fsum(values) / len(values)


def _are_single_and_binary(trials: Sequence[Sequence[float]]) -> bool:
    return all(len(case) == 1 and case[0] in (0.0, 1.0) for case in trials)


def _are_apart(groups: Sequence[Hashable | None] | None) -> bool:
    named = [group for group in groups or () if group is not None]
    return len(named) == len(set(named))
