"""Frames of Amazon Bedrock: held against botocore's own reading where that is installed."""

import base64
import json
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.recordings.aws_events import (
    as_frames,
    as_server_sent_events,
    events_in_frames,
    frame_of,
)
from gonogo.recordings.events import accumulate, events_in

EVENTS = [
    {"type": "message_start", "message": {"content": [], "usage": {"input_tokens": 3}}},
    {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "天気"}},
    {"type": "content_block_stop", "index": 0},
    {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 5}},
    {"type": "message_stop"},
]
SENT = b"".join(
    b"event: %s\ndata: %s\n\n" % (str(event["type"]).encode(), json.dumps(event).encode())
    for event in EVENTS
)
FRAMES = b"".join(as_frames(SENT))

# The frame with one header of text by which the SDKs of AWS test their readers; its payload is no
# JSON, and its checksums are not of our making.
EXAMPLE = bytes.fromhex(
    "0000003d 00000020 07fd8396 0c 636f6e74656e742d74797065 07 0010"
    "6170706c69636174696f6e2f6a736f6e 7b27666f6f273a27626172277d 8d9c08b1"
)


def built(headers: bytes, payload: bytes) -> bytes:
    lengths = (16 + len(headers) + len(payload)).to_bytes(4, "big") + len(headers).to_bytes(
        4, "big"
    )
    frame = lengths + zlib.crc32(lengths).to_bytes(4, "big") + headers + payload
    return frame + zlib.crc32(frame).to_bytes(4, "big")


def header(name: str, kind: int, value: bytes) -> bytes:
    return bytes([len(name)]) + name.encode() + bytes([kind]) + value


def text(name: str, value: str) -> bytes:
    return header(name, 7, len(value).to_bytes(2, "big") + value.encode())


def test_a_stream_of_frames_amounts_to_the_same_message() -> None:
    told = accumulate(FRAMES, events_in_frames)
    assert told.message == accumulate(SENT).message
    assert told.is_complete
    assert told.usage == {"input_tokens": 3, "output_tokens": 5}
    first = FRAMES.index(b"".join(list(as_frames(SENT))[2:3]))
    assert told.first_delta_end == first + len(list(as_frames(SENT))[2])


def test_the_example_of_the_specification_is_a_frame_without_an_event() -> None:
    assert list(events_in_frames(EXAMPLE)) == []
    assert [event.name for event in events_in_frames(EXAMPLE + FRAMES)][:1] == [b"message_start"]


def test_every_type_of_header_is_passed_over_but_text() -> None:
    odd = b"".join(
        [
            header("true", 0, b""),
            header("false", 1, b""),
            header("byte", 2, b"\xff"),
            header("short", 3, b"\0\1"),
            header("int", 4, b"\0\0\0\1"),
            header("long", 5, bytes(8)),
            header("bytes", 6, b"\0\2\xff\xfe"),
            header("time", 8, bytes(8)),
            header("uuid", 9, bytes(16)),
        ]
    )
    payload = json.dumps({"bytes": base64.b64encode(b'{"type": "ping"}').decode(), "p": "ab"})
    frame = built(odd + text(":event-type", "chunk"), payload.encode())
    assert [(e.name, e.data, e.end) for e in events_in_frames(frame)] == [
        (b"ping", b'{"type": "ping"}', len(frame))
    ]


@pytest.mark.parametrize(
    ("headers", "payload", "error"),
    [
        (
            text(":message-type", "exception") + text(":exception-type", "throttlingException"),
            b'{"message": "Too many"}',
            ("throttlingException", "Too many"),
        ),
        (
            text(":message-type", "error")
            + text(":error-code", "InternalError")
            + text(":error-message", "An internal error"),
            b"",
            ("InternalError", "An internal error"),
        ),
        (
            text(":message-type", "exception") + text(":exception-type", "validationException"),
            b"no JSON",
            ("validationException", ""),
        ),
    ],
)
def test_an_exception_is_an_error_event(
    headers: bytes, payload: bytes, error: tuple[str, str]
) -> None:
    told = accumulate(built(headers, payload) + FRAMES, events_in_frames)
    assert told.error is not None
    assert (told.error.type, told.error.message) == error


