"""Every client of the SDK: Anthropic's own, and those of the clouds that serve Claude.

The middleware sees a call before a platform gives it its own path and body: one request has one
fingerprint wherever it is sent. No credentials: the keys here are made up, and nothing is asked but
the stand-in on loopback.
"""

import asyncio
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import anthropic
import httpx2
import pytest
from anthropic import APIRequest, Middleware
from standin import CutStream, StandIn, StreamError, rate_limited

from gonogo.claude.capturing import Capture
from gonogo.claude.cost_limit import CostLimit
from gonogo.claude.estimating import TokenCounts
from gonogo.claude.spending import Spending
from gonogo.errors import CostLimitError, MissingRecordingError
from gonogo.exchanges import Exchange, Outcome
from gonogo.recordings import Mode, Shelf, Tape

ASK: dict[str, Any] = {
    "model": "claude-sonnet-5-5",
    "max_tokens": 100,
    "messages": [{"role": "user", "content": "Tell me of the sea — and of 海."}],
}
NOWHERE = "http://127.0.0.1:9"
"""Nothing listens on the port for discarding; a replay asks nothing."""


@dataclass(frozen=True)
class Platform:
    """A kind of client.

    Attributes:
        name: Of the synchronous class; the other is named the same after `Async`.
        options: Enough to ask through one; the keys are made up.
    """

    name: str
    options: dict[str, Any]

    def client(self, url: str, **further: Any) -> Any:
        return getattr(anthropic, self.name)(base_url=url, **self.options, **further)

    def async_client(self, url: str, **further: Any) -> Any:
        return getattr(anthropic, f"Async{self.name}")(base_url=url, **self.options, **further)


PLATFORMS = [
    Platform("Anthropic", {"api_key": "made-up"}),
    Platform("AnthropicBedrock", {"aws_region": "us-east-1", "api_key": "made-up"}),
    Platform("AnthropicBedrockMantle", {"aws_region": "us-east-1", "api_key": "made-up"}),
    Platform(
        "AnthropicVertex",
        {"region": "us-east5", "project_id": "a-project", "access_token": "made-up"},
    ),
    Platform("AnthropicFoundry", {"api_key": "made-up"}),
    Platform(
        "AnthropicAWS", {"aws_region": "us-east-1", "api_key": "made-up", "workspace_id": "w"}
    ),
    Platform(
        "AnthropicGoogleCloud",
        {"project": "a-project", "workspace_id": "w", "token_provider": lambda: "made-up"},
    ),
]
BEDROCK = PLATFORMS[1]
every_platform = pytest.mark.parametrize("platform", PLATFORMS, ids=lambda p: p.name)


