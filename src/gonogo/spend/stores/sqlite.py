"""Keeps a ledger in one SQLite file, for all threads and processes of a machine.

Each step is one transaction that writes from its beginning (`BEGIN IMMEDIATE`), so that what it
read still holds when it decides. Not for network file systems, whose locks SQLite cannot trust.
"""

import logging
import os
import random
import sqlite3
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from gonogo.errors import StoreDownError
from gonogo.spend.steps import Count, Demand, ReserveStep, SettleStep, StepResult
from gonogo.spend.stores.sqlite_steps import COUNT, Transaction, count_of, read_count

T = TypeVar("T")

_LOG: Final = logging.getLogger("gonogo.spend")
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS counters (
    counter TEXT PRIMARY KEY, label TEXT NOT NULL, thresholds TEXT NOT NULL,
    spent INTEGER NOT NULL, held INTEGER NOT NULL, estimated INTEGER NOT NULL,
    level INTEGER NOT NULL, keep_until INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS reservations (
    id TEXT PRIMARY KEY, state TEXT NOT NULL, bound INTEGER NOT NULL, charged INTEGER NOT NULL,
    is_estimate INTEGER NOT NULL, at INTEGER NOT NULL, due INTEGER NOT NULL,
    parts BLOB NOT NULL, charges INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS slots (
    counter TEXT NOT NULL, slot INTEGER NOT NULL, amount INTEGER NOT NULL, leaves INTEGER NOT NULL,
    PRIMARY KEY (counter, slot)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS reservations_due ON reservations (due);
CREATE INDEX IF NOT EXISTS slots_leaves ON slots (leaves);
CREATE INDEX IF NOT EXISTS counters_keep_until ON counters (keep_until);
"""
_VERSION: Final = 1
"""Of the schema, as the file's `user_version`; a first form without `charges` had none."""

_SHORTEST_WAIT_SECONDS: Final = 0.0002
_LONGEST_WAIT_SECONDS: Final = 0.002


class SqliteStore:
    """A ledger in a file; a killed process loses nothing, a power cut may lose the last moments."""

    def __init__(self, path: Path, *, timeout_seconds: float) -> None:
        """Take the file; it is made when it is first used.

        Args:
            path: The file; others beside it begin with its name.
            timeout_seconds: How long a step waits for those of others.
        """
        self._path = path
        self._timeout_seconds = timeout_seconds
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._opened: tuple[int, int] | None = None
        self._left: list[sqlite3.Connection] = []
        if hasattr(os, "register_at_fork"):
            itself = weakref.ref(self)
            os.register_at_fork(after_in_child=lambda: _forked(itself()))

    def reserve(self, step: ReserveStep) -> StepResult:
        """Set aside in all scopes or in none."""
        with self._transaction() as connection:
            return Transaction(connection, _now(step.at), step.keep).reserve(step)

    def settle(self, step: SettleStep) -> StepResult:
        """Take the cost in place of the reservation, once."""
        with self._transaction() as connection:
            return Transaction(connection, _now(step.at), step.keep).settle(step)

    def expire(self, at: int | None, *, keep: int) -> int:
        """End what is over, and return how many reservations that were."""
        with self._transaction() as connection:
            return Transaction(connection, _now(at), keep).sweep()

    def counts(self, counters: tuple[str, ...] | None = None) -> list[Count]:
        """Return what counters say."""
        with self._transaction() as connection:
            if counters is None:
                rows = connection.execute(f"SELECT {COUNT} FROM counters ORDER BY counter")  # noqa: S608 - a constant
                return [count_of(row) for row in rows]
            found = (read_count(connection, counter) for counter in counters)
            return [count for count in found if count is not None]

    def slots(self, demand: Demand, *, now: int) -> list[tuple[int, int]]:
        """Return when parts of a rolling window's spending leave it, and how much each."""
        with self._transaction() as connection:
            return connection.execute(
                "SELECT leaves, amount FROM slots WHERE counter = ? AND leaves > ? ORDER BY leaves",
                (demand.counter, now),
            ).fetchall()

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._disconnect()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        deadline = time.monotonic() + self._timeout_seconds
        if not self._lock.acquire(timeout=self._timeout_seconds):
            raise self._down("it is in use")
        try:
            connection = _in_turn(self._connected, deadline)
            _in_turn(lambda: connection.execute("BEGIN IMMEDIATE"), deadline)
            yield connection
            connection.execute("COMMIT")
        except (sqlite3.Error, OSError, ValueError, msgspec.DecodeError) as error:
            self._disconnect()  # whatever its state: that undoes what was begun
            raise self._down(str(error)) from error
        except BaseException:
            self._disconnect()
            raise
        finally:
            self._lock.release()

    def _connected(self) -> sqlite3.Connection:
        if self._connection is not None and self._opened != _identity_of(self._path):
            _LOG.error(
                "the ledger's file was deleted or replaced: what had been spent is forgotten"
            )
            self._leave_connection()  # others use another file by now
        if self._connection is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = _opened(self._path)
            self._opened = _identity_of(self._path)
        return self._connection

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(sqlite3.Error):
                connection.close()

    def _begin_anew(self) -> None:
        """Begin anew in a forked process: SQLite forbids to use, or even close, its parent's."""
        self._lock = threading.Lock()
        self._leave_connection()

    def _leave_connection(self) -> None:
        """Use a connection no more, nor close it: that could remove the log of others' file."""
        if self._connection is not None:
            self._left.append(self._connection)
            self._connection = None

    def _down(self, why: str) -> StoreDownError:
        return StoreDownError(
            f"the ledger {str(self._path)!r} cannot be used: {why}: see [tool.gonogo.spend] store"
            " and store_timeout_seconds"
        )


def _in_turn(do: Callable[[], T], deadline: float) -> T:
    """Wait for one's turn: SQLite's own waiting grows to 100 ms, and starves whoever waits.

    And where several open a new file at once, SQLite does not wait at all.
    """
    while True:
        try:
            return do()
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
        time.sleep(random.uniform(_SHORTEST_WAIT_SECONDS, _LONGEST_WAIT_SECONDS))  # noqa: S311 - no secret


def _opened(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=0, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        _set_up(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _set_up(connection: sqlite3.Connection) -> None:
    """Make the tables where there are none.

    Raises:
        sqlite3.DatabaseError: If they are those of a later version.
    """
    if _version_of(connection) == _VERSION:
        return
    connection.execute("BEGIN IMMEDIATE")
    version = _version_of(connection)
    if version not in {0, _VERSION}:
        raise sqlite3.DatabaseError(
            f"its tables are of version {version}, and this gonogo knows those of {_VERSION}:"
            " upgrade gonogo, or name another file"
        )
    columns = [row[1] for row in connection.execute("PRAGMA table_info(reservations)")]
    if columns and "charges" not in columns:
        connection.execute("ALTER TABLE reservations ADD COLUMN charges INTEGER NOT NULL DEFAULT 0")
    for statement in filter(str.strip, _SCHEMA.split(";")):
        connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {_VERSION}")
    connection.execute("COMMIT")


def _version_of(connection: sqlite3.Connection) -> int:
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    return version


def _identity_of(path: Path) -> tuple[int, int] | None:
    """Return which file a path names; None: there is none."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def _forked(store: SqliteStore | None) -> None:
    if store is not None:
        store._begin_anew()  # noqa: SLF001 - its own


def _now(at: int | None) -> int:
    return time.time_ns() // 1000 if at is None else at
