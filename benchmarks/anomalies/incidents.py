"""Labelled incidents, put into calls of a trace with a seed; all of this is synthetic."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from benchmarks.anomalies.traces import CHEAP, DEAR, Call

from gonogo.spend.anomalies import Kind

SENTENCE = (
    "please look at the order again and tell the customer when the parcel arrives what was paid "
    "which invoice is open and whether a refund is due before the end of this quarter"
)


@dataclass(frozen=True, slots=True)
class Incident:
    """What was put in.

    Attributes:
        name: Of its kind.
        user: Whose calls.
        begins: When its first call was asked, in seconds since the trace began.
        ends: When its last was.
        expected: The kinds of alarms that find it.
        session: Of its calls, where it has one.
        model: That it is about, where it is about one.
    """

    name: str
    user: str
    begins: float
    ends: float
    expected: frozenset[Kind]
    session: str | None = None
    model: str | None = None


Injector = Callable[[list[Call], str, float, np.random.Generator], tuple[list[Call], Incident]]


def bloat_ramp(
    calls: list[Call], user: str, begins: float, rng: np.random.Generator
) -> tuple[list[Call], Incident]:
    """Add a session whose input grows turn on turn, by what nobody said."""
    session, at = f"bloated-{user}", begins
    size = float(np.median([call.input for call in calls if call.user == user]))
    size = max(size, 1000.0)
    is_recorded = rng.random() < 0.5
    by_factor = rng.random() < 0.5 or not is_recorded
    growth = rng.uniform(1.3, 2.0) if by_factor else rng.uniform(3000, 8000)
    added = []
    while at < begins + 3600 and size < 800_000 and len(added) < 60:
        text = _said(rng) if is_recorded else None
        output = int(rng.integers(50, 400))
        added.append(
            Call(at, user, int(size), output, CHEAP, session=session, text=text, label="bloat")
        )
        size = size * growth + output if by_factor else size + growth + output
        at += rng.uniform(15, 90)
    found = frozenset({Kind.CONTEXT_BLOAT})
    return calls + added, Incident("bloat ramp", user, begins, at, found, session=session)


def runaway_loop(
    calls: list[Call], user: str, begins: float, rng: np.random.Generator
) -> tuple[list[Call], Incident]:
    """Add calls that are all but the same, every few seconds; half of them with their text."""
    session, at = f"looping-{user}", begins
    size = max(float(np.median([c.input for c in calls if c.user == user])), 1000.0)
    output = int(rng.integers(20, 400))
    is_recorded = rng.random() < 0.5
    text, reply = _said(rng, 40), _said(rng, 60)
    gap = rng.uniform(2, 20)
    added = []
    for number in range(int(min(2700 / gap, 400))):
        said = f"{text} attempt {number}" if is_recorded else None
        answered = f"{reply} {rng.integers(1000)}" if is_recorded else None
        tokens = (
            int(size * rng.uniform(0.998, 1.002)),
            max(int(output * rng.uniform(0.98, 1.02)), 1),
        )
        added.append(
            Call(at, user, *tokens, CHEAP, session=session, text=said, reply=answered, label="loop")
        )
        at += gap * rng.uniform(0.7, 1.3)
    found = frozenset({Kind.RUNAWAY_LOOP})
    return calls + added, Incident("runaway loop", user, begins, at, found, session=session)


def routing_switch(
    calls: list[Call], user: str, begins: float, rng: np.random.Generator
) -> tuple[list[Call], Incident]:
    """Send nine of ten or more of a user's calls to the dear model for two hours."""
    share = rng.uniform(0.9, 1.0)

    def moved(call: Call) -> Call:
        return replace(call, model=DEAR, label="routing") if rng.random() < share else call

    return _changed(calls, user, begins, moved), Incident(
        "routing switch", user, begins, begins + 7200, frozenset({Kind.MODEL_SHIFT}), model=DEAR
    )


def price_jump(
    calls: list[Call], user: str, begins: float, rng: np.random.Generator
) -> tuple[list[Call], Incident]:
    """Make each token of a user's calls dearer, by half to five times, for two hours."""
    factor = rng.uniform(1.5, 5.0)

    def dearer(call: Call) -> Call:
        return replace(call, factor=factor, label="price")

    return _changed(calls, user, begins, dearer), Incident(
        "price jump", user, begins, begins + 7200, frozenset({Kind.PRICE_JUMP})
    )


def giant_context(
    calls: list[Call], user: str, begins: float, rng: np.random.Generator
) -> tuple[list[Call], Incident]:
    """Put 100,000 to 500,000 tokens into each of a user's calls for two hours."""
    extra = int(rng.uniform(100_000, 500_000))

    def swollen(call: Call) -> Call:
        return replace(call, input=call.input + extra, label="giant")

    return _changed(calls, user, begins, swollen), Incident(
        "giant context", user, begins, begins + 7200, frozenset({Kind.GIANT_CONTEXT})
    )


def routing_switch_of_batches(
    calls: list[Call], user: str, begins: float, rng: np.random.Generator
) -> tuple[list[Call], Incident]:
    """Do the same to a user who sent batches to the dear model before."""
    changed, incident = routing_switch(calls, user, begins, rng)
    return changed, replace(incident, name="routing switch after batches")


INJECTORS: tuple[Injector, ...] = (
    bloat_ramp,
    runaway_loop,
    routing_switch,
    routing_switch_of_batches,
    price_jump,
    giant_context,
)
BY_MODEL = {routing_switch: 0.0, routing_switch_of_batches: 0.9}
"""How often the user's calls stay with the model of the call before."""


def _changed(
    calls: list[Call], user: str, begins: float, change: Callable[[Call], Call]
) -> list[Call]:
    return [
        change(call) if call.user == user and begins <= call.at < begins + 7200 else call
        for call in calls
    ]


def _said(rng: np.random.Generator, words: int = 20) -> str:
    return " ".join(rng.choice(SENTENCE.split(), words))
