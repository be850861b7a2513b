"""A healthy month stays quiet; each of four incidents is raised, stopped and foreseen.

All of it is synthetic. `pytest -s` prints the story; `python benchmarks/spend_story.py` puts it into docs/spend-story.md.
"""

import sys
from datetime import datetime
from decimal import Decimal

import pytest
from spending_month import (
    CONTEXT_LOOP,
    END,
    HAIKU,
    HARD_CODED,
    MOST_EXCHANGES,
    OPUS,
    SUDDEN_500K,
    TO_OPUS,
    healthy_month,
    incidents,
    moment_of,
)
from spending_story import MONTHLY, Story, Told, tell_story

from gonogo.spend.anomalies import Entity, Kind, Scope

NAMES = (SUDDEN_500K, TO_OPUS, CONTEXT_LOOP, HARD_CODED)


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    return tell_story(tmp_path_factory.mktemp("story"))


def told_of(story: Story, name: str) -> Told:
    (told,) = (one for one in story.told if one.incident.name == name)
    first = told.named
    sys.stdout.write(
        f"\n{name}: {first.alarm.kind} of {first.alarm.entity} after {first.minutes:.1f} minutes,"
        f" {first.calls} calls and ${first.cost_usd:.2f}; ${told.stopped_usd:,.2f} with the"
        f" ledger's limits, ${told.whole_usd:,.2f} had nobody acted\n"
    )
    return told


def limits_that_warned(told: Told) -> set[str]:
    return {limit for limit, _ in told.warned}


def test_the_month_is_marked_and_bounded_and_has_the_rhythm_of_days_and_weeks() -> None:
    month = healthy_month()
    cases = incidents(month)
    assert month == healthy_month()
    assert [moment_of(e) for e in month] == sorted(moment_of(e) for e in month)
    assert all(len(case.month) <= MOST_EXCHANGES for case in cases)
    assert all(e.tags == {"synthetic": "true"} for case in cases for e in case.month)
    weekend = [e for e in month if moment_of(e).weekday() >= 5]
    night = [e for e in month if moment_of(e).hour < 5]
    assert len(weekend) / 9 < len(month) / 31 / 2
    assert len(night) / 5 < len(month) / 24 / 2


def test_the_healthy_month_raises_at_most_one_alarm_an_entity_and_refuses_nothing(
    story: Story,
) -> None:
    assert max(story.false_alarms.values(), default=0) <= 1
    assert story.refusals == 0
    assert story.warnings == 0


def test_requests_of_1k_tokens_become_500k(story: Story) -> None:
    told = told_of(story, SUDDEN_500K)
    first = told.named
    assert first.alarm.kind is Kind.GIANT_CONTEXT
    assert first.alarm.entity == Entity(Scope.USER, "synthetic-support")
    assert first.calls == 1
    assert first.cost_usd == Decimal("0.998")
    assert set(first.alarm.exchanges) <= told.incident.touched
    assert limits_that_warned(told) == {"day", "user_day", "month"}
    assert told.whole_usd > 40 * first.cost_usd


def test_trivial_tasks_go_to_the_dearest_model(story: Story) -> None:
    told = told_of(story, TO_OPUS)
    first = told.named
    assert first.alarm.kind is Kind.MODEL_SHIFT
    assert first.alarm.entity == Entity(Scope.USER, "synthetic-router")
    assert OPUS in first.alarm.cause
    assert HAIKU not in first.alarm.cause
    assert first.minutes < 60
    assert limits_that_warned(told) == {"routing"}
    assert told.whole_usd > 50 * first.cost_usd


def test_a_context_loop_runs_over_a_weekend(story: Story) -> None:
    told = told_of(story, CONTEXT_LOOP)
    first = told.named
    assert first.alarm.kind is Kind.CONTEXT_BLOAT
    assert first.alarm.entity == Entity(Scope.SESSION, "loop")
    assert first.minutes <= 15
    assert first.cost_usd < 1
    assert told.refused is not None
    at, refusal = told.refused
    assert refusal.limit == "user_day"
    assert at > first.alarm.raised
    assert told.refusals == 1
    assert told.stopped_usd <= 50
    assert told.whole_usd > 100 * told.stopped_usd


def test_a_context_of_200k_tokens_is_hard_coded(story: Story) -> None:
    told = told_of(story, HARD_CODED)
    first = told.named
    assert first.alarm.kind is Kind.GIANT_CONTEXT
    assert first.alarm.entity.scope is Scope.USER
    assert first.minutes <= 15
    led = [r.alarm for r in told.raised if r.alarm.part_of is None]
    assert len(led) < len(told.raised) / 2
    users = {r.alarm.entity.name for r in told.raised if r.alarm.kind is Kind.GIANT_CONTEXT}
    assert users == {e.user for e in told.incident.healthy.values()}
    assert told.refused is not None
    assert told.refused[1].limit == "routing"
    assert told.stopped_usd < MONTHLY["month"] < told.whole_usd


@pytest.mark.parametrize("name", NAMES)
def test_half_way_it_is_foreseen_that_the_limit_will_be_hit_this_month(
    story: Story, name: str
) -> None:
    (told,) = (one for one in story.told if one.incident.name == name)
    seen = told.foreseen
    limit = MONTHLY[told.incident.limit]
    assert told.incident.begins < seen.at < told.incident.ends
    assert not seen.hit.is_past
    assert seen.month.spent < limit < seen.month.total.likely
    assert isinstance(seen.hit.earliest, datetime)
    assert isinstance(seen.hit.likely, datetime)
    assert seen.at < seen.hit.earliest <= seen.hit.likely < END
