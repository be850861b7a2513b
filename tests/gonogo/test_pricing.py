"""Costs, against prices computed by hand from Claude's price list."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from gonogo.errors import UnpricedModelError
from gonogo.exchanges import CallError, Exchange, Request, Response, Usage
from gonogo.pricing import ConfiguredPrice, cost_of


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
