"""`gonogo compare`: the decision on two files of scorecards, or on a baseline and scorecards."""

from collections import defaultdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from gonogo.baselines import (
    SCHEMA,
    Baseline,
    BaselineHeader,
    baseline_of,
    is_baseline_header,
    load_baseline,
)
from gonogo.cli.exits import exit_of, reported_errors
from gonogo.comparison import Comparison, compare_results
from gonogo.decisions import Decision, decide
from gonogo.errors import BadInputError, Problem
from gonogo.evaluation import CaseResult, TrialResult
from gonogo.exchanges import Outcome
from gonogo.json_lines import load_records
from gonogo.judging import is_passed
from gonogo.reports.json import render_comparison
from gonogo.reports.terminal import render_comparison as render_table
from gonogo.scorecards import Scorecard, decode_scorecard
from gonogo.settings import Settings, SuiteBudget, load_settings
from gonogo_checkers.output import Expectations


class CompareFormat(StrEnum):
    """How the comparison is printed."""

    TABLE = "table"
    JSON = "json"


def compare(
    baseline: Annotated[
        Path, typer.Argument(help="A baseline, or scorecards as `gonogo check` prints them.")
    ],
    candidate: Annotated[
        Path, typer.Argument(help="Scorecards as `gonogo check --format jsonl` prints them.")
    ],
    tolerance: Annotated[
        float | None,
        typer.Option(min=0, max=1, help="How far a score may fall.  [default: the settings']"),
    ] = None,
    format: Annotated[  # noqa: A002 - the option's name
        CompareFormat, typer.Option(help="table for people, json for machines.")
    ] = CompareFormat.TABLE,
) -> None:
    """Hold scorecards against a baseline, case by case: GO, NO-GO or UNDECIDED.

    Exit status: 0 GO, 1 NO-GO, 2 bad input, 3 UNDECIDED where the policy says that it fails.
    """
    with reported_errors():
        settings = load_settings(Path.cwd())
        if tolerance is not None:
            policy = msgspec.structs.replace(settings.policy, tolerance=tolerance, tolerances={})
            settings = msgspec.structs.replace(settings, policy=policy)
        comparison, decision = _compare_files(baseline, candidate, settings)
    match format:
        case CompareFormat.TABLE:
            typer.echo(render_table(comparison), nl=False)
            typer.echo(str(decision))
        case CompareFormat.JSON:
            typer.echo(render_comparison(comparison, decision), nl=False)
    raise typer.Exit(exit_of(decision, settings.policy))


def _compare_files(
    baseline_path: Path, candidate_path: Path, settings: Settings
) -> tuple[Comparison, Decision]:
    baseline = _load_either(baseline_path, settings)
    results = _results_of(_load_scorecards(candidate_path), settings)
    comparison = compare_results(
        _without_digests(baseline), results, {result.case_id for result in results}, settings
    )
    return comparison, decide(results, comparison, policy=settings.policy, budget=SuiteBudget())


def _load_either(path: Path, settings: Settings) -> Baseline:
    try:
        with path.open("rb") as stream:
            is_baseline = is_baseline_header(stream.readline(100))
    except OSError as error:
        raise BadInputError([Problem(str(path), f"cannot be read: {error.strerror}")]) from error
    if is_baseline:
        loaded = load_baseline(path)
        if loaded is not None:
            return loaded
    header = BaselineHeader(
        schema=SCHEMA, suite=path.stem, dataset="", model=None, tools=None, checkers={}, history=()
    )
    return baseline_of(_results_of(_load_scorecards(path), settings), header)


def _without_digests(baseline: Baseline) -> Baseline:
    """Return the baseline without digests: scorecards alone say nothing of their cases."""
    cases = {
        case_id: msgspec.structs.replace(case, digest="")
        for case_id, case in baseline.cases.items()
    }
    return msgspec.structs.replace(baseline, cases=cases)


def _load_scorecards(path: Path) -> list[Scorecard]:
    records = load_records(path, decode_scorecard)
    if not records:
        raise BadInputError([Problem(str(path), "holds no scorecards")])
    seen: set[tuple[str, int]] = set()
    problems = []
    for place, card in records:
        if (card.id, card.trial) in seen:
            problems.append(Problem(place, f"{card.id}#{card.trial} stands there twice"))
        seen.add((card.id, card.trial))
    if problems:
        raise BadInputError(problems)
    return [card for _, card in records]


def _results_of(cards: list[Scorecard], settings: Settings) -> list[CaseResult]:
    by_id: dict[str, list[Scorecard]] = defaultdict(list)
    for card in cards:
        by_id[card.id].append(card)
    return [
        CaseResult(
            suite="",
            case_id=case_id,
            digest="",
            domain=found[0].domain,
            trials=tuple(
                TrialResult(
                    number=card.trial,
                    outcome=Outcome.ANSWERED,
                    measured=(),
                    words=0,
                    scorecard=card,
                    is_passed=is_passed(card, settings.domain(card.domain), Expectations()),
                )
                for card in found
            ),
        )
        for case_id, found in by_id.items()
    ]
