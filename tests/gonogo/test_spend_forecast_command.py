"""`gonogo forecast --limit-period` and what it says of silence; all data is synthetic."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from gonogo.cli.app import app

STARTS = datetime(2026, 11, 2, tzinfo=UTC)
NOW = "2026-11-16T00:00:00Z"


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Fourteen days of 100,000 tokens an hour."""
    monkeypatch.chdir(tmp_path)
    rows = [
        {
            "id": f"e{hour}",
            "at": (STARTS + timedelta(hours=hour)).isoformat(),
            "model": "claude-sonnet-5-5",
            "prompt": "Synthetic.",
            "response": "Likewise.",
            "usage": {"input_tokens": 99_000, "output_tokens": 1_000},
        }
        for hour in range(14 * 24)
    ]
    path = tmp_path / "log.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(path)


def forecast(log: str, *options: str, now: str = NOW) -> Result:
    arguments = ["forecast", log, "--now", now, "--measure", "tokens", *options]
    return CliRunner().invoke(app, arguments)


@pytest.mark.parametrize(
    ("period", "limit", "status", "said"),
    [
        ("daily", "2300000", 1, "likely hit 2026-11-16 23:00"),
        ("daily", "3000000", 0, "not hit by 2026-11-17"),
        ("weekly", "3000000", 1, "likely hit 2026-11-17 06:00"),
        ("weekly", "20000000", 0, "not hit by 2026-11-23"),
        ("monthly", "34000000", 1, "likely hit 2026-11-16 04:00"),
        ("7d", "16000000", 1, "was hit by"),
        ("7d", "25000000", 0, "not hit by 2026-12-01"),
    ],
)
def test_a_limit_is_held_against_its_period(
    log: str, period: str, limit: str, status: int, said: str
) -> None:
    result = forecast(log, "--limit", limit, "--limit-period", period)
    assert result.exit_code == status
    assert said in result.stdout


def test_a_period_that_is_none_is_refused(log: str) -> None:
    result = forecast(log, "--limit", "1", "--limit-period", "yearly")
    assert result.exit_code == 2
    assert "--limit-period: expected daily, weekly, monthly or a length" in result.stderr


def test_silence_until_now_is_named(log: str) -> None:
    silent = forecast(log, now="2026-11-18T06:00:00Z").stdout
    assert "nothing in the last 54 hours" in silent
    assert "give --now 2026-11-16T00:00:00Z" in silent
    assert "nothing in the last" not in forecast(log).stdout
