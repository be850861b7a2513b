"""`gonogo compare --models A,B`: may one model answer in place of another?"""

from collections.abc import Iterable
from pathlib import Path

import typer

from gonogo.cli.exits import Exit, reported_errors, say
from gonogo.cli.progress import with_progress
from gonogo.errors import BadInputError, Problem
from gonogo.model_comparison import (
    AnswerPool,
    AnswerReader,
    ModelComparison,
    RoutingVerdict,
    compare_models,
)
from gonogo.plain_text import counted
from gonogo.reports.model_comparison import render_json, render_table
from gonogo.settings import Settings


def show_models(
    models: str,
    files: Iterable[Path | str],
    settings: Settings,
    *,
    margin: float | None = None,
    format: str = "table",  # noqa: A002 - the option's name
    domain: str = "general",
) -> None:
    """Say by domain whether the second model is non-inferior, with ratios of cost and latency.

    Args:
        models: Two names, parted by a comma: the one that answers now, and the other.
        files: Reports, baselines and exchanges of both models, in any order.
        settings: Policy, domains, checkers and prices.
        margin: The drop of the weighted score to exclude; None: the policy's.
        format: `table` for people, `json` for machines.
        domain: Of exchanges that name none.

    Raises:
        typer.Exit: Always: 0 non-inferior in every domain, 1 inferior in one, 2 bad input (what
            could be read was compared), 3 undecided or too few cases in one and inferior in none.
    """
    with reported_errors():
        first, second = _two_models(models)
        pool = AnswerPool(first, second)
        reader = AnswerReader(settings, pool.wants, domain=domain)
        problems = _fill(pool, reader, [str(file) for file in files])
        comparison = compare_models(pool.pairs(), settings.policy, margin=margin)
    typer.echo(render_json(comparison) if format == "json" else render_table(comparison), nl=False)
    _say_what_was_left_out(comparison, reader, problems)
    raise typer.Exit(_exit_of(comparison, problems))


def _two_models(models: str) -> tuple[str, str]:
    names = [name.strip() for name in models.split(",")]
    if len(names) != 2 or not all(names):
        message = f"{models!r} are not two models: give two names, parted by a comma"
        raise BadInputError([Problem("--models", message)])
    return names[0], names[1]


def _fill(pool: AnswerPool, reader: AnswerReader, files: list[str]) -> int:
    """Put all answers into the pool; return how many problems were met, and said."""
    problems = 0
    for answers in with_progress(reader.read(files), "answers"):
        if isinstance(answers, Problem):
            problems += 1
            say(f"gonogo: {answers}")
        else:
            pool.add(answers)
    return problems


def _say_what_was_left_out(
    comparison: ModelComparison, reader: AnswerReader, problems: int
) -> None:
    pairs = comparison.pairs
    for name in sorted(reader.exchanges.undefined_domains):
        say(f"gonogo: domain {name!r} is not defined: judged as 'general'")
    for model in sorted(reader.exchanges.unpriced):
        say(f'gonogo: no price of {model!r} is known: set [tool.gonogo.prices."{model}"]')
    for count, what in (
        (pairs.several, "by several models together, left out"),
        (pairs.unnamed, "by a model that is not named, left out"),
        (pairs.repeated, "that was there before, counted once"),
    ):
        if count:
            say(f"gonogo: {counted(count, 'answer')} {what}")
    if problems:
        say(f"gonogo: {counted(problems, 'record')} could not be read and not compared")


def _exit_of(comparison: ModelComparison, problems: int) -> Exit:
    if problems:
        return Exit.BAD_INPUT
    match comparison.verdict:
        case RoutingVerdict.NON_INFERIOR:
            return Exit.DONE
        case RoutingVerdict.INFERIOR:
            return Exit.NO_GO
        case RoutingVerdict.UNDECIDED | RoutingVerdict.TOO_FEW:
            return Exit.UNDECIDED
