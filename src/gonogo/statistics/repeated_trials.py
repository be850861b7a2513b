"""What several trials of one case say: pass@k, pass^k, and cases that broke for certain."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import comb
from typing import Final

_MOST_TRIALS: Final = 1000


class TooFewTrialsError(ValueError):
    """More trials are asked about than there were."""


def estimate_pass_at(k: int, *, trials: int, passed: int) -> float:
    """Return the chance that at least one of k trials passes, without bias.

    1 - C(n-c, k) / C(n, k) (Chen et al. 2021, "Evaluating large language models trained on code",
    equation 1).

    Args:
        k: 1 or more.
        trials: n, how many trials there were; k or more.
        passed: c, how many of them passed.

    Raises:
        TooFewTrialsError: k is larger than the number of trials.
        ValueError: A count that is impossible.
    """
    _check(k, trials, passed)
    return 1 - comb(trials - passed, k) / comb(trials, k)


def estimate_pass_all(k: int, *, trials: int, passed: int) -> float:
    """Return the chance that all of k trials pass (pass^k), without bias.

    C(c, k) / C(n, k) (Yao et al. 2024, "tau-bench", section 3).

    Args:
        k: 1 or more.
        trials: n, how many trials there were; k or more.
        passed: c, how many of them passed.

    Raises:
        TooFewTrialsError: k is larger than the number of trials.
        ValueError: A count that is impossible.
    """
    _check(k, trials, passed)
    return comb(passed, k) / comb(trials, k)


def hard_break_p(before: int, after: int) -> float:
    """Return the exact p-value of "every trial passed before and every trial fails now".

    Of all ways to share out the passes among the trials one gives this: 1 / C(m+n, n); with n
    trials a side 1 / C(2n, n) (Fisher's exact test, one-sided; Fisher 1935).

    Args:
        before: Trials of the baseline, all passed.
        after: Trials now, all failed. 0 on either side gives 1: nothing is shown.
    """
    return 1 / comb(before + after, after)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreachable:
    """No number of trials is enough.

    Attributes:
        trials: The largest number that was tried.
    """

    trials: int


def trials_for_hard_break(
    *, tests: int, alpha: float = 0.05, before: int | None = None
) -> int | Unreachable:
    """Return how many trials the break of a single case needs to be shown under Holm.

    Holm holds the smallest p-value against alpha / tests, so the trials n must satisfy
    1 / C(m+n, n) <= alpha / tests.

    Args:
        tests: How many tests share the family-wise error; 1 or more.
        alpha: Family-wise error, above 0 and below 1.
        before: Trials of the baseline, where they can no longer be changed; None: as many as now.

    Returns:
        Trials now (and before, where not given); `Unreachable` where a baseline of so few trials
        can never be enough.
    """
    for trials in range(1, _MOST_TRIALS + 1):
        if hard_break_p(trials if before is None else before, trials) * tests <= alpha:
            return trials
    return Unreachable(trials=_MOST_TRIALS)


def could_have_broken(before: tuple[int, int], after: tuple[int, int]) -> bool:
    """Tell whether a case, given how many of its trials passed in all, could be a hard break.

    Only where as many passed as the baseline has trials can dealing them out anew give one (Tarone
    1990, "A modified Bonferroni method for discrete data"). To take all cases whose every trial
    passed before would name more breaks than chance allows: the baseline itself has chosen them.

    Args:
        before: Trials and passed trials in the baseline.
        after: The same now.
    """
    return min(before[0], after[0]) > 0 and before[1] + after[1] == before[0]


def find_hard_breaks(
    before: Sequence[tuple[int, int]],
    after: Sequence[tuple[int, int]],
    *,
    alpha: float = 0.05,
) -> tuple[int, ...]:
    """Return which cases broke so clearly that chance is excluded for all of them together.

    The family is every case that `could_have_broken`, under Holm 1979.

    Args:
        before: Of each case, trials and passed trials in the baseline.
        after: Of the same cases now.
        alpha: Family-wise error.

    Returns:
        Positions of the broken cases, in order.
    """
    could = [i for i in range(len(before)) if could_have_broken(before[i], after[i])]
    broke = [i for i in could if after[i][1] == 0]
    ranked = sorted((hard_break_p(before[i][0], after[i][0]), i) for i in broke)
    shown: list[int] = []
    for place, (p, case) in enumerate(ranked):
        if p * (len(could) - place) > alpha:
            break
        shown.append(case)
    return tuple(sorted(shown))


def _check(k: int, trials: int, passed: int) -> None:
    if k < 1 or not 0 <= passed <= trials:
        raise ValueError(
            f"k={k}, trials={trials}, passed={passed} cannot be: 0 <= passed <= trials"
        )
    if k > trials:
        raise TooFewTrialsError(f"k={k} needs {k} trials of each case, there are {trials}")
