"""Replay through Claude's SDK: every way to call parses what a recording holds."""

import asyncio
import json
import socket
from pathlib import Path
from typing import Any

import anthropic
import pytest
from app import App

from gonogo.claude.capturing import Capture
from gonogo.errors import MissingRecordingError
from gonogo.exchanges import Exchange
from gonogo.recordings import Book, Recordings, Tape, load_recordings

ASK: dict[str, Any] = {
    "model": "claude-sonnet-5-5",
    "max_tokens": 100,
    "messages": [{"role": "user", "content": "What is the weather in Oslo?"}],
}
CONTENT = [
    {"type": "text", "text": "I look it up — 天気."},
    {"type": "tool_use", "id": "toolu_1", "name": "weather", "input": {"city": "Oslo", "days": 2}},
]
ANSWER = {"model": "claude-sonnet-5-5", "content": CONTENT, "stop_reason": "tool_use"}
USAGE = {"input_tokens": 12, "output_tokens": 34, "cache_read_input_tokens": 5}


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object) -> None:
        raise AssertionError(f"a socket was connected: {arguments}")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)


def recordings(folder: Path, *exchanges: dict[str, Any]) -> Recordings:
    path = folder / "recordings.jsonl"
    filled = [
        {"id": f"ex_{n}", "request": ASK, "response": ANSWER, "usage": USAGE} | exchange
        for n, exchange in enumerate(exchanges)
    ]
    path.write_text("".join(json.dumps(exchange) + "\n" for exchange in filled))
    return load_recordings(path)


@pytest.fixture
def made() -> list[Exchange]:
    return []


def capture(recorded: Recordings, made: list[Exchange]) -> Capture:
    return Capture(Tape(lambda: Book(recorded), made))


@pytest.fixture
def client(tmp_path: Path, made: list[Exchange]) -> anthropic.Anthropic:
    return capture(recordings(tmp_path, {}), made).client({})


def check(message: Any) -> None:
    assert [block.type for block in message.content] == ["text", "tool_use"]
    assert message.content[0].text == "I look it up — 天気."
    assert message.content[1].input == {"city": "Oslo", "days": 2}
    assert message.stop_reason == "tool_use"
    assert (message.usage.input_tokens, message.usage.output_tokens) == (12, 34)


def test_create(client: anthropic.Anthropic, made: list[Exchange]) -> None:
    check(client.messages.create(**ASK))
    assert [exchange.id for exchange in made] == ["ex_0"]


def test_create_with_raw_response(client: anthropic.Anthropic) -> None:
    raw = client.messages.with_raw_response.create(**ASK)
    assert raw.headers["request-id"] == "req_ex_0"
    check(raw.parse())


def test_stream(client: anthropic.Anthropic) -> None:
    with client.messages.stream(**ASK) as stream:
        text = "".join(stream.text_stream)
        check(stream.get_final_message())
    assert text == "I look it up — 天気."


def test_create_as_a_stream(client: anthropic.Anthropic) -> None:
    events = [event.type for event in client.messages.create(stream=True, **ASK)]
    assert events[0] == "message_start"
    assert events.count("content_block_delta") == 2
    assert events[-2:] == ["message_delta", "message_stop"]


def test_beta(client: anthropic.Anthropic) -> None:
    check(client.beta.messages.create(**ASK))


def test_asynchronous_client(tmp_path: Path, made: list[Exchange]) -> None:
    async def ask() -> None:
        client = capture(recordings(tmp_path, {}, {}), made).async_client({})
        check(await client.messages.create(**ASK))
        async with client.messages.stream(**ASK) as stream:
            check(await stream.get_final_message())

    asyncio.run(ask())
    assert len(made) == 2


@pytest.mark.parametrize(
    ("failure", "error"),
    [
        ({"status": 529, "error": {"type": "overloaded_error"}}, anthropic.APIStatusError),
        ({"status": 429, "error": {"type": "rate_limit_error"}}, anthropic.RateLimitError),
        ({"status": 400, "error": {"type": "invalid_request_error"}}, anthropic.BadRequestError),
        ({"error": {"type": "timeout_error"}}, anthropic.InternalServerError),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_a_failed_call_fails_again_at_once(
    tmp_path: Path, failure: dict[str, Any], error: type[Exception], *, stream: bool
) -> None:
    recorded = recordings(tmp_path, {"response": None} | failure)
    client = capture(recorded, []).client({"max_retries": 2})
    with pytest.raises(error):
        client.messages.create(stream=stream, **ASK)


def test_a_changed_request_is_a_miss_of_ours_not_an_error_of_the_sdk(
    client: anthropic.Anthropic, made: list[Exchange]
) -> None:
    with pytest.raises(MissingRecordingError, match=r"system: not recorded, now 'Be brief\.'"):
        client.messages.create(system="Be brief.", **ASK)
    assert made == []


def test_answers_come_in_order_and_run_out(tmp_path: Path, made: list[Exchange]) -> None:
    second = ANSWER | {"content": [{"type": "text", "text": "Later."}]}
    client = capture(recordings(tmp_path, {}, {"response": second}), made).client({})
    client.messages.create(**ASK)
    assert client.messages.create(**ASK).content[0].text == "Later."  # type: ignore[union-attr]  # a text
    with pytest.raises(MissingRecordingError, match=r"made 3 times, but .* holds 2 answers"):
        client.messages.create(**ASK)


def test_another_call_that_is_not_recorded_is_a_miss(client: anthropic.Anthropic) -> None:
    with pytest.raises(MissingRecordingError, match="holds no recordings of /v1/messages/count_"):
        client.messages.count_tokens(model=ASK["model"], messages=ASK["messages"])


def test_an_application_answers_the_cases_of_a_suite(app: App, pytester: pytest.Pytester) -> None:
    app.write(
        "evals/greetings/test_greetings.py",
        f"""
import pytest

@pytest.mark.gonogo(suite="greetings")
@pytest.mark.budget(calls=1, output_tokens=20, latency_seconds=1.5)
def test_greetings(gonogo, case):
    client = gonogo.client()

    def answer(case):
        message = client.messages.create(
            model="claude-sonnet-5-5", max_tokens=300, system={app_system()!r},
            messages=[{{"role": "user", "content": case.prompt}}],
        )
        return message.content[0].text.upper()

    result = gonogo.run(case, ask=answer)
    assert gonogo.exchanges[-1].usage.output_tokens == 20
    assert result.trials[0].measured[0].latency_seconds == 1.5
""",
    )
    pytester.runpytest_inprocess("evals").assert_outcomes(passed=3)


def app_system() -> str:
    from app import SYSTEM

    return SYSTEM
