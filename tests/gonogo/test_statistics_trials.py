"""Repeated trials, flaky cases, many tests, ratios and percentiles, and power."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from gonogo.statistics.differences import Shortage, Untestable
from gonogo.statistics.flakiness import measure_noise
from gonogo.statistics.multiplicity import adjust_benjamini_hochberg, adjust_holm, p_of_all
from gonogo.statistics.percentiles import TooFewValuesError
from gonogo.statistics.power import (
    Harm,
    Levels,
    Noise,
    Nothing,
    Suite,
    cases_to_decide,
    estimate_noise,
    plan_cases,
    plan_drop,
    plan_trials,
    smallest_drop,
)
from gonogo.statistics.ratios import Ratio, compare_percentiles, compare_ratios
from gonogo.statistics.repeated_trials import (
    TooFewTrialsError,
    Unreachable,
    estimate_pass_all,
    estimate_pass_at,
    find_hard_breaks,
    hard_break_p,
    trials_for_hard_break,
)


def chen_2021(n: int, c: int, k: int) -> float:
    """The numerically stable form printed as figure 3 of Chen et al. 2021."""
    return 1.0 if n - c < k else 1.0 - float(np.prod(1.0 - k / np.arange(n - c + 1, n + 1)))


@given(st.integers(1, 30), st.integers(0, 30), st.integers(1, 30))
def test_pass_at_k_is_that_of_chen(n: int, c: int, k: int) -> None:
    if c <= n and k <= n:
        assert estimate_pass_at(k, trials=n, passed=c) == pytest.approx(chen_2021(n, c, k))


def test_pass_all_counts_the_choices_that_pass() -> None:
    trials = [True, True, True, False, True]
    for k in range(1, 6):
        choices = list(combinations(trials, k))
        share = sum(all(choice) for choice in choices) / len(choices)
        assert estimate_pass_all(k, trials=5, passed=4) == pytest.approx(share)
    assert estimate_pass_all(1, trials=5, passed=4) == estimate_pass_at(1, trials=5, passed=4)


def test_more_trials_than_there_were_are_refused() -> None:
    with pytest.raises(TooFewTrialsError, match="k=4 needs 4 trials of each case, there are 3"):
        estimate_pass_at(4, trials=3, passed=3)
    with pytest.raises(ValueError, match="passed=4 cannot be"):
        estimate_pass_all(1, trials=3, passed=4)


@pytest.mark.parametrize(("n", "ways"), [(0, 1), (1, 2), (2, 6), (3, 20), (4, 70), (5, 252)])
def test_a_hard_break_is_fishers_exact_test(n: int, ways: int) -> None:
    assert hard_break_p(n, n) == 1 / ways
    if n:
        assert stats.fisher_exact([[n, 0], [0, n]], alternative="greater").pvalue == pytest.approx(
            1 / ways
        )


@pytest.mark.parametrize(
    ("tests", "before", "trials"),
    [
        (1, None, 3),  # 1/20
        (2, None, 4),  # 1/70 < 0.025
        (100, None, 7),  # 1/3432 < 0.0005 < 1/924
        (1, 1, 19),  # 1/20
        (1, 5, 2),  # 1/21
    ],
)
def test_trials_that_a_single_broken_case_needs(
    tests: int, before: int | None, trials: int
) -> None:
    assert trials_for_hard_break(tests=tests, before=before) == trials


def test_a_baseline_of_no_trials_never_shows_a_break() -> None:
    assert isinstance(trials_for_hard_break(tests=1, before=0), Unreachable)


def test_hard_breaks_are_found_under_holm() -> None:
    before = [(4, 4), (4, 4), (4, 3), (4, 4), (0, 0)]
    assert find_hard_breaks(before, [(4, 0), (4, 4), (4, 0), (4, 1), (4, 0)]) == (0,)
    assert find_hard_breaks(before, [(4, 0), (4, 0), (4, 4), (4, 4), (4, 4)]) == (0, 1)
    assert find_hard_breaks([(4, 4)] * 4, [(4, 0), *[(4, 4)] * 3]) == (0,)
    unsure = [(4, 2)] * 3  # each could have broken as well: 4 x 1/70 > 0.05
    assert find_hard_breaks([(4, 4), *unsure], [(4, 0), *unsure]) == ()
    assert find_hard_breaks([], []) == ()


def test_hard_breaks_of_chance_alone_are_rare() -> None:
    """Passing by the toss of a coin: the baseline chooses whom it calls always passed."""
    generator = np.random.default_rng(5)
    tossed = generator.binomial(5, 0.5, size=(2, 1000, 100))
    found = chosen = 0
    for before, after in zip(*tossed.tolist(), strict=True):
        found += bool(find_hard_breaks([(5, c) for c in before], [(5, c) for c in after]))
        broke = any(b == 5 and a == 0 for b, a in zip(before, after, strict=True))
        chosen += broke and hard_break_p(5, 5) * before.count(5) <= 0.05
    assert found <= 50 < chosen  # of 1,000 suites


def test_holm_adjusts_step_by_step() -> None:
    """Holm 1979, written out: 4 x 0.005, 3 x 0.01, 2 x 0.03, and 0.04 no lower than that."""
    assert adjust_holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx((0.03, 0.06, 0.06, 0.02))
    assert adjust_holm([]) == ()
    assert p_of_all([0.01, 0.04]) == 0.04
    assert p_of_all([]) == 1.0
    with pytest.raises(ValueError, match=r"1\.5 is no p-value"):
        adjust_holm([0.2, 1.5])


def test_false_discoveries_of_benjamini_and_hochberg() -> None:
    """Benjamini and Hochberg 1995, section 4.1: four of fifteen hypotheses fall at 0.05."""
    p = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240]
    p += [0.4262, 0.5719, 0.6528, 0.7590, 1.0]
    assert sum(q <= 0.05 for q in adjust_benjamini_hochberg(p)) == 4
    assert sum(q <= 0.05 for q in adjust_holm(p)) == 3


@pytest.mark.parametrize("count", [1, 2, 7, 40])
def test_adjusted_p_values_are_those_of_statsmodels(count: int) -> None:
    from statsmodels.stats.multitest import multipletests

    p = np.random.default_rng(count).beta(0.3, 1, count).round(2).tolist()
    assert adjust_holm(p) == pytest.approx(multipletests(p, method="holm")[1])
    assert adjust_benjamini_hochberg(p) == pytest.approx(multipletests(p, method="fdr_bh")[1])


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_never_lowers_and_keeps_the_order(p_values: list[float]) -> None:
    adjusted = adjust_holm(p_values)
    assert all(a >= p - 1e-12 for a, p in zip(adjusted, p_values, strict=True))
    ranked = [adjusted[i] for i in np.argsort(p_values, kind="stable")]
    assert ranked == sorted(ranked)


def test_a_case_that_stands_out_is_flaky() -> None:
    steady, wavering = [1.0] * 4, [1.0, 0.0, 1.0, 0.0]
    noise = measure_noise([steady] * 37 + [wavering] * 3)
    assert [case.is_flaky() for case in noise] == [False] * 37 + [True] * 3
    assert [case.noise_share for case in noise[-3:]] == pytest.approx([1 / 3] * 3)
    assert noise[-1].variance == pytest.approx(1 / 3)


def test_where_all_waver_alike_none_is_flaky() -> None:
    noise = measure_noise([[1.0, 0.0, 1.0, 0.0]] * 30)
    assert not any(case.is_flaky() for case in noise)
    assert sum(case.noise_share for case in noise) == pytest.approx(1)


@pytest.mark.parametrize("trials", [[], [[]], [[0.4]], [[1.0], [0.0]], [[0.3, 0.3], [0.3]]])
def test_no_disagreement_is_no_noise(trials: list[list[float]]) -> None:
    noise = measure_noise(trials)
    assert len(noise) == len(trials)
    assert all((case.noise_share, case.p_value) == (0, 1) for case in noise)


@given(st.lists(st.lists(st.floats(0, 1), max_size=4), max_size=8), st.floats(0.5, 1))
@settings(max_examples=25, deadline=None)
def test_shares_of_noise_do_not_depend_on_the_scale(
    trials: list[list[float]], scale: float
) -> None:
    rounded = [[round(score, 3) for score in case] for case in trials]
    one = measure_noise(rounded)
    other = measure_noise([[score * scale for score in case] for case in rounded])
    assert [case.noise_share for case in other] == pytest.approx([case.noise_share for case in one])


def test_a_ratio_is_a_paired_t_test_of_logarithms() -> None:
    generator = np.random.default_rng(11)
    before = generator.lognormal(6, 1, 50)
    after = before * generator.lognormal(0.1, 0.3, 50)
    result = compare_ratios(before, after, tolerance=0.05)
    assert isinstance(result, Ratio)
    logs = np.log(after / before)
    assert result.estimate == pytest.approx(stats.gmean(after / before))
    interval = stats.ttest_1samp(logs, 0).confidence_interval(0.95)
    assert np.log([result.low, result.high]) == pytest.approx([interval.low, interval.high])
    rise = stats.ttest_1samp(logs, np.log(1.05), alternative="greater")
    assert result.p_rise == pytest.approx(rise.pvalue)
    assert result.p_kept == pytest.approx(1 - rise.pvalue)


def test_twice_the_cost_is_shown() -> None:
    before = [100.0, 250.0, 90.0, 400.0, 120.0, 60.0, 0.0]
    result = compare_ratios(before, [2.0 * value for value in before], tolerance=0.1)
    assert isinstance(result, Ratio)
    assert (result.estimate, result.total, result.left_out) == pytest.approx((2, 2, 1))
    assert result.p_rise == pytest.approx(2**-6)


def test_ratios_that_cannot_be_are_said_so() -> None:
    for before, after, why in (
        ([], [], Shortage.NO_CASES),
        ([0.0, 0.0], [1.0, 2.0], Shortage.NO_CASES),
        ([1.0], [1.0], Shortage.ONE_CLUSTER),
        ([1.0, float("inf")], [1.0, 1.0], Shortage.NOT_FINITE),
    ):
        result = compare_ratios(before, after)
        assert isinstance(result, Untestable)
        assert result.why is why


def test_a_percentile_of_slower_answers_rises_with_them() -> None:
    seconds = [[x] for x in np.random.default_rng(2).lognormal(1, 0.5, 60)]
    slower = [[1.5 * value for value in case] for case in seconds]
    result = compare_percentiles(seconds, slower, 95)
    assert (result.low, result.estimate, result.high) == pytest.approx((1.5, 1.5, 1.5))
    assert result.before == sorted(case[0] for case in seconds)[56]
    with pytest.raises(TooFewValuesError, match="p95 needs 20 cases"):
        compare_percentiles(seconds[:19], slower[:19], 95)


@pytest.mark.parametrize(("degrees", "t_power"), [(9.0, 0.5), (30.0, 0.8), (200.0, 0.95)])
def test_the_smallest_drop_has_the_power_that_it_says(degrees: float, t_power: float) -> None:
    drop = smallest_drop(0.02, degrees, tolerance=0.01, levels=Levels(power=t_power))
    assert isinstance(drop, float)
    critical = stats.t.ppf(0.95, degrees)
    assert stats.nct.sf(critical, degrees, (drop - 0.01) / 0.02) == pytest.approx(t_power, abs=1e-6)


def test_cases_of_a_paired_t_test_are_those_of_statsmodels() -> None:
    from statsmodels.stats.power import TTestPower

    suite = Suite(cases=0, before=2, after=2, noise=Noise(variance=0.09, is_bound=False))
    theirs = TTestPower().solve_power(
        0.1 / (0.09 + 0.09 / 2) ** 0.5, alpha=0.05, power=0.8, alternative="larger"
    )
    assert plan_cases(suite, 0.1, harm=Harm.EVEN) == int(np.ceil(theirs))


def test_a_plan_and_its_answers_agree() -> None:
    suite = Suite(cases=80, before=3, after=3, noise=Noise(variance=0.1, is_bound=False))
    drop = plan_drop(suite, tolerance=0.01)
    assert isinstance(drop, float)
    assert plan_cases(suite, drop + 1e-9, tolerance=0.01) == 80
    assert plan_trials(suite, drop + 1e-9, tolerance=0.01) == 3
    even = plan_drop(suite, tolerance=0.01, harm=Harm.EVEN)
    assert isinstance(even, float)
    assert even < drop


def test_a_plan_that_cannot_be_is_said_so() -> None:
    noise = Noise(variance=0.25, is_bound=True)
    tiny = Suite(cases=1, before=1, after=1, noise=noise)
    assert isinstance(plan_drop(tiny), Nothing)
    assert isinstance(plan_drop(Suite(cases=2, before=1, after=1, noise=noise)), Nothing)
    assert isinstance(
        plan_trials(Suite(cases=20, before=1, after=1, noise=noise), 0.05), Unreachable
    )
    assert isinstance(plan_cases(tiny, 0.01, tolerance=0.01), Unreachable)
    assert isinstance(smallest_drop(0.0, 10), Nothing)
    assert isinstance(smallest_drop(0.5, 3), Nothing)
    assert isinstance(cases_to_decide(20, distance=-0.01, standard_error=0.02), Unreachable)


def test_half_the_distance_needs_four_times_the_cases() -> None:
    wide = cases_to_decide(100, distance=0.02, standard_error=0.02)
    narrow = cases_to_decide(100, distance=0.01, standard_error=0.02)
    assert isinstance(wide, int)
    assert isinstance(narrow, int)
    assert narrow == pytest.approx(4 * wide, abs=4)
    assert cases_to_decide(100, distance=0.5, standard_error=0.02) == 100


def test_noise_is_pooled_over_cases() -> None:
    assert estimate_noise([[1.0, 0.0], [0.5, 0.5], [0.3]]) == Noise(variance=0.25, is_bound=False)
    assert estimate_noise([[1.0], [0.0], []]) == Noise(variance=0.5, is_bound=True)
    assert estimate_noise([]) == Noise(variance=0.0, is_bound=True)
