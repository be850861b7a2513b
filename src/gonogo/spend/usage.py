"""Sums of exchanges by who made them, for what, by which model and when, in one pass.

Memory is bounded by the number of rows, not of exchanges. What a sum is charged to is left to
`gonogo.spend.chargeback`.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Final, NamedTuple, TypeAlias

from gonogo.exchanges import Exchange, Outcome
from gonogo.plain_text import one_line
from gonogo.pricing import CostParts, Priced, Pricer, Prices, TokenCounts
from gonogo.spend.periods import Period, calendar_window, microseconds_of, moment_of

MOST_ROWS: Final = 100_000
"""Rows that are kept apart. The first ones stay exact; what is new after them counts in the `other`
of its time."""

PROMPT_VERSION_TAG: Final = "prompt_version"
OTHER: Final = "other"

_LONGEST: Final = 200
_MOST_UNPRICED: Final = 100
_NO_COST: Final = CostParts()
_NO_COUNTS: Final = TokenCounts()


class Attribute(StrEnum):
    """By what exchanges may be told apart."""

    USER = "user"
    DEPARTMENT = "department"
    DOMAIN = "domain"
    PROMPT_VERSION = "prompt_version"
    """The tag of this name."""
    MODEL = "model"
    """That answered; of a call with several each for its own tokens."""


class Interval(StrEnum):
    """How long the time is that a row sums."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    """From Monday."""
    MONTH = "month"
    ALL = "all"
    """All there is."""


class Span(NamedTuple):
    """From when to when, in UTC; the end is the first moment after it."""

    starts: datetime
    ends: datetime


Key: TypeAlias = tuple[str | None, ...]
"""One value an attribute; None: the exchange has none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageSums:
    """What some exchanges come to; at least 0 all.

    Attributes:
        calls: How many; each has one of the next four outcomes.
        answered: In full.
        refused: By the model.
        truncated: Cut.
        failed: For reasons of infrastructure.
        unpriced: Whose cost is not known, and not in `parts`; their tokens are in `tokens`.
        tokens: What was billed, by kind, and searches.
        parts: What it cost, in US dollars; factors and discounts are spread over the kinds.
        list_parts: The same without what was negotiated off.
    """

    calls: int = 0
    answered: int = 0
    refused: int = 0
    truncated: int = 0
    failed: int = 0
    unpriced: int = 0
    tokens: TokenCounts = _NO_COUNTS
    parts: CostParts = _NO_COST
    list_parts: CostParts = _NO_COST

    @property
    def cost_usd(self) -> Decimal:
        """The sum of the parts."""
        return self.parts.total_usd

    @property
    def list_cost_usd(self) -> Decimal:
        """What it would cost without what was negotiated off."""
        return self.list_parts.total_usd

    def __add__(self, other: "UsageSums") -> "UsageSums":
        """Add one by one."""
        counts = {name: getattr(self, name) + getattr(other, name) for name in _COUNTS}
        return UsageSums(
            **counts,
            tokens=_added(self.tokens, other.tokens),
            parts=self.parts + other.parts,
            list_parts=self.list_parts + other.list_parts,
        )


