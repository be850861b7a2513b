"""Runaway loops: the same request, answer or round of tool calls again and again."""

import re
import zlib
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Final

from gonogo.spend.anomalies.alarms import Kind, Signal
from gonogo.spend.anomalies.remembering import Memories, Remembered
from gonogo.spend.anomalies.settings import WatchSettings
from gonogo.spend.anomalies.sightings import Sighting, digest

_NUMBER: Final = re.compile(r"\d+")
_LOOKED_AT: Final = 24
_LONGEST_ROUND: Final = 6
_SKETCH: Final = 16
_LEAST_REPLY: Final = 100
"""Characters; shorter answers (labels, yes and no) are the same without any loop."""

_LEAST_OUTPUT: Final = 16
"""Tokens; the same where only these are known."""

_LEAST_WORDS: Final = 40
"""Characters; shorter prompts ("go on") are said again by people, if not `_SHAPE_RUN` times."""

_SHAPE_RUN: Final = 10


@dataclass(frozen=True, slots=True)
class _Call:
    """What is remembered of one call.

    Digests are empty where there is nothing to compare; `shape` holds input and output tokens where
    no text was recorded, or a short prompt, whose digest `briefly` is; else 0 and 0.
    """

    id: str
    at: float
    cost: Decimal | None
    asked: str
    asked_near: str
    asked_sketch: frozenset[int]
    answered: str
    answered_sketch: frozenset[int]
    tools: str
    shape: tuple[int, int]
    briefly: str


_Calls = deque[_Call]


class LoopDetector:
    """Watches the last calls of each conversation, and of each user over all conversations."""

    def __init__(self, settings: WatchSettings, memories: Memories) -> None:
        self._settings = settings
        self._threads, self._users = (
            memories.remember(f"calls by {whose}", _new_calls, kept_as=list[tuple[str, _Calls]])
            for whose in ("thread", "user")
        )

    def watch(self, sighting: Sighting) -> Iterator[Signal]:
        """Yield at most one signal: for the conversation, else for the user."""
        call = _call_of(sighting)
        since = sighting.at - self._settings.loop_seconds
        in_thread = self._add(self._threads, sighting.thread or f"of {sighting.user}", call, since)
        of_user = self._add(self._users, sighting.user, call, since)
        for calls, what in _loops_of(in_thread, self._settings.loop_repeats):
            yield _signal(sighting, calls, what, of_thread=True)
            return
        again = [one for one in of_user if _is_asked_again(one, call)] if call.asked else []
        if len(again) >= 2 * self._settings.loop_repeats:
            what = "the same request over and over in ever new conversations"
            yield _signal(sighting, again, what, of_thread=False)

    def _add(
        self, memory: Remembered[str, _Calls], key: str, call: _Call, since: float
    ) -> list[_Call]:
        calls = memory.of(key)
        calls.append(call)
        return [one for one in calls if one.at >= since]


def _new_calls() -> _Calls:
    return deque(maxlen=_LOOKED_AT)


def _call_of(sighting: Sighting) -> _Call:
    words, reply = sighting.words, sighting.reply
    is_said = len(words) >= _LEAST_WORDS
    is_answered = len(reply) >= _LEAST_REPLY
    is_told_apart = sighting.has_text and (is_said or not words)
    return _Call(
        id=sighting.id,
        at=sighting.at,
        cost=sighting.cost,
        asked=digest(words) if is_said else "",
        asked_near=digest(_without_numbers(words)) if is_said else "",
        asked_sketch=_sketch_of(words) if is_said else frozenset(),
        answered=digest(_without_numbers(reply)) if is_answered else "",
        answered_sketch=_sketch_of(reply) if is_answered else frozenset(),
        tools=",".join(sighting.tool_calls),
        shape=(0, 0) if is_told_apart else (sighting.input_tokens, sighting.output_tokens),
        briefly=digest(words) if words and not is_said else "",
    )


def _loops_of(calls: Sequence[_Call], repeats: int) -> Iterator[tuple[list[_Call], str]]:
    """Yield the loops that the newest call goes on with, each with its words."""
    newest = calls[-1]
    if newest.asked or newest.answered:
        for what, is_again in _WAYS:
            again = [one for one in calls if is_again(one, newest)]
            if len(again) >= repeats:
                yield again, what
    rounds = _tool_rounds(calls, repeats)
    if rounds:
        yield rounds, "the same tools with the same arguments, round after round"
    run = _shape_run(calls)
    if len(run) >= _SHAPE_RUN:
        yield run, "calls of the same size over and over"


