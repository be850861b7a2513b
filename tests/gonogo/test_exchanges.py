"""The exchange: round trips, the short form, what checkers are given, and the fingerprint."""

from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from gonogo.exchanges import (
    CallError,
    Exchange,
    Outcome,
    Request,
    Response,
    Usage,
    decode_exchange,
    encode_exchange,
    output_of,
)
from gonogo.strategies import exchanges, requests

DOCUMENT = {
    "type": "document",
    "source": {"type": "text", "media_type": "text/plain", "data": "Clause 1."},
}


def exchange(messages: list[dict[str, Any]], **response: Any) -> Exchange:
    return Exchange(
        id="1",
        request=Request({"messages": messages, "system": [{"type": "text", "text": "Be brief."}]}),
        response=Response({"content": [{"type": "text", "text": "Yes."}], **response}),
    )


@given(exchanges())
def test_round_trip(drawn: Exchange) -> None:
    assert decode_exchange(encode_exchange(drawn)) == drawn


@given(exchanges())
def test_encoding_is_stable(drawn: Exchange) -> None:
    once = encode_exchange(drawn)
    assert encode_exchange(decode_exchange(once)) == once


def test_short_form_stands_for_the_long_one() -> None:
    short = decode_exchange(b'{"id": "1", "model": "m", "prompt": "hello", "response": "hi"}')
    assert short.request.prompt == "hello"
    assert short.request.model == "m"
    assert short.response is not None
    assert short.response.text == "hi"


def test_unknown_fields_of_the_api_are_kept() -> None:
    line = msgspec.json.encode(
        {
            "id": "1",
            "request": {"messages": [], "a_new_field": {"x": 1}},
            "response": {"content": [], "another": True},
            "usage": {"input_tokens": 1, "server_tool_use": {"web_search_requests": 2}},
        }
    )
    kept = msgspec.json.decode(encode_exchange(decode_exchange(line)))
    assert kept["request"]["a_new_field"] == {"x": 1}
    assert kept["response"]["another"] is True
    assert kept["usage"]["server_tool_use"] == {"web_search_requests": 2}


def test_output_holds_prompt_turns_documents_and_tools() -> None:
    made = exchange(
        [
            {"role": "user", "content": "First?"},
            {"role": "assistant", "content": [{"type": "text", "text": "Second."}]},
            {"role": "user", "content": [DOCUMENT, {"type": "text", "text": "Third?"}]},
            {
                "role": "assistant",
                "content": [{"type": "tool_use", "id": "t", "name": "get", "input": {}}],
            },
            {
                "role": "user",
                "content": [{"type": "tool_result", "tool_use_id": "t", "content": "42 days"}],
            },
        ]
    )
    output = output_of(made, context=("Reference.",))
    assert output.prompt == "Third?"
    assert [turn.text for turn in output.turns] == ["First?", "Second."]
    assert output.context == ("Clause 1.", "42 days", "Reference.")
    assert output.system == "Be brief."


def test_texts_parted_by_other_blocks_are_parted() -> None:
    response = Response(
        {
            "content": [
                {"type": "text", "text": "See "},
                {"type": "text", "text": "this."},
                {"type": "tool_use", "id": "t", "name": "get", "input": {"b": 1, "a": 2}},
                {"type": "text", "text": "Done."},
            ]
        }
    )
    assert response.text == "See this.\n\nDone."
    assert response.tool_calls[0].input_json == '{"a":2,"b":1}'


def test_outcomes_are_told_apart() -> None:
    answered = exchange([], stop_reason="end_turn")
    assert answered.outcome is Outcome.ANSWERED
    assert exchange([], stop_reason="refusal").outcome is Outcome.REFUSED
    assert exchange([], stop_reason="max_tokens").outcome is Outcome.TRUNCATED
    failed = Exchange(
        id="1", request=Request({"messages": []}), response=None, error=CallError("api_error")
    )
    assert failed.outcome is Outcome.INFRASTRUCTURE_ERROR


def test_total_input_counts_the_cache() -> None:
    usage = Usage(
        {
            "input_tokens": 10,
            "cache_creation_input_tokens": 200,
            "cache_read_input_tokens": 3000,
            "output_tokens": 5,
        }
    )
    assert usage.input_tokens == 3210
    assert usage.total_tokens == 3215


@given(requests(), st.randoms())
def test_fingerprint_ignores_the_order_of_keys_and_metadata(request_: Request, random: Any) -> None:
    keys = list(request_.body)
    random.shuffle(keys)
    shuffled = {key: request_.body[key] for key in keys} | {"metadata": {"user_id": "u"}}
    assert Request(shuffled).fingerprint() == request_.fingerprint()


@given(requests(), requests())
def test_fingerprint_tells_requests_apart(one: Request, other: Request) -> None:
    assert (one.fingerprint() == other.fingerprint()) == (one.body == other.body)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["type", "text", "content", "source"]), inner, max_size=3
            )
        ),
        max_leaves=12,
    )
)
def test_odd_contents_never_raise(content: Any) -> None:
    made = exchange([{"role": "user", "content": content}], content=content)
    output = output_of(made)
    assert isinstance(output.response, str)
    assert isinstance(output.prompt, str)
