"""The report that a reviewer reads in a pull request: GitHub's Markdown, everything escaped."""

import html
import re
from collections.abc import Iterator
from typing import Final

from gonogo.comparison import CaseComparison, ScoreComparison
from gonogo.plain_text import one_line
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
        fell = str(len(run.comparison.regressed))
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
        yield "| score | cases | baseline | now | change | better | worse | equal |"
        yield "|---|--:|--:|--:|--:|--:|--:|--:|"
        yield from (_score_row(score) for score in run.comparison.scores)
        yield ""
        yield from _regression_lines(run.comparison.regressed)
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


def _score_row(score: ScoreComparison) -> str:
    change = f"{score.difference:+.3f}"
    return (
        f"| {escape(score.name)} | {score.cases} | {score.before:.3f} | {score.after:.3f} "
        f"| {f'**{change}**' if score.regressed else change} "
        f"| {score.better} | {score.worse} | {score.equal} |"
    )


def _regression_lines(cases: tuple[CaseComparison, ...]) -> Iterator[str]:
    if not cases:
        return
    yield "| case | what fell | why |"
    yield "|---|---|---|"
    for case in cases[:_CASES_SHOWN]:
        for change in case.regressions:
            after = "gone" if change.after is None else f"{change.after:.2f}"
            what = f"{escape(change.name)} {change.before:.2f} → {after}"
            yield f"| {escape(case.case_id)} | {what} | {escape(change.why)} |"
        for severe in case.other_severe:
            finding = severe.finding
            what = f"new {finding.severity} finding {escape(finding.rule)}"
            yield f"| {escape(case.case_id)} | {what} | {escape(finding.message)} |"
    if len(cases) > _CASES_SHOWN:
        yield f"| … | {len(cases) - _CASES_SHOWN} more cases | |"
    yield ""


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
