"""Runs in rounds: how cases are split, when a run stops, and what the rounds make of it."""

import random
from collections.abc import Callable, Sequence

import pytest
from builders import HEADER
from drawn_suites import drawn_case
from hypothesis import given
from hypothesis import strategies as st

from gonogo.baselines import baseline_of
from gonogo.cases import Case
from gonogo.comparison import Comparison, compare_results
from gonogo.comparison.rounds import Rounds
from gonogo.evaluation import CaseResult
from gonogo.sequential_runs import SequentialRun, split_rounds
from gonogo.settings import Policy, Settings
from gonogo.statistics.sequential import Step

POLICY = Policy(tolerance=0.0)
Drawing = Callable[[random.Random], float]


def passes(chance: float) -> Drawing:
    return lambda generator: float(generator.random() < chance)


def case_of(case_id: str, draw: Drawing, generator: random.Random, trials: int = 1) -> CaseResult:
    return drawn_case(case_id, [{"length": draw(generator)} for _ in range(trials)])


def run_rounds(
    before: Drawing,
    after: Drawing,
    *,
    cases: int = 60,
    trials: int = 1,
    policy: Policy = POLICY,
    seed: int = 1,
    by_hand_after: int | None = None,
) -> tuple[Comparison, Rounds]:
    """Ask a simulated suite in rounds, as long as it is not stopped."""
    generator = random.Random(seed)  # noqa: S311 - a simulation
    ids = [f"c{number:03}" for number in range(cases)]
    accepted = [case_of(id_, before, generator, trials) for id_ in ids]
    baseline, settings = baseline_of(accepted, HEADER), Settings(policy=policy)
    asked = [Case(id=id_, prompt="?") for id_ in ids]
    run = SequentialRun(asked, baseline, settings, trials=trials, seed=str(seed))
    results = []
    for id_ in [id_ for round_ in run.order for id_ in round_][:by_hand_after]:
        if run.why_not(id_):
            break
        results.append(case_of(id_, after, generator, trials))
        run.take(results[-1])
    compared = compare_results(baseline, results, baseline.cases, settings, replayed=False)
    return run.finish(compared)


def dropped(comparison: Comparison) -> list[str]:
    return [score.name for score in comparison.scores if score.has_dropped]


def cases_of(groups: Sequence[str | None]) -> list[Case]:
    return [Case(id=f"c{i}", prompt="?", group=group) for i, group in enumerate(groups)]


@given(
    st.lists(st.sampled_from([None, "a", "b", "c"]), min_size=1, max_size=40),
    st.integers(1, 12),
    st.text(max_size=5),
)
def test_every_case_is_in_one_round_and_groups_stay_together(
    groups: list[str | None], rounds: int, seed: str
) -> None:
    cases = cases_of(groups)
    split = split_rounds(cases, rounds=rounds, seed=seed)
    assert sorted(case.id for clusters in split for group in clusters for case in group) == sorted(
        case.id for case in cases
    )
    clusters = len({group for group in groups if group}) + groups.count(None)
    assert len(split) == min(rounds, clusters)
    assert all(split)
    for name in {group for group in groups if group}:
        assert sum(any(c.group == name for g in clusters for c in g) for clusters in split) == 1
    assert split == split_rounds(cases, rounds=rounds, seed=seed)


def test_another_seed_is_another_order() -> None:
    cases = cases_of([None] * 40)
    orders = {str(split_rounds(cases, rounds=4, seed=str(seed))) for seed in range(5)}
    assert len(orders) == 5


def test_a_clear_drop_stops_it_and_is_shown() -> None:
    comparison, rounds = run_rounds(passes(0.95), passes(0.2))
    assert dropped(comparison) == ["score", "length"]
    assert rounds.asked_cases < 40
    assert rounds.standing.stops.startswith("worse, shown of ")
    claim = comparison.scores[0].claim
    assert claim is not None
    assert (claim.is_shown, claim.p_adjusted) == (True, None)


def test_where_nothing_varies_it_stops_without_a_drop() -> None:
    comparison, rounds = run_rounds(passes(1.0), passes(1.0))
    assert dropped(comparison) == []
    assert rounds.asked_cases <= 36
    assert rounds.standing.stops == "to show that it is worse is hopeless"
    assert rounds.saved_calls == 60 - rounds.asked_cases


def test_stopped_by_hand_it_says_so() -> None:
    _, rounds = run_rounds(passes(0.9), passes(0.9), by_hand_after=9)
    assert rounds.is_stopped_by_hand
    assert rounds.asked_cases == 9
    assert [look.fraction for look in rounds.looks] == [0.1, pytest.approx(7 / 60)]
    assert "9 of 60 cases asked in 2 rounds: stopped by hand" in str(rounds)


def test_what_was_shown_before_it_was_stopped_by_hand_stays_shown() -> None:
    comparison, rounds = run_rounds(passes(1.0), passes(0.0), by_hand_after=16)
    assert dropped(comparison)
    assert not rounds.is_stopped_by_hand


def test_nothing_asked_is_no_error() -> None:
    comparison, rounds = run_rounds(passes(0.9), passes(0.9), by_hand_after=0)
    assert comparison.scores == ()
    assert (rounds.looks, rounds.spent_calls, rounds.is_stopped_by_hand) == ((), 0, True)


def test_intervals_are_wider_than_those_of_a_fixed_run() -> None:
    comparison, _ = run_rounds(passes(0.9), passes(0.5), seed=3)
    score = comparison.scores[0]
    assert score.drawn is not None
    seen = score.drawn.difference
    assert hasattr(seen, "low")
    assert seen.low < seen.estimate - 2.2 * seen.standard_error


def test_a_break_in_every_trial_stops_it() -> None:
    """One case of forty breaks in all of its ten trials: no mean would show it."""
    ids = [f"c{number:03}" for number in range(40)]
    good = [drawn_case(id_, [{"length": 1.0}] * 10) for id_ in ids]
    baseline, settings = baseline_of(good, HEADER), Settings(policy=POLICY)
    cases = [Case(id=id_, prompt="?") for id_ in ids]
    run = SequentialRun(cases, baseline, settings, trials=10, seed="x")
    broken = run.order[1][0]
    for id_ in [id_ for round_ in run.order for id_ in round_]:
        if run.why_not(id_):
            break
        run.take(drawn_case(id_, [{"length": 0.0 if id_ == broken else 1.0}] * 10))
    assert run.why_not(run.order[-1][0]) == "cases broke in every trial"
    results = [drawn_case(broken, [{"length": 0.0}] * 10)]
    comparison, rounds = run.finish(
        compare_results(baseline, results, baseline.cases, settings, replayed=False)
    )
    assert comparison.breaks is not None
    assert comparison.breaks.shown == (broken,)
    assert rounds.asked_cases == 8


def test_non_inferiority_is_excluded_in_rounds() -> None:
    policy = Policy(tolerance=0.0, test="non-inferiority", margin=0.2)
    comparison, rounds = run_rounds(passes(1.0), passes(1.0), cases=120, policy=policy)
    assert [score.drawn.is_excluded for score in comparison.scores if score.drawn] == [True, True]
    assert set(rounds.standing.exclusions.values()) == {Step.SHOWN}
    assert rounds.asked_cases < 120


def test_false_alarms_stay_rare_though_it_looks_ten_times() -> None:
    alarms = sum(
        bool(dropped(run_rounds(passes(0.8), passes(0.8), cases=40, seed=seed)[0]))
        for seed in range(120)
    )
    assert alarms <= 12  # 5 % of 120 are 6; more than 12 has a chance of 0.6 %
