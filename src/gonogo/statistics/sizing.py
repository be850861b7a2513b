"""Sizes a suite for the tests that are used: by its variance, and by how many clusters must move.

`power` knows variances alone. Where few clusters move the tests are exact (`sign_flips`), and show
nothing before enough of them do.
"""

import math
from dataclasses import replace
from typing import Final

from gonogo.statistics.power import (
    Harm,
    Levels,
    Nothing,
    Suite,
    plan_cases,
    plan_drop,
    plan_trials,
)
from gonogo.statistics.repeated_trials import Unreachable

MOST_CLUSTERS: Final = 1_000_000
MOST_TRIALS: Final = 1_000


def fewest_to_show(alpha: float) -> int:
    """Return below how many clusters nothing is shown, though each of them fell.

    All signs alike have a chance of 2^-n where nothing changed (see `sign_flips`); by mid-p half
    of that (see `binary_pairs`), so ask for 2 alpha there.

    Args:
        alpha: One-sided, above 0 and below 1.
    """
    return max(2, math.ceil(-math.log2(alpha) - 1e-9))


def move_enough(clusters: int, share: float, *, fewest: int, power: float) -> bool:
    """Tell whether so many clusters fall with the power as are needed to show anything.

    Args:
        clusters: 0 or more.
        share: Chance of each to fall, 0 to 1.
        fewest: That must fall (see `fewest_to_show`).
        power: The chance asked for.
    """
    from scipy.special import bdtrc  # noqa: PLC0415 - heavy: on use only

    return clusters >= fewest and float(bdtrc(fewest - 1, clusters, min(1.0, share))) >= power


def falling_share(drop: float, harm: Harm, *, trials: float, depth: float) -> float:
    """Return the chance that a case falls at all when the mean drops.

    Args:
        drop: Of the mean, 0 to 1.
        harm: Where cases break wholly it is the drop; else the chance that a trial of the case
            falls, by `depth`.
        trials: Of a case.
        depth: How far a trial falls, above 0, at most 1.
    """
    if harm is Harm.BREAKS:
        return drop
    return 1.0 - float((1 - min(1.0, drop / depth)) ** trials)


def size_drop(
    suite: Suite, *, tolerance: float, harm: Harm, levels: Levels, fewest: int | None = None
) -> float | None:
    """Return the smallest drop that a suite shows with the power, tolerance included.

    Args:
        suite: What is asked.
        tolerance: A drop that does not count.
        harm: How the drop comes about.
        levels: Errors allowed.
        fewest: Clusters that must fall; None: by the level.

    Returns:
        Above 0, at most 1; None: not even a drop of 1.
    """
    least = fewest_to_show(levels.alpha) if fewest is None else fewest
    if suite.cases < least:
        return None
    by_variance = plan_drop(suite, tolerance=tolerance, harm=harm, levels=levels)
    if isinstance(by_variance, Nothing):
        return None
    if _moves(suite, by_variance, harm, levels, least):
        return by_variance
    low, high = by_variance, 1.0
    for _ in range(40):
        middle = (low + high) / 2
        enough = _moves(suite, middle, harm, levels, least)
        low, high = (low, middle) if enough else (middle, high)
    return high


def size_cases(
    suite: Suite, drop: float, *, tolerance: float, harm: Harm, levels: Levels
) -> int | None:
    """Return how many clusters show a drop with the power; None: no number up to a million.

    Args:
        suite: What is asked; its number of cases does not matter.
        drop: Above the tolerance, at most 1.
        tolerance: A drop that does not count.
        harm: How the drop comes about.
        levels: Errors allowed.
    """
    fewest = fewest_to_show(levels.alpha)
    by_variance = plan_cases(suite, drop, tolerance=tolerance, harm=harm, levels=levels)
    if isinstance(by_variance, Unreachable):
        return None
    low, high = max(by_variance, fewest) - 1, MOST_CLUSTERS
    if not _moves(replace(suite, cases=high), drop, harm, levels, fewest):
        return None
    while high - low > 1:
        middle = (low + high) // 2
        enough = _moves(replace(suite, cases=middle), drop, harm, levels, fewest)
        low, high = (low, middle) if enough else (middle, high)
    return high


def size_trials(
    suite: Suite, drop: float, *, tolerance: float, harm: Harm, levels: Levels
) -> int | None:
    """Return how many trials of each case, now, show a drop with the power.

    Args:
        suite: What is asked; its number of trials now does not matter.
        drop: Above the tolerance, at most 1.
        tolerance: A drop that does not count.
        harm: How the drop comes about.
        levels: Errors allowed.

    Returns:
        1 or more; None: no number up to a thousand.
    """
    fewest = fewest_to_show(levels.alpha)
    by_variance = plan_trials(suite, drop, tolerance=tolerance, harm=harm, levels=levels)
    if isinstance(by_variance, Unreachable):
        return None
    for after in range(by_variance, MOST_TRIALS + 1):
        if _moves(replace(suite, after=after), drop, harm, levels, fewest):
            return after
    return None


def _moves(suite: Suite, drop: float, harm: Harm, levels: Levels, fewest: int) -> bool:
    share = falling_share(drop, harm, trials=suite.after, depth=suite.depth)
    return move_enough(suite.cases, share, fewest=fewest, power=levels.power)