class Deck:
    """Records what an application's own clients ask, then replays it."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "recordings.jsonl"
        self.heard: list[Exchange] = []

    def capture(self, mode: Mode, spending: Spending | None = None) -> Capture:
        shelf = Shelf(mode=mode, live=self.path.parent / "live")
        self.heard = []
        return Capture(Tape(lambda: shelf.open(self.path, "live"), self.heard), lambda: spending)

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.path.read_text().splitlines()]


@pytest.fixture(autouse=True)
def _no_settings_of_a_person(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "AWS_BEARER_TOKEN_BEDROCK"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def deck(tmp_path: Path) -> Deck:
    return Deck(tmp_path)


@pytest.fixture
def api() -> Iterator[StandIn]:
    with StandIn() as started:
        yield started


def create(client: Any) -> Any:
    return client.messages.create(**ASK).model_dump(mode="json")


def create_beta(client: Any) -> Any:
    message = client.beta.messages.create(**ASK, betas=["context-1m-2025-08-07"])
    return message.model_dump(mode="json")


def create_raw(client: Any) -> Any:
    return client.messages.with_raw_response.create(**ASK).http_response.content


def stream(client: Any) -> Any:
    with client.messages.stream(**ASK) as opened:
        return [list(opened.text_stream), opened.get_final_message().model_dump(mode="json")]


def stream_events(client: Any) -> Any:
    return [event.model_dump(mode="json") for event in client.messages.create(stream=True, **ASK)]


def stream_bytes(client: Any) -> Any:
    with client.messages.with_streaming_response.create(stream=True, **ASK) as response:
        return list(response.iter_bytes())


async def ask_async(client: Any) -> Any:
    async with client:
        whole = await client.messages.create(**ASK)
        beta = await client.beta.messages.create(**ASK)
        return [whole.model_dump(mode="json"), beta.model_dump(mode="json")]


async def stream_async(client: Any) -> Any:
    async with client, client.messages.stream(**ASK) as opened:
        texts = [text async for text in opened.text_stream]
        return [texts, (await opened.get_final_message()).model_dump(mode="json")]


CALLS: Sequence[Callable[[Any], Any]] = [
    create,
    create_beta,
    create_raw,
    stream,
    stream_events,
    stream_bytes,
]


@every_platform
@pytest.mark.parametrize("call", CALLS)
def test_replays_byte_by_byte_what_was_heard(
    deck: Deck, api: StandIn, platform: Platform, call: Callable[[Any], Any]
) -> None:
    with platform.client(api.url) as client, deck.capture(Mode.RECORD).capturing():
        heard = call(client)
    (recorded,) = deck.heard
    assert recorded.outcome is Outcome.ANSWERED
    assert recorded.response is not None
    assert recorded.usage is not None
    assert recorded.usage.output_tokens > 0
    with platform.client(NOWHERE) as client, deck.capture(Mode.REPLAY).capturing():
        assert call(client) == heard
    assert deck.heard == [recorded]
    assert len(api.calls) == 1


@every_platform
def test_an_asynchronous_client(deck: Deck, api: StandIn, platform: Platform) -> None:
    with deck.capture(Mode.RECORD).capturing():
        heard = asyncio.run(ask_async(platform.async_client(api.url)))
    with deck.capture(Mode.REPLAY).capturing():
        assert asyncio.run(ask_async(platform.async_client(NOWHERE))) == heard
    assert len(api.calls) == len(deck.heard) == 2


@every_platform
def test_an_asynchronous_stream(deck: Deck, api: StandIn, platform: Platform) -> None:
    with deck.capture(Mode.RECORD).capturing():
        heard = asyncio.run(stream_async(platform.async_client(api.url)))
    with deck.capture(Mode.REPLAY).capturing():
        assert asyncio.run(stream_async(platform.async_client(NOWHERE))) == heard


@every_platform
def test_retries_are_the_sdks_own(deck: Deck, api: StandIn, platform: Platform) -> None:
    api.script(rate_limited(retry_after=0.01), None)
    with platform.client(api.url) as client, deck.capture(Mode.RECORD).capturing():
        heard = create(client)
    assert [line["status"] for line in deck.lines()] == [429, 200]
    with platform.client(NOWHERE) as client, deck.capture(Mode.REPLAY).capturing():
        assert create(client) == heard
    assert deck.heard[0].attempts == 2


@every_platform
def test_a_cost_limit_holds_or_says_why_it_cannot(
    deck: Deck, api: StandIn, platform: Platform
) -> None:
    limit = CostLimit(Decimal(1))
    spending = Spending(
        limit=limit, prices={}, counts=TokenCounts(deck.path.with_name("counts.jsonl"))
    )
    with platform.client(api.url) as client, deck.capture(Mode.RECORD, spending).capturing():
        if platform is BEDROCK:
            with pytest.raises(
                CostLimitError, match=r"cannot be counted .* not supported in Bedro"
            ):
                create(client)
            return
        create(client)
    assert 0 < limit.spent_usd < 1
    assert [call.path for call in api.calls] == ["/v1/messages/count_tokens", "/v1/messages"]


@every_platform
def test_a_changed_request_is_a_miss(deck: Deck, platform: Platform) -> None:
    with (
        platform.client(NOWHERE) as client,
        deck.capture(Mode.REPLAY).capturing(),
        pytest.raises(MissingRecordingError, match="no recording answers its request"),
    ):
        create(client)


def test_one_request_has_one_fingerprint_whichever_platform_it_goes_to(
    deck: Deck, api: StandIn
) -> None:
    with deck.capture(Mode.RECORD).capturing():
        for platform in PLATFORMS:
            with platform.client(api.url) as client:
                create(client)
                create_beta(client)
    wires = [line["wire"] for line in deck.lines()]
    assert len(wires) == len(api.calls) == 2 * len(PLATFORMS)
    assert {wire["fingerprint"] for wire in wires} == {wires[0]["fingerprint"]}
    assert {wire["path"] for wire in wires} == {"/v1/messages"}


def test_counting_tokens_has_one_path(deck: Deck, api: StandIn) -> None:
    vertex = next(platform for platform in PLATFORMS if platform.name == "AnthropicVertex")
    ask = {"model": ASK["model"], "messages": ASK["messages"]}
    with vertex.client(api.url) as client, deck.capture(Mode.RECORD).capturing():
        heard = client.messages.count_tokens(**ask)
    with PLATFORMS[0].client(NOWHERE) as client, deck.capture(Mode.REPLAY).capturing():
        assert client.messages.count_tokens(**ask) == heard


@pytest.mark.parametrize("call", [stream, stream_events])
@pytest.mark.parametrize(("here", "there"), [(0, 1), (1, 0)])
def test_a_stream_of_one_platform_is_told_to_a_client_of_another(
    deck: Deck, api: StandIn, call: Callable[[Any], Any], here: int, there: int
) -> None:
    with PLATFORMS[here].client(api.url) as client, deck.capture(Mode.RECORD).capturing():
        heard = call(client)
    with PLATFORMS[there].client(NOWHERE) as client, deck.capture(Mode.REPLAY).capturing():
        assert call(client) == heard


def test_a_whole_answer_is_told_as_frames(deck: Deck, api: StandIn) -> None:
    with PLATFORMS[0].client(api.url) as client, deck.capture(Mode.RECORD).capturing():
        whole = create(client)
    with BEDROCK.client(NOWHERE) as client, deck.capture(Mode.REPLAY).capturing():
        assert stream(client)[1]["content"] == whole["content"]


def test_an_error_within_frames(deck: Deck, api: StandIn) -> None:
    api.script(StreamError())
    with (
        BEDROCK.client(api.url) as client,
        deck.capture(Mode.RECORD).capturing(),
        pytest.raises(anthropic.APIStatusError) as heard,
    ):
        stream(client)
    (exchange,) = deck.heard
    assert exchange.outcome is Outcome.INFRASTRUCTURE_ERROR
    assert exchange.error is not None
    assert exchange.error.type == "serviceUnavailableException"
    for platform in (BEDROCK, PLATFORMS[0]):
        with (
            platform.client(NOWHERE) as client,
            deck.capture(Mode.REPLAY).capturing(),
            pytest.raises(anthropic.APIStatusError) as again,
        ):
            stream(client)
        assert str(again.value) == str(heard.value)


def test_frames_that_are_cut(deck: Deck, api: StandIn) -> None:
    api.script(CutStream())
    for url, mode in ((api.url, Mode.RECORD), (NOWHERE, Mode.REPLAY)):
        with (
            BEDROCK.client(url) as client,
            deck.capture(mode).capturing(),
            pytest.raises(httpx2.RemoteProtocolError),
        ):
            stream_events(client)
    assert deck.heard[0].outcome is Outcome.INFRASTRUCTURE_ERROR


@pytest.mark.parametrize("name", ["AnthropicBedrock", "AnthropicBedrockMantle", "AnthropicAWS"])
def test_a_signed_request_is_recorded_without_its_signature(
    deck: Deck, api: StandIn, name: str
) -> None:
    keys = {"aws_access_key": "AKIAMADEUP", "aws_secret_key": "made-up-as-well"}
    options = WITHOUT_CREDENTIALS[name] | keys
    opened = getattr(anthropic, name)(base_url=api.url, **options)
    with opened as client, deck.capture(Mode.RECORD).capturing():
        heard = create(client)
    stored = deck.path.read_text()
    assert not [word for word in ("AKIA", "made-up", "Signature") if word in stored]
    with PLATFORMS[0].client(NOWHERE) as client, deck.capture(Mode.REPLAY).capturing():
        assert create(client) == heard


def answering(body: bytes) -> httpx2.Client:
    """Return what sends nothing and is answered all the same."""

    def answer(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, content=body, headers={"host-asked": request.url.host})

    return httpx2.Client(transport=httpx2.MockTransport(answer))


def test_a_gateways_own_path_says_nothing_of_what_is_asked(deck: Deck) -> None:
    def ask(gateway: str) -> bytes:
        with answering(b"once") as sender:
            client = anthropic.Anthropic(api_key="made-up", http_client=sender)
            url = f"{gateway}/v1/messages/batches/b/results"
            return client.get(url, cast_to=httpx2.Response).content

    with deck.capture(Mode.RECORD).capturing():
        assert ask("https://gateway.invalid/v1/projects/p/workspaces/w/invoke") == b"once"
    assert deck.lines()[0]["wire"]["path"] == "/v1/messages/batches/b/results"
    with deck.capture(Mode.REPLAY).capturing():
        assert ask("https://api.anthropic.com") == b"once"


def test_a_downloaded_file(deck: Deck, tmp_path: Path) -> None:
    def ask(name: str) -> bytes:
        with answering(b"\x89PNG\r\n\xff") as sender:
            client = anthropic.Anthropic(api_key="made-up", http_client=sender)
            client.beta.files.download("file_1").write_to_file(tmp_path / name)
        return (tmp_path / name).read_bytes()

    with deck.capture(Mode.RECORD).capturing():
        heard = ask("heard")
    with deck.capture(Mode.REPLAY).capturing():
        assert ask("again") == heard


def test_the_first_token_of_frames_has_its_time(deck: Deck, api: StandIn) -> None:
    with BEDROCK.client(api.url) as client, deck.capture(Mode.RECORD).capturing():
        stream(client)
    (line,) = deck.lines()
    assert 0 < line["ttft_seconds"] <= line["latency_seconds"]
    assert line["wire"]["headers"]["content-type"] == "application/vnd.amazon.eventstream"


class Notes(Middleware):
    """An application's own middleware."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def handle(self, request: APIRequest, call_next: Any) -> Any:
        self.seen.append(request.url)
        return call_next(request)


