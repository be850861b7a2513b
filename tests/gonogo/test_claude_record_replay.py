"""Record and replay at random: what was heard against the stand-in is heard again without it."""

import asyncio
import socket
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import anthropic
import pytest
from hypothesis import HealthCheck, example, given, settings
from standin import Latency, StandIn, overloaded
from wire_plans import (
    PLANS,
    Call,
    Heard,
    Interleaved,
    Kind,
    Plan,
    Step,
    Together,
    perform,
    perform_async,
)

from gonogo.claude.capturing import Capture
from gonogo.claude.recording import Recorder
from gonogo.claude.taping import Wiring, async_client_of, carrying
from gonogo.errors import MissingRecordingError
from gonogo.exchanges import Exchange, Outcome
from gonogo.recordings import Mode, Shelf, Tape

EXAMPLES: Final = 50 if settings().max_examples == 100 else settings().max_examples
"""`pytest --hypothesis-profile=long` tries more."""


@pytest.fixture(scope="module")
def apis() -> Iterator[dict[str, StandIn]]:
    with StandIn(compression="none") as plain, StandIn(compression="everything") as compressed:
        yield {"none": plain, "everything": compressed}


@pytest.fixture
def api() -> Iterator[StandIn]:
    """A stand-in that no late attempt of a plan asks."""
    with StandIn(compression="none") as started:
        yield started


