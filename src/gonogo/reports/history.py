"""The history of a baseline, for people and for machines."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from gonogo.baselines import WEIGHTED, Acceptance
from gonogo.best_scores import BelowBest
from gonogo.history import AcceptedScores, History
from gonogo.json_lines import JsonObject
from gonogo.plain_text import counted, one_line
from gonogo.reports.consoles import text_console

SCHEMA: Final = 1
"""Version of the document."""

_ROWS_SHOWN: Final = 40
_COLUMNS_SHOWN: Final = 8
_SCORES_SHOWN: Final = 60
_NAME_SHOWN: Final = 24
_BY_SHOWN: Final = 20
_WHY_SHOWN: Final = 300
_NOT_KEPT: Final = "-"

_Numbered = Sequence[tuple[int, AcceptedScores]]


def render_history(history: History, *, width: int = 110) -> str:
    """Return the history as text: who accepted what, the scores, and what lies below its best.

    Args:
        history: The history.
        width: Columns of the terminal.
    """
    console, stream = text_console(width)
    numbered = list(enumerate(history.accepted, start=1))
    shown = numbered[-_ROWS_SHOWN:]
    count = counted(len(numbered), "acceptance")
    console.print(f"{one_line(history.suite)}: {count}")
    if len(shown) < len(numbered):
        console.print(f"  the last {len(shown)} are shown; --format json shows all")
    console.print(_accepted_table(shown))
    _print_notes(console, shown)
    scored = [(n, row) for n, row in shown if row.acceptance.scores][-_COLUMNS_SHOWN:]
    if len(scored) > 1:
        console.print()
        console.print(_score_table(scored))
    console.print()
    _print_below(console, history.below, numbered)
    return stream.getvalue()


def render_history_json(history: History) -> str:
    """Return the history as JSON; its fields only ever grow."""
    document: JsonObject = {
        "schema": SCHEMA,
        "suite": history.suite,
        "accepted": [
            {
                **msgspec.to_builtins(row.acceptance),
                "since_before": row.since_before,
                "since_best": row.since_best,
                "notes": list(row.notes),
            }
            for row in history.accepted
        ],
        "below": [
            {
                "name": below.name,
                "cases": below.cases,
                "best": round(below.best, 6),
                "best_at": None if source is None else msgspec.to_builtins(source.at),
                "now": round(below.now, 6),
                "drop": round(below.drop, 6),
            }
            for below, source in ((below, below.source) for below in history.below)
        ],
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=1).decode() + "\n"


def _table(first: str, numbers: Sequence[str]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 1))
    table.add_column(f"  {first}", no_wrap=True)
    for column in numbers:
        table.add_column(column, justify="right", no_wrap=True, min_width=len(column))
    return table


def _accepted_table(rows: _Numbered) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 1))
    table.add_column("  #", justify="right", no_wrap=True)
    for column in ("accepted", "by", "commit", "was"):
        table.add_column(column, no_wrap=True)
    for column in ("cases", "score", "change", "since best", "USD a trial"):
        table.add_column(column, justify="right", no_wrap=True, min_width=len(column))
    for number, row in rows:
        acceptance = row.acceptance
        score = acceptance.scores.get(WEIGHTED)
        cost = acceptance.cost_usd
        cells = (
            str(number),
            _when(acceptance),
            _NOT_KEPT if acceptance.by is None else one_line(acceptance.by, _BY_SHOWN),
            _commit(acceptance),
            acceptance.decision,
            _NOT_KEPT if acceptance.cases is None else str(acceptance.cases),
            _NOT_KEPT if score is None else f"{score:.3f}",
            _change(row.since_before),
            _change(row.since_best),
            _NOT_KEPT if cost is None else f"{cost:.6f}",
        )
        table.add_row(*map(Text, cells))
    return table


def _score_table(rows: _Numbered) -> Table:
    """Return a table of the means of all scores, a column an acceptance."""
    names = {name for _, row in rows for name in row.acceptance.scores}
    table = _table("score", [f"#{number}" for number, _ in rows])
    for name in sorted(names, key=lambda name: (name != WEIGHTED, name))[:_SCORES_SHOWN]:
        values = [row.acceptance.scores.get(name) for _, row in rows]
        cells = ["" if value is None else f"{value:.3f}" for value in values]
        table.add_row(Text(f"  {one_line(name, _NAME_SHOWN)}"), *map(Text, cells))
    return table


def _print_notes(console: Console, rows: _Numbered) -> None:
    for number, row in rows:
        reason = row.acceptance.reason
        said = [] if reason is None else [reason]
        for text in (*said, *row.notes):
            console.print(f"  #{number} {one_line(text, _WHY_SHOWN)}")
    acceptances = [row.acceptance for _, row in rows]
    if any(_NOT_KEPT in (a.by or _NOT_KEPT, _commit(a)) or not a.scores for a in acceptances):
        console.print(f"  {_NOT_KEPT} not kept, or not known")
    if any(a.run is not None and a.run.dirty for a in acceptances):
        console.print("  + files differed from that commit")


def _print_below(console: Console, below: Sequence[BelowBest], rows: _Numbered) -> None:
    if not below:
        console.print("no score lies below its best accepted one")
        return
    console.print("below the best accepted:")
    numbers = {_identity(row.acceptance): number for number, row in rows}
    table = _table("score", ("cases", "best", "in", "now", "drop"))
    for score in below[:_SCORES_SHOWN]:
        number = None if score.source is None else numbers.get(_identity(score.source))
        cells = (
            str(score.cases),
            f"{score.best:.3f}",
            _NOT_KEPT if number is None else f"#{number}",
            f"{score.now:.3f}",
            f"{score.drop:.3f}",
        )
        table.add_row(Text(f"  {one_line(score.name, _NAME_SHOWN)}"), *map(Text, cells))
    console.print(table)


def _identity(acceptance: Acceptance) -> tuple[datetime, str | None]:
    """Return what tells acceptances apart, two of one second also."""
    return acceptance.at, acceptance.against


def _when(acceptance: Acceptance) -> str:
    return f"{acceptance.at:%Y-%m-%d %H:%M}"


def _change(change: float | None) -> str:
    return "" if change is None else f"{change:+.3f}"


def _commit(acceptance: Acceptance) -> str:
    run = acceptance.run
    if run is None or run.commit is None:
        return _NOT_KEPT
    return one_line(run.commit, _BY_SHOWN) + ("+" if run.dirty else "")
