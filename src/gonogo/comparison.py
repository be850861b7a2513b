"""Holds results against a baseline, case by case and score by score.

Exact, for replayed and deterministic runs: a score that falls by more than its tolerance is a
regression, and so is a finding of high severity that the baseline does not have.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from gonogo.baselines import Baseline, BaselineCase, scores_by_trial, severe_findings
from gonogo.evaluation import CaseResult, TrialResult
from gonogo.plain_text import one_line
from gonogo.settings import Policy, Settings
from gonogo_checkers.verdict import Finding, NotApplicable

WEIGHTED = "score"
"""Name of the weighted score among the scores of a case."""

_ROUNDING = 1e-9
"""Two decimal scores that are equal on paper may differ by so much as binary floats."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreChange:
    """How one score of one case changed.

    Attributes:
        name: Checker id, or `score` for the weighted one.
        before: Mean over the baseline's trials, 0 to 1.
        after: Mean over this run's trials; None where the score is gone.
        tolerance: How far it may fall.
        why: Why the score is gone, or the gravest finding of the checker; may be empty.
    """

    name: str
    before: float
    after: float | None
    tolerance: float
    why: str = ""

    @property
    def difference(self) -> float:
        """After minus before, -1 to 1; a score that is gone counts as fallen to 0."""
        return (0.0 if self.after is None else self.after) - self.before

    @property
    def is_regression(self) -> bool:
        """Whether it fell by more than its tolerance, or is gone."""
        return self.after is None or self.difference < -self.tolerance - _ROUNDING


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
        changes: One for each score that the baseline has and that was judged again, or is gone
            though its domain requires it.
        severe: New findings of high or critical severity.
    """

    case_id: str
    changes: tuple[ScoreChange, ...]
    severe: tuple[SevereFinding, ...] = ()

    @property
    def regressions(self) -> tuple[ScoreChange, ...]:
        """The changes that are regressions, the most harmful first."""
        fallen = [change for change in self.changes if change.is_regression]
        return tuple(sorted(fallen, key=lambda change: (change.difference, change.name)))

    @property
    def other_severe(self) -> tuple[SevereFinding, ...]:
        """The new severe findings of checkers whose score did not fall beyond its tolerance."""
        fallen = {change.name for change in self.changes if change.is_regression}
        return tuple(severe for severe in self.severe if severe.checker_id not in fallen)

    @property
    def is_regression(self) -> bool:
        """Whether the case answers worse than its baseline."""
        return bool(self.severe) or any(change.is_regression for change in self.changes)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreSummary:
    """How one score did over the cases that both sides have.

    Attributes:
        name: Checker id, or `score` for the weighted one.
        cases: Number of cases that both sides scored.
        before: Mean over their cases in the baseline, 0 to 1; None where there are none.
        after: Mean in this run.
        better: Number of cases whose score rose.
        worse: Number of cases whose score fell.
        regressed: Cases that fell beyond the tolerance, with the difference; the most harmful
            first.
    """

    name: str
    cases: int
    before: float
    after: float
    better: int
    worse: int
    regressed: tuple[tuple[str, float], ...]

    @property
    def difference(self) -> float:
        """Mean after minus mean before, -1 to 1."""
        return self.after - self.before

    @property
    def equal(self) -> int:
        """Number of cases whose score stayed as it was."""
        return self.cases - self.better - self.worse


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A run of a suite against its baseline.

    Attributes:
        cases: Of each case that both sides have, in the order of the results.
        scores: Of each score, the weighted one first.
        vanished: Cases of the baseline that the dataset no longer has.
        unaccepted: Cases that the baseline does not have.
        changed: Cases whose content is not what the baseline measured.
    """

    cases: tuple[CaseComparison, ...]
    scores: tuple[ScoreSummary, ...]
    vanished: tuple[str, ...] = ()
    unaccepted: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()

    @property
    def regressed(self) -> tuple[CaseComparison, ...]:
        """The cases that answer worse, the most harmful first."""
        return tuple(
            sorted(
                (case for case in self.cases if case.is_regression),
                key=lambda case: (
                    min((change.difference for change in case.changes), default=0.0),
                    case.case_id,
                ),
            )
        )


