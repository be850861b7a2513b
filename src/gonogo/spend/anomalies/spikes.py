"""How surprising the newest of a series of numbers is, against the series' own seasonal past.

Eight questions. Is the level unusual (in logarithms), or the step from the value before, or the
mean of the last values, or their spread, or the difference to the same time of other days (over a
short while in logarithms, over a longer one as it is)? Each is answered by the distance from its
own past mean in standard deviations. And is the value, or the mean of the last few, beyond all
that was seen? The sum is the surprise. Past means and variances fade exponentially (Finch,
"Incremental calculation of weighted mean and variance", 2009), so that a series needs the same
little memory however long it runs. The rank gate lets through only what surprises more than all
of the last values: one alarm an episode. Knows bare numbers, nothing of exchanges.
"""

import math
from collections import deque
from dataclasses import dataclass, field
from typing import Final

from gonogo.spend.anomalies.pasts import (
    Extremes,
    Judge,
    Past,
    RankGate,
    Seasons,
    SurpriseSettings,
    push,
)

_LARGEST: Final = 1e150
"""Squares of larger numbers overflow."""

_USUAL: Final = SurpriseSettings()


@dataclass(frozen=True, slots=True)
class Surprise:
    """How surprising one value is.

    Attributes:
        score: The sum of the answers, at least 0; what is usual has some 4 to 8.
        gated: The same, and 0 where one of the last values surprised as much.
        expected: What the time of day has had; the past mean where it has not been seen.
    """

    score: float
    gated: float
    expected: float


@dataclass(slots=True)
class SurpriseMeter:
    """Rates the values of one series as they come; all that it knows is in its fields.

    Attributes:
        step_seconds: From one value to the next, where the time of day is to be told; None: it is
            learned from the first values.
        settings: How the past is remembered; None: as is usual.
    """

    step_seconds: float | None = None
    settings: SurpriseSettings | None = None
    _usual: Past = field(default_factory=Past)
    _last: deque[float] = field(default_factory=deque)
    _level: Judge = field(default_factory=Judge)
    _step: Judge = field(default_factory=Judge)
    _mean: Judge = field(default_factory=Judge)
    _spread: Judge = field(default_factory=Judge)
    _one_beyond: Extremes = field(default_factory=Extremes)
    _few_beyond: Extremes = field(default_factory=Extremes)
    _seasons: Seasons = field(default_factory=Seasons)
    _gate: RankGate = field(default_factory=RankGate)
    _before: float | None = None

    def rate(self, at: float, value: float) -> Surprise:
        """Rate the next value, and remember it.

        Args:
            at: When, in seconds since 1970.
            value: What is not finite is taken as the value before.
        """
        settings = self.settings or _USUAL
        before = self._before or 0.0
        if not (math.isfinite(value) and abs(value) < _LARGEST):
            value = before
        step = 0.0 if self._before is None else value - before
        self._before = value
        season, expected = self._seasons.rate(at, value, settings, self.step_seconds)
        score = (
            self._level.rate(math.log1p(abs(value)), settings)
            + self._step.rate(step, settings)
            + self._rate_last(value, settings)
            + season
        )
        if expected is None:
            expected = self._usual.mean
        self._usual.add(value, settings.horizon)
        return Surprise(score, self._gate.passed(score, settings.gate), expected)

    def _rate_last(self, value: float, settings: SurpriseSettings) -> float:
        """Compare mean, spread and extremes of the last values with those before them."""
        last = self._last
        push(last, value, settings.long)
        mean = sum(last) / len(last)
        spread = math.sqrt(sum((one - mean) ** 2 for one in last) / len(last))
        short = list(last)[-settings.short :]
        return (
            self._mean.rate(mean, settings, lag=settings.long)
            + self._spread.rate(
                math.log(spread + 1e-9 * (1 + abs(mean))), settings, lag=settings.long
            )
            + self._one_beyond.rate(value, settings)
            + self._few_beyond.rate(sum(short) / len(short), settings)
        )
