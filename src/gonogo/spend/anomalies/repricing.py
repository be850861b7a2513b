"""What a call would have cost with another model; None where nobody knows."""

from dataclasses import dataclass, replace
from decimal import Decimal

from gonogo.errors import UnpricedModelError
from gonogo.exchanges import Exchange, Response
from gonogo.pricing import Prices, cost_of
from gonogo.spend.anomalies.sightings import Sighting


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
