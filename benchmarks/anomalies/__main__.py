"""Measures the usage anomalies: `python -m benchmarks.anomalies [--short] [--page PAGE]`.

On the Numenta Anomaly Benchmark by its own rules, and on public traces of language model traffic
with synthetic incidents put into them. With `--page` the tables replace those of a Markdown page,
between its markers.
"""

import argparse
import json
import os
import statistics
import sys
import time
import tracemalloc
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
from benchmarks.anomalies.injections import Found, Quiet, inject, keep_quiet
from benchmarks.anomalies.nab import (
    PROFILES,
    STANDARD,
    Series,
    best_score,
    detections_of,
    read_corpus,
    score_at,
    seeded_random,
    windowed_gaussian,
)
from benchmarks.anomalies.traces import CHEAP, Call, exchanges_of
from benchmarks.figures import Figure, as_markdown, show, store
from benchmarks.results import replace_tables
from scipy.stats import binomtest, chi2

from gonogo.spend.anomalies import SurpriseMeter, Watcher, WatchSettings

ROOT = Path(__file__).parents[2]
FOUND_WITHIN = 15.0
"""Minutes of data time."""


def main() -> int:
    """Measure; return 1 where a bar does not hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true", help="few seeds: some two minutes")
    parser.add_argument("--page", type=Path, help="Markdown page whose tables to replace")
    options = parser.parse_args()
    data = Path(os.environ.get("GONOGO_DATA", ROOT.parent / "shared" / "data"))
    if not (data / "nab").is_dir() or not (data / "traces").is_dir():
        print(f"no nab, traces at {data}: set GONOGO_DATA; docs/anomalies.md says where they are")
        return 1
    started = time.perf_counter()
    seeds = range(400, 408 if options.short else 460)
    quiet = range(400, 401 if options.short else 403)
    figures = [
        *measure_nab(data / "nab"),
        *measure_traces(data / "traces", seeds, quiet),
        *measure_memory(20_000 if options.short else 100_000),
    ]
    print(show(figures))
    missed = [figure for figure in figures if not figure.holds]
    seconds = time.perf_counter() - started
    print(f"\n{len(figures)} figures in {seconds:.0f} s; {len(missed)} bars do not hold")
    store("anomalies", figures, ROOT / "results")
    if options.page is not None:
        replace_tables(options.page, as_markdown(figures))
    return 1 if missed else 0


def measure_nab(folder: Path) -> list[Figure]:
    """Score the surprise meter on the corpus, and the scorer on what is published."""
    section = "Numenta Anomaly Benchmark"
    corpus = read_corpus(folder)
    published = json.loads((folder / "results" / "final_results.json").read_text())
    scores = [_surprises_of(one) for one in corpus]
    figures = [
        Figure(
            section=section,
            what=f"profile {profile.name}",
            value=best_score(corpus, scores, profile).score,
            unit="points",
            least=58.0 if profile is STANDARD else None,
            peers=tuple(
                (name, published[name][profile.name])
                for name in ("windowedGaussian", "twitterADVec", "earthgeckoSkyline", "numenta")
            ),
        )
        for profile in PROFILES
    ]
    return [*figures, *_halves(section, corpus, scores), *_scorer(section, corpus, published)]


def _surprises_of(one: Series) -> np.ndarray:
    meter = SurpriseMeter()
    pairs = zip(one.at.tolist(), one.values.tolist(), strict=True)
    return np.array([meter.rate(at, value).gated for at, value in pairs])


def _halves(section: str, corpus: Sequence[Series], scores: Sequence[np.ndarray]) -> list[Figure]:
    """Return the scores of both halves at the threshold of the half that was developed on."""
    threshold = best_score(corpus[::2], scores[::2], STANDARD).threshold
    figures = []
    for name, half in (("developed on", slice(0, None, 2)), ("held out", slice(1, None, 2))):
        found = [
            detections_of(one, score, threshold)
            for one, score in zip(corpus[half], scores[half], strict=True)
        ]
        windows = sum(len(one.windows) for one in corpus[half])
        figures.append(
            Figure(
                section=section,
                what=f"standard, the half {name}, threshold of the first",
                value=score_at(corpus[half], scores[half], STANDARD, threshold),
                unit="points",
                note=f"{sum(f for f, _ in found)} of {windows} windows found,"
                f" {sum(o for _, o in found)} detections outside",
            )
        )
    return figures


def _scorer(
    section: str, corpus: Sequence[Series], published: dict[str, dict[str, float]]
) -> list[Figure]:
    """Return how far our scorer is from the published score of a detector that is rebuilt here."""
    gaussian = [
        np.array([float(f"{score:.12g}") for score in windowed_gaussian(one.values)])
        for one in corpus
    ]
    ours = best_score(corpus, gaussian, STANDARD).score
    chance = best_score(corpus, [seeded_random(one.values) for one in corpus], STANDARD).score
    return [
        Figure(
            section=section,
            what="scorer: windowedGaussian, off the published score by",
            value=abs(ours - published["windowedGaussian"]["standard"]),
            unit="points",
            most=0.1,
            note="rebuilt here, scores of twelve digits as in the published files",
        ),
        Figure(
            section=section,
            what="scorer: a random detector",
            value=chance,
            unit="points",
            peers=(("random", published["random"]["standard"]),),
            note="seed 42; the benchmark's own sweep of its published detections gives 17.66 too",
        ),
    ]


def measure_traces(folder: Path, seeds: Sequence[int], quiet: Sequence[int]) -> list[Figure]:
    """Inject with many seeds, and watch the traces as they are."""
    with ProcessPoolExecutor(max_workers=min(2, os.cpu_count() or 1)) as pool:
        calm = pool.map(partial(keep_quiet, folder, per_bin=2.0), quiet)
        found = [one for part in pool.map(partial(inject, folder), seeds) for one in part]
        return [*_recalls(found), *_false_alarms([one for part in calm for one in part])]


def _recalls(found: Sequence[Found]) -> list[Figure]:
    section = "Incidents put into ServeGen's clients (synthetic)"
    figures = []
    for name in dict.fromkeys(one.name for one in found):
        own = [one for one in found if one.name == name]
        delays = [one.delay_seconds / 60 for one in own if one.delay_seconds is not None]
        in_time = sum(delay <= FOUND_WITHIN for delay in delays)
        interval = binomtest(in_time, len(own)).proportion_ci(method="wilson")
        has_bar = name != "routing switch after batches"
        figures.append(
            Figure(
                section=section,
                what=f"{name}: found within {FOUND_WITHIN:.0f} minutes",
                value=in_time / len(own),
                unit="share",
                low=float(interval.low),
                high=float(interval.high),
                least=0.95 if has_bar else None,
                note=f"{len(own)} incidents; minutes: {_spread(delays)}; calls until found:"
                f" {statistics.median(one.calls for one in own):.0f} in the median;"
                f" {statistics.fmean(one.named_rightly for one in own if one.calls):.0%} of the"
                " calls that are named belong to it",
            )
        )
    return figures


def _spread(delays: Sequence[float]) -> str:
    if not delays:
        return "none found"
    middle, most = statistics.median(delays), max(delays)
    return f"median {middle:.1f}, at most {most:.1f}"


def _false_alarms(calm: Sequence[Quiet]) -> list[Figure]:
    section = "Alarms where nothing was put in"
    figures = []
    for trace in (*dict.fromkeys(one.trace for one in calm), ""):
        own = [one for one in calm if not trace or one.trace == trace]
        alarms = [alarm for one in own for alarm in one.alarms]
        months = sum(one.entity_months for one in own)
        low = chi2.ppf(0.025, 2 * len(alarms)) / 2 if alarms else 0.0
        kinds = sorted({alarm.kind.value for alarm in alarms})
        figures.append(
            Figure(
                section=section,
                what=trace or "all together",
                value=len(alarms) / months,
                unit="an entity-month",
                low=float(low) / months,
                high=float(chi2.ppf(0.975, 2 * len(alarms) + 2)) / 2 / months,
                most=None if trace else 1.0,
                note=f"{len(alarms)} in {months:.2f} entity-months (users, models, the total)"
                + (f": {', '.join(kinds)}" if kinds else ""),
            )
        )
    return figures


def measure_memory(count: int) -> list[Figure]:
    """Watch ever new users and sessions; memory must stand still, and time be short."""
    rng = np.random.default_rng(0)
    sizes = rng.integers(200, 9000, count)
    calls = [
        Call(10.0 * i, f"u{i % 5000}", int(sizes[i]), 100, CHEAP, session=f"s{i // 4}")
        for i in range(count)
    ]
    watcher = Watcher(WatchSettings(most_entities=500))
    pairs = list(exchanges_of(calls))
    started = time.perf_counter()
    for exchange, cost in pairs[: count // 2]:
        watcher.feed(exchange, cost=cost)
    seconds = time.perf_counter() - started
    tracemalloc.start()
    for exchange, cost in pairs[count // 2 :]:
        watcher.feed(exchange, cost=cost)
    grown, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    section = f"{count:,} exchanges of ever new users and sessions, 500 entities remembered"
    return [
        Figure(
            section=section,
            what="time an exchange, its cost known",
            value=2e6 * seconds / count,
            unit="µs",
        ),
        Figure(
            section=section,
            what="memory that the second half of the stream left allocated",
            value=grown / 1e6,
            unit="MB",
        ),
    ]


if __name__ == "__main__":
    sys.exit(main())
