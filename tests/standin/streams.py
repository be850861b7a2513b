"""Tells a message as the server-sent events that the API streams."""

import json
from collections.abc import Iterator
from typing import Final

from standin.requests import JsonObject

_SLICE_CHARACTERS: Final = 16
_CUMULATIVE: Final = (
    "input_tokens",
    "cache_creation_input_tokens",
    "cache_read_input_tokens",
    "output_tokens",
    "output_tokens_details",
    "server_tool_use",
    "iterations",
)


def events_of(message: JsonObject) -> list[JsonObject]:
    """Return the events of a message in their order, a ping after the start of the first block."""
    events = [_message_start(message)]
    for index, block in enumerate(message["content"]):
        start, *rest = _block_events(block)
        events.append({"type": "content_block_start", "index": index, "content_block": start})
        if index == 0:
            events.append({"type": "ping"})
        events += [
            {"type": "content_block_delta", "index": index, "delta": delta} for delta in rest
        ]
        events.append({"type": "content_block_stop", "index": index})
    return [*events, _message_delta(message), {"type": "message_stop"}]


def encode_event(event: JsonObject) -> bytes:
    """Encode an event as its lines on the wire, named after its type."""
    data = json.dumps(event, separators=(",", ":"))
    return f"event: {event['type']}\ndata: {data}\n\n".encode()


def _message_start(message: JsonObject) -> JsonObject:
    usage = {**message["usage"], "output_tokens": 1, "output_tokens_details": None}
    opened = {**message, "content": [], "usage": usage}
    opened.update(stop_reason=None, stop_sequence=None, stop_details=None)
    return {"type": "message_start", "message": opened}


def _message_delta(message: JsonObject) -> JsonObject:
    """Build the event that ends a message: its usage is cumulative and lacks tier and place."""
    names = ("stop_reason", "stop_sequence", "stop_details", "container")
    usage = message["usage"]
    return {
        "type": "message_delta",
        "delta": {name: message[name] for name in names},
        "usage": {name: usage[name] for name in _CUMULATIVE if name in usage},
    }


def _block_events(block: JsonObject) -> Iterator[JsonObject]:
    """Yield a block without its content, then the deltas that fill it."""
    match block["type"]:
        case "text":
            yield {**block, "text": ""}
            yield from _deltas("text_delta", "text", block["text"])
        case "thinking":
            yield {**block, "thinking": "", "signature": ""}
            yield from _deltas("thinking_delta", "thinking", block["thinking"])
            yield {"type": "signature_delta", "signature": block["signature"]}
        case _:
            yield {**block, "input": {}}
            yield from _deltas("input_json_delta", "partial_json", json.dumps(block["input"]))


def _deltas(kind: str, field: str, content: str) -> Iterator[JsonObject]:
    for start in range(0, len(content), _SLICE_CHARACTERS):
        yield {"type": kind, field: content[start : start + _SLICE_CHARACTERS]}
