"""Keeps a ledger in Redis 7 or newer: each step is one call of a script, by the server's clock."""

from collections.abc import Callable
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final, TypeVar

import msgspec

from gonogo.errors import MissingExtraError, StoreDownError
from gonogo.spend.steps import (
    Answer,
    Count,
    Demand,
    ReserveStep,
    SettleStep,
    State,
    StepResult,
    leaves_at,
    slot_of,
)

if TYPE_CHECKING:
    import redis

_CLUSTER: Final = "redis+cluster://"
_FIELDS: Final = (":s", ":h", ":e", ":l", ":t", ":j")

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
        """
        self._client = _client_of(url, timeout_seconds)
        script = files("gonogo.spend.stores").joinpath("redis_steps.lua").read_text("utf-8")
        self._script: Callable[..., Any] = self._client.register_script(script)
        self._keys = [f"{{{name}}}:{part}" for part in ("counters", "reservations", "slots", "due")]

    def reserve(self, step: ReserveStep) -> StepResult:
        """Set aside in all scopes or in none."""
        sent = msgspec.to_builtins(step)
        for demand in sent["demands"]:
            demand["thresholds"] = _joined(demand["thresholds"])
        return _result_of(self._run("reserve", sent))

    def settle(self, step: SettleStep) -> StepResult:
        """Take the cost in place of the reservation, once."""
        return _result_of(self._run("settle", msgspec.to_builtins(step)))

    def expire(self, at: int | None, *, keep: int, charges_expired: bool) -> int:
        """End what is over, and return how many reservations that were."""
        sent = {"at": at, "keep": keep, "charges_expired": charges_expired}
        return int(self._run("expire", sent)[3])

    def counts(self, counters: tuple[str, ...] | None = None) -> list[Count]:
        """Return what counters say."""
        if counters is None:
            fields = self._ask(lambda client: client.hkeys(self._keys[0]))
            counters = tuple(
                sorted(name.removesuffix(b":j").decode() for name in fields if name[-2:] == b":j")
            )
        if not counters:
            return []
        names = [counter + field for counter in counters for field in _FIELDS]
        values = self._ask(lambda client: client.hmget(self._keys[0], names))
        width = len(_FIELDS)
        rows = zip(counters, range(0, len(values), width), strict=True)
        return [
            _count_of(
                [
                    counter,
                    label.decode(),
                    *map(int, (spent, held, estimated, level, level)),
                    thresholds.decode(),
                ]
            )
            for counter, start in rows
            for spent, held, estimated, level, thresholds, label in [values[start : start + width]]
            if label is not None
        ]

    def slots(self, demand: Demand, *, now: int) -> list[tuple[int, int]]:
        """Return when parts of a rolling window's spending leave it, and how much each."""
        first = slot_of(max(now - demand.length, 0), demand) - 1
        numbers = range(first, slot_of(now, demand) + 1)
        names = [f"{demand.counter}|{number}" for number in numbers]
        values = self._ask(lambda client: client.hmget(self._keys[2], names))
        return [
            (leaves_at(number, demand), int(value))
            for number, value in zip(numbers, values, strict=True)
            if value is not None and leaves_at(number, demand) > now
        ]

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _run(self, operation: str, step: Any) -> list[Any]:
        text = msgspec.json.encode(step)
        packed = self._ask(lambda _: self._script(keys=self._keys, args=[operation, text]))
        reply: list[Any] = msgspec.msgpack.decode(packed)
        return reply

    def _ask(self, ask: "Callable[[redis.Redis], Any]") -> Any:
        from redis.exceptions import RedisError  # noqa: PLC0415 - heavy: an extra

        try:
            return ask(self._client)
        except (RedisError, OSError) as error:
            raise StoreDownError(
                f"the ledger's Redis does not answer ({type(error).__name__}): see whether it runs,"
                " and [tool.gonogo.spend] store and store_timeout_seconds"
            ) from error


def _client_of(url: str, timeout_seconds: float) -> "redis.Redis":
    try:
        import redis  # noqa: PLC0415 - heavy: an extra
        from redis.backoff import NoBackoff  # noqa: PLC0415 - likewise
        from redis.retry import Retry  # noqa: PLC0415 - likewise
    except ImportError as error:
        raise MissingExtraError("a ledger in Redis needs: pip install 'gonogo[redis]'") from error
    options: dict[str, Any] = {
        "socket_timeout": timeout_seconds,
        "socket_connect_timeout": timeout_seconds,
        # a connection that the server closed meanwhile is opened anew, once; steps are idempotent
        "retry": Retry(NoBackoff(), 1, supported_errors=(redis.ConnectionError,)),
    }
    if url.startswith(_CLUSTER):
        cluster: Any = redis.RedisCluster.from_url(
            "redis://" + url.removeprefix(_CLUSTER), **options
        )
        return cluster  # type: ignore[no-any-return]  # the same commands
    return redis.Redis.from_url(url, **options)


def _joined(thresholds: tuple[int, ...]) -> str:
    return ",".join(map(str, thresholds))


def _result_of(reply: list[Any]) -> StepResult:
    padded = [*reply, *(["", 0, 0, 0, []][len(reply) - 2 :])]
    answer, now, state, bound, charged, is_late, counts = padded
    return StepResult(
        answer=Answer(answer),
        now=now,
        state=State(state) if state else None,
        bound=bound,
        charged=charged,
        is_late=bool(is_late),
        counts=tuple(map(_count_of, counts)),
    )


def _count_of(row: list[Any]) -> Count:
    counter, label, spent, held, estimated, level, passed, thresholds = row
    return Count(
        counter=counter,
        label=label,
        spent=spent,
        held=held,
        estimated=estimated,
        level=level,
        passed=passed,
        thresholds=tuple(map(int, filter(None, thresholds.split(",")))),
    )
