"""The middleware of spending limits, through Claude's SDK, against the stand-in."""

import asyncio
import gc
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import ROUND_CEILING, Decimal
from pathlib import Path
from typing import Any

import anthropic
import httpx2
import pytest
from standin import (
    Answer,
    CutStream,
    DroppedConnection,
    Latency,
    StandIn,
    StreamError,
    Text,
    overloaded,
)

import gonogo
from gonogo.attribution import current_attributes
from gonogo.claude.limiting import Limiting
from gonogo.errors import (
    BudgetExceeded,
    StoreDownError,
    UnboundedCostError,
    UnpricedModelError,
)
from gonogo.exchanges import Request
from gonogo.pricing import (
    ConfiguredPrice,
    input_tokens_at_most,
    upper_bound_of,
)
from gonogo.spend.ledger import Ledger, open_ledger
from gonogo.spend.limits import decode_spend_settings

MODEL = "claude-sonnet-5-5"
PRICES = {MODEL: ConfiguredPrice(input_mtok=Decimal(1), output_mtok=Decimal(10))}
ASK: dict[str, Any] = {
    "model": MODEL,
    "max_tokens": 100,
    "messages": [{"role": "user", "content": "Tell me of the sea."}],
}
LIMITS = {
    "all": {"amount_usd": 1, "period": "monthly"},
    "user": {"amount_usd": 0.02, "period": "monthly", "per": ["user"]},
}


class Desk:
    """Clients whose calls a ledger limits."""

    def __init__(self, folder: Path, url: str, limits: dict[str, Any], **more: Any) -> None:
        given = decode_spend_settings({"limits": limits, "store": "ledger.db", **more}, "test")
        self.ledger: Ledger = open_ledger(given, folder)
        self.limiting = Limiting(self.ledger, prices=PRICES)
        self.options: dict[str, Any] = {
            "base_url": url,
            "api_key": "test",
            "middleware": [self.limiting],
            "max_retries": 1,
        }

    def client(self, **options: Any) -> anthropic.Anthropic:
        return anthropic.Anthropic(**self.options | options)

    def async_client(self, **options: Any) -> anthropic.AsyncAnthropic:
        return anthropic.AsyncAnthropic(**self.options | options)

    def spent(self, **attributes: str) -> tuple[Decimal, Decimal, Decimal]:
        """What was spent of the first limit, is held, and was an estimate."""
        assert self.limiting.flush()
        status = self.ledger.status(attributes)[0]
        return status.spent_usd, status.held_usd, status.estimated_usd


@pytest.fixture
def api() -> Iterator[StandIn]:
    with StandIn() as api:
        yield api


@pytest.fixture
def desk(api: StandIn, tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path, api.url, LIMITS)
    yield made
    made.limiting.flush()
    made.ledger.close()


def bound_of(body: Any, prices: Any, *, tokens: int | None = None) -> Decimal:
    request = Request(body)
    tokens = input_tokens_at_most(request) if tokens is None else tokens
    now = datetime(2026, 11, 24, tzinfo=UTC)
    return upper_bound_of(request, tokens, prices, at=now, unknown_as_dearest=True)


def cost(usage: Any) -> Decimal:
    return (usage.input_tokens * Decimal(1) + usage.output_tokens * Decimal(10)) / 1_000_000


def test_a_call_is_settled_with_what_it_cost(desk: Desk) -> None:
    with desk.client() as client:
        message = client.messages.create(**ASK)
    assert desk.spent() == (cost(message.usage), 0, 0)
    assert cost(message.usage) > 0


def test_a_stream_is_settled_when_it_ends(desk: Desk) -> None:
    with desk.client() as client, client.messages.stream(**ASK) as stream:
        first = next(iter(stream))
        assert first is not None
        assert desk.spent()[1] > 0
        message = stream.get_final_message()
    assert desk.spent() == (cost(message.usage), 0, 0)


def test_an_asynchronous_call_and_stream_are_settled(desk: Desk) -> None:
    async def ask() -> Decimal:
        async with desk.async_client() as client:
            one = await client.messages.create(**ASK)
            async with client.messages.stream(**ASK) as stream:
                two = await stream.get_final_message()
            rows = await asyncio.gather(*(client.messages.create(**ASK) for _ in range(5)))
        return sum(map(cost, (message.usage for message in (one, two, *rows))), Decimal(0))

    assert asyncio.run(ask()) == desk.spent()[0]
    assert desk.spent()[1:] == (0, 0)


