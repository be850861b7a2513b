"""`gonogo savings`: where money can be saved, and what each saving rests on."""

import shutil
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from gonogo.amounts import parse_amount
from gonogo.cli.exits import Exit, reported_errors, say
from gonogo.cli.progress import with_progress
from gonogo.cli.reading import ReadExchanges, say_unpriced
from gonogo.errors import BadInputError, Problem
from gonogo.plain_text import counted
from gonogo.reports.savings import render_savings_json, render_savings_table
from gonogo.settings import load_settings
from gonogo.spend.savings import (
    SavingsReport,
    SavingsSettings,
    estimate_savings,
    load_evidence,
)


class SavingsFormat(StrEnum):
    """How savings are printed."""

    TABLE = "table"
    JSON = "json"


def savings(
    locations: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="FILE",
            help="Exchanges as JSON Lines (.gz and .zst too) or Parquet: files, folders, URLs, or -"
            " for standard input, which is the default. In the order of time.",
        ),
    ] = None,
    *,
    evidence: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="JSON",
            help="What `gonogo compare --models A,B --format json` printed; may be given more"
            " than once.",
        ),
    ] = None,
    days: Annotated[
        str | None,
        typer.Option(help="How many days the files cover.  [default: first to last, at least 1]"),
    ] = None,
    batch_domain: Annotated[
        list[str] | None,
        typer.Option(help="A domain in which nobody waits; may be given more than once."),
    ] = None,
    format: Annotated[  # noqa: A002 - the option's name
        SavingsFormat, typer.Option(help="table for people, json for machines.")
    ] = SavingsFormat.TABLE,
) -> None:
    """Estimate what routing, shorter prompts and answers, batching and caching would save.

    Exit status: 0 done, 2 bad input (what could be read was used), 3 there was nothing to look at.
    """
    read = ReadExchanges()
    with reported_errors():
        report = estimate_savings(
            with_progress(read.of(locations or ["-"]), "exchanges"),
            prices=load_settings(Path.cwd()).prices,
            evidence=load_evidence(evidence or []),
            settings=SavingsSettings(batch_domains=frozenset(batch_domain or [])),
            days=_days_in(days),
        )
    width = shutil.get_terminal_size((100, 24)).columns
    is_json = format is SavingsFormat.JSON
    shown = render_savings_json(report) if is_json else render_savings_table(report, width=width)
    typer.echo(shown, nl=False)
    _say_what_was_left_out(report, read.problems)
    if read.problems:
        raise typer.Exit(Exit.BAD_INPUT)
    if not report.calls:
        say("gonogo: there was nothing to look at")
        raise typer.Exit(Exit.UNDECIDED)


def _days_in(text: str | None) -> Decimal | None:
    if text is None:
        return None
    try:
        days = parse_amount(text)
    except ValueError:
        days = Decimal(0)
    if not Decimal("0.001") <= days <= 100_000:
        message = f"expected a number of days from 0.001 to 100000, got {text!r}"
        raise BadInputError([Problem("--days", message)])
    return days


def _say_what_was_left_out(report: SavingsReport, problems: int) -> None:
    say_unpriced(report.unpriced)
    if report.undated:
        say(f"gonogo: {counted(report.undated, 'call')} without a time: not looked at for caching")
    if report.fixed:
        what = "that is free, failed, fast or of several inferences: in the bill, as it is"
        say(f"gonogo: {counted(report.fixed, 'call')} {what}")
    if problems:
        say(f"gonogo: {counted(problems, 'record')} could not be read and not looked at")
