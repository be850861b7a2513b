"""Sequential runs against published bounds, and the e-process against Ville's inequality."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from gonogo.statistics.crossings import bound_above, chance_above, go_on, start_paths
from gonogo.statistics.e_processes import observe, start_e_process
from gonogo.statistics.sequential import (
    Spending,
    Step,
    design_run,
    evidence_z,
    expect,
    find_bounds,
    fixed_drift,
    follow_family,
    follow_run,
    spend_like_obrien_fleming,
    spend_like_pocock,
)

FIFTHS = (0.2, 0.4, 0.6, 0.8, 1.0)
TENTHS = tuple((k + 1) / 10 for k in range(10))


@pytest.mark.parametrize(
    ("spending", "published"),
    [
        (spend_like_obrien_fleming, (4.8769, 3.3569, 2.6803, 2.2898, 2.0310)),
        (spend_like_pocock, (2.4380, 2.4268, 2.4101, 2.3966, 2.3859)),
    ],
)
def test_bounds_of_lan_and_demets(spending: Spending, published: tuple[float, ...]) -> None:
    """Five looks, two-sided 0.05 (Reboussin, DeMets, Kim and Lan 2000, "ld98")."""
    design = design_run(rounds=5, alpha=0.025, spending=spending)
    uppers = [bound.upper for bound in find_bounds(FIFTHS, design)]
    assert uppers == pytest.approx(published, abs=5e-4)


@pytest.mark.parametrize(("looks", "constant"), [(2, 2.178), (3, 2.289), (5, 2.413), (10, 2.555)])
def test_constants_of_pocock(looks: int, constant: float) -> None:
    """Jennison and Turnbull 2000, table 2.1: two-sided 0.05."""
    paths, crossed = start_paths(), 0.0
    for look in range(1, looks + 1):
        fraction = look / looks
        crossed += 2 * chance_above(paths, constant, fraction=fraction)
        paths = go_on(paths, low=-constant, high=constant, fraction=fraction)
    assert crossed == pytest.approx(0.05, abs=1e-4)


@pytest.mark.parametrize(("looks", "constant"), [(2, 1.977), (5, 2.040), (10, 2.087)])
def test_constants_of_obrien_and_fleming(looks: int, constant: float) -> None:
    """Jennison and Turnbull 2000, table 2.3: two-sided 0.05."""
    paths, crossed = start_paths(), 0.0
    for look in range(1, looks + 1):
        fraction, bound = look / looks, constant * (looks / look) ** 0.5
        crossed += 2 * chance_above(paths, bound, fraction=fraction)
        paths = go_on(paths, low=-bound, high=bound, fraction=fraction)
    assert crossed == pytest.approx(0.05, abs=1e-4)


def test_one_round_is_the_fixed_run() -> None:
    design = design_run(rounds=1)
    assert design.drift == pytest.approx(fixed_drift(), abs=1e-6)
    (bound,) = find_bounds((1.0,), design)
    assert bound.upper == bound.lower == pytest.approx(stats.norm.ppf(0.95))


def test_peeking_without_bounds_costs_false_alarms() -> None:
    """Armitage, McPherson and Rowe 1969, table 2: 0.193 at ten looks of 0.05 two-sided."""
    paths, crossed = start_paths(), 0.0
    for fraction in TENTHS:
        crossed += 2 * chance_above(paths, 1.96, fraction=fraction)
        paths = go_on(paths, low=-1.96, high=1.96, fraction=fraction)
    assert crossed == pytest.approx(0.193, abs=1e-3)


def test_the_default_saves_what_its_docstring_says() -> None:
    design = design_run()
    fixed = (fixed_drift() / design.drift) ** 2
    savings = [
        1 - expect(TENTHS, design, drift=times * design.drift).fraction / fixed
        for times in (1, 2, 0)
    ]
    assert savings == pytest.approx([0.27, 0.61, 0.40], abs=0.01)
    assert expect(TENTHS, design, drift=design.drift).shown == pytest.approx(0.8, abs=1e-6)
    assert expect(TENTHS, design, drift=0.0).shown <= 0.05


@given(st.lists(st.floats(0.01, 0.99), max_size=8, unique=True))
@settings(max_examples=25, deadline=None)
def test_alpha_holds_for_any_rounds_with_the_lower_bound_ignored(rounds: list[float]) -> None:
    fractions = (*sorted({round(fraction, 2) for fraction in rounds}), 1.0)
    paths, crossed = start_paths(), 0.0
    for bound in find_bounds(fractions, design_run()):
        assert bound.lower <= bound.upper
        crossed += chance_above(paths, bound.upper, fraction=bound.fraction)
        paths = go_on(paths, low=-math.inf, high=bound.upper, fraction=bound.fraction)
    assert crossed == pytest.approx(0.05, abs=1e-5)


def test_rounds_to_come_do_not_change_the_bounds_so_far() -> None:
    design = design_run()
    assert find_bounds((0.1, 0.35), design) == find_bounds((0.1, 0.35, 0.5, 1.0), design)[:2]


def test_a_run_says_what_to_do() -> None:
    design = design_run()
    assert follow_run([], [], design) is Step.GO_ON
    assert follow_run([0.5], [0.2], design) is Step.GO_ON
    assert follow_run([0.5, 3.5], [0.2, 0.4], design) is Step.SHOWN
    assert follow_run([3.5, 0.0], [0.2, 0.4], design) is Step.SHOWN
    assert follow_run([0.5, -1.0], [0.2, 0.4], design) is Step.FUTILE
    assert follow_run([0.5, 1.0], [0.2, 1.0], design) is Step.ENDED
    assert follow_run([0.5, 2.5], [0.2, 1.0], design) is Step.SHOWN
    with pytest.raises(ValueError, match="must rise"):
        follow_run([0.0, 0.0], [0.5, 0.5], design)


def test_a_family_hands_on_the_level_of_what_is_shown() -> None:
    design = design_run()
    at_end = find_bounds((1.0,), design)[0].upper
    halved = find_bounds((1.0,), design_run(alpha=0.025))[0].upper
    between = (at_end + halved) / 2
    assert follow_family([[between], [0.0]], [1.0], design=design) == (Step.ENDED, Step.ENDED)
    assert follow_family([[between], [5.0]], [1.0], design=design) == (Step.SHOWN, Step.SHOWN)
    assert follow_family([[5.0]], [0.5], design=design) == (Step.SHOWN,)
    assert follow_family([], [0.5], design=design) == ()


def test_evidence_is_the_quantile_for_and_the_ratio_against() -> None:
    assert evidence_z(0.05, distance=0.1, standard_error=0.1) == pytest.approx(1.6449, abs=1e-4)
    assert evidence_z(1.0, distance=-0.2, standard_error=0.1) == -2
    assert evidence_z(1.0, distance=0.0, standard_error=0.0) == 0
    assert math.isfinite(evidence_z(0.0, distance=0.1, standard_error=0.1))


def test_bounds_solve_what_chances_say() -> None:
    paths = go_on(start_paths(0.7), low=-1.0, high=2.5, fraction=0.3)
    z = bound_above(paths, 0.02, fraction=0.6)
    assert chance_above(paths, z, fraction=0.6) == pytest.approx(0.02)
    assert paths.masses.sum() == pytest.approx(
        stats.norm.cdf(2.5 - 0.7 * 0.3**0.5) - stats.norm.cdf(-1.0 - 0.7 * 0.3**0.5)
    )


def test_no_bet_is_expected_to_win_under_the_claim() -> None:
    """Of a value that is 0 or 1, each bet's expected factor is 1 at the claimed mean."""
    process = start_e_process(0.3)
    after_0 = np.exp(observe(process, [0.0]).log_wealths)
    after_1 = np.exp(observe(process, [1.0]).log_wealths)
    assert 0.7 * after_0 + 0.3 * after_1 == pytest.approx(np.ones_like(after_0))


