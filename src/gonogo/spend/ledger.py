"""The ledger: what has been spent by whom, and whether a call may be made.

Before a call the most that it can cost is set aside in all of its scopes at once; what it did cost
takes its place. What a call can cost, and what it did, is worked out elsewhere.
"""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Final

import msgspec
from msgspec import structs

from gonogo.errors import BudgetExceeded, StoreDownError, UnknownReservationError
from gonogo.spend.demands import demand_of, untouched
from gonogo.spend.limits import Limit, SpendSettings
from gonogo.spend.periods import microseconds_of, moment_of
from gonogo.spend.reservations import (
    Label,
    Reservation,
    ScopeStatus,
    Settlement,
    SpendWarning,
    dollars,
    micro_of,
    named,
    status_of,
    usd_of,
)
from gonogo.spend.steps import (
    Answer,
    Count,
    Demand,
    ReserveStep,
    SettleStep,
    State,
    StepResult,
    Store,
)
from gonogo.spend.stores.opening import open_store

_LOG: Final = logging.getLogger("gonogo.spend")
_LONGEST_ID: Final = 256
_TRIES: Final = 3
"""A call at the end of a period, by a clock that differs from the store's, is asked again by the
store's clock; a further period cannot have begun meanwhile."""


class Ledger:
    """Holds calls within the limits of the settings; safe to use from several threads."""

    def __init__(
        self,
        store: Store,
        settings: SpendSettings,
        *,
        clock: Callable[[], datetime] | None = None,
        on_warning: Callable[[SpendWarning], object] | None = None,
    ) -> None:
        """Take where it is kept and what the limits are.

        Args:
            store: Where it is kept.
            settings: The limits, and how long things are kept.
            clock: What time it is, for all of it; None: the store's own clock, which is the same
                for whoever uses the store.
            on_warning: Is told when a threshold is passed; None: it is logged.
        """
        self._store = store
        self._settings = settings
        self._clock = clock
        self._on_warning = on_warning or _log_warning
        self._hold = settings.hold // timedelta(microseconds=1)
        self._keep = settings.keep // timedelta(microseconds=1)

    def reserve(
        self,
        reservation_id: str,
        attributes: Mapping[str, str],
        *,
        upper_bound_usd: Decimal,
        is_sent: bool = False,
        at: datetime | None = None,
    ) -> Reservation:
        """Set aside what a call can cost at most, in all of its scopes or in none.

        The same id again returns what became of the first, and sets nothing aside; unless that was
        released or has expired: then it is a new one.

        Args:
            reservation_id: Unique to the call, 1 to 256 characters.
            attributes: `user`, `department`, `user_type`, `model`, `session`, `key`, or other tags.
            upper_bound_usd: What it can cost at most; parts of a micro-dollar are rounded up.
            is_sent: Whether the call is sent at once. If nobody settles it then, it will have cost
                something all the same, and its bound counts as spent (see `expired_holds`).
            at: When; None: now.

        Raises:
            BudgetExceeded: If a hard limit does not let it.
            StoreDownError: If the store does not answer, and a hard limit holds for the call.
            ValueError: If the id or the amount cannot be used.
        """
        _demand_id(reservation_id)
        bound = micro_of(upper_bound_usd, "upper_bound_usd")
        limits = tuple(self._settings.limits_for(attributes))
        if not self._settings.limits:
            return Reservation(
                id=reservation_id, state=State.OPEN, bound_usd=usd_of(bound), is_recorded=False
            )
        try:
            demands, result = self._reserve(
                ReserveStep(
                    id=reservation_id,
                    bound=bound,
                    at=self._at(at),
                    hold=self._hold,
                    keep=self._keep,
                    charges=self._charges(is_sent=is_sent),
                    demands=(),
                ),
                attributes,
                limits,
            )
        except StoreDownError:
            if self._settings.on_store_down == "closed" and any(i.is_hard for _, i in limits):
                raise
            _LOG.warning("the ledger's store is down: a call passes unrecorded")
            return Reservation(
                id=reservation_id, state=State.OPEN, bound_usd=usd_of(bound), is_recorded=False
            )
        if result.answer is Answer.REFUSED:
            raise self._refusal(demands, result, bound)
        state = result.state or State.OPEN
        return Reservation(
            id=reservation_id,
            state=state,
            bound_usd=usd_of(result.bound),
            cost_usd=usd_of(result.charged) if state is State.SETTLED else None,
            is_new=result.answer is Answer.DONE,
            scopes=tuple(map(status_of, result.counts)),
            warnings=self._warn(result.counts),
        )

    def settle(
        self,
        reservation_id: str,
        cost_usd: Decimal,
        *,
        is_estimate: bool = False,
        at: datetime | None = None,
    ) -> Settlement:
        """Take what a call cost in place of what was set aside; once.

        A cost settles a reservation once and for all; an estimate until the cost is known.

        Args:
            reservation_id: As it was reserved.
            cost_usd: What it cost; parts of a micro-dollar are rounded up.
            is_estimate: Whether nobody knows what it cost, and this is a guess.
            at: When; None: now.

        Raises:
            UnknownReservationError: If there is none, or it is no longer remembered.
            StoreDownError: If the store does not answer.
            ValueError: If the amount cannot be used.
        """
        step = SettleStep(
            id=reservation_id,
            cost=micro_of(cost_usd, "cost_usd"),
            at=self._at(at),
            keep=self._keep,
            is_estimate=is_estimate,
        )
        return self._settle(step)

    def release(self, reservation_id: str, *, at: datetime | None = None) -> Settlement:
        """Give back what was set aside for a call that was not made, or failed: it costs nothing.

        Raises:
            UnknownReservationError: If there is none, or it is no longer remembered.
            StoreDownError: If the store does not answer.
        """
        return self._settle(
            SettleStep(id=reservation_id, cost=None, at=self._at(at), keep=self._keep)
        )

    def expire(self, *, at: datetime | None = None) -> int:
        """End the reservations that nobody settled in time; every `reserve` does so, too.

        Returns:
            How many there were.

        Raises:
            StoreDownError: If the store does not answer.
        """
        return self._store.expire(self._at(at), keep=self._keep)

    def status(
        self, attributes: Mapping[str, str] | None = None, *, at: datetime | None = None
    ) -> list[ScopeStatus]:
        """Return what has been spent.

        Args:
            attributes: Of a call: the scopes that it would count in, untouched ones, too. None:
                all that the store knows, those of past periods as long as it keeps them.
            at: When; None: now.

        Raises:
            StoreDownError: If the store does not answer.
        """
        self.expire(at=at)
        if attributes is None:
            return sorted(map(status_of, self._store.counts()), key=_order)
        moment = self._at(at)
        limits = self._settings.limits_for(attributes)
        demands = self._demands(
            attributes, tuple(limits), _local_now() if moment is None else moment
        )
        found = {
            count.counter: count
            for count in self._store.counts(tuple(demand.counter for demand in demands))
        }
        return [
            status_of(
                structs.replace(found.get(demand.counter, untouched(demand)), label=demand.label)
            )
            for demand in demands
        ]

    def close(self) -> None:
        """Close the store."""
        self._store.close()

    def _reserve(
        self,
        step: ReserveStep,
        attributes: Mapping[str, str],
        limits: tuple[tuple[str, Limit], ...],
    ) -> tuple[tuple[Demand, ...], StepResult]:
        """Reserve in the periods of the store's time, whatever the time is here."""
        period_at = _local_now() if step.at is None else step.at
        for _ in range(_TRIES):
            demands = self._demands(attributes, limits, period_at)
            result = self._store.reserve(replace(step, demands=demands))
            if result.answer is not Answer.OTHER_PERIOD:
                return demands, result
            period_at = result.now
        raise StoreDownError("the clock of the ledger's store jumps: no period holds its time")

    def _charges(self, *, is_sent: bool) -> bool:
        match self._settings.expired_holds:
            case "charge_sent":
                return is_sent
            case "charge":
                return True
            case "release":
                return False

    def _demands(
        self, attributes: Mapping[str, str], limits: tuple[tuple[str, Limit], ...], at: int
    ) -> tuple[Demand, ...]:
        return tuple(
            demand_of(name, limit, attributes, at, self._settings.time_zone)
            for name, limit in limits
        )

    def _settle(self, step: SettleStep) -> Settlement:
        if not self._settings.limits:  # then nothing was reserved either
            state = State.RELEASED if step.cost is None else State.SETTLED
            return Settlement(id=step.id, state=state, cost_usd=usd_of(step.cost or 0))
        result = self._store.settle(step)
        if result.answer is Answer.UNKNOWN:
            raise UnknownReservationError(
                f"there is no reservation {step.id!r}, or it ended more than"
                f" {self._settings.keep_seconds:g} s ago: settle with the id that was reserved"
            )
        if result.is_late:
            _LOG.warning("a reservation was settled after it had ended: hold_seconds is too short")
        return Settlement(
            id=step.id,
            state=result.state or State.SETTLED,
            cost_usd=usd_of(result.charged),
            is_repeated=result.answer is Answer.REPEATED,
            is_late=result.is_late,
            warnings=self._warn(result.counts),
        )

    def _at(self, at: datetime | None) -> int | None:
        if at is None and self._clock is not None:
            at = self._clock()
        return None if at is None else microseconds_of(at)

    def _warn(self, counts: tuple[Count, ...]) -> tuple[SpendWarning, ...]:
        """Tell of the highest threshold that a step passed in each scope."""
        warnings = tuple(
            SpendWarning(
                status=status_of(count), threshold_usd=usd_of(count.thresholds[count.level - 1])
            )
            for count in counts
            if count.level > count.passed
        )
        for warning in warnings:
            try:
                self._on_warning(warning)
            except Exception:  # noqa: BLE001 - whoever is told may raise anything; the step is done
                _LOG.exception("a warning of spending could not be told: %s", warning)
        return warnings

    def _refusal(
        self, demands: tuple[Demand, ...], result: StepResult, bound: int
    ) -> BudgetExceeded:
        """Return the error: of the scope with the least left, relative to what was asked."""
        demand, count = min(
            (
                (demand, count)
                for demand, count in zip(demands, result.counts, strict=True)
                if demand.is_hard and count.spent + count.held + bound > demand.amount
            ),
            key=lambda pair: pair[0].amount - pair[1].spent - pair[1].held,
        )
        resets_at = self._resets_at(demand, count, bound, result.now)
        label = msgspec.json.decode(demand.label, type=Label)
        left = max(demand.amount - count.spent - count.held, 0)
        when = (
            "it will not fit in a later period either"
            if resets_at is None
            else f"there will be enough at {resets_at.isoformat(timespec='seconds')}"
        )
        spent, held = dollars(usd_of(count.spent)), dollars(usd_of(count.held))
        return BudgetExceeded(
            f"{named(label.limit, label.scope)}: the call can cost up to {dollars(usd_of(bound))},"
            f" but of {dollars(usd_of(demand.amount))} there are {spent} spent and {held} set aside"
            f" for calls in flight; {when}: raise"
            f" [tool.gonogo.spend.limits.{label.limit}] amount_usd, or ask for less (a lower"
            " `max_tokens`, a shorter input)",
            limit=label.limit,
            scope=label.scope,
            left_usd=usd_of(left),
            asked_usd=usd_of(bound),
            resets_at=resets_at,
        )

    def _resets_at(self, demand: Demand, count: Count, bound: int, now: int) -> datetime | None:
        """Return when it will fit if nothing else is spent and all that is in flight costs most."""
        if bound > demand.amount:
            return None
        if not demand.length:
            return moment_of(demand.ends)
        missing = count.spent + count.held + bound - demand.amount
        try:
            leaving = self._store.slots(demand, now=now)
        except StoreDownError:
            leaving = []
        for leaves, amount in leaving:
            missing -= amount
            if missing <= 0:
                return moment_of(leaves)
        return moment_of(now + demand.length)  # what is in flight leaves at the latest then


