"""Names the prices that a cost was worked out with, so that it can be worked out again."""

import hashlib
from typing import Final

import msgspec

from gonogo.pricing.configured_prices import ConfiguredPrice, Prices
from gonogo.pricing.listed_prices import list_version

RULES: Final = 1
"""Version of what this package adds to the list: factors, refusals, iterations, caveats. Raised
with every change that changes a cost."""

_DIGITS: Final = 12


def price_version(prices: Prices) -> str:
    """Return the version of the list, of the rules, and the digest of configured prices.

    Two prices that say the same have the same digest, in whatever file and order they stand:
    `genai-prices 0.2.3, rules 1, overlay 9f86d081884c`.
    """
    version = f"{list_version()}, rules {RULES}"
    if not prices:
        return version
    return f"{version}, overlay {overlay_digest(prices)}"


def overlay_digest(prices: Prices) -> str:
    """Return the first twelve hexadecimal digits of SHA-256 over the canonical prices."""
    canonical = {
        model: sorted(_canonical(price) for price in _several(found))
        for model, found in sorted(prices.items())
    }
    return hashlib.sha256(msgspec.json.encode(canonical, order="sorted")).hexdigest()[:_DIGITS]


def _several(found: ConfiguredPrice | tuple[ConfiguredPrice, ...]) -> tuple[ConfiguredPrice, ...]:
    return (found,) if isinstance(found, ConfiguredPrice) else found


def _canonical(price: ConfiguredPrice) -> str:
    """Write a price so that 1, 1.0 and 1e0 are the same."""
    fields = {
        name: format(value.normalize(), "f") if hasattr(value, "normalize") else str(value)
        for name in price.__struct_fields__
        if (value := getattr(price, name)) is not None
    }
    return msgspec.json.encode(fields, order="sorted").decode()
