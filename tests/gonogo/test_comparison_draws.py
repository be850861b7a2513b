"""The comparison of draws: properties that hold of any suite, and worked examples."""

import math
from dataclasses import fields, is_dataclass, replace
from random import Random

import numpy as np
import pytest
from builders import HEADER
from drawn_suites import (
    EXACT,
    Case,
    Draws,
    compare_draws,
    drawn_case,
    draws,
    same_trials,
    score_of,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from gonogo.baselines import baseline_of
from gonogo.comparison import Comparison, DrawnScore, ScoreComparison, compare_results
from gonogo.evaluation import CaseResult
from gonogo.settings import Policy, Settings
from gonogo.statistics.differences import Difference, Method, Untestable
from gonogo.statistics.ratios import Ratio
from gonogo_checkers.verdict import CheckerBroke, NotApplicable, Verdict

ASKING = Policy(tolerance=0.02, test="non-inferiority", margin=0.1)
POLICIES = st.sampled_from([EXACT, Policy(), ASKING])


def compare(suite: Draws, policy: Policy = EXACT) -> Comparison:
    return compare_draws(suite.before, suite.after, policy)


def drawn(score: ScoreComparison) -> DrawnScore:
    assert score.drawn is not None
    return score.drawn


def seen(score: ScoreComparison) -> Difference:
    difference = drawn(score).difference
    assert isinstance(difference, Difference)
    return difference


def evidence(score: ScoreComparison) -> list[float]:
    """Return all that is said of a score's mean; Tango's interval is found to six digits."""
    difference = drawn(score).difference
    if isinstance(difference, Untestable):
        return []
    kept = 1.0 if difference.p_kept is None else difference.p_kept
    found = difference.estimate, difference.low, difference.high, difference.p_drop, kept
    return [round(value, 6) for value in found]


def numbers_in(value: object) -> list[float]:
    """Return all floats in a value, however deep."""
    if isinstance(value, float):
        return [value]
    if isinstance(value, dict):
        return [number for item in value.values() for number in numbers_in(item)]
    if isinstance(value, tuple):
        return [number for item in value for number in numbers_in(item)]
    if is_dataclass(value):
        parts = (getattr(value, field.name) for field in fields(value))
        return [number for part in parts for number in numbers_in(part)]
    return []


@given(draws(), POLICIES, st.randoms(use_true_random=False))
@settings(max_examples=40, deadline=None)
def test_order_of_cases_and_trials_does_not_matter(
    suite: Draws, policy: Policy, random: Random
) -> None:
    once = compare(suite, policy)
    before, after = (mixed(side, random) for side in (suite.before, suite.after))
    again = compare_draws(before, after, policy)
    for one, other in zip(once.scores, again.scores, strict=True):
        assert evidence(other) == pytest.approx(evidence(one), abs=2e-6)
        assert (one.claim is None) == (other.claim is None)
        if one.claim is not None and other.claim is not None:
            assert other.claim.p_adjusted == pytest.approx(one.claim.p_adjusted, abs=1e-9)
            assert other.claim.is_shown == one.claim.is_shown
        assert (other.better, other.worse) == (one.better, one.worse)
        assert [case_id for case_id, _ in other.fallen] == [case_id for case_id, _ in one.fallen]
    flaky = [{case.case_id for case in found.repeats.flaky} for found in (once, again)]
    assert flaky[0] == flaky[1]
    assert again.breaks == once.breaks


def mixed(side: list[CaseResult], random: Random) -> list[CaseResult]:
    cases = [replace(r, trials=tuple(random.sample(r.trials, len(r.trials)))) for r in side]
    return random.sample(cases, len(cases))


@pytest.mark.parametrize("policy", [EXACT, Policy()])
@pytest.mark.parametrize(("cases", "trials"), [(40, (3, 1)), (60, (1, 1)), (60, (2, 2))])
def test_order_does_not_matter_where_chance_is_drawn(
    cases: int, trials: tuple[int, int], policy: Policy
) -> None:
    """Sixty cases of which twenty moved: signs are drawn; trials dealt out anew likewise."""
    generator = np.random.default_rng(cases)
    rows = (generator.random((cases, sum(trials))) < 0.8).astype(float).tolist()
    suite = Draws(
        tuple(
            Case(
                before=tuple({"length": x} for x in row[: trials[0]]),
                after=tuple({"length": x} for x in row[trials[0] :]),
            )
            for row in rows
        )
    )
    backwards = Draws(suite.cases[::-1])
    one, other = (score_of(compare(s, policy)) for s in (suite, backwards))
    assert evidence(other) == evidence(one)


@given(draws(balanced=True), POLICIES, st.integers(2, 3))
@settings(max_examples=40, deadline=None)
def test_copies_of_all_trials_say_no_more(suite: Draws, policy: Policy, copies: int) -> None:
    """Hard breaks aside, for they know the number of trials, and so do flaky cases."""
    many = Draws(
        tuple(replace(c, before=c.before * copies, after=c.after * copies) for c in suite.cases)
    )
    for one, other in zip(compare(suite, policy).scores, compare(many, policy).scores, strict=True):
        difference = drawn(one).difference
        if isinstance(difference, Difference):
            assert seen(other).estimate == pytest.approx(difference.estimate, abs=1e-9)
            if difference.method in {Method.MCNEMAR, Method.PAIRED_SCORE}:
                continue  # single trials that pass or fail have exact tests of their own
        assert evidence(other) == pytest.approx(evidence(one), abs=2e-6)
        assert drawn(other).is_excluded == drawn(one).is_excluded
        assert [case_id for case_id, _ in other.fallen] == [case_id for case_id, _ in one.fallen]


@given(draws())
@settings(max_examples=40, deadline=None)
def test_better_and_worse_are_mirror_images(suite: Draws) -> None:
    turned = Draws(
        tuple(replace(c, before=c.after, after=c.before, costs=c.costs[::-1]) for c in suite.cases)
    )
    one, other = compare(suite), compare(turned)
    for score, back in zip(one.scores, other.scores, strict=True):
        assert back.difference == pytest.approx(-score.difference, abs=1e-9)
        assert (back.better, back.worse) == (score.worse, score.better)
        difference = drawn(score).difference
        if isinstance(difference, Untestable):
            assert drawn(back).difference == difference
            continue
        mirrored = seen(back)
        assert mirrored.estimate == pytest.approx(-difference.estimate, abs=1e-9)
        assert difference.p_drop + mirrored.p_drop >= 1 - 1e-9
        if difference.method is not Method.RELABELLED:  # whose draws have no mirror
            ends = -difference.high, -difference.low
            assert (mirrored.low, mirrored.high) == pytest.approx(ends, abs=2e-6)
    for amount, back_ in zip(one.amounts, other.amounts, strict=True):
        if isinstance(amount.ratio, Ratio):
            assert isinstance(back_.ratio, Ratio)
            turned_ratio = 1 / back_.ratio.estimate, 1 / back_.ratio.high, 1 / back_.ratio.low
            ratio = amount.ratio
            assert (ratio.estimate, ratio.low, ratio.high) == pytest.approx(turned_ratio, rel=1e-6)


@given(draws(balanced=True), st.sampled_from([EXACT, Policy()]), st.data())
@settings(max_examples=60, deadline=None)
def test_more_harm_is_more_evidence_where_signs_are_counted(
    suite: Draws, policy: Policy, data: st.DataObject
) -> None:
    """Of any suite the mean falls; what was shown stays shown where all signs are enumerated.

    Above 1/2 a p-value may rise to 1: where no case moves at all there is no test.
    """
    place = data.draw(st.integers(0, len(suite.cases) - 1))
    chosen = suite.cases[place]
    trial = data.draw(st.integers(0, len(chosen.after) - 1))
    scores = chosen.after[trial]["length"]
    lower = data.draw(st.sampled_from([0.0, scores / 2 if 0 < scores < 1 else 0.0]))
    after = list(chosen.after)
    after[trial] = {**after[trial], "length": lower}
    worse = list(suite.cases)
    worse[place] = replace(chosen, after=tuple(after))
    one = score_of(compare(suite, policy))
    other = score_of(compare(Draws(tuple(worse)), policy))
    assert other.difference <= one.difference + 1e-9
    assert other.worse >= one.worse
    difference = drawn(one).difference
    if isinstance(difference, Difference) and difference.p_drop <= 0.5:
        assert seen(other).p_drop <= difference.p_drop + 1e-9


def test_a_deep_break_can_hide_many_small_falls_from_a_t_test() -> None:
    """What the t-test does not promise: one break brings more variance than harm.

    Forty cases fell by 0.02 or so, which is shown; let one of them fall wholly beside, and the
    mean lies deeper while less is shown. The break itself is named by the cases that fell.
    """
    falls = [0.85 if place % 2 else 0.91 for place in range(40)]
    before = [*same_trials([f"c{n:02}" for n in range(40)], 0.9)]
    after = [drawn_case(f"c{n:02}", [{"length": x}] * 3) for n, x in enumerate(falls)]
    one = score_of(compare_draws(before, after))
    other = score_of(compare_draws(before, [drawn_case("c00", [{"length": 0.0}] * 3), *after[1:]]))
    assert seen(one).method is seen(other).method is Method.CLUSTER_T
    assert other.difference < one.difference
    assert one.has_dropped
    assert not other.has_dropped
    assert other.fallen[0] == ("c00", pytest.approx(-0.9))


@given(draws(fewest=1), POLICIES)
@settings(max_examples=40, deadline=None)
def test_all_numbers_are_finite(suite: Draws, policy: Policy) -> None:
    comparison = compare(suite, policy)
    assert all(map(math.isfinite, numbers_in(comparison)))
    for score in comparison.scores:
        difference = drawn(score).difference
        if isinstance(difference, Difference):
            assert -1 <= difference.low <= difference.estimate <= difference.high <= 1
            assert 0 <= difference.p_drop <= 1


@given(draws(most=3, grouped=False, copies=20), POLICIES)
@settings(max_examples=15, deadline=None)
def test_all_numbers_of_many_cases_are_finite(suite: Draws, policy: Policy) -> None:
    comparison = compare(suite, policy)
    assert all(map(math.isfinite, numbers_in(comparison)))
    assert all(isinstance(drawn(score).difference, Difference) for score in comparison.scores)


def test_a_required_checker_that_is_silent_in_draws_counts_as_0() -> None:
    silent = NotApplicable("no code")
    before = [code(f"c{n}", 1.0, 1.0) for n in range(8)]
    after = [code(f"c{n}", 1.0, silent) for n in range(8)]
    score = score_of(compare_draws(before, after), "code_syntax")
    assert (score.before, score.after, score.worse) == (1.0, 0.5, 8)
    assert score.has_dropped
    other = [code(f"c{n}", 1.0, CheckerBroke("KeyError")) for n in range(8)]
    assert score_of(compare_draws(before, other), "code_syntax").after == 1.0


def test_silence_on_both_sides_is_no_drop() -> None:
    """The baseline keeps no score of a silent trial; silence there counts as it does now."""
    cases = [code(f"c{n}", 1.0, NotApplicable("no code")) for n in range(20)]
    score = score_of(compare_draws(cases, cases), "code_syntax")
    assert (score.before, score.after, score.equal) == (0.5, 0.5, 20)


def code(case_id: str, *verdicts: float | Verdict) -> CaseResult:
    trials = [{"code_syntax": verdict, "length": 1.0} for verdict in verdicts]
    return drawn_case(case_id, trials, domain="code_generation")


def test_a_group_counts_as_one_observation() -> None:
    """Eight paraphrases of one question fell, and one other case: of two that is nothing."""
    before = same_trials("abcdefghi", 0.9)
    after = same_trials("abcdefghi", 0.5)
    assert score_of(compare_draws(before, after)).has_dropped
    grouped = [replace(case, group="g" if case.case_id < "i" else None) for case in after]
    score = score_of(compare_draws(before, grouped))
    assert seen(score).clusters == 2
    assert not score.has_dropped


def test_flaky_cases_and_pass_rates_stand_beside_the_scores() -> None:
    steady = same_trials([f"c{n}" for n in range(30)], 0.9, trials=4)
    wobbly = drawn_case("w", [{"length": x} for x in (1.0, 0.0, 1.0, 0.0)])
    repeats = compare_draws([*steady, wobbly], [*steady, wobbly]).repeats
    (flaky,) = repeats.flaky
    assert (flaky.case_id, flaky.noise_share) == ("w", 1.0)
    assert repeats.passes is not None
    assert repeats.passes.all_of_k == pytest.approx(30 / 31)
    assert repeats.passes.any_of_k == 1.0


def test_a_case_whose_calls_failed_leaves_the_pass_rates_of_the_others() -> None:
    repeated = same_trials(["a", "b", "c"], 0.9, trials=4)
    single = same_trials(["d"], 0.9, trials=1)
    passes = compare_draws([*repeated, *single], [*repeated, *single]).repeats.passes
    assert passes is not None
    assert (passes.k, passes.cases, passes.one) == (4, 3, 1.0)


def test_the_same_answers_as_the_baseline_say_nothing_of_the_best() -> None:
    """The best scores come from other answers: a little luck then is no slide now."""
    names = [f"c{n}" for n in range(20)]
    now = [drawn_case(n, [{"length": x} for x in (0.8, 0.9)], answers=["x", "y"]) for n in names]
    lucky = [drawn_case(names[0], [{"length": 1.0}, {"length": 0.95}]), *now[1:]]
    best = baseline_of(lucky, HEADER)
    for replayed in (True, False):
        comparison = compare_results(
            baseline_of(now, HEADER),
            now,
            names,
            Settings(policy=EXACT),
            replayed=replayed,
            best=best,
        )
        assert not comparison.has_draws
        slides = comparison.slides
        assert [slide.name for slide in slides] == ["length", "score"]
        assert not any(slide.is_certain or slide.is_shown for slide in slides)
