"""What a run of a suite could show, worked out from its baseline before anything is asked.

It plans for answers that are draws, as live runs get them; what is certain needs no plan.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import ceil
from statistics import harmonic_mean
from typing import Final

from gonogo.baselines import Baseline, BaselineCase
from gonogo.settings import Policy, Test
from gonogo.statistics.needs import clusters_to_exclude, mean_depth
from gonogo.statistics.power import (
    Harm,
    Levels,
    Noise,
    Suite,
    estimate_noise,
)
from gonogo.statistics.repeated_trials import Unreachable, trials_for_hard_break
from gonogo.statistics.sizing import MOST_CLUSTERS, size_cases, size_drop, size_trials

TRIALS: Final = (1, 2, 3, 5, 8)
"""Numbers of trials of each case that are planned for, where none are named."""

BEYOND: Final = 0.05
"""How far beyond the tolerance the drop lies that is planned for, where none is named."""

ROUNDS: Final = 10
"""Rounds of a sequential run that are planned for; others change little."""

_WEIGHTED: Final = "score"
_AMOUNTS: Final = ("cost_usd", "input_tokens", "output_tokens", "latency_seconds")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizing:
    """What one score would show with so many trials of each case.

    Attributes:
        trials: Of each case in the run, 1 or more.
        smallest_drop: Smallest drop shown with the power where some cases break wholly, the
            tolerance included; no drop brings more noise. None: not even a drop of 1 is shown.
        smallest_even_drop: The same where every trial gets a little worse; not larger.
        cases: How many cases show the drop that is planned for, however it comes about; None: no
            number up to a million.
        cases_to_exclude: How many cases exclude a drop of the margin where nothing changed; None:
            the policy does not ask it, or no number up to a million.
    """

    trials: int
    smallest_drop: float | None
    smallest_even_drop: float | None
    cases: int | None
    cases_to_exclude: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScorePlan:
    """What is known of one score, and what a run could show of it.

    Attributes:
        name: Checker id, or `score` for the weighted one.
        test: What the policy asks of it.
        bound: The drop that must be exceeded: the tolerance, or for `non-inferiority` the margin.
        cases: That have the score.
        clusters: Groups and single cases.
        trials: Of a case in the baseline, on average.
        noise: Of the trials of a case.
        depth: How far a trial falls that gets a little worse: as those below 1 do on average.
        drop: That is planned for.
        sizings: By number of trials, in the order asked for.
        trials_needed: Trials of each case that show the drop with these cases where some break
            wholly; None: no number up to a thousand.
        trials_needed_even: The same where every trial gets a little worse.
    """

    name: str
    test: Test
    bound: float
    cases: int
    clusters: int
    trials: float
    noise: Noise
    depth: float
    drop: float
    sizings: tuple[Sizing, ...]
    trials_needed: int | None
    trials_needed_even: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakPlan:
    """What it takes to show that a single case broke: passed always, fails always.

    Attributes:
        could: Cases whose every trial passed in the baseline: only they can break.
        unknown: Cases of which the baseline does not say which trials passed.
        tests: Tests that share the family-wise error: claims of the suite times `could`.
        trials_before: The fewest trials of such a case in the baseline; 0: there is none.
        trials_needed: Trials of the case now, the baseline as it is; None: never.
        trials_needed_both: The number that is enough in the baseline and now.
    """

    could: int
    unknown: int
    tests: int
    trials_before: int
    trials_needed: int | None
    trials_needed_both: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """What a run asks for.

    Attributes:
        trials: Of each case.
        asked: Trials in all.
        cost_usd: Expected, from what trials cost in the baseline; None: that is not known.
    """

    trials: int
    asked: int
    cost_usd: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SequentialPlan:
    """What a run that stops early asks for on average, as a share of the whole run.

    Attributes:
        rounds: Evenly spaced.
        share_unchanged: Where nothing changed, 0 to 1.
        share_at_drop: Where one score dropped by what the run is sized for.
        drop_ratio: How many times as far beyond the tolerance as in a run in one go that drop
            lies; 1 or more.
    """

    rounds: int
    share_unchanged: float
    share_at_drop: float
    drop_ratio: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a run of a suite could show.

    Attributes:
        suite: Its name.
        cases: Of the baseline.
        claims: That share the family-wise error: scores, amounts that are limited, hard breaks.
        levels: Errors allowed for each claim, Holm's first step: the family's over the claims.
        scores: The weighted one first.
        breaks: Of single cases.
        askings: By number of trials.
        sequential: None: there is no score.
    """

    suite: str
    cases: int
    claims: int
    levels: Levels
    scores: tuple[ScorePlan, ...]
    breaks: BreakPlan
    askings: tuple[Asking, ...]
    sequential: SequentialPlan | None


