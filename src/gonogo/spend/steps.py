"""What a ledger asks of the store that it is kept in: atomic steps over all scopes of a call.

Amounts are whole micro-dollars, times microseconds since 1970. What a scope is, and what a refusal
means, is the ledger's.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import msgspec


class Answer(StrEnum):
    """How a step ended."""

    DONE = "done"
    """It took effect now."""
    REPEATED = "repeated"
    """It had taken effect before, and did nothing now."""
    REFUSED = "refused"
    """A hard limit does not let it; nothing was changed."""
    OTHER_PERIOD = "other_period"
    """By the store's clock it is another period than was asked for; nothing was changed."""
    UNKNOWN = "unknown"
    """There is no such reservation, or no more."""


class State(StrEnum):
    """What became of a reservation."""

    OPEN = "open"
    SETTLED = "settled"
    RELEASED = "released"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """One scope of a reservation.

    Attributes:
        counter: Where its spending is counted: no two scopes or periods share one.
        label: What the counter is, for whoever reads it later; opaque to the store.
        amount: How much may be spent.
        is_hard: Whether the reservation is refused where it may go beyond.
        thresholds: Amounts at which a warning is due, ascending.
        starts: When its period begins.
        ends: When its period is over.
        length: Of a rolling window; 0 where it does not roll.
        slot: Length of a slot of a rolling window; 0 likewise.
    """

    counter: str
    label: str
    amount: int
    is_hard: bool
    thresholds: tuple[int, ...]
    starts: int
    ends: int
    length: int = 0
    slot: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ReserveStep:
    """Set aside the upper bound of a call in all of its scopes, or in none.

    Attributes:
        id: Of the reservation.
        bound: What the call can cost at most.
        at: When; None: by the store's own clock.
        hold: How long it lasts unless it is settled.
        keep: How long it is remembered after its end.
        charges: Whether its bound counts as spent, by estimate, if nobody settles it in time; else
            it is given back.
        demands: The scopes, each once.
    """

    id: str
    bound: int
    at: int | None
    hold: int
    keep: int
    charges: bool
    demands: tuple[Demand, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SettleStep:
    """Take what a call cost in place of its reservation.

    Attributes:
        id: Of the reservation.
        cost: What it cost; None: nothing, the call was not made or failed. Either replaces an
            estimate.
        at: When; None: by the store's own clock.
        keep: How long it is remembered.
        is_estimate: Whether the cost is an estimate, which a later settlement may replace.
    """

    id: str
    cost: int | None
    at: int | None
    keep: int
    is_estimate: bool = False


class Count(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """What a counter says; stores reply with it as an array in this order.

    Attributes:
        counter: Which.
        label: What it is.
        spent: Settled costs in the period.
        held: Upper bounds of open reservations.
        estimated: How much of what was ever settled here was an estimate.
        level: How many thresholds have been passed in this episode.
        passed: How many had been before the step.
        thresholds: Where they lie.
    """

    counter: str
    label: str
    spent: int
    held: int
    estimated: int
    level: int
    passed: int
    thresholds: tuple[int, ...]


class StepResult(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """What a step did; stores reply with it as an array in this order.

    Attributes:
        answer: How it ended.
        now: When, by the clock that it went by.
        state: What the reservation is now; None where there is none.
        bound: What was reserved.
        charged: What has been settled.
        is_late: Whether the reservation had ended before it was settled.
        counts: Of each of its scopes, after the step; in the order of the demands where it was
            reserved, empty where nothing was changed.
        ended: How many reservations expired; of a step that does only that.
    """

    answer: Answer
    now: int
    state: State | None = None
    bound: int = 0
    charged: int = 0
    is_late: bool = False
    counts: tuple[Count, ...] = ()
    ended: int = 0


def slot_of(at: int, demand: Demand) -> int:
    """Return the number of the slot of a rolling window that a moment falls in."""
    return at // demand.slot


def leaves_at(slot: int, demand: Demand) -> int:
    """Return when what was spent in a slot leaves the rolling window."""
    return (slot + 1) * demand.slot + demand.length


class Store(Protocol):
    """Keeps a ledger; safe to use from several threads and processes.

    Every method raises `StoreDownError` where the store does not answer in time.
    """

    def reserve(self, step: ReserveStep) -> StepResult:
        """Set aside in all scopes or in none; ends what has expired before."""

    def settle(self, step: SettleStep) -> StepResult:
        """Take the cost in place of the reservation, once."""

    def expire(self, at: int | None, *, keep: int) -> int:
        """End the reservations whose time is over, and forget what is to be forgotten.

        Returns:
            How many reservations ended now.
        """

    def counts(self, counters: tuple[str, ...] | None = None) -> list[Count]:
        """Return what counters say; None: all, by name; those that there are not are left out."""

    def slots(self, demand: Demand, *, now: int) -> list[tuple[int, int]]:
        """Return when what was spent leaves a rolling window, ascending, and how much each."""

    def close(self) -> None:
        """Give back what the store holds of the machine."""
