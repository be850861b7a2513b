"""A run that is asked in rounds: what is certain after each, and what the rounds make of it.

Claims are followed by alpha spending (`gonogo.statistics.sequential`), so that looking after every
round, and stopping at any, costs no false alarms.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from math import inf, log, log1p
from typing import Final

from gonogo.comparison.amounts import AmountComparison
from gonogo.comparison.claims import Claim
from gonogo.comparison.repeats import Breaks
from gonogo.comparison.results import ClaimKey, Comparison, p_values_of
from gonogo.comparison.scores import DrawnScore, ScoreComparison
from gonogo.settings import Policy
from gonogo.statistics.differences import Difference, Untestable
from gonogo.statistics.sequential import (
    Design,
    Step,
    design_run,
    evidence_z,
    find_bounds,
    follow_family,
    follow_run,
)

_ONE_SIDE: Final = 0.025
"""What a two-sided interval of 95 % leaves out on each side."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What was known after a round.

    Attributes:
        cases: Number of cases that were compared by then.
        fraction: Share of the planned information, above 0, at most 1.
        evidence: Of each claim as a z, higher: more of a harm.
        exclusion: Of each score whose drop is to be excluded, by name: as a z, higher: further
            from a drop of the margin.
        is_certain: Whether something is harmful for certain: a severe finding, a certain fall.
        breaks: Cases that broke in every trial, chance being excluded.
    """

    cases: int
    fraction: float
    evidence: Mapping[ClaimKey, float]
    exclusion: Mapping[str, float]
    is_certain: bool = False
    breaks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """What the rounds of a suite are to decide; fixed before the first.

    Attributes:
        claims: All that may be shown, in order.
        exclusions: Names of the scores whose drop is to be excluded.
        could_break: Number of planned cases that could break in every trial, and for which chance
            can be excluded; 0: none.
        policy: For alpha and power.
    """

    claims: tuple[ClaimKey, ...]
    exclusions: tuple[str, ...]
    could_break: int
    policy: Policy

    @property
    def alpha_of_breaks(self) -> float:
        """The part of alpha that breaks have: as one claim of all."""
        return self.policy.alpha / (len(self.claims) + 1) if self.could_break else 0.0

    @property
    def design(self) -> Design:
        """Of a single claim at the alpha that all of them share."""
        alpha = self.policy.alpha - self.alpha_of_breaks
        return design_run(alpha=alpha, power=self.policy.power)

    @property
    def design_of_exclusion(self) -> Design:
        """Of the exclusion of a drop: each at the whole alpha, since GO needs all of them."""
        return design_run(alpha=self.policy.alpha, power=self.policy.power)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What all rounds so far come to.

    Attributes:
        steps: Of each claim.
        exclusions: Of each score whose drop is to be excluded, by name.
        stops: Why it is no use to go on; empty: it is.
    """

    steps: Mapping[ClaimKey, Step]
    exclusions: Mapping[str, Step]
    stops: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rounds:
    """How a run was asked in rounds, for reports.

    Attributes:
        looks: After each round.
        standing: What they come to.
        planned_cases: Number of cases that would have been asked.
        asked_cases: Number of cases that were.
        spent_calls: Number of calls that were made.
        spent_usd: What they cost; None: some have no price.
        saved_calls: Calls that were not made, by the mean of those that were.
        saved_usd: What those would have cost; None: some have no price.
    """

    looks: tuple[Look, ...]
    standing: Standing
    planned_cases: int
    asked_cases: int
    spent_calls: int
    spent_usd: Decimal | None
    saved_calls: int
    saved_usd: Decimal | None

    @property
    def is_stopped_by_hand(self) -> bool:
        """Whether it ended before it was certain, or complete."""
        return not self.standing.stops and self.asked_cases < self.planned_cases

    def __str__(self) -> str:
        """Say how far it went, why no further, and what that saved."""
        rounds = f"{len(self.looks)} round{'' if len(self.looks) == 1 else 's'}"
        asked = f"{self.asked_cases} of {self.planned_cases} cases asked in {rounds}"
        spent = f"{self.spent_calls} calls{_dollars(self.spent_usd)} spent"
        saved = f"{self.saved_calls} calls{_dollars(self.saved_usd)} saved"
        why = (
            self.standing.stops or "stopped by hand"
            if self.saved_calls
            else "nothing certain before"
        )
        return f"{asked}: {why}; {spent}, {saved}"


def take_look(compared: Comparison, family: Family, *, fraction: float) -> Look:
    """Read the evidence of a comparison of what was asked so far.

    Args:
        compared: Of the cases that were asked.
        family: What is to be decided.
        fraction: Share of the planned information, above 0, at most 1.
    """
    scores = {score.name: score for score in compared.scores}
    amounts = {amount.name: amount for amount in compared.amounts}
    evidence = dict.fromkeys(family.claims, 0.0)
    for key, p_value in p_values_of(compared).items():
        if key in evidence:
            kind, name = key
            distance, error = (
                _distance_of_drop(scores[name].drawn)
                if kind == "score"
                else _distance_of_rise(amounts[name])
            )
            evidence[key] = evidence_z(p_value, distance=distance, standard_error=error)
    return Look(
        cases=len(compared.cases),
        fraction=fraction,
        evidence=evidence,
        exclusion={
            score.name: _exclusion_of(score.drawn)
            for score in compared.scores
            if score.drawn is not None and score.drawn.is_excluded is not None
        },
        is_certain=bool(compared.regressed),
        breaks=_clear_breaks(compared.breaks, family),
    )


