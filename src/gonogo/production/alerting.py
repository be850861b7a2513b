"""The one door through which alarms leave: grouped, bounded, written before they are sent."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, TypeVar

from gonogo.production.alarms import Alarm, short_key
from gonogo.production.alert_settings import AlertSettings
from gonogo.production.episodes import Episode, Kind, end, hear, revisit
from gonogo.production.messages import Storm, message_of, storm_message, trial_message
from gonogo.production.outbox import Claim, Outbox, OutboxStatus, OutboxTransaction
from gonogo.production.receivers import STARTING_SECONDS, AppriseSender, Sender
from gonogo_checkers.verdict import Severity

_STORM_PAUSE: Final = timedelta(minutes=10)
"""The least time between two messages that tell of folded ones."""

_MOST_EPISODES: Final = 10_000
"""Alarms of further keys are folded without an episode: memory is bounded."""

_AT_ONCE: Final = 500
"""Episodes that are looked at, and messages that a receiver is sent, in one go."""

_LONGEST: Final = timedelta(minutes=1)
"""What is not sent by then is left to the next flush: a slow receiver holds nobody up for long."""

_MOST_SIDE_BY_SIDE: Final = 32

_FAILURES_IN_A_ROW: Final = 2
"""One may be the message's fault; after a second one the receiver is left alone until later."""

_KEPT: Final = timedelta(days=31)

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True, kw_only=True)
class Flushed:
    """What became of messages.

    Attributes:
        sent: How many deliveries were taken; a message to two receivers is two.
        waiting: How many still wait.
        given_up: How many were given up now, after too long.
        problems: Why what waits was not taken when it was tried last, by receiver.
    """

    sent: int
    waiting: int
    given_up: int
    problems: dict[str, str]


