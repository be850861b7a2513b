"""Keeps a ledger in one SQLite file, for all threads and processes of a machine.

Each step is one transaction that writes from its beginning (`BEGIN IMMEDIATE`), so that what it
read still holds when it decides. Not for network file systems, whose locks SQLite cannot trust.
"""

import os
import random
import sqlite3
import threading
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from gonogo.errors import StoreDownError
from gonogo.spend.steps import Count, Demand, ReserveStep, SettleStep, StepResult
from gonogo.spend.stores.sqlite_steps import COUNT, Transaction, count_of, read_count

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS counters (
    counter TEXT PRIMARY KEY, label TEXT NOT NULL, thresholds TEXT NOT NULL,
    spent INTEGER NOT NULL, held INTEGER NOT NULL, estimated INTEGER NOT NULL,
    level INTEGER NOT NULL, keep_until INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS reservations (
    id TEXT PRIMARY KEY, state TEXT NOT NULL, bound INTEGER NOT NULL, charged INTEGER NOT NULL,
    is_estimate INTEGER NOT NULL, at INTEGER NOT NULL, due INTEGER NOT NULL,
    parts BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS slots (
    counter TEXT NOT NULL, slot INTEGER NOT NULL, amount INTEGER NOT NULL, leaves INTEGER NOT NULL,
    PRIMARY KEY (counter, slot)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS reservations_due ON reservations (due);
CREATE INDEX IF NOT EXISTS slots_leaves ON slots (leaves);
CREATE INDEX IF NOT EXISTS counters_keep_until ON counters (keep_until);
"""
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
        self._inherited: list[sqlite3.Connection] = []
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

    def expire(self, at: int | None, *, keep: int, charges_expired: bool) -> int:
        """End what is over, and return how many reservations that were."""
        with self._transaction() as connection:
            return Transaction(connection, _now(at), keep).sweep(charges_expired=charges_expired)

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
            if self._connection is not None:
                self._connection.close()
            self._connection = None

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        deadline = time.monotonic() + self._timeout_seconds
        if not self._lock.acquire(timeout=self._timeout_seconds):
            raise self._down("it is in use")
        try:
            connection = self._connected()
            self._begin(connection, deadline)
            try:
                yield connection
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")
        except (sqlite3.Error, OSError) as error:
            raise self._down(str(error)) from error
        finally:
            self._lock.release()

    def _begin(self, connection: sqlite3.Connection, deadline: float) -> None:
        """Wait for one's turn: SQLite's own waiting grows to 100 ms, and starves whoever waits."""
        while True:
            try:
                connection.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or time.monotonic() > deadline:
                    raise
                time.sleep(random.uniform(_SHORTEST_WAIT_SECONDS, _LONGEST_WAIT_SECONDS))  # noqa: S311 - no secret
            else:
                return

    def _connected(self) -> sqlite3.Connection:
        if self._connection is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(
                self._path,
                timeout=self._timeout_seconds,
                isolation_level=None,
                check_same_thread=False,
            )
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.executescript(_SCHEMA)
            connection.execute("PRAGMA busy_timeout = 0")
            self._connection = connection
        return self._connection

    def _forget_connection(self) -> None:
        """Begin anew in a forked process: SQLite forbids to use, or even close, its parent's."""
        self._lock = threading.Lock()
        if self._connection is not None:
            self._inherited.append(self._connection)
            self._connection = None

    def _down(self, why: str) -> StoreDownError:
        return StoreDownError(
            f"the ledger {str(self._path)!r} cannot be used: {why}: see [tool.gonogo.spend] store"
            " and store_timeout_seconds"
        )


def _forked(store: SqliteStore | None) -> None:
    if store is not None:
        store._forget_connection()  # noqa: SLF001 - its own


def _now(at: int | None) -> int:
    return time.time_ns() // 1000 if at is None else at
