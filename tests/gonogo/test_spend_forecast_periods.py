"""Sums by the hour, days, months and limits by the calendar. All amounts are made up."""

import tracemalloc
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gonogo.errors import UnusableHistoryError
from gonogo.exchanges import Exchange, Request, Response, Usage
from gonogo.pricing import ConfiguredPrice
from gonogo.spend.forecasting.hourly_sums import (
    HOUR,
    MOST_DAYS,
    HourlySums,
    cost_with,
    hours_until,
    sum_by_hour,
    sums_of,
    tokens_of,
)
from gonogo.spend.forecasting.projections import (
    NotBy,
    burn_rate_of,
    end_of_month,
    foresee,
    project_days,
    project_limit,
    project_month,
)
from gonogo.spend.forecasting.rolling_limits import project_rolling_limit

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 11, 0, 30, tzinfo=UTC)
PRICES = {"m": ConfiguredPrice(input_mtok=Decimal(1), output_mtok=Decimal(10))}


def exchange(at, tokens=(100, 10), model="m"):
    return Exchange(
        id="1",
        request=Request({"model": model, "messages": []}),
        response=Response({"model": model, "content": []}),
        usage=None
        if tokens is None
        else Usage({"input_tokens": tokens[0], "output_tokens": tokens[1]}),
        at=at,
    )


def constant(days, *, starts, per_hour=1):
    return HourlySums(starts=starts, sums=(Decimal(per_hour),) * (24 * days))


def test_exchanges_are_summed_by_the_hour_up_to_the_last_that_is_over():
    sums = sum_by_hour(
        [
            exchange(NOW - timedelta(hours=3)),
            exchange(NOW - timedelta(minutes=31)),
            exchange(datetime(2026, 11, 11, 0, 59, tzinfo=BERLIN), (1, 0)),
            exchange(NOW),
        ],
        tokens_of,
        now=NOW,
    )
    assert sums.starts == datetime(2026, 11, 10, 21, tzinfo=UTC)
    assert sums.sums == (110, 0, 111)
    assert sums.ends == datetime(2026, 11, 11, tzinfo=UTC)
    assert sums.unfinished == 110
    assert sums.values.tolist() == [110, 0, 111]
    assert sums.gaps is None


def test_costs_are_exact_and_what_has_none_is_counted():
    sums = sum_by_hour(
        [
            exchange(NOW - HOUR),
            exchange(NOW - HOUR),
            exchange(NOW - HOUR, model="unheard-of"),
            exchange(NOW - HOUR, tokens=None),
            exchange(None),
            exchange(NOW + HOUR),
            exchange(NOW - timedelta(days=MOST_DAYS + 1)),
        ],
        cost_with(PRICES),
        now=NOW,
    )
    assert sums.sums == (Decimal("0.0004"),)
    assert (sums.unmeasured, sums.undated, sums.outside) == (2, 1, 2)


def test_no_exchange_is_no_history():
    sums = sum_by_hour([], tokens_of, now=NOW)
    assert sums.sums == ()
    assert burn_rate_of(sums).per_hour == 0
    with pytest.raises(UnusableHistoryError, match="0 hours"):
        foresee(sums, NOW + timedelta(days=1))


def test_now_needs_its_time_zone():
    with pytest.raises(UnusableHistoryError, match="time zone"):
        sum_by_hour([], tokens_of, now=datetime(2026, 11, 11))  # noqa: DTZ001 - refused


def test_a_negative_value_is_refused():
    with pytest.raises(UnusableHistoryError, match=r"'1'.*got -1"):
        sum_by_hour([exchange(NOW - HOUR)], lambda _: -1, now=NOW)


def test_hours_that_a_gap_touches_are_missing():
    start = datetime(2026, 11, 10, 21, tzinfo=UTC)
    gaps = [(start + 1.5 * HOUR, start + 2 * HOUR), (start - 9 * HOUR, start - 8 * HOUR)]
    sums = sum_by_hour([exchange(start)], tokens_of, now=NOW, unobserved=gaps)
    assert sums.missing == (False, True, False)
    assert sums.gaps is not None
    beyond = sum_by_hour(
        [exchange(start)], tokens_of, now=NOW, unobserved=[(start - HOUR, NOW + HOUR)]
    )
    assert beyond.missing == (True, True, True)