def test_a_call_that_does_not_fit_is_not_sent(desk: Desk, api: StandIn) -> None:
    with desk.client() as client:
        with gonogo.attributed(user="kim"), pytest.raises(BudgetExceeded) as refused:
            client.messages.create(**ASK | {"max_tokens": 2000})
        assert (refused.value.limit, refused.value.scope) == ("user", {"user": "kim"})
        assert api.calls == []
        assert desk.spent() == (0, 0, 0)
        with gonogo.attributed(user="lee"):
            client.messages.create(**ASK)
    assert len(api.calls) == 1


def test_calls_are_attributed_to_whom_the_application_says(desk: Desk) -> None:
    with desk.client() as client, gonogo.attributed(department="legal", user="kim"):
        with gonogo.attributed(user="lee"):
            message = client.messages.create(**ASK)
        assert current_attributes() == {"department": "legal", "user": "kim"}
    assert current_attributes() == {}
    assert desk.limiting.flush()
    users = {s.scope.get("user"): s.spent_usd for s in desk.ledger.status() if s.limit == "user"}
    assert users == {"lee": cost(message.usage)}


def test_the_model_is_an_attribute(api: StandIn, tmp_path: Path) -> None:
    limits = {"opus": {"amount_usd": 0, "period": "daily", "where": {"model": "claude-opus-*"}}}
    desk = Desk(tmp_path, api.url, limits)
    with desk.client() as client:
        client.messages.create(**ASK)
        with pytest.raises(BudgetExceeded, match="'opus'"):
            client.messages.create(**ASK | {"model": "claude-opus-5"})
    desk.ledger.close()


def test_failed_attempts_cost_nothing_and_retries_count_once(desk: Desk, api: StandIn) -> None:
    api.script(overloaded(retry_after=0), times=1)
    with desk.client() as client:
        message = client.messages.create(**ASK)
        assert len(api.calls) == 2
        assert desk.spent() == (cost(message.usage), 0, 0)
        api.script(overloaded(retry_after=0), times=2)
        with pytest.raises(anthropic.APIStatusError):
            client.messages.create(**ASK)
    assert desk.spent() == (cost(message.usage), 0, 0)


def test_a_server_that_cannot_be_reached_costs_nothing(desk: Desk) -> None:
    lost = desk.client(base_url="http://127.0.0.1:9", max_retries=0)
    with lost as client, pytest.raises(anthropic.APIConnectionError):
        client.messages.create(**ASK)
    assert desk.spent() == (0, 0, 0)


def test_an_attempt_that_was_sent_and_not_answered_counts_by_estimate(
    desk: Desk, api: StandIn
) -> None:
    api.script(DroppedConnection(), times=1)
    with desk.client(max_retries=0) as client, pytest.raises(anthropic.APIConnectionError):
        client.messages.create(**ASK)
    spent, held, estimated = desk.spent()
    assert spent == estimated == bound_of(ASK, PRICES).quantize(Decimal("1e-6"), ROUND_CEILING)
    assert held == 0


def test_a_stream_that_is_left_counts_by_estimate(desk: Desk, api: StandIn) -> None:
    api.answer = lambda _: Answer((Text("The sea is wide. " * 200),))
    with desk.client() as client, client.messages.stream(**ASK) as stream:
        for _ in zip(range(5), stream, strict=False):
            pass
    spent, held, estimated = desk.spent()
    assert held == 0
    assert spent == estimated > 0


def test_a_stream_that_nobody_closes_counts_by_estimate(desk: Desk, api: StandIn) -> None:
    client = desk.client()
    stream = client.messages.create(**ASK, stream=True)
    next(iter(stream))
    stream.response.close()
    del stream
    gc.collect()
    assert desk.spent()[2] > 0
    client.close()


