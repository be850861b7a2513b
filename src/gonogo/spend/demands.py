"""The scopes that a call counts in: which counter each is, in which period, with which amount."""

import hashlib
from collections.abc import Mapping
from typing import Final

import msgspec

from gonogo.spend.limits import Limit
from gonogo.spend.reservations import Label
from gonogo.spend.steps import Count, Demand

_DIGESTED: Final = "key"
"""The attribute whose values are kept as digests only: an API key must not lie in a ledger."""


def demand_of(name: str, limit: Limit, attributes: Mapping[str, str], at: int, zone: str) -> Demand:
    """Return the scope of a limit that a call counts in.

    Args:
        name: Of the limit.
        limit: One that holds for the call.
        attributes: Of the call.
        at: When, in microseconds since 1970: in the period that holds it.
        zone: The account's time zone.
    """
    window = limit.window_at(at, zone)
    scope = limit.scope_of(attributes)
    if scope.get(_DIGESTED):
        scope = {**scope, _DIGESTED: _digest(scope[_DIGESTED].encode())[:12]}
    rolls_or_begins = window.length or window.starts
    identity = (name, limit.period.value, rolls_or_begins, sorted(scope.items()))
    label = Label(
        limit=name,
        scope=scope,
        is_hard=limit.is_hard,
        amount=limit.amount,
        starts=window.starts,
        ends=window.ends,
    )
    return Demand(
        counter=_digest(msgspec.json.encode(identity)),
        label=msgspec.json.encode(label).decode(),
        amount=limit.amount,
        is_hard=limit.is_hard,
        thresholds=limit.thresholds,
        starts=window.starts,
        ends=window.ends,
        length=window.length,
        slot=window.slot,
    )


def untouched(demand: Demand) -> Count:
    """Return the counter of a scope in which nothing was reserved yet."""
    return Count(
        counter=demand.counter,
        label=demand.label,
        spent=0,
        held=0,
        estimated=0,
        level=0,
        passed=0,
        thresholds=demand.thresholds,
    )


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:32]
