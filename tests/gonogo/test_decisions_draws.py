"""Decisions about draws: properties that hold of any suite, and worked examples."""

from dataclasses import replace
from decimal import Decimal

import pytest
from builders import baseline, case_result, finding
from drawn_suites import (
    EXACT,
    Case,
    Draws,
    compare_draws,
    decide_draws,
    drawn_case,
    draws,
    same_trials,
    score_of,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from gonogo.comparison import compare_results
from gonogo.comparison.notes import describe_draws
from gonogo.decisions import Gauge, decide
from gonogo.evaluation import CaseResult
from gonogo.settings import Policy, Rises, Settings, SuiteBudget
from gonogo_checkers.verdict import Judged, NotApplicable

ASKING = Policy(test="non-inferiority", margin=0.1)
POLICIES = st.sampled_from([EXACT, Policy(), ASKING])
NAMES = [f"c{n:02}" for n in range(30)]


@given(draws(fewest=0), POLICIES)
@settings(max_examples=50, deadline=None)
def test_identical_runs_are_never_no_go(suite: Draws, policy: Policy) -> None:
    assert decide_draws(suite.before, suite.before, policy).gauge is not Gauge.NO_GO


@given(draws(grouped=False, copies=15, most=4), POLICIES)
@settings(max_examples=15, deadline=None)
def test_identical_runs_of_many_cases_are_go_by_default(suite: Draws, policy: Policy) -> None:
    decision = decide_draws(suite.before, suite.before, policy)
    assert decision.gauge is not Gauge.NO_GO
    if policy.test == "regression":
        assert decision.gauge is Gauge.GO


@given(st.lists(st.sampled_from([1.0, 0.5, NotApplicable("no code")]), min_size=1, max_size=3))
@settings(max_examples=30, deadline=None)
def test_identical_runs_with_silent_trials_are_never_no_go(
    verdicts: list[float | NotApplicable],
) -> None:
    trials = [{"code_syntax": verdict, "length": 0.9} for verdict in verdicts]
    cases = [drawn_case(name, trials, domain="code_generation") for name in NAMES[:12]]
    assert decide_draws(cases, cases).gauge is Gauge.GO
    answers = [f"a{number}" for number in range(len(trials))]
    certain = [
        drawn_case(name, trials, domain="code_generation", answers=answers) for name in NAMES[:12]
    ]
    assert decide_draws(certain, certain).gauge is Gauge.GO


@given(draws(fewest=0, most=1), POLICIES)
@settings(max_examples=30, deadline=None)
def test_of_one_case_or_none_nothing_is_decided(suite: Draws, policy: Policy) -> None:
    decision = decide_draws(suite.before, suite.after, policy)
    assert decision.gauge is Gauge.UNDECIDED


def test_a_break_of_the_only_case_decides_nothing() -> None:
    before, after = (same_trials(["only"], score, trials=8) for score in (1.0, 0.0))
    assert decide_draws(before, after).gauge is Gauge.UNDECIDED


@given(draws(grouped=False), POLICIES)
@settings(max_examples=30, deadline=None)
def test_one_group_is_like_one_case(suite: Draws, policy: Policy) -> None:
    grouped = Draws(tuple(replace(case, group="g") for case in suite.cases))
    assert decide_draws(grouped.before, grouped.after, policy).gauge is Gauge.UNDECIDED


def scored(name: str, score: float, *, trials: int = 3, cost: str = "0.01") -> CaseResult:
    return drawn_case(name, [{"length": score}] * trials, passed=True, costs=[cost] * trials)


def test_a_drop_that_is_shown_says_how_much_how_sure_and_where() -> None:
    before = same_trials(NAMES, 0.9)
    after = [*same_trials(NAMES[:8], 0.6), *same_trials([NAMES[8]], 0.1), *before[9:]]
    decision = decide_draws(before, after)
    assert decision.gauge is Gauge.NO_GO
    (reason,) = decision.reasons
    # (8 x 0.3 + 0.8) / 30; by sign flips all nine fell by chance in 1 of 512.
    assert reason.text == (
        "length dropped by 0.107 in the mean of 30 cases (95 %: -0.202 to -0.037; 9 worse,"
        " 0 better)"
    )
    assert reason.cases == ("c08", *NAMES[:8])
    claim = score_of(compare_draws(before, after)).claim
    assert claim is not None
    assert (claim.p_value, claim.p_adjusted) == (1 / 512, 2 / 512)


def test_a_drop_within_the_tolerance_is_none() -> None:
    before = same_trials(NAMES, 0.9)
    after = same_trials(NAMES, 0.88)
    assert decide_draws(before, after).gauge is Gauge.NO_GO
    assert decide_draws(before, after, Policy(tolerance=0.02)).gauge is Gauge.GO
    assert decide_draws(before, after, Policy(tolerances={"length": 0.02})).gauge is Gauge.NO_GO
    both = Policy(tolerances={"length": 0.02, "score": 0.02})
    assert decide_draws(before, after, both).gauge is Gauge.GO


def test_a_fall_of_a_single_case_may_be_noise() -> None:
    """The same fall is NO-GO where answers are replayed, and once each."""
    before = [case_result(name, {"length": 0.9}, weighted=0.9) for name in NAMES]
    after = [case_result("c00", {"length": 0.4}, weighted=0.4), *before[1:]]
    assert decide_draws(before, after).gauge is Gauge.GO
    replayed = compare_results(baseline(*before), after, set(NAMES), Settings())
    decision = decide(after, replayed, policy=Policy(), budget=SuiteBudget())
    assert str(decision) == "NO-GO: length fell by 0.50 in 1 case (c00)"


def test_the_weighted_score_is_named_where_no_other_is_shown() -> None:
    """Each score fell in four cases, which shows nothing; the weighted one in all sixteen."""
    scores = ["length", "pii", "coherence", "refusal"]
    names = NAMES[:16]
    before = [drawn_case(name, [dict.fromkeys(scores, 0.9)] * 2) for name in names]
    after = [
        drawn_case(name, [{**dict.fromkeys(scores, 0.9), scores[place % 4]: 0.5}] * 2)
        for place, name in enumerate(names)
    ]
    (reason,) = decide_draws(before, after).reasons
    assert reason.text.startswith("the weighted score dropped by 0.100 in the mean of 16 cases")


def test_a_drop_of_the_margin_is_excluded_by_enough_cases() -> None:
    """29 cases of which none fell: 0.9^29 = 0.047; 28 are too few."""
    decision = decide_draws(same_trials(NAMES[:29], 0.9), same_trials(NAMES[:29], 0.9), ASKING)
    assert decision.gauge is Gauge.GO
    assert not decision.reasons


def test_a_drop_of_the_margin_that_is_not_excluded_is_undecided_and_says_what_it_takes() -> None:
    decision = decide_draws(same_trials(NAMES[:28], 0.9), same_trials(NAMES[:28], 0.9), ASKING)
    assert decision.gauge is Gauge.UNDECIDED
    assert [reason.text.partition(":")[0] for reason in decision.reasons] == ["score", "length"]
    assert "length: a drop of 0.1 is not excluded" in decision.reasons[1].text
    assert decision.reasons[1].text.endswith(
        "if nothing changed, a drop of 0.100 would be excluded with 29 cases in all"
    )
    assert not decision.passes(ASKING)


def test_a_drop_beyond_the_margin_is_no_go() -> None:
    before, after = same_trials(NAMES, 0.9), same_trials(NAMES, 0.7)
    decision = decide_draws(before, after, ASKING)
    assert decision.gauge is Gauge.NO_GO
    assert [reason.says for reason in decision.reasons] == [Gauge.NO_GO]


def test_only_scores_that_are_asked_must_be_excluded() -> None:
    policy = Policy(tests={"length": "non-inferiority"}, margins={"length": 0.02})
    same = same_trials(NAMES, 0.9)
    decision = decide_draws(same, same, policy)
    assert [reason.text.partition(":")[0] for reason in decision.reasons] == ["length"]
    assert decide_draws(same, same, Policy(tests={"pii": "non-inferiority"})).gauge is Gauge.GO


def test_the_same_answers_among_draws_are_certain() -> None:
    """A checker of the application's own that now judges the same answer lower."""
    before = [
        drawn_case("same", [{"length": 0.9}] * 2, answers=["x", "y"]),
        *same_trials(NAMES, 0.9),
    ]
    after = [
        drawn_case("same", [{"length": 0.9}, {"length": 0.7}], answers=["y", "x"]),
        *same_trials(NAMES, 0.9),
    ]
    assert str(decide_draws(before, after)) == "NO-GO: length fell by 0.10 in 1 case (same)"
    other = [replace_answers(after[0], "z"), *after[1:]]
    assert decide_draws(before, other).gauge is Gauge.GO


def replace_answers(result: CaseResult, answer: str) -> CaseResult:
    trials = tuple(replace(trial, answer=answer) for trial in result.trials)
    return replace(result, trials=trials)


def test_a_cost_that_doubles_is_no_go_though_all_scores_are_equal() -> None:
    before = [scored(name, 0.9) for name in NAMES]
    after = [scored(name, 0.9, cost="0.02") for name in NAMES]
    decision = decide_draws(before, after)
    assert str(decision) == (
        "NO-GO: cost_usd rose by 100% a case (95 %: +100% to +100%), 10% allowed"
    )
    free = Policy(rises=Rises(cost_usd=None))
    assert decide_draws(before, after, free).gauge is Gauge.GO


@pytest.mark.parametrize(("cost", "gauge"), [("0.011", Gauge.GO), ("0.0112", Gauge.NO_GO)])
def test_a_cost_may_rise_by_what_is_allowed(cost: str, gauge: Gauge) -> None:
    before = [scored(name, 0.9) for name in NAMES]
    assert decide_draws(before, [scored(name, 0.9, cost=cost) for name in NAMES]).gauge is gauge


def test_a_case_that_breaks_in_enough_trials_is_no_go() -> None:
    """Of five trials before and now: 1 in 252, and three claims share the error."""
    decision = decide_draws(*broken(5))
    assert str(decision) == (
        "NO-GO: passed in every trial of the baseline and fail in every trial now (c00)"
    )


def test_a_case_that_breaks_in_a_few_trials_is_a_note_that_says_how_many_it_takes() -> None:
    """Of three and three, 1 in 20; three claims: of four and four, 3 in 70."""
    before, after = broken(3)
    assert decide_draws(before, after).gauge is Gauge.GO
    notes = describe_draws(compare_draws(before, after), EXACT)
    assert notes[-1] == (
        "c00: passed in every trial of the baseline, fail in every trial now;"
        " 6 trials now would exclude chance"
    )


def broken(trials: int) -> tuple[list[CaseResult], list[CaseResult]]:
    before = [drawn_case(name, [{"length": 0.9}] * trials, passed=True) for name in NAMES]
    fails = drawn_case(NAMES[0], [{"length": 0.2}] * trials, passed=False)
    return before, [fails, *before[1:]]


def test_cases_that_pass_by_chance_make_a_break_less_clear() -> None:
    """Each that passed as often as the baseline has trials could have been dealt out as broken."""
    before, after = broken(5)
    half = [passing(name, 3) for name in NAMES[1:]]
    other = [passing(name, 2) for name in NAMES[1:]]
    comparison = compare_draws([before[0], *half], [after[0], *other])
    assert comparison.breaks is not None
    assert (comparison.breaks.could, comparison.breaks.broken) == (30, ("c00",))
    assert comparison.breaks.p_value == pytest.approx(30 / 252)
    assert not comparison.breaks.shown


def passing(name: str, count: int) -> CaseResult:
    result = drawn_case(name, [{"length": 0.7}] * 5)
    trials = tuple(
        replace(trial, is_passed=number < count) for number, trial in enumerate(result.trials)
    )
    return replace(result, trials=trials)


@given(draws())
@settings(max_examples=30, deadline=None)
def test_a_new_severe_finding_is_no_go_whatever_the_draws(suite: Draws) -> None:
    before, after = suite.before, suite.after
    found = Judged(0.9, (finding("B602"),))
    severe = drawn_case("c0", [{"length": 1.0, "code_security": found}])
    decision = decide_draws(before, [severe, *after[1:]], Policy(tolerance=1.0))
    assert decision.gauge is Gauge.NO_GO
    assert ("new severe finding code_security B602", ("c0",)) in [
        (reason.text, reason.cases) for reason in decision.reasons
    ]


def test_a_budget_is_exact_whatever_the_draws() -> None:
    same = [scored(name, 0.9) for name in NAMES]
    comparison = compare_draws(same, same)
    budget = SuiteBudget(cost_usd_total=Decimal("0.5"))
    decision = decide(same, comparison, policy=EXACT, budget=budget)
    assert str(decision) == "NO-GO: budget cost_usd_total: 0.90 used, 0.5 allowed (+80%)"


@given(draws(fewest=1, most=4, grouped=False), st.integers(0, 3), st.integers(0, 10))
@settings(max_examples=40, deadline=None)
def test_more_harm_never_turns_no_go_into_go_where_answers_are_certain(
    suite: Draws, place: int, twentieths: int
) -> None:
    """Answers once each and replayed: case by case, whatever the others do."""
    single = tuple(
        Case(before=case.before[:1], after=case.after[:1], costs=("0.01", "0.01"))
        for case in suite.cases
    )
    chosen = single[place % len(single)]
    lower = {name: max(0.0, value - twentieths / 20) for name, value in chosen.after[0].items()}
    worse = Draws(tuple(replace(c, after=(lower,)) if c is chosen else c for c in single))
    gauges = []
    for one in (Draws(single), worse):
        names = {result.case_id for result in one.after}
        comparison = compare_results(baseline(*one.before), one.after, names, Settings())
        gauges.append(decide(one.after, comparison, policy=EXACT, budget=SuiteBudget()).gauge)
    assert gauges != [Gauge.NO_GO, Gauge.GO]


@pytest.mark.parametrize(("cases", "gauge"), [(5, Gauge.GO), (6, Gauge.NO_GO)])
def test_a_few_cases_that_all_fall_are_shown_from_six_on(cases: int, gauge: Gauge) -> None:
    """Two claims share the error: 2 / 2^6 < 0.05 < 2 / 2^5; five say so in a note."""
    before, after = same_trials(NAMES[:cases], 0.9), same_trials(NAMES[:cases], 0.8)
    assert decide_draws(before, after).gauge is gauge
    notes = describe_draws(compare_draws(before, after), EXACT)
    assert any("could have shown" in note for note in notes) == (gauge is Gauge.GO)
