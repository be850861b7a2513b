"""A call as it could have been made: other model, tokens or tier, and what it would have cost."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final, TypeAlias

from gonogo.errors import UnpricedModelError
from gonogo.exchanges import Exchange, Outcome, Request, Response, Usage
from gonogo.json_lines import JsonObject
from gonogo.pricing import Prices, cost_of
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

    def usage(self) -> Usage:
        """Return its tokens the way the API counts them."""
        assert self.exchange.usage is not None  # noqa: S101 - `draft_of` demands it
        body: JsonObject = {
            **self.exchange.usage.body,
            "input_tokens": self.uncached,
            "output_tokens": self.output,
            "cache_read_input_tokens": self.reads,
            "cache_creation_input_tokens": self.writes_5m + self.writes_1h,
            "cache_creation": {
                "ephemeral_5m_input_tokens": self.writes_5m,
                "ephemeral_1h_input_tokens": self.writes_1h,
            },
        }
        if self.is_batch:
            body["service_tier"] = "batch"
        return Usage(body)

    def cost_usd(self, prices: Prices) -> Decimal | None:
        """Return what it would have cost; None: its model has no price."""
        call = Exchange(
            id=self.exchange.id,
            request=_NOTHING_ASKED,
            response=Response({"model": self.model, "content": [{"type": "text"}]}),
            usage=self.usage(),
            at=self.exchange.at,
        )
        try:
            cost = cost_of(call, prices)
        except UnpricedModelError:
            return None
        return None if cost is None else cost * self.factor


_NOTHING_ASKED: Final = Request({})

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


def draft_of(exchange: Exchange) -> Draft | None:
    """Return a call as it was made; None where no measure can be tried on it.

    Those are failed calls, calls without usage or model, in fast mode, and of several inferences.
    """
    usage, model = exchange.usage, exchange.answered_by
    if usage is None or model is None or exchange.outcome is Outcome.INFRASTRUCTURE_ERROR:
        return None
    if usage.body.get("iterations") or usage.body.get("speed") == "fast":
        return None
    writes = usage.cache_write_tokens
    split = usage.body.get("cache_creation")
    hour = split.get("ephemeral_1h_input_tokens") if isinstance(split, dict) else 0
    hour = min(hour, writes) if isinstance(hour, int) and not isinstance(hour, bool) else 0
    return Draft(
        exchange=exchange,
        model=model,
        uncached=usage.uncached_tokens,
        writes_5m=writes - hour,
        writes_1h=hour,
        reads=usage.cache_read_tokens,
        output=usage.output_tokens,
        is_batch=usage.is_batch,
    )
