"""The report that a reviewer reads in a pull request: GitHub's Markdown, everything escaped."""

import html
import re
from collections.abc import Iterator
from typing import Final

from gonogo.plain_text import one_line
from gonogo.reports.figures import (
    BEHIND_DRAWS,
    FallenCase,
    Figures,
    ScoreFigures,
    fallen_cases,
    figures_of,
)
from gonogo.reports.timelines import (
    Step,
    Timeline,
    cases_to_look_at,
    choose,
    sum_up,
    timelines_of,
)
from gonogo.reports.usage import latency_source, summarize_usage
from gonogo.runs import Run, SuiteRun

_SPECIAL: Final = re.compile(r"([\\`*_{}\[\]<>()#+!|~@&$:])")
_SIGNS: Final = {"GO": "✅", "NO-GO": "❌", "UNDECIDED": "❔"}
_CASES_SHOWN: Final = 50
_BREAKS_SHOWN: Final = 1000
_STEP_COLUMNS: Final = (
    *("#", "start", "latency", "first token", "model"),
    *("input", "output", "cost, USD", "tools", "ended"),
)
_LONGEST_SHOWN: Final = 3
_TRIALS_SHOWN: Final = 8
_STEPS_SHOWN: Final = 160
"""Of all timelines of a suite together: GitHub takes no comment of more than 65,536 characters."""


def render(run: Run) -> str:
    """Return the report as Markdown."""
    return "\n".join(_lines(run)) + "\n"


def escape(text: str, *, limit: int = 300) -> str:
    """Return text that Markdown shows as it is, on one line.

    Args:
        text: Anything, a response's words too.
        limit: Longer text is cut.
    """
    return _SPECIAL.sub(r"\\\1", one_line(text, limit))


def _lines(run: Run) -> Iterator[str]:
    gauge = run.decision.gauge
    yield f"## {_SIGNS[gauge]} gonogo: {gauge}"
    yield ""
    yield "| suite | decision | cases | that fell | score before | now |"
    yield "|---|---|--:|--:|--:|--:|"
    yield from (_summary_row(suite_run) for suite_run in run.suites)
    yield ""
    if run.not_run:
        yield f"Not run: {escape(', '.join(run.not_run))}"
        yield ""
    for suite_run in run.suites:
        yield from _suite_lines(suite_run, run.mode)


def _summary_row(run: SuiteRun) -> str:
    fell, before, after = "", "", ""
    if run.comparison is not None and run.comparison.scores:
        weighted = run.comparison.scores[0]
        fell = str(len(fallen_cases(run.comparison)))
        before, after = f"{weighted.before:.3f}", f"{weighted.after:.3f}"
    gauge = run.decision.gauge
    return (
        f"| {escape(run.suite.name)} | {_SIGNS[gauge]} {gauge} | {len(run.results)} "
        f"| {fell} | {before} | {after} |"
    )


def _suite_lines(run: SuiteRun, mode: str) -> Iterator[str]:
    candidate = f", candidate {escape(run.suite.candidate)}" if run.suite.candidate else ""
    gauge = run.decision.gauge
    yield f"### {_SIGNS[gauge]} {escape(run.suite.name)}: {gauge}"
    yield ""
    yield (
        f"Mode {mode}{candidate}; {len(run.results)} of {len(run.suite.cases)} cases;"
        f" {escape(summarize_usage(run.results).describe(mode))}"
    )
    yield ""
    for reason in run.decision.reasons:
        yield f"- **{reason.says}** {escape(str(reason))}"
    yield ""
    for note in run.notes:
        yield f"> {escape(note)}"
        yield ""
    if run.comparison is not None and run.comparison.scores:
        figures = figures_of(run.comparison, latency=latency_source(mode).label)
        yield from _score_lines(figures)
        yield from _amount_lines(figures)
        yield from _fallen_lines(figures)
        yield from _slide_lines(figures)
        yield from _repeat_lines(figures)
    yield from _timeline_lines(run, mode)
    unnamed = run.unexplained_failures
    if unnamed:
        yield "<details><summary>Other failed tests</summary>"
        yield ""
        for case_id, message in unnamed.items():
            yield f"- **{escape(case_id)}**: {escape(message)}"
        yield ""
        yield "</details>"
        yield ""


def _score_lines(figures: Figures) -> Iterator[str]:
    yield from _header(
        "score",
        ("cases", "baseline", "now", "change"),
        ("95 %", "p") if figures.has_intervals else (),
        ("drop excluded",) if figures.has_exclusions else (),
        ("better", "worse", "equal"),
    )
    yield from (_score_row(row, figures) for row in figures.scores)
    yield ""


def _score_row(row: ScoreFigures, figures: Figures) -> str:
    score = row.score
    change = f"{score.difference:+.3f}"
    evidence = ""
    if figures.has_intervals:
        evidence += f"| {escape(row.interval)} | {escape(row.p_value)} "
    if figures.has_exclusions:
        evidence += f"| {escape(row.excluded)} "
    return (
        f"| {escape(score.name)} | {score.cases} | {score.before:.3f} | {score.after:.3f} "
        f"| {f'**{change}**' if score.has_dropped else change} {evidence}"
        f"| {score.better} | {score.worse} | {score.equal} |"
    )


