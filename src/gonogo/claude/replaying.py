"""Sends a recorded answer to the SDK as if it came over the wire: no network, no key.

`create`, `stream`, `create(stream=True)`, `with_raw_response` and the rest, sync and async, parse
what is made here as they parse what the API sends.
"""

from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING, Any, Final

import httpx2
from anthropic import Anthropic, APIConnectionError, APITimeoutError, AsyncAnthropic
from anthropic._response import APIResponse, AsyncAPIResponse

from gonogo.claude.wire import JSON_TYPE, STREAM_TYPE, body_of, events_of, status_of
from gonogo.errors import MissingRecordingError
from gonogo.recordings.attempts import Attempt
from gonogo.recordings.tape import Recorded
from gonogo.wires import Ending, Wire

if TYPE_CHECKING:
    from anthropic import APIRequest

_HOST: Final = "https://replay.invalid"


def replayed(
    recorded: Recorded, request: "APIRequest", client: Anthropic | None
) -> "APIResponse[Any]":
    """Return a recorded answer as a synchronous client expects it.

    Args:
        recorded: The answer.
        request: What the client asks.
        client: Parses it.

    Raises:
        anthropic.APIConnectionError: If the recorded attempt had no answer.
    """
    return APIResponse(**_wrapped(recorded, request, client))


def replayed_async(
    recorded: Recorded, request: "APIRequest", client: AsyncAnthropic | None
) -> "AsyncAPIResponse[Any]":
    """Return a recorded answer as an asynchronous client expects it; otherwise as `replayed`."""
    return AsyncAPIResponse(**_wrapped(recorded, request, client))


def _wrapped(recorded: Recorded, request: "APIRequest", client: object) -> dict[str, Any]:
    wire = recorded.attempt.wire
    raw_request = httpx2.Request(request.method, _HOST + recorded.attempt.path)
    if wire is not None and wire.ending is Ending.NO_ANSWER:
        raise _no_answer(wire, raw_request)
    return {
        "raw": _raw(recorded, request, raw_request),
        "cast_to": request.cast_to,
        "client": client,
        "stream": request.stream,
        "stream_cls": request.stream_cls,
        "options": request.options,
        "retries_taken": request.retries_taken,
    }


def _no_answer(wire: Wire, raw_request: httpx2.Request) -> APIConnectionError:
    if wire.failure == APITimeoutError.__name__:
        return APITimeoutError(request=raw_request)
    return APIConnectionError(request=raw_request)


def _raw(recorded: Recorded, request: "APIRequest", raw_request: httpx2.Request) -> httpx2.Response:
    """Return the answer: as it travelled where it is asked for as it was, else made from it."""
    attempt = recorded.attempt
    status = _status(attempt)
    chunks = [] if attempt.wire is None else attempt.wire.chunks()
    if chunks and _travels_as_asked(attempt, request):
        stream: _Chunks | None = _Chunks(iter([chunk for _, chunk in chunks]), attempt)
    elif request.stream and status < 400 and attempt.exchange is not None:
        stream = _Chunks(events_of(attempt.exchange), attempt)
    else:
        stream = None
    headers = _headers(recorded, JSON_TYPE if stream is None else STREAM_TYPE)
    if stream is not None and (request.stream or _is_read_by_caller(request)):
        return httpx2.Response(status, headers=headers, stream=stream, request=raw_request)
    body = _body(attempt) if stream is None else b"".join(stream)
    return httpx2.Response(status, headers=headers, content=body, request=raw_request)


def _travels_as_asked(attempt: Attempt, request: "APIRequest") -> bool:
    """Return whether an answer was recorded as a stream, or whole, as it is asked for now."""
    exchange = attempt.exchange
    if exchange is None or _status(attempt) >= 400:
        return True
    return bool(exchange.streamed) == request.stream


def _is_read_by_caller(request: "APIRequest") -> bool:
    """Return whether the caller reads the body himself: `with_streaming_response`."""
    headers = {name.lower(): value for name, value in request.headers.items()}
    return headers.get("x-stainless-raw-response") == "stream"


def _status(attempt: Attempt) -> int:
    if attempt.exchange is None or attempt.wire is not None:
        return attempt.status or 200
    return status_of(attempt.exchange)


def _body(attempt: Attempt) -> bytes:
    if attempt.exchange is not None:
        return body_of(attempt.exchange)
    return b"" if attempt.wire is None else attempt.wire.body() or b""


def _headers(recorded: Recorded, content_type: str) -> dict[str, str]:
    """Return the recorded headers, and those that make the SDK try again, or not, and at once."""
    attempt = recorded.attempt
    headers = {"content-type": content_type, "request-id": f"req_{attempt.id}"}
    if attempt.wire is not None:
        kept = dict(attempt.wire.headers)
        if attempt.wire.body() is None:
            kept.pop("content-type", None)
        headers |= kept
    if _status(attempt) >= 400:
        headers |= (
            {"x-should-retry": "false"}
            if recorded.is_final
            else {"x-should-retry": "true", "retry-after-ms": "1"}
        )
    return headers


class _Chunks(httpx2.SyncByteStream, httpx2.AsyncByteStream):
    """The chunks of a body, for both kinds of client; ends as the recorded one did."""

    def __init__(self, chunks: Iterator[bytes], attempt: Attempt) -> None:
        self._chunks = chunks
        self._attempt = attempt

    def __iter__(self) -> Iterator[bytes]:
        yield from self._chunks
        self._end()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for chunk in self._chunks:
            yield chunk
        self._end()

    def _end(self) -> None:
        wire = self._attempt.wire
        if wire is None:
            return
        if wire.ending is Ending.CUT:
            raise _broken(wire.failure)
        if wire.ending is Ending.ABANDONED:
            raise MissingRecordingError(
                f"recording {self._attempt.id} ends here: when it was made, the application stopped"
                " reading; now it reads on: record it again with --gonogo-mode=rerecord"
            )


def _broken(failure: str) -> httpx2.TransportError:
    kind = getattr(httpx2, failure, httpx2.RemoteProtocolError)
    if not (isinstance(kind, type) and issubclass(kind, httpx2.TransportError)):
        kind = httpx2.RemoteProtocolError
    return kind("the connection broke when this was recorded")
