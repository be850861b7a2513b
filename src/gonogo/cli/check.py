"""`gonogo check`: scores exchanges from files or standard input, one after the other."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from gonogo.cli.exits import Exit, reported_errors, say
from gonogo.cli.progress import with_progress
from gonogo.errors import Problem
from gonogo.exchanges import Exchange, Outcome, output_of
from gonogo.judging import judge
from gonogo.plain_text import counted, one_line
from gonogo.registry import CheckerRegistry
from gonogo.scorecards import Scorecard, encode_scorecard
from gonogo.settings import Settings, load_settings
from gonogo.sources.exchange_files import read_exchanges


class CheckFormat(StrEnum):
    """How scorecards are printed."""

    TABLE = "table"
    JSON = "json"
    JSONL = "jsonl"


@dataclass(slots=True)
class _Tally:
    """What is counted while scorecards go by; it does not grow with their number."""

    judged: int = 0
    broken: int = 0
    below: int = 0
    problems: int = 0
    failed_calls: int = 0
    undefined_domains: set[str] = field(default_factory=set)
    sums: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    counts: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def add(self, card: Scorecard, fail_under: float | None) -> None:
        self.judged += 1
        self.broken += bool(card.broken)
        self.below += fail_under is not None and card.score is not None and card.score < fail_under
        weighted = {} if card.score is None else {"score": card.score}
        for name, score in (weighted | card.scores).items():
            self.sums[name] += score
            self.counts[name] += 1


def check(
    locations: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="FILE",
            help="Exchanges as JSON Lines (.gz and .zst too) or Parquet: files, folders, URLs, or -"
            " for standard input, which is the default. Traces of Claude's SDK (OTLP JSON, content"
            " mode) and cassettes of vcrpy are read, too.",
        ),
    ] = None,
    domain: Annotated[
        str | None,
        typer.Option(help="Domain of exchanges that name none.  [default: general]"),
    ] = None,
    format: Annotated[  # noqa: A002 - the option's name
        CheckFormat, typer.Option(help="table for people; jsonl: one scorecard a line.")
    ] = CheckFormat.TABLE,
    fail_under: Annotated[
        float | None,
        typer.Option(min=0, max=1, help="Exit with 1 if a weighted score is below this."),
    ] = None,
) -> None:
    """Score responses with the checkers of their domain.

    Exit status: 0 done, 1 a score is below --fail-under, 2 bad input (what could be read was
    scored), 3 a checker broke or nothing could be scored.
    """
    tally = _Tally()
    with reported_errors():
        settings = load_settings(Path.cwd())
        exchanges = _exchanges(locations or ["-"], tally)
        cards = _judged(
            with_progress(exchanges, "exchanges", prints=True), domain or "general", settings, tally
        )
        _print_cards(_tallied(cards, tally, fail_under), format)
    if format is CheckFormat.TABLE and tally.judged:
        _print_means(tally)
    _say_what_was_left_out(tally)
    raise typer.Exit(_exit_of(tally))


def _exchanges(locations: Iterable[str], tally: _Tally) -> Iterator[Exchange]:
    for record in read_exchanges(locations):
        if isinstance(record, Problem):
            tally.problems += 1
            say(f"gonogo: {record}")
        elif record.outcome is Outcome.INFRASTRUCTURE_ERROR:
            tally.failed_calls += 1
        else:
            yield record


def _judged(
    exchanges: Iterable[Exchange], default_domain: str, settings: Settings, tally: _Tally
) -> Iterator[Scorecard]:
    registry = CheckerRegistry(settings.checkers)
    for exchange in exchanges:
        asked = exchange.domain or default_domain
        domain = settings.domain(asked)
        if domain.name != asked:
            tally.undefined_domains.add(asked)
        yield judge(output_of(exchange), domain, registry, output_id=exchange.id)


def _tallied(
    cards: Iterable[Scorecard], tally: _Tally, fail_under: float | None
) -> Iterator[Scorecard]:
    for card in cards:
        tally.add(card, fail_under)
        yield card


def _print_cards(cards: Iterable[Scorecard], format_: CheckFormat) -> None:
    match format_:
        case CheckFormat.JSONL:
            for card in cards:
                typer.echo(encode_scorecard(card).decode())
        case CheckFormat.JSON:
            separator = "["
            for card in cards:
                typer.echo(separator + encode_scorecard(card).decode(), nl=False)
                separator = ",\n "
            typer.echo("]" if separator != "[" else "[]")
        case CheckFormat.TABLE:
            for number, card in enumerate(cards):
                if number == 0:
                    typer.echo(f"{'id':<32} {'domain':<18} {'score':>5}  lowest, findings")
                typer.echo(_table_line(card))


def _table_line(card: Scorecard) -> str:
    score = "  -  " if card.score is None else f"{card.score:5.2f}"
    lowest = sorted((value, name) for name, value in card.scores.items() if value < 1)[:2]
    parts = [f"{name} {value:.2f}" for value, name in lowest]
    parts += [f"{name} broke: {error}" for name, error in card.broken.items()]
    rules = sorted({finding.rule for _, finding in card.findings})
    if rules:
        parts.append(f"[{' '.join(rules[:6])}{' …' if len(rules) > 6 else ''}]")
    shown = one_line(card.id, limit=31)
    return f"{shown:<32} {card.domain:<18} {score}  {', '.join(parts)}".rstrip()


def _print_means(tally: _Tally) -> None:
    typer.echo(f"\n{'mean of':<32} {'n':>18} {'score':>5}")
    for name in sorted(tally.counts, key=lambda name: (name != "score", name)):
        count = tally.counts[name]
        typer.echo(f"{name:<32} {count:>18} {tally.sums[name] / count:5.2f}")


def _say_what_was_left_out(tally: _Tally) -> None:
    for name in sorted(tally.undefined_domains):
        say(f"gonogo: domain {name!r} is not defined: judged as 'general'")
    if tally.failed_calls:
        say(f"gonogo: {counted(tally.failed_calls, 'failed call')} without a response to judge")
    if tally.problems:
        say(f"gonogo: {counted(tally.problems, 'record')} could not be read and not scored")
    if tally.broken:
        say(f"gonogo: a checker broke on {counted(tally.broken, 'response')}")
    if not tally.judged:
        say("gonogo: nothing was scored")


def _exit_of(tally: _Tally) -> Exit:
    if tally.problems:
        return Exit.BAD_INPUT
    if tally.below:
        return Exit.NO_GO
    if tally.broken or not tally.judged:
        return Exit.UNDECIDED
    return Exit.DONE
