"""`gonogo spend watch`: what of the spending went wrong, and who is told."""

import os
from collections.abc import Iterable
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from gonogo.cli.exits import Exit, reported_errors, say
from gonogo.cli.progress import with_progress
from gonogo.cli.usage import ReadExchanges
from gonogo.json_lines import JsonObject
from gonogo.plain_text import counted, one_line
from gonogo.production.alert_settings import load_alert_settings
from gonogo.production.alerting import AlarmDoor, open_alarm_door
from gonogo.settings import Settings, load_settings
from gonogo.spend.anomalies.alarms import Alarm, News
from gonogo.spending_alarms import alarm_of_anomaly, key_of


class WatchFormat(StrEnum):
    """How alarms are printed."""

    TEXT = "text"
    JSONL = "jsonl"


def watch(
    locations: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="FILE",
            help="Exchanges in the order of their time, as JSON Lines (.gz and .zst too) or"
            " Parquet: files, folders, URLs, or - for standard input, which is the default.",
        ),
    ] = None,
    *,
    format: Annotated[  # noqa: A002 - the option's name
        WatchFormat, typer.Option(help="text: two lines an episode; jsonl: each news as it comes.")
    ] = WatchFormat.TEXT,
    alert: Annotated[
        bool, typer.Option("--alert", help="Tell the receivers of [tool.gonogo.alerts], too.")
    ] = False,
) -> None:
    """Look for spending that went wrong: bloat, loops, spikes, wrong models, wasted prompts.

    Exit status: 0 nothing was raised, 1 something was, 2 bad input (what could be read was
    looked at), 4 a receiver did not take its message; it waits in the outbox.
    """
    read = ReadExchanges()
    with reported_errors():
        episodes, untold = _watch(
            read, locations or ["-"], load_settings(Path.cwd()), format=format, alert=alert
        )
    if format is WatchFormat.TEXT:
        typer.echo(_lines(episodes.values()), nl=False)
    if read.problems:
        say(f"gonogo: {counted(read.problems, 'record')} could not be read and not looked at")
        raise typer.Exit(Exit.BAD_INPUT)
    if untold:
        raise typer.Exit(Exit.SERVICE_FAILED)
    if episodes:
        raise typer.Exit(Exit.NO_GO)


def _watch(
    read: ReadExchanges,
    locations: Iterable[str],
    settings: Settings,
    *,
    format: WatchFormat,  # noqa: A002 - the option's name
    alert: bool,
) -> tuple[dict[str, Alarm], bool]:
    """Return the episodes by id, each as it stands last, and whether a message was not taken."""
    from gonogo.spend.anomalies import Watcher  # noqa: PLC0415 - heavy: numpy

    watcher = Watcher(prices=settings.prices)
    episodes: dict[str, Alarm] = {}
    telling = _Telling(alert=alert)
    for exchange in with_progress(read.of(locations), "exchanges"):
        for alarm in watcher.feed(exchange):
            episodes[alarm.id] = alarm
            telling.tell(alarm)
            if format is WatchFormat.JSONL:
                typer.echo(msgspec.json.encode(_document(alarm)))
    # What is open stays open: the end of the file is not the end of an episode.
    episodes |= {alarm.id: alarm for alarm in watcher.open_alarms}
    return episodes, telling.flush()


class _Telling:
    """The door through which alarms leave; does nothing where nobody is to be told."""

    def __init__(self, *, alert: bool) -> None:
        self._door: AlarmDoor | None = None
        if alert:
            folder = Path.cwd()
            self._door = open_alarm_door(
                load_alert_settings(folder), folder, environment=os.environ
            )

    def tell(self, alarm: Alarm) -> None:
        if self._door is None:
            return
        if alarm.news is News.CLOSED:
            self._door.recover(key_of(alarm))
        else:
            self._door.sound(alarm_of_anomaly(alarm))

    def flush(self) -> bool:
        """Send what waits; return whether something was not taken."""
        if self._door is None:
            return False
        flushed = self._door.flush()
        for receiver, problem in flushed.problems.items():
            say(f"gonogo: receiver {receiver}: {problem}; its messages wait in the outbox")
        return bool(flushed.problems)


def _document(alarm: Alarm) -> JsonObject:
    return {
        "id": alarm.id,
        "news": alarm.news.value,
        "kind": alarm.kind.value,
        "scope": alarm.entity.scope.value,
        "name": alarm.entity.name or None,
        "severity": alarm.severity.value,
        "begins": alarm.begins.isoformat(),
        "raised": alarm.raised.isoformat(),
        "ends": None if alarm.ends is None else alarm.ends.isoformat(),
        "count": alarm.count,
        "exchanges": list(alarm.exchanges),
        "waste_usd": None if alarm.waste_usd is None else str(alarm.waste_usd),
        "waste_usd_per_hour": None
        if alarm.waste_usd_per_hour is None
        else str(alarm.waste_usd_per_hour),
        "cause": alarm.cause,
    }


def _lines(alarms: Iterable[Alarm]) -> str:
    """Return two lines an episode: what, whose and how dear; and the likely cause."""
    lines = []
    for alarm in alarms:
        wasted, per_hour = _usd(alarm.waste_usd), _usd(alarm.waste_usd_per_hour)
        whose = one_line(str(alarm.entity), 60)
        until = "" if alarm.ends is None else f" to {alarm.ends:%Y-%m-%d %H:%M}"
        lines += [
            f"{alarm.raised:%Y-%m-%d %H:%M}  {alarm.severity:<8}  {alarm.kind}, {whose}:"
            f" {counted(alarm.count, 'call')} from {alarm.begins:%Y-%m-%d %H:%M}{until},"
            f" {wasted} wasted, {per_hour} an hour",
            f"  {one_line(alarm.cause)}",
        ]
    return "".join(f"{line}\n" for line in lines or ["nothing went wrong"])


def _usd(amount: Decimal | None) -> str:
    return "unknown" if amount is None else f"${amount:,.2f}"
