"""The story of a synthetic month: what the watcher raises, what the ledger stops, what is foreseen.

The month and its incidents are `spending_month`'s.
"""

import copy
import shutil
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Final

from spending_month import (
    BEGIN,
    CONTEXT_LOOP,
    END,
    HARD_CODED,
    SUDDEN_500K,
    TO_OPUS,
    Incident,
    healthy_month,
    incidents,
    moment_of,
    user_of,
)

from gonogo.errors import BudgetExceeded
from gonogo.exchanges import Exchange, Request, Response, Usage
from gonogo.pricing import cost_of, upper_bound_of
from gonogo.spend.anomalies import Alarm, Entity, Kind, News, Watcher
from gonogo.spend.forecasting.hourly_sums import sum_by_hour
from gonogo.spend.forecasting.projections import (
    LimitHit,
    Projection,
    end_of_month,
    foresee,
    project_limit,
    project_month,
)
from gonogo.spend.ledger import Ledger
from gonogo.spend.limits import Limit, SpendSettings
from gonogo.spend.periods import Period
from gonogo.spend.reservations import SpendWarning
from gonogo.spend.stores.sqlite import SqliteStore

MONTHLY: Final = {"month": Decimal(300), "routing": Decimal(3)}
SETTINGS: Final = SpendSettings(
    limits={
        "month": Limit(amount_usd=MONTHLY["month"], period=Period.MONTHLY),
        "routing": Limit(
            amount_usd=MONTHLY["routing"], period=Period.MONTHLY, where={"department": "routing"}
        ),
        "user_day": Limit(amount_usd=Decimal(50), period=Period.DAILY, per=("user",)),
        "day": Limit(amount_usd=Decimal(20), period=Period.DAILY, kind="soft"),
    }
)
_CAUSES: Final = {
    SUDDEN_500K: {Kind.GIANT_CONTEXT},
    TO_OPUS: {Kind.MODEL_SHIFT, Kind.DEAR_MODEL},
    CONTEXT_LOOP: {Kind.CONTEXT_BLOAT, Kind.RUNAWAY_LOOP},
    HARD_CODED: {Kind.GIANT_CONTEXT},
}
_BEFORE_THE_CALL: Final = 1.1
"""How much more input an estimate before the call says than the call has."""


