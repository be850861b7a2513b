"""The gate as a whole: how often a suite of several scores, and its costs, is NO-GO or GO."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from benchmarks.calibration.shapes import Shape, simulate
from benchmarks.calibration.suites import Run, SuiteShape, simulate_run
from benchmarks.figures import Figure, rate

from gonogo.comparison import Comparison, compare_results
from gonogo.decisions import Gauge, decide
from gonogo.settings import Policy, Rises, Settings, SuiteBudget
from gonogo.statistics.differences import Difference
from gonogo.statistics.repeated_trials import find_hard_breaks, hard_break_p

SMALL = 50
"""Below so many cases the bar of false alarms is 6 %, else 5.5 %."""

LEAST_FAVOURABLE = Policy(tolerance=0.0, rises=Rises(cost_usd=0.0))
"""Nothing is tolerated: where nothing changed, every claim is at the edge of what is true."""

_BUDGET = SuiteBudget()
_NAIVE = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcomes:
    """What many simulated runs of one suite came to.

    Attributes:
        gauges: Of each run.
        any_alone: Of each run, whether any claim is shown at 5 % by itself, without Holm.
        first_alone: Whether the first score's drop is.
        naive: Whether any score's mean fell by more than the naive rule allows.
    """

    gauges: Sequence[Gauge]
    any_alone: Sequence[bool]
    first_alone: Sequence[bool]
    naive: Sequence[bool]

    def count(self, gauge: Gauge) -> int:
        """Return how many runs were decided so."""
        return sum(one is gauge for one in self.gauges)


def measure_alarms(
    suite: SuiteShape, policy: Policy, count: int, *, seed: int, note: str = ""
) -> list[Figure]:
    """Measure how often a run is NO-GO though no score dropped, and no cost rose, too far."""
    found = _decide_many(suite, policy, count, seed)
    return [
        rate(
            "The gate as a whole: NO-GO though nothing is worse than tolerated (any claim, at 5 %)",
            str(suite),
            found.count(Gauge.NO_GO),
            count,
            most=0.06 if suite.shape.cases < SMALL else 0.055,
            note=note,
            peers=(
                ("each claim by itself", _share(found.any_alone)),
                (_name_naive(policy), _share(found.naive)),
            ),
        )
    ]


def measure_power(suite: SuiteShape, policy: Policy, count: int, *, seed: int) -> list[Figure]:
    """Measure how often a run is NO-GO where one of its scores dropped."""
    found = _decide_many(suite, policy, count, seed)
    return [
        rate(
            "The gate as a whole: NO-GO where one score dropped",
            str(suite),
            found.count(Gauge.NO_GO),
            count,
            peers=(
                ("a test of that score alone", _share(found.first_alone)),
                (_name_naive(policy), _share(found.naive)),
            ),
        )
    ]


def measure_wrong_go(suite: SuiteShape, count: int, *, seed: int) -> list[Figure]:
    """Measure how often a run is GO though one score dropped by the margin of non-inferiority."""
    margin = suite.shape.drop
    policy = Policy(
        test="non-inferiority", margin=margin, tolerance=margin, rises=LEAST_FAVOURABLE.rises
    )
    found = _decide_many(suite, policy, count, seed)
    return [
        rate(
            "The gate as a whole: GO though a score dropped by the margin (non-inferiority at 5 %)",
            str(suite),
            found.count(Gauge.GO),
            count,
            most=0.06 if suite.shape.cases < SMALL else 0.055,
            peers=((f"no mean drop > {margin:g}", 1 - _share(found.naive)),),
        )
    ]


def measure_breaks(shape: Shape, count: int, *, seed: int) -> list[Figure]:
    """Measure how often any case is called a hard break though nothing changed."""
    before, after = simulate(shape, count, np.random.default_rng(seed))
    found = chosen = 0
    for old, new in zip(before.sum(axis=2), after.sum(axis=2), strict=True):
        passed, passes = [(shape.before, int(c)) for c in old], [(shape.after, int(c)) for c in new]
        found += bool(find_hard_breaks(passed, passes))
        p_value = hard_break_p(shape.before, shape.after) * int((old == shape.before).sum())
        chosen += bool(((old == shape.before) & (new == 0)).any()) and p_value <= 0.05
    return [
        rate(
            "Hard breaks: any named though nothing changed, at 5 %",
            str(shape),
            found,
            count,
            most=0.06 if shape.cases < SMALL else 0.055,
            peers=(("corrected for the cases that always passed before", chosen / count),),
        )
    ]


def _decide_many(suite: SuiteShape, policy: Policy, count: int, seed: int) -> Outcomes:
    generator = np.random.default_rng(seed)
    settings = Settings(policy=policy)
    ids = [f"c{place:03}" for place in range(suite.shape.cases)]
    gauges, any_alone, first_alone, naive = [], [], [], []
    for _ in range(count):
        run = simulate_run(suite, generator)
        comparison = compare_results(run.baseline, run.results, ids, settings, replayed=False)
        decision = decide(run.results, comparison, policy=policy, budget=_BUDGET)
        gauges.append(decision.gauge)
        any_alone.append(_is_any_shown(comparison, policy.alpha))
        first_alone.append(_first_p(comparison, suite.names[0]) <= policy.alpha)
        naive.append(_falls_too_far(run, policy))
    return Outcomes(gauges=gauges, any_alone=any_alone, first_alone=first_alone, naive=naive)


def _is_any_shown(comparison: Comparison, alpha: float) -> bool:
    claims = [*(s.claim for s in comparison.scores), *(a.claim for a in comparison.amounts)]
    return any(claim is not None and claim.p_value <= alpha for claim in claims)


def _first_p(comparison: Comparison, name: str) -> float:
    score = next(score for score in comparison.scores if score.name == name)
    if score.drawn is None or not isinstance(score.drawn.difference, Difference):
        return 1.0
    return score.drawn.difference.p_drop


def _falls_too_far(run: Run, policy: Policy) -> bool:
    return bool((run.falls > _naive_threshold(policy)).any())


def _naive_threshold(policy: Policy) -> float:
    return policy.tolerance or _NAIVE


def _name_naive(policy: Policy) -> str:
    return f"any mean drop > {_naive_threshold(policy):g}"


def _share(flags: Sequence[bool]) -> float:
    return float(np.mean(flags))
