"""The sequential run: false alarms under any rounds, and how much less it asks."""

from functools import lru_cache

import numpy as np
from benchmarks.calibration import rules
from benchmarks.calibration.shapes import Kind, Shape, simulate
from benchmarks.figures import Figure, rate
from numpy.typing import NDArray

from gonogo.statistics.binary_pairs import PairCounts, mcnemar_mid_p
from gonogo.statistics.differences import Difference
from gonogo.statistics.paired_means import compare_means
from gonogo.statistics.sequential import (
    Bounds,
    Step,
    design_run,
    evidence_z,
    find_bounds,
    follow_family,
    follow_run,
)

Floats = NDArray[np.float64]

SECTION = "Sequential run"
DESIGN = design_run()
LOOKS = ("10 even", "3 even", "at random", "every case from 10")


def choose_rounds(how: str, cases: int, generator: np.random.Generator) -> tuple[int, ...]:
    """Return after how many cases one looks; `how` is one of the ways of `LOOKS`."""
    if how == "at random":
        looks = generator.choice(np.arange(5, cases), size=8, replace=False)
        return (*sorted(int(look) for look in looks), cases)
    if how == "every case from 10":
        return tuple(range(10, cases + 1))
    count = int(how.split(maxsplit=1)[0])
    return tuple(round(cases * (k + 1) / count) for k in range(count))


def measure_alarms(shape: Shape, how: str, count: int, seed: int) -> list[Figure]:
    """Measure false alarms over all rounds, the futility bound ignored."""
    differences = _differences(shape, count, seed)
    looks = choose_rounds(how, shape.cases, np.random.default_rng(seed + 1))
    z = _evidence(shape, differences, looks)
    uppers = np.array([bound.upper for bound in _bounds(looks)])
    peeked = np.zeros(count, dtype=bool)
    for look in looks:
        peeked |= rules.paired_t(differences[:, :look])
    return [
        rate(
            f"{SECTION}: false alarms where nothing changed, nobody heeds futility",
            f"{shape}; looks: {how}",
            int((z >= uppers).any(axis=1).sum()),
            count,
            most=0.06 if shape.cases < 50 else 0.055,
            least=0.03 if shape.cases >= 100 else None,
            peers=(("paired t at every look", float(peeked.mean())),),
        )
    ]


def measure_family(shape: Shape, scores: int, count: int, seed: int) -> list[Figure]:
    """Measure how often any of several scores alarms where nothing changed."""
    looks = choose_rounds("10 even", shape.cases, np.random.default_rng(0))
    evidence = np.stack(
        [_evidence(shape, _differences(shape, count, seed + k), looks) for k in range(scores)]
    )
    fractions = [look / shape.cases for look in looks]
    alarms = sum(
        Step.SHOWN in follow_family(evidence[:, run].tolist(), fractions, design=DESIGN)
        for run in range(count)
    )
    uppers = np.array([bound.upper for bound in _bounds(looks)])
    alone = float((evidence >= uppers).any(axis=(0, 2)).mean())
    return [
        rate(
            f"{SECTION}: any false alarm of {scores} scores, Holm carried over",
            str(shape),
            alarms,
            count,
            most=0.055,
            peers=(("each score by itself", alone),),
        )
    ]


def measure_savings(shape: Shape, count: int, seed: int) -> list[Figure]:
    """Measure how much less is asked than by the fixed run of the same power."""
    drop = _design_drop(shape, seed)
    looks = choose_rounds("10 even", shape.cases, np.random.default_rng(0))
    asked, shown = {}, 0.0
    for times in (1, 2, 0):
        data = _differences(shape.with_drop(times * drop), count, seed + times)
        ends = [_end(shape, z, looks) for z in _evidence(shape, data, looks)]
        asked[times] = float(np.mean([cases for cases, _ in ends]))
        if times == 1:
            shown = float(np.mean([step is Step.SHOWN for _, step in ends]))
            fixed = _fixed_cases(shape, data, shown)
    figures = [
        Figure(
            section=f"{SECTION}: power at the drop that it is sized for (meant: 80 %)",
            what=f"{shape.with_drop(drop)}",
            value=shown,
            error=(shown * (1 - shown) / count) ** 0.5,
            n=count,
            least=0.75,
            peers=(("fixed run of the same power, share of the cases", fixed / shape.cases),),
        )
    ]
    for times, floor, when in ((1, 0.2, "drop sized for"), (2, 0.5, "twice"), (0, 0.3, "no drop")):
        figures.append(
            Figure(
                section=f"{SECTION}: trials spared against the fixed run of the same power",
                what=f"{shape}; {when}",
                value=1 - asked[times] / fixed,
                error=0.4 / count**0.5,
                n=count,
                least=floor,
            )
        )
    return figures


def _differences(shape: Shape, count: int, seed: int) -> Floats:
    before, after = simulate(shape, count, np.random.default_rng(seed))
    differences: Floats = after.mean(axis=2) - before.mean(axis=2)
    return differences


def _evidence(shape: Shape, differences: Floats, looks: tuple[int, ...]) -> Floats:
    rows = [[_evidence_of(shape, row[:look]) for look in looks] for row in differences]
    return np.array(rows)


def _evidence_of(shape: Shape, differences: Floats) -> float:
    if shape.kind is Kind.BINARY and shape.before == shape.after == 1:
        worse, better = int((differences < 0).sum()), int((differences > 0).sum())
        return _evidence_of_counts(differences.size, worse, better)
    result = compare_means(differences)
    if not isinstance(result, Difference):
        return 0.0
    return evidence_z(
        result.p_drop, distance=-result.estimate, standard_error=result.standard_error
    )


@lru_cache(maxsize=200_000)
def _evidence_of_counts(cases: int, worse: int, better: int) -> float:
    estimate = (better - worse) / cases
    variance = ((better + worse) / cases - estimate**2) / max(1, cases - 1)
    p = mcnemar_mid_p(PairCounts(cases=cases, worse=worse, better=better))
    return evidence_z(p, distance=-estimate, standard_error=max(0.0, variance) ** 0.5)


def _bounds(looks: tuple[int, ...]) -> tuple[Bounds, ...]:
    return find_bounds(tuple(look / looks[-1] for look in looks), DESIGN)


def _end(shape: Shape, z: Floats, looks: tuple[int, ...]) -> tuple[int, Step]:
    """Return after how many cases a run that heeds both bounds ends, and how."""
    fractions = [look / shape.cases for look in looks]
    step = Step.GO_ON
    for k, look in enumerate(looks):
        step = follow_run(z[: k + 1].tolist(), fractions[: k + 1], DESIGN)
        if step is not Step.GO_ON:
            return look, step
    return shape.cases, step


def _design_drop(shape: Shape, seed: int) -> float:
    """Return the drop whose expected z at the end is the design's drift."""
    drop = 0.05
    for _ in range(4):
        spread = float(_differences(shape.with_drop(drop), 400, seed).std())
        drop = DESIGN.drift * spread / shape.cases**0.5
    return drop


def _fixed_cases(shape: Shape, differences: Floats, wanted: float) -> float:
    """Return how many cases a fixed run of that power asks, between simulated sizes."""
    sizes = np.linspace(0.6, 1.0, 9)
    powers = [
        float(
            np.mean(
                [
                    _evidence_of(shape, row[: round(size * shape.cases)]) >= 1.6449
                    for row in differences
                ]
            )
        )
        for size in sizes
    ]
    return float(np.interp(wanted, np.maximum.accumulate(powers), sizes)) * shape.cases
