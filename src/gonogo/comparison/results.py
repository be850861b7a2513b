"""Compares a suite: its cases one by one, and what all of them say together."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal, TypeAlias

from gonogo.baselines import Baseline, BaselineCase, accept_case
from gonogo.comparison.amounts import AmountComparison, compare_amounts
from gonogo.comparison.cases import CaseComparison, compare_case, is_certain
from gonogo.comparison.claims import Claim, judge_claims
from gonogo.comparison.repeats import (
    NOTHING_REPEATED,
    Breaks,
    Repeats,
    describe_repeats,
    find_breaks,
    shown_breaks,
)
from gonogo.comparison.scores import ScoreComparison, compare_scores
from gonogo.comparison.slides import Slide, SlidePair, find_slides
from gonogo.evaluation import CaseResult
from gonogo.settings import Policy, Settings
from gonogo.statistics.differences import Difference

ClaimKey: TypeAlias = tuple[Literal["score", "amount", "breaks"], str]
"""What a claim is about, and its name."""

BREAKS: Final[ClaimKey] = ("breaks", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A run of a suite against its baseline.

    Attributes:
        cases: Of each case that both sides have, in the order of the results.
        scores: Of each score, the weighted one first.
        amounts: Tokens, cost and latency, where they were recorded.
        repeats: What repeated trials say.
        breaks: Cases that broke in every trial; None: no answer is a draw.
        slides: Scores below their best accepted ones.
        vanished: Cases of the baseline that the dataset no longer has.
        unaccepted: Cases that the baseline does not have.
        changed: Cases whose content is not what the baseline measured.
    """

    cases: tuple[CaseComparison, ...]
    scores: tuple[ScoreComparison, ...]
    amounts: tuple[AmountComparison, ...] = ()
    repeats: Repeats = NOTHING_REPEATED
    breaks: Breaks | None = None
    slides: tuple[Slide, ...] = ()
    vanished: tuple[str, ...] = ()
    unaccepted: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()

    @property
    def regressed(self) -> tuple[CaseComparison, ...]:
        """The cases that answer worse for certain, the most harmful first."""
        return _most_harmful_first(case for case in self.cases if case.is_regression)

    @property
    def fallen(self) -> tuple[CaseComparison, ...]:
        """The cases behind a drop or a break that is shown, the most harmful first."""
        dropped = {score.name for score in self.scores if score.has_dropped}
        broken = () if self.breaks is None else self.breaks.shown
        return _most_harmful_first(
            case
            for case in self.cases
            if case.is_regression
            or case.case_id in broken
            or any(change.name in dropped for change in case.fallen)
        )

    @property
    def has_draws(self) -> bool:
        """Whether chance has a part in it: some answer is a draw."""
        return any(score.drawn is not None for score in self.scores)


@dataclass(frozen=True, slots=True)
class _Pair:
    accepted: BaselineCase
    result: CaseResult
    now: BaselineCase
    is_certain: bool


def compare_results(
    baseline: Baseline,
    results: Sequence[CaseResult],
    dataset: Collection[str],
    settings: Settings,
    *,
    replayed: bool = True,
    best: Baseline | None = None,
) -> Comparison:
    """Hold the results of a suite against its baseline.

    Args:
        baseline: The accepted results.
        results: Results of cases that were run; those without trials are left to the decision.
        dataset: Ids of all cases of the dataset, whether they were run or not.
        settings: For the policy and for what a domain requires.
        replayed: Whether the answers were recorded; False: they were asked for in this run.
        best: The best accepted values of each score; None: the baseline's are.
    """
    known = [
        (baseline.cases[result.case_id], result)
        for result in results
        if result.case_id in baseline.cases
    ]
    pairs = [
        _Pair(
            accepted,
            result,
            accept_case(result),
            is_certain(accepted, result.trials, replayed=replayed),
        )
        for accepted, result in known
        if any(trial.scorecard is not None for trial in result.trials)
    ]
    cases = tuple(
        compare_case(pair.accepted, pair.result, settings, replayed=replayed) for pair in pairs
    )
    compared = Comparison(
        cases=cases,
        scores=compare_scores(cases, settings.policy),
        amounts=compare_amounts([(p.accepted, p.now) for p in pairs], settings.policy.rises),
        repeats=describe_repeats([(p.accepted, p.now) for p in pairs]),
        slides=()
        if best is None
        else find_slides(
            _at_best(pairs, best, replayed=replayed),
            settings.policy,
            baseline.header.history,
        ),
        vanished=tuple(sorted(set(baseline.cases) - set(dataset))),
        unaccepted=tuple(
            result.case_id for result in results if result.case_id not in baseline.cases
        ),
        changed=tuple(
            result.case_id for accepted, result in known if accepted.digest != result.digest
        ),
    )
    return _judge(compared, [p for p in pairs if not p.is_certain], settings.policy)


