"""The fixed run: false alarms, coverage and power of paired comparisons."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from benchmarks.calibration import rules
from benchmarks.calibration.shapes import Harm, Kind, Shape, simulate
from benchmarks.figures import Figure, rate
from numpy.typing import NDArray

from gonogo.statistics import power
from gonogo.statistics.binary_pairs import PairCounts, compare_pairs
from gonogo.statistics.differences import Difference, Untestable
from gonogo.statistics.paired_means import compare_means
from gonogo.statistics.paired_scores import compare_scores

Floats = NDArray[np.float64]

SMALL = 50
"""Below so many cases the bar of false alarms is 6 %, else 5.5 %."""


def measure_unchanged(shape: Shape, count: int, seed: int) -> list[Figure]:
    """Measure false alarms of a drop where nothing changed on average, and coverage of 0."""
    before, after, results = _compare(shape, count, seed)
    old, new = before.mean(axis=2), after.mean(axis=2)
    attainable = rules.attainable_level(new - old)
    generator = np.random.default_rng(seed + 1)
    forced = attainable < 0.042 and shape.kind is Kind.BINARY
    lopsided = shape.before != shape.after
    note = f"discreteness leaves {100 * attainable:.2f} %" if forced else ""
    note = "trials dealt out anew: careful by design" if lopsided else note
    alarms = sum(result.p_drop <= 0.05 for result in results)
    covered = sum(result.low - 1e-9 <= 0 <= result.high + 1e-9 for result in results)
    return [
        rate(
            "False alarms: nothing changed, a drop is tested at 5 %",
            str(shape),
            alarms,
            count,
            most=0.06 if shape.cases < SMALL else 0.055,
            least=None if forced or lopsided else 0.03,
            note=note,
            peers=(
                ("unpaired t", float(rules.unpaired_t(old, new).mean())),
                ("mean drop > 0.02", float(rules.mean_drop(old, new).mean())),
                (
                    "bootstrap of cases",
                    float(rules.paired_bootstrap(new - old, generator).mean()),
                ),
                ("paired t of cases", float(rules.paired_t(new - old).mean())),
            ),
        ),
        rate(
            "Coverage of the 95 % interval: nothing changed",
            str(shape),
            covered,
            count,
            least=0.93,
            most=None if forced or lopsided else 0.97,
            note=note,
        ),
    ]


def measure_boundary(shape: Shape, count: int, seed: int) -> list[Figure]:
    """Measure both policies where the drop is exactly what is tolerated, and coverage of it."""
    before, after, results = _compare(shape, count, seed, tolerance=shape.drop, margin=shape.drop)
    differences = after.mean(axis=2) - before.mean(axis=2)
    wrong_go = sum((result.p_kept or 0.0) <= 0.05 for result in results)
    alarms = sum(result.p_drop <= 0.05 for result in results)
    covered = sum(result.low - 1e-9 <= -shape.drop <= result.high + 1e-9 for result in results)
    bar = 0.06 if shape.cases < SMALL else 0.055
    unseen = shape.harm is Harm.BREAKS and shape.cases < SMALL and shape.kind is not Kind.BINARY
    kept_t = float(rules.paired_t(-differences, bound=shape.drop).mean())
    drop_t = float(rules.paired_t(differences, bound=-shape.drop).mean())
    return [
        rate(
            "Wrong GO: the drop is as large as the margin (non-inferiority at 5 %)",
            str(shape),
            wrong_go,
            count,
            most=bar,
            peers=(("paired t", kept_t),),
        ),
        rate(
            "False alarms: the drop is as large as the tolerance (regression at 5 %)",
            str(shape),
            alarms,
            count,
            most=bar,
            peers=(("paired t", drop_t),),
        ),
        rate(
            "Coverage of the 95 % interval: there is a drop",
            str(shape),
            covered,
            count,
            least=None if unseen else 0.93,
            most=None if unseen else 0.97,
            note="breaks too rare to be drawn: too short an interval; p_kept heeds them"
            if unseen
            else "",
        ),
    ]


def measure_power(shape: Shape, count: int, seed: int) -> list[Figure]:
    """Measure how often a drop is shown, beside other tests on the same data."""
    before, after, results = _compare(shape, count, seed)
    old, new = before.mean(axis=2), after.mean(axis=2)
    differences = new - old
    peers = (
        ("paired t", float(rules.paired_t(differences).mean())),
        ("signed ranks", float(rules.wilcoxon(differences).mean())),
        ("signs", float(rules.sign_test(differences).mean())),
        ("unpaired t", float(rules.unpaired_t(old, new).mean())),
        ("mean drop > 0.02", float(rules.mean_drop(old, new).mean())),
    )
    shown = sum(result.p_drop <= 0.05 for result in results)
    return [rate("Power: a drop is shown at 5 %", str(shape), shown, count, peers=peers)]


def measure_plan(shape: Shape, harm: Harm, count: int, seed: int) -> list[Figure]:
    """Measure the power at the drop that the plan says is shown with 80 %."""
    pilot, _ = simulate(Shape(cases=4000, before=8, kind=shape.kind), 1, np.random.default_rng(1))
    noise = power.estimate_noise(pilot[0].tolist())
    suite = power.Suite(cases=shape.cases, before=shape.before, after=shape.after, noise=noise)
    drop = power.plan_drop(suite, harm=power.Harm[harm.name])
    if isinstance(drop, power.Nothing):
        return []
    planned = shape.with_drop(drop, harm)
    _, _, results = _compare(planned, count, seed)
    shown = sum(result.p_drop <= 0.05 for result in results)
    return [
        rate(
            "Power at the smallest drop of the plan (meant: 80 %)",
            str(planned),
            shown,
            count,
            least=0.75,
        )
    ]


def _compare(
    shape: Shape, count: int, seed: int, *, tolerance: float = 0.0, margin: float | None = None
) -> tuple[Floats, Floats, Sequence[Difference]]:
    before, after = simulate(shape, count, np.random.default_rng(seed))
    groups = shape.groups if shape.cluster > 1 else None
    if shape.before != shape.after:
        found = [
            compare_scores(old.tolist(), new.tolist(), groups, tolerance=tolerance, margin=margin)
            for old, new in zip(before, after, strict=True)
        ]
        return before, after, _testable(found)
    differences = after.mean(axis=2) - before.mean(axis=2)
    if shape.kind is Kind.BINARY and shape.before == 1 and groups is None:
        worse, better = (differences < 0).sum(axis=1), (differences > 0).sum(axis=1)
        found = [
            _compare_counts(shape.cases, int(b), int(c), tolerance, margin)
            for b, c in zip(worse, better, strict=True)
        ]
        return before, after, _testable(found)
    found = [compare_means(row, groups, tolerance=tolerance, margin=margin) for row in differences]
    return before, after, _testable(found)


@lru_cache(maxsize=100_000)
def _compare_counts(
    cases: int, worse: int, better: int, tolerance: float, margin: float | None
) -> Difference | Untestable:
    counts = PairCounts(cases=cases, worse=worse, better=better)
    return compare_pairs(counts, tolerance=tolerance, margin=margin)


def _testable(found: Sequence[Difference | Untestable]) -> Sequence[Difference]:
    return [result for result in found if isinstance(result, Difference)]
