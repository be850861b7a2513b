"""What came back, as a recording: the exchange that it amounts to, and how it travelled."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import httpx2
import msgspec

from gonogo.exchanges import CallError, Exchange, Request, Response, Usage
from gonogo.fingerprints import fingerprint_of
from gonogo.json_lines import JsonObject
from gonogo.recordings.attempts import Attempt
from gonogo.recordings.aws_events import FRAMES_TYPE, events_in_frames
from gonogo.recordings.events import StreamedMessage, accumulate
from gonogo.recordings.tape import Sent
from gonogo.wires import MESSAGES_PATH, Ending, Wire, pack
from gonogo_checkers.output import JsonValue

_HEADERS: Final = frozenset(
    {"content-type", "request-id", "retry-after", "retry-after-ms", "x-should-retry"}
)
_HEADER_FAMILIES: Final = ("anthropic-ratelimit-",)

_EVENTS: Final = "text/event-stream"


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """One HTTP attempt, as the recorder noted it.

    Attributes:
        id: Of the recording.
        sent: What was sent.
        at: When its call began.
        waited_seconds: From then to the sending of this attempt.
        streamed: Whether the SDK was asked for a stream.
        status: HTTP status; None: no answer came.
        headers: All of the answer's.
        is_encoded: Whether the chunks are as they came, still compressed.
        chunks: Each with its seconds from sending.
        end_seconds: From sending to the end.
        ending: How the body ended.
        failure: Name of the transport's exception; empty where there was none.
    """

    id: str
    sent: Sent
    at: datetime
    waited_seconds: float
    streamed: bool
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    is_encoded: bool = False
    chunks: tuple[tuple[float, bytes], ...] = ()
    end_seconds: float = 0.0
    ending: Ending = Ending.COMPLETE
    failure: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    """What an attempt amounts to."""

    message: JsonObject | None = None
    usage: JsonObject | None = None
    error: CallError | None = None
    first_token_seconds: float | None = None


def attempt_from(arrived: Arrived) -> Attempt:
    """Return the recording of an attempt; headers that may hold something secret are left out."""
    chunks = _decoded(arrived)
    body = b"".join(chunk for _, chunk in chunks)
    sent = arrived.sent
    is_message = sent.path == MESSAGES_PATH and sent.method == "POST"
    answer = _answer_of(arrived, chunks, body) if is_message else _Answer()
    wire = _wire_of(arrived, chunks, body, answer.message)
    exchange = None
    if is_message and isinstance(sent.body, dict):
        exchange = _exchange_of(arrived, sent.body, answer, wire)
    return Attempt(
        id=arrived.id,
        at=arrived.at,
        method=sent.method,
        path=sent.path,
        body=sent.body,
        status=arrived.status,
        wire=wire,
        exchange=exchange,
    )


def _exchange_of(arrived: Arrived, body: JsonObject, answer: _Answer, wire: Wire) -> Exchange:
    first = answer.first_token_seconds
    return Exchange(
        id=arrived.id,
        request=Request(body),
        response=None if answer.message is None else Response(answer.message),
        usage=None if answer.usage is None else Usage(answer.usage),
        at=arrived.at,
        model=Request(body).model,
        latency_seconds=_rounded(arrived.waited_seconds + arrived.end_seconds),
        ttft_seconds=None if first is None else _rounded(arrived.waited_seconds + first),
        attempts=arrived.sent.attempt,
        status=arrived.status,
        error=answer.error,
        streamed=arrived.streamed,
        wire=wire,
    )


def _wire_of(
    arrived: Arrived, chunks: list[tuple[float, bytes]], body: bytes, message: JsonObject | None
) -> Wire:
    sent = arrived.sent
    text, packed = None, None
    if message is None or msgspec.json.encode(message) != body:
        text, packed = pack(body) if body else (None, None)
    return Wire(
        method=sent.method,
        path=sent.path,
        fingerprint=fingerprint_of(sent.method, sent.path, sent.body),
        call=sent.call,
        attempt=sent.attempt,
        headers=_kept(arrived.headers),
        cuts=tuple((_rounded(at), len(chunk)) for at, chunk in chunks),
        text=text,
        packed=packed,
        end_seconds=_rounded(arrived.end_seconds),
        ending=arrived.ending,
        failure=arrived.failure,
    )


def _kept(headers: Mapping[str, str]) -> dict[str, str]:
    lowered = ((name.lower(), value) for name, value in headers.items())
    return {
        name: value
        for name, value in lowered
        if name in _HEADERS or name.startswith(_HEADER_FAMILIES)
    }


def _answer_of(arrived: Arrived, chunks: list[tuple[float, bytes]], body: bytes) -> _Answer:
    if arrived.ending is Ending.NO_ANSWER:
        kind = "timeout_error" if "Timeout" in arrived.failure else "connection_error"
        return _Answer(error=CallError(kind, arrived.failure))
    if arrived.status is None:
        return _Answer(error=CallError("abandoned", "the application stopped waiting"))
    if arrived.status >= 400:
        return _Answer(error=_error_in(body, arrived.status))
    content_type = arrived.headers.get("content-type", "")
    if content_type.startswith(_EVENTS):
        return _streamed(arrived, chunks, accumulate(body))
    if content_type.startswith(FRAMES_TYPE):
        return _streamed(arrived, chunks, accumulate(body, events_in_frames))
    return _whole(arrived, body)


def _whole(arrived: Arrived, body: bytes) -> _Answer:
    if arrived.ending is Ending.CUT:
        return _Answer(error=CallError("connection_error", arrived.failure))
    message = _object_in(body)
    if message is None or not isinstance(message.get("content"), list):
        if arrived.ending is Ending.ABANDONED:
            return _Answer()
        return _Answer(error=CallError("unreadable_answer", "the body is not a message"))
    return _Answer(message=message, usage=_object(message.get("usage")))


def _streamed(
    arrived: Arrived, chunks: list[tuple[float, bytes]], streamed: StreamedMessage
) -> _Answer:
    error = streamed.error
    if error is None and arrived.ending is Ending.CUT:
        error = CallError("connection_error", arrived.failure)
    if error is None and streamed.problem:
        error = CallError("unreadable_answer", streamed.problem)
    if error is None and arrived.ending is Ending.COMPLETE and not streamed.is_complete:
        error = CallError("incomplete_stream", "the stream ended before the message did")
    return _Answer(
        message=streamed.message if error is None else None,
        usage=streamed.usage,
        error=error,
        first_token_seconds=_time_of(streamed.first_delta_end, chunks),
    )


def _time_of(position: int | None, chunks: list[tuple[float, bytes]]) -> float | None:
    """Return when the byte before a position came; None where it did not."""
    if position is None:
        return None
    came = 0
    for at, chunk in chunks:
        came += len(chunk)
        if came >= position:
            return at
    return None


def _error_in(body: bytes, status: int | None) -> CallError:
    error = _object((_object_in(body) or {}).get("error")) or {}
    kind, message = error.get("type"), error.get("message")
    return CallError(
        kind if isinstance(kind, str) else f"http_{status}",
        message if isinstance(message, str) else "",
    )


def _object_in(body: bytes) -> JsonObject | None:
    try:
        return _object(msgspec.json.decode(body))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _object(value: JsonValue) -> JsonObject | None:
    return value if isinstance(value, dict) else None


def _decoded(arrived: Arrived) -> list[tuple[float, bytes]]:
    """Return the chunks without their compression, each at the time when it came."""
    if not arrived.is_encoded or not arrived.headers.get("content-encoding"):
        return list(arrived.chunks)
    times: list[float] = []

    def compressed() -> Iterator[bytes]:
        for at, chunk in arrived.chunks:
            times.append(at)
            yield chunk

    response = httpx2.Response(
        200,
        headers={"content-encoding": arrived.headers["content-encoding"]},
        stream=_Compressed(compressed()),
    )
    decoded: list[tuple[float, bytes]] = []
    with suppress(httpx2.DecodingError):  # abandoned or cut within the compressed data
        decoded += ((times[-1], piece) for piece in response.iter_bytes() if piece)
    return decoded


class _Compressed(httpx2.SyncByteStream):
    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks

    def __iter__(self) -> Iterator[bytes]:
        return self._chunks


def _rounded(seconds: float) -> float:
    return round(max(seconds, 0.0), 6)
