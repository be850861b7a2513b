"""Messages through the real SDK: whole, streamed, raw, beta, counted; sync and async."""

import asyncio
import concurrent.futures
from typing import Any

import anthropic
import pytest
from anthropic import Anthropic, AsyncAnthropic
from anthropic.types import Message, ToolUseBlock
from standin import Answer, RateLimits, Request, StandIn, Text, Thinking, ToolUse

ASKED: dict[str, Any] = {
    "model": "claude-sonnet-5-5",
    "max_tokens": 200,
    "messages": [{"role": "user", "content": "Where is my refund?"}],
}
WEATHER: Any = {
    "name": "get_weather",
    "input_schema": {
        "type": "object",
        "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
        "required": ["city", "days"],
    },
}
EVERY_BLOCK = Answer(
    (
        Thinking("It is raining there, I think."),
        Text("Let me look: ü 漢字 " * 5),
        ToolUse("f", {"a": 1}),
    )
)


def client(api: StandIn, **settings: Any) -> Anthropic:
    return Anthropic(base_url=api.url, api_key="test", max_retries=0, **settings)


def async_client(api: StandIn) -> AsyncAnthropic:
    return AsyncAnthropic(base_url=api.url, api_key="test", max_retries=0)


def test_a_message_echoes_the_question_with_the_usage_of_the_api() -> None:
    with StandIn() as api, client(api) as claude:
        message = claude.messages.create(**ASKED)
    assert message.content[0].model_dump()["text"] == "You said: Where is my refund?"
    assert (message.stop_reason, message.model) == ("end_turn", "claude-sonnet-5-5")
    usage = message.usage
    assert (usage.input_tokens, usage.output_tokens) == (5, 8)
    assert (usage.service_tier, usage.inference_geo) == ("standard", "global")
    assert message.id.startswith("msg_")


def test_what_is_sent_fits_the_sdks_strict_models() -> None:
    with StandIn(lambda _: EVERY_BLOCK) as api, client(api) as claude:
        raw = claude.messages.with_raw_response.create(**ASKED)
        Message.model_validate_json(raw.http_response.content)
        with claude.messages.stream(**ASKED) as stream:
            events = list(stream.response.iter_lines())
    assert events[-2].startswith('data: {"type":"message_stop"')


def test_a_stream_tells_its_events_in_order() -> None:
    with StandIn(lambda _: EVERY_BLOCK) as api, client(api) as claude:
        events = list(claude.messages.create(**ASKED, stream=True))
    kinds = [event.type for event in events]
    assert kinds[:2] == ["message_start", "content_block_start"]
    assert kinds[-3:] == ["content_block_stop", "message_delta", "message_stop"]
    assert kinds.count("content_block_start") == kinds.count("content_block_stop") == 3
    deltas = [event.delta.type for event in events if event.type == "content_block_delta"]
    assert list(dict.fromkeys(deltas)) == [
        "thinking_delta",
        "signature_delta",
        "text_delta",
        "input_json_delta",
    ]


def test_a_stream_pings_after_the_first_block_has_begun() -> None:
    with (
        StandIn() as api,
        client(api) as claude,
        claude.messages.with_streaming_response.create(**ASKED, stream=True) as response,
    ):
        names = [line[7:] for line in response.iter_lines() if line.startswith("event: ")]
    assert names[:3] == ["message_start", "content_block_start", "ping"]


def test_the_final_message_of_a_stream_is_the_message_without_a_stream() -> None:
    with StandIn(lambda _: EVERY_BLOCK) as api, client(api) as claude:
        with claude.messages.stream(**ASKED) as stream:
            final = stream.get_final_message()
        whole = claude.messages.create(**ASKED)
    assert [block.type for block in final.content] == ["thinking", "text", "tool_use"]
    assert final.usage == whole.usage
    assert final.stop_reason == whole.stop_reason == "tool_use"
    used = [block for block in final.content if isinstance(block, ToolUseBlock)]
    assert used[0].input == {"a": 1}


def test_an_async_client_gets_the_same() -> None:
    async def ask(api: StandIn) -> tuple[Message, Message, list[str]]:
        async with async_client(api) as claude:
            whole = await claude.messages.create(**ASKED)
            async with claude.messages.stream(**ASKED) as stream:
                final = await stream.get_final_message()
            events = await claude.messages.create(**ASKED, stream=True)
            return whole, final, [event.type async for event in events]

    with StandIn() as api:
        whole, final, kinds = asyncio.run(ask(api))
    assert whole.content[0].model_dump()["text"] == final.content[0].model_dump()["text"]
    assert kinds[0] == "message_start"
    assert kinds[-1] == "message_stop"


