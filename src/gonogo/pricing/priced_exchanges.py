"""What an exchange cost: in parts, by whom it was answered, and by which prices."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final, NamedTuple, TypeAlias

from gonogo.errors import UnpricedModelError
from gonogo.exchanges import Exchange, Usage
from gonogo.pricing.billed_usage import (
    Caveat,
    Inference,
    TokenCounts,
    caveats_of,
    inferences_of,
    is_counted,
)
from gonogo.pricing.configured_prices import Prices
from gonogo.pricing.cost_parts import TOKEN_PARTS, ZERO, CostParts
from gonogo.pricing.price_cards import card_of, unpriced_error
from gonogo.pricing.price_versions import price_version

_ONE: Final = Decimal(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """What one model's run within an exchange cost.

    Attributes:
        model: Which.
        counts: What it was charged for.
        parts: What that cost.
        us_factor: Factor on tokens of where it ran; 1 where it does not matter.
        discount: Share negotiated off.
    """

    model: str
    counts: TokenCounts
    parts: CostParts
    us_factor: Decimal
    discount: Decimal

    def spread(self) -> CostParts:
        """Return the parts with both factors spread over them, the way a bill shows tokens.

        The sum is the same.
        """
        left = _ONE - self.discount
        spread = {name: getattr(self.parts, name) * self.us_factor * left for name in TOKEN_PARTS}
        return CostParts(**spread, web_search=self.parts.web_search * left)


@dataclass(frozen=True, slots=True, kw_only=True)
class Priced:
    """What an exchange cost.

    Attributes:
        cost_usd: The whole, in US dollars, at least 0: the sum of the parts.
        parts: What it is made of, over all charges.
        charges: By model and run; several where the API listed iterations, none where it was free.
        price_version: By which prices; the same version and usage give the same cost again.
        model: Who answered; None of a failed call that names none.
        caveats: Why what was billed may differ.
    """

    cost_usd: Decimal
    parts: CostParts
    charges: tuple[Charge, ...]
    price_version: str
    model: str | None
    caveats: tuple[Caveat, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Unpriced:
    """An exchange whose cost is not known, and counts as unknown, not as nothing.

    Attributes:
        model: Whose price is missing; None where the usage was not recorded or names no model.
        reason: What is missing, where, and what to do.
        price_version: By which prices nobody knew it.
    """

    model: str | None
    reason: str
    price_version: str


Pricing: TypeAlias = Priced | Unpriced


class Pricer:
    """Prices exchanges by one set of prices."""

    def __init__(self, prices: Prices) -> None:
        """Take the configured prices by model; they go before the list's."""
        self.prices = prices
        self.version = price_version(prices)

    def price(self, exchange: Exchange) -> Pricing:
        """Return what an exchange cost, or what is missing to say it.

        A failed call without usage costs nothing.
        """
        usage = _counted_usage(exchange)
        if usage is None and exchange.response is not None:
            reason = f"exchange {exchange.id!r}: its usage was not recorded"
            return Unpriced(model=None, reason=reason, price_version=self.version)
        charges = () if usage is None else _charges_of(exchange, usage, self.prices)
        if isinstance(charges, _Missing):
            return Unpriced(model=charges.model, reason=charges.reason, price_version=self.version)
        parts = sum((charge.parts for charge in charges), CostParts())
        return Priced(
            cost_usd=parts.total_usd,
            parts=parts,
            charges=charges,
            price_version=self.version,
            model=exchange.answered_by,
            caveats=() if usage is None else caveats_of(exchange, usage),
        )


def price_exchange(exchange: Exchange, prices: Prices) -> Pricing:
    """Return what an exchange cost in parts, or what is missing to say it."""
    return Pricer(prices).price(exchange)


def cost_of(exchange: Exchange, prices: Prices) -> Decimal | None:
    """Return what an exchange cost, in US dollars.

    The model that answered sets the price. A failed call without usage costs nothing.

    Args:
        exchange: The call.
        prices: Configured prices by model; they go before the list's.

    Returns:
        The cost, at least 0; None where an answer came but its usage was not recorded.

    Raises:
        UnpricedModelError: If neither the settings nor the list know the model.
    """
    usage = _counted_usage(exchange)
    if usage is None:
        return None if exchange.response is not None else ZERO
    charges = _charges_of(exchange, usage, prices)
    if isinstance(charges, _Missing):
        raise UnpricedModelError(charges.reason)
    return sum((charge.parts.total_usd for charge in charges), ZERO)


class _Missing(NamedTuple):
    """Whose price is missing, and what to do."""

    model: str | None
    reason: str


def _counted_usage(exchange: Exchange) -> Usage | None:
    usage = exchange.usage
    return usage if usage is not None and is_counted(usage) else None


def _charges_of(exchange: Exchange, usage: Usage, prices: Prices) -> tuple[Charge, ...] | _Missing:
    charges = []
    for inference in inferences_of(exchange, usage):
        if inference.model is None:
            reason = f"exchange {exchange.id!r} names no model: give it a `model`"
            return _Missing(None, f"{reason}, or set no cost limit")
        try:
            charges.append(_charge(inference, inference.model, exchange, usage, prices))
        except LookupError as error:
            place = f"exchange {exchange.id!r}"
            reason = str(unpriced_error(inference.model, place, str(error.args[0])))
            return _Missing(inference.model, reason)
    return tuple(charges)


def _charge(
    inference: Inference, model: str, exchange: Exchange, usage: Usage, prices: Prices
) -> Charge:
    card = card_of(model, prices, at=exchange.at, batch=usage.is_batch, fast=inference.is_fast)
    in_us = usage.inference_geo == "us"
    return Charge(
        model=model,
        counts=inference.counts,
        parts=card.parts_of(inference.counts, in_us=in_us),
        us_factor=card.us_factor if in_us else _ONE,
        discount=card.discount,
    )
