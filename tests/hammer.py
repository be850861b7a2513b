"""Hammers a ledger from many threads in several processes, of which some are killed midway.

`python hammer.py '{…}'` is one of the processes; it works until its standard input is closed.
"""

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from gonogo.errors import BudgetExceeded
from gonogo.spend.ledger import Ledger, open_ledger
from gonogo.spend.limits import SpendSettings, decode_spend_settings
from gonogo.spend.reservations import ScopeStatus

USERS, DEPARTMENTS = 4, 2
MEAN_COST = 715
"""Micro-dollars of a call, on average."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One run.

    Attributes:
        url: Of the store.
        name: Of the ledger.
        folder: Where each process logs what its calls cost.
        calls: Roughly how many calls exhaust the limits.
        expired: What becomes of reservations that expire: `charge_sent`, or `release`.
        processes: At a time.
        threads: Of each.
        kill_every_seconds: One process is killed so often, and replaced.
        hold_seconds: After how long what a killed process held is free again.
        is_naive: Whether it is the design that checks, calls, and then increments.
    """

    url: str
    name: str
    folder: str
    calls: int
    expired: str = "charge_sent"
    processes: int = 8
    threads: int = 4
    kill_every_seconds: float = 0.7
    hold_seconds: float = 1.5
    is_naive: bool = False

    @property
    def amounts(self) -> dict[str, int]:
        """Limits in micro-dollars: the account's binds before all others are spent."""
        account = self.calls * MEAN_COST
        return {"account": account, "department": account * 6 // 10, "user": account * 4 // 10}

    def settings(self) -> SpendSettings:
        """Return the settings of the ledger."""
        pers: dict[str, list[str]] = {"account": [], "department": ["department"], "user": ["user"]}
        limits = {
            name: {
                "amount_usd": str(Decimal(amount) / 1_000_000),
                "period": "monthly",
                "per": pers[name],
            }
            for name, amount in self.amounts.items()
        }
        return decode_spend_settings(
            {
                "store": self.url,
                "name": self.name,
                "limits": limits,
                "hold_seconds": self.hold_seconds,
                "keep_seconds": 3600,
                "expired_holds": self.expired,
                "store_timeout_seconds": 30,
            },
            "hammer",
        )

    def ledger(self) -> Ledger:
        """Open the ledger."""
        return open_ledger(self.settings(), Path(self.folder), on_warning=lambda _: None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a run came to; amounts in micro-dollars.

    Attributes:
        over: The most that settled and reserved amounts were above a hard limit at any look.
        truly_over: The most that calls did cost above a limit, those of killed processes included.
        utilisation: Settled of the account's limit, 0 to 1.
        lost: What calls of killed processes cost that nobody settled.
        is_consistent: Whether departments and users add up to the account, to the micro-dollar.
        wrong_refusals: Refusals of a call that would have fit by the refusal's own figures.
        kills: Processes that were killed.
        calls: Calls that were made.
        seconds: How long it took.
    """

    over: int
    truly_over: int
    utilisation: float
    lost: int
    is_consistent: bool
    wrong_refusals: int
    kills: int
    calls: int
    seconds: float


def hammer(plan: Plan, *, seed: int = 0, patience_seconds: float = 90.0) -> Outcome:
    """Run a plan until its limits are exhausted, or for as long as one's patience lasts."""
    chance = random.Random(seed)  # noqa: S311 - no secret
    ledger = plan.ledger()
    started = time.monotonic()
    over, kills = 0, 0
    with _workers(plan) as workers:
        killed_at = time.monotonic()
        full_since: float | None = None
        while time.monotonic() - started < patience_seconds:
            time.sleep(0.05)
            statuses = ledger.status()
            over = max([over, *map(_excess, statuses)])
            if _utilisation(statuses) < 0.97:
                is_time = time.monotonic() - killed_at > plan.kill_every_seconds
                if is_time or (kills == 0 and _utilisation(statuses) > 0.1):
                    workers.replace(chance.randrange(plan.processes))
                    kills, killed_at = kills + 1, time.monotonic()
                continue
            full_since = full_since or time.monotonic()
            if time.monotonic() - full_since > 2 * plan.hold_seconds:
                break
    seconds = time.monotonic() - started
    time.sleep(plan.hold_seconds)
    statuses = ledger.status()
    ledger.close()
    spent = _spent(statuses)
    true = _logged(Path(plan.folder))
    return Outcome(
        over=max([over, *map(_excess, statuses)]),
        truly_over=max(cost - plan.amounts[scope[0]] for scope, cost in true.costs.items()),
        utilisation=_utilisation(statuses),
        lost=max(true.costs["account", ""] - spent["account"], 0),
        is_consistent=len(set(spent.values())) == 1,
        wrong_refusals=true.wrong_refusals,
        kills=kills,
        calls=true.calls,
        seconds=seconds,
    )


def naive_overspend(plan: Plan, spent: Callable[[], Mapping[str, int]], *, seconds: float) -> int:
    """Run the design that checks, calls and then increments; return how far it went over."""
    with _workers(plan):
        time.sleep(seconds)
    return max(found - plan.amounts[name.split(":")[0]] for name, found in spent().items())


class _Workers:
    """The processes of a run."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._running = [self._start() for _ in range(plan.processes)]

    def replace(self, number: int) -> None:
        """Kill one without a chance to clean up, and start another."""
        process = self._running[number]
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        _close(process)
        self._running[number] = self._start()

    def stop(self) -> None:
        """Let all come to their end."""
        for process in self._running:
            _close(process)
        for process in self._running:
            process.wait(timeout=60)

    def _start(self) -> "subprocess.Popen[bytes]":
        command = [sys.executable, __file__, json.dumps(asdict(self._plan))]
        return subprocess.Popen(command, stdin=subprocess.PIPE)


@contextmanager
def _workers(plan: Plan) -> Iterator[_Workers]:
    workers = _Workers(plan)
    try:
        yield workers
    finally:
        workers.stop()


def _close(process: "subprocess.Popen[bytes]") -> None:
    if process.stdin is not None:
        process.stdin.close()


def _excess(status: ScopeStatus) -> int:
    return int((status.spent_usd + status.held_usd - status.amount_usd) * 1_000_000)


def _utilisation(statuses: list[ScopeStatus]) -> float:
    return max(
        (float(s.spent_usd / s.amount_usd) for s in statuses if s.limit == "account"), default=0
    )


def _spent(statuses: list[ScopeStatus]) -> dict[str, int]:
    spent: Counter[str] = Counter()
    for status in statuses:
        spent[status.limit] += int(status.spent_usd * 1_000_000)
    return dict(spent)


@dataclass(frozen=True, slots=True)
class _Log:
    costs: Counter[tuple[str, str]]
    calls: int
    wrong_refusals: int


def _logged(folder: Path) -> _Log:
    costs: Counter[tuple[str, str]] = Counter()
    calls, wrong = 0, 0
    for path in folder.glob("*.log"):
        for line in path.read_text().splitlines():
            kind, *rest = line.split()
            if kind == "wrong":
                wrong += 1
                continue
            user, department, cost = rest
            calls += 1
            for scope in (("account", ""), ("user", user), ("department", department)):
                costs[scope] += int(cost)
    return _Log(costs, calls, wrong)


class _Worker:
    """What one process does."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._stopping = threading.Event()
        log = Path(plan.folder) / f"{uuid.uuid4().hex}.log"
        self._log = os.open(log, os.O_CREAT | os.O_WRONLY | os.O_APPEND)

    def run(self) -> None:
        """Work until standard input ends."""
        target = self._naive if self._plan.is_naive else self._reserving
        threads = [threading.Thread(target=target, args=(n,)) for n in range(self._plan.threads)]
        self._ledger = self._plan.ledger()
        for thread in threads:
            thread.start()
        sys.stdin.buffer.read()
        self._stopping.set()
        for thread in threads:
            thread.join()

    def _reserving(self, number: int) -> None:
        chance = random.Random(f"{os.getpid()}-{number}")  # noqa: S311 - no secret
        largest = 2000.0
        while not self._stopping.is_set():
            user, department = _whose(chance)
            bound = max(int(chance.uniform(0.1, 1.0) * largest), 1)
            call = uuid.uuid4().hex
            attributes = {"user": user, "department": department}
            try:
                self._ledger.reserve(call, attributes, upper_bound_usd=_usd(bound), is_sent=True)
            except BudgetExceeded as refused:
                if refused.left_usd >= refused.asked_usd:
                    self._write("wrong")
                largest = max(largest / 2, 1.0)
                time.sleep(0.01)
                continue
            largest = min(largest * 1.1, 2000.0)
            cost = self._call(chance, bound)
            if cost is None:
                self._ledger.release(call)
            else:
                self._write(f"call {user} {department} {cost}")  # spent, whatever happens now
                self._ledger.settle(call, _usd(cost))

    def _call(self, chance: random.Random, bound: int) -> int | None:
        """Take as long as a short call; return what it cost, None where it failed."""
        time.sleep(chance.uniform(0.0, 0.002))
        return None if chance.random() < 0.05 else max(int(chance.uniform(0.3, 1.0) * bound), 1)

    def _naive(self, number: int) -> None:
        chance = random.Random(f"{os.getpid()}-{number}")  # noqa: S311 - no secret
        counters = _counters(self._plan)
        while not self._stopping.is_set():
            user, department = _whose(chance)
            scopes = ["account", f"department:{department}", f"user:{user}"]
            bound = int(chance.uniform(0.1, 1.0) * 2000)
            found = counters.read(scopes)
            limits = [self._plan.amounts[scope.split(":")[0]] for scope in scopes]
            if any(spent + bound > limit for spent, limit in zip(found, limits, strict=True)):
                time.sleep(0.01)
                continue
            cost = self._call(chance, bound)
            if cost is not None:
                counters.add(scopes, cost)

    def _write(self, line: str) -> None:
        os.write(self._log, f"{line}\n".encode())


def _whose(chance: random.Random) -> tuple[str, str]:
    user = chance.randrange(USERS)
    return f"u{user}", f"d{user % DEPARTMENTS}"


def _usd(micro: int) -> Decimal:
    return Decimal(micro) / 1_000_000


class SqliteCounters:
    """Counters without a ledger, as check-then-increment designs keep them."""

    def __init__(self, path: str) -> None:
        import sqlite3

        self._connection = sqlite3.connect(path, timeout=30, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = NORMAL")
        self._connection.execute(
            "CREATE TABLE IF NOT EXISTS naive (scope TEXT PRIMARY KEY, spent INTEGER)"
        )

    def read(self, scopes: list[str]) -> list[int]:
        rows = dict(self._connection.execute("SELECT scope, spent FROM naive"))
        return [rows.get(scope, 0) for scope in scopes]

    def add(self, scopes: list[str], cost: int) -> None:
        for scope in scopes:
            self._connection.execute(
                "INSERT INTO naive VALUES (?, ?)"
                " ON CONFLICT (scope) DO UPDATE SET spent = spent + excluded.spent",
                (scope, cost),
            )

    def all(self) -> dict[str, int]:
        return dict(self._connection.execute("SELECT scope, spent FROM naive"))


class RedisCounters:
    """The same in Redis."""

    def __init__(self, url: str, name: str) -> None:
        import redis

        self._client: Any = redis.Redis.from_url(url)
        self._key = f"naive:{name}"

    def read(self, scopes: list[str]) -> list[int]:
        return [int(value or 0) for value in self._client.hmget(self._key, scopes)]

    def add(self, scopes: list[str], cost: int) -> None:
        for scope in scopes:
            self._client.hincrby(self._key, scope, cost)

    def all(self) -> dict[str, int]:
        found = self._client.hgetall(self._key).items()
        return {scope.decode(): int(value) for scope, value in found}


def _counters(plan: Plan) -> SqliteCounters | RedisCounters:
    if plan.url.startswith("redis://"):
        return RedisCounters(plan.url, plan.name)
    return SqliteCounters(str(Path(plan.folder) / plan.url))


if __name__ == "__main__":
    _Worker(Plan(**json.loads(sys.argv[1]))).run()
