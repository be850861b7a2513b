"""The watcher: episodes, order, hostile values, bounded memory."""

import gc
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from traffic import BEGIN, CHEAP, PRICES, call, opened, watched

from gonogo.exchanges import Exchange, Request, Response, Usage
from gonogo.spend.anomalies import Entity, Kind, News, Scope, Watcher, WatchSettings
from gonogo.strategies import exchanges
from gonogo_checkers.verdict import Severity

LOOPING = "please book the same table for two people at eight again and again"


def loop(
    count: int, *, start: float = 0.0, gap: float = 10.0, first: int = 0, **more: Any
) -> list[Exchange]:
    return [
        call(first + i, start + gap * i, session="s", text=LOOPING, **more) for i in range(count)
    ]


def test_an_alarm_says_who_since_when_which_exchanges_what_it_wastes_and_why() -> None:
    (alarm,) = opened(loop(8, input_tokens=1_000_000, output_tokens=0))
    assert alarm.kind is Kind.RUNAWAY_LOOP
    assert alarm.entity == Entity(Scope.SESSION, "s")
    assert alarm.begins == BEGIN
    assert alarm.raised == BEGIN + timedelta(seconds=50)
    assert alarm.ends is None
    assert alarm.exchanges == tuple(f"ex{i}" for i in range(6))
    assert alarm.waste_usd == Decimal(5)
    assert alarm.waste_usd_per_hour == Decimal(60)
    assert alarm.severity is Severity.HIGH
    assert "repeat themselves" in alarm.cause


def test_one_episode_is_opened_once_and_closed_once() -> None:
    reports = watched([*loop(40), call(99, 90_000)])
    assert [alarm.news for alarm in reports] == [News.OPENED, News.CLOSED]
    first, last = reports
    assert first.id == last.id
    assert last.ends == BEGIN + timedelta(seconds=390)
    assert last.count == 40
    assert len(last.exchanges) == 20
    assert last.exchanges[0] == "ex0"
    assert last.exchanges[-1] == "ex39"


def test_two_episodes_have_two_alarms() -> None:
    reports = watched([*loop(8), *loop(8, start=90_000, first=50)])
    assert [alarm.news for alarm in reports] == [News.OPENED, News.CLOSED] * 2
    assert reports[0].id != reports[2].id


def test_an_alarm_that_gets_dearer_is_reported_again() -> None:
    cheap = loop(8, input_tokens=2000)
    dear = loop(30, start=80, first=8, input_tokens=2_000_000)
    reports = [a for a in watched([*cheap, *dear]) if a.kind is Kind.RUNAWAY_LOOP]
    assert [a.news for a in reports][:2] == [News.OPENED, News.WORSENED]
    assert reports[0].severity.rank < reports[1].severity.rank
    assert reports[-1].severity is Severity.CRITICAL


def test_what_wastes_next_to_nothing_is_not_raised_until_it_does() -> None:
    few = loop(8, input_tokens=100, output_tokens=1)
    assert opened(few, least_waste_usd_per_hour=Decimal("0.05")) == []
    many = loop(400, gap=1.0, input_tokens=100, output_tokens=1)
    (alarm,) = [
        a
        for a in opened(many, least_waste_usd_per_hour=Decimal("0.02"))
        if a.kind is Kind.RUNAWAY_LOOP
    ]
    assert alarm.raised > BEGIN + timedelta(seconds=8)


def test_what_has_no_price_is_raised_and_says_so() -> None:
    (alarm,) = opened(loop(8, model="model-of-nobody"), least_waste_usd_per_hour=Decimal(1000))
    assert alarm.waste_usd is None
    assert alarm.waste_usd_per_hour is None
    assert alarm.severity is Severity.MEDIUM


def test_a_known_cost_is_taken_as_it_is() -> None:
    watcher = Watcher(prices=PRICES)
    alarms = [a for one in loop(8) for a in watcher.feed(one, cost=Decimal(7))]
    assert alarms[0].waste_usd == Decimal(35)
    with pytest.raises(ValueError, match="cost"):
        watcher.feed(call(9, 100), cost=Decimal("NaN"))


