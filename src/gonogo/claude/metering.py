"""The middleware that measures an application's calls as they end.

`Anthropic(middleware=[Metering(metrics.record)])`: each attempt that was answered is told with its
usage and for whom it was made, without what was said.
"""

import atexit
import logging
import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Final

from anthropic import Middleware

from gonogo.attribution import current_attributes
from gonogo.claude.broken_calls import ABANDONED, is_whole, usage_until_then
from gonogo.claude.recording import Recorder
from gonogo.claude.requests import is_upload, sent_of
from gonogo.errors import GonogoError
from gonogo.exchanges import CallError, Exchange, Request, Response
from gonogo.recordings.attempts import Attempt
from gonogo.wires import MESSAGES_PATH

if TYPE_CHECKING:
    from anthropic import APIRequest, AsyncCallNext, CallNext
    from anthropic._response import APIResponse, AsyncAPIResponse

    from gonogo.recordings.tape import Sent

_LOG: Final = logging.getLogger("gonogo.metrics")
_MOST_WAITING: Final = 10_000
_PATIENCE_SECONDS: Final = 5.0


class Metering(Middleware):
    """Tells of each answered attempt, from a thread of its own; changes nothing.

    A stream may end in a finalizer, while its thread holds the very lock that recording a metric
    needs; hence the thread.
    """

    def __init__(
        self,
        record: Callable[[Exchange], None],
        *,
        attributes: Callable[[], Mapping[str, str]] = current_attributes,
    ) -> None:
        """Take who is told.

        Args:
            record: Is told of each exchange, in one thread: `TokenMetrics.record`. What it raises
                is logged by its type and does not reach the application.
            attributes: For whom a call is made, asked before each: `user`, `department`, `domain`,
                `session`.
        """
        self._record = record
        self._attributes = attributes
        self._queue: SimpleQueue[Exchange | threading.Event] = SimpleQueue()
        self._owner = 0
        self._lock = threading.Lock()

    def handle(self, request: "APIRequest", call_next: "CallNext") -> "APIResponse[Any]":
        """Measure an attempt of a synchronous client."""
        sent = _measured(request)
        if sent is None:
            return call_next(request)
        return self._recorder().record(request, call_next, sent)

    async def handle_async(
        self, request: "APIRequest", call_next: "AsyncCallNext"
    ) -> "AsyncAPIResponse[Any]":
        """Measure an attempt of an asynchronous client."""
        sent = _measured(request)
        if sent is None:
            return await call_next(request)
        return await self._recorder().record_async(request, call_next, sent)

    def flush(self, timeout_seconds: float = _PATIENCE_SECONDS) -> bool:
        """Wait until the ends of calls so far are told; for the end of a program.

        Returns:
            Whether they are.
        """
        if self._owner != os.getpid():
            return True
        done = threading.Event()
        self._queue.put(done)
        return done.wait(timeout_seconds)

    def _recorder(self) -> Recorder:
        self._start()
        attributes = dict(self._attributes())

        def keep(attempt: Attempt) -> None:
            exchange = attempt.exchange
            if exchange is None or (exchange.usage is None and exchange.response is None):
                return
            if self._queue.qsize() < _MOST_WAITING:  # else nothing takes them: memory is bounded
                self._queue.put(_measure_of(exchange, attributes))

        return Recorder(keep)

    def _start(self) -> None:
        """Start the thread where there is none; a forked process has lost its parent's."""
        with self._lock:
            if self._owner == os.getpid():
                return
            if self._owner == 0:
                atexit.register(self.flush, 1.0)
            self._queue, self._owner = SimpleQueue(), os.getpid()
            threading.Thread(
                target=self._work, args=(self._queue,), name="gonogo-metering", daemon=True
            ).start()

    def _work(self, queue: "SimpleQueue[Exchange | threading.Event]") -> None:
        while True:
            found = queue.get()
            if isinstance(found, threading.Event):
                found.set()
                continue
            try:
                self._record(found)
            except (GonogoError, ValueError, TypeError, LookupError, ArithmeticError) as error:
                _LOG.warning("a call could not be measured: %s", type(error).__name__)


def _measured(request: "APIRequest") -> "Sent | None":
    if request.method.upper() != "POST" or is_upload(request):
        return None
    sent = sent_of(request)
    return sent if sent.path == MESSAGES_PATH and isinstance(sent.body, dict) else None


def _measure_of(exchange: Exchange, attributes: Mapping[str, str]) -> Exchange:
    """Return what is measured of an exchange: not what was said.

    One that did not come to its end has an error that says so, and its tokens by estimate.
    """
    response = exchange.response
    broken = None if is_whole(exchange) else ABANDONED
    kind = broken if exchange.error is None else exchange.error.type
    return replace(
        exchange,
        request=Request(_only_model(exchange.request.model)),
        response=None if response is None else Response(_only_model(response.model)),
        usage=exchange.usage if is_whole(exchange) else usage_until_then(exchange),
        wire=None,
        error=None if kind is None else CallError(kind),
        user=attributes.get("user"),
        department=attributes.get("department"),
        domain=attributes.get("domain"),
        session=attributes.get("session"),
    )


def _only_model(model: str | None) -> "dict[str, Any]":
    return {} if model is None else {"model": model}
