"""Adds up the server-sent events of a streamed answer to the message that they amount to.

Pure: bytes of a whole body in, values out. Follows what Claude's SDK makes of the same events.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final, TypeAlias

import msgspec

from gonogo.exchanges import CallError
from gonogo.json_lines import JsonObject
from gonogo_checkers.output import JsonValue


@dataclass(frozen=True, slots=True)
class ServerSentEvent:
    """One event of a stream.

    Attributes:
        name: What its `event` line says; empty where there is none.
        data: Its `data` lines, joined.
        end: How many bytes of the stream have been read when it is complete.
    """

    name: bytes
    data: bytes
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamedMessage:
    """What the events of a stream amount to.

    Attributes:
        message: The message as a call without a stream returns it, as far as it came; None
            where the stream never began one.
        error: An `error` event in the stream; None where none came.
        is_complete: Whether `message_stop` came: without it the answer is a part.
        problem: What of the stream cannot be read; nothing after it was. Empty where all can.
        first_delta_end: How many bytes had come when the first piece of content was there; None
            where none came.
    """

    message: JsonObject | None = None
    error: CallError | None = None
    is_complete: bool = False
    problem: str = ""
    first_delta_end: int | None = None

    @property
    def usage(self) -> JsonObject | None:
        """The tokens as last counted; None where the stream did not tell them."""
        usage = None if self.message is None else self.message.get("usage")
        return usage if isinstance(usage, dict) else None


def accumulate(
    body: bytes, reading: "Callable[[bytes], Iterator[ServerSentEvent]] | None" = None
) -> StreamedMessage:
    """Add up a whole stream.

    Args:
        body: What came, decompressed; it may end anywhere. Time and memory are linear in it.
        reading: Finds the events in it; None: they are server-sent events.
    """
    adding = _Adding()
    problem = ""
    for event in (reading or events_in)(body):
        try:
            if not adding.take(event):
                break
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, _UnreadableError) as error:
            problem = f"event {event.name.decode(errors='replace')!r}: {_why(error)}"
            break
    message, input_problem = adding.message()
    return StreamedMessage(
        message=message,
        error=adding.error,
        is_complete=adding.is_complete,
        problem=problem or input_problem,
        first_delta_end=adding.first_delta_end,
    )


def events_in(body: bytes) -> Iterator[ServerSentEvent]:
    """Yield the complete events of a stream; what a cut left of the last one is dropped.

    Comments and fields other than `event` and `data` are passed over
    (https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation).
    """
    name, end = b"", 0
    data: list[bytes] = []
    for line in body.splitlines(keepends=True):
        end += len(line)
        text = line.rstrip(b"\r\n")
        if not text:
            if name or data:
                yield ServerSentEvent(name, b"\n".join(data), end)
            name, data = b"", []
            continue
        key, _, value = text.partition(b":")
        if key == b"event":
            name = value.removeprefix(b" ")
        elif key == b"data":
            data.append(value.removeprefix(b" "))


_TEXTS: Final = {
    "text_delta": ("text", "text"),
    "thinking_delta": ("thinking", "thinking"),
}
"""Deltas whose text is added to a field of one type of block."""

_WHOLE: Final = {
    "signature_delta": ("thinking", ("signature",)),
    "compaction_delta": ("compaction", ("content", "encrypted_content")),
}
"""Deltas whose fields replace those of one type of block."""


@dataclass(slots=True)
class _Block:
    """A block of content that is not complete yet; its pieces are joined once, at the end."""

    start: JsonObject
    pieces: dict[str, list[str]] = field(default_factory=dict)
    json: list[str] = field(default_factory=list)

    def add(self, delta: JsonObject) -> None:
        """Take a delta; one of an unknown type, or for another type of block, is left alone."""
        kind, block_kind = str(delta.get("type")), self.start.get("type")
        if kind in _TEXTS and _TEXTS[kind][0] == block_kind:
            name = _TEXTS[kind][1]
            self.pieces.setdefault(name, []).append(_text(delta, name))
        elif kind in _WHOLE and _WHOLE[kind][0] == block_kind:
            self.start |= {name: delta.get(name) for name in _WHOLE[kind][1]}
        elif kind == "input_json_delta" and str(block_kind).endswith("tool_use"):
            self.json.append(_text(delta, "partial_json"))
        elif kind == "citations_delta" and block_kind == "text":
            cited = self.start.get("citations")
            citations: list[JsonValue] = cited if isinstance(cited, list) else []
            citations.append(delta.get("citation"))
            self.start["citations"] = citations

    def built(self) -> tuple[JsonObject, str]:
        """Return the block, and what of its input cannot be read."""
        texts: JsonObject = {
            name: str(self.start.get(name) or "") + "".join(pieces)
            for name, pieces in self.pieces.items()
        }
        if written := "".join(self.json):
            try:
                texts["input"] = _partial_json(written)
            except ValueError as error:
                return self.start | texts, f"the input of a tool is not JSON: {error}"
        return self.start | texts, ""


@dataclass(slots=True)
class _Adding:
    """A message that is being added up."""

    error: CallError | None = None
    is_complete: bool = False
    first_delta_end: int | None = None
    _start: JsonObject | None = None
    _blocks: list[_Block] = field(default_factory=list)

    def take(self, event: ServerSentEvent) -> bool:
        """Take an event, and say whether to go on after it."""
        if event.name == b"error":
            self.error = _error_of(event.data)
            return False
        if not event.name or event.name == b"ping" or not event.data:
            return True  # the SDK passes over these as well
        data = _object(msgspec.json.decode(event.data, type=dict[str, JsonValue]))
        kind = str(data.get("type"))
        if self._start is None and kind != "message_start":
            raise _UnreadableError("comes before `message_start`")
        handle = _HANDLERS.get(kind)
        if handle is not None:
            handle(self, data)
        if kind == "content_block_delta" and self.first_delta_end is None:
            self.first_delta_end = event.end
        return True

    def message(self) -> tuple[JsonObject | None, str]:
        """Return the message so far, and what of its tools' input cannot be read."""
        if self._start is None:
            return None, ""
        built = [block.built() for block in self._blocks]
        content: list[JsonValue] = [block for block, _ in built]
        problems = [problem for _, problem in built if problem]
        return self._start | {"content": content}, "; ".join(problems[:1])

    def begin(self, data: JsonObject) -> None:
        """Take `message_start`; a second one is left alone."""
        if self._start is None:
            self._start = _object(data.get("message"))
            content = self._start.get("content")
            given = content if isinstance(content, list) else []
            self._blocks = [_Block(_object(block)) for block in given]

    def begin_block(self, data: JsonObject) -> None:
        """Take `content_block_start`."""
        block = _object(data.get("content_block"))
        self._blocks.append(_Block(block))
        served_by = block.get("to") if block.get("type") == "fallback" else None
        if self._start is not None and isinstance(served_by, dict) and served_by.get("model"):
            self._start["model"] = served_by["model"]  # another model took over the answer

    def add_delta(self, data: JsonObject) -> None:
        """Take `content_block_delta`."""
        index = data.get("index")
        if not isinstance(index, int) or not 0 <= index < len(self._blocks):
            raise _UnreadableError(f"index {index!r} names none of {len(self._blocks)} blocks")
        self._blocks[index].add(_object(data.get("delta")))

    def add_ending(self, data: JsonObject) -> None:
        """Take `message_delta`: its counts are totals, and what it leaves out stays as it was."""
        if self._start is None:
            return
        ending = _object(data.get("delta"))
        kept = {"container"} if ending.get("container") is None else set()
        self._start |= {name: value for name, value in ending.items() if name not in kept}
        self._start |= _given(data, without={"type", "delta", "usage"})
        counted = self._start.get("usage")
        before: JsonObject = counted if isinstance(counted, dict) else {}
        self._start["usage"] = before | _given(_object(data.get("usage") or {}))

    def end(self, data: JsonObject) -> None:  # noqa: ARG002 - handlers share one signature
        """Take `message_stop`."""
        self.is_complete = True


