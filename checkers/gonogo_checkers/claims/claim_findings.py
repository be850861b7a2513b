"""Makes the findings of `grounding`: what is said where, with its evidence masked."""

from gonogo_checkers.reading.code_blocks import line_of
from gonogo_checkers.reading.evidence import evidence_of
from gonogo_checkers.verdict import Confidence, Finding, Severity


def finding_at(
    rule: str,
    prose: str,
    span: tuple[int, int],
    message: str,
    severity: Severity,
    confidence: Confidence,
) -> Finding:
    """Return a finding at a place of the prose, with its line and evidence."""
    return Finding(
        rule=rule,
        severity=severity,
        confidence=confidence,
        message=message,
        start=span[0],
        end=span[1],
        line=line_of(prose, span[0]),
        evidence=evidence_of(prose, *span),
    )
