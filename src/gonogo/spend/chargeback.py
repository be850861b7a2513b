"""What usage is charged to: sums by user, department and so on, as CSV and as FOCUS rows.

FOCUS is the FinOps Open Cost and Usage Specification; version 1.2 is written, all of its 21
mandatory columns and some others (https://focus.finops.org/focus-specification/v1-2/). The costs
are computed from tokens and prices: an allocation, not an invoice.
"""

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from typing import Final

from gonogo.errors import BadInputError, Problem
from gonogo.json_lines import canonical_json
from gonogo.plain_text import one_line
from gonogo.spend.periods import Period, calendar_window, microseconds_of, moment_of
from gonogo.spend.usage import Attribute, Grouping, Interval, Span, UsageRow, UsageTable

FOCUS_VERSION: Final = "1.2"

CSV_COUNTS: Final = ("calls", "answered", "refused", "truncated", "failed", "unpriced")
CSV_TOKENS: Final = {
    "uncached_tokens": "uncached",
    "cache_write_5m_tokens": "cache_write_5m",
    "cache_write_1h_tokens": "cache_write_1h",
    "cache_read_tokens": "cache_read",
    "output_tokens": "output",
    "web_searches": "web_searches",
}
_FORMULA: Final = ("=", "+", "-", "@")

FOCUS_MANDATORY: Final = (
    "BilledCost",
    "BillingAccountId",
    "BillingAccountName",
    "BillingCurrency",
    "BillingPeriodEnd",
    "BillingPeriodStart",
    "ChargeCategory",
    "ChargeClass",
    "ChargeDescription",
    "ChargePeriodEnd",
    "ChargePeriodStart",
    "ContractedCost",
    "EffectiveCost",
    "InvoiceIssuerName",
    "ListCost",
    "PricingQuantity",
    "PricingUnit",
    "ProviderName",
    "PublisherName",
    "ServiceCategory",
    "ServiceName",
)
FOCUS_OTHERS: Final = (
    "ChargeFrequency",
    "ConsumedQuantity",
    "ConsumedUnit",
    "PricingCategory",
    "ServiceSubcategory",
    "SkuId",
    "SkuMeter",
    "Tags",
    "x_Calls",
    "x_UnpricedCalls",
)
"""Columns that FOCUS recommends or asks for under conditions, and two of our own."""


@dataclass(frozen=True, slots=True)
class _Meter:
    """A kind of what is charged for."""

    kind: str
    part: str
    name: str
    unit: str
    priced_by: int
    """How many of a unit one price is for."""


