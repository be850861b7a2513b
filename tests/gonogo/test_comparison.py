"""The exact comparison: score by score, case by case."""

import pytest
from builders import baseline, case_result, finding
from hypothesis import given
from hypothesis import strategies as st

from gonogo.comparison import Comparison, compare_results
from gonogo.evaluation import CaseResult
from gonogo.settings import Policy, Settings
from gonogo.strategies import SCORES
from gonogo_checkers.verdict import CheckerBroke, Judged, NotApplicable, Severity

SETTINGS = Settings(policy=Policy(tolerance=0.05))


def compare(before: list[CaseResult], after: list[CaseResult]) -> Comparison:
    ids = {result.case_id for result in after}
    return compare_results(baseline(*before), after, ids, SETTINGS)


@pytest.mark.parametrize(
    ("before", "after", "regresses"),
    [
        (0.9, 0.9, False),
        (0.9, 0.85, False),
        (0.9, 0.849, True),
        (0.9, 1.0, False),
        (0.0, 0.0, False),
    ],
)
def test_a_fall_beyond_the_tolerance_is_a_regression(
    before: float, after: float, *, regresses: bool
) -> None:
    comparison = compare(
        [case_result("a", {"length": before})], [case_result("a", {"length": after})]
    )
    assert bool(comparison.regressed) == regresses


def test_tolerance_of_a_single_score_goes_first() -> None:
    settings = Settings(policy=Policy(tolerance=0.05, tolerances={"length": 0.5}))
    before, after = [case_result("a", {"length": 0.9})], [case_result("a", {"length": 0.45})]
    assert not compare_results(baseline(*before), after, {"a"}, settings).regressed


def test_scores_are_summed_up_with_the_cases_behind_them() -> None:
    before = [case_result(case, {"length": 0.8}, weighted=0.8) for case in "abcd"]
    after = [
        case_result("a", {"length": 0.8}, weighted=0.8),
        case_result("b", {"length": 0.9}, weighted=0.9),
        case_result("c", {"length": 0.2}, weighted=0.2),
        case_result("d", {"length": 0.5}, weighted=0.5),
    ]
    weighted, length = compare(before, after).scores
    assert weighted.name == "score"
    assert (length.better, length.worse, length.equal) == (1, 2, 1)
    assert length.difference == pytest.approx(-0.2)
    assert [case for case, _ in length.regressed] == ["c", "d"]


def test_a_new_severe_finding_is_a_regression_by_itself() -> None:
    before = [case_result("a", {"code_security": Judged(0.5, (finding("B602"),))})]
    after = [case_result("a", {"code_security": Judged(0.5, (finding("B602"), finding("B301")))})]
    (case,) = compare(before, after).regressed
    assert [severe.finding.rule for severe in case.severe] == ["B301"]
    assert not compare(before, before).regressed


def test_more_of_the_same_severe_finding_is_new() -> None:
    before = [case_result("a", {"code_security": Judged(0.5, (finding("B602"),))})]
    after = [case_result("a", {"code_security": Judged(0.5, (finding("B602"), finding("B602")))})]
    assert compare(before, after).regressed


def test_a_new_mild_finding_is_none() -> None:
    before = [case_result("a", {"pii": 0.5})]
    after = [case_result("a", {"pii": Judged(0.5, (finding("P", Severity.MEDIUM),))})]
    assert not compare(before, after).regressed


def test_silence_of_a_required_checker_is_a_regression() -> None:
    before = [case_result("a", {"code_syntax": 1.0, "length": 1.0})]
    after = [case_result("a", {"code_syntax": NotApplicable("no code"), "length": 1.0})]
    (case,) = compare(before, after).regressed
    (change,) = case.regressions
    assert change.after is None
    assert change.why == "had nothing to judge: no code"


def test_a_required_checker_that_broke_is_no_silence() -> None:
    before = [case_result("a", {"code_syntax": 1.0})]
    after = [case_result("a", {"code_syntax": CheckerBroke("KeyError"), "length": 1.0})]
    assert not compare(before, after).regressed


def test_silence_of_another_checker_is_none() -> None:
    before = [case_result("a", {"length": 1.0, "code_syntax": 1.0})]
    after = [case_result("a", {"length": NotApplicable("x"), "code_syntax": 1.0})]
    assert not compare(before, after).regressed


def test_vanished_new_and_changed_cases_are_named() -> None:
    before = [case_result("gone", {"length": 1.0}), case_result("kept", {"length": 1.0})]
    after = [case_result("kept", {"length": 1.0}), case_result("new", {"length": 1.0})]
    comparison = compare(before, after)
    assert comparison.vanished == ("gone",)
    assert comparison.unaccepted == ("new",)


SCORED = st.dictionaries(st.sampled_from(["a", "b", "c"]), SCORES, min_size=1)


@given(SCORED)
def test_a_run_never_regresses_against_itself(scores: dict[str, float]) -> None:
    results = [case_result(case, {"length": score}) for case, score in scores.items()]
    assert not compare(results, results).regressed


@given(SCORED, st.data())
def test_every_fall_beyond_tolerance_is_found(
    scores: dict[str, float], data: st.DataObject
) -> None:
    after = {case: data.draw(SCORES) for case in scores}
    comparison = compare(
        [case_result(case, {"length": score}) for case, score in scores.items()],
        [case_result(case, {"length": score}) for case, score in after.items()],
    )
    fallen = {case for case in scores if scores[case] - after[case] > 0.05 + 1e-9}
    assert {case.case_id for case in comparison.regressed} == fallen
