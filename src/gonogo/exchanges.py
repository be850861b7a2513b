"""The exchange: one call of the Messages API as it happened, and its decoding.

The API's own fields are kept as they came, unknown ones too; our envelope around them is strict.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Final

import msgspec

from gonogo.fingerprints import VOLATILE, fingerprint_of
from gonogo.json_lines import JsonObject, canonical_json
from gonogo.wires import MESSAGES_PATH, Wire
from gonogo_checkers.output import Expectations, JsonValue, Output, ToolCall, Turn

_TRUNCATED: Final = frozenset({"max_tokens", "model_context_window_exceeded"})


class Outcome(StrEnum):
    """How a call ended; outcomes are counted apart."""

    ANSWERED = "answered"
    REFUSED = "refused"
    TRUNCATED = "truncated"
    INFRASTRUCTURE_ERROR = "infrastructure_error"


@dataclass(frozen=True, slots=True)
class Request:
    """The body of a call, as it was sent."""

    body: JsonObject

    @property
    def model(self) -> str | None:
        """The model that was asked for."""
        return _text_at(self.body, "model")

    @property
    def system(self) -> str:
        """The system prompt as text; empty where there is none."""
        return _text_of(self.body.get("system"))

    @property
    def messages(self) -> list[JsonObject]:
        """The messages that are objects, in order."""
        messages = self.body.get("messages")
        return (
            [message for message in messages if isinstance(message, dict)]
            if isinstance(messages, list)
            else []
        )

    @property
    def turns(self) -> tuple[Turn, ...]:
        """The conversation before the last message of the user that says something."""
        return self._spoken()[:-1]

    @property
    def prompt(self) -> str:
        """The text of the last message of the user that says something; empty where none does."""
        spoken = self._spoken()
        return spoken[-1].text if spoken else ""

    @property
    def documents(self) -> tuple[str, ...]:
        """The texts of documents, search results and tools' results, in order."""
        return tuple(
            text
            for message in self.messages
            for block in _blocks_of(message.get("content"))
            if (text := _document_text(block))
        )

    def fingerprint(self, volatile: Collection[str] = VOLATILE) -> str:
        """Return what identifies the request: SHA-256 over its canonical JSON.

        Method, path and body count; `metadata` and `stream` do not: they say who asks and how the
        answer travels, not what is asked. The order of keys and the way equal numbers are written
        do not matter either.

        Args:
            volatile: Fields of the body that do not count, as dotted paths.
        """
        return fingerprint_of("POST", MESSAGES_PATH, self.body, volatile=volatile)

    def _spoken(self) -> tuple[Turn, ...]:
        turns = []
        for message in self.messages:
            text = _text_of(message.get("content"))
            if text.strip():
                is_user = message.get("role") == "user"
                turns.append(Turn("user" if is_user else "assistant", text))
        while turns and turns[-1].role != "user":
            turns.pop()
        return tuple(turns)


