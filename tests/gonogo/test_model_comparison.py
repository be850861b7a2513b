"""Routing evidence: `gonogo compare --models A,B`. All answers here are synthetic."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gonogo.errors import BadSettingsError, ModelNotFoundError
from gonogo.model_comparison import (
    AnswerPool,
    CaseKey,
    DomainResult,
    LeftOut,
    ModelAnswers,
    ModelComparison,
    RoutingVerdict,
    Source,
    compare_models,
)
from gonogo.model_comparison.names import find_model
from gonogo.settings import Policy
from gonogo.statistics.differences import Difference, Untestable
from gonogo.statistics.ratios import Ratio
from gonogo.statistics.repeated_trials import Unreachable

A, B = "claude-sonnet-5-5", "claude-haiku-5-5-20260101"


def answers(model: str, case: str, *scores: float, domain: str = "d", **extra: Any) -> ModelAnswers:
    return ModelAnswers(
        model=model,
        case=CaseKey(domain, Source.SUITE, case),
        trials=len(scores),
        scores={"score": scores, "length": scores} if scores else {},
        **extra,
    )


def both(case: str, before: float, after: float, **extra: Any) -> list[ModelAnswers]:
    return [answers(A, case, before, **extra), answers(B, case, after, **extra)]


def many(count: int, before: float, after: float, **extra: Any) -> list[ModelAnswers]:
    return [side for i in range(count) for side in both(f"c{i:03}", before, after, **extra)]


def compared(
    found: Iterable[ModelAnswers | LeftOut],
    *,
    models: tuple[str, str] = (A, "claude-haiku-5-5"),
    policy: Policy = Policy(),  # noqa: B008 - frozen
    margin: float | None = None,
) -> ModelComparison:
    pool = AnswerPool(*models)
    for each in found:
        pool.add(each)
    return compare_models(pool.pairs(), policy, margin=margin)


def only(comparison: ModelComparison) -> DomainResult:
    (domain,) = comparison.domains
    return domain


def difference_of(domain: DomainResult) -> Difference:
    assert isinstance(domain.weighted.difference, Difference)
    return domain.weighted.difference


FOUND = {
    "claude-haiku-5-5-20260101",
    "claude-opus-4-1",
    "claude-opus-4-5",
    "claude-opus-4-5-20260201",
    "claude-sonnet-5-5",
    "us.anthropic.claude-nova-1-20250101-v1:0",
}


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ("claude-sonnet-5-5", ("claude-sonnet-5-5",)),
        ("claude-sonnet-5-5-latest", ("claude-sonnet-5-5",)),
        ("claude-haiku-5-5", ("claude-haiku-5-5-20260101",)),
        ("claude-haiku", ("claude-haiku-5-5-20260101",)),
        ("haiku", ("claude-haiku-5-5-20260101",)),
        ("claude-opus-4-5", ("claude-opus-4-5", "claude-opus-4-5-20260201")),
        ("claude-opus-4-5-20260201", ("claude-opus-4-5-20260201",)),
        ("claude-nova-1", ("us.anthropic.claude-nova-1-20250101-v1:0",)),
    ],
)
def test_a_model_is_found_by_its_name_or_an_unambiguous_part(
    asked: str, names: tuple[str, ...]
) -> None:
    assert find_model(asked, FOUND) == names


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (
            "claude-opus-4",
            "may be claude-opus-4-1, claude-opus-4-5, claude-opus-4-5-20260201: give",
        ),
        ("claude", "may be claude-haiku"),
        ("gpt", "no answer is by model 'gpt'; there are: claude-haiku-5-5-20260101, claude-opus"),
        ("-latest", "is blank"),
    ],
)
def test_a_model_that_is_not_found_is_an_error_that_lists_those_that_are(
    asked: str, said: str
) -> None:
    with pytest.raises(ModelNotFoundError, match=said):
        find_model(asked, FOUND)


def test_two_snapshots_of_an_alias_are_two_models() -> None:
    dated = {"claude-opus-4-5-20260201", "claude-opus-4-5-20260601"}
    with pytest.raises(ModelNotFoundError, match="give the whole name of one"):
        find_model("claude-opus-4-5", dated)
    assert find_model("claude-opus-4-5", dated | {"claude-opus-4-5"}) == ("claude-opus-4-5",)


def test_both_names_of_one_model_are_refused() -> None:
    with pytest.raises(ModelNotFoundError, match="are both claude-haiku-5-5-20260101"):
        compared(both("a", 1.0, 1.0), models=("haiku", "claude-haiku"))


def test_a_missing_side_is_an_error() -> None:
    with pytest.raises(ModelNotFoundError, match=f"'claude-haiku-5-5'; there are: {A}$"):
        compared([answers(A, "a", 1.0)])


def test_sixty_equal_cases_exclude_a_drop_of_five_percent() -> None:
    domain = only(compared(many(60, 0.9, 0.9)))
    assert domain.p_kept == pytest.approx(0.95**60)
    assert domain.verdict is RoutingVerdict.NON_INFERIOR
    assert domain.needed is None


def test_fifty_eight_do_not_and_say_how_many_would() -> None:
    domain = only(compared(many(58, 0.9, 0.9)))
    assert domain.p_kept == pytest.approx(0.95**58)
    assert domain.verdict is RoutingVerdict.UNDECIDED
    assert isinstance(domain.needed, int)
    assert domain.needed >= 59
    decided = only(compared(many(domain.needed, 0.9, 0.9)))
    assert decided.verdict is RoutingVerdict.NON_INFERIOR


def test_the_margin_can_be_given() -> None:
    comparison = compared(many(30, 0.9, 0.9), margin=0.1)
    assert comparison.margin == 0.1
    assert comparison.verdict is RoutingVerdict.NON_INFERIOR
    policy = Policy(margins={"score": 0.2})
    assert compared(many(30, 0.9, 0.9), policy=policy).margin == 0.2
    for margin in (0.0, 1.0, -0.1):
        with pytest.raises(BadSettingsError, match="above 0 and below 1"):
            compared(many(3, 1.0, 1.0), margin=margin)


def test_both_claims_are_adjusted_over_the_domains() -> None:
    one = many(60, 0.9, 0.9, domain="one")
    two = many(60, 0.9, 0.9, domain="two")
    comparison = compared([*one, *two])
    for domain in comparison.domains:
        assert domain.p_kept == pytest.approx(2 * 0.95**60)
        assert domain.verdict is RoutingVerdict.UNDECIDED
    worse = compared([*one, *many(12, 1.0, 0.5, domain="two")])
    assert [d.verdict for d in worse.domains] == [
        RoutingVerdict.UNDECIDED,
        RoutingVerdict.INFERIOR,
    ]
    assert worse.verdict is RoutingVerdict.INFERIOR
    assert worse.domains[1].p_drop == pytest.approx(2 * 0.5 * 0.5**12, rel=1.01)


def test_a_domain_without_a_common_case_is_too_few_and_not_a_test() -> None:
    found = [*many(60, 0.9, 0.9), answers(A, "x", 1.0, domain="other")]
    comparison = compared(found)
    good, other = comparison.domains
    assert good.verdict is RoutingVerdict.NON_INFERIOR
    assert other.verdict is RoutingVerdict.TOO_FEW
    assert other.pairs.alone == (1, 0)
    assert isinstance(other.needed, int)
    assert comparison.verdict is RoutingVerdict.UNDECIDED


def test_a_drop_beyond_the_margin_is_inferior_and_its_cases_are_named() -> None:
    found = many(20, 0.9, 0.8) + both("worst", 1.0, 0.1, exchange="ex_9")
    domain = only(compared(found))
    assert domain.verdict is RoutingVerdict.INFERIOR
    assert domain.needed is None
    first, second = domain.worst[:2]
    assert (first.case, first.exchange) == ("worst", "ex_9")
    assert first.difference == pytest.approx(-0.9)
    assert second.case == "c000"
    assert len(domain.worst) == 5


def test_a_drop_short_of_what_can_be_shown_says_how_many_cases_would_show_it() -> None:
    found = [pair for i in range(4) for pair in both(f"c{i}", 1.0, 0.8 + i / 100)]
    domain = only(compared(found))
    assert domain.verdict is RoutingVerdict.UNDECIDED
    assert domain.needed == 5
    at_the_margin = only(compared(many(4, 1.0, 0.95)))
    assert isinstance(at_the_margin.needed, Unreachable)


def test_groups_are_clusters_whichever_side_names_them() -> None:
    found = [
        side
        for i in range(60)
        for side in (
            answers(A, f"c{i}", 0.9, group=None if i % 2 else f"g{i // 6}"),
            answers(B, f"c{i}", 0.9, group=f"g{i // 6}"),
        )
    ]
    domain = only(compared(found))
    assert difference_of(domain).clusters == 10
    assert domain.verdict is RoutingVerdict.UNDECIDED
    assert domain.needed is not None
    one = only(compared(many(60, 0.9, 0.9, group="g")))
    assert one.verdict is RoutingVerdict.TOO_FEW
    assert isinstance(one.weighted.difference, Untestable)


def test_failed_calls_never_enter_and_too_many_leave_it_undecided() -> None:
    found: list[ModelAnswers] = many(60, 0.9, 0.9)
    few = only(compared([*found, answers("claude-haiku-5-5", "c000", failed=3)]))
    assert few.pairs.failed == (0, 3)
    assert few.pairs.calls == (60, 63)
    assert few.verdict is RoutingVerdict.NON_INFERIOR
    lots = only(compared([*found, answers(B, "c000", failed=4)]))
    assert lots.verdict is RoutingVerdict.UNDECIDED
    assert lots.doubts == (f"4 of 64 calls of {B} failed (at most 5% may)",)
    assert lots.needed is None


def test_a_broken_checker_and_answers_without_a_score_leave_it_undecided() -> None:
    broken = [*many(60, 0.9, 0.9), replace(answers(B, "c000", 0.9), broken=1)]
    assert only(compared(broken)).verdict is RoutingVerdict.UNDECIDED
    silent = [*many(60, 0.9, 0.9), answers(A, "x", 0.9), replace(answers(B, "x"), trials=1)]
    domain = only(compared(silent))
    assert domain.doubts == (f"nothing could be scored of {B} in 1 case",)
    assert domain.verdict is RoutingVerdict.UNDECIDED
    worse = [*many(20, 0.9, 0.5), replace(answers(B, "c000", 0.5), broken=1)]
    assert only(compared(worse)).verdict is RoutingVerdict.INFERIOR


def test_cost_and_latency_are_ratios_case_by_case() -> None:
    found = []
    for i in range(1, 25):
        cost = Decimal(i) / 1000
        found += [
            answers(A, f"c{i}", 1.0, costs_usd=(cost,), latencies_seconds=(2.0 * i,)),
            answers(B, f"c{i}", 1.0, costs_usd=(cost / 4,), latencies_seconds=(1.0 * i,)),
        ]
    found += [answers(A, "free", 1.0, costs_usd=(Decimal(0),)), answers(B, "free", 1.0)]
    domain = only(compared(found))
    cost, latency = domain.cost.ratio, domain.latency.ratio
    assert isinstance(cost, Ratio)
    assert isinstance(latency, Ratio)
    assert (cost.estimate, cost.total, cost.cases) == (
        pytest.approx(0.25),
        pytest.approx(0.25),
        24,
    )
    assert domain.cost.before == Decimal("0.0125")
    assert domain.cost.after == Decimal("0.003125")
    assert latency.estimate == pytest.approx(0.5)
    assert domain.latency.p50 is not None
    assert domain.latency.p95 is not None
    assert domain.latency.p50.estimate == pytest.approx(0.5)
    assert domain.latency.p95.before == 46.0
    assert domain.latency.resampled == 24


def test_percentiles_of_few_values_are_not_given() -> None:
    def latency(count: int) -> DomainResult:
        return only(compared(many(count, 1.0, 1.0, latencies_seconds=(1.5,))))

    assert latency(5).latency.p50 is None
    assert latency(6).latency.p50 is not None
    assert latency(19).latency.p95 is None
    assert latency(20).latency.p95 is not None


def test_percentiles_of_very_many_values_are_taken_from_evenly_spaced_cases() -> None:
    domain = only(compared(many(100, 1.0, 1.0, latencies_seconds=(1.5,) * 50)))
    assert domain.latency.resampled == 20
    assert domain.latency.p95 is not None


def test_single_scores_passes_and_new_severe_findings_are_listed_without_a_decision() -> None:
    found = [
        *many(60, 0.9, 0.9, passed=(True,)),
        answers(A, "x", 1.0, passed=(True,), severe={"pii PII003": 1}),
        answers(B, "x", 1.0, passed=(False,), severe={"pii PII003": 2, "code_security B602": 1}),
    ]
    domain = only(compared(found))
    assert domain.verdict is RoutingVerdict.NON_INFERIOR
    assert [score.name for score in domain.scores] == ["length"]
    assert domain.passed.before == 1.0
    assert domain.passed.after == pytest.approx(60 / 61)
    assert domain.pairs.new_severe == ({}, {"code_security B602": 1, "pii PII003": 1})


def test_cases_of_which_not_the_same_was_asked_are_left_out() -> None:
    found = [
        *many(3, 1.0, 1.0, digest="same"),
        answers(A, "changed", 1.0, digest="old"),
        answers(B, "changed", 0.0, digest="new"),
        answers(A, "unknown", 1.0, digest="old"),
        answers(B, "unknown", 1.0),
    ]
    domain = only(compared(found))
    assert domain.pairs.changed == 1
    assert "changed" not in domain.pairs.cases
    assert "unknown" in domain.pairs.cases


def test_the_same_answers_again_count_once() -> None:
    first = [replace(side, identity="x") for side in both("a", 1.0, 0.5)]
    comparison = compared([*first, *first, *both("b", 1.0, 1.0)])
    assert comparison.pairs.repeated == 2
    assert only(comparison).pairs.trials == (2, 2)


def test_answers_of_several_models_together_or_of_none_are_counted_apart() -> None:
    found = [
        *both("a", 1.0, 1.0),
        LeftOut(frozenset()),
        LeftOut(frozenset({A, B})),
        LeftOut(frozenset({"x", "y"})),
        LeftOut(frozenset({"x"})),
    ]
    comparison = compared(found)
    assert (comparison.pairs.several, comparison.pairs.unnamed) == (1, 1)


SCORES = st.sampled_from([0.0, 0.25, 0.5, 0.9, 1.0])
CASES = st.lists(
    st.tuples(
        st.lists(SCORES, min_size=1, max_size=3),
        st.lists(SCORES, min_size=1, max_size=3),
        st.sampled_from(["one", "two"]),
        st.sampled_from([None, "g1", "g2"]),
    ),
    min_size=1,
    max_size=12,
)
Drawn = list[tuple[list[float], list[float], str, str | None]]


def drawn_answers(cases: Drawn, *, swapped: bool = False) -> list[ModelAnswers]:
    found = []
    for i, (before, after, domain, group) in enumerate(cases):
        sides = (after, before) if swapped else (before, after)
        for model, scores in zip((A, B), sides, strict=True):
            found.append(answers(model, f"c{i}", *scores, domain=domain, group=group))
    return found


@settings(max_examples=25)
@given(CASES)
def test_swapping_the_models_flips_the_sign(cases: Drawn) -> None:
    there, back = compared(drawn_answers(cases)), compared(drawn_answers(cases, swapped=True))
    for one, other in zip(there.domains, back.domains, strict=True):
        if isinstance(one.weighted.difference, Difference):
            assert difference_of(other).estimate == pytest.approx(-difference_of(one).estimate)
            assert difference_of(other).better == difference_of(one).worse
        assert {one.verdict, other.verdict} != {RoutingVerdict.INFERIOR}


@settings(max_examples=25)
@given(CASES)
def test_identical_runs_are_never_inferior(cases: Drawn) -> None:
    same = [(before, before, domain, group) for before, _, domain, group in cases]
    verdicts = {domain.verdict for domain in compared(drawn_answers(same)).domains}
    assert RoutingVerdict.INFERIOR not in verdicts


@settings(max_examples=25)
@given(CASES.flatmap(lambda cases: st.tuples(st.just(cases), st.permutations(range(len(cases))))))
def test_the_order_of_answers_does_not_matter(drawn: tuple[Drawn, Sequence[int]]) -> None:
    cases, order = drawn
    found = drawn_answers(cases)
    pairs = [found[2 * i : 2 * i + 2] for i in range(len(cases))]
    shuffled = [side for i in order for side in reversed(pairs[i])]
    assert compared(shuffled) == compared(found)