@pytest.mark.parametrize("payload", [b"", b"[]", b"{}", b'{"bytes": 1}', b'{"bytes": "!"}'])
def test_a_frame_without_an_event_is_passed_over(payload: bytes) -> None:
    frame = built(text(":event-type", "chunk"), payload)
    assert len(list(events_in_frames(frame + FRAMES))) == len(EVENTS)


@pytest.mark.parametrize(
    "headers",
    [b"\xff", b"\x01a", b"\x01a\x0a", b"\x01a\x07\0", b"\x01a\x07\xff\xff", b"\x01\xff\x07\0\0"],
)
def test_headers_that_are_none_end_what_can_be_read(headers: bytes) -> None:
    assert list(events_in_frames(built(headers, b"") + FRAMES)) == []


@given(st.integers(0, len(FRAMES)))
def test_what_a_cut_left_of_a_frame_is_dropped(cut: int) -> None:
    events = list(events_in_frames(FRAMES[:cut]))
    assert events == [event for event in events_in_frames(FRAMES) if event.end <= cut]


@given(st.integers(0, len(FRAMES) - 1), st.integers(1, 255))
def test_a_changed_byte_ends_what_can_be_read(place: int, change: int) -> None:
    spoilt = bytearray(FRAMES)
    spoilt[place] ^= change
    whole = list(events_in_frames(FRAMES))
    assert list(events_in_frames(bytes(spoilt))) == [e for e in whole if e.end <= place]


@given(st.binary(max_size=200))
def test_any_bytes_may_come(body: bytes) -> None:
    list(events_in_frames(body))


KINDS = st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), min_size=1).map(str.strip)


@given(
    st.lists(
        st.dictionaries(st.text(max_size=5), st.text(max_size=20)).flatmap(
            lambda data: KINDS.filter(lambda kind: kind not in ("", "error")).map(
                lambda kind: data | {"type": kind}
            )
        )
    ),
    st.sampled_from([None, 2]),
)
def test_there_and_back_again(events: list[dict[str, str]], indent: int | None) -> None:
    frames = b"".join(
        frame_of(event["type"].encode(), json.dumps(event, indent=indent).encode())
        for event in events
    )
    again = list(events_in(b"".join(as_server_sent_events(frames))))
    assert [(event.name.decode(), json.loads(event.data)) for event in again] == [
        (event["type"], event) for event in events
    ]


@given(st.text(max_size=50), st.text(max_size=50))
def test_an_error_there_and_back_again(kind: str, message: str) -> None:
    data = json.dumps({"type": "error", "error": {"type": kind, "message": message}}).encode()
    (event,) = events_in_frames(frame_of(b"error", data))
    assert event.name == b"error"
    assert json.loads(event.data) == json.loads(data)


def test_an_error_that_is_no_json() -> None:
    (event,) = events_in_frames(frame_of(b"error", b"oh " * 100_000))
    assert json.loads(event.data)["error"]["type"] == "api_error"


def test_botocore_reads_the_same() -> None:
    eventstream = pytest.importorskip("botocore.eventstream", reason="botocore is not installed")
    buffer = eventstream.EventStreamBuffer()
    buffer.add_data(
        EXAMPLE + FRAMES + frame_of(b"error", b'{"error": {"type": "a", "message": "b"}}')
    )
    example, *frames, error = buffer
    assert example.headers == {"content-type": "application/json"}
    assert [base64.b64decode(json.loads(frame.payload)["bytes"]) for frame in frames] == [
        event.data for event in events_in(SENT)
    ]
    assert error.headers[":error-code"] == "a"
