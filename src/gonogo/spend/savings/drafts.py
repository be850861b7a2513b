"""A call as it could have been made: other model, tokens or tier, and what it would have cost."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final, TypeAlias

from gonogo.exchanges import Exchange
from gonogo.pricing import Priced, Prices, RateCard, TokenCounts
from gonogo.pricing.price_cards import card_of
from gonogo.spend.savings.results import Basis, Kind

GENERAL: Final = "general"
"""Domain of exchanges that name none, as in comparisons."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A call as it could have been made.

    Attributes:
        exchange: As it was made.
        model: Who answers.
        uncached: Tokens of input that the cache has no part in; the next three likewise.
        writes_5m: Written to the cache for five minutes.
        writes_1h: Written for an hour.
        reads: Read from the cache.
        output: Tokens of output.
        web_searches: Searches of the API's own tool.
        in_us: Whether it runs with `inference_geo: us`.
        is_batch: Whether it goes through the Message Batches API.
        factor: On the price of these tokens, at least 1: the model writes more than the old one.
    """

    exchange: Exchange
    model: str
    uncached: int
    writes_5m: int
    writes_1h: int
    reads: int
    output: int
    web_searches: int
    in_us: bool
    is_batch: bool
    factor: Decimal = Decimal(1)

    @property
    def input_tokens(self) -> int:
        """The whole input."""
        return self.uncached + self.writes_5m + self.writes_1h + self.reads

    @property
    def is_cached(self) -> bool:
        """Whether the cache has a part in it."""
        return self.input_tokens > self.uncached

    def without_input(self, tokens: int) -> "Draft":
        """Take input away, the cheapest first, so that no more is saved than would be."""
        left, kinds = max(tokens, 0), {}
        for name in ("reads", "uncached", "writes_5m", "writes_1h"):
            taken = min(left, getattr(self, name))
            kinds[name] = getattr(self, name) - taken
            left -= taken
        return replace(self, **kinds)

    def card(self, prices: Prices) -> RateCard | None:
        """Return the rates that it is priced by; None: its model has no price."""
        try:
            return card_of(self.model, prices, at=self.exchange.at, batch=self.is_batch)
        except LookupError:
            return None

    def cost_usd(self, prices: Prices) -> Decimal | None:
        """Return what it would have cost; None: its model has no price."""
        card = self.card(prices)
        if card is None:
            return None
        counts = TokenCounts(
            uncached=self.uncached,
            cache_write_5m=self.writes_5m,
            cache_write_1h=self.writes_1h,
            cache_read=self.reads,
            output=self.output,
            web_searches=self.web_searches,
        )
        return card.parts_of(counts, in_us=self.in_us).total_usd * self.factor


Redraft: TypeAlias = Callable[[Draft], Draft]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What a measure would change in one call.

    Attributes:
        kind: Of the measure.
        place: Where the call is of.
        basis: What it rests on.
        redraft: Changes a draft of this call, whatever was changed in it before.
        tokens: How many it is about; 0 where that says nothing.
        note: What was seen beside the numbers.
    """

    kind: Kind
    place: str
    basis: Basis
    redraft: Redraft
    tokens: int = 0
    note: str = ""


def draft_of(exchange: Exchange, priced: Priced) -> Draft | None:
    """Return a call as it was made; None where no measure can be tried on it.

    Those are free calls, calls in fast mode, and calls of several inferences.
    """
    usage = exchange.usage
    if usage is None or len(priced.charges) != 1 or usage.body.get("speed") == "fast":
        return None
    (charge,) = priced.charges
    return Draft(
        exchange=exchange,
        model=charge.model,
        uncached=charge.counts.uncached,
        writes_5m=charge.counts.cache_write_5m,
        writes_1h=charge.counts.cache_write_1h,
        reads=charge.counts.cache_read,
        output=charge.counts.output,
        web_searches=charge.counts.web_searches,
        in_us=usage.inference_geo == "us",
        is_batch=usage.is_batch,
    )
