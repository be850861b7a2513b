"""Asks Claude many questions: at a pace, within a cost limit, each as often as it takes.

The one owner of retries. Each answer is handed on the moment it is complete; where it is stored is
decided elsewhere.
"""

import asyncio
import itertools
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from anthropic import AsyncAnthropic, AsyncStream

from gonogo.claude.cost_limit import CostLimit, Reservation
from gonogo.claude.event_loops import run_to_end
from gonogo.claude.failures import (
    CAUGHT,
    Failure,
    Fate,
    failure_in_answer,
    failure_of,
    no_credentials,
)
from gonogo.claude.pacing import LONGEST_PAUSE_SECONDS, Backoff, Pace, Slot, retry_after_seconds
from gonogo.claude.recording import Recorder
from gonogo.errors import CostLimitError, GonogoError, RunStoppedError, UnpricedModelError
from gonogo.exchanges import CallError, Exchange, Request
from gonogo.pricing import Prices, cost_of
from gonogo.wires import MESSAGES_PATH

if TYPE_CHECKING:
    from gonogo.recordings.attempts import Attempt

DEFAULT_ATTEMPTS: Final = 5


@dataclass(frozen=True, slots=True)
class Question:
    """One request that is to be answered once.

    Attributes:
        key: Unique in its run: a case and the number of its trial, `refund-late#2`.
        request: What is asked.
    """

    key: str
    request: Request


def demand_own_keys(questions: Sequence[Question]) -> None:
    """Refuse questions of the same key: what one can cost would be held for what another can.

    Raises:
        ValueError: If there are any.
    """
    times = Counter(question.key for question in questions)
    twice = next((key for key, number in times.items() if number > 1), None)
    if twice is not None:
        raise ValueError(f"{times[twice]} questions have the key {twice!r}: number them")


OnAnswer: TypeAlias = Callable[[Question, Exchange], object]
"""Is told of each answer the moment it is complete, and stores it before it returns. A call that
failed for good comes the same way, without a response."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What became of the questions.

    Attributes:
        answered: Questions with an answer, refused and truncated ones too.
        failed: Questions whose last attempt failed; they were handed on, too.
        not_asked: Questions without either, because the run was stopped.
        spent_usd: What it cost in US dollars; of calls whose end is not known the upper bound.
        unpriced: Answers whose model nobody told the price of; `spent_usd` lacks them, or has
            their upper bound where there was a limit.
        stopped: Why not all were asked; None: all were.
    """

    answered: int
    failed: int
    not_asked: int
    spent_usd: Decimal
    unpriced: int
    stopped: GonogoError | None


