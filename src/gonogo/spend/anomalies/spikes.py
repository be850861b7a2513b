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
from array import array
from collections import deque
from dataclasses import dataclass, field
from typing import Final

_DAY: Final = 86400.0
_MOST_SLOTS: Final = 2000
"""Times of day told apart at most; a series that is finer has none."""

_LARGEST: Final = 1e150
"""Squares of larger numbers overflow."""

_MARGIN: Final = 0.05
_JUST_BEYOND: Final = 3.0
_SLOWER: Final = 50
"""Extremes are forgotten so many times more slowly than means."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SurpriseSettings:
    """How the past is remembered; counts are of values.

    Attributes:
        horizon: Over which the past fades.
        short: The last few values.
        long: The last many values.
        season_fade: Weight of the newest day in what a time of day expects, 0 to 1.
        least: Seen before a distance is told; twice as many before an extreme is.
        most: What one question can add.
        gate: Of the last so many values only the most surprising counts.
    """

    horizon: int = 1000
    short: int = 12
    long: int = 48
    season_fade: float = 0.2
    least: int = 50
    most: float = 30.0
    gate: int = 200


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


class SurpriseMeter:
    """Rates the values of one series as they come.

    Args:
        step_seconds: From one value to the next, where the time of day is to be told; None: it is
            learned from the first values.
        settings: How the past is remembered.
    """

    __slots__ = (
        "_before",
        "_beyond",
        "_gate",
        "_last",
        "_level",
        "_mean",
        "_seasons",
        "_spread",
        "_step",
        "_usual",
    )

    def __init__(
        self, step_seconds: float | None = None, settings: SurpriseSettings | None = None
    ) -> None:
        settings = settings or SurpriseSettings()
        self._usual = _Past()
        self._last: deque[float] = deque(maxlen=settings.long)
        self._level, self._step = _Judge(settings, 0), _Judge(settings, 0)
        self._mean, self._spread = _Judge(settings, settings.long), _Judge(settings, settings.long)
        self._beyond = (_Extremes(settings), _Extremes(settings))
        self._seasons = _Seasons(settings, step_seconds)
        self._gate = _RankGate(settings.gate)
        self._before: float | None = None

    def rate(self, at: float, value: float) -> Surprise:
        """Rate the next value, and remember it.

        Args:
            at: When, in seconds since 1970.
            value: What is not finite is taken as the value before.
        """
        before = self._before or 0.0
        if not (math.isfinite(value) and abs(value) < _LARGEST):
            value = before
        step = 0.0 if self._before is None else value - before
        self._before = value
        season, expected = self._seasons.rate(at, value)
        score = (
            self._level.rate(math.log1p(abs(value)))
            + self._step.rate(step)
            + self._rate_last(value)
            + season
        )
        if expected is None:
            expected = self._usual.mean
        self._usual.add(value, self._level.settings.horizon)
        return Surprise(score, self._gate.passed(score), expected)

    def _rate_last(self, value: float) -> float:
        """Compare mean, spread and extremes of the last values with those before them."""
        last = self._last
        last.append(value)
        mean = sum(last) / len(last)
        spread = math.sqrt(sum((one - mean) ** 2 for one in last) / len(last))
        short = list(last)[-self._mean.settings.short :]
        return (
            self._mean.rate(mean)
            + self._spread.rate(math.log(spread + 1e-9 * (1 + abs(mean))))
            + self._beyond[0].rate(value)
            + self._beyond[1].rate(sum(short) / len(short))
        )


@dataclass(slots=True)
class _Past:
    """Fading mean and variance of a series; plain ones until as many were seen as the horizon."""

    seen: int = 0
    mean: float = 0.0
    variance: float = 0.0

    def add(self, value: float, horizon: float) -> None:
        self.seen += 1
        weight = max(1 / self.seen, 1 / horizon)
        difference = value - self.mean
        self.mean += weight * difference
        self.variance = (1 - weight) * (self.variance + weight * difference * difference)

    def distance_of(self, value: float) -> float:
        """Return the distance from the mean in standard deviations.

        Where the past was constant, any difference beyond its rounding is huge.
        """
        scale = max(math.sqrt(self.variance), 1e-6 * abs(self.mean), 1e-9)
        return abs(value - self.mean) / scale


class _Judge:
    """Tells how far a number is from its own past, which lags behind by `lag` numbers."""

    __slots__ = ("_lag", "_past", "_waiting", "settings")

    def __init__(self, settings: SurpriseSettings, lag: int) -> None:
        self.settings = settings
        self._lag = lag
        self._past = _Past()
        self._waiting: deque[float] = deque()

    def rate(self, value: float) -> float:
        past, settings = self._past, self.settings
        distance = 0.0
        if past.seen >= settings.least:
            distance = min(past.distance_of(value), settings.most)
        self._waiting.append(value)
        if len(self._waiting) > self._lag:
            past.add(self._waiting.popleft(), settings.horizon)
        return distance


class _Extremes:
    """Tells how far a number is beyond all that was seen; what was seen is forgotten slowly."""

    __slots__ = ("_highest", "_lowest", "_seen", "_settings")

    def __init__(self, settings: SurpriseSettings) -> None:
        self._settings = settings
        self._seen = 0
        self._highest = -math.inf
        self._lowest = math.inf

    def rate(self, value: float) -> float:
        self._seen += 1
        if self._seen == 1:
            self._highest = self._lowest = value
            return 0.0
        width = max(self._highest - self._lowest, 1e-9 * (1 + abs(self._highest)))
        beyond = max(value - self._highest, self._lowest - value) / width
        fading = (self._highest - self._lowest) / (_SLOWER * self._settings.horizon)
        self._highest = max(value, self._highest - fading)
        self._lowest = min(value, self._lowest + fading)
        if self._seen <= 2 * self._settings.least or beyond <= 0:
            return 0.0
        return _JUST_BEYOND if beyond <= _MARGIN else min(5 + 20 * beyond, self._settings.most)


class _Seasons:
    """Tells how far a number is from what the same time of other days had."""

    __slots__ = ("_clock", "_fade", "_in_logs", "_logs", "_means", "_plain", "_residuals", "_seen")

    def __init__(self, settings: SurpriseSettings, step_seconds: float | None) -> None:
        self._fade = settings.season_fade
        self._clock = _Steps(step_seconds)
        self._seen = bytearray()
        self._means = (array("d"), array("d"))
        self._residuals: deque[float] = deque(maxlen=settings.long)
        self._logs: deque[float] = deque(maxlen=settings.short)
        self._plain = _Judge(settings, settings.long)
        self._in_logs = _Judge(settings, settings.short)

    def rate(self, at: float, value: float) -> tuple[float, float | None]:
        """Return the distance, and what was expected; None where it is not known."""
        slot = self._clock.slot_of(at)
        if slot is None:
            return 0.0, None
        if slot >= len(self._seen):
            self._make_room(slot + 1)
        in_logs = math.log1p(abs(value))
        plain, logs = self._means
        is_known = self._seen[slot] > 0
        expected = plain[slot] if is_known else None
        self._residuals.append(value - plain[slot] if is_known else 0.0)
        self._logs.append(in_logs - logs[slot] if is_known else 0.0)
        self._seen[slot] = min(self._seen[slot] + 1, 255)
        weight = max(1 / self._seen[slot], self._fade)
        plain[slot] += weight * (value - plain[slot])
        logs[slot] += weight * (in_logs - logs[slot])
        if not is_known:
            return 0.0, expected
        return (
            self._plain.rate(sum(self._residuals) / len(self._residuals))
            + self._in_logs.rate(sum(self._logs) / len(self._logs)),
            expected,
        )

    def _make_room(self, slots: int) -> None:
        spare = slots - len(self._seen)
        self._seen.extend(bytes(spare))
        for means in self._means:
            means.extend([0.0] * spare)


class _RankGate:
    """Lets a score through where it is above all of the last ones."""

    __slots__ = ("_count", "_falling", "_width")

    def __init__(self, width: int) -> None:
        self._width = width
        self._count = 0
        self._falling: deque[tuple[int, float]] = deque()

    def passed(self, score: float) -> float:
        self._count += 1
        falling = self._falling
        while falling and falling[0][0] < self._count - self._width:
            falling.popleft()
        is_highest = not falling or score > falling[0][1]
        while falling and falling[-1][1] <= score:
            falling.pop()
        falling.append((self._count, score))
        return score if is_highest else 0.0


@dataclass(slots=True)
class _Steps:
    """The time of day, in steps of the series."""

    step: float | None
    _gaps: list[float] = field(default_factory=list)
    _before: float | None = None

    def slot_of(self, at: float) -> int | None:
        """Return which time of day it is; None where it cannot be told."""
        if self.step is None:
            self._learn(at)
        if self.step is None or not 4 <= round(_DAY / self.step) <= _MOST_SLOTS:
            return None
        return round((at % _DAY) / self.step) % round(_DAY / self.step)

    def _learn(self, at: float) -> None:
        """Take the median of the first gaps as the step."""
        if self._before is not None and at > self._before:
            self._gaps.append(at - self._before)
        self._before = at
        if len(self._gaps) >= 25:
            self.step = sorted(self._gaps)[len(self._gaps) // 2]
            self._gaps = []
