"""The report that a terminal shows: a table of each suite, and what fell in which case."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from gonogo.comparison import Comparison
from gonogo.plain_text import counted, one_line
from gonogo.reports.consoles import text_console
from gonogo.reports.figures import (
    BEHIND_DRAWS,
    AmountFigures,
    Figures,
    ScoreFigures,
    figures_of,
)
from gonogo.reports.timelines import sum_up, timelines_of
from gonogo.reports.usage import latency_source, summarize_usage
from gonogo.runs import Run, SuiteRun

_CASES_SHOWN = 10
_WHY_SHOWN = 160
_DECISION_SHOWN = 4000

_WIDE = 100
"""So many columns a table of draws takes with the numbers of cases that did better and worse."""


def render(run: Run, *, width: int = 100, color: bool = False) -> str:
    """Return the report as text.

    Args:
        run: The run.
        width: Columns of the terminal.
        color: Whether it shows colours.
    """
    console, stream = text_console(width, color=color)
    for suite_run in run.suites:
        _print_suite(console, suite_run, run.mode)
    return stream.getvalue()


def render_comparison(comparison: Comparison, *, width: int = 100) -> str:
    """Return a comparison as text, without a run around it."""
    console, stream = text_console(width)
    _print_comparison(console, figures_of(comparison))
    return stream.getvalue()


def _print_suite(console: Console, run: SuiteRun, mode: str) -> None:
    candidate = f", candidate {run.suite.candidate}" if run.suite.candidate else ""
    count = f"{len(run.results)} of " if run.is_partial else ""
    cases = counted(len(run.suite.cases), "case")
    console.print(f"{run.suite.name} ({mode}{candidate}, {count}{cases})", style="bold")
    latency = latency_source(mode).label
    figures = None if run.comparison is None else figures_of(run.comparison, latency=latency)
    if figures is not None and figures.scores:
        console.print(_score_table(figures, console.width))
    console.print(f"  {summarize_usage(run.results).describe(mode)}")
    agent_trials = sum_up(timelines_of(run.results))
    if agent_trials is not None:
        console.print(f"  {agent_trials}")
    if figures is not None:
        _print_amounts(console, figures.amounts)
    for note in run.notes:
        console.print(f"  note: {one_line(note)}")
    if figures is not None:
        _print_fallen(console, figures)
    for case_id, message in list(run.unexplained_failures.items())[:_CASES_SHOWN]:
        console.print(f"  {one_line(case_id)}: {one_line(message, _WHY_SHOWN)}")
    style = "green" if run.decision.gauge == "GO" else "red"
    console.print(f"  {one_line(str(run.decision), _DECISION_SHOWN)}\n", style=style)


def _print_comparison(console: Console, figures: Figures) -> None:
    console.print(_score_table(figures, console.width))
    _print_amounts(console, figures.amounts)
    _print_fallen(console, figures)


def _score_table(figures: Figures, width: int) -> Table:
    """Return the table of all scores; of draws a narrow one, if the terminal is narrow."""
    evidence = ("95 %", "p") if figures.has_intervals else ()
    counts = () if evidence and width < _WIDE else ("better", "worse", "equal")
    table = Table(box=None, pad_edge=False, padding=(0, 1))
    table.add_column("  score", no_wrap=True, min_width=20)
    for column in ("cases", "baseline", "now", "change", *evidence, *counts):
        table.add_column(column, justify="right", no_wrap=True, min_width=len(column))
    for row in figures.scores:
        cells = _score_cells(row)
        table.add_row(
            f"  {one_line(row.score.name)}",
            *cells[:3],
            Text(f"{row.score.difference:+.3f}", style="red" if row.score.has_dropped else ""),
            *((row.interval, row.p_value) if evidence else ()),
            *(cells[3:] if counts else ()),
        )
    return table


def _score_cells(row: ScoreFigures) -> tuple[str, ...]:
    score = row.score
    means = (f"{score.before:.3f}", f"{score.after:.3f}")
    return (str(score.cases), *means, str(score.better), str(score.worse), str(score.equal))


def _print_amounts(console: Console, amounts: Sequence[AmountFigures]) -> None:
    for row in amounts:
        limit = f"; {row.limit} allowed" if row.limit else ""
        console.print(
            f"  {row.name} {row.before} -> {row.after}, {row.change}"
            f"{' a case' if row.cases else ''}{limit}",
            style="red" if row.is_shown else "",
        )


def _print_fallen(console: Console, figures: Figures) -> None:
    if figures.has_draws:
        console.print(f"  {BEHIND_DRAWS}")
    for fallen in figures.fallen[:_CASES_SHOWN]:
        console.print(f"  {one_line(fallen.case.case_id)}", style="red")
        for change in fallen.changes:
            why = f"  {one_line(change.why, _WHY_SHOWN)}" if change.why else ""
            console.print(f"    {one_line(change.name)} {fallen.text(change)}{why}")
        for severe in fallen.case.other_severe:
            finding = severe.finding
            console.print(
                f"    new {finding.severity} finding {severe.checker_id} {finding.rule}:"
                f" {one_line(finding.message, _WHY_SHOWN)}"
            )
    more = len(figures.fallen) - _CASES_SHOWN
    if more > 0:
        console.print(f"  and {more} more cases; --gonogo-report shows all")
