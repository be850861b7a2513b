"""Random calls of Claude's SDK, and what an application hears of them: for tests of record and replay."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, TypeAlias

import anthropic
import httpx2
from hypothesis import strategies as st
from standin import (
    CutStream,
    DroppedConnection,
    ErrorReply,
    Fault,
    Latency,
    RefusedAnswer,
    Request,
    SlowChunks,
    SlowFirstToken,
    StandIn,
    StreamError,
    TruncatedAnswer,
    any_request,
    overloaded,
    rate_limited,
    server_error,
)

Heard: TypeAlias = list[Any]
"""What an application hears of one call: JSON values, the last of them an exception's if one came."""

_FAILURES: Final = (anthropic.AnthropicError, httpx2.TransportError, ValueError)
"""What an application hears of Claude's SDK; an error of ours is none of it."""

_SHORT: Final = 0.002
_TOOL: Final = {
    "name": "look_up",
    "input_schema": {
        "type": "object",
        "properties": {"word": {"type": "string"}, "times": {"type": "integer"}},
        "required": ["word", "times"],
    },
}
_WEARS: Final[list[dict[str, Any]]] = [
    {},
    {"system": "Be brief.", "metadata": {"user_id": "u-1"}},
    {"tools": [_TOOL], "tool_choice": {"type": "any"}},
    {"thinking": {"type": "adaptive"}, "max_tokens": 2048},
    {"stop_sequences": ["of"]},
]
"""What a question may come with."""


class Kind(StrEnum):
    """A way to call the SDK."""

    CREATE = "create"
    RAW = "raw"
    READ_WHOLE = "read_whole"
    BETA = "beta"
    EVENTS = "events"
    BETA_EVENTS = "beta_events"
    STREAM = "stream"
    READ_STREAM = "read_stream"
    COUNT = "count"
    BATCH = "batch"
    MODELS = "models"


_ENDLESS: Final = frozenset({Kind.BATCH, Kind.MODELS})
"""Calls whose requests do not all say which question they belong to."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call.

    Attributes:
        kind: How it is made.
        question: Which question it asks; calls with the same one make the same request.
        wears: Which of the things it comes with.
        read: How many events or chunks of a stream are read; None: all.
        faults: What happens to its HTTP attempts, in order; None: nothing.
        times_out: Whether the application waits for a moment only.
    """

    kind: Kind
    question: int
    wears: int = 0
    read: int | None = None
    faults: tuple[Fault | None, ...] = ()
    times_out: bool = False

    @property
    def text(self) -> str:
        """What is asked."""
        return f"Question {self.question}, of the sea and of 海 — {'wave ' * self.question}"

    @property
    def ask(self) -> dict[str, Any]:
        """The parameters of the request."""
        asked = {
            "model": "claude-sonnet-5-5",
            "max_tokens": 200,
            "messages": [{"role": "user", "content": self.text}],
        }
        return asked | _WEARS[self.wears]


@dataclass(frozen=True, slots=True)
class Together:
    """Calls that are made side by side."""

    calls: tuple[Call, ...]


@dataclass(frozen=True, slots=True)
class Interleaved:
    """Streams that are opened one after the other, and read an event each in turn."""

    calls: tuple[Call, ...]


Step: TypeAlias = Call | Together | Interleaved


@dataclass(frozen=True, slots=True)
class Plan:
    """What an application does with one client.

    Attributes:
        steps: In order.
        is_async: Whether its client is asynchronous.
        max_retries: Of its client.
        is_own: Whether it makes its client itself.
        compression: What the stand-in compresses.
    """

    steps: tuple[Step, ...]
    is_async: bool
    max_retries: int
    is_own: bool
    compression: str


_ERRORS: Final = st.sampled_from(
    [
        overloaded(_SHORT),
        rate_limited(_SHORT),
        server_error(_SHORT),
        server_error(_SHORT, status=503),
        ErrorReply("refused", 429, "rate_limit_error", "Not again.", should_retry=False),
        ErrorReply("wrong", 400, "invalid_request_error", "messages: wrong — 海"),
        ErrorReply("gone", 404, "not_found_error", "model: none"),
        DroppedConnection(),
        None,
    ]
)
_ENDS: Final = st.one_of(
    st.builds(StreamError, st.integers(0, 8), st.sampled_from(["overloaded_error", "api_error"])),
    st.builds(CutStream, st.integers(0, 8), st.booleans()),
    st.builds(TruncatedAnswer, st.integers(1, 3)),
    st.sampled_from([RefusedAnswer(), SlowChunks(_SHORT), SlowFirstToken(_SHORT)]),
)
_FAULTS: Final = st.one_of(
    st.just(()),
    st.just(()),
    st.lists(_ERRORS, min_size=1, max_size=3).map(tuple),
    st.builds(
        lambda errors, end: (*errors, end),
        st.lists(_ERRORS.filter(lambda error: error is not None), max_size=2),
        _ENDS,
    ),
)


