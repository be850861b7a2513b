"""The options and ini settings of a pytest run, all of them prefixed, and what they refuse."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from decimal import Decimal

_MODES: Final = ("replay", "record", "rerecord", "live")
_REPORT_SUFFIXES: Final = (".md", ".html", ".json", ".sarif")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options and ini settings, all of them prefixed."""
    group = parser.getgroup("gonogo", "gonogo: is what Claude answers still good enough?")
    group.addoption(
        "--gonogo-mode",
        choices=_MODES,
        default=None,
        help="how answers are had: replay (default; no network), record (ask what is missing),"
        " rerecord (ask all anew), live (ask all; recordings stay as they are)",
    )
    group.addoption(
        "--gonogo-trials",
        metavar="N",
        type=_positive,
        help="how often each case is tried (default: as often as it is recorded)",
    )
    group.addoption(
        "--gonogo-max-cost-usd",
        metavar="USD",
        type=_amount,
        help="spend no more on asking Claude; overrides [tool.gonogo] max_cost_usd",
    )
    group.addoption(
        "--gonogo-stop-early",
        action="store_true",
        help="ask the cases in random order, in rounds, and stop as soon as the decision is certain"
        " (mode live)",
    )
    group.addoption(
        "--gonogo-rounds",
        metavar="N",
        type=_positive,
        default=None,
        help="how many rounds --gonogo-stop-early plans (default: 10)",
    )
    group.addoption(
        "--gonogo-candidate",
        metavar="NAME",
        help="take the prompt and the recordings of datasets/<suite>/candidates/NAME",
    )
    group.addoption(
        "--gonogo-update-baselines",
        action="store_true",
        help="accept this run as the new baseline of each suite that ran completely",
    )
    group.addoption(
        "--gonogo-reason",
        metavar="TEXT",
        help="why a run is accepted although it is NO-GO; kept in the baseline's history",
    )
    group.addoption(
        "--gonogo-report",
        metavar="PATH",
        action="append",
        default=[],
        help="write a report; .md, .html, .json or .sarif; may be given more than once",
    )
    parser.addini("gonogo_mode", "how answers are had", default="replay")
    parser.addini("gonogo_datasets", "folder of the datasets; overrides [tool.gonogo] datasets")
    parser.addini("gonogo_baselines", "folder of the baselines; overrides [tool.gonogo] baselines")


def mode_of(config: pytest.Config) -> str:
    """Return how answers are had: the option, else the ini setting."""
    return str(config.getoption("--gonogo-mode") or config.getini("gonogo_mode"))


def report_paths(config: pytest.Config) -> list[Path]:
    """Return where reports are to be written."""
    return [Path(path) for path in config.getoption("--gonogo-report")]


def demand_sense(config: pytest.Config) -> None:
    """Refuse options that say nothing, or cannot be had together.

    Raises:
        pytest.UsageError: Says which, and why.
    """
    if mode_of(config) not in _MODES:
        raise pytest.UsageError(
            f"gonogo_mode = {mode_of(config)!r}: there is only {', '.join(_MODES)}"
        )
    _demand_stoppable(config)
    wrong = [path for path in report_paths(config) if path.suffix not in _REPORT_SUFFIXES]
    if wrong:
        known = ", ".join(_REPORT_SUFFIXES)
        raise pytest.UsageError(f"--gonogo-report {wrong[0]}: its name must end in {known}")


def _demand_stoppable(config: pytest.Config) -> None:
    """Refuse to stop early where that makes no sense, or cannot be done.

    Raises:
        pytest.UsageError: Says why.
    """
    if not config.getoption("--gonogo-stop-early"):
        if config.getoption("--gonogo-rounds") is not None:
            raise pytest.UsageError("--gonogo-rounds plans the rounds of --gonogo-stop-early")
        return
    if mode_of(config) != "live":
        raise pytest.UsageError("--gonogo-stop-early saves calls: it needs --gonogo-mode=live")
    if config.getoption("--gonogo-update-baselines"):
        raise pytest.UsageError("--gonogo-stop-early: a run that may stop is no baseline")
    if config.getoption("numprocesses", None):
        raise pytest.UsageError(
            "--gonogo-stop-early asks in rounds: leave out -n, a round's"
            " cases are asked side by side anyway"
        )


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"expected at least 1, got {number}")
    return number


def _amount(text: str) -> Decimal:
    from gonogo.amounts import parse_amount  # noqa: PLC0415 - only where it is given

    try:
        return parse_amount(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
