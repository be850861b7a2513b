"""What could be saved: each measure with its evidence, and a total that counts nothing twice."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final

from gonogo.spend.savings.observing import Observed

DAYS_OF_A_MONTH: Final = Decimal("30.4375")
"""A twelfth of 365.25 days."""


class Kind(StrEnum):
    """A measure; the total takes them in this order, each on the bill that those before leave."""

    ROUTING = "routing"
    """A cheaper model answers."""
    REPEATED_DOCUMENTS = "repeated_documents"
    """A document that stands twice in one request is sent once."""
    LONG_HISTORIES = "long_histories"
    """Old turns are replaced by a summary."""
    OUTPUT_CAPS = "output_caps"
    """Answers far longer than usual are asked to be shorter."""
    BATCHING = "batching"
    """What nobody waits for goes through the Message Batches API."""
    CACHING = "caching"
    """The beginning that prompts share is read from the cache."""


class Basis(StrEnum):
    """What a saving rests on."""

    MEASURED = "measured"
    """A comparison of models."""
    COMPUTED = "computed"
    """The exchanges themselves: what they held, and when."""
    STATED = "stated"
    """A tag or a domain that says so."""
    ASSUMED = "assumed"
    """Nothing yet: it is to be shown first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Saving:
    """One measure at one place.

    Attributes:
        kind: Which measure.
        place: Where: domain, models, prompt.
        basis: What it rests on.
        calls: How many calls it changes.
        alone_usd: What it would have saved as the only measure, in the time that was observed.
        in_turn_usd: What of it the total with assumptions counts; at most `alone_usd`.
        backed_usd: What of it the total without assumptions counts; at most `alone_usd`.
        evidence: What was seen.
        effort: `low`, `medium` or `high`.
        needs: What would have to be true.
    """

    kind: Kind
    place: str
    basis: Basis
    calls: int
    alone_usd: Decimal
    in_turn_usd: Decimal
    backed_usd: Decimal
    evidence: str
    effort: str
    needs: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SavingsReport:
    """What could be saved; amounts are those of the time that was observed.

    Attributes:
        savings: The greatest alone first.
        bill_usd: What all calls with a price cost.
        days: How many days the bill is of; above 0.
        observed: What the exchanges' own times say about that.
        calls: How many exchanges.
        unpriced: Calls without a price by model: they are in no amount.
        undated: Calls without a time: caching leaves them out.
        fixed: Calls that are in the bill and that no measure is tried on: free ones, and those of
            several inferences.
        price_version: By which prices.
    """

    savings: tuple[Saving, ...]
    bill_usd: Decimal
    days: Decimal
    observed: Observed
    calls: int
    unpriced: Mapping[str, int]
    undated: int
    fixed: int
    price_version: str

    @property
    def total_usd(self) -> Decimal:
        """What all measures save together, in turn."""
        return sum((saving.in_turn_usd for saving in self.savings), Decimal(0))

    @property
    def backed_usd(self) -> Decimal:
        """What those save together that rest on no assumption, in turn."""
        return sum((saving.backed_usd for saving in self.savings), Decimal(0))

    def monthly(self, amount: Decimal) -> Decimal:
        """Return an amount for a month like the time that was observed."""
        return amount * DAYS_OF_A_MONTH / self.days
