"""Decodes spans of Claude's SDK from OTLP JSON and from the console exporter of Python's SDK.

Only calls of the Messages API; all other spans of a trace are passed over.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, TypeAlias

import msgspec

from gonogo.errors import Problem
from gonogo.json_lines import decode_record
from gonogo_checkers.output import JsonValue

_SCOPE: Final = "com.anthropic.sdk."
_NAME: Final = "anthropic.messages.create"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_FAILED: Final = frozenset({2, "STATUS_CODE_ERROR"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """One call of the SDK, with all its attempts.

    Attributes:
        id: Of its trace and its own, in hexadecimal.
        at: When it began.
        seconds: How long it took, at least 0.
        has_failed: Whether its status says so.
        attributes: Its attributes; those of types that JSON does not have are left out.
    """

    id: str
    at: datetime
    seconds: float
    has_failed: bool
    attributes: Mapping[str, JsonValue]


def is_trace(line: bytes) -> bool:
    """Return whether a line of JSON holds spans: its first key says so, and no exchange has it."""
    first = line.lstrip(b"{ \t\r\n")[:20]
    return first.startswith((b'"resourceSpans"', b'"name"'))


def spans_in(line: bytes, place: str) -> Iterator[Span | Problem]:
    """Yield the spans of calls of the Messages API, each or the problem in its place.

    Args:
        line: An object with `resourceSpans`, or a span as `ReadableSpan.to_json(indent=None)`
            writes it for the console exporter.
        place: File and line, for problems.
    """
    if line.lstrip(b"{ \t\r\n").startswith(b'"name"'):
        yield from _wanted(line, _console_span, place)
        return
    trace = decode_record(line, _TRACE.decode, place)
    if isinstance(trace, Problem):
        yield trace
        return
    for resource in trace.resource_spans:
        for scope in resource.scope_spans:
            if scope.scope.name.startswith(_SCOPE):
                for raw in scope.spans:
                    yield from _wanted(bytes(raw), _otlp_span, place)


_Decode: TypeAlias = Callable[[bytes], Span | None]


def _wanted(raw: bytes, decode: _Decode, place: str) -> Iterator[Span | Problem]:
    span = decode_record(raw, decode, place)
    if span is not None:
        yield span


class _Camel(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What OTLP names in camel case; fields that are not named here are passed over."""


class _Value(_Camel, frozen=True):
    string_value: str | None = None
    bool_value: bool | None = None
    int_value: int | str | None = None
    double_value: float | str | None = None
    array_value: "_Array | None" = None


class _Array(_Camel, frozen=True):
    values: list[_Value] = []


class _Attribute(_Camel, frozen=True):
    key: str
    value: _Value = _Value()


class _Status(_Camel, frozen=True):
    code: int | str = 0


class _OtlpSpan(_Camel, frozen=True):
    trace_id: str
    span_id: str
    start_time_unix_nano: int | str
    end_time_unix_nano: int | str
    attributes: list[_Attribute] = []
    status: _Status = _Status()


class _Named(msgspec.Struct, frozen=True):
    name: str = ""


class _ScopeSpans(_Camel, frozen=True):
    scope: _Named = _Named()
    spans: list[msgspec.Raw] = []


class _ResourceSpans(_Camel, frozen=True):
    scope_spans: list[_ScopeSpans] = []


class _Trace(_Camel, frozen=True):
    resource_spans: list[_ResourceSpans] = []


class _Context(msgspec.Struct, frozen=True):
    trace_id: str
    span_id: str


class _ConsoleStatus(msgspec.Struct, frozen=True):
    status_code: str = "UNSET"


class _ConsoleSpan(msgspec.Struct, frozen=True):
    context: _Context
    start_time: datetime
    end_time: datetime
    attributes: dict[str, JsonValue] = {}
    status: _ConsoleStatus = _ConsoleStatus()


_TRACE: Final = msgspec.json.Decoder(_Trace)
_NAMED: Final = msgspec.json.Decoder(_Named)
_OTLP: Final = msgspec.json.Decoder(_OtlpSpan)
_CONSOLE: Final = msgspec.json.Decoder(_ConsoleSpan)


def _otlp_span(raw: bytes) -> Span | None:
    if _NAMED.decode(raw).name != _NAME:
        return None
    span = _OTLP.decode(raw)
    start, end = int(span.start_time_unix_nano), int(span.end_time_unix_nano)
    try:
        at = _EPOCH + timedelta(microseconds=start // 1000)
    except OverflowError as error:
        raise ValueError(f"`startTimeUnixNano` is no time: {start}") from error
    return Span(
        id=f"{span.trace_id}_{span.span_id}",
        at=at,
        seconds=max(0, end - start) / 1e9,
        has_failed=span.status.code in _FAILED,
        attributes={attribute.key: _plain(attribute.value) for attribute in span.attributes},
    )


def _console_span(raw: bytes) -> Span | None:
    if _NAMED.decode(raw).name != _NAME:
        return None
    span = _CONSOLE.decode(raw)
    if span.start_time.tzinfo is None or span.end_time.tzinfo is None:
        raise ValueError("`start_time` and `end_time` need a time zone")
    trace_id, span_id = (
        name.removeprefix("0x") for name in (span.context.trace_id, span.context.span_id)
    )
    return Span(
        id=f"{trace_id}_{span_id}",
        at=span.start_time,
        seconds=max(0.0, (span.end_time - span.start_time).total_seconds()),
        has_failed=span.status.status_code == "ERROR",
        attributes=span.attributes,
    )


def _plain(value: _Value) -> JsonValue:
    if value.int_value is not None:
        return int(value.int_value)
    if value.array_value is not None:
        return [_plain(item) for item in value.array_value.values]
    scalars = (value.string_value, value.bool_value, value.double_value)
    return next((scalar for scalar in scalars if scalar is not None), None)
