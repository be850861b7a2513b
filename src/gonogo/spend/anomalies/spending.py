"""Spikes of what is spent: buckets of a few minutes against the own seasonal past."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from gonogo.spend.anomalies.alarms import TOTAL, Entity, Kind, Scope, Signal
from gonogo.spend.anomalies.remembering import Memories
from gonogo.spend.anomalies.settings import WatchSettings
from gonogo.spend.anomalies.sightings import Sighting
from gonogo.spend.anomalies.spikes import SurpriseMeter

_MOST_IDLE: Final = 288
_MOST_IDS: Final = 10
_FADE: Final = 0.9998
"""The highest of the past halves in some 3,500 buckets, twelve days of five minutes."""

_LATE: Final = 2
"""Buckets after which one is past: the beginning of a spike must not be what it is held against."""

_LEAST_CALLS: Final = 5
_ACCEPTED_AFTER: Final = 288
"""Buckets after which a spike is no spike any more: it is how much is spent now."""


@dataclass(slots=True)
class _Bucket:
    number: int = -1
    cost: float = 0.0
    calls: int = 0
    ids: list[tuple[float, str]] = field(default_factory=list)
    score: float = 0.0
    expected: float = 0.0

    def add(self, sighting: Sighting) -> None:
        cost = float(sighting.cost or 0)
        self.cost += cost
        self.calls += 1
        self.ids.append((cost, sighting.id))
        if len(self.ids) > 4 * _MOST_IDS:
            self.ids = sorted(self.ids, reverse=True)[:_MOST_IDS]


@dataclass(slots=True)
class _Series:
    """What one entity spent."""

    meter: SurpriseMeter
    now: _Bucket = field(default_factory=_Bucket)
    before: _Bucket = field(default_factory=_Bucket)
    seen: int = 0
    highest: float = 0.0
    waiting: deque[float] = field(default_factory=deque)
    lasts: int = 0


class SpendDetector:
    """Watches what each user and model and all together spend.

    Two buckets in a row count as one, against the highest two in a row of the past: spending is
    bursty, and a single dear call is no spike.
    """

    def __init__(self, settings: WatchSettings, memories: Memories) -> None:
        self._settings = settings
        self._series = memories.remember(
            "spending",
            lambda: _Series(SurpriseMeter(settings.spike_bucket_seconds)),
            kept_as=list[tuple[Entity, _Series]],
        )

    def watch(self, sighting: Sighting) -> Iterator[Signal]:
        """Yield a signal for each entity whose last full bucket is part of a spike."""
        for entity in _entities_of(sighting):
            series = self._series.of(entity)
            number = int(sighting.at // self._settings.spike_bucket_seconds)
            if series.now.number < 0:
                series.now.number = number
            while series.now.number < number:
                yield from self._end_bucket(entity, series)
                idle = number - series.now.number - 1
                following = number - _MOST_IDLE if idle > _MOST_IDLE else series.now.number + 1
                series.before, series.now = series.now, _Bucket(following)
            series.now.add(sighting)

    def _end_bucket(self, entity: Entity, series: _Series) -> Iterator[Signal]:
        now, before = series.now, series.before
        seconds = self._settings.spike_bucket_seconds
        surprise = series.meter.rate(now.number * seconds, now.cost)
        now.score, now.expected = surprise.score, surprise.expected
        series.seen += 1
        if self._is_spike(series):
            series.lasts += 1
            if series.lasts < _ACCEPTED_AFTER:
                yield self._signal(entity, series)
                return
        series.lasts = 0
        series.waiting.append(now.cost + before.cost)
        if len(series.waiting) > _LATE:
            series.highest = max(series.waiting.popleft(), series.highest * _FADE)

    def _is_spike(self, series: _Series) -> bool:
        now, before, settings = series.now, series.before, self._settings
        both = now.cost + before.cost
        usual = max(now.expected + before.expected, 0.0)
        is_sustained = min(now.cost, before.cost) >= both / 5
        is_surprising = max(now.score, before.score) >= settings.spike_score or series.lasts > 0
        return (
            series.seen > settings.spike_warm_up_buckets
            and now.calls + before.calls >= _LEAST_CALLS
            and is_sustained
            and is_surprising
            and both > settings.spike_factor * max(series.highest, usual)
        )

    def _signal(self, entity: Entity, series: _Series) -> Signal:
        now, before = series.now, series.before
        usual = now.expected + before.expected
        wasted = max(now.cost - now.expected, 0.0)
        ids = [one for _, one in sorted(before.ids + now.ids, reverse=True)[:_MOST_IDS]]
        factor = (now.cost + before.cost) / usual if usual > 0 else float("inf")
        than_usual = f"{factor:,.1f} times" if factor < 1e6 else "far more than"
        return Signal(
            kind=Kind.SPEND_SPIKE,
            entity=entity,
            exchanges=tuple(ids),
            since=before.number * self._settings.spike_bucket_seconds,
            waste_usd=_dollars(now.cost + before.cost - usual),
            waste_now_usd=_dollars(wasted),
            cause=(
                f"{now.calls + before.calls} calls spent {than_usual} what is usual at this time of"
                " day, more than ever before: a new load, a batch, or calls without a brake."
            ),
        )


def _entities_of(sighting: Sighting) -> Iterator[Entity]:
    if sighting.cost is None:
        return
    yield TOTAL
    if sighting.user:
        yield Entity(Scope.USER, sighting.user)
    if sighting.model:
        yield Entity(Scope.MODEL, sighting.model)


def _dollars(amount: float) -> Decimal:
    return Decimal(repr(max(amount, 0.0)))
