"""Whether injected incidents are found, how soon, and what is raised where nothing was injected."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from benchmarks.anomalies.incidents import BY_MODEL, INJECTORS, Incident, Injector
from benchmarks.anomalies.traces import (
    BEGIN,
    BIN_SECONDS,
    Call,
    Client,
    calls_of,
    exchanges_of,
    read_azure,
    read_clients,
    read_mooncake,
)

from gonogo.spend.anomalies import Alarm, News, Watcher

DAYS = 3
PER_BIN = 15.0
"""Calls in ten minutes, in the median of the active ones."""

LEAST_CALLS = 10
"""Calls in the ten minutes before and after an incident that changes calls: one a minute."""

LINGERS = 7200.0
MONTH_SECONDS = 30.4 * 86400


@dataclass(frozen=True, slots=True)
class Found:
    """What came of one incident; the delay is None where it was not found."""

    name: str
    seed: int
    delay_seconds: float | None
    calls: int
    named_rightly: float


@dataclass(frozen=True, slots=True)
class Quiet:
    """What was raised where nothing was injected."""

    trace: str
    entity_months: float
    alarms: tuple[Alarm, ...]


def inject(
    folder: Path, seed: int, injectors: Sequence[Injector] = INJECTORS, *, nameless: bool = False
) -> list[Found]:
    """Put each kind of incident into another client's three days; watch them all together.

    Args:
        folder: Of the traces.
        seed: Of everything that is drawn.
        injectors: The kinds.
        nameless: Whether nobody says who asks; each client is then watched by itself.
    """
    rng = np.random.default_rng(seed)
    clients = [c for c in read_clients(folder, seed) if _is_steady(c)]
    left = [clients[place] for place in rng.permutation(len(clients))]
    first = int(rng.integers(0, 2016 - DAYS * 144))
    bins = range(first, first + DAYS * 144)
    streams: list[tuple[list[Call], Incident]] = []
    for injector in injectors:
        made = None
        while made is None:
            client = left.pop()
            if injector in BY_MODEL:
                client = replace(client, stays=BY_MODEL[injector])
            own = calls_of(client, rng, bins=bins, per_bin=PER_BIN)
            made = _injected(own, client.name, injector, rng)
        streams.append(made)
    if nameless:
        return [
            found
            for calls, incident in streams
            for found in _found_in(
                [_nameless(c) for c in calls], [replace(incident, user="")], seed
            )
        ]
    return _found_in([c for calls, _ in streams for c in calls], [i for _, i in streams], seed)


def keep_quiet(folder: Path, seed: int, per_bin: float) -> list[Quiet]:
    """Watch the traces as they are: all clients over two weeks, and the hours of the others."""
    rng = np.random.default_rng(seed)
    calls: list[Call] = []
    clients = read_clients(folder, seed)
    for client in clients:
        calls += calls_of(client, rng, bins=range(2016), per_bin=per_bin)
    return [
        _quiet(f"ServeGen, {len(clients)} clients", calls),
        *(_quiet(f"Azure {w}", read_azure(folder, w, seed=seed)) for w in ("conv", "code")),
        *(
            _quiet(f"Mooncake {w}", read_mooncake(folder, w, seed=seed))
            for w in ("conversation", "synthetic")
        ),
    ]


def watch(calls: list[Call]) -> list[Alarm]:
    """Return what a watcher reports of calls, in order."""
    watcher = Watcher()
    alarms: list[Alarm] = []
    for exchange, cost in exchanges_of(calls):
        alarms.extend(watcher.feed(exchange, cost=cost))
    return [*alarms, *watcher.finish()]


def _found_in(calls: list[Call], incidents: Sequence[Incident], seed: int) -> list[Found]:
    opened = [a for a in watch(calls) if a.news is News.OPENED]
    return [_found(incident, opened, calls, seed) for incident in incidents]


def _nameless(call: Call) -> Call:
    return replace(call, user="")


def _is_steady(client: Client) -> bool:
    """Say whether a client is active most of the time, so that incidents have calls to change."""
    return float(np.mean(client.rates > 0)) > 0.8


def _injected(
    calls: list[Call], user: str, injector: Injector, rng: np.random.Generator
) -> tuple[list[Call], Incident] | None:
    """Inject on the third day where the user calls often enough; None where that is nowhere."""
    times = np.array([call.at for call in calls])
    if not len(times):
        return None
    last_day = times[0] + (DAYS - 1) * 86400
    for begins in rng.permutation(np.arange(last_day, last_day + 70_000, BIN_SECONDS)):
        around = np.sum((times >= begins) & (times < begins + BIN_SECONDS))
        before = np.sum((times >= begins - BIN_SECONDS) & (times < begins))
        if min(around, before) >= LEAST_CALLS:
            return injector(calls, user, float(begins), rng)
    return None


def _found(incident: Incident, opened: Sequence[Alarm], calls: Sequence[Call], seed: int) -> Found:
    first_call = min(
        c.at for c in calls if c.user == incident.user and c.label and c.at >= incident.begins
    )
    for alarm in opened:
        # A moment has whole microseconds, a call of a trace has not: what is raised at its first
        # call would be raised before it.
        raised = (alarm.raised - BEGIN).total_seconds() + 1e-6
        is_meant = alarm.kind in incident.expected and alarm.entity.name in (
            incident.user,
            incident.session,
        )
        if is_meant and first_call <= raised <= incident.ends + LINGERS:
            delay = raised - first_call
            own = [c for c in calls if c.user == incident.user and c.label]
            seen = sum(first_call <= c.at <= raised for c in own)
            return Found(incident.name, seed, delay, seen, _rightly(alarm, calls))
    return Found(incident.name, seed, None, 0, 0.0)


def _rightly(alarm: Alarm, calls: Sequence[Call]) -> float:
    """Return the share of the exchanges that an alarm names that belong to an incident."""
    ordered = sorted(calls, key=lambda one: one.at)
    named = [ordered[int(name[1:])] for name in alarm.exchanges]
    return sum(bool(call.label) for call in named) / len(named)


def _quiet(trace: str, calls: list[Call]) -> Quiet:
    alarms = tuple(a for a in watch(calls) if a.news is News.OPENED)
    users = len({call.user for call in calls})
    models = len({call.model for call in calls})
    times = [call.at for call in calls]
    months = (max(times) - min(times)) / MONTH_SECONDS
    return Quiet(trace, (users + models + 1) * months, alarms)
