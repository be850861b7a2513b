"""Forecasts that repeat the hours of past days or weeks: the seasonal-naive one and its kin."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from gonogo.spend.forecasting.histories import DAY, WEEK, Floats

_STEEPEST: Final = 0.05
"""A trend steeper than 5 % a day is taken for a step, not for growth that goes on."""


@dataclass(frozen=True, slots=True)
class Profile:
    """The mean or median of the same hours of the last days or weeks.

    One cycle is the seasonal-naive forecast.

    Attributes:
        period: Hours of a cycle: a day or a week.
        cycles: How many of the last are averaged, at least 1.
        by_median: Whether by their median.
        level: Scaled to the mean of so many last hours; 0: not scaled.
    """

    period: int
    cycles: int
    by_median: bool = False
    level: int = 0

    def __str__(self) -> str:
        """Return what is repeated, in words."""
        unit = "day" if self.period == DAY else "week"
        if self.cycles == 1:
            return f"last {unit}" + self._scaling
        centre = "median" if self.by_median else "mean"
        return f"{centre} of {self.cycles} {unit}s" + self._scaling

    @property
    def hours(self) -> int:
        """How many hours of history it needs."""
        return self.period * self.cycles

    def extend(self, values: Floats, horizon: int) -> Floats:
        """Return the next `horizon` hours, each at least 0, from a history of enough hours."""
        cycles = values[-self.hours :].reshape(self.cycles, self.period)
        hours = np.median(cycles, axis=0) if self.by_median else cycles.mean(axis=0)
        ahead: Floats = hours[np.arange(horizon) % self.period]
        if self.level == 0:
            return ahead
        mean = float(hours.mean())
        return ahead * (float(values[-self.level :].mean()) / mean) if mean > 0 else ahead * 0

    @property
    def _scaling(self) -> str:
        if self.level == 0:
            return ""
        return ", at the level of " + {DAY: "the last day", WEEK: "the last week"}.get(
            self.level, f"the last {self.level} hours"
        )


@dataclass(frozen=True, slots=True)
class TrendedProfile:
    """The mean of the same hours of the last days or weeks, going on as the days grew.

    The trend is damped: each day it adds `damping` times what it added the day before (Gardner and
    McKenzie 1985, "Forecasting trends in time series"). It ends after as many days as it was seen.

    Attributes:
        period: Hours of a cycle: a day or a week.
        days: How many days are averaged and give the trend; a multiple of 14 where the period is a
            week, so that whole weeks are compared.
        damping: 0 to 1.
    """

    period: int
    days: int
    damping: float

    def __str__(self) -> str:
        """Return what is repeated, in words."""
        unit = "day" if self.period == DAY else "week"
        return f"mean {unit} of {self.days} days with their trend, damped by {self.damping}"

    @property
    def hours(self) -> int:
        """How many hours of history it needs."""
        return self.days * DAY

    def extend(self, values: Floats, horizon: int) -> Floats:
        """Return the next `horizon` hours, each at least 0, from a history of enough hours."""
        ahead = Profile(self.period, self.hours // self.period).extend(values, horizon)
        ages = np.arange(1, horizon // DAY + 2)
        steps = np.where(ages <= self.days, self.damping**ages, 0.0)
        growth = (self.days - 1) / 2 + np.cumsum(steps)
        trend = self._trend(values[-self.hours :].reshape(self.days, DAY).sum(axis=1))
        raised: Floats = ahead * np.exp(trend * growth[np.arange(horizon) // DAY])
        return raised

    def _trend(self, sums: Floats) -> float:
        """Return the growth a day, as a share, from the sums of the days."""
        mean = float(sums.mean())
        if mean <= 0:
            return 0.0
        half = self.days // 2
        if self.period == WEEK:
            rise = float(sums[half:].mean() - sums[:half].mean()) / half
        else:
            steps = np.arange(self.days) - (self.days - 1) / 2
            rise = float(steps @ sums / (steps @ steps))
        return min(max(rise / mean, -_STEEPEST), _STEEPEST)
