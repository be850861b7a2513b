"""Decides: a suite's results, its comparison and its budgets give GO, NO-GO or UNDECIDED.

NO-GO goes before UNDECIDED, UNDECIDED before GO; what is broken or missing never reads as GO.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final

from gonogo.baselines import WEIGHTED
from gonogo.comparison import AmountComparison, Comparison, ScoreComparison
from gonogo.evaluation import CaseResult, Measured
from gonogo.exchanges import Outcome
from gonogo.plain_text import counted
from gonogo.settings import Policy, SuiteBudget
from gonogo.statistics.differences import Difference, Untestable
from gonogo.statistics.percentiles import TooFewValuesError, percentile

_CASES_NAMED: Final = 3
_REASONS_NAMED: Final = 4
_ACCEPT: Final = "accept them with --gonogo-update-baselines"


class Gauge(StrEnum):
    """What a decision says."""

    GO = "GO"
    NO_GO = "NO-GO"
    UNDECIDED = "UNDECIDED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why a decision is not GO.

    Attributes:
        says: NO-GO or UNDECIDED.
        text: What, by how much and what to do, in one line.
        cases: The cases behind it, the most harmful first.
    """

    says: Gauge
    text: str
    cases: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Return the text with the cases that it names."""
        if not self.cases:
            return self.text
        named = ", ".join(self.cases[:_CASES_NAMED])
        more = len(self.cases) - _CASES_NAMED
        return f"{self.text} ({named}{f' and {more} more' if more > 0 else ''})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """GO, NO-GO or UNDECIDED, with its reasons, the gravest first."""

    gauge: Gauge
    reasons: tuple[Reason, ...] = ()

    def passes(self, policy: Policy) -> bool:
        """Whether a run with this decision passes."""
        if self.gauge is Gauge.UNDECIDED:
            return policy.undecided == "pass"
        return self.gauge is Gauge.GO

    def __str__(self) -> str:
        """Return the one line that a run ends with."""
        if not self.reasons:
            return self.gauge
        return f"{self.gauge}: {self.brief()}"

    def brief(self) -> str:
        """Return the gravest reasons in one line, and how many more there are."""
        said = "; ".join(str(reason) for reason in self.reasons[:_REASONS_NAMED])
        more = len(self.reasons) - _REASONS_NAMED
        return f"{said}; and {counted(more, 'more reason')}" if more > 0 else said


def decide(
    results: Sequence[CaseResult],
    comparison: Comparison | None,
    *,
    policy: Policy,
    budget: SuiteBudget,
    other: Iterable[Reason] = (),
) -> Decision:
    """Decide about one suite.

    Args:
        results: Of the cases that were run.
        comparison: Against the baseline; None: there is no baseline that can be compared.
        policy: Tolerances, and what passes.
        budget: Limits on the whole suite.
        other: Reasons from elsewhere: a stale baseline, a failed budget of a case.
    """
    reasons = [
        *other,
        *_result_reasons(results, policy),
        *(() if comparison is None else _comparison_reasons(comparison, policy)),
        *_budget_reasons(results, budget),
    ]
    return conclude(reasons)


def conclude(reasons: Iterable[Reason]) -> Decision:
    """Return the decision that reasons lead to; none lead to GO."""
    ordered = sorted(reasons, key=lambda reason: reason.says is not Gauge.NO_GO)
    return Decision(gauge=ordered[0].says if ordered else Gauge.GO, reasons=tuple(ordered))


def combine(decisions: Mapping[str, Decision]) -> Decision:
    """Decide about a run from the decisions of its suites; no suite at all is UNDECIDED."""
    if not decisions:
        return conclude([Reason(says=Gauge.UNDECIDED, text="no suite was run")])
    return conclude(
        Reason(says=reason.says, text=f"{suite}: {reason.text}", cases=reason.cases)
        for suite, decision in decisions.items()
        for reason in decision.reasons
    )


def _result_reasons(results: Sequence[CaseResult], policy: Policy) -> Iterator[Reason]:
    unanswered = tuple(result.case_id for result in results if result.problem is not None)
    if unanswered:
        yield Reason(says=Gauge.UNDECIDED, text="could not be run", cases=unanswered)
    broken = {
        result.case_id: checker_id
        for result in results
        for trial in result.trials
        if trial.scorecard is not None
        for checker_id in trial.scorecard.broken
    }
    if broken:
        checkers = ", ".join(sorted(set(broken.values())))
        yield Reason(says=Gauge.UNDECIDED, text=f"checkers broke: {checkers}", cases=tuple(broken))
    yield from _outcome_reasons(results, policy)


def _outcome_reasons(results: Sequence[CaseResult], policy: Policy) -> Iterator[Reason]:
    trials = [(result.case_id, trial) for result in results for trial in result.trials]
    failed = [case_id for case_id, trial in trials if trial.outcome is Outcome.INFRASTRUCTURE_ERROR]
    if trials and len(failed) / len(trials) > policy.max_infra_error_rate:
        yield Reason(
            says=Gauge.UNDECIDED,
            text=f"{len(failed)} of {len(trials)} calls failed"
            f" (at most {policy.max_infra_error_rate:.0%} may)",
            cases=tuple(dict.fromkeys(failed)),
        )
    if not results:
        yield Reason(says=Gauge.UNDECIDED, text="no case was run")
    elif not any(trial.scorecard is not None and trial.scorecard.scores for _, trial in trials):
        unanswered = bool(results) and not trials
        why = ": no case could be run, see the first one's error" if unanswered else ""
        yield Reason(says=Gauge.NO_GO, text=f"nothing was scored{why}")


def _comparison_reasons(comparison: Comparison, policy: Policy) -> Iterator[Reason]:
    if not comparison.scores:
        yield Reason(says=Gauge.UNDECIDED, text="nothing could be held against the baseline")
    yield from _score_reasons(comparison.scores)
    yield from _drop_reasons(comparison.scores)
    if comparison.breaks is not None and comparison.breaks.shown:
        text = "passed in every trial of the baseline and fail in every trial now"
        yield Reason(says=Gauge.NO_GO, text=text, cases=comparison.breaks.shown)
    yield from _severe_reasons(comparison)
    yield from _rise_reasons(comparison.amounts)
    if policy.slide == "no-go":
        for slide in comparison.slides:
            if slide.is_shown:
                yield Reason(says=Gauge.NO_GO, text=str(slide))
    yield from _open_reasons(comparison.scores)
    for text, cases in (
        ("cases of the baseline vanished from the dataset", comparison.vanished),
        (f"cases without a baseline, {_ACCEPT}", comparison.unaccepted),
        (f"cases changed since the baseline, {_ACCEPT}", comparison.changed),
    ):
        if cases:
            yield Reason(says=Gauge.UNDECIDED, text=text, cases=cases)


def _score_reasons(scores: Sequence[ScoreComparison]) -> Iterator[Reason]:
    """Name what fell; the weighted score only for cases where no single score fell."""
    single = [score for score in scores if score.name != WEIGHTED and score.regressed]
    named = {case_id for score in single for case_id, _ in score.regressed}
    harm = {score.name: sum(difference for _, difference in score.regressed) for score in single}
    for score in sorted(single, key=lambda score: harm[score.name]):
        yield _fallen(score.name, score.regressed)
    for score in scores:
        alone = tuple(pair for pair in score.regressed if pair[0] not in named)
        if score.name == WEIGHTED and alone:
            yield _fallen("the weighted score", alone)


def _drop_reasons(scores: Sequence[ScoreComparison]) -> Iterator[Reason]:
    """Name the means that dropped; the weighted one only where nothing else is named."""
    shown = [score for score in scores if score.claim is not None and score.claim.is_shown]
    single = [score for score in shown if score.name != WEIGHTED]
    is_named = bool(single) or any(score.regressed for score in scores)
    for score in single or ([] if is_named else shown):
        yield Reason(
            says=Gauge.NO_GO,
            text=_dropped(score),
            cases=tuple(case_id for case_id, _ in score.fallen),
        )


def _dropped(score: ScoreComparison) -> str:
    name = "the weighted score" if score.name == WEIGHTED else score.name
    if score.drawn is None or not isinstance(score.drawn.difference, Difference):
        return f"{name} dropped"
    seen = score.drawn.difference
    return (
        f"{name} dropped by {-seen.estimate:.3f} in the mean of {counted(seen.cases, 'case')}"
        f" (95 %: {seen.low:+.3f} to {seen.high:+.3f};"
        f" {seen.worse} worse, {seen.better} better)"
    )


def _rise_reasons(amounts: Sequence[AmountComparison]) -> Iterator[Reason]:
    for amount in amounts:
        if amount.claim is None or not amount.claim.is_shown or amount.ratio is None:
            continue
        if isinstance(amount.ratio, Untestable) or amount.limit is None:
            continue
        ratio = amount.ratio
        yield Reason(
            says=Gauge.NO_GO,
            text=f"{amount.name} rose by {ratio.estimate - 1:.0%} a case"
            f" (95 %: {ratio.low - 1:+.0%} to {ratio.high - 1:+.0%}), {amount.limit:.0%} allowed",
        )


def _open_reasons(scores: Sequence[ScoreComparison]) -> Iterator[Reason]:
    """Say what is neither shown nor excluded, and what it would take."""
    drawn = [(score, score.drawn) for score in scores if score.drawn is not None]
    for score, draws in drawn:
        if draws.is_excluded is False and not (score.claim is not None and score.claim.is_shown):
            needs = "" if score.needs is None else f": {score.needs.sentence}"
            text = f"{score.name}: a drop of {draws.bound:g} is not excluded{needs}"
            yield Reason(says=Gauge.UNDECIDED, text=text)
    untestable = [s for s, draws in drawn if isinstance(draws.difference, Untestable)]
    if untestable and len(untestable) == len(drawn):
        needs = "" if untestable[0].needs is None else f": {untestable[0].needs.sentence}"
        yield Reason(says=Gauge.UNDECIDED, text=f"nothing can be said of draws{needs}")


def _fallen(name: str, regressed: Sequence[tuple[str, float]]) -> Reason:
    worst = regressed[0][1]
    how = f"by {-worst:.2f}" if len(regressed) == 1 else f"by up to {-worst:.2f}"
    count = counted(len(regressed), "case")
    return Reason(
        says=Gauge.NO_GO,
        text=f"{name} fell {how} in {count}",
        cases=tuple(case_id for case_id, _ in regressed),
    )


def _severe_reasons(comparison: Comparison) -> Iterator[Reason]:
    by_rule: dict[str, list[str]] = {}
    for case in comparison.cases:
        for severe in case.other_severe:
            by_rule.setdefault(f"{severe.checker_id} {severe.finding.rule}", []).append(
                case.case_id
            )
    for rule, cases in sorted(by_rule.items()):
        yield Reason(says=Gauge.NO_GO, text=f"new severe finding {rule}", cases=tuple(cases))


def _budget_reasons(results: Sequence[CaseResult], budget: SuiteBudget) -> Iterator[Reason]:
    measured = [
        m
        for result in results
        for trial in result.trials
        if trial.outcome is not Outcome.INFRASTRUCTURE_ERROR
        for m in trial.measured
    ]
    for limit in budget.__struct_fields__:
        allowed = getattr(budget, limit)
        if allowed is not None and measured:
            yield from _limit_reasons(limit, allowed, measured)


def _limit_reasons(limit: str, allowed: Decimal, measured: Sequence[Measured]) -> Iterator[Reason]:
    what, _, how = limit.rpartition("_")
    amounts = [_amount(what, m) for m in measured]
    if None in amounts:
        unpriced = sorted({m.unpriced for m in measured if m.unpriced is not None})
        missing = sum(amount is None for amount in amounts)
        why = f"no price for {', '.join(unpriced)}" if unpriced else f"{missing} not recorded"
        yield Reason(says=Gauge.UNDECIDED, text=f"budget {limit} cannot be checked: {why}")
        return
    try:
        used = _taken_together(how, [amount for amount in amounts if amount is not None])
    except TooFewValuesError as error:
        yield Reason(says=Gauge.UNDECIDED, text=f"budget {limit} cannot be checked: {error}")
        return
    if used > allowed:
        share = f" (+{used / allowed - 1:.0%})" if allowed else ""
        yield Reason(
            says=Gauge.NO_GO, text=f"budget {limit}: {used:.6g} used, {allowed:.6g} allowed{share}"
        )


def _amount(what: str, measured: Measured) -> Decimal | None:
    if what == "total_tokens":
        if measured.input_tokens is None or measured.output_tokens is None:
            return None
        return Decimal(measured.input_tokens + measured.output_tokens)
    amount = getattr(measured, what)
    return None if amount is None else Decimal(str(amount))


def _taken_together(how: str, amounts: Sequence[Decimal]) -> Decimal:
    match how:
        case "total":
            return sum(amounts, Decimal(0))
        case "mean":
            return sum(amounts, Decimal(0)) / len(amounts)
        case "max":
            return max(amounts)
        case _:
            return percentile(amounts, int(how.removeprefix("p")))
