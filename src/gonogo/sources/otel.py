"""Turns spans that Claude's SDK records in content mode into exchanges.

What the SDK leaves out of its spans stays unknown: the definitions of tools, images and documents,
signatures of thinking, and how the answer was cut on the wire.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from gonogo.errors import Problem
from gonogo.exchanges import CallError, Exchange, Request, Response, Usage
from gonogo.json_lines import JsonObject
from gonogo.sources.spans import Span, spans_in
from gonogo_checkers.output import JsonValue

_MODE: Final = "ANTHROPIC_OPEN_TELEMETRY_TRACES_CONTENT_MODE=content"
_LIMIT: Final = "ANTHROPIC_OPEN_TELEMETRY_TRACES_MAX_CONTENT_BYTES"

_REQUEST_FIELDS: Final = (
    ("gen_ai.request.model", ("model",)),
    ("gen_ai.request.max_tokens", ("max_tokens",)),
    ("gen_ai.request.stop_sequences", ("stop_sequences",)),
    ("gen_ai.request.stream", ("stream",)),
    ("gen_ai.request.reasoning.level", ("output_config", "effort")),
    ("anthropic.request.service_tier", ("service_tier",)),
    ("anthropic.thinking.type", ("thinking", "type")),
    ("anthropic.thinking.budget_tokens", ("thinking", "budget_tokens")),
)
_RESPONSE_FIELDS: Final = (
    ("gen_ai.response.id", ("id",)),
    ("gen_ai.response.model", ("model",)),
    ("anthropic.message.stop_reason", ("stop_reason",)),
)
_USAGE_FIELDS: Final = (
    ("gen_ai.usage.output_tokens", ("output_tokens",)),
    ("gen_ai.usage.cache_read.input_tokens", ("cache_read_input_tokens",)),
    ("gen_ai.usage.cache_write.input_tokens", ("cache_creation_input_tokens",)),
    (
        "anthropic.usage.cache_creation.ephemeral_5m_input_tokens",
        ("cache_creation", "ephemeral_5m_input_tokens"),
    ),
    (
        "anthropic.usage.cache_creation.ephemeral_1h_input_tokens",
        ("cache_creation", "ephemeral_1h_input_tokens"),
    ),
    ("gen_ai.usage.reasoning.output_tokens", ("output_tokens_details", "thinking_tokens")),
    ("anthropic.response.service_tier", ("service_tier",)),
)
_COMPACTION_FIELDS: Final = (
    ("anthropic.usage.compaction.input_tokens", ("input_tokens",)),
    ("anthropic.usage.compaction.output_tokens", ("output_tokens",)),
)


def read_otlp(line: bytes, place: str) -> Iterator[Exchange | Problem]:
    """Yield the exchange of each call of the Messages API, or the problem in its place.

    Args:
        line: See `gonogo.sources.spans.spans_in`.
        place: File and line, for problems.
    """
    for span in spans_in(line, place):
        if isinstance(span, Problem):
            yield span
            continue
        try:
            yield _exchange_of(span)
        except (msgspec.DecodeError, ValueError, RecursionError) as error:
            yield Problem(f"{place}, span {span.id}", _why(error))


def _exchange_of(span: Span) -> Exchange:
    _demand_content(span.attributes)
    attributes = _Attributes(span.attributes)
    request = _request_of(attributes)
    response, error = _response_of(attributes, has_failed=span.has_failed)
    request_id = attributes.text("anthropic.request.id")
    return Exchange(
        id=f"otel_{span.id}",
        request=Request(request),
        response=response,
        usage=_usage_of(attributes),
        at=span.at,
        model=attributes.text("gen_ai.request.model"),
        latency_seconds=span.seconds,
        ttft_seconds=attributes.seconds("gen_ai.response.time_to_first_chunk"),
        attempts=(attributes.count("http.request.resend_count") or 0) + 1,
        status=attributes.status("http.response.status_code"),
        error=error,
        streamed=span.attributes.get("gen_ai.request.stream") is True,
        session=attributes.text("gen_ai.conversation.id"),
        tags={} if request_id is None else {"request_id": request_id},
    )


def _demand_content(attributes: Mapping[str, JsonValue]) -> None:
    if "gen_ai.input.messages" not in attributes:
        raise ValueError(
            f"holds no content, only counts: set {_MODE} where the application runs, or"
            ' open_telemetry={"traces": {"content_mode": "content"}} on its client'
        )
    if attributes.get("anthropic.content.truncated") is True:
        raise ValueError(
            f"its content was cut, so it is not what was asked and answered: raise {_LIMIT}"
            " (the default is 750000)"
        )


def _request_of(attributes: "_Attributes") -> JsonObject:
    request = attributes.fields(_REQUEST_FIELDS)
    system = attributes.json("gen_ai.system_instructions")
    if system is not None:
        request["system"] = _content_of(system, {})
    names: dict[str, str] = {}
    messages: list[JsonValue] = []
    for message in _objects(attributes.json("gen_ai.input.messages")):
        parts = message.get("parts")
        messages.append({"role": message.get("role"), "content": _content_of(parts, names)})
    return request | {"messages": messages}


def _response_of(
    attributes: "_Attributes", *, has_failed: bool
) -> tuple[Response | None, CallError | None]:
    kind = attributes.text("error.type")
    if has_failed or kind is not None:
        return None, CallError(kind or "unknown_error")
    outputs = attributes.json("gen_ai.output.messages")
    if outputs is None:
        raise ValueError(
            "holds no answer: the SDK records that of a stream only where it is read by"
            " `messages.stream`, and of a raw response only where its body is read"
        )
    body = attributes.fields(_RESPONSE_FIELDS)
    if "stop_reason" not in body:
        return None, CallError("incomplete_stream", "the stream was not read to its end")
    names: dict[str, str] = {}
    content: list[JsonValue] = [
        block for message in _objects(outputs) for block in _blocks_of(message.get("parts"), names)
    ]
    message: JsonObject = {"type": "message", "role": "assistant", **body, "content": content}
    return Response(message), None


def _usage_of(attributes: "_Attributes") -> Usage | None:
    """Return the usage as the API has it: a span's input includes what the cache held."""
    usage = attributes.fields(_USAGE_FIELDS)
    total = attributes.count("gen_ai.usage.input_tokens")
    if total is None:
        return None
    cached = [
        usage.get(name) for name in ("cache_read_input_tokens", "cache_creation_input_tokens")
    ]
    uncached = total - sum(count for count in cached if isinstance(count, int))
    if uncached < 0:
        raise ValueError(f"`gen_ai.usage.input_tokens` is {total}, less than what the cache held")
    compaction = attributes.fields(_COMPACTION_FIELDS)
    if compaction:
        usage["iterations"] = [{"type": "compaction", **compaction}]
    return Usage({"input_tokens": uncached} | usage)


