"""Sums of usage as a table or a plot for people and as JSON for machines."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

import msgspec
from rich.cells import cell_len, set_cell_size

from gonogo.json_lines import JsonObject
from gonogo.plain_text import counted, one_line
from gonogo.pricing import TokenCounts
from gonogo.spend.chargeback import CSV_COUNTS, CSV_TOKENS, plain
from gonogo.spend.usage import OTHER, Interval, Span, UsageRow, UsageSums, UsageTable

SCHEMA: Final = 1
"""Version of the JSON document; its fields only ever grow."""

_NOT_GIVEN: Final = "–"
_LONGEST_KEY: Final = 40
_LEAST_KEY: Final = 8
_GAP: Final = "  "
_MOST_BARS: Final = 62
_EIGHTHS: Final = " ▏▎▍▌▋▊▉█"
_FORMATS: Final = {
    Interval.HOUR: "%Y-%m-%d %H:%M",
    Interval.DAY: "%Y-%m-%d",
    Interval.WEEK: "%Y-%m-%d",
    Interval.MONTH: "%Y-%m",
}


def render_usage_table(table: UsageTable, *, width: int | None = None) -> str:
    """Return sums as text; the last row is the total. A row is one line.

    Args:
        table: What to show.
        width: Columns of the terminal: where they do not suffice, columns without anything are left
            out, tokens shortened, then texts. None: all is shown in full.
    """
    columns = _full(table)
    if width is None:
        return _aligned(columns)
    for shorten in (_without_zeros, _with_short_tokens):
        columns = columns if _width(columns) <= width else shorten(table)
    return _aligned(_cut(columns, width))


def render_usage_plot(table: UsageTable, *, width: int = 100) -> str:
    """Return a bar for what each span of time cost, of a table without time for each row.

    The last sixty or so spans, or the dearest rows; says how many are left out.
    """
    bars = list(_bars(table))
    is_timed = table.grouping.interval is not Interval.ALL
    shown = bars[-_MOST_BARS:] if is_timed else bars[:_MOST_BARS]
    left_out = len(bars) - len(shown)
    labels = max((cell_len(bar.label) for bar in shown), default=0)
    amounts = [f"${bar.cost:,.2f}{' + ?' if bar.is_partly_known else ''}" for bar in shown]
    room = max(width - labels - max(map(len, amounts), default=0) - 4, 10)
    most = max((bar.cost for bar in shown), default=Decimal(0))
    lines: list[str] = []
    last: datetime | None = None
    for bar, amount in zip(shown, amounts, strict=True):
        if last is not None and bar.span is not None and bar.span.starts > last:
            lines.append(f"(nothing for {_lasting(bar.span.starts - last)})")
        last = bar.span.ends if bar.span else None
        label = set_cell_size(bar.label, labels)
        padded = f"{amount:>{max(map(len, amounts))}}"
        lines.append(f"{label}  {padded}  {_bar(bar.cost, most, room)}".rstrip())
    if left_out:
        which = "earlier ones" if is_timed else "cheaper ones"
        lines.append(f"({left_out} {which} are not shown)")
    return "".join(f"{line}\n" for line in lines)


def render_usage_json(table: UsageTable, *, unread: int = 0, repeated: int = 0) -> str:
    """Return sums as JSON; its fields are documented in docs/reference/formats.md.

    Args:
        table: What to show.
        unread: Records that could not be read.
        repeated: Exchanges that stood in the files more than once.
    """
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
        "unread": unread,
        "repeated": repeated,
        "unpriced": dict(table.unpriced),
        "total": _sums(table.total),
        "rows": [_row(row, table) for row in table.rows],
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=1).decode() + "\n"


@dataclass(frozen=True, slots=True)
class _Column:
    """A column of the table.

    Attributes:
        name: Its header.
        cells: From top to bottom, the total last.
        is_number: Whether it is set to the right.
    """

    name: str
    cells: tuple[str, ...]
    is_number: bool = True

    @property
    def width(self) -> int:
        return max(cell_len(cell) for cell in (self.name, *self.cells))


def _full(table: UsageTable, number: Callable[[int], str] = "{:,}".format) -> list[_Column]:
    sums = [*(row.sums for row in table.rows), table.total]
    columns = [*_keys_of(table)]
    for name in ("calls", "failed", "unpriced"):
        columns.append(_Column(name, tuple(f"{getattr(each, name):,}" for each in sums)))
    for name, count in _TOKENS.items():
        columns.append(_Column(name, tuple(number(count(each.tokens)) for each in sums)))
    if table.total.list_cost_usd != table.total.cost_usd:
        columns.append(_Column("at list", tuple(f"${each.list_cost_usd:,.4f}" for each in sums)))
    return [*columns, _Column("cost", tuple(_dollars(each) for each in sums))]


def _without_zeros(
    table: UsageTable, number: Callable[[int], str] = "{:,}".format
) -> list[_Column]:
    """Leave out numbers of which the total, and so each, is 0; calls stay."""
    return [
        column
        for column in _full(table, number)
        if column.name == "calls" or not column.is_number or column.cells[-1] != "0"
    ]


def _with_short_tokens(table: UsageTable) -> list[_Column]:
    return _without_zeros(table, _short)


def _short(number: int) -> str:
    """Write a number with three digits: `1.23M`."""
    for unit, letter in ((10**12, "T"), (10**9, "B"), (10**6, "M"), (10**3, "K")):
        if number >= unit:
            digits = max(2 - len(str(number // unit)) + 1, 0)
            return f"{number / unit:.{digits}f}{letter}"
    return str(number)


def _keys_of(table: UsageTable) -> Iterator[_Column]:
    totals = iter(("total",))
    if table.grouping.interval is not Interval.ALL:
        cells = [*(_when(row.span, table) for row in table.rows), next(totals)]
        yield _Column(table.grouping.interval.value, tuple(cells), is_number=False)
    for place, attribute in enumerate(table.grouping.by):
        values = (row.key[place] for row in table.rows)
        shown = [one_line(value, _LONGEST_KEY) if value else _NOT_GIVEN for value in values]
        yield _Column(attribute.value, (*shown, next(totals, "")), is_number=False)
    for total in totals:
        yield _Column("", (*("" for _ in table.rows), total), is_number=False)


_TOKENS: Final[dict[str, Callable[[TokenCounts], int]]] = {
    "uncached": lambda tokens: tokens.uncached,
    "writes": lambda tokens: tokens.cache_write_5m + tokens.cache_write_1h,
    "reads": lambda tokens: tokens.cache_read,
    "output": lambda tokens: tokens.output,
}


def _width(columns: list[_Column]) -> int:
    return sum(column.width for column in columns) + len(_GAP) * (len(columns) - 1)


def _cut(columns: list[_Column], width: int) -> list[_Column]:
    """Cut the widest text again and again, as far as something can still be told from it."""
    widths = [column.width for column in columns]
    texts = [place for place, column in enumerate(columns) if not column.is_number]
    excess = _width(columns) - width
    while excess > 0 and texts:
        widest = max(texts, key=lambda place: widths[place])
        if widths[widest] <= max(_LEAST_KEY, cell_len(columns[widest].name)):
            break
        widths[widest] -= 1
        excess -= 1
    return [
        column
        if column.is_number
        else replace(column, cells=tuple(_cut_to(cell, size) for cell in column.cells))
        for column, size in zip(columns, widths, strict=True)
    ]


def _cut_to(text: str, width: int) -> str:
    return text if cell_len(text) <= width else set_cell_size(text, width - 1).rstrip() + "…"


def _aligned(columns: list[_Column]) -> str:
    widths = [column.width for column in columns]
    lines = []
    for cells in zip(*([column.name, *column.cells] for column in columns), strict=True):
        padded = [
            f"{cell:>{size}}" if column.is_number else cell + " " * (size - cell_len(cell))
            for cell, column, size in zip(cells, columns, widths, strict=True)
        ]
        lines.append(_GAP.join(padded).rstrip() + "\n")
    return "".join(lines)


def _dollars(sums: UsageSums) -> str:
    cost = f"${sums.cost_usd:,.4f}"
    return f"{cost} + ?" if sums.unpriced else cost


def _when(span: Span | None, table: UsageTable) -> str:
    if span is None:
        return "no time"
    local = span.starts.astimezone(table.grouping.zone)
    return local.strftime(_FORMATS[table.grouping.interval])


@dataclass(frozen=True, slots=True)
class _Bar:
    label: str
    cost: Decimal
    is_partly_known: bool
    span: Span | None


def _bars(table: UsageTable) -> Iterator[_Bar]:
    if table.grouping.interval is Interval.ALL:
        for row in table.rows:
            key = [one_line(value, _LONGEST_KEY) if value else _NOT_GIVEN for value in row.key]
            label = OTHER if row.is_other else ", ".join(key)
            yield _Bar(label, row.sums.cost_usd, bool(row.sums.unpriced), None)
        return
    sums: dict[Span | None, UsageSums] = {}
    for row in table.rows:
        sums[row.span] = sums.get(row.span, UsageSums()) + row.sums
    for span, each in sums.items():
        yield _Bar(_when(span, table), each.cost_usd, bool(each.unpriced), span)


def _lasting(time: timedelta) -> str:
    hours = round(time / timedelta(hours=1))
    return counted(round(hours / 24), "day") if hours >= 23 else counted(hours, "hour")


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
        "list_cost_usd": plain(sums.list_cost_usd),
    }


def _rfc3339(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat().replace("+00:00", "Z")
