"""Context bloat: the input of a conversation grows beyond what was said, or without end."""

import statistics
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from gonogo.spend.anomalies.alarms import Kind, Signal
from gonogo.spend.anomalies.remembering import Memories
from gonogo.spend.anomalies.settings import WatchSettings
from gonogo.spend.anomalies.sightings import Sighting, brings_results, said_tokens

_SAID_UNSEEN: Final = 2000
"""Tokens that one turn may say where its text was not recorded."""

_SLACK: Final = 256
"""Tokens of a turn's frame, and what system prompts with a date or a state change by."""

_LOOKED_AT: Final = 4
_READ_FROM_CACHE: Final = 0.5
_READS, _WRITES = 8.0, 4.0
"""Tokens that a fast person reads, or writes, in a second."""

_FAST_SHARE: Final = 0.9
_REGULAR: Final = 0.15
"""Standard deviation of the gaps against their mean: a person's are above a half."""

_PACE_SECONDS: Final = 900.0
"""Longer pauses end a run of turns."""

_KEPT: Final = 16_000
"""Tokens of history that an application which cuts it keeps; beyond is waste."""


@dataclass(frozen=True, slots=True)
class _Turn:
    """One turn: how much it grew, how much of it nobody said, and the seconds that it took."""

    id: str
    at: float
    growth: int
    excess: int
    seconds: float
    is_fast: bool
    brings_tools: bool


@dataclass(slots=True)
class _Conversation:
    turns: deque[_Turn] = field(default_factory=lambda: deque(maxlen=_LOOKED_AT))
    paced: deque[_Turn] = field(default_factory=deque)
    at: float = 0.0
    growing: int = 0
    input: int = 0
    output: int = 0
    usual_growth: float = 0.0


class BloatDetector:
    """Watches the input of each conversation, turn on turn."""

    def __init__(self, settings: WatchSettings, memories: Memories) -> None:
        self._settings = settings
        self._conversations = memories.remember(
            "conversations", _Conversation, kept_as=list[tuple[str, _Conversation]]
        )

    def watch(self, sighting: Sighting) -> Iterator[Signal]:
        """Yield a signal where the input grew beyond what was said, or where it has no end."""
        if not sighting.thread or not sighting.input_tokens:
            return
        talk = self._conversations.of(sighting.thread)
        if sighting.input_tokens < talk.input:
            talk.turns.clear()
            talk.paced.clear()
            talk.growing = 0
        elif talk.input:
            turn = _turn_of(talk, sighting)
            talk.turns.append(turn)
            self._keep_pace(talk, turn)
            talk.growing += sighting.input_tokens > talk.input
        talk.input, talk.output = sighting.input_tokens, sighting.output_tokens
        talk.at = sighting.at
        yield from self._beyond_what_was_said(talk, sighting)
        yield from self._without_end(talk, sighting)
        yield from self._by_itself(talk, sighting)

    def _keep_pace(self, talk: _Conversation, turn: _Turn) -> None:
        """Keep the last turns in a row that grew; tools' results are an agent's daily work."""
        if turn.growth <= 0 or turn.brings_tools or turn.seconds > _PACE_SECONDS:
            talk.paced.clear()
            return
        talk.paced.append(turn)
        if len(talk.paced) > 2 * self._settings.pace_turns:
            talk.paced.popleft()

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

    def _by_itself(self, talk: _Conversation, sighting: Sighting) -> Iterator[Signal]:
        """Yield a signal where a conversation goes on at a pace that no person has."""
        turns = list(talk.paced)
        needed = self._settings.pace_turns * (1 if sighting.has_text else 2)
        if len(turns) < needed or sighting.read_share > _READ_FROM_CACHE:
            return
        turns = turns[-needed:]
        pace = _pace_of(turns)
        if not pace:
            return
        begin = sighting.input_tokens - sum(turn.growth for turn in turns)
        now = sighting.cost_of_input(sighting.input_tokens - begin)
        yield Signal(
            kind=Kind.CONTEXT_BLOAT,
            entity=sighting.thread_entity,
            detail=f"pace {'' if sighting.exchange.session else sighting.thread}".strip(),
            exchanges=tuple(turn.id for turn in turns),
            since=turns[0].at,
            # The mean of the turns' inputs lies half-way between the first and the last.
            waste_usd=None if now is None else now * len(turns) / 2,
            waste_now_usd=now,
            cause=(
                f"The input grew in {len(turns)} turns in a row to {sighting.input_tokens:,}"
                f" tokens, {pace}: nobody is asking, a program sends itself its own answers."
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
    seconds = sighting.at - talk.at
    needed = talk.output / _READS + max(growth - talk.output, 0) / _WRITES
    return _Turn(
        sighting.id,
        sighting.at,
        growth,
        max(excess, 0),
        seconds,
        is_fast=seconds < needed,
        brings_tools=brings_results(sighting.exchange.request.body),
    )


def _pace_of(turns: list[_Turn]) -> str:
    """Return in words why no person keeps the pace of turns; empty: one might."""
    gaps = [turn.seconds for turn in turns]
    mean = statistics.fmean(gaps)
    if sum(turn.is_fast for turn in turns) >= _FAST_SHARE * len(turns):
        return f"one every {mean:,.0f} seconds, faster than anybody reads and writes"
    if statistics.pstdev(gaps) <= _REGULAR * mean:
        return f"one every {mean:,.0f} seconds, regular as a clock"
    return ""
