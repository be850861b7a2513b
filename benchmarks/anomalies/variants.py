"""Further incidents, as somebody else would make them: without text, session or user, and slower.

The traces know only when, and how many tokens; so do these.
"""

from dataclasses import replace

import numpy as np
from benchmarks.anomalies.incidents import Incident, Injector
from benchmarks.anomalies.traces import CHEAP, DEAR, Call

from gonogo.spend.anomalies import Kind

_LASTS = 7200.0
_GROWN = frozenset({Kind.CONTEXT_BLOAT, Kind.GIANT_CONTEXT})
_MORE = frozenset({Kind.CONTEXT_BLOAT, Kind.GIANT_CONTEXT, Kind.SPEND_SPIKE, Kind.PRICE_JUMP})


def slow_ramp(
    calls: list[Call], user: str, begins: float, rng: np.random.Generator
) -> tuple[list[Call], Incident]:
    """Add a session whose input grows by 5 to 30 % a turn, from 1,000 to 200,000 tokens."""
    growth = rng.uniform(1.05, 1.3)
    gap = rng.uniform(3, 20)
    return _ramp(calls, user, begins, rng, (growth, gap, f"ramp-{user}"))


def own_ramp(
    calls: list[Call], user: str, begins: float, rng: np.random.Generator
) -> tuple[list[Call], Incident]:
    """Let each call of a user be larger than the one before, by 10 to 50 %, up to 200,000."""
    growth, number = rng.uniform(1.1, 1.5), 0
    changed = []
    for call in calls:
        if _is_touched(call, user, begins):
            number += 1
            size = min(max(call.input, 1000) * growth**number, 200_000 + call.input)
            changed.append(replace(call, input=int(size), label="own ramp"))
        else:
            changed.append(call)
    return changed, _incident("ramp of a user's own calls, no session", user, begins, _GROWN)


def steady_loop(
    calls: list[Call], user: str, begins: float, rng: np.random.Generator
) -> tuple[list[Call], Incident]:
    """Add the same request every few seconds, in no session, answered at some length."""
    return _loop(calls, user, begins, rng, session=None)


def varied_loop(
    calls: list[Call], user: str, begins: float, rng: np.random.Generator
) -> tuple[list[Call], Incident]:
    """Add nearly the same request every few seconds in a session; answers differ in length."""
    return _loop(calls, user, begins, rng, session=f"varied-{user}")


def half_switch(
    calls: list[Call], user: str, begins: float, rng: np.random.Generator
) -> tuple[list[Call], Incident]:
    """Send 40 to 70 % of a user's calls to the dear model."""
    share = rng.uniform(0.4, 0.7)
    changed = [
        replace(c, model=DEAR, label="half")
        if _is_touched(c, user, begins) and rng.random() < share
        else c
        for c in calls
    ]
    return changed, _incident(
        "routing switch of half of the calls", user, begins, frozenset({Kind.MODEL_SHIFT})
    )


def gradual_switch(
    calls: list[Call], user: str, begins: float, rng: np.random.Generator
) -> tuple[list[Call], Incident]:
    """Send ever more of a user's calls to the dear model: all of them after ten minutes."""
    changed = [
        replace(c, model=DEAR, label="gradual")
        if _is_touched(c, user, begins) and rng.random() < (c.at - begins) / 600
        else c
        for c in calls
    ]
    return changed, _incident(
        "routing switch over ten minutes", user, begins, frozenset({Kind.MODEL_SHIFT})
    )


def more_usage(
    calls: list[Call], user: str, begins: float, rng: np.random.Generator
) -> tuple[list[Call], Incident]:
    """Let each call of a user use 4 to 10 times as many tokens."""
    factor = rng.uniform(4, 10)
    changed = [
        replace(c, input=int(c.input * factor), output=int(c.output * factor), label="usage")
        if _is_touched(c, user, begins)
        else c
        for c in calls
    ]
    return changed, _incident("usage of each call times 4 to 10", user, begins, _MORE)


def lost_cache(
    calls: list[Call], user: str, begins: float, rng: np.random.Generator
) -> tuple[list[Call], Incident]:
    """Let a user's calls read 60 to 90 % of a long prompt from the cache, and then nothing."""
    share, prompt = rng.uniform(0.6, 0.9), int(rng.uniform(4000, 20_000))
    changed = [
        replace(c, input=c.input + prompt, reads=int(share * prompt)) if c.user == user else c
        for c in calls
    ]
    changed = [
        replace(c, reads=0, label="cache") if _is_touched(c, user, begins) else c for c in changed
    ]
    found = frozenset({Kind.CACHE_BREAK, Kind.PRICE_JUMP})
    return changed, _incident("cache reads become uncached", user, begins, found)


def half_giants(
    calls: list[Call], user: str, begins: float, rng: np.random.Generator
) -> tuple[list[Call], Incident]:
    """Put 100,000 to 200,000 tokens into every second call of a user or so."""
    extra = int(rng.uniform(100_000, 200_000))
    changed = [
        replace(c, input=c.input + extra, label="half giants")
        if _is_touched(c, user, begins) and rng.random() < 0.5
        else c
        for c in calls
    ]
    return changed, _incident("giant context in half of the calls", user, begins, _GROWN)


VARIANTS: tuple[Injector, ...] = (
    slow_ramp,
    own_ramp,
    steady_loop,
    varied_loop,
    half_switch,
    gradual_switch,
    more_usage,
    lost_cache,
    half_giants,
)


def _ramp(
    calls: list[Call],
    user: str,
    begins: float,
    rng: np.random.Generator,
    how: tuple[float, float, str],
) -> tuple[list[Call], Incident]:
    growth, gap, session = how
    added: list[Call] = []
    at, size = begins, 1000.0
    while len(added) < 200:
        tokens = int(size), int(rng.integers(50, 400))
        added.append(Call(at, user, *tokens, CHEAP, session=session, label="slow ramp"))
        at += gap * rng.uniform(0.7, 1.3)
        size = min(size * growth, 200_000.0)
    return calls + added, Incident("slow bloat ramp", user, begins, at, _GROWN, session=session)


def _loop(
    calls: list[Call], user: str, begins: float, rng: np.random.Generator, *, session: str | None
) -> tuple[list[Call], Incident]:
    size = max(float(np.median([c.input for c in calls if c.user == user])), 1000.0)
    output = int(rng.integers(50, 400))
    gap = rng.uniform(2, 10)
    spread = (1.0, 1.0) if session is None else (0.6, 1.5)
    added, at = [], begins
    for _ in range(int(1800 / gap)):
        tokens = (
            int(size * rng.uniform(0.995, 1.005)),
            max(int(output * rng.uniform(*spread)), 1),
        )
        added.append(Call(at, user, *tokens, CHEAP, session=session, label="steady loop"))
        at += gap * rng.uniform(0.7, 1.3)
    name = "loop in no session" if session is None else "loop with answers of other lengths"
    found = frozenset({Kind.RUNAWAY_LOOP})
    return calls + added, Incident(name, user, begins, at, found, session=session)


def _is_touched(call: Call, user: str, begins: float) -> bool:
    return call.user == user and begins <= call.at < begins + _LASTS


def _incident(name: str, user: str, begins: float, found: frozenset[Kind]) -> Incident:
    return Incident(name, user, begins, begins + _LASTS, found)
