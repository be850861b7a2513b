"""Compares one case: which of its scores fell, by how much, and whether that is certain.

An answer that is replayed and the only one on its side is taken as it is; the same answers again
are judged the same, whichever way they were had. Anything else is a draw: what a fall of a single
case is worth, its suite says (`gonogo.comparison.scores`).
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Final

from gonogo.baselines import BaselineCase, scores_by_trial, severe_findings
from gonogo.evaluation import CaseResult, TrialResult
from gonogo.plain_text import one_line
from gonogo.settings import Policy, Settings
from gonogo_checkers.verdict import Finding, NotApplicable

ROUNDING: Final = 1e-9
"""Two decimal scores that are equal on paper may differ by so much as binary floats."""


DIGITS: Final = 9
"""Falls are ordered to so many digits, so that equal ones go by their names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreChange:
    """How one score of one case changed.

    Attributes:
        name: Checker id, or `score` for the weighted one.
        before_trials: Of the baseline, one a judged trial, 0 to 1; 0 where a checker that the
            domain requires was silent. At least one.
        after_trials: Of this run; likewise.
        tolerance: How far it may fall.
        is_certain: Whether the answers are the same, or the only ones and replayed.
        is_gone: Whether a checker that the domain requires was silent in all trials.
        why: Why the score is gone, or the gravest finding of the checker; may be empty.
    """

    name: str
    before_trials: tuple[float, ...]
    after_trials: tuple[float, ...]
    tolerance: float
    is_certain: bool = True
    is_gone: bool = False
    why: str = ""

    @property
    def before(self) -> float:
        """Mean over the baseline's trials, 0 to 1."""
        return fmean(self.before_trials)

    @property
    def after(self) -> float | None:
        """Mean over this run's trials; None where the score is gone."""
        return None if self.is_gone else fmean(self.after_trials)

    @property
    def difference(self) -> float:
        """After minus before, -1 to 1; a score that is gone counts as fallen to 0."""
        return (self.after or 0.0) - self.before

    @property
    def has_fallen(self) -> bool:
        """Whether it fell by more than its tolerance, or is gone."""
        return self.is_gone or self.difference < -self.tolerance - ROUNDING

    @property
    def is_regression(self) -> bool:
        """Whether it has fallen for certain."""
        return self.is_certain and self.has_fallen


@dataclass(frozen=True, slots=True, kw_only=True)
class SevereFinding:
    """A finding of high or critical severity that the baseline does not have."""

    checker_id: str
    finding: Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseComparison:
    """How one case did against its baseline.

    Attributes:
        case_id: The case.
        group: Cases of one group are not independent; None: it is of none.
        changes: One for each score that the baseline has and that was judged again, or is gone
            though its domain requires it.
        severe: New findings of high or critical severity; of draws without those that the policy
            leaves to the score.
    """

    case_id: str
    changes: tuple[ScoreChange, ...]
    severe: tuple[SevereFinding, ...] = ()
    group: str | None = None

    @property
    def regressions(self) -> tuple[ScoreChange, ...]:
        """The changes that are regressions for certain, the most harmful first."""
        return tuple(change for change in self.fallen if change.is_certain)

    @property
    def fallen(self) -> tuple[ScoreChange, ...]:
        """The changes that fell beyond their tolerance, the most harmful first."""
        fallen = [change for change in self.changes if change.has_fallen]
        return tuple(
            sorted(fallen, key=lambda change: (round(change.difference, DIGITS), change.name))
        )

    @property
    def other_severe(self) -> tuple[SevereFinding, ...]:
        """The new severe findings of checkers whose score did not fall for certain."""
        fallen = {change.name for change in self.changes if change.is_regression}
        return tuple(severe for severe in self.severe if severe.checker_id not in fallen)

    @property
    def is_regression(self) -> bool:
        """Whether the case answers worse than its baseline, for certain."""
        return bool(self.severe) or any(change.is_regression for change in self.changes)

    @property
    def harm(self) -> tuple[float, str]:
        """What cases are sorted by: the largest fall first, then the id."""
        worst = min((change.difference for change in self.changes), default=0.0)
        return round(worst, DIGITS), self.case_id


