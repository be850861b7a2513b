"""Measures the statistics by simulation: `make calibration`, or its module with `--short`.

Everything that is simulated is synthetic. The functions of `gonogo.statistics` are called as the
comparison calls them; the rules that others use run on the same data. With `--page` the tables
replace those of a Markdown page, between its markers.
"""

import argparse
import os
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

from benchmarks.calibration import comparisons, gates, monitoring, rounds, spending
from benchmarks.calibration.shapes import Harm, Kind, Shape
from benchmarks.calibration.suites import MIXED, SuiteShape
from benchmarks.figures import Figure, as_markdown, show, store
from benchmarks.results import replace_tables

from gonogo.settings import Policy

Job = Callable[[], list[Figure]]

UNCHANGED = (
    *(Shape(cases=n) for n in (20, 50, 100, 200, 500)),
    *(
        Shape(cases=n, before=k, after=k, icc=icc)
        for n in (20, 50, 200)
        for k, icc in ((2, 0.1), (4, 0.5), (8, 0.9))
    ),
    *(Shape(cases=n, pass_rate=0.95, before=3, after=3) for n in (50, 200)),
    *(
        Shape(cases=n, kind=kind, before=3, after=3)
        for n in (20, 50, 200)
        for kind in (Kind.BOUNDED, Kind.CEILING)
    ),
    *(Shape(cases=n, kind=Kind.WIDE, icc=0.9) for n in (20, 100)),
    *(
        Shape(cases=n, before=3, after=3, cluster=c, kept=0.5, kind=kind)
        for n, c in ((60, 3), (60, 6), (200, 5), (500, 10))
        for kind in (Kind.BINARY, Kind.BOUNDED)
    ),
)
LOPSIDED = tuple(
    Shape(cases=n, before=b, after=a, pass_rate=p)
    for n in (20, 50)
    for b, a, p in ((8, 1, 0.8), (1, 8, 0.95), (4, 2, 0.95))
)
BOUNDARY = tuple(
    shape.with_drop(0.05, harm)
    for shape in (
        *(Shape(cases=n) for n in (20, 60, 200)),
        *(Shape(cases=n, before=4, after=4) for n in (20, 60, 200)),
        *(Shape(cases=n, before=3, after=3, kind=Kind.CEILING) for n in (20, 60, 100, 200)),
        Shape(cases=200, before=3, after=3, kind=Kind.BOUNDED),
    )
    for harm in Harm
)
POWER = tuple(
    shape.with_drop(drop, harm)
    for shape, drop in (
        (Shape(cases=50), 0.15),
        (Shape(cases=200), 0.08),
        (Shape(cases=20, before=4, after=4), 0.15),
        (Shape(cases=100, before=4, after=4), 0.06),
        (Shape(cases=20, before=3, after=3, kind=Kind.BOUNDED), 0.06),
        (Shape(cases=200, before=3, after=3, kind=Kind.CEILING), 0.012),
    )
    for harm in Harm
)
PLANNED = (
    Shape(cases=50, before=3, after=3),
    Shape(cases=200),
    Shape(cases=100, before=3, after=3, kind=Kind.BOUNDED),
)
SEQUENTIAL = (
    Shape(cases=40, before=4, after=4),
    Shape(cases=200),
    Shape(cases=200, before=3, after=3, kind=Kind.BOUNDED),
)
BY_CHANCE = SuiteShape(
    shape=Shape(cases=100, before=5, after=5, icc=0.1, pass_rate=0.5),
    scores=1,
    kinds=(Kind.BINARY,),
)
BREAKING = (
    Shape(cases=20, before=4, after=4, icc=0.1, pass_rate=0.5),
    Shape(cases=200, before=5, after=5, icc=0.1, pass_rate=0.5),
    Shape(cases=100, before=5, after=5, pass_rate=0.7),
)
SUITES = (
    SuiteShape(shape=Shape(cases=20, before=4, after=4), scores=3),
    SuiteShape(shape=Shape(cases=20, before=8, after=8, icc=0.9), scores=9),
    SuiteShape(shape=Shape(cases=50, before=3, after=3), scores=5),
    SuiteShape(shape=Shape(cases=200), scores=1),
    SuiteShape(shape=Shape(cases=100, before=2, after=2, icc=0.1), scores=9),
    SuiteShape(shape=Shape(cases=500), scores=5),
    SuiteShape(shape=Shape(cases=60, before=3, after=3, cluster=3, kept=0.5), scores=5),
    SuiteShape(shape=Shape(cases=30, before=5, after=2), scores=3),
)
AT_LIMIT_NOTE = "all scores as much lower as is tolerated, and costs 10 % up"
AT_THE_LIMIT = tuple(
    SuiteShape(
        shape=Shape(cases=n, before=3, after=3, drop=0.05, harm=harm),
        scores=3,
        are_all_lower=True,
        rise=0.1,
    )
    for n, harm in ((40, Harm.EVEN), (100, Harm.BREAKS))
)
ONE_DROPPED = tuple(
    SuiteShape(shape=shape, scores=scores, kinds=kinds).with_drop(drop, harm)
    for shape, scores, kinds, drop in (
        (Shape(cases=50, before=3, after=3), 1, (Kind.BINARY,), 0.12),
        (Shape(cases=50, before=3, after=3), 5, MIXED, 0.12),
        (Shape(cases=200), 9, MIXED, 0.1),
        (Shape(cases=60, before=3, after=3), 5, (Kind.BOUNDED,), 0.05),
    )
    for harm in Harm
)
BY_THE_MARGIN = tuple(
    SuiteShape(shape=shape, scores=scores, kinds=kinds).with_drop(0.05, harm)
    for shape, scores, kinds, harm in (
        (Shape(cases=30, before=4, after=4), 1, (Kind.BINARY,), Harm.EVEN),
        (Shape(cases=200), 1, (Kind.BINARY,), Harm.EVEN),
        (Shape(cases=100, before=3, after=3), 1, (Kind.CEILING,), Harm.BREAKS),
        (Shape(cases=200, before=3, after=3), 3, MIXED, Harm.EVEN),
    )
)


