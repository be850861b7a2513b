"""Tells a ledger what calls cost, from wherever their end is noticed.

A stream may end in an event loop, which must not wait, or while Python collects garbage, when the
thread may hold the very lock that settling needs. So a thread of its own settles, in order.
"""

import atexit
import logging
import os
import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from queue import SimpleQueue
from typing import Final, Protocol

from gonogo.errors import StoreDownError, UnknownReservationError

_LOG: Final = logging.getLogger("gonogo.spend")
_REMEMBERED: Final = 10_000
"""Settlements that wait for a store to come back; of more, the oldest are left to expire."""

_PATIENCE_AT_EXIT_SECONDS: Final = 2.0


class Settled(Protocol):
    """What takes settlements: a ledger."""

    def settle(
        self, reservation_id: str, cost_usd: Decimal, *, is_estimate: bool = False
    ) -> object:
        """Take what a call cost."""

    def release(self, reservation_id: str) -> object:
        """Give back what was set aside for a call that cost nothing."""


@dataclass(frozen=True, slots=True)
class Charge:
    """What became of a reservation.

    Attributes:
        id: Of the reservation.
        cost_usd: What the call cost; None: nothing, it failed or was not made.
        is_estimate: Whether nobody knows the cost.
    """

    id: str
    cost_usd: Decimal | None
    is_estimate: bool = False


class Hold:
    """What is set aside for one attempt, a reservation a model; settled once.

    Several parties may notice the end of an attempt; the first knows most of it.
    """

    def __init__(self, settler: "Settler") -> None:
        """Take who settles."""
        self._settler = settler
        self._bounds: dict[str, Decimal] = {}
        self._is_settled = False

    @property
    def is_empty(self) -> bool:
        """Whether nothing is set aside."""
        return not self._bounds

    def add(self, reservation_id: str, bound_usd: Decimal) -> None:
        """Note a reservation that is being made; whether it was may never be known."""
        self._bounds[reservation_id] = bound_usd

    def drop(self, reservation_id: str) -> None:
        """Forget a reservation that was not made."""
        del self._bounds[reservation_id]

    def settle(self, cost_usd: Decimal, *, is_estimate: bool) -> None:
        """Take what the attempt cost; of one with several models only their bounds are known."""
        if len(self._bounds) > 1:
            self.charge_bounds()
        else:
            self._put(dict.fromkeys(self._bounds, cost_usd), is_estimate=is_estimate)

    def charge_bounds(self) -> None:
        """Take the upper bounds for want of the cost."""
        self._put(dict(self._bounds), is_estimate=True)

    def release(self) -> None:
        """Give back all: the attempt failed, or was not made."""
        self._put(dict.fromkeys(self._bounds), is_estimate=False)

    def _put(self, costs: Mapping[str, Decimal | None], *, is_estimate: bool) -> None:
        if not self._is_settled:
            self._is_settled = True
            for name, cost in costs.items():
                self._settler.put(Charge(name, cost, is_estimate=is_estimate))


class Settler:
    """Settles in a thread; what cannot be settled now is tried again with the next."""

    def __init__(self, ledger: Settled) -> None:
        """Take the ledger."""
        self._ledger = ledger
        self._queue: SimpleQueue[Charge | threading.Event] = SimpleQueue()
        self._late: deque[Charge] = deque(maxlen=_REMEMBERED)
        self._owner = 0
        self._is_behind = False
        self._lock = threading.Lock()

    def start(self) -> None:
        """Start the thread where there is none; a forked process has lost its parent's."""
        with self._lock:
            if self._owner == os.getpid():
                return
            if self._owner == 0:
                atexit.register(self.flush, _PATIENCE_AT_EXIT_SECONDS)
            self._queue, self._owner = SimpleQueue(), os.getpid()
            threading.Thread(
                target=self._work, args=(self._queue,), name="gonogo-settling", daemon=True
            ).start()

    def put(self, charge: Charge) -> None:
        """Settle soon; may be called from anywhere, even from a finalizer."""
        self._is_behind = True
        self._queue.put(charge)

    def catch_up(self, timeout_seconds: float) -> None:
        """Wait for what was put, so that it counts for the next call; not for a store to return."""
        self.flush(0.0 if self._late else timeout_seconds)

    def flush(self, timeout_seconds: float) -> bool:
        """Wait until all that was put has been tried.

        Returns:
            Whether it was in time, and the store took it.
        """
        if (self._is_behind or self._late) and self._owner == os.getpid():
            self._is_behind = False
            done = threading.Event()
            self._queue.put(done)
            if not done.wait(timeout_seconds):
                self._is_behind = True
                return False
        return not self._late

    def _work(self, queue: "SimpleQueue[Charge | threading.Event]") -> None:
        while True:
            found = queue.get()
            if isinstance(found, Charge):
                self._late.append(found)
            while self._late and self._is_settled(self._late[0]):
                self._late.popleft()
            if isinstance(found, threading.Event):
                found.set()

    def _is_settled(self, charge: Charge) -> bool:
        """Settle, and say whether it is done with; a thread that died would settle nothing more."""
        try:
            if charge.cost_usd is None:
                self._ledger.release(charge.id)
            else:
                self._ledger.settle(charge.id, charge.cost_usd, is_estimate=charge.is_estimate)
        except StoreDownError:
            if charge.cost_usd is not None:  # else what was not made costs nothing either
                _LOG.warning("the ledger's store is down: a cost is settled when it is back")
            return False
        except UnknownReservationError:
            if charge.cost_usd is not None:  # else it was not made either
                _LOG.warning("a cost came too late for the ledger: keep_seconds is too short")
        except Exception:  # noqa: BLE001 - a driver may raise anything, and others wait behind it
            _LOG.exception("a cost could not be settled")
        return True
