"""Turns a recorded exchange back into what came over the wire: a body, or a stream of events."""

from collections.abc import Iterator
from typing import Final

import msgspec

from gonogo.exchanges import Exchange
from gonogo.json_lines import JsonObject
from gonogo_checkers.output import JsonValue

JSON_TYPE: Final = "application/json"
STREAM_TYPE: Final = "text/event-stream"

_FAILED: Final = 500
"""Status of a failed call whose own was not recorded."""


def status_of(exchange: Exchange) -> int:
    """Return the HTTP status that the call ended with."""
    if exchange.response is not None and exchange.error is None:
        return 200
    return exchange.status or _FAILED


def body_of(exchange: Exchange) -> bytes:
    """Return the body of the answer, or of the error, as the API sends it."""
    if exchange.response is None:
        error = exchange.error
        detail: JsonObject = {
            "type": "api_error" if error is None else error.type,
            "message": "" if error is None else error.message,
        }
        return msgspec.json.encode({"type": "error", "error": detail})
    if exchange.wire is not None:  # it came over the wire: nothing is missing, and its keys stay
        return msgspec.json.encode(exchange.response.body)
    return msgspec.json.encode(_message(exchange, exchange.response.body))


def events_of(exchange: Exchange) -> Iterator[bytes]:
    """Yield the server-sent events of an answer that is asked for as a stream.

    Each content block comes whole, in one delta: how it was cut on the wire is not recorded.
    """
    if exchange.response is None:
        return
    message = _message(exchange, exchange.response.body)
    content = message["content"]
    usage = message["usage"]
    start = message | {"content": [], "stop_reason": None, "stop_sequence": None}
    yield _event({"type": "message_start", "message": start})
    blocks = (
        [block for block in content if isinstance(block, dict)]
        if (isinstance(content, list))
        else []
    )
    for index, block in enumerate(blocks):
        begun, delta = _block_and_delta(block)
        yield _event({"type": "content_block_start", "index": index, "content_block": begun})
        yield _event({"type": "content_block_delta", "index": index, "delta": delta})
        yield _event({"type": "content_block_stop", "index": index})
    ending: JsonObject = {
        "stop_reason": message["stop_reason"],
        "stop_sequence": message["stop_sequence"],
    }
    yield _event({"type": "message_delta", "delta": ending, "usage": usage})
    yield _event({"type": "message_stop"})


def _message(exchange: Exchange, body: JsonObject) -> JsonObject:
    usage: JsonObject = {"input_tokens": 0, "output_tokens": 0}
    if exchange.usage is not None:
        usage = usage | exchange.usage.body
    filled: JsonObject = {
        "id": f"msg_{exchange.id}",
        "type": "message",
        "role": "assistant",
        "model": exchange.answered_by or "",
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": usage,
    }
    return filled | body


def _block_and_delta(block: JsonObject) -> tuple[JsonObject, JsonObject]:
    match block.get("type"):
        case "text":
            return block | {"text": ""}, {"type": "text_delta", "text": block.get("text", "")}
        case "thinking":
            thinking: JsonValue = block.get("thinking", "")
            return block | {"thinking": ""}, {"type": "thinking_delta", "thinking": thinking}
        case _:
            json = msgspec.json.encode(block.get("input", {})).decode()
            delta: JsonObject = {"type": "input_json_delta", "partial_json": json}
            return (block | {"input": {}} if "input" in block else block), delta


def _event(data: JsonObject) -> bytes:
    return b"event: %s\ndata: %s\n\n" % (str(data["type"]).encode(), msgspec.json.encode(data))
