"""The plan before a run: what it could show, by a baseline's own variance."""

import json
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import msgspec
import numpy as np
import pytest
import typer
from builders import HEADER
from scipy import stats
from typer.testing import CliRunner

from gonogo.baselines import Baseline, BaselineCase
from gonogo.cli.exits import reported_errors
from gonogo.cli.planning import show_plan
from gonogo.json_lines import encode_line
from gonogo.planning import Plan, ScorePlan, plan_suite
from gonogo.reports.planning import describe_plan, render_plan, render_plan_json
from gonogo.settings import Policy, Rises, Settings
from gonogo.statistics.differences import Difference
from gonogo.statistics.paired_scores import compare_scores
from gonogo.statistics.sequential import design_run, expect, find_bounds
from gonogo.statistics.stopping import expect_family, watch_run

ALONE = Policy(tolerance=0.0, rises=Rises(cost_usd=None))
"""One score makes one claim, so the level of a claim is that of the family."""


def case(
    name: str,
    *values: float,
    group: str | None = None,
    passed: Sequence[bool] = (),
    cost: float | None = None,
    **scores: tuple[float, ...],
) -> BaselineCase:
    return BaselineCase(
        case=name,
        digest="d",
        domain="code_generation",
        scores={"score": values, **scores} if values else scores,
        group=group,
        passed=tuple(passed),
        cost_usd=() if cost is None else (cost,) * max(1, len(values)),
    )


def baseline(*cases: BaselineCase) -> Baseline:
    return Baseline(header=HEADER, cases={one.case: one for one in cases})


def drawn(cases: int, trials: int, *, seed: int = 1) -> Baseline:
    """Pass-or-fail trials of cases that pass 8 times in 10, each at its own rate."""
    generator = np.random.default_rng(seed)
    rates = generator.beta(4, 1, cases)
    values = (generator.random((cases, trials)) < rates[:, None]).astype(float)
    return baseline(*(case(f"c{i:03}", *row) for i, row in enumerate(values.tolist())))


def weighted(plan: Plan) -> ScorePlan:
    assert plan.scores[0].name == "score"
    return plan.scores[0]


def drops(score: ScorePlan, *, even: bool = False) -> list[float]:
    found = [s.smallest_even_drop if even else s.smallest_drop for s in score.sizings]
    assert None not in found
    return [drop for drop in found if drop is not None]


def test_more_trials_show_smaller_drops_and_need_fewer_cases() -> None:
    score = weighted(plan_suite(drawn(60, 3), ALONE))
    for found in (drops(score), drops(score, even=True)):
        assert found == sorted(found, reverse=True)
        assert len(set(found)) == 5
    needed = [sizing.cases or 0 for sizing in score.sizings]
    assert needed == sorted(needed, reverse=True)
    even = drops(score, even=True)
    assert even[0] == pytest.approx(drops(score)[0])  # a single trial fails or not
    assert all(now < broken for now, broken in zip(even[1:], drops(score)[1:], strict=True))


def test_more_cases_show_smaller_drops() -> None:
    few = drawn(40, 3)
    many = baseline(
        *few.cases.values(),
        *(msgspec.structs.replace(one, case=f"{one.case}-again") for one in few.cases.values()),
    )
    narrow, wide = weighted(plan_suite(many, ALONE)), weighted(plan_suite(few, ALONE))
    assert narrow.noise.variance == pytest.approx(wide.noise.variance)
    assert all(now < before for now, before in zip(drops(narrow), drops(wide), strict=True))


def test_so_many_cases_as_are_needed_show_the_drop() -> None:
    suite = drawn(60, 3)
    score = weighted(plan_suite(suite, ALONE, trials=(3,)))
    (smallest,) = drops(score)
    again = weighted(plan_suite(suite, ALONE, trials=(3,), drop=smallest + 1e-9))
    assert again.sizings[0].cases == 60
    assert again.trials_needed == 3
    assert again.drop == pytest.approx(smallest)