@dataclass(slots=True)
class World:
    """A watcher and a ledger that see the same calls; `warned` is what the ledger told, and when."""

    file: Path
    watcher: Watcher = field(default_factory=lambda: Watcher(prices={}))
    alarms: list[Alarm] = field(default_factory=list)
    warned: list[tuple[datetime, SpendWarning]] = field(default_factory=list)
    refused: list[tuple[Exchange, BudgetExceeded]] = field(default_factory=list)
    made: list[Exchange] = field(default_factory=list)

    def live(self, exchanges: Iterable[Exchange], incident: Incident | None = None) -> None:
        """Make the calls in their order: reserve each, settle it, watch it."""
        ledger = Ledger(SqliteStore(self.file, timeout_seconds=5), SETTINGS, on_warning=_hush)
        is_over = False
        for exchange in exchanges:
            is_part = incident is not None and exchange.id in incident.touched
            if is_over and is_part:
                continue
            if self._call(ledger, exchange):
                self.made.append(exchange)
                self.alarms += self.watcher.feed(exchange, cost=priced(exchange))
            elif is_part and incident is not None:
                is_over = incident.ends_when_refused
        ledger.close()

    def fork(self, file: Path) -> "World":
        """Return a world of its own with the same past."""
        shutil.copy(self.file, file)
        return World(
            file, copy.deepcopy(self.watcher), [*self.alarms], [*self.warned], [], [*self.made]
        )

    def _call(self, ledger: Ledger, exchange: Exchange) -> bool:
        at = moment_of(exchange)
        whose = {"user": user_of(exchange), "department": exchange.department or ""}
        try:
            reservation = ledger.reserve(
                exchange.id, whose, upper_bound_usd=_bound(exchange), at=at
            )
        except BudgetExceeded as refusal:
            self.refused.append((exchange, refusal))
            return False
        settlement = ledger.settle(exchange.id, priced(exchange), at=at + timedelta(seconds=1))
        self.warned += [(at, w) for w in (*reservation.warnings, *settlement.warnings)]
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Raised:
    """The first alarm of a kind and entity in an incident.

    Attributes:
        alarm: As it was opened.
        minutes: Of data time, from the first exchange of the incident.
        calls: Of the incident up to then.
        cost_usd: What the incident had cost by then beyond what those calls would have.
    """

    alarm: Alarm
    minutes: float
    calls: int
    cost_usd: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreseen:
    """What is foreseen half-way from the beginning to the limit, or to the end if that is sooner.

    Attributes:
        at: When.
        month: What the month comes to.
        hit: When the limit is hit.
    """

    at: datetime
    month: Projection
    hit: LimitHit


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """The story of one incident.

    Attributes:
        incident: Which.
        raised: In the order of time, one an entity and kind.
        warned: Of the ledger since it began: limit and when.
        refused: The first call that a hard limit refused; None: none did.
        refusals: How many calls were refused.
        whole_usd: What the incident costs beyond the healthy month if nobody acts.
        stopped_usd: The same with the ledger's limits.
        foreseen: At the middle.
    """

    incident: Incident
    raised: tuple[Raised, ...]
    warned: tuple[tuple[str, datetime], ...]
    refused: tuple[datetime, BudgetExceeded] | None
    refusals: int
    whole_usd: Decimal
    stopped_usd: Decimal
    foreseen: Foreseen

    @property
    def named(self) -> Raised:
        """The first alarm that names the cause, not only that more is spent."""
        kinds = _CAUSES[self.incident.name]
        return next(one for one in self.raised if one.alarm.kind in kinds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """The healthy month and the incidents.

    Attributes:
        calls: Of the healthy month.
        cost_usd: Likewise.
        false_alarms: How many alarms the healthy month raised, by entity.
        kinds: And of what kind they were.
        entities: How many users and models there were, and the total.
        warnings: That the ledger gave in the healthy month.
        refusals: Calls that the ledger refused in the healthy month.
        told: The incidents.
    """

    calls: int
    cost_usd: Decimal
    false_alarms: Counter[Entity]
    kinds: Counter[Kind]
    entities: int
    warnings: int
    refusals: int
    told: tuple[Told, ...]


def tell_story(folder: Path) -> Story:
    """Live the month, and each incident from its beginning to its end.

    Args:
        folder: Where the ledgers are kept meanwhile.
    """
    month = healthy_month()
    cases = incidents(month)
    world = World(folder / "healthy.db")
    told: dict[str, Told] = {}
    since = BEGIN
    for begins in sorted({case.begins for case in cases}):
        world.live(_between(month, since, begins))
        since = begins
        for number, case in enumerate(cases):
            if case.begins == begins:
                told[case.name] = _tell(case, world.fork(folder / f"incident-{number}.db"))
    world.live(_between(month, since, END))
    world.alarms += world.watcher.finish()
    opened = [alarm for alarm in world.alarms if alarm.news is News.OPENED]
    return Story(
        calls=len(month),
        cost_usd=_sum(month),
        false_alarms=Counter(alarm.entity for alarm in opened),
        kinds=Counter(alarm.kind for alarm in opened),
        entities=len({e.user for e in month} | {e.answered_by for e in month}) + 1,
        warnings=len(world.warned),
        refusals=len(world.refused),
        told=tuple(told[case.name] for case in cases),
    )


def priced(exchange: Exchange) -> Decimal:
    """Return what an exchange cost; every exchange here has a price."""
    assert exchange.usage is not None
    usage = exchange.usage
    return _list_price(exchange.answered_by or "", usage.input_tokens, usage.output_tokens)


@lru_cache(maxsize=100_000)
def _list_price(model: str, input_tokens: int, output_tokens: int) -> Decimal:
    """Return the price at the beginning of the month; it is the same in all of it."""
    usage = Usage({"input_tokens": input_tokens, "output_tokens": output_tokens})
    answer = Response({"model": model, "content": []})
    cost = cost_of(
        Exchange(id="x", request=Request({}), response=answer, usage=usage, at=BEGIN), {}
    )
    assert cost is not None
    return cost


def _tell(case: Incident, world: World) -> Told:
    alarms, warned = len(world.alarms), len(world.warned)
    world.live(_between(case.month, case.begins, case.ends), case)
    refused = {exchange.id for exchange, _ in world.refused}
    made = [e for e in world.made if e.id in case.touched]
    touched = [e for e in case.month if e.id in case.touched]
    firsts: dict[tuple[Kind, Entity], Raised] = {}
    for alarm in world.alarms[alarms:]:
        if alarm.news is News.OPENED:
            firsts.setdefault((alarm.kind, alarm.entity), _raised(alarm, case, made))
    first_refused = world.refused[0] if world.refused else None
    return Told(
        incident=case,
        raised=tuple(firsts.values()),
        warned=tuple((w.status.limit, at) for at, w in world.warned[warned:]),
        refused=None if first_refused is None else (moment_of(first_refused[0]), first_refused[1]),
        refusals=len(refused),
        whole_usd=_excess(touched, case),
        stopped_usd=_excess(made, case),
        foreseen=_foresee(case),
    )


def _raised(alarm: Alarm, case: Incident, made: Sequence[Exchange]) -> Raised:
    by_then = [e for e in made if moment_of(e) <= alarm.raised]
    return Raised(
        alarm=alarm,
        minutes=(alarm.raised - moment_of(made[0])) / timedelta(minutes=1),
        calls=len(by_then),
        cost_usd=_excess(by_then, case),
    )


def _excess(exchanges: Iterable[Exchange], case: Incident) -> Decimal:
    """Return what exchanges of an incident cost beyond what they would have."""
    return sum(
        (
            priced(e) - (priced(case.healthy[e.id]) if e.id in case.healthy else 0)
            for e in exchanges
        ),
        Decimal(0),
    )


def _foresee(case: Incident) -> Foreseen:
    """Foresee half-way, as if no limit were enforced."""
    counted = [e for e in case.month if case.limit in {"month", e.department}]
    limit = MONTHLY[case.limit]
    passed, spent = case.ends, Decimal(0)
    for exchange in counted:
        spent += priced(exchange)
        if spent >= limit:
            passed = min(moment_of(exchange), case.ends)
            break
    now = case.begins + (passed - case.begins) / 2
    known = [e for e in counted if moment_of(e) <= now]
    zone = BEGIN.tzinfo
    assert zone is not None
    sums = sum_by_hour(known, priced, now=now)
    outlook = foresee(sums, end_of_month(sums, zone))
    return Foreseen(
        at=now,
        month=project_month(sums, outlook, zone),
        hit=project_limit(sums, outlook, limit, since=BEGIN),
    )


def _bound(exchange: Exchange) -> Decimal:
    assert exchange.usage is not None
    tokens = int(exchange.usage.input_tokens * _BEFORE_THE_CALL)
    max_tokens = exchange.request.body["max_tokens"]
    assert isinstance(max_tokens, int)
    return _list_bound(exchange.request.model or "", tokens, max_tokens)


@lru_cache(maxsize=100_000)
def _list_bound(model: str, input_tokens: int, max_tokens: int) -> Decimal:
    request = Request({"model": model, "max_tokens": max_tokens, "messages": []})
    return upper_bound_of(request, input_tokens, {}, at=BEGIN)


def _between(exchanges: Iterable[Exchange], start: datetime, end: datetime) -> list[Exchange]:
    return [e for e in exchanges if start <= moment_of(e) < end]


def _sum(exchanges: Iterable[Exchange]) -> Decimal:
    return sum(map(priced, exchanges), Decimal(0))


def _hush(_: SpendWarning) -> None:
    """Say nothing: warnings are taken from what the ledger returns."""
