"""A level of late that was never seen before: only the days since tell of it."""

from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np

from gonogo.spend.forecasting.histories import DAY, WEEK, Floats

_FACTOR: Final = 3
"""Each day since the break has three times what the busiest before it had, or a third of what the
idlest had, in three quarters of the hours that are usually busy: a burst of some hours is none."""

_DAYS_BEFORE: Final = 7
"""At least so many are needed, so that a weekend is none; at most four times as many count."""

_FEWEST_IDLE: Final = 3
"""So many days are idle before that is a level: two may be a holiday or a long weekend."""

_DAYS_SINCE: Final = 7
"""A week later, days and weeks of the new level can be forecast from."""


@dataclass(frozen=True, slots=True)
class RaisedWeek:
    """The week before the break, at the level since; without a break, the last week."""

    hours: ClassVar[int] = (_DAYS_BEFORE + 1) * DAY
    """How many hours of history it needs."""

    def __str__(self) -> str:
        """Return what is repeated, in words."""
        return "week before the break, at the level since"

    def extend(self, values: Floats, horizon: int) -> Floats:
        """Return the next `horizon` hours, each at least 0, from a history of enough hours."""
        since = DAY * days_since_break(values)
        week = values[values.size - since - WEEK : values.size - since]
        hours = np.arange(since + horizon) % WEEK  # of the week that begins with the break
        usual = float(week[hours[:since]].sum())
        raised = float(values[values.size - since :].sum()) / usual if usual > 0 else 1.0
        ahead: Floats = week[hours[since:]] * raised
        return ahead


def days_since_break(values: Floats) -> int:
    """Return since how many days the level is beyond all that the days before had.

    Args:
        values: One an hour up to now, at least 0.

    Returns:
        1 to 7; 0 where it is not.
    """
    days = values[values.size % DAY :].reshape(-1, DAY)
    most = min(_DAYS_SINCE, len(days) - _DAYS_BEFORE)
    return next((since for since in range(most, 0, -1) if _is_broken_since(days, since)), 0)


def _is_broken_since(days: Floats, since: int) -> bool:
    before = days[-since - 4 * _DAYS_BEFORE : -since]
    usual = np.median(before, axis=0)
    busy = usual >= max(float(usual.mean()) / 2, np.finfo(float).tiny)
    if not busy.any():
        return False
    late, earlier = (part[:, busy] / usual[busy] for part in (days[-since:], before))
    low, high = 0.25, 0.75
    risen = np.quantile(late, low, axis=1).min() > _FACTOR * np.quantile(earlier, low, axis=1).max()
    fallen = (
        np.quantile(late, high, axis=1).max() * _FACTOR < np.quantile(earlier, high, axis=1).min()
    )
    return bool(risen or (fallen and since >= _FEWEST_IDLE))