def test_the_drop_of_the_plan_is_shown_as_often_as_it_says() -> None:
    """One in so many cases breaks wholly, the others are asked again: meant 80 %."""
    generator = np.random.default_rng(20260402)
    rates = generator.beta(4, 1, 80)

    def ask(chances: np.ndarray) -> list[list[float]]:
        trials = generator.random((80, 3)) < chances[:, None]
        return [[float(value) for value in row] for row in trials]

    pilot = ask(rates)
    accepted = baseline(*(case(f"c{i}", *row) for i, row in enumerate(pilot)))
    (smallest,) = drops(weighted(plan_suite(accepted, ALONE, trials=(3,))))
    shown = 0
    for _ in range(250):
        broken = generator.random(80) < smallest / rates.mean()
        result = compare_scores(ask(rates), ask(np.where(broken, 0.0, rates)))
        assert isinstance(result, Difference)
        shown += result.p_drop <= 0.05
    # 80 % less three Monte Carlo errors; more where a drop brings less noise than it may.
    assert 0.72 <= shown / 250 <= 0.97


def test_a_group_counts_as_one_cluster() -> None:
    alone = drawn(60, 3)
    grouped = baseline(
        *(
            msgspec.structs.replace(one, group=f"g{place // 3}")
            for place, one in enumerate(alone.cases.values())
        )
    )
    apart, together = weighted(plan_suite(alone, ALONE)), weighted(plan_suite(grouped, ALONE))
    assert (together.cases, together.clusters) == (60, 20)
    assert all(now > before for now, before in zip(drops(together), drops(apart), strict=True))
    assert "60 cases in 20 clusters, 1 trial each" in describe_plan(plan_suite(grouped, ALONE))[0]


def test_one_large_group_is_worth_little() -> None:
    cases = list(drawn(60, 3).cases.values())
    lopsided = [
        msgspec.structs.replace(one, group="big" if place < 40 else None)
        for place, one in enumerate(cases)
    ]
    score = weighted(plan_suite(baseline(*lopsided), ALONE))
    assert score.clusters == 21
    few = weighted(plan_suite(baseline(*cases[:21]), ALONE))
    assert score.sizings[0].smallest_drop is None or drops(score)[0] > drops(few)[0]


def test_every_claim_takes_its_share_of_the_error() -> None:
    def two_scores(one: BaselineCase) -> BaselineCase:
        scores = {"score": one.scores["score"], "pii": (1.0,)}
        return msgspec.structs.replace(one, scores=scores, cost_usd=(0.01,), passed=(True,))

    cases = drawn(60, 1).cases.values()
    policy = Policy(tolerance=0.0, rises=Rises(latency_seconds=0.2))
    plan = plan_suite(baseline(*map(two_scores, cases)), policy)
    # Two scores, the cost, hard breaks; latency is limited, but nobody recorded it.
    assert plan.claims == 4
    assert plan.levels.alpha == pytest.approx(0.05 / 4)
    single = plan_suite(baseline(*cases), ALONE)
    assert single.claims == 1
    assert drops(weighted(plan))[0] > drops(weighted(single))[0]
    assert [score.name for score in plan.scores] == ["score", "pii"]


def test_single_trials_leave_the_noise_unknown() -> None:
    plan = plan_suite(drawn(60, 1), ALONE)
    assert weighted(plan).noise.is_bound
    assert any("--gonogo-trials 3" in sentence for sentence in describe_plan(plan))
    assert "<= 0." in render_plan(plan)
    known = plan_suite(drawn(60, 2), ALONE)
    assert not weighted(known).noise.is_bound
    assert not any("is not known" in sentence for sentence in describe_plan(known))
    assert "<=" not in render_plan(known)


