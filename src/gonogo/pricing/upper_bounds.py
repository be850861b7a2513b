"""What a call can cost at most, whatever the answer."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Final

from gonogo.errors import UnboundedCostError, UnpricedModelError
from gonogo.exchanges import Request
from gonogo.json_lines import JsonObject
from gonogo.pricing.billed_usage import TokenCounts
from gonogo.pricing.configured_prices import Prices
from gonogo.pricing.cost_parts import ZERO
from gonogo.pricing.model_lines import dearest_card
from gonogo.pricing.price_cards import card_of, unpriced_error
from gonogo.pricing.rates import RateCard
from gonogo.pricing.server_tools import given_uses, most_uses, server_tools_of, tools_of
from gonogo_checkers.output import JsonValue

_ANY_MODEL: Final = "claude"
"""A name without a line: the dearest of it is the dearest model there is."""

_MOST_OUTPUT: Final = 128_000
"""Tokens that a model writes at most where nobody says how many it may."""

_COMPACTS_ABOVE: Final = 150_000
"""Input tokens above which the API compacts a context where the request names no other trigger."""


def upper_bound_of(
    request: Request,
    input_tokens: int,
    prices: Prices,
    *,
    at: datetime | None,
    batch: bool = False,
    unknown_as_dearest: bool = False,
) -> Decimal:
    """Return what a call can cost at most, in US dollars, whatever the answer.

    All of the input at the dearest rate that the request's `cache_control` marks make possible, all
    of `max_tokens` as output, each server tool as often as its `max_uses` allows; beside it every
    model of `fallbacks`, each use of an advisor, and one compaction where the request allows it. A
    request that does not say where it runs is taken to run globally. What server tools bring into
    the input (pages that they find) is not among the tokens that can be counted beforehand: see
    `grows_its_input`.

    Args:
        request: What will be asked.
        input_tokens: Its whole input at most, at least 0.
        prices: Configured prices by model; they go before the list's.
        at: When it will be asked; None: at the newest price of the list.
        batch: Whether it will be asked by the Message Batches API.
        unknown_as_dearest: Whether what nobody knows is taken at its dearest, in place of an error:
            a model without a price costs the dearest known rates of its line (`dearest_of_line`), a
            server tool without `max_uses` is used in each round that the API makes, a model that
            the API picks is the dearest of all, a request that does not say where runs in the US,
            and server tools may write to the cache.

    Raises:
        UnpricedModelError: If neither the settings nor the list know the model.
        UnboundedCostError: If the request has no `max_tokens`, a server tool no `max_uses`, an
            advisor no `max_tokens`, or `fallbacks` leave the models to the API.
    """
    if request.model is None:
        raise UnpricedModelError("the request names no model: give it a `model`")
    asked = _Asked(request, f"a request of {request.model}", unknown_as_dearest)
    where = request.body.get("inference_geo")
    bounding = _Bounding(
        prices=prices,
        at=at,
        batch=batch,
        in_us=unknown_as_dearest if where is None else where != "global",
        unknown_as_dearest=unknown_as_dearest,
        place=asked.place,
    )
    return sum((bounding.most_of(run) for run in asked.possible_runs(input_tokens)), ZERO)


def grows_its_input(request: Request) -> bool:
    """Say whether server tools may add to the input what cannot be counted before the call."""
    return bool(request.body.get("mcp_servers")) or any(server_tools_of(request))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    """What one model may be asked within a call, at most.

    Attributes:
        model: Which.
        input_tokens: Its whole input.
        output_tokens: Its output.
        searches: Searches that are charged.
        lifetimes: Those of its cache marks; empty where nothing is cached.
        may_be_fast: Whether it may run in fast mode.
        times: How often it may be asked that.
    """

    model: str
    input_tokens: int
    output_tokens: int
    searches: int
    lifetimes: frozenset[str]
    may_be_fast: bool
    times: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bounding:
    """How runs are priced; `place` is what errors call the request."""

    prices: Prices
    at: datetime | None
    batch: bool
    in_us: bool
    unknown_as_dearest: bool
    place: str

    def most_of(self, run: _Run) -> Decimal:
        """Return the dearest way to charge for a run."""
        speeds = (False, True) if run.may_be_fast else (False,)
        cards = [self._card(run.model, fast=fast) for fast in speeds]
        return run.times * max(
            card.parts_of(counts, in_us=self.in_us).total_usd
            for card in cards
            for counts in _possible_counts(run)
        )

    def _card(self, model: str, *, fast: bool) -> RateCard:
        try:
            return card_of(model, self.prices, at=self.at, batch=self.batch, fast=fast)
        except LookupError as error:
            if self.unknown_as_dearest:
                return self._dearest_card(model, fast=fast)
            raise unpriced_error(model, self.place, str(error.args[0])) from error

    def _dearest_card(self, model: str, *, fast: bool) -> RateCard:
        """Return the card of a line, or of all models where the line has none of fast mode."""
        try:
            return dearest_card(model, self.prices, at=self.at, batch=self.batch, fast=fast)
        except UnpricedModelError:
            return dearest_card(_ANY_MODEL, self.prices, at=self.at, batch=self.batch, fast=fast)


@dataclass(frozen=True, slots=True)
class _Asked:
    """A request, and what it may set off.

    Attributes:
        request: The request.
        place: What errors call it.
        guesses: Whether what it does not say is taken at its dearest, in place of an error.
    """

    request: Request
    place: str
    guesses: bool

    def possible_runs(self, input_tokens: int) -> Iterator[_Run]:
        """Yield what may be charged for beside each other: the request, and what it may set off."""
        body = self.request.body
        lifetimes = set(_cache_lifetimes(body))
        if self.guesses and grows_its_input(self.request):
            lifetimes.add("5m")
        own = _Run(
            model=self.request.model or "",
            input_tokens=input_tokens,
            output_tokens=self._most_output(body.get("max_tokens")),
            searches=self._most_searches(),
            lifetimes=frozenset(lifetimes),
            may_be_fast=body.get("speed") == "fast",
        )
        yield own
        yield from self._fallbacks(own)
        for tool in tools_of(self.request):
            if str(tool.get("type")).startswith("advisor_"):
                yield from self._advice(tool, own)
        if _may_compact(self.request, input_tokens):
            yield replace(own, searches=0)

    def _fallbacks(self, own: _Run) -> Iterator[_Run]:
        """Yield a run for each model that may be asked when one before it declines."""
        fallbacks = self.request.body.get("fallbacks")
        if fallbacks is None or fallbacks == []:
            return
        if not isinstance(fallbacks, list):
            if not self.guesses:
                raise UnboundedCostError(
                    f"{self.place} has `fallbacks` {fallbacks!r}: the API picks the model, so what"
                    " it costs at most is not known; name the models, or ask without a cost limit"
                )
            fallbacks = [{}]
        for entry in fallbacks:
            model = entry.get("model") if isinstance(entry, dict) else None
            if not isinstance(entry, dict) or not (isinstance(model, str) or self.guesses):
                raise UnboundedCostError(f"{self.place} has a fallback without a `model`: name it")
            most = entry.get("max_tokens")
            yield replace(
                own,
                model=model if isinstance(model, str) else _ANY_MODEL,
                output_tokens=own.output_tokens if most is None else self._most_output(most),
                may_be_fast=own.may_be_fast or entry.get("speed") == "fast",
            )

    def _advice(self, tool: JsonObject, own: _Run) -> Iterator[_Run]:
        """Yield a run for each use of an advisor: it reads the whole conversation and writes."""
        model, most = tool.get("model"), tool.get("max_tokens")
        if self.guesses:
            model = model if isinstance(model, str) else _ANY_MODEL
            most = _MOST_OUTPUT if most is None else most
        if not isinstance(model, str) or most is None:
            raise UnboundedCostError(
                f"{self.place} has the tool {tool.get('type')!r} without `model` or `max_tokens`:"
                " what it costs at most is not known; set them, or ask without a cost limit"
            )
        caching = tool.get("caching")
        lifetimes = _cache_lifetimes({"cache_control": caching}) if caching is not None else ()
        yield _Run(
            model=model,
            input_tokens=own.input_tokens + own.output_tokens,
            output_tokens=self._most_output(most),
            searches=0,
            lifetimes=frozenset(lifetimes),
            may_be_fast=False,
            times=most_uses(tool),
        )

    def _most_output(self, most: JsonValue) -> int:
        if not isinstance(most, int) or isinstance(most, bool) or most < 0:
            raise UnboundedCostError(
                f"{self.place} has `max_tokens` {most!r}: what it costs at most is not known"
                " without; set it"
            )
        return most

    def _most_searches(self) -> int:
        """Return how many searches the API may charge for."""
        if self.request.body.get("mcp_servers") and not self.guesses:
            raise UnboundedCostError(
                f"{self.place} has `mcp_servers`: how often they are used is not bounded"
            )
        searches = 0
        for tool in server_tools_of(self.request):
            kind = tool.get("type")
            if given_uses(tool) is None and not self.guesses:
                raise UnboundedCostError(
                    f"{self.place} has the tool {kind!r} without `max_uses`: what it costs at most"
                    " is not known; set it, or ask without a cost limit"
                )
            if str(kind).startswith("web_search_"):
                searches += most_uses(tool)
        return searches


def _may_compact(request: Request, input_tokens: int) -> bool:
    management = request.body.get("context_management")
    edits = management.get("edits") if isinstance(management, dict) else None
    for edit in edits if isinstance(edits, list) else ():
        if isinstance(edit, dict) and str(edit.get("type")).startswith("compact_"):
            trigger = edit.get("trigger")
            above = trigger.get("value") if isinstance(trigger, dict) else _COMPACTS_ABOVE
            if not isinstance(above, int) or input_tokens >= above:
                return True
    return False


def _possible_counts(run: _Run) -> Iterator[TokenCounts]:
    """Yield the ways to charge for the whole input; every other way is a mixture of these."""
    rest = TokenCounts(output=run.output_tokens, web_searches=run.searches)
    yield replace(rest, uncached=run.input_tokens)
    if run.lifetimes:
        yield replace(rest, cache_read=run.input_tokens)
        yield replace(rest, cache_write_5m=run.input_tokens)
        if run.lifetimes - {"5m"}:
            yield replace(rest, cache_write_1h=run.input_tokens)


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
