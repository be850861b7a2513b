"""Who forecasts: the seasonal-naive champion, and challengers by as much as their past earned them.

The challenger is the mean of the candidates with the least loss in the backtest. It was chosen by
that backtest, so its own loss there flatters it; what counts is how the same choice, made at each
past origin from what was known then, went on to do against the champion.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from gonogo.spend.forecasting.backtests import Aim, Backtest
from gonogo.spend.forecasting.candidates import LAST_DAY, LAST_WEEK, Candidate
from gonogo.spend.forecasting.histories import DAY, WEEK, Floats

_MEMBERS: Final = 10
"""A mean of several good candidates errs less than the best of them: Bates and Granger (1969)."""

_NEAR: Final = 1.2
"""So much of the least loss a candidate may have, to be among them: there are many of one kind."""

_FEWEST_ORIGINS: Final = 3
"""From fewer forecasts, nothing is said about a candidate where more can be had."""

_HALF_LIFE: Final = {Aim.HOURS: 3, Aim.TOTALS: 6}
"""After so many origins a loss counts half: habits change."""

_WEEKLY_CHAMPION: Final = {Aim.HOURS: 3 * WEEK, Aim.TOTALS: WEEK}
"""From so many hours of history, hours may be those of the last week, if two more weeks have shown
that they are; sums are, as one day says too little about a week."""

_STEEPNESS: Final = 8
_DOUBT_DAYS: Final = {Aim.HOURS: 10, Aim.TOTALS: 14}
"""So many days of history weigh as much for the champion as equal losses do for the challenger;
more, the further ahead the forecast goes than the past could test it."""


@dataclass(frozen=True, slots=True)
class Promotion:
    """Who forecasts, with what weight.

    Attributes:
        champion: `LAST_DAY` or `LAST_WEEK`; `RAISED_WEEK` after a break of the level.
        challengers: Whose mean is the challenger; empty where no past could be held against any.
        weight: Of the challenger, 0 to 1; the rest is the champion's.
        loss_ratio: Loss of the challenger over the champion's in forecasts that had not seen what
            came, the larger of plain and recent; below 1 it won. None where there was none.
    """

    champion: Candidate
    challengers: tuple[Candidate, ...]
    weight: float
    loss_ratio: float | None

    def __str__(self) -> str:
        """Return who forecasts, in a sentence."""
        if self.weight == 0:
            return f"{self.champion}"
        first = self.challengers[0]
        others = len(self.challengers) - 1
        more = f" and {others} others" if others else ""
        return f"{1 - self.weight:.0%} {self.champion}, {self.weight:.0%} {first}{more}"


@dataclass(frozen=True, slots=True)
class Combination:
    """The forecast of champion and challengers, and those that they would have made.

    Attributes:
        ahead: (horizon,), at least 0.
        past: (origins, horizon): the same from past origins, of what was known there.
        actual: (origins, horizon): what came; NaN where it is not known.
        level: Mean of an hour of late, at least 0.
        past_levels: (origins,): the same before each origin.
        past_days: Days from the first of these origins up to now.
        promotion: Who forecasts.
    """

    ahead: Floats
    past: Floats
    actual: Floats
    level: float
    past_levels: Floats
    past_days: float
    promotion: Promotion


@dataclass(frozen=True, slots=True)
class _Choice:
    """Places of candidates.

    Attributes:
        champion: Who forecasts where nothing better has been shown.
        challengers: Whose mean challenges; after a break of the level the champion alone, as no
            past tells who follows it.
    """

    champion: int
    challengers: tuple[int, ...]

    @property
    def has_challengers(self) -> bool:
        """Whether there are others than the champion."""
        return any(place != self.champion for place in self.challengers)


def combine(backtest: Backtest) -> Combination:
    """Return the forecast of champion and challengers by what the backtest shows."""
    everything = range(len(backtest.origins))
    now = _choose(backtest, backtest.losses_at(backtest.hours, everything))
    trials = _trials(backtest)
    if not trials:
        return _champion_alone(backtest, now)
    places = [place for place, _ in trials]
    champion = np.array([backtest.forecasts[p, choice.champion] for p, choice in trials])
    challenger = np.array([_mean_of(backtest, p, choice.challengers) for p, choice in trials])
    ratio = _loss_ratio(backtest, places, champion, challenger)
    weight = _weight(ratio, backtest) if now.has_challengers else 0.0
    last = len(backtest.origins)
    ahead = (1 - weight) * backtest.forecasts[last, now.champion]
    if weight > 0:
        ahead = ahead + weight * _mean_of(backtest, last, now.challengers)
    return Combination(
        ahead=ahead,
        past=(1 - weight) * champion + weight * challenger,
        actual=backtest.actual[places],
        level=float(backtest.levels[last]),
        past_levels=backtest.levels[places],
        past_days=(backtest.hours - backtest.origins[places[0]]) / DAY,
        promotion=_promotion(backtest, now, weight, ratio),
    )


def _trials(backtest: Backtest) -> list[tuple[int, _Choice]]:
    """Return the choice that would have been made at each origin that had a past of its own."""
    trials = []
    for place, origin in enumerate(backtest.origins):
        past = [p for p in range(place) if backtest.origins[p] + backtest.mark <= origin]
        if len(past) < 2:
            continue
        choice = _choose(backtest, backtest.losses_at(origin, past), place)
        if choice.challengers and np.isfinite(backtest.actual[place]).any():
            trials.append((place, choice))
    return trials


def _choose(backtest: Backtest, losses: Floats, place: int | None = None) -> _Choice:
    """Choose from the losses of some origins who forecasts from a later one; None: from now."""
    last = len(backtest.origins) if place is None else place
    able = np.isfinite(backtest.forecasts[last]).all(axis=1)
    ratios = np.where(able, _ratios(losses, backtest.aim), np.inf)
    first = backtest.candidates.index(LAST_DAY)
    stand_in = backtest.stand_ins[last]
    if stand_in is not None:
        only = backtest.candidates.index(stand_in)
        return _Choice(only, (only,))
    champion = first
    if _hours_known(backtest, last) >= _WEEKLY_CHAMPION[backtest.aim]:
        week = backtest.candidates.index(LAST_WEEK)
        champion = week if backtest.aim is Aim.TOTALS or ratios[week] < 1 else first
    best = np.argsort(ratios, kind="stable")[:_MEMBERS]
    worst = ratios[best[0]] * _NEAR
    near = (int(p) for p in best if np.isfinite(ratios[p]) and ratios[p] <= worst)
    return _Choice(champion, tuple(near))


def _hours_known(backtest: Backtest, place: int) -> int:
    return (*backtest.origins, backtest.hours)[place]


def _ratios(losses: Floats, aim: Aim) -> Floats:
    """Return each candidate's loss over that of `LAST_DAY` at the same origins.

    Origins weigh by age, and each loss is over the median candidate's at its origin: one wild day
    must not decide.
    """
    known = np.isfinite(losses)
    counts = known.sum(axis=0)
    rows = known[:, 0]
    if not rows.any() or float(np.nanmax(losses)) == 0:
        return np.where(np.arange(losses.shape[1]) == 0, 1.0, np.inf)
    losses, known = losses[rows], known[rows]
    scales = np.maximum(np.nanmedian(losses, axis=1), 1e-9 * float(np.nanmax(losses)))
    weights = (_recency(len(losses), aim) / scales)[:, None]
    own = np.where(known, losses * weights, 0.0).sum(axis=0)
    first = np.where(known, losses[:, :1] * weights, 0.0).sum(axis=0)
    enough = counts >= min(_FEWEST_ORIGINS, len(losses))
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = np.where(first > 0, own / first, np.where(own > 0, np.inf, 1.0))
    return np.where(enough, ratios, np.inf)


def _mean_of(backtest: Backtest, place: int, challengers: Sequence[int]) -> Floats:
    mean: Floats = backtest.forecasts[place, list(challengers)].mean(axis=0)
    return mean


def _loss_ratio(
    backtest: Backtest, places: Sequence[int], champion: Floats, challenger: Floats
) -> float:
    own = np.array([backtest.loss_of(p, f) for p, f in zip(places, challenger, strict=True)])
    other = np.array([backtest.loss_of(p, f) for p, f in zip(places, champion, strict=True)])
    losses = backtest.losses_at(backtest.hours, places)
    scales = np.maximum(np.nanmedian(losses, axis=1), 1e-9 * float(np.nanmax(losses)) or 1.0)
    recent = _recency(len(places), backtest.aim) / scales
    return max(_over(own.sum(), other.sum()), _over(recent @ own, recent @ other))


def _over(own: float, other: float) -> float:
    if other > 0:
        return float(own / other)
    return 1.0 if own <= 0 else float("inf")


def _recency(count: int, aim: Aim) -> Floats:
    recency: Floats = 0.5 ** (np.arange(count)[::-1] / _HALF_LIFE[aim])
    return recency


def _weight(ratio: float, backtest: Backtest) -> float:
    tested = min(backtest.hours - backtest.origins[0], backtest.forecasts.shape[2])
    beyond = backtest.forecasts.shape[2] / tested
    doubt = beyond * (_DOUBT_DAYS[backtest.aim] * DAY / backtest.hours) ** 2
    return float(1 / (1 + min(ratio, 1e3) ** _STEEPNESS + doubt))


def _champion_alone(backtest: Backtest, now: _Choice) -> Combination:
    last = len(backtest.origins)
    return Combination(
        ahead=backtest.forecasts[last, now.champion],
        past=backtest.forecasts[:last, now.champion],
        actual=backtest.actual,
        level=float(backtest.levels[last]),
        past_levels=backtest.levels[:last],
        past_days=(backtest.hours - backtest.origins[0]) / DAY,
        promotion=_promotion(backtest, now, 0.0, None),
    )


def _promotion(
    backtest: Backtest, choice: _Choice, weight: float, ratio: float | None
) -> Promotion:
    named = backtest.candidates
    challengers = tuple(named[place] for place in choice.challengers) if weight > 0 else ()
    return Promotion(named[choice.champion], challengers, weight, ratio)