def _at_best(pairs: Sequence[_Pair], best: Baseline, *, replayed: bool) -> tuple[SlidePair, ...]:
    """Pair the cases whose content is the same with what they were at their best."""
    known = [
        (best.cases[pair.now.case], pair)
        for pair in pairs
        if pair.now.case in best.cases and best.cases[pair.now.case].digest == pair.now.digest
    ]
    # The baseline's own answers say nothing of those that the best scores come from.
    return tuple(
        SlidePair(at_best, pair.now, is_certain(at_best, pair.result.trials, replayed=replayed))
        for at_best, pair in known
    )


def _judge(compared: Comparison, drawn: Sequence[_Pair], policy: Policy) -> Comparison:
    """Judge all claims of the suite together, and say what it would take to decide."""
    p_values = p_values_of(compared)
    pairs = [(pair.accepted, pair.now) for pair in drawn]
    breaks = find_breaks(pairs, claims=len(p_values) + 1, alpha=policy.alpha)
    # By the number of trials alone: what passed must not say how many claims share the error.
    # Of a single case, or one group of cases, nothing is decided.
    is_suite = len({pair.result.group or pair.result.case_id for pair in drawn}) > 1
    if (
        breaks is not None
        and is_suite
        and breaks.best_p_value * (len(p_values) + 1) <= policy.alpha
    ):
        p_values[BREAKS] = breaks.p_value
    claims = judge_claims(p_values, alpha=policy.alpha)
    count = max(1, len(claims))
    if breaks is not None and BREAKS in claims:
        breaks = _judge_breaks(breaks, claims[BREAKS], pairs, policy)
    return replace(
        compared,
        scores=tuple(
            replace(
                score,
                claim=claims.get(("score", score.name)),
                needs=None if score.drawn is None else score.drawn.needs(policy, claims=count),
            )
            for score in compared.scores
        ),
        amounts=tuple(
            replace(amount, claim=claims.get(("amount", amount.name)))
            for amount in compared.amounts
        ),
        breaks=breaks,
    )


def _judge_breaks(
    breaks: Breaks, claim: Claim, pairs: Sequence[tuple[BaselineCase, BaselineCase]], policy: Policy
) -> Breaks:
    if not claim.is_shown:
        return replace(breaks, claim=claim)
    # What Holm leaves to this claim: at least alpha over the number of claims.
    level = policy.alpha * claim.p_value / (claim.p_adjusted or claim.p_value)
    return replace(breaks, claim=claim, shown=shown_breaks(pairs, level=level))


def p_values_of(compared: Comparison) -> dict[ClaimKey, float]:
    """Return the p-value of each claim that scores and amounts make."""
    p_values: dict[ClaimKey, float] = {
        ("score", score.name): score.drawn.difference.p_drop
        for score in compared.scores
        if score.drawn is not None and isinstance(score.drawn.difference, Difference)
    }
    for amount in compared.amounts:
        if amount.limit is not None and amount.p_rise is not None:
            p_values["amount", amount.name] = amount.p_rise
    return p_values


def _most_harmful_first(cases: Iterable[CaseComparison]) -> tuple[CaseComparison, ...]:
    return tuple(sorted(cases, key=lambda case: case.harm))
