"""Records an application's calls through Claude's SDK as they travel: bytes, cuts and times.

A stream is recorded by a tee: each chunk goes on at once, and is noted on its way.
"""

import threading
import time
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import httpx2
from anthropic import APIConnectionError, Middleware

from gonogo.claude.answers import Arrived, attempt_from
from gonogo.claude.requests import sent_of
from gonogo.recordings.attempts import Attempt
from gonogo.recordings.tape import Sent
from gonogo.wires import Ending

if TYPE_CHECKING:
    from anthropic import APIRequest, AsyncCallNext, CallNext
    from anthropic._response import APIResponse, AsyncAPIResponse

_CALLS_REMEMBERED: Final = 10_000
"""Calls of which the beginning is known, for the latency of a later attempt."""


class Recorder(Middleware):
    """Tells of each HTTP attempt that is made through it; changes nothing.

    Attributes:
        keep: Is told of an attempt when its body has ended, was abandoned, or failed; called from
            whichever thread reads the body.
    """

    def __init__(
        self,
        keep: Callable[[Attempt], None],
        *,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Take who is told.

        Args:
            keep: Is told of each attempt.
            clock: Seconds that only grow.
            now: Time of day.
        """
        self.keep = keep
        self._clock = clock
        self._now = now
        self._begun: dict[str, tuple[datetime, float]] = {}
        self._open: set[_Take] = set()
        self._lock = threading.Lock()

    def handle(self, request: "APIRequest", call_next: "CallNext") -> "APIResponse[Any]":
        """Record an attempt of a synchronous client."""
        return self.record(request, call_next, sent_of(request))

    async def handle_async(
        self, request: "APIRequest", call_next: "AsyncCallNext"
    ) -> "AsyncAPIResponse[Any]":
        """Record an attempt of an asynchronous client."""
        return await self.record_async(request, call_next, sent_of(request))

    def record(
        self, request: "APIRequest", call_next: "CallNext", sent: Sent
    ) -> "APIResponse[Any]":
        """Make an attempt that was read already, and record it."""
        take = self._begin(sent, streamed=request.stream)
        try:
            response = call_next(request)
        except BaseException as error:
            take.fail(error)
            raise
        raw = raw_of(response)
        if raw.is_closed or not raw.is_success:
            with take.reading(raw):
                take.whole(raw, raw.read())
        else:
            raw.stream = _Tee(raw.stream, take.head(raw))  # type: ignore[arg-type]  # a sync client
        return response

    async def record_async(
        self, request: "APIRequest", call_next: "AsyncCallNext", sent: Sent
    ) -> "AsyncAPIResponse[Any]":
        """Make an attempt of an asynchronous client; otherwise as `record`."""
        take = self._begin(sent, streamed=request.stream)
        try:
            response = await call_next(request)
        except BaseException as error:
            take.fail(error)
            raise
        raw = raw_of(response)
        if raw.is_closed or not raw.is_success:
            with take.reading(raw):
                take.whole(raw, await raw.aread())
        else:
            raw.stream = _AsyncTee(raw.stream, take.head(raw))  # type: ignore[arg-type]  # likewise
        return response

    def finish(self) -> None:
        """Record the streams that nobody read to their end or closed: as abandoned."""
        with self._lock:
            takes = list(self._open)
        for take in takes:
            take.end(Ending.ABANDONED)

    def _begin(self, sent: Sent, *, streamed: bool) -> "_Take":
        at, started = self._now(), self._clock()
        call = sent.call
        arrived = Arrived(
            id=f"rec_{uuid.uuid4().hex[:16]}",
            sent=sent,
            at=at,
            waited_seconds=0.0,
            streamed=streamed,
        )
        with self._lock:
            if sent.attempt == 1:
                self._begun[call] = at, started
                if len(self._begun) > _CALLS_REMEMBERED:
                    del self._begun[next(iter(self._begun))]
            begun_at, begun = self._begun.get(call, (at, started))
            take = _Take(
                replace(arrived, at=begun_at, waited_seconds=started - begun),
                lambda: self._clock() - started,
                self._done,
                self._forget,
            )
            self._open.add(take)
        return take

    def _done(self, take: "_Take", attempt: Attempt) -> None:
        self._forget(take)
        self.keep(attempt)

    def _forget(self, take: "_Take") -> None:
        with self._lock:
            self._open.discard(take)


def raw_of(
    response: "APIResponse[Any] | AsyncAPIResponse[Any] | httpx2.Response",
) -> httpx2.Response:
    """Return what came over the wire: a call with `cast_to=httpx2.Response` is answered with it."""
    return response if isinstance(response, httpx2.Response) else response.http_response


class _Take:
    """One attempt while it is recorded."""

    def __init__(
        self,
        arrived: Arrived,
        seconds: Callable[[], float],
        done: "Callable[[_Take, Attempt], None]",
        forget: "Callable[[_Take], None]",
    ) -> None:
        self._arrived = arrived
        self._seconds = seconds
        self._done = done
        self._forget = forget
        self._chunks: list[tuple[float, bytes]] = []
        self._ended = False

    def head(self, raw: httpx2.Response) -> "_Take":
        """Note the head of an answer whose body is still to be read."""
        self._arrived = replace(
            self._arrived, status=raw.status_code, headers=dict(raw.headers), is_encoded=True
        )
        return self

    def whole(self, raw: httpx2.Response, body: bytes) -> None:
        """Note an answer whose body is read, and thereby decoded."""
        self._arrived = replace(self._arrived, status=raw.status_code, headers=dict(raw.headers))
        self.chunk(body)
        self.end(Ending.COMPLETE)

    @contextmanager
    def reading(self, raw: httpx2.Response) -> Iterator[None]:
        """Note where the body of an answer breaks, and say it as the SDK does: it tries again."""
        try:
            yield
        except httpx2.TransportError as error:
            self.head(raw)
            self.end(Ending.CUT, type(error).__name__)
            raise APIConnectionError(request=raw.request) from error

    def fail(self, error: BaseException) -> None:
        """Note that no answer came: the connection failed, or the application stopped waiting.

        All else is no attempt, as a client that has no key: the SDK raises it before it sends.
        """
        if isinstance(error, APIConnectionError):
            self.end(Ending.NO_ANSWER, type(error).__name__)
        elif isinstance(error, Exception):
            self._ended = True
            self._forget(self)
        else:
            self.end(Ending.ABANDONED)

    def chunk(self, chunk: bytes) -> None:
        """Note a chunk as it passes."""
        self._chunks.append((self._seconds(), chunk))

    def end(self, ending: Ending, failure: str = "") -> None:
        """Tell of the attempt; once."""
        if self._ended:
            return
        self._ended = True
        arrived = replace(
            self._arrived,
            chunks=tuple(self._chunks),
            end_seconds=self._seconds(),
            ending=ending,
            failure=failure,
        )
        self._done(self, attempt_from(arrived))


class _Tee(httpx2.SyncByteStream):
    """Hands each chunk on, and notes it."""

    def __init__(self, stream: httpx2.SyncByteStream, take: _Take) -> None:
        self._stream = stream
        self._take = take

    def __iter__(self) -> Iterator[bytes]:
        try:
            for chunk in self._stream:
                self._take.chunk(chunk)
                yield chunk
        except httpx2.TransportError as error:
            self._take.end(Ending.CUT, type(error).__name__)
            raise
        self._take.end(Ending.COMPLETE)

    def close(self) -> None:
        self._stream.close()
        self._take.end(Ending.ABANDONED)


class _AsyncTee(httpx2.AsyncByteStream):
    """Hands each chunk on, and notes it."""

    def __init__(self, stream: httpx2.AsyncByteStream, take: _Take) -> None:
        self._stream = stream
        self._take = take

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for chunk in self._stream:
                self._take.chunk(chunk)
                yield chunk
        except httpx2.TransportError as error:
            self._take.end(Ending.CUT, type(error).__name__)
            raise
        self._take.end(Ending.COMPLETE)

    async def aclose(self) -> None:
        await self._stream.aclose()
        self._take.end(Ending.ABANDONED)