@every_platform
def test_a_captured_client_keeps_its_own_middleware_and_is_not_changed(
    deck: Deck, api: StandIn, platform: Platform
) -> None:
    notes = Notes()
    with platform.client(api.url, middleware=[notes]) as client:
        with deck.capture(Mode.RECORD).capturing():
            create(client)
        assert client.middleware == (notes,)
        create(client)
    assert len(notes.seen) == len(api.calls) == 2
    assert len(deck.heard) == 1


WITHOUT_CREDENTIALS: dict[str, dict[str, Any]] = {
    "AnthropicBedrock": {"aws_region": "us-east-1"},
    "AnthropicBedrockMantle": {"aws_region": "us-east-1"},
    "AnthropicVertex": {"region": "us-east5", "project_id": "a-project"},
    "AnthropicFoundry": {"resource": "a-resource", "azure_ad_token_provider": lambda: "made-up"},
    "AnthropicAWS": {"aws_region": "us-east-1", "workspace_id": "w"},
    "AnthropicGoogleCloud": {"project": "a-project", "workspace_id": "w"},
}


@pytest.mark.parametrize("name", WITHOUT_CREDENTIALS)
def test_a_replay_needs_no_credentials_and_no_package_of_the_cloud(
    deck: Deck, api: StandIn, name: str
) -> None:
    with PLATFORMS[0].client(api.url) as client, deck.capture(Mode.RECORD).capturing():
        heard = create(client)
    opened = getattr(anthropic, name)(**WITHOUT_CREDENTIALS[name])
    with opened as client, deck.capture(Mode.REPLAY).capturing():
        assert create(client) == heard


def test_no_kind_of_client_is_forgotten() -> None:
    offered = {
        name
        for name in anthropic.__all__ + dir(anthropic)
        if name.startswith("Anthropic") and hasattr(getattr(anthropic, name), "middleware")
    }
    assert offered == {platform.name for platform in PLATFORMS}, (
        f"anthropic {anthropic.__version__} has another kind of client: add it to PLATFORMS"
    )
    assert all(hasattr(anthropic, f"Async{name}") for name in offered)
