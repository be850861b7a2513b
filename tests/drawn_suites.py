"""Suites whose answers are draws, for tests: cases of several trials, and strategies of them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from statistics import fmean

from builders import HEADER
from hypothesis import strategies as st

from gonogo.baselines import baseline_of
from gonogo.comparison import Comparison, ScoreComparison, compare_results
from gonogo.decisions import Decision, decide
from gonogo.evaluation import CaseResult, Measured, TrialResult
from gonogo.exchanges import Outcome
from gonogo.scorecards import Scorecard
from gonogo.settings import Policy, Settings, SuiteBudget
from gonogo_checkers.verdict import Judged, Verdict

Trials = Sequence[Mapping[str, float | Verdict]]
"""Of each trial, its verdicts by checker id."""

EXACT = Policy(tolerance=0.0)


def drawn_case(
    case_id: str,
    trials: Trials,
    *,
    passed: bool | None = None,
    costs: Sequence[str] = (),
    answers: Sequence[str] = (),
    group: str | None = None,
    domain: str = "content_creation",
) -> CaseResult:
    """Return a case whose weighted score is the mean of its scores; `passed` None: from 0.7 on."""
    results = []
    for place, verdicts in enumerate(trials):
        card = _scorecard(case_id, place + 1, verdicts, domain)
        cost = Decimal(costs[place]) if costs else None
        results.append(
            TrialResult(
                number=place + 1,
                outcome=Outcome.ANSWERED,
                measured=(Measured(exchange=f"{case_id}#{place + 1}", cost_usd=cost),),
                words=10,
                scorecard=card,
                answer=answers[place] if answers else "",
                is_passed=(card.score or 0.0) >= 0.7 if passed is None else passed,
            )
        )
    return CaseResult(
        suite="s", case_id=case_id, digest="d", domain=domain, group=group, trials=tuple(results)
    )


def _scorecard(
    case_id: str, number: int, verdicts: Mapping[str, float | Verdict], domain: str
) -> Scorecard:
    judged = {n: Judged(v) if isinstance(v, float) else v for n, v in verdicts.items()}
    scores = [verdict.score for verdict in judged.values() if isinstance(verdict, Judged)]
    score = round(fmean(scores), 4) if scores else None
    return Scorecard(id=case_id, trial=number, domain=domain, verdicts=judged, score=score)


def same_trials(case_ids: Iterable[str], score: float, trials: int = 3) -> list[CaseResult]:
    """Return cases whose every trial has one score."""
    return [drawn_case(case_id, [{"length": score}] * trials) for case_id in case_ids]


def compare_draws(
    before: Sequence[CaseResult], after: Sequence[CaseResult], policy: Policy = EXACT
) -> Comparison:
    ids = {result.case_id for result in [*before, *after]}
    baseline = baseline_of(before, HEADER)
    return compare_results(baseline, after, ids, Settings(policy=policy), replayed=False)


def decide_draws(
    before: Sequence[CaseResult], after: Sequence[CaseResult], policy: Policy = EXACT
) -> Decision:
    comparison = compare_draws(before, after, policy)
    return decide(after, comparison, policy=policy, budget=SuiteBudget())


def score_of(comparison: Comparison, name: str = "length") -> ScoreComparison:
    return next(score for score in comparison.scores if score.name == name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A case on both sides: of each trial its scores by name, each name on both sides.

    Attributes:
        before: In the baseline.
        after: Now.
        group: None: it is of none.
        costs: Of a trial before and now, in US dollars.
    """

    before: tuple[dict[str, float], ...]
    after: tuple[dict[str, float], ...]
    group: str | None = None
    costs: tuple[str, str] = ("0.01", "0.01")


@dataclass(frozen=True, slots=True)
class Draws:
    """A suite on both sides."""

    cases: tuple[Case, ...]

    @property
    def before(self) -> list[CaseResult]:
        return [
            drawn_case(
                f"c{place}", case.before, costs=[case.costs[0]] * len(case.before), group=case.group
            )
            for place, case in enumerate(self.cases)
        ]

    @property
    def after(self) -> list[CaseResult]:
        return [
            drawn_case(
                f"c{place}", case.after, costs=[case.costs[1]] * len(case.after), group=case.group
            )
            for place, case in enumerate(self.cases)
        ]


NAMES = ("length", "pii")
GRADED = st.integers(0, 20).map(lambda score: score / 20)
PASS_OR_FAIL = st.sampled_from([0.0, 1.0])
COSTS = st.sampled_from(["0.01", "0.011", "0.02", "0.03"])


@st.composite
def draws(
    draw: st.DrawFn,
    *,
    fewest: int = 2,
    most: int = 8,
    fewest_trials: int = 1,
    balanced: bool = False,
    grouped: bool = True,
    copies: int = 1,
) -> Draws:
    """Draw suites of one or two scores; graded or pass-or-fail, with atoms at 0 and 1.

    Args:
        draw: Given by hypothesis.
        fewest: Cases, before copying.
        most: Cases, before copying.
        fewest_trials: Of a case on a side.
        balanced: Whether both sides of a case have as many trials.
        grouped: Whether some cases may be of a group.
        copies: How many times the drawn cases stand in the suite: for many cases at little cost.
    """
    names = NAMES[: draw(st.integers(1, 2))]
    kinds = {name: draw(st.sampled_from([GRADED, PASS_OR_FAIL])) for name in names}
    trial = st.fixed_dictionaries(kinds)
    cases = []
    for _ in range(draw(st.integers(fewest, most))):
        counts = draw(st.integers(fewest_trials, 3)), draw(st.integers(fewest_trials, 3))
        after = counts[0] if balanced else counts[1]
        cases.append(
            Case(
                before=tuple(draw(trial) for _ in range(counts[0])),
                after=tuple(draw(trial) for _ in range(after)),
                group=draw(st.sampled_from([None, None, "g", "h"])) if grouped else None,
                costs=(draw(COSTS), draw(COSTS)),
            )
        )
    return Draws(tuple(cases) * copies)
