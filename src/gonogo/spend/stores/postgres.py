"""Keeps a ledger in PostgreSQL: each step is one call of one function, by the server's clock."""

import os
import ssl
from collections import deque
from collections.abc import Callable
from importlib.resources import files
from typing import Any, Final, TypeVar
from urllib.parse import parse_qs, unquote, urlsplit

import msgspec

from gonogo.errors import BadSettingsError, MissingExtraError, StoreDownError
from gonogo.spend.steps import Count, Demand, ReserveStep, SettleStep, StepResult

_SSL_MODES: Final = ("disable", "prefer", "require", "verify-full")
_IDLE_AT_MOST: Final = 16

T = TypeVar("T")


class PostgresStore:
    """A ledger in a schema of its own, which is made where there is none.

    A crash of the server may lose the last half second (`synchronous_commit = off`).
    """

    def __init__(self, url: str, *, name: str, timeout_seconds: float) -> None:
        """Take where it is; connects when it is first used.

        Args:
            url: `postgresql://user:password@host:port/database`, with `?sslmode=disable`,
                `prefer` (the default), `require` or `verify-full`, and `?host=/folder` for a
                socket in a folder.
            name: Of the ledger, the name of its schema.
            timeout_seconds: For connecting, and for each answer.

        Raises:
            BadSettingsError: If the URL cannot be used.
            MissingExtraError: If the driver is not installed.
        """
        self._options = _options_of(url, timeout_seconds)
        self._schema = name
        self._timeout_seconds = timeout_seconds
        self._idle: deque[_Connection] = deque()
        self._owner = os.getpid()
        _demand_driver()

    def reserve(self, step: ReserveStep) -> StepResult:
        """Set aside in all scopes or in none."""
        return self._run("reserve_v2", step)

    def settle(self, step: SettleStep) -> StepResult:
        """Take the cost in place of the reservation, once."""
        return self._run("settle_v2", step)

    def expire(self, at: int | None, *, keep: int) -> int:
        """End what is over, and return how many reservations that were."""
        return self._run("expire_v2", {"at": at, "keep": keep}).ended

    def counts(self, counters: tuple[str, ...] | None = None) -> list[Count]:
        """Return what counters say."""
        found = self._run("count_v2", {"counters": counters}).counts
        if counters is None:
            return list(found)
        by_name = {count.counter: count for count in found}
        return [by_name[counter] for counter in counters if counter in by_name]

    def slots(self, demand: Demand, *, now: int) -> list[tuple[int, int]]:
        """Return when parts of a rolling window's spending leave it, and how much each."""
        sql = (
            f"SELECT leaves, amount FROM {self._schema}.slots"  # noqa: S608 - a name that was checked
            " WHERE counter = :counter AND leaves > :now ORDER BY leaves"
        )
        rows = self._ask(
            lambda connection: connection.driver.run(sql, counter=demand.counter, now=now)
        )
        return [(leaves, amount) for leaves, amount in rows]

    def close(self) -> None:
        """Close the connections."""
        while self._idle:
            self._idle.pop().close()

    def _run(self, function: str, step: object) -> StepResult:
        text = msgspec.json.encode(step).decode()
        rows = self._ask(lambda connection: connection.call(function, text))
        return msgspec.json.decode(rows[0][0], type=StepResult)

    def _ask(self, ask: "Callable[[_Connection], T]") -> T:
        """Ask on a connection that is idle, else on a new one.

        An idle one that the server has closed is replaced, once: steps are idempotent.
        """
        if self._owner != os.getpid():  # connections must not be taken along into a forked process
            self._idle, self._owner = deque(), os.getpid()
        try:
            connection = self._idle.pop()
        except IndexError:
            return self._ask_anew(ask)
        try:
            answer = ask(connection)
        except _failures() as error:
            connection.close()
            if _has_answered(error):
                raise self._down(error) from error
            return self._ask_anew(ask)
        self._give_back(connection)
        return answer

    def _ask_anew(self, ask: "Callable[[_Connection], T]") -> T:
        try:
            connection = self._connect()
        except _failures() as error:
            raise self._down(error) from error
        try:
            answer = ask(connection)
        except _failures() as error:
            connection.close()
            raise self._down(error) from error
        self._give_back(connection)
        return answer

    def _connect(self) -> "_Connection":
        from pg8000.native import Connection  # noqa: PLC0415 - heavy: an extra

        connection = _Connection(Connection(**self._options), self._schema)
        try:
            connection.set_up(max(int(self._timeout_seconds * 1000), 1))
        except _failures():
            connection.close()
            raise
        return connection

    def _give_back(self, connection: "_Connection") -> None:
        if len(self._idle) < _IDLE_AT_MOST:
            self._idle.append(connection)
        else:
            connection.close()

    def _down(self, error: Exception) -> StoreDownError:
        return StoreDownError(
            f"the ledger's PostgreSQL does not answer as it should ({type(error).__name__}"
            f"{_sqlstate(error)}): see whether it runs and lets the ledger make its schema, and"
            " [tool.gonogo.spend] store and store_timeout_seconds"
        )


