"""What the stand-in says: blocks of content, and the answer a test gets when it gives none."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

from standin.requests import JsonObject, Request, digest_of

StopReason: TypeAlias = Literal[
    "end_turn",
    "max_tokens",
    "stop_sequence",
    "tool_use",
    "pause_turn",
    "refusal",
    "model_context_window_exceeded",
]
_ECHOED_CHARACTERS: Final = 60
_DEEPEST_SAMPLE: Final = 8


@dataclass(frozen=True, slots=True)
class Text:
    """A block of text."""

    text: str


@dataclass(frozen=True, slots=True)
class Thinking:
    """A block of thinking; its signature is worked out."""

    thinking: str


@dataclass(frozen=True, slots=True)
class ToolUse:
    """A call of one of the request's tools; its id is worked out."""

    name: str
    input: JsonObject


Block: TypeAlias = Text | Thinking | ToolUse


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered to one request.

    Attributes:
        blocks: The content. Text beyond the request's `max_tokens` or after one of its stop
            sequences is cut, as the API does.
        stop_reason: None: worked out from the blocks and the request.
        model: The model that is said to have answered; None: the request's.
        usage: Fields of `usage` that replace or extend what is worked out.
    """

    blocks: tuple[Block, ...]
    stop_reason: StopReason | None = None
    model: str | None = None
    usage: Mapping[str, Any] | None = None


Answering: TypeAlias = Callable[[Request], Answer | str]
"""A test's function; a string stands for an answer of one text."""


def echo(request: Request) -> Answer:
    """Answer with the first words of the last user message, the same for the same request.

    A forced tool is called with the least input that its schema asks for, structured output is the
    least object that fits its schema, and thinking comes first where the request turns it on.
    """
    said = " ".join(request.last_user_text.split())[:_ECHOED_CHARACTERS]
    blocks: list[Block] = []
    if request.body.get("thinking", {}).get("type") in ("enabled", "adaptive"):
        blocks.append(Thinking(f"The user says {said!r}."))
    tool = _forced_tool(request.body)
    schema = ((request.body.get("output_config") or {}).get("format") or {}).get("schema")
    if tool is not None:
        blocks.append(ToolUse(tool["name"], _sample_object(tool.get("input_schema", {}), 0)))
    elif schema is not None:
        blocks.append(Text(json.dumps(_sample(schema, 0))))
    else:
        blocks.append(Text(f"You said: {said}"))
    return Answer(tuple(blocks))


def block_json(block: Block, index: int, seed: str) -> JsonObject:
    """Build a content block of the API; ids and signatures follow from the seed and the index."""
    unique = digest_of([seed, index])[:24]
    match block:
        case Text(text):
            return {"type": "text", "text": text, "citations": None}
        case Thinking(thinking):
            return {"type": "thinking", "thinking": thinking, "signature": f"standin{unique}=="}
        case ToolUse(name, arguments):
            return {
                "type": "tool_use",
                "id": f"toolu_{unique}",
                "name": name,
                "input": arguments,
                "caller": {"type": "direct"},
            }


def _forced_tool(body: JsonObject) -> JsonObject | None:
    tools: list[JsonObject] = body.get("tools") or []
    choice = body.get("tool_choice") or {}
    if choice.get("type") == "any":
        return next(iter(tools), None)
    if choice.get("type") == "tool":
        return next((tool for tool in tools if tool.get("name") == choice["name"]), None)
    return None


def _sample_object(schema: JsonObject, depth: int) -> JsonObject:
    properties = schema.get("properties") or {}
    required = schema.get("required") or ()
    return {name: _sample(properties.get(name, {}), depth + 1) for name in required}


def _sample(schema: JsonObject, depth: int) -> object:
    """Return the least value of a JSON schema's type; references and combinations give a string."""
    if schema.get("enum"):
        first: object = schema["enum"][0]
        return first
    if "const" in schema:
        constant: object = schema["const"]
        return constant
    if schema.get("type") == "object" and depth < _DEEPEST_SAMPLE:
        return _sample_object(schema, depth)
    leasts: dict[str, object] = {
        "integer": 0,
        "number": 0,
        "boolean": False,
        "null": None,
        "array": [],
        "object": {},
    }
    kind = schema.get("type")
    return leasts.get(kind, "sample") if isinstance(kind, str) else "sample"
