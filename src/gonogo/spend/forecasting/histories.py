"""What was used hour by hour, made fit to be forecast: checked, cut to what counts, gaps filled."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gonogo.errors import UnusableHistoryError

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

DAY: Final = 24
"""Hours of a day; a day on which clocks change is seen as 24 hours like any other."""

WEEK: Final = 7 * DAY

FEWEST_HOURS: Final = 2 * DAY
"""Below, not even one day can be forecast from another to see how wrong that is."""

MOST_HOURS: Final = 12 * WEEK
"""What is older is not looked at: habits change, and the time to forecast stays bounded."""


@dataclass(frozen=True, slots=True)
class History:
    """Sums of whole hours without a gap, oldest first.

    Attributes:
        values: At least `FEWEST_HOURS`, at most `MOST_HOURS`; finite, at least 0: what is forecast
            from.
        observed: What was observed of these hours, by which forecasts are judged; NaN where nothing
            was. There the values are those of the same hour of the nearest day.
    """

    values: Floats
    observed: Floats

    @property
    def known(self) -> Flags:
        """Which hours were observed."""
        return np.isfinite(self.observed)

    @property
    def set_aside(self) -> int:
        """How many hours were observed and are not forecast from."""
        return int((self.known & (self.values != self.observed)).sum())

    @property
    def days(self) -> float:
        """How many days were observed."""
        return int(self.known.sum()) / DAY


def history_of(values: ArrayLike, *, missing: ArrayLike | None = None) -> History:
    """Return the history that hourly sums make; an hour without traffic is a 0.

    Args:
        values: One sum an hour, oldest first, in any unit.
        missing: True where an hour was not observed; its value does not count and may be NaN.
            None: all were observed.

    Raises:
        UnusableHistoryError: If a value is not finite or negative, or fewer than two days were
            observed.
    """
    sums = np.array(values, dtype=np.float64)
    if sums.ndim != 1:
        raise UnusableHistoryError(f"expected one sum an hour, got an array of shape {sums.shape}")
    known = _known(sums, missing)
    _demand_amounts(sums, known)
    sums, known = sums[-MOST_HOURS:], known[-MOST_HOURS:]
    if known.sum() < FEWEST_HOURS:
        raise UnusableHistoryError(
            f"{known.sum()} hours were observed: a forecast needs {FEWEST_HOURS}; wait, or give an"
            " earlier start"
        )
    return History(fill(sums, known), np.where(known, sums, np.nan))


def fill(sums: Floats, known: Flags) -> Floats:
    """Return the sums with those that are not known taken from the same hour of the nearest day."""
    filled = np.where(known, sums, 0.0)
    for hour in range(DAY):
        values, observed = filled[hour::DAY], known[hour::DAY]
        seen = np.flatnonzero(observed)
        if seen.size == 0:
            values[:] = sums[known].mean()
        elif seen.size < values.size:
            gaps = np.flatnonzero(~observed)
            nearest = np.abs(seen[None, :] - gaps[:, None]).argmin(axis=1)
            values[gaps] = values[seen[nearest]]
    return filled


def _known(sums: Floats, missing: ArrayLike | None) -> Flags:
    if missing is None:
        return np.ones(sums.size, dtype=np.bool_)
    gaps = np.asarray(missing, dtype=np.bool_)
    if gaps.shape != sums.shape:
        raise UnusableHistoryError(
            f"`missing` has shape {gaps.shape} and the sums {sums.shape}: give one flag an hour"
        )
    return ~gaps


def _demand_amounts(sums: Floats, known: Flags) -> None:
    wrong = np.flatnonzero(known & ~(np.isfinite(sums) & (sums >= 0)))
    if wrong.size:
        place = int(wrong[0])
        raise UnusableHistoryError(
            f"hour {place}: expected a sum of at least 0, got {float(sums[place])!r}"
            f" ({wrong.size} such hours); mark what was not observed as missing"
        )
