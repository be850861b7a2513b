"""The prompt cache: one that broke, and one that is written and never read."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from gonogo.spend.anomalies.alarms import Kind, Signal
from gonogo.spend.anomalies.remembering import Memories
from gonogo.spend.anomalies.settings import WatchSettings
from gonogo.spend.anomalies.sightings import Sighting

_LEAST_CACHEABLE: Final = 2048
"""Tokens; shorter prompts are not cached by every model."""

_LEAST_PAST: Final = 20
_GOOD_SHARE: Final = 0.5
_BROKEN_SHARE: Final = 0.1
_FADE: Final = 0.05
_UNREAD_CALLS: Final = 20
_WRITE_SURCHARGE: Final = 0.2
"""Share of the price of a cache write that plain input would not have cost."""


@dataclass(frozen=True, slots=True)
class _Call:
    id: str
    at: float
    tokens: int
    cost: Decimal | None
    saved_share: float


@dataclass(slots=True)
class _Cache:
    """What came from the cache in the calls of one user to one model."""

    at: float = 0.0
    seen: int = 0
    usual_share: float = 0.0
    without: list[_Call] = field(default_factory=list)
    unread: deque[_Call] = field(default_factory=lambda: deque(maxlen=_UNREAD_CALLS))


class CacheDetector:
    """Watches the share of cache reads, by user and model."""

    def __init__(self, settings: WatchSettings, memories: Memories) -> None:
        self._settings = settings
        self._caches = memories.remember(
            "caches", _Cache, kept_as=list[tuple[tuple[str, str], _Cache]]
        )

    def watch(self, sighting: Sighting) -> Iterator[Signal]:
        """Yield a signal where reads stopped, or where writes are never read."""
        if sighting.input_tokens < _LEAST_CACHEABLE:
            return
        cache = self._caches.of((sighting.user, sighting.model))
        in_time = sighting.at - cache.at <= self._settings.cache_lifetime_seconds
        cache.at = sighting.at
        if not in_time:
            cache.without.clear()
            cache.unread.clear()
            return
        yield from self._broken(cache, sighting)
        yield from self._unread(cache, sighting)

    def _broken(self, cache: _Cache, sighting: Sighting) -> Iterator[Signal]:
        share = sighting.read_share
        was_good = cache.seen >= _LEAST_PAST and cache.usual_share >= _GOOD_SHARE
        if not was_good or share > _BROKEN_SHARE:
            cache.without.clear()
            cache.seen += 1
            weight = max(_FADE, 1 / cache.seen)
            cache.usual_share += weight * (share - cache.usual_share)
            return
        readable = cache.usual_share * sighting.input_tokens
        saved = sighting.share_saved_by_reading(readable - sighting.tokens[2])
        cache.without.append(_call_of(sighting, saved))
        del cache.without[: -self._settings.cache_calls]
        if len(cache.without) < self._settings.cache_calls:
            return
        yield _signal(
            Kind.CACHE_BREAK,
            sighting,
            cache.without,
            f"{cache.usual_share:.0%} of the input came from the cache, in the last"
            f" {len(cache.without)} calls {share:.0%}: something at the beginning of the prompt"
            " changes from call to call.",
        )

    def _unread(self, cache: _Cache, sighting: Sighting) -> Iterator[Signal]:
        _, writes, reads, _ = sighting.tokens
        if reads or writes < _LEAST_CACHEABLE / 2:
            cache.unread.clear()
            return
        surcharge = _WRITE_SURCHARGE * 1.25 * writes / sighting.weighted_tokens
        cache.unread.append(_call_of(sighting, surcharge))
        was_good = cache.usual_share >= _GOOD_SHARE
        if len(cache.unread) < _UNREAD_CALLS or was_good:
            return
        yield _signal(
            Kind.UNREAD_CACHE,
            sighting,
            list(cache.unread),
            f"The last {len(cache.unread)} calls wrote {writes:,} tokens or so to the cache and"
            " read none: the marked part differs from call to call.",
        )


def _call_of(sighting: Sighting, saved_share: float) -> _Call:
    return _Call(sighting.id, sighting.at, sighting.input_tokens, sighting.cost, saved_share)


def _signal(kind: Kind, sighting: Sighting, calls: list[_Call], cause: str) -> Signal:
    saved = [
        call.cost * Decimal(min(max(call.saved_share, 0.0), 1.0))
        for call in calls
        if call.cost is not None
    ]
    return Signal(
        kind=kind,
        entity=sighting.owner,
        detail=sighting.model,
        exchanges=tuple(call.id for call in calls),
        since=calls[0].at,
        waste_usd=sum(saved, Decimal(0)) if len(saved) == len(calls) else None,
        waste_now_usd=sighting.share_of_cost(calls[-1].saved_share),
        cause=cause,
    )
