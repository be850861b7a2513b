"""Runs every checker on its labelled cases: where it must find something, and where it must not."""

from pathlib import Path
from typing import Literal

import msgspec
import pytest
from tests_support import load_checker

from gonogo_checkers import CHECKERS
from gonogo_checkers.output import Expectations, Output, ToolCall, Turn
from gonogo_checkers.verdict import Judged, NotApplicable

CASES = Path(__file__).parents[2] / "checkers" / "cases"


class LabelledOutput(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    response: str
    tool_calls: tuple[ToolCall, ...] = ()
    prompt: str = ""
    system: str = ""
    turns: tuple[Turn, ...] = ()
    context: tuple[str, ...] = ()
    expect: Expectations = Expectations()
    language: str | None = None
    stop_reason: str | None = None
    baseline_words: int | None = None


class LabelledCase(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`rules` are all rules that must fire, and no other; `[]`: none may."""

    id: str
    output: LabelledOutput
    rules: tuple[str, ...] | None = None
    min_score: float = 0.0
    max_score: float = 1.0
    verdict: Literal["judged", "not_applicable"] = "judged"
    settings: dict[str, int | float | str | bool | list[str]] = {}


def labelled_cases(checker_id: str) -> list[LabelledCase]:
    lines = (CASES / f"{checker_id}.jsonl").read_bytes().splitlines()
    return [msgspec.json.decode(line, type=LabelledCase) for line in lines if line.strip()]


@pytest.mark.parametrize(
    ("checker_id", "case"),
    [
        pytest.param(checker_id, case, id=f"{checker_id}-{case.id}")
        for checker_id in sorted(CHECKERS)
        if (CASES / f"{checker_id}.jsonl").exists()
        for case in labelled_cases(checker_id)
    ],
)
def test_labelled_case(checker_id: str, case: LabelledCase) -> None:
    settings = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in case.settings.items()
    }
    checker = load_checker(checker_id)(**settings)
    output = Output(**{name: getattr(case.output, name) for name in case.output.__struct_fields__})
    verdict = checker.check(output)
    if case.verdict == "not_applicable":
        assert isinstance(verdict, NotApplicable)
        return
    assert isinstance(verdict, Judged), verdict
    if case.rules is not None:
        assert sorted({finding.rule for finding in verdict.findings}) == sorted(case.rules)
    assert case.min_score <= verdict.score <= case.max_score, verdict


@pytest.mark.parametrize("checker_id", sorted(CHECKERS))
def test_cases_fire_and_stay_silent(checker_id: str) -> None:
    cases = labelled_cases(checker_id)
    assert len({case.id for case in cases}) == len(cases)
    assert any(case.rules for case in cases)
    assert any(case.rules == () for case in cases)