def compare_case(
    accepted: BaselineCase, result: CaseResult, settings: Settings, *, replayed: bool = True
) -> CaseComparison:
    """Hold the result of one case against its accepted one.

    Args:
        accepted: Of the baseline.
        result: Of the same case; at least one of its trials was judged.
        settings: For tolerances and for what the domain requires.
        replayed: Whether the answers were recorded; False: they were asked for in this run.
    """
    policy = settings.policy
    certain = is_certain(accepted, result.trials, replayed=replayed)
    required = settings.domain(result.domain).required
    changes = _changes(accepted, result.trials, policy, required, certain=certain)
    severe = _new_severe(accepted.severe, result.trials)
    return CaseComparison(
        case_id=result.case_id,
        group=result.group or accepted.group,
        changes=tuple(changes),
        severe=tuple(
            new for new in severe if certain or new.checker_id not in policy.measured_by_score
        ),
    )


def is_certain(accepted: BaselineCase, trials: Sequence[TrialResult], *, replayed: bool) -> bool:
    """Tell whether a difference between two sides of a case is no matter of chance."""
    answers = sorted(trial.answer for trial in trials if trial.scorecard is not None)
    if all(answers) and answers == sorted(accepted.answers):
        return True
    return replayed and len(answers) <= 1 and accepted.trials <= 1


def _changes(
    accepted: BaselineCase,
    trials: Sequence[TrialResult],
    policy: Policy,
    required: Collection[str],
    *,
    certain: bool,
) -> Iterator[ScoreChange]:
    now = scores_by_trial(trials)
    for name, values in accepted.scores.items():
        silent = _silences(name, trials) if name in required else ()
        # A baseline holds no trial in which a checker broke: what is missing was silence.
        silent_before = accepted.trials - len(values) if name in required else 0
        after = (*now.get(name, ()), *(0.0 for _ in silent))
        if values and after:
            is_gone = name not in now
            yield ScoreChange(
                name=name,
                before_trials=(*values, *[0.0] * silent_before),
                after_trials=after,
                tolerance=policy.tolerance_of(name),
                is_certain=certain,
                is_gone=is_gone,
                why=silent[0] if is_gone else _gravest(name, trials),
            )


def _gravest(checker_id: str, trials: Sequence[TrialResult]) -> str:
    findings = [
        finding
        for trial in trials
        if trial.scorecard is not None
        for finder, finding in trial.scorecard.findings
        if finder == checker_id
    ]
    gravest = max(findings, key=lambda finding: finding.severity.rank, default=None)
    return "" if gravest is None else one_line(f"{gravest.rule} {gravest.message}")


def _silences(checker_id: str, trials: Sequence[TrialResult]) -> tuple[str, ...]:
    """Say why a checker had nothing to judge; where it broke is another matter."""
    verdicts = [
        trial.scorecard.verdicts.get(checker_id) for trial in trials if trial.scorecard is not None
    ]
    return tuple(
        one_line(f"had nothing to judge: {verdict.reason}")
        for verdict in verdicts
        if isinstance(verdict, NotApplicable)
    )


def _new_severe(
    accepted: Mapping[str, int], trials: Sequence[TrialResult]
) -> tuple[SevereFinding, ...]:
    now = severe_findings(trials)
    risen = {key for key, count in now.items() if count > accepted.get(key, 0)}
    first: dict[str, SevereFinding] = {}
    for trial in trials:
        if trial.scorecard is not None:
            for checker_id, finding in trial.scorecard.findings:
                key = f"{checker_id} {finding.rule}"
                if key in risen:
                    first.setdefault(key, SevereFinding(checker_id=checker_id, finding=finding))
    return tuple(first[key] for key in sorted(first))