def claude_client() -> AsyncAnthropic:
    """Return a client that leaves retries to its user; key and address as in the environment."""
    return AsyncAnthropic(max_retries=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """How questions are asked.

    Attributes:
        connect: Makes the client, within the event loop that uses it.
        pace: Bounds the calls in flight.
        limit: Bounds what they cost.
        prices: Configured prices by model.
        attempts: How often a question is asked at most.
        backoff: The waits between attempts where the API asks for none.
        sleep: Waits for that many seconds.
    """

    connect: Callable[[], AsyncAnthropic] = claude_client
    pace: Pace = field(default_factory=Pace)
    limit: CostLimit = field(default_factory=lambda: CostLimit(None))
    prices: Prices = field(default_factory=dict)
    attempts: int = DEFAULT_ATTEMPTS
    backoff: Backoff = field(default_factory=Backoff)
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep

    async def ask(
        self,
        questions: Sequence[Question],
        on_answer: OnAnswer,
        *,
        bounds: Mapping[str, Decimal] | None = None,
    ) -> Summary:
        """Ask questions, in their order as far as they are not asked at the same time.

        What no further call would survive (a wrong key, a spending limit, the cost limit) ends the
        run: calls in flight are completed, nothing new begins. Cancelling it ends them, too.

        Args:
            questions: Any number.
            on_answer: Is told of each answer; what it raises ends the run, and is raised.
            bounds: By key what the question can cost at most; needed where there is a limit.

        Returns:
            What became of them, and why the run ended early if it did.

        Raises:
            ValueError: If two questions have the same key.
        """
        demand_own_keys(questions)
        async with self.connect() as client:
            return await _Run(self, client, questions, on_answer, bounds or {}).finish()


def ask_all(
    asker: Asker,
    questions: Sequence[Question],
    on_answer: OnAnswer,
    *,
    bounds: Mapping[str, Decimal] | None = None,
) -> Summary:
    """Ask questions from synchronous code; otherwise as `Asker.ask`.

    Ctrl-C ends the calls in flight and raises KeyboardInterrupt; what was handed on stays so.
    Where the thread already runs an event loop, `on_answer` is called from another thread.
    """
    return run_to_end(lambda: asker.ask(questions, on_answer, bounds=bounds))


class _Run:
    """One run over questions."""

    def __init__(
        self,
        asker: Asker,
        client: AsyncAnthropic,
        questions: Sequence[Question],
        on_answer: OnAnswer,
        bounds: Mapping[str, Decimal],
    ) -> None:
        self._asker = asker
        self._client = client
        self._count = len(questions)
        self._left: Iterator[Question] = iter(questions)
        self._on_answer = on_answer
        self._bounds = bounds
        self._spent_before = asker.limit.spent_usd
        self._reserving = asyncio.Lock()
        self._workers: list[asyncio.Task[None]] = []
        self._flying: set[asyncio.Task[Any] | None] = set()
        self._stopped: GonogoError | None = None
        self._is_ending = False
        self._answered = self._failed = self._unpriced = 0

    async def finish(self) -> Summary:
        """Ask until all is asked, or nothing more can be."""
        number = min(self._count, self._asker.pace.maximum)
        self._workers = [asyncio.create_task(self._work()) for _ in range(number)]
        if self._workers:
            await self._watch()
        return Summary(
            answered=self._answered,
            failed=self._failed,
            not_asked=self._count - self._answered - self._failed,
            spent_usd=self._asker.limit.spent_usd - self._spent_before,
            unpriced=self._unpriced,
            stopped=self._stopped,
        )

    async def _watch(self) -> None:
        """Wait for the workers; where one breaks, the others complete what they have in flight."""
        try:
            await asyncio.wait(self._workers, return_when=asyncio.FIRST_EXCEPTION)
            self._end()
            await asyncio.wait(self._workers)
        except asyncio.CancelledError:
            self._is_ending = True
            for worker in self._workers:
                worker.cancel()
            await asyncio.wait(self._workers)
            raise
        broken = [worker.exception() for worker in self._workers if not worker.cancelled()]
        for error in filter(None, broken):
            raise error

    async def _work(self) -> None:
        while not self._is_ending and (question := next(self._left, None)) is not None:
            exchange = await self._ask(question)
            if exchange is None:
                return
            try:
                self._on_answer(question, exchange)
            except BaseException:  # nothing new begins: it could not be stored either
                self._end()
                raise
            if exchange.error is None:
                self._answered += 1
            else:
                self._failed += 1

    async def _ask(self, question: Question) -> Exchange | None:
        """Return how a question ended; None: the run did before it."""
        before_seconds = 0.0
        for attempt in itertools.count(1):
            try:
                exchange, failure = await self._attempt(question)
            except CostLimitError as error:
                self._stop(error)
                return None
            exchange = _after(exchange, attempt, before_seconds)
            if failure is None:
                return exchange
            if failure.fate is Fate.STOP:
                self._stop(failure.stopping_error())
                return None
            if failure.fate is Fate.GIVE_UP or attempt >= self._asker.attempts:
                return _failed(exchange, failure)
            before_seconds = exchange.latency_seconds or 0.0
            if not await self._waited(failure, attempt):
                return None
        return None

    async def _waited(self, failure: Failure, attempt: int) -> bool:
        """Wait before the next attempt, and say whether there is to be one."""
        asked = retry_after_seconds(failure.headers, self._asker.pace.now())
        if asked is not None and asked > LONGEST_PAUSE_SECONDS:
            self._stop(
                RunStoppedError(
                    f"Claude asks to wait {asked:.0f} s ({failure.error.type}), more than the"
                    f" {LONGEST_PAUSE_SECONDS:.0f} s that a run waits: run again then"
                )
            )
        if not self._is_ending:
            await self._asker.sleep(asked or self._asker.backoff.seconds(attempt))
        return not self._is_ending

    async def _attempt(self, question: Question) -> tuple[Exchange, Failure | None]:
        """Ask once.

        Raises:
            CostLimitError: If what the call can cost is not left of the limit.
        """
        async with self._asker.pace.slot() as slot:
            async with self._reserving:  # in the order of the slots: no question overtakes a dearer
                reservation = await self._reserve(question)
            charge_usd = reservation.bound_usd  # of a call that is cancelled
            self._flying.add(asyncio.current_task())
            try:
                exchange, failure = await self._call(question)
                charge_usd = self._charge(exchange, failure, reservation)
            finally:
                self._flying.discard(asyncio.current_task())
                self._asker.limit.settle(reservation, charge_usd)
            self._learn(slot, exchange, failure)
            return exchange, failure

    async def _reserve(self, question: Question) -> Reservation:
        bound = self._bounds.get(question.key)
        if bound is None and self._asker.limit.limit_usd is not None:
            raise CostLimitError(
                f"{question.key}: nobody worked out what it can cost at most, and the run has a"
                " cost limit: estimate it first, or ask without a limit"
            )
        return await self._asker.limit.reserve_when_it_fits(bound or Decimal(0))

    async def _call(self, question: Question) -> tuple[Exchange, Failure | None]:
        attempts: list[Attempt] = []
        recorder = Recorder(attempts.append)
        client = self._client.with_options(
            middleware=[*self._client.middleware, recorder], max_retries=0
        )
        failure: Failure | None = None
        try:
            await _read_stream(client, question.request)
        except CAUGHT as error:
            failure = failure_of(error)
        except TypeError as error:  # what the SDK raises where it finds no key
            if "authentication" not in str(error):
                raise
            failure = no_credentials()
        recorder.finish()
        exchange = attempts[-1].exchange if attempts else None
        if exchange is None:
            exchange = _not_sent(question)
        if failure is None and exchange.error is not None:
            failure = failure_in_answer(exchange.error, exchange.status, _headers_of(exchange))
        return exchange, failure

    def _charge(
        self, exchange: Exchange, failure: Failure | None, reservation: Reservation
    ) -> Decimal:
        """Return what a call cost; its upper bound where nobody knows."""
        if failure is not None and not failure.may_have_cost:
            return Decimal(0)
        try:
            known = cost_of(exchange, self._asker.prices)
        except UnpricedModelError:
            self._unpriced += failure is None
            known = None
        if failure is None and known is not None:
            return known
        return max(reservation.bound_usd, known or Decimal(0))

    def _learn(self, slot: Slot, exchange: Exchange, failure: Failure | None) -> None:
        if failure is None:
            self._asker.pace.succeeded(slot, _headers_of(exchange))
        elif failure.is_overload:
            self._asker.pace.overloaded(slot, failure.headers)
        else:
            self._asker.pace.failed(failure.headers)

    def _stop(self, error: GonogoError) -> None:
        """Let the run end, for the first reason that there is."""
        if self._stopped is None:
            self._stopped = error
        self._end()

    def _end(self) -> None:
        """Let nothing new begin: who waits is woken, who has a call in flight completes it."""
        self._is_ending = True
        for worker in self._workers:
            if worker not in self._flying and worker is not asyncio.current_task():
                worker.cancel()


async def _read_stream(client: AsyncAnthropic, request: Request) -> None:
    """Ask, and read the answer to its end; the body goes as it is, unknown fields too."""
    stream = await client.post(
        MESSAGES_PATH,
        body={**request.body, "stream": True},
        cast_to=object,
        stream=True,
        stream_cls=AsyncStream[object],
    )
    async with stream:
        async for _ in stream:
            pass


def _not_sent(question: Question) -> Exchange:
    """Return the exchange of a call that never reached the recorder."""
    problem = CallError("not_asked", "a middleware of the client answered in Claude's place")
    return Exchange(
        id=f"asked_{question.key}", request=question.request, response=None, error=problem
    )


def _headers_of(exchange: Exchange) -> Mapping[str, str]:
    return {} if exchange.wire is None else exchange.wire.headers


def _after(exchange: Exchange, attempt: int, before_seconds: float) -> Exchange:
    """Return the exchange of an attempt as that of its call.

    Times are those of all its attempts, without our own waits between them: they say how fast
    Claude is, not how patient we are.
    """
    latency, ttft = exchange.latency_seconds, exchange.ttft_seconds
    return replace(
        exchange,
        attempts=attempt,
        latency_seconds=None if latency is None else before_seconds + latency,
        ttft_seconds=None if ttft is None else before_seconds + ttft,
    )


def _failed(exchange: Exchange, failure: Failure) -> Exchange:
    return replace(
        exchange,
        response=None,
        status=exchange.status or failure.status,
        error=exchange.error or failure.error,
    )