def _content_of(parts: JsonValue, names: dict[str, str]) -> JsonValue:
    """Return a single text as the string that applications mostly send, else blocks."""
    blocks = _blocks_of(parts, names)
    if len(blocks) == 1 and blocks[0].get("type") == "text":
        return blocks[0]["text"]
    return list(blocks)


def _blocks_of(parts: JsonValue, names: dict[str, str]) -> Sequence[JsonObject]:
    return [_block_of(part, names) for part in _objects(parts)]


def _block_of(part: JsonObject, names: dict[str, str]) -> JsonObject:
    """Return the block of the API that a part was made of.

    Args:
        part: A part of a message.
        names: The types of results by the ids of the calls of tools so far; grows.
    """
    match part.get("type"):
        case "text":
            return {"type": "text", "text": part.get("content")}
        case "reasoning":
            return {"type": "thinking", "thinking": part.get("content")}
        case "tool_call":
            block = _tool_use_of(part)
            names[str(part.get("id"))] = _result_type_of(block)
            return block
        case "tool_call_response":
            kind = names.get(str(part.get("id")), "tool_result")
            return {"type": kind, "tool_use_id": part.get("id"), "content": part.get("response")}
        case other:
            return {"type": str(other).removeprefix("anthropic_")}


def _tool_use_of(part: JsonObject) -> JsonObject:
    block: JsonObject = {
        "type": "tool_use",
        "id": part.get("id"),
        "name": part.get("name"),
        "input": part.get("arguments"),
    }
    if "anthropic_mcp_server_name" in part:
        return block | {"type": "mcp_tool_use", "server_name": part["anthropic_mcp_server_name"]}
    if str(part.get("id")).startswith("srvtoolu_"):
        return block | {"type": "server_tool_use"}
    if "anthropic_toolset_name" in part:
        return block | {"toolset_name": part["anthropic_toolset_name"]}
    return block