def test_partial_falls_are_seen_better_than_failures() -> None:
    partial = baseline(*(case(f"c{i}", 0.9 if i % 10 == 0 else 1.0) for i in range(50)))
    whole = baseline(*(case(f"c{i}", 0.0 if i % 10 == 0 else 1.0) for i in range(50)))
    shallow, deep = weighted(plan_suite(partial, ALONE)), weighted(plan_suite(whole, ALONE))
    assert shallow.depth == pytest.approx(0.1)
    assert deep.depth == 1
    assert drops(shallow, even=True)[0] < drops(deep, even=True)[0] / 2


def test_cases_that_never_varied_still_need_many_to_break() -> None:
    score = weighted(plan_suite(baseline(*(case(f"c{i}", 1.0) for i in range(30))), ALONE))
    assert score.noise.variance == 0
    # Five signs alike have a chance of 1 in 32: so many of the 30 cases must break.
    assert stats.binom.sf(4, 30, drops(score)[0]) == pytest.approx(0.8)


@pytest.mark.parametrize("count", [1, 4])
def test_too_few_cases_show_nothing_and_say_how_many_would(count: int) -> None:
    plan = plan_suite(baseline(*(case(f"c{i}", 1.0, 0.0) for i in range(count))), ALONE)
    score = weighted(plan)
    assert [sizing.smallest_drop for sizing in score.sizings] == [None] * 5
    assert [sizing.smallest_even_drop for sizing in score.sizings] == [None] * 5
    assert score.trials_needed is score.trials_needed_even is None
    assert all(sizing.cases is not None and sizing.cases >= 5 for sizing in score.sizings)
    said = describe_plan(plan)[0]
    assert "no drop of the weighted score would be shown 8 times in 10" in said
    assert f"; one of 0.050 takes {score.sizings[0].cases} cases" in said


def test_an_empty_baseline_plans_nothing_and_says_so() -> None:
    for empty in (baseline(), baseline(case("c"))):
        plan = plan_suite(empty, Policy())
        assert plan.scores == ()
        assert plan.sequential is None
        assert describe_plan(plan) == (
            "s: the baseline holds no scores, so nothing can be planned from it.",
        )
        assert json.loads(render_plan_json(plan))["scores"] == []
        assert render_plan(plan).count("\n") == 1


def test_a_drop_within_the_tolerance_is_never_shown() -> None:
    plan = plan_suite(drawn(60, 3), Policy(tolerance=0.1), drop=0.1)
    score = weighted(plan)
    assert "The drop that is planned for lies within the tolerance of score." in describe_plan(plan)
    assert {sizing.cases for sizing in score.sizings} == {None}
    assert score.trials_needed is None


def test_to_exclude_a_margin_takes_the_rule_of_three_at_least() -> None:
    quiet = baseline(*(case(f"c{i}", 1.0) for i in range(30)))
    policy = Policy(test="non-inferiority", margin=0.05, rises=Rises(cost_usd=None))
    plan = plan_suite(quiet, policy)
    score = weighted(plan)
    assert score.bound == 0.05
    assert {sizing.cases_to_exclude for sizing in score.sizings} == {59}
    assert any("takes 59 cases of 1 trial; there are 30" in said for said in describe_plan(plan))
    noisy = weighted(plan_suite(drawn(60, 3), policy))
    needed = [sizing.cases_to_exclude or 0 for sizing in noisy.sizings]
    assert needed == sorted(needed, reverse=True)
    assert needed[-1] > 59
    assert {s.cases_to_exclude for s in weighted(plan_suite(quiet, Policy())).sizings} == {None}


def breakable(trials: int, *, count: int = 55) -> Baseline:
    return baseline(*(case(f"c{i}", 1.0, passed=(True,) * trials) for i in range(count)))


def test_a_single_break_is_never_shown_with_a_baseline_of_one_trial() -> None:
    plan = plan_suite(breakable(1), ALONE)
    assert (plan.breaks.could, plan.breaks.tests, plan.breaks.trials_before) == (55, 110, 1)
    assert plan.breaks.trials_needed is None
    # 1 / C(14, 7) = 1 / 3432 <= 0.05 / 110 < 1 / C(12, 6) = 1 / 924
    assert plan.breaks.trials_needed_both == 7
    assert any(
        "is never shown with a baseline of 1 trial: record the baseline with 7 trials"
        " (--gonogo-trials 7) and ask as many." in sentence
        for sentence in describe_plan(plan)
    )