def plan_suite(
    baseline: Baseline,
    policy: Policy,
    *,
    trials: tuple[int, ...] = TRIALS,
    drop: float | None = None,
) -> Plan:
    """Work out what a run of a suite could show.

    Args:
        baseline: Its accepted results; their trials say how much answers vary.
        policy: Tolerances, errors allowed, and what is asked of each score.
        trials: Numbers of trials of each case to plan for, 1 or more each.
        drop: To be shown, above 0, at most 1; None: 0.05 beyond the tolerance of each score.
    """
    cases = [baseline.cases[case_id] for case_id in sorted(baseline.cases)]
    names = {name for case in cases for name, values in case.scores.items() if values}
    could = [case for case in cases if case.passed and all(case.passed)]
    compared = len(names) + len(_limited_amounts(cases, policy))
    claims = compared + bool(could)
    levels = Levels(alpha=policy.alpha / max(1, claims), power=policy.power)
    return Plan(
        suite=baseline.header.suite,
        cases=len(cases),
        claims=claims,
        levels=levels,
        scores=tuple(
            _plan_score(name, cases, policy=policy, trials=trials, drop=drop, levels=levels)
            for name in sorted(names, key=lambda name: (name != _WEIGHTED, name))
        ),
        breaks=_plan_breaks(cases, could, claims=claims, alpha=policy.alpha),
        askings=tuple(_ask(cases, count) for count in trials),
        sequential=_plan_sequential(compared, levels) if names else None,
    )


