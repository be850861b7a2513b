"""Holds what own exchanges cost against what was billed, by model and kind, and says what is off.

Fetching the bill is the door's; this only compares.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date
from decimal import Decimal
from typing import Final, TypeAlias

from gonogo.exchanges import Exchange
from gonogo.plain_text import counted
from gonogo.pricing import Caveat, Charge, Pricer, Prices, Unpriced
from gonogo.pricing.billing_reports import CostItem, Kind, UsageItem
from gonogo.pricing.configured_prices import undated_name
from gonogo.pricing.cost_parts import ZERO

_Key: TypeAlias = tuple[str | None, Kind]

_PARTS: Final = {
    Kind.UNCACHED_INPUT: ("uncached_input", "uncached"),
    Kind.CACHE_WRITE_5M: ("cache_write_5m", "cache_write_5m"),
    Kind.CACHE_WRITE_1H: ("cache_write_1h", "cache_write_1h"),
    Kind.CACHE_READ: ("cache_read", "cache_read"),
    Kind.OUTPUT: ("output", "output"),
    Kind.WEB_SEARCH: ("web_search", "web_searches"),
}
"""By kind the names of its part of a cost and of its count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tolerance:
    """How far apart two amounts may be; the larger of both holds.

    Attributes:
        share: Of the larger amount, 0 to 1.
        usd: In US dollars, at least 0: cents of a model that is hardly used raise no alarm.
    """

    share: Decimal = Decimal("0.01")
    usd: Decimal = Decimal("0.01")

    def covers(self, ours: Decimal, billed: Decimal) -> bool:
        """Say whether two amounts are the same for our purposes."""
        return abs(ours - billed) <= max(self.usd, self.share * max(ours, billed))

    def covers_counts(self, ours: int, billed: int) -> bool:
        """Say whether two counts are; of one token in a hundred there is always one more."""
        return abs(ours - billed) <= self.share * max(ours, billed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One kind of one model.

    Attributes:
        model: Without its date; None of what is billed for no model.
        kind: Of what.
        ours_usd: What own exchanges cost; None: exchanges do not say it.
        billed_usd: What was billed.
        our_count: Own tokens, or searches; None: exchanges do not say it.
        billed_count: Those that the usage report counts; None: it was not given.
        is_off: Whether the amounts are further apart than is tolerated.
        cause: What it comes from, in a sentence; empty where nothing is off.
    """

    model: str | None
    kind: Kind
    ours_usd: Decimal | None
    billed_usd: Decimal
    our_count: int | None
    billed_count: int | None
    is_off: bool
    cause: str

    @property
    def difference_usd(self) -> Decimal:
        """What was billed beyond what own exchanges cost; below 0: less was billed."""
        return self.billed_usd - (self.ours_usd or ZERO)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciliation:
    """A period of own exchanges against the bill.

    Attributes:
        start: First day, in UTC.
        end: Day after the last.
        rows: By model and kind, in the order of their names.
        ours_usd: What all priced exchanges of the period cost.
        billed_usd: The whole bill of the period.
        is_total_off: Whether the two are further apart than is tolerated.
        exchanges: How many exchanges of the period were priced.
        unpriced: By model how many exchanges have no known price; under an empty name those
            without usage or without a model.
        undated: Exchanges that do not say when they were; they are in no period.
        outside: Exchanges of other days.
        caveats: How many exchanges may have been billed otherwise than usage says, and why.
        price_version: By which prices ours were worked out.
    """

    start: date
    end: date
    rows: tuple[Row, ...]
    ours_usd: Decimal
    billed_usd: Decimal
    is_total_off: bool
    exchanges: int
    unpriced: dict[str, int]
    undated: int
    outside: int
    caveats: dict[Caveat, int]
    price_version: str

    @property
    def alarms(self) -> tuple[str, ...]:
        """What a person should look at, a sentence each; empty: bill and exchanges agree."""
        return tuple(_alarms(self))

    @property
    def holds(self) -> bool:
        """Whether bill and exchanges agree, and nothing was left out."""
        return not self.alarms


def reconcile(  # noqa: PLR0913 - each is an input of its own
    exchanges: Iterable[Exchange],
    bill: Iterable[CostItem],
    *,
    start: date,
    end: date,
    prices: Prices,
    usage: Iterable[UsageItem] | None = None,
    workspaces: Collection[str | None] | None = None,
    tolerance: Tolerance | None = None,
) -> Reconciliation:
    """Hold a period of own exchanges against what was billed.

    Exchanges are read once, in bounded memory. An exchange belongs to the day on which its call
    began, the bill to that on which the API counted it: calls around midnight of the first and the
    last day may differ.

    Args:
        exchanges: Own ones, of any days.
        bill: The cost report of the period.
        start: First day, in UTC.
        end: Day after the last.
        prices: Configured prices by model; they go before the list's.
        usage: The usage report of the period; it tells missing calls from other prices.
        workspaces: Whose part of the bill is compared; None is the default workspace's id. None
            in place of a collection: the whole organization's.
        tolerance: How far apart amounts may be; None: 1 %, or a cent.
    """
    tolerance = tolerance or Tolerance()
    ours = _Ours(start, end, Pricer(prices))
    for exchange in exchanges:
        ours.take(exchange)
    billed: dict[_Key, Decimal] = defaultdict(Decimal)
    for item in bill:
        if start <= item.day < end and _is_asked(item, workspaces):
            billed[_key(item.model, item.kind)] += item.amount_usd
    theirs = None if usage is None else _counted(usage, start, end, workspaces)
    rows = tuple(_rows(ours, billed, theirs, tolerance))
    total = sum(billed.values(), ZERO)
    return Reconciliation(
        start=start,
        end=end,
        rows=rows,
        ours_usd=ours.total_usd,
        billed_usd=total,
        is_total_off=not tolerance.covers(ours.total_usd, total),
        exchanges=ours.priced,
        unpriced=dict(sorted(ours.unpriced.items())),
        undated=ours.undated,
        outside=ours.outside,
        caveats=dict(sorted(ours.caveats.items())),
        price_version=ours.pricer.version,
    )


@dataclass(slots=True)
class _Ours:
    """Adds up own exchanges."""

    start: date
    end: date
    pricer: Pricer
    usd: dict[_Key, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    counts: Counter[_Key] = field(default_factory=Counter)
    unpriced: Counter[str] = field(default_factory=Counter)
    caveats: Counter[Caveat] = field(default_factory=Counter)
    priced: int = 0
    undated: int = 0
    outside: int = 0

    @property
    def total_usd(self) -> Decimal:
        return sum(self.usd.values(), ZERO)

    def take(self, exchange: Exchange) -> None:
        if exchange.at is None:
            self.undated += 1
        elif not self.start <= exchange.at.astimezone(UTC).date() < self.end:
            self.outside += 1
        else:
            self._take_dated(exchange)

    def _take_dated(self, exchange: Exchange) -> None:
        found = self.pricer.price(exchange)
        if isinstance(found, Unpriced):
            self.unpriced[undated_name(found.model or "")] += 1
            return
        self.priced += 1
        self.caveats.update(found.caveats)
        for charge in found.charges:
            self._add(charge)

    def _add(self, charge: Charge) -> None:
        parts = charge.spread()
        for kind, (part, count) in _PARTS.items():
            key = _key(charge.model, kind)
            amount, number = getattr(parts, part), getattr(charge.counts, count)
            if amount or number:
                self.usd[key] += amount
                self.counts[key] += number


def _is_asked(item: CostItem | UsageItem, workspaces: Collection[str | None] | None) -> bool:
    return workspaces is None or item.workspace in workspaces


def _key(model: str | None, kind: Kind) -> _Key:
    """Return where an amount belongs: the bill names no model where it is not of tokens."""
    is_tokens = kind in _PARTS and kind is not Kind.WEB_SEARCH
    return (undated_name(model) if model and is_tokens else None, kind)


def _counted(
    usage: Iterable[UsageItem],
    start: date,
    end: date,
    workspaces: Collection[str | None] | None,
) -> Counter[_Key]:
    counts: Counter[_Key] = Counter()
    for item in usage:
        if start <= item.day < end and _is_asked(item, workspaces):
            counts[_key(item.model, item.kind)] += item.count
    return counts


def _rows(
    ours: _Ours,
    billed: dict[_Key, Decimal],
    counts: Counter[_Key] | None,
    tolerance: Tolerance,
) -> Iterator[Row]:
    keys = {*ours.usd, *billed, *(counts or ())}
    for key in sorted(
        keys, key=lambda key: (key[0] is None, key[0] or "", list(Kind).index(key[1]))
    ):
        model, kind = key
        is_ours = kind in _PARTS
        amount = ours.usd.get(key, ZERO) if is_ours else None
        bill = billed.get(key, ZERO)
        count = ours.counts[key] if is_ours else None
        theirs = counts[key] if counts is not None and is_ours else None
        is_off = amount is not None and not tolerance.covers(amount, bill)
        yield Row(
            model=model,
            kind=kind,
            ours_usd=amount,
            billed_usd=bill,
            our_count=count,
            billed_count=theirs,
            is_off=is_off,
            cause=_cause(count, theirs, tolerance) if is_off else "",
        )


def _cause(ours: int | None, billed: int | None, tolerance: Tolerance) -> str:
    if ours is None or billed is None:
        return "the usage report was not given, so prices and missing calls cannot be told apart"
    if tolerance.covers_counts(ours, billed):
        return "the counts agree: a price or a discount differs from the configured ones"
    if ours < billed:
        return "more was counted than these exchanges say: calls are missing from them"
    return "less was counted than these exchanges say: some are twice, or of another organization"


def _alarms(found: Reconciliation) -> Iterator[str]:
    for row in found.rows:
        if row.is_off:
            what = f"{row.model} {row.kind}" if row.model else str(row.kind)
            yield (
                f"{what}: billed {row.billed_usd:.4f} USD, exchanges cost"
                f" {row.ours_usd or ZERO:.4f} USD; {row.cause}"
            )
    if found.is_total_off:
        yield (
            f"in all: billed {found.billed_usd:.4f} USD, exchanges cost {found.ours_usd:.4f} USD"
        )
    for model, count in found.unpriced.items():
        named = f"of {model!r}" if model else "without usage or model"
        yield f"{counted(count, 'exchange')} {named}: unpriced, and not in the comparison"
    if found.undated:
        yield f"{counted(found.undated, 'exchange')} without a date: not in the comparison"
