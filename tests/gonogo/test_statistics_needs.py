"""What it would take to decide, after a comparison that did not."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gonogo.statistics.differences import Difference, Method, Shortage, Untestable
from gonogo.statistics.needs import (
    Needs,
    Trials,
    clusters_to_exclude,
    describe_trials,
    mean_depth,
    what_it_would_take,
)
from gonogo.statistics.paired_means import compare_means
from gonogo.statistics.paired_scores import compare_scores
from gonogo.statistics.power import Harm, Levels, Noise, Suite
from gonogo.statistics.sizing import fewest_to_show, size_cases, size_drop, size_trials


def seen(
    estimate: float = -0.02,
    *,
    standard_error: float = 0.02,
    cases: int = 100,
    clusters: int | None = None,
    p: float = 0.2,
    method: Method = Method.CLUSTER_T,
) -> Difference:
    count = cases if clusters is None else clusters
    return Difference(
        estimate=estimate,
        low=max(-1.0, estimate - 2 * standard_error),
        high=min(1.0, estimate + 2 * standard_error),
        p_drop=p,
        p_kept=p,
        standard_error=standard_error,
        degrees_of_freedom=count - 1.0,
        cases=cases,
        clusters=count,
        better=cases // 4,
        worse=cases // 3,
        method=method,
    )


def asked(
    *, before: float = 3, after: float = 3, variance: float = 0.04, depth: float = 1.0
) -> Trials:
    noise = Noise(variance=variance, is_bound=False)
    return Trials(before=before, after=after, noise=noise, depth=depth)


SINGLE = Trials(before=1, after=1, noise=Noise(variance=0.2, is_bound=True))


def test_a_drop_that_was_seen_is_shown_by_more_cases() -> None:
    needs = what_it_would_take(seen(), trials=asked())
    assert needs.cases is not None
    # Cohen 1988: ((z_0.95 + z_0.8) * deviation / drop)^2, a little more by the t distribution
    cohen = ((1.6449 + 0.8416) * 0.2 / 0.02) ** 2
    assert cohen < needs.cases < cohen + 3
    assert f"with {needs.cases} cases in all" in needs.sentence
    assert "the drop of 0.020 seen so far, were it true, would be shown" in needs.sentence


def test_half_the_drop_beyond_the_tolerance_needs_four_times_the_cases() -> None:
    whole = what_it_would_take(seen(-0.03), trials=asked(), tolerance=0.01).cases
    half = what_it_would_take(seen(-0.02), trials=asked(), tolerance=0.01).cases
    assert whole is not None
    assert half is not None
    assert half == pytest.approx(4 * whole, rel=0.01)


def test_more_trials_help_where_trials_are_the_noise() -> None:
    noisy = seen(standard_error=math.sqrt(0.3 * 0.5 / 60), estimate=-0.1, cases=60)
    trials = asked(before=8, after=2.0, variance=0.3 * 0.5 / (1 / 8 + 1 / 2))
    needs = what_it_would_take(noisy, trials=trials)
    assert needs.trials is not None
    assert needs.trials > 2
    assert f"or with {needs.trials} trials of each case now" in needs.sentence


def test_more_trials_do_not_help_where_cases_move_apart() -> None:
    assert what_it_would_take(seen(), trials=asked(variance=0.0)).trials is None


def test_cases_in_clusters_are_needed_in_clusters() -> None:
    alone = what_it_would_take(seen(cases=50), trials=asked(variance=0.0))
    paired = what_it_would_take(seen(cases=100, clusters=50), trials=asked(variance=0.0))
    assert alone.cases is not None
    assert paired.cases == 2 * alone.cases
    assert "100 cases in 50 clusters of 3 trials" in paired.sentence


def test_a_drop_on_the_other_side_of_the_tolerance_is_not_shown_by_more_cases() -> None:
    for estimate in (0.01, 0.0, -0.005, -0.01):
        needs = what_it_would_take(seen(estimate), trials=asked(), tolerance=0.01)
        assert (needs.cases, needs.trials) == (None, None)
        assert "no drop beyond the tolerance was seen" in needs.sentence
        assert needs.smallest_drop is not None


def test_an_estimate_beyond_the_margin_is_not_helped_by_more_cases() -> None:
    needs = what_it_would_take(seen(-0.06), trials=asked(), margin=0.05)
    assert (needs.cases, needs.trials) == (None, None)
    assert needs.sentence.endswith(
        "more cases will not change it: the estimate lies beyond the margin"
    )


def test_excluding_a_margin_takes_more_cases_the_nearer_the_estimate_is_to_it() -> None:
    wanted = [
        what_it_would_take(seen(estimate), trials=asked(), margin=0.05).cases
        for estimate in (0.01, 0.0, -0.01, -0.03)
    ]
    assert None not in wanted
    assert wanted == sorted(wanted, key=lambda cases: cases or 0)
    assert len(set(wanted)) == 4


def test_what_is_decided_needs_nothing_more() -> None:
    needs = what_it_would_take(seen(-0.06, p=0.01), trials=asked())
    assert (needs.cases, needs.trials) == (100, 3)
    assert needs.sentence.endswith("; that is decided already")


def test_cases_that_all_stayed_equal_need_the_rule_of_three() -> None:
    equal = compare_scores([[1.0]] * 20, [[1.0]] * 20, margin=0.05)
    needs = what_it_would_take(equal, trials=SINGLE, margin=0.05)
    assert needs.cases == 59  # 0.95^59 <= 0.05: Hanley and Lippman-Hand 1983
    assert needs.trials is None
    decided = compare_scores([[1.0]] * 59, [[1.0]] * 59, margin=0.05)
    assert what_it_would_take(decided, trials=SINGLE, margin=0.05).cases == 59


def test_cases_that_all_fell_alike_need_enough_signs() -> None:
    fallen = compare_scores([[0.9]] * 3, [[0.8]] * 3)
    assert isinstance(fallen, Difference)
    assert fallen.standard_error == pytest.approx(0)
    needs = what_it_would_take(fallen, trials=SINGLE)
    assert needs.smallest_drop is None
    assert needs.cases == 5
    shown = compare_scores([[0.9]] * 5, [[0.8]] * 5)
    assert isinstance(shown, Difference)
    assert shown.p_drop <= 0.05


@pytest.mark.parametrize("alpha", [0.5, 0.05, 0.05 / 7, 0.001])
def test_the_fewest_signs_are_those_of_the_sign_flips(alpha: float) -> None:
    fewest = fewest_to_show(alpha)
    enough, too_few = (compare_means([-0.5] * n) for n in (fewest, fewest - 1))
    assert isinstance(enough, Difference)
    assert enough.p_drop <= alpha
    assert isinstance(too_few, Untestable) or too_few.p_drop > alpha


def test_single_pass_or_fail_trials_need_one_case_less() -> None:
    four = compare_scores([[1.0]] * 4, [[0.0]] * 4)
    assert isinstance(four, Difference)
    assert four.p_drop <= 0.05
    assert what_it_would_take(four, trials=SINGLE).smallest_drop is not None


@pytest.mark.parametrize(
    ("lacking", "margin", "cases", "sentence"),
    [
        (Shortage.NO_CASES, None, 5, "no case that both sides scored; a drop can be shown from 5"),
        (Shortage.ONE_CLUSTER, None, 5, "1 case in a single cluster; a drop can be shown from 5"),
        (Shortage.ONE_CLUSTER, 0.05, 59, "a drop of 0.050 can be excluded from 59 independent"),
        (Shortage.NOT_FINITE, None, None, "a score is no finite number"),
    ],
)
def test_what_cannot_be_tested_says_what_is_missing(
    lacking: Shortage, margin: float | None, cases: int | None, sentence: str
) -> None:
    untestable = Untestable(why=lacking, cases=0 if lacking is Shortage.NO_CASES else 1)
    needs = what_it_would_take(untestable, trials=SINGLE, margin=margin)
    assert (needs.smallest_drop, needs.smallest_even_drop, needs.trials) == (None, None, None)
    assert needs.cases == cases
    assert sentence in needs.sentence


def test_more_noise_never_makes_a_smaller_drop_visible() -> None:
    drops = [
        what_it_would_take(seen(standard_error=error), trials=asked(variance=0.0)).smallest_drop
        for error in (0.0, 0.005, 0.02, 0.05)
    ]
    assert all(drop is not None for drop in drops)
    assert drops == sorted(drops, key=lambda drop: drop or 0)


def test_an_even_drop_is_seen_better_than_breaks() -> None:
    pass_or_fail = what_it_would_take(seen(), trials=asked())
    graded = what_it_would_take(seen(), trials=asked(depth=0.02))
    assert graded.smallest_drop == pass_or_fail.smallest_drop
    drops = graded.smallest_even_drop, pass_or_fail.smallest_even_drop, graded.smallest_drop
    assert None not in drops
    assert list(drops) == sorted(drops, key=lambda drop: drop or 0)
    assert len(set(drops)) == 3


def test_a_large_tolerance_leaves_no_drop_to_show() -> None:
    needs = what_it_would_take(seen(standard_error=0.2, cases=6), trials=asked(), tolerance=0.9)
    assert needs.smallest_drop is None
    assert "could have shown no drop at all" in needs.sentence


def test_a_drop_too_small_for_any_number_of_cases_says_so() -> None:
    needs = what_it_would_take(seen(-1e-5, standard_error=0.1), trials=asked())
    assert (needs.cases, needs.trials) == (None, None)
    assert needs.sentence.endswith("with no number of cases up to 1,000,000")


def test_trials_are_described_by_both_sides() -> None:
    trials = describe_trials([[1.0, 0.0], [1.0], []], [[0.5, 0.5], [0.5, 0.5], [1.0]])
    assert trials.before == pytest.approx(4 / 3)  # harmonic mean of 2 and 1
    assert trials.after == 2
    assert trials.noise == Noise(variance=pytest.approx(0.5 / 3), is_bound=False)
    assert trials.depth == pytest.approx(0.6)  # 0, and four times 0.5
    assert describe_trials([], []) == Trials(
        before=1, after=1, noise=Noise(variance=0, is_bound=True)
    )


def test_the_usual_fall_is_that_of_scores_below_the_best() -> None:
    assert mean_depth([[1.0, 0.9], [1.0], [0.7]]) == pytest.approx(0.2)
    assert mean_depth([[1.0, 0.0]]) == 1
    assert mean_depth([[1.0]]) == 1  # unknown: the most is taken
    assert mean_depth([]) == 1


@settings(max_examples=40, deadline=None)
@given(
    estimate=st.floats(-0.4, 0.4),
    error=st.floats(0, 0.2),
    cases=st.integers(2, 300),
    p=st.floats(0, 1),
    margin=st.none() | st.floats(0.01, 0.5),
    depth=st.floats(0.001, 1),
)
def test_whatever_was_seen_an_answer_is_in_range(
    estimate: float, error: float, cases: int, p: float, margin: float | None, *, depth: float
) -> None:
    difference = seen(estimate, standard_error=error, cases=cases, p=p)
    needs = what_it_would_take(difference, trials=asked(depth=depth), tolerance=0.01, margin=margin)
    for drop in (needs.smallest_drop, needs.smallest_even_drop):
        assert drop is None or 0.01 < drop <= 1
    assert needs.cases is None or needs.cases >= cases
    assert needs.trials is None or needs.trials >= 3
    if needs.smallest_drop is not None:
        assert needs.smallest_even_drop is not None
        assert needs.smallest_even_drop <= needs.smallest_drop + 1e-9


def test_few_clusters_must_move_before_anything_is_shown() -> None:
    """Twelve cases of two quiet trials: the plan by variance alone says 0.38, and shows half."""
    quiet = Suite(cases=12, before=2, after=2, noise=Noise(variance=0.0, is_bound=False))
    drop = size_drop(quiet, tolerance=0.01, harm=Harm.BREAKS, levels=Levels())
    assert drop is not None
    generator = np.random.default_rng(20260404)
    shown = 0
    for _ in range(300):
        now = [[0.0, 0.0] if broken else [1.0, 1.0] for broken in generator.random(12) < drop]
        result = compare_scores([[1.0, 1.0]] * 12, now, tolerance=0.01)
        assert isinstance(result, Difference)
        shown += result.p_drop <= 0.05
    assert 0.73 <= shown / 300 <= 0.95


def test_sizes_agree_with_each_other() -> None:
    noise = Noise(variance=0.02, is_bound=False)
    for cases, harm in ((12, Harm.BREAKS), (80, Harm.BREAKS), (12, Harm.EVEN), (80, Harm.EVEN)):
        suite = Suite(cases=cases, before=3, after=3, noise=noise)
        drop = size_drop(suite, tolerance=0.01, harm=harm, levels=Levels())
        assert drop is not None
        more = drop + 1e-9
        assert size_cases(suite, more, tolerance=0.01, harm=harm, levels=Levels()) == cases
        trials = size_trials(suite, more, tolerance=0.01, harm=harm, levels=Levels())
        assert trials is not None
        assert trials <= 3
    tiny = Suite(cases=4, before=3, after=3, noise=noise)
    assert size_drop(tiny, tolerance=0.01, harm=Harm.EVEN, levels=Levels()) is None
    assert size_trials(tiny, 0.9, tolerance=0.01, harm=Harm.BREAKS, levels=Levels()) is None
    assert size_cases(tiny, 0.01, tolerance=0.01, harm=Harm.BREAKS, levels=Levels()) is None


def test_so_many_cases_exclude_the_margin_as_often_as_is_said() -> None:
    """Pairs of single trials that disagree in 6 % of cases, no difference: 80 % of 300 runs."""
    count = clusters_to_exclude(0.06, margin=0.08)
    assert count is not None
    generator = np.random.default_rng(20260401)
    excluded = 0
    for _ in range(300):
        moved = generator.random(count)
        before = np.where(moved < 0.03, 0.0, 1.0)
        after = np.where((moved >= 0.03) & (moved < 0.06), 0.0, 1.0)
        result = compare_scores(before[:, None].tolist(), after[:, None].tolist(), margin=0.08)
        assert isinstance(result, Difference)
        assert result.p_kept is not None
        excluded += result.p_kept <= 0.05
    assert 0.73 <= excluded / 300 <= 0.93


def test_needs_of_a_stricter_level_are_larger() -> None:
    family = Levels(alpha=0.05 / 6)

    def needs(levels: Levels) -> Needs:
        return what_it_would_take(seen(), trials=asked(), levels=levels)

    alone, together = needs(Levels()), needs(family)
    assert (together.cases or 0) > (alone.cases or 0)
    assert (together.smallest_drop or 0) > (alone.smallest_drop or 0)
