"""`gonogo forecast`: how fast is spent, what days and the month come to, when a limit is hit."""

import shutil
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from gonogo.amounts import parse_amount
from gonogo.cli.exits import Exit, reported_errors, say
from gonogo.cli.progress import with_progress
from gonogo.cli.usage import ReadExchanges, zone_named
from gonogo.errors import BadInputError, Problem
from gonogo.plain_text import counted
from gonogo.reports.forecast import Foreseen, render_forecast, render_forecast_json
from gonogo.settings import load_settings


class ForecastFormat(StrEnum):
    """How the forecast is printed."""

    TABLE = "table"
    JSON = "json"


class ForecastMeasure(StrEnum):
    """What is foreseen."""

    COST = "cost"
    TOKENS = "tokens"


def forecast(  # noqa: PLR0913 - a parameter an option
    locations: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="FILE",
            help="Exchanges as JSON Lines (.gz and .zst too) or Parquet: files, folders, URLs, or -"
            " for standard input, which is the default.",
        ),
    ] = None,
    *,
    measure: Annotated[
        ForecastMeasure, typer.Option(help="US dollars, or tokens in and out.")
    ] = ForecastMeasure.COST,
    limit: Annotated[
        str | None,
        typer.Option(metavar="AMOUNT", help="Say when the month comes to this amount."),
    ] = None,
    timezone: Annotated[str, typer.Option(help="Whose days and months: Europe/Berlin.")] = "UTC",
    now: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="When it is, RFC 3339.  [default: the clock's time]"),
    ] = None,
    days: Annotated[int, typer.Option(min=1, max=28, help="How many days to show.")] = 7,
    format: Annotated[  # noqa: A002 - the option's name
        ForecastFormat, typer.Option(help="table for people, json for machines.")
    ] = ForecastFormat.TABLE,
    plot: Annotated[
        bool, typer.Option("--plot", help="Show the days as bars, with their intervals.")
    ] = False,
) -> None:
    """Foresee spending: burn rate, days, the calendar month, and when a limit is hit.

    Works from two days of exchanges on, and says how little it knows then.

    Exit status: 0 done, 1 the limit is likely to be hit before the month ends, 2 bad input or too
    little history.
    """
    read = ReadExchanges()
    with reported_errors():
        foreseen = _foresee(
            read,
            locations or ["-"],
            measure=measure,
            limit=None if limit is None else _amount_of(limit),
            zone=timezone,
            now=datetime.now(UTC) if now is None else _moment_of(now),
            days=days,
        )
    width = shutil.get_terminal_size((100, 24)).columns
    match format:
        case ForecastFormat.JSON:
            typer.echo(render_forecast_json(foreseen), nl=False)
        case ForecastFormat.TABLE:
            typer.echo(render_forecast(foreseen, width=width, plot=plot), nl=False)
    if read.problems:
        say(f"gonogo: {counted(read.problems, 'record')} could not be read and not summed")
        raise typer.Exit(Exit.BAD_INPUT)
    if foreseen.is_limit_hit:
        raise typer.Exit(Exit.NO_GO)


def _foresee(  # noqa: PLR0913 - one a setting of the command
    read: ReadExchanges,
    locations: list[str],
    *,
    measure: ForecastMeasure,
    limit: Decimal | None,
    zone: str,
    now: datetime,
    days: int,
) -> Foreseen:
    from gonogo.spend.forecasting import projections  # noqa: PLC0415 - heavy: numpy
    from gonogo.spend.forecasting.hourly_sums import (  # noqa: PLC0415 - likewise
        cost_with,
        sum_by_hour,
        tokens_of,
    )

    place = zone_named(zone)
    prices = load_settings(Path.cwd()).prices
    how = tokens_of if measure is ForecastMeasure.TOKENS else cost_with(prices)
    sums = sum_by_hour(with_progress(read.of(locations), "exchanges"), how, now=now)
    until = max(projections.end_of_month(sums, place), sums.ends + timedelta(days=days + 1))
    outlook = projections.foresee(sums, until)
    month = projections.project_month(sums, outlook, place)
    hit = None
    if limit is not None:
        hit = projections.project_limit(sums, outlook, limit, since=month.starts)
    return Foreseen(
        measure=measure.value,
        sums=sums,
        burn_rate=projections.burn_rate_of(sums),
        days=projections.project_days(sums, outlook, place)[:days],
        month=month,
        limit=limit,
        hit=hit,
    )


def _amount_of(text: str) -> Decimal:
    try:
        amount = parse_amount(text)
    except ValueError as error:
        raise BadInputError([Problem("--limit", str(error))]) from error
    if not amount:
        raise BadInputError([Problem("--limit", "expected more than 0")])
    return amount


def _moment_of(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadInputError([Problem("--now", f"{text!r} is no time: {error}")]) from error
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
