"""What an exchange cost, and what a call can cost at most.

By genai-prices at the call's own date, or by a configured price.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from gonogo.errors import UnboundedCostError, UnpricedModelError
from gonogo.exchanges import Exchange, Request, Usage
from gonogo.json_lines import JsonObject
from gonogo_checkers.output import JsonValue

if TYPE_CHECKING:
    from genai_prices.types import PriceVariant

_UNDATED: Final = datetime(9999, 1, 1, tzinfo=UTC)
"""Stands for the date of an exchange that has none: the newest price of the pinned list."""

_MILLION: Final = Decimal(1_000_000)
_US_INFERENCE_FACTOR: Final = Decimal("1.1")
"""Price factor of `inference_geo: us`, which genai-prices does not know (Claude's price list)."""

_GLOBAL: Final = (None, "global")
_CLIENT_TOOLS: Final = ("bash_", "browser_", "computer_", "memory_", "text_editor_")
"""How the types of Anthropic's tools begin that the application runs, not the API."""


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
    return _cost(_Priced(model, exchange.usage, exchange.at, f"exchange {exchange.id!r}"), prices)


def upper_bound_of(
    request: Request,
    input_tokens: int,
    prices: Prices,
    *,
    at: datetime | None,
    batch: bool = False,
) -> Decimal:
    """Return what a call can cost at most, in US dollars, whatever the answer.

    All of the input at the dearest rate that the request's `cache_control` marks make possible, all
    of `max_tokens` as output, each server tool as often as its `max_uses` allows. A request that
    does not say where it runs is taken to run globally. What server tools bring into the input
    (pages that they find) is not among the tokens that can be counted beforehand: see
    `grows_its_input`.

    Args:
        request: What will be asked.
        input_tokens: Its whole input at most, at least 0.
        prices: Configured prices by model; they go before the list's.
        at: When it will be asked; None: at the newest price of the list.
        batch: Whether it will be asked by the Message Batches API.

    Raises:
        UnpricedModelError: If neither the settings nor the list know the model.
        UnboundedCostError: If the request has no `max_tokens`, or a server tool no `max_uses`.
    """
    if request.model is None:
        raise UnpricedModelError("the request names no model: give it a `model`")
    place = f"a request of {request.model}"
    usage: JsonObject = {
        "output_tokens": _most_output(request, place),
        "server_tool_use": {"web_search_requests": _most_searches(request, place)},
        "inference_geo": "global" if request.body.get("inference_geo") in _GLOBAL else "us",
        "service_tier": "batch" if batch else "standard",
    }
    return max(
        _cost(_Priced(request.model, Usage(usage | inputs | speed), at, place), prices)
        for inputs in _possible_inputs(request, input_tokens)
        for speed in _possible_speeds(request)
    )


def grows_its_input(request: Request) -> bool:
    """Say whether server tools may add to the input what cannot be counted before the call."""
    return bool(request.body.get("mcp_servers")) or any(map(_is_server_tool, _tools_of(request)))


def _most_output(request: Request, place: str) -> int:
    most = request.body.get("max_tokens")
    if not isinstance(most, int) or isinstance(most, bool) or most < 0:
        raise UnboundedCostError(
            f"{place} has `max_tokens` {most!r}: what it costs at most is not known without; set it"
        )
    return most


def _most_searches(request: Request, place: str) -> int:
    """Return how many searches the API may charge for."""
    if request.body.get("mcp_servers"):
        raise UnboundedCostError(
            f"{place} has `mcp_servers`: how often they are used is not bounded"
        )
    searches = 0
    for tool in filter(_is_server_tool, _tools_of(request)):
        kind, uses = tool.get("type"), tool.get("max_uses")
        if not isinstance(uses, int) or isinstance(uses, bool) or uses < 0:
            raise UnboundedCostError(
                f"{place} has the tool {kind!r} without `max_uses`: what it costs at most is not"
                " known; set it, or ask without a cost limit"
            )
        if str(kind).startswith("web_search_"):
            searches += uses
    return searches


def _tools_of(request: Request) -> Iterator[JsonObject]:
    tools = request.body.get("tools")
    if isinstance(tools, list):
        yield from (tool for tool in tools if isinstance(tool, dict))


def _is_server_tool(tool: JsonObject) -> bool:
    """Say whether the API may run a tool itself; of a kind that is not known, it may."""
    kind = tool.get("type") or "custom"
    return kind != "custom" and not str(kind).startswith(_CLIENT_TOOLS)


def _possible_inputs(request: Request, input_tokens: int) -> Iterator[JsonObject]:
    """Yield the ways to charge for the whole input; every other way is a mixture of these."""
    yield {"input_tokens": input_tokens}
    lifetimes = set(_cache_lifetimes(request.body))
    if not lifetimes:
        return
    yield {"input_tokens": 0, "cache_read_input_tokens": input_tokens}
    short, long = (0, input_tokens) if lifetimes - {"5m"} else (input_tokens, 0)
    for split in {(short, long), (input_tokens, 0)}:
        yield {
            "input_tokens": 0,
            "cache_creation_input_tokens": input_tokens,
            "cache_creation": {
                "ephemeral_5m_input_tokens": split[0],
                "ephemeral_1h_input_tokens": split[1],
            },
        }


def _cache_lifetimes(body: JsonObject) -> Iterator[str]:
    """Yield the lifetime of each `cache_control` mark at any depth."""
    left: list[JsonValue] = [body]
    while left:
        value = left.pop()
        if isinstance(value, list):
            left.extend(value)
        elif isinstance(value, dict):
            mark = value.get("cache_control")
            if isinstance(mark, dict):
                yield str(mark.get("ttl") or "5m")
            left.extend(value.values())


def _possible_speeds(request: Request) -> Iterator[JsonObject]:
    yield {"speed": "standard"}
    if request.body.get("speed") == "fast":
        yield {"speed": "fast"}


class _Priced(NamedTuple):
    """What sets a cost; `place` is what errors call it."""

    model: str
    usage: Usage
    at: datetime | None
    place: str


def _cost(priced: _Priced, prices: Prices) -> Decimal:
    configured = prices.get(priced.model)
    if configured is not None:
        return _configured_cost(priced.usage, configured)
    return _listed_cost(priced)


def _configured_cost(usage: Usage, price: ConfiguredPrice) -> Decimal:
    read_price = price.input_mtok if price.cache_read_mtok is None else price.cache_read_mtok
    write_price = price.input_mtok if price.cache_write_mtok is None else price.cache_write_mtok
    return (
        usage.uncached_tokens * price.input_mtok
        + usage.cache_read_tokens * read_price
        + usage.cache_write_tokens * write_price
        + usage.output_tokens * price.output_mtok
    ) / _MILLION


def _listed_cost(priced: _Priced) -> Decimal:
    from genai_prices import calc_price, extract_usage  # noqa: PLC0415 - 50 ms, only for costs

    usage = priced.usage
    body: JsonObject = {"model": priced.model, "usage": usage.body}
    context = {"processing": "batch"} if usage.is_batch else {}
    is_fast = usage.body.get("speed") == "fast"
    if is_fast:
        context["speed"] = "fast"
    try:
        extracted = extract_usage(body, provider_id="anthropic")
        price = calc_price(
            extracted.usage,
            priced.model,
            provider_id="anthropic",
            genai_request_timestamp=priced.at or _UNDATED,
            price_context=context,
        )
    except LookupError as error:
        raise _unpriced(priced, "no price is known") from error
    if is_fast and not _has_fast_price(price.model.price_variants):
        raise _unpriced(priced, "no price of `speed: fast` is known")
    total = Decimal(price.total_price)
    return total * _US_INFERENCE_FACTOR if usage.inference_geo == "us" else total


def _has_fast_price(variants: "list[PriceVariant] | None") -> bool:
    return any(variant.when.get("speed") == "fast" for variant in variants or ())


def _unpriced(priced: _Priced, what: str) -> UnpricedModelError:
    return UnpricedModelError(
        f"{what} for model {priced.model!r} of {priced.place}: "
        f'set [tool.gonogo.prices."{priced.model}"] input_mtok and output_mtok'
    )
