"""`gonogo compare --plan`: prints what a run of a suite could show, from its baseline alone."""

from pathlib import Path
from typing import Final

import typer

from gonogo.baselines import Baseline, is_baseline_header, load_baseline
from gonogo.errors import BadInputError, BadSettingsError, Problem
from gonogo.planning import TRIALS, plan_suite
from gonogo.settings import Settings

_MOST_TRIALS: Final = 1000


def show_plan(
    path: Path,
    settings: Settings,
    *,
    trials: tuple[int, ...] = (),
    drop: float | None = None,
    format: str = "table",  # noqa: A002 - the option's name
) -> None:
    """Print the plan of a run.

    Args:
        path: The suite's baseline.
        settings: For the policy.
        trials: Numbers of trials of each case to plan for; none: 1, 2, 3, 5 and 8.
        drop: That is to be shown; None: 0.05 beyond the tolerance of each score.
        format: `table` or `json`.

    Raises:
        BadInputError: If the file is no baseline.
        BadSettingsError: If `trials` or `drop` is out of range, or the format is not known.
    """
    from gonogo.reports.planning import (  # noqa: PLC0415 - heavy: rich
        render_plan,
        render_plan_json,
    )

    _check(trials, drop, format)
    plan = plan_suite(_load(path), settings.policy, trials=trials or TRIALS, drop=drop)
    render = render_plan_json if format == "json" else render_plan
    typer.echo(render(plan), nl=False)


def _check(trials: tuple[int, ...], drop: float | None, form: str) -> None:
    for count in trials:
        if not 1 <= count <= _MOST_TRIALS:
            raise BadSettingsError(f"--trials {count!r}: give a number from 1 to {_MOST_TRIALS}")
    if drop is not None and not 0 < drop <= 1:
        raise BadSettingsError(f"--drop {drop!r}: give a drop above 0, at most 1")
    if form not in ("table", "json"):
        raise BadSettingsError(f"--format {form!r}: a plan is printed as table or json")


def _load(path: Path) -> Baseline:
    try:
        with path.open("rb") as stream:
            is_baseline = is_baseline_header(stream.readline(100))
    except OSError as error:
        raise BadInputError([Problem(str(path), f"cannot be read: {error.strerror}")]) from error
    baseline = load_baseline(path) if is_baseline else None
    if baseline is None:
        raise BadInputError(
            [
                Problem(
                    str(path),
                    "is no baseline, and a plan needs one:"
                    " accept it with pytest evals --gonogo-update-baselines",
                )
            ]
        )
    return baseline
