"""`gonogo compare`: the decision on two files of scorecards, or on a baseline and scorecards.

Plans, histories and models have files of their own: this one tells them apart.
"""

from collections import defaultdict
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

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
from gonogo.cli.history import show_history
from gonogo.cli.model_comparison import show_models
from gonogo.cli.planning import show_plan
from gonogo.comparison import Comparison, compare_results
from gonogo.comparison.notes import describe_draws
from gonogo.decisions import Decision, decide
from gonogo.domains import GENERAL
from gonogo.errors import BadInputError, Problem
from gonogo.evaluation import CaseResult, TrialResult
from gonogo.exchanges import Outcome
from gonogo.json_lines import load_records
from gonogo.judging import is_passed
from gonogo.plain_text import counted, one_line
from gonogo.reports.json import render_comparison
from gonogo.reports.terminal import render_comparison as render_table
from gonogo.scorecards import Scorecard, decode_scorecard
from gonogo.settings import Settings, SuiteBudget, load_settings
from gonogo_checkers.output import Expectations


class CompareFormat(StrEnum):
    """How the comparison is printed."""

    TABLE = "table"
    JSON = "json"


def compare(  # noqa: PLR0913 - a parameter an option
    files: Annotated[
        list[str],
        typer.Argument(
            help="BASELINE CANDIDATE: a baseline, or scorecards as `gonogo check` prints them, and"
            " the scorecards to hold against it. With --plan or --history: a BASELINE. With"
            " --models: reports, baselines and exchanges of two models.",
            metavar="FILE",
        ),
    ],
    *,
    plan: Annotated[
        bool, typer.Option("--plan", help="Say what a run of a baseline's suite could show.")
    ] = False,
    history: Annotated[
        bool, typer.Option("--history", help="Show the scores over all accepted baselines.")
    ] = False,
    models: Annotated[
        str | None,
        typer.Option(metavar="A,B", help="Say by domain whether model B is as good as model A."),
    ] = None,
    draws: Annotated[
        bool,
        typer.Option(
            "--draws",
            help="Single answers were asked for anew: a fall may be chance.  [several trials"
            " always are draws]",
        ),
    ] = False,
    tolerance: Annotated[
        float | None,
        typer.Option(min=0, max=1, help="How far a score may fall.  [default: the settings']"),
    ] = None,
    margin: Annotated[
        float | None,
        typer.Option(help="--models: the drop to exclude.  [default: the settings']"),
    ] = None,
    domain: Annotated[
        str | None, typer.Option(help="--models: domain of exchanges that name none.")
    ] = None,
    trials: Annotated[
        list[int] | None,
        typer.Option(help="--plan: trials of each case; may be given more than once."),
    ] = None,
    drop: Annotated[
        float | None, typer.Option(help="--plan: the drop that is to be shown, 0 to 1.")
    ] = None,
    format: Annotated[  # noqa: A002 - the option's name
        CompareFormat, typer.Option(help="table for people, json for machines.")
    ] = CompareFormat.TABLE,
) -> None:
    """Hold scorecards against a baseline: GO, NO-GO or UNDECIDED; or plan, look back, hold models.

    Exit status: 0 GO or done, 1 NO-GO, 2 bad input, 3 UNDECIDED where the policy says that it
    fails. With --models: 1 where B is worse in a domain, 3 where that is not decided.
    """
    way = _Way.of(plan=plan, history=history, models=models is not None)
    _demand_own_options(
        way,
        {
            "--draws": draws or None,
            "--tolerance": tolerance,
            "--margin": margin,
            "--domain": domain,
            "--trials": trials or None,
            "--drop": drop,
        },
    )
    paths = _demand_files(way, files)
    with reported_errors():
        settings = load_settings(Path.cwd())
        match way:
            case _Way.PLAN:
                show_plan(
                    paths[0], settings, trials=tuple(trials or ()), drop=drop, format=format.value
                )
            case _Way.HISTORY:
                show_history(paths[0], as_json=format is CompareFormat.JSON)
            case _Way.MODELS:
                show_models(
                    models or "",
                    files,
                    settings,
                    margin=margin,
                    format=format.value,
                    domain=domain or GENERAL.name,
                )
            case _Way.SCORECARDS:
                _show_decision(
                    *paths, settings=_tolerating(settings, tolerance), format=format, draws=draws
                )


class _Way(StrEnum):
    """What is compared, with the options that only it takes."""

    SCORECARDS = "two files of scorecards"
    PLAN = "--plan"
    HISTORY = "--history"
    MODELS = "--models"

    @classmethod
    def of(cls, *, plan: bool, history: bool, models: bool) -> "_Way":
        asked = [
            way
            for way, given in ((cls.PLAN, plan), (cls.HISTORY, history), (cls.MODELS, models))
            if given
        ]
        if len(asked) > 1:
            raise typer.BadParameter(f"{asked[0]} and {asked[1]}: ask for one of them")
        return asked[0] if asked else cls.SCORECARDS


_OWN_OPTIONS: Final[Mapping[_Way, frozenset[str]]] = {
    _Way.SCORECARDS: frozenset({"--draws", "--tolerance"}),
    _Way.PLAN: frozenset({"--trials", "--drop"}),
    _Way.HISTORY: frozenset(),
    _Way.MODELS: frozenset({"--margin", "--domain"}),
}


def _demand_own_options(way: _Way, given: Mapping[str, object]) -> None:
    foreign = [o for o, value in given.items() if value is not None and o not in _OWN_OPTIONS[way]]
    if foreign:
        owner = next(other for other, options in _OWN_OPTIONS.items() if foreign[0] in options)
        raise typer.BadParameter(f"{foreign[0]} belongs to {owner}")


def _demand_files(way: _Way, files: list[str]) -> list[Path]:
    wanted = {_Way.SCORECARDS: 2, _Way.PLAN: 1, _Way.HISTORY: 1}.get(way)
    if wanted is not None and len(files) != wanted:
        what = "BASELINE CANDIDATE" if wanted == 2 else "one BASELINE"
        raise typer.BadParameter(f"expected {what}, got {counted(len(files), 'file')}")
    return [Path(file) for file in files]


def _tolerating(settings: Settings, tolerance: float | None) -> Settings:
    if tolerance is None:
        return settings
    policy = msgspec.structs.replace(settings.policy, tolerance=tolerance, tolerances={})
    return msgspec.structs.replace(settings, policy=policy)


def _show_decision(
    baseline: Path,
    candidate: Path,
    *,
    settings: Settings,
    format: CompareFormat,  # noqa: A002 - the option's name
    draws: bool,
) -> None:
    comparison, decision = _compare_files(baseline, candidate, settings, draws=draws)
    match format:
        case CompareFormat.TABLE:
            typer.echo(render_table(comparison), nl=False)
            for note in describe_draws(comparison, settings.policy):
                typer.echo(f"  note: {one_line(note)}")
            typer.echo(str(decision))
        case CompareFormat.JSON:
            typer.echo(render_comparison(comparison, decision), nl=False)
    raise typer.Exit(exit_of(decision, settings.policy))


def _compare_files(
    baseline_path: Path, candidate_path: Path, settings: Settings, *, draws: bool
) -> tuple[Comparison, Decision]:
    baseline = _load_either(baseline_path, settings)
    results = _results_of(_load_scorecards(candidate_path), settings)
    comparison = compare_results(
        _without_digests(baseline),
        results,
        {result.case_id for result in results},
        settings,
        replayed=not draws,
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
