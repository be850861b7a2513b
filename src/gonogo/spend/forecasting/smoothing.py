"""Exponential smoothing with a season of a day and one of a week, many settings in one pass.

Additive, without a trend, errors autocorrelated: Taylor (2010), "Triple seasonal methods for
short-term electricity demand forecasting", section 3, of which this leaves out the year. With one
season and no memory it is ETS(A,N,A).
"""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from gonogo.spend.forecasting.histories import DAY, WEEK, Floats


@dataclass(frozen=True, slots=True)
class Smoothing:
    """Settings of one smoothing.

    Attributes:
        level: How fast the level follows, 0 to 1.
        day: How fast the hours of the day do, 0 to 1.
        week: How fast the hours of the week do, 0 to 1; 0: there is no season of a week.
        memory: Share of an hour's error that the next hour has too, 0 to 1.
        of_logarithms: Whether the logarithms are smoothed: seasons are factors, not summands.
    """

    level: float
    day: float
    week: float
    memory: float
    of_logarithms: bool = False

    def __str__(self) -> str:
        """Return the settings in words."""
        what = "smoothing of logarithms" if self.of_logarithms else "smoothing"
        week = f", week {self.week}" if self.week else ""
        return f"{what} (level {self.level}, day {self.day}{week}, memory {self.memory})"

    @property
    def hours(self) -> int:
        """How many hours of history it needs before it may be judged."""
        return (WEEK if self.week else 2 * DAY) + 1


def smooth(
    values: Floats, settings: Collection[Smoothing], origins: Collection[int], horizon: int
) -> dict[int, Floats]:
    """Return forecasts from several places of a series by several settings.

    The first days, or the first week, set where the smoothing begins: a forecast from a place
    within them has seen what it forecasts.

    Args:
        values: One an hour.
        settings: All with a season of a week, or none.
        origins: How many hours are known to each forecast, 1 to all.
        horizon: Hours ahead, at least 1.

    Returns:
        By origin, (settings, horizon).
    """
    state = _State(values, settings)
    ages = np.arange(1, horizon + 1)
    memory: Floats = np.array([s.memory for s in settings])[:, None] ** ages.astype(np.float64)
    found = {}
    for known in range(1, values.size + 1):
        state.learn(known - 1, float(values[known - 1]))
        if known in origins:
            found[known] = state.ahead(known, memory)
    return found


class _State:
    """Level, seasons and last errors of all settings."""

    def __init__(self, values: Floats, settings: Collection[Smoothing]) -> None:
        rates = np.array([(s.level, s.day, s.week, s.memory) for s in settings]).T
        self.rates = rates
        has_week = bool(rates[2].any())
        warm = WEEK if has_week else min(3, values.size // DAY) * DAY
        days = values[:warm].reshape(-1, DAY)
        count = rates.shape[1]
        self.level = np.full(count, days.mean())
        hours = days.mean(axis=0) - days.mean()
        self.day = np.repeat(hours[:, None], count, axis=1)
        # Half of what the first week shows is taken for the week's, the rest for chance.
        rest = (days - days.mean() - hours).reshape(-1, 1) / 2 if has_week else np.zeros((WEEK, 1))
        self.week = np.repeat(rest, count, axis=1)
        self.error = np.zeros(count)

    def learn(self, hour: int, value: float) -> None:
        level, day, week, memory = self.rates
        of_day, of_week = self.day[hour % DAY], self.week[hour % WEEK]
        error = value - self.level - of_day - of_week
        news = error - memory * self.error
        self.level = self.level + level * news
        of_day += day * news
        of_week += week * news
        self.error = error

    def ahead(self, hour: int, memory: Floats) -> Floats:
        hours = np.arange(hour, hour + memory.shape[1])
        seasons = self.day[hours % DAY] + self.week[hours % WEEK]
        found: Floats = self.level[:, None] + seasons.T + memory * self.error[:, None]
        return found
