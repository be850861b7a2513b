"""Spans that Claude's SDK records in content mode become exchanges: real spans, of real calls."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import anthropic
import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.sdk.trace import ReadableSpan, SpanLimits, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from standin import Answer, CutStream, StandIn, StreamError, Text, Thinking, ToolUse, overloaded

from gonogo.errors import Problem
from gonogo.exchanges import CallError, Exchange, Outcome, Usage, decode_exchange, encode_exchange
from gonogo.sources.otel import read_otlp
from gonogo.sources.spans import is_trace

RECORDED = Path(__file__).parent / "fixtures" / "otel" / "sdk_content.jsonl"
ASK: dict[str, Any] = {
    "model": "claude-sonnet-5-5",
    "max_tokens": 200,
    "system": "Be nice.",
    "messages": [{"role": "user", "content": "Where is my refund? – ü 漢字"}],
}
BLOCKS = (Thinking("Hm."), Text("Look: 漢字 " * 3), ToolUse("f", {"a": [1, None]}))
Use = Callable[[StandIn, anthropic.Anthropic], None]


def spans_of(
    use: Use, *, mode: str = "content", limits: SpanLimits | None = None, **traces: Any
) -> tuple[ReadableSpan, ...]:
    """Return the spans that the SDK makes of calls to the stand-in."""
    kept = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False, span_limits=limits)
    provider.add_span_processor(SimpleSpanProcessor(kept))
    telemetry: Any = {
        "tracer_provider": provider,
        "conversation_id": "conv-9",
        "traces": {"content_mode": mode, **traces},
    }
    with (
        StandIn() as api,
        anthropic.Anthropic(
            base_url=api.url, api_key="made-up-key", max_retries=2, open_telemetry=telemetry
        ) as client,
    ):
        use(api, client)
    return kept.get_finished_spans()


def otlp(spans: Sequence[ReadableSpan], scope: str | None = None) -> bytes:
    """Return spans as the collector's file exporter writes them (OTLP 1.0, JSON encoding)."""
    scopes = [
        {
            "scope": {
                "name": scope or (span.instrumentation_scope and span.instrumentation_scope.name)
            },
            "spans": [
                {
                    "traceId": f"{span.context.trace_id:032x}",
                    "spanId": f"{span.context.span_id:016x}",
                    "name": span.name,
                    "kind": 3,
                    "startTimeUnixNano": str(span.start_time),
                    "endTimeUnixNano": str(span.end_time),
                    "attributes": [
                        {"key": key, "value": value_of(value)}
                        for key, value in (span.attributes or {}).items()
                    ],
                    "status": {"code": span.status.status_code.value},
                }
            ],
        }
        for span in spans
    ]
    return json.dumps({"resourceSpans": [{"resource": {}, "scopeSpans": scopes}]}).encode()


def value_of(value: Any) -> dict[str, Any]:
    match value:
        case bool():
            return {"boolValue": value}
        case int():
            return {"intValue": str(value)}
        case float():
            return {"doubleValue": value}
        case str():
            return {"stringValue": value}
        case _:
            return {"arrayValue": {"values": [value_of(item) for item in value]}}


def read(use: Use, **options: Any) -> list[Exchange | Problem]:
    return list(read_otlp(otlp(spans_of(use, **options)), "t.jsonl:1"))


def exchanges(use: Use, **options: Any) -> list[Exchange]:
    found = read(use, **options)
    assert not [record for record in found if isinstance(record, Problem)]
    return [record for record in found if isinstance(record, Exchange)]


def problem(use: Use, **options: Any) -> str:
    (found,) = read(use, **options)
    assert isinstance(found, Problem)
    assert found.place.startswith("t.jsonl:1, span ")
    return found.message


def known_to_spans(message: dict[str, Any]) -> dict[str, Any]:
    """Return what of a message a span can hold."""
    content = [
        {
            key: value
            for key, value in block.items()
            if key not in {"signature", "citations", "caller"}
        }
        for block in message["content"]
    ]
    kept = ("id", "type", "role", "model", "stop_reason")
    return {name: message[name] for name in kept} | {"content": content}


