"""What a checker answers: findings, and the three kinds of verdict."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias


class Severity(StrEnum):
    """How much harm a finding does if it is real."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """Place in the order of harm: 0 for low to 3 for critical."""
        return list(Severity).index(self)


class Confidence(StrEnum):
    """How sure the checker is that a finding is real."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that a checker found in a response.

    Attributes:
        rule: Stable id, documented in the catalogue (`SYN001`, `PII003`; bandit keeps `B602`).
        severity: Harm if it is real.
        confidence: How sure the checker is.
        message: One sentence for the reader: what is wrong and, where known, what to do.
        start: First character of the place in the response text, 0-based; None: the whole response.
        end: One past the last character; `start <= end <= len(response)`.
        line: Line in the response text, 1-based.
        evidence: The words concerned, shortened; never a secret in full.
        cwe: Number in the Common Weakness Enumeration.
    """

    rule: str
    severity: Severity
    confidence: Confidence
    message: str
    start: int | None = None
    end: int | None = None
    line: int | None = None
    evidence: str = ""
    cwe: int | None = None


@dataclass(frozen=True, slots=True)
class Judged:
    """A score and what was found.

    Attributes:
        score: 0 to 1, best is 1.
        findings: In the order of their places in the response.
    """

    score: float
    findings: tuple[Finding, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a score that is not within [0, 1]; NaN is not.

        Raises:
            ValueError: If it is not.
        """
        if not 0.0 <= self.score <= 1.0:
            raise ValueError(f"a score lies between 0 and 1, not {self.score!r}")


@dataclass(frozen=True, slots=True)
class NotApplicable:
    """The checker has nothing to say about this output: no score, neither good nor bad."""

    reason: str


@dataclass(frozen=True, slots=True)
class CheckerBroke:
    """The checker raised: an error in the report, never a pass."""

    error: str


Verdict: TypeAlias = Judged | NotApplicable | CheckerBroke

_HARM = {
    Severity.LOW: 0.05,
    Severity.MEDIUM: 0.2,
    Severity.HIGH: 0.5,
    Severity.CRITICAL: 0.9,
}
_CERTAINTY = {Confidence.LOW: 0.4, Confidence.MEDIUM: 0.7, Confidence.HIGH: 1.0}


def score_findings(findings: Iterable[Finding]) -> float:
    """Turn findings into a score: each takes its share of what is left.

    The product of `1 - harm * certainty` over the findings, so that the score falls with every
    finding, never reaches below 0, and does not depend on their order.

    Args:
        findings: Any number of findings.

    Returns:
        0 to 1, best is 1; 1.0 where there are none. Rounded to 6 digits, so that the order of
        multiplication does not show.
    """
    score = 1.0
    for finding in findings:
        score *= 1.0 - _HARM[finding.severity] * _CERTAINTY[finding.confidence]
    return round(score, 6)
