"""Which rates hold for a model: those that are configured, else the list's."""

from dataclasses import replace
from datetime import datetime
from typing import Final

from gonogo.errors import UnpricedModelError
from gonogo.plain_text import one_line
from gonogo.pricing.configured_prices import (
    ConfiguredPrice,
    Prices,
    configured_price,
    own_card,
)
from gonogo.pricing.listed_prices import NO_FAST_PRICE, UNDATED, listed_card
from gonogo.pricing.rates import RateCard

_SHOWN_LENGTH: Final = 100


def card_of(
    model: str, prices: Prices, *, at: datetime | None, batch: bool = False, fast: bool = False
) -> RateCard:
    """Return the rates of a model.

    Args:
        model: Its name.
        prices: Configured prices by model; they go before the list's.
        at: When; None: the newest.
        batch: Whether it is asked by the Message Batches API.
        fast: Whether it runs in fast mode.

    Raises:
        LookupError: If no price is known; says of what.
    """
    at = at or UNDATED
    price = configured_price(prices, model, at)
    if price is None:
        return listed_card(model, at, batch=batch, fast=fast)
    if price.is_own:
        card = own_card(price, batch=batch, fast=fast)
        if card is None:
            raise LookupError(NO_FAST_PRICE)
        return card
    return _changed_card(price, model, at, batch=batch, fast=fast)


def unpriced_error(model: str, place: str, what: str) -> UnpricedModelError:
    """Return the error that says which price is missing, where, and what to do."""
    model = one_line(model, _SHOWN_LENGTH)
    remedy = "fast_factor" if what == NO_FAST_PRICE else "input_mtok and output_mtok"
    return UnpricedModelError(
        f'{what} for model {model!r} of {place}: set [tool.gonogo.prices."{model}"] {remedy}'
    )


def _changed_card(
    price: ConfiguredPrice, model: str, at: datetime, *, batch: bool, fast: bool
) -> RateCard:
    """Return the list's rates as a configured price changes them."""
    own_batch = batch and price.batch_factor is not None
    own_fast = fast and price.fast_factor is not None
    card = listed_card(model, at, batch=batch and not own_batch, fast=fast and not own_fast)
    if own_batch and price.batch_factor is not None:
        card = card.times(price.batch_factor)
    if own_fast and price.fast_factor is not None:
        card = card.times(price.fast_factor)
    if price.web_search_kcount is not None:
        card = _with_searches(card, price)
    return replace(card, us_factor=price.us_factor, discount=price.discount)


def _with_searches(card: RateCard, price: ConfiguredPrice) -> RateCard:
    fee = price.web_search_kcount
    if fee is None:
        return card
    return replace(
        card,
        base=replace(card.base, web_search=fee),
        cliffs=tuple((start, replace(rates, web_search=fee)) for start, rates in card.cliffs),
    )
