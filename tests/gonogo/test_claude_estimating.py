"""What a run costs at most, against the stand-in, whose counts are those of its usage."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from anthropic import AsyncAnthropic
from standin import (
    DroppedConnection,
    ErrorReply,
    StandIn,
    any_request,
    overloaded,
    rate_limited,
    server_error,
    spend_limit,
)
from standin.requests import COUNT_TOKENS, MESSAGES

from gonogo.claude.asking import Asker, Question, ask_all
from gonogo.claude.cost_limit import CostLimit
from gonogo.claude.estimating import (
    Estimate,
    TokenCounts,
    count_body,
    estimate,
    estimate_all,
    with_headroom,
)
from gonogo.claude.pacing import Backoff, Pace
from gonogo.errors import CostLimitError, RunStoppedError
from gonogo.exchanges import Request
from gonogo.pricing import ConfiguredPrice, upper_bound_of

AT = datetime(2026, 11, 24, tzinfo=UTC)


@pytest.fixture
def api() -> Iterator[StandIn]:
    with StandIn() as standin:
        yield standin


@pytest.fixture
def counts(tmp_path: Path) -> TokenCounts:
    return TokenCounts(tmp_path / "cache" / "counts.jsonl")


def question(key: str, text: str = "Where is my refund?", **fields: Any) -> Question:
    body = {
        "model": "claude-sonnet-5-5",
        "max_tokens": 50,
        "messages": [{"role": "user", "content": text}],
    }
    return Question(key, Request({**body, **fields}))


def asker(api: StandIn, **settings: Any) -> Asker:
    backoff = Backoff(first_seconds=0.002, random=lambda: 0.5)
    return Asker(
        connect=lambda: AsyncAnthropic(base_url=api.url, api_key="test"),
        backoff=backoff,
        **settings,
    )


def counted(api: StandIn) -> int:
    return sum(call.path == COUNT_TOKENS for call in api.calls)


def test_the_estimate_is_the_sum_of_the_bounds_of_what_was_counted(
    api: StandIn, counts: TokenCounts
) -> None:
    asked = [question("a#1", "x" * 400), question("b#1", "y" * 4000)]
    found = estimate_all(asked, asker(api), counts=counts, at=AT)
    # a quarter of the characters, and 2 % and 20 tokens of headroom
    tokens = {"a#1": 122, "b#1": 1040}
    assert found.bounds == {
        q.key: upper_bound_of(q.request, tokens[q.key], {}, at=AT) for q in asked
    }
    # (122 + 1,040) x 2 + 100 x 10 micro-dollars
    assert found.upper_bound_usd == Decimal("0.003324")
    assert (found.calls, found.unpriced, found.unbounded) == (2, {}, {})
    assert {call.path for call in api.calls} == {COUNT_TOKENS}


def test_no_answer_costs_more_than_was_estimated(api: StandIn, counts: TokenCounts) -> None:
    mark = {"type": "ephemeral", "ttl": "1h"}
    system = [{"type": "text", "text": "rules " * 500, "cache_control": mark}]
    asked = [question(f"{n}#1", f"{n} " * n * 50, system=system) for n in range(1, 11)]
    found = estimate_all(asked, asker(api), counts=counts, at=None)
    costs: dict[str, Decimal] = {}
    limit = CostLimit(found.upper_bound_usd)

    def keep(q: Question, _: object) -> None:
        costs[q.key] = limit.spent_usd - sum(costs.values())

    found.demand_within(limit)
    one_by_one = asker(api, limit=limit, pace=Pace(maximum=1))
    summary = ask_all(one_by_one, asked, keep, bounds=found.bounds)
    assert (summary.answered, summary.stopped) == (10, None)
    assert all(0 < costs[key] <= found.bounds[key] for key in costs)


def test_the_same_request_is_counted_once_and_never_again(
    api: StandIn, counts: TokenCounts, tmp_path: Path
) -> None:
    asked = [
        question(f"a#{trial}", max_tokens=10 + trial, metadata={"n": trial}) for trial in range(5)
    ]
    asked.append(question("b#1", "another"))
    first = estimate_all(asked, asker(api), counts=counts, at=AT)
    assert counted(api) == 2
    again = TokenCounts(tmp_path / "cache" / "counts.jsonl")
    assert estimate_all(asked, asker(api), counts=again, at=AT) == first
    assert counted(api) == 2


def test_another_model_is_another_count(api: StandIn, counts: TokenCounts) -> None:
    asked = [question("a#1"), question("b#1", model="claude-opus-5-5")]
    estimate_all(asked, asker(api), counts=counts, at=AT)
    assert counted(api) == 2


def test_only_what_counting_takes_is_sent() -> None:
    fields = {
        "system": "s",
        "tools": [],
        "tool_choice": {"type": "auto"},
        "thinking": {"type": "disabled"},
        "output_config": {},
        "cache_control": None,
    }
    unsent = {"stream": True, "metadata": {}, "inference_geo": "us", "stop_sequences": ["x"]}
    whole = question("a#1", **fields, **unsent, user_profile_id="u", workspace_id="w").request
    assert count_body(whole) == {
        "model": "claude-sonnet-5-5",
        "messages": whole.body["messages"],
        **fields,
    }


@pytest.mark.parametrize(
    "tail", [b'{"fingerprint":"ab', b"\xff\xfe", b'{"fingerprint":1}\n', b"\n\n"]
)
def test_a_torn_line_is_passed_over_and_counted_again(tmp_path: Path, tail: bytes) -> None:
    path = tmp_path / "counts.jsonl"
    TokenCounts(path).add("first", 10)
    with path.open("ab") as stream:
        stream.write(tail)
    torn = TokenCounts(path)
    assert torn.get("first") == 10
    torn.add("second", 20)
    read = TokenCounts(path)
    assert (read.get("first"), read.get("second"), read.get("ab")) == (10, 20, None)


def test_a_model_without_a_price_is_named_and_a_run_with_a_limit_refused(
    api: StandIn, counts: TokenCounts
) -> None:
    asked = [question("a#1"), question("b#1", model="claude-mythos-5")]
    found = estimate_all(asked, asker(api), counts=counts, at=AT)
    assert set(found.bounds) == {"a#1"}
    assert set(found.unpriced) == {"b#1"}
    with pytest.raises(CostLimitError, match=r'1 of 2 calls have no upper bound.*b#1.*"claude-m'):
        found.demand_within(CostLimit(Decimal(100)))
    found.demand_within(CostLimit(None))
    price = ConfiguredPrice(input_mtok=Decimal(1), output_mtok=Decimal(1))
    priced = asker(api, prices={"claude-mythos-5": price})
    assert estimate_all(asked, priced, counts=counts, at=AT).unpriced == {}


def test_what_has_no_bound_is_named(api: StandIn, counts: TokenCounts) -> None:
    search = {"type": "web_search_20250305", "name": "web_search"}
    asked = [
        question("free#1", tools=[search]),
        question("bound#1", tools=[search | {"max_uses": 2}]),
        question("wrong#1", model="no-such-model"),
        question("invalid#1", messages=[{"role": "nobody", "content": "x"}]),
    ]
    found = estimate_all(
        asked,
        asker(
            api,
            prices={
                "no-such-model": ConfiguredPrice(input_mtok=Decimal(1), output_mtok=Decimal(1))
            },
        ),
        counts=counts,
        at=AT,
    )
    assert set(found.bounds) == {"bound#1"}
    assert found.growing == ("free#1", "bound#1")
    assert set(found.unbounded) == {"free#1", "wrong#1", "invalid#1"}
    assert "could not be counted: not_found_error" in found.unbounded["wrong#1"]
    assert "could not be counted: invalid_request_error" in found.unbounded["invalid#1"]


def test_a_run_that_may_cost_too_much_is_refused_before_its_first_call(
    api: StandIn, counts: TokenCounts
) -> None:
    found = estimate_all([question("a#1")], asker(api), counts=counts, at=AT)
    found.demand_within(CostLimit(found.upper_bound_usd))
    with pytest.raises(CostLimitError, match="the run can cost up to"):
        found.demand_within(CostLimit(found.upper_bound_usd - Decimal("0.000001")))
    assert all(call.path != MESSAGES for call in api.calls)


def test_a_batch_is_estimated_at_half(api: StandIn, counts: TokenCounts) -> None:
    asked = [question("a#1")]
    whole = estimate_all(asked, asker(api), counts=counts, at=AT)
    half = estimate_all(asked, asker(api), counts=counts, at=AT, batch=True)
    assert half.upper_bound_usd * 2 == whole.upper_bound_usd


def test_counting_tries_again_and_keeps_to_the_concurrency(
    api: StandIn, counts: TokenCounts
) -> None:
    faults = [rate_limited(0.01), overloaded(), server_error(), DroppedConnection()]
    api.script(*faults, when=any_request)
    asked = [question(f"{n}#1", f"question {n}") for n in range(20)]
    found = estimate_all(asked, asker(api, pace=Pace(maximum=3)), counts=counts, at=AT)
    assert len(found.bounds) == 20
    assert counted(api) == 20 + 4
    assert api.peak_in_flight <= 3


def test_what_cannot_be_counted_after_five_attempts_has_no_bound(
    api: StandIn, counts: TokenCounts
) -> None:
    api.script(server_error(), when=any_request, times=None)
    found = estimate_all([question("a#1")], asker(api), counts=counts, at=AT)
    assert "could not be counted: api_error" in found.unbounded["a#1"]
    assert counted(api) == 5


@pytest.mark.parametrize(
    "fault", [spend_limit(), ErrorReply("key", 401, "authentication_error", "invalid x-api-key")]
)
def test_what_no_call_survives_ends_the_estimate(
    api: StandIn, counts: TokenCounts, fault: ErrorReply
) -> None:
    api.script(fault, when=any_request, times=None)
    asked = [question(f"{n}#1", f"question {n}") for n in range(50)]
    with pytest.raises(RunStoppedError, match="Claude answers no further call"):
        estimate_all(asked, asker(api), counts=counts, at=AT)
    assert len(api.calls) <= 8


def test_nothing_to_count_opens_no_client(counts: TokenCounts) -> None:
    def connect() -> AsyncAnthropic:
        raise AssertionError

    found = asyncio.run(estimate([], Asker(connect=connect), counts=counts, at=AT))
    assert found == Estimate(calls=0, bounds={})


def test_two_questions_of_one_key_are_refused(api: StandIn, counts: TokenCounts) -> None:
    asked = [question("a#1"), question("a#1", "another")]
    with pytest.raises(ValueError, match="2 questions have the key 'a#1'"):
        estimate_all(asked, asker(api), counts=counts, at=AT)
    with pytest.raises(ValueError, match="2 questions have the key 'a#1'"):
        ask_all(asker(api), asked, lambda *_: None)
    assert api.calls == []


def test_the_headroom_is_never_negative() -> None:
    assert [with_headroom(tokens) for tokens in (0, 1, 100, 100_000)] == [20, 22, 122, 102_020]