def test_memory_does_not_grow_with_the_exchanges():
    def stream(count):
        return (exchange(NOW - HOUR - timedelta(seconds=k % 90_000)) for k in range(count))

    def peak(count):
        tracemalloc.start()
        sum_by_hour(stream(count), tokens_of, now=NOW)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    peak(100)
    assert peak(20_000) < peak(2_000) + 50_000


def test_finer_sums_are_added_up():
    start = datetime(2026, 11, 1, tzinfo=UTC)
    sums = sums_of([1, 2, 3, 4, np.nan, 6, 7], start, per_hour=2)
    assert sums.sums == (3, 7, 6)
    assert sums.missing == (False, False, True)
    with pytest.raises(UnusableHistoryError, match=r"bin 1.*got -2\.0"):
        sums_of([1, -2], start)
    with pytest.raises(UnusableHistoryError, match="full hour"):
        sums_of([1], start + timedelta(minutes=5))


def test_hours_are_counted_by_where_they_begin():
    start = datetime(2026, 11, 1, tzinfo=UTC)
    assert [hours_until(start, start + k * HOUR / 2) for k in (-2, 0, 1, 2, 3)] == [-1, 0, 1, 1, 2]


def test_the_burn_rate_leaves_out_what_was_not_observed():
    sums = HourlySums(
        starts=NOW.replace(minute=0),
        sums=(Decimal(1),) * 144 + (Decimal(2),) * 24,
        missing=(False,) * 167 + (True,),
    )
    rate = burn_rate_of(sums)
    assert rate.per_hour == 2
    assert rate.per_day == round(Decimal(24 * (144 + 2 * 23)) / 167, 6)


def test_a_month_is_what_was_spent_and_what_is_foreseen():
    """One dollar an hour from October on: 720 hours in November, 250 are over."""
    starts = datetime(2026, 10, 5, tzinfo=UTC)
    sums = HourlySums(starts=starts, sums=(Decimal(1),) * (27 * 24 + 250))
    month = project_month(sums, foresee(sums, end_of_month(sums, UTC)), UTC)
    assert (month.starts, month.ends) == (
        datetime(2026, 11, 1, tzinfo=UTC),
        datetime(2026, 12, 1, tzinfo=UTC),
    )
    assert month.spent == 250
    assert month.ahead.likely == 470
    assert month.total.likely == 720
    assert 600 < month.total.low_95 < month.total.low_80 < 720 < month.total.high_80 < 840


def test_the_last_hour_of_a_month_begins_the_next():
    sums = constant(30, starts=datetime(2026, 11, 1, tzinfo=UTC))
    month = project_month(sums, foresee(sums, end_of_month(sums, UTC)), UTC)
    assert month.starts == datetime(2026, 12, 1, tzinfo=UTC)
    assert (month.spent, month.total.likely) == (0, 31 * 24)


def test_a_month_that_began_before_the_records_says_so():
    sums = constant(4, starts=datetime(2026, 11, 5, tzinfo=UTC))
    month = project_month(sums, foresee(sums, end_of_month(sums, BERLIN)), BERLIN)
    assert month.spent == 96
    assert any("before 2026-11-05T01:00:00+01:00 is not known" in note for note in month.notes)
    assert any("4 days are known" in note for note in month.notes)


@pytest.mark.parametrize(
    ("first", "hours"),
    [
        (datetime(2026, 10, 25, tzinfo=BERLIN), 25),
        (datetime(2026, 3, 29, tzinfo=BERLIN), 23),
        (datetime(2026, 11, 11, tzinfo=BERLIN), 24),
    ],
)
def test_days_are_as_long_as_the_zone_makes_them(first, hours):
    sums = constant(10, starts=(first - timedelta(days=10)).astimezone(UTC))
    days = project_days(sums, foresee(sums, first + timedelta(days=3)), BERLIN)
    assert [day.total.likely for day in days[:2]] == [hours, 24]
    assert days[0].starts == first
    assert days[0].starts.utcoffset() == first.utcoffset()


def test_a_day_under_way_keeps_what_was_spent():
    midnight = datetime(2026, 11, 10, tzinfo=UTC)
    sums = HourlySums(starts=midnight - 96 * HOUR, sums=(Decimal(1),) * 96 + (Decimal(5),) * 6)
    today = project_days(sums, foresee(sums, midnight + 48 * HOUR), UTC)[0]
    assert today.spent == 30
    assert today.total.likely == today.spent + today.ahead.likely


