"""What could be saved, as a table for people and as JSON for machines."""

import io
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

import msgspec
from rich.console import Console
from rich.table import Table

from gonogo.json_lines import JsonObject
from gonogo.plain_text import counted
from gonogo.spend.chargeback import plain
from gonogo.spend.savings import Kind, Saving, SavingsReport

SCHEMA: Final = 1
"""Version of the JSON document; its fields only ever grow."""

_HOURS_OF_A_DAY: Final = 24
_DAYS_OF_A_WEEK: Final = 7

_SAID: Final = {
    Kind.ROUTING: "model routing",
    Kind.REPEATED_DOCUMENTS: "documents sent twice",
    Kind.LONG_HISTORIES: "shorter histories",
    Kind.OUTPUT_CAPS: "output caps",
    Kind.BATCHING: "batching",
    Kind.CACHING: "prompt caching",
}


def render_savings_table(report: SavingsReport, *, width: int = 100, most: int = 20) -> str:
    """Return a report as text.

    Args:
        report: What to show.
        width: Columns of the terminal.
        most: So many measures are shown, the greatest first.
    """
    table = Table(box=None, pad_edge=False, padding=(0, 1))
    for name in ("a month", "in total"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("measure", no_wrap=True)
    table.add_column("rests on", no_wrap=True)
    table.add_column("effort", no_wrap=True)
    table.add_column("where", overflow="fold")
    for saving in report.savings[:most]:
        table.add_row(
            _dollars(report.monthly(saving.alone_usd)),
            _dollars(report.monthly(saving.in_turn_usd)),
            _SAID[saving.kind],
            saving.basis.value,
            saving.effort,
            saving.place,
        )
    lines = _printed(table, width) if report.savings else "no measure saves anything\n"
    return lines + _reasons(report, most) + _conclusion(report, most)


def render_savings_json(report: SavingsReport) -> str:
    """Return a report as JSON; its fields are documented in docs/reference/formats.md."""
    document: JsonObject = {
        "schema": SCHEMA,
        "days": _amount(report.days),
        "first": _rfc3339(report.observed.first),
        "last": _rfc3339(report.observed.last),
        "apart": report.observed.apart,
        "calls": report.calls,
        "unpriced": dict(report.unpriced),
        "undated": report.undated,
        "fixed": report.fixed,
        "price_version": report.price_version,
        "order": [kind.value for kind in Kind],
        "bill_usd": _amount(report.bill_usd),
        "bill_monthly_usd": _amount(report.monthly(report.bill_usd)),
        "backed_monthly_usd": _amount(report.monthly(report.backed_usd)),
        "total_monthly_usd": _amount(report.monthly(report.total_usd)),
        "savings": [_saving(saving, report) for saving in report.savings],
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=1).decode() + "\n"


def _reasons(report: SavingsReport, most: int) -> str:
    """Say of each measure what was seen, and what would have to be true."""
    lines = [""] if report.savings else []
    for saving in report.savings[:most]:
        lines.append(f"{_SAID[saving.kind]}, {saving.place}")
        lines.append(f"    seen: {saving.evidence}")
        lines.append(f"    if: {saving.needs}")
    return "".join(f"{line}\n" for line in lines)


def _conclusion(report: SavingsReport, most: int) -> str:
    left_out = len(report.savings) - most
    lines = [f"({counted(left_out, 'more measure')} not shown)"] if left_out > 0 else []
    bill = report.monthly(report.bill_usd)
    days = plain(report.days.quantize(Decimal("0.001")))
    lines += [
        "",
        f"bill of a month like these {days} day{'' if days == '1' else 's'}: {_dollars(bill)}",
        *_doubts(report),
        f"together, without assumptions: {_share(report, report.backed_usd)}",
        f"together, if all assumptions hold: {_share(report, report.total_usd)}",
        "(each on the bill that the others leave: " + ", ".join(_SAID[k] for k in Kind) + ";",
        " where batching and caching meet, only what saves more)",
    ]
    return "".join(f"{line}\n" for line in lines)


def _doubts(report: SavingsReport) -> Iterator[str]:
    """Say what makes a month of so many days doubtful."""
    observed = report.observed
    if observed.apart:
        calls = counted(observed.apart, "call")
        yield f"({calls} lie more than a month apart from the others: in no day, but in the bill)"
    if observed.first is None or observed.last is None or report.days != observed.days:
        return
    hours = (observed.last - observed.first) / timedelta(hours=1)
    if hours < _HOURS_OF_A_DAY - 1:
        yield (
            f"({hours:.1f} hours were observed: they count as a whole day; say by --days what they"
            " are)"
        )
    elif observed.days < _DAYS_OF_A_WEEK:
        yield "(less than a week was observed: how other days of the week are is not known)"


def _share(report: SavingsReport, saved: Decimal) -> str:
    share = saved / report.bill_usd if report.bill_usd else Decimal(0)
    return f"{_dollars(report.monthly(saved))} ({share:.1%})"


def _saving(saving: Saving, report: SavingsReport) -> JsonObject:
    return {
        "kind": saving.kind.value,
        "place": saving.place,
        "basis": saving.basis.value,
        "calls": saving.calls,
        "alone_monthly_usd": _amount(report.monthly(saving.alone_usd)),
        "total_monthly_usd": _amount(report.monthly(saving.in_turn_usd)),
        "backed_monthly_usd": _amount(report.monthly(saving.backed_usd)),
        "alone_usd": _amount(saving.alone_usd),
        "evidence": saving.evidence,
        "effort": saving.effort,
        "needs": saving.needs,
    }


def _amount(amount: Decimal) -> str:
    """Return an amount to a billionth; what a month is makes more digits than mean anything."""
    return f"{amount:.9f}"


def _rfc3339(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat().replace("+00:00", "Z")


def _dollars(amount: Decimal) -> str:
    return f"${amount:,.2f}"


def _printed(table: Table, width: int) -> str:
    stream = io.StringIO()
    console = Console(
        file=stream,
        width=max(width, 80),
        no_color=True,
        highlight=False,
        emoji=False,
        markup=False,
        legacy_windows=False,
    )
    console.print(table)
    return "".join(f"{line.rstrip()}\n" for line in stream.getvalue().splitlines())
