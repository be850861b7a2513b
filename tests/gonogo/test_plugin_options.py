"""The other options and ini settings: candidate, report, datasets, baselines."""

import json
import xml.etree.ElementTree as ET

import pytest
from app import SYSTEM, App

WORSE_SYSTEM = "You are brief."


@pytest.fixture
def with_candidate(accepted: App) -> App:
    folder = accepted.dataset / "candidates" / "brief"
    accepted.write_request(folder, WORSE_SYSTEM)
    accepted.write_recordings(folder, WORSE_SYSTEM, {"Max": "Hello. It is on its way to you."})
    return accepted


def test_a_candidate_is_held_against_the_accepted_baseline(
    with_candidate: App, pytester: pytest.Pytester
) -> None:
    result = pytester.runpytest_inprocess("evals", "--gonogo-candidate", "brief")
    assert result.ret == 1
    result.stdout.fnmatch_lines(["NO-GO: greetings: expectations fell by 1.00 in 1 case (max)"])
    assert pytester.runpytest_inprocess("evals").ret == 0


def test_a_candidate_never_becomes_the_baseline(
    with_candidate: App, pytester: pytest.Pytester
) -> None:
    before = with_candidate.baseline.read_bytes()
    result = pytester.runpytest_inprocess(
        "evals", "--gonogo-candidate", "brief", "--gonogo-update-baselines", "--gonogo-reason", "x"
    )
    assert result.ret == 1
    assert with_candidate.baseline.read_bytes() == before


def test_an_unknown_candidate_names_what_there_is(
    with_candidate: App, pytester: pytest.Pytester
) -> None:
    result = pytester.runpytest_inprocess("evals", "--gonogo-candidate", "bref")
    assert result.ret == 2
    result.stdout.fnmatch_lines(["*suite 'greetings' has no candidate 'bref'; there are: brief*"])


def test_reports_of_every_format(with_candidate: App, pytester: pytest.Pytester) -> None:
    names = [f"out/report.{suffix}" for suffix in ("md", "html", "json", "sarif")]
    options = [part for name in names for part in ("--gonogo-report", name)]
    result = pytester.runpytest_inprocess("evals", "--gonogo-candidate", "brief", *options)
    assert result.ret == 1
    texts = [(with_candidate.root / name).read_text() for name in names]
    assert all("max" in text for text in texts)
    assert "| expectations | 3 | 1.000 | 0.667 |" in texts[0]
    assert "does not contain" in texts[1]
    assert json.loads(texts[2])["decision"] == "NO-GO"
    assert json.loads(texts[3])["runs"][0]["results"][0]["ruleId"] == "EXP001"


def test_an_unknown_format_is_refused_before_anything_runs(
    accepted: App, pytester: pytest.Pytester
) -> None:
    result = pytester.runpytest_subprocess("evals", "--gonogo-report", "report.pdf")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*--gonogo-report report.pdf: its name must end in .md*"])


def test_ini_settings_name_the_folders(accepted: App, pytester: pytest.Pytester) -> None:
    (accepted.root / "datasets").rename(accepted.root / "data")
    (accepted.root / "baselines").rename(accepted.root / "accepted")
    path = accepted.root / "pyproject.toml"
    ini = '[tool.pytest.ini_options]\ngonogo_datasets = "data"\ngonogo_baselines = "accepted"'
    path.write_text(path.read_text().replace("[tool.pytest.ini_options]", ini))
    assert pytester.runpytest_inprocess("evals").ret == 0


def test_scores_are_junit_properties(accepted: App, pytester: pytest.Pytester) -> None:
    accepted.write_recordings(accepted.dataset, SYSTEM, {})
    pytester.runpytest_inprocess("evals", "--junitxml", "junit.xml")
    root = ET.fromstring((accepted.root / "junit.xml").read_text())  # noqa: S314 - our own file
    names = {prop.get("name") for prop in root.iter("property")}
    assert {"gonogo_score", "gonogo_expectations_score", "gonogo_cost_usd"} <= names


def test_help_names_every_option(pytester: pytest.Pytester) -> None:
    result = pytester.runpytest_inprocess("--help")
    for option in ("mode", "candidate", "update-baselines", "reason", "report"):
        result.stdout.fnmatch_lines([f"*--gonogo-{option}*"])
    result = pytester.runpytest_inprocess("--markers")
    result.stdout.fnmatch_lines(["@pytest.mark.gonogo(suite)*", "@pytest.mark.budget(*"])
