"""Rolling origins: what each candidate would have forecast, and how wrong that was.

Hyndman and Athanasopoulos (2021), "Forecasting: principles and practice", section 5.10. Origins
that lie less than the horizon back count too, by as much of it as is known: they are the first to
show that habits changed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np

from gonogo.spend.forecasting.candidates import (
    LAST_DAY,
    RAISED_WEEK,
    Candidate,
    candidates_for,
    extend_all,
)
from gonogo.spend.forecasting.histories import DAY, WEEK, Floats, History
from gonogo.spend.forecasting.incidents import is_under_way
from gonogo.spend.forecasting.level_breaks import days_since_break


class Aim(StrEnum):
    """What is to be forecast well."""

    HOURS = "hours"
    """Each hour: the loss is the mean absolute error."""

    TOTALS = "totals"
    """What adds up from now on: the loss is the mean, over the days ahead, of the absolute error
    of the sum up to the end of that day, over the number of days."""


_MOST_ORIGINS: Final = {Aim.HOURS: 28, Aim.TOTALS: 20}
"""Two weeks of half days; for totals, days or multiples of them over all of the history."""

_FIRST_ORIGIN: Final = 3 * DAY
_LONG: Final = 2 * WEEK
_RECENT: Final = 4 * WEEK


@dataclass(frozen=True, slots=True, kw_only=True)
class Backtest:
    """Forecasts from the past, and what came.

    Attributes:
        candidates: What forecast, `LAST_DAY` first.
        origins: How many hours each forecast knew, ascending, a multiple of `mark` apart.
        forecasts: (origins + 1, candidates, horizon); the last row is the forecast from now on. NaN
            where a candidate needs more history.
        actual: (origins, horizon); NaN where it is not known.
        losses: (origins, candidates, marks): the loss by the first mark, by the second and so on.
            NaN where not even that much is known.
        mark: Hours from one mark to the next.
        levels: (origins + 1,): the mean of the observed hours of the four weeks before; the last is
            that of now.
        stand_ins: (origins + 1,): who forecasts in the champion's place, as the past does not tell
            who would; None where it does.
        hours: How many are known now.
        aim: What the losses are of.
    """

    candidates: tuple[Candidate, ...]
    origins: tuple[int, ...]
    forecasts: Floats
    actual: Floats
    losses: Floats
    mark: int
    levels: Floats
    stand_ins: tuple[Candidate | None, ...]
    hours: int
    aim: Aim

    def losses_at(self, end: int, origins: Sequence[int]) -> Floats:
        """Return the losses of some origins by what is known after `end` hours.

        Args:
            end: At least one mark after each of the origins.
            origins: Places in `origins`.

        Returns:
            (origins, candidates).
        """
        marks = [self._marks_by(end, place) - 1 for place in origins]
        losses: Floats = self.losses[list(origins), :, marks]
        return losses

    def loss_of(self, place: int, forecast: Floats) -> float:
        """Return the loss of another forecast from an origin, by all that is known.

        Args:
            place: In `origins`.
            forecast: (horizon,).
        """
        losses = _losses(forecast[None, :], self.actual[place], self.mark, self.aim)
        return float(losses[0, self._marks_by(self.hours, place) - 1])

    def _marks_by(self, end: int, place: int) -> int:
        return min((end - self.origins[place]) // self.mark, int(self.losses.shape[2]))


def run_backtest(history: History, horizon: int, aim: Aim) -> Backtest:
    """Forecast from past origins and from now on, and hold what is known against it.

    Args:
        history: Two days or more.
        horizon: Hours ahead, a multiple of a day.
        aim: Sets the loss, and how far apart origins are: half a day for hours, a day or more for
            totals.
    """
    values = history.values
    mark = DAY // 2 if aim is Aim.HOURS else DAY
    origins = _origins(values.size, mark, aim)
    forecasts = extend_all(values, [*origins, values.size], horizon)
    actual = np.full((len(origins), horizon), np.nan)
    seen = history.observed
    for row, origin in enumerate(origins):
        ahead = seen[origin : origin + horizon]
        actual[row, : ahead.size] = ahead
    losses = np.array(
        [
            _losses(forecast, came, mark, aim)
            for forecast, came in zip(forecasts[:-1], actual, strict=True)
        ]
    )
    return Backtest(
        candidates=candidates_for(values.size),
        origins=origins,
        forecasts=forecasts,
        actual=actual,
        losses=losses,
        mark=mark,
        levels=np.array([_level(seen[:known]) for known in (*origins, values.size)]),
        stand_ins=tuple(_stand_in(values[:known], aim) for known in (*origins, values.size)),
        hours=values.size,
        aim=aim,
    )


def _stand_in(values: Floats, aim: Aim) -> Candidate | None:
    if days_since_break(values):
        return RAISED_WEEK if aim is Aim.TOTALS else LAST_DAY
    # The last week would repeat an incident by its day of the week.
    return LAST_DAY if aim is Aim.TOTALS and is_under_way(values) else None


def _level(seen: Floats) -> float:
    recent = seen[-_RECENT:]
    known = recent[np.isfinite(recent)]
    return float(known.mean()) if known.size else 0.0


def _origins(hours: int, mark: int, aim: Aim) -> tuple[int, ...]:
    first = min(_FIRST_ORIGIN, hours // 2)
    if aim is Aim.TOTALS and hours >= _LONG:
        first = WEEK
    marks = (hours - first) // mark
    apart = 1 if aim is Aim.HOURS else -(-marks // _MOST_ORIGINS[aim])
    backwards = range(hours - mark, first - 1, -mark * apart)[: _MOST_ORIGINS[aim]]
    return tuple(reversed(backwards))


def _losses(forecasts: Floats, actual: Floats, mark: int, aim: Aim) -> Floats:
    """Return (candidates, marks)."""
    known = np.isfinite(actual)
    errors = np.where(known, forecasts - actual, 0.0)
    marks = actual.size // mark
    counts = known[: marks * mark].reshape(marks, mark).sum(axis=1).cumsum()
    if aim is Aim.HOURS:
        sums = np.abs(errors)[:, : marks * mark].reshape(-1, marks, mark).sum(axis=2).cumsum(axis=1)
        return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)
    days = errors[:, : marks * mark].reshape(-1, marks, mark).sum(axis=2).cumsum(axis=1)
    ages = np.arange(1, marks + 1)
    mean = np.cumsum(np.abs(days) / ages, axis=1) / ages
    return np.where(counts > 0, mean, np.nan)
