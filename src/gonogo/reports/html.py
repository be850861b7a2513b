"""The report as a page: one file without scripts or outside parts, everything escaped."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Final

from gonogo.plain_text import one_line
from gonogo.reports.figures import BEHIND_DRAWS, figures_of
from gonogo.reports.timelines import (
    AgentTrials,
    Step,
    Timeline,
    cases_to_look_at,
    choose,
    sum_up,
    timelines_of,
)
from gonogo.reports.usage import LatencySource, latency_source, summarize_usage
from gonogo.runs import Run, SuiteRun

if TYPE_CHECKING:
    from jinja2 import Template

_OPEN_TO_VIEW: Final = 3
"""So many of the longest trials stand before the others, which are folded away."""

_DRAWS_SHOWN: Final = 20
"""So many cases behind a drop of draws stand open to view."""

_TRIALS_SHOWN: Final = 1000
_STEPS_SHOWN: Final = 10_000
"""Of all timelines of a suite together: some 10 MB of page."""

_NARROWEST: Final = 0.4
"""Width of the narrowest bar that can be seen, in percent."""


@dataclass(frozen=True, slots=True)
class Bar:
    """Where a step stands in its trial, in percent of the trial's width.

    Attributes:
        left: Where it begins.
        width: From its start to its end.
        waiting: The share of its own width before the first token.
    """

    left: float
    width: float
    waiting: float


@dataclass(frozen=True, slots=True)
class DrawnTimeline:
    """A timeline and the bars of its steps.

    Attributes:
        timeline: The timeline.
        anchor: Name of its place in the page; of our own making.
        rows: Its steps to show, each with its bar, or the number of those left out.
    """

    timeline: Timeline
    anchor: str
    rows: tuple[tuple[Step, Bar | None] | int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnTimelines:
    """All timelines of a suite that its page shows.

    Attributes:
        summary: How many calls there were.
        title: What the first have in common.
        first: To look at first.
        others: The others.
        left_out: How many more there are.
        anchors: The place of each trial's timeline, by case id and number of the trial.
    """

    summary: AgentTrials
    title: str
    first: tuple[DrawnTimeline, ...]
    others: tuple[DrawnTimeline, ...]
    left_out: int
    anchors: Mapping[tuple[str, int], str]


def render(run: Run) -> str:
    """Return the report as HTML."""
    source = latency_source(run.mode)
    return _template().render(
        run=run,
        usages={
            suite.suite.name: summarize_usage(suite.results).describe(run.mode)
            for suite in run.suites
        },
        drawn={
            suite.suite.name: _draw_suite(suite, number)
            for number, suite in enumerate(run.suites, start=1)
        },
        compared={
            suite.suite.name: figures_of(suite.comparison, latency=source.label)
            for suite in run.suites
            if suite.comparison is not None
        },
        behind_draws=BEHIND_DRAWS,
        draws_shown=_DRAWS_SHOWN,
        latency=source.label,
        is_recorded=source is LatencySource.RECORDED,
    )


def _draw_suite(run: SuiteRun, number: int) -> DrawnTimelines | None:
    timelines = timelines_of(run.results)
    summary = sum_up(timelines)
    if summary is None:
        return None
    look_at = cases_to_look_at(run)
    shown = choose(
        timelines, look_at, others=_TRIALS_SHOWN, trials=_TRIALS_SHOWN, rows=_STEPS_SHOWN
    )
    drawn = tuple(
        DrawnTimeline(timeline, f"t{number}-{place}", tuple(_rows(timeline)))
        for place, timeline in enumerate(shown, start=1)
    )
    first = sum(timeline.case_id in look_at for timeline in shown)
    cut = first or _OPEN_TO_VIEW
    return DrawnTimelines(
        summary=summary,
        title="Of cases that fell or failed" if first else "The longest",
        first=drawn[:cut],
        others=drawn[cut:],
        left_out=len(timelines) - len(shown),
        anchors={(d.timeline.case_id, d.timeline.trial): d.anchor for d in drawn},
    )


def _rows(timeline: Timeline) -> Iterator[tuple[Step, Bar | None] | int]:
    span = max((step.end_seconds or 0.0 for step in timeline.steps), default=0.0)
    for row in timeline.shown_steps():
        yield row if isinstance(row, int) else (row, _bar(row, span))


def _bar(step: Step, span: float) -> Bar | None:
    """Return the bar of a step in a trial of `span` seconds; None where its times are not known."""
    start, end = step.start_seconds, step.end_seconds
    if start is None or end is None or span <= 0:
        return None
    width = max(100 * (end - start) / span, _NARROWEST)
    first_token = step.measured.ttft_seconds
    waiting = 0.0 if first_token is None or end <= start else 100 * first_token / (end - start)
    left = min(100 * start / span, 100 - _NARROWEST)
    return Bar(round(left, 2), round(width, 2), round(min(waiting, 100.0), 2))


@cache
def _template() -> "Template":
    from jinja2 import (  # noqa: PLC0415 - 60 ms, only for pages
        Environment,
        FunctionLoader,
        StrictUndefined,
    )

    folder = files("gonogo.reports")
    environment = Environment(
        autoescape=True,
        loader=FunctionLoader(lambda name: folder.joinpath(name).read_text(encoding="utf-8")),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["one_line"] = one_line
    return environment.get_template("run.html.jinja")