def _limited_amounts(cases: Iterable[BaselineCase], policy: Policy) -> set[str]:
    return {
        name
        for case in cases
        for name in _AMOUNTS
        if policy.rises.limit_of(name) is not None
        and any(value is not None for value in getattr(case, name))
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shape:
    """Cases in clusters.

    Attributes:
        cases: That have the score, 1 or more.
        clusters: Groups and single cases.
        worth: How many clusters of equal size tell as much (Kish 1965, "Survey sampling",
            section 11.7: the square of the sum of sizes over the sum of their squares).
        before: Trials of a case in the baseline, on average.
        noise: Of the trials of a case.
        depth: Of a trial's usual fall.
    """

    cases: int
    clusters: int
    worth: float
    before: float
    noise: Noise
    depth: float

    def suite(self, trials: float) -> Suite:
        """Return the suite of clusters of equal size that tells as much.

        Trials of different cases vary independently, so the noise of a cluster's mean falls with
        its size; a drop may hit whole clusters, so what it brings does not.
        """
        variance = self.noise.variance * self.worth / self.cases
        return Suite(
            cases=int(self.worth + 1e-9),
            before=self.before,
            after=trials,
            noise=Noise(variance=variance, is_bound=self.noise.is_bound),
            depth=self.depth,
        )

    def cases_of(self, clusters: int | None) -> int | None:
        """Return how many cases, in clusters as here, are worth so many equal clusters."""
        if clusters is None:
            return None
        needed = ceil(clusters * self.cases / self.worth - 1e-9)
        return needed if needed <= MOST_CLUSTERS else None


def _plan_score(
    name: str,
    cases: Sequence[BaselineCase],
    *,
    policy: Policy,
    trials: tuple[int, ...],
    drop: float | None,
    levels: Levels,
) -> ScorePlan:
    scored = [case for case in cases if case.scores.get(name)]
    values = [case.scores[name] for case in scored]
    shape = _shape_of(scored, values)
    test = policy.test_of(name)
    margin = policy.margin_of(name) if test == "non-inferiority" else None
    sought = _Sought(
        bound=policy.tolerance_of(name) if margin is None else margin,
        drop=drop,
        margin=margin,
        levels=levels,
        alpha=policy.alpha,
    )
    return ScorePlan(
        name=name,
        test=test,
        bound=sought.bound,
        cases=shape.cases,
        clusters=shape.clusters,
        trials=shape.before,
        noise=shape.noise,
        depth=shape.depth,
        drop=sought.size,
        sizings=tuple(_size(shape, count, sought) for count in trials),
        trials_needed=_trials_needed(shape, sought, Harm.BREAKS),
        trials_needed_even=_trials_needed(shape, sought, Harm.EVEN),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sought:
    """What is to be shown or excluded of a score.

    Attributes:
        bound: A drop that does not count.
        drop: As asked for; None: not asked.
        margin: To be excluded; None: not asked.
        levels: For showing a drop.
        alpha: For excluding one: every score must exclude its own, so nothing is divided.
    """

    bound: float
    drop: float | None
    margin: float | None
    levels: Levels
    alpha: float

    @property
    def size(self) -> float:
        """The drop that is planned for."""
        return min(1.0, self.bound + BEYOND) if self.drop is None else self.drop


def _shape_of(scored: Sequence[BaselineCase], values: Sequence[Sequence[float]]) -> _Shape:
    groups = Counter(case.group for case in scored if case.group is not None)
    sizes = [*groups.values(), *(1 for case in scored if case.group is None)]
    return _Shape(
        cases=len(scored),
        clusters=len(sizes),
        worth=len(scored) ** 2 / sum(size**2 for size in sizes),
        before=harmonic_mean([len(case) for case in values]),
        noise=estimate_noise(values),
        depth=mean_depth(values),
    )


def _trials_needed(shape: _Shape, sought: _Sought, harm: Harm) -> int | None:
    return size_trials(
        shape.suite(1), sought.size, tolerance=sought.bound, harm=harm, levels=sought.levels
    )


def _size(shape: _Shape, trials: int, sought: _Sought) -> Sizing:
    suite, levels = shape.suite(trials), sought.levels
    smallest, even = (
        size_drop(suite, tolerance=sought.bound, harm=harm, levels=levels)
        for harm in (Harm.BREAKS, Harm.EVEN)
    )
    excluding = None
    if sought.margin is not None:
        excluding = clusters_to_exclude(
            suite.noise.variance * (1 / suite.before + 1 / suite.after),
            margin=sought.margin,
            levels=Levels(alpha=sought.alpha, power=levels.power),
        )
    return Sizing(
        trials=trials,
        smallest_drop=smallest,
        smallest_even_drop=even,
        cases=shape.cases_of(
            size_cases(suite, sought.size, tolerance=sought.bound, harm=Harm.BREAKS, levels=levels)
        ),
        cases_to_exclude=shape.cases_of(excluding),
    )


def _plan_breaks(
    cases: Sequence[BaselineCase], could: Sequence[BaselineCase], *, claims: int, alpha: float
) -> BreakPlan:
    tests = max(1, claims * len(could))
    before = min((len(case.passed) for case in could), default=0)
    now = trials_for_hard_break(tests=tests, alpha=alpha, before=before) if could else None
    both = trials_for_hard_break(tests=tests, alpha=alpha) if could else None
    return BreakPlan(
        could=len(could),
        unknown=sum(not case.passed for case in cases),
        tests=tests,
        trials_before=before,
        trials_needed=None if isinstance(now, Unreachable) else now,
        trials_needed_both=None if isinstance(both, Unreachable) else both,
    )


def _ask(cases: Sequence[BaselineCase], trials: int) -> Asking:
    means = [
        sum(known, Decimal(0)) / len(known)
        for case in cases
        if (known := [Decimal(str(cost)) for cost in case.cost_usd if cost is not None])
    ]
    asked = len(cases) * trials
    cost = None
    if means:
        expected = sum(means, Decimal(0)) / len(means) * asked
        cost = Decimal(f"{expected:.6f}")
    return Asking(trials=trials, asked=asked, cost_usd=cost)


def _plan_sequential(scores: int, levels: Levels) -> SequentialPlan:
    from gonogo.statistics.sequential import (  # noqa: PLC0415 - heavy: numpy
        design_run,
        fixed_drift,
    )
    from gonogo.statistics.stopping import expect_family  # noqa: PLC0415 - heavy: numpy

    design = design_run(rounds=ROUNDS, alpha=levels.alpha, power=levels.power)
    fractions = tuple((place + 1) / ROUNDS for place in range(ROUNDS))
    return SequentialPlan(
        rounds=ROUNDS,
        share_unchanged=expect_family(fractions, design, scores=scores, drift=0.0),
        share_at_drop=expect_family(fractions, design, scores=scores, drift=design.drift),
        drop_ratio=design.drift / fixed_drift(alpha=levels.alpha, power=levels.power),
    )