def test_days_share_out_every_hour_of_a_month_in_a_half_hour_zone():
    india = ZoneInfo("Asia/Kolkata")
    generator = np.random.default_rng(1)
    starts = datetime(2026, 10, 20, tzinfo=UTC)
    sums = sums_of(generator.exponential(1, 12 * 24 + 24 * 9), starts)
    outlook = foresee(sums, end_of_month(sums, india))
    month, days = project_month(sums, outlook, india), project_days(sums, outlook, india)
    earlier = sums.between(month.starts, days[0].starts)
    total = earlier + sum(day.total.likely for day in days)
    assert float(total) == pytest.approx(float(month.total.likely), abs=1e-4)


def test_an_outlook_beyond_five_weeks_is_refused():
    sums = constant(3, starts=datetime(2026, 11, 1, tzinfo=UTC))
    for until in (sums.ends, sums.ends + timedelta(days=36)):
        with pytest.raises(ValueError, match="within 35 days"):
            foresee(sums, until)


def test_an_outlook_too_short_for_the_month_is_refused():
    sums = constant(3, starts=datetime(2026, 11, 1, tzinfo=UTC))
    with pytest.raises(ValueError, match="not within"):
        project_month(sums, foresee(sums, sums.ends + 48 * HOUR), UTC)


def test_a_limit_is_hit_when_the_hours_say():
    """One dollar an hour, 96 spent: 200.5 are reached half an hour into hour 104 from now."""
    sums = constant(4, starts=datetime(2026, 11, 1, tzinfo=UTC))
    outlook = foresee(sums, end_of_month(sums, UTC))
    hit = project_limit(sums, outlook, Decimal("200.5"), since=sums.starts)
    assert hit.spent == 96
    assert hit.likely == sums.ends + 104.5 * HOUR
    assert sums.ends + 80 * HOUR < hit.earliest < hit.likely < hit.latest < sums.ends + 140 * HOUR
    assert not hit.is_past


def test_a_limit_that_begins_anew_is_not_hit_after_that():
    sums = constant(4, starts=datetime(2026, 11, 1, tzinfo=UTC))
    until = sums.ends + 72 * HOUR
    outlook = foresee(sums, sums.ends + 144 * HOUR)
    hit = project_limit(sums, outlook, Decimal(200), since=sums.starts, until=until)
    assert hit.earliest == hit.likely == hit.latest == NotBy(until)


def test_a_limit_may_be_hit_in_the_hour_that_is_not_over():
    sums = replace(constant(4, starts=datetime(2026, 11, 1, tzinfo=UTC)), unfinished=Decimal(50))
    outlook = foresee(sums, sums.ends + 48 * HOUR)
    hit = project_limit(sums, outlook, Decimal(100), since=sums.starts)
    assert hit.is_past
    assert (hit.likely, hit.spent) == (sums.ends + HOUR, 146)


def test_a_limit_that_is_far_is_not_hit():
    sums = constant(4, starts=datetime(2026, 11, 1, tzinfo=UTC))
    until = end_of_month(sums, BERLIN)
    since = sums.starts.astimezone(BERLIN)
    hit = project_limit(sums, foresee(sums, until), Decimal(10_000), since=since)
    assert hit.earliest == hit.likely == hit.latest == NotBy(until)
    assert hit.likely.end.utcoffset() == timedelta(hours=1)


def test_a_limit_that_was_hit_says_when():
    sums = constant(4, starts=datetime(2026, 11, 1, tzinfo=UTC))
    outlook = foresee(sums, sums.ends + 48 * HOUR)
    hit = project_limit(sums, outlook, Decimal("30.5"), since=sums.starts + 10 * HOUR)
    assert hit.is_past
    assert hit.likely == hit.earliest == hit.latest == sums.starts + 41 * HOUR
    assert hit.spent == 86


@pytest.mark.parametrize("limit", [Decimal(0), Decimal(-1), Decimal("NaN")])
def test_a_limit_of_nothing_is_refused(limit):
    sums = constant(3, starts=datetime(2026, 11, 1, tzinfo=UTC))
    with pytest.raises(ValueError, match="limit"):
        project_limit(sums, foresee(sums, sums.ends + HOUR), limit, since=sums.starts)


def rolling(sums, outlook, limit, days):
    return project_rolling_limit(
        sums, outlook, Decimal(limit), length=timedelta(days=days), zone=UTC
    )


