"""`gonogo spend reconcile`: own exchanges against the organization's bill."""

from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from gonogo.cli.exits import Exit, reported_errors, say
from gonogo.cli.progress import with_progress
from gonogo.cli.reading import ReadExchanges
from gonogo.cli.telling import Telling
from gonogo.errors import BadInputError, Problem
from gonogo.plain_text import counted
from gonogo.reports.reconciliation import reconciliation_document, render_reconciliation
from gonogo.settings import load_settings
from gonogo.spend.reconciliation import Reconciliation, Tolerance, reconcile
from gonogo.spending_alarms import alarm_of_reconciliation, key_of_reconciliation


class ReconcileFormat(StrEnum):
    """How a reconciliation is printed."""

    TABLE = "table"
    JSON = "json"


def reconcile_bill(  # noqa: PLR0913 - each is an option of the command
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
    tolerance: Annotated[
        float,
        typer.Option(min=0, max=1, help="Share by which amounts may differ; a cent always may."),
    ] = 0.01,
    workspace: Annotated[
        list[str] | None,
        typer.Option(
            "--workspace",
            metavar="ID",
            help="Whose part of the bill: an id, or `default`; may be given several times."
            "  [default: the whole organization's]",
            show_default=False,
        ),
    ] = None,
    alert: Annotated[
        bool, typer.Option("--alert", help="Tell the receivers of [tool.gonogo.alerts], too.")
    ] = False,
    format: Annotated[  # noqa: A002 - the option's name
        ReconcileFormat, typer.Option(help="table for people, json for machines.")
    ] = ReconcileFormat.TABLE,
) -> None:
    """Hold own exchanges against the Admin API's cost report, by model and kind of token.

    Asks the Admin API: it needs the key of an administrator in ANTHROPIC_ADMIN_KEY.

    Exit status: 0 they agree within the tolerance, 1 they do not, 2 bad input, 4 the API failed
    or a receiver did not take its message, which waits in the outbox.
    """
    read = ReadExchanges()
    with reported_errors():
        telling = Telling(Path.cwd(), alert=alert)
        found = _reconcile(
            read,
            locations,
            (_day("--from", start), _day("--until", end)),
            workspaces=_workspaces(workspace),
            tolerance=Tolerance(share=Decimal(str(tolerance))),
        )
        is_told = _tell(found, telling)
    match format:
        case ReconcileFormat.JSON:
            typer.echo(msgspec.json.format(msgspec.json.encode(reconciliation_document(found))))
        case ReconcileFormat.TABLE:
            typer.echo(render_reconciliation(found), nl=False)
    if read.problems:
        say(f"gonogo: {counted(read.problems, 'record')} could not be read and not compared")
        raise typer.Exit(Exit.BAD_INPUT)
    if not is_told:
        raise typer.Exit(Exit.SERVICE_FAILED)
    if not found.holds:
        raise typer.Exit(Exit.NO_GO)


def _reconcile(
    read: ReadExchanges,
    locations: list[str],
    days: tuple[date, date],
    *,
    workspaces: set[str | None] | None,
    tolerance: Tolerance,
) -> Reconciliation:
    from gonogo.claude.cost_reports import (  # noqa: PLC0415 - heavy: imports the SDK
        admin_client,
        fetch_costs,
        fetch_usage,
    )

    start, end = days
    if start >= end:
        raise BadInputError([Problem("--until", f"{end} is not after {start}")])
    if end > datetime.now(UTC).date():
        say(f"gonogo: the bill of the last days before {end} may not be complete yet")
    with admin_client() as client:
        bill, usage = fetch_costs(client, start, end), fetch_usage(client, start, end)
    return reconcile(
        with_progress(read.of(locations), "exchanges"),
        bill,
        start=start,
        end=end,
        prices=load_settings(Path.cwd()).prices,
        usage=usage,
        workspaces=workspaces,
        tolerance=tolerance,
    )


def _tell(found: Reconciliation, telling: Telling) -> bool:
    """Tell what differs, or that it no longer does; return whether everybody was told."""
    if found.holds:
        telling.recover(key_of_reconciliation(found))
    else:
        telling.sound(alarm_of_reconciliation(found))
    return telling.flush()


def _workspaces(given: list[str] | None) -> set[str | None] | None:
    """Return the ids; the default workspace has none."""
    if not given:
        return None
    return {None if name == "default" else name for name in given}


def _day(option: str, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise BadInputError([Problem(option, f"{text!r} is no day: {error}")]) from error
