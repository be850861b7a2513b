"""What a series remembers of its past: means, extremes, seasons; bounded, and plain data."""

import math
from array import array
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    _Floats = array[float]
else:  # arrays take no parameters at run time, and states are read by their annotations
    _Floats = array

_DAY: Final = 86400.0
_MOST_SLOTS: Final = 2000
"""Times of day told apart at most; a series that is finer has none."""

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


@dataclass(slots=True)
class Past:
    """Fading mean and variance of a series; plain ones until as many were seen as the horizon."""

    seen: int = 0
    mean: float = 0.0
    variance: float = 0.0

    def add(self, value: float, horizon: float) -> None:
        """Take in a value; the past fades over `horizon` of them."""
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


@dataclass(slots=True)
class Judge:
    """Tells how far a number is from its own past, which lags behind by some numbers."""

    past: Past = field(default_factory=Past)
    waiting: deque[float] = field(default_factory=deque)

    def rate(self, value: float, settings: SurpriseSettings, *, lag: int = 0) -> float:
        """Return the distance in standard deviations; 0 before enough was seen."""
        past = self.past
        distance = 0.0
        if past.seen >= settings.least:
            distance = min(past.distance_of(value), settings.most)
        self.waiting.append(value)
        if len(self.waiting) > lag:
            past.add(self.waiting.popleft(), settings.horizon)
        return distance


@dataclass(slots=True)
class Extremes:
    """Tells how far a number is beyond all that was seen; what was seen is forgotten slowly."""

    seen: int = 0
    highest: float = -math.inf
    lowest: float = math.inf

    def rate(self, value: float, settings: SurpriseSettings) -> float:
        """Return how far it is beyond; 0 where it is within."""
        self.seen += 1
        if self.seen == 1:
            self.highest = self.lowest = value
            return 0.0
        width = max(self.highest - self.lowest, 1e-9 * (1 + abs(self.highest)))
        beyond = max(value - self.highest, self.lowest - value) / width
        fading = (self.highest - self.lowest) / (_SLOWER * settings.horizon)
        self.highest = max(value, self.highest - fading)
        self.lowest = min(value, self.lowest + fading)
        if self.seen <= 2 * settings.least or beyond <= 0:
            return 0.0
        return _JUST_BEYOND if beyond <= _MARGIN else min(5 + 20 * beyond, settings.most)


@dataclass(slots=True)
class Steps:
    """The time of day, in steps of the series, which are learned where they are not given."""

    learned: float | None = None
    gaps: list[float] = field(default_factory=list)
    before: float | None = None

    def slot_of(self, at: float, given: float | None) -> int | None:
        """Return which time of day it is; None where it cannot be told."""
        if given is None and self.learned is None:
            self._learn(at)
        step = given or self.learned
        if step is None or not 4 <= round(_DAY / step) <= _MOST_SLOTS:
            return None
        return round((at % _DAY) / step) % round(_DAY / step)

    def _learn(self, at: float) -> None:
        """Take the median of the first gaps as the step."""
        if self.before is not None and at > self.before:
            self.gaps.append(at - self.before)
        self.before = at
        if len(self.gaps) >= 25:
            self.learned = sorted(self.gaps)[len(self.gaps) // 2]
            self.gaps = []


@dataclass(slots=True)
class Seasons:
    """Tells how far a number is from what the same time of other days had."""

    clock: Steps = field(default_factory=Steps)
    seen: bytearray = field(default_factory=bytearray)
    plain_means: _Floats = field(default_factory=lambda: array("d"))
    log_means: _Floats = field(default_factory=lambda: array("d"))
    residuals: deque[float] = field(default_factory=deque)
    logs: deque[float] = field(default_factory=deque)
    plain: Judge = field(default_factory=Judge)
    in_logs: Judge = field(default_factory=Judge)

    def rate(
        self, at: float, value: float, settings: SurpriseSettings, step_seconds: float | None
    ) -> tuple[float, float | None]:
        """Return the distance, and what was expected; None where it is not known."""
        slot = self.clock.slot_of(at, step_seconds)
        if slot is None:
            return 0.0, None
        if slot >= len(self.seen):
            self._make_room(slot + 1)
        in_logs = math.log1p(abs(value))
        plain, logs = self.plain_means, self.log_means
        is_known = self.seen[slot] > 0
        expected = plain[slot] if is_known else None
        push(self.residuals, value - plain[slot] if is_known else 0.0, settings.long)
        push(self.logs, in_logs - logs[slot] if is_known else 0.0, settings.short)
        self.seen[slot] = min(self.seen[slot] + 1, 255)
        weight = max(1 / self.seen[slot], settings.season_fade)
        plain[slot] += weight * (value - plain[slot])
        logs[slot] += weight * (in_logs - logs[slot])
        if not is_known:
            return 0.0, expected
        return (
            self.plain.rate(mean_of(self.residuals), settings, lag=settings.long)
            + self.in_logs.rate(mean_of(self.logs), settings, lag=settings.short),
            expected,
        )

    def _make_room(self, slots: int) -> None:
        spare = slots - len(self.seen)
        self.seen.extend(bytes(spare))
        for means in (self.plain_means, self.log_means):
            means.extend([0.0] * spare)


@dataclass(slots=True)
class RankGate:
    """Lets a score through where it is above all of the last ones."""

    count: int = 0
    falling: deque[tuple[int, float]] = field(default_factory=deque)

    def passed(self, score: float, width: int) -> float:
        """Return the score where it is above all of the last `width`, else 0."""
        self.count += 1
        falling = self.falling
        while falling and falling[0][0] < self.count - width:
            falling.popleft()
        is_highest = not falling or score > falling[0][1]
        while falling and falling[-1][1] <= score:
            falling.pop()
        falling.append((self.count, score))
        return score if is_highest else 0.0


def push(last: deque[float], value: float, most: int) -> None:
    """Add a value; where there are more than `most`, the oldest goes."""
    last.append(value)
    if len(last) > most:
        last.popleft()


def mean_of(values: deque[float]) -> float:
    """Return the mean; there must be a value."""
    return sum(values) / len(values)
