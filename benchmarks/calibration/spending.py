"""Ratios of cost and latency: false alarms and coverage."""

import numpy as np
from benchmarks.figures import Figure, rate

from gonogo.statistics.ratios import Ratio, compare_percentiles, compare_ratios

_SPREAD_OF_CASES = 0.8
_SPREAD_OF_TRIALS = 0.3


def measure_ratio(cases: int, count: int, seed: int) -> list[Figure]:
    """Measure the geometric mean ratio where nothing changed; log-normal synthetic seconds."""
    generator = np.random.default_rng(seed)
    alarms = covered = threshold = 0
    for _ in range(count):
        case = generator.normal(1, _SPREAD_OF_CASES, cases)
        old = np.exp(case + generator.normal(0, _SPREAD_OF_TRIALS, cases))
        new = np.exp(case + generator.normal(0, _SPREAD_OF_TRIALS, cases))
        result = compare_ratios(old, new)
        if isinstance(result, Ratio):
            alarms += result.p_rise <= 0.05
            covered += result.low <= 1 <= result.high
            threshold += result.total > 1.05
    what = f"{cases} cases, log-normal"
    bar = 0.06 if cases < 50 else 0.055
    peers = (("sum more than 5 % up", threshold / count),)
    return [
        rate(
            "Ratios of cost and latency: false alarms at 5 %",
            what,
            alarms,
            count,
            most=bar,
            least=0.03,
            peers=peers,
        ),
        rate("Ratios: coverage of the 95 % interval", what, covered, count, least=0.93, most=0.97),
    ]


def measure_percentile(cases: int, percent: int, count: int, seed: int) -> list[Figure]:
    """Measure coverage of the bootstrap interval of the ratio of a percentile."""
    generator = np.random.default_rng(seed)
    covered = 0
    for _ in range(count):
        case = generator.normal(1, _SPREAD_OF_CASES, (cases, 1))
        old = np.exp(case + generator.normal(0, _SPREAD_OF_TRIALS, (cases, 2)))
        new = np.exp(case + generator.normal(0, _SPREAD_OF_TRIALS, (cases, 2)))
        result = compare_percentiles(old.tolist(), new.tolist(), percent)
        covered += result.low <= 1 <= result.high
    return [
        rate(
            "Ratio of a latency percentile by bootstrap: coverage of the 95 % interval",
            f"p{percent}, {cases} cases x 2",
            covered,
            count,
            least=0.93,
        )
    ]
