"""The door to genai-prices: the rates of its list, as it ships, offline.

Its own look-up of a model, its dates and its variants decide; only the rates are taken out.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, time
from decimal import Decimal
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, Final

from gonogo.pricing.cost_parts import ZERO
from gonogo.pricing.rates import BATCH_FACTOR, RateCard, Rates

if TYPE_CHECKING:
    from datetime import date

    from genai_prices.types import ModelInfo, ModelPrice, Provider

UNDATED: Final = datetime(9999, 1, 1, tzinfo=UTC)
"""Stands for the date of an exchange that has none: the newest price of the pinned list."""

NO_PRICE: Final = "no price is known"
NO_FAST_PRICE: Final = "no price of `speed: fast` is known"

_LONGEST_NAME: Final = 200
"""A longer name is no model's, and would be kept with its card."""

_BATCH: Final = {"processing": "batch"}
_FAST: Final = {"speed": "fast"}


def list_version() -> str:
    """Return the name and version of the list."""
    from genai_prices import __version__  # noqa: PLC0415 - 50 ms, only for costs

    return f"genai-prices {__version__}"


def listed_card(model: str, at: datetime, *, batch: bool, fast: bool) -> RateCard:
    """Return the card of a model at a time.

    Raises:
        LookupError: If the list does not know the model, or no price of its fast mode.
    """
    if len(model) > _LONGEST_NAME:
        raise LookupError(NO_PRICE)
    return _card(model, at.astimezone(UTC).date(), batch=batch, fast=fast)


def listed_models() -> tuple[str, ...]:
    """Return the names of the models that the list knows."""
    return tuple(model.id for model in _anthropic().models)


@lru_cache(maxsize=4096)
def _card(model: str, day: "date", *, batch: bool, fast: bool) -> RateCard:
    found: ModelInfo | None = _anthropic().find_model(model)
    if found is None:
        raise LookupError(NO_PRICE)
    at = datetime.combine(day, time(12), tzinfo=UTC)
    if fast and not _has_variant(found, at, _FAST):
        raise LookupError(NO_FAST_PRICE)
    context = (_BATCH if batch else {}) | (_FAST if fast else {})
    card = _card_of(found.get_prices(at, context))
    if batch and not _has_variant(found, at, _BATCH):
        return card.times(BATCH_FACTOR)
    return card


@cache
def _anthropic() -> "Provider":
    """Return the list as it ships; what an application updates it to is not reproducible."""
    from genai_prices.data import providers  # noqa: PLC0415 - 50 ms, only for costs

    return next(provider for provider in providers if provider.id == "anthropic")


def _has_variant(model: "ModelInfo", at: datetime, when: dict[str, str]) -> bool:
    return any(
        variant.when == when and (variant.constraint is None or variant.constraint.active(at))
        for variant in model.price_variants or ()
    )


def _card_of(price: "ModelPrice") -> RateCard:
    starts = sorted(set(_cliffs_of(price)), reverse=True)
    return RateCard(
        base=_rates_at(price, 0),
        cliffs=tuple((start, _rates_at(price, start + 1)) for start in starts),
    )


def _cliffs_of(price: "ModelPrice") -> Iterator[int]:
    for rate in vars(price).values():
        yield from (tier.start for tier in getattr(rate, "tiers", ()))


def _rates_at(price: "ModelPrice", input_tokens: int) -> Rates:
    """Return the rates of a size; what has no rate of its own costs what it is a kind of."""
    uncached = _rate_at(price.input_mtok, input_tokens, ZERO)
    write = _rate_at(price.cache_write_mtok, input_tokens, uncached)
    return Rates(
        uncached_input=uncached,
        cache_write_5m=write,
        cache_write_1h=_rate_at(price.cache_write_1h_mtok, input_tokens, write),
        cache_read=_rate_at(price.cache_read_mtok, input_tokens, uncached),
        output=_rate_at(price.output_mtok, input_tokens, ZERO),
        web_search=_rate_at(price.web_searches_kcount, input_tokens, ZERO),
    )


def _rate_at(rate: Any, input_tokens: int, otherwise: Decimal) -> Decimal:
    """Pick the tier of a rate, the way genai-prices does: the highest that is exceeded."""
    if rate is None:
        return otherwise
    if isinstance(rate, Decimal):
        return rate
    tiers = [tier for tier in rate.tiers if input_tokens > tier.start]
    return Decimal(tiers[-1].price if tiers else rate.base)
