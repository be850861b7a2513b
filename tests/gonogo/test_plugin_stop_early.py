"""`--gonogo-stop-early`: cases are asked in rounds until the decision is certain."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from app import App
from standin import StandIn

NAMES = tuple(f"Name{number:02}" for number in range(40))
GOOD = "Hello {0}, thank you for asking. Your order is on its way and arrives tomorrow."
BAD = "Hello, thank you for asking. Your order is on its way and arrives tomorrow, we hope."


def answer_of(share_bad: int) -> Any:
    """Return what the API answers: every so many-th name is left out."""

    def answer(request: Any) -> str:
        said = str(request.body["messages"])
        name = next(name for name in NAMES if name in said)
        return BAD if share_bad and int(name[4:]) % share_bad == 0 else GOOD.format(name)

    return answer


@pytest.fixture
def app(pytester: pytest.Pytester) -> App:
    made = App(pytester.path, names=NAMES)
    made.write_recordings(made.dataset, "You answer customers of a shop for outdoor gear.", {})
    pytester.runpytest_inprocess("evals", "--gonogo-update-baselines")
    assert made.baseline.exists()
    return made


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    with StandIn(answer_of(0)) as started:
        monkeypatch.setenv("ANTHROPIC_BASE_URL", started.url)
        monkeypatch.setenv("ANTHROPIC_API_KEY", "test-key-of-the-stand-in")
        yield started


def run(pytester: pytest.Pytester, *options: str) -> pytest.RunResult:
    return pytester.runpytest_inprocess(
        "evals", "--gonogo-mode=live", "--gonogo-stop-early", "-q", *options
    )


def report_of(path: Path) -> Any:
    return json.loads(path.read_text())["suites"][0]


def test_a_clear_drop_ends_the_run_before_all_is_asked(
    app: App, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    with StandIn(answer_of(1)) as api:
        monkeypatch.setenv("ANTHROPIC_BASE_URL", api.url)
        monkeypatch.setenv("ANTHROPIC_API_KEY", "test-key-of-the-stand-in")
        result = run(pytester)
        assert 4 <= api.paid <= 24
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert result.outlines[-1].startswith("NO-GO: greetings: expectations dropped by ")
    assert f"(stopped early: greetings after {api.paid} of 40 cases)" in result.outlines[-1]
    result.stdout.fnmatch_lines(["*of 40 cases asked in * round*: worse, shown of expectations*"])
    assert result.parseoutcomes()["skipped"] == 40 - api.paid


def test_where_nothing_changed_it_stops_when_a_drop_is_out_of_reach(
    app: App, pytester: pytest.Pytester, api: StandIn
) -> None:
    result = run(pytester)
    assert api.paid < 40
    assert result.outlines[-1].startswith("GO (stopped early: greetings after ")
    result.stdout.fnmatch_lines(["*to show that it is worse is hopeless*calls (*) saved"])
    assert result.ret == pytest.ExitCode.OK


def test_spent_and_saved_calls_and_dollars_are_in_the_report(
    app: App, pytester: pytest.Pytester, api: StandIn
) -> None:
    run(pytester, "--gonogo-report=report.json", "--gonogo-trials=2")
    suite = report_of(app.root / "report.json")
    rounds = suite["rounds"]
    assert rounds["asked_cases"] * 2 == rounds["spent_calls"] == api.paid
    assert rounds["spent_calls"] + rounds["saved_calls"] == 80
    assert float(rounds["spent_usd"]) > 0
    assert float(rounds["saved_usd"]) > 0
    fractions = [look["fraction"] for look in rounds["looks"]]
    assert fractions == sorted(set(fractions))
    assert rounds["planned_cases"] == 40


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--gonogo-stop-early"], "it needs --gonogo-mode=live"),
        (
            ["--gonogo-stop-early", "--gonogo-mode=live", "--gonogo-update-baselines"],
            "a run that may stop is no baseline",
        ),
        (["--gonogo-stop-early", "--gonogo-mode=live", "-n1"], "leave out -n"),
        (["--gonogo-rounds=3"], "--gonogo-rounds plans the rounds of --gonogo-stop-early"),
    ],
)
def test_where_it_makes_no_sense_it_is_refused(
    app: App, pytester: pytest.Pytester, options: list[str], says: str
) -> None:
    result = pytester.runpytest_inprocess("evals", *options)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert says in result.stderr.str()


def test_without_a_baseline_nothing_is_asked(
    app: App, pytester: pytest.Pytester, api: StandIn
) -> None:
    app.baseline.unlink()
    result = run(pytester)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "there is no baseline to hold 'greetings' against" in result.stderr.str()
    assert api.paid == 0
