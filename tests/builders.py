"""Small values for tests, each built from what the test is about."""

from collections.abc import Mapping
from typing import Any

from gonogo.baselines import SCHEMA, Baseline, BaselineHeader, baseline_of
from gonogo.evaluation import CaseResult, Measured, TrialResult
from gonogo.exchanges import Outcome
from gonogo.scorecards import Scorecard
from gonogo_checkers.verdict import Confidence, Finding, Judged, Severity, Verdict

HEADER = BaselineHeader(
    schema=SCHEMA, suite="s", dataset="d", model="m", tools=None, checkers={}, history=()
)


def finding(rule: str = "X001", severity: Severity = Severity.HIGH) -> Finding:
    return Finding(rule=rule, severity=severity, confidence=Confidence.HIGH, message="is wrong")


def case_result(
    case_id: str,
    scores: Mapping[str, float | Verdict],
    *,
    weighted: float | None = None,
    outcome: Outcome = Outcome.ANSWERED,
    domain: str = "code_generation",
    **measured: Any,
) -> CaseResult:
    verdicts = {
        name: Judged(value) if isinstance(value, float) else value for name, value in scores.items()
    }
    return CaseResult(
        suite="s",
        case_id=case_id,
        digest="d",
        domain=domain,
        trials=(
            TrialResult(
                number=1,
                outcome=outcome,
                measured=(Measured(exchange=f"ex_{case_id}", **measured),),
                words=10,
                scorecard=None
                if outcome is Outcome.INFRASTRUCTURE_ERROR
                else Scorecard(id=case_id, domain=domain, verdicts=verdicts, score=weighted),
            ),
        ),
    )


def baseline(*results: CaseResult) -> Baseline:
    return baseline_of(results, HEADER)