def main() -> int:
    """Simulate; return 1 where a bar does not hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true", help="fewer runs: about a minute")
    parser.add_argument("--page", type=Path, help="Markdown page whose tables to replace")
    options = parser.parse_args()
    started = time.perf_counter()
    jobs = list_jobs(short=options.short)
    with ProcessPoolExecutor(max_workers=min(2, os.cpu_count() or 1)) as pool:
        found = list(pool.map(_run, jobs))
    figures = sorted(
        (figure for part in found for figure in part), key=lambda figure: _rank(figure, found)
    )
    print(show(figures))
    missed = [figure for figure in figures if not figure.holds]
    seconds = time.perf_counter() - started
    print(f"\n{len(figures)} figures in {seconds:.0f} s; {len(missed)} bars do not hold")
    store("calibration", figures, Path(__file__).parents[2] / "results")
    if options.page is not None:
        replace_tables(options.page, as_markdown(figures))
    return 1 if missed else 0


def list_jobs(*, short: bool) -> list[Job]:
    """Return what is to be simulated, each with its own seed."""
    many, some, few = (1000, 400, 100) if short else (10_000, 4_000, 1_000)
    small = UNCHANGED[:: 4 if short else 1]
    jobs: list[Callable[..., list[Figure]]] = [
        *(partial(comparisons.measure_unchanged, shape, many) for shape in small),
        *(
            partial(comparisons.measure_unchanged, shape, few)
            for shape in LOPSIDED[:: 3 if short else 1]
        ),
        *(
            partial(comparisons.measure_boundary, shape, some // 2)
            for shape in BOUNDARY[:: 3 if short else 1]
        ),
        *(partial(comparisons.measure_power, shape, some) for shape in POWER[:: 3 if short else 1]),
        *(
            partial(comparisons.measure_plan, shape, harm, some)
            for shape in PLANNED
            for harm in Harm
        ),
        *(partial(spending.measure_ratio, n, some) for n in (20, 100)),
        *(
            partial(spending.measure_percentile, n, p, few)
            for n, p in ((50, 50), (50, 95), (200, 95))
        ),
        *(
            partial(rounds.measure_alarms, s, how, some)
            for s in SEQUENTIAL
            for how in rounds.LOOKS[: 2 if short else 4]
        ),
        partial(rounds.measure_family, Shape(cases=100), 5, some),
        *(
            partial(rounds.measure_savings, shape, some)
            for shape in SEQUENTIAL[1 : 2 if short else 3]
        ),
        *(
            partial(monitoring.measure_peeks, kind, few)
            for kind in ("pass rate 0.8", "pairs", "bounded")
        ),
        *(partial(monitoring.measure_delay, drop, 100) for drop in (0.02, 0.05)),
        *_list_gates(short=short),
    ]
    return [partial(job, seed=1000 + 37 * place) for place, job in enumerate(jobs)]


def _list_gates(*, short: bool) -> list[Callable[..., list[Figure]]]:
    runs, every = (100, 3) if short else (1_000, 1)
    exact = gates.LEAST_FAVOURABLE
    return [
        *(partial(gates.measure_alarms, suite, exact, runs) for suite in SUITES[::every]),
        partial(gates.measure_alarms, BY_CHANCE, exact, runs, note="passes by chance: hard breaks"),
        partial(gates.measure_alarms, SUITES[2], Policy(), runs, note="policy as it is by default"),
        *(
            partial(gates.measure_alarms, suite, Policy(tolerance=0.05), runs, note=AT_LIMIT_NOTE)
            for suite in AT_THE_LIMIT[::every]
        ),
        *(
            partial(gates.measure_power, suite, Policy(), runs // 2)
            for suite in ONE_DROPPED[::every]
        ),
        *(partial(gates.measure_wrong_go, suite, runs) for suite in BY_THE_MARGIN[::every]),
        *(partial(gates.measure_breaks, shape, 4 * runs) for shape in BREAKING),
    ]


def _run(job: Job) -> list[Figure]:
    return job()


def _rank(figure: Figure, found: Sequence[Sequence[Figure]]) -> int:
    sections = list(dict.fromkeys(f.section for part in found for f in part))
    return sections.index(figure.section)


if __name__ == "__main__":
    sys.exit(main())