def _result_type_of(block: JsonObject) -> str:
    match block["type"]:
        case "mcp_tool_use":
            return "mcp_tool_result"
        case "server_tool_use":
            return f"{block['name']}_tool_result"
        case _:
            return "tool_result"


@dataclass(frozen=True, slots=True)
class _Attributes:
    """The attributes of a span, each read as the type that it must have."""

    given: Mapping[str, JsonValue]

    def text(self, key: str) -> str | None:
        """Return a text; None where there is none."""
        value = self.given.get(key)
        return value if isinstance(value, str) else None

    def count(self, key: str) -> int | None:
        """Return a count, at least 0; None where there is none.

        Raises:
            ValueError: If it is negative.
        """
        value = self.given.get(key)
        if not isinstance(value, int) or isinstance(value, bool):
            return None
        if value < 0:
            raise ValueError(f"`{key}` is {value}: expected a count")
        return value

    def status(self, key: str) -> int | None:
        """Return an HTTP status; None where there is none."""
        status = self.count(key)
        return status if status is not None and 100 <= status <= 599 else None

    def seconds(self, key: str) -> float | None:
        """Return a duration, at least 0; None where there is none."""
        value = self.given.get(key)
        if not isinstance(value, int | float) or isinstance(value, bool):
            return None
        return float(value) if 0 <= value < float("inf") else None

    def json(self, key: str) -> JsonValue:
        """Return what a text holds as JSON; None where there is none.

        Raises:
            ValueError: If it is not JSON.
        """
        text = self.given.get(key)
        if text is None:
            return None
        try:
            parsed: JsonValue = msgspec.json.decode(text if isinstance(text, str) else b"")
        except msgspec.DecodeError as error:
            raise ValueError(
                f"`{key}` is not whole JSON: raise OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT, and"
                " see that no processor cuts or rewrites it"
            ) from error
        return parsed

    def fields(self, names: Sequence[tuple[str, tuple[str, ...]]]) -> JsonObject:
        """Return an object with the fields that there are, each at its path of one or two keys."""
        found: JsonObject = {}
        for key, path in names:
            value = self.count(key) if key.endswith("_tokens") else self.given.get(key)
            if value is None:
                continue
            *above, last = path
            inner = found.setdefault(above[0], {}) if above else found
            if isinstance(inner, dict):
                inner[last] = value
        return found


def _objects(value: JsonValue) -> list[JsonObject]:
    """Return a list of objects.

    Raises:
        ValueError: If it is none.
    """
    items = value if isinstance(value, list) else [value]
    objects = [item for item in items if isinstance(item, dict)]
    if not isinstance(value, list) or len(objects) < len(items):
        raise ValueError("its messages are no lists of objects: no SDK wrote them like this")
    return objects


def _why(error: Exception) -> str:
    return "is nested too deeply" if isinstance(error, RecursionError) else str(error)