def test_an_exchange_is_what_was_asked_and_answered() -> None:
    said: list[Any] = []

    def use(api: StandIn, client: anthropic.Anthropic) -> None:
        api.answer = lambda _: Answer(BLOCKS)
        said.append(client.messages.create(**ASK).to_dict())
        with client.messages.stream(**ASK) as stream:
            said.append(stream.get_final_message().to_dict())
        said.append(client.beta.messages.create(betas=["made-up-beta"], **ASK).to_dict())
        client.messages.count_tokens(model=ASK["model"], messages=ASK["messages"])

    found = exchanges(use)
    for exchange, message in zip(found, said, strict=True):
        assert exchange.response is not None
        assert exchange.response.body == known_to_spans(message)
        assert {**exchange.request.body, "stream": None} == {**ASK, "stream": None}
        assert (exchange.outcome, exchange.status, exchange.attempts) == (Outcome.ANSWERED, 200, 1)
        assert exchange.session == "conv-9"
        assert exchange.tags["request_id"].startswith("req_")
    assert [exchange.streamed for exchange in found] == [False, True, False]


def test_usage_leaves_out_of_the_input_what_the_cache_held() -> None:
    said: list[Any] = []

    def use(api: StandIn, client: anthropic.Anthropic) -> None:
        marked = [
            {"type": "text", "text": "A long text. " * 40, "cache_control": {"type": "ephemeral"}}
        ]
        for _ in range(2):
            said.append(client.messages.create(**{**ASK, "system": marked}).usage)

    for exchange, usage in zip(exchanges(use), said, strict=True):
        assert exchange.usage is not None
        assert exchange.usage.uncached_tokens == usage.input_tokens
        assert exchange.usage.cache_write_tokens == usage.cache_creation_input_tokens
        assert exchange.usage.cache_read_tokens == usage.cache_read_input_tokens
        assert exchange.usage.output_tokens == usage.output_tokens
        assert exchange.usage.body.items() <= usage.to_dict(exclude_none=True).items()
    assert [usage.cache_read_input_tokens > 0 for usage in said] == [False, True]


def test_times_come_from_the_span() -> None:
    before = datetime.now(UTC)

    def use(api: StandIn, client: anthropic.Anthropic) -> None:
        with client.messages.stream(**ASK) as stream:
            stream.get_final_message()

    spans = spans_of(use)
    (exchange,) = read_otlp(otlp(spans), "t")
    assert isinstance(exchange, Exchange)
    assert exchange.at is not None
    assert before <= exchange.at <= datetime.now(UTC)
    assert spans[0].start_time is not None
    assert spans[0].end_time is not None
    assert exchange.latency_seconds == (spans[0].end_time - spans[0].start_time) / 1e9
    assert exchange.ttft_seconds is not None
    assert 0 < exchange.ttft_seconds <= exchange.latency_seconds


def test_attempts_and_failures() -> None:
    def use(api: StandIn, client: anthropic.Anthropic) -> None:
        api.script(overloaded(0.001), overloaded(0.001))
        client.messages.create(**ASK)
        with pytest.raises(anthropic.NotFoundError):
            client.messages.create(**{**ASK, "model": "claude-made-up"})
        for fault in (StreamError(after_events=5), CutStream(after_events=5, is_clean=True)):
            api.script(fault)
            try:
                with client.messages.stream(**ASK) as stream:
                    list(stream)
            except anthropic.APIStatusError:
                assert isinstance(fault, StreamError)

    retried, refused, broken, cut = exchanges(use)
    assert (retried.attempts, retried.error) == (3, None)
    assert (refused.status, refused.error) == (404, CallError("not_found_error"))
    assert (broken.status, broken.error) == (200, CallError("overloaded_error"))
    assert (cut.status, cut.error) == (200, CallError("api_error"))
    for failed in (refused, broken, cut):
        assert (failed.response, failed.outcome) == (None, Outcome.INFRASTRUCTURE_ERROR)


def test_a_stream_that_the_application_left_is_no_answer() -> None:
    def use(api: StandIn, client: anthropic.Anthropic) -> None:
        with client.messages.stream(**ASK) as stream:
            next(iter(stream.text_stream))

    (exchange,) = exchanges(use)
    assert exchange.response is None
    assert exchange.error is not None
    assert exchange.error.type == "incomplete_stream"


