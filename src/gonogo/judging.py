"""Judges outputs: output and checkers give verdicts, verdicts give a scorecard.

The only place that catches what a checker raises: it becomes a `CheckerBroke`, never a pass.
"""

import traceback
from collections.abc import Mapping
from pathlib import Path

from gonogo.domains import Domain
from gonogo.registry import CheckerRegistry
from gonogo.scorecards import DIGITS, Scorecard
from gonogo_checkers.checker import Checker
from gonogo_checkers.output import Expectations, Output
from gonogo_checkers.verdict import CheckerBroke, Judged, NotApplicable, Verdict


def judge(
    output: Output,
    domain: Domain,
    registry: CheckerRegistry,
    *,
    output_id: str,
    trial: int = 1,
) -> Scorecard:
    """Judge one output by the checkers of its domain.

    Args:
        output: What to judge.
        domain: Names the checkers and their weights.
        registry: Where the checkers are.
        output_id: Id of the case or exchange, for the scorecard.
        trial: 1-based number of the trial.

    Returns:
        The scorecard; a checker that raised is in it as `CheckerBroke`.

    Raises:
        UnknownCheckerError: If the domain names a checker that nobody offers.
        BadSettingsError: If a checker cannot be made.
    """
    verdicts = {
        checker_id: _verdict(registry.load(checker_id), output)
        for checker_id in sorted(domain.weights)
    }
    return Scorecard(
        id=output_id,
        trial=trial,
        domain=domain.name,
        verdicts=verdicts,
        score=_weighted_score(verdicts, domain.weights),
    )


def is_passed(card: Scorecard, domain: Domain, expect: Expectations) -> bool:
    """Tell whether an output passes: it reaches its domain's threshold, and what is expected holds.

    One of which nothing could be judged, or for which a checker broke, does not.
    """
    if card.broken or not card.scores or missed_expectations(card, expect):
        return False
    return card.score is None or card.score >= domain.threshold


def missed_expectations(card: Scorecard, expect: Expectations) -> tuple[str, ...]:
    """Name the checkers that find something expected missing."""
    asked = ("expectations",) if expect.refusal is None else ("expectations", "refusal")
    return tuple(name for name in asked if card.scores.get(name, 1.0) < 1.0)


def _verdict(checker: Checker, output: Output) -> Verdict:
    try:
        verdict: object = checker.check(output)
    except Exception as error:  # noqa: BLE001 - a checker's fault is a verdict, not the run's end
        return CheckerBroke(_describe(error))
    if isinstance(verdict, Judged):
        return Judged(round(verdict.score, DIGITS), verdict.findings)
    if isinstance(verdict, NotApplicable):
        return verdict
    return CheckerBroke(f"returned {type(verdict).__name__}, not Judged or NotApplicable")


def _describe(error: Exception) -> str:
    # Only where it happened: the message may hold the response, and with it personal data.
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{place}"


def _weighted_score(verdicts: Mapping[str, Verdict], weights: Mapping[str, float]) -> float | None:
    if any(isinstance(verdict, CheckerBroke) for verdict in verdicts.values()):
        return None
    judged = [
        (weights[checker_id], verdict.score)
        for checker_id, verdict in verdicts.items()
        if isinstance(verdict, Judged) and weights[checker_id] > 0
    ]
    total = sum(weight for weight, _ in judged)
    if total == 0:
        return None
    return round(sum(weight * score for weight, score in judged) / total, DIGITS)
