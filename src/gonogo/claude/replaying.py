"""Sends a recorded answer to the SDK as if it came over the wire: no network, no key.

`create`, `stream`, `create(stream=True)`, `with_raw_response` and the rest, sync and async, parse
what is made here as they parse what the API sends. A client of Amazon Bedrock reads its own frames
where the others read server-sent events: what was recorded through the one is told to the other.
"""

from collections.abc import AsyncIterator, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, TypeVar

import httpx2
from anthropic import (
    Anthropic,
    AnthropicBedrock,
    APIConnectionError,
    APITimeoutError,
    AsyncAnthropic,
    AsyncAnthropicBedrock,
)
from anthropic._response import APIResponse, AsyncAPIResponse

from gonogo.claude.wire import JSON_TYPE, STREAM_TYPE, body_of, events_of, status_of
from gonogo.errors import MissingRecordingError
from gonogo.recordings.attempts import Attempt
from gonogo.recordings.aws_events import FRAMES_TYPE, as_frames, as_server_sent_events
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
    kind = _wrapper_of(request, APIResponse)
    return kind(**_wrapped(recorded, request, client))


def replayed_async(
    recorded: Recorded, request: "APIRequest", client: AsyncAnthropic | None
) -> "AsyncAPIResponse[Any]":
    """Return a recorded answer as an asynchronous client expects it; otherwise as `replayed`."""
    kind = _wrapper_of(request, AsyncAPIResponse)
    return kind(**_wrapped(recorded, request, client))


_Wrapper = TypeVar("_Wrapper", APIResponse[Any], AsyncAPIResponse[Any])


def _wrapper_of(request: "APIRequest", plain: type[_Wrapper]) -> type[_Wrapper]:
    """Return the class of the answer: of a file that is downloaded, one of its own."""
    wanted = request.cast_to
    return wanted if isinstance(wanted, type) and issubclass(wanted, plain) else plain


def _wrapped(recorded: Recorded, request: "APIRequest", client: object) -> dict[str, Any]:
    wire = recorded.attempt.wire
    raw_request = httpx2.Request(request.method, _url_of(recorded.attempt.path))
    if wire is not None and wire.ending is Ending.NO_ANSWER:
        raise _no_answer(wire, raw_request)
    if wire is not None and wire.ending is Ending.ABANDONED and recorded.attempt.status is None:
        raise _unknown(recorded.attempt, "waiting")
    return {
        "raw": _raw(recorded, request, raw_request, _stream_type_of(client)),
        "cast_to": request.cast_to,
        "client": client,
        "stream": request.stream,
        "stream_cls": request.stream_cls,
        "options": request.options,
        "retries_taken": request.retries_taken,
    }


@lru_cache(maxsize=256)  # parsing a URL is a good part of what a replayed call costs
def _url_of(path: str) -> httpx2.URL:
    return httpx2.URL(_HOST + path)


def _no_answer(wire: Wire, raw_request: httpx2.Request) -> APIConnectionError:
    if wire.failure == APITimeoutError.__name__:
        return APITimeoutError(request=raw_request)
    return APIConnectionError(request=raw_request)


def _stream_type_of(client: object) -> str:
    if isinstance(client, AnthropicBedrock | AsyncAnthropicBedrock):
        return FRAMES_TYPE
    return STREAM_TYPE


def _raw(
    recorded: Recorded, request: "APIRequest", raw_request: httpx2.Request, stream_type: str
) -> httpx2.Response:
    """Return the answer: as it travelled where it is asked for as it was, else made from it."""
    attempt = recorded.attempt
    status = _status(attempt)
    stream, content_type = _stream_of(attempt, request, stream_type)
    headers = _headers(recorded, content_type)
    if stream is not None and (request.stream or _is_read_by_caller(request)):
        return httpx2.Response(status, headers=headers, stream=stream, request=raw_request)
    body = _body(attempt) if stream is None else b"".join(stream)
    return httpx2.Response(status, headers=headers, content=body, request=raw_request)


def _stream_of(
    attempt: Attempt, request: "APIRequest", stream_type: str
) -> "tuple[_Chunks | None, str]":
    """Return the body in its chunks, and of what type it is; None where it has none."""
    chunks = [] if attempt.wire is None else attempt.wire.chunks()
    if chunks and attempt.wire is not None and _travels_as_asked(attempt, request):
        recorded_type = attempt.wire.headers.get("content-type", "")
        told = _told_anew(recorded_type, stream_type, b"".join(chunk for _, chunk in chunks))
        if told is not None:
            return _Chunks(told, attempt), stream_type
        return _Chunks(iter([chunk for _, chunk in chunks]), attempt), recorded_type
    if request.stream and _status(attempt) < 400 and attempt.exchange is not None:
        events = events_of(attempt.exchange)
        told = as_frames(b"".join(events)) if stream_type == FRAMES_TYPE else events
        return _Chunks(told, attempt), stream_type
    return None, JSON_TYPE


def _told_anew(recorded_type: str, stream_type: str, body: bytes) -> Iterator[bytes] | None:
    """Return a recorded stream as another kind of client reads it; None where it is the same."""
    if recorded_type.startswith(STREAM_TYPE) and stream_type == FRAMES_TYPE:
        return as_frames(body)
    if recorded_type.startswith(FRAMES_TYPE) and stream_type == STREAM_TYPE:
        return as_server_sent_events(body)
    return None


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
    """Return the recorded headers, and those that make the SDK try again, or not, and at once.

    Args:
        recorded: The answer.
        content_type: Of the body that goes out; empty: none was recorded.
    """
    attempt = recorded.attempt
    headers = {"request-id": f"req_{attempt.id}"}
    if attempt.wire is not None:
        headers |= attempt.wire.headers
    headers |= {"content-type": content_type or JSON_TYPE}
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
            raise _unknown(self._attempt, "reading")


def _unknown(attempt: Attempt, doing: str) -> MissingRecordingError:
    return MissingRecordingError(
        f"recording {attempt.id} ends here: when it was made, the application stopped {doing}; what"
        " would have come is not known: record it again with --gonogo-mode=rerecord"
    )


def _broken(failure: str) -> httpx2.TransportError:
    kind = getattr(httpx2, failure, httpx2.RemoteProtocolError)
    if not (isinstance(kind, type) and issubclass(kind, httpx2.TransportError)):
        kind = httpx2.RemoteProtocolError
    return kind("the connection broke when this was recorded")
