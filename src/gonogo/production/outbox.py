"""The outbox: messages wait in a SQLite file until their receivers took them, beside the episodes.

What is to be said is decided elsewhere; here it is kept, so that a message is written before it is
sent, and whoever is killed in between loses nothing. A row that cannot be read holds back no other.
"""

import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from gonogo.errors import StoreDownError
from gonogo.production.episodes import Episode
from gonogo.production.messages import Message, Storm

_VERSION: Final = 1
_SCHEMA: Final = """
CREATE TABLE episodes (key TEXT PRIMARY KEY, due INTEGER NOT NULL, body BLOB NOT NULL);
CREATE INDEX episodes_due ON episodes (due);
CREATE TABLE messages (
    number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL, key TEXT NOT NULL,
    kind TEXT NOT NULL, severity TEXT NOT NULL, title TEXT NOT NULL, body TEXT NOT NULL,
    made INTEGER NOT NULL);
CREATE INDEX messages_made ON messages (made);
CREATE TABLE deliveries (
    message INTEGER NOT NULL REFERENCES messages (number), receiver TEXT NOT NULL,
    key TEXT NOT NULL, state TEXT NOT NULL DEFAULT 'waiting', attempts INTEGER NOT NULL DEFAULT 0,
    due INTEGER NOT NULL, is_claimed INTEGER NOT NULL DEFAULT 0, problem TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (message, receiver)) WITHOUT ROWID;
CREATE INDEX deliveries_waiting ON deliveries (receiver, message) WHERE state = 'waiting';
CREATE TABLE storms (receiver TEXT PRIMARY KEY, body BLOB NOT NULL);
"""
_NEXT: Final = """
SELECT m.number, d.attempts, m.id, m.key, m.kind, m.severity, m.title, m.body
FROM deliveries d JOIN messages m ON m.number = d.message
WHERE d.receiver = ? AND d.state = 'waiting' AND d.due <= ? AND NOT EXISTS (
    SELECT 1 FROM deliveries e WHERE e.receiver = d.receiver AND e.state = 'waiting'
    AND e.key = d.key AND e.message < d.message)
ORDER BY m.number LIMIT 1
"""

_COLUMNS: Final = ("id", "key", "kind", "severity", "title", "body")