_COUNTS: Final = ("calls", "answered", "refused", "truncated", "failed", "unpriced")
_KINDS: Final = tuple(field.name for field in fields(TokenCounts))
_OUTCOMES: Final = {
    Outcome.ANSWERED: UsageSums(calls=1, answered=1),
    Outcome.REFUSED: UsageSums(calls=1, refused=1),
    Outcome.TRUNCATED: UsageSums(calls=1, truncated=1),
    Outcome.INFRASTRUCTURE_ERROR: UsageSums(calls=1, failed=1),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageRow:
    """Sums of one combination of values in one span of time.

    Attributes:
        span: Its time; None: of exchanges without one, or of all there are.
        key: One value an attribute; all `other` where it sums what is not kept apart.
        is_other: Whether it does.
        sums: What it comes to.
    """

    span: Span | None
    key: Key
    is_other: bool
    sums: UsageSums


@dataclass(frozen=True, slots=True, kw_only=True)
class Grouping:
    """What tells rows apart.

    Attributes:
        by: Attributes of exchanges; empty: time alone.
        interval: How long the time of a row is.
        zone: Whose hours, days, weeks and months.
    """

    by: tuple[Attribute, ...] = ()
    interval: Interval = Interval.ALL
    zone: tzinfo = UTC


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageTable:
    """Sums of exchanges.

    Attributes:
        grouping: What tells rows apart.
        rows: By time, those without one last; within it the dearest first, `other` last.
        total: Of all exchanges, unpriced ones too: the sum of the rows.
        first: When the first exchange began; None: no one has a time.
        last: Likewise the last.
        undated: How many have no time.
        crowded: How many exchanges came when there was no room for a new row: they are in `other`.
        unpriced: How many calls have no price, by model; of a hundred models at most.
        price_version: By which prices.
    """

    grouping: Grouping
    rows: tuple[UsageRow, ...]
    total: UsageSums
    first: datetime | None
    last: datetime | None
    undated: int
    crowded: int
    unpriced: Mapping[str, int]
    price_version: str


def sum_usage(
    exchanges: Iterable[Exchange],
    grouping: Grouping,
    *,
    prices: Prices = MappingProxyType({}),
    most_rows: int = MOST_ROWS,
    top: int | None = None,
) -> UsageTable:
    """Sum exchanges; read once, none is kept.

    Args:
        exchanges: In any order.
        grouping: What tells rows apart.
        prices: Configured prices by model.
        most_rows: Rows that are kept apart, at least 1; see `MOST_ROWS`.
        top: Combinations that are kept apart, the dearest over all time; the rest is `other`. None:
            all.
    """
    tally = _Tally(grouping, most_rows)
    pricer = Pricer(prices)
    for exchange in exchanges:
        tally.add(exchange, pricer)
    rows = tally.rows() if top is None else _only_top(tally.rows(), top)
    return UsageTable(
        grouping=grouping,
        rows=tuple(sorted(rows, key=_order)),
        total=sum((row.sums for row in rows), UsageSums()),
        first=tally.first,
        last=tally.last,
        undated=tally.undated,
        crowded=tally.crowded,
        unpriced=MappingProxyType(dict(sorted(tally.unpriced.items()))),
        price_version=pricer.version,
    )


@dataclass(slots=True)
class _Running:
    """Sums that grow."""

    counts: list[int] = field(default_factory=lambda: [0] * len(_COUNTS))
    tokens: list[int] = field(default_factory=lambda: [0] * len(_KINDS))
    costs: list[Decimal] = field(default_factory=lambda: [Decimal(0)] * len(_KINDS))
    list_costs: list[Decimal] = field(default_factory=lambda: [Decimal(0)] * len(_KINDS))

    def count(self, outcome: Outcome, *, is_unpriced: bool) -> None:
        one = _OUTCOMES[outcome]
        for place, name in enumerate(_COUNTS[:-1]):
            self.counts[place] += getattr(one, name)
        self.counts[-1] += is_unpriced

    def take(self, tokens: TokenCounts, parts: CostParts, list_parts: CostParts) -> None:
        for place, (kind, part) in enumerate(_PARTS):
            self.tokens[place] += getattr(tokens, kind)
            self.costs[place] += getattr(parts, part)
            self.list_costs[place] += getattr(list_parts, part)

    def sums(self) -> UsageSums:
        return UsageSums(
            **dict(zip(_COUNTS, self.counts, strict=True)),
            tokens=TokenCounts(**dict(zip(_KINDS, self.tokens, strict=True))),
            parts=_cost_parts(self.costs),
            list_parts=_cost_parts(self.list_costs),
        )


_PARTS: Final = (
    ("uncached", "uncached_input"),
    ("cache_write_5m", "cache_write_5m"),
    ("cache_write_1h", "cache_write_1h"),
    ("cache_read", "cache_read"),
    ("output", "output"),
    ("web_searches", "web_search"),
)
"""Each kind of what is counted, and the part of the cost that it makes."""

_Row: TypeAlias = tuple[Span | None, Key | None]
"""Where a row stands; no key: `other`."""


class _Tally:
    """Running sums by row."""

    def __init__(self, grouping: Grouping, most_rows: int) -> None:
        self._by = grouping.by
        self._most_rows = most_rows
        self._calendar = _Calendar(grouping.interval, grouping.zone)
        self._rows: dict[_Row, _Running] = {}
        self._kept = 0
        self.first: datetime | None = None
        self.last: datetime | None = None
        self.undated = 0
        self.unpriced: dict[str, int] = {}

    def add(self, exchange: Exchange, pricer: Pricer) -> None:
        span = self._span_of(exchange.at)
        priced = pricer.price(exchange)
        answered = exchange.answered_by
        row = self._row(span, self._key_of(exchange, answered))
        row.count(exchange.outcome, is_unpriced=not isinstance(priced, Priced))
        if not isinstance(priced, Priced):
            self._note_unpriced(priced.model or answered or "")
            row.take(_counted(exchange), _NO_COST, _NO_COST)
            return
        for charge in priced.charges:
            parts = charge.spread()
            listed = replace(charge, discount=Decimal(0)).spread() if charge.discount else parts
            self._row(span, self._key_of(exchange, charge.model)).take(charge.counts, parts, listed)

    @property
    def crowded(self) -> int:
        return sum(running.counts[0] for (_, key), running in self._rows.items() if key is None)

    def rows(self) -> list[UsageRow]:
        others = (OTHER,) * len(self._by)
        return [
            UsageRow(
                span=span,
                key=others if key is None else key,
                is_other=key is None,
                sums=running.sums(),
            )
            for (span, key), running in self._rows.items()
        ]

    def _span_of(self, at: datetime | None) -> Span | None:
        if at is None:
            self.undated += 1
            return None
        self.first = at if self.first is None else min(self.first, at)
        self.last = at if self.last is None else max(self.last, at)
        return self._calendar.span_of(at)

    def _key_of(self, exchange: Exchange, model: str | None) -> Key:
        values = (_READERS[attribute](exchange, model) for attribute in self._by)
        return tuple(value[:_LONGEST] if value else None for value in values)

    def _row(self, span: Span | None, key: Key) -> _Running:
        """Return the sums of a key in a span; without room those of what is left of the span."""
        running = self._rows.get((span, key))
        if running is not None:
            return running
        if self._kept < self._most_rows:
            self._kept += 1
            return self._rows.setdefault((span, key), _Running())
        left = self._rows.get((span, None))
        if left is not None:
            return left
        has_room = len(self._rows) < 2 * self._most_rows
        return self._rows.setdefault((span if has_room else None, None), _Running())

    def _note_unpriced(self, model: str) -> None:
        name = one_line(model, _LONGEST)
        if name in self.unpriced or len(self.unpriced) < _MOST_UNPRICED:
            self.unpriced[name] = self.unpriced.get(name, 0) + 1


_READERS: Final[Mapping[Attribute, Callable[[Exchange, str | None], str | None]]] = {
    Attribute.USER: lambda exchange, _: exchange.user,
    Attribute.DEPARTMENT: lambda exchange, _: exchange.department,
    Attribute.DOMAIN: lambda exchange, _: exchange.domain,
    Attribute.PROMPT_VERSION: lambda exchange, _: exchange.tags.get(PROMPT_VERSION_TAG),
    Attribute.MODEL: lambda _, model: model,
}


class _Calendar:
    """Tells the span of a moment; remembers the last one, since logs go on in time."""

    def __init__(self, interval: Interval, zone: tzinfo) -> None:
        self._interval = interval
        self._zone = zone
        self._last: Span | None = None

    def span_of(self, at: datetime) -> Span | None:
        """Return the span; None where all time is one, or a year no calendar here goes to."""
        if self._interval is Interval.ALL:
            return None
        last = self._last
        if last is not None and last.starts <= at < last.ends:
            return last
        try:
            self._last = self._span_of(at)
        except (ValueError, OverflowError):
            return None
        return self._last

    def _span_of(self, at: datetime) -> Span:
        if self._interval is Interval.HOUR:
            local = at.astimezone(self._zone)
            into = timedelta(
                minutes=local.minute, seconds=local.second, microseconds=local.microsecond
            )
            starts = at.astimezone(UTC) - into
            return Span(starts, starts + timedelta(hours=1))
        window = calendar_window(_PERIODS[self._interval], self._zone, microseconds_of(at))
        return Span(moment_of(window.starts), moment_of(window.ends))


_PERIODS: Final = {
    Interval.DAY: Period.DAILY,
    Interval.WEEK: Period.WEEKLY,
    Interval.MONTH: Period.MONTHLY,
}


def _counted(exchange: Exchange) -> TokenCounts:
    usage = exchange.usage
    if usage is None:
        return _NO_COUNTS
    return TokenCounts(
        uncached=usage.uncached_tokens,
        cache_write_5m=usage.cache_write_tokens,
        cache_read=usage.cache_read_tokens,
        output=usage.output_tokens,
    )


def _cost_parts(costs: list[Decimal]) -> CostParts:
    return CostParts(**{part: cost for (_, part), cost in zip(_PARTS, costs, strict=True)})


def _added(one: TokenCounts, other: TokenCounts) -> TokenCounts:
    return TokenCounts(**{name: getattr(one, name) + getattr(other, name) for name in _KINDS})


def _only_top(rows: Collection[UsageRow], top: int) -> list[UsageRow]:
    """Keep the keys that cost most over all time, more calls first of two alike."""
    sums: dict[Key, UsageSums] = {}
    for row in rows:
        if not row.is_other:
            sums[row.key] = sums.get(row.key, UsageSums()) + row.sums
    ordered = sorted(sums, key=lambda key: (-sums[key].cost_usd, -sums[key].calls, _text(key)))
    kept = set(ordered[:top])
    others: dict[Span | None, UsageSums] = {}
    for row in rows:
        if row.is_other or row.key not in kept:
            others[row.span] = others.get(row.span, UsageSums()) + row.sums
    return [row for row in rows if not row.is_other and row.key in kept] + [
        UsageRow(span=span, key=(OTHER,) * len(_first_key(rows)), is_other=True, sums=summed)
        for span, summed in others.items()
    ]


def _first_key(rows: Collection[UsageRow]) -> Key:
    return next(iter(rows)).key


def _order(row: UsageRow) -> tuple[object, ...]:
    when = (row.span is None, row.span.starts.timestamp() if row.span else 0.0)
    return (*when, row.is_other, -row.sums.cost_usd, -row.sums.calls, _text(row.key))


def _text(key: Key) -> tuple[str, ...]:
    return tuple(value or "" for value in key)