def test_a_raw_response_has_the_headers_of_the_api() -> None:
    limits = RateLimits(requests_remaining=7, reset_seconds=30)
    with StandIn(rate_limits=limits) as api, client(api) as claude:
        first = claude.messages.with_raw_response.create(**ASKED)
        api.rate_limits = RateLimits(requests_remaining=6)
        second = claude.messages.with_raw_response.create(**ASKED)
        calls = api.calls
    assert first.headers["request-id"] == calls[0].request_id
    assert first.headers["anthropic-ratelimit-requests-remaining"] == "7"
    assert second.headers["anthropic-ratelimit-requests-remaining"] == "6"
    assert first.headers["anthropic-ratelimit-requests-reset"].endswith("Z")


@pytest.mark.parametrize(
    ("compression", "of_body", "of_stream"),
    [("none", None, None), ("bodies", "gzip", None), ("everything", "gzip", "gzip")],
)
def test_bodies_and_streams_are_compressed_as_told(
    compression: Any, of_body: str | None, of_stream: str | None
) -> None:
    with StandIn(compression=compression) as api, client(api) as claude:
        whole = claude.messages.with_raw_response.create(**ASKED)
        plain = claude.messages.with_raw_response.create(
            **ASKED, extra_headers={"accept-encoding": "identity"}
        )
        with claude.messages.stream(**ASKED) as stream:
            final = stream.get_final_message()
            encoding = stream.response.headers.get("content-encoding")
    assert whole.headers.get("content-encoding") == of_body
    assert encoding == of_stream
    assert "content-encoding" not in plain.headers
    assert whole.parse().content == plain.parse().content
    assert final.content[0].model_dump()["text"] == "You said: Where is my refund?"


def test_beta_messages_may_use_beta_fields() -> None:
    server: Any = {"type": "url", "url": "https://mcp.example.com", "name": "example"}
    with StandIn() as api, client(api) as claude:
        message = claude.beta.messages.create(
            **ASKED, betas=["mcp-client-2025-11-20"], mcp_servers=[server]
        )
        with pytest.raises(anthropic.BadRequestError, match="mcp_servers: Extra inputs"):
            claude.messages.create(**ASKED, extra_body={"mcp_servers": [server]})
        by_query = claude.messages.create(
            **ASKED, extra_body={"mcp_servers": [server]}, extra_query={"beta": "true"}
        )
        calls = api.calls
    assert message.stop_reason == by_query.stop_reason == "end_turn"
    assert [call.is_beta for call in calls] == [True, False, True]


def test_tokens_are_counted_as_they_will_be_billed() -> None:
    asked = {**ASKED, "system": "Be brief. " * 30, "tools": [WEATHER]}
    counted = {name: asked[name] for name in ("model", "messages", "system", "tools")}
    with StandIn() as api, client(api) as claude:
        tokens = claude.messages.count_tokens(**counted).input_tokens
        beta = claude.beta.messages.count_tokens(**counted).input_tokens
        assert api.paid == 0
        usage = claude.messages.create(**asked).usage
    assert tokens == beta == usage.input_tokens


def test_the_prompt_cache_is_written_once_and_then_read() -> None:
    system: Any = [
        {"type": "text", "text": "x" * 400, "cache_control": {"type": "ephemeral", "ttl": "1h"}}
    ]
    other: Any = [{"role": "user", "content": "Another question"}]
    with StandIn() as api, client(api) as claude:
        first = claude.messages.create(**ASKED, system=system).usage
        second = claude.messages.create(**{**ASKED, "messages": other}, system=system).usage
        total = claude.messages.count_tokens(
            model=ASKED["model"], messages=ASKED["messages"], system=system
        )
    assert (first.cache_creation_input_tokens, first.cache_read_input_tokens) == (100, 0)
    assert first.cache_creation is not None
    assert first.cache_creation.ephemeral_1h_input_tokens == 100
    assert (second.cache_creation_input_tokens, second.cache_read_input_tokens) == (0, 100)
    assert first.input_tokens + 100 == total.input_tokens


def test_a_forced_tool_is_called_with_what_its_schema_requires() -> None:
    with StandIn() as api, client(api) as claude:
        message = claude.messages.create(
            **ASKED, tools=[WEATHER], tool_choice={"type": "tool", "name": "get_weather"}
        )
        (used,) = message.content
        assert isinstance(used, ToolUseBlock)
        turns: Any = [
            *ASKED["messages"],
            {"role": "assistant", "content": message.content},
            {
                "role": "user",
                "content": [
                    {"type": "tool_result", "tool_use_id": used.id, "content": "12 degrees"}
                ],
            },
        ]
        final = claude.messages.create(**{**ASKED, "messages": turns}, tools=[WEATHER])
    assert (used.input, message.stop_reason) == ({"city": "sample", "days": 0}, "tool_use")
    assert final.content[0].model_dump()["text"] == "You said: 12 degrees"


