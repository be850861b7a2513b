"""Server-sent events add up to the message that Claude's SDK makes of them."""

from typing import Any

import anthropic
import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from standin import Answer, StandIn, StreamError, Text, Thinking, ToolUse
from standin.streams import encode_event
from standin.streams import events_of as standin_events

from gonogo.exchanges import CallError
from gonogo.recordings.events import StreamedMessage, accumulate

ASK: dict[str, Any] = {
    "model": "claude-sonnet-5-5",
    "max_tokens": 100,
    "messages": [{"role": "user", "content": "What is the weather in Oslo?"}],
}
START: dict[str, Any] = {
    "type": "message_start",
    "message": {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-sonnet-5-5",
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": {"input_tokens": 9, "output_tokens": 1, "service_tier": "standard"},
    },
}
STOP = {"type": "message_stop"}


def ending(reason: str = "end_turn", **usage: Any) -> dict[str, Any]:
    delta = {"stop_reason": reason, "stop_sequence": None}
    return {"type": "message_delta", "delta": delta, "usage": {"output_tokens": 7} | usage}


def block(start: dict[str, Any], *deltas: dict[str, Any], index: int = 0) -> list[dict[str, Any]]:
    return [
        {"type": "content_block_start", "index": index, "content_block": start},
        *({"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas),
        {"type": "content_block_stop", "index": index},
    ]


def wire(*events: dict[str, Any]) -> bytes:
    return b"".join(encode_event(event) for event in events)


def whole(*events: dict[str, Any]) -> StreamedMessage:
    return accumulate(wire(START, *events, ending(), STOP))


def content(streamed: StreamedMessage) -> Any:
    assert streamed.message is not None
    assert streamed.problem == ""
    return streamed.message["content"]


def sdk_message(body: bytes) -> dict[str, Any]:
    """Return what the SDK adds up from the same bytes."""

    def answer(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, headers={"content-type": "text/event-stream"}, content=body)

    with (
        anthropic.Anthropic(
            api_key="test", http_client=httpx2.Client(transport=httpx2.MockTransport(answer))
        ) as client,
        client.beta.messages.stream(**ASK) as stream,
    ):
        return stream.get_final_message().to_dict(exclude_none=True)


def without_none(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_none(item) for key, item in value.items() if item is not None}
    return [without_none(item) for item in value] if isinstance(value, list) else value


def test_text_in_pieces_is_one_text() -> None:
    pieces = [{"type": "text_delta", "text": text} for text in ("Cloudy, ", "", "天気 ü")]
    streamed = whole(*block({"type": "text", "text": ""}, *pieces))
    assert content(streamed) == [{"type": "text", "text": "Cloudy, 天気 ü"}]
    assert streamed.is_complete
    assert streamed.error is None


def test_thinking_takes_its_signature() -> None:
    start = {"type": "thinking", "thinking": "", "signature": ""}
    streamed = whole(
        *block(
            start,
            {"type": "thinking_delta", "thinking": "Rain, "},
            {"type": "thinking_delta", "thinking": "I think."},
            {"type": "signature_delta", "signature": "c2ln"},
        )
    )
    assert content(streamed) == [
        {"type": "thinking", "thinking": "Rain, I think.", "signature": "c2ln"}
    ]


@pytest.mark.parametrize("kind", ["tool_use", "server_tool_use", "mcp_tool_use"])
def test_the_input_of_a_tool_is_parsed_once_it_is_whole(kind: str) -> None:
    start = {"type": kind, "id": "toolu_1", "name": "weather", "input": {}}
    pieces = ("", '{"city": "Os', 'lo", "days"', ": 2}")
    deltas = [{"type": "input_json_delta", "partial_json": piece} for piece in pieces]
    assert content(whole(*block(start, *deltas))) == [
        start | {"input": {"city": "Oslo", "days": 2}}
    ]


def test_a_tool_without_input_keeps_the_empty_object() -> None:
    start = {"type": "tool_use", "id": "toolu_1", "name": "now", "input": {}}
    deltas = [{"type": "input_json_delta", "partial_json": ""}]
    assert content(whole(*block(start, *deltas))) == [start]


def test_of_an_input_that_is_cut_what_is_whole_stays() -> None:
    start = {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {}}
    deltas = [{"type": "input_json_delta", "partial_json": '{"city": "Oslo", "day": "Mo'}]
    assert content(whole(*block(start, *deltas))) == [start | {"input": {"city": "Oslo"}}]


def test_an_input_that_is_no_json_is_a_problem() -> None:
    start = {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {}}
    streamed = whole(*block(start, {"type": "input_json_delta", "partial_json": "{city: Oslo}"}))
    assert "the input of a tool is not JSON" in streamed.problem


def test_citations_are_collected() -> None:
    cited = [{"type": "char_location", "cited_text": text} for text in ("a", "b")]
    deltas = [{"type": "citations_delta", "citation": citation} for citation in cited]
    start = {"type": "text", "text": "", "citations": None}
    streamed = whole(*block(start, *deltas, {"type": "text_delta", "text": "x"}))
    assert content(streamed) == [{"type": "text", "text": "x", "citations": cited}]


def test_blocks_that_come_whole_stay_as_they_are() -> None:
    result = {
        "type": "web_search_tool_result",
        "tool_use_id": "srvtoolu_1",
        "content": [{"type": "web_search_result", "url": "https://example.com", "title": "T"}],
    }
    unknown = {"type": "hologram", "depth": 3}
    streamed = whole(*block(result), *block(unknown, {"type": "hologram_delta"}, index=1))
    assert content(streamed) == [result, unknown]


def test_a_delta_for_another_type_of_block_is_left_alone() -> None:
    streamed = whole(
        *block({"type": "text", "text": "a"}, {"type": "thinking_delta", "thinking": "b"})
    )
    assert content(streamed) == [{"type": "text", "text": "a"}]


def test_counts_at_the_end_replace_those_of_the_start_and_the_others_stay() -> None:
    counts: dict[str, Any] = {"input_tokens": None, "server_tool_use": {"web_search_requests": 1}}
    streamed = accumulate(wire(START, ending(**counts), ending(output_tokens=12), STOP))
    assert streamed.usage == {
        "input_tokens": 9,
        "output_tokens": 12,
        "service_tier": "standard",
        "server_tool_use": {"web_search_requests": 1},
    }


def test_the_reason_to_stop_comes_with_its_sequence() -> None:
    stopped = ending("stop_sequence")
    stopped["delta"]["stop_sequence"] = "END"
    message = accumulate(wire(START, stopped, STOP)).message
    assert message is not None
    assert (message["stop_reason"], message["stop_sequence"]) == ("stop_sequence", "END")


def test_an_error_in_mid_stream_ends_it_and_what_came_before_stays() -> None:
    text = block({"type": "text", "text": ""}, {"type": "text_delta", "text": "Clou"})
    error = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
    streamed = accumulate(wire(START, *text[:2], error, *text[1:], STOP))
    assert streamed.error == CallError("overloaded_error", "Overloaded")
    assert not streamed.is_complete
    assert content(streamed) == [{"type": "text", "text": "Clou"}]


@pytest.mark.parametrize("data", [b"not JSON", b"[]", b'{"error": 3}', b'{"error": {}}', b""])
def test_an_error_that_cannot_be_read_is_an_error_all_the_same(data: bytes) -> None:
    streamed = accumulate(wire(START) + b"event: error\ndata: " + data + b"\n\n")
    assert streamed.error is not None
    assert streamed.error.type == "api_error"


def test_a_stream_without_its_end_is_not_complete() -> None:
    text = block({"type": "text", "text": ""}, {"type": "text_delta", "text": "Cloudy"})
    streamed = accumulate(wire(START, *text))
    assert not streamed.is_complete
    assert content(streamed) == [{"type": "text", "text": "Cloudy"}]
    assert streamed.message is not None
    assert streamed.message["stop_reason"] is None


def test_an_event_that_is_cut_does_not_count() -> None:
    text = block({"type": "text", "text": ""}, {"type": "text_delta", "text": "Cloudy"})
    body = wire(START, *text[:2])
    assert content(accumulate(body)) == [{"type": "text", "text": "Cloudy"}]
    for cut in (1, 2, 5, 20):
        streamed = accumulate(body[:-cut])
        assert content(streamed) == [{"type": "text", "text": ""}]
        assert streamed.first_delta_end is None


def test_no_bytes_are_no_message() -> None:
    assert accumulate(b"") == StreamedMessage()


def test_line_ends_comments_pings_and_unknown_fields_do_not_matter() -> None:
    text = block({"type": "text", "text": ""}, {"type": "text_delta", "text": "a\nb"})
    body = wire(START, {"type": "ping"}, *text, {"type": "surprise"}, ending(), STOP)
    decorated = b": hello\n\n" + body.replace(b"event: p", b"id: 7\nretry: 10\nother: 1\nevent: p")
    decorated = decorated.replace(b'"index":', b'\ndata: "index":')
    for line_end in (b"\n", b"\r\n", b"\r"):
        assert accumulate(decorated.replace(b"\n", line_end)).message == accumulate(body).message


def test_where_the_first_piece_of_content_was_complete() -> None:
    text = block({"type": "text", "text": ""}, *({"type": "text_delta", "text": t} for t in "ab"))
    body = wire(START, *text, ending(), STOP)
    assert accumulate(body).first_delta_end == len(wire(START, *text[:2]))


@pytest.mark.parametrize(
    ("event", "why"),
    [
        (b"event: message_delta\ndata: {\n\n", "truncated"),
        (b"event: message_delta\ndata: []\n\n", "object"),
        (b'event: x\ndata: {"type": "content_block_delta", "index": 4}\n\n', "index 4"),
        (b'event: x\ndata: {"type": "content_block_delta", "index": -1}\n\n', "index -1"),
        (b'event: x\ndata: {"type": "content_block_start", "content_block": 1}\n\n', "no object"),
        (b"event: x\ndata: " + b"[" * 100_000 + b"\n\n", "object"),
        (b'event: x\ndata: {"type": "\xff"}\n\n', "utf-8"),
    ],
)
def test_after_what_cannot_be_read_nothing_is(event: bytes, why: str) -> None:
    streamed = accumulate(wire(START) + event + wire(ending(), STOP))
    assert why in streamed.problem.lower()
    assert not streamed.is_complete
    assert streamed.message is not None
    assert streamed.message["stop_reason"] is None


def test_content_before_the_start_is_a_problem() -> None:
    assert "before `message_start`" in accumulate(wire(STOP)).problem


def test_a_fallback_names_the_model_that_answered() -> None:
    start = {"type": "fallback", "to": {"model": "claude-haiku-4-5"}}
    message = whole(*block(start)).message
    assert message is not None
    assert message["model"] == "claude-haiku-4-5"


def test_many_small_pieces_take_linear_time() -> None:
    pieces = [{"type": "text_delta", "text": "word "}] * 60_000
    assert len(content(whole(*block({"type": "text", "text": ""}, *pieces)))[0]["text"]) == 300_000


# --- the same as the SDK -----------------------------------------------------------------------

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=6,
)
BLOCKS = st.lists(
    st.one_of(
        st.builds(lambda text: {"type": "text", "text": text, "citations": None}, st.text()),
        st.builds(
            lambda text: {"type": "thinking", "thinking": text, "signature": "c2ln"}, st.text()
        ),
        st.builds(
            lambda given: {"type": "tool_use", "id": "toolu_1", "name": "f", "input": given},
            st.dictionaries(st.text(max_size=8), JSON_VALUES, max_size=4),
        ),
    ),
    max_size=4,
)
COUNTS = st.fixed_dictionaries(
    {"input_tokens": st.integers(0, 10**6), "output_tokens": st.integers(0, 10**6)},
    optional={
        "cache_read_input_tokens": st.integers(0, 9),
        "output_tokens_details": st.just({"thinking_tokens": 3}),
        "service_tier": st.just("standard"),
    },
)


@st.composite
def messages(draw: st.DrawFn) -> dict[str, Any]:
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-sonnet-5-5",
        "content": draw(BLOCKS),
        "container": None,
        "stop_reason": draw(st.sampled_from(["end_turn", "tool_use", "max_tokens"])),
        "stop_sequence": None,
        "stop_details": None,
        "usage": draw(COUNTS),
    }


