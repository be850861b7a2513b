"""What an exchange cost, by genai-prices at the exchange's own date, or by a configured price."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

import msgspec

from gonogo.errors import UnpricedModelError
from gonogo.exchanges import Exchange, Usage
from gonogo.json_lines import JsonObject

_UNDATED: Final = datetime(9999, 1, 1, tzinfo=UTC)
"""Stands for the date of an exchange that has none: the newest price of the pinned list."""

_MILLION: Final = Decimal(1_000_000)
_US_INFERENCE_FACTOR: Final = Decimal("1.1")
"""Price factor of `inference_geo: us`, which genai-prices does not know (Claude's price list)."""


class ConfiguredPrice(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Own price of a model, in US dollars per million tokens.

    Attributes:
        input_mtok: Uncached input.
        output_mtok: Output.
        cache_read_mtok: Cache reads; as uncached input where not given.
        cache_write_mtok: Cache writes; as uncached input where not given.
    """

    input_mtok: Decimal
    output_mtok: Decimal
    cache_read_mtok: Decimal | None = None
    cache_write_mtok: Decimal | None = None


Prices = Mapping[str, ConfiguredPrice]


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
    if exchange.usage is None:
        return None if exchange.response is not None else Decimal(0)
    model = exchange.answered_by
    if model is None:
        raise UnpricedModelError(
            f"exchange {exchange.id!r} names no model: give it a `model`, or set no cost limit"
        )
    configured = prices.get(model)
    if configured is not None:
        return _configured_cost(exchange.usage, configured)
    return _listed_cost(exchange, exchange.usage, model)


def _configured_cost(usage: Usage, price: ConfiguredPrice) -> Decimal:
    read_price = price.input_mtok if price.cache_read_mtok is None else price.cache_read_mtok
    write_price = price.input_mtok if price.cache_write_mtok is None else price.cache_write_mtok
    return (
        usage.uncached_tokens * price.input_mtok
        + usage.cache_read_tokens * read_price
        + usage.cache_write_tokens * write_price
        + usage.output_tokens * price.output_mtok
    ) / _MILLION


def _listed_cost(exchange: Exchange, usage: Usage, model: str) -> Decimal:
    from genai_prices import calc_price, extract_usage  # noqa: PLC0415 - 50 ms, only for costs

    body: JsonObject = {"model": model, "usage": usage.body}
    try:
        extracted = extract_usage(body, provider_id="anthropic")
        price = calc_price(
            extracted.usage,
            model,
            provider_id="anthropic",
            genai_request_timestamp=exchange.at or _UNDATED,
            price_context={"processing": "batch"} if usage.is_batch else None,
        )
    except LookupError as error:
        raise UnpricedModelError(
            f"no price is known for model {model!r} of exchange {exchange.id!r}: "
            f'set [tool.gonogo.prices."{model}"] input_mtok and output_mtok'
        ) from error
    total = Decimal(price.total_price)
    return total * _US_INFERENCE_FACTOR if usage.inference_geo == "us" else total