def _calls(kinds: list[Kind]) -> st.SearchStrategy[Call]:
    return st.builds(
        Call,
        st.sampled_from(kinds),
        st.integers(0, 2),
        st.integers(0, len(_WEARS) - 1),
        st.one_of(st.none(), st.none(), st.integers(0, 6)),
        _FAULTS,
        st.sampled_from([False] * 15 + [True]),
    )


def _distinct(calls: tuple[Call, ...]) -> tuple[Call, ...]:
    """Let calls of the same question be the same call: which of them is first is left to chance."""
    first: dict[int, Call] = {}
    return tuple(first.setdefault(call.question, call) for call in calls)


_SIDE_BY_SIDE: Final = st.lists(
    _calls([kind for kind in Kind if kind not in _ENDLESS]), min_size=2, max_size=4
).map(tuple)
_STREAMS: Final = st.lists(
    _calls([Kind.EVENTS, Kind.BETA_EVENTS, Kind.CREATE]), min_size=2, max_size=3
).map(tuple)

_STEPS: Final = st.one_of(
    _calls(list(Kind)),
    _calls(list(Kind)),
    st.builds(Together, _SIDE_BY_SIDE),
    st.builds(Together, _SIDE_BY_SIDE.map(_distinct)),
    st.builds(Interleaved, _STREAMS),
)

PLANS: Final = st.builds(
    Plan,
    st.lists(_STEPS, min_size=1, max_size=5).map(tuple),
    st.booleans(),
    st.integers(0, 2),
    st.booleans(),
    st.sampled_from(["none", "everything"]),
)


def perform(
    plan: Plan, client: anthropic.Anthropic, api: StandIn | None, done: Callable[[], None]
) -> list[Heard]:
    """Make the calls of a plan with a synchronous client; return what is heard of each.

    Args:
        plan: What to do.
        client: Makes the calls.
        api: Is told the faults; None: all is replayed.
        done: Is called after each step.
    """
    heard: list[Heard] = []
    for step in plan.steps:
        _script(api, step)
        match step:
            case Call():
                heard.append(_hear(client, step))
            case Together(calls):
                with ThreadPoolExecutor(len(calls)) as pool:
                    found = list(pool.map(lambda call: _hear(client, call), _distinct(calls)))
                heard += sorted(found, key=repr)
            case Interleaved(calls):
                heard += _in_turn([_WAYS[call.kind](client, call) for call in calls])
        done()
    return heard


async def perform_async(
    plan: Plan, client: anthropic.AsyncAnthropic, api: StandIn | None, done: Callable[[], None]
) -> list[Heard]:
    """Make the calls of a plan with an asynchronous client; otherwise as `perform`."""
    heard: list[Heard] = []
    for step in plan.steps:
        _script(api, step)
        match step:
            case Call():
                heard.append(await _hear_async(client, step))
            case Together(calls):
                heard += await asyncio.gather(*(_hear_async(client, call) for call in calls))
            case Interleaved(calls):
                begun = [_ASYNC_WAYS[call.kind](client, call) for call in calls]
                heard += await _in_turn_async(begun)
        done()
    return heard


def _script(api: StandIn | None, step: Step) -> None:
    if api is None:
        return
    api.clear_script()
    match step:
        case Call(faults=faults, times_out=times_out):
            api.script(*faults, *([Latency(0.1)] if times_out else []), when=any_request)
        case Together(calls) | Interleaved(calls):
            for call in calls:
                api.script(*call.faults, when=_asks(call.text))


def _asks(text: str) -> Callable[[Request], bool]:
    return lambda request: request.last_user_text == text


def _options(call: Call) -> dict[str, Any]:
    return {"timeout": 0.05} if call.times_out else {}


