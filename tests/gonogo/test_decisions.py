"""Decisions: what is NO-GO, what is UNDECIDED, and that nothing broken reads as GO."""

from decimal import Decimal

import pytest
from builders import baseline, case_result, finding
from hypothesis import given
from hypothesis import strategies as st

from gonogo.comparison import compare_results
from gonogo.decisions import Decision, Gauge, combine, decide
from gonogo.evaluation import CaseResult
from gonogo.exchanges import Outcome
from gonogo.settings import Policy, Settings, SuiteBudget
from gonogo.statistics.percentiles import TooFewValuesError, percentile
from gonogo.strategies import SCORES
from gonogo_checkers.verdict import CheckerBroke, Judged


def decided(
    before: list[CaseResult],
    after: list[CaseResult],
    *,
    budget: SuiteBudget | None = None,
    policy: Policy | None = None,
) -> Decision:
    settings = Settings(policy=policy or Policy())
    comparison = compare_results(
        baseline(*before), after, {result.case_id for result in after}, settings
    )
    return decide(after, comparison, policy=settings.policy, budget=budget or SuiteBudget())


def scored(case: str, score: float, **measured: object) -> CaseResult:
    return case_result(case, {"length": score}, weighted=score, **measured)


def test_go_has_no_reasons() -> None:
    decision = decided([scored("a", 0.9)], [scored("a", 0.9)])
    assert str(decision) == "GO"
    assert decision.passes(Policy())


def test_no_go_says_what_fell_by_how_much_in_which_cases() -> None:
    decision = decided([scored("a", 0.9), scored("b", 0.9)], [scored("a", 0.4), scored("b", 0.7)])
    assert str(decision) == "NO-GO: length fell by up to 0.50 in 2 cases (a, b)"
    assert not decision.passes(Policy())


def test_many_cases_are_counted_not_listed() -> None:
    names = [f"c{n}" for n in range(8)]
    decision = decided([scored(n, 0.9) for n in names], [scored(n, 0.4) for n in names])
    assert str(decision).endswith("(c0, c1, c2 and 5 more)")


def test_a_severe_finding_without_a_fallen_score_is_named() -> None:
    before = [case_result("a", {"code_security": 0.5}, weighted=0.5)]
    after = [case_result("a", {"code_security": Judged(0.5, (finding("B602"),))}, weighted=0.5)]
    assert str(decided(before, after)) == "NO-GO: new severe finding code_security B602 (a)"


def test_a_broken_checker_is_never_go() -> None:
    after = [case_result("a", {"length": 1.0, "pii": CheckerBroke("KeyError at pii.py:3")})]
    decision = decided([scored("a", 1.0)], after)
    assert decision.gauge is Gauge.UNDECIDED
    assert str(decision) == "UNDECIDED: checkers broke: pii (a)"


def test_a_case_that_could_not_be_run_is_never_go() -> None:
    after = [
        scored("a", 1.0),
        CaseResult(suite="s", case_id="b", digest="d", domain="x", problem="no recording"),
    ]
    decision = decided([scored("a", 1.0), scored("b", 1.0)], after)
    assert str(decision) == "UNDECIDED: could not be run (b)"


def test_nothing_scored_is_a_failure() -> None:
    after = [case_result("a", {}, outcome=Outcome.INFRASTRUCTURE_ERROR)]
    decision = decided([scored("a", 1.0)], after)
    assert decision.gauge is Gauge.NO_GO
    assert "nothing was scored" in str(decision)


def test_too_many_failed_calls_leave_it_undecided() -> None:
    names = [f"c{n}" for n in range(10)]
    before = [scored(n, 1.0) for n in names]
    after = [scored(n, 1.0) for n in names[:9]]
    after.append(case_result("c9", {}, outcome=Outcome.INFRASTRUCTURE_ERROR))
    assert decided(before, after).gauge is Gauge.UNDECIDED
    assert decided(before, after, policy=Policy(max_infra_error_rate=0.1)).gauge is Gauge.GO


def test_failed_calls_never_enter_a_mean() -> None:
    names = [f"c{n}" for n in range(10)]
    after = [scored(n, 0.8, latency_seconds=1.0) for n in names[:9]]
    after.append(case_result("c9", {}, outcome=Outcome.INFRASTRUCTURE_ERROR))
    comparison = compare_results(
        baseline(*(scored(n, 0.8) for n in names)), after, set(names), Settings()
    )
    assert comparison.scores[0].cases == 9
    assert comparison.scores[0].after == pytest.approx(0.8)


