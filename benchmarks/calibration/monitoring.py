"""Monitoring that never ends: the e-process under a peek at every observation."""

import numpy as np
from benchmarks.figures import Figure, rate
from numpy.typing import NDArray
from scipy.special import ndtri

from gonogo.statistics.e_processes import log_gains, mix_wealths

Floats = NDArray[np.float64]

OBSERVATIONS = 10_000
_AT_ONCE = 50
SECTION = f"E-process: alarms under a peek at each of {OBSERVATIONS:,} observations, at 5 %"


def measure_peeks(kind: str, count: int, seed: int) -> list[Figure]:
    """Measure alarms where the mean is as claimed; kinds: `pass rate 0.8`, `pairs`, `bounded`."""
    generator = np.random.default_rng(seed)
    alarms = peeked = 0
    for _ in range(count // _AT_ONCE):
        values, level, high = _draw(kind, generator)
        alarms += int((_first_alarm(values, level, high) < OBSERVATIONS).sum())
        peeked += int(_peeks(values, level).sum())
    return [
        rate(
            SECTION,
            kind,
            alarms,
            count,
            most=0.05,
            peers=(("z-test at every observation from 30 on", peeked / count),),
        )
    ]


def measure_delay(drop: float, count: int, seed: int) -> list[Figure]:
    """Measure after how many observations a lasting drop of a pass rate of 0.8 is found."""
    generator = np.random.default_rng(seed)
    first = [
        _first_alarm((generator.random((_AT_ONCE, OBSERVATIONS)) < 0.8 - drop) * 1.0, 0.8, 1.0)
        for _ in range(count // _AT_ONCE)
    ]
    found = np.concatenate(first)
    return [
        Figure(
            section="E-process: median number of observations until a lasting drop is found",
            what=f"pass rate 0.8, drop {drop}",
            value=float(np.median(found)),
            error=0.0,
            n=count,
            unit="observations",
        )
    ]


def _draw(kind: str, generator: np.random.Generator) -> tuple[Floats, float, float]:
    shape = (_AT_ONCE, OBSERVATIONS)
    if kind == "bounded":
        return np.clip(generator.normal(0.5, 0.5, shape), 0, 1), 0.5, 1.0
    passes = [(generator.random(shape) < 0.8) * 1.0 for _ in range(2)]
    return (passes[0], 0.8, 1.0) if kind == "pass rate 0.8" else (passes[0] - passes[1], 0.0, 1.0)


def _first_alarm(values: Floats, level: float, high: float) -> NDArray[np.intp]:
    """Return where the wealth first reaches 20; the number of observations where never."""
    first = np.full(len(values), OBSERVATIONS)
    for row, series in enumerate(values):
        paths = np.cumsum(log_gains(series, level=level, high=high), axis=0)
        rich = np.flatnonzero(mix_wealths(paths) >= np.log(20))
        if rich.size:
            first[row] = rich[0]
    return first


def _peeks(values: Floats, level: float) -> NDArray[np.bool_]:
    n = np.arange(1, OBSERVATIONS + 1)
    mean = values.cumsum(axis=1) / n
    spread = np.sqrt(np.maximum((values**2).cumsum(axis=1) / n - mean**2, 1e-9))
    z = (mean - level) / spread * np.sqrt(n)
    flags: NDArray[np.bool_] = (z[:, 29:] <= ndtri(0.05)).any(axis=1)
    return flags