def test_open_alarms_can_be_asked_for() -> None:
    watcher = Watcher(WatchSettings(least_waste_usd_per_hour=Decimal(0)), PRICES)
    for one in loop(12):
        watcher.feed(one)
    (alarm,) = watcher.open_alarms
    assert alarm.count == 12
    watcher.finish()
    assert watcher.open_alarms == ()


@pytest.mark.parametrize("name", ["loop_repeats", "spike_score", "most_entities"])
def test_settings_refuse_what_is_not_above_zero(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        WatchSettings(**{name: 0})


def test_what_comes_late_or_without_a_date_counts_as_now() -> None:
    late = [call(i, -3600.0 if i == 3 else None, session="s", text=LOOPING) for i in range(5)]
    (alarm,) = opened([*loop(4, first=10), *late])
    assert alarm.begins == BEGIN
    assert alarm.raised == BEGIN + timedelta(seconds=30)


def test_one_wrong_date_does_not_carry_the_clock_off() -> None:
    watcher = Watcher(WatchSettings(least_waste_usd_per_hour=Decimal(0)), PRICES)
    for one in loop(8):
        watcher.feed(one)
    far = Exchange(
        id="far",
        request=Request({"messages": []}),
        response=Response({}),
        usage=Usage({}),
        at=datetime(9999, 12, 31, tzinfo=UTC),
    )
    assert watcher.feed(far) == ()
    assert watcher.open_alarms


@settings(max_examples=25, deadline=None)
@given(st.lists(exchanges(), max_size=30))
def test_any_exchanges_in_any_order_are_watched(stream: list[Exchange]) -> None:
    watcher = Watcher(WatchSettings(least_waste_usd_per_hour=Decimal(0)))
    reports = [alarm for one in stream for alarm in watcher.feed(one)]
    reports += watcher.finish()
    opened_ids = [a.id for a in reports if a.news is News.OPENED]
    assert len(set(opened_ids)) == len(opened_ids)
    assert sorted(opened_ids) == sorted(a.id for a in reports if a.news is News.CLOSED)
    for alarm in reports:
        assert alarm.begins <= alarm.raised
        assert alarm.exchanges
        assert alarm.cause


@pytest.mark.parametrize(
    "body",
    [
        {"messages": None},
        {"messages": [None, 3, "x"]},
        {"messages": [{"role": "user", "content": [None, {"type": "text", "text": 3}]}]},
        {"messages": [{"role": "user"}], "tools": [None, {"name": ["x"]}]},
        {"messages": [{"role": "user", "content": "\ud800" * 100}], "system": 7},
        {"messages": [{"role": "user", "content": "x" * 1_000_000}], "model": 5},
    ],
)
def test_odd_bodies_are_watched(body: dict[str, Any]) -> None:
    watcher = Watcher()
    for number in range(3):
        odd = Exchange(
            id=f"odd{number}",
            request=Request(body),
            response=Response({"model": CHEAP, "content": [None, {"type": "tool_use"}, {}]}),
            usage=Usage(
                {"input_tokens": 10**400, "output_tokens": -5, "cache_read_input_tokens": "x"}
            ),
            at=BEGIN,
        )
        watcher.feed(odd, cost=Decimal(1))
    failed = Exchange(id="failed", request=Request(body), response=None, status=529, at=BEGIN)
    assert watcher.feed(failed) == ()


def test_memory_does_not_grow_with_the_stream() -> None:
    watcher = Watcher(WatchSettings(most_entities=10), PRICES)

    def feed(first: int, count: int) -> int:
        for i in range(first, first + count):
            tokens = 900 + i * 37 % 997
            watcher.feed(
                call(i, 20.0 * i, user=f"u{i % 500}", session=f"s{i // 3}", input_tokens=tokens)
            )
        gc.collect()
        return len(gc.get_objects())

    early, late = feed(0, 2500), feed(2500, 2500)
    assert late - early < 1000
