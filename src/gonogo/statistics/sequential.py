"""Group-sequential runs: ask in rounds, stop as soon as a drop is shown or showing one is hopeless.

Alpha is spent over the share of information, so rounds may come in any number and spacing, and the
run may be stopped by hand at any of them (Lan and DeMets 1983, "Discrete sequential boundaries for
clinical trials"). The futility bound is not binding: going on in spite of it costs no false alarms.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Final

from gonogo.statistics.crossings import (
    bound_above,
    bound_below,
    chance_above,
    chance_below,
    go_on,
    start_paths,
)

Spending = Callable[[float, float], float]
"""From an error rate and a share of information, 0 to 1, to how much may be spent by then."""

_SMALLEST_P: Final = 1e-12


def spend_like_obrien_fleming(alpha: float, fraction: float) -> float:
    """Return 2 - 2 Phi(z_(alpha/2) / sqrt(t)): next to nothing early (Lan and DeMets 1983)."""
    from scipy.special import ndtr, ndtri  # noqa: PLC0415 - heavy: on use only

    if fraction <= 0:
        return 0.0
    return float(2 - 2 * ndtr(ndtri(1 - alpha / 2) / math.sqrt(min(1.0, fraction))))


def spend_like_pocock(alpha: float, fraction: float) -> float:
    """Return alpha ln(1 + (e - 1) t): much early (Lan and DeMets 1983)."""
    return alpha * math.log1p((math.e - 1) * min(1.0, max(0.0, fraction)))


def spend_squared(alpha: float, fraction: float) -> float:
    """Return alpha t^2, between the two (Kim and DeMets 1987, "Design and analysis of group
    sequential tests based on the type I error spending rate function", rho = 2).

    The default: with ten rounds it asks 27 % less than the fixed run of the same power at the drop
    that it is sized for, 61 % less at twice that drop and 40 % less where nothing changed.
    """  # noqa: D205 - the title of the paper
    return alpha * min(1.0, max(0.0, fraction)) ** 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """What a sequential run is sized for.

    Attributes:
        alpha: One-sided chance of a false alarm over all rounds.
        power: Chance to show the drop that the run is sized for.
        drift: That drop, as expected z at the end of the run.
        spending: Of alpha, and of 1 - power for futility.
    """

    alpha: float
    power: float
    drift: float
    spending: Spending


class Step(StrEnum):
    """What a sequential run says after a round."""

    GO_ON = "go on"
    SHOWN = "shown"
    FUTILE = "futile"
    ENDED = "ended, not shown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """Of one round.

    Attributes:
        fraction: Share of information by then, above 0, at most 1.
        upper: z from which on the drop is shown; infinity where nothing may be spent yet.
        lower: z from which down the run is futile; -infinity where nothing may be spent yet.
    """

    fraction: float
    upper: float
    lower: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """What a design does when the drift is given.

    Attributes:
        shown: Chance that the drop is shown.
        fraction: Share of the whole run that is asked on average, stops obeyed.
    """

    shown: float
    fraction: float


@lru_cache(maxsize=64)
def design_run(
    *,
    rounds: int = 10,
    alpha: float = 0.05,
    power: float = 0.8,
    spending: Spending = spend_squared,
) -> Design:
    """Return the design whose power at its drift is as asked, for evenly spaced rounds.

    Args:
        rounds: As planned, 1 or more; others may come in the run.
        alpha: One-sided.
        power: Above alpha, below 1.
        spending: How errors are spent.
    """
    from scipy.optimize import brentq  # noqa: PLC0415 - heavy: on use only

    fractions = tuple((k + 1) / rounds for k in range(rounds))

    def design_of(drift: float) -> Design:
        return Design(alpha=alpha, power=power, drift=drift, spending=spending)

    def excess(drift: float) -> float:
        return expect(fractions, design_of(drift), drift=drift).shown - power

    return design_of(float(brentq(excess, 0.0, 20.0, xtol=1e-6)))


def fixed_drift(*, alpha: float = 0.05, power: float = 0.8) -> float:
    """Return the expected z that a run of one round needs: z_(1-alpha) + z_power."""
    from scipy.special import ndtri  # noqa: PLC0415 - heavy: on use only

    return float(ndtri(1 - alpha) + ndtri(power))


@lru_cache(maxsize=1024)
def find_bounds(fractions: tuple[float, ...], design: Design) -> tuple[Bounds, ...]:
    """Return the bounds of the rounds so far.

    The upper bounds spend alpha as if nobody heeded the lower ones; these spend 1 - power under
    the design's drift and never lie above the upper ones. At fraction 1 they meet.

    Args:
        fractions: Share of information after each round, rising, above 0, at most 1. Rounds to
            come do not change the bounds of those before.
        design: What the run is sized for.

    Raises:
        ValueError: Fractions that do not rise or are out of range.
    """
    _check(fractions)
    null, drifting = start_paths(), start_paths(design.drift)
    spent = missed = 0.0
    bounds = []
    for fraction in fractions:
        upper = bound_above(
            null, design.spending(design.alpha, fraction) - spent, fraction=fraction
        )
        spent = design.spending(design.alpha, fraction)
        allowed = design.spending(1 - design.power, fraction) - missed
        lower = min(upper, bound_below(drifting, allowed, fraction=fraction))
        lower = upper if fraction >= 1 else lower
        missed += chance_below(drifting, lower, fraction=fraction)
        bounds.append(Bounds(fraction=fraction, upper=upper, lower=lower))
        null = go_on(null, low=-math.inf, high=upper, fraction=fraction)
        drifting = go_on(drifting, low=lower, high=upper, fraction=fraction)
    return tuple(bounds)


def expect(fractions: tuple[float, ...], design: Design, *, drift: float) -> Expectation:
    """Return how often a drop is shown and how much is asked, when the drift is as given.

    Args:
        fractions: As planned, ending in 1.
        design: What the run is sized for.
        drift: Expected z at the end of the run; 0: nothing changed.
    """
    paths = start_paths(drift)
    shown = asked = before = 0.0
    for bound in find_bounds(fractions, design):
        asked += float(paths.masses.sum()) * (bound.fraction - before)
        before = bound.fraction
        shown += chance_above(paths, bound.upper, fraction=bound.fraction)
        paths = go_on(paths, low=bound.lower, high=bound.upper, fraction=bound.fraction)
    return Expectation(shown=shown, fraction=asked)


def evidence_z(p_value: float, *, distance: float, standard_error: float) -> float:
    """Return the z that a round's fixed-sample result amounts to.

    Evidence for the claim is the normal quantile of its p-value (Jennison and Turnbull 2000,
    section 3.8), so small samples and ties keep the care of their own test. Against it, where
    one-sided p-values of discrete data pile up at 1, it is the plain ratio.

    Args:
        p_value: One-sided, of the test that fits the data.
        distance: How far the estimate lies beyond what the hypothesis allows; negative: it does
            not.
        standard_error: Of the estimate; 0 counts as no evidence either way.
    """
    from scipy.special import ndtri  # noqa: PLC0415 - heavy: on use only

    if distance > 0:
        return max(0.0, float(-ndtri(max(_SMALLEST_P, min(1.0, p_value)))))
    if standard_error <= 0:
        return 0.0
    return distance / standard_error


def follow_run(z_values: Sequence[float], fractions: Sequence[float], design: Design) -> Step:
    """Say what a run comes to after the rounds so far.

    Args:
        z_values: Evidence after each round, higher: more of a drop.
        fractions: Share of information after each round.
        design: What the run is sized for.

    Returns:
        `SHOWN` if any round was at its upper bound or above; else what the last round says. No
        round: `GO_ON`.
    """
    bounds = find_bounds(tuple(fractions), design)
    if any(z >= bound.upper for z, bound in zip(z_values, bounds, strict=True)):
        return Step.SHOWN
    if not bounds:
        return Step.GO_ON
    if bounds[-1].fraction >= 1:
        return Step.ENDED
    return Step.FUTILE if z_values[-1] <= bounds[-1].lower else Step.GO_ON


def follow_family(
    z_values: Sequence[Sequence[float]], fractions: Sequence[float], *, design: Design
) -> tuple[Step, ...]:
    """Say what a run with several scores comes to, the family-wise error held at alpha.

    Holm's rule with every score on the bounds of its own level: alpha / m first; what is shown
    hands its level on to the others, whose rounds are read again (Maurer and Bretz 2013, "Multiple
    testing in group sequential trials using graphical approaches").

    Args:
        z_values: Of each score, the evidence after each round.
        fractions: Share of information after each round, the same for all scores.
        design: For a single score at the whole alpha; its power is kept at every level.

    Returns:
        Of each score, in order, what it comes to.
    """
    shown: set[int] = set()
    while True:
        left = [i for i in range(len(z_values)) if i not in shown]
        if not left:
            break
        level = _at_level(design, design.alpha / len(left))
        steps = {i: follow_run(z_values[i], fractions, level) for i in left}
        found = {i for i, step in steps.items() if step is Step.SHOWN}
        if not found:
            return tuple(Step.SHOWN if i in shown else steps[i] for i in range(len(z_values)))
        shown |= found
    return tuple(Step.SHOWN for _ in z_values)


def _at_level(design: Design, alpha: float) -> Design:
    if alpha == design.alpha:
        return design
    return design_run(alpha=alpha, power=design.power, spending=design.spending)


def _check(fractions: Sequence[float]) -> None:
    before = 0.0
    for fraction in fractions:
        if not before < fraction <= 1:
            raise ValueError(
                f"fractions {tuple(fractions)!r} must rise from above 0 to at most 1: {fraction!r}"
            )
        before = fraction
