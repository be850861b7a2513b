"""The command line: data on standard output, all else on standard error, exit codes that mean it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from gonogo import __version__
from gonogo.scorecards import decode_scorecard

SETTINGS = "[tool.gonogo.domains.greetings]\nweights = {coherence = 1.0, truncation = 1.0}\n"
ASKED = "Please tell me where my order is and when it will arrive at my house."
GOOD = {"id": "good", "prompt": ASKED, "response": "It is on its way and arrives tomorrow."}
CUT = {
    "id": "cut",
    "prompt": ASKED,
    "response": "It is on its way and will be at your",
    "domain": "greetings",
}
FAILED = {"id": "failed", "prompt": ASKED, "response": None, "status": 529}


def gonogo(folder: Path, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "gonogo", *arguments],
        cwd=folder,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env=os.environ | {"COLUMNS": "100", "NO_COLOR": "1"},
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "pyproject.toml").write_text(SETTINGS)
    write(tmp_path / "log.jsonl", GOOD, CUT)
    return tmp_path


def write(path: Path, *records: object) -> None:
    path.write_text("".join(json.dumps(record) + "\n" for record in records))


def test_version_and_help(folder: Path) -> None:
    assert gonogo(folder, "--version").stdout == f"gonogo {__version__}\n"
    shown = gonogo(folder, "--help").stdout
    assert "check" in shown
    assert "compare" in shown
    assert "Exit status" in gonogo(folder, "check", "--help").stdout


def test_check_prints_scorecards_in_the_order_of_its_input(folder: Path) -> None:
    result = gonogo(folder, "check", "log.jsonl", "--domain", "greetings", "--format", "jsonl")
    assert result.returncode == 0, result.stderr
    cards = [decode_scorecard(line.encode()) for line in result.stdout.splitlines()]
    assert [card.id for card in cards] == ["good", "cut"]
    assert set(cards[0].verdicts) == {"coherence", "truncation"}


def test_check_reads_standard_input(folder: Path) -> None:
    arguments = ("check", "--domain", "greetings", "--format", "json")
    result = gonogo(folder, *arguments, stdin=(folder / "log.jsonl").read_text())
    assert [card["id"] for card in json.loads(result.stdout)] == ["good", "cut"]


def test_check_prints_a_table_for_people(folder: Path) -> None:
    result = gonogo(folder, "check", "log.jsonl", "--domain", "greetings")
    lines = result.stdout.splitlines()
    assert lines[0].split() == ["id", "domain", "score", "lowest,", "findings"]
    assert lines[1].startswith("good ")
    assert any(line.startswith("mean of") for line in lines)


def test_a_bad_line_costs_only_itself(folder: Path) -> None:
    path = folder / "log.jsonl"
    path.write_text(path.read_text() + '{"id": "torn", "prom\n{"id": "odd", "colour": 1}\n')
    write(folder / "more.jsonl", GOOD | {"id": "after"})
    result = gonogo(
        folder, "check", "log.jsonl", "more.jsonl", "--domain", "greetings", "--format", "jsonl"
    )
    assert result.returncode == 2
    assert [json.loads(line)["id"] for line in result.stdout.splitlines()] == [
        "good",
        "cut",
        "after",
    ]
    assert "log.jsonl:3: Input data was truncated" in result.stderr
    assert "log.jsonl:4: Object contains unknown field `colour`" in result.stderr
    assert "2 records could not be read and not scored" in result.stderr


def test_fail_under(folder: Path) -> None:
    arguments = ("check", "log.jsonl", "--domain", "greetings", "--fail-under")
    assert gonogo(folder, *arguments, "0.0").returncode == 0
    assert gonogo(folder, *arguments, "1.0").returncode == 1
    assert gonogo(folder, *arguments, "7").returncode == 2


def test_nothing_scored_is_not_a_pass(folder: Path) -> None:
    write(folder / "log.jsonl", FAILED)
    result = gonogo(folder, "check", "log.jsonl", "--domain", "greetings")
    assert result.returncode == 3
    assert "1 failed call without a response to judge" in result.stderr
    assert "nothing was scored" in result.stderr


def test_an_undefined_domain_is_said(folder: Path) -> None:
    result = gonogo(folder, "check", "log.jsonl", "--domain", "cooking", "--format", "jsonl")
    assert json.loads(result.stdout.splitlines()[0])["domain"] == "general"
    assert "domain 'cooking' is not defined: judged as 'general'" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("check", "nowhere.jsonl"), "nowhere.jsonl: there is no such file or folder"),
        (("check", "log.jsonl", "--format", "xml"), "xml"),
        (("compare", "log.jsonl", "log.jsonl"), "log.jsonl:1"),
        (("compare", "nowhere.jsonl", "log.jsonl"), "cannot be read"),
        (("measure",), "No such command"),
    ],
)
def test_bad_input_is_exit_2_and_one_clear_message(
    folder: Path, arguments: tuple[str, ...], said: str
) -> None:
    result = gonogo(folder, *arguments)
    assert result.returncode == 2
    assert said in result.stderr
    assert "Traceback" not in result.stderr
    assert result.stdout == ""


def test_bad_settings_are_exit_2(folder: Path) -> None:
    (folder / "pyproject.toml").write_text("[tool.gonogo]\ncolour = 1\n")
    result = gonogo(folder, "check", "log.jsonl")
    assert result.returncode == 2
    assert "unknown field `colour`" in result.stderr


def card(id_: str, score: float) -> dict[str, object]:
    verdicts = {"length": {"score": score, "findings": []}}
    return {"id": id_, "trial": 1, "domain": "greetings", "score": score, "verdicts": verdicts}


@pytest.mark.parametrize(
    ("candidate", "arguments", "status", "said"),
    [
        ([card("a", 0.9)], (), 0, "GO"),
        ([card("a", 0.5)], (), 1, "NO-GO: length fell by 0.40 in 1 case (a)"),
        ([card("a", 0.5)], ("--tolerance", "0.5"), 0, "GO"),
        ([card("b", 0.9)], (), 3, "UNDECIDED: "),
        (
            [card("a", 0.9) | {"verdicts": {"length": {"broke": "x"}}, "score": None}],
            (),
            1,
            "NO-GO",
        ),
    ],
)
def test_compare_decides(
    folder: Path,
    candidate: list[dict[str, object]],
    arguments: tuple[str, ...],
    status: int,
    said: str,
) -> None:
    write(folder / "before.jsonl", card("a", 0.9))
    write(folder / "after.jsonl", *candidate)
    result = gonogo(folder, "compare", "before.jsonl", "after.jsonl", *arguments)
    assert result.returncode == status, result.stdout + result.stderr
    assert result.stdout.splitlines()[-1].startswith(said)


def test_compare_reads_what_check_prints(folder: Path) -> None:
    printed = gonogo(folder, "check", "log.jsonl", "--domain", "greetings", "--format", "jsonl")
    (folder / "cards.jsonl").write_text(printed.stdout)
    result = gonogo(folder, "compare", "cards.jsonl", "cards.jsonl", "--format", "json")
    assert result.returncode == 0
    assert json.loads(result.stdout)["decision"] == "GO"


def test_compare_refuses_a_scorecard_that_stands_twice(folder: Path) -> None:
    write(folder / "cards.jsonl", card("a", 0.9), card("a", 0.8))
    result = gonogo(folder, "compare", "cards.jsonl", "cards.jsonl")
    assert result.returncode == 2
    assert "cards.jsonl:2: a#1 stands there twice" in result.stderr
