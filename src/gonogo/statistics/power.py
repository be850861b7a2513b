"""What a suite can show: the smallest drop, and how many more cases or trials would decide."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache
from typing import Final

from gonogo.statistics.repeated_trials import Unreachable

_MOST_CASES: Final = 1_000_000
_MOST_TRIALS: Final = 1_000


class Harm(StrEnum):
    """How a drop comes about."""

    EVEN = "every trial a little worse"
    BREAKS = "some cases break wholly"


@dataclass(frozen=True, slots=True, kw_only=True)
class Noise:
    """How much the trials of a case vary, on average over cases.

    Attributes:
        variance: Mean variance of the trials of one case, 0 to 0.5 for scores.
        is_bound: True where no case had two trials: then it is the variance between the cases,
            and the real one is not larger.
    """

    variance: float
    is_bound: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """What is asked.

    Attributes:
        cases: Independent cases (or clusters), 0 or more.
        before: Trials of a case in the baseline, on average; above 0.
        after: Trials of a case in the run, on average; above 0.
        noise: Of the trials.
        depth: How far a trial falls that gets a little worse, above 0, at most 1: 1 where it
            passed and fails.
    """

    cases: int
    before: float
    after: float
    noise: Noise
    depth: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Levels:
    """Which errors are allowed.

    Attributes:
        alpha: One-sided; under Holm the family's divided by the number of scores.
        power: Chance to show what is there.
    """

    alpha: float = 0.05
    power: float = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class Nothing:
    """No drop of any size could be shown.

    Attributes:
        why: In words.
    """

    why: str


_LEVELS: Final = Levels()


def estimate_noise(trials: Sequence[Sequence[float]]) -> Noise:
    """Estimate the noise of a baseline's trials.

    Pools the unbiased variances of cases with two trials or more, each weighing its degrees of
    freedom (one-way analysis of variance: Snedecor and Cochran 1989, chapter 13). With a trial a
    case there is nothing to pool: the variance over cases bounds it from above. No values give 0.

    Args:
        trials: Of each case the scores of its trials.
    """
    repeated = [case for case in trials if len(case) > 1]
    if repeated:
        squares = sum(_sum_of_squares(case) for case in repeated)
        return Noise(variance=squares / sum(len(case) - 1 for case in repeated), is_bound=False)
    singles = [case[0] for case in trials if case]
    if len(singles) < 2:
        return Noise(variance=0.0, is_bound=True)
    return Noise(variance=_sum_of_squares(singles) / (len(singles) - 1), is_bound=True)


def smallest_drop(
    standard_error: float,
    degrees_of_freedom: float,
    *,
    tolerance: float = 0.0,
    levels: Levels = _LEVELS,
) -> float | Nothing:
    """Return the smallest drop that a comparison with this standard error shows with the power.

    Solves the noncentral t distribution for the drop (Cohen 1988, "Statistical Power Analysis",
    chapter 2); the spread that a larger drop would bring is taken to be in the standard error.

    Args:
        standard_error: Of the mean difference, as measured.
        degrees_of_freedom: It has.
        tolerance: A drop that does not count.
        levels: Errors allowed.

    Returns:
        The drop, tolerance included, above 0, at most 1; `Nothing` where even 1 is too small, or
        where nothing varied so that the standard error is unknown.
    """
    if standard_error <= 0:
        return Nothing(why="no case moved: how much they vary is not known")
    drop = tolerance + _shift(degrees_of_freedom, levels) * standard_error
    return drop if drop <= 1 else Nothing(why="too few cases or too much noise")


def own_variance(drop: float, harm: Harm, *, trials: float, depth: float = 1.0) -> float:
    """Return the variance that a drop itself brings to a case's difference (see `plan_drop`).

    Args:
        drop: Of the mean, 0 to 1.
        harm: How it comes about.
        trials: Of a case in the run, above 0.
        depth: Of a trial's fall, above 0, at most 1.
    """
    if harm is Harm.BREAKS:
        return drop * (1 - drop)
    return drop * max(0.0, depth - drop) / trials


def plan_drop(
    suite: Suite,
    *,
    tolerance: float = 0.0,
    harm: Harm = Harm.BREAKS,
    levels: Levels = _LEVELS,
) -> float | Nothing:
    """Return the smallest drop that a suite will show with the power, before it is run.

    The variance of a case's difference is noise (1/before + 1/after), and what the drop d itself
    brings: d (1 - d), the most that a mean of -d between -1 and 0 allows (Bhatia and Davis 2000),
    where cases break wholly. Where each trial falls by itself it is d (depth - d) / after, and
    nothing from d = depth on, where all fall alike.

    Args:
        suite: What is asked.
        tolerance: A drop that does not count.
        harm: How the drop comes about; `BREAKS` never promises too much.
        levels: Errors allowed.

    Returns:
        Above 0, at most 1; `Nothing` below two cases, or where even 1 is too small.
    """
    if suite.cases < 2:
        return Nothing(why="fewer than two independent cases")
    low, high = tolerance, 1.0
    if not _shows(suite, high, tolerance=tolerance, harm=harm, levels=levels):
        return Nothing(why="too few cases or too much noise")
    for _ in range(50):
        middle = (low + high) / 2
        enough = _shows(suite, middle, tolerance=tolerance, harm=harm, levels=levels)
        low, high = (low, middle) if enough else (middle, high)
    return high


def plan_cases(
    suite: Suite,
    drop: float,
    *,
    tolerance: float = 0.0,
    harm: Harm = Harm.BREAKS,
    levels: Levels = _LEVELS,
) -> int | Unreachable:
    """Return how many cases a suite needs to show a drop with the power.

    Args:
        suite: What is asked; its number of cases does not matter.
        drop: Above the tolerance, at most 1.
        tolerance: A drop that does not count.
        harm: How the drop comes about.
        levels: Errors allowed.
    """

    def shows(cases: int) -> bool:
        wider = replace(suite, cases=cases)
        return _shows(wider, drop, tolerance=tolerance, harm=harm, levels=levels)

    if drop <= tolerance or not shows(_MOST_CASES):
        return Unreachable(trials=_MOST_CASES)
    low, high = 1, _MOST_CASES
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if shows(middle) else (middle, high)
    return high


def plan_trials(
    suite: Suite,
    drop: float,
    *,
    tolerance: float = 0.0,
    harm: Harm = Harm.BREAKS,
    levels: Levels = _LEVELS,
) -> int | Unreachable:
    """Return how many trials of each case, now, show a drop with the power.

    The baseline's trials stay as they are, so there may be no such number: then more trials
    average out only one side.

    Args:
        suite: What is asked; its number of trials now does not matter.
        drop: Above the tolerance, at most 1.
        tolerance: A drop that does not count.
        harm: How the drop comes about.
        levels: Errors allowed.
    """
    for after in range(1, _MOST_TRIALS + 1):
        wider = replace(suite, after=after)
        if (
            suite.cases > 1
            and drop > tolerance
            and _shows(wider, drop, tolerance=tolerance, harm=harm, levels=levels)
        ):
            return after
    return Unreachable(trials=_MOST_TRIALS)


def cases_to_decide(
    cases: int, *, distance: float, standard_error: float, levels: Levels = _LEVELS
) -> int | Unreachable:
    """Return with how many cases in all the difference seen so far would decide, were it true.

    The standard error falls with the square root of the number of cases.

    Args:
        cases: Independent cases so far, 2 or more.
        distance: How far the estimate lies beyond the tolerance, or inside the margin.
        standard_error: Of the estimate so far.
        levels: Errors allowed.

    Returns:
        At least `cases`; `Unreachable` where the estimate points the other way.
    """
    if distance <= 0:
        return Unreachable(trials=_MOST_CASES)
    needed = (_shift(max(1.0, cases - 1.0), levels) * standard_error / distance) ** 2 * cases
    return (
        max(cases, math.ceil(needed)) if needed <= _MOST_CASES else Unreachable(trials=_MOST_CASES)
    )


def _shows(suite: Suite, drop: float, *, tolerance: float, harm: Harm, levels: Levels) -> bool:
    own = own_variance(drop, harm, trials=suite.after, depth=suite.depth)
    variance = suite.noise.variance * (1 / suite.before + 1 / suite.after) + own
    error = math.sqrt(variance / suite.cases)
    return drop - tolerance >= _shift(suite.cases - 1.0, levels) * error


@lru_cache(maxsize=4096)
def _shift(degrees_of_freedom: float, levels: Levels) -> float:
    """Return how many standard errors a drop must be for the t-test to show it with the power."""
    from scipy.special import nctdtrinc, stdtrit  # noqa: PLC0415 - heavy: on use only

    critical = float(stdtrit(degrees_of_freedom, 1 - levels.alpha))
    return float(nctdtrinc(degrees_of_freedom, 1 - levels.power, critical))


def _sum_of_squares(values: Sequence[float]) -> float:
    mean = math.fsum(values) / len(values)
    return math.fsum((value - mean) ** 2 for value in values)
