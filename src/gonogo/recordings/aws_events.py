"""Reads and writes the frames in which Amazon Bedrock streams an answer's events.

Pure: bytes in, values out. The events are those of the Messages API; only their envelope differs.
"""

import base64
import struct
import zlib
from collections.abc import Iterator
from struct import Struct
from typing import Final

import msgspec

from gonogo.recordings.events import ServerSentEvent, events_in

FRAMES_TYPE: Final = "application/vnd.amazon.eventstream"

_PRELUDE: Final = Struct(">III")
"""Length of the frame, length of its headers, checksum of the two."""
_CHECKSUM: Final = Struct(">I")
_SIZE: Final = Struct(">H")
_FIXED_SIZES: Final = {0: 0, 1: 0, 2: 1, 3: 2, 4: 4, 5: 8, 8: 8, 9: 16}
"""Bytes of a header's value by its type; bytes (6) and text (7) tell their own length."""
_TEXT: Final = 7
_BYTES: Final = 6
_ONE_LINE: Final = bytes.maketrans(b"\r\n", b"  ")
_MOST_HEADER_CHARS: Final = 8_000
"""Of a message that is sent as a header; the format has 65,535 bytes."""


class _Chunk(msgspec.Struct, frozen=True):
    bytes: bytes


class _Kind(msgspec.Struct, frozen=True):
    type: str


class _Failure(msgspec.Struct, frozen=True):
    message: str = ""


class _Error(msgspec.Struct, frozen=True):
    type: str = ""
    message: str = ""


class _ErrorEvent(msgspec.Struct, frozen=True):
    error: _Error = _Error()


class _NotAFrameError(Exception):
    """Bytes that the format does not allow."""


def events_in_frames(body: bytes) -> Iterator[ServerSentEvent]:
    """Yield the events of a stream of frames.

    Follows what Claude's SDK makes of them: an event is named after the `type` in its data, an
    exception is an `error`, and a frame without either is passed over.

    Args:
        body: What came, decompressed; it may end anywhere: what a cut left of the last frame is
            dropped. The first bytes that are no frame end what can be read. Time and memory are
            linear in it.

    The format: https://smithy.io/2.0/aws/amazon-eventstream.html#amazon-event-stream-specification
    """
    start = 0
    while len(body) - start >= _PRELUDE.size + _CHECKSUM.size:
        size, header_size, checksum = _PRELUDE.unpack_from(body, start)
        if checksum != zlib.crc32(body[start : start + 8]) or size < header_size + 16:
            return
        end = start + size
        if end > len(body):
            return
        if _CHECKSUM.unpack_from(body, end - 4)[0] != zlib.crc32(body[start : end - 4]):
            return
        payload_start = start + _PRELUDE.size + header_size
        try:
            headers = _headers_in(body[start + _PRELUDE.size : payload_start])
            event = _event_of(headers, body[payload_start : end - 4], end)
        except (_NotAFrameError, struct.error, UnicodeDecodeError):
            return
        if event is not None:
            yield event
        start = end


def frame_of(name: bytes, data: bytes) -> bytes:
    """Return the frame that carries an event.

    Args:
        name: The event's; that of an `error` becomes an error of the stream.
        data: Its JSON.
    """
    if name == b"error":
        error = _error_in(data)
        return _frame(
            {
                ":message-type": "error",
                ":error-code": error.type,
                ":error-message": error.message[:_MOST_HEADER_CHARS],
            },
            b"",
        )
    headers = {
        ":event-type": "chunk",
        ":content-type": "application/json",
        ":message-type": "event",
    }
    return _frame(headers, msgspec.json.encode({"bytes": base64.b64encode(data).decode()}))


def as_frames(body: bytes) -> Iterator[bytes]:
    """Yield the server-sent events of a stream as frames, one each."""
    return (frame_of(event.name, event.data) for event in events_in(body) if event.data)


def as_server_sent_events(body: bytes) -> Iterator[bytes]:
    """Yield the frames of a stream as server-sent events, one each."""
    return (b"event: %s\ndata: %s\n\n" % (e.name, e.data) for e in events_in_frames(body))


def _event_of(headers: dict[str, str], payload: bytes, end: int) -> ServerSentEvent | None:
    if headers.get(":message-type") in ("exception", "error"):
        return ServerSentEvent(b"error", _error_data(headers, payload), end)
    if headers.get(":event-type") != "chunk":
        return None
    try:
        data = msgspec.json.decode(payload, type=_Chunk).bytes
        kind = msgspec.json.decode(data, type=_Kind).type
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    # One line, as an event of its own stands on one; JSON has line breaks only between its tokens.
    return ServerSentEvent(kind.encode(), data.translate(_ONE_LINE), end)


def _error_data(headers: dict[str, str], payload: bytes) -> bytes:
    kind = headers.get(":exception-type") or headers.get(":error-code", "")
    message = headers.get(":error-message", "")
    if ":exception-type" in headers:
        try:
            message = msgspec.json.decode(payload, type=_Failure).message
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            message = ""
    return msgspec.json.encode({"type": "error", "error": {"type": kind, "message": message}})


def _error_in(data: bytes) -> _Error:
    try:
        return msgspec.json.decode(data, type=_ErrorEvent).error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _Error("api_error", data.decode(errors="replace"))


def _headers_in(raw: bytes) -> dict[str, str]:
    """Return the headers that are text; the others are passed over."""
    headers: dict[str, str] = {}
    at = 0
    while at < len(raw):
        name_end = at + 1 + raw[at]
        name, kind = raw[at + 1 : name_end], raw[name_end : name_end + 1]
        at = name_end + 1
        if not kind:
            raise _NotAFrameError
        size = _FIXED_SIZES.get(kind[0])
        if size is None:
            if kind[0] not in (_BYTES, _TEXT):
                raise _NotAFrameError
            size = _SIZE.unpack_from(raw, at)[0]
            at += _SIZE.size
        value = raw[at : at + size]
        at += size
        if kind[0] == _TEXT:
            headers[name.decode()] = value.decode()
    if at > len(raw):
        raise _NotAFrameError
    return headers


def _frame(headers: dict[str, str], payload: bytes) -> bytes:
    head = b"".join(_header(name.encode(), value.encode()) for name, value in headers.items())
    size = _PRELUDE.size + len(head) + len(payload) + _CHECKSUM.size
    lengths = size.to_bytes(4, "big") + len(head).to_bytes(4, "big")
    frame = lengths + _CHECKSUM.pack(zlib.crc32(lengths)) + head + payload
    return frame + _CHECKSUM.pack(zlib.crc32(frame))


def _header(name: bytes, value: bytes) -> bytes:
    return bytes([len(name)]) + name + bytes([_TEXT]) + _SIZE.pack(len(value)) + value