def test_a_conversation_with_tools() -> None:
    found = {
        "type": "web_search_result",
        "url": "https://example.com",
        "title": "T",
        "encrypted_content": "c2VjcmV0",
    }
    messages = [
        {"role": "user", "content": "Weather?"},
        {
            "role": "assistant",
            "content": [
                {"type": "text", "text": "I look."},
                {"type": "tool_use", "id": "toolu_1", "name": "w", "input": {"city": "Oslo"}},
                {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {}},
                {
                    "type": "web_search_tool_result",
                    "tool_use_id": "srvtoolu_1",
                    "content": [found],
                },
            ],
        },
        {
            "role": "user",
            "content": [
                {
                    "type": "tool_result",
                    "tool_use_id": "toolu_1",
                    "content": [{"type": "text", "text": "rain"}],
                },
                {"type": "text", "text": "So?"},
            ],
        },
    ]
    image = {"type": "base64", "media_type": "image/png", "data": "aGVsbG8="}
    pictured = [{"role": "user", "content": [{"type": "image", "source": image}]}]
    told = {
        "stop_sequences": ["END", "STOP"],
        "thinking": {"type": "enabled", "budget_tokens": 1024},
        "max_tokens": 2000,
        "service_tier": "auto",
        "output_config": {"effort": "low"},
    }

    def use(api: StandIn, client: anthropic.Anthropic) -> None:
        for asked in (messages, pictured):
            client.messages.create(**{**ASK, **told, "messages": asked})

    first, second = exchanges(use)
    del found["encrypted_content"]  # the SDK leaves it out
    assert first.request.body == {**ASK, **told, "messages": messages}
    assert first.request.documents == ("rain",)
    assert second.request.body["messages"] == [{"role": "user", "content": [{"type": "image"}]}]


def test_spans_without_content_say_how_to_get_some() -> None:
    def use(api: StandIn, client: anthropic.Anthropic) -> None:
        client.messages.create(**ASK)

    message = problem(use, mode="metadata_only")
    assert "ANTHROPIC_OPEN_TELEMETRY_TRACES_CONTENT_MODE=content" in message


def test_content_that_was_cut_is_never_the_whole() -> None:
    def use(api: StandIn, client: anthropic.Anthropic) -> None:
        client.messages.create(**{**ASK, "messages": [{"role": "user", "content": "word " * 500}]})

    assert "raise ANTHROPIC_OPEN_TELEMETRY_TRACES_MAX_CONTENT_BYTES" in problem(
        use, max_content_bytes=1000
    )


def test_a_stream_whose_events_the_sdk_does_not_keep_is_a_problem() -> None:
    def use(api: StandIn, client: anthropic.Anthropic) -> None:
        list(client.messages.create(stream=True, **ASK))

    assert "`messages.stream`" in problem(use)


def test_a_text_that_a_tracer_cut_is_a_problem() -> None:
    def use(api: StandIn, client: anthropic.Anthropic) -> None:
        client.messages.create(**ASK)

    limits = SpanLimits(max_span_attribute_length=40)
    assert "OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT" in problem(use, limits=limits)


def test_no_other_attribute_than_those_that_are_needed_is_taken_over() -> None:
    for line in RECORDED.read_bytes().splitlines():
        for record in read_otlp(line, "t"):
            assert isinstance(record, Exchange)
            encoded = encode_exchange(record)
            assert decode_exchange(encoded) == record
            assert b"127.0.0.1" not in encoded
            assert b"00000000-0000-4000" not in encoded


def test_a_line_that_the_real_encoder_wrote() -> None:
    plain, streamed, failed = list(read_otlp(RECORDED.read_bytes(), "t"))
    assert isinstance(plain, Exchange)
    assert isinstance(streamed, Exchange)
    assert isinstance(failed, Exchange)
    assert plain.response is not None
    assert plain.response.text == "It is on its way – wirklich, 明日."
    assert (plain.usage, plain.session) == (
        Usage(
            {
                "input_tokens": 5,
                "output_tokens": 8,
                "cache_read_input_tokens": 0,
                "cache_creation_input_tokens": 12,
                "cache_creation": {
                    "ephemeral_5m_input_tokens": 12,
                    "ephemeral_1h_input_tokens": 0,
                },
                "service_tier": "standard",
            }
        ),
        "conv-9",
    )
    assert (streamed.attempts, streamed.streamed) == (2, True)
    assert failed.error == CallError("not_found_error")


