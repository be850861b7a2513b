"""The watcher: exchanges in, one by one, alarms out as they open, worsen and close."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Final, Protocol

import msgspec

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
from gonogo.spend.anomalies.plain_data import UnreadableStateError, decode, encode
from gonogo.spend.anomalies.prompts import DocumentDetector, RatioDetector, ToolsDetector
from gonogo.spend.anomalies.remembering import Memories
from gonogo.spend.anomalies.repricing import Repricing
from gonogo.spend.anomalies.routing import MismatchDetector, ShiftDetector, TrivialTaskDetector
from gonogo.spend.anomalies.settings import WatchSettings
from gonogo.spend.anomalies.sightings import Sighting, digest
from gonogo.spend.anomalies.sizes import SizeDetector
from gonogo.spend.anomalies.spending import SpendDetector
from gonogo.spend.anomalies.unit_prices import PriceDetector

_VERSION: Final = 1
"""Of the state; another one is not read."""

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
        self._settings = settings
        self._repricing = Repricing(prices)
        self._clock = StreamClock()
        self._episodes = Episodes(settings)
        self._memories = Memories(settings.most_entities)
        self._memories.hold("clock", self._clock)
        self._memories.hold("episodes", self._episodes)
        self._detectors = _detectors(settings, self._memories, self._repricing)

    @property
    def open_alarms(self) -> tuple[Alarm, ...]:
        """The alarms that last, as they stand; oldest news first."""
        return self._episodes.open_alarms

    @property
    def now(self) -> float:
        """The time of the stream, in seconds since 1970; 0 before the first exchange."""
        return self._clock.now or 0.0

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

    def dump(self) -> bytes:
        """Return all that is remembered as plain data, for `load` in another process.

        Raises:
            ValueError: If a name in it is no Unicode text.
        """
        return encode(_State(_VERSION, _digest_of(self._settings), self._memories.dump()))

    def load(self, state: bytes) -> None:
        """Go on where the watcher that dumped its state stopped.

        Raises:
            UnreadableStateError: If it is no state, or one of another version or other settings;
                the watcher is then not to be used any more.
        """
        version = decode(state, _Version).version
        if version != _VERSION:
            raise UnreadableStateError(f"version {version!r}, where {_VERSION} is read")
        held = decode(state, _State)
        if held.settings != _digest_of(self._settings):
            raise UnreadableStateError("it was written with other settings of the watcher")
        self._memories.load(held.parts)

    def _signals_of(self, sighting: Sighting) -> Iterator[Signal]:
        for detector in self._detectors:
            yield from detector.watch(sighting)


class _Version(msgspec.Struct):
    version: int


class _State(msgspec.Struct):
    version: int
    settings: str
    parts: dict[str, bytes]


def _digest_of(settings: WatchSettings) -> str:
    return digest(repr(settings))


def _detectors(
    settings: WatchSettings, memories: Memories, repricing: Repricing
) -> tuple[Detector, ...]:
    return (
        BloatDetector(settings, memories),
        LoopDetector(settings, memories),
        GiantDetector(settings, memories),
        SizeDetector(settings, memories),
        PriceDetector(settings, memories),
        ShiftDetector(settings, memories),
        MismatchDetector(repricing),
        TrivialTaskDetector(settings, memories, repricing),
        CacheDetector(settings, memories),
        ToolsDetector(settings, memories),
        DocumentDetector(settings, memories),
        RatioDetector(settings, memories),
        SpendDetector(settings, memories),
    )
