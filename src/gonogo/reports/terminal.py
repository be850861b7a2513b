"""The report that a terminal shows: a table of each suite, and what fell in which case."""

import io

from rich.console import Console
from rich.table import Table
from rich.text import Text

from gonogo.comparison import CaseComparison, Comparison, ScoreComparison
from gonogo.plain_text import counted, one_line
from gonogo.reports.timelines import sum_up, timelines_of
from gonogo.reports.usage import summarize_usage
from gonogo.runs import Run, SuiteRun

_CASES_SHOWN = 10
_WHY_SHOWN = 160
_DECISION_SHOWN = 4000


def render(run: Run, *, width: int = 100, color: bool = False) -> str:
    """Return the report as text.

    Args:
        run: The run.
        width: Columns of the terminal.
        color: Whether it shows colours.
    """
    console, stream = _console(width, color=color)
    for suite_run in run.suites:
        _print_suite(console, suite_run, run.mode)
    return stream.getvalue()


def render_comparison(comparison: Comparison, *, width: int = 100) -> str:
    """Return a comparison as text, without a run around it."""
    console, stream = _console(width, color=False)
    console.print(_score_table(comparison.scores))
    _print_regressions(console, comparison.regressed)
    return stream.getvalue()


def _console(width: int, *, color: bool) -> tuple[Console, io.StringIO]:
    stream = io.StringIO()
    console = Console(
        file=stream,
        width=max(width, 60),
        force_terminal=color,
        no_color=not color,
        highlight=False,
        emoji=False,
        markup=False,
        legacy_windows=False,
        soft_wrap=True,
    )
    return console, stream


def _print_suite(console: Console, run: SuiteRun, mode: str) -> None:
    candidate = f", candidate {run.suite.candidate}" if run.suite.candidate else ""
    count = f"{len(run.results)} of " if run.is_partial else ""
    cases = counted(len(run.suite.cases), "case")
    console.print(f"{run.suite.name} ({mode}{candidate}, {count}{cases})", style="bold")
    if run.comparison is not None and run.comparison.scores:
        console.print(_score_table(run.comparison.scores))
    console.print(f"  {summarize_usage(run.results).describe(mode)}")
    agent_trials = sum_up(timelines_of(run.results))
    if agent_trials is not None:
        console.print(f"  {agent_trials}")
    for note in run.notes:
        console.print(f"  note: {one_line(note)}")
    if run.comparison is not None:
        _print_regressions(console, run.comparison.regressed)
    for case_id, message in list(run.unexplained_failures.items())[:_CASES_SHOWN]:
        console.print(f"  {one_line(case_id)}: {one_line(message, _WHY_SHOWN)}")
    style = "green" if run.decision.gauge == "GO" else "red"
    console.print(f"  {one_line(str(run.decision), _DECISION_SHOWN)}\n", style=style)


def _score_table(scores: tuple[ScoreComparison, ...]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 1))
    table.add_column("  score", no_wrap=True, min_width=20)
    for column in ("cases", "baseline", "now", "change", "better", "worse", "equal"):
        table.add_column(column, justify="right", no_wrap=True, min_width=len(column))
    for score in scores:
        table.add_row(
            f"  {score.name}",
            str(score.cases),
            f"{score.before:.3f}",
            f"{score.after:.3f}",
            Text(f"{score.difference:+.3f}", style="red" if score.regressed else ""),
            str(score.better),
            str(score.worse),
            str(score.equal),
        )
    return table


def _print_regressions(console: Console, cases: tuple[CaseComparison, ...]) -> None:
    for case in cases[:_CASES_SHOWN]:
        console.print(f"  {one_line(case.case_id)}", style="red")
        for change in case.regressions:
            after = "gone" if change.after is None else f"{change.after:.2f}"
            why = f"  {one_line(change.why, _WHY_SHOWN)}" if change.why else ""
            console.print(f"    {change.name} {change.before:.2f} -> {after}{why}")
        for severe in case.other_severe:
            finding = severe.finding
            console.print(
                f"    new {finding.severity} finding {severe.checker_id} {finding.rule}:"
                f" {one_line(finding.message, _WHY_SHOWN)}"
            )
    if len(cases) > _CASES_SHOWN:
        console.print(f"  and {len(cases) - _CASES_SHOWN} more cases; --gonogo-report shows all")
