"""Routing evidence from files: what is read, how it is paired, printed and ends. All synthetic."""

import gzip
import json
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import pytest
import typer
import zstandard
from app import SYSTEM, App
from click.testing import Result
from typer.testing import CliRunner

from gonogo.cli.model_comparison import show_models
from gonogo.errors import StaleBaselineError
from gonogo.model_comparison import (
    AnswerPool,
    AnswerReader,
    DomainResult,
    LeftOut,
    ModelAnswers,
    compare_models,
)
from gonogo.settings import Policy, Settings, load_settings
from gonogo.statistics.differences import Untestable

A, B = "claude-sonnet-5-5", "claude-haiku-5-5-20260101"
SETTINGS = """
[tool.gonogo.domains.greetings]
weights = {truncation = 1.0, coherence = 0.0}
"""
GOOD = "Hello {name}, thank you for asking. Your order is on its way and arrives tomorrow."
CUT = "Hello {name}, thank you for asking. Your order is on its way and will be at your"


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


def read(path: Path) -> DomainResult:
    pool = AnswerPool(A, "haiku")
    reader = AnswerReader(Settings(), pool.wants)
    for each in reader.read([str(p) for p in sorted(path.iterdir())]):
        assert isinstance(each, ModelAnswers | LeftOut), each
        pool.add(each)
    (domain,) = compare_models(pool.pairs(), Policy()).domains
    return domain


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
    domain = read(tmp_path)
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


def test_reports_of_other_checkers_are_refused(folder: Path) -> None:
    for name, model, version in (("a.json", A, "1"), ("b.json", B, "2")):
        document = report(model)
        document["suites"][0]["checkers"] = {"length": version}
        (folder / name).write_text(json.dumps(document))
    result = run("a.json", "b.json", models=f"{A},{B}")
    assert result.exit_code == 2
    assert "other checkers judged a.json than b.json (length: '1' and '2')" in result.stderr


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
