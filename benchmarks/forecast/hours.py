"""Hours ahead: MASE and coverage on public traces and on synthetic series."""

import statistics
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from benchmarks.figures import Figure
from benchmarks.forecast.series import DAY, WEEK, Floats, simulate_hourly

from gonogo.spend.forecasting.forecasts import forecast_hours

AHEAD = 48
_NOTHING = 1e-9


@dataclass(frozen=True, slots=True)
class Trial:
    """One forecast held against what came.

    Attributes:
        ours: MASE.
        by_day: MASE of seasonal-naive by day.
        by_week: MASE of seasonal-naive by week.
        in_80: Share of the hours within the 80 % interval.
        in_95: Within the 95 % interval.
        seconds: To forecast.
    """

    ours: float
    by_day: float
    by_week: float
    in_80: float
    in_95: float
    seconds: float


def measure_clients(clients: Mapping[str, Floats]) -> list[Figure]:
    """Measure the clients of ServeGen, from every half day of the second week on."""
    section = "ServeGen's clients, 48 hours ahead, origins every 12 hours of days 8 to 12"
    trials = {
        client: [_try(sums[:n], sums[n : n + AHEAD]) for n in range(192, sums.size - AHEAD + 1, 12)]
        for client, sums in clients.items()
    }
    figures = []
    for name, chosen in (
        ("traffic in more than a week of hours", _busy(clients)),
        ("any traffic to forecast from", list(clients)),
    ):
        ratios = {c: r for c in chosen if (r := _ratio(trials[c])) is not None}
        worse = {c: r for c, r in ratios.items() if r > 1 + 1e-6}
        what = f"{len(ratios)} clients with {name}"
        strict = name.startswith("traffic")
        tried = [trial for c in ratios for trial in trials[c]]
        named = ", ".join(f"{c}: {r:.3f}" for c, r in sorted(worse.items(), key=lambda x: -x[1]))
        week = statistics.median(
            _mean(trials[c], "by_week") / _mean(trials[c], "by_day") for c in ratios
        )
        figures += [
            Figure(
                section=section,
                what=f"{what}: median of MASE over that of seasonal-naive by day",
                value=statistics.median(ratios.values()),
                unit="ratio",
                most=0.9999,
                peers=(("seasonal-naive by week", week),),
            ),
            Figure(
                section=section,
                what=f"{what}: how many are worse than seasonal-naive by day",
                value=len(worse),
                unit="clients",
                most=0 if strict else None,
                note=named,
            ),
            *_coverage(section, what, tried, barred=strict),
        ]
    return figures


def measure_like_m4(count: int) -> list[Figure]:
    """Measure synthetic series like the hourly ones of the M4 competition."""
    section = f"{count} synthetic series like M4's hourly ones, the last 48 hours"
    series = [simulate_hourly(seed) for seed in range(count)]
    return _last_hours(section, "all", {str(k): s for k, s in enumerate(series)})