def follow_looks(looks: Sequence[Look], family: Family) -> Standing:
    """Say what the rounds so far come to.

    Args:
        looks: After each round, in order.
        family: What is to be decided.
    """
    fractions = [look.fraction for look in looks]
    followed = follow_family(
        [[look.evidence[key] for look in looks] for key in family.claims],
        fractions,
        design=family.design,
    )
    steps = dict(zip(family.claims, followed, strict=True))
    exclusions = {
        name: follow_run(
            [look.exclusion.get(name, 0.0) for look in looks],
            fractions,
            family.design_of_exclusion,
        )
        for name in family.exclusions
    }
    return Standing(steps=steps, exclusions=exclusions, stops=_stops(looks, steps, exclusions))


def settle(compared: Comparison, rounds: Rounds, policy: Policy) -> Comparison:
    """Return the comparison with what the rounds say in place of what one look would say.

    Intervals become repeated confidence intervals (Jennison and Turnbull 2000, chapter 9): they
    hold at whatever round the run was stopped.
    """
    steps, looks = rounds.standing.steps, rounds.looks
    widths = find_bounds(
        tuple(look.fraction for look in looks), design_run(alpha=_ONE_SIDE, power=policy.power)
    )
    reach = widths[-1].upper if widths else inf
    shown = {key for key, step in steps.items() if step is Step.SHOWN}
    broken = looks[-1].breaks if looks else ()
    breaks = compared.breaks
    if breaks is not None:
        claim = Claim(p_value=breaks.p_value, p_adjusted=None, is_shown=bool(broken))
        breaks = replace(breaks, shown=broken, claim=claim)
    return replace(
        compared,
        scores=tuple(
            _settle_score(
                score, rounds.standing, reach=reach, is_shown=("score", score.name) in shown
            )
            for score in compared.scores
        ),
        amounts=tuple(
            replace(amount, claim=_settled(amount.claim, is_shown=("amount", amount.name) in shown))
            for amount in compared.amounts
        ),
        breaks=breaks,
    )


def _settle_score(
    score: ScoreComparison, standing: Standing, *, reach: float, is_shown: bool
) -> ScoreComparison:
    if score.claim is None or score.drawn is None:
        return score
    drawn = score.drawn
    if drawn.is_excluded is not None:
        drawn = replace(drawn, is_excluded=standing.exclusions.get(score.name) is Step.SHOWN)
    if isinstance(drawn.difference, Difference):
        seen = drawn.difference
        width = reach * seen.standard_error
        low, high = seen.estimate - width, seen.estimate + width
        wider = replace(
            seen, low=max(-1.0, min(seen.low, low)), high=min(1.0, max(seen.high, high))
        )
        drawn = replace(drawn, difference=wider)
    return replace(score, claim=_settled(score.claim, is_shown=is_shown), drawn=drawn)


def _settled(claim: Claim | None, *, is_shown: bool) -> Claim | None:
    if claim is None:
        return None
    return Claim(p_value=claim.p_value, p_adjusted=None, is_shown=is_shown)


def _stops(
    looks: Sequence[Look], steps: Mapping[ClaimKey, Step], exclusions: Mapping[str, Step]
) -> str:
    """Say why the decision is certain; empty: it is not."""
    if any(look.is_certain for look in looks):
        return "a case answers worse for certain"
    if any(look.breaks for look in looks):
        return "cases broke in every trial"
    shown = [name or kind for (kind, name), step in steps.items() if step is Step.SHOWN]
    if shown:
        return f"worse, shown of {', '.join(shown)}"
    open_ = [*steps.values(), *(s for s in exclusions.values() if s is not Step.SHOWN)]
    if open_ and Step.GO_ON not in open_ and Step.ENDED not in open_:
        return "to show that it is worse is hopeless"
    return ""


def _distance_of_drop(drawn: DrawnScore | None) -> tuple[float, float]:
    """Return how far a drop lies beyond its bound, and the standard error."""
    if drawn is None or isinstance(drawn.difference, Untestable):
        return 0.0, 0.0
    return -drawn.difference.estimate - drawn.bound, drawn.difference.standard_error


def _distance_of_rise(amount: AmountComparison) -> tuple[float, float]:
    """Return how far a rise lies beyond its limit, and the standard error; both of logarithms."""
    if amount.ratio is None or isinstance(amount.ratio, Untestable) or amount.limit is None:
        return 0.0, 0.0
    return log(amount.ratio.estimate) - log1p(amount.limit), amount.ratio.log_standard_error


def _exclusion_of(drawn: DrawnScore) -> float:
    seen = drawn.difference
    if isinstance(seen, Untestable) or seen.p_kept is None:
        return 0.0
    return evidence_z(
        seen.p_kept, distance=seen.estimate + drawn.bound, standard_error=seen.standard_error
    )


def _clear_breaks(breaks: Breaks | None, family: Family) -> tuple[str, ...]:
    """Return the broken cases for which chance is excluded, were all that could break asked.

    Each case is looked at once, with all of its trials, so that rounds need no spending.
    """
    if breaks is None or not breaks.broken:
        return ()
    could = max(1, breaks.could)
    p_value = breaks.p_value / could * max(could, family.could_break)
    return breaks.broken[:1] if p_value <= family.alpha_of_breaks else ()


def _dollars(amount: Decimal | None) -> str:
    return "" if amount is None else f" (${amount:.4f})"
