"""Budgets against exchanges."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.budgets import Budget, check_budget
from gonogo.exchanges import Exchange, Request, Response, Usage


def exchange(
    id_: str, *, output: int | None = 100, latency: float | None = 2.0, ttft: float | None = 0.5
) -> Exchange:
    return Exchange(
        id=id_,
        request=Request({"messages": []}),
        response=Response(
            {"model": "claude-sonnet-5-5", "content": [{"type": "tool_use", "name": "t"}]}
        ),
        usage=None if output is None else Usage({"input_tokens": 1000, "output_tokens": output}),
        at=datetime(2026, 11, 1, tzinfo=UTC),
        latency_seconds=latency,
        ttft_seconds=ttft,
    )


@pytest.mark.parametrize(
    ("budget", "holds"),
    [
        (Budget(output_tokens=300), True),
        (Budget(output_tokens=299), False),
        (Budget(input_tokens=2000), True),
        (Budget(input_tokens=1999), False),
        (Budget(total_tokens=2300), True),
        (Budget(total_tokens=2299), False),
        (Budget(cost_usd=Decimal("0.007")), True),
        (Budget(cost_usd=Decimal("0.0069")), False),
        (Budget(latency_seconds=5.0), True),
        (Budget(latency_seconds=4.9), False),
        (Budget(ttft_seconds=0.9), True),
        (Budget(ttft_seconds=0.8), False),
        (Budget(calls=2), True),
        (Budget(calls=1), False),
        (Budget(tool_calls=2), True),
        (Budget(tool_calls=1), False),
    ],
)
def test_limits_are_inclusive(budget: Budget, *, holds: bool) -> None:
    exchanges = [exchange("a"), exchange("b", output=200, latency=3.0, ttft=0.9)]
    assert (check_budget(budget, exchanges, {}) == ()) == holds


def test_an_overrun_says_by_how_much_and_on_which_exchange() -> None:
    (overrun,) = check_budget(
        Budget(output_tokens=200), [exchange("a"), exchange("b", output=150)], {}
    )
    assert str(overrun) == (
        "output_tokens: 250 used, 200 allowed (over by 50, +25%); exchange b used most"
    )


@pytest.mark.parametrize("budget", [Budget(output_tokens=10**9), Budget(cost_usd=Decimal(10**6))])
def test_what_was_not_recorded_does_not_pass(budget: Budget) -> None:
    (overrun,) = check_budget(budget, [exchange("a"), exchange("b", output=None)], {})
    assert overrun.used is None
    assert overrun.exchange_id == "b"
    assert "cannot be checked" in str(overrun)


def test_unrecorded_latency_does_not_pass() -> None:
    overruns = check_budget(
        Budget(latency_seconds=9.0, ttft_seconds=9.0), [exchange("a", latency=None, ttft=None)], {}
    )
    assert [overrun.limit for overrun in overruns] == ["latency_seconds", "ttft_seconds"]


@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=5), st.integers(0, 20_000))
def test_more_use_never_helps(outputs: list[int], allowed: int) -> None:
    budget = Budget(output_tokens=allowed)
    exchanges = [exchange(str(n), output=output) for n, output in enumerate(outputs)]
    held_all = not check_budget(budget, exchanges, {})
    held_fewer = not check_budget(budget, exchanges[:-1], {})
    assert held_fewer or not held_all
