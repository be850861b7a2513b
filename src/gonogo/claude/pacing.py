"""Pacing: how many calls may be in flight, and when the next may begin.

Additive increase, multiplicative decrease, as TCP does it (RFC 5681); and what the API says of its
rate limits in headers. Who asks, and what is asked again, is decided elsewhere.
"""

import asyncio
import math
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

DEFAULT_CONCURRENCY: Final = 8

LONGEST_PAUSE_SECONDS: Final = 600.0
"""Rate limits are per minute: a longer pause is another kind of limit, or a clock that is wrong."""

_LIMITED: Final = ("requests", "tokens", "input-tokens", "output-tokens")
_LOW_SHARE: Final = 0.1
"""Below this share of a limit fewer calls are made at a time, in proportion to what is left."""


@dataclass(frozen=True, slots=True)
class Slot:
    """The place of one call among those in flight.

    Attributes:
        burst: How often the concurrency had been halved when the call began.
    """

    burst: int


class Pace:
    """Bounds the calls in flight, and learns from each answer; for one event loop at a time.

    Attributes:
        maximum: Calls in flight at most.
        now: Time of day.
    """

    def __init__(
        self,
        *,
        maximum: int = DEFAULT_CONCURRENCY,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        """Begin at the maximum.

        Args:
            maximum: Calls in flight at most, at least 1.
            clock: Seconds that only grow.
            now: Time of day, for the times in headers.
            sleep: Waits for that many seconds of the clock.

        Raises:
            ValueError: If the maximum is less than 1.
        """
        if maximum < 1:
            raise ValueError(f"maximum: expected at least 1 call in flight, got {maximum}")
        self.maximum = maximum
        self._window = float(maximum)
        self._cap = maximum
        self._cap_until = -math.inf
        self._paused_until = -math.inf
        self._burst = 0
        self._in_flight = 0
        self._clock = clock
        self.now = now
        self._sleep = sleep
        self._loop: asyncio.AbstractEventLoop | None = None
        self._turn = asyncio.Lock()
        self._freed = asyncio.Event()

    def afresh(self) -> "Pace":
        """Return a pace that has learned nothing yet, for calls that other rate limits hold for."""
        return Pace(maximum=self.maximum, clock=self._clock, now=self.now, sleep=self._sleep)

    @property
    def concurrency(self) -> int:
        """How many calls may be in flight now; at least 1."""
        window = int(self._window)
        return min(window, self._cap) if self._clock() < self._cap_until else window

    @property
    def in_flight(self) -> int:
        """How many calls are in flight."""
        return self._in_flight

    @property
    def pause_seconds(self) -> float:
        """For how long no call may begin; 0: one may begin now."""
        return max(0.0, self._paused_until - self._clock())

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[Slot]:
        """Wait until a call may begin, in the order of asking; hold its place while it lasts."""
        self._adopt_loop()
        async with self._turn:
            await self._wait_for_room()
            self._in_flight += 1
        try:
            yield Slot(self._burst)
        finally:
            self._in_flight -= 1
            self._freed.set()

    def succeeded(self, slot: Slot, headers: Mapping[str, str]) -> None:
        """Learn from a call that was answered: one more at a time after as many answers.

        Calls that began before the last halving do not show that more would be answered now.

        Args:
            slot: The call's place.
            headers: Of the answer, names in lower case.
        """
        if slot.burst == self._burst:
            self._window = min(float(self.maximum), self._window + 1 / self._window)
        self._learn_limits(headers)
        self._freed.set()

    def overloaded(self, slot: Slot, headers: Mapping[str, str]) -> None:
        """Learn from a call that was one too many: half as many at a time, once in a burst.

        Calls that began before the last halving say nothing new.

        Args:
            slot: The call's place.
            headers: Of the answer, names in lower case; empty where there was none.
        """
        if slot.burst == self._burst:
            self._burst += 1
            self._window = max(1.0, self._window / 2)
        self.failed(headers)

    def failed(self, headers: Mapping[str, str]) -> None:
        """Learn from a call that failed for another reason: only for how long to wait.

        Args:
            headers: Of the answer, names in lower case; empty where there was none.
        """
        self._learn_limits(headers)
        self.pause(retry_after_seconds(headers, self.now()) or 0.0)

    def pause(self, seconds: float) -> None:
        """Let no call begin for a while; a longer pause that was asked for before stays."""
        seconds = min(seconds, LONGEST_PAUSE_SECONDS)
        if seconds > 0:
            self._paused_until = max(self._paused_until, self._clock() + seconds)

    def _learn_limits(self, headers: Mapping[str, str]) -> None:
        """Take what the latest answer says is left; without such headers nothing is new."""
        told = [limit for name in _LIMITED if (limit := _limit_in(headers, name, self.now()))]
        for limit in told:
            if limit.remaining <= 0:
                self.pause(limit.reset_seconds)
        tight = [limit for limit in told if limit.remaining > 0 and limit.reset_seconds > 0]
        if told:
            self._cap = min((limit.room(self.maximum) for limit in tight), default=self.maximum)
            seconds = max((limit.reset_seconds for limit in tight), default=0.0)
            self._cap_until = self._clock() + min(seconds, LONGEST_PAUSE_SECONDS)

    def _adopt_loop(self) -> None:
        """Make what belongs to an event loop anew: a pace outlives `asyncio.run`."""
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            self._loop, self._in_flight = loop, 0
            self._turn, self._freed = asyncio.Lock(), asyncio.Event()

    async def _wait_for_room(self) -> None:
        while True:
            if (seconds := self.pause_seconds) > 0:
                await self._sleep(seconds)
            elif self._in_flight < self.concurrency:
                return
            else:
                self._freed.clear()
                await self._freed.wait()


@dataclass(frozen=True, slots=True, kw_only=True)
class Backoff:
    """For how long a failed call waits before it is made again: twice as long each time.

    Attributes:
        first_seconds: Before the second attempt.
        longest_seconds: Before any.
        random: Evenly from 0 to 1. Waits are spread over their second half, so that calls that
            failed together are not made again together.
    """

    first_seconds: float = 1.0
    longest_seconds: float = 30.0
    random: Callable[[], float] = random.random

    def seconds(self, attempt: int) -> float:
        """Return the wait after a failed attempt.

        Args:
            attempt: Which it was, from 1.
        """
        longest = min(self.longest_seconds, self.first_seconds * 2.0 ** min(attempt - 1, 64))
        return longest * (0.5 + self.random() / 2)


def retry_after_seconds(headers: Mapping[str, str], now: datetime) -> float | None:
    """Return for how long the API asks to wait, in seconds, at least 0; None where it does not.

    Args:
        headers: Of the answer, names in lower case.
        now: Time of day, where the header names one.
    """
    milliseconds = _number(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return max(0.0, milliseconds / 1000)
    written = headers.get("retry-after")
    seconds = _number(written)
    if seconds is not None:
        return max(0.0, seconds)
    try:
        return None if written is None else _until(parsedate_to_datetime(written), now)
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class _Limit:
    """What the API says of one of its rate limits.

    Attributes:
        counts_calls: Whether it is one of calls, not of tokens.
        remaining: What is left of it.
        limit: All of it; None where that is not said.
        reset_seconds: When it is full again, from now; 0 where that is not said.
    """

    counts_calls: bool
    remaining: float
    limit: float | None
    reset_seconds: float

    def room(self, maximum: int) -> int:
        """Return how many calls at a time fit what is left; from 1 to the maximum."""
        room = float(maximum)
        if self.limit and self.remaining / self.limit < _LOW_SHARE:
            room *= self.remaining / self.limit / _LOW_SHARE
        return max(1, int(min(room, self.remaining) if self.counts_calls else room))


def _limit_in(headers: Mapping[str, str], name: str, now: datetime) -> _Limit | None:
    prefix = f"anthropic-ratelimit-{name}"
    remaining = _number(headers.get(f"{prefix}-remaining"))
    if remaining is None:
        return None
    return _Limit(
        counts_calls=name == "requests",
        remaining=remaining,
        limit=_number(headers.get(f"{prefix}-limit")),
        reset_seconds=_seconds_until(headers.get(f"{prefix}-reset"), now),
    )


def _number(written: str | None) -> float | None:
    try:
        number = float(written or "")
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _seconds_until(written: str | None, now: datetime) -> float:
    """Return the seconds until an RFC 3339 time; 0 where it is past or cannot be read."""
    try:
        return _until(datetime.fromisoformat(written or ""), now)
    except ValueError:
        return 0.0


def _until(then: datetime, now: datetime) -> float:
    aware = then if then.tzinfo is not None else then.replace(tzinfo=UTC)
    return max(0.0, (aware - now).total_seconds())
