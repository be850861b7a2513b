"""Recording through Claude's SDK, against the stand-in: what is replayed is what was heard."""

import asyncio
import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import anthropic
import httpx2
import pytest
from standin import (
    CutStream,
    DroppedConnection,
    SlowChunks,
    SlowFirstToken,
    StandIn,
    StreamError,
    overloaded,
    rate_limited,
)

from gonogo.claude.capturing import Capture
from gonogo.claude.cost_limit import CostLimit
from gonogo.claude.estimating import TokenCounts
from gonogo.claude.spending import Spending
from gonogo.errors import MissingRecordingError, SecretInRecordingError
from gonogo.exchanges import Exchange, Outcome
from gonogo.recordings import Mode, Shelf, Tape
from gonogo.recordings.tape import Sent
from gonogo.wires import Ending

ASK: dict[str, Any] = {
    "model": "claude-sonnet-5-5",
    "max_tokens": 100,
    "messages": [{"role": "user", "content": "Tell me of the sea — and of 海."}],
}


CAPTURES: list[Capture] = []


@pytest.fixture(autouse=True)
def _closes_clients() -> Iterator[None]:
    yield
    while CAPTURES:
        CAPTURES.pop().finish()


class Deck:
    """Records against the stand-in, then replays without it."""

    def __init__(self, folder: Path, url: str) -> None:
        self.path = folder / "recordings.jsonl"
        self.url = url
        self.heard: list[Exchange] = []

    def capture(self, mode: Mode, **shelf: Any) -> Capture:
        live = self.path.parent / "live"
        opened = Shelf(mode=mode, live=live, **shelf)
        self.heard = []
        self.tape = Tape(lambda: opened.open(self.path, "live"), self.heard)
        captured = Capture(self.tape)
        CAPTURES.append(captured)
        return captured

    def recording(self, **options: Any) -> anthropic.Anthropic:
        self.captured = self.capture(Mode.RECORD)
        return self.captured.client(self._at(options))

    def replaying(self, **options: Any) -> anthropic.Anthropic:
        self.captured = self.capture(Mode.REPLAY)
        return self.captured.client({"base_url": "http://127.0.0.1:9"} | options)

    def async_recording(self, **options: Any) -> anthropic.AsyncAnthropic:
        self.captured = self.capture(Mode.RECORD)
        return self.captured.async_client(self._at(options))

    def async_replaying(self, **options: Any) -> anthropic.AsyncAnthropic:
        self.captured = self.capture(Mode.REPLAY)
        return self.captured.async_client({"base_url": "http://127.0.0.1:9"} | options)

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.path.read_text().splitlines()]

    def _at(self, options: dict[str, Any]) -> dict[str, Any]:
        return {"base_url": self.url, "api_key": "sk-ant-test-key-of-the-stand-in"} | options


@pytest.fixture
def api() -> Iterator[StandIn]:
    with StandIn() as started:
        yield started


@pytest.fixture
def deck(tmp_path: Path, api: StandIn) -> Deck:
    return Deck(tmp_path, api.url)


def create(client: anthropic.Anthropic) -> Any:
    return client.messages.create(**ASK).model_dump(mode="json")


def create_raw(client: anthropic.Anthropic) -> Any:
    raw = client.messages.with_raw_response.create(**ASK)
    return [raw.http_response.content, raw.headers["request-id"], raw.headers["content-type"]]


def create_beta(client: anthropic.Anthropic) -> Any:
    return client.beta.messages.create(**ASK).model_dump(mode="json")


def stream_events(client: anthropic.Anthropic) -> Any:
    return [event.model_dump(mode="json") for event in client.messages.create(stream=True, **ASK)]


def stream_text(client: anthropic.Anthropic) -> Any:
    with client.messages.stream(**ASK) as stream:
        return [list(stream.text_stream), stream.get_final_message().model_dump(mode="json")]


def stream_bytes(client: anthropic.Anthropic) -> Any:
    with client.messages.with_streaming_response.create(stream=True, **ASK) as response:
        return list(response.iter_bytes())


def whole_bytes(client: anthropic.Anthropic) -> Any:
    with client.messages.with_streaming_response.create(**ASK) as response:
        return response.read()


def count_tokens(client: anthropic.Anthropic) -> Any:
    counted = client.messages.count_tokens(model=ASK["model"], messages=ASK["messages"])
    return counted.model_dump(mode="json")


