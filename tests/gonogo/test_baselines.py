"""Baselines: read in a pull request, written whole, stale by what they do not measure."""

from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from builders import HEADER, case_result, finding

from gonogo.baselines import (
    Acceptance,
    baseline_of,
    demand_fresh,
    load_baseline,
    write_baseline,
)
from gonogo.errors import BadInputError, StaleBaselineError
from gonogo_checkers.verdict import Judged

RESULTS = [
    case_result("b", {"length": 0.9}, weighted=0.9, latency_seconds=1.25, input_tokens=5),
    case_result("a", {"code_security": Judged(0.5, (finding("B602"),))}, weighted=0.5),
]


def test_sorted_one_case_a_line_and_read_back(tmp_path: Path) -> None:
    path = tmp_path / "s.jsonl"
    write_baseline(baseline_of(RESULTS, HEADER), path)
    lines = path.read_text().splitlines()
    assert [line[:12] for line in lines] == ['{"schema":1,', '{"case":"a",', '{"case":"b",']
    loaded = load_baseline(path)
    assert loaded is not None
    assert loaded.header == HEADER
    assert loaded.cases["a"].severe == {"code_security B602": 1}
    assert loaded.cases["b"].latency_seconds == (1.25,)
    assert loaded.cases["b"].scores == {"length": (0.9,), "score": (0.9,)}


def test_writing_again_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "s.jsonl"
    write_baseline(baseline_of(RESULTS, HEADER), path)
    before = path.read_bytes()
    write_baseline(baseline_of(reversed(RESULTS), HEADER), path)
    assert path.read_bytes() == before


def test_no_file_is_no_baseline(tmp_path: Path) -> None:
    assert load_baseline(tmp_path / "none.jsonl") is None


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (
            '{"case": "a", "digest": "d", "domain": "x", "scores": {}}\n',
            "must be a baseline's header",
        ),
        ("", "must be a baseline's header"),
        ('{"schema": 1}\n', "missing required field"),
    ],
)
def test_what_is_no_baseline_is_refused(tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / "s.jsonl"
    path.write_text(content)
    with pytest.raises(BadInputError, match=said):
        load_baseline(path)


def test_another_schema_and_a_case_twice_are_both_named(tmp_path: Path) -> None:
    path = tmp_path / "s.jsonl"
    write_baseline(baseline_of(RESULTS, msgspec.structs.replace(HEADER, schema=9)), path)
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join([*lines, lines[-1]]))
    with pytest.raises(BadInputError) as caught:
        load_baseline(path)
    assert len(caught.value.problems) == 2


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"model": "claude-opus-5-5"}, "model: the baseline has 'm', this run 'claude-opus-5-5'"),
        ({"tools": "abc"}, "tools: the baseline has None"),
        ({"checkers": {"pii": "2"}}, "checker pii: the baseline has 'none', this run '2'"),
    ],
)
def test_stale_by_what_it_does_not_measure(change: dict[str, object], said: str) -> None:
    with pytest.raises(StaleBaselineError, match=said) as caught:
        demand_fresh(HEADER, msgspec.structs.replace(HEADER, **change), Path("s.jsonl"))
    assert "--gonogo-update-baselines" in str(caught.value)


def test_fresh_whatever_its_history() -> None:
    acceptance = Acceptance(at=datetime(2026, 1, 1, tzinfo=UTC), decision="GO")
    demand_fresh(HEADER, msgspec.structs.replace(HEADER, history=(acceptance,)), Path("s.jsonl"))