def test_the_same_from_the_console_exporter() -> None:
    def use(api: StandIn, client: anthropic.Anthropic) -> None:
        api.answer = lambda _: Answer(BLOCKS)
        client.messages.create(**ASK)
        with pytest.raises(anthropic.NotFoundError):
            client.messages.create(**{**ASK, "model": "claude-made-up"})

    spans = spans_of(use)
    lines = [(span.to_json(indent=None) or "").encode() for span in spans]
    assert all(is_trace(line) for line in lines)
    consoled = [record for line in lines for record in read_otlp(line, "t")]
    for record, same in zip(consoled, read_otlp(otlp(spans), "t"), strict=True):
        assert isinstance(record, Exchange)
        assert isinstance(same, Exchange)
        assert record.at is not None
        assert same.at is not None
        assert abs(record.at - same.at) <= timedelta(microseconds=1)
        assert record.latency_seconds == pytest.approx(same.latency_seconds, abs=2e-6)
        assert replace(record, at=None, latency_seconds=None) == replace(
            same, at=None, latency_seconds=None
        )


def test_other_spans_are_passed_over() -> None:
    def use(api: StandIn, client: anthropic.Anthropic) -> None:
        client.messages.create(**ASK)
        client.models.list()

    spans = spans_of(use)
    assert len(list(read_otlp(otlp(spans), "t"))) == 1
    assert list(read_otlp(otlp(spans, scope="made.up.app"), "t")) == []
    assert list(read_otlp(b'{"name": "GET /", "attributes": {}}', "t")) == []
    assert list(read_otlp(b'{"resourceSpans": []}', "t")) == []


SPAN: dict[str, Any] = {
    "traceId": "aa",
    "spanId": "bb",
    "name": "anthropic.messages.create",
    "startTimeUnixNano": "1795529094311047970",
    "endTimeUnixNano": "1795529095311047970",
    "status": {"code": "STATUS_CODE_OK"},
}
GOOD: dict[str, Any] = {
    "gen_ai.input.messages": '[{"role":"user","parts":[{"type":"text","content":"q"}]}]',
    "gen_ai.output.messages": '[{"role":"assistant","parts":[{"type":"text","content":"a"}]}]',
    "anthropic.message.stop_reason": "end_turn",
}


def made(changes: dict[str, Any] | None = None, **fields: Any) -> Exchange | Problem:
    attributes = [
        {"key": key, "value": value_of(value)} for key, value in (GOOD | (changes or {})).items()
    ]
    span = SPAN | {"attributes": attributes} | fields
    scope = {"name": "com.anthropic.sdk.python.bedrock"}
    line = {"resourceSpans": [{"scopeSpans": [{"scope": scope, "spans": [span]}]}]}
    (found,) = read_otlp(json.dumps(line).encode(), "t")
    return found


def test_a_span_with_the_least() -> None:
    found = made()
    assert isinstance(found, Exchange)
    assert found.response is not None
    assert (found.response.text, found.usage, found.latency_seconds) == ("a", None, 1.0)


@pytest.mark.parametrize(
    ("part", "block"),
    [
        (
            {
                "type": "tool_call",
                "id": "mcptoolu_1",
                "name": "f",
                "anthropic_mcp_server_name": "s",
            },
            {"type": "mcp_tool_use", "id": "mcptoolu_1", "name": "f", "server_name": "s"},
        ),
        (
            {"type": "tool_call", "id": "toolu_1", "name": "f", "anthropic_toolset_name": "s"},
            {"type": "tool_use", "id": "toolu_1", "name": "f", "toolset_name": "s"},
        ),
        ({"type": "anthropic_redacted_thinking"}, {"type": "redacted_thinking"}),
        ({"type": "hologram"}, {"type": "hologram"}),
    ],
)
def test_parts_become_the_blocks_that_they_were(
    part: dict[str, Any], block: dict[str, Any]
) -> None:
    arguments = {"arguments": {"a": 1}} if part["type"] == "tool_call" else {}
    given = {"input": {"a": 1}} if arguments else {}
    answer = {"id": part.get("id"), "type": "tool_call_response", "response": []}
    parts = [part | arguments, answer]
    outputs = json.dumps([{"role": "assistant", "parts": parts}])
    found = made({"gen_ai.output.messages": outputs})
    assert isinstance(found, Exchange)
    assert found.response is not None
    first, second = found.response.body["content"]
    assert first == block | given
    kind = "mcp_tool_result" if block["type"] == "mcp_tool_use" else "tool_result"
    assert second["type"] == kind


