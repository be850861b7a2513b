"""Every error that gonogo raises on purpose, under one root."""

from collections.abc import Iterable
from dataclasses import dataclass


class GonogoError(Exception):
    """Root of gonogo's errors; the message says what, where, and what to do."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with an input.

    Attributes:
        place: Where it is: `cases.jsonl:7`, `pyproject.toml [tool.gonogo.policy]`.
        message: What is wrong with the value, and what to do.
    """

    place: str
    message: str

    def __str__(self) -> str:
        """Return `place: message`."""
        return f"{self.place}: {self.message}"


class BadInputError(GonogoError):
    """Input that cannot be used; holds all problems that were found in one pass."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class BadSettingsError(GonogoError):
    """A setting under `[tool.gonogo]` or an option that cannot be used."""


class MissingRecordingError(GonogoError):
    """A request that no recording answers."""


class StaleBaselineError(GonogoError):
    """A baseline that measured something else than this run does."""


class BaselineRefusedError(GonogoError):
    """A run that may not become a baseline as it is."""


class UnpricedModelError(GonogoError):
    """A model whose price nobody told us; a cost is never guessed."""


class UnknownCheckerError(GonogoError):
    """A checker id that neither gonogo, nor an installed package, nor the settings know."""


class BudgetBlownError(GonogoError, AssertionError):
    """An exchange, a trial or a test used more than its budget.

    Attributes:
        brief: The first limit that does not hold, in one line.
    """

    def __init__(self, message: str, brief: str) -> None:
        self.brief = brief
        super().__init__(message)


class BelowThresholdError(GonogoError, AssertionError):
    """An output that its domain's threshold, or an expectation, does not let pass."""


class RegressionError(GonogoError, AssertionError):
    """A case that answers worse than its accepted baseline."""


class NotScoredError(GonogoError, AssertionError):
    """An output that could not be scored: a checker broke, or there was no answer."""