def _amount_lines(figures: Figures) -> Iterator[str]:
    if not figures.amounts:
        return
    yield from _header(
        "of all cases",
        ("cases", "baseline", "now", "a case (95 %)"),
        ("allowed", "p") if figures.has_limits else (),
    )
    for row in figures.amounts:
        change = escape(row.change)
        cells = (escape(row.name), row.cases, escape(row.before), escape(row.after))
        limit = (escape(row.limit), escape(row.p_value)) if figures.has_limits else ()
        yield _row(*cells, f"**{change}**" if row.is_shown else change, *limit)
    yield ""


def _fallen_lines(figures: Figures) -> Iterator[str]:
    if not figures.fallen:
        return
    if figures.has_draws:
        yield BEHIND_DRAWS
        yield ""
    yield "| case | what fell | why |"
    yield "|---|---|---|"
    for fallen in figures.fallen[:_CASES_SHOWN]:
        yield from _fallen_rows(fallen)
    if len(figures.fallen) > _CASES_SHOWN:
        yield f"| … | {len(figures.fallen) - _CASES_SHOWN} more cases | |"
    yield ""


def _fallen_rows(fallen: FallenCase) -> Iterator[str]:
    case_id = escape(fallen.case.case_id)
    for change in fallen.changes:
        what = f"{escape(change.name)} {fallen.text(change, arrow='→')}"
        yield _row(case_id, what, escape(change.why))
    for severe in fallen.case.other_severe:
        finding = severe.finding
        what = f"new {finding.severity} finding {escape(finding.rule)}"
        yield _row(case_id, what, escape(finding.message))


def _slide_lines(figures: Figures) -> Iterator[str]:
    if not figures.slides:
        return
    yield from _header("below its best", ("cases", "best", "now", "change", "tolerance", "p"))
    for row in figures.slides:
        change = f"**{row.change}**" if row.is_shown else row.change
        p_value = escape(row.p_value)
        yield _row(
            escape(row.name), str(row.cases), row.best, row.now, change, row.tolerance, p_value
        )
    yield ""


def _repeat_lines(figures: Figures) -> Iterator[str]:
    if not figures.has_repeats:
        return
    yield "<details><summary>Repeated trials</summary>"
    yield ""
    if figures.passes:
        yield from _header("passes", ("baseline", "now"))
        for row in figures.passes:
            yield _row(escape(row.what), row.before, row.after)
        yield ""
    if figures.flaky:
        yield "| flaky case | its trials | of the noise |"
        yield "|---|---|--:|"
        for case in figures.flaky[:_CASES_SHOWN]:
            yield _row(escape(case.case_id), case.scores, case.noise_share)
        if len(figures.flaky) > _CASES_SHOWN:
            yield f"| … | {len(figures.flaky) - _CASES_SHOWN} more cases | |"
        yield ""
    if figures.breaks:
        yield escape(figures.breaks, limit=_BREAKS_SHOWN)
        yield ""
    yield "</details>"
    yield ""


def _header(first: str, *numbers: tuple[str, ...]) -> Iterator[str]:
    """Yield the head of a table whose columns but the first hold numbers."""
    columns = [column for group in numbers for column in group]
    yield _row(first, *columns)
    yield f"|---|{'--:|' * len(columns)}"


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _timeline_lines(run: SuiteRun, mode: str) -> Iterator[str]:
    timelines = timelines_of(run.results)
    summary = sum_up(timelines)
    if summary is None:
        return
    shown = choose(
        timelines,
        cases_to_look_at(run),
        others=_LONGEST_SHOWN,
        trials=_TRIALS_SHOWN,
        rows=_STEPS_SHOWN,
    )
    left_out = len(timelines) - len(shown)
    others = f"; {left_out} more in the HTML and JSON reports" if left_out else ""
    yield f"{escape(str(summary))}{others}"
    yield ""
    for timeline in shown:
        yield from _one_timeline(timeline, latency_source(mode).label)


def _one_timeline(timeline: Timeline, latency: str) -> Iterator[str]:
    # A line that begins with an element is HTML to its blank line: no Markdown, so no backslashes.
    name, used = (html.escape(one_line(text)) for text in (timeline.name, str(timeline)))
    yield f"<details><summary><code>{name}</code> {used.replace('$', '&#36;')}</summary>"
    yield ""
    note = f"; {timeline.starts_from.note}" if timeline.starts_from.note else ""
    yield f"In seconds ({latency}){note}."
    yield ""
    yield f"| {' | '.join(_STEP_COLUMNS)} |"
    yield "|--:|--:|--:|--:|---|--:|--:|--:|---|---|"
    for step in timeline.shown_steps():
        yield f"| | … {step} more | | | | | | | | |" if isinstance(step, int) else _step_row(step)
    total = timeline.total
    yield (
        f"| all | | {total('latency_seconds').text(',.2f')} | | "
        f"| {total('input_tokens').text(',')} | {total('output_tokens').text(',')} "
        f"| {total('cost_usd').text('.5f')} | {timeline.tool_calls or ''} | |"
    )
    yield ""
    yield "</details>"
    yield ""


def _step_row(step: Step) -> str:
    ended = escape(step.ended)
    return (
        f"| {step.number} | {step.start} | {step.latency} | {step.first_token} "
        f"| {escape(step.model)} | {step.input_tokens} | {step.output_tokens} | {step.cost_usd} "
        f"| {escape(step.tools)} | {f'**{ended}**' if step.has_failed else ended} |"
    )
