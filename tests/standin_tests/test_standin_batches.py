"""Message batches through the real SDK, from creation to results."""

import asyncio
from typing import Any

import anthropic
import pytest
from anthropic import Anthropic, AsyncAnthropic
from anthropic.types.messages import MessageBatch
from standin import StandIn

PARAMS: Any = {
    "model": "claude-haiku-5-5",
    "max_tokens": 100,
    "messages": [{"role": "user", "content": "Hello"}],
}


def client(api: StandIn) -> Anthropic:
    return Anthropic(base_url=api.url, api_key="test", max_retries=0)


def requests(count: int) -> Any:
    return [{"custom_id": f"case-{number}", "params": PARAMS} for number in range(count)]


def outcome(custom_id: str, params: dict[str, Any]) -> Any:
    assert params == PARAMS
    return {"case-1": "errored", "case-2": "expired"}.get(custom_id, "succeeded")


def poll_until_ended(claude: Anthropic, batch: MessageBatch) -> tuple[MessageBatch, int]:
    polls = 0
    while batch.processing_status != "ended":
        batch = claude.messages.batches.retrieve(batch.id)
        polls += 1
        assert polls < 10
    return batch, polls


def test_a_batch_ends_after_its_polls_with_every_kind_of_result() -> None:
    with StandIn(batch_polls=2, batch_outcome=outcome) as api, client(api) as claude:
        created = claude.messages.batches.create(requests=requests(8))
        assert (created.processing_status, created.results_url) == ("in_progress", None)
        assert created.request_counts.processing == 8
        ended, polls = poll_until_ended(claude, created)
        results = list(claude.messages.batches.results(created.id))
        paid = api.paid_custom_ids
        assert api.paid == 0
    assert polls == 3
    counts = ended.request_counts
    assert (counts.succeeded, counts.errored, counts.expired, counts.processing) == (6, 1, 1, 0)
    by_id = {result.custom_id: result.result for result in results}
    assert by_id["case-1"].type == "errored"
    assert by_id["case-1"].error.error.type == "api_error"
    assert by_id["case-2"].type == "expired"
    assert by_id["case-0"].type == "succeeded"
    assert by_id["case-0"].message.usage.service_tier == "batch"
    assert [result.custom_id for result in results] != sorted(by_id)
    assert sorted(paid) == sorted(set(by_id) - {"case-1", "case-2"})


def test_results_come_in_the_same_other_order_each_time() -> None:
    with StandIn(batch_polls=0) as api, client(api) as claude:
        batch = claude.messages.batches.create(requests=requests(5))
        orders = [
            [result.custom_id for result in claude.messages.batches.results(batch.id)]
            for _ in range(2)
        ]
    assert orders[0] == orders[1]
    assert orders[0] != [f"case-{number}" for number in range(5)]


def test_a_canceled_batch_keeps_what_was_done() -> None:
    with StandIn(batch_polls=3) as api, client(api) as claude:
        batch = claude.messages.batches.create(requests=requests(8))
        claude.messages.batches.retrieve(batch.id)
        canceling = claude.messages.batches.cancel(batch.id)
        ended, _ = poll_until_ended(claude, canceling)
        kinds = {
            result.custom_id: result.result.type
            for result in claude.messages.batches.results(batch.id)
        }
        with pytest.raises(anthropic.BadRequestError, match="already ended"):
            claude.messages.batches.cancel(batch.id)
        assert api.paid_custom_ids == ["case-0", "case-1"]
    assert canceling.processing_status == "canceling"
    assert canceling.cancel_initiated_at is not None
    assert (ended.request_counts.succeeded, ended.request_counts.canceled) == (2, 6)
    assert kinds["case-1"] == "succeeded"
    assert kinds["case-7"] == "canceled"


def test_batches_are_listed_newest_first_and_can_be_deleted_once_ended() -> None:
    with StandIn(batch_polls=0) as api, client(api) as claude:
        ids = [claude.messages.batches.create(requests=requests(1)).id for _ in range(3)]
        assert [batch.id for batch in claude.messages.batches.list(limit=2)] == ids[::-1]
        before = claude.messages.batches.list(before_id=ids[0], limit=1)
        assert [batch.id for batch in before.data] == [ids[1]]
        with pytest.raises(anthropic.BadRequestError, match="cancel it first"):
            claude.messages.batches.delete(ids[0])
        claude.messages.batches.retrieve(ids[0])
        assert claude.messages.batches.delete(ids[0]).type == "message_batch_deleted"
        with pytest.raises(anthropic.NotFoundError):
            claude.messages.batches.retrieve(ids[0])


@pytest.mark.parametrize(
    ("sent", "message"),
    [
        ([], "requests: from 1 to 100000 requests are accepted"),
        ([{"custom_id": "a b", "params": PARAMS}], "requests.0.custom_id: String should match"),
        (
            [{"custom_id": "a", "params": PARAMS}] * 2,
            "requests.1.custom_id: Duplicate custom_id 'a'",
        ),
        (
            [{"custom_id": "a", "params": {**PARAMS, "top_k": 1}}],
            "requests.0.params.top_k: Extra inputs are not permitted",
        ),
        ([{"custom_id": "a"}], "requests.0.params: Field required"),
    ],
)
def test_a_batch_that_is_no_batch_create_params_is_refused(sent: Any, message: str) -> None:
    with (
        StandIn() as api,
        client(api) as claude,
        pytest.raises(anthropic.BadRequestError) as refused,
    ):
        claude.messages.batches.create(requests=sent)
    assert str(refused.value.api_message).startswith(message)


def test_results_before_the_end_are_an_error_of_the_sdk() -> None:
    with StandIn(batch_polls=5) as api, client(api) as claude:
        batch = claude.messages.batches.create(requests=requests(1))
        with pytest.raises(anthropic.AnthropicError, match="No `results_url`"):
            claude.messages.batches.results(batch.id)


def test_async_and_beta_clients_get_the_same() -> None:
    async def run(api: StandIn) -> list[str]:
        async with AsyncAnthropic(base_url=api.url, api_key="test", max_retries=0) as claude:
            batch = await claude.messages.batches.create(requests=requests(3))
            await claude.messages.batches.retrieve(batch.id)
            found = [
                result.custom_id async for result in await claude.messages.batches.results(batch.id)
            ]
            beta = await claude.beta.messages.batches.create(requests=requests(1), betas=["b-1"])
            found.append((await claude.beta.messages.batches.retrieve(beta.id)).processing_status)
            return found

    with StandIn(batch_polls=0) as api:
        found = asyncio.run(run(api))
    assert sorted(found) == ["case-0", "case-1", "case-2", "ended"]
