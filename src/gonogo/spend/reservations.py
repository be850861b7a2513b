"""What a ledger tells: what was spent of which amounts, reservations, settlements, warnings."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_CEILING, Decimal
from typing import Final

import msgspec

from gonogo.spend.limits import MOST_USD
from gonogo.spend.periods import FOREVER, moment_of
from gonogo.spend.steps import Count, State

_MICRO: Final = Decimal(1_000_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeStatus:
    """What has been spent of one amount.

    Attributes:
        limit: Name of the limit.
        scope: Whose amount it is, by attribute; empty where all calls share it.
        is_hard: Whether it refuses calls.
        amount_usd: The amount.
        spent_usd: What settled calls cost.
        held_usd: What calls in flight may still cost.
        estimated_usd: How much of what was settled was an estimate.
        starts_at: When its period began; None: it rolls.
        ends_at: When its period is over; None: it rolls.
    """

    limit: str
    scope: Mapping[str, str]
    is_hard: bool
    amount_usd: Decimal
    spent_usd: Decimal
    held_usd: Decimal
    estimated_usd: Decimal
    starts_at: datetime | None
    ends_at: datetime | None

    @property
    def left_usd(self) -> Decimal:
        """What may still be asked for; at least 0."""
        return max(self.amount_usd - self.spent_usd - self.held_usd, Decimal(0))


@dataclass(frozen=True, slots=True, kw_only=True)
class SpendWarning:
    """A threshold of a limit that has just been passed; told once until the period is over.

    Attributes:
        status: Of the scope, after the step that passed it.
        threshold_usd: What was passed.
    """

    status: ScopeStatus
    threshold_usd: Decimal

    def __str__(self) -> str:
        """Return it in one sentence without the values of the scope, which may be personal."""
        kind = "hard" if self.status.is_hard else "soft"
        return (
            f"{named(self.status.limit, self.status.scope)}: {dollars(self.status.spent_usd)}"
            f" spent and {dollars(self.status.held_usd)} in flight of"
            f" {dollars(self.status.amount_usd)} ({kind} limit, warning at"
            f" {dollars(self.threshold_usd)})"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation:
    """What is set aside for one call.

    Attributes:
        id: As it was given.
        state: What became of it.
        bound_usd: What the call can cost at most.
        cost_usd: What it was settled with; None: not yet.
        is_new: Whether it was made now; otherwise there was one of that id before.
        is_recorded: Whether it is in the store; not where the store is down and calls pass.
        scopes: The scopes that it counts in; empty where it was made before.
        warnings: Thresholds that it passed.
    """

    id: str
    state: State
    bound_usd: Decimal
    cost_usd: Decimal | None = None
    is_new: bool = True
    is_recorded: bool = True
    scopes: tuple[ScopeStatus, ...] = ()
    warnings: tuple[SpendWarning, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """What became of a reservation.

    Attributes:
        id: Of the reservation.
        state: What it is now.
        cost_usd: What it was settled with; 0 where it was released.
        is_repeated: Whether that was so before, and nothing was changed.
        is_late: Whether the reservation had ended already: its cost counts all the same, and may
            have passed a hard limit.
        warnings: Thresholds that it passed.
    """

    id: str
    state: State
    cost_usd: Decimal
    is_repeated: bool = False
    is_late: bool = False
    warnings: tuple[SpendWarning, ...] = ()


class Label(msgspec.Struct, frozen=True, kw_only=True):
    """What a counter is, as the store keeps it for whoever asks later."""

    limit: str
    scope: dict[str, str]
    is_hard: bool
    amount: int
    starts: int
    ends: int


def status_of(count: Count) -> ScopeStatus:
    """Return what a counter says, as people read it."""
    label = msgspec.json.decode(count.label, type=Label)
    rolls = label.ends == FOREVER
    return ScopeStatus(
        limit=label.limit,
        scope=label.scope,
        is_hard=label.is_hard,
        amount_usd=usd_of(label.amount),
        spent_usd=usd_of(count.spent),
        held_usd=usd_of(count.held),
        estimated_usd=usd_of(count.estimated),
        starts_at=None if rolls else moment_of(label.starts),
        ends_at=None if rolls else moment_of(label.ends),
    )


def micro_of(amount: Decimal, name: str) -> int:
    """Return an amount of US dollars as micro-dollars; parts of one are rounded up.

    Raises:
        ValueError: If it is none, or above a billion; calls it by its name.
    """
    if not (amount.is_finite() and 0 <= amount <= MOST_USD):
        raise ValueError(f"{name}: expected US dollars from 0 to {MOST_USD}, got {amount}")
    return int((amount * _MICRO).to_integral_value(ROUND_CEILING))


def usd_of(micro: int) -> Decimal:
    """Return micro-dollars as US dollars."""
    return Decimal(micro) / _MICRO


def dollars(amount: Decimal) -> str:
    """Return an amount as people read it: in cents, or as exactly as it is known."""
    return f"${amount:.6f}".rstrip("0").ljust(len(f"${amount:.2f}"), "0")


def named(limit: str, scope: Mapping[str, str]) -> str:
    """Return which amount it is, without whose: that may be personal."""
    whose = f", one {' and '.join(scope)}" if scope else ""
    return f"limit {limit!r}{whose}"