@dataclass(frozen=True, slots=True)
class Response:
    """The body of an answer, as it came."""

    body: JsonObject

    @property
    def text(self) -> str:
        """All text of the answer; texts that other blocks part are parted by a blank line."""
        parts: list[str] = []
        after_text = False
        for block in _blocks_of(self.body.get("content")):
            is_text = block.get("type") == "text"
            if is_text:
                parts.append(("" if after_text or not parts else "\n\n") + _text_of([block]))
            after_text = is_text
        return "".join(parts)

    @property
    def tool_calls(self) -> tuple[ToolCall, ...]:
        """The tools that the answer asks to call."""
        return tuple(
            ToolCall(str(block.get("name", "")), canonical_json(block.get("input", {})).decode())
            for block in _blocks_of(self.body.get("content"))
            if block.get("type") == "tool_use"
        )

    @property
    def stop_reason(self) -> str | None:
        """Why the answer ended; None where it is not known."""
        return _text_at(self.body, "stop_reason")

    @property
    def model(self) -> str | None:
        """The model that answered."""
        return _text_at(self.body, "model")


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of a call, as the API counted them."""

    body: JsonObject

    @property
    def input_tokens(self) -> int:
        """Total input: uncached, cache writes and cache reads; at least 0."""
        return self.uncached_tokens + self.cache_write_tokens + self.cache_read_tokens

    @property
    def uncached_tokens(self) -> int:
        """Input that neither was read from the cache nor written to it."""
        return self._count("input_tokens")

    @property
    def cache_write_tokens(self) -> int:
        """Input that was written to the cache."""
        return self._count("cache_creation_input_tokens")

    @property
    def cache_read_tokens(self) -> int:
        """Input that was read from the cache."""
        return self._count("cache_read_input_tokens")

    @property
    def output_tokens(self) -> int:
        """Output, thinking included; at least 0."""
        return self._count("output_tokens")

    @property
    def total_tokens(self) -> int:
        """Input and output."""
        return self.input_tokens + self.output_tokens

    @property
    def is_batch(self) -> bool:
        """Whether the call was made by the Message Batches API."""
        return self.body.get("service_tier") == "batch"

    @property
    def inference_geo(self) -> str | None:
        """Where the model ran, as the API says it; None where it does not."""
        return _text_at(self.body, "inference_geo")

    def _count(self, name: str) -> int:
        value = self.body.get(name)
        return value if isinstance(value, int) and not isinstance(value, bool) else 0


@dataclass(frozen=True, slots=True)
class CallError:
    """How a call failed: the API's `error.type` and its message."""

    type: str
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One call of the Messages API as it happened.

    Attributes:
        id: Unique, not blank.
        request: What was sent.
        response: What came back; None when the call failed.
        usage: Tokens; None where they were not recorded.
        at: When the call began, with its time zone; None where it was not recorded.
        domain: Kind of task.
        model: The model as the recorder names it; prices go by the response's.
        latency_seconds: From sending to the last byte, retries included.
        ttft_seconds: From sending to the first token.
        attempts: HTTP attempts, at least 1.
        status: HTTP status of the last attempt.
        error: How it failed; None when it did not.
        streamed: Whether it was asked as a stream.
        user: Who it was made for; department, region, session and tags likewise attribute it.
        context: Texts that the answer must be true to, beside the documents in the request.
        language: Natural or programming language.
        wire: How it travelled; None where that was not recorded.
    """

    id: str
    request: Request
    response: Response | None
    usage: Usage | None = None
    at: datetime | None = None
    domain: str | None = None
    model: str | None = None
    latency_seconds: float | None = None
    ttft_seconds: float | None = None
    attempts: int = 1
    status: int | None = None
    error: CallError | None = None
    streamed: bool | None = None
    user: str | None = None
    department: str | None = None
    region: str | None = None
    session: str | None = None
    tags: dict[str, str] = field(default_factory=dict)
    context: tuple[str, ...] = ()
    language: str | None = None
    wire: Wire | None = None

    @property
    def outcome(self) -> Outcome:
        """How the call ended."""
        if self.response is None or self.error is not None:
            return Outcome.INFRASTRUCTURE_ERROR
        if self.response.stop_reason == "refusal":
            return Outcome.REFUSED
        if self.response.stop_reason in _TRUNCATED:
            return Outcome.TRUNCATED
        return Outcome.ANSWERED

    @property
    def answered_by(self) -> str | None:
        """The model that answered, else the one that was asked for."""
        answered = self.response.model if self.response is not None else None
        return answered or self.model or self.request.model


def output_of(
    exchange: Exchange,
    *,
    expect: Expectations | None = None,
    context: tuple[str, ...] = (),
    language: str | None = None,
    baseline_words: int | None = None,
) -> Output:
    """Return what checkers judge of an exchange; a failed call has an empty response.

    Args:
        exchange: The call.
        expect: What can be checked of the answer.
        context: Texts to be true to beside those of the exchange.
        language: Overrides the exchange's own.
        baseline_words: Length of the accepted response, in words.
    """
    response = exchange.response
    return Output(
        response=response.text if response is not None else "",
        tool_calls=response.tool_calls if response is not None else (),
        prompt=exchange.request.prompt,
        system=exchange.request.system,
        turns=exchange.request.turns,
        context=(*exchange.request.documents, *exchange.context, *context),
        expect=expect if expect is not None else Expectations(),
        language=language or exchange.language,
        stop_reason=response.stop_reason if response is not None else None,
        baseline_words=baseline_words,
    )


Blankless = Annotated[str, msgspec.Meta(pattern=r"\S")]


class _ErrorRow(msgspec.Struct, frozen=True):
    type: str
    message: str = ""


class _ExchangeRow(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    id: Blankless
    at: Annotated[datetime, msgspec.Meta(tz=True)] | None = None
    domain: Blankless | None = None
    model: str | None = None
    request: JsonObject | None = None
    prompt: str | None = None
    response: JsonObject | str | None
    usage: JsonObject | None = None
    latency_seconds: Annotated[float, msgspec.Meta(ge=0)] | None = None
    ttft_seconds: Annotated[float, msgspec.Meta(ge=0)] | None = None
    attempts: Annotated[int, msgspec.Meta(ge=1)] = 1
    status: Annotated[int, msgspec.Meta(ge=100, le=599)] | None = None
    error: _ErrorRow | None = None
    streamed: bool | None = None
    user: str | None = None
    department: str | None = None
    region: str | None = None
    session: str | None = None
    tags: dict[str, str] = {}
    context: tuple[str, ...] = ()
    language: str | None = None
    wire: Wire | None = None


_DECODER: Final = msgspec.json.Decoder(_ExchangeRow)


def decode_exchange(line: bytes) -> Exchange:
    """Decode an exchange from JSON, in the full or the short form.

    Raises:
        msgspec.DecodeError: If the bytes are not JSON, or a field is unknown or of a wrong type.
        ValueError: If fields contradict each other.
    """
    row = _DECODER.decode(line)
    _demand_time_in_utc(row.at)
    given = {
        name: getattr(row, name)
        for name in _ExchangeRow.__struct_fields__
        if name not in {"request", "prompt", "response", "usage", "error"}
    }
    return Exchange(
        request=_request_of(row),
        response=_response_of(row),
        usage=None if row.usage is None else Usage(_counted(row.usage)),
        error=None if row.error is None else CallError(row.error.type, row.error.message),
        **given,
    )


def encode_exchange(exchange: Exchange) -> bytes:
    """Return an exchange as canonical JSON in the full form, without a line end."""
    row = _ExchangeRow(
        request=exchange.request.body,
        response=None if exchange.response is None else exchange.response.body,
        usage=None if exchange.usage is None else exchange.usage.body,
        error=None
        if exchange.error is None
        else _ErrorRow(exchange.error.type, exchange.error.message),
        **{
            name: getattr(exchange, name)
            for name in _ExchangeRow.__struct_fields__
            if name not in {"request", "prompt", "response", "usage", "error"}
        },
    )
    return msgspec.json.encode(row)


def _demand_time_in_utc(at: datetime | None) -> None:
    """Refuse a time whose year is none in UTC: calendars and prices go by UTC."""
    try:
        if at is not None:
            at.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(f"field `at`: {at} is before year 1 or after 9999 in UTC") from error


def _request_of(row: _ExchangeRow) -> Request:
    if (row.request is None) == (row.prompt is None):
        raise ValueError("exactly one of `request` and `prompt` must be given")
    if row.request is not None:
        if not isinstance(row.request.get("messages"), list):
            raise ValueError("field `request.messages`: expected a list of messages")
        return Request(row.request)
    message: JsonValue = {"role": "user", "content": row.prompt}
    body: JsonObject = {"messages": [message]}
    if row.model is not None:
        body["model"] = row.model
    return Request(body)


def _response_of(row: _ExchangeRow) -> Response | None:
    if row.response is None:
        if row.status is None and row.error is None:
            raise ValueError("`response` is null: `status` or `error` must say how the call failed")
        return None
    if isinstance(row.response, str):
        body: JsonObject = {"content": [{"type": "text", "text": row.response}]}
        if row.model is not None:
            body["model"] = row.model
        return Response(body)
    if not isinstance(row.response.get("content"), list):
        raise ValueError("field `response.content`: expected a list of content blocks")
    return Response(row.response)


def _counted(usage: JsonObject) -> JsonObject:
    for name, value in usage.items():
        is_count = isinstance(value, int) and not isinstance(value, bool) and value >= 0
        if name.endswith("_tokens") and value is not None and not is_count:
            raise ValueError(f"field `usage.{name}`: expected a count of tokens, got {value!r}")
    return usage


def _blocks_of(content: JsonValue) -> Iterator[JsonObject]:
    if isinstance(content, list):
        yield from (block for block in content if isinstance(block, dict))


def _text_of(content: JsonValue) -> str:
    if isinstance(content, str):
        return content
    texts = (block.get("text") for block in _blocks_of(content) if block.get("type") == "text")
    return "\n\n".join(text for text in texts if isinstance(text, str))


def _text_at(body: JsonObject, key: str) -> str | None:
    value = body.get(key)
    return value if isinstance(value, str) else None


def _document_text(block: JsonObject) -> str:
    match block.get("type"):
        case "document":
            source = block.get("source")
            if not isinstance(source, dict):
                return ""
            return (
                _text_at(source, "data") or ""
                if source.get("type") == "text"
                else _text_of(source.get("content"))
            )
        case "tool_result" | "search_result":
            return _text_of(block.get("content"))
        case _:
            return ""
