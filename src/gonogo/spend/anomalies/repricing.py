"""What a call would have cost with another model; None where nobody knows."""

import re
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import lru_cache
from typing import Final

from gonogo.errors import UnpricedModelError
from gonogo.exchanges import Exchange, Response
from gonogo.pricing import Prices, cost_of, line_of
from gonogo.pricing.listed_prices import listed_models
from gonogo.spend.anomalies.sightings import Sighting

_VERSION: Final = re.compile(r"(?<![0-9])[0-9]{1,2}(?![0-9])")


@dataclass(frozen=True, slots=True)
class Repricing:
    """Prices exchanges by configured prices and the list."""

    prices: Prices

    def cost(self, exchange: Exchange) -> Decimal | None:
        """Return what an exchange cost; None where it has no price."""
        try:
            return cost_of(exchange, self.prices)
        except UnpricedModelError:
            return None

    def cost_as(self, sighting: Sighting, model: str) -> Decimal | None:
        """Return what it would have cost had `model` answered with the same tokens."""
        return self.cost(replace(sighting.exchange, response=Response({"model": model})))

    def cheapest(self, sighting: Sighting) -> tuple[str, Decimal] | None:
        """Return which model would have cost least, of the newest of each line; and what."""
        costs = (
            (self.cost_as(sighting, model), model) for model in newest_models(*sorted(self.prices))
        )
        known = [(cost, model) for cost, model in costs if cost is not None]
        if not known:
            return None
        cost, model = min(known)
        return model, cost


@lru_cache(maxsize=16)
def newest_models(*configured: str) -> tuple[str, ...]:
    """Return the newest model of each line that the price list or the settings know."""
    newest: dict[str, tuple[tuple[int, ...], str]] = {}
    for model in (*listed_models(), *configured):
        line = line_of(model)
        version = tuple(int(number) for number in _VERSION.findall(model))
        if line and version:
            newest[line] = max(newest.get(line, ((), "")), (version, model))
    return tuple(model for _, model in newest.values())