@pytest.fixture(scope="module", autouse=True)
def _retries_at_once() -> Iterator[None]:
    """After a lost connection the SDK waits for half a second; no header shortens that."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(anthropic._base_client, "INITIAL_RETRY_DELAY", 0.001)  # noqa: SLF001 - as said
        patch.delenv("ANTHROPIC_API_KEY", raising=False)
        yield


class Performance:
    """A plan that is carried out once: what the application and the test hear of it."""

    def __init__(self, plan: Plan, path: Path, mode: Mode, api: StandIn | None) -> None:
        self.plan = plan
        self.api = api
        self.exchanges: list[Exchange] = []
        shelf = Shelf(mode=mode, live=path.parent)
        self.tape = Tape(lambda: shelf.open(path, "live"), self.exchanges)
        self.capture = Capture(self.tape)
        self.options: dict[str, Any] = {
            "base_url": "http://127.0.0.1:9" if api is None else api.url,
            "api_key": "of-the-stand-in",
            "max_retries": plan.max_retries,
        }
        self.steps: list[list[Exchange]] = []

    def carry_out(self) -> list[Heard]:
        with self.capture.capturing():
            heard = asyncio.run(self._async()) if self.plan.is_async else self._sync()
        self.capture.finish()
        assert self.tape.problems == []
        return heard

    def _sync(self) -> list[Heard]:
        own = self.plan.is_own
        made = anthropic.Anthropic(**self.options) if own else self.capture.client(self.options)
        with made as client:
            return perform(self.plan, client, self.api, self._step_done)

    async def _async(self) -> list[Heard]:
        make: Callable[..., anthropic.AsyncAnthropic] = (
            anthropic.AsyncAnthropic
            if self.plan.is_own
            else lambda **options: self.capture.async_client(options)
        )
        async with make(**self.options) as client:
            return await perform_async(self.plan, client, self.api, self._step_done)

    def _step_done(self) -> None:
        """Note what the test has heard; calls from several threads come in any order."""
        before = sum(map(len, self.steps))
        new = self.exchanges[before:]
        is_mixed = not self.plan.is_async and isinstance(self.plan.steps[len(self.steps)], Together)
        self.steps.append(sorted(new, key=lambda e: e.id) if is_mixed else new)


def plan_of(*steps: Step) -> Plan:
    return Plan(steps, is_async=False, max_retries=2, is_own=False, compression="none")


def test_a_copy_with_other_options_begins_its_calls_in_their_order_too(tmp_path: Path) -> None:
    shelf = Shelf(mode=Mode.REPLAY, live=tmp_path)
    tape = Tape(lambda: shelf.open(tmp_path / "recordings.jsonl", "live"), [])
    wiring = Wiring(tape=tape, recorder=Recorder(tape.keep))
    copy = async_client_of(wiring, {}).with_options(timeout=9)
    assert carrying(wiring, copy) is copy
    assert vars(copy)["_platform"] is not None  # else a thread finds it out, when chance wants


def refuse(*arguments: object) -> None:
    raise AssertionError(f"a socket was connected: {arguments}")


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(plan=PLANS)
@example(plan=plan_of(Call(Kind.READ_WHOLE, 2, wears=2)))  # a body keeps the order of its keys
@example(plan=plan_of(Call(Kind.BATCH, 0, faults=(None, overloaded(0.002), overloaded(0.002)))))
@example(
    plan=plan_of(  # the first ends last, the second is tried three times
        Interleaved((Call(Kind.EVENTS, 0), Call(Kind.EVENTS, 1, faults=(overloaded(0.002),) * 2)))
    )
)
def test_what_was_heard_is_heard_again(apis: dict[str, StandIn], plan: Plan) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "recordings.jsonl"
        recorded = Performance(plan, path, Mode.RECORD, apis[plan.compression])
        heard = recorded.carry_out()
        stored = path.read_bytes() if path.exists() else b""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(socket.socket, "connect", refuse)
            for mode in (Mode.REPLAY, Mode.RECORD):
                again = Performance(plan, path, mode, None)
                assert again.carry_out() == heard
                assert again.steps == recorded.steps
                assert again.tape.used == recorded.tape.used
        assert (path.read_bytes() if path.exists() else b"") == stored


ASK: Final = Call(Kind.CREATE, 0).ask


def test_a_call_that_the_application_did_not_wait_for(api: StandIn, tmp_path: Path) -> None:
    async def ask(capture: Capture, options: dict[str, Any]) -> None:
        async with capture.async_client(options) as client:
            await asyncio.wait_for(client.messages.create(**ASK), 0.1)

    api.script(Latency(0.5))
    recorded = Performance(plan_of(), tmp_path / "recordings.jsonl", Mode.RECORD, api)
    with pytest.raises(TimeoutError):
        asyncio.run(ask(recorded.capture, recorded.options))
    (exchange,) = recorded.exchanges
    assert exchange.outcome is Outcome.INFRASTRUCTURE_ERROR
    again = Performance(plan_of(), tmp_path / "recordings.jsonl", Mode.REPLAY, None)
    with pytest.raises(MissingRecordingError, match="the application stopped waiting"):
        asyncio.run(ask(again.capture, again.options))


def test_what_the_sdk_refuses_to_send_is_not_recorded(api: StandIn, tmp_path: Path) -> None:
    recorded = Performance(plan_of(), tmp_path / "recordings.jsonl", Mode.RECORD, api)
    with pytest.raises(TypeError, match="api_key"):
        recorded.capture.client({"base_url": api.url}).messages.create(**ASK)
    recorded.capture.finish()
    assert recorded.exchanges == recorded.tape.problems == []
    assert not (tmp_path / "recordings.jsonl").exists()


def test_two_calls_may_have_one_idempotency_key(api: StandIn, tmp_path: Path) -> None:
    def ask(performance: Performance) -> list[str]:
        client = performance.capture.client(performance.options)
        message = anthropic.types.Message
        options: Any = {"idempotency_key": "the same"}
        asked = [
            client.post("/v1/messages", body=ASK, cast_to=message, options=options)
            for _ in range(2)
        ]
        performance.capture.finish()
        return [answer.id for answer in asked]

    path = tmp_path / "recordings.jsonl"
    heard = ask(Performance(plan_of(), path, Mode.RECORD, api))
    assert len(set(heard)) == 2
    assert ask(Performance(plan_of(), path, Mode.REPLAY, None)) == heard
