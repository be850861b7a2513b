"""Series to forecast: public traces, and synthetic ones, seeded."""

import csv
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

DAY = 24
WEEK = 168
MONTH_DAYS = 31
AT_DAY = 10


def read_servegen(folder: Path) -> dict[str, Floats]:
    """Return the requests an hour of each client of two weeks, from sums of ten minutes."""
    clients = {}
    for path in sorted(folder.glob("language/m-small/chunk-*-trace.csv")):
        with path.open(encoding="utf-8") as lines:
            rates = np.array([float(row[1] or 0) for row in csv.reader(lines)])
        clients[path.name.split("-")[1]] = 600 * rates.reshape(-1, 6).sum(axis=1)
    return clients


def read_taxis(path: Path) -> Floats:
    """Return the taxi passengers an hour of New York, July 2014 to January 2015 (NAB)."""
    with path.open(encoding="utf-8") as lines:
        rows = [
            (datetime.fromisoformat(r["timestamp"]), float(r["value"]))
            for r in csv.DictReader(lines)
        ]
    halves = np.array([value for _, value in rows])
    first = rows[0][0].minute // 30
    halves = halves[first : first + (halves.size - first) // 2 * 2]
    sums: Floats = halves.reshape(-1, 2).sum(axis=1)
    return sums


def simulate_hourly(seed: int) -> Floats:
    """Return a synthetic series like the hourly ones of the M4 competition: 748 or 1,008 hours.

    A daily shape of four harmonics, a week of seven levels or weekends, autocorrelated noise, a
    random walk, at times a trend; as factors, as summands, or as counts.
    """
    generator = np.random.default_rng(seed)
    hours = np.arange(1008 if seed % 3 == 0 else 748)
    waves = generator.normal(0, 1, 4) / (1, 1, 2, 3)
    shifts = generator.uniform(0, 2 * np.pi, 4)
    day = sum(
        wave * np.sin(2 * np.pi * (k + 1) * hours / DAY + shift)
        for k, (wave, shift) in enumerate(zip(waves, shifts, strict=True))
    )
    week = generator.normal(0, 1, 7)[(hours + generator.integers(WEEK)) // DAY % 7]
    noise = _autocorrelated(generator, hours.size)
    drift = generator.normal(0, 1, hours.size).cumsum() * generator.choice([0, 0.001, 0.004, 0.01])
    change = noise + drift + generator.choice([0, 0, 0.0003, -0.0003]) * hours
    daily, weekly = generator.uniform(0.05, 0.3), generator.choice([0, 0.05, 0.15])
    kind = seed % 6
    if kind < 3:
        return 1000 * np.exp(daily * day + weekly * week + change)
    if kind < 5:
        weekend = hours // DAY % 7 >= 5
        flat = np.where(weekend, generator.uniform(0.2, 1), 1.0)
        level = 1 + 2 * daily * day * flat - weekend * generator.uniform(0, 0.5) + change
        return np.maximum(1000 * level, 0)
    rate = np.exp(generator.uniform(1, 5) + 2 * daily * day + weekly * week + noise + drift)
    return generator.poisson(rate).astype(np.float64)


def simulate_month(seed: int, history_days: int) -> tuple[Floats, Floats]:
    """Return synthetic spending up to day 10 of a month of 31 days, and the rest of the month.

    Hours of the day, weekends, growth of -0.5 to 2 % a day, noise of hours and of days, at times a
    level that walks by up to 6 % a day, and bursts of some hours at 3 to 15 times.

    Args:
        seed: Each its own account.
        history_days: How many days are known, the 10 of this month among them.
    """
    generator = np.random.default_rng(seed)
    days = history_days + MONTH_DAYS - AT_DAY
    hours = np.arange(days * DAY)
    shape = np.exp(generator.uniform(0.3, 1.2) * np.cos(2 * np.pi * (hours % DAY - 14) / DAY))
    weekend = (hours // DAY + generator.integers(7)) % 7 >= 5
    shape = shape * np.where(weekend, 1 - generator.uniform(0, 0.8), 1.0)
    growth = np.exp(generator.choice([0, 0, 0.003, 0.01, 0.02, -0.005]) * hours / DAY)
    noise = generator.normal(0, generator.uniform(0.05, 0.4), hours.size)
    of_days = generator.normal(0, generator.uniform(0.02, 0.2), days)
    walk = generator.normal(0, generator.choice([0, 0.02, 0.06]), days).cumsum()
    spent = 10 * shape * growth * np.exp(noise + np.repeat(of_days + walk, DAY))
    for start in np.flatnonzero(generator.random(hours.size) < generator.choice([0, 0.002, 0.006])):
        spent[start : start + generator.integers(1, 8)] *= generator.uniform(3, 15)
    return spent[: history_days * DAY], spent[history_days * DAY :]


def _autocorrelated(generator: np.random.Generator, count: int) -> Floats:
    memory = generator.choice([0.3, 0.7, 0.9, 0.97])
    shocks = generator.normal(0, generator.uniform(0.01, 0.15) * np.sqrt(1 - memory**2), count)
    noise = np.zeros(count)
    for hour in range(1, count):
        noise[hour] = memory * noise[hour - 1] + shocks[hour]
    return noise
