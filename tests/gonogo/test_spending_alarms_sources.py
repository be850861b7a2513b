"""Refusals and forecasts as alarms, and what a command tells of them."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from gonogo.cli.telling import Telling
from gonogo.errors import BudgetExceeded
from gonogo.production.alarms import Alarm
from gonogo.production.alert_settings import load_alert_settings
from gonogo.production.alerting import open_alarm_door
from gonogo.spend.ledger import open_ledger
from gonogo.spend.limits import decode_spend_settings
from gonogo.spending_alarms import (
    alarm_of_limit_ahead,
    alarm_of_refusal,
    key_of_limit_ahead,
)
from gonogo_checkers.verdict import Severity

AT = datetime(2026, 11, 10, 12, tzinfo=UTC)
LIMITS = {"limits": {"each": {"amount_usd": 1, "period": "daily", "per": ["user"]}}}
DOWN = """
[tool.gonogo.alerts.receivers.ops]
url_variable = "OPS_OF_A_TEST"
"""

ALARM = Alarm(key="synthetic", severity=Severity.MEDIUM, title="synthetic", at=AT)


def test_a_refusal_names_the_limit_and_not_the_user(tmp_path: Path) -> None:
    ledger = open_ledger(decode_spend_settings(LIMITS, "test"), tmp_path)
    refused = []
    for user in ("kim", "kim", "lee"):
        with pytest.raises(BudgetExceeded) as caught:
            ledger.reserve(f"{user}1", {"user": user}, upper_bound_usd=Decimal(2), at=AT)
        refused.append(alarm_of_refusal(caught.value, at=AT))
    ledger.close()
    assert refused[0].key == refused[1].key != refused[2].key
    assert refused[0].facts["limit"] == "each"
    assert "kim" not in refused[0].title + refused[0].text + str(refused[0].facts)


def test_a_limit_ahead_is_one_episode_a_period_and_worse_once_it_is_hit() -> None:
    def foreseen(hit_at: datetime) -> Alarm:
        return alarm_of_limit_ahead(
            "cost", Decimal(20), "2026-11", hit_at=hit_at, spent=Decimal("17.96"), at=AT
        )

    ahead, past = foreseen(datetime(2026, 11, 19, 13, tzinfo=UTC)), foreseen(AT)
    assert ahead.key == past.key == key_of_limit_ahead("cost", Decimal(20), "2026-11")
    assert (ahead.severity, past.severity) == (Severity.MEDIUM, Severity.HIGH)
    assert ahead.title == (
        "20 US dollars of 2026-11 will likely be reached by 2026-11-19 13:00 UTC"
    )


def test_what_a_command_found_is_kept_for_a_receiver_that_is_down(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pyproject.toml").write_text(DOWN)
    monkeypatch.delenv("OPS_OF_A_TEST", raising=False)
    telling = Telling(tmp_path, alert=True)
    telling.sound(ALARM)
    assert not telling.flush()
    assert "receiver 'ops': the environment variable OPS_OF_A_TEST is not set" in (
        capsys.readouterr().err
    )
    door = open_alarm_door(load_alert_settings(tmp_path), tmp_path, environment={})
    assert door.status().waiting == {"ops": 1}


def test_an_outbox_that_cannot_be_used_does_not_end_the_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "pyproject.toml").write_text(DOWN)
    (tmp_path / ".gonogo").write_text("a file is in the way")
    telling = Telling(tmp_path, alert=True)
    for _ in range(3):
        telling.sound(ALARM)
    assert not telling.flush()
    assert capsys.readouterr().err.count("cannot be used") == 1
    quiet = Telling(tmp_path, alert=False)
    quiet.sound(ALARM)
    assert quiet.flush()
