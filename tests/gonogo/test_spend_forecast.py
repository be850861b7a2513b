"""Forecasts of hourly sums: arrays in, arrays out. All series are made up."""

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.tsa.exponential_smoothing.ets import ETSModel

from gonogo.errors import UnusableHistoryError
from gonogo.spend.forecasting.backtests import Aim, run_backtest
from gonogo.spend.forecasting.candidates import LAST_DAY, LAST_WEEK, candidates_for, extend_all
from gonogo.spend.forecasting.forecasts import (
    MOST_AHEAD,
    Forecast,
    forecast_hours,
    foresee_totals,
)
from gonogo.spend.forecasting.histories import DAY, MOST_HOURS, WEEK, history_of
from gonogo.spend.forecasting.level_breaks import RaisedWeek, days_since_break
from gonogo.spend.forecasting.profiles import Profile, TrendedProfile
from gonogo.spend.forecasting.smoothing import Smoothing, smooth

CLOCK = np.arange(DAY, dtype=float)


def weeks_of(count, *, seed=0, noise=0.05, weekend=0.4):
    """Daily and weekly pattern times noise: synthetic."""
    generator = np.random.default_rng(seed)
    hours = np.arange(count * WEEK)
    day = 10 + 8 * np.cos(2 * np.pi * (hours % DAY - 14) / DAY)
    week = np.where(hours // DAY % 7 >= 5, weekend, 1.0)
    return day * week * np.exp(generator.normal(0, noise, hours.size))


def mean_error(forecast, actual):
    return float(np.abs(forecast - actual).mean())


def test_two_equal_days_go_on():
    forecast = forecast_hours(np.tile(CLOCK, 2), 30)
    assert forecast.likely.tolist() == [*range(24), *range(6)]
    assert forecast.promotion.champion == LAST_DAY


def test_two_days_are_enough_and_say_how_little_they_know():
    values = weeks_of(1, noise=0.3)
    short, long = forecast_hours(values[:48], 24), forecast_hours(weeks_of(6, noise=0.3), 24)
    assert "2 days are known" in short.notes[0]
    assert not long.notes
    assert _width(short) > 1.5 * _width(long)


def _width(forecast: Forecast) -> float:
    return float((forecast.interval_80.high - forecast.interval_80.low).sum())


@pytest.mark.parametrize("hours", [0, 1, 47])
def test_less_than_two_days_are_refused(hours):
    with pytest.raises(UnusableHistoryError, match=f"{hours} hours were observed.*needs 48"):
        forecast_hours(np.ones(hours))


@pytest.mark.parametrize("wrong", [float("nan"), float("inf"), -0.5])
def test_what_is_no_amount_is_refused_with_its_place(wrong):
    values = np.ones(72)
    values[50] = wrong
    with pytest.raises(UnusableHistoryError, match=f"hour 50.*got {wrong!r}"):
        forecast_hours(values)


def test_a_table_is_refused():
    with pytest.raises(UnusableHistoryError, match="shape"):
        forecast_hours(np.ones((48, 2)))


def test_flags_of_another_length_are_refused():
    with pytest.raises(UnusableHistoryError, match="one flag an hour"):
        forecast_hours(np.ones(72), missing=np.zeros(71))


@pytest.mark.parametrize("horizon", [0, -1, MOST_AHEAD + 1])
def test_a_horizon_out_of_range_is_refused(horizon):
    with pytest.raises(ValueError, match="horizon"):
        forecast_hours(np.ones(72), horizon)
    with pytest.raises(ValueError, match="horizon"):
        foresee_totals(np.ones(72), horizon)


@pytest.mark.parametrize("value", [0.0, 7.25])
@pytest.mark.parametrize("hours", [48, 100, 400])
def test_a_constant_series_stays_within_bounds_that_close_with_the_days(value, hours):
    forecast = forecast_hours(np.full(hours, value), 48)
    assert forecast.likely == pytest.approx(np.full(48, value))
    nothing = "nothing has been used so far: a first use cannot be foreseen"
    assert (nothing in forecast.notes) == (value == 0)
    near, far = forecast.interval_80, forecast.interval_95
    wide = {48: 0.13, 100: 0.13, 400: 0.035}[hours] * value
    assert (near.high - value).max() <= wide
    assert (value - near.low).max() <= wide
    if value:
        assert (far.high > near.high).all()
        assert (near.high > value * 1.01).all()
        assert (near.low < value * 0.99).all()
        low, high = foresee_totals(np.full(hours, value), 48).bounds(0, 48, 80)
        assert 0.8 * 48 * value < low < 0.99 * 48 * value
        assert 1.01 * 48 * value < high < 1.2 * 48 * value


def test_hours_without_traffic_count_and_hours_not_observed_do_not():
    values = np.full(20 * DAY, 10.0)
    gap = np.zeros(values.size, dtype=bool)
    gap[-3 * DAY : -2 * DAY] = True
    values[gap] = 0
    silent = foresee_totals(values, DAY)
    unseen = foresee_totals(values, DAY, missing=gap)
    assert unseen.total(0, DAY) == pytest.approx(240)
    assert unseen.bounds(0, DAY, 95) == pytest.approx((240, 240), rel=0.08)
    assert silent.bounds(0, DAY, 95)[0] < 200
    assert any("24 hours were not observed" in note for note in unseen.notes)


def test_what_was_not_observed_may_be_nan():
    values = weeks_of(3)
    gap = np.zeros(values.size, dtype=bool)
    gap[100:130] = True
    holed = np.where(gap, np.nan, values)
    forecast = forecast_hours(holed, missing=gap)
    assert np.isfinite(forecast.likely).all()
    assert mean_error(forecast.likely, forecast_hours(values).likely) < 0.5


def test_a_gap_is_filled_from_the_same_hour_of_the_nearest_day():
    values = np.concatenate([CLOCK, 100 + CLOCK, 200 + CLOCK])
    gap = np.zeros(72, dtype=bool)
    gap[[3, 30]] = True
    history = history_of(values, missing=gap)
    assert history.values[3] == 103
    assert history.values[30] in {6, 206}
    assert history.days == pytest.approx(70 / 24)


def test_what_is_old_is_not_looked_at():
    values = weeks_of(13)
    wild = np.concatenate([np.full(1000, 1e6), values[-MOST_HOURS:]])
    assert forecast_hours(wild).likely.tolist() == forecast_hours(values).likely.tolist()


def test_challengers_beat_seasonal_naive_where_there_is_a_pattern_and_noise():
    values = weeks_of(6, noise=0.3, seed=3)
    known, came = values[:-48], values[-48:]
    forecast = forecast_hours(known)
    assert forecast.promotion.weight > 0.5
    assert forecast.promotion.loss_ratio < 0.9
    assert mean_error(forecast.likely, came) < 0.8 * mean_error(
        known[-24:][np.arange(48) % 24], came
    )


def test_a_weekend_is_foreseen_from_weekends():
    values = weeks_of(6, noise=0.02)
    forecast = forecast_hours(values[: -2 * DAY])
    assert mean_error(forecast.likely, values[-2 * DAY :]) < 0.3


def test_the_weekly_champion_needs_three_weeks():
    weekly = weeks_of(5, noise=0.02, weekend=0.1)
    assert forecast_hours(weekly[: 3 * WEEK - 1]).promotion.champion == LAST_DAY
    assert forecast_hours(weekly).promotion.champion == LAST_WEEK


def test_chance_alone_promotes_little():
    """Where the next day is the last one and chance, nothing but the champion can win."""
    generator = np.random.default_rng(5)
    walk = np.exp(np.cumsum(generator.normal(0, 0.3, 10)))
    values = np.repeat(walk, DAY)
    forecast = forecast_hours(values)
    champion = values[-24:][np.arange(48) % 24]
    assert mean_error(forecast.likely, champion) < 0.4 * champion.mean()


def test_a_promotion_says_who_forecasts():
    assert str(forecast_hours(np.tile(CLOCK, 2)).promotion) == "last day"
    said = str(forecast_hours(weeks_of(5, noise=0.3)).promotion)
    assert "others" in said
    assert "%" in said


def test_intervals_hold_about_what_they_promise():
    """Over synthetic series of 30 days; rather a little more than too little."""
    inside = {80: [], 95: []}
    for seed in range(15):
        values = weeks_of(5, noise=0.25, seed=seed)[: 32 * DAY]
        came = values[-48:]
        forecast = forecast_hours(values[:-48])
        for interval in (forecast.interval_80, forecast.interval_95):
            inside[interval.level].append((interval.low <= came) & (came <= interval.high))
    assert 0.77 < np.mean(inside[80]) < 0.91
    assert np.mean(inside[95]) > 0.92


def test_an_incident_of_last_week_is_not_expected_again():
    """Ten times as much from Saturday to Monday morning, six days ago."""
    usual = weeks_of(3, noise=0.1)
    values = usual.copy()
    values[-7 * DAY : -5 * DAY + 8] *= 10
    for forecast in (forecast_hours, foresee_totals):
        struck, calm = forecast(values, WEEK), forecast(usual, WEEK)
        assert any("56 hours stood out once" in note for note in struck.notes)
        assert not any("stood out" in note for note in calm.notes)
    assert forecast_hours(values, WEEK).likely.sum() < 1.1 * usual[-WEEK:].sum()
    struck, calm = foresee_totals(values, WEEK), foresee_totals(usual, WEEK)
    assert struck.total(0, WEEK) < 1.1 * calm.total(0, WEEK)
    assert struck.bounds(0, WEEK, 95)[1] > calm.bounds(0, WEEK, 95)[1]


def test_what_stood_out_twice_at_its_hour_is_a_pattern():
    """A job of Tuesdays: seen twice, it is expected a third time."""
    values = np.tile(10 + CLOCK, 16)
    for day in (1, 8):
        values[day * DAY + 10 : day * DAY + 13] = 500
    forecast = forecast_hours(values[: 15 * DAY], 48)
    assert not any("stood out" in note for note in forecast.notes)
    assert forecast_hours(values[: 8 * DAY], 48).notes[0].startswith("8 days")
    once = forecast_hours(values[: 8 * DAY], 48)
    assert any("3 hours stood out once" in note for note in once.notes)


@pytest.mark.parametrize("hours", [1, 11])
def test_what_may_not_be_over_is_no_incident(hours):
    values = weeks_of(3, noise=0.1)
    values[-hours - 20 : -hours] *= 10
    assert not any("stood out" in note for note in forecast_hours(values).notes)


def test_an_incident_under_way_is_expected_of_each_day():
    """Twenty times as much for six hours now: by the last week it would come on one day of it."""
    values = weeks_of(3, noise=0.1)
    usual = values[-WEEK:].sum()
    values[-6:] *= 20
    assert foresee_totals(values, WEEK).total(0, WEEK) == pytest.approx(7 * values[-DAY:].sum())
    assert foresee_totals(values, WEEK).total(0, WEEK) > 2 * usual


@pytest.mark.parametrize("days", [1, 2, 4])
def test_after_a_jump_the_new_level_is_expected_within_bounds_of_its_size(days):
    """A history conversation that grew without end: fifty times as much since some days."""
    values = weeks_of(3, noise=0.2)
    values[-days * DAY :] *= 50
    kept = 2 * 50 * weeks_of(3, noise=0)[-WEEK:].sum()
    outlook = foresee_totals(values, 14 * DAY)
    assert any("is taken to stay" in note for note in outlook.notes)
    assert outlook.total(0, 14 * DAY) == pytest.approx(kept, rel=0.1)
    assert kept < outlook.bounds(0, 14 * DAY, 80)[1] < 6 * kept
    assert kept < outlook.bounds(0, 14 * DAY, 95)[1] < 8 * kept


@pytest.mark.parametrize(
    "values",
    [
        weeks_of(3, weekend=0.05, noise=0.3),
        np.concatenate([weeks_of(2), weeks_of(1, weekend=0.0)]),
        np.where(np.arange(504) // 9 % 7 == 0, 8.0, 1.0) * weeks_of(3),
        np.zeros(504),
        np.concatenate([np.zeros(490), np.ones(14)]),
    ],
    ids=["weekends", "quiet weekends", "bursts", "nothing", "a beginning"],
)
def test_weekends_and_bursts_are_no_breaks(values):
    assert not days_since_break(values)


def test_the_week_before_a_break_is_raised_by_hand():
    week = np.repeat(np.arange(10.0, 17.0), DAY)
    values = np.concatenate([week, week, 10 * week[: 2 * DAY]])
    ahead = RaisedWeek().extend(values, WEEK)
    assert ahead[::DAY] == pytest.approx([120, 130, 140, 150, 160, 100, 110])
    assert RaisedWeek().extend(np.tile(week, 2), 30).tolist() == week[:30].tolist()
    assert RaisedWeek().extend(np.zeros(2 * WEEK), 3).tolist() == [0, 0, 0]


def test_a_level_breaks_upwards_and_downwards():
    values = weeks_of(3, noise=0.1)
    assert not days_since_break(values)
    for factor, days in ((0.1, 3), (10, 1)):
        changed = values.copy()
        changed[-(days - 1) * DAY - 12 :] *= factor
        assert not days_since_break(changed)
        changed = values.copy()
        changed[-days * DAY :] *= factor
        assert days_since_break(changed) == days
        changed[-8 * DAY :] = values[-8 * DAY :] * factor
        assert not days_since_break(changed)


def test_a_thousand_hours_take_well_under_a_second():
    values = weeks_of(6)
    forecast_hours(values[:100])
    started = time.perf_counter()
    forecast_hours(values, 48)
    assert time.perf_counter() - started < 1.0


series = st.integers(0, 10**6).flatmap(
    lambda seed: st.builds(
        lambda hours, zeros, spread: _series(seed, hours, zeros, spread),
        st.integers(48, 420),
        st.sampled_from([0.0, 0.3, 0.95]),
        st.sampled_from([0.1, 1.0, 3.0]),
    )
)


def _series(seed, hours, zeros, spread):
    generator = np.random.default_rng(seed)
    values = np.exp(generator.normal(0, spread, hours))
    return np.where(generator.random(hours) < zeros, 0.0, values)


@settings(max_examples=15, deadline=None)
@given(series)
def test_bounds_are_in_order_and_not_negative(values):
    forecast = forecast_hours(values, 50)
    near, far = forecast.interval_80, forecast.interval_95
    rising = np.array([np.zeros(50), far.low, near.low, forecast.likely, near.high, far.high])
    assert (np.diff(rising, axis=0) >= -1e-9 * max(values.max(), 1)).all()
    assert np.isfinite(rising).all()


@settings(max_examples=15, deadline=None)
@given(series, st.integers(0, 10**6), st.sampled_from([0.02, 0.4, 0.8]))
def test_any_gaps_leave_a_forecast_with_bounds(values, seed, share):
    gaps = np.random.default_rng(seed).random(values.size) < share
    if (~gaps).sum() < 48:
        with pytest.raises(UnusableHistoryError):
            forecast_hours(values, missing=gaps)
        return
    forecast = forecast_hours(values, 30, missing=gaps)
    assert np.isfinite([forecast.likely, forecast.interval_95.high]).all()
    assert np.isfinite(foresee_totals(values, 30, missing=gaps).bounds(0, 30, 95)).all()


def test_a_sum_of_which_no_error_is_known_is_not_called_certain():
    """The first two days are known, the two after are not: nothing can be held against anything."""
    gaps = np.repeat([False, True], 48)
    low, high = foresee_totals(np.ones(96), 24, missing=gaps).bounds(0, 24, 80)
    assert (low, high) == (0, 72)


def test_a_late_start_counts_as_an_error():
    values = np.concatenate([np.zeros(5 * DAY), np.ones(2 * DAY)])
    low, high = foresee_totals(values, DAY).bounds(0, DAY, 80)
    assert low < 18
    assert high > 30


@settings(max_examples=10, deadline=None)
@given(series, st.sampled_from([1e-6, 3.0, 1e9]))
def test_another_unit_changes_nothing_but_the_unit(values, factor):
    plain, scaled = forecast_hours(values, 30), forecast_hours(values * factor, 30)
    small = 1e-6 * factor * max(values.max(), 1e-9)
    assert scaled.likely == pytest.approx(plain.likely * factor, rel=1e-6, abs=small)
    assert scaled.interval_95.high == pytest.approx(
        plain.interval_95.high * factor, rel=1e-6, abs=small
    )


@settings(max_examples=10, deadline=None)
@given(series, st.integers(1, 60), st.integers(0, 60))
def test_sums_are_bounded_in_order_and_add_up(values, horizon, cut):
    outlook = foresee_totals(values, horizon)
    middle = min(cut, horizon)
    assert outlook.total(0, middle) + outlook.total(middle, horizon) == pytest.approx(
        outlook.total(0, horizon)
    )
    low_95, high_95 = outlook.bounds(0, horizon, 95)
    low_80, high_80 = outlook.bounds(0, horizon, 80)
    small = 1e-9 * max(values.sum(), 1)
    assert 0 <= low_95 <= low_80 + small
    assert low_80 <= outlook.total(0, horizon) + small
    assert outlook.total(0, horizon) <= high_80 + small
    assert high_80 <= high_95 + small
    assert outlook.bounds(middle, middle, 80) == (0, 0)
    for curve in outlook.curves(80):
        assert (np.diff(curve) >= -small).all()
    low, likely, high = outlook.curves(80)
    assert (low <= likely + small).all()
    assert (likely <= high + small).all()


def test_a_sum_beyond_the_outlook_is_refused():
    outlook = foresee_totals(np.ones(72), 24)
    with pytest.raises(ValueError, match="not within"):
        outlook.total(0, 49)


def test_growth_goes_on_in_sums():
    """Five percent a day for six weeks: repeating last week would fall far short."""
    values = weeks_of(6, noise=0.02) * np.exp(0.02 * np.arange(6 * WEEK) / DAY)
    known, came = values[: -2 * WEEK], values[-2 * WEEK :]
    repeated = 2 * known[-WEEK:].sum()
    foreseen = foresee_totals(known, 2 * WEEK).total(0, 2 * WEEK)
    assert abs(foreseen - came.sum()) < 0.6 * abs(repeated - came.sum())


def test_profiles_by_hand():
    days = np.concatenate([CLOCK, 2 * CLOCK, 6 * CLOCK])
    assert Profile(DAY, 1).extend(days, 26).tolist() == [*(6 * CLOCK), 0, 6]
    assert Profile(DAY, 3).extend(days, 3).tolist() == [0, 3, 6]
    assert Profile(DAY, 3, by_median=True).extend(days, 3).tolist() == [0, 2, 4]
    assert Profile(DAY, 3, level=DAY).extend(days, 3) == pytest.approx([0, 6, 12])
    assert Profile(DAY, 2, level=DAY).extend(np.zeros(48), 3).tolist() == [0, 0, 0]


def test_a_trend_by_hand():
    """Days of 10 to 16 an hour: mean 13, 1/13 a day, held to 5 %, damped by half."""
    values = np.repeat(np.arange(10.0, 17.0), DAY)
    ahead = TrendedProfile(DAY, 7, 0.5).extend(values, 48)
    assert ahead[0] == pytest.approx(13 * np.exp(0.05 * (3 + 0.5)))
    assert ahead[47] == pytest.approx(13 * np.exp(0.05 * (3 + 0.75)))
    assert TrendedProfile(DAY, 7, 0.5).extend(np.zeros(168), 24).tolist() == [0] * 24
    doubled = np.repeat([1.0, 1.1], WEEK)
    ahead = TrendedProfile(WEEK, 14, 0.5).extend(doubled, 1)
    assert ahead[0] == pytest.approx(1.05 * np.exp(0.1 / 7 / 1.05 * (6.5 + 0.5)))


def test_smoothing_is_that_of_statsmodels():
    """One season and no memory: ETS(A,N,A), with the same settings and the same beginning."""
    values = weeks_of(1, noise=0.3)
    level, day = 0.2, 0.1
    warm = values[: 3 * DAY].reshape(3, DAY)
    seasons = warm.mean(axis=0) - warm.mean()
    model = ETSModel(
        values,
        error="add",
        seasonal="add",
        seasonal_periods=DAY,
        initialization_method="known",
        initial_level=warm.mean(),
        initial_seasonal=seasons,
    )
    theirs = model.smooth([level, day]).forecast(48)
    ours = smooth(values, [Smoothing(level, day, 0.0, 0.0)], [values.size], 48)
    assert ours[values.size][0] == pytest.approx(theirs)


def test_a_candidate_forecasts_from_the_past_alone():
    values = weeks_of(4, noise=0.3)
    other = values.copy()
    other[400:] = values[400:][::-1] * 3
    # The offset before logarithms looks at all hours: they are left out here.
    plain = [not getattr(c, "of_logarithms", False) for c in candidates_for(values.size)]
    seen, same = (extend_all(v, [400], 48)[0][plain] for v in (values, other))
    assert np.array_equal(seen, same, equal_nan=True)


def test_losses_by_hand():
    """A level that doubles on the last day of four."""
    values = np.repeat([1.0, 1.0, 1.0, 2.0], DAY)
    hours = run_backtest(history_of(values), DAY, Aim.HOURS)
    last_day = hours.candidates.index(LAST_DAY)
    assert hours.origins == (48, 60, 72, 84)
    assert hours.losses_at(96, range(4))[:, last_day].tolist() == [0, 0.5, 1, 1]
    assert hours.losses_at(72, [0, 1])[:, last_day].tolist() == [0, 0]
    totals = run_backtest(history_of(values), 2 * DAY, Aim.TOTALS)
    assert totals.origins == (48, 72)
    # By the end of the first day nothing is wrong, by that of the second 24, over two days.
    assert totals.losses_at(96, range(2))[:, last_day].tolist() == [6, 24]