def compare_results(
    baseline: Baseline,
    results: Sequence[CaseResult],
    dataset: Collection[str],
    settings: Settings,
) -> Comparison:
    """Hold the results of a suite against its baseline.

    Args:
        baseline: The accepted results.
        results: Results of cases that were run; those without trials are left to the decision.
        dataset: Ids of all cases of the dataset, whether they were run or not.
        settings: For tolerances and for what a domain requires.
    """
    known = [
        (baseline.cases[result.case_id], result)
        for result in results
        if result.case_id in baseline.cases
    ]
    cases = tuple(
        compare_case(accepted, result, settings)
        for accepted, result in known
        if any(trial.scorecard is not None for trial in result.trials)
    )
    return Comparison(
        cases=cases,
        scores=summarize_scores(cases),
        vanished=tuple(sorted(set(baseline.cases) - set(dataset))),
        unaccepted=tuple(
            result.case_id for result in results if result.case_id not in baseline.cases
        ),
        changed=tuple(
            result.case_id for accepted, result in known if accepted.digest != result.digest
        ),
    )


def compare_case(accepted: BaselineCase, result: CaseResult, settings: Settings) -> CaseComparison:
    """Hold the result of one case against its accepted one."""
    required = settings.domain(result.domain).required
    changes = _changes(accepted, result.trials, settings.policy, required)
    return CaseComparison(
        case_id=result.case_id,
        changes=tuple(changes),
        severe=_new_severe(accepted.severe, result.trials),
    )


def summarize_scores(cases: Iterable[CaseComparison]) -> tuple[ScoreSummary, ...]:
    """Sum up the changes of all cases by score, the weighted one first."""
    by_name: dict[str, list[tuple[str, ScoreChange]]] = defaultdict(list)
    for case in cases:
        for change in case.changes:
            by_name[change.name].append((case.case_id, change))
    names = sorted(by_name, key=lambda name: (name != WEIGHTED, name))
    return tuple(_summarize(name, by_name[name]) for name in names)


def _summarize(name: str, changes: Sequence[tuple[str, ScoreChange]]) -> ScoreSummary:
    differences = [change.difference for _, change in changes]
    regressed = [(case_id, c.difference) for case_id, c in changes if c.is_regression]
    return ScoreSummary(
        name=name,
        cases=len(changes),
        before=fmean(change.before for _, change in changes),
        after=fmean(change.before + change.difference for _, change in changes),
        better=sum(difference > _ROUNDING for difference in differences),
        worse=sum(difference < -_ROUNDING for difference in differences),
        regressed=tuple(sorted(regressed, key=lambda pair: (pair[1], pair[0]))),
    )


def _changes(
    accepted: BaselineCase,
    trials: Sequence[TrialResult],
    policy: Policy,
    required: Collection[str],
) -> Iterator[ScoreChange]:
    now = scores_by_trial(trials)
    for name, values in accepted.scores.items():
        if not values:
            continue
        tolerance = policy.tolerance_of(name)
        before = fmean(values)
        if name in now:
            yield ScoreChange(
                name=name,
                before=before,
                after=fmean(now[name]),
                tolerance=tolerance,
                why=_gravest(name, trials),
            )
        elif name in required and (why := _silence(name, trials)):
            yield ScoreChange(name=name, before=before, after=None, tolerance=tolerance, why=why)


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


def _silence(checker_id: str, trials: Sequence[TrialResult]) -> str:
    """Say why a checker had nothing to judge; empty where it broke, which is another matter."""
    for trial in trials:
        verdict = None if trial.scorecard is None else trial.scorecard.verdicts.get(checker_id)
        if isinstance(verdict, NotApplicable):
            return one_line(f"had nothing to judge: {verdict.reason}")
    return ""


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
