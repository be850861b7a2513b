"""The report as a page: one file without scripts or outside parts, everything escaped."""

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from gonogo.reports.usage import summarize_usage
from gonogo.runs import Run

if TYPE_CHECKING:
    from jinja2 import Template


def render(run: Run) -> str:
    """Return the report as HTML."""
    usages = {suite.suite.name: summarize_usage(suite.results) for suite in run.suites}
    return _template().render(run=run, usages=usages)


@cache
def _template() -> "Template":
    from jinja2 import Environment, StrictUndefined  # noqa: PLC0415 - 60 ms, only for pages

    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    source = files("gonogo.reports").joinpath("run.html.jinja").read_text(encoding="utf-8")
    return environment.from_string(source)