def _is_asked_again(one: _Call, newest: _Call) -> bool:
    return bool(newest.asked) and one.asked == newest.asked


def _is_nearly_again(one: _Call, newest: _Call) -> bool:
    """Say whether both request and answer are nearly the same; templates have other answers."""
    if not newest.asked or not newest.answered:
        return False
    is_asked = one.asked_near == newest.asked_near or (
        _likeness(one.asked_sketch, newest.asked_sketch) >= 0.85
    )
    return is_asked and (
        one.answered == newest.answered
        or _likeness(one.answered_sketch, newest.answered_sketch) >= 0.7
    )


def _is_answered_again(one: _Call, newest: _Call) -> bool:
    return bool(newest.answered) and one.answered == newest.answered


_WAYS: Final[tuple[tuple[str, Callable[[_Call, _Call], bool]], ...]] = (
    ("the same request over and over", _is_asked_again),
    ("nearly the same request over and over, with nearly the same answer", _is_nearly_again),
    ("the same answer over and over", _is_answered_again),
)


def _tool_rounds(calls: Sequence[_Call], repeats: int) -> list[_Call]:
    """Return the calls of a round of 1 to 6 tool calls that came again and again at the end."""
    tools = [one.tools for one in calls]
    if not tools[-1]:
        return []
    for length in range(1, _LONGEST_ROUND + 1):
        size = length * max(3, -(-repeats // length))
        last = tools[-size:]
        if len(last) < size or not all(last):
            continue
        if all(last[i] == last[i - length] for i in range(length, size)):
            return list(calls[-size:])
    return []


def _shape_run(calls: Sequence[_Call]) -> list[_Call]:
    """Return the last calls in a row that are of one size, and say the same if that is known."""
    run: list[_Call] = []
    for one in reversed(calls):
        if not one.shape[0] or one.shape[1] < _LEAST_OUTPUT:
            break
        if run and not _is_of_same_shape(one, run[-1]):
            break
        run.append(one)
    sizes = [one.shape[0] for one in run]
    is_growing = all(newer > older for newer, older in pairwise(sizes))
    return [] if is_growing else run[::-1]


def _is_of_same_shape(one: _Call, other: _Call) -> bool:
    (sent, got), (other_sent, other_got) = one.shape, other.shape
    return (
        one.briefly == other.briefly
        and abs(sent - other_sent) <= 0.01 * other_sent
        and abs(got - other_got) <= 0.05 * other_got + 1
    )


def _signal(sighting: Sighting, calls: Sequence[_Call], what: str, *, of_thread: bool) -> Signal:
    costs = [one.cost for one in calls[1:]]
    known = [cost for cost in costs if cost is not None]
    minutes = max((calls[-1].at - calls[0].at) / 60, 1 / 60)
    entity = sighting.thread_entity if of_thread else sighting.owner
    is_named = of_thread and not sighting.exchange.session
    return Signal(
        kind=Kind.RUNAWAY_LOOP,
        entity=entity,
        detail=sighting.thread if is_named else "",
        exchanges=tuple(one.id for one in calls),
        since=calls[0].at,
        waste_usd=sum(known, Decimal(0)) if len(known) == len(costs) else None,
        waste_now_usd=sighting.cost,
        cause=(
            f"{len(calls)} calls in {minutes:,.0f} minutes repeat themselves ({what}): a retry or"
            " an agent's loop has no way to stop."
        ),
    )


def _without_numbers(text: str) -> str:
    return _NUMBER.sub("#", " ".join(text.lower().split()))


def _sketch_of(text: str) -> frozenset[int]:
    """Return the smallest hashes of the text's word triples (Broder, 1997: bottom-k sketch)."""
    words = text.lower().split()[:600]
    triples = {" ".join(words[i : i + 3]) for i in range(max(len(words) - 2, 1))}
    hashes = sorted(zlib.crc32(one.encode("utf-8", "surrogatepass")) for one in triples)
    return frozenset(hashes[:_SKETCH])


def _likeness(one: frozenset[int], other: frozenset[int]) -> float:
    """Estimate the share of word triples that two texts have in common, 0 to 1."""
    smallest = sorted(one | other)[:_SKETCH]
    return sum(h in one and h in other for h in smallest) / len(smallest) if smallest else 0.0
