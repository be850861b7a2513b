"""The cost limit of a run: what has been spent and what calls in flight may still cost.

Safe to use from several threads and from event loops. What a call may cost is worked out elsewhere.
"""

import asyncio
import itertools
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal

from gonogo.amounts import demand_amount
from gonogo.errors import CostLimitError


@dataclass(frozen=True, slots=True)
class Reservation:
    """What is set aside for one call.

    Attributes:
        number: Unique in its limit.
        bound_usd: What the call can cost at most, in US dollars.
    """

    number: int
    bound_usd: Decimal


@dataclass(slots=True)
class CostLimit:
    """Keeps the sum of settled costs and open reservations within a limit.

    It holds as long as no call costs more than was reserved for it: `settle` takes what a call
    really cost, and a sum above the limit then lets no further call pass.

    Attributes:
        limit_usd: US dollars; None: there is none, but costs are added up all the same.
    """

    limit_usd: Decimal | None
    _settled: Decimal = Decimal(0)
    _open: dict[int, Decimal] = field(default_factory=dict)
    _numbers: "itertools.count[int]" = field(default_factory=itertools.count)
    _waiting: dict[int, Callable[[], object]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        """Refuse a limit that is no amount of money.

        Raises:
            ValueError: If it is negative, infinite or not a number.
        """
        demand_amount("limit_usd", self.limit_usd)

    @property
    def spent_usd(self) -> Decimal:
        """What the settled calls cost."""
        with self._lock:
            return self._settled

    @property
    def reserved_usd(self) -> Decimal:
        """What the open reservations may still cost."""
        with self._lock:
            return self._reserved()

    def reserve(self, bound_usd: Decimal) -> Reservation:
        """Set aside what a call can cost at most.

        Raises:
            CostLimitError: If that is more than is left now.
        """
        reservation = self.try_reserve(bound_usd)
        if reservation is None:
            raise self._refused(bound_usd)
        return reservation

    def try_reserve(self, bound_usd: Decimal) -> Reservation | None:
        """Set aside what a call can cost at most, or return None where it may fit later.

        It may fit later when open reservations, once settled, turn out to have cost less.

        Raises:
            CostLimitError: If it cannot fit, however little the open reservations cost.
        """
        with self._lock:
            limit = self.limit_usd
            if limit is not None:
                if self._settled + bound_usd > limit:
                    raise self._refusal(bound_usd)
                if self._settled + self._reserved() + bound_usd > limit:
                    return None
            number = next(self._numbers)
            self._open[number] = bound_usd
            return Reservation(number, bound_usd)

    async def reserve_when_it_fits(self, bound_usd: Decimal) -> Reservation:
        """Set aside what a call can cost at most, after others are settled if need be.

        Raises:
            CostLimitError: As soon as it cannot fit any more.
        """
        loop = asyncio.get_running_loop()
        changed = asyncio.Event()
        with self._lock:
            number = next(self._numbers)
            self._waiting[number] = lambda: loop.call_soon_threadsafe(changed.set)
        try:
            while True:
                changed.clear()
                reservation = self.try_reserve(bound_usd)
                if reservation is not None:
                    return reservation
                await changed.wait()
        finally:
            with self._lock:
                del self._waiting[number]

    def settle(self, reservation: Reservation, cost_usd: Decimal) -> None:
        """Take what a call really cost in place of its reservation; a second time does nothing."""
        with self._lock:
            if self._open.pop(reservation.number, None) is None:
                return
            self._settled += cost_usd
            for (
                tell
            ) in self._waiting.values():  # under the lock: none of their loops ends meanwhile
                tell()

    def release(self, reservation: Reservation) -> None:
        """Give back what was set aside for a call that cost nothing."""
        self.settle(reservation, Decimal(0))

    def demand_total(self, bound_usd: Decimal) -> None:
        """Refuse a whole run beforehand.

        Args:
            bound_usd: What all of its calls together can cost at most.

        Raises:
            CostLimitError: If that is more than is left of the limit.
        """
        with self._lock:
            used = self._settled + self._reserved()
            if self.limit_usd is not None and used + bound_usd > self.limit_usd:
                raise self._refusal(bound_usd, "the run")

    def _reserved(self) -> Decimal:
        return sum(self._open.values(), Decimal(0))

    def _refused(self, bound_usd: Decimal) -> CostLimitError:
        with self._lock:
            return self._refusal(bound_usd)

    def _refusal(self, bound_usd: Decimal, what: str = "the next call") -> CostLimitError:
        return CostLimitError(
            f"{what} can cost up to {_dollars(bound_usd)}, but of the limit of"
            f" {_dollars(self.limit_usd or Decimal(0))} there are {_dollars(self._settled)} spent"
            f" and {_dollars(self._reserved())} reserved for calls in flight: raise --max-cost-usd"
            " or [tool.gonogo] max_cost_usd, or ask less (pytest: --gonogo-max-cost-usd)"
        )


def _dollars(amount: Decimal) -> str:
    """Return an amount as it is, in at least cents, without an exponent."""
    plain = f"{amount.normalize():f}"
    whole, _, fraction = plain.partition(".")
    return f"${whole}.{fraction:0<2}"