class AlarmDoor:
    """Takes alarms, and tells people of them; several processes may share its outbox.

        door.sound(Alarm(key="spend/legal", severity=Severity.HIGH, title="…", at=now))
        door.flush()

    Sounding writes and does not wait for anybody; `flush` sends, and is to be called from time to
    time: at the end of a run, or by `gonogo alerts flush` every minute.
    """

    def __init__(
        self,
        settings: AlertSettings,
        outbox: Outbox,
        sender: Sender,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Take who is told, where messages wait, and who takes them there.

        Args:
            settings: Receivers, times and bounds.
            outbox: Where messages wait.
            sender: Takes them to a receiver.
            now: Time of day.
        """
        self._settings = settings
        self._outbox = outbox
        self._sender = sender
        self._now = now

    def sound(self, alarm: Alarm) -> Kind | None:
        """Take an alarm; when this returns it is on the disk.

        Returns:
            Why a message is sent now, `STORM` where it is one of too many; None: the episode is
            known, and the next message tells of it.

        Raises:
            StoreDownError: If the outbox cannot be written.
        """
        now, rules = self._now(), self._settings.rules
        alarm = alarm.sendable(self._settings.facts)
        with self._outbox.transaction() as transaction:
            known = transaction.episode(alarm.key)
            if known is None and transaction.count_episodes() >= _MOST_EPISODES:
                title = f"[{alarm.severity.upper()}] {alarm.title}"
                names = self._settings.receivers_of(alarm.severity)
                _fold(transaction, names, alarm.severity, title)
                return Kind.STORM
            episode, kind = hear(known, alarm, now, rules)
            return self._keep(transaction, episode, kind, now)

    def recover(self, key: str) -> bool:
        """End an episode; those who were told of it are told.

        Returns:
            Whether it was going on.

        Raises:
            StoreDownError: If the outbox cannot be written.
        """
        now = self._now()
        with self._outbox.transaction() as transaction:
            episode = transaction.episode(short_key(key))
            if episode is None or not episode.is_open:
                return False
            closed, kind = end(episode)
            self._keep(transaction, closed, kind, now)
            return True

    def flush(self, *, hurry: bool = False) -> Flushed:
        """Send what waits, and what the passing of time has made due.

        Args:
            hurry: Whether to try at once what is put off after failures.

        Raises:
            StoreDownError: If the outbox cannot be written.
        """
        self._look_around(hurry=hurry)
        sent = self._side_by_side(self._send_all)
        with self._outbox.transaction() as transaction:
            given_up = transaction.give_up(self._now() - self._give_up)
            status = transaction.status()
        return Flushed(
            sent=sum(sent.values()),
            waiting=sum(status.waiting.values()),
            given_up=given_up,
            problems=status.problems,
        )

    def test(self) -> dict[str, str]:
        """Send each receiver a message that nothing is wrong, past the outbox.

        Returns:
            What went wrong by receiver; empty where the message was taken.
        """
        message = trial_message(self._now())

        def try_one(receiver: str) -> str:
            with self._sender.line_to(receiver) as send:
                return send(message)

        return self._side_by_side(try_one)

    def status(self) -> OutboxStatus:
        """Return what waits, was sent and was given up.

        Raises:
            StoreDownError: If the outbox cannot be read.
        """
        with self._outbox.transaction() as transaction:
            return transaction.status()

    def _keep(
        self, transaction: OutboxTransaction, episode: Episode, kind: Kind | None, now: datetime
    ) -> Kind | None:
        """Keep an episode, and what is to be said of it; returns why it is said."""
        transaction.put_episode(episode, episode.due_at(self._settings.rules))
        if kind is None:
            return None
        message = message_of(episode, kind)
        names = self._settings.receivers_of(message.severity)
        full = [name for name in names if self._is_full(transaction, name, now)]
        _fold(transaction, full, message.severity, message.title)
        transaction.add(message, [name for name in names if name not in full], now)
        return Kind.STORM if full and full == names else kind

    def _is_full(self, transaction: OutboxTransaction, receiver: str, now: datetime) -> bool:
        """Say whether a receiver was told as much as it may be in an hour."""
        hour = timedelta(hours=1)
        # an hour ahead, too: other processes' clocks differ
        made = transaction.count_made(receiver, now - hour, now + hour)
        return made >= self._settings.most_per_hour

    def _look_around(self, *, hurry: bool) -> None:
        """Make the messages that are due, and put the outbox in order."""
        now = self._now()
        with self._outbox.transaction() as transaction:
            for episode in transaction.due_episodes(now, _AT_ONCE):
                changed, kind = revisit(episode, now, self._settings.rules)
                if changed is None:
                    transaction.forget_episode(episode.key)
                else:
                    self._keep(transaction, changed, kind, now)
            for receiver in self._settings.receivers:
                _tell_of_storm(transaction, receiver, now)
            if hurry:
                transaction.hurry()
            transaction.prune(now - max(_KEPT, self._give_up))

    @property
    def _give_up(self) -> timedelta:
        return timedelta(seconds=self._settings.give_up_seconds)

    def _side_by_side(self, work: Callable[[str], Result]) -> dict[str, Result]:
        """Do something for each receiver at the same time: none waits for another."""
        names = list(self._settings.receivers)
        if not names:
            return {}
        with ThreadPoolExecutor(min(len(names), _MOST_SIDE_BY_SIDE)) as threads:
            return dict(zip(names, threads.map(work, names), strict=True))

    def _send_all(self, receiver: str) -> int:
        """Send a receiver what waits for it, until there is no more or it takes no more."""
        sent, failures = 0, 0
        with self._sender.line_to(receiver) as send:
            for claim in self._claims(receiver):
                problem = send(claim.message)
                self._note(claim, problem)
                sent += not problem
                failures = failures + 1 if problem else 0
                if failures == _FAILURES_IN_A_ROW:
                    break
        return sent

    def _note(self, claim: Claim, problem: str) -> None:
        with self._outbox.transaction() as transaction:
            if problem:
                until = self._now() + self._pause_after(claim)
                transaction.put_off(claim, until, problem=problem)
            else:
                transaction.mark_sent(claim)

    def _claims(self, receiver: str) -> Iterator[Claim]:
        lease = timedelta(seconds=2 * (self._settings.timeout_seconds + STARTING_SECONDS))
        end = self._now() + _LONGEST
        for _ in range(_AT_ONCE):
            now = self._now()
            if now > end:
                return
            with self._outbox.transaction() as transaction:
                claim = transaction.claim(receiver, now, lease=lease)
            if claim is None:
                return
            yield claim

    def _pause_after(self, claim: Claim) -> timedelta:
        doubled = self._settings.retry_seconds * 2.0 ** min(claim.attempts, 20)
        return timedelta(seconds=min(doubled, self._settings.retry_at_most_seconds))


def open_alarm_door(
    settings: AlertSettings,
    folder: Path,
    *,
    environment: Mapping[str, str],
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> AlarmDoor:
    """Return the door of a project.

    Args:
        settings: Receivers, times and bounds.
        folder: What the path of the outbox is relative to.
        environment: Holds the receivers' URLs: `os.environ`.
        now: Time of day.
    """
    sender = AppriseSender(
        settings.receivers, environment, timeout_seconds=settings.timeout_seconds
    )
    return AlarmDoor(settings, Outbox(folder / settings.outbox), sender, now=now)


def _fold(
    transaction: OutboxTransaction, receivers: Iterable[str], severity: Severity, title: str
) -> None:
    """Keep a message to be told of with others."""
    for receiver in receivers:
        storm = transaction.storm(receiver)
        transaction.put_storm(receiver, storm.with_one(severity, title))


def _tell_of_storm(transaction: OutboxTransaction, receiver: str, now: datetime) -> None:
    """Make the message that tells a receiver of folded ones, if it is time."""
    storm = transaction.storm(receiver)
    is_early = storm.said_at is not None and abs(now - storm.said_at) < _STORM_PAUSE
    if storm.count and not is_early:
        transaction.add(storm_message(storm, receiver, now), [receiver], now)
        transaction.put_storm(receiver, Storm(said_at=now, messages=storm.messages + 1))
