"""`--gonogo-update-baselines` and `--gonogo-reason`."""

import hashlib
import json
from pathlib import Path

import pytest
from app import SYSTEM, App

from gonogo import __version__
from gonogo.cli.history import show_history

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


WORDS = ("one", "two", "three", "four", "five", "six", "seven", "eight")


def say_less(app: App, pytester: pytest.Pytester, *, forgotten: int) -> pytest.RunResult:
    """Accept answers that forget so many of the eight words that are expected."""
    said = " ".join([*WORDS[: len(WORDS) - forgotten], *["so"] * forgotten])
    app.write_recordings(app.dataset, SYSTEM, dict.fromkeys(app.names, said))
    return pytester.runpytest_inprocess(
        "evals", "--gonogo-update-baselines", "--gonogo-reason", f"{forgotten} may be left out"
    )


@pytest.fixture
def sliding(
    app: App, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> tuple[App, Path]:
    """Three baselines were accepted, each a little worse than the one before."""
    monkeypatch.setenv("GONOGO_ACCEPTED_BY", "team-a")
    app.write_cases(expect={"contains": list(WORDS)})
    for forgotten in range(3):
        assert say_less(app, pytester, forgotten=forgotten).ret == 0
    return app, app.baseline.with_name("greetings.best.jsonl")


def test_the_history_keeps_who_accepted_what_from_which_run(
    sliding: tuple[App, Path], pytester: pytest.Pytester
) -> None:
    app, _ = sliding
    before = app.baseline.read_bytes()
    assert say_less(app, pytester, forgotten=2).ret == 0
    *_, last = history(app)
    assert last["by"] == "team-a"
    assert last["against"] == hashlib.sha256(before).hexdigest()[:16]
    assert last["run"] == {
        "mode": "replay",
        "model": "claude-sonnet-5-5",
        "commit": None,
        "dirty": None,
        "gonogo": __version__,
    }
    assert last["cases"] == 3
    assert last["cost_usd"] == 0.00032
    assert last["scores"] == {"expectations": 0.75, "length": 1, "score": 0.8333}


def test_small_accepted_drops_leave_the_best_scores_beside_the_baseline(
    sliding: tuple[App, Path], pytester: pytest.Pytester
) -> None:
    app, best = sliding
    assert [entry["decision"] for entry in history(app)] == ["UNDECIDED", "NO-GO", "NO-GO"]
    header, *cases = map(json.loads, best.read_text().splitlines())
    assert [case["scores"]["expectations"] for case in cases] == [[1.0]] * 3
    first, last = header["history"]
    assert first["scores"] == {"expectations": 1, "score": 1}
    assert last["scores"] == {"length": 1}
    result = pytester.runpytest_inprocess("evals")
    result.stdout.no_fnmatch_line("*greetings.best*")
    assert say_less(app, pytester, forgotten=0).ret == 0
    assert not best.exists()


def test_the_command_shows_the_slide(
    sliding: tuple[App, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    app, _ = sliding
    capsys.readouterr()
    show_history(app.baseline, as_json=False)
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert [[row[0], *row[3:9]] for row in rows[2:5]] == [
        ["1", "team-a", "-", "UNDECIDED", "3", "1.000", "0.000320"],
        ["2", "team-a", "-", "NO-GO", "3", "0.917", "-0.083"],
        ["3", "team-a", "-", "NO-GO", "3", "0.833", "-0.083"],
    ]
    assert rows[4][9] == "-0.167"
    assert ["#3", "2", "may", "be", "left", "out"] in rows
    assert ["expectations", "3", "1.000", "#1", "0.750", "0.250"] in rows


def test_a_broken_file_of_best_scores_is_named_and_stops_the_acceptance(
    sliding: tuple[App, Path], pytester: pytest.Pytester
) -> None:
    app, best = sliding
    best.write_text(best.read_text()[:-20])
    before = app.baseline.read_bytes()
    result = say_less(app, pytester, forgotten=3)
    assert result.ret == 1
    result.stdout.fnmatch_lines(
        ["NO-GO: *baseline not updated: *greetings.best.jsonl:4*restore the file, or remove*"]
    )
    assert app.baseline.read_bytes() == before
