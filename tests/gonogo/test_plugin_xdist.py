"""Under pytest-xdist: the same decision and the same report as in one process."""

import json

import pytest
from app import SYSTEM, App


@pytest.mark.parametrize("worse", [{}, {"Lee": "Hello. It is on its way to you."}])
def test_two_workers_report_what_one_process_reports(
    accepted: App, pytester: pytest.Pytester, worse: dict[str, str]
) -> None:
    accepted.write_recordings(accepted.dataset, SYSTEM, worse)
    alone = pytester.runpytest_subprocess(
        "evals", "--gonogo-report", "alone.json", "--gonogo-report", "alone.md"
    )
    spread = pytester.runpytest_subprocess(
        "evals", "-n", "2", "--gonogo-report", "spread.json", "--gonogo-report", "spread.md"
    )
    assert alone.ret == spread.ret == (1 if worse else 0)
    assert alone.outlines[-1] == spread.outlines[-1]
    for suffix in ("json", "md"):
        one = (accepted.root / f"alone.{suffix}").read_text()
        assert one == (accepted.root / f"spread.{suffix}").read_text()
    assert json.loads((accepted.root / "alone.json").read_text())["passes"] == (not worse)


def test_workers_never_write_baselines_the_session_does(
    app: App, pytester: pytest.Pytester
) -> None:
    result = pytester.runpytest_subprocess("evals", "-n", "2", "--gonogo-update-baselines")
    assert result.ret == 0
    spread = app.baseline.read_text().splitlines()
    app.baseline.unlink()
    assert pytester.runpytest_subprocess("evals", "--gonogo-update-baselines").ret == 0
    assert app.baseline.read_text().splitlines()[1:] == spread[1:]