def open_ledger(
    settings: SpendSettings,
    root: Path,
    *,
    on_warning: Callable[[SpendWarning], object] | None = None,
) -> Ledger:
    """Open the ledger that the settings name.

    Args:
        settings: The limits, and where it is kept.
        root: What a relative path of the store is relative to.
        on_warning: Is told when a threshold is passed; None: it is logged.

    Raises:
        BadSettingsError: If there is no such kind of store.
        MissingExtraError: If its driver is not installed.
    """
    store = open_store(
        settings.store,
        name=settings.name,
        timeout_seconds=settings.store_timeout_seconds,
        root=root,
    )
    return Ledger(store, settings, on_warning=on_warning)


def _demand_id(reservation_id: str) -> None:
    if not 0 < len(reservation_id) <= _LONGEST_ID:
        raise ValueError(
            f"reservation id: expected 1 to {_LONGEST_ID} characters, got {len(reservation_id)}"
        )


def _local_now() -> int:
    return time.time_ns() // 1000


def _log_warning(warning: SpendWarning) -> None:
    _LOG.warning("%s", warning)


def _order(status: ScopeStatus) -> tuple[str, list[tuple[str, str]], str]:
    starts = "" if status.starts_at is None else status.starts_at.isoformat()
    return status.limit, sorted(status.scope.items()), starts