def measure_taxis(taxis: Floats) -> list[Figure]:
    """Measure windows of five weeks of New York's taxi passengers, a week and a half apart."""
    length = 5 * WEEK + AHEAD
    windows = {str(k): taxis[k : k + length] for k in range(0, taxis.size - length, 3 * WEEK // 2)}
    section = f"New York's taxis, {len(windows)} windows of 5 weeks, the 48 hours after"
    return _last_hours(section, "all", windows)


def measure_statsmodels(count: int) -> list[Figure]:
    """Measure what statsmodels offers on some of the synthetic series, and what it costs."""
    section = f"What statsmodels costs, on {count} of the synthetic series"
    mases: dict[str, list[float]] = {"ours": [], "ETS": [], "Theta": []}
    seconds: dict[str, list[float]] = {"ours": [], "ETS": [], "Theta": []}
    for seed in range(count):
        series = simulate_hourly(seed)
        known, came = series[:-AHEAD], series[-AHEAD:]
        for name, found in mases.items():
            started = time.perf_counter()
            ahead = _forecast_by(name, known)
            seconds[name].append(time.perf_counter() - started)
            found.append(_mase(known, came, ahead))
    command = [sys.executable, "-c", "import time; t = time.perf_counter(); import numpy;"]
    imports = {
        name: _seconds_of([*command[:2], f"{command[2]} {line}; print(time.perf_counter() - t)"])
        for name, line in (
            ("ours", "import gonogo.spend.forecasting.projections, scipy.special"),
            ("ETS", "from statsmodels.tsa.exponential_smoothing.ets import ETSModel"),
        )
    }
    others = ("ETS", "Theta")
    return [
        Figure(
            section=section,
            what="mean MASE",
            value=statistics.mean(mases["ours"]),
            unit="MASE",
            peers=tuple((name, statistics.mean(mases[name])) for name in others),
            note="ETS(A,N,A) with a season of a day; Theta on the series less its daily season",
        ),
        Figure(
            section=section,
            what="mean time of one forecast; ours holds every candidate against 28 origins in it",
            value=statistics.mean(seconds["ours"]),
            unit="seconds",
            peers=tuple((name, statistics.mean(seconds[name])) for name in others),
        ),
        Figure(
            section=section,
            what="import",
            value=imports["ours"],
            unit="seconds",
            peers=(("statsmodels' ETS", imports["ETS"]),),
        ),
    ]


def _last_hours(section: str, what: str, series: Mapping[str, Floats]) -> list[Figure]:
    tried = [_try(values[:-AHEAD], values[-AHEAD:]) for values in series.values()]
    naive = statistics.mean(t.by_day for t in tried)
    peers = (
        ("seasonal-naive by day", naive),
        ("by week", statistics.mean(t.by_week for t in tried)),
    )
    return [
        Figure(
            section=section,
            what=f"{what}: mean MASE",
            value=statistics.mean(t.ours for t in tried),
            unit="MASE",
            most=round(naive * 1.15 / 1.193, 3),
            peers=peers,
            note="the bar is to seasonal-naive as 1.15 is to 1.193",
        ),
        *_coverage(section, what, tried, barred=True),
        Figure(
            section=section,
            what=f"{what}: slowest forecast",
            value=max(t.seconds for t in tried),
            unit="seconds",
            most=1.0,
        ),
    ]


def _coverage(section: str, what: str, tried: list[Trial], *, barred: bool) -> list[Figure]:
    return [
        Figure(
            section=section,
            what=f"{what}: hours within the {level} % interval",
            value=statistics.mean(getattr(trial, f"in_{level}") for trial in tried),
            unit="share",
            least=level / 100 - 0.05 if barred else None,
            most=level / 100 + 0.05 if barred else None,
        )
        for level in (80, 95)
    ]


def _try(known: Floats, came: Floats) -> Trial:
    started = time.perf_counter()
    forecast = forecast_hours(known, AHEAD)
    seconds = time.perf_counter() - started
    small = _NOTHING * max(float(came.max()), 1.0)
    within = [
        float(((interval.low - small <= came) & (came <= interval.high + small)).mean())
        for interval in (forecast.interval_80, forecast.interval_95)
    ]
    ahead = np.arange(AHEAD)
    return Trial(
        ours=_mase(known, came, forecast.likely),
        by_day=_mase(known, came, known[-DAY:][ahead % DAY]),
        by_week=_mase(known, came, known[-WEEK:][ahead % WEEK]),
        in_80=within[0],
        in_95=within[1],
        seconds=seconds,
    )


def _mase(known: Floats, came: Floats, ahead: Floats) -> float:
    """Return the error over that of seasonal-naive by day in what is known; NaN where that is 0."""
    scale = float(np.abs(known[DAY:] - known[:-DAY]).mean())
    return float(np.abs(ahead - came).mean()) / scale if scale > 0 else float("nan")


def _busy(clients: Mapping[str, Floats]) -> list[str]:
    return [client for client, sums in clients.items() if (sums > 0).sum() > WEEK]


def _ratio(trials: list[Trial]) -> float | None:
    """Return our mean MASE over that of seasonal-naive; None where one is not defined."""
    naive = _mean(trials, "by_day")
    return _mean(trials, "ours") / naive if naive > _NOTHING else None


def _mean(trials: list[Trial], name: str) -> float:
    found = [value for trial in trials if np.isfinite(value := getattr(trial, name))]
    return statistics.mean(found) if found else 0.0


def _forecast_by(name: str, known: Floats) -> Floats:
    if name == "ours":
        return forecast_hours(known, AHEAD).likely
    if name == "ETS":
        from statsmodels.tsa.exponential_smoothing.ets import ETSModel  # noqa: PLC0415 - heavy

        model = ETSModel(known, error="add", seasonal="add", seasonal_periods=DAY)
        return np.asarray(model.fit(disp=False).forecast(AHEAD))
    from statsmodels.tsa.forecasting.theta import ThetaModel  # noqa: PLC0415 - heavy

    fitted = ThetaModel(known, period=DAY, method="additive").fit()
    return np.asarray(fitted.forecast(AHEAD))


def _seconds_of(command: list[str]) -> float:
    found = [
        float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
        for _ in range(3)
    ]
    return statistics.median(found)
