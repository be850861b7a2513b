"""Answers an application's calls through Claude's SDK from recordings: no network, no key.

A middleware of the SDK: `create`, `stream`, `create(stream=True)` and `with_raw_response`, sync and
async, parse what it returns as if it had come over the wire.
"""

from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from typing import TYPE_CHECKING, Any, Final

import httpx2
import msgspec
from anthropic import Anthropic, AsyncAnthropic, Middleware
from anthropic._response import APIResponse, AsyncAPIResponse

from gonogo.claude.wire import JSON_TYPE, STREAM_TYPE, body_of, events_of, status_of
from gonogo.errors import MissingRecordingError
from gonogo.exchanges import Exchange, Request
from gonogo.plain_text import counted
from gonogo.recordings import Recordings

if TYPE_CHECKING:
    from anthropic import APIRequest, AsyncCallNext, CallNext

_MESSAGES: Final = "/v1/messages"
_KEY: Final = "replayed-without-a-key"


class Replayer(Middleware):
    """Answers each request with the next recording of the same request.

    The SDK does not tell a middleware which client it serves: `client` is set when one is made.
    """

    def __init__(self, recordings: Recordings, capture: Callable[[Exchange], None]) -> None:
        """Take the recordings, and what is told of each call that they answer."""
        self._recordings = recordings
        self._capture = capture
        self._asked: Counter[str] = Counter()
        self.client: Anthropic | AsyncAnthropic | None = None

    def handle(self, request: "APIRequest", call_next: "CallNext") -> "APIResponse[Any]":  # noqa: ARG002 - nothing goes on
        """Answer a synchronous client.

        Raises:
            MissingRecordingError: If no recording answers the request, or none is left.
        """
        return APIResponse(**self._wrapped(request))

    async def handle_async(
        self,
        request: "APIRequest",
        call_next: "AsyncCallNext",  # noqa: ARG002 - nothing goes on
    ) -> "AsyncAPIResponse[Any]":
        """Answer an asynchronous client; otherwise as `handle`."""
        return AsyncAPIResponse(**self._wrapped(request))

    def _wrapped(self, request: "APIRequest") -> dict[str, Any]:
        """Return what the SDK wraps around the answer to a request, for either kind of client."""
        exchange = self._answer(request)
        stream = _Events(exchange) if request.stream and exchange.response is not None else None
        return {
            "raw": _raw(exchange, stream),
            "cast_to": request.cast_to,
            "client": self.client,
            "stream": request.stream,
            "stream_cls": request.stream_cls,
            "options": request.options,
            "retries_taken": request.retries_taken,
        }

    def _answer(self, api_request: "APIRequest") -> Exchange:
        path = api_request.url.partition("?")[0]
        if path != _MESSAGES:
            raise MissingRecordingError(
                f"{path} is not replayed: recordings hold calls of {_MESSAGES} alone"
            )
        request = Request(msgspec.json.decode(msgspec.json.encode(api_request.json, enc_hook=dict)))
        answers = self._recordings.answers_to(request, "the test's call")
        fingerprint = request.fingerprint()
        number = self._asked[fingerprint]
        if number >= len(answers):
            raise MissingRecordingError(
                f"the same request is made {number + 1} times, but {self._recordings.path} holds"
                f" {counted(len(answers), 'answer')} to it (the last: {answers[-1].id})"
            )
        self._asked[fingerprint] += 1
        self._capture(answers[number])
        return answers[number]


def replaying_client(
    recordings: Recordings,
    capture: Callable[[Exchange], None],
    **options: Any,
) -> Anthropic:
    """Return a client of the SDK whose calls are answered by recordings.

    Args:
        recordings: What answers them.
        capture: Is told of each exchange that answered.
        options: Further options of the client. Retries are off unless asked for: what was
            recorded is how a call ended.
    """
    replayer = Replayer(recordings, capture)
    replayer.client = client = Anthropic(**_with(replayer, options))
    return client


def async_replaying_client(
    recordings: Recordings,
    capture: Callable[[Exchange], None],
    **options: Any,
) -> AsyncAnthropic:
    """Return an asynchronous client; otherwise as `replaying_client`."""
    replayer = Replayer(recordings, capture)
    replayer.client = client = AsyncAnthropic(**_with(replayer, options))
    return client


def _with(replayer: Replayer, options: dict[str, Any]) -> dict[str, Any]:
    middleware = [*options.get("middleware", ()), replayer]
    return {"api_key": _KEY, "max_retries": 0, **options, "middleware": middleware}


class _Events(httpx2.SyncByteStream, httpx2.AsyncByteStream):
    """A stream of events, for both kinds of client."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    def __iter__(self) -> Iterator[bytes]:
        return events_of(self._exchange)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for event in events_of(self._exchange):
            yield event


def _raw(exchange: Exchange, stream: _Events | None) -> httpx2.Response:
    headers = {
        "content-type": JSON_TYPE if stream is None else STREAM_TYPE,
        "request-id": f"req_{exchange.id}",
        "x-should-retry": "false",
    }
    request = httpx2.Request("POST", f"https://replay.invalid{_MESSAGES}")
    if stream is None:
        return httpx2.Response(
            status_of(exchange), headers=headers, content=body_of(exchange), request=request
        )
    return httpx2.Response(status_of(exchange), headers=headers, stream=stream, request=request)