def test_a_cut_stream_counts_by_estimate_and_a_failed_one_not(desk: Desk, api: StandIn) -> None:
    with desk.client(max_retries=0) as client:
        api.script(StreamError(), times=1)
        with (
            pytest.raises(anthropic.APIStatusError),
            client.messages.stream(**ASK) as stream,
        ):
            stream.get_final_message()
        assert desk.spent() == (0, 0, 0)
        api.script(CutStream(after_events=3), times=1)
        broken = pytest.raises((httpx2.TransportError, anthropic.APIConnectionError))
        with broken, client.messages.stream(**ASK) as stream:
            stream.get_final_message()
    spent, held, estimated = desk.spent()
    assert spent == estimated > 0
    assert held == 0


def test_a_cancelled_call_counts_by_estimate(desk: Desk, api: StandIn) -> None:
    api.script(Latency(seconds=5), times=1)

    async def ask() -> None:
        async with desk.async_client() as client:
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(client.messages.create(**ASK), timeout=2)

    asyncio.run(ask())
    spent, held, estimated = desk.spent()
    assert spent == estimated > 0
    assert held == 0


def test_a_failed_attempt_costs_nothing_even_if_its_answer_breaks_off(desk: Desk) -> None:
    """An error whose body is cut was still an error."""
    hung = Hung(b"HTTP/1.1 500 No\r\ncontent-length: 100\r\n\r\n{")
    client = desk.client(base_url=hung.url, max_retries=0)
    with hung, client, pytest.raises(anthropic.APIConnectionError):
        client.messages.create(**ASK, stream=True)
    assert desk.spent() == (0, 0, 0)


def test_a_call_that_is_cancelled_before_it_is_sent_costs_nothing(desk: Desk, api: StandIn) -> None:
    entered, leave = threading.Event(), threading.Event()
    reserve = desk.ledger.reserve

    class Slow:
        settle, release = desk.ledger.settle, desk.ledger.release

        def reserve(self, *args: Any, **more: Any) -> Any:
            made = reserve(*args, **more)
            entered.set()
            leave.wait(10)
            return made

    async def ask() -> None:
        desk.limiting = Limiting(Slow(), prices=PRICES)
        desk.options["middleware"] = [desk.limiting]
        async with desk.async_client() as client:
            task = asyncio.create_task(client.messages.create(**ASK))
            await asyncio.to_thread(entered.wait, 10)
            task.cancel()
            leave.set()
            with pytest.raises(asyncio.CancelledError):
                await task

    asyncio.run(ask())
    assert api.calls == []
    assert desk.spent() == (0, 0, 0)


def test_a_reservation_whose_making_was_not_confirmed_is_given_back(
    desk: Desk, api: StandIn
) -> None:
    class Lost:
        settle, release = desk.ledger.settle, desk.ledger.release

        def reserve(self, *args: Any, **more: Any) -> Any:
            desk.ledger.reserve(*args, **more)
            raise StoreDownError("made, but the answer was lost")

    desk.limiting = Limiting(Lost(), prices=PRICES)
    desk.options["middleware"] = [desk.limiting]
    with desk.client() as client, pytest.raises(StoreDownError):
        client.messages.create(**ASK)
    assert api.calls == []
    assert desk.spent() == (0, 0, 0)


def test_a_settlement_that_breaks_does_not_keep_others_from_being_settled(desk: Desk) -> None:
    settle, broken = desk.ledger.settle, [RuntimeError("of a driver")]

    class Breaking:
        reserve, release = desk.ledger.reserve, desk.ledger.release

        def settle(self, *args: Any, **more: Any) -> object:
            if broken:
                raise broken.pop()
            return settle(*args, **more)

    desk.limiting = Limiting(Breaking(), prices=PRICES)
    desk.options["middleware"] = [desk.limiting]
    with desk.client() as client:
        client.messages.create(**ASK)
        second = client.messages.create(**ASK)
    spent, held, _ = desk.spent()
    assert spent == cost(second.usage)
    assert held > 0