def test_thinking_comes_first_where_it_is_turned_on() -> None:
    with StandIn() as api, client(api) as claude:
        message = claude.messages.create(
            **{**ASKED, "max_tokens": 4000}, thinking={"type": "enabled", "budget_tokens": 1024}
        )
    assert [block.type for block in message.content] == ["thinking", "text"]
    assert message.usage.output_tokens_details is not None
    assert 0 < message.usage.output_tokens_details.thinking_tokens < message.usage.output_tokens


def test_structured_output_fits_its_schema() -> None:
    schema: Any = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
    with StandIn() as api, client(api) as claude:
        message = claude.messages.create(
            **ASKED, output_config={"format": {"type": "json_schema", "schema": schema}}
        )
    assert message.content[0].model_dump()["text"] == '{"n": 0}'


def test_an_answer_is_cut_at_max_tokens_and_at_stop_sequences() -> None:
    with StandIn(lambda _: "one two three four") as api, client(api) as claude:
        short = claude.messages.create(**{**ASKED, "max_tokens": 2})
        stopped = claude.messages.create(**ASKED, stop_sequences=["four", "three"])
    assert (short.stop_reason, short.content[0].model_dump()["text"]) == ("max_tokens", "one two ")
    assert (stopped.stop_reason, stopped.stop_sequence) == ("stop_sequence", "three")
    assert stopped.content[0].model_dump()["text"] == "one two "


def test_an_answering_function_sees_the_repeat_and_may_change_the_usage() -> None:
    def answer(request: Request) -> Answer:
        text = Text(f"{request.last_user_text} #{request.repeat}")
        return Answer((text,), model="claude-opus-5-5", usage={"service_tier": "priority"})

    with StandIn(answer) as api, client(api) as claude:
        said = [claude.messages.create(**ASKED) for _ in range(3)]
    texts = [message.content[0].model_dump()["text"] for message in said]
    assert texts == [f"Where is my refund? #{number}" for number in range(3)]
    assert len({message.id for message in said}) == 3
    assert said[0].model == "claude-opus-5-5"
    assert said[0].usage.service_tier == "priority"


def test_an_answering_function_that_raises_fails_the_test() -> None:
    def answer(request: Request) -> str:
        raise KeyError(request.path)

    with (
        pytest.raises(KeyError, match="/v1/messages"),
        StandIn(answer) as api,
        client(api) as claude,
        pytest.raises(anthropic.InternalServerError, match="KeyError"),
    ):
        claude.messages.create(**ASKED)


def test_twenty_parallel_calls_are_all_answered() -> None:
    def ask(number: int) -> str:
        asked: Any = [{"role": "user", "content": f"question {number}"}]
        message = claude.messages.create(**{**ASKED, "messages": asked})
        return str(message.content[0].model_dump()["text"])

    with (
        StandIn() as api,
        client(api) as claude,
        concurrent.futures.ThreadPoolExecutor(20) as pool,
    ):
        said = list(pool.map(ask, range(20)))
        calls = api.calls
    assert said == [f"You said: question {number}" for number in range(20)]
    assert [call.number for call in calls] == list(range(1, 21))
    assert all(call.is_paid and call.is_answered for call in calls)
    assert len({call.digest for call in calls}) == 20
    assert len({call.request_id for call in calls}) == 20


def test_twenty_parallel_async_streams_are_all_answered() -> None:
    async def ask(claude: AsyncAnthropic, number: int) -> str:
        asked: Any = [{"role": "user", "content": f"question {number}"}]
        async with claude.messages.stream(**{**ASKED, "messages": asked}) as stream:
            return await stream.get_final_text()

    async def ask_all(api: StandIn) -> list[str]:
        async with async_client(api) as claude:
            return await asyncio.gather(*(ask(claude, number) for number in range(20)))

    with StandIn() as api:
        said = asyncio.run(ask_all(api))
        assert api.paid == 20
    assert said == [f"You said: question {number}" for number in range(20)]


def test_models_are_listed_page_by_page() -> None:
    with StandIn(models=("claude-c", "claude-b", "claude-a")) as api, client(api) as claude:
        assert [model.id for model in claude.models.list(limit=2)] == [
            "claude-c",
            "claude-b",
            "claude-a",
        ]
        assert claude.models.retrieve("claude-b").display_name == "Claude B"
        with pytest.raises(anthropic.NotFoundError, match="claude-d"):
            claude.models.retrieve("claude-d")
        assert [call.path for call in api.calls].count("/v1/models") == 2


def test_async_models_are_the_ones_of_the_sdk() -> None:
    async def first(api: StandIn) -> str:
        async with async_client(api) as claude:
            page = await claude.models.list(limit=1)
            return page.data[0].id

    with StandIn() as api:
        assert asyncio.run(first(api)).startswith("claude-")
