"""Simulated runs of whole suites: several scores that hang together, groups, and what cases cost.

All data is synthetic. What comes out are the values that the harness makes of a run, judging left
out: results of cases, and a baseline of the earlier ones.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

import numpy as np
from benchmarks.calibration.shapes import (
    Harm,
    Kind,
    Shape,
    draw_difficulties,
    draw_latent,
    lower,
    read_scores,
)
from numpy.typing import NDArray

from gonogo.baselines import SCHEMA, Baseline, BaselineHeader, baseline_of
from gonogo.evaluation import CaseResult, Measured, TrialResult
from gonogo.exchanges import Outcome
from gonogo.scorecards import DIGITS, Scorecard
from gonogo_checkers.verdict import Judged

Floats = NDArray[np.float64]

MIXED = (Kind.BINARY, Kind.BOUNDED, Kind.CEILING)

_HEADER = BaselineHeader(
    schema=SCHEMA, suite="synthetic", dataset="d", model=None, tools=None, checkers={}, history=()
)
_TOGETHER = 0.5
_PASSES_FROM = 0.7
_SPREAD_OF_COSTS = 0.8
_NOISE_OF_COSTS = 0.3
_USD = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteShape:
    """A suite of several scores.

    Attributes:
        shape: Of each score but for its kind; a drop is of the first score alone.
        scores: How many, 1 or more; what is latent of any two correlates by 0.5.
        kinds: What they look like, taken in turn.
        are_all_lower: Whether the drop is of every score.
        rise: Of the cost of every case, as a share.
    """

    shape: Shape
    scores: int
    kinds: Sequence[Kind] = MIXED
    are_all_lower: bool = False
    rise: float = 0.0

    def __str__(self) -> str:
        """Return the shape in a line."""
        first = replace(self.shape, kind=self.kind_of(0))
        if self.scores == 1:
            return f"{first}; 1 score"
        are_mixed = len({self.kind_of(number) for number in range(self.scores)}) > 1
        return f"{first}; {self.scores} scores{', pass or fail and bounded' if are_mixed else ''}"

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the scores; the first is the one that drops."""
        return tuple(f"s{number}" for number in range(self.scores))

    def kind_of(self, number: int) -> Kind:
        """Return what a score looks like."""
        return self.kinds[number % len(self.kinds)]

    def with_drop(self, drop: float, harm: Harm = Harm.EVEN) -> "SuiteShape":
        """Return the same suite with a drop of its first score."""
        return replace(self, shape=self.shape.with_drop(drop, harm))


@dataclass(frozen=True, slots=True)
class Run:
    """A simulated run and what it is held against.

    Attributes:
        baseline: The earlier results, accepted.
        results: Now.
        falls: Of each score, how far its mean over cases fell; below 0: it rose.
    """

    baseline: Baseline
    results: list[CaseResult]
    falls: Floats


def simulate_run(suite: SuiteShape, generator: np.random.Generator) -> Run:
    """Simulate a baseline and a run of one suite."""
    sides = _simulate_scores(suite, generator)
    costs = _simulate_costs(suite, generator)
    before, after = (
        _results(suite, np.round(scores, DIGITS), dollars)
        for scores, dollars in zip(sides, costs, strict=True)
    )
    old, new = (scores.mean(axis=(1, 2)) for scores in sides)
    return Run(baseline_of(before, _HEADER), after, np.asarray(old - new))


def _simulate_scores(suite: SuiteShape, generator: np.random.Generator) -> tuple[Floats, Floats]:
    """Return scores before and after: arrays of (scores, cases, trials)."""
    shape = suite.shape
    latent = []
    for _ in range(suite.scores + 1):
        old, new = draw_difficulties(shape, 1, generator)
        latent.append(
            (
                draw_latent(shape, old, shape.before, generator),
                draw_latent(shape, new, shape.after, generator),
            )
        )
    shared, *owns = latent
    sides: tuple[list[Floats], list[Floats]] = ([], [])
    for number, own in enumerate(owns):
        drop = shape.drop if number == 0 or suite.are_all_lower else 0.0
        of_kind = replace(shape, kind=suite.kind_of(number), drop=drop)
        before, after = (
            read_scores(of_kind, np.sqrt(_TOGETHER) * all_ + np.sqrt(1 - _TOGETHER) * one)
            for all_, one in zip(shared, own, strict=True)
        )
        sides[0].append(before[0])
        sides[1].append(lower(of_kind, after, generator)[0])
    return np.stack(sides[0]), np.stack(sides[1])


def _simulate_costs(suite: SuiteShape, generator: np.random.Generator) -> tuple[Floats, Floats]:
    """Return log-normal dollars of each trial before and after: arrays of (cases, trials)."""
    shape = suite.shape
    case = generator.normal(0, _SPREAD_OF_COSTS, (shape.cases, 1))
    before, after = (
        _USD * np.exp(case + generator.normal(0, _NOISE_OF_COSTS, (shape.cases, trials)))
        for trials in (shape.before, shape.after)
    )
    return before, after * (1 + suite.rise)


def _results(suite: SuiteShape, scores: Floats, dollars: Floats) -> list[CaseResult]:
    grouped = suite.shape.cluster > 1
    weighted = scores.mean(axis=0)
    by_case = scores.transpose(1, 2, 0).tolist()
    return [
        CaseResult(
            suite="synthetic",
            case_id=f"c{place:03}",
            digest="d",
            domain="general",
            group=f"g{group}" if grouped else None,
            trials=tuple(
                _trial(suite.names, values, float(weighted[place, k]), float(dollars[place, k]))
                for k, values in enumerate(by_case[place])
            ),
        )
        for place, group in enumerate(suite.shape.groups)
    ]


def _trial(
    names: Sequence[str], values: Sequence[float], weighted: float, dollars: float
) -> TrialResult:
    verdicts = {name: Judged(value) for name, value in zip(names, values, strict=True)}
    score = round(weighted, DIGITS)
    return TrialResult(
        number=1,
        outcome=Outcome.ANSWERED,
        measured=(Measured(exchange="ex", cost_usd=Decimal(str(round(dollars, 6)))),),
        words=0,
        scorecard=Scorecard(id="c", domain="general", verdicts=verdicts, score=score),
        is_passed=score >= _PASSES_FROM,
    )
