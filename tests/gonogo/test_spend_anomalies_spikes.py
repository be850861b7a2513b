"""Surprise on bare numbers, and spikes of what is spent."""

import math
import random
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from traffic import BEGIN, call, opened

from gonogo.exchanges import Exchange
from gonogo.spend.anomalies import TOTAL, Entity, Kind, Scope, SurpriseMeter, SurpriseSettings

STEP = 300.0


def season(day: float, i: int, rng: random.Random) -> float:
    return 100 + 50 * math.sin(2 * math.pi * i * STEP / 86400) + rng.gauss(0, day)


def rated(values: list[float], **more: int) -> list[tuple[float, float]]:
    meter = SurpriseMeter(settings=SurpriseSettings(**more))
    surprises = [meter.rate(STEP * i, value) for i, value in enumerate(values)]
    return [(one.score, one.gated) for one in surprises]


def test_a_spike_surprises_more_than_anything_before() -> None:
    rng = random.Random(1)  # noqa: S311 - to be repeated, not to be secret
    values = [season(3, i, rng) for i in range(2000)]
    values[1500] = 300.0
    scores = [score for score, _ in rated(values)]
    assert max(range(100, 2000), key=scores.__getitem__) == 1500
    assert scores[1500] > 2 * max(scores[600:1500])


def test_the_usual_peak_of_the_day_does_not_surprise_but_the_same_value_at_night_does() -> None:
    rng = random.Random(2)  # noqa: S311 - to be repeated, not to be secret
    values = [season(3, i, rng) for i in range(2000)]
    night = 1500 + next(i for i in range(288) if season(0, 1500 + i, rng) < 55)
    values[night] = 150.0
    scores = [score for score, _ in rated(values)]
    peaks = [s for s, v in zip(scores[900:1490], values[900:1490], strict=True) if v > 145]
    assert scores[night] > 1.5 * max(peaks)


def test_a_level_that_stays_is_one_alarm() -> None:
    rng = random.Random(3)  # noqa: S311 - to be repeated, not to be secret
    values = [rng.gauss(100, 3) for _ in range(1000)] + [rng.gauss(200, 3) for _ in range(150)]
    gated = [score for _, score in rated(values)]
    later = [i for i, score in enumerate(gated[1000:]) if score > 30]
    assert later[0] == 0
    assert len(later) < 15


def test_the_gate_lets_through_only_what_is_above_all_of_the_last() -> None:
    rng = random.Random(4)  # noqa: S311 - to be repeated, not to be secret
    both = rated([rng.gauss(0, 1) for _ in range(800)], gate=50)
    for i in range(60, 800):
        is_highest = both[i][0] > max(score for score, _ in both[i - 50 : i])
        assert both[i][1] == (both[i][0] if is_highest else 0.0)


@pytest.mark.parametrize("value", [0.0, 5.0, -3.0, 1e12])
def test_a_constant_never_surprises_and_any_change_of_it_does(value: float) -> None:
    scores = [score for score, _ in rated([value] * 400 + [value * 1.5 + 1])]
    assert max(scores[:400]) == 0
    assert scores[400] > 60


def test_nothing_surprises_before_enough_was_seen() -> None:
    assert all(score == 0 for score, _ in rated([float(i * 7919 % 83) for i in range(50)]))


@given(st.lists(st.floats(), max_size=150))
def test_any_numbers_are_rated_with_finite_scores(values: list[float]) -> None:
    most = 8 * SurpriseSettings().most
    assert all(0 <= score <= most for score, _ in rated(values))


@given(st.lists(st.tuples(st.floats(0, 1e11), st.floats(-1e9, 1e9)), max_size=80))
def test_any_times_are_taken(points: list[tuple[float, float]]) -> None:
    meter = SurpriseMeter()
    for at, value in points:
        assert math.isfinite(meter.rate(at, value).expected)


def test_what_was_expected_is_what_the_time_of_day_had() -> None:
    rng = random.Random(5)  # noqa: S311 - to be repeated, not to be secret
    meter = SurpriseMeter(STEP)
    for i in range(288 * 4):
        meter.rate(STEP * i, season(1, i, rng))
    surprise = meter.rate(STEP * 288 * 4, 500.0)
    assert surprise.expected == pytest.approx(100, abs=3)


def day_of_spending(days: int, seed: int) -> list[Exchange]:
    rng = random.Random(seed)  # noqa: S311 - to be repeated, not to be secret
    return [
        call(
            i,
            60.0 * i + rng.uniform(0, 50),
            user=f"u{i % 4}",
            input_tokens=rng.randint(1000, 3000),
            output_tokens=rng.randint(50, 200),
        )
        for i in range(days * 1440)
    ]


def test_spending_that_multiplies_is_a_spike_within_a_quarter_of_an_hour() -> None:
    usual = day_of_spending(2, 6)
    start = 2 * 86400.0
    flood = [
        call(10_000 + i, start + 5 * i, user="u1", input_tokens=2500 + i % 311) for i in range(360)
    ]
    alarms = [a for a in opened([*usual, *flood]) if a.kind is Kind.SPEND_SPIKE]
    assert Entity(Scope.USER, "u1") in {a.entity for a in alarms}
    assert TOTAL in {a.entity for a in alarms}
    assert all(a.raised <= BEGIN + timedelta(seconds=start + 900) for a in alarms)
    assert len(alarms) == len({a.entity for a in alarms})


def test_usual_days_one_dear_call_and_a_new_stream_are_no_spikes() -> None:
    assert opened(day_of_spending(2, 7)) == []
    one = call(9999, 2 * 86400.0, user="u1", input_tokens=900_000)
    assert Kind.SPEND_SPIKE not in {a.kind for a in opened([*day_of_spending(2, 8), one])}
    fresh = [call(i, 2.0 * i, input_tokens=1000 + i * 37 % 991) for i in range(600)]
    assert Kind.SPEND_SPIKE not in {a.kind for a in opened(fresh)}
