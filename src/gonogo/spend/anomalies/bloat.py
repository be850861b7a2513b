"""Context bloat: the input of a conversation grows beyond what was said, or without end."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from gonogo.spend.anomalies.alarms import Kind, Signal
from gonogo.spend.anomalies.remembering import Remembered
from gonogo.spend.anomalies.settings import WatchSettings
from gonogo.spend.anomalies.sightings import Sighting, said_tokens

_SAID_UNSEEN: Final = 2000
"""Tokens that one turn may say where its text was not recorded."""

_SLACK: Final = 256
"""Tokens of a turn's frame, and what system prompts with a date or a state change by."""

_LOOKED_AT: Final = 4
_READ_FROM_CACHE: Final = 0.5
_KEPT: Final = 16_000
"""Tokens of history that an application which cuts it keeps; beyond is waste."""


@dataclass(frozen=True, slots=True)
class _Turn:
    id: str
    at: float
    growth: int
    excess: int


@dataclass(slots=True)
class _Conversation:
    turns: deque[_Turn] = field(default_factory=lambda: deque(maxlen=_LOOKED_AT))
    growing: int = 0
    input: int = 0
    output: int = 0
    usual_growth: float = 0.0


class BloatDetector:
    """Watches the input of each conversation, turn on turn."""

    def __init__(self, settings: WatchSettings) -> None:
        self._settings = settings
        self._conversations: Remembered[str, _Conversation] = Remembered(
            _Conversation, settings.most_entities
        )

    def watch(self, sighting: Sighting) -> Iterator[Signal]:
        """Yield a signal where the input grew beyond what was said, or where it has no end."""
        if not sighting.thread or not sighting.input_tokens:
            return
        talk = self._conversations.of(sighting.thread)
        if sighting.input_tokens < talk.input:
            talk.turns.clear()
            talk.growing = 0
        elif talk.input:
            talk.turns.append(_turn_of(talk, sighting))
            talk.growing += sighting.input_tokens > talk.input
        talk.input, talk.output = sighting.input_tokens, sighting.output_tokens
        yield from self._beyond_what_was_said(talk, sighting)
        yield from self._without_end(talk, sighting)

    def _beyond_what_was_said(self, talk: _Conversation, sighting: Sighting) -> Iterator[Signal]:
        bloated = [turn for turn in talk.turns if turn.excess > max(500, turn.growth / 4)]
        excess = sum(turn.excess for turn in bloated)
        if (
            len(bloated) < self._settings.bloat_turns
            or bloated[-1].id != sighting.id
            or excess < self._settings.bloat_excess
        ):
            return
        yield Signal(
            kind=Kind.CONTEXT_BLOAT,
            entity=sighting.thread_entity,
            detail="" if sighting.exchange.session else sighting.thread,
            exchanges=tuple(turn.id for turn in bloated),
            since=bloated[0].at,
            waste_usd=sighting.cost_of_input(excess),
            waste_now_usd=sighting.cost_of_input(excess),
            cause=(
                f"The input grew by {sum(turn.growth for turn in bloated):,} tokens in"
                f" {len(bloated)} turns, {excess:,} of them beyond what was said: history or"
                " documents are put into it again and again."
            ),
        )

    def _without_end(self, talk: _Conversation, sighting: Sighting) -> Iterator[Signal]:
        settings = self._settings
        if (
            talk.growing < settings.endless_turns
            or sighting.input_tokens < settings.endless_tokens
            or sighting.read_share > _READ_FROM_CACHE
        ):
            return
        waste = sighting.cost_of_input(sighting.input_tokens - _KEPT)
        yield Signal(
            kind=Kind.CONTEXT_BLOAT,
            entity=sighting.thread_entity,
            detail=f"endless {'' if sighting.exchange.session else sighting.thread}".strip(),
            exchanges=(sighting.id,),
            since=sighting.at,
            waste_usd=waste,
            waste_now_usd=waste,
            cause=(
                f"The history has grown through {talk.growing} turns to"
                f" {sighting.input_tokens:,} tokens and is sent in full each time: it is never cut"
                " and hardly read from the cache."
            ),
        )


def _turn_of(talk: _Conversation, sighting: Sighting) -> _Turn:
    """Return how much a turn grew, and how much of it nobody said."""
    growth = sighting.input_tokens - talk.input
    said = said_tokens(sighting.exchange.request.body)
    if said is None:
        said = max(_SAID_UNSEEN, round(3 * talk.usual_growth))
        talk.usual_growth += (min(growth, _SAID_UNSEEN) - talk.usual_growth) / 4
    excess = growth - talk.output - said - _SLACK
    return _Turn(sighting.id, sighting.at, growth, max(excess, 0))
