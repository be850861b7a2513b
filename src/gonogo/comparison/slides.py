"""Finds slow slides: scores that fell by many accepted drops, each too small to matter."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import fmean

from gonogo.baselines import WEIGHTED, BaselineCase
from gonogo.comparison.cases import ROUNDING
from gonogo.comparison.claims import Claim, judge_claims
from gonogo.plain_text import counted
from gonogo.settings import Policy
from gonogo.statistics.differences import Difference, Untestable

Pair = tuple[BaselineCase, BaselineCase]
"""A case at its best, and now."""


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


def find_slides(pairs: Sequence[Pair], policy: Policy, *, are_certain: bool) -> tuple[Slide, ...]:
    """Hold every score against its best accepted values; those that did not fall are left out.

    The slides of a suite share an error of their own: they are another question than whether this
    run is worse than the last accepted one.

    Args:
        pairs: Cases whose content is the same.
        policy: For tolerances and alpha.
        are_certain: Whether no answer is a draw.
    """
    slides: dict[str, Slide] = {}
    p_values: dict[str, float] = {}
    for name in sorted({name for best, _ in pairs for name in best.scores}):
        both = [
            (best, now) for best, now in pairs if best.scores.get(name) and now.scores.get(name)
        ]
        if not both:
            continue
        slide = Slide(
            name=name,
            cases=len(both),
            best=fmean(fmean(best.scores[name]) for best, _ in both),
            now=fmean(fmean(now.scores[name]) for _, now in both),
            tolerance=policy.tolerance_of(name),
            is_certain=are_certain,
        )
        difference = None if are_certain else _compare(name, both, slide.tolerance)
        if isinstance(difference, Difference):
            p_values[name] = difference.p_drop
        if slide.drop > ROUNDING:
            slides[name] = slide
    claims = judge_claims(p_values, alpha=policy.alpha)
    return tuple(replace(slide, claim=claims.get(name)) for name, slide in slides.items())


def _compare(name: str, pairs: Sequence[Pair], tolerance: float) -> Difference | Untestable:
    from gonogo.statistics.paired_scores import compare_scores  # noqa: PLC0415 - heavy: numpy

    return compare_scores(
        [best.scores[name] for best, _ in pairs],
        [now.scores[name] for _, now in pairs],
        [now.group or best.group for best, now in pairs],
        tolerance=tolerance,
    )
