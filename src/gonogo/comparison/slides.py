"""Finds slow slides: scores that fell by many accepted drops, each too small to matter."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import fmean

from gonogo.baselines import WEIGHTED, Acceptance, BaselineCase
from gonogo.best_scores import picked_from
from gonogo.comparison.cases import ROUNDING
from gonogo.comparison.claims import Claim, judge_claims
from gonogo.plain_text import counted
from gonogo.settings import Policy
from gonogo.statistics.differences import Difference, Untestable


@dataclass(frozen=True, slots=True)
class SlidePair:
    """A case at its best, and now.

    Attributes:
        best: The trial values of each score at its best.
        now: What the case is now.
        is_certain: Whether a difference between the two is no matter of chance.
    """

    best: BaselineCase
    now: BaselineCase
    is_certain: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Slide:
    """A score whose mean lies below its best accepted one.

    Attributes:
        name: Checker id, or `score` for the weighted one.
        cases: Number of cases that both have.
        best: Mean over them at its best, 0 to 1.
        now: Mean now.
        tolerance: How far it may fall.
        claim: That it fell beyond the tolerance; None: no matter of chance, or nothing can be said.
        is_certain: Whether it is no matter of chance.
    """

    name: str
    cases: int
    best: float
    now: float
    tolerance: float
    is_certain: bool
    claim: Claim | None = None

    def __str__(self) -> str:
        """Say how far it slid."""
        name = "the weighted score" if self.name == WEIGHTED else self.name
        return (
            f"{name} slid by {self.drop:.3f} below its best accepted mean"
            f" ({self.best:.3f} to {self.now:.3f} over {counted(self.cases, 'case')})"
        )

    @property
    def drop(self) -> float:
        """How far it fell, -1 to 1."""
        return self.best - self.now

    @property
    def is_shown(self) -> bool:
        """Whether it fell by more than its tolerance."""
        if self.is_certain:
            return self.drop > self.tolerance + ROUNDING
        return self.claim is not None and self.claim.is_shown


def find_slides(
    pairs: Sequence[SlidePair], policy: Policy, history: Sequence[Acceptance]
) -> tuple[Slide, ...]:
    """Hold every score against its best accepted values; those that did not fall are left out.

    The slides of a suite share an error of their own: they are another question than whether this
    run is worse than the last accepted one. The best of many means is high by luck, too: each
    p-value is multiplied by the number of acceptances that the best was picked from (Bonferroni);
    without, one equally good run in four is called a slide after ten acceptances.

    Args:
        pairs: Cases whose content is the same.
        policy: For tolerances and alpha.
        history: Acceptances that the best values were picked from.
    """
    slides = []
    p_values: dict[str, float] = {}
    for name in sorted({name for pair in pairs for name in pair.best.scores}):
        both = [p for p in pairs if p.best.scores.get(name) and p.now.scores.get(name)]
        if not both:
            continue
        slide = Slide(
            name=name,
            cases=len(both),
            best=fmean(fmean(pair.best.scores[name]) for pair in both),
            now=fmean(fmean(pair.now.scores[name]) for pair in both),
            tolerance=policy.tolerance_of(name),
            is_certain=all(pair.is_certain for pair in both),
        )
        slides.append(slide)
        difference = None if slide.is_certain else _compare(name, both, slide.tolerance)
        if isinstance(difference, Difference):
            p_values[name] = min(1.0, difference.p_drop * picked_from(name, history))
    claims = judge_claims(p_values, alpha=policy.alpha)
    return tuple(
        replace(slide, claim=claims.get(slide.name)) for slide in slides if slide.drop > ROUNDING
    )


def _compare(name: str, pairs: Sequence[SlidePair], tolerance: float) -> Difference | Untestable:
    from gonogo.statistics.paired_scores import compare_scores  # noqa: PLC0415 - heavy: numpy

    return compare_scores(
        [pair.best.scores[name] for pair in pairs],
        [pair.now.scores[name] for pair in pairs],
        [pair.now.group or pair.best.group for pair in pairs],
        tolerance=tolerance,
    )
