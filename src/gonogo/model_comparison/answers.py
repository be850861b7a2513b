"""What came of asking models: the values that go into a comparison, one at a time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Final, NamedTuple

WEIGHTED: Final = "score"
"""Name of the weighted score among the scores of a case."""


class Source(StrEnum):
    """How it is known that two models were asked the same."""

    SUITE = "suite"
    """By suite and case, in reports and baselines."""
    TRIAL = "trial"
    """By the case in the tag `trial` of an exchange."""
    REQUEST = "request"
    """By the fingerprint of an exchange's request without its model."""


class CaseKey(NamedTuple):
    """What two models must share to be compared: judged in one domain, by one kind of source."""

    domain: str
    source: Source
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelAnswers:
    """What came of asking one model one case: once, or several times.

    Attributes:
        model: That answered; of a failed call the one that was asked.
        case: What was asked.
        trials: Judged answers.
        scores: By checker id, and the weighted one as `score`; one value a trial that has it, 0 to
            1, best is 1.
        group: Cases of one group are not independent; None: it is of none.
        digest: Of what was asked; a case under whose name one model was asked two things, or in
            a suite each model another, is left out. Empty: not known.
        passed: Whether each trial passed; empty: not known.
        severe: How often each rule of high or critical severity fired at most in a trial, by
            `<checker id> <rule>`.
        costs_usd: Of each trial whose cost is known, at least 0.
        latencies_seconds: Of each trial whose latency is known, above 0.
        failed: Calls that failed: not judged, never in a mean.
        broken: Judged answers on which a checker broke.
        exchange: Id of an exchange to look at; empty: not known.
        identity: What makes it these answers and no others; the same answers again count once.
            Empty: not known.
    """

    model: str
    case: CaseKey
    trials: int = 0
    scores: Mapping[str, Sequence[float]] = field(default_factory=dict)
    group: str | None = None
    digest: str = ""
    passed: Sequence[bool] = ()
    severe: Mapping[str, int] = field(default_factory=dict)
    costs_usd: Sequence[Decimal] = ()
    latencies_seconds: Sequence[float] = ()
    failed: int = 0
    broken: int = 0
    exchange: str = ""
    identity: str = ""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """An answer that is of no use: by another model, by several together, or by one without name.

    Attributes:
        models: That answered; empty: none is named.
    """

    models: frozenset[str]