_METERS: Final = (
    _Meter("uncached", "uncached_input", "Uncached Input Tokens", "Tokens", 1_000_000),
    _Meter("cache_write_5m", "cache_write_5m", "Cache Write Tokens 5m", "Tokens", 1_000_000),
    _Meter("cache_write_1h", "cache_write_1h", "Cache Write Tokens 1h", "Tokens", 1_000_000),
    _Meter("cache_read", "cache_read", "Cache Read Tokens", "Tokens", 1_000_000),
    _Meter("output", "output", "Output Tokens", "Tokens", 1_000_000),
    _Meter("web_searches", "web_search", "Web Searches", "Requests", 1000),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class BillingAccount:
    """Whose bill it is, and who sends it.

    Attributes:
        id: The account's identifier.
        name: What it is called; None: nothing.
        provider: Who makes the service available: the cloud through which Claude is used.
        invoice_issuer: Who sends the invoice.
        service: What the service is called there.
    """

    id: str
    name: str | None = None
    provider: str = "Anthropic"
    invoice_issuer: str = "Anthropic"
    service: str = "Claude API"


def csv_lines(table: UsageTable) -> Iterator[str]:
    """Yield the rows of a table as CSV (RFC 4180), the header first, each with its line end.

    Costs are exact decimals in US dollars. A text that a spreadsheet would take for a formula gets
    an apostrophe before it. There is no row of totals: the column adds up to it.
    """
    by = [attribute.value for attribute in table.grouping.by]
    yield _csv(["starts", "ends", *by, *CSV_COUNTS, *CSV_TOKENS, "cost_usd"])
    for row in table.rows:
        span = ("", "") if row.span is None else (_rfc3339(row.span[0]), _rfc3339(row.span[1]))
        counts = [getattr(row.sums, name) for name in CSV_COUNTS]
        tokens = [getattr(row.sums.tokens, kind) for kind in CSV_TOKENS.values()]
        key = [_safe(value) for value in row.key]
        yield _csv([*span, *key, *counts, *tokens, plain(row.sums.cost_usd)])


def focus_grouping(grouping: Grouping) -> Grouping:
    """Return the grouping that FOCUS rows need: by model, too, and no longer than a month.

    Raises:
        BadInputError: If weeks are asked for, which months of a bill cut in two.
    """
    if grouping.interval is Interval.WEEK:
        message = "weeks do not fit into the months of a bill: give hour, day or month"
        raise BadInputError([Problem("--period", message)])
    by = grouping.by if Attribute.MODEL in grouping.by else (*grouping.by, Attribute.MODEL)
    interval = Interval.MONTH if grouping.interval is Interval.ALL else grouping.interval
    return replace(grouping, by=by, interval=interval)


def focus_lines(table: UsageTable, account: BillingAccount) -> Iterator[str]:
    """Yield FOCUS 1.2 rows as CSV, the header first: one a row of the table and kind of token.

    Exchanges without a time have no charge period: they are left out, see `unfocused`. Costs add up
    to those of all other rows exactly. All four costs are the same: what gonogo's prices make of
    the tokens.

    Args:
        table: Grouped as `focus_grouping` says.
        account: Whose bill it is.
    """
    yield _csv([*FOCUS_MANDATORY, *FOCUS_OTHERS])
    for row in table.rows:
        if row.span is not None:
            yield from map(_csv, _focus_rows(row, row.span, table, account))


def unfocused(table: UsageTable) -> tuple[int, Decimal]:
    """Return how many calls FOCUS rows leave out for want of a time, and what they cost."""
    left = [row.sums for row in table.rows if row.span is None]
    return sum(sums.calls for sums in left), sum((sums.cost_usd for sums in left), Decimal(0))


def plain(amount: Decimal) -> str:
    """Return an amount in full, without an exponent and trailing zeros."""
    text = f"{amount:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _focus_rows(
    row: UsageRow, span: Span, table: UsageTable, account: BillingAccount
) -> Iterator[list[object]]:
    calls, unpriced = row.sums.calls, row.sums.unpriced
    for meter in _METERS:
        quantity: int = getattr(row.sums.tokens, meter.kind)
        cost: Decimal = getattr(row.sums.parts, meter.part)
        if not quantity and not cost:
            continue
        values = _of_account(account) | _of_time(span, table.grouping.zone)
        values |= _of_charge(row, table, meter, quantity)
        values |= dict.fromkeys(
            ("BilledCost", "ContractedCost", "EffectiveCost", "ListCost"), plain(cost)
        )
        values |= {"x_Calls": str(calls), "x_UnpricedCalls": str(unpriced)}
        calls = unpriced = 0  # once a group, so that they add up
        yield [values[column] for column in (*FOCUS_MANDATORY, *FOCUS_OTHERS)]


def _of_account(account: BillingAccount) -> dict[str, str]:
    return {
        "BillingAccountId": account.id,
        "BillingAccountName": account.name or "",
        "BillingCurrency": "USD",
        "InvoiceIssuerName": account.invoice_issuer,
        "ProviderName": account.provider,
        "PublisherName": "Anthropic",
        "ServiceCategory": "AI and Machine Learning",
        "ServiceName": account.service,
        "ServiceSubcategory": "Generative AI",
    }


def _of_time(span: Span, zone: tzinfo) -> dict[str, str]:
    month = calendar_window(Period.MONTHLY, zone, microseconds_of(span.starts))
    return {
        "BillingPeriodStart": _rfc3339(moment_of(month.starts)),
        "BillingPeriodEnd": _rfc3339(moment_of(month.ends)),
        "ChargePeriodStart": _rfc3339(span.starts),
        "ChargePeriodEnd": _rfc3339(span.ends),
    }


def _of_charge(row: UsageRow, table: UsageTable, meter: _Meter, quantity: int) -> dict[str, str]:
    given = dict(zip(table.grouping.by, row.key, strict=True))
    model = one_line(given.pop(Attribute.MODEL) or "unknown", 100)
    tags = {name.value: value for name, value in given.items() if value is not None}
    return {
        "ChargeCategory": "Usage",
        "ChargeClass": "",
        "ChargeDescription": f"{meter.name} of {model}, by {table.price_version}",
        "ChargeFrequency": "Usage-Based",
        "ConsumedQuantity": str(quantity),
        "ConsumedUnit": meter.unit,
        "PricingCategory": "Standard",
        "PricingQuantity": plain(Decimal(quantity) / meter.priced_by),
        "PricingUnit": f"{meter.priced_by} {meter.unit}",
        "SkuId": f"{model}/{meter.kind}",
        "SkuMeter": meter.name,
        "Tags": canonical_json(tags).decode(),
    }


def _safe(value: str | None) -> str:
    text = one_line(value or "")
    return f"'{text}" if text.startswith(_FORMULA) else text


def _rfc3339(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _csv(cells: Iterable[object]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(cells)
    return line.getvalue()
