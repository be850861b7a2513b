"""Prices that a project configures: of models that the list lacks, and what it negotiated."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import combinations
from typing import Final, TypeAlias

import msgspec

from gonogo.pricing.cost_parts import ZERO
from gonogo.pricing.rates import BATCH_FACTOR, US_FACTOR, RateCard, Rates

EVERY_MODEL: Final = "*"
"""Stands for all models that have no entry of their own."""

_SEARCHES: Final = Decimal(10)
"""US dollars for a thousand searches (Claude's price list, "Web search tool")."""

_ONE: Final = Decimal(1)
_RATES: Final = ("cache_read_mtok", "cache_write_mtok", "cache_write_1h_mtok", "cliff_tokens")
_DATE: Final = re.compile(r"[-@](?:\d{8}|\d{4}-\d{2}-\d{2})$")


class ConfiguredPrice(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    rename={"since": "from"},
):
    """Own price of a model, in US dollars per million tokens, or a change to the list's.

    With `input_mtok` and `output_mtok` it stands in place of the list's; without, the list's rates
    hold, changed by the factors and the discount.

    Attributes:
        input_mtok: Uncached input.
        output_mtok: Output.
        cache_read_mtok: Cache reads; as uncached input where not given.
        cache_write_mtok: Cache writes for five minutes; as uncached input where not given.
        cache_write_1h_mtok: Cache writes for an hour; as those for five minutes where not given.
        web_search_kcount: A thousand searches; 10, or what the list says, where not given.
        cliff_tokens: Input above which all tokens of a call cost more; None: there is no cliff.
        cliff_input_factor: How many times as much input costs above the cliff.
        cliff_output_factor: How many times as much output costs above the cliff.
        batch_factor: Of the Message Batches API on tokens; 0.5, or what the list says, where not
            given.
        fast_factor: Of fast mode on tokens; what the list says where not given: calls in fast mode
            are unpriced if it says nothing.
        us_factor: Of `inference_geo: us` on tokens.
        discount: Share off the whole, 0 to 1: 0.15 is 15 %.
        since: First day on which it holds, in UTC; in files `from`. None: it always did.
        until: Last day on which it holds, in UTC. None: it still does.
    """

    input_mtok: Decimal | None = None
    output_mtok: Decimal | None = None
    cache_read_mtok: Decimal | None = None
    cache_write_mtok: Decimal | None = None
    cache_write_1h_mtok: Decimal | None = None
    web_search_kcount: Decimal | None = None
    cliff_tokens: int | None = None
    cliff_input_factor: Decimal = _ONE
    cliff_output_factor: Decimal = _ONE
    batch_factor: Decimal | None = None
    fast_factor: Decimal | None = None
    us_factor: Decimal = US_FACTOR
    discount: Decimal = ZERO
    since: date | None = None
    until: date | None = None

    def __post_init__(self) -> None:
        """Refuse what is no price.

        Raises:
            ValueError: If an amount is negative or not finite, a discount exceeds 1, only one of
                input and output has a rate, or the last day is before the first.
        """
        for name in self.__struct_fields__:
            value = getattr(self, name)
            if isinstance(value, Decimal) and not (value.is_finite() and value >= 0):
                raise ValueError(f"{name}: expected at least 0, got {value}")
        if self.discount > 1:
            raise ValueError(f"discount: expected a share of at most 1, got {self.discount}")
        if (self.input_mtok is None) != (self.output_mtok is None):
            raise ValueError("input_mtok and output_mtok: give both, or none to keep the list's")
        if not self.is_own:
            given = [name for name in _RATES if getattr(self, name) is not None]
            if given:
                raise ValueError(f"{given[0]}: needs input_mtok and output_mtok beside it")
        if self.since and self.until and self.until < self.since:
            raise ValueError(f"until: {self.until} is before from: {self.since}")

    @property
    def is_own(self) -> bool:
        """Whether it stands in place of the list's price."""
        return self.input_mtok is not None

    def holds_on(self, day: date) -> bool:
        """Say whether it holds on a day."""
        return (self.since or date.min) <= day <= (self.until or date.max)


ModelPrices: TypeAlias = ConfiguredPrice | tuple[ConfiguredPrice, ...]
"""One price of a model, or several that hold at different times."""

Prices: TypeAlias = Mapping[str, ModelPrices]
"""By model: its exact name, its name without the date, or `*` for every other model."""


def configured_price(prices: Prices, model: str, at: datetime) -> ConfiguredPrice | None:
    """Return what is configured for a model at a time; None: nothing is.

    An entry under the exact name goes first, then one under the name without its date
    (`claude-opus-5-5` for `claude-opus-5-5-20261001`), then `*`.
    """
    if not prices:
        return None
    day = at.astimezone(UTC).date()
    for name in dict.fromkeys((model, undated_name(model), EVERY_MODEL)):
        found = next((price for price in _entries(prices, name) if price.holds_on(day)), None)
        if found is not None:
            return found
    return None


def undated_name(model: str) -> str:
    """Return a model's name without its date: `claude-opus-5-5` of `claude-opus-5-5-20261001`."""
    return _DATE.sub("", model)


def own_card(price: ConfiguredPrice, *, batch: bool, fast: bool) -> RateCard | None:
    """Return the card of an own price; None: it has no price for fast mode."""
    uncached, output = price.input_mtok or ZERO, price.output_mtok or ZERO
    write = uncached if price.cache_write_mtok is None else price.cache_write_mtok
    rates = Rates(
        uncached_input=uncached,
        cache_write_5m=write,
        cache_write_1h=write if price.cache_write_1h_mtok is None else price.cache_write_1h_mtok,
        cache_read=uncached if price.cache_read_mtok is None else price.cache_read_mtok,
        output=output,
        web_search=_SEARCHES if price.web_search_kcount is None else price.web_search_kcount,
    )
    factor = BATCH_FACTOR if price.batch_factor is None else price.batch_factor
    factor = factor if batch else _ONE
    if fast:
        if price.fast_factor is None:
            return None
        factor *= price.fast_factor
    above = rates.scaled(price.cliff_input_factor, price.cliff_output_factor)
    cliffs = () if price.cliff_tokens is None else ((price.cliff_tokens, above),)
    card = RateCard(base=rates, cliffs=cliffs, us_factor=price.us_factor, discount=price.discount)
    return card.times(factor)


def overlaps_of(prices: Prices) -> Iterator[tuple[str, str]]:
    """Yield the models of which two prices hold on one day, and what is wrong with them."""
    for model in prices:
        for one, other in combinations(_entries(prices, model), 2):
            start = max(one.since or date.min, other.since or date.min)
            if one.holds_on(start) and other.holds_on(start):
                day = "every day" if start == date.min else str(start)
                yield model, f"two prices hold on {day}: give each a `from` and `until` of its own"


def _entries(prices: Prices, model: str) -> tuple[ConfiguredPrice, ...]:
    found = prices.get(model, ())
    return (found,) if isinstance(found, ConfiguredPrice) else found
