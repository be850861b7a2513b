"""Costs, against prices computed by hand from Claude's price list."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.errors import UnboundedCostError, UnpricedModelError
from gonogo.exchanges import CallError, Exchange, Request, Response, Usage
from gonogo.pricing import ConfiguredPrice, cost_of, grows_its_input, upper_bound_of


def answered(model: str, usage: dict[str, Any], at: datetime | None = None) -> Exchange:
    return Exchange(
        id="x",
        request=Request({"messages": [], "model": "claude-opus-5-5"}),
        response=Response({"content": [], "model": model}),
        usage=Usage(usage),
        at=at or datetime(2026, 11, 1, tzinfo=UTC),
    )


CACHED = {
    "input_tokens": 1000,
    "output_tokens": 100,
    "cache_read_input_tokens": 10_000,
    "cache_creation_input_tokens": 2000,
    "cache_creation": {"ephemeral_5m_input_tokens": 1500, "ephemeral_1h_input_tokens": 500},
}


@pytest.mark.parametrize(
    ("model", "usage", "dollars"),
    [
        # 1,000 x 2 + 100 x 10 micro-dollars
        ("claude-sonnet-5-5", {"input_tokens": 1000, "output_tokens": 100}, "0.003"),
        # 1,000 x 2 + 10,000 x 0.1 + 1,500 x 2.5 + 500 x 4 + 100 x 10
        ("claude-sonnet-5-5", CACHED, "0.00975"),
        # batches cost half
        ("claude-sonnet-5-5", CACHED | {"service_tier": "batch"}, "0.004875"),
        # inference in the US costs 1.1 times as much
        ("claude-sonnet-5-5", CACHED | {"inference_geo": "us"}, "0.010725"),
        ("claude-sonnet-5-5", CACHED | {"inference_geo": "global"}, "0.00975"),
        # Opus 5.5 in fast mode costs twice as much: 1,000 x 8 + 100 x 40
        (
            "claude-opus-5-5",
            {"input_tokens": 1000, "output_tokens": 100, "speed": "fast"},
            "0.012",
        ),
        # Haiku 5.5 below and above its cliff of 100,000 tokens of input
        ("claude-haiku-5-5", {"input_tokens": 100_000, "output_tokens": 1000}, "0.0105"),
        ("claude-haiku-5-5", {"input_tokens": 100_001, "output_tokens": 1000}, "0.0525005"),
    ],
)
def test_golden_prices(model: str, usage: dict[str, Any], dollars: str) -> None:
    assert cost_of(answered(model, usage), {}) == Decimal(dollars)


def test_the_price_is_that_of_the_exchanges_own_date() -> None:
    usage = {"input_tokens": 300_000, "output_tokens": 1000}
    before = answered("claude-opus-4-6", usage, datetime(2026, 3, 1, tzinfo=UTC))
    after = answered("claude-opus-4-6", usage, datetime(2026, 4, 1, tzinfo=UTC))
    assert cost_of(before, {}) == Decimal("3.0375")
    assert cost_of(after, {}) == Decimal("1.525")


def test_unknown_model_is_an_error_with_the_setting_that_helps() -> None:
    with pytest.raises(UnpricedModelError, match=r'\[tool.gonogo.prices."house-model"\]'):
        cost_of(answered("house-model", {"input_tokens": 1, "output_tokens": 1}), {})


def test_configured_price_goes_first() -> None:
    price = ConfiguredPrice(input_mtok=Decimal(1), output_mtok=Decimal(2))
    usage = {
        "input_tokens": 500_000,
        "cache_read_input_tokens": 500_000,
        "output_tokens": 1_000_000,
    }
    assert cost_of(answered("house-model", usage), {"house-model": price}) == Decimal(3)


def test_failed_call_costs_nothing_and_unrecorded_usage_is_unknown() -> None:
    failed = Exchange(
        id="x", request=Request({"messages": []}), response=None, error=CallError("api_error")
    )
    assert cost_of(failed, {}) == 0
    unrecorded = Exchange(id="x", request=Request({"messages": []}), response=Response({}))
    assert cost_of(unrecorded, {}) is None


def test_fast_mode_of_a_model_without_such_a_price_is_unpriced() -> None:
    usage = {"input_tokens": 1, "output_tokens": 1, "speed": "fast"}
    with pytest.raises(UnpricedModelError, match="no price of `speed: fast` is known"):
        cost_of(answered("claude-opus-4-6", usage), {})


NOVEMBER = datetime(2026, 11, 1, tzinfo=UTC)
SEARCH = {"type": "web_search_20250305", "name": "web_search"}


def marked(ttl: str) -> dict[str, Any]:
    mark = {"type": "ephemeral", "ttl": ttl}
    return {"system": [{"type": "text", "text": "s", "cache_control": mark}]}


@pytest.mark.parametrize(
    ("fields", "input_tokens", "dollars"),
    [
        # 1,000 x 2 + 100 x 10 micro-dollars
        ({}, 1000, "0.003"),
        ({"inference_geo": "global"}, 1000, "0.003"),
        ({"inference_geo": "us"}, 1000, "0.0033"),
        # all of it is written to the cache: 1,000 x 2.5, for an hour 1,000 x 4
        ({"cache_control": {"type": "ephemeral"}}, 1000, "0.0035"),
        (marked("5m"), 1000, "0.0035"),
        (marked("1h"), 1000, "0.005"),
        # three searches at 0.01 each
        ({"tools": [SEARCH | {"max_uses": 3}]}, 1000, "0.033"),
        ({"tools": [{"name": "own", "input_schema": {"type": "object"}}]}, 1000, "0.003"),
        # above the cliff of Haiku 5.5: 100,001 x 0.5 + 100 x 2.5
        ({"model": "claude-haiku-5-5"}, 100_001, "0.0502505"),
        ({"model": "claude-opus-5-5", "speed": "fast"}, 1000, "0.012"),
    ],
)
def test_golden_bounds(fields: dict[str, Any], input_tokens: int, dollars: str) -> None:
    request = Request({"model": "claude-sonnet-5-5", "messages": [], "max_tokens": 100} | fields)
    assert upper_bound_of(request, input_tokens, {}, at=NOVEMBER) == Decimal(dollars)


def test_only_a_batch_costs_half() -> None:
    request = Request({"model": "claude-sonnet-5-5", "messages": [], "max_tokens": 100})
    assert upper_bound_of(request, 1000, {}, at=NOVEMBER, batch=True) == Decimal("0.0015")


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"max_tokens": None}, "`max_tokens` None"),
        ({"max_tokens": True}, "`max_tokens` True"),
        ({"max_tokens": -1}, "`max_tokens` -1"),
        ({"tools": [SEARCH]}, "'web_search_20250305' without `max_uses`"),
        ({"tools": [{"type": "code_execution_20260521"}]}, "'code_execution_20260521'"),
        ({"tools": [{"type": "invented_20300101"}]}, "'invented_20300101'"),
        ({"mcp_servers": [{"type": "url"}]}, "`mcp_servers`"),
    ],
)
def test_what_has_no_bound_is_an_error_that_names_it(fields: dict[str, Any], named: str) -> None:
    request = Request({"model": "claude-sonnet-5-5", "messages": [], "max_tokens": 100} | fields)
    with pytest.raises(UnboundedCostError, match=named):
        upper_bound_of(request, 1, {}, at=None)


def test_a_bound_without_a_known_model_is_an_error() -> None:
    with pytest.raises(UnpricedModelError, match="names no model"):
        upper_bound_of(Request({"messages": [], "max_tokens": 1}), 1, {}, at=None)
    house = Request({"model": "house-model", "messages": [], "max_tokens": 1})
    with pytest.raises(UnpricedModelError, match="'house-model'"):
        upper_bound_of(house, 1, {}, at=None)


def test_server_tools_grow_the_input_and_the_applications_own_do_not() -> None:
    assert grows_its_input(Request({"tools": [SEARCH | {"max_uses": 1}]}))
    assert grows_its_input(Request({"mcp_servers": [{"type": "url"}]}))
    assert not grows_its_input(Request({"tools": [{"type": "bash_20250124"}, {"name": "own"}]}))


MODELS = ["claude-sonnet-5-5", "claude-haiku-5-5", "claude-opus-5-5", "claude-opus-4-6", "claude-2"]
COUNTS = st.one_of(st.integers(0, 2_000), st.integers(99_990, 100_010), st.integers(0, 900_000))
HOUSE = ConfiguredPrice(
    input_mtok=Decimal(3),
    output_mtok=Decimal(9),
    cache_read_mtok=Decimal(5),
    cache_write_mtok=Decimal(4),
)


@st.composite
def requests_with_answers(draw: st.DrawFn) -> tuple[Request, dict[str, Any]]:
    """A request, and the usage of an answer that the API may give to it."""
    request: dict[str, Any] = {"messages": [], "max_tokens": draw(st.integers(0, 64_000))}
    request["model"] = draw(st.sampled_from([*MODELS, "house-model"]))
    usage: dict[str, Any] = {"output_tokens": draw(st.integers(0, request["max_tokens"]))}
    parts = dict.fromkeys(("plain", "read", "5m", "1h"), 0)
    ttl = draw(st.sampled_from([None, "5m", "1h"]))
    possible = (
        ["plain"] if ttl is None else ["plain", "read", "5m", "1h"][: 4 if ttl == "1h" else 3]
    )
    for part in possible:
        parts[part] = draw(COUNTS)
    if ttl is not None:
        request |= marked(ttl)
    written = {"ephemeral_5m_input_tokens": parts["5m"], "ephemeral_1h_input_tokens": parts["1h"]}
    usage |= {
        "input_tokens": parts["plain"],
        "cache_read_input_tokens": parts["read"],
        "cache_creation_input_tokens": parts["5m"] + parts["1h"],
        "cache_creation": written,
        "inference_geo": "global",
    }
    if draw(st.booleans()):
        request["inference_geo"] = usage["inference_geo"] = "us"
    if request["model"] == "claude-opus-5-5" and draw(st.booleans()):
        request["speed"] = "fast"
        usage["speed"] = draw(st.sampled_from(["fast", "standard"]))
    if request["model"] not in ("claude-2",) and draw(st.booleans()):
        most = draw(st.integers(0, 5))
        request["tools"] = [SEARCH | {"max_uses": most}]
        usage["server_tool_use"] = {"web_search_requests": draw(st.integers(0, most))}
    return Request(request), usage


@given(
    requests_with_answers(),
    st.sampled_from(["standard", "batch"]),
    st.sampled_from([None, NOVEMBER]),
)
def test_no_answer_costs_more_than_the_bound(
    asked: tuple[Request, dict[str, Any]], tier: str, at: datetime | None
) -> None:
    request, usage = asked[0], asked[1] | {"service_tier": tier}
    answer = Exchange(
        id="x", request=request, response=Response({"content": []}), usage=Usage(usage), at=at
    )
    prices = {"house-model": HOUSE}
    cost = cost_of(answer, prices)
    whole_input = Usage(usage).input_tokens
    assert cost is not None
    assert cost <= upper_bound_of(request, whole_input, prices, at=at, batch=tier == "batch")


@given(
    asked=requests_with_answers(),
    where=st.sampled_from(["us", "global"]),
    fallback=st.sampled_from([None, *MODELS]),
    is_advised=st.booleans(),
)
def test_what_a_request_does_not_say_never_costs_more_than_the_bound(
    asked: tuple[Request, dict[str, Any]], where: str, fallback: str | None, *, is_advised: bool
) -> None:
    """Where the call ran, how often it searched, what it cached, who answered in place of whom."""
    body, usage = dict(asked[0].body), asked[1] | {"inference_geo": where}
    body.pop("inference_geo", None)
    usage["speed"] = "standard"
    tokens = Usage(usage).input_tokens
    if "tools" in body:
        body["tools"] = [SEARCH]
        usage["server_tool_use"] = {"web_search_requests": 10}
        usage |= {"input_tokens": 0, "cache_read_input_tokens": 0}
        usage |= {"cache_creation_input_tokens": tokens, "cache_creation": None}
    own = {name: count for name, count in usage.items() if name != "server_tool_use"}
    runs = [{**own, "type": "message", "model": body["model"]}]
    if fallback is not None:
        body["fallbacks"] = "default"
        runs.append({**runs[0], "type": "fallback_message", "model": fallback})
    if is_advised:
        body["tools"] = [*body.get("tools", ()), {"type": "advisor_20260301", "name": "advisor"}]
        advice = {"type": "advisor_message", "input_tokens": tokens, "output_tokens": 100_000}
        runs += [{**advice, "model": "claude-opus-5-5"}] * 10
    answered = body["model"] if fallback is None else fallback
    answer = Exchange(
        id="x",
        request=Request(body),
        response=Response({"model": answered, "content": [{"type": "text", "text": "."}]}),
        usage=Usage({**usage, "iterations": runs}),
        at=NOVEMBER,
    )
    prices = {"house-model": HOUSE}
    cost = cost_of(answer, prices)
    bound = upper_bound_of(Request(body), tokens, prices, at=NOVEMBER, unknown_as_dearest=True)
    assert cost is not None
    assert cost <= bound


def test_fast_mode_of_a_line_that_has_no_price_of_it_is_bounded_by_the_dearest_that_has() -> None:
    def most(**more: Any) -> Decimal:
        body = {"model": "claude-opus-5-5", "max_tokens": 10, "speed": "fast", **more}
        return upper_bound_of(Request(body), 10, {}, at=NOVEMBER, unknown_as_dearest=True)

    assert most(fallbacks=[{"model": "claude-sonnet-5-5"}]) > most(model="claude-sonnet-5-5") > 0


@given(requests_with_answers(), st.sampled_from(["haiku", "sonnet", "opus"]))
def test_no_model_of_a_line_costs_more_than_the_bound_of_an_unknown_one(
    asked: tuple[Request, dict[str, Any]], line: str
) -> None:
    body, usage = dict(asked[0].body), asked[1]
    body |= {"model": f"claude-{line}-99", "speed": "standard"}
    usage.pop("speed", None)
    bound = upper_bound_of(
        Request(body), Usage(usage).input_tokens, {}, at=NOVEMBER, unknown_as_dearest=True
    )
    for model in (name for name in (*MODELS, "claude-3-opus", "claude-haiku-4-5") if line in name):
        answer = Exchange(
            id="x",
            request=Request(body),
            response=Response({"model": model, "content": []}),
            usage=Usage(usage),
            at=NOVEMBER,
        )
        assert (cost_of(answer, {}) or 0) <= bound