def test_a_baseline_of_more_trials_makes_a_single_break_visible() -> None:
    plan = plan_suite(breakable(3), ALONE)
    # 1 / C(3 + n, 3) <= 0.05 / 110 from n = 22 on
    assert plan.breaks.trials_needed == 22
    said = next(said for said in describe_plan(plan) if "breaks (" in said)
    assert "is shown with 22 trials of it now, the baseline having 3 trials; or record" in said
    enough = plan_suite(breakable(7), ALONE)
    assert enough.breaks.trials_needed == enough.breaks.trials_needed_both == 7
    assert any("is shown with 7 trials of it now." in said for said in describe_plan(enough))


def test_what_cannot_break_or_is_not_known_to_is_said() -> None:
    failing = baseline(*(case(f"c{i}", 0.5, passed=(True, False)) for i in range(9)))
    assert "No case passes in every trial, so none can break." in describe_plan(
        plan_suite(failing, ALONE)
    )
    unknown = plan_suite(drawn(9, 2), ALONE)
    assert unknown.breaks.unknown == 9
    assert any("does not say which trials passed" in said for said in describe_plan(unknown))


def test_the_cost_is_that_of_the_baseline_times_the_trials() -> None:
    costs = (0.01, 0.03, None)
    suite = baseline(*(case(f"c{i}", 1.0, cost=cost) for i, cost in enumerate(costs)))
    plan = plan_suite(suite, Policy(), trials=(1, 5))
    assert [asking.asked for asking in plan.askings] == [3, 15]
    assert [asking.cost_usd for asking in plan.askings] == [Decimal("0.06"), Decimal("0.30")]
    assert any(
        "0.06 USD for 1 trial, 0.30 USD for 5 trials" in said for said in describe_plan(plan)
    )
    free = plan_suite(drawn(9, 1), ALONE)
    assert {asking.cost_usd for asking in free.askings} == {None}
    assert not any("cost" in said for said in describe_plan(free))


FRACTIONS = tuple((place + 1) / 10 for place in range(10))


@pytest.mark.parametrize("times", [0.0, 1.0, 2.0])
def test_one_score_is_asked_as_the_sequential_design_expects(times: float) -> None:
    design = design_run()
    drift = times * design.drift
    one = expect_family(FRACTIONS, design, scores=1, drift=drift)
    assert one == pytest.approx(expect(FRACTIONS, design, drift=drift).fraction, abs=1e-6)
    more = [expect_family(FRACTIONS, design, scores=m, drift=drift) for m in (1, 3, 10)]
    assert more == sorted(more)
    assert more[-1] <= 1


def test_a_family_of_scores_is_asked_as_often_as_random_paths_are() -> None:
    design = design_run(alpha=0.05 / 3)
    generator = np.random.default_rng(20260403)
    steps = generator.normal(0, 0.1**0.5, (4000, 3, 10))
    steps[:, 0, :] += design.drift / 10
    z_values = steps.cumsum(axis=2) / np.sqrt(FRACTIONS)
    bounds = find_bounds(FRACTIONS, design)
    shown = np.maximum.accumulate(z_values >= [bound.upper for bound in bounds], axis=2)
    futile = np.maximum.accumulate(z_values <= [bound.lower for bound in bounds], axis=2) & ~shown
    over = shown[:, 0] | (futile | shown).all(axis=1)
    asked = (over.argmax(axis=1) + 1) / 10
    planned = expect_family(FRACTIONS, design, scores=3, drift=design.drift)
    assert planned == pytest.approx(float(asked.mean()), abs=0.02)