def run_batch(client: anthropic.Anthropic) -> Any:
    request: Any = {"custom_id": "one", "params": ASK}
    batch = client.messages.batches.create(requests=[request])
    states = [batch.processing_status]
    while states[-1] != "ended":
        states.append(client.messages.batches.retrieve(batch.id).processing_status)
    results = [
        result.model_dump(mode="json") for result in client.messages.batches.results(batch.id)
    ]
    return [states, results]


def list_models(client: anthropic.Anthropic) -> Any:
    return [model.id for model in client.models.list(limit=2).data]


CALLS: list[Callable[[anthropic.Anthropic], Any]] = [
    create,
    create_raw,
    create_beta,
    stream_events,
    stream_text,
    stream_bytes,
    whole_bytes,
    count_tokens,
    run_batch,
    list_models,
]


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("compression", ["none", "bodies", "everything"])
def test_replays_what_was_heard(
    tmp_path: Path, call: Callable[[anthropic.Anthropic], Any], compression: Any
) -> None:
    with StandIn(compression=compression) as api:
        deck = Deck(tmp_path, api.url)
        heard = call(deck.recording())
        exchanges = list(deck.heard)
        asked = len(api.calls)
    assert call(deck.replaying()) == heard
    assert deck.heard == exchanges
    assert asked == len(api.calls) > 0


def test_chunks_keep_their_cuts_and_times(deck: Deck, api: StandIn) -> None:
    api.script(SlowFirstToken(0.15), when=None)
    heard = stream_bytes(deck.recording())
    (line,) = deck.lines()
    cuts = line["wire"]["cuts"]
    assert [size for _, size in cuts] == [len(chunk) for chunk in heard]
    assert [at for at, _ in cuts] == sorted(at for at, _ in cuts)
    assert 0.15 <= line["ttft_seconds"] <= line["latency_seconds"] == line["wire"]["end_seconds"]
    assert line["streamed"]
    assert deck.heard[0].ttft_seconds == line["ttft_seconds"]


def test_a_recording_passes_each_chunk_on_at_once(deck: Deck, api: StandIn) -> None:
    api.script(SlowChunks(0.05))
    arrived = []
    for _ in deck.recording().messages.create(stream=True, **ASK):
        arrived.append(len(arrived))
        assert deck.heard == []  # not buffered: the exchange is told of at the end
    assert len(arrived) > 3
    assert len(deck.heard) == 1


@pytest.mark.parametrize("call", [create, stream_text, stream_events])
def test_retries_are_a_sequence(
    deck: Deck, api: StandIn, call: Callable[[anthropic.Anthropic], Any]
) -> None:
    api.script(overloaded(), rate_limited(retry_after=0.01), None)
    heard = call(deck.recording())
    (exchange,) = deck.heard
    assert exchange.attempts == 3
    assert exchange.outcome is Outcome.ANSWERED
    assert [line["status"] for line in deck.lines()] == [529, 429, 200]
    assert call(deck.replaying()) == heard
    assert deck.heard == [exchange]


def test_a_call_that_failed_in_the_end_fails_again(deck: Deck, api: StandIn) -> None:
    api.script(overloaded(), overloaded(), times=None)
    with pytest.raises(anthropic.OverloadedError) as heard:
        create(deck.recording(max_retries=1))
    assert len(deck.lines()) == 2
    with pytest.raises(anthropic.OverloadedError) as again:
        create(deck.replaying(max_retries=5))
    assert str(again.value) == str(heard.value)
    assert again.value.request_id == heard.value.request_id
    assert deck.heard[0].error is not None
    assert deck.heard[0].error.type == "overloaded_error"


def test_an_error_in_mid_stream(deck: Deck, api: StandIn) -> None:
    api.script(StreamError())
    with pytest.raises(anthropic.APIStatusError) as heard:
        stream_text(deck.recording())
    with pytest.raises(anthropic.APIStatusError) as again:
        stream_text(deck.replaying())
    assert (again.value.status_code, str(again.value)) == (200, str(heard.value))
    assert deck.heard[0].outcome is Outcome.INFRASTRUCTURE_ERROR


