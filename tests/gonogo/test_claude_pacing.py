"""The pace: fewer calls at a time on overload, more on success, none while the API asks to wait."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.claude.pacing import LONGEST_PAUSE_SECONDS, Backoff, Pace, Slot, retry_after_seconds

START = datetime(2026, 11, 24, 12, tzinfo=UTC)


class Clock:
    """Time that passes only in sleep."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.slept: list[float] = []

    def now(self) -> datetime:
        return START + timedelta(seconds=self.seconds)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.seconds += seconds
        await asyncio.sleep(0)

    def pace(self, maximum: int = 8) -> Pace:
        return Pace(maximum=maximum, clock=lambda: self.seconds, now=self.now, sleep=self.sleep)


def limits(name: str, remaining: int, reset_seconds: float, limit: int = 1000) -> dict[str, str]:
    prefix = f"anthropic-ratelimit-{name}"
    reset = (START + timedelta(seconds=reset_seconds)).isoformat().replace("+00:00", "Z")
    return {
        f"{prefix}-limit": str(limit),
        f"{prefix}-remaining": str(remaining),
        f"{prefix}-reset": reset,
    }


def test_never_more_than_the_maximum_in_flight() -> None:
    pace = Clock().pace(3)
    seen: list[int] = []

    async def call() -> None:
        async with pace.slot():
            seen.append(pace.in_flight)
            await asyncio.sleep(0.001)

    async def run() -> None:
        await asyncio.gather(*(call() for _ in range(20)))

    asyncio.run(run())
    assert max(seen) == 3
    assert len(seen) == 20
    assert pace.in_flight == 0


def test_calls_begin_in_the_order_of_asking() -> None:
    pace = Clock().pace(2)
    order: list[int] = []

    async def call(number: int) -> None:
        async with pace.slot():
            order.append(number)
            await asyncio.sleep(0)

    async def run() -> None:
        await asyncio.gather(*(call(number) for number in range(10)))

    asyncio.run(run())
    assert order == list(range(10))


def test_one_burst_of_overload_halves_once_and_the_next_halves_again() -> None:
    pace = Clock().pace(8)
    first_burst = [Slot(0)] * 8
    for slot in first_burst:
        pace.overloaded(slot, {})
    assert pace.concurrency == 4
    pace.overloaded(Slot(1), {})
    assert pace.concurrency == 2
    pace.overloaded(Slot(2), {})
    pace.overloaded(Slot(3), {})
    assert pace.concurrency == 1


def test_a_slot_knows_the_burst_in_which_it_began() -> None:
    pace = Clock().pace(8)

    async def run() -> list[int]:
        async with pace.slot() as before:
            pace.overloaded(before, {})
            async with pace.slot() as after:
                return [before.burst, after.burst]

    assert asyncio.run(run()) == [0, 1]


def test_success_widens_by_one_for_as_many_answers_and_stops_at_the_maximum() -> None:
    pace = Clock().pace(8)
    pace.overloaded(Slot(0), {})
    pace.succeeded(Slot(0), {})  # began before the overload: says nothing of what fits now
    answers = 0
    while pace.concurrency < 5:
        pace.succeeded(Slot(1), {})
        answers += 1
    assert answers == 5  # 4 -> 4.25 -> 4.485 -> 4.708 -> 4.921 -> 5.124
    for _ in range(100):
        pace.succeeded(Slot(1), {})
    assert pace.concurrency == 8


def test_retry_after_pauses_every_call() -> None:
    clock = Clock()
    pace = clock.pace()
    pace.overloaded(Slot(0), {"retry-after": "7"})

    async def run() -> None:
        async with pace.slot():
            pass

    assert pace.pause_seconds == 7
    asyncio.run(run())
    assert clock.slept == [7]
    assert pace.pause_seconds == 0


def test_a_shorter_pause_does_not_end_a_longer_one() -> None:
    pace = Clock().pace()
    pace.pause(5)
    pace.pause(1)
    assert pace.pause_seconds == 5


def test_a_pause_is_bounded() -> None:
    pace = Clock().pace()
    pace.failed({"retry-after": "1e9"})
    assert pace.pause_seconds == LONGEST_PAUSE_SECONDS


@pytest.mark.parametrize("name", ["requests", "tokens", "input-tokens", "output-tokens"])
def test_nothing_remaining_waits_until_the_reset(name: str) -> None:
    pace = Clock().pace()
    pace.succeeded(Slot(0), limits(name, 0, 12.5))
    assert pace.pause_seconds == 12.5


def test_little_remaining_narrows_until_the_reset() -> None:
    clock = Clock()
    pace = clock.pace(8)
    pace.succeeded(Slot(0), limits("output-tokens", 50, 10))  # 5 %: half of what 10 % allow
    assert (pace.concurrency, pace.pause_seconds) == (4, 0)
    pace.succeeded(Slot(0), limits("output-tokens", 1, 10))
    assert pace.concurrency == 1
    clock.seconds = 10
    assert pace.concurrency == 8


