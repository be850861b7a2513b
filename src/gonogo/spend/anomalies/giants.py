"""Giant contexts: call after call, in conversation after conversation, with the same huge input."""

import statistics
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from gonogo.spend.anomalies.alarms import Kind, Signal
from gonogo.spend.anomalies.remembering import Memories
from gonogo.spend.anomalies.settings import WatchSettings
from gonogo.spend.anomalies.sightings import Sighting, SizedCall, said_tokens

_STEADY: Final = 0.75
"""The smallest input of the row against the largest: a part that is always there dominates."""

_READ_FROM_CACHE: Final = 0.5
_USUAL_UNSEEN: Final = 8000
_LEAST_PAST: Final = 20
_LEAST_FACTOR: Final = 3.0
"""Who usually sends much is not wrong to send somewhat more."""

_SUDDEN_TIMES: Final = 100.0
"""Times the usual input that nobody is taken to have said, where no text was recorded."""

_SUDDEN_SECONDS: Final = 86400.0


@dataclass(slots=True)
class _Row:
    """The last calls of one user to one model, and the usual input before."""

    calls: deque[SizedCall]
    usual: deque[int] = field(default_factory=lambda: deque(maxlen=101))
    seen: int = 0
    sudden: deque[SizedCall] = field(default_factory=lambda: deque(maxlen=3))


class GiantDetector:
    """Watches the input of each user's calls, by model: giants in a row, and a sudden one."""

    def __init__(self, settings: WatchSettings, memories: Memories) -> None:
        self._settings = settings
        self._rows = memories.remember(
            "sizes",
            lambda: _Row(deque(maxlen=settings.giant_calls)),
            kept_as=list[tuple[tuple[str, str], _Row]],
        )

    def watch(self, sighting: Sighting) -> Iterator[Signal]:
        """Yield a signal where the last calls were all giant, and alike."""
        tokens = sighting.input_tokens
        if not tokens:
            return
        row = self._rows.of((sighting.user, sighting.model))
        usual = self._usual(row)
        row.calls.append(SizedCall(sighting.id, sighting.at, sighting.thread, tokens))
        limit = self._limit(row, usual)
        if self._is_sudden(row, sighting):
            yield from self._sudden(row, usual, sighting)
        if tokens < limit:
            row.seen += 1
            row.usual.append(tokens)
            return
        if self._is_hard_coded(row, limit) and sighting.read_share <= _READ_FROM_CACHE:
            yield self._signal(row, usual, sighting)

    def _is_sudden(self, row: _Row, sighting: Sighting) -> bool:
        """Say whether a single call is far beyond all that this user sends."""
        tokens = sighting.input_tokens
        return (
            row.seen >= _LEAST_PAST
            and tokens >= self._settings.giant_tokens / 2
            and tokens >= self._settings.sudden_factor * max(row.usual)
            and sighting.read_share <= _READ_FROM_CACHE
        )

    def _sudden(self, row: _Row, usual: float, sighting: Sighting) -> Iterator[Signal]:
        """Yield a signal at the first such call where nobody said so much, else at the second."""
        tokens = sighting.input_tokens
        row.sudden.append(row.calls[-1])
        others = [
            call
            for call in row.sudden
            if sighting.at - call.at <= _SUDDEN_SECONDS and call.thread != sighting.thread
        ]
        said = said_tokens(sighting.exchange.request.body)
        is_said = tokens < _SUDDEN_TIMES * usual if said is None else said >= tokens / 4
        excess = tokens - usual
        waste = sighting.cost_of_input(excess)
        if (is_said and not others) or (waste is not None and waste < self._settings.sudden_usd):
            return
        now = [*others, row.calls[-1]]
        yield Signal(
            kind=Kind.GIANT_CONTEXT,
            entity=sighting.owner,
            detail=sighting.model,
            exchanges=tuple(call.id for call in now),
            since=now[0].at,
            waste_usd=None if waste is None else waste * len(now),
            waste_now_usd=waste,
            cause=(
                f"A call to {sighting.model or 'the model'} carries {tokens:,} tokens, where no"
                f" more than {max(row.usual):,} were seen in {len(row.usual)} calls and"
                f" {usual:,.0f} are usual: {_place(sighting, tokens)}."
            ),
        )

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