@pytest.mark.parametrize("fault", [CutStream(), DroppedConnection()])
def test_a_broken_connection_breaks_again(deck: Deck, api: StandIn, fault: Any) -> None:
    api.script(fault, times=None)
    with pytest.raises(Exception) as heard:  # noqa: PT011 - whichever it is, it must be the same
        stream_events(deck.recording(max_retries=0))
    wires = [exchange.wire for exchange in deck.heard]
    assert [w.ending for w in wires if w] in ([Ending.CUT], [Ending.NO_ANSWER]), repr(heard.value)
    with pytest.raises(type(heard.value)):
        stream_events(deck.replaying(max_retries=0))
    assert deck.heard[0].outcome is Outcome.INFRASTRUCTURE_ERROR


def test_an_abandoned_stream_is_stored_as_such(deck: Deck, api: StandIn) -> None:
    api.script(SlowChunks(0.02))
    with deck.recording().messages.create(stream=True, **ASK) as stream:
        heard = [next(iter(stream)).type]
    (exchange,) = deck.heard
    assert exchange.wire is not None
    assert exchange.wire.ending is Ending.ABANDONED
    with deck.replaying().messages.create(stream=True, **ASK) as stream:
        assert [next(iter(stream)).type] == heard
    with pytest.raises(MissingRecordingError, match="the application stopped"):
        stream_events(deck.replaying())


def test_a_stream_that_nobody_closed_is_recorded_when_the_test_ends(deck: Deck) -> None:
    stream = deck.recording().messages.create(stream=True, **ASK)
    next(iter(stream))
    assert deck.heard == []
    deck.captured.finish()
    assert [e.wire.ending for e in deck.heard if e.wire] == [Ending.ABANDONED]


def test_only_what_is_missing_is_asked(deck: Deck, api: StandIn) -> None:
    create(deck.recording())
    client = deck.recording()
    create(client)
    assert len(api.calls) == 1
    client.messages.create(**{**ASK, "max_tokens": 101})
    create(client)
    assert len(api.calls) == 3
    assert len(deck.lines()) == 3


def test_calls_side_by_side_are_replayed_in_the_order_in_which_they_began(
    tmp_path: Path, api: StandIn
) -> None:
    async def ask(client: anthropic.AsyncAnthropic) -> list[str]:
        async with client, asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(client.messages.create(**{**ASK, "max_tokens": 10 + n % 2}))
                for n in range(6)
            ]
        return [task.result().id for task in tasks]

    deck = Deck(tmp_path, api.url)
    heard = asyncio.run(ask(deck.async_recording()))
    assert len(set(heard)) == 6
    assert asyncio.run(ask(deck.async_replaying())) == heard


def test_an_asynchronous_stream(deck: Deck) -> None:
    async def ask(client: anthropic.AsyncAnthropic) -> Any:
        async with client, client.messages.stream(**ASK) as stream:
            texts = [text async for text in stream.text_stream]
            return [texts, (await stream.get_final_message()).model_dump(mode="json")]

    heard = asyncio.run(ask(deck.async_recording()))
    assert asyncio.run(ask(deck.async_replaying())) == heard


def test_a_stream_may_be_replayed_whole_and_a_whole_answer_as_a_stream(deck: Deck) -> None:
    stream = stream_text(deck.recording())[1]
    whole = create(deck.replaying())
    assert whole["content"] == stream["content"]
    assert whole["usage"]["output_tokens"] == stream["usage"]["output_tokens"]


def test_extra_body_is_part_of_what_is_asked(deck: Deck) -> None:
    deck.recording().messages.create(**ASK, extra_body={"service_tier": "auto"})
    with pytest.raises(
        MissingRecordingError, match=r"service_tier: recorded .auto., now .standard_only."
    ):
        deck.replaying().messages.create(**ASK, extra_body={"service_tier": "standard_only"})


def test_no_header_but_those_of_the_list_and_no_key_is_stored(deck: Deck) -> None:
    create(deck.recording(default_headers={"x-customer": "jane"}))
    stored = deck.path.read_text()
    assert "sk-ant" not in stored
    assert "jane" not in stored
    names = {name for line in deck.lines() for name in line["wire"]["headers"]}
    assert {"request-id", "content-type"} <= names
    assert all(
        name.startswith("anthropic-ratelimit-") for name in names - {"request-id", "content-type"}
    )


SECRET = "sk-ant-api03-" + "aB3dE5fG7hJ9kL2mN4pQ6rS8tU0vW1xY" * 3


