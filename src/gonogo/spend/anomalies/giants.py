"""Giant contexts: call after call, in conversation after conversation, with the same huge input."""

import statistics
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from gonogo.spend.anomalies.alarms import Kind, Signal
from gonogo.spend.anomalies.remembering import Remembered
from gonogo.spend.anomalies.settings import WatchSettings
from gonogo.spend.anomalies.sightings import Sighting

_STEADY: Final = 0.75
"""The smallest input of the row against the largest: a part that is always there dominates."""

_READ_FROM_CACHE: Final = 0.5
_USUAL_UNSEEN: Final = 8000
_LEAST_PAST: Final = 20
_LEAST_FACTOR: Final = 3.0
"""Who usually sends much is not wrong to send somewhat more."""


@dataclass(frozen=True, slots=True)
class _Call:
    id: str
    at: float
    thread: str
    tokens: int


@dataclass(slots=True)
class _Row:
    """The last calls of one user to one model, and the usual input before."""

    calls: deque[_Call]
    usual: deque[int] = field(default_factory=lambda: deque(maxlen=101))
    seen: int = 0


class GiantDetector:
    """Watches the input of each user's calls, by model."""

    def __init__(self, settings: WatchSettings) -> None:
        self._settings = settings
        self._rows: Remembered[tuple[str, str], _Row] = Remembered(
            lambda: _Row(deque(maxlen=settings.giant_calls)), settings.most_entities
        )

    def watch(self, sighting: Sighting) -> Iterator[Signal]:
        """Yield a signal where the last calls were all giant, and alike."""
        tokens = sighting.input_tokens
        if not tokens:
            return
        row = self._rows.of((sighting.user, sighting.model))
        usual = self._usual(row)
        row.calls.append(_Call(sighting.id, sighting.at, sighting.thread, tokens))
        limit = self._limit(row, usual)
        if tokens < limit:
            row.seen += 1
            row.usual.append(tokens)
            return
        if self._is_hard_coded(row, limit) and sighting.read_share <= _READ_FROM_CACHE:
            yield self._signal(row, usual, sighting)

    def _usual(self, row: _Row) -> float:
        return statistics.median(row.usual) if row.usual else _USUAL_UNSEEN

    def _limit(self, row: _Row, usual: float) -> float:
        """Return from how much on input is giant: absolutely, or against the own past."""
        absolute = self._settings.giant_tokens
        if row.seen < _LEAST_PAST:
            return absolute
        own = max(absolute / 2, self._settings.giant_factor * usual)
        return max(min(absolute, own), _LEAST_FACTOR * usual)

    def _is_hard_coded(self, row: _Row, limit: float) -> bool:
        sizes = [call.tokens for call in row.calls]
        threads = {call.thread for call in row.calls}
        return (
            len(sizes) == self._settings.giant_calls
            and min(sizes) >= limit
            and min(sizes) >= _STEADY * max(sizes)
            and (len(threads) > 1 or "" in threads)
        )

    def _signal(self, row: _Row, usual: float, sighting: Sighting) -> Signal:
        common = min(call.tokens for call in row.calls)
        excess = max(common - usual, 0)
        now = sighting.cost_of_input(excess)
        return Signal(
            kind=Kind.GIANT_CONTEXT,
            entity=sighting.owner,
            detail=sighting.model,
            exchanges=tuple(call.id for call in row.calls),
            since=row.calls[0].at,
            waste_usd=None if now is None else now * len(row.calls),
            waste_now_usd=now,
            cause=(
                f"Each call to {sighting.model or 'the model'} carries {common:,} tokens or more,"
                f" where {usual:,.0f} are usual: {_place(sighting, common)}."
            ),
        )


def _place(sighting: Sighting, common: int) -> str:
    system = len(sighting.exchange.request.system)
    if system / 6 > common / 2:
        return "a giant text stands in the system prompt"
    return "a giant context is hard-coded, whatever is asked"
