"""What a month comes to, from day 10: error and coverage on synthetic accounts."""

import statistics

import numpy as np
from benchmarks.figures import Figure
from benchmarks.forecast.series import AT_DAY, DAY, MONTH_DAYS, WEEK, simulate_month

from gonogo.spend.forecasting.forecasts import foresee_totals


def measure_months(count: int) -> list[Figure]:
    """Measure the sum of a month of 31 days, ten of them over, by how much history there is."""
    return [figure for days in (10, 20, 40, 100) for figure in _measure(days, count)]


def _measure(history_days: int, count: int) -> list[Figure]:
    section = f"What {count} synthetic months of 31 days come to, from the end of day {AT_DAY}"
    what = f"{history_days} days of history"
    errors: dict[str, list[float]] = {"ours": [], "run rate": [], "last week": [], "last day": []}
    inside: dict[int, list[bool]] = {80: [], 95: []}
    left = (MONTH_DAYS - AT_DAY) * DAY
    for seed in range(count):
        known, came = simulate_month(seed, history_days)
        spent, rest = float(known[-AT_DAY * DAY :].sum()), float(came.sum())
        outlook = foresee_totals(known, left)
        guesses = {
            "ours": outlook.total(0, left),
            "run rate": spent / AT_DAY * (MONTH_DAYS - AT_DAY),
            "last week": float(known[-WEEK:].sum()) / WEEK * left,
            "last day": float(known[-DAY:].sum()) / DAY * left,
        }
        for name, guess in guesses.items():
            errors[name].append(abs(guess - rest) / (spent + rest))
        for level in (80, 95):
            low, high = outlook.bounds(0, left, level)
            inside[level].append(low <= rest <= high)
    return [
        Figure(
            section=section,
            what=f"{what}: median error of the month's sum",
            value=statistics.median(errors["ours"]),
            unit="share",
            peers=tuple((n, statistics.median(e)) for n, e in errors.items() if n != "ours"),
        ),
        Figure(
            section=section,
            what=f"{what}: mean error of the month's sum",
            value=statistics.mean(errors["ours"]),
            unit="share",
            most=round(min(statistics.mean(e) for n, e in errors.items() if n != "ours") * 1.05, 4),
            peers=tuple((n, statistics.mean(e)) for n, e in errors.items() if n != "ours"),
            note="the bar is 1.05 times the best of the others",
        ),
        *(
            Figure(
                section=section,
                what=f"{what}: months within the {level} % interval",
                value=float(np.mean(inside[level])),
                unit="share",
                least=level / 100 - 0.05,
            )
            for level in (80, 95)
        ),
    ]
