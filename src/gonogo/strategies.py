"""Hypothesis strategies for gonogo's formats, for tests of code that reads or writes them.

Needs the extra: `pip install 'gonogo[strategies]'`.
"""

from datetime import UTC, datetime

from hypothesis import strategies as st

from gonogo.budgets import Budget
from gonogo.cases import Case, CaseExpectations
from gonogo.exchanges import CallError, Exchange, Request, Response, Usage
from gonogo.json_lines import JsonObject
from gonogo.scorecards import DIGITS, Scorecard
from gonogo_checkers.output import JsonValue
from gonogo_checkers.verdict import (
    CheckerBroke,
    Confidence,
    Finding,
    Judged,
    NotApplicable,
    Severity,
    Verdict,
)

TEXTS: st.SearchStrategy[str] = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
"""Any text that UTF-8 can hold."""

IDS: st.SearchStrategy[str] = st.from_regex(r"[a-z0-9][a-z0-9_.#-]{0,20}", fullmatch=True)
"""Ids as people write them."""

SCORES: st.SearchStrategy[float] = st.floats(0, 1).map(lambda score: round(score, DIGITS))
"""Scores as scorecards keep them, 0 to 1."""

_COUNTS = st.integers(0, 2_000_000)
_SECONDS = st.floats(0, 10_000, allow_nan=False)
_TIMES = st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1)).map(  # noqa: DTZ001 - below
    lambda time: time.replace(tzinfo=UTC)
)


@st.composite
def requests(draw: st.DrawFn) -> Request:
    """Draw requests of one to four messages."""
    contents = draw(st.lists(TEXTS, min_size=1, max_size=4))
    messages: list[JsonValue] = [
        {"role": "user" if index % 2 == 0 else "assistant", "content": content}
        for index, content in enumerate(contents)
    ]
    body: JsonObject = {
        "model": draw(IDS),
        "max_tokens": draw(st.integers(1, 8192)),
        "messages": messages,
    }
    if draw(st.booleans()):
        body["system"] = draw(TEXTS)
    return Request(body)


@st.composite
def exchanges(draw: st.DrawFn) -> Exchange:
    """Draw exchanges, answered and failed ones."""
    failed = draw(st.booleans())
    response = Response(
        {
            "model": draw(IDS),
            "content": [{"type": "text", "text": text} for text in draw(st.lists(TEXTS))],
            "stop_reason": draw(st.sampled_from(["end_turn", "max_tokens", "refusal"])),
        }
    )
    usage = Usage({"input_tokens": draw(_COUNTS), "output_tokens": draw(_COUNTS)})
    return Exchange(
        id=draw(IDS),
        request=draw(requests()),
        response=None if failed else response,
        usage=draw(st.sampled_from([None, usage])),
        at=draw(st.none() | _TIMES),
        domain=draw(st.none() | IDS),
        model=draw(st.none() | IDS),
        latency_seconds=draw(st.none() | _SECONDS),
        ttft_seconds=draw(st.none() | _SECONDS),
        attempts=draw(st.integers(1, 5)),
        status=529 if failed else 200,
        error=CallError("overloaded_error", draw(TEXTS)) if failed else None,
        streamed=draw(st.none() | st.booleans()),
        user=draw(st.none() | TEXTS),
        tags=draw(st.dictionaries(IDS, TEXTS, max_size=2)),
        context=tuple(draw(st.lists(TEXTS, max_size=2))),
        language=draw(st.none() | st.sampled_from(["python", "de"])),
    )


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Draw cases in the short form."""
    return Case(
        id=draw(IDS),
        domain=draw(st.none() | IDS),
        prompt=draw(TEXTS),
        context=tuple(draw(st.lists(TEXTS, max_size=2))),
        expect=CaseExpectations(
            contains=tuple(draw(st.lists(TEXTS, max_size=2))),
            max_words=draw(st.none() | st.integers(1, 500)),
            budget=draw(st.none() | st.builds(Budget, output_tokens=st.integers(0, 5000))),
        ),
        group=draw(st.none() | IDS),
        tags=draw(st.dictionaries(IDS, TEXTS, max_size=2)),
    )


def findings() -> st.SearchStrategy[Finding]:
    """Draw findings that concern a whole response or a span of it."""
    spans = st.tuples(st.integers(0, 500), st.integers(0, 500)).map(sorted)
    return st.builds(
        lambda rule, severity, confidence, message, span, line: Finding(
            rule=rule,
            severity=severity,
            confidence=confidence,
            message=message,
            start=None if span is None else span[0],
            end=None if span is None else span[1],
            line=line,
        ),
        st.from_regex(r"[A-Z]{3}[0-9]{3}", fullmatch=True),
        st.sampled_from(Severity),
        st.sampled_from(Confidence),
        TEXTS,
        st.none() | spans,
        st.none() | st.integers(1, 500),
    )


def verdicts() -> st.SearchStrategy[Verdict]:
    """Draw verdicts of all three kinds."""
    return st.one_of(
        st.builds(Judged, SCORES, st.lists(findings(), max_size=3).map(tuple)),
        st.builds(NotApplicable, TEXTS),
        st.builds(CheckerBroke, TEXTS),
    )


@st.composite
def scorecards(draw: st.DrawFn) -> Scorecard:
    """Draw scorecards, their verdicts sorted by checker id."""
    drawn = draw(st.dictionaries(IDS, verdicts(), max_size=4))
    return Scorecard(
        id=draw(IDS),
        trial=draw(st.integers(1, 20)),
        domain=draw(IDS),
        verdicts=dict(sorted(drawn.items())),
        score=draw(st.none() | SCORES),
    )
