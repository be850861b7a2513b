"""What goes back for one request: status, headers, body and pace, decided before a byte is sent."""

import dataclasses
import itertools
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from standin.failures import error_body
from standin.faults import (
    CutStream,
    ErrorReply,
    Fault,
    Latency,
    SlowChunks,
    SlowFirstToken,
    StreamError,
)
from standin.requests import JsonObject
from standin.streams import encode_event, events_of

JSON: Final = "application/json"
JSON_LINES: Final = "application/x-jsonl"
EVENT_STREAM: Final = "text/event-stream; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a streamed body, and how many seconds to wait before it is sent."""

    data: bytes
    wait_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Reply:
    """One reply.

    Attributes:
        status: The HTTP status.
        body: The whole body; empty if it comes in pieces.
        pieces: A stream's body, sent chunk by chunk.
        content_type: The media type.
        headers: Further headers.
        wait_seconds: How long the headers wait.
        is_cut: Whether the connection closes before the body is complete.
        fault: The name of the fault that made it so; None: none.
    """

    status: int
    body: bytes = b""
    pieces: tuple[Piece, ...] = ()
    content_type: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)
    wait_seconds: float = 0.0
    is_cut: bool = False
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class NoReply:
    """The connection is closed in place of a reply."""

    fault: str


def json_reply(body: JsonObject) -> Reply:
    """Reply with a JSON object."""
    return Reply(200, _encoded(body))


def json_lines_reply(lines: list[JsonObject]) -> Reply:
    """Reply with JSON Lines."""
    return Reply(200, b"".join(_encoded(line) + b"\n" for line in lines), content_type=JSON_LINES)


def error_reply(error: ErrorReply, request_id: str) -> Reply:
    """Reply with an error of the API, whether it was scripted or the request earned it."""
    headers = {}
    if error.retry_after is not None:
        headers["retry-after"] = f"{error.retry_after:g}"
    if error.should_retry is not None:
        headers["x-should-retry"] = "true" if error.should_retry else "false"
    body = error_body(error.kind, error.message, request_id, error.error_code)
    return Reply(error.status, _encoded(body), headers=headers, fault=error.name or None)


def message_reply(message: JsonObject, fault: Fault | None, *, is_streamed: bool) -> Reply:
    """Reply with a message, whole or as a stream at the pace and to the end the fault wants."""
    if is_streamed:
        pieces = tuple(_pieces(events_of(message), fault))
        return Reply(200, pieces=pieces, content_type=EVENT_STREAM)
    return json_reply(message)


def afflict(reply: Reply, fault: Fault | None) -> Reply:
    """Return a reply with what a fault does to any reply: it is named, late or cut."""
    if fault is None:
        return reply
    is_stream = reply.content_type == EVENT_STREAM
    return dataclasses.replace(
        reply,
        fault=fault.name,
        wait_seconds=fault.seconds if isinstance(fault, Latency) else 0.0,
        is_cut=isinstance(fault, CutStream) and not (is_stream and fault.is_clean),
    )


def _pieces(events: list[JsonObject], fault: Fault | None) -> Iterator[Piece]:
    match fault:
        case StreamError(after_events, kind, message):
            error = {"type": "error", "error": {"type": kind, "message": message}}
            yield from map(_piece, [*events[:after_events], error])
        case CutStream(after_events, is_clean):
            yield from map(_piece, events[:after_events])
            # What a broken connection leaves behind is half an event.
            torn = encode_event(events[min(after_events, len(events) - 1)])
            if not is_clean:
                yield Piece(torn[: len(torn) // 2])
        case SlowFirstToken(seconds, before):
            waiting = (event["type"] == before for event in events)
            first = next(itertools.compress(itertools.count(), waiting), 0)
            for index, event in enumerate(events):
                yield Piece(encode_event(event), seconds if index == first else 0.0)
        case SlowChunks(seconds):
            for event in events:
                is_slow = event["type"] == "content_block_delta"
                yield Piece(encode_event(event), seconds if is_slow else 0.0)
        case _:
            yield from map(_piece, events)


def _piece(event: JsonObject) -> Piece:
    return Piece(encode_event(event))


def _encoded(body: JsonObject) -> bytes:
    return json.dumps(body, separators=(",", ":")).encode()
