"""Paired comparisons: worked examples of books and papers, and properties."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, stats

from gonogo.statistics.binary_pairs import (
    PairCounts,
    compare_pairs,
    mcnemar_mid_p,
    mcnemar_p,
    score_interval,
    score_p,
)
from gonogo.statistics.clusters import standard_error_of_mean, sum_clusters
from gonogo.statistics.differences import Difference, Method, Shortage, Untestable
from gonogo.statistics.paired_means import compare_means
from gonogo.statistics.paired_scores import compare_scores
from gonogo.statistics.rare_breaks import excluded_drop_p, fewest_clusters
from gonogo.statistics.relabelling import draw_relabelled
from gonogo.statistics.sign_flips import sign_flip_p

BENTUR = PairCounts(cases=21, worse=7, better=1)
"""Airway hyper-responsiveness before and after transplantation (Bentur et al. 2009), the example of
Fagerland, Lydersen and Laake 2013 and 2014."""

SLEEP = np.array([1.2, 2.4, 1.3, 1.3, 0.0, 1.0, 1.8, 0.8, 4.6, 1.4])
"""Additional hours of sleep, one drug less the other ("Student" 1908)."""

SCORES = st.floats(0, 1).map(lambda score: round(score, 3))
TRIALS = st.lists(SCORES, min_size=1, max_size=3)
PAIRS = st.lists(st.tuples(TRIALS, TRIALS), max_size=12)


def compared(result: Difference | Untestable) -> Difference:
    assert isinstance(result, Difference)
    return result


def test_mcnemar_of_the_airway_data() -> None:
    assert 2 * mcnemar_p(BENTUR) == pytest.approx(0.0703, abs=5e-5)
    assert 2 * mcnemar_mid_p(BENTUR) == pytest.approx(0.0391, abs=5e-5)


def test_mcnemar_of_the_approval_ratings() -> None:
    """Agresti 1990, "Categorical Data Analysis", table 10.1: 150 approve no longer, 86 anew."""
    counts = PairCounts(cases=1600, worse=150, better=86)
    z = (86 - 150) / (86 + 150) ** 0.5
    assert z**2 == pytest.approx(17.36, abs=0.005)
    assert mcnemar_p(counts) == pytest.approx(stats.norm.cdf(z), rel=0.3)


def test_score_interval_of_the_airway_data() -> None:
    """Fagerland, Lydersen and Laake 2014: -0.517 to -0.026."""
    assert score_interval(BENTUR) == pytest.approx((-0.517, -0.026), abs=5e-4)


def test_score_test_sums_all_tables_at_the_likeliest_rates() -> None:
    """Every table of five pairs, its likeliest rates found by search, ranked and weighed."""
    drop = 0.1

    def rates(b: int, c: int) -> list[float]:
        def unlikely(q: float) -> float:
            return -float(
                stats.multinomial.logpmf([b, c, 5 - b - c], 5, [q + drop, q, 0.9 - 2 * q])
            )

        q = float(optimize.minimize_scalar(unlikely, bounds=(0, 0.45), method="bounded").x)
        return [q + drop, q, 0.9 - 2 * q]

    def z(b: int, c: int) -> float:
        q = rates(b, c)[1]
        return (c - b + 5 * drop) / float((5 * (2 * q + drop - drop**2)) ** 0.5)

    tables = [(b, c) for b, c in product(range(6), range(6)) if b + c <= 5]
    as_low = [(b, c) for b, c in tables if z(b, c) <= z(2, 0) + 1e-6]
    expected = sum(stats.multinomial.pmf([b, c, 5 - b - c], 5, rates(2, 0)) for b, c in as_low)
    assert as_low == [(2, 0), (3, 0), (4, 0), (5, 0)]
    p = score_p(PairCounts(cases=5, worse=2, better=0), tolerance=drop)
    assert p == pytest.approx(expected, abs=1e-4)


def test_paired_t_of_the_sleep_data() -> None:
    """t = 4.06 on 9 degrees of freedom, 95 % interval 0.70 to 2.46 hours."""
    clusters = sum_clusters(SLEEP)
    error = standard_error_of_mean(clusters)
    assert clusters.mean / error.size == pytest.approx(4.0621, abs=5e-5)
    assert error.degrees_of_freedom == pytest.approx(9)
    tenth = compared(compare_means(SLEEP / 10))
    assert (10 * tenth.low, 10 * tenth.high) == pytest.approx((0.70, 2.46), abs=5e-3)


def test_many_clusters_are_compared_by_the_t_test() -> None:
    differences = np.random.default_rng(7).normal(-0.05, 0.2, 60)
    result = compared(compare_means(differences, tolerance=0.01))
    theirs = stats.ttest_1samp(differences, -0.01, alternative="less")
    assert result.method is Method.CLUSTER_T
    assert result.p_drop == pytest.approx(theirs.pvalue)
    assert (result.low, result.high) == pytest.approx(
        tuple(stats.ttest_1samp(differences, 0).confidence_interval(0.95))
    )


def test_sign_flips_are_the_permutation_test_of_scipy() -> None:
    values = np.random.default_rng(3).normal(-0.2, 0.3, 12)
    theirs = stats.permutation_test(
        (values,), np.sum, permutation_type="samples", alternative="less", n_resamples=np.inf
    )
    assert sign_flip_p(values) == pytest.approx(theirs.pvalue)


def test_sign_flips_of_darwins_maize() -> None:
    """Fisher 1935, section 21: 863 of the 32,768 assignments total as much or more."""
    maize = np.array([49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48.0])
    sums = np.array([np.dot(maize, signs) for signs in product((-1, 1), repeat=15)])
    at_least, above = (sums >= 314 - 1e-9).sum(), (sums > 314 + 1e-9).sum()
    assert at_least == 863
    assert sign_flip_p(-maize) == pytest.approx((above + 1 + (at_least - above - 1) / 2) / 2**15)


def test_drawn_signs_agree_with_all_signs() -> None:
    values = np.random.default_rng(5).normal(-0.1, 0.3, 40)
    t = stats.ttest_1samp(values, 0, alternative="less").pvalue
    assert sign_flip_p(values) == pytest.approx(t, abs=0.01)


def test_a_cluster_counts_as_one_observation() -> None:
    """Ten cases that are copies of each other say no more than one."""
    few = np.array([-0.3, 0.1, -0.2, 0.05, -0.4, -0.1])
    alone = standard_error_of_mean(sum_clusters(few))
    copied = standard_error_of_mean(
        sum_clusters(few.repeat(10), [g for g in range(6) for _ in range(10)])
    )
    assert copied.size == pytest.approx(alone.size)
    assert copied.degrees_of_freedom == pytest.approx(5)


def test_cluster_error_is_cr2_with_its_matrices() -> None:
    """Bell and McCaffrey 2002, written out for a mean over clusters of sizes 1, 2, 2 and 5."""
    values = np.array([0.1, -0.2, 0.3, 0.0, -0.5, 0.2, 0.2, -0.1, 0.4, -0.3])
    groups = [0, 1, 1, 2, 2, 3, 3, 3, 3, 3]
    x = np.ones((10, 1))
    residual_maker = np.eye(10) - x @ x.T / 10
    rows, meat = [], 0.0
    for group in range(4):
        inside = np.array(groups) == group
        block = np.eye(inside.sum()) - np.ones((inside.sum(), inside.sum())) / 10
        eigenvalues, vectors = np.linalg.eigh(block)
        adjust = vectors @ np.diag(eigenvalues**-0.5) @ vectors.T
        rows.append(np.ones(inside.sum()) @ adjust @ residual_maker[inside])
        meat += float(rows[-1] @ values) ** 2
    spread = np.array(rows) @ np.array(rows).T
    error = standard_error_of_mean(sum_clusters(values, groups))
    assert error.size == pytest.approx(meat**0.5 / 10)
    assert error.degrees_of_freedom == pytest.approx(np.trace(spread) ** 2 / (spread**2).sum())


@pytest.mark.parametrize("n", [20, 59, 100])
def test_a_rare_break_is_excluded_only_by_enough_cases(n: int) -> None:
    """Without a failure in n cases the upper limit is the rule of three (Hanley 1983)."""
    p = compared(compare_means([0.0] * n, margin=0.05)).p_kept
    assert p == pytest.approx(0.95**n)
    assert (n >= fewest_clusters(margin=0.05)) == (p is not None and p <= 0.05)


def test_rare_breaks_are_the_binomial_test_for_failures() -> None:
    """Two of a hundred cases broke, five are to be excluded."""
    clusters = sum_clusters(np.array([-1.0, -1.0] + [0.0] * 98))
    assert excluded_drop_p(clusters, margin=0.05) == pytest.approx(stats.binom.cdf(2, 100, 0.05))


@given(st.integers(2, 60), st.integers(0, 8), st.integers(0, 8), st.floats(0.01, 0.5))
@settings(max_examples=60)
def test_a_pair_result_is_sane(n: int, worse: int, better: int, margin: float) -> None:
    if worse + better > n:
        return
    counts = PairCounts(cases=n, worse=worse, better=better)
    result = compared(compare_pairs(counts, tolerance=0.02, margin=margin))
    assert -1 <= result.low <= result.estimate <= result.high <= 1
    assert 0 <= result.p_drop <= 1
    assert result.p_kept is not None
    assert 0 <= result.p_kept <= 1
    if worse:
        less = compared(compare_pairs(PairCounts(cases=n, worse=worse - 1, better=better)))
        assert mcnemar_mid_p(counts) <= less.p_drop + 1e-12


@given(PAIRS)
@settings(max_examples=60)
def test_order_of_cases_does_not_matter(pairs: list[tuple[list[float], list[float]]]) -> None:
    def result(rows: list[tuple[list[float], list[float]]]) -> Difference | Untestable:
        return compare_scores([b for b, _ in rows], [a for _, a in rows], margin=0.1)

    one, other = result(pairs), result(pairs[::-1])
    if isinstance(one, Untestable):
        assert other == one
        return
    both = compared(other)
    assert both.estimate == pytest.approx(one.estimate, abs=1e-9)
    if one.method is not Method.RELABELLED:  # drawn in the order of the cases
        assert both.p_drop == pytest.approx(one.p_drop, abs=1e-9)
        assert both.p_kept == pytest.approx(one.p_kept, abs=1e-6)


@given(st.lists(st.tuples(SCORES, SCORES), min_size=2, max_size=10), st.integers(2, 4))
@settings(max_examples=40)
def test_copies_of_trials_add_no_evidence(pairs: list[tuple[float, float]], copies: int) -> None:
    once = compare_means([a - b for b, a in pairs])
    many = compare_scores([[b] * copies for b, _ in pairs], [[a] * copies for _, a in pairs])
    assert compared(many).p_drop == pytest.approx(compared(once).p_drop, abs=1e-9)
    assert compared(many).standard_error == pytest.approx(compared(once).standard_error, abs=1e-9)


@given(st.lists(st.floats(-1, 1).map(lambda d: round(d, 3)), min_size=2, max_size=40))
@settings(max_examples=60)
def test_better_and_worse_are_mirror_images(differences: list[float]) -> None:
    one = compared(compare_means(differences))
    other = compared(compare_means([-d for d in differences]))
    assert (other.better, other.worse) == (one.worse, one.better)
    assert (other.low, other.high) == pytest.approx((-one.high, -one.low), abs=1e-9)
    assert one.p_drop + other.p_drop >= 1 - 1e-9


@given(st.lists(st.floats(-0.5, 0.5).map(lambda d: round(d, 3)), min_size=2, max_size=29))
@settings(max_examples=60)
def test_more_harm_is_never_less_evidence(differences: list[float]) -> None:
    tolerance = 0.6  # every difference stays on the same side of it
    before = sign_flip_p(np.array(differences) + tolerance)
    lower = [differences[0] - 0.1, *differences[1:]]
    assert sign_flip_p(np.array(lower) + tolerance) <= before + 1e-9
    tight = compared(compare_means(differences, tolerance=0.02))
    loose = compared(compare_means(differences, tolerance=0.3))
    if tight.estimate < -0.02:
        assert tight.p_drop <= max(loose.p_drop, 0.5) + 1e-9


@given(st.lists(TRIALS, min_size=2, max_size=40), st.floats(0, 0.2))
@settings(max_examples=60)
def test_identical_runs_are_never_worse(trials: list[list[float]], tolerance: float) -> None:
    result = compared(compare_scores(trials, trials, tolerance=tolerance))
    assert result.p_drop > 0.4
    assert result.low <= 0 <= result.high
    assert result.worse == 0


@pytest.mark.parametrize(
    ("before", "after", "groups", "why"),
    [
        ([], [], None, Shortage.NO_CASES),
        ([[]], [[0.5]], None, Shortage.NO_CASES),
        ([[1.0]], [[0.0]], None, Shortage.ONE_CLUSTER),
        ([[0.5, 0.4]], [[0.2, 0.1]], None, Shortage.ONE_CLUSTER),
        ([[0.5], [0.4]], [[0.2], [0.1]], ["a", "a"], Shortage.ONE_CLUSTER),
        ([[float("nan")], [0.4]], [[0.2], [0.1]], None, Shortage.NOT_FINITE),
    ],
)
def test_too_little_is_said_so(
    before: list[list[float]], after: list[list[float]], groups: list[str] | None, why: Shortage
) -> None:
    result = compare_scores(before, after, groups, margin=0.05)
    assert isinstance(result, Untestable)
    assert result.why is why


def test_the_test_fits_the_score() -> None:
    passes, fails = [[1.0]] * 10, [[0.0]] * 6 + [[1.0]] * 4
    single = compared(compare_scores(passes, fails))
    assert (single.method, single.worse, single.equal) == (Method.MCNEMAR, 6, 4)
    assert compared(compare_scores(passes, fails, tolerance=0.01)).method is Method.PAIRED_SCORE
    assert compared(compare_scores(passes, fails, [None] * 10)).method is Method.MCNEMAR
    paraphrases = ["a", "a", *"bcdefghi"]
    assert compared(compare_scores(passes, fails, paraphrases)).method is Method.SIGN_FLIPS
    lopsided = compare_scores([[1.0, 1.0]] * 10, fails)
    assert compared(lopsided).method is Method.RELABELLED


def test_every_case_falling_alike_is_shown() -> None:
    result = compared(compare_means([-0.3] * 12))
    assert result.method is Method.NO_VARIATION
    assert result.p_drop == pytest.approx(2**-12)
    assert result.low < -0.3 < result.high


def test_a_trial_against_many_is_no_drop_by_its_lopsidedness() -> None:
    """A case that passes 39 trials of 40: eight trials now seldom equal the one before."""
    before, after = [[1.0]] * 20, [[1.0] * 7 + [0.0]] * 5 + [[1.0] * 8] * 15
    plain = compared(compare_means([-1 / 8] * 5 + [0.0] * 15))
    heeded = compared(compare_scores(before, after))
    assert plain.p_drop < 0.05 < heeded.p_drop
    assert heeded.p_drop == pytest.approx((8 / 9) ** 5, abs=0.03)


def test_relabelled_trials_are_those_of_fishers_exact_test() -> None:
    """One case: 4 of 5 passed before, 1 of 4 now."""
    drawn = draw_relabelled([[1.0, 1.0, 1.0, 1.0, 0.0]], [[1.0, 0.0, 0.0, 0.0]])
    exact = stats.fisher_exact([[1, 3], [4, 1]], alternative="less").pvalue
    assert (drawn <= 0.25 - 0.8 + 1e-9).mean() == pytest.approx(exact, abs=0.02)


def test_the_interval_of_a_few_breaks_reaches_further_down() -> None:
    """Three of sixty cases broke: the lower limit is the binomial's, not the t-test's."""
    differences = np.array([-1.0] * 3 + [0.0] * 57)
    result = compared(compare_means(differences))
    by_t = stats.ttest_1samp(differences, 0).confidence_interval(0.95)
    binomial = stats.binomtest(3, 60).proportion_ci(0.95, method="exact")
    assert by_t.low == pytest.approx(-0.107, abs=1e-3)
    assert result.low == pytest.approx(-binomial.high, abs=2e-3)
    assert result.high == pytest.approx(by_t.high)
