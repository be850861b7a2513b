"""`gonogo spend reconcile`: own exchanges against the organization's bill."""

from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from gonogo.cli.exits import Exit, reported_errors, say
from gonogo.cli.progress import with_progress
from gonogo.cli.usage import ReadExchanges
from gonogo.errors import BadInputError, Problem
from gonogo.plain_text import counted
from gonogo.reports.reconciliation import reconciliation_document, render_reconciliation
from gonogo.settings import load_settings
from gonogo.spend.reconciliation import Reconciliation, reconcile


class ReconcileFormat(StrEnum):
    """How a reconciliation is printed."""

    TABLE = "table"
    JSON = "json"


def reconcile_bill(
    locations: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE",
            help="Own exchanges as JSON Lines (.gz and .zst too) or Parquet: files, folders, URLs,"
            " or - for standard input.",
        ),
    ],
    *,
    start: Annotated[str, typer.Option("--from", metavar="DAY", help="First day, in UTC.")],
    end: Annotated[str, typer.Option("--until", metavar="DAY", help="Day after the last.")],
    format: Annotated[  # noqa: A002 - the option's name
        ReconcileFormat, typer.Option(help="table for people, json for machines.")
    ] = ReconcileFormat.TABLE,
) -> None:
    """Hold own exchanges against the Admin API's cost report, by model and kind of token.

    Asks the Admin API: it needs the key of an administrator in ANTHROPIC_ADMIN_KEY.

    Exit status: 0 they agree to 1 % or a cent, 1 they do not, 2 bad input, 4 the API failed.
    """
    read = ReadExchanges()
    with reported_errors():
        found = _reconcile(read, locations, _day("--from", start), _day("--until", end))
    match format:
        case ReconcileFormat.JSON:
            typer.echo(msgspec.json.format(msgspec.json.encode(reconciliation_document(found))))
        case ReconcileFormat.TABLE:
            typer.echo(render_reconciliation(found), nl=False)
    if read.problems:
        say(f"gonogo: {counted(read.problems, 'record')} could not be read and not compared")
        raise typer.Exit(Exit.BAD_INPUT)
    if not found.holds:
        raise typer.Exit(Exit.NO_GO)


def _reconcile(read: ReadExchanges, locations: list[str], start: date, end: date) -> Reconciliation:
    from gonogo.claude.cost_reports import (  # noqa: PLC0415 - heavy: imports the SDK
        admin_client,
        fetch_costs,
        fetch_usage,
    )

    if start >= end:
        raise BadInputError([Problem("--until", f"{end} is not after {start}")])
    with admin_client() as client:
        bill, usage = fetch_costs(client, start, end), fetch_usage(client, start, end)
    return reconcile(
        with_progress(read.of(locations), "exchanges"),
        bill,
        start=start,
        end=end,
        prices=load_settings(Path.cwd()).prices,
        usage=usage,
    )


def _day(option: str, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise BadInputError([Problem(option, f"{text!r} is no day: {error}")]) from error
