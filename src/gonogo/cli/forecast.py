"""`gonogo forecast`: how fast is spent, what days and the month come to, when a limit is hit."""

import shutil
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gonogo.amounts import parse_amount
from gonogo.cli.exits import Exit, reported_errors, say
from gonogo.cli.progress import with_progress
from gonogo.cli.reading import ReadExchanges, zone_named
from gonogo.cli.telling import Telling
from gonogo.errors import BadInputError, Problem
from gonogo.plain_text import counted
from gonogo.reports.forecast import Foreseen, render_forecast, render_forecast_json
from gonogo.settings import load_settings
from gonogo.spend.periods import (
    Period,
    calendar_window,
    microseconds_of,
    moment_of,
    parse_length,
)

if TYPE_CHECKING:
    from gonogo.spend.forecasting.forecasts import Outlook
    from gonogo.spend.forecasting.hourly_sums import HourlySums
    from gonogo.spend.forecasting.projections import LimitHit


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
        typer.Option(metavar="AMOUNT", help="Say when the limit's period comes to this amount."),
    ] = None,
    limit_period: Annotated[
        str,
        typer.Option(
            metavar="PERIOD", help="daily, weekly, monthly, or a length that rolls: 24h, 7d."
        ),
    ] = "monthly",
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
    alert: Annotated[
        bool,
        typer.Option(
            "--alert",
            help="Tell the receivers of [tool.gonogo.alerts] when the limit is likely hit, and"
            " when it no longer is.",
        ),
    ] = False,
) -> None:
    """Foresee spending: burn rate, days, the calendar month, and when a limit is hit.

    Works from two days of exchanges on, and says how little it knows then.

    Exit status: 0 done, 1 the limit is likely to be hit before its period ends, 2 bad input or too
    little history.
    """
    read = ReadExchanges()
    with reported_errors():
        if alert and limit is None:
            raise BadInputError([Problem("--alert", "tells of a limit: give --limit, too")])
        telling = Telling(Path.cwd(), alert=alert)
        foreseen = _foresee(
            read,
            locations or ["-"],
            measure=measure,
            limit=None if limit is None else _amount_of(limit),
            period=_period_of(limit_period),
            zone=timezone,
            now=datetime.now(UTC) if now is None else _moment_of(now),
            days=days,
        )
        is_told = _tell(foreseen, limit_period, telling)
    width = shutil.get_terminal_size((100, 24)).columns
    match format:
        case ForecastFormat.JSON:
            typer.echo(render_forecast_json(foreseen), nl=False)
        case ForecastFormat.TABLE:
            typer.echo(render_forecast(foreseen, width=width, plot=plot), nl=False)
    if read.problems:
        say(f"gonogo: {counted(read.problems, 'record')} could not be read and not summed")
        raise typer.Exit(Exit.BAD_INPUT)
    if not is_told:
        raise typer.Exit(Exit.SERVICE_FAILED)
    if foreseen.is_limit_hit:
        raise typer.Exit(Exit.NO_GO)


def _tell(foreseen: Foreseen, period: str, telling: Telling) -> bool:
    """Tell that the limit is likely hit, or no longer is; return whether everybody was told."""
    from gonogo.spending_alarms import (  # noqa: PLC0415 - heavy: the ledger and anomalies
        alarm_of_limit_ahead,
        key_of_limit_ahead,
    )

    if foreseen.limit is not None and foreseen.hit is not None:
        measure, limit, hit = foreseen.measure, foreseen.limit, foreseen.hit
        is_calendar = isinstance(_period_of(period), Period)
        until = f"{foreseen.limit_ends:%Y-%m-%d}"
        name = f"the {period} period until {until}" if is_calendar else f"any {period}"
        if foreseen.is_limit_hit and isinstance(hit.likely, datetime):
            telling.sound(
                alarm_of_limit_ahead(
                    measure,
                    limit,
                    name,
                    hit_at=hit.likely,
                    spent=hit.spent,
                    at=foreseen.sums.ends,
                )
            )
        else:
            telling.recover(key_of_limit_ahead(measure, limit, name))
    return telling.flush()


def _foresee(  # noqa: PLR0913 - one a setting of the command
    read: ReadExchanges,
    locations: list[str],
    *,
    measure: ForecastMeasure,
    limit: Decimal | None,
    period: Period | timedelta,
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
    hit, limit_ends = None, month.ends
    if limit is not None:
        hit, limit_ends = _hit(sums, outlook, limit, period=period, zone=place)
    return Foreseen(
        measure=measure.value,
        sums=sums,
        burn_rate=projections.burn_rate_of(sums),
        days=projections.project_days(sums, outlook, place)[:days],
        month=month,
        limit=limit,
        hit=hit,
        limit_ends=limit_ends,
    )


def _hit(
    sums: "HourlySums",
    outlook: "Outlook",
    limit: Decimal,
    *,
    period: Period | timedelta,
    zone: tzinfo,
) -> "tuple[LimitHit, datetime]":
    """Return when a limit is hit, and when it begins anew: if it rolls, the outlook's end."""
    from gonogo.spend.forecasting.projections import project_limit  # noqa: PLC0415 - heavy: numpy
    from gonogo.spend.forecasting.rolling_limits import (  # noqa: PLC0415 - likewise
        project_rolling_limit,
    )

    if isinstance(period, timedelta):
        hit = project_rolling_limit(sums, outlook, limit, length=period, zone=zone)
        return hit, sums.ends + timedelta(hours=outlook.hours.size)
    window = calendar_window(period, zone, microseconds_of(sums.ends))
    since, until = (moment_of(edge).astimezone(zone) for edge in (window.starts, window.ends))
    return project_limit(sums, outlook, limit, since=since, until=until), until


def _period_of(text: str) -> Period | timedelta:
    if text in {Period.DAILY, Period.WEEKLY, Period.MONTHLY}:
        return Period(text)
    try:
        return parse_length(text)
    except ValueError as error:
        message = f"expected daily, weekly, monthly or a length such as 24h or 7d, got {text!r}"
        raise BadInputError([Problem("--limit-period", message)]) from error


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
