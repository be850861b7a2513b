"""`gonogo spend watch`: what of the spending went wrong, and who is told."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
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
from gonogo.exchanges import Exchange
from gonogo.json_lines import JsonObject
from gonogo.plain_text import counted, one_line
from gonogo.settings import Settings, load_settings
from gonogo.spend.anomalies.alarms import Alarm, News, Scope
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
    state: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Go on where the watch before stopped, and write here where this one did: what"
            " was looked at or raised before is not again.  For cron.",
        ),
    ] = None,
) -> None:
    """Look for spending that went wrong: bloat, loops, spikes, wrong models, wasted prompts.

    Exit status: 0 nothing was raised (with --state: nothing new), 1 something was, 2 bad input
    (what could be read was looked at), 4 a receiver did not take its message; it waits in the
    outbox.
    """
    read = ReadExchanges()
    with reported_errors():
        watching = _Watching(load_settings(Path.cwd()), format, Telling(Path.cwd(), alert=alert))
        news = watching.of(read.of(locations or ["-"]), state)
        is_told = watching.telling.flush()
    if format is WatchFormat.TEXT:
        typer.echo(_lines(news.values()), nl=False)
    if read.problems:
        say(f"gonogo: {counted(read.problems, 'record')} could not be read and not looked at")
        raise typer.Exit(Exit.BAD_INPUT)
    if not is_told:
        raise typer.Exit(Exit.SERVICE_FAILED)
    if any(alarm.part_of is None for alarm in news.values()):
        raise typer.Exit(Exit.NO_GO)


class _Watching:
    """Feeds exchanges to a watcher, and prints and tells the news."""

    def __init__(self, settings: Settings, format_: WatchFormat, telling: Telling) -> None:
        self.telling = telling
        self._settings = settings
        self._format = format_
        self._news: dict[str, Alarm] = {}

    def of(self, exchanges: Iterable[Exchange], state: Path | None) -> dict[str, Alarm]:
        """Return the episodes that were raised or got worse, by id, each as it stands last."""
        from gonogo.spend.anomalies import Watcher, resumed_watch  # noqa: PLC0415 - heavy: prices

        watcher = Watcher(prices=self._settings.prices)
        if state is None:
            self._feed(exchanges, watcher.feed)
        else:
            with resumed_watch(state, watcher) as watch:
                self._feed(exchanges, watch.feed)
        # What is open stays open: the end of the file is not the end of an episode.
        for alarm in watcher.open_alarms:
            if alarm.id in self._news:
                self._news[alarm.id] = alarm
        return self._news

    def _feed(
        self, exchanges: Iterable[Exchange], feed: Callable[[Exchange], tuple[Alarm, ...]]
    ) -> None:
        prints = self._format is WatchFormat.JSONL
        for exchange in with_progress(exchanges, "exchanges", prints=prints):
            for alarm in feed(exchange):
                if alarm.news is not News.CLOSED or alarm.id in self._news:
                    self._news[alarm.id] = alarm
                self._tell(alarm)
                if prints:
                    typer.echo(msgspec.json.encode(_document(alarm)))

    def _tell(self, alarm: Alarm) -> None:
        """Tell an alarm; what is part of another one is told with that."""
        if alarm.news is News.CLOSED:
            self.telling.recover(key_of(alarm))
        elif alarm.part_of is None:
            self.telling.sound(alarm_of_anomaly(alarm))


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
        "part_of": alarm.part_of,
        "entities": alarm.entities,
    }


def _lines(alarms: Collection[Alarm]) -> str:
    """Return two lines an episode: what, whose and how dear; and the likely cause.

    What is part of another episode is summed up in a third line of that one.
    """
    leads = [alarm for alarm in alarms if alarm.part_of is None]
    lines = [line for lead in leads for line in _lines_of(lead, alarms)]
    shown = {lead.id for lead in leads}
    late = [alarm for alarm in alarms if alarm.part_of not in {None, *shown}]
    if late:
        lines.append(f"more of what was raised before: {_summed(late)}")
    return "".join(f"{line}\n" for line in lines or ["nothing went wrong"])


def _lines_of(alarm: Alarm, alarms: Iterable[Alarm]) -> Iterator[str]:
    wasted, per_hour = _usd(alarm.waste_usd), _usd(alarm.waste_usd_per_hour)
    until = "" if alarm.ends is None else f" to {alarm.ends:%Y-%m-%d %H:%M}"
    yield (
        f"{alarm.raised:%Y-%m-%d %H:%M}  {alarm.severity:<8}  {alarm.kind},"
        f" {one_line(str(alarm.entity), 60)}: {counted(alarm.count, 'call')} from"
        f" {alarm.begins:%Y-%m-%d %H:%M}{until}, {wasted} wasted, {per_hour} an hour"
    )
    yield f"  {one_line(alarm.cause)}"
    parts = [one for one in alarms if one.part_of == alarm.id]
    if parts:
        yield f"  with it: {_summed(parts)}"


def _summed(parts: Iterable[Alarm]) -> str:
    """Return how many entities of each sort have what: `giant_context (8 users), …`."""
    sums: dict[str, Counter[str]] = {}
    for part in parts:
        sums.setdefault(part.kind, Counter())[part.entity.scope] += 1
    return ", ".join(
        f"{kind} ("
        + ", ".join("total" if s == Scope.TOTAL else counted(n, s) for s, n in scopes.items())
        + ")"
        for kind, scopes in sums.items()
    )


def _usd(amount: Decimal | None) -> str:
    return "unknown" if amount is None else f"${amount:,.2f}"
