"""`--gonogo-update-baselines` and `--gonogo-reason`."""

import json

import pytest
from app import SYSTEM, App

WORSE = {"Lee": "Hello. It is on its way to you."}


def history(app: App) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(app.baseline.read_text().splitlines()[0])["history"]
    return found


def test_a_first_baseline_needs_no_reason(accepted: App) -> None:
    (first,) = history(accepted)
    assert first["decision"] == "UNDECIDED"
    assert first["reason"] is None
    assert len(accepted.baseline.read_text().splitlines()) == 1 + len(accepted.names)


def test_updating_again_adds_to_the_history_only(accepted: App, pytester: pytest.Pytester) -> None:
    before = accepted.baseline.read_text().splitlines()
    assert pytester.runpytest_inprocess("evals", "--gonogo-update-baselines").ret == 0
    after = accepted.baseline.read_text().splitlines()
    assert after[1:] == before[1:]
    assert [entry["decision"] for entry in history(accepted)] == ["UNDECIDED", "GO"]


def test_no_go_is_refused_without_a_reason(accepted: App, pytester: pytest.Pytester) -> None:
    before = accepted.baseline.read_bytes()
    accepted.write_recordings(accepted.dataset, SYSTEM, WORSE)
    result = pytester.runpytest_inprocess("evals", "--gonogo-update-baselines")
    assert result.ret == 1
    result.stdout.fnmatch_lines(["NO-GO: *accept a NO-GO with --gonogo-reason*"])
    assert accepted.baseline.read_bytes() == before


def test_no_go_with_a_reason_is_kept_in_the_history(
    accepted: App, pytester: pytest.Pytester
) -> None:
    accepted.write_recordings(accepted.dataset, SYSTEM, WORSE)
    result = pytester.runpytest_inprocess(
        "evals", "--gonogo-update-baselines", "--gonogo-reason", "names are no longer used"
    )
    assert result.ret == 0
    result.stdout.fnmatch_lines(["GO (baselines accepted: greetings)"])
    assert history(accepted)[-1]["decision"] == "NO-GO"
    assert history(accepted)[-1]["reason"] == "names are no longer used"
    assert pytester.runpytest_inprocess("evals").ret == 0


def test_a_partial_run_never_becomes_a_baseline(accepted: App, pytester: pytest.Pytester) -> None:
    before = accepted.baseline.read_bytes()
    result = pytester.runpytest_inprocess("evals", "-k", "kim", "--gonogo-update-baselines")
    assert result.ret == 1
    result.stdout.fnmatch_lines(["NO-GO: *only 1 of 3 cases ran*"])
    assert accepted.baseline.read_bytes() == before


def test_a_run_with_a_missing_recording_never_becomes_a_baseline(
    accepted: App, pytester: pytest.Pytester
) -> None:
    before = accepted.baseline.read_bytes()
    accepted.write_lines(
        accepted.dataset / "recordings.jsonl", [accepted.exchange("Kim", SYSTEM, "Hello {name}.")]
    )
    result = pytester.runpytest_inprocess(
        "evals", "--gonogo-update-baselines", "--gonogo-reason", "x"
    )
    assert result.ret == 1
    result.stdout.fnmatch_lines(["NO-GO: *without a judged answer: lee, max*"])
    assert accepted.baseline.read_bytes() == before


def test_another_model_makes_it_stale(accepted: App, pytester: pytest.Pytester) -> None:
    text = (accepted.dataset / "request.toml").read_text()
    (accepted.dataset / "request.toml").write_text(text.replace("sonnet", "opus"))
    lines = (accepted.dataset / "recordings.jsonl").read_text()
    (accepted.dataset / "recordings.jsonl").write_text(lines.replace("sonnet", "opus"))
    result = pytester.runpytest_inprocess("evals")
    assert result.ret == 1
    result.stdout.fnmatch_lines(
        ["UNDECIDED: *model: the baseline has 'claude-sonnet-5-5', this run 'claude-opus-5-5'*"]
    )


def test_new_settings_of_a_checker_make_it_stale(accepted: App, pytester: pytest.Pytester) -> None:
    path = accepted.root / "pyproject.toml"
    path.write_text(path.read_text() + "\n[tool.gonogo.checkers.length]\nlongest_ratio = 3.0\n")
    result = pytester.runpytest_inprocess("evals")
    assert result.ret == 1
    result.stdout.fnmatch_lines(
        ["UNDECIDED: *checker length: the baseline has '1', this run '1 lo*"]
    )


def test_a_broken_baseline_is_named_and_never_a_pass(
    accepted: App, pytester: pytest.Pytester
) -> None:
    text = accepted.baseline.read_text()
    accepted.baseline.write_text(text[:-20])
    result = pytester.runpytest_inprocess("evals")
    assert result.ret != 0
    result.stdout.fnmatch_lines(["*greetings.jsonl:4:*truncated*"])
