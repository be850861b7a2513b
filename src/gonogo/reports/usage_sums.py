"""Sums of usage as a table or a plot for people and as JSON for machines."""

import io
from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final

import msgspec
from rich.console import Console
from rich.table import Table

from gonogo.json_lines import JsonObject
from gonogo.plain_text import one_line
from gonogo.spend.chargeback import CSV_COUNTS, CSV_TOKENS, plain
from gonogo.spend.usage import OTHER, Interval, Span, UsageRow, UsageSums, UsageTable

SCHEMA: Final = 1
"""Version of the JSON document; its fields only ever grow."""

_NOT_GIVEN: Final = "–"
_WIDEST: Final = 400
_MOST_BARS: Final = 62
_EIGHTHS: Final = " ▏▎▍▌▋▊▉█"
_FORMATS: Final = {
    Interval.HOUR: "%Y-%m-%d %H:%M",
    Interval.DAY: "%Y-%m-%d",
    Interval.WEEK: "%Y-%m-%d",
    Interval.MONTH: "%Y-%m",
}


def render_usage_table(table: UsageTable) -> str:
    """Return sums as text; the last row is the total. A row is one line, however wide."""
    shown = Table(box=None, pad_edge=False, padding=(0, 1), show_footer=True)
    has_time = table.grouping.interval is not Interval.ALL
    if has_time:
        shown.add_column(table.grouping.interval.value, "total", no_wrap=True)
    for place, attribute in enumerate(table.grouping.by):
        footer = "total" if place == 0 and not has_time else ""
        shown.add_column(attribute.value, footer, no_wrap=True)
    if not has_time and not table.grouping.by:
        shown.add_column("", "total")
    for name, footer in zip(_COLUMNS, _cells(table.total), strict=True):
        shown.add_column(name, footer, justify="right", no_wrap=True)
    for row in table.rows:
        when = [_when(row.span, table)] if has_time else []
        key = [one_line(value, 40) if value else _NOT_GIVEN for value in row.key]
        blank = [] if has_time or key else [""]
        shown.add_row(*when, *key, *blank, *_cells(row.sums))
    return _printed(shown)


def render_usage_plot(table: UsageTable, *, width: int = 100) -> str:
    """Return a bar for what each span of time cost, of a table without time for each row.

    The last sixty or so spans, or the dearest rows; says how many are left out.
    """
    bars = list(_bars(table))
    is_timed = table.grouping.interval is not Interval.ALL
    shown = bars[-_MOST_BARS:] if is_timed else bars[:_MOST_BARS]
    left_out = len(bars) - len(shown)
    labels = max((len(label) for label, _ in shown), default=0)
    amounts = [f"${cost:,.2f}" for _, cost in shown]
    room = max(width - labels - max(map(len, amounts), default=0) - 4, 10)
    most = max((cost for _, cost in shown), default=Decimal(0))
    lines = [
        f"{label:<{labels}}  {amount:>{max(map(len, amounts))}}  {_bar(cost, most, room)}".rstrip()
        for (label, cost), amount in zip(shown, amounts, strict=True)
    ]
    if left_out:
        which = "earlier ones" if is_timed else "cheaper ones"
        lines.append(f"({left_out} {which} are not shown)")
    return "".join(f"{line}\n" for line in lines)


def render_usage_json(table: UsageTable) -> str:
    """Return sums as JSON; its fields are documented in docs/reference/formats.md."""
    document: JsonObject = {
        "schema": SCHEMA,
        "by": [attribute.value for attribute in table.grouping.by],
        "period": table.grouping.interval.value,
        "timezone": str(table.grouping.zone),
        "price_version": table.price_version,
        "first": _rfc3339(table.first),
        "last": _rfc3339(table.last),
        "undated": table.undated,
        "crowded": table.crowded,
        "unpriced": dict(table.unpriced),
        "total": _sums(table.total),
        "rows": [_row(row, table) for row in table.rows],
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=1).decode() + "\n"


_COLUMNS: Final = ("calls", "failed", "unpriced", "uncached", "writes", "reads", "output", "cost")


def _cells(sums: UsageSums) -> list[str]:
    tokens = sums.tokens
    writes = tokens.cache_write_5m + tokens.cache_write_1h
    counts = (sums.calls, sums.failed, sums.unpriced)
    amounts = (tokens.uncached, writes, tokens.cache_read, tokens.output)
    return [f"{value:,}" for value in (*counts, *amounts)] + [_dollars(sums)]


def _dollars(sums: UsageSums) -> str:
    cost = f"${sums.cost_usd:,.4f}"
    return f"{cost} + ?" if sums.unpriced else cost


def _when(span: Span | None, table: UsageTable) -> str:
    if span is None:
        return "no time"
    local = span.starts.astimezone(table.grouping.zone)
    return local.strftime(_FORMATS[table.grouping.interval])


def _bars(table: UsageTable) -> Iterator[tuple[str, Decimal]]:
    if table.grouping.interval is Interval.ALL:
        for row in table.rows:
            key = [one_line(value, 40) if value else _NOT_GIVEN for value in row.key]
            yield (OTHER if row.is_other else ", ".join(key)), row.sums.cost_usd
        return
    costs: dict[Span | None, Decimal] = {}
    for row in table.rows:
        costs[row.span] = costs.get(row.span, Decimal(0)) + row.sums.cost_usd
    yield from ((_when(span, table), cost) for span, cost in costs.items())


def _bar(cost: Decimal, most: Decimal, room: int) -> str:
    eighths = int(cost / most * room * 8) if most else 0
    return _EIGHTHS[8] * (eighths // 8) + _EIGHTHS[eighths % 8].strip()


def _row(row: UsageRow, table: UsageTable) -> JsonObject:
    names: Sequence[str] = [attribute.value for attribute in table.grouping.by]
    return {
        "starts": _rfc3339(row.span.starts if row.span else None),
        "ends": _rfc3339(row.span.ends if row.span else None),
        **dict(zip(names, row.key, strict=True)),
        "is_other": row.is_other,
        **_sums(row.sums),
    }


def _sums(sums: UsageSums) -> JsonObject:
    return {
        **{name: getattr(sums, name) for name in CSV_COUNTS},
        **{name: getattr(sums.tokens, kind) for name, kind in CSV_TOKENS.items()},
        "cost_usd": plain(sums.cost_usd),
    }


def _rfc3339(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat().replace("+00:00", "Z")


def _printed(table: Table) -> str:
    stream = io.StringIO()
    console = Console(
        file=stream,
        width=_WIDEST,
        no_color=True,
        highlight=False,
        emoji=False,
        markup=False,
        legacy_windows=False,
        soft_wrap=True,
    )
    console.print(table)
    return "".join(f"{line.rstrip()}\n" for line in stream.getvalue().splitlines())
