"""Scorecards: all verdicts on one output, and their one line of JSON."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Final

import msgspec

from gonogo.exchanges import Blankless
from gonogo_checkers.verdict import (
    CheckerBroke,
    Confidence,
    Finding,
    Judged,
    NotApplicable,
    Severity,
    Verdict,
)

DIGITS: Final = 4
"""Scores are kept to so many digits: enough for any tolerance, stable in a file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scorecard:
    """All verdicts on one output.

    Attributes:
        id: The case's or the exchange's id.
        domain: The domain whose checkers judged it.
        verdicts: By checker id, sorted.
        score: Weighted mean of the scores, 0 to 1, best is 1; None where a checker broke, or
            nothing that has a weight could be judged.
        trial: 1-based number of the trial.
    """

    id: str
    domain: str
    verdicts: Mapping[str, Verdict]
    score: float | None
    trial: int = 1

    @property
    def scores(self) -> dict[str, float]:
        """Score of each checker that judged, 0 to 1, by checker id."""
        return {
            checker_id: verdict.score
            for checker_id, verdict in self.verdicts.items()
            if isinstance(verdict, Judged)
        }

    @property
    def findings(self) -> tuple[tuple[str, Finding], ...]:
        """All findings, each with the id of its checker."""
        return tuple(
            (checker_id, finding)
            for checker_id, verdict in self.verdicts.items()
            if isinstance(verdict, Judged)
            for finding in verdict.findings
        )

    @property
    def broken(self) -> dict[str, str]:
        """What each checker that broke said, by checker id."""
        return {
            checker_id: verdict.error
            for checker_id, verdict in self.verdicts.items()
            if isinstance(verdict, CheckerBroke)
        }


_Score = Annotated[float, msgspec.Meta(ge=0, le=1)]


class _FindingRow(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    rule: str
    severity: Severity
    confidence: Confidence
    message: str
    start: int | None = None
    end: int | None = None
    line: int | None = None
    evidence: str = ""
    cwe: int | None = None


class _VerdictRow(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    score: _Score | None = None
    findings: tuple[_FindingRow, ...] | None = None
    not_applicable: str | None = None
    broke: str | None = None


class _ScorecardRow(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    id: Blankless
    trial: Annotated[int, msgspec.Meta(ge=1)] = 1
    domain: str
    score: _Score | None
    verdicts: dict[str, _VerdictRow]


_DECODER: Final = msgspec.json.Decoder(_ScorecardRow)


def decode_scorecard(line: bytes) -> Scorecard:
    """Decode a scorecard from JSON.

    Raises:
        msgspec.DecodeError: If the bytes are not JSON, or a field is unknown or of a wrong type.
        ValueError: If a verdict is not exactly one of its three kinds.
    """
    row = _DECODER.decode(line)
    return Scorecard(
        id=row.id,
        trial=row.trial,
        domain=row.domain,
        score=row.score,
        verdicts={
            checker_id: _verdict_of(checker_id, verdict)
            for checker_id, verdict in sorted(row.verdicts.items())
        },
    )


def encode_scorecard(scorecard: Scorecard) -> bytes:
    """Return a scorecard as one line of JSON without its line end; checkers are sorted."""
    row = _ScorecardRow(
        id=scorecard.id,
        trial=scorecard.trial,
        domain=scorecard.domain,
        score=scorecard.score,
        verdicts={
            checker_id: _row_of(verdict)
            for checker_id, verdict in sorted(scorecard.verdicts.items())
        },
    )
    return msgspec.json.encode(row)


def _verdict_of(checker_id: str, row: _VerdictRow) -> Verdict:
    kinds = [row.score is not None, row.not_applicable is not None, row.broke is not None]
    if sum(kinds) != 1 or (row.findings and row.score is None):
        raise ValueError(
            f"field `verdicts.{checker_id}`: exactly one of `score` (with `findings`),"
            " `not_applicable` and `broke` must be given"
        )
    if row.score is not None:
        return Judged(row.score, tuple(_finding_of(finding) for finding in row.findings or ()))
    if row.not_applicable is not None:
        return NotApplicable(row.not_applicable)
    return CheckerBroke(row.broke or "")


def _row_of(verdict: Verdict) -> _VerdictRow:
    match verdict:
        case Judged(score, findings):
            rows = tuple(_finding_row(finding) for finding in findings)
            return _VerdictRow(score=score, findings=rows)
        case NotApplicable(reason):
            return _VerdictRow(not_applicable=reason)
        case CheckerBroke(error):
            return _VerdictRow(broke=error)


def _finding_of(row: _FindingRow) -> Finding:
    return Finding(**{name: getattr(row, name) for name in row.__struct_fields__})


def _finding_row(finding: Finding) -> _FindingRow:
    return _FindingRow(**{name: getattr(finding, name) for name in _FindingRow.__struct_fields__})
