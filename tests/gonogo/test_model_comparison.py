"""Routing evidence: `gonogo compare --models A,B`. All answers here are synthetic."""

import gzip
import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import pytest
import typer
import zstandard
from app import SYSTEM, App
from click.testing import Result
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from gonogo.cli.model_comparison import show_models
from gonogo.errors import BadSettingsError, ModelNotFoundError, StaleBaselineError
from gonogo.model_comparison import (
    AnswerPool,
    AnswerReader,
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
from gonogo.settings import Policy, Settings, load_settings
from gonogo.statistics.differences import Difference, Untestable
from gonogo.statistics.ratios import Ratio
from gonogo.statistics.repeated_trials import Unreachable

A, B = "claude-sonnet-5-5", "claude-haiku-5-5-20260101"
SETTINGS = """
[tool.gonogo.domains.greetings]
weights = {truncation = 1.0, coherence = 0.0}
"""
GOOD = "Hello {name}, thank you for asking. Your order is on its way and arrives tomorrow."
CUT = "Hello {name}, thank you for asking. Your order is on its way and will be at your"


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


def exchange(model: str, name: str, answer: str, **extra: Any) -> dict[str, Any]:
    return {
        "id": f"ex_{model}_{name}",
        "domain": "greetings",
        "request": {
            "model": model,
            "max_tokens": 300,
            "messages": [{"role": "user", "content": f"I am {name}. Where is my order?"}],
        },
        "response": {
            "model": model,
            "content": [{"type": "text", "text": answer.format(name=name)}],
            "stop_reason": "end_turn",
        },
        "usage": {"input_tokens": 60, "output_tokens": 20},
        "latency_seconds": 2.0 if model == A else 0.5,
        **extra,
    }


app = typer.Typer()


@app.command()
def _compare(
    files: list[Path],
    models: Annotated[str, typer.Option()],
    margin: Annotated[float | None, typer.Option()] = None,
    format: Annotated[str, typer.Option()] = "table",  # noqa: A002 - the option's name
) -> None:
    show_models(models, files, load_settings(Path.cwd()), margin=margin, format=format)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "pyproject.toml").write_text(SETTINGS)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str, models: str = f"{A},claude-haiku-5-5") -> Result:
    result = CliRunner().invoke(app, ["--models", models, *arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def shown(*arguments: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(run("--format", "json", *arguments).stdout)
    return document


def lines(records: Iterable[dict[str, Any]]) -> bytes:
    return "".join(json.dumps(record) + "\n" for record in records).encode()


NAMES = [f"Kim{i}" for i in range(60)]


def test_exchanges_pair_by_their_request_without_its_model(folder: Path) -> None:
    first = [exchange(A, name, GOOD) for name in NAMES]
    second = [exchange(B, name, GOOD, session=f"s{name[-1]}") for name in NAMES]
    failed = {"response": None, "status": 529, "id": "failed"}
    (folder / "a.jsonl.gz").write_bytes(gzip.compress(lines(first)))
    packed = lines([*second, exchange("claude-haiku-5-5", "Kim1", GOOD) | failed])
    (folder / "b.jsonl.zst").write_bytes(zstandard.compress(packed))
    (folder / "c.jsonl").write_bytes(
        lines([exchange(A, "Lee", GOOD), exchange("claude-opus-4-5", "Lee", CUT)])
    )
    document = shown("a.jsonl.gz", "b.jsonl.zst", "c.jsonl")
    (domain,) = document["domains"]
    assert domain["cases"] == 60
    assert domain["alone"] == {"a": 1, "b": 0}
    assert domain["failed_calls"] == {"a": 0, "b": 1}
    assert domain["latency"]["ratio"] == 0.25
    assert 0 < domain["cost"]["ratio"] < 1
    assert domain["score"]["groups"] == 10
    assert domain["verdict"] == "undecided"


def test_of_the_attempts_of_a_recorded_call_only_the_end_counts(folder: Path) -> None:
    records = []
    for name in NAMES[:20]:
        refused = {"response": None, "status": 429, "usage": None}
        wires = [{"call": name, "attempt": number} for number in (1, 2, 3)]
        one, two, end = (
            exchange(B, name, GOOD, id=f"{name}{i}", wire=w) for i, w in enumerate(wires)
        )
        is_lost = name == "Kim7"
        records += [one | refused, two | refused, end | refused if is_lost else end]
    records += [exchange(A, name, GOOD) for name in NAMES[:20]]
    (folder / "recordings.jsonl").write_bytes(lines(records))
    (domain,) = shown("recordings.jsonl")["domains"]
    assert domain["calls"] == {"a": 20, "b": 20}
    assert domain["failed_calls"] == {"a": 0, "b": 1}
    assert domain["cases"] == 19


def test_exit_status_and_the_table(folder: Path) -> None:
    (folder / "a.jsonl").write_bytes(lines(exchange(A, name, GOOD) for name in NAMES))
    (folder / "b.jsonl").write_bytes(lines(exchange(B, name, GOOD) for name in NAMES))
    (folder / "cut.jsonl").write_bytes(lines(exchange(B, name, CUT) for name in NAMES))
    good = run("a.jsonl", "b.jsonl")
    assert good.exit_code == 0, good.output
    assert f"A {A}\nB {B}\n" in good.stdout
    row = next(line for line in good.stdout.splitlines() if line.startswith("  greetings"))
    assert row.split()[:5] == ["greetings", "60", "1.000", "1.000", "+0.000"]
    assert good.stdout.splitlines()[-1].startswith(f"{B}: non-inferior in greetings")
    bad = run("cut.jsonl", "a.jsonl")
    assert bad.exit_code == 1
    assert "truncation 1.000 -> 0." in bad.stdout
    assert "worst: " in bad.stdout
    (folder / "few.jsonl").write_bytes(lines(exchange(B, name, GOOD) for name in NAMES[:9]))
    few = run("a.jsonl", "few.jsonl")
    assert few.exit_code == 3
    assert "cases in all would decide" in few.stdout


def test_exchanges_pair_by_the_tag_of_their_trial_whatever_the_prompt(folder: Path) -> None:
    records = []
    for name in NAMES:
        for k in (1, 2):
            tags = {"trial": f"{name}#{k}"}
            records.append(exchange(A, name, GOOD, tags=tags, id=f"a_{name}_{k}"))
            asked = exchange(B, f"{name} again", GOOD, tags=tags, id=f"b_{name}_{k}")
            records.append(asked)
    two = [exchange(B, asked, CUT, tags={"trial": "odd#1"}, id=asked) for asked in ("one", "two")]
    records += [*two, exchange(A, "one", GOOD, tags={"trial": "odd#1"})]
    (folder / "log.jsonl").write_bytes(lines(records))
    (domain,) = shown("log.jsonl")["domains"]
    assert domain["trials"] == {"a": 120, "b": 120}
    assert domain["changed"] == 1
    assert domain["verdict"] == "non_inferior"


def test_the_order_of_files_does_not_matter(folder: Path) -> None:
    (folder / "a.jsonl").write_bytes(lines(exchange(A, name, GOOD) for name in NAMES[:20]))
    mixed = [exchange(B, name, CUT if i % 3 else GOOD) for i, name in enumerate(NAMES[:20])]
    (folder / "b.jsonl").write_bytes(lines(mixed))
    assert shown("a.jsonl", "b.jsonl") == shown("b.jsonl", "a.jsonl", "b.jsonl") | {"repeated": 0}


@pytest.mark.parametrize(
    ("models", "said"),
    [
        ("haiku", "'haiku' are not two models"),
        ("a,b,c", "are not two models"),
        (f"{A},", "are not two models"),
        (f"{A},gpt", f"no answer is by model 'gpt'; there are: {B}, {A}"),
        (f"{A},claude", "may be"),
    ],
)
def test_bad_input_is_one_clear_message(folder: Path, models: str, said: str) -> None:
    (folder / "log.jsonl").write_bytes(lines(exchange(m, "Kim", GOOD) for m in (A, B)))
    result = run("log.jsonl", models=models)
    assert result.exit_code == 2
    assert said in result.stderr
    assert result.stdout == ""


def test_a_bad_line_costs_only_itself_and_the_exit_status(folder: Path) -> None:
    good = lines(exchange(model, name, GOOD) for model in (A, B) for name in NAMES)
    (folder / "log.jsonl").write_bytes(b"\n\n" + good + b'{"id": "torn", "prom\n')
    result = run("log.jsonl")
    assert result.exit_code == 2
    assert "log.jsonl:123: Input data was truncated" in result.stderr
    assert "1 record could not be read and not compared" in result.stderr
    assert "non-inferior" in result.stdout


def test_what_could_not_be_used_is_said(folder: Path) -> None:
    odd = [exchange(m, "Kim", GOOD, domain="cooking") for m in (A, "claude-haiku-5-5-of-ours")]
    (folder / "log.jsonl").write_bytes(lines(odd))
    result = run("log.jsonl", "nowhere.jsonl")
    assert "nowhere.jsonl: there is no such file" in result.stderr
    result = run("log.jsonl")
    assert "domain 'cooking' is not defined: judged as 'general'" in result.stderr


def read(path: Path) -> ModelComparison:
    pool = AnswerPool(A, "haiku")
    reader = AnswerReader(Settings(), pool.wants)
    for each in reader.read([str(p) for p in sorted(path.iterdir())]):
        assert isinstance(each, ModelAnswers | LeftOut), each
        pool.add(each)
    return compare_models(pool.pairs(), Policy())


def header(model: str, **extra: Any) -> dict[str, Any]:
    return {
        "schema": 1,
        "suite": "s",
        "dataset": "d",
        "model": model,
        "tools": None,
        "checkers": {"length": "1"},
        "history": [{"at": "2026-11-24T12:52:17Z", "decision": "GO", "reason": None}],
        **extra,
    }


def case_line(case: str, *scores: float, **extra: Any) -> dict[str, Any]:
    return {
        "case": case,
        "digest": "same",
        "domain": "greetings",
        "scores": {"length": list(scores), "score": list(scores)},
        "cost_usd": [0.002] * len(scores),
        "latency_seconds": [None] * len(scores),
        "words": [9] * len(scores),
        **extra,
    }


def test_baselines_pair_by_suite_and_case(tmp_path: Path) -> None:
    names = [f"c{i}" for i in range(60)]
    first = [header(A), *(case_line(name, 1.0, 0.9) for name in names)]
    second = [header(B), *(case_line(name, 0.9, 1.0, group="g") for name in names)]
    (tmp_path / "a.jsonl").write_bytes(lines(first))
    (tmp_path / "b.jsonl").write_bytes(lines(second))
    other = [header(B, suite="other"), case_line("c0", 0.0, severe={"pii PII001": 1})]
    (tmp_path / "c.jsonl").write_bytes(lines(other))
    domain = only(read(tmp_path))
    assert len(domain.pairs.cases) == 60
    assert domain.pairs.trials == (120, 120)
    assert domain.pairs.alone == (0, 1)
    assert domain.pairs.groups == ("s/g",) * 60
    assert domain.cost.before == domain.cost.after == Decimal("0.002")
    assert isinstance(domain.latency.ratio, Untestable)


def test_baselines_of_other_checkers_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(lines([header(A), case_line("c", 1.0)]))
    newer = header(B, checkers={"length": "2"})
    (tmp_path / "b.jsonl").write_bytes(lines([newer, case_line("c", 1.0)]))
    with pytest.raises(StaleBaselineError, match=r"a\.jsonl than .*length: '1' and '2'"):
        read(tmp_path)


def write_report(app: App, pytester: pytest.Pytester, model: str, answer: str) -> None:
    """Run the suite of an application as another model would answer it, with a JSON report."""
    app.write_request(app.dataset, SYSTEM)
    app.write_recordings(app.dataset, SYSTEM, {"Kim": answer})
    for name in ("request.toml", "recordings.jsonl"):
        path = app.dataset / name
        path.write_text(path.read_text().replace("claude-sonnet-5-5", model))
    pytester.runpytest_inprocess("evals", f"--gonogo-report={model}.json")
    assert (app.root / f"{model}.json").is_file()


def test_reports_of_two_runs_are_compared(
    app: App, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(app.root)
    write_report(app, pytester, A, "Hello Kim. It is on its way.")
    write_report(app, pytester, "claude-haiku-5-5", "Hello. It is on its way.")
    document = shown(f"{A}.json", "claude-haiku-5-5.json")
    assert document["models"]["b"] == {"model": "claude-haiku-5-5", "names": ["claude-haiku-5-5"]}
    (domain,) = document["domains"]
    assert domain["domain"] == "greetings"
    assert domain["trials"] == {"a": 3, "b": 3}
    by_name = {score["name"]: score for score in domain["scores"]}
    assert by_name["expectations"]["a"] == 1.0
    assert by_name["expectations"]["b"] == pytest.approx(2 / 3)
    assert [case["case"] for case in domain["worst"]] == ["greetings/kim"]
    assert domain["worst"][0]["exchange"] == "ex_kim"
    assert domain["latency"]["ratio"] == 1.0
    assert domain["cost"]["total"] < 1
    assert domain["passed"]["b"] == pytest.approx(2 / 3)


def report(model: str, name: str = "a", **step: Any) -> dict[str, Any]:
    """Return a report of one trial, as a machine may have rewritten it."""
    measured = {"outcome": "answered", "model": model, "exchange": f"ex_{name}", **step}
    card = {"id": name, "trial": 1, "domain": "greetings", "score": 0.5, "verdicts": {}}
    trial = {"trial": 1, "outcome": measured["outcome"], "steps": [measured]}
    case = {"case": name, "domain": "greetings", "trials": [trial], "scorecards": [card]}
    return {"schema": 1, "mode": "live", "suites": [{"suite": "s", "cases": [case]}]}


@pytest.mark.parametrize("indent", [None, 2])
def test_a_report_is_known_by_its_content(folder: Path, indent: int | None) -> None:
    for name, model in (("a.gz", A), ("b.gz", B)):
        text = json.dumps(report(model), indent=indent, sort_keys=True)
        (folder / name).write_bytes(gzip.compress(text.encode()))
    (domain,) = shown("a.gz", "b.gz")["domains"]
    assert domain["cases"] == 1
    assert domain["verdict"] == "too_few"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (json.dumps(report(A) | {"schema": 2}), "odd: schema 2 is not 1"),
        (json.dumps(report(A) | {"suites": 7}), "odd: field `suites"),
        (json.dumps(report(A)).replace("0.5", "1.5"), "odd: case a: field `score`: Expected"),
        (json.dumps(report(A), indent=1)[:-9], "odd: is neither JSON Lines"),
        ("\x00\x01", "odd:1: JSON is malformed"),
        ("[1, 2]", "odd:1"),
        ('{"schema":1,"suite":"s"}', "odd:1: "),
        ('{"schema": 1', "odd:1: "),
    ],
)
def test_what_cannot_be_read_is_said_with_its_place(folder: Path, text: str, said: str) -> None:
    (folder / "odd").write_text(text)
    good = lines(exchange(model, name, GOOD) for model in (A, B) for name in NAMES)
    (folder / "good.jsonl").write_bytes(good)
    result = run("odd", "good.jsonl")
    assert result.exit_code == 2
    assert said in result.stderr
    assert "non-inferior in greetings" in result.stdout


def test_amounts_that_cannot_be_are_not_known(folder: Path) -> None:
    for name, model in (("a", A), ("b", B)):
        odd = {"cost_usd": "1E+999999", "latency_seconds": 1e300}
        for case in ("one", "two"):
            (folder / f"{name}{case}").write_text(json.dumps(report(model, case, **odd)))
    (domain,) = shown("aone", "bone", "atwo", "btwo")["domains"]
    assert domain["score"]["cases"] == 2
    assert domain["cost"]["untestable"] == domain["latency"]["untestable"] == "no cases"


def test_a_trial_of_several_models_is_of_none(folder: Path) -> None:
    mixed = report(A, "mixed")
    steps = mixed["suites"][0]["cases"][0]["trials"][0]["steps"]
    steps.append(steps[0] | {"model": B})
    lost = report(A, "lost", outcome="infrastructure_error")
    records = [report(A), report(B), mixed, lost]
    for number, record in enumerate(records):
        (folder / f"{number}.json").write_text(json.dumps(record))
    document = shown("0.json", "1.json", "2.json", "3.json")
    assert document["left_out"] == {"several_models": 1, "unnamed_model": 0}
    assert document["domains"][0]["failed_calls"] == {"a": 1, "b": 0}
    assert document["domains"][0]["cases"] == 1


FORMATS = Path(__file__).parents[2] / "docs" / "reference" / "formats.md"


def shape_of(value: object) -> object:
    """Return the fields of a JSON value; of a list those of its first item."""
    if isinstance(value, dict):
        return {key: shape_of(item) for key, item in value.items()}
    return [shape_of(item) for item in value[:1]] if isinstance(value, list) else None


def test_the_reference_shows_every_field(folder: Path) -> None:
    section = FORMATS.read_text().split("\n## Model comparison\n")[1].split("\n## ")[0]
    documented = json.loads(section.split("```json\n")[1].split("```")[0])
    for side, model, answer in (("a", A, GOOD), ("b", B, CUT)):
        (folder / f"{side}.jsonl").write_bytes(
            lines(exchange(model, name, answer) for name in NAMES[:20])
        )
    (written,) = shown("a.jsonl", "b.jsonl")["domains"]
    (shown_domain,) = documented["domains"]
    ours = {**shown_domain, "scores": [shown_domain["score"]]}
    assert shape_of(written) == shape_of(
        {**ours, "cost": {**ours["cost"], "p50": None, "p95": None}}
    )
    assert set(documented) == set(shown("a.jsonl", "b.jsonl"))
    for field in {*documented, *shown_domain, *ours["score"], *ours["cost"]}:
        assert f"`{field}`" in section, field