KILLED = """
import asyncio, os, sys
import anthropic
from pathlib import Path
from gonogo.claude.limiting import Limiting
from gonogo.spend.ledger import open_ledger
from gonogo.spend.limits import decode_spend_settings

url, folder, how = sys.argv[1:]
table = {"limits": {"all": {"amount_usd": 1, "period": "monthly"}}, "hold_seconds": 2}
ledger = open_ledger(decode_spend_settings(table, "test") , Path(folder))
limiting = Limiting(ledger)
ask = {"model": "claude-sonnet-5-5", "max_tokens": 100,
       "messages": [{"role": "user", "content": "Tell me of the sea."}]}

async def main():
    async with anthropic.AsyncAnthropic(base_url=url, api_key="test", middleware=[limiting]) as api:
        if how == "ends":
            return await api.messages.create(**ask)
        async with api.messages.stream(**ask) as stream:
            async for _ in stream:
                os._exit(9)

asyncio.run(main())
"""


def run(how: str, api: StandIn, folder: Path) -> Ledger:
    command = [sys.executable, "-P", "-c", KILLED, api.url, str(folder), how]
    done = subprocess.run(command, check=False, timeout=60, capture_output=True, text=True)
    assert done.returncode == (0 if how == "ends" else 9), done.stderr
    table = {"limits": {"all": {"amount_usd": 1, "period": "monthly"}}}
    return open_ledger(decode_spend_settings(table, "test"), folder)


def test_a_program_that_ends_after_an_asynchronous_call_has_settled_it(
    api: StandIn, tmp_path: Path
) -> None:
    ledger = run("ends", api, tmp_path)
    (status,) = ledger.status({})
    ledger.close()
    assert status.spent_usd > 0
    assert (status.held_usd, status.estimated_usd) == (0, 0)


def test_a_call_of_a_program_that_was_killed_counts_by_estimate(
    api: StandIn, tmp_path: Path
) -> None:
    ledger = run("is killed", api, tmp_path)
    (held,) = ledger.status({})
    (later,) = ledger.status({}, at=datetime.now(UTC) + timedelta(seconds=3))
    ledger.close()
    assert (held.spent_usd, later.held_usd) == (0, 0)
    assert later.spent_usd == later.estimated_usd == held.held_usd > 0


class Hung:
    """A server that answers once with these bytes, and then closes the connection."""

    def __init__(self, answer: bytes) -> None:
        self._answer = answer
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve)

    def _serve(self) -> None:
        connection, _ = self._socket.accept()
        with connection:
            connection.recv(65_536)
            connection.sendall(self._answer)
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(65_536):  # closing with something unread would reset it
                pass

    def __enter__(self) -> "Hung":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.join()
        self._socket.close()


def test_a_key_that_the_application_uses_twice_pays_twice(desk: Desk) -> None:
    with desk.client() as client:
        rows = [
            client.post(
                "/v1/messages",
                body=ASK,
                cast_to=anthropic.types.Message,
                options={"idempotency_key": "mine"},
            )
            for _ in range(2)
        ]
    total = sum((cost(row.usage) for row in rows), Decimal(0))
    assert desk.spent()[0] == total


def test_counting_tokens_is_free(desk: Desk) -> None:
    with desk.client() as client:
        client.messages.count_tokens(model=MODEL, messages=ASK["messages"])
        client.models.list()
    assert desk.spent() == (0, 0, 0)


def test_a_batch_of_several_models_counts_in_the_limits_of_each(
    api: StandIn, tmp_path: Path
) -> None:
    limits = {
        "sonnet": {"amount_usd": 1, "period": "daily", "where": {"model": MODEL}},
        "opus": {"amount_usd": 0, "period": "daily", "where": {"model": "claude-opus-*"}},
    }
    desk = Desk(tmp_path, api.url, limits)
    rows: list[Any] = [
        {"custom_id": name, "params": ASK | {"model": name}} for name in (MODEL, "claude-opus-5")
    ]
    with desk.client() as client:
        with pytest.raises(BudgetExceeded, match="'opus'"):
            client.messages.batches.create(requests=rows)
        assert api.calls == []
        assert desk.spent(model=MODEL) == (0, 0, 0)
        client.messages.batches.create(requests=rows[:1])
    assert desk.spent(model=MODEL)[2] > 0


def test_a_batch_counts_at_its_bound_until_its_cost_is_known(desk: Desk) -> None:
    rows: list[Any] = [{"custom_id": name, "params": ASK} for name in ("a", "b")]
    with desk.client() as client:
        client.messages.batches.create(requests=rows)
    spent, held, estimated = desk.spent()
    assert spent == estimated > Decimal("0.002")
    assert held == 0