def test_a_run_ends_with_its_last_round() -> None:
    moments = watch_run(FRACTIONS, design_run(), drift=0.0)
    assert moments[-1].running == 0
    running = [moment.running for moment in moments]
    assert running == sorted(running, reverse=True)


def test_stopping_early_is_part_of_the_plan() -> None:
    plan = plan_suite(drawn(60, 2), ALONE)
    assert plan.sequential is not None
    assert 0.4 < plan.sequential.share_unchanged < 0.6
    assert 0.5 < plan.sequential.share_at_drop < 0.8
    assert 1 < plan.sequential.drop_ratio < 1.2
    assert "--gonogo-stop-early" in describe_plan(plan)[-1]


def test_the_first_sentence_is_plain() -> None:
    plan = plan_suite(drawn(55, 3), Policy(power=0.85), trials=(2,))
    (smallest,) = drops(weighted(plan))
    assert describe_plan(plan)[0].startswith(
        f"s: 55 cases, 2 trials each: a drop of the weighted score of {smallest:.3f} or more"
        " would be shown in 85 % of runs ("
    )
    assert render_plan(plan).splitlines()[0] == describe_plan(plan)[0]


def test_names_from_a_file_move_no_cursor() -> None:
    hostile = baseline(*(case(f"c{i}", **{"a\x1b[31mb": (1.0,)}) for i in range(9)))
    assert "\x1b" not in render_plan(plan_suite(hostile, Policy()))


def write(path: Path, suite: Baseline) -> Path:
    path.write_bytes(
        b"".join(encode_line(record) for record in (suite.header, *suite.cases.values()))
    )
    return path


app = typer.Typer()


@app.command()
def compare(
    path: Path,
    trials: Annotated[list[int] | None, typer.Option()] = None,
    drop: Annotated[float | None, typer.Option()] = None,
    format: str = "table",  # noqa: A002 - the option's name
) -> None:
    with reported_errors():
        show_plan(path, Settings(), trials=tuple(trials or ()), drop=drop, format=format)


def test_the_command_line_prints_the_plan(tmp_path: Path) -> None:
    path = write(tmp_path / "s.jsonl", drawn(30, 2))
    shown = CliRunner().invoke(app, [str(path), "--trials", "4", "--drop", "0.2"])
    assert shown.exit_code == 0, shown.output
    assert shown.stdout.startswith("s: 30 cases, 4 trials each: a drop of the weighted score of")
    assert "smallest drop shown" in shown.stdout
    printed = CliRunner().invoke(app, [str(path), "--format", "json", "--drop", "0.2"])
    document = json.loads(printed.stdout)
    assert document["schema"] == 1
    assert [sizing["trials"] for sizing in document["scores"][0]["by_trials"]] == [1, 2, 3, 5, 8]
    assert document["scores"][0]["drop"] == 0.2
    assert document["breaks"]["unknown"] == 30
    assert document["runs"][1]["asked"] == 60


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--trials", "0"], "--trials 0: give a number from 1 to 1000"),
        (["--drop", "1.5"], "--drop 1.5: give a drop above 0, at most 1"),
        (["--drop", "nan"], "--drop nan: give a drop above 0, at most 1"),
        (["--format", "xml"], "--format 'xml': a plan is printed as table or json"),
    ],
)
def test_a_plan_that_cannot_be_asked_for_is_refused(
    tmp_path: Path, arguments: list[str], message: str
) -> None:
    result = CliRunner().invoke(app, [str(write(tmp_path / "s.jsonl", drawn(9, 1))), *arguments])
    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stdout == ""


def test_what_is_no_baseline_is_refused(tmp_path: Path) -> None:
    (tmp_path / "cards.jsonl").write_text('{"id": "a", "domain": "x", "verdicts": {}}\n')
    for name, message in (("cards.jsonl", "is no baseline"), ("none.jsonl", "cannot be read")):
        result = CliRunner().invoke(app, [str(tmp_path / name)])
        assert result.exit_code == 2
        assert message in result.stderr
