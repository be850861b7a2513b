"""The dearest rates of a model's line, for limits on models whose price nobody knows."""

import re
from collections.abc import Iterator
from dataclasses import fields
from datetime import datetime
from typing import Final

from gonogo.errors import UnpricedModelError
from gonogo.plain_text import one_line
from gonogo.pricing.configured_prices import EVERY_MODEL, Prices
from gonogo.pricing.listed_prices import listed_models
from gonogo.pricing.price_cards import card_of
from gonogo.pricing.rates import RateCard, Rates

_WORD: Final = re.compile(r"[a-z]{4,}")
_SHOWN_LENGTH: Final = 100
_LINES: Final = frozenset({"haiku", "sonnet", "opus", "fable", "mythos"})
_NO_LINE: Final = frozenset({"claude", "anthropic", "latest", "preview"})


def line_of(model: str) -> str | None:
    """Return the line in a model's name: `opus` of `claude-opus-5-5`; None: it names none."""
    words = [word for word in _WORD.findall(model.lower()) if word not in _NO_LINE]
    return next((word for word in words if word in _LINES), words[0] if words else None)


def models_of_line(model: str, prices: Prices) -> tuple[str, ...]:
    """Return the known models of a model's line; all that are known where it has none."""
    known = tuple(name for name in (*listed_models(), *prices) if name != EVERY_MODEL)
    line = line_of(model)
    return tuple(name for name in known if line and line_of(name) == line) or known


def dearest_of_line(
    model: str,
    prices: Prices,
    *,
    at: datetime | None,
    input_tokens: int,
    batch: bool = False,
    fast: bool = False,
) -> Rates:
    """Return the dearest known rate of each kind in a model's line, whatever the version.

    For limits, which must not let a call pass because nobody knows its price; a cost is never
    worked out with it. Each kind may come from another model. In fast mode models without a price
    of it are left out. Discounts are not taken off.

    Args:
        model: Whose price is not known.
        prices: Configured prices by model; their models count, too.
        at: When; None: the newest.
        input_tokens: Whole input, at least 0; decides on which side of cliffs the call is.
        batch: Whether it is asked by the Message Batches API.
        fast: Whether it runs in fast mode.

    Raises:
        UnpricedModelError: If not one model of the line has such a price.
    """
    return dearest_card(model, prices, at=at, batch=batch, fast=fast).at_size(input_tokens)


def dearest_card(
    model: str, prices: Prices, *, at: datetime | None, batch: bool, fast: bool
) -> RateCard:
    """Return the dearest rates of a line for every size, and the highest factor of the US.

    Raises:
        UnpricedModelError: If not one model of the line has such a price.
    """
    cards = list(_cards(model, prices, at, batch=batch, fast=fast))
    if not cards:
        model = one_line(model, _SHOWN_LENGTH)
        raise UnpricedModelError(
            f"no price of any model of the line of {model!r} is known:"
            f' set [tool.gonogo.prices."{model}"] input_mtok and output_mtok'
        )
    starts = {start for card in cards for start, _ in card.cliffs}
    return RateCard(
        base=_dearest(cards, 0),
        cliffs=tuple((start, _dearest(cards, start + 1)) for start in sorted(starts, reverse=True)),
        us_factor=max(card.us_factor for card in cards),
    )


def _dearest(cards: list[RateCard], input_tokens: int) -> Rates:
    rates = [card.at_size(input_tokens) for card in cards]
    return Rates(
        **{field.name: max(getattr(rate, field.name) for rate in rates) for field in fields(Rates)}
    )


def _cards(
    model: str, prices: Prices, at: datetime | None, *, batch: bool, fast: bool
) -> Iterator[RateCard]:
    for name in models_of_line(model, prices):
        try:
            yield card_of(name, prices, at=at, batch=batch, fast=fast)
        except LookupError:
            continue
