"""`gonogo compare --history`: the accepted scores of a baseline, one acceptance after the other."""

from pathlib import Path

import typer

from gonogo.baselines import load_baseline
from gonogo.best_scores import is_best_path, load_best
from gonogo.errors import BadInputError, Problem
from gonogo.history import history_of
from gonogo.reports.history import render_history, render_history_json


def show_history(path: Path, *, as_json: bool) -> None:
    """Print the history of a baseline.

    Args:
        path: Its file; the best scores beside it are read, too.
        as_json: For machines.

    Raises:
        BadInputError: If it is no baseline.
    """
    if is_best_path(path):
        what = "holds the best accepted scores only: name the baseline that lies beside it"
        raise BadInputError([Problem(str(path), what)])
    baseline = load_baseline(path)
    if baseline is None:
        raise BadInputError([Problem(str(path), "there is no such file: name a baseline")])
    history = history_of(baseline, load_best(path))
    text = render_history_json(history) if as_json else render_history(history)
    typer.echo(text, nl=False)
