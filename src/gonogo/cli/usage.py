"""`gonogo usage`: what calls used and cost, by whom, for what, by which model and when."""

import shutil
import sys
from collections.abc import Iterable
from enum import StrEnum
from itertools import chain
from pathlib import Path
from typing import Annotated

import typer

from gonogo.cli.exits import Exit, reported_errors, say
from gonogo.cli.progress import with_progress
from gonogo.cli.reading import ReadExchanges, say_unpriced, zone_named
from gonogo.errors import BadInputError, Problem
from gonogo.plain_text import counted
from gonogo.reports.usage_sums import render_usage_json, render_usage_plot, render_usage_table
from gonogo.settings import load_settings
from gonogo.spend.chargeback import (
    EXCEL_MARK,
    BillingAccount,
    csv_lines,
    focus_grouping,
    focus_lines,
    unfocused,
)
from gonogo.spend.usage import MOST_ROWS, Attribute, Grouping, Interval, UsageTable, sum_usage


class UsageFormat(StrEnum):
    """How sums are printed."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"
    EXCEL = "excel"
    FOCUS = "focus"


def usage(  # noqa: PLR0913 - a parameter an option
    locations: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="FILE",
            help="Exchanges as JSON Lines (.gz and .zst too) or Parquet: files, folders, URLs, or -"
            " for standard input, which is the default. Traces and cassettes are read, too.",
        ),
    ] = None,
    *,
    by: Annotated[
        str,
        typer.Option(
            help="Parted by commas: user, department, domain, prompt_version, model.  '' for none."
        ),
    ] = "model",
    period: Annotated[Interval, typer.Option(help="Time that a row sums.")] = Interval.ALL,
    timezone: Annotated[
        str, typer.Option(help="Whose days, weeks and months: Europe/Berlin.")
    ] = "UTC",
    format: Annotated[  # noqa: A002 - the option's name
        UsageFormat,
        typer.Option(
            help="csv: exact costs; excel: the same, for a double click; focus: FinOps FOCUS 1.2"
            " as CSV."
        ),
    ] = UsageFormat.TABLE,
    top: Annotated[
        int | None, typer.Option(min=1, help="Show the dearest so many; the rest is `other`.")
    ] = None,
    account: Annotated[str, typer.Option(help="FOCUS: BillingAccountId of the rows.")] = "unknown",
    plot: Annotated[
        bool, typer.Option("--plot", help="Show bars of the cost in place of the table.")
    ] = False,
) -> None:
    """Sum tokens and costs of exchanges: one pass, bounded memory.

    \b
    gonogo usage logs/ --by department,model
    gonogo usage logs/ --by user --period month --timezone Europe/Berlin --format csv > bill.csv
    zcat day.jsonl.gz | gonogo usage --period hour --plot

    Exit status: 0 done (calls without a price are counted and named), 2 bad input (what could be
    read was summed), 3 there was nothing to sum.
    """  # noqa: D301 - click is told to keep the lines by the character itself
    read = ReadExchanges()
    with reported_errors():
        grouping = Grouping(by=attributes_in(by), interval=period, zone=zone_named(timezone))
        if format is UsageFormat.FOCUS:
            grouping = focus_grouping(grouping)
        settings = load_settings(Path.cwd())
        exchanges = with_progress(read.of(locations or ["-"]), "exchanges")
        table = sum_usage(exchanges, grouping, prices=settings.prices, top=top)
    for text in _printed(table, format, account, read, plot=plot):
        typer.echo(text, nl=False)
    _say_what_is_missing(table, read.problems, format)
    if read.problems:
        raise typer.Exit(Exit.BAD_INPUT)
    if not table.total.calls:
        say("gonogo: there was nothing to sum")
        raise typer.Exit(Exit.UNDECIDED)


def attributes_in(text: str) -> tuple[Attribute, ...]:
    """Read the attributes of `--by`, each once.

    Raises:
        BadInputError: If one is unknown.
    """
    names = [name.strip().replace("-", "_") for name in text.split(",") if name.strip()]
    try:
        return tuple(dict.fromkeys(Attribute(name) for name in names))
    except ValueError as error:
        known = ", ".join(Attribute)
        unknown = ", ".join(repr(name) for name in names if name not in list(Attribute))
        raise BadInputError([Problem("--by", f"{unknown} is none of {known}")]) from error


def _printed(
    table: UsageTable, format_: UsageFormat, account: str, read: ReadExchanges, *, plot: bool
) -> Iterable[str]:
    width = shutil.get_terminal_size((100, 24)).columns
    match format_:
        case UsageFormat.JSON:
            return [render_usage_json(table, unread=read.problems, repeated=read.repeated)]
        case UsageFormat.CSV:
            return csv_lines(table)
        case UsageFormat.EXCEL:
            return chain([EXCEL_MARK], csv_lines(table))
        case UsageFormat.FOCUS:
            return focus_lines(table, BillingAccount(id=account))
        case UsageFormat.TABLE if plot:
            return [render_usage_plot(table, width=width)]
        case UsageFormat.TABLE:
            return [render_usage_table(table, width=width if sys.stdout.isatty() else None)]


def _say_what_is_missing(table: UsageTable, problems: int, format_: UsageFormat) -> None:
    say_unpriced(table.unpriced)
    if table.crowded:
        message = f"after {MOST_ROWS:,} rows: they are in `other`, the rows before are exact"
        say(f"gonogo: {counted(table.crowded, 'call')} came {message}")
    if format_ is UsageFormat.FOCUS:
        calls, cost = unfocused(table)
        if calls:
            say(f"gonogo: {counted(calls, 'call')} without a time, of ${cost:.6f}, left out")
    if problems:
        say(f"gonogo: {counted(problems, 'record')} could not be read and not summed")
