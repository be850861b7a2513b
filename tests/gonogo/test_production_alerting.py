"""Alarms: episodes, the outbox, and what is sent to whom; receivers are on a page of their own."""

import multiprocessing
import re
import sqlite3
import stat
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gonogo.errors import BadSettingsError, StoreDownError
from gonogo.production.alarms import Alarm
from gonogo.production.alert_settings import AlertSettings, decode_alert_settings
from gonogo.production.alerting import AlarmDoor
from gonogo.production.episodes import Episode, Kind, Rules, end, hear, revisit
from gonogo.production.messages import Message
from gonogo.production.outbox import Outbox
from gonogo.production.receivers import Send
from gonogo_checkers.verdict import Severity

START = datetime(2026, 11, 24, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


class Clock:
    """A time of day that a test moves."""

    def __init__(self) -> None:
        self.at = START

    def __call__(self) -> datetime:
        return self.at


class Pigeon:
    """Takes messages, as an Apprise sender does; may be sick."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, Message]] = []
        self.sick: set[str] = set()
        self.tries = 0
        self.delays: Callable[[], None] = lambda: None

    @contextmanager
    def line_to(self, receiver: str) -> Iterator[Send]:
        yield lambda message: self._send(receiver, message)

    def _send(self, receiver: str, message: Message) -> str:
        self.tries += 1
        self.delays()
        if receiver in self.sick or message.title in self.sick:
            return "it is sick"
        self.taken.append((receiver, message))
        return ""

    @property
    def kinds(self) -> list[Kind]:
        return [message.kind for _, message in self.taken]


class House:
    """A door with a clock and a pigeon."""

    def __init__(self, folder: Path, **given: Any) -> None:
        receivers = given.pop("receivers", {"chat": {"url_variable": "CHAT_URL"}})
        self.settings = decode_alert_settings({"receivers": receivers, **given}, "test")
        self.clock, self.pigeon = Clock(), Pigeon()
        self.outbox = Outbox(folder / "alerts.db")
        self.door = AlarmDoor(self.settings, self.outbox, self.pigeon, now=self.clock)

    def sound(
        self, key: str = "spend/legal", severity: Severity = Severity.HIGH, **more: Any
    ) -> Kind | None:
        title = more.pop("title", "Spending of legal tripled")
        return self.door.sound(
            Alarm(key=key, severity=severity, title=title, at=self.clock.at, **more)
        )

    def wait(self, span: timedelta) -> list[Kind]:
        """Let time pass, flush, and return what was told meanwhile."""
        before = len(self.pigeon.taken)
        self.clock.at += span
        self.door.flush()
        return self.pigeon.kinds[before:]


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


# --------------------------------------------------------------------------------- episodes


def test_alarms_of_one_key_are_one_episode_and_of_two_keys_two(house: House) -> None:
    assert house.sound() is Kind.OPENED
    assert [house.sound() for _ in range(5)] == [None] * 5
    assert house.sound("spend/sales") is Kind.OPENED
    assert house.wait(MINUTE) == [Kind.OPENED, Kind.OPENED]
    assert house.door.status().episodes == 2


def test_what_comes_within_the_cool_down_is_told_after_it_in_one_message(house: House) -> None:
    house.sound()
    for _ in range(36):
        house.clock.at += MINUTE
        house.sound()
    assert house.wait(timedelta(0)) == [Kind.OPENED]
    assert house.wait(23 * MINUTE) == []
    assert house.wait(MINUTE) == [Kind.REMINDED]
    assert "37 times, from 2026-11-24T02:00:00Z to 2026-11-24T02:36:00Z" in _last(house).body
    assert house.wait(HOUR) == []


def test_a_worsening_does_not_wait_and_an_easing_says_nothing(house: House) -> None:
    house.sound(severity=Severity.MEDIUM)
    assert house.sound(severity=Severity.LOW) is None
    assert house.sound(severity=Severity.CRITICAL) is Kind.WORSENED
    assert house.sound(severity=Severity.HIGH) is None
    house.door.flush()
    assert _last(house).title == "[CRITICAL] Spending of legal tripled"


def test_a_recovery_is_told_once(house: House) -> None:
    house.sound(text="Look at the batch job.")
    house.sound()
    assert house.door.recover("spend/legal")
    assert not house.door.recover("spend/legal")
    assert not house.door.recover("never/heard/of")
    assert house.wait(MINUTE) == [Kind.OPENED, Kind.RECOVERED]
    assert _last(house).title == "[RECOVERED] Spending of legal tripled"
    assert "2 times" in _last(house).body
    assert "it is over" in _last(house).body
    assert house.wait(30 * HOUR) == []


def test_silence_for_long_enough_is_a_recovery(house: House) -> None:
    house.sound()
    assert house.wait(25 * HOUR) == [Kind.OPENED]
    assert house.wait(HOUR) == [Kind.RECOVERED]
    house.sound()
    assert house.wait(MINUTE) == [Kind.OPENED]


def test_a_nightly_alarm_stays_one_episode(house: House) -> None:
    told = []
    for _ in range(4):
        house.sound()
        told += house.wait(24 * HOUR)
    assert told == [Kind.OPENED, Kind.REMINDED, Kind.REMINDED, Kind.REMINDED]


def test_a_flapping_alarm_costs_a_message_a_cool_down_and_none_is_lost(house: House) -> None:
    told: list[Kind] = []
    for _ in range(30):
        house.sound()
        house.door.recover("spend/legal")
        told += house.wait(MINUTE)
    assert told == [Kind.OPENED, Kind.RECOVERED]
    assert house.wait(HOUR) == [Kind.FLAPPED]
    assert "29 times" in _last(house).body
    house.sound()
    assert house.wait(HOUR) == [Kind.OPENED]


def test_an_episode_that_opens_again_in_the_cool_down_is_told_after_it(house: House) -> None:
    house.sound()
    house.door.recover("spend/legal")
    assert house.wait(MINUTE) == [Kind.OPENED, Kind.RECOVERED]
    assert house.sound() is None
    assert house.wait(HOUR) == [Kind.OPENED]


def test_what_opens_again_worse_than_anybody_was_told_does_not_wait(house: House) -> None:
    house.sound(severity=Severity.LOW)
    house.door.recover("spend/legal")
    house.clock.at += MINUTE
    assert house.sound(severity=Severity.LOW) is None
    house.door.recover("spend/legal")
    house.clock.at += MINUTE
    assert house.sound(severity=Severity.CRITICAL) is Kind.WORSENED
    house.door.recover("spend/legal")
    house.clock.at += MINUTE
    assert house.sound(severity=Severity.CRITICAL) is None  # it flaps
    house.door.flush()
    assert [message.title.split()[0] for _, message in house.pigeon.taken] == [
        "[LOW]",
        "[RECOVERED]",
        "[CRITICAL]",
        "[RECOVERED]",
    ]


def test_the_worst_that_is_still_to_be_told_is_not_lost_when_it_opens_again(house: House) -> None:
    house.sound(severity=Severity.HIGH)
    house.door.recover("spend/legal")
    house.clock.at += MINUTE
    house.sound(severity=Severity.HIGH)
    house.door.recover("spend/legal")
    house.clock.at += MINUTE
    house.sound(severity=Severity.LOW)
    assert house.wait(HOUR) == [Kind.OPENED, Kind.RECOVERED, Kind.OPENED]
    assert _last(house).severity is Severity.HIGH


def test_a_log_that_is_read_again_is_no_news(house: House) -> None:
    def read() -> list[Kind]:
        for minute in (1, 2):
            at = START + minute * MINUTE
            house.door.sound(Alarm(key="k", severity=Severity.HIGH, title="t", at=at))
        house.door.recover("k")
        return house.wait(24 * HOUR)

    assert read() == [Kind.OPENED, Kind.RECOVERED]
    assert [read() for _ in range(4)] == [[]] * 4
    assert house.sound("k") is Kind.OPENED  # now


def test_a_clock_that_was_wrong_silences_nothing(house: House) -> None:
    house.clock.at = START + timedelta(days=400)
    for number in range(30):
        house.sound(f"key {number}")
    house.door.flush()
    house.clock.at = START
    assert house.sound("key 0") is Kind.REMINDED


RULES = Rules(cool_down=HOUR, quiet=26 * HOUR)


class Follower:
    """Follows one episode through a plan, and counts what is told of it."""

    def __init__(self) -> None:
        self.episode: Episode | None = None
        self.now, self.heard, self.told = START, 0, 0
        self.openings: list[datetime] = []

    def wait(self, span: timedelta) -> None:
        self.now += span
        for _ in range(4):
            if self.episode is not None and self.episode.due_at(RULES) <= self.now:
                self._take(self.episode.unsaid, revisit(self.episode, self.now, RULES))

    def do(self, what: Severity | str) -> None:
        unsaid = 0 if self.episode is None else self.episode.unsaid
        if isinstance(what, Severity):
            if self.episode is None or self.episode.is_open or self.now > self.episode.last_at:
                self.heard += 1  # else it is no news
            else:
                unsaid -= 1
            alarm = Alarm(key="k", severity=what, title="t", at=self.now)
            self._take(unsaid + 1, hear(self.episode, alarm, self.now, RULES))
        elif self.episode is not None and self.episode.is_open:
            self._take(unsaid, end(self.episode))

    def _take(self, unsaid: int, result: tuple[Episode | None, Kind | None]) -> None:
        self.episode, kind = result
        if kind is not None:
            self.told += unsaid
        if kind in (Kind.OPENED, Kind.REMINDED, Kind.FLAPPED):
            self.openings.append(self.now)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 40 * 60), st.sampled_from([*Severity, "recover"])),
        min_size=1,
        max_size=40,
    )
)
def test_every_alarm_is_told_of_and_messages_keep_their_distance(
    plan: list[tuple[int, Severity | str]],
) -> None:
    follower = Follower()
    for minutes, what in plan:
        follower.wait(timedelta(minutes=minutes))
        follower.do(what)
    for _ in range(4):
        follower.wait(30 * HOUR)
    assert follower.episode is None  # forgotten: nothing grows without end
    assert follower.told == follower.heard
    assert all(later - earlier >= HOUR for earlier, later in pairwise(follower.openings))


# ------------------------------------------------------------------------------- the outbox


def test_messages_wait_for_a_receiver_that_is_down_and_come_in_order(house: House) -> None:
    house.pigeon.sick = {"chat"}
    for number in range(5):
        house.sound(f"key {number}", title=f"alarm {number}")
    done = house.door.flush()
    assert (done.sent, done.waiting, done.problems) == (0, 5, {"chat": "it is sick"})
    assert house.pigeon.tries == 2  # a receiver that is down is not asked for each message
    house.pigeon.sick = set()
    house.clock.at += HOUR
    assert house.door.flush().sent == 5
    assert [message.title for _, message in house.pigeon.taken] == [
        f"[HIGH] alarm {number}" for number in range(5)
    ]


def test_trying_again_waits_longer_each_time_up_to_a_bound(house: House) -> None:
    house.pigeon.sick = {"chat"}
    house.sound()
    tried = []
    for second in range(3_600):
        house.clock.at = START + timedelta(seconds=second)
        before = house.pigeon.tries
        if second % 10 == 0:
            house.door.flush()
        if house.pigeon.tries > before:
            tried.append(second)
    assert tried == [0, 30, 90, 210, 450, 930, 1830, 2730]
    house.door.flush(hurry=True)
    assert house.pigeon.tries == len(tried) + 1


def test_a_message_that_is_never_taken_holds_back_only_its_own_episode(house: House) -> None:
    house.pigeon.sick = {"[HIGH] poison"}
    house.sound("a", title="poison")
    house.door.recover("a")
    house.sound("b", title="fine")
    done = house.door.flush()
    assert done.problems == {"chat": "it is sick"}
    assert [message.title for _, message in house.pigeon.taken] == ["[HIGH] fine"]
    assert done.waiting == 2


def test_a_receiver_that_is_down_does_not_hold_back_another(tmp_path: Path) -> None:
    both = {"chat": {"url_variable": "A"}, "pager": {"url_variable": "B", "at_least": "critical"}}
    house = House(tmp_path, receivers=both)
    house.pigeon.sick = {"chat"}
    house.sound(severity=Severity.LOW)
    house.sound(severity=Severity.CRITICAL)
    done = house.door.flush()
    assert [(name, message.kind) for name, message in house.pigeon.taken] == [
        ("pager", Kind.WORSENED)
    ]
    assert done.waiting == 2


def test_what_nobody_took_for_long_is_given_up_and_said(house: House) -> None:
    house.pigeon.sick = {"chat"}
    house.sound()
    house.clock.at += timedelta(days=8)
    done = house.door.flush()
    assert done.given_up == 1
    assert house.door.status().given_up == {"chat": 1}
    house.clock.at += timedelta(days=40)
    house.door.flush()
    assert house.door.status().given_up.get("chat", 0) <= 1


def test_what_waited_for_too_long_is_tried_once_more_before_it_is_given_up(house: House) -> None:
    house.sound()
    house.clock.at += timedelta(days=8)  # the machine was off
    done = house.door.flush()
    assert (done.sent, done.given_up) == (2, 0)
    assert house.pigeon.kinds == [Kind.OPENED, Kind.RECOVERED]


def test_too_many_messages_are_folded_into_one_and_the_worst_is_named(tmp_path: Path) -> None:
    house = House(tmp_path, most_per_hour=5)
    for number in range(60):
        house.sound(f"key {number}", Severity.LOW, title=f"alarm {number}")
    assert house.sound("worst", Severity.CRITICAL, title="the bill explodes") is Kind.STORM
    assert house.wait(timedelta(0)) == [Kind.OPENED] * 5 + [Kind.STORM]
    storm = _last(house)
    assert storm.severity is Severity.CRITICAL
    assert storm.title.startswith("[CRITICAL] 56 further messages")
    assert storm.body.splitlines()[0] == "[CRITICAL] the bill explodes"
    assert "and 46 more" in storm.body
    house.sound("one more")
    assert house.wait(MINUTE) == []
    assert house.wait(10 * MINUTE) == [Kind.STORM]
    assert house.door.status().folded == {}


def test_a_flood_of_trifles_does_not_hold_back_whoever_is_told_of_the_worst_only(
    tmp_path: Path,
) -> None:
    both = {"chat": {"url_variable": "A"}, "pager": {"url_variable": "B", "at_least": "critical"}}
    house = House(tmp_path, receivers=both, most_per_hour=3)
    for number in range(20):
        house.sound(f"key {number}", Severity.LOW, title=f"trifle {number}")
    for number in range(5):
        house.sound(f"worst {number}", Severity.CRITICAL, title=f"worst {number}")
    assert house.door.status().folded == {"chat": 22, "pager": 2}
    house.door.flush()
    paged = [message for name, message in house.pigeon.taken if name == "pager"]
    assert [message.kind for message in paged] == [Kind.OPENED] * 3 + [Kind.STORM]
    assert "trifle" not in str(paged)
    assert len(house.pigeon.taken) == 8


def test_who_is_told_of_nothing_fills_no_hour(tmp_path: Path) -> None:
    house = House(tmp_path, receivers={"pager": {"url_variable": "B", "at_least": "critical"}})
    for number in range(50):
        house.sound(f"key {number}", Severity.LOW)
    assert house.sound("worst", Severity.CRITICAL) is Kind.OPENED


def test_hundreds_of_alarms_at_once_are_few_messages(house: House) -> None:
    for number in range(300):
        house.sound(f"key {number}", title=f"alarm {number}")
    assert house.wait(timedelta(0)) == [Kind.OPENED] * 30 + [Kind.STORM]
    assert _last(house).title == "[HIGH] 270 further messages: too many to send each"


def test_to_hurry_does_not_send_what_another_is_sending(house: House) -> None:
    house.sound("a")
    house.sound("b")
    with house.outbox.transaction() as transaction:
        claim = transaction.claim("chat", house.clock.at, lease=MINUTE)
    assert claim is not None
    assert house.door.flush(hurry=True).sent == 1
    house.clock.at += MINUTE  # who claimed it is gone
    assert house.door.flush().sent == 1


def test_a_slow_receiver_is_left_to_the_next_flush(house: House) -> None:
    for number in range(30):
        house.sound(f"key {number}")
    house.pigeon.delays = lambda: setattr(house.clock, "at", house.clock.at + timedelta(seconds=20))
    assert house.door.flush().sent == 4
    assert house.door.flush().sent == 4


def test_rows_that_cannot_be_read_hold_back_no_other(house: House, tmp_path: Path) -> None:
    for number in range(4):
        house.sound(f"key {number}", title=f"alarm {number}")
    with closing(sqlite3.connect(tmp_path / "alerts.db")) as connection, connection:
        connection.execute("UPDATE episodes SET body = '{', due = 0 WHERE key = 'key 0'")
        connection.execute("UPDATE episodes SET body = 7, due = 0 WHERE key = 'key 1'")
        connection.execute("UPDATE messages SET kind = 'later' WHERE key = 'key 2'")
        connection.execute("INSERT INTO storms VALUES ('chat', x'00')")
    assert house.door.flush().sent == 3
    status = house.door.status()
    assert (status.episodes, status.given_up) == (2, {"chat": 1})
    assert house.sound("key 0") is Kind.OPENED


def test_an_outbox_keeps_what_matters_over_a_restart(tmp_path: Path) -> None:
    first = House(tmp_path)
    first.pigeon.sick = {"chat"}
    first.sound()
    first.door.flush()
    second = House(tmp_path)
    second.clock.at = START + 2 * MINUTE
    assert second.sound() is None  # the episode is known
    assert second.wait(timedelta(0)) == [Kind.OPENED]


def _sound_many(path: Path, number: int) -> None:
    door = AlarmDoor(AlertSettings(most_per_hour=1_000), Outbox(path), Pigeon())
    for turn in range(10):
        alarm = Alarm(
            key=f"key {turn}", severity=Severity.LOW, title=f"t{number}", at=datetime.now(UTC)
        )
        door.sound(alarm)


def test_processes_share_an_outbox(tmp_path: Path) -> None:
    path = tmp_path / "new" / "alerts.db"
    spawn = multiprocessing.get_context("fork")
    workers = [spawn.Process(target=_sound_many, args=(path, n)) for n in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0] * 4
    with Outbox(path).transaction() as transaction:
        episodes = [transaction.episode(f"key {turn}") for turn in range(10)]
    assert [episode.count for episode in episodes if episode is not None] == [4] * 10


def test_two_flushes_at_once_send_each_message_once(house: House) -> None:
    for number in range(20):
        house.sound(f"key {number}")
    threads = [threading.Thread(target=house.door.flush) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ids = [message.id for _, message in house.pigeon.taken]
    assert len(ids) == len(set(ids)) == 20


def test_an_outbox_that_cannot_be_used_is_said(tmp_path: Path) -> None:
    path = tmp_path / "alerts.db"
    path.write_bytes(b"this is no database, but it is long enough to be looked at" * 20)
    door = AlarmDoor(AlertSettings(), Outbox(path), Pigeon())
    with pytest.raises(StoreDownError, match=r"alerts\.db"):
        door.sound(Alarm(key="k", severity=Severity.LOW, title="t", at=START))
    other = tmp_path / "later.db"
    with sqlite3.connect(other) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(StoreDownError, match="version 99"):
        AlarmDoor(AlertSettings(), Outbox(other), Pigeon()).status()


def test_the_outbox_is_its_owners(house: House, tmp_path: Path) -> None:
    house.sound()
    assert stat.S_IMODE((tmp_path / "alerts.db").stat().st_mode) == 0o600


# ----------------------------------------------------------------------------- what is sent


def test_only_allowed_facts_leave_and_text_is_bounded_and_harmless(house: House) -> None:
    house.sound(
        title="@everyone look\x1b[2J\nhere " + "x" * 500,
        text="<!channel> one\ntwo\u202e\n" + "line\n" * 100,
        facts={"model": "claude-sonnet-5-5", "user": "kim@example.com", "cost_usd": "4\n.20"},
    )
    house.door.flush()
    message = _last(house)
    assert "model: claude-sonnet-5-5" in message.body
    assert "cost_usd: 4 .20" in message.body
    assert "kim" not in message.title + message.body
    assert "spend/legal" not in message.title + message.body  # the key may hold a name
    assert "\n" not in message.title
    assert not re.search(r"@everyone|<!channel|\x1b|\u202e", message.title + message.body)
    assert len(message.title) < 200
    assert len(message.body.splitlines()) < 40


def test_texts_without_end_cost_next_to_nothing(house: House) -> None:
    endless = "a line\n" * 3_000_000
    before = time.process_time()
    house.sound(title=endless, text=endless, facts={"model": endless})
    assert time.process_time() - before < 1.0
    house.door.flush()
    assert len(_last(house).body) < 3_000


def test_an_address_is_not_hidden_behind_a_word(house: House) -> None:
    house.sound(title="look [here](http://127.0.0.1/)", facts={"model": "[m](http://127.0.0.1/)"})
    house.door.flush()
    assert "](" not in _last(house).title + _last(house).body


def test_an_alarm_must_name_its_episode_and_its_time_zone() -> None:
    with pytest.raises(ValueError, match="key"):
        Alarm(key=" ", severity=Severity.LOW, title="t", at=START)
    with pytest.raises(ValueError, match="zone"):
        Alarm(key="k", severity=Severity.LOW, title="t", at=START.replace(tzinfo=None))


def test_long_keys_are_told_apart(house: House) -> None:
    assert house.sound("k" * 5_000 + "a") is Kind.OPENED
    assert house.sound("k" * 5_000 + "b") is Kind.OPENED
    assert house.door.recover("k" * 5_000 + "a")


def test_settings_are_strict_and_hold_no_urls() -> None:
    with pytest.raises(BadSettingsError, match=r"p \[tool.gonogo.alerts\].*url_variable"):
        decode_alert_settings({"receivers": {"chat": {"url": "slack://x"}}}, "p")
    with pytest.raises(BadSettingsError, match="url_variable"):
        decode_alert_settings({"receivers": {"chat": {"url_variable": "slack://x"}}}, "p")
    with pytest.raises(BadSettingsError, match="outbox"):
        decode_alert_settings({"outbox": ""}, "p")
    with pytest.raises(BadSettingsError, match="cool_down_seconds"):
        decode_alert_settings({"cool": 1}, "p")


def _last(house: House) -> Message:
    return house.pigeon.taken[-1][1]
