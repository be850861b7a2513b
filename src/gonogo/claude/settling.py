"""Tells a ledger what calls cost, from wherever their end is noticed.

A stream may end in an event loop, which must not wait, or while Python collects garbage, when the
thread may hold the very lock that settling needs. So a thread of its own settles, in order.
"""

import logging
import os
import threading
from collections import deque
from dataclasses import dataclass
from decimal import Decimal
from queue import SimpleQueue
from typing import Final, Protocol

from gonogo.errors import GonogoError, StoreDownError, UnknownReservationError

_LOG: Final = logging.getLogger("gonogo.spend")
_REMEMBERED: Final = 10_000
"""Settlements that wait for a store to come back; of more, the oldest are left to expire."""


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
            self._queue, self._owner = SimpleQueue(), os.getpid()
            threading.Thread(
                target=self._work, args=(self._queue,), name="gonogo-settling", daemon=True
            ).start()

    def put(self, charge: Charge) -> None:
        """Settle soon; may be called from anywhere, even from a finalizer."""
        self._is_behind = True
        self._queue.put(charge)

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
            _LOG.warning("the ledger's store is down: a cost is settled when it is back")
            return False
        except UnknownReservationError:
            _LOG.warning("a cost came too late for the ledger: keep_seconds is too short")
        except (GonogoError, ValueError):
            _LOG.exception("a cost could not be settled")
        return True