def test_compactions_are_counted_apart() -> None:
    found = made(
        {
            "gen_ai.usage.input_tokens": 10,
            "anthropic.usage.compaction.input_tokens": 7,
            "anthropic.usage.compaction.output_tokens": 3,
        }
    )
    assert isinstance(found, Exchange)
    assert found.usage is not None
    assert found.usage.body["input_tokens"] == 10
    assert found.usage.body["iterations"] == [
        {"type": "compaction", "input_tokens": 7, "output_tokens": 3}
    ]


@pytest.mark.parametrize(
    ("changes", "fields", "message"),
    [
        ({"gen_ai.input.messages": "[" * 100_000}, {}, "nested too deeply"),
        ({"gen_ai.input.messages": "{}"}, {}, "no lists of objects"),
        ({"gen_ai.input.messages": "[3]"}, {}, "no lists of objects"),
        ({"gen_ai.input.messages": '[{"parts": 3}]'}, {}, "no lists of objects"),
        ({"gen_ai.input.messages": 3}, {}, "`gen_ai.input.messages` is not whole JSON"),
        ({"gen_ai.usage.input_tokens": -1}, {}, "`gen_ai.usage.input_tokens` is -1"),
        (
            {"gen_ai.usage.input_tokens": 1, "gen_ai.usage.cache_read.input_tokens": 2},
            {},
            "less than what the cache held",
        ),
        ({}, {"startTimeUnixNano": "yesterday"}, "invalid literal"),
        ({}, {"startTimeUnixNano": 10**30}, "is no time"),
        ({}, {"attributes": 3}, "attributes"),
        ({}, {"traceId": None}, "traceId"),
    ],
)
def test_a_span_that_cannot_be_read_is_a_problem(
    changes: dict[str, Any], fields: dict[str, Any], message: str
) -> None:
    found = made(changes, **fields)
    assert isinstance(found, Problem)
    assert message in found.message


def test_a_span_that_cannot_be_read_costs_only_itself() -> None:
    good = {"attributes": [{"key": key, "value": value_of(value)} for key, value in GOOD.items()]}
    spans = [SPAN | {"startTimeUnixNano": []}, SPAN | good]
    scope = {"scope": {"name": "com.anthropic.sdk.python"}, "spans": spans}
    line = json.dumps({"resourceSpans": [{"scopeSpans": [scope]}]}).encode()
    assert [type(found) for found in read_otlp(line, "t")] == [Problem, Exchange]


def attribute_values() -> st.SearchStrategy[Any]:
    texts = st.text(max_size=20) | st.just('[{"role":"user","parts":[{"type":"tool_call"}]}]')
    return texts | st.integers(-5, 5) | st.booleans() | st.lists(st.text(max_size=3), max_size=2)


@given(
    st.dictionaries(
        st.sampled_from(
            [*GOOD, "error.type", "gen_ai.usage.input_tokens", "http.response.status_code"]
        ),
        attribute_values(),
    )
)
def test_whatever_the_attributes_hold_the_result_can_be_stored(changes: dict[str, Any]) -> None:
    found = made(changes)
    if isinstance(found, Exchange):
        assert decode_exchange(encode_exchange(found)) == found


@given(st.binary(max_size=100))
def test_no_bytes_break_it(noise: bytes) -> None:
    for line in (noise, b'{"resourceSpans":' + noise, b'{"name":' + noise):
        consume(read_otlp(line, "t"))


def consume(records: Iterator[Exchange | Problem]) -> None:
    for record in records:
        assert isinstance(record, Exchange | Problem)