def test_a_ledger_that_is_down_sends_nothing_unless_told(api: StandIn, tmp_path: Path) -> None:
    down = {"store": "redis://127.0.0.1:9/0", "store_timeout_seconds": 0.2}
    closed = Desk(tmp_path, api.url, LIMITS, **down)
    with closed.client() as client, pytest.raises(StoreDownError):
        client.messages.create(**ASK)
    assert api.calls == []
    opened = Desk(tmp_path, api.url, LIMITS, **down, on_store_down="open")
    with opened.client() as client:
        client.messages.create(**ASK)
    assert len(api.calls) == 1


def test_a_cost_waits_for_a_store_that_goes_down_meanwhile(
    api: StandIn, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    desk = Desk(tmp_path, api.url, LIMITS)
    settle, failures = desk.ledger.settle, [1] * 3

    class Flaky:
        reserve, release = desk.ledger.reserve, desk.ledger.release

        def settle(self, *args: Any, **more: Any) -> object:
            if failures:
                failures.pop()
                raise StoreDownError("down")
            return settle(*args, **more)

    desk.limiting = Limiting(Flaky(), prices=PRICES)
    desk.options["middleware"] = [desk.limiting]
    with desk.client() as client:
        first = client.messages.create(**ASK)
        assert not desk.limiting.flush()
        second = client.messages.create(**ASK)
    assert desk.spent() == (cost(first.usage) + cost(second.usage), 0, 0)
    assert "settled when it is back" in caplog.text
    desk.ledger.close()


SEARCH: Any = {"type": "web_search_20250305", "name": "web_search"}


def test_what_does_not_say_what_it_costs_at_most_is_bounded_by_a_guess_that_is_dear(
    api: StandIn, tmp_path: Path
) -> None:
    desk = Desk(tmp_path, api.url, {"all": {"amount_usd": 10, "period": "monthly"}})
    code: Any = {"type": "code_execution_20250825", "name": "code_execution"}
    with desk.client() as client:
        client.messages.create(**ASK, tools=[SEARCH, code])
        server: Any = {"type": "url", "url": "https://x", "name": "y"}
        with pytest.raises(anthropic.BadRequestError):  # the stand-in knows nothing of it
            client.beta.messages.create(**ASK, mcp_servers=[server])
        with pytest.raises(UnboundedCostError, match="max_tokens"):
            client.post("/v1/messages", body={"model": MODEL, "messages": []}, cast_to=object)
    bounds = [bound_of(ASK | {"tools": [tool]}, PRICES) for tool in (code, SEARCH)]
    assert bound_of(ASK, PRICES) * 5 < bounds[0] < bounds[1] < 2
    assert bound_of(ASK | {"tools": [SEARCH | {"max_uses": 2}]}, PRICES) < bounds[1] / 2
    assert len(api.calls) == 2


def test_a_soft_limit_never_refuses(api: StandIn, tmp_path: Path) -> None:
    soft = {"all": {"amount_usd": 0, "period": "monthly", "kind": "soft"}}
    desk = Desk(tmp_path, api.url, soft)
    with desk.client() as client:
        client.messages.create(**ASK, tools=[SEARCH])
        with pytest.raises(anthropic.NotFoundError):
            client.messages.create(**ASK | {"model": "claude-nobody-knows-1"})
    assert len(api.calls) == 2


def test_an_unknown_model_is_bounded_by_the_dearest_of_its_line() -> None:
    now = datetime(2026, 11, 24, tzinfo=UTC)

    def bound(model: str) -> Decimal:
        return bound_of(ASK | {"model": model}, {}, tokens=1000)

    us = ASK | {"inference_geo": "us"}
    listed = [
        upper_bound_of(Request(us | {"model": model}), 1000, {}, at=now)
        for model in ("claude-haiku-5-5", "claude-haiku-4-5", "claude-3-haiku")
    ]
    assert bound("claude-haiku-99") == max(listed)
    assert bound("claude-something-9") >= bound("claude-opus-99") > bound("claude-haiku-99")
    with pytest.raises(UnpricedModelError):
        bound_of({"max_tokens": 1}, {}, tokens=1)