def test_vanished_cases_are_undecided_and_policy_may_let_them_pass() -> None:
    decision = decided([scored("a", 1.0), scored("b", 1.0)], [scored("a", 1.0)])
    assert str(decision) == "UNDECIDED: cases of the baseline vanished from the dataset (b)"
    assert not decision.passes(Policy())
    assert decision.passes(Policy(undecided="pass"))


def test_no_suite_is_undecided() -> None:
    assert combine({}).gauge is Gauge.UNDECIDED


@pytest.mark.parametrize(
    ("budget", "gauge"),
    [
        (SuiteBudget(cost_usd_total=Decimal("1.0")), Gauge.GO),
        (SuiteBudget(cost_usd_total=Decimal("0.29")), Gauge.NO_GO),
        (SuiteBudget(cost_usd_mean=Decimal("0.01")), Gauge.GO),
        (SuiteBudget(cost_usd_mean=Decimal("0.009")), Gauge.NO_GO),
        (SuiteBudget(cost_usd_max=Decimal("0.009")), Gauge.NO_GO),
        (SuiteBudget(output_tokens_total=Decimal("2999")), Gauge.NO_GO),
        (SuiteBudget(total_tokens_total=Decimal("33_000")), Gauge.GO),
        (SuiteBudget(latency_seconds_p50=Decimal("15")), Gauge.GO),
        (SuiteBudget(latency_seconds_p50=Decimal("14")), Gauge.NO_GO),
        (SuiteBudget(latency_seconds_p95=Decimal("29")), Gauge.GO),
        (SuiteBudget(latency_seconds_p95=Decimal("28")), Gauge.NO_GO),
        (SuiteBudget(latency_seconds_p99=Decimal("99")), Gauge.UNDECIDED),
        (SuiteBudget(ttft_seconds_p50=Decimal("99")), Gauge.UNDECIDED),
    ],
)
def test_budgets_of_a_suite(budget: SuiteBudget, gauge: Gauge) -> None:
    results = [
        scored(
            f"c{n}",
            1.0,
            cost_usd=Decimal("0.01"),
            input_tokens=1000,
            output_tokens=100,
            latency_seconds=float(n),
        )
        for n in range(1, 31)
    ]
    assert decided(results, results, budget=budget).gauge is gauge


def test_an_unpriced_model_is_named() -> None:
    results = [scored("a", 1.0, unpriced="house-model")]
    decision = decided(results, results, budget=SuiteBudget(cost_usd_total=Decimal("1")))
    assert "no price for house-model" in str(decision)
    assert decision.gauge is Gauge.UNDECIDED


SCORED = st.dictionaries(st.sampled_from(["a", "b", "c"]), SCORES, min_size=1)


@given(SCORED, st.data())
def test_never_go_when_a_score_fell_beyond_tolerance(
    scores: dict[str, float], data: st.DataObject
) -> None:
    after = {case: data.draw(SCORES) for case in scores}
    decision = decided(
        [scored(case, score) for case, score in scores.items()],
        [scored(case, score) for case, score in after.items()],
    )
    fell = any(scores[case] - after[case] > 0.01 + 1e-9 for case in scores)
    assert decision.gauge is (Gauge.NO_GO if fell else Gauge.GO)


@given(st.lists(st.floats(0, 1e6), min_size=100, max_size=150))
def test_percentiles_are_ordered_values_that_occurred(values: list[float]) -> None:
    p50, p95, p99 = (percentile(values, percent) for percent in (50, 95, 99))
    assert p50 <= p95 <= p99
    assert {p50, p95, p99} <= set(values)


@pytest.mark.parametrize(("percent", "fewest"), [(50, 1), (95, 20), (99, 100)])
def test_percentiles_refuse_too_few_values(percent: int, fewest: int) -> None:
    percentile([1.0] * fewest, percent)
    with pytest.raises(TooFewValuesError, match="n too small"):
        percentile([1.0] * (fewest - 1), percent)


def test_percentile_by_hand() -> None:
    # Nearest rank of 1..20: ceil(0.95 x 20) = 19.
    assert percentile([float(n) for n in range(1, 21)], 95) == 19.0
