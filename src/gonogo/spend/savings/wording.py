"""What is said of each measure: its evidence, its effort, and what would have to be true."""

from typing import Final

from gonogo.plain_text import one_line
from gonogo.spend.savings.caching import Account
from gonogo.spend.savings.results import Basis, Kind

_EFFORT: Final = {
    Kind.ROUTING: "medium",
    Kind.REPEATED_DOCUMENTS: "low",
    Kind.LONG_HISTORIES: "high",
    Kind.OUTPUT_CAPS: "medium",
    Kind.BATCHING: "medium",
    Kind.CACHING: "low",
}

_NEEDS: Final = {
    Kind.ROUTING: "what was compared stays like what is asked",
    Kind.REPEATED_DOCUMENTS: "nothing refers to the copy by its place",
    Kind.LONG_HISTORIES: (
        "a summary of the old turns does as well as they do: compare both prompts first"
    ),
    Kind.OUTPUT_CAPS: "nobody needs what lies beyond the cap, and the prompt asks for less",
    Kind.BATCHING: "an answer within a day is soon enough",
    Kind.CACHING: "the beginning stays the same to the byte, and calls keep coming as they do",
}
_ASSUMED: Final = {
    Kind.ROUTING: "it answers no worse: show it by gonogo compare --models",
    Kind.BATCHING: "nobody waits: calls have no user, no session and are not streamed",
}

_VERBS: Final = {
    Kind.ROUTING: "{calls} calls",
    Kind.REPEATED_DOCUMENTS: "{calls} calls held copies of some {tokens} tokens",
    Kind.LONG_HISTORIES: "{calls} calls held old turns: some {tokens} tokens less",
    Kind.OUTPUT_CAPS: "{calls} answers were far over the median, by {tokens} tokens",
    Kind.BATCHING: "{calls} calls",
    Kind.CACHING: "{calls} calls",
}


def effort_of(kind: Kind) -> str:
    """Return how much work a measure is: low (a line), medium (days), high (a project)."""
    return _EFFORT[kind]


def needs_of(kind: Kind, basis: Basis) -> str:
    """Return what would have to be true."""
    return _ASSUMED.get(kind, _NEEDS[kind]) if basis is Basis.ASSUMED else _NEEDS[kind]


def evidence_of(kind: Kind, calls: int, tokens: int, notes: tuple[str, ...]) -> str:
    """Return what was seen: numbers, and up to three notes."""
    seen = _VERBS[kind].format(calls=f"{calls:,}", tokens=f"{tokens:,}")
    return "; ".join((seen, *notes))


def cache_evidence_of(account: Account) -> str:
    """Return what was seen of an application that caching would save something at."""
    lifetime, marking = way = account.best
    calls = account.calls[way]
    share = account.hits[way] / max(calls, 1)
    return (
        f"mark {marking} for {lifetime}: {share:.0%} of {calls:,} uncached calls came within"
        f" {lifetime} of the same beginning (such as {one_line(account.example, 60)})"
    )
