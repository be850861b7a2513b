"""Keeps a ledger in Redis 7 or newer: each step is one call of a script, by the server's clock."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final, TypeVar

import msgspec

from gonogo.errors import BadSettingsError, MissingExtraError, StoreDownError
from gonogo.spend.steps import (
    Count,
    Demand,
    ReserveStep,
    SettleStep,
    StepResult,
    leaves_at,
    slot_of,
)

if TYPE_CHECKING:
    import redis

_LOG: Final = logging.getLogger("gonogo.spend")
_CLUSTER: Final = "redis+cluster://"

T = TypeVar("T")


class RedisStore:
    """A ledger in Redis; as durable as the server is set up to be.

    Set `appendonly yes` and `maxmemory-policy noeviction` there: what Redis forgets, limits forget.
    """

    def __init__(self, url: str, *, name: str, timeout_seconds: float) -> None:
        """Take where it is; connects when it is first used.

        Args:
            url: `redis://`, `rediss://`, `unix://`, or `redis+cluster://` for a cluster.
            name: Of the ledger, a part of its keys.
            timeout_seconds: For connecting, and for each answer.

        Raises:
            BadSettingsError: If the URL cannot be used.
            MissingExtraError: If the driver is not installed.
        """
        _demand_driver()
        self._url = url
        self._timeout_seconds = timeout_seconds
        self._opened: _Opened | None = None
        self._keys = [f"{{{name}}}:{part}" for part in ("counters", "reservations", "slots", "due")]
        if not url.startswith(_CLUSTER):
            self._open()  # connects to nothing yet, but reads the URL

    def reserve(self, step: ReserveStep) -> StepResult:
        """Set aside in all scopes or in none."""
        return self._run("reserve", step)

    def settle(self, step: SettleStep) -> StepResult:
        """Take the cost in place of the reservation, once."""
        return self._run("settle", step)

    def expire(self, at: int | None, *, keep: int) -> int:
        """End what is over, and return how many reservations that were."""
        return self._run("expire", {"at": at, "keep": keep}).ended

    def counts(self, counters: tuple[str, ...] | None = None) -> list[Count]:
        """Return what counters say."""
        found = list(self._run("count", {"counters": counters}).counts)
        return sorted(found, key=lambda count: count.counter) if counters is None else found

    def slots(self, demand: Demand, *, now: int) -> list[tuple[int, int]]:
        """Return when parts of a rolling window's spending leave it, and how much each."""
        first = slot_of(max(now - demand.length, 0), demand) - 1
        numbers = range(first, slot_of(now, demand) + 1)
        names = [f"{demand.counter}|{number}" for number in numbers]
        values = self._ask(lambda opened: opened.client.hmget(self._keys[2], names))
        return [
            (leaves_at(number, demand), int(value))
            for number, value in zip(numbers, values, strict=True)
            if value is not None and leaves_at(number, demand) > now
        ]

    def close(self) -> None:
        """Close the connections."""
        if self._opened is not None:
            self._opened.client.close()

    def _run(self, operation: str, step: object) -> StepResult:
        arguments: list[str | bytes] = [operation, msgspec.json.encode(step)]
        return self._ask(lambda opened: _result_of(opened, self._keys, arguments))

    def _ask(self, ask: "Callable[[_Opened], T]") -> T:
        from redis import exceptions  # noqa: PLC0415 - heavy: an extra

        failures = (
            exceptions.RedisError,
            exceptions.RedisClusterException,
            OSError,
            msgspec.DecodeError,
        )
        try:
            opened = self._opened or self._open()
            if not opened.is_checked:
                opened.is_checked = True
                _warn_of_eviction(opened.client)
            return ask(opened)
        except failures as error:
            raise StoreDownError(
                "the ledger's Redis does not answer as it should"
                f" ({type(error).__name__}{_why(error)}): see whether it runs, and"
                " [tool.gonogo.spend] store and store_timeout_seconds"
            ) from error

    def _open(self) -> "_Opened":
        """Make a client; one of a cluster asks it for its nodes.

        Of several threads that do so at once each may make one; the last one's is kept.
        """
        client = _client_of(self._url, self._timeout_seconds)
        source = files("gonogo.spend.stores").joinpath("redis_steps.lua").read_text("utf-8")
        self._opened = _Opened(client, client.register_script(source))
        return self._opened


@dataclass(slots=True)
class _Opened:
    """A client, and the script of the steps on it."""

    client: "redis.Redis"
    script: Callable[..., bytes]
    is_checked: bool = False
    began: str = ""


def _result_of(opened: _Opened, keys: list[str], arguments: list[str | bytes]) -> StepResult:
    """Run the script; say where Redis has forgotten what there was before."""
    packed = opened.script(keys=keys, args=arguments)
    began, result = msgspec.msgpack.decode(packed, type=tuple[str, StepResult])
    if opened.began not in {"", began}:
        _LOG.error("the ledger's Redis was emptied: what had been spent is forgotten")
    opened.began = began
    return result


def _demand_driver() -> None:
    try:
        import redis  # noqa: F401, PLC0415 - heavy: an extra
    except ImportError as error:
        raise MissingExtraError("a ledger in Redis needs: pip install 'gonogo[redis]'") from error


def _client_of(url: str, timeout_seconds: float) -> "redis.Redis":
    import redis  # noqa: PLC0415 - heavy: an extra
    from redis.backoff import NoBackoff  # noqa: PLC0415 - likewise
    from redis.retry import Retry  # noqa: PLC0415 - likewise

    options: dict[str, Any] = {
        "socket_timeout": timeout_seconds,
        "socket_connect_timeout": timeout_seconds,
        # a connection that the server closed meanwhile is opened anew, once; steps are idempotent
        "retry": Retry(NoBackoff(), 1, supported_errors=(redis.ConnectionError,)),
    }
    try:
        if not url.startswith(_CLUSTER):
            return redis.Redis.from_url(url, **options)
        plain = "redis://" + url.removeprefix(_CLUSTER)
        cluster: Any = redis.RedisCluster.from_url(plain, **options)
    except ValueError as error:  # says what of it, not the whole, which may hold a password
        raise BadSettingsError(
            f"[tool.gonogo.spend] store: the redis URL cannot be used: {error}"
        ) from error
    return cluster  # type: ignore[no-any-return]  # the same commands


def _warn_of_eviction(client: "redis.Redis") -> None:
    """Warn of a server that may throw away what was spent to make room for other things.

    Keys of the ledger never expire, so policies that begin with `volatile` spare them.
    """
    from redis.exceptions import ResponseError  # noqa: PLC0415 - heavy: an extra

    try:
        memory: Any = client.info("memory")
    except ResponseError:  # a user that may not ask
        return
    if memory.get("maxmemory") and str(memory.get("maxmemory_policy")).startswith("allkeys"):
        _LOG.warning(
            "the ledger's Redis may evict what was spent (maxmemory-policy %s): limits would forget"
            " it; set noeviction",
            memory["maxmemory_policy"],
        )


def _why(error: Exception) -> str:
    """Return the code that a server's refusal begins with, such as OOM; nothing else of it."""
    code = str(error).partition(" ")[0].rstrip(":")
    return f" {code}" if code.isupper() and code.isalpha() else ""
