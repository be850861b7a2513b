"""Measures the forecast: `python -m benchmarks.forecast [--short] [--page PAGE]`.

Public traces are read from `../shared/data`, where they are there; what is simulated is synthetic
and seeded. With `--page` the tables replace those of a Markdown page, between its markers. Exits 1
where a bar does not hold.
"""

import argparse
import sys
import time
import warnings
from pathlib import Path

from benchmarks.figures import Figure, as_markdown, show, store
from benchmarks.forecast import hours, months
from benchmarks.forecast.series import read_servegen, read_taxis
from benchmarks.results import replace_tables

_ROOT = Path(__file__).parents[2]


def main() -> int:
    """Measure, show and store; return 1 where a bar does not hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true", help="fewer series: under a minute")
    parser.add_argument("--page", type=Path, help="Markdown page whose tables to replace")
    parser.add_argument("--data", type=Path, default=_ROOT.parent / "shared" / "data")
    options = parser.parse_args()
    started = time.perf_counter()
    figures = measure(options.data, short=options.short)
    print(show(figures))
    missed = [figure for figure in figures if not figure.holds]
    seconds = time.perf_counter() - started
    print(f"\n{len(figures)} figures in {seconds:.0f} s; {len(missed)} bars do not hold")
    store("forecast", figures, _ROOT / "results")
    if options.page is not None:
        replace_tables(options.page, as_markdown(figures))
    return 1 if missed else 0


def measure(data: Path, *, short: bool) -> list[Figure]:
    """Return the figures of all series that are there."""
    figures: list[Figure] = []
    traces, taxis = data / "traces" / "servegen", data / "nab/data/realKnownCause/nyc_taxi.csv"
    if traces.is_dir():
        figures += hours.measure_clients(read_servegen(traces))
    else:
        print(f"no {traces}: its clients are not measured", file=sys.stderr)
    figures += hours.measure_like_m4(24 if short else 120)
    if taxis.is_file():
        figures += hours.measure_taxis(read_taxis(taxis))
    else:
        print(f"no {taxis}: New York's taxis are not measured", file=sys.stderr)
    figures += months.measure_months(20 if short else 100)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        figures += hours.measure_statsmodels(2 if short else 10)
    return figures


if __name__ == "__main__":
    sys.exit(main())
