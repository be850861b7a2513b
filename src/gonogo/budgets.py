"""Budgets: limits on tokens, cost and latency, and their check against exchanges."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, TypeAlias

import msgspec

from gonogo.amounts import demand_amount
from gonogo.exchanges import Exchange
from gonogo.pricing import Prices, cost_of

Count: TypeAlias = Annotated[int, msgspec.Meta(ge=0)]
Seconds: TypeAlias = Annotated[float, msgspec.Meta(ge=0)]
Amount: TypeAlias = int | float | Decimal


class Budget(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Limits on all exchanges of a case's trial or of a test together; None: not limited.

    Attributes:
        input_tokens: Total input: uncached, cache writes and cache reads.
        output_tokens: Output, thinking included.
        total_tokens: Both.
        cost_usd: Cost in US dollars.
        latency_seconds: Sum of the exchanges' latencies.
        ttft_seconds: The slowest first token.
        calls: Number of exchanges.
        tool_calls: Number of tools called.
    """

    input_tokens: Count | None = None
    output_tokens: Count | None = None
    total_tokens: Count | None = None
    cost_usd: Decimal | None = None
    latency_seconds: Seconds | None = None
    ttft_seconds: Seconds | None = None
    calls: Count | None = None
    tool_calls: Count | None = None

    def __post_init__(self) -> None:
        """Refuse a cost that is no amount of money.

        Raises:
            ValueError: If it is negative, infinite or not a number.
        """
        demand_amount("cost_usd", self.cost_usd)


@dataclass(frozen=True, slots=True)
class Overrun:
    """One limit that does not hold, or that could not be checked.

    Attributes:
        limit: Name of the limit: `cost_usd`.
        allowed: What it allows.
        used: What was used; None where an exchange did not record it.
        exchange_id: The exchange that used most, or that did not record it.
    """

    limit: str
    allowed: Amount
    used: Amount | None
    exchange_id: str

    def __str__(self) -> str:
        """Say by how much, and where."""
        where = "did not record it" if self.used is None else "used most"
        return f"{self.brief()}; exchange {self.exchange_id} {where}"

    def brief(self) -> str:
        """Say by how much."""
        if self.used is None:
            return f"{self.limit} cannot be checked, {_plain(self.allowed)} allowed"
        over = float(self.used) - float(self.allowed)
        share = f", +{over / float(self.allowed):.0%}" if self.allowed else ""
        return (
            f"{self.limit}: {_plain(self.used)} used, {_plain(self.allowed)} allowed"
            f" (over by {_plain(over)}{share})"
        )


def check_budget(
    budget: Budget, exchanges: Sequence[Exchange], prices: Prices
) -> tuple[Overrun, ...]:
    """Hold exchanges against a budget.

    Args:
        budget: The limits; each holds for all exchanges together.
        exchanges: Any number, in order.
        prices: Configured prices by model.

    Returns:
        The limits that do not hold, in the order of the budget's fields; one that could not be
        checked, because an exchange did not record what it limits, is among them.

    Raises:
        UnpricedModelError: If a cost is limited and a model's price is not known.
    """
    return tuple(_overruns(budget, exchanges, prices))


def _overruns(budget: Budget, exchanges: Sequence[Exchange], prices: Prices) -> Iterator[Overrun]:
    for limit in budget.__struct_fields__:
        allowed = getattr(budget, limit)
        if allowed is None or not exchanges:
            continue
        amounts = [(_amount(limit, exchange, prices), exchange.id) for exchange in exchanges]
        unknown = next((exchange_id for amount, exchange_id in amounts if amount is None), None)
        if unknown is not None:
            yield Overrun(limit, allowed, None, unknown)
            continue
        known = [(amount, exchange_id) for amount, exchange_id in amounts if amount is not None]
        used = _together(limit, (amount for amount, _ in known))
        if used > allowed:
            most = max(known, key=lambda pair: pair[0])
            yield Overrun(limit, allowed, used, most[1])


def _amount(limit: str, exchange: Exchange, prices: Prices) -> Amount | None:
    match limit:
        case "cost_usd":
            return cost_of(exchange, prices)
        case "latency_seconds":
            return exchange.latency_seconds
        case "ttft_seconds":
            return exchange.ttft_seconds
        case "calls":
            return 1
        case "tool_calls":
            return len(exchange.response.tool_calls) if exchange.response is not None else 0
        case _:
            return _tokens(limit, exchange)


def _tokens(limit: str, exchange: Exchange) -> int | None:
    usage = exchange.usage
    if usage is None:
        return 0 if exchange.response is None else None
    match limit:
        case "input_tokens":
            return usage.input_tokens
        case "output_tokens":
            return usage.output_tokens
        case _:
            return usage.total_tokens


def _together(limit: str, amounts: Iterable[Amount]) -> Amount:
    if limit == "ttft_seconds":
        return max(amounts)
    total: Amount = 0
    for amount in amounts:
        total += amount  # type: ignore[operator]  # one limit's amounts are all of one type
    return total


def _plain(amount: Amount) -> str:
    if isinstance(amount, float) and amount.is_integer():
        return f"{int(amount):,}"
    return f"{amount:,}" if isinstance(amount, int) else f"{float(amount):.6g}"