Kept = TypeVar("Kept")
_EPISODE: Final = msgspec.json.Decoder(Episode)
_STORM: Final = msgspec.json.Decoder(Storm)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A message that is being sent to one receiver.

    Attributes:
        number: Of the message in this outbox.
        receiver: Its name.
        attempts: How often it was tried before, at least 0.
        message: What is sent.
    """

    number: int
    receiver: str
    attempts: int
    message: Message


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxStatus:
    """What an outbox holds.

    Attributes:
        waiting: Messages that wait, by receiver.
        given_up: Messages that nobody took, by receiver, of the last month.
        sent: Messages that were sent, by receiver, of the last month.
        oldest_at: When the oldest that waits was made; None: none waits.
        episodes: How many episodes are open.
        folded: How many messages wait to be told as one, by receiver.
        problems: Why what waits was not taken when it was tried last, by receiver.
    """

    waiting: dict[str, int]
    given_up: dict[str, int]
    sent: dict[str, int]
    oldest_at: datetime | None
    episodes: int
    folded: dict[str, int]
    problems: dict[str, str]


class Outbox:
    """A file with messages; several processes may share it."""

    def __init__(self, path: Path, *, timeout_seconds: float = 10.0) -> None:
        """Take the file, which need not exist.

        Args:
            path: The file.
            timeout_seconds: How long to wait for other processes.
        """
        self._path = path
        self._timeout_seconds = timeout_seconds

    @contextmanager
    def transaction(self) -> Iterator["OutboxTransaction"]:
        """Do several things as one: all of them, or none.

        Raises:
            StoreDownError: If the file cannot be read or written, or is another version's.
        """
        try:
            with closing(self._connected()) as connection:
                connection.execute("BEGIN IMMEDIATE")
                try:
                    yield OutboxTransaction(connection)
                except BaseException:
                    connection.execute("ROLLBACK")
                    raise
                connection.execute("COMMIT")
        except (sqlite3.Error, OSError) as error:
            raise self._down(str(error)) from error

    def _connected(self) -> sqlite3.Connection:
        if not self._path.exists():
            self._path.parent.mkdir(parents=True, exist_ok=True)
            # keys and titles may tell of people: the file is its owner's
            os.close(os.open(self._path, os.O_CREAT | os.O_RDWR, 0o600))
        connection = sqlite3.connect(
            self._path, timeout=self._timeout_seconds, isolation_level=None
        )
        try:
            self._set_up(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _set_up(self, connection: sqlite3.Connection) -> None:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version not in (0, _VERSION):
            raise self._down(f"it is of version {version}, this is gonogo for version {_VERSION}")
        # the default, said since all rests on it: a commit survives a power cut
        connection.execute("PRAGMA synchronous = FULL")
        if version == 0:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("BEGIN IMMEDIATE")
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            if version == 0:
                for statement in _SCHEMA.split(";"):
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {_VERSION}")
            connection.execute("COMMIT")

    def _down(self, why: str) -> StoreDownError:
        return StoreDownError(
            f"the outbox of alarms {str(self._path)!r} cannot be used: {why}: make it writable, or"
            " move it away and a new one is made, or set [tool.gonogo.alerts] outbox to another"
        )


class OutboxTransaction:
    """What is done as one."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def episode(self, key: str) -> Episode | None:
        """Return an episode; None: there is none of this key."""
        row = self._connection.execute("SELECT body FROM episodes WHERE key = ?", (key,)).fetchone()
        return None if row is None else _decoded(row[0], _EPISODE)

    def put_episode(self, episode: Episode, due: datetime) -> None:
        """Keep an episode, and when it is to be looked at again."""
        self._connection.execute(
            "INSERT INTO episodes (key, due, body) VALUES (?, ?, ?) ON CONFLICT (key)"
            " DO UPDATE SET due = excluded.due, body = excluded.body",
            (episode.key, _micros(due), msgspec.json.encode(episode)),
        )

    def forget_episode(self, key: str) -> None:
        """Remove an episode."""
        self._connection.execute("DELETE FROM episodes WHERE key = ?", (key,))

    def due_episodes(self, now: datetime, limit: int) -> list[Episode]:
        """Return episodes that are to be looked at, the longest due first."""
        rows = self._connection.execute(
            "SELECT key, body FROM episodes WHERE due <= ? ORDER BY due LIMIT ?",
            (_micros(now), limit),
        ).fetchall()
        episodes = {key: _decoded(body, _EPISODE) for key, body in rows}
        for key in [key for key, episode in episodes.items() if episode is None]:
            self.forget_episode(key)
        return [episode for episode in episodes.values() if episode is not None]

    def count_episodes(self) -> int:
        """Return how many episodes are kept."""
        return self._count("SELECT count(*) FROM episodes")

    def storm(self, receiver: str) -> Storm:
        """Return what was folded for a receiver."""
        row = self._connection.execute(
            "SELECT body FROM storms WHERE receiver = ?", (receiver,)
        ).fetchone()
        return (None if row is None else _decoded(row[0], _STORM)) or Storm()

    def put_storm(self, receiver: str, storm: Storm) -> None:
        """Keep what was folded for a receiver."""
        self._connection.execute(
            "INSERT OR REPLACE INTO storms (receiver, body) VALUES (?, ?)",
            (receiver, msgspec.json.encode(storm)),
        )

    def add(self, message: Message, receivers: Iterable[str], now: datetime) -> None:
        """Put a message in the outbox, to be sent to each of its receivers."""
        cursor = self._connection.execute(
            "INSERT INTO messages (id, key, kind, severity, title, body, made)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                message.id,
                message.key,
                message.kind.value,
                message.severity.value,
                message.title,
                message.body,
                _micros(now),
            ),
        )
        self._connection.executemany(
            "INSERT INTO deliveries (message, receiver, key, due) VALUES (?, ?, ?, ?)",
            [(cursor.lastrowid, name, message.key, _micros(now)) for name in receivers],
        )

    def count_made(self, receiver: str, begin: datetime, end: datetime) -> int:
        """Return how many messages to a receiver were made in a span, other than of storms."""
        return self._count(
            "SELECT count(*) FROM messages m JOIN deliveries d ON d.message = m.number"
            " WHERE m.made > ? AND m.made <= ? AND m.kind != 'storm' AND d.receiver = ?",
            _micros(begin),
            _micros(end),
            receiver,
        )

    def claim(self, receiver: str, now: datetime, *, lease: timedelta) -> Claim | None:
        """Take the next message for a receiver, which nobody else takes before the lease is over.

        Those of one episode come in order. None: there is none now.
        """
        while row := self._connection.execute(_NEXT, (receiver, _micros(now))).fetchone():
            number, attempts, *columns = row
            message = _message_of(columns)
            if message is not None:
                self._connection.execute(
                    "UPDATE deliveries SET attempts = attempts + 1, is_claimed = 1, due = ?"
                    " WHERE message = ? AND receiver = ?",
                    (_micros(now + lease), number, receiver),
                )
                return Claim(number=number, receiver=receiver, attempts=attempts, message=message)
            self._connection.execute(
                "UPDATE deliveries SET state = 'given_up' WHERE message = ? AND receiver = ?",
                (number, receiver),
            )
        return None

    def mark_sent(self, claim: Claim) -> None:
        """Note that a message was taken."""
        self._connection.execute(
            "UPDATE deliveries SET state = 'sent', problem = '' WHERE message = ? AND receiver = ?",
            (claim.number, claim.receiver),
        )

    def put_off(self, claim: Claim, until: datetime, *, problem: str) -> None:
        """Note that a message was not taken, why not, and when to try again."""
        self._connection.execute(
            "UPDATE deliveries SET due = ?, is_claimed = 0, problem = ?"
            " WHERE message = ? AND receiver = ? AND state = 'waiting'",
            (_micros(until), problem, claim.number, claim.receiver),
        )

    def hurry(self) -> None:
        """Let all that waits be tried at once, but for what somebody may be sending now."""
        self._connection.execute(
            "UPDATE deliveries SET due = 0 WHERE state = 'waiting' AND NOT is_claimed"
        )

    def give_up(self, before: datetime) -> int:
        """Give up what was made before a time and still waits; returns how many deliveries."""
        return self._connection.execute(
            "UPDATE deliveries SET state = 'given_up' WHERE state = 'waiting' AND message IN"
            " (SELECT number FROM messages WHERE made < ?)",
            (_micros(before),),
        ).rowcount

    def prune(self, before: datetime) -> None:
        """Remove messages that were made before a time and wait for nobody."""
        done = (
            "SELECT number FROM messages WHERE made < ? AND number NOT IN"
            " (SELECT message FROM deliveries WHERE state = 'waiting')"
        )
        at = (_micros(before),)
        self._connection.execute(f"DELETE FROM deliveries WHERE message IN ({done})", at)  # noqa: S608 - a constant
        self._connection.execute(f"DELETE FROM messages WHERE number IN ({done})", at)  # noqa: S608 - a constant

    def status(self) -> OutboxStatus:
        """Return what the outbox holds."""
        rows = self._connection.execute(
            "SELECT state, receiver, count(*) FROM deliveries GROUP BY state, receiver"
            " ORDER BY receiver"
        ).fetchall()
        (oldest,) = self._connection.execute(
            "SELECT min(m.made) FROM deliveries d JOIN messages m ON m.number = d.message"
            " WHERE d.state = 'waiting'"
        ).fetchone()
        problems = self._connection.execute(
            "SELECT receiver, problem FROM deliveries WHERE state = 'waiting' AND problem != ''"
            " ORDER BY receiver, message"
        )
        bodies = self._connection.execute("SELECT body FROM episodes")
        episodes = [_decoded(body, _EPISODE) for (body,) in bodies]
        storms = self._connection.execute("SELECT receiver, body FROM storms ORDER BY receiver")
        folded = {name: (_decoded(body, _STORM) or Storm()).count for name, body in storms}
        counts = {
            wanted: {receiver: count for state, receiver, count in rows if state == wanted}
            for wanted in ("waiting", "given_up", "sent")
        }
        return OutboxStatus(
            waiting=counts["waiting"],
            given_up=counts["given_up"],
            sent=counts["sent"],
            oldest_at=None if oldest is None else _time(oldest),
            episodes=sum(episode is not None and episode.is_open for episode in episodes),
            folded={name: count for name, count in folded.items() if count},
            problems=dict(problems.fetchall()),
        )

    def _count(self, query: str, *values: int | str) -> int:
        (count,) = self._connection.execute(query, values).fetchone()
        return int(count)


def _decoded(body: bytes, decoder: "msgspec.json.Decoder[Kept]") -> Kept | None:
    try:
        return decoder.decode(body)
    except (msgspec.DecodeError, TypeError):  # SQLite gives what was put there, of any type
        return None


def _message_of(columns: Sequence[object]) -> Message | None:
    fields = dict(zip(_COLUMNS, columns, strict=True))
    try:
        return msgspec.convert(fields, Message)
    except msgspec.ValidationError:
        return None


def _micros(at: datetime) -> int:
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def _time(micros: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros)
