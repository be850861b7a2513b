"""What the Admin API reports that was billed: costs and tokens, by day, model and kind.

Only decodes; fetching is the door's.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Annotated, Final, Generic, TypeAlias, TypeVar

import msgspec

from gonogo.errors import CostReportError

Time: TypeAlias = Annotated[datetime, msgspec.Meta(tz=True)]
Count: TypeAlias = Annotated[int, msgspec.Meta(ge=0)]

_CENTS: Final = Decimal(100)


class Kind(StrEnum):
    """What was billed; the names of the API, where it has some."""

    UNCACHED_INPUT = "uncached_input_tokens"
    CACHE_WRITE_5M = "cache_creation.ephemeral_5m_input_tokens"
    CACHE_WRITE_1H = "cache_creation.ephemeral_1h_input_tokens"
    CACHE_READ = "cache_read_input_tokens"
    OUTPUT = "output_tokens"
    WEB_SEARCH = "web_search"
    CODE_EXECUTION = "code_execution"
    OTHER = "other"
    """What the API has come to bill since, and sessions of managed agents."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CostItem:
    """An amount on the bill.

    Attributes:
        day: When, in UTC.
        model: Whose tokens; None of what is not tokens.
        kind: Of what.
        amount_usd: How much, in US dollars.
        workspace: Id of the workspace; None: the default one.
    """

    day: date
    model: str | None
    kind: Kind
    amount_usd: Decimal
    workspace: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageItem:
    """A count beside the bill.

    Attributes:
        day: When, in UTC.
        model: Whose tokens; None of what is not tokens.
        kind: Of what.
        count: How many tokens, or searches; at least 0.
        workspace: Id of the workspace; None: the default one.
    """

    day: date
    model: str | None
    kind: Kind
    count: int
    workspace: str | None = None


Item = TypeVar("Item", CostItem, UsageItem)


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """One page of a report, and the token of the next; None: it was the last."""

    items: tuple[Item, ...]
    next_page: str | None


def decode_cost_page(body: bytes) -> Page[CostItem]:
    """Decode a page of `GET /v1/organizations/cost_report`, grouped by `description`.

    Raises:
        CostReportError: If it is not what the API is known to send; says where.
    """
    page = _decoded(body, _CostPage)
    items = tuple(
        CostItem(
            day=_day(bucket.starting_at),
            model=row.model,
            kind=_kind_of(row),
            amount_usd=_dollars(row),
            workspace=row.workspace_id,
        )
        for bucket in page.data
        for row in bucket.results
    )
    return Page(items, page.next_page if page.has_more else None)


def decode_usage_page(body: bytes) -> Page[UsageItem]:
    """Decode a page of `GET /v1/organizations/usage_report/messages`, grouped by `model`.

    Raises:
        CostReportError: If it is not what the API is known to send; says where.
    """
    page = _decoded(body, _UsagePage)
    items = tuple(
        UsageItem(
            day=_day(bucket.starting_at),
            model=None if kind is Kind.WEB_SEARCH else row.model,
            kind=kind,
            count=count,
            workspace=row.workspace_id,
        )
        for bucket in page.data
        for row in bucket.results
        for kind, count in _counts(row)
        if count
    )
    return Page(items, page.next_page if page.has_more else None)


class _CostRow(msgspec.Struct, frozen=True):
    amount: str
    currency: str
    cost_type: str | None = None
    token_type: str | None = None
    model: str | None = None
    workspace_id: str | None = None


class _CostBucket(msgspec.Struct, frozen=True):
    starting_at: Time
    results: list[_CostRow]


class _CostPage(msgspec.Struct, frozen=True):
    data: list[_CostBucket]
    has_more: bool
    next_page: str | None = None


class _Split(msgspec.Struct, frozen=True):
    ephemeral_5m_input_tokens: Count = 0
    ephemeral_1h_input_tokens: Count = 0


class _Tools(msgspec.Struct, frozen=True):
    web_search_requests: Count = 0


class _UsageRow(msgspec.Struct, frozen=True):
    uncached_input_tokens: Count = 0
    cache_read_input_tokens: Count = 0
    output_tokens: Count = 0
    cache_creation: _Split = _Split()
    server_tool_use: _Tools = _Tools()
    model: str | None = None
    workspace_id: str | None = None


class _UsageBucket(msgspec.Struct, frozen=True):
    starting_at: Time
    results: list[_UsageRow]


class _UsagePage(msgspec.Struct, frozen=True):
    data: list[_UsageBucket]
    has_more: bool
    next_page: str | None = None


_PageType = TypeVar("_PageType", _CostPage, _UsagePage)


def _decoded(body: bytes, kind: type[_PageType]) -> _PageType:
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, RecursionError) as error:
        raise CostReportError(f"the Admin API's report cannot be read: {error}") from error


def _kind_of(row: _CostRow) -> Kind:
    """Return the kind of a row; the API leaves both types out where it did not group by them."""
    if row.cost_type is None and row.token_type is None:
        raise CostReportError("the cost report says no `cost_type`: group it by `description`")
    named = row.token_type or row.cost_type
    return Kind(named) if named in set(Kind) else Kind.OTHER


def _dollars(row: _CostRow) -> Decimal:
    if row.currency != "USD":
        raise CostReportError(f"the cost report is in {row.currency!r}: only USD can be compared")
    try:
        cents = Decimal(row.amount)
    except InvalidOperation:
        cents = Decimal("nan")
    if not cents.is_finite():
        raise CostReportError(f"the cost report says `amount` {row.amount!r}: no number of cents")
    return cents / _CENTS


def _counts(row: _UsageRow) -> Iterator[tuple[Kind, int]]:
    yield Kind.UNCACHED_INPUT, row.uncached_input_tokens
    yield Kind.CACHE_WRITE_5M, row.cache_creation.ephemeral_5m_input_tokens
    yield Kind.CACHE_WRITE_1H, row.cache_creation.ephemeral_1h_input_tokens
    yield Kind.CACHE_READ, row.cache_read_input_tokens
    yield Kind.OUTPUT, row.output_tokens
    yield Kind.WEB_SEARCH, row.server_tool_use.web_search_requests


def _day(moment: datetime) -> date:
    return moment.astimezone(UTC).date()