def test_the_wealth_of_two_bets_by_hand() -> None:
    """Two values 0 at level 0.5 double a bet of all: (1 + b)^2 averaged over the bets."""
    bets = np.geomspace(0.002, 0.9, 24)
    process = observe(start_e_process(0.5), [0.0, 0.0])
    assert process.p_value == pytest.approx(1 / ((1 + bets) ** 2).mean())


@given(st.lists(st.floats(0, 1), max_size=30), st.integers(0, 30))
def test_evidence_does_not_depend_on_how_often_one_looks(values: list[float], cut: int) -> None:
    at_once = observe(start_e_process(0.5), values)
    in_parts = observe(observe(start_e_process(0.5), values[:cut]), values[cut:])
    assert in_parts.best == pytest.approx(at_once.best)
    assert in_parts.seen == at_once.seen == len(values)
    assert 0 < at_once.p_value <= 1


def test_a_lasting_drop_is_found_and_none_is_not() -> None:
    generator = np.random.default_rng(4)
    steady = observe(start_e_process(0.8), generator.binomial(1, 0.8, 3000).astype(float))
    fallen = observe(start_e_process(0.8), generator.binomial(1, 0.72, 3000).astype(float))
    assert fallen.p_value < 1e-4
    assert steady.p_value > 0.05


def test_values_and_levels_out_of_range_are_refused() -> None:
    with pytest.raises(ValueError, match="must lie inside"):
        start_e_process(1.0)
    for stray in (1.2, float("nan")):
        with pytest.raises(ValueError, match="is not from"):
            observe(start_e_process(0.5), [0.1, stray])