def test_a_rolling_limit_looks_at_its_window_alone():
    """One dollar an hour for five days, four since a day: 48 hours hold 96 and come to 144."""
    starts = datetime(2026, 11, 1, tzinfo=UTC)
    sums = HourlySums(starts=starts, sums=(Decimal(1),) * 120 + (Decimal(4),) * 24)
    outlook = foresee(sums, sums.ends + 10 * 24 * HOUR)
    hit = rolling(sums, outlook, 150, 2)
    assert hit.spent == 24 + 96
    # Each hour 4 come and 1 leaves.
    assert hit.likely == sums.ends + 10 * HOUR
    end = NotBy(sums.ends + 240 * HOUR)
    assert sums.ends < hit.earliest <= hit.likely
    assert hit.latest == end  # five days do not show that the new level lasts
    never = rolling(sums, outlook, 1000, 2)
    assert never.likely == never.latest == end
    assert not never.is_past


def test_a_rolling_limit_that_has_been_hit_says_since_when():
    starts = datetime(2026, 11, 1, tzinfo=UTC)
    sums = HourlySums(starts=starts, sums=(Decimal(1),) * 120 + (Decimal(4),) * 24)
    outlook = foresee(sums, sums.ends + 48 * HOUR)
    hit = rolling(sums, outlook, 90, 2)
    # 48 and 3 more each hour: 90 after 14 hours of the 24.
    assert hit.is_past
    assert hit.likely == hit.earliest == hit.latest == sums.ends - 10 * HOUR
    assert hit.spent == 120


def test_a_rolling_limit_that_is_past_its_peak_is_not_hit():
    starts = datetime(2026, 11, 1, tzinfo=UTC)
    amounts = [Decimal(1)] * 480
    amounts[300:324] = [Decimal(20)] * 24
    sums = HourlySums(starts=starts, sums=tuple(amounts))
    outlook = foresee(sums, sums.ends + 48 * HOUR)
    hit = rolling(sums, outlook, 600, 8)
    assert (hit.spent, hit.is_past) == (24 * 20 + 168, True)
    assert rolling(sums, outlook, 600, 2).spent == 48
    assert isinstance(rolling(sums, outlook, 600, 2).likely, NotBy)


@pytest.mark.parametrize("length", [timedelta(0), timedelta(hours=-1)])
def test_a_window_of_nothing_is_refused(length):
    sums = constant(3, starts=datetime(2026, 11, 1, tzinfo=UTC))
    outlook = foresee(sums, sums.ends + HOUR)
    with pytest.raises(ValueError, match="length"):
        project_rolling_limit(sums, outlook, Decimal(1), length=length, zone=UTC)


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 10**6), st.integers(48, 200), st.integers(30, 20_000), st.floats(0.5, 300))
def test_times_of_a_rolling_limit_are_in_order(seed, hours, minutes, limit):
    generator = np.random.default_rng(seed)
    sums = sums_of(generator.exponential(1, hours), datetime(2026, 10, 20, tzinfo=UTC))
    outlook = foresee(sums, sums.ends + 10 * 24 * HOUR)
    length = timedelta(minutes=minutes)
    hit = project_rolling_limit(sums, outlook, Decimal(limit), length=length, zone=UTC)
    when = [_order(moment) for moment in (hit.earliest, hit.likely, hit.latest)]
    assert when == sorted(when)
    assert hit.is_past == (hit.spent >= Decimal(limit))


@settings(max_examples=12, deadline=None)
@given(
    st.integers(0, 10**6),
    st.integers(48, 300),
    st.floats(1, 400),
    st.sampled_from(["UTC", "Europe/Berlin", "America/St_Johns"]),
)
def test_projections_are_in_order(seed, hours, limit, zone):
    generator = np.random.default_rng(seed)
    values = generator.exponential(1, hours) * (generator.random(hours) < 0.7)
    sums = sums_of(values, datetime(2026, 10, 20, tzinfo=UTC))
    account = ZoneInfo(zone)
    outlook = foresee(sums, end_of_month(sums, account))
    month = project_month(sums, outlook, account)
    total, ahead = month.total, month.ahead
    assert month.spent <= total.low_95 <= total.low_80 <= total.likely
    assert total.likely <= total.high_80 <= total.high_95
    assert total.likely == month.spent + ahead.likely
    hit = project_limit(sums, outlook, Decimal(limit), since=month.starts)
    when = [_order(moment) for moment in (hit.earliest, hit.likely, hit.latest)]
    assert when == sorted(when)
    assert hit.is_past == (month.spent >= Decimal(limit))


def _order(moment):
    return datetime.max.replace(tzinfo=UTC) if isinstance(moment, NotBy) else moment
