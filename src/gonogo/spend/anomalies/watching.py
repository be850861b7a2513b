"""The watcher: exchanges in, one by one, alarms out as they open, worsen and close."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Final, Protocol

from gonogo.amounts import demand_amount
from gonogo.exchanges import Exchange
from gonogo.pricing import ConfiguredPrice, Prices
from gonogo.spend.anomalies.alarms import Alarm, Signal
from gonogo.spend.anomalies.bloat import BloatDetector
from gonogo.spend.anomalies.caching import CacheDetector
from gonogo.spend.anomalies.clocks import StreamClock
from gonogo.spend.anomalies.episodes import Episodes
from gonogo.spend.anomalies.giants import GiantDetector
from gonogo.spend.anomalies.loops import LoopDetector
from gonogo.spend.anomalies.prompts import DocumentDetector, RatioDetector, ToolsDetector
from gonogo.spend.anomalies.repricing import Repricing
from gonogo.spend.anomalies.routing import MismatchDetector, ShiftDetector, TrivialTaskDetector
from gonogo.spend.anomalies.settings import WatchSettings
from gonogo.spend.anomalies.sightings import Sighting
from gonogo.spend.anomalies.spending import SpendDetector
from gonogo.spend.anomalies.unit_prices import PriceDetector

_LISTED: Final[Mapping[str, ConfiguredPrice]] = MappingProxyType({})


class Detector(Protocol):
    """Looks at exchanges one by one, in bounded memory."""

    def watch(self, sighting: Sighting) -> Iterator[Signal]:
        """Yield what is wrong with an exchange in the light of those before it."""


class Watcher:
    """Watches a stream of exchanges for spending that went wrong.

    Exchanges come in the order of their time; one that comes late counts as now. Memory does not
    grow with the stream: see `WatchSettings.most_entities`.

    Args:
        settings: What counts as an anomaly.
        prices: Configured prices by model; they go before the list's.
    """

    def __init__(self, settings: WatchSettings | None = None, prices: Prices = _LISTED) -> None:
        settings = settings or WatchSettings()
        self._repricing = Repricing(prices)
        self._clock = StreamClock()
        self._episodes = Episodes(settings)
        self._detectors: tuple[Detector, ...] = (
            BloatDetector(settings),
            LoopDetector(settings),
            GiantDetector(settings),
            PriceDetector(settings),
            ShiftDetector(settings),
            MismatchDetector(self._repricing),
            TrivialTaskDetector(settings, self._repricing),
            CacheDetector(settings),
            ToolsDetector(settings),
            DocumentDetector(settings),
            RatioDetector(settings),
            SpendDetector(settings),
        )

    @property
    def open_alarms(self) -> tuple[Alarm, ...]:
        """The alarms that last, as they stand; oldest news first."""
        return self._episodes.open_alarms

    def feed(self, exchange: Exchange, *, cost: Decimal | None = None) -> tuple[Alarm, ...]:
        """Look at the next exchange; return the alarms that it closes, opens or worsens.

        Args:
            exchange: The call; without `usage` it counts for little.
            cost: What it cost in US dollars, where that is known already; None: it is priced here.

        Raises:
            ValueError: If the cost is negative, infinite or not a number.
        """
        demand_amount("cost", cost)
        at = self._clock.tell(exchange.at)
        priced = self._repricing.cost(exchange) if cost is None else cost
        sighting = Sighting(exchange, at, priced)
        alarms = list(self._episodes.close_quiet(at))
        for signal in self._signals_of(sighting):
            alarms.extend(self._episodes.take(signal, at))
        return tuple(alarms)

    def finish(self) -> tuple[Alarm, ...]:
        """Close what is open: there are no more exchanges."""
        return tuple(self._episodes.close_all())

    def _signals_of(self, sighting: Sighting) -> Iterator[Signal]:
        for detector in self._detectors:
            yield from detector.watch(sighting)
