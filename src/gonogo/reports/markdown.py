"""The report that a reviewer reads in a pull request: GitHub's Markdown, everything escaped."""

import re
from collections.abc import Iterator
from typing import Final

from gonogo.comparison import CaseComparison, ScoreSummary
from gonogo.plain_text import one_line
from gonogo.reports.usage import summarize_usage
from gonogo.runs import Run, SuiteRun

_SPECIAL: Final = re.compile(r"([\\`*_{}\[\]<>()#+!|~@&$:])")
_SIGNS: Final = {"GO": "✅", "NO-GO": "❌", "UNDECIDED": "❔"}
_CASES_SHOWN: Final = 50


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
        f" {escape(str(summarize_usage(run.results)))}"
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
    unnamed = run.unexplained_failures
    if unnamed:
        yield "<details><summary>Other failed tests</summary>"
        yield ""
        for case_id, message in unnamed.items():
            yield f"- **{escape(case_id)}**: {escape(message)}"
        yield ""
        yield "</details>"
        yield ""


def _score_row(score: ScoreSummary) -> str:
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
