"""Forecasts of hourly sums: of the hours ahead, and of what adds up over days and weeks."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from gonogo.plain_text import counted
from gonogo.spend.forecasting.backtests import Aim, run_backtest
from gonogo.spend.forecasting.histories import DAY, WEEK, Floats, History, history_of
from gonogo.spend.forecasting.incidents import without_incidents
from gonogo.spend.forecasting.intervals import Interval, Level, bounds_of_sum, interval_of_hours
from gonogo.spend.forecasting.level_breaks import days_since_break
from gonogo.spend.forecasting.promotions import Combination, Promotion, combine

MOST_AHEAD: Final = 35 * DAY
"""Five weeks, more than any month: what is further ahead is anybody's guess."""

_LEVELS: Final[tuple[Level, Level]] = (80, 95)

_SETTLED: Final = 4 * WEEK
"""Four weeks of history show what a week looks like and how weeks differ."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """The hours ahead.

    Attributes:
        likely: One an hour, at least 0, in the unit of the history.
        interval_80: Holds what comes four times out of five.
        interval_95: Holds it 19 times out of 20.
        promotion: Who forecasts.
        notes: What to know before trusting it, one sentence each.
    """

    likely: Floats
    interval_80: Interval
    interval_95: Interval
    promotion: Promotion
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Outlook:
    """What adds up over the hours ahead, chosen to be right about sums rather than hours.

    Attributes:
        combination: The forecast of hours, at least 0, and its past.
        notes: What to know before trusting it, one sentence each.
    """

    combination: Combination
    notes: tuple[str, ...]

    @property
    def hours(self) -> Floats:
        """One an hour: its part of the sums."""
        return self.combination.ahead

    def total(self, start: int, end: int) -> float:
        """Return the likely sum from an hour ahead, from 0, up to another, left out."""
        self._demand_within(start, end)
        return float(self.hours[start:end].sum())

    def bounds(self, start: int, end: int, level: Level) -> tuple[float, float]:
        """Return the interval of the same sum: its lower bound, at least 0, and its upper."""
        self._demand_within(start, end)
        return bounds_of_sum(self.combination, (start, end), level)

    def curves(self, level: Level) -> tuple[Floats, Floats, Floats]:
        """Return what has added up after each hour: at least, likely and at most.

        Args:
            level: Of the interval, in percent.

        Returns:
            Three arrays, one value an hour, none falling.
        """
        likely = np.cumsum(self.hours)
        marks = _marks(likely.size)
        bounds = np.array([self.bounds(0, mark, level) for mark in marks])
        ages = np.arange(1, likely.size + 1)
        totals = np.concatenate([[0.0], likely])[[0, *marks]]
        gaps = [
            np.interp(ages, [0, *marks], np.concatenate([[0.0], side]) - totals)
            for side in bounds.T
        ]
        low = np.maximum.accumulate(np.maximum(likely + gaps[0], 0.0))
        high = np.maximum.accumulate(likely + gaps[1])
        return low, likely, high

    def _demand_within(self, start: int, end: int) -> None:
        if not 0 <= start <= end <= self.hours.size:
            raise ValueError(f"hours {start} to {end} are not within 0 to {self.hours.size}")


def forecast_hours(
    values: ArrayLike, horizon: int = 2 * DAY, *, missing: ArrayLike | None = None
) -> Forecast:
    """Forecast hourly sums.

    Args:
        values: One sum an hour, oldest first, at least 0, in any unit; an hour without traffic is
            0. What is older than `MOST_HOURS` is not looked at.
        horizon: Hours ahead, 1 to `MOST_AHEAD`.
        missing: True where an hour was not observed; None: all were.

    Raises:
        UnusableHistoryError: If a value is not finite or negative, or fewer than two days were
            observed.
        ValueError: If the horizon is out of its range.
    """
    _demand_horizon(horizon)
    history = without_incidents(history_of(values, missing=missing))
    combination = combine(run_backtest(history, _whole_days(horizon), Aim.HOURS))
    near, far = (_cut(interval_of_hours(combination, p), horizon) for p in _LEVELS)
    return Forecast(
        likely=combination.ahead[:horizon],
        interval_80=near,
        interval_95=far,
        promotion=combination.promotion,
        notes=_notes(history, horizon),
    )


def foresee_totals(values: ArrayLike, horizon: int, *, missing: ArrayLike | None = None) -> Outlook:
    """Foresee what adds up over the hours ahead.

    Args:
        values: As in `forecast_hours`.
        horizon: Hours ahead, 1 to `MOST_AHEAD`.
        missing: As in `forecast_hours`.

    Raises:
        UnusableHistoryError: As `forecast_hours`.
        ValueError: If the horizon is out of its range.
    """
    _demand_horizon(horizon)
    history = without_incidents(history_of(values, missing=missing))
    combination = combine(run_backtest(history, _whole_days(horizon), Aim.TOTALS))
    return Outlook(
        replace(combination, ahead=combination.ahead[:horizon]), _notes(history, horizon)
    )


def _demand_horizon(horizon: int) -> None:
    if not 1 <= horizon <= MOST_AHEAD:
        raise ValueError(f"horizon: expected 1 to {MOST_AHEAD} hours, got {horizon!r}")


def _whole_days(hours: int) -> int:
    return -(-hours // DAY) * DAY


def _cut(interval: Interval, horizon: int) -> Interval:
    return Interval(interval.level, interval.low[:horizon], interval.high[:horizon])


def _marks(hours: int) -> list[int]:
    """Return where sums are bounded: each quarter of the first day, then each day."""
    first = [mark for mark in range(DAY // 4, DAY, DAY // 4) if mark < hours]
    return [*first, *range(DAY, hours, DAY), hours]


def _notes(history: History, horizon: int) -> tuple[str, ...]:
    notes = []
    days, gaps = history.days, int((~history.known).sum())
    if days < WEEK / DAY:
        notes.append(f"{days:.3g} days are known: what a weekend changes cannot be told from them")
    elif history.values.size < _SETTLED:
        notes.append(f"{days:.3g} days are known: how weeks differ has hardly been seen")
    if horizon > history.values.size / 2:
        notes.append("it looks more than half as far ahead as it can look back")
    if gaps:
        notes.append(f"{gaps} hours were not observed; they are filled in from the days around")
    if since := days_since_break(history.values):
        notes.append(
            f"since {counted(since, 'day')} the level is beyond all before: it is taken to stay"
        )
    if history.set_aside:
        hours = counted(history.set_aside, "hour")
        notes.append(f"{hours} stood out once, by far: not expected again, but in the intervals")
    if not history.values.any():
        notes.append("nothing has been used so far: a first use cannot be foreseen")
    return tuple(notes)
