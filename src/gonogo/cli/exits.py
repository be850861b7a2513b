"""Exit codes of the command line, and how errors become them."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum
from typing import TYPE_CHECKING, Final

import typer

from gonogo.errors import (
    BatchesUnfinishedError,
    BatchRefusedError,
    BudgetExceeded,
    CostLimitError,
    CostReportError,
    GonogoError,
    RunStoppedError,
    StoreDownError,
)

if TYPE_CHECKING:
    from gonogo.decisions import Decision
    from gonogo.settings import Policy

_SERVICE_FAILED: Final = (
    RunStoppedError,
    BatchRefusedError,
    BatchesUnfinishedError,
    CostReportError,
    StoreDownError,
)


class Exit(IntEnum):
    """What the exit status says."""

    DONE = 0
    NO_GO = 1
    BAD_INPUT = 2
    UNDECIDED = 3
    SERVICE_FAILED = 4
    INTERRUPTED = 130


def exit_of(decision: "Decision", policy: "Policy") -> Exit:
    """Return the exit status of a decision under a policy."""
    from gonogo.decisions import Gauge  # noqa: PLC0415 - heavy: many commands decide nothing

    if decision.passes(policy):
        return Exit.DONE
    return Exit.NO_GO if decision.gauge is Gauge.NO_GO else Exit.UNDECIDED


def say(text: str) -> None:
    """Print what is not data: on standard error."""
    print(text, file=sys.stderr)  # noqa: T201 - this is the command line's voice


@contextmanager
def reported_errors() -> Iterator[None]:
    """Turn gonogo's errors into a message and an exit status."""
    try:
        yield
    except (CostLimitError, BudgetExceeded) as error:
        say(f"gonogo: {error}")
        raise typer.Exit(Exit.NO_GO) from error
    except _SERVICE_FAILED as error:
        say(f"gonogo: {error}")
        raise typer.Exit(Exit.SERVICE_FAILED) from error
    except GonogoError as error:
        say(f"gonogo: {error}")
        raise typer.Exit(Exit.BAD_INPUT) from error