@given(messages())
def test_a_whole_stream_is_the_message_without_a_stream(message: dict[str, Any]) -> None:
    streamed = accumulate(wire(*standin_events(message)))
    assert without_none(streamed.message) == without_none(message)
    assert streamed.is_complete
    assert streamed.problem == ""


@given(messages(), st.floats(0, 1))
def test_wherever_it_is_cut_the_sdk_makes_the_same_of_it(
    message: dict[str, Any], share: float
) -> None:
    events = standin_events(message)
    body = wire(events[0]) + (rest := wire(*events[1:]))[: int(share * len(rest))]
    assert without_none(accumulate(body).message) == without_none(sdk_message(body))


@given(st.binary(max_size=200))
def test_no_bytes_break_it(noise: bytes) -> None:
    accumulate(noise)
    accumulate(wire(START) + b"event: x\ndata: " + noise + b"\n\n")


def test_a_stream_of_the_stand_in_over_http() -> None:
    blocks = (
        Thinking("Look it up."),
        Text("Let me see: 漢字 " * 9),
        ToolUse("f", {"a": [1, None]}),
    )
    with (
        StandIn(lambda _: Answer(blocks)) as api,
        anthropic.Anthropic(base_url=api.url, api_key="test", max_retries=0) as client,
    ):
        raw = client.messages.with_raw_response.create(stream=True, **ASK).http_response.read()
        api.script(StreamError(after_events=5))
        broken = client.messages.with_raw_response.create(stream=True, **ASK).http_response.read()
    streamed = accumulate(raw)
    assert without_none(streamed.message) == without_none(sdk_message(raw))
    assert [kind["type"] for kind in content(streamed)] == ["thinking", "text", "tool_use"]
    assert accumulate(broken).error == CallError("overloaded_error", "Overloaded")