def test_the_latest_answer_says_what_is_left() -> None:
    pace = Clock().pace(8)
    pace.succeeded(Slot(0), limits("tokens", 1, 60) | limits("requests", 50, 60))
    assert pace.concurrency == 1
    pace.succeeded(Slot(0), limits("tokens", 80, 60) | limits("requests", 90, 60))
    assert pace.concurrency == 6
    pace.succeeded(Slot(0), {})
    assert pace.concurrency == 6
    pace.succeeded(Slot(0), limits("tokens", 500, 60))
    assert pace.concurrency == 8


def test_no_more_calls_than_requests_remain() -> None:
    pace = Clock().pace(8)
    pace.succeeded(Slot(0), limits("requests", 3, 10, limit=5))
    assert pace.concurrency == 3


def test_enough_remaining_changes_nothing() -> None:
    pace = Clock().pace(8)
    pace.succeeded(Slot(0), limits("requests", 999, 10) | limits("tokens", 500, 10))
    assert (pace.concurrency, pace.pause_seconds) == (8, 0)


@pytest.mark.parametrize(
    "headers",
    [
        {"anthropic-ratelimit-requests-remaining": "many"},
        {"anthropic-ratelimit-requests-remaining": "0"},
        {"anthropic-ratelimit-requests-remaining": "0", "anthropic-ratelimit-requests-reset": "x"},
        limits("requests", 0, -60),
        limits("requests", 1, -60),
        {"retry-after": "soon"},
        {"retry-after": "nan"},
        {"retry-after": "-3"},
        {"retry-after-ms": "inf"},
    ],
)
def test_headers_that_say_nothing_of_use_are_passed_over(headers: Mapping[str, str]) -> None:
    pace = Clock().pace(8)
    pace.failed(headers)
    assert (pace.concurrency, pace.pause_seconds) == (8, 0)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "2.5"}, 2.5),
        ({"retry-after": "2", "retry-after-ms": "1500"}, 1.5),
        ({"retry-after": "Tue, 24 Nov 2026 12:00:30 GMT"}, 30),
        ({"retry-after": "Tue, 24 Nov 2026 11:00:00 GMT"}, 0),
    ],
)
def test_retry_after_in_its_three_forms(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after_seconds(headers, START) == seconds


@given(st.dictionaries(st.sampled_from([*limits("requests", 0, 0), "retry-after"]), st.text()))
def test_no_header_breaks_the_pace(headers: dict[str, str]) -> None:
    pace = Clock().pace(8)
    pace.failed(headers)
    assert 1 <= pace.concurrency <= 8
    assert 0 <= pace.pause_seconds <= LONGEST_PAUSE_SECONDS


@given(st.lists(st.booleans()), st.integers(1, 32))
def test_the_concurrency_stays_between_one_and_the_maximum(
    answers: list[bool], maximum: int
) -> None:
    pace = Clock().pace(maximum)
    burst = 0
    for answered in answers:
        if answered:
            pace.succeeded(Slot(burst), {})
        else:
            pace.overloaded(Slot(burst), {})
            burst += 1
        assert 1 <= pace.concurrency <= maximum


def test_a_cancelled_call_gives_its_place_back() -> None:
    pace = Clock().pace(1)

    async def hold() -> None:
        async with pace.slot():
            await asyncio.sleep(60)

    async def run() -> int:
        holder, waiter = asyncio.create_task(hold()), asyncio.create_task(hold())
        await asyncio.sleep(0.01)
        holder.cancel()
        waiter.cancel()
        await asyncio.gather(holder, waiter, return_exceptions=True)
        async with pace.slot():
            return pace.in_flight

    assert asyncio.run(asyncio.wait_for(run(), 5)) == 1


def test_a_pace_outlives_its_event_loop() -> None:
    pace = Clock().pace(1)

    async def run() -> None:
        async def call() -> None:
            async with pace.slot():
                await asyncio.sleep(0)

        await asyncio.gather(*(call() for _ in range(3)))

    asyncio.run(run())
    asyncio.run(run())
    assert pace.in_flight == 0


def test_a_pace_of_no_calls_is_refused() -> None:
    with pytest.raises(ValueError, match="expected at least 1 call in flight, got 0"):
        Pace(maximum=0)


@pytest.mark.parametrize(
    ("attempt", "seconds"), [(1, 0.75), (2, 1.5), (3, 3.0), (6, 22.5), (10_000, 22.5)]
)
def test_the_wait_doubles_up_to_its_bound(attempt: int, seconds: float) -> None:
    assert Backoff(random=lambda: 0.5).seconds(attempt) == seconds


@given(st.integers(1, 100), st.floats(0, 1))
def test_the_wait_is_spread_over_its_second_half(attempt: int, drawn: float) -> None:
    longest = Backoff(random=lambda: 1.0).seconds(attempt)
    assert longest / 2 <= Backoff(random=lambda: drawn).seconds(attempt) <= longest <= 30
