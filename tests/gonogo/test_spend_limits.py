"""Settings of spending limits, and the periods in which their amounts hold."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.errors import BadSettingsError, MissingExtraError
from gonogo.spend.limits import SpendSettings, decode_spend_settings, load_spend_settings
from gonogo.spend.periods import (
    FOREVER,
    Period,
    calendar_window,
    microseconds_of,
    moment_of,
    parse_length,
)
from gonogo.spend.stores.opening import open_store

TABLE = """
[tool.gonogo.spend]
store = "redis://localhost/0"
time_zone = "Europe/Berlin"
on_store_down = "open"

[tool.gonogo.spend.limits.account]
amount_usd = 20000
period = "monthly"
warn_at = [0.5, 0.9]

[tool.gonogo.spend.limits.each_user]
amount_usd = 5.50
period = "rolling"
length = "24h"
per = ["user"]
kind = "soft"

[tool.gonogo.spend.limits.legal_opus]
amount_usd = 100
period = "weekly"
where = {department = ["legal", "tax"], model = "claude-opus-*"}
time_zone = "America/New_York"
"""


def limit(**changed: Any) -> dict[str, Any]:
    return {"limits": {"l": {"amount_usd": 1, "period": "daily", **changed}}}


def test_the_table_is_read(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(TABLE)
    settings = load_spend_settings(tmp_path)
    assert settings.limits["account"].thresholds == (10_000_000_000, 18_000_000_000)
    assert settings.limits["each_user"].amount == 5_500_000
    assert settings.limits["each_user"].thresholds == (4_400_000, 5_500_000)
    assert load_spend_settings(tmp_path / "elsewhere") == SpendSettings()


@pytest.mark.parametrize(
    ("attributes", "names"),
    [
        ({}, {"account", "each_user"}),
        ({"department": "legal"}, {"account", "each_user"}),
        (
            {"department": "tax", "model": "claude-opus-5"},
            {"account", "each_user", "legal_opus"},
        ),
        ({"department": "tax", "model": "claude-haiku-5-5"}, {"account", "each_user"}),
    ],
)
def test_limits_hold_for_the_calls_that_they_name(
    attributes: dict[str, str], names: set[str], tmp_path: Path
) -> None:
    (tmp_path / "pyproject.toml").write_text(TABLE)
    settings = load_spend_settings(tmp_path)
    assert {name for name, _ in settings.limits_for(attributes)} == names


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (limit(amount=1), "unknown field `amount`"),
        (limit(amount_usd=-1), "amount_usd: expected US dollars from 0 to"),
        (limit(amount_usd="NaN"), "amount_usd: expected US dollars from 0 to"),
        (limit(period="yearly"), "yearly"),
        (limit(period="rolling"), "length: expected with period 'rolling'"),
        (limit(length="24h"), "length: expected with period 'rolling' and with no other"),
        (limit(period="rolling", length="0h"), "expected a length of up to 366 days"),
        (limit(period="rolling", length="53w"), "expected a length of up to 366 days"),
        (limit(time_zone="Europe/Atlantis"), "time_zone: 'Europe/Atlantis' is not known"),
        (limit(time_zone="../../etc/passwd"), "time_zone: '../../etc/passwd' is not known"),
        (limit(warn_at=1.2), "<= 1"),
        (limit(per=["user", "user"]), "per: expected each attribute once"),
        (limit(kind="strict"), "strict"),
        ({"time_zone": "Nowhere"}, "time_zone: 'Nowhere' is not known"),
        ({"keep_seconds": 10}, "keep_seconds: expected at least hold_seconds"),
        ({"on_store_down": "maybe"}, "maybe"),
        ({"name": "a-b"}, "name"),
        ({"limit": {}}, "there are: store, name, time_zone"),
    ],
)
def test_a_bad_table_says_what_is_wrong(table: dict[str, Any], said: str) -> None:
    with pytest.raises(BadSettingsError) as bad:
        decode_spend_settings(table, "pyproject.toml")
    assert said in str(bad.value)
    assert str(bad.value).startswith("pyproject.toml [tool.gonogo.spend]: ")


def window(period: Period, zone: str, at: str) -> tuple[str, str, float]:
    moment = datetime.fromisoformat(at).replace(tzinfo=UTC)
    found = calendar_window(period, ZoneInfo(zone), microseconds_of(moment))
    starts, ends = moment_of(found.starts), moment_of(found.ends)
    return f"{starts:%F %H:%M}", f"{ends:%F %H:%M}", (ends - starts) / timedelta(hours=1)


@pytest.mark.parametrize(
    ("period", "zone", "at", "expected"),
    [
        # an ordinary day, and one at the turn of it
        (Period.DAILY, "UTC", "2026-11-24T00:00", ("2026-11-24 00:00", "2026-11-25 00:00", 24)),
        (
            Period.DAILY,
            "Europe/Berlin",
            "2026-11-24T22:59",
            ("2026-11-23 23:00", "2026-11-24 23:00", 24),
        ),
        (
            Period.DAILY,
            "Europe/Berlin",
            "2026-11-24T23:00",
            ("2026-11-24 23:00", "2026-11-25 23:00", 24),
        ),
        # clocks go on: 23 hours; and back: 25
        (
            Period.DAILY,
            "Europe/Berlin",
            "2026-03-29T12:00",
            ("2026-03-28 23:00", "2026-03-29 22:00", 23),
        ),
        (
            Period.DAILY,
            "Europe/Berlin",
            "2026-10-25T00:30",
            ("2026-10-24 22:00", "2026-10-25 23:00", 25),
        ),
        # a midnight that there is not (clocks go on at midnight), and one that comes twice
        (
            Period.DAILY,
            "Africa/Cairo",
            "2026-04-24T10:00",
            ("2026-04-23 22:00", "2026-04-24 21:00", 23),
        ),
        (
            Period.DAILY,
            "America/Havana",
            "2026-11-01T04:30",
            ("2026-11-01 04:00", "2026-11-02 05:00", 25),
        ),
        (
            Period.DAILY,
            "America/Havana",
            "2026-11-01T05:30",
            ("2026-11-01 04:00", "2026-11-02 05:00", 25),
        ),
        # half an hour off, and a day that a country left out
        (
            Period.DAILY,
            "Asia/Kolkata",
            "2026-11-24T18:30",
            ("2026-11-24 18:30", "2026-11-25 18:30", 24),
        ),
        (
            Period.WEEKLY,
            "Europe/Berlin",
            "2026-03-29T21:59",
            ("2026-03-22 23:00", "2026-03-29 22:00", 167),
        ),
        (
            Period.MONTHLY,
            "America/New_York",
            "2026-03-31T23:00",
            ("2026-03-01 05:00", "2026-04-01 04:00", 743),
        ),
        (Period.MONTHLY, "UTC", "2028-02-29T10:00", ("2028-02-01 00:00", "2028-03-01 00:00", 696)),
        (Period.MONTHLY, "UTC", "2026-12-31T23:59", ("2026-12-01 00:00", "2027-01-01 00:00", 744)),
    ],
)
def test_calendar_periods_are_those_of_the_zone(
    period: Period, zone: str, at: str, expected: tuple[str, str, float]
) -> None:
    assert window(period, zone, at) == expected


ZONES = st.sampled_from(
    ["UTC", "Europe/Berlin", "America/Havana", "Africa/Cairo", "Pacific/Apia", "Asia/Beirut"]
)
MOMENTS = st.integers(microseconds_of(datetime(2001, 1, 1, tzinfo=UTC)), FOREVER // 2)


@given(
    period=st.sampled_from([Period.DAILY, Period.WEEKLY, Period.MONTHLY]), zone=ZONES, at=MOMENTS
)
def test_every_moment_is_in_one_period_and_periods_follow_each_other(
    period: Period, zone: str, at: int
) -> None:
    found = calendar_window(period, ZoneInfo(zone), at)
    assert found.starts <= at < found.ends
    assert calendar_window(period, ZoneInfo(zone), found.starts) == found
    assert calendar_window(period, ZoneInfo(zone), found.ends - 1) == found
    after = calendar_window(period, ZoneInfo(zone), found.ends)
    assert after.starts == found.ends


def test_lengths() -> None:
    assert parse_length("90m") == timedelta(minutes=90)
    assert parse_length("4w") == timedelta(weeks=4)
    with pytest.raises(ValueError, match="got '1y'"):
        parse_length("1y")


def test_times_without_a_zone_are_refused() -> None:
    with pytest.raises(ValueError, match="expected a time with its time zone"):
        microseconds_of(datetime(2026, 1, 1))  # noqa: DTZ001 - the point of it
    with pytest.raises(ValueError, match="from 1970 to 2255"):
        microseconds_of(datetime(2300, 1, 1, tzinfo=UTC))


def test_a_store_that_is_not_known_and_a_driver_that_is_missing_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def opened(url: str) -> object:
        return open_store(url, name="x", timeout_seconds=1, root=tmp_path)

    with pytest.raises(BadSettingsError, match="no store is known for 'mysql://'"):
        opened("mysql://x")
    with pytest.raises(BadSettingsError, match="takes `host` and `sslmode`"):
        opened("postgresql://h/d?sslmode=maybe")
    monkeypatch.setitem(__import__("sys").modules, "redis", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'gonogo\[redis\]'"):
        opened("redis://h/0")
    monkeypatch.setitem(__import__("sys").modules, "pg8000.native", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'gonogo\[postgres\]'"):
        opened("postgresql://h/d")


def test_amounts_are_exact() -> None:
    settings = decode_spend_settings(limit(amount_usd="0.1", warn_at=0.7), "test")
    assert settings.limits["l"].amount == 100_000
    assert settings.limits["l"].thresholds == (70_000,)
    assert decode_spend_settings(limit(amount_usd=0.1), "test").limits["l"].amount_usd == Decimal(
        "0.1"
    )