def test_a_secret_in_the_request_is_refused_before_it_is_paid_for(deck: Deck, api: StandIn) -> None:
    with pytest.raises(SecretInRecordingError, match=r"Anthropic.*messages\[0\]") as refused:
        deck.recording().messages.create(
            **{**ASK, "messages": [{"role": "user", "content": f"my key is {SECRET}"}]}
        )
    assert SECRET not in str(refused.value)
    assert api.calls == []
    assert not deck.path.exists()


def test_a_secret_in_the_answer_is_not_stored(tmp_path: Path) -> None:
    with StandIn(lambda _: f"Use {SECRET}, please.") as api:
        deck = Deck(tmp_path, api.url)
        assert SECRET in str(create(deck.recording()))
        assert SECRET in str(stream_text(deck.recording()))
    (problem,) = deck.tape.problems
    assert isinstance(problem, SecretInRecordingError)
    assert not deck.path.exists()


def test_personal_data_is_redacted_and_the_request_still_found(
    tmp_path: Path, api: StandIn
) -> None:
    deck = Deck(tmp_path, api.url)
    ask = {**ASK, "messages": [{"role": "user", "content": "Write to jane.roe@fjordmail.no."}]}
    client = deck.capture(Mode.RECORD, redact=True).client({"base_url": api.url, "api_key": "k"})
    with client.messages.stream(**ask) as stream:
        stream.until_done()
    client.messages.create(**{**ask, "max_tokens": 99})
    assert "jane.roe" not in deck.path.read_text()
    replaying = deck.replaying()
    with replaying.messages.stream(**ask) as stream:
        assert "EMAIL" in stream.get_final_text()
    assert "EMAIL" in str(replaying.messages.create(**{**ask, "max_tokens": 99}))


def test_a_long_document_is_stored_once(deck: Deck) -> None:
    document = "The sea is deep. " * 2000
    client = deck.recording()
    for question in ("How deep?", "How wide?"):
        messages = [
            {"role": "user", "content": f"{document}"},
            {"role": "assistant", "content": "?"},
        ]
        client.messages.create(
            **{**ASK, "messages": [*messages, {"role": "user", "content": question}]}
        )  # type: ignore[arg-type]  # a plain dict
    assert len(deck.path.read_text()) < len(document)
    assert len(list(deck.path.with_name("recordings.documents").iterdir())) == 1
    replaying = deck.replaying()
    replaying.messages.create(
        **{**ASK, "messages": [*messages, {"role": "user", "content": "How deep?"}]}
    )  # type: ignore[arg-type]  # a plain dict
    assert document in str(deck.heard[0].request.body)


class BrokenBody(httpx2.SyncByteStream):
    """A body that breaks before it ends."""

    def __iter__(self) -> Iterator[bytes]:
        yield b'{"type"'
        raise httpx2.ReadError("the connection broke")


def test_an_error_whose_body_breaks_is_tried_again_as_without_a_recorder(tmp_path: Path) -> None:
    answers = [
        httpx2.Response(529, stream=BrokenBody()),
        httpx2.Response(200, text="event: ping\ndata: {}\n\n"),
    ]
    transport = httpx2.MockTransport(lambda _: answers.pop(0))
    deck = Deck(tmp_path, "http://127.0.0.1:9")
    client = deck.recording(http_client=httpx2.Client(transport=transport))
    client.messages.create(stream=True, **ASK).close()
    deck.captured.finish()
    assert answers == []
    assert [line["status"] for line in deck.lines()] == [529, 200]
    assert deck.lines()[0]["wire"]["ending"] == "cut"


def test_a_call_that_is_never_made_gives_back_what_was_set_aside(tmp_path: Path) -> None:
    limit = CostLimit(Decimal(1))
    counts = TokenCounts(tmp_path / "counts.jsonl")
    spending = Spending(limit=limit, prices={}, counts=counts)
    sent = Sent(method="POST", path="/v1/messages", body=dict(ASK), call="c", attempt=1)

    def never_made() -> None:
        with spending.reserved(sent):
            assert limit.reserved_usd > 0
            raise TypeError("no key")

    with pytest.raises(TypeError, match="no key"):
        never_made()
    assert (limit.reserved_usd, limit.spent_usd) == (0, 0)
