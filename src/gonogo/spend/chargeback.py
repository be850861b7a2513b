"""What usage is charged to: sums by user, department and so on, as CSV and as FOCUS rows.

FOCUS is the FinOps Open Cost and Usage Specification; version 1.2 is written, all of its 21
mandatory columns and some others (https://focus.finops.org/focus-specification/v1-2/). The costs
are computed from tokens and prices: an allocation, not an invoice.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from typing import Final

from gonogo.errors import BadInputError, Problem
from gonogo.json_lines import canonical_json
from gonogo.plain_text import one_line
from gonogo.spend.periods import Period, calendar_window, microseconds_of, moment_of
from gonogo.spend.usage import Attribute, Grouping, Interval, Span, UsageRow, UsageSums, UsageTable

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
_FORMULA: Final = re.compile(r"(^|;)(?=\s*[=+\-@\uff1d\uff0b\uff0d\uff20])")
"""Where a spreadsheet would begin a formula; a semicolon parts cells where a comma is decimal."""

EXCEL_MARK: Final = "\ufeff"
"""Before CSV, it makes Excel read UTF-8 by a double click."""

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
    "x_PriceVersion",
    "x_UnpricedCalls",
)
"""Columns that FOCUS recommends or asks for under conditions, and three of our own."""


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
    """Yield the rows of a table as CSV, the header first, each with its line end.

    Costs are exact decimals in US dollars. A text that a spreadsheet would take for a formula gets
    an apostrophe before it. There is no row of totals: the column adds up to it.
    """
    by = [attribute.value for attribute in table.grouping.by]
    money = ("cost_usd", "list_cost_usd", "price_version")
    yield _csv(["starts", "ends", *by, *CSV_COUNTS, *CSV_TOKENS, *money])
    for row in table.rows:
        span = ("", "") if row.span is None else (_rfc3339(row.span[0]), _rfc3339(row.span[1]))
        counts = [str(getattr(row.sums, name)) for name in CSV_COUNTS]
        tokens = [str(getattr(row.sums.tokens, kind)) for kind in CSV_TOKENS.values()]
        key = [one_line(value or "") for value in row.key]
        costs = (plain(row.sums.cost_usd), plain(row.sums.list_cost_usd), table.price_version)
        yield _csv([*span, *key, *counts, *tokens, *costs])


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
    to those of all other rows exactly. They are what gonogo's prices make of the tokens: `ListCost`
    without what was negotiated off, the other three with it. Calls without any token, such as
    failed ones, are counted in a row of their own if their group has no other.

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
) -> Iterator[list[str]]:
    sums = row.sums
    meters = [meter for meter in _METERS if _is_used(meter, sums)]
    for place, meter in enumerate(meters or _METERS[:1]):
        values = _of_account(account) | _of_time(span, table.grouping.zone)
        values |= _of_charge(row, table, meter)
        cost = plain(getattr(sums.parts, meter.part))
        values |= dict.fromkeys(("BilledCost", "ContractedCost", "EffectiveCost"), cost)
        values["ListCost"] = plain(getattr(sums.list_parts, meter.part))
        calls, unpriced = (0, 0) if place else (sums.calls, sums.unpriced)  # so that they add up
        values |= {"x_Calls": str(calls), "x_UnpricedCalls": str(unpriced)}
        values["x_PriceVersion"] = table.price_version
        yield [values[column] for column in (*FOCUS_MANDATORY, *FOCUS_OTHERS)]


def _is_used(meter: _Meter, sums: UsageSums) -> bool:
    return bool(getattr(sums.tokens, meter.kind) or getattr(sums.list_parts, meter.part))


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


def _of_charge(row: UsageRow, table: UsageTable, meter: _Meter) -> dict[str, str]:
    quantity: int = getattr(row.sums.tokens, meter.kind)
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


def _rfc3339(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _csv(cells: Iterable[str]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(_FORMULA.sub(r"\1'", cell) for cell in cells)
    return line.getvalue()
