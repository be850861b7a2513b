"""A cost in its parts, whose sum is the whole."""

from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Final

ZERO: Final = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class CostParts:
    """What a cost is made of, in US dollars; `total_usd` is their sum.

    Exact as long as no count exceeds 10^12 and no rate has more than six decimals: no sum needs
    more than the 28 digits of Python's decimals.

    Attributes:
        uncached_input: Input that neither was read from the cache nor written to it.
        cache_write_5m: Input written to the cache for five minutes.
        cache_write_1h: Input written to the cache for an hour.
        cache_read: Input read from the cache.
        output: Output, thinking included.
        web_search: Searches of the API's own tool.
        us_inference: What `inference_geo: us` adds to the tokens.
        discount: What was negotiated off, at most 0.
    """

    uncached_input: Decimal = ZERO
    cache_write_5m: Decimal = ZERO
    cache_write_1h: Decimal = ZERO
    cache_read: Decimal = ZERO
    output: Decimal = ZERO
    web_search: Decimal = ZERO
    us_inference: Decimal = ZERO
    discount: Decimal = ZERO

    @property
    def total_usd(self) -> Decimal:
        """The whole, at least 0."""
        return sum((getattr(self, name) for name in PART_NAMES), ZERO)

    @property
    def tokens_usd(self) -> Decimal:
        """What the tokens cost before the factors."""
        return sum((getattr(self, name) for name in TOKEN_PARTS), ZERO)

    def __add__(self, other: "CostParts") -> "CostParts":
        """Add part by part."""
        return CostParts(
            **{name: getattr(self, name) + getattr(other, name) for name in PART_NAMES}
        )


PART_NAMES: Final = tuple(field.name for field in fields(CostParts))
TOKEN_PARTS: Final = ("uncached_input", "cache_write_5m", "cache_write_1h", "cache_read", "output")
