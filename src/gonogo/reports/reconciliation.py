"""Shows own exchanges against the bill: a table for people, a document for machines."""

from decimal import Decimal
from typing import Final

from gonogo.json_lines import JsonObject
from gonogo.plain_text import counted, one_line
from gonogo.spend.reconciliation import Reconciliation, Row

SCHEMA: Final = 1
"""Of the document; fields are only ever added."""

_NAME_LENGTH: Final = 40
_UNKNOWN: Final = "-"
_HEADINGS: Final = ("model", "kind", "exchanges", "billed", "difference", "")


def render_reconciliation(found: Reconciliation) -> str:
    """Return a table with a line a model and kind, and below it what a person should look at."""
    rows = [_cells(row) for row in found.rows]
    total = ("in all", "", *_amounts(found.ours_usd, found.billed_usd), _mark(found.is_total_off))
    lines = [
        f"{found.start} to {found.end} (not included), in US dollars, by {found.price_version};"
        f" {counted(found.exchanges, 'exchange')}",
        *_aligned([_HEADINGS, *rows, total]),
    ]
    if found.caveats:
        said = ", ".join(f"{caveat} {count}" for caveat, count in found.caveats.items())
        lines.append(f"may be billed otherwise than usage says: {said}")
    lines += [f"! {one_line(alarm, 300)}" for alarm in found.alarms]
    return "\n".join(lines) + "\n"


def reconciliation_document(found: Reconciliation) -> JsonObject:
    """Return all of it as JSON; amounts are decimal strings in US dollars."""
    return {
        "schema": SCHEMA,
        "start": found.start.isoformat(),
        "end": found.end.isoformat(),
        "holds": found.holds,
        "price_version": found.price_version,
        "exchanges": found.exchanges,
        "ours_usd": _exact(found.ours_usd),
        "billed_usd": _exact(found.billed_usd),
        "is_total_off": found.is_total_off,
        "rows": [_row_document(row) for row in found.rows],
        "unpriced": dict(found.unpriced),
        "undated": found.undated,
        "outside": found.outside,
        "caveats": {str(caveat): count for caveat, count in found.caveats.items()},
        "alarms": list(found.alarms),
    }


def _row_document(row: Row) -> JsonObject:
    return {
        "model": row.model,
        "kind": str(row.kind),
        "ours_usd": None if row.ours_usd is None else _exact(row.ours_usd),
        "billed_usd": _exact(row.billed_usd),
        "our_count": row.our_count,
        "billed_count": row.billed_count,
        "is_off": row.is_off,
        "cause": row.cause,
    }


def _cells(row: Row) -> tuple[str, ...]:
    model = one_line(row.model, _NAME_LENGTH) if row.model else _UNKNOWN
    return (model, str(row.kind), *_amounts(row.ours_usd, row.billed_usd), _mark(row.is_off))


def _amounts(ours: Decimal | None, billed: Decimal) -> tuple[str, str, str]:
    if ours is None:
        return _UNKNOWN, f"{billed:.4f}", _UNKNOWN
    return f"{ours:.4f}", f"{billed:.4f}", f"{billed - ours:+.4f}"


def _mark(is_off: bool) -> str:  # noqa: FBT001 - the one thing that it marks
    return "off" if is_off else ""


def _aligned(table: list[tuple[str, ...]]) -> list[str]:
    """Pad names to the right and amounts to the left."""
    widths = [max(len(cells[column]) for cells in table) for column in range(len(_HEADINGS))]
    lines = []
    for cells in table:
        padded = [
            cell.ljust(width) if column < 2 or column == len(cells) - 1 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(cells, widths, strict=True))
        ]
        lines.append("  ".join(padded).rstrip())
    return lines


def _exact(amount: Decimal) -> str:
    return format(amount, "f")