def _hear(client: anthropic.Anthropic, call: Call) -> Heard:
    heard: Heard = []
    try:
        heard.extend(_WAYS[call.kind](client.with_options(**_options(call)), call))
    except _FAILURES as error:
        heard.append(_said(error))
    return heard


async def _hear_async(client: anthropic.AsyncAnthropic, call: Call) -> Heard:
    heard: Heard = []
    try:
        async for value in _ASYNC_WAYS[call.kind](client.with_options(**_options(call)), call):
            heard.append(value)
    except _FAILURES as error:
        heard.append(_said(error))
    return heard


def _in_turn(streams: list[Iterator[Any]]) -> list[Heard]:
    """Read one value from each of several calls, until all have ended."""
    heard: list[Heard] = [[] for _ in streams]
    going = dict(enumerate(streams))
    while going:
        for number, stream in list(going.items()):
            try:
                heard[number].append(next(stream))
            except StopIteration:
                del going[number]
            except _FAILURES as error:
                heard[number].append(_said(error))
                del going[number]
    return heard


async def _in_turn_async(streams: list[AsyncIterator[Any]]) -> list[Heard]:
    heard: list[Heard] = [[] for _ in streams]
    going = dict(enumerate(streams))
    while going:
        for number, stream in list(going.items()):
            try:
                heard[number].append(await anext(stream))
            except StopAsyncIteration:
                del going[number]
            except _FAILURES as error:
                heard[number].append(_said(error))
                del going[number]
    return heard


def _said(error: Exception) -> list[Any]:
    """Return what an application can tell of an exception.

    Of the transport's own only the type is recorded: their messages are the HTTP library's.
    """
    if isinstance(error, httpx2.TransportError):
        return [type(error).__name__]
    said = [type(error).__name__, str(error)]
    if isinstance(error, anthropic.APIError):
        said.append(error.body)
    if isinstance(error, anthropic.APIStatusError):
        said += [error.status_code, error.request_id, error.type]
    return said


def _plain(value: Any) -> Any:
    return value.model_dump(mode="json", warnings=False)


def _raw(raw: Any) -> Heard:
    headers = {name: raw.headers.get(name) for name in ("request-id", "content-type")}
    return [raw.status_code, headers, raw.http_response.content.decode(), raw.retries_taken]


def _counting(call: Call) -> dict[str, Any]:
    kept = ("model", "messages", "system", "tools", "thinking")
    return {name: value for name, value in call.ask.items() if name in kept}


def _batched(call: Call) -> list[Any]:
    return [{"custom_id": f"{name}-{call.question}", "params": call.ask} for name in "ab"]


def _create(client: anthropic.Anthropic, call: Call) -> Iterator[Any]:
    yield _plain(client.messages.create(**call.ask))


def _create_raw(client: anthropic.Anthropic, call: Call) -> Iterator[Any]:
    raw = client.messages.with_raw_response.create(**call.ask)
    yield _raw(raw)
    yield _plain(raw.parse())


def _read_whole(client: anthropic.Anthropic, call: Call) -> Iterator[Any]:
    with client.messages.with_streaming_response.create(**call.ask) as response:
        yield response.read().decode()


def _beta(client: anthropic.Anthropic, call: Call) -> Iterator[Any]:
    yield _plain(client.beta.messages.create(**call.ask))


def _events(client: anthropic.Anthropic, call: Call) -> Iterator[Any]:
    messages: Any = client.beta.messages if call.kind is Kind.BETA_EVENTS else client.messages
    with messages.create(stream=True, **call.ask) as stream:
        for number, event in enumerate(stream):
            if number == call.read:
                return
            yield _plain(event)


def _stream(client: anthropic.Anthropic, call: Call) -> Iterator[Any]:
    with client.messages.stream(**call.ask) as stream:
        for number, event in enumerate(stream):
            if number == call.read:
                return
            yield _plain(event)
        yield _plain(stream.get_final_message())


def _read_stream(client: anthropic.Anthropic, call: Call) -> Iterator[Any]:
    asking = client.messages.with_streaming_response.create(stream=True, **call.ask)
    with asking as response:
        for number, chunk in enumerate(response.iter_bytes()):
            if number == call.read:
                return
            yield chunk.decode(errors="replace")


def _count(client: anthropic.Anthropic, call: Call) -> Iterator[Any]:
    yield _plain(client.messages.count_tokens(**_counting(call)))