class _Connection:
    """A connection, and the functions that were prepared on it: one trip to the server a call."""

    def __init__(self, driver: Any, schema: str) -> None:
        self.driver = driver
        self._schema = schema
        self._prepared: dict[str, Any] = {}

    def call(self, function: str, step: str) -> list[list[str]]:
        """Call a function of the ledger."""
        if function not in self._prepared:
            self._prepared[function] = self.driver.prepare(
                f"SELECT {self._schema}.{function}(CAST(:step AS jsonb))::text"
            )
        rows: list[list[str]] = self._prepared[function].run(step=step)
        return rows

    def set_up(self, timeout_milliseconds: int) -> None:
        """Bound the time of each call, and make the ledger's schema where there is none."""
        # What a step reads after its turn came must be what the one before it left. And steps
        # follow each other: if each waited for the disk, a ledger could do a hundred a second.
        self.driver.run(
            f"SET statement_timeout = {timeout_milliseconds};"
            " SET default_transaction_isolation = 'read committed'; SET synchronous_commit = off"
        )
        if not self._is_made():
            self._make()

    def _make(self) -> None:
        """Make the schema; of several that would at once, one does, and the others wait."""
        lock = f"pg_advisory_xact_lock(hashtextextended('gonogo {self._schema}', 1))"
        self.driver.run(f"BEGIN; SELECT {lock}")
        if not self._is_made():
            sql = files("gonogo.spend.stores").joinpath("postgres_steps.sql").read_text("utf-8")
            self.driver.run(sql.replace("{schema}", self._schema))
        self.driver.run("COMMIT")

    def _is_made(self) -> bool:
        """Say whether the ledger's functions are there.

        Asked of the catalogue's own tables: what `to_regprocedure` says may be older than a lock.
        """
        rows = self.driver.run(
            "SELECT count(*) FROM pg_catalog.pg_proc JOIN pg_catalog.pg_namespace AS n"
            " ON pronamespace = n.oid WHERE nspname = :name AND proname = 'count_v2'",
            name=self._schema,
        )
        return bool(rows[0][0])

    def close(self) -> None:
        """Close it, whatever its state."""
        try:
            self.driver.close()
        except _failures():
            return


def _demand_driver() -> None:
    try:
        import pg8000.native  # noqa: F401, PLC0415 - heavy: an extra
    except ImportError as error:
        raise MissingExtraError(
            "a ledger in PostgreSQL needs: pip install 'gonogo[postgres]'"
        ) from error


def _failures() -> tuple[type[Exception], ...]:
    """Return what the driver raises; a broken connection also shows as what it read wrongly."""
    from pg8000.exceptions import Error  # noqa: PLC0415 - heavy: an extra

    return (Error, OSError, EOFError)


def _has_answered(error: Exception) -> bool:
    """Say whether the server itself refused: asking again would not help."""
    return bool(_sqlstate(error))


def _sqlstate(error: Exception) -> str:
    found = error.args[0].get("C", "") if error.args and isinstance(error.args[0], dict) else ""
    return f" {found}" if found else ""


def _options_of(url: str, timeout_seconds: float) -> dict[str, Any]:
    parts = urlsplit(url)
    query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    mode = query.pop("sslmode", "prefer")
    host = query.pop("host", parts.hostname or "localhost")
    if query or mode not in _SSL_MODES:
        raise BadSettingsError(
            "[tool.gonogo.spend] store: a postgresql:// URL takes `host` and `sslmode`"
            f" ({', '.join(_SSL_MODES)}), got {', '.join(query) or mode!r}"
        )
    try:
        port = parts.port or 5432
    except ValueError as error:
        raise BadSettingsError(f"[tool.gonogo.spend] store: {error}") from error
    options: dict[str, Any] = {
        "user": unquote(parts.username or ""),
        "password": unquote(parts.password) if parts.password else None,
        "database": unquote(parts.path.removeprefix("/")) or None,
        "timeout": timeout_seconds,
        "application_name": "gonogo",
        "ssl_context": _ssl_of(mode),
    }
    if host.startswith("/"):
        return {**options, "unix_sock": f"{host}/.s.PGSQL.{port}", "ssl_context": False}
    return {**options, "host": host, "port": port}


def _ssl_of(mode: str) -> ssl.SSLContext | bool | None:
    match mode:
        case "disable":
            return False
        case "prefer":
            return None
        case "require":
            return True
        case _:
            return ssl.create_default_context()