_Handler: TypeAlias = Callable[[_Adding, JsonObject], None]

_HANDLERS: Final[dict[str, _Handler]] = {
    "message_start": _Adding.begin,
    "content_block_start": _Adding.begin_block,
    "content_block_delta": _Adding.add_delta,
    "message_delta": _Adding.add_ending,
    "message_stop": _Adding.end,
}


class _UnreadableError(Exception):
    """An event that does not fit the events before it, or has no shape of the API's."""


def _error_of(data: bytes) -> CallError:
    try:
        error = msgspec.json.decode(data).get("error")
        return CallError(str(error["type"]), str(error.get("message") or ""))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return CallError("api_error", data.decode(errors="replace"))
    except (AttributeError, KeyError, TypeError):
        return CallError("api_error", "")


def _partial_json(text: str) -> JsonValue:
    """Return a tool's input; of JSON that stops early (`max_tokens`) what is whole.

    Raises:
        ValueError: If the text is not the start of JSON.
    """
    try:
        whole: JsonValue = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        import jiter  # noqa: PLC0415 - what the SDK reads such input with; rarely needed

        whole = jiter.from_json(text.encode(), partial_mode=True)
    return whole


def _given(data: JsonObject, without: frozenset[str] | set[str] = frozenset()) -> JsonObject:
    return {
        name: value for name, value in data.items() if value is not None and name not in without
    }


def _object(value: JsonValue) -> JsonObject:
    if not isinstance(value, dict):
        raise _UnreadableError("holds no object where the API sends one")
    return value


def _text(delta: JsonObject, name: str) -> str:
    text = delta.get(name)
    if not isinstance(text, str):
        raise _UnreadableError(f"`{name}` is no text")
    return text


def _why(error: Exception) -> str:
    return "is nested too deeply" if isinstance(error, RecursionError) else str(error)