def _batch(client: anthropic.Anthropic, call: Call) -> Iterator[Any]:
    batch = client.messages.batches.create(requests=_batched(call))
    yield _plain(batch)
    while batch.processing_status != "ended":
        batch = client.messages.batches.retrieve(batch.id)
        yield _plain(batch)
    yield from map(_plain, client.messages.batches.results(batch.id))


def _models(client: anthropic.Anthropic, call: Call) -> Iterator[Any]:
    yield from map(_plain, client.models.list(limit=2 + call.question))


_WAYS: Final[dict[Kind, Callable[[anthropic.Anthropic, Call], Iterator[Any]]]] = {
    Kind.CREATE: _create,
    Kind.RAW: _create_raw,
    Kind.READ_WHOLE: _read_whole,
    Kind.BETA: _beta,
    Kind.EVENTS: _events,
    Kind.BETA_EVENTS: _events,
    Kind.STREAM: _stream,
    Kind.READ_STREAM: _read_stream,
    Kind.COUNT: _count,
    Kind.BATCH: _batch,
    Kind.MODELS: _models,
}


async def _create_async(client: anthropic.AsyncAnthropic, call: Call) -> AsyncIterator[Any]:
    yield _plain(await client.messages.create(**call.ask))


async def _create_raw_async(client: anthropic.AsyncAnthropic, call: Call) -> AsyncIterator[Any]:
    raw = await client.messages.with_raw_response.create(**call.ask)
    yield _raw(raw)
    yield _plain(await raw.parse())


async def _read_whole_async(client: anthropic.AsyncAnthropic, call: Call) -> AsyncIterator[Any]:
    async with client.messages.with_streaming_response.create(**call.ask) as response:
        yield (await response.read()).decode()


async def _beta_async(client: anthropic.AsyncAnthropic, call: Call) -> AsyncIterator[Any]:
    yield _plain(await client.beta.messages.create(**call.ask))


async def _events_async(client: anthropic.AsyncAnthropic, call: Call) -> AsyncIterator[Any]:
    messages: Any = client.beta.messages if call.kind is Kind.BETA_EVENTS else client.messages
    async with await messages.create(stream=True, **call.ask) as stream:
        number = 0
        async for event in stream:
            if number == call.read:
                return
            number += 1
            yield _plain(event)


async def _stream_async(client: anthropic.AsyncAnthropic, call: Call) -> AsyncIterator[Any]:
    async with client.messages.stream(**call.ask) as stream:
        number = 0
        async for event in stream:
            if number == call.read:
                return
            number += 1
            yield _plain(event)
        yield _plain(await stream.get_final_message())


async def _read_stream_async(client: anthropic.AsyncAnthropic, call: Call) -> AsyncIterator[Any]:
    asking = client.messages.with_streaming_response.create(stream=True, **call.ask)
    async with asking as response:
        number = 0
        async for chunk in response.iter_bytes():
            if number == call.read:
                return
            number += 1
            yield chunk.decode(errors="replace")


async def _count_async(client: anthropic.AsyncAnthropic, call: Call) -> AsyncIterator[Any]:
    yield _plain(await client.messages.count_tokens(**_counting(call)))


async def _batch_async(client: anthropic.AsyncAnthropic, call: Call) -> AsyncIterator[Any]:
    batch = await client.messages.batches.create(requests=_batched(call))
    yield _plain(batch)
    while batch.processing_status != "ended":
        batch = await client.messages.batches.retrieve(batch.id)
        yield _plain(batch)
    async for result in await client.messages.batches.results(batch.id):
        yield _plain(result)


async def _models_async(client: anthropic.AsyncAnthropic, call: Call) -> AsyncIterator[Any]:
    async for model in client.models.list(limit=2 + call.question):
        yield _plain(model)


_ASYNC_WAYS: Final[dict[Kind, Callable[[anthropic.AsyncAnthropic, Call], AsyncIterator[Any]]]] = {
    Kind.CREATE: _create_async,
    Kind.RAW: _create_raw_async,
    Kind.READ_WHOLE: _read_whole_async,
    Kind.BETA: _beta_async,
    Kind.EVENTS: _events_async,
    Kind.BETA_EVENTS: _events_async,
    Kind.STREAM: _stream_async,
    Kind.READ_STREAM: _read_stream_async,
    Kind.COUNT: _count_async,
    Kind.BATCH: _batch_async,
    Kind.MODELS: _models_async,
}
