"""Sizes of calls: a user's input is call after call well beyond what it was."""

import math
import statistics
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from gonogo.spend.anomalies.alarms import Kind, Signal
from gonogo.spend.anomalies.evidence import Evidence
from gonogo.spend.anomalies.remembering import Memories
from gonogo.spend.anomalies.settings import WatchSettings
from gonogo.spend.anomalies.sightings import Sighting, SizedCall

_HIGH: Final = 0.9
"""Calls above this quantile of the own past are large."""

_SLOWLY: Final = 0.01
_LEAST_PAST: Final = 100
_RECENT: Final = 20
_LARGE: Final = "large"
_READ_FROM_CACHE: Final = 0.5


@dataclass(slots=True)
class _Sizes:
    """Input of one user's calls: quantiles of the past, as logarithms, and the last large ones."""

    seen: int = 0
    since: float = 0.0
    first: list[float] = field(default_factory=list)
    median: float = 0.0
    high: float = 0.0
    share: float = 1 - _HIGH
    evidence: Evidence = field(default_factory=Evidence)
    large: deque[SizedCall] = field(default_factory=lambda: deque(maxlen=_RECENT))


class SizeDetector:
    """Watches how many of each user's calls are larger than nearly all calls of the past were."""

    def __init__(self, settings: WatchSettings, memories: Memories) -> None:
        self._settings = settings
        self._sizes = memories.remember("input", _Sizes, kept_as=list[tuple[str, _Sizes]])

    def watch(self, sighting: Sighting) -> Iterator[Signal]:
        """Yield a signal where large calls have become frequent, and are much larger."""
        if not sighting.input_tokens:
            return
        sizes = self._sizes.of(sighting.user)
        value = math.log(sighting.input_tokens)
        if not sizes.seen:
            sizes.since = sighting.at
        sizes.seen += 1
        if sizes.seen <= _LEAST_PAST:
            _begin(sizes, value)
            return
        is_large = value > sizes.high
        sizes.evidence.add(_LARGE, sizes.share, is_hit=is_large)
        if is_large:
            call = SizedCall(sighting.id, sighting.at, sighting.thread, sighting.input_tokens)
            sizes.large.append(call)
            if self._has_grown(sizes, sighting):
                yield self._signal(sizes, sighting)
        _learn(sizes, value, is_large=is_large)

    def _has_grown(self, sizes: _Sizes, sighting: Sighting) -> bool:
        is_known = sighting.at - sizes.since >= self._settings.shift_warm_up_seconds
        if not sizes.evidence.is_enough(_LARGE, self._settings.shift_evidence) or not is_known:
            return False
        recent = [call for call in sizes.large if sighting.at - call.at <= _span(self._settings)]
        threads = {call.thread for call in recent}
        return (
            sighting.read_share <= _READ_FROM_CACHE
            and (len(threads) > 1 or "" in threads)
            and _typical(recent) >= self._settings.size_factor * math.exp(sizes.median)
        )

    def _signal(self, sizes: _Sizes, sighting: Sighting) -> Signal:
        recent = [call for call in sizes.large if sighting.at - call.at <= _span(self._settings)]
        usual = math.exp(sizes.median)
        excess = max(sighting.input_tokens - usual, 0.0)
        now = sighting.cost_of_input(excess)
        return Signal(
            kind=Kind.CONTEXT_BLOAT,
            entity=sighting.owner,
            detail="sizes",
            exchanges=tuple(call.id for call in recent),
            since=recent[0].at,
            waste_usd=None if now is None else now * len(recent),
            waste_now_usd=now,
            cause=(
                f"Calls carry {_typical(recent):,.0f} tokens now, where {usual:,.0f} are usual:"
                " history or documents are put into them that were not before."
            ),
        )


def _begin(sizes: _Sizes, value: float) -> None:
    """Take the quantiles of the first calls."""
    sizes.first.append(value)
    if len(sizes.first) == _LEAST_PAST:
        ordered = sorted(sizes.first)
        sizes.median = statistics.median(ordered)
        sizes.high = ordered[int(_HIGH * _LEAST_PAST)]
        sizes.first = []


def _learn(sizes: _Sizes, value: float, *, is_large: bool) -> None:
    """Move the quantiles slowly towards where they should be (Robbins and Monro, 1951)."""
    sizes.high += _SLOWLY * (_HIGH - (not is_large))
    sizes.median += _SLOWLY * (0.5 - (value <= sizes.median))
    sizes.share += _SLOWLY * (is_large - sizes.share)


def _span(settings: WatchSettings) -> float:
    return settings.quiet_seconds


def _typical(calls: list[SizedCall]) -> float:
    return statistics.median(call.tokens for call in calls)
