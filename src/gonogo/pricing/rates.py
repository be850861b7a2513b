"""What a model's tokens cost, by the size of the call's input; and the cost of counted tokens."""

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from gonogo.pricing.billed_usage import TokenCounts
from gonogo.pricing.cost_parts import ZERO, CostParts

US_FACTOR: Final = Decimal("1.1")
"""Of `inference_geo: us` on all tokens, not on fees such as searches (Claude's price list, "Data
residency pricing"); genai-prices does not know it."""

BATCH_FACTOR: Final = Decimal("0.5")
"""Of the Message Batches API on all tokens since it exists (Claude's price list, "Batch
processing"); genai-prices knows it only from a late date on and for some models."""

_MILLION: Final = Decimal(1_000_000)
_THOUSAND: Final = Decimal(1000)
_ONE: Final = Decimal(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """What a call of one size costs: US dollars per million tokens, at least 0.

    Attributes:
        uncached_input: Input that the cache has no part in.
        cache_write_5m: Cache writes for five minutes.
        cache_write_1h: Cache writes for an hour.
        cache_read: Cache reads.
        output: Output.
        web_search: A thousand searches of the API's own tool.
    """

    uncached_input: Decimal
    cache_write_5m: Decimal
    cache_write_1h: Decimal
    cache_read: Decimal
    output: Decimal
    web_search: Decimal

    def times(self, factor: Decimal) -> "Rates":
        """Return the rates with those of tokens multiplied."""
        return self.scaled(factor, factor)

    def scaled(self, input_factor: Decimal, output_factor: Decimal) -> "Rates":
        """Return the rates with those of input and of output multiplied; searches cost the same."""
        return replace(
            self,
            uncached_input=self.uncached_input * input_factor,
            cache_write_5m=self.cache_write_5m * input_factor,
            cache_write_1h=self.cache_write_1h * input_factor,
            cache_read=self.cache_read * input_factor,
            output=self.output * output_factor,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RateCard:
    """All rates of a model at one date, for one way of asking.

    Attributes:
        base: Rates of small calls.
        cliffs: For each cliff the input above which its rates hold for all tokens of a call, and
            the rates; the highest first.
        us_factor: Of `inference_geo: us`, on tokens.
        discount: Share negotiated off the whole, 0 to 1.
    """

    base: Rates
    cliffs: tuple[tuple[int, Rates], ...] = ()
    us_factor: Decimal = US_FACTOR
    discount: Decimal = ZERO

    def at_size(self, input_tokens: int) -> Rates:
        """Return the rates of a call with that much input in all; a cliff itself is still below."""
        for start, rates in self.cliffs:
            if input_tokens > start:
                return rates
        return self.base

    def times(self, factor: Decimal) -> "RateCard":
        """Return the card with the rates of tokens multiplied."""
        return replace(
            self,
            base=self.base.times(factor),
            cliffs=tuple((start, rates.times(factor)) for start, rates in self.cliffs),
        )

    def parts_of(self, counts: TokenCounts, *, in_us: bool) -> CostParts:
        """Return what tokens cost."""
        rates = self.at_size(counts.input_tokens)
        parts = CostParts(
            uncached_input=counts.uncached * rates.uncached_input / _MILLION,
            cache_write_5m=counts.cache_write_5m * rates.cache_write_5m / _MILLION,
            cache_write_1h=counts.cache_write_1h * rates.cache_write_1h / _MILLION,
            cache_read=counts.cache_read * rates.cache_read / _MILLION,
            output=counts.output * rates.output / _MILLION,
            web_search=counts.web_searches * rates.web_search / _THOUSAND,
        )
        if in_us:
            parts = replace(parts, us_inference=parts.tokens_usd * (self.us_factor - _ONE))
        if self.discount:
            parts = replace(parts, discount=-parts.total_usd * self.discount)
        return parts
