"""Warnings of limits as alarms: what leaves the process names nobody."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from gonogo.production.alert_settings import decode_alert_settings
from gonogo.production.alerting import open_alarm_door
from gonogo.spend.ledger import open_ledger
from gonogo.spend.limits import decode_spend_settings
from gonogo.spend.reservations import SpendWarning
from gonogo.spending_alarms import alarm_of_warning
from gonogo_checkers.verdict import Severity

AT = datetime(2026, 11, 10, 12, tzinfo=UTC)
SETTINGS = {
    "limits": {
        "each_user": {
            "amount_usd": 10,
            "period": "daily",
            "per": ["user"],
            "warn_at": [0.5, 1.0],
        }
    }
}


def warnings_of(folder: Path, *amounts: str) -> list[SpendWarning]:
    told: list[SpendWarning] = []
    ledger = open_ledger(decode_spend_settings(SETTINGS, "test"), folder, on_warning=told.append)
    for number, amount in enumerate(amounts):
        ledger.reserve(f"r{number}", {"user": "kim"}, upper_bound_usd=Decimal(amount), at=AT)
        ledger.settle(f"r{number}", Decimal(amount))
    ledger.close()
    return told


def test_a_threshold_becomes_an_alarm_without_the_user(tmp_path: Path) -> None:
    (warning,) = warnings_of(tmp_path, "6")
    alarm = alarm_of_warning(warning, at=AT)
    assert alarm.severity is Severity.MEDIUM
    assert "each_user" in alarm.title
    assert "kim" not in alarm.title + alarm.text + str(alarm.facts)
    assert alarm.facts["amount_usd"] == "10"


def test_a_hard_limit_that_is_used_up_is_worse(tmp_path: Path) -> None:
    half, full = warnings_of(tmp_path, "6", "4")
    assert alarm_of_warning(full).severity is Severity.HIGH
    assert alarm_of_warning(half).key != alarm_of_warning(full).key


def test_the_door_takes_one_episode_a_threshold(tmp_path: Path) -> None:
    (warning,) = warnings_of(tmp_path, "6")
    table = {"receivers": {"ops": {"url_variable": "OPS"}}}
    door = open_alarm_door(
        decode_alert_settings(table, "test"), tmp_path, environment={"OPS": "json://127.0.0.1:9/"}
    )
    assert door.sound(alarm_of_warning(warning, at=AT)) is not None
    assert door.sound(alarm_of_warning(warning, at=AT)) is None
