"""Every error that gonogo raises on purpose, under one root."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final


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


class SecretInRecordingError(GonogoError):
    """A request or an answer that may not be stored: it holds a key, a token or a password."""


class StaleBaselineError(GonogoError):
    """A baseline that measured something else than this run does."""


class BaselineRefusedError(GonogoError):
    """A run that may not become a baseline as it is."""


class UnpricedModelError(GonogoError):
    """A model whose price nobody told us; a cost is never guessed."""


class UnboundedCostError(GonogoError):
    """A call of which nobody can say beforehand what it costs at most."""


class CostLimitError(GonogoError):
    """A call, or a whole run, that may cost more than is left of the cost limit."""


class RunStoppedError(GonogoError):
    """Something that no further call of a run would survive: a wrong key, a spending limit."""


class CostReportError(GonogoError):
    """A report of what was billed that cannot be fetched, or is not what it is known to be."""


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


class BatchRefusedError(GonogoError):
    """A batch that the API does not take in, or no longer shows."""


class BatchesUnfinishedError(GonogoError):
    """Batches that have not ended, or cannot be reached, for now; the same command resumes."""


class StoppedEarlyError(GonogoError):
    """A case that need not be asked any more: the decision about its suite is certain."""


class JournalInUseError(GonogoError):
    """A journal of batches that another run is using."""


class ModelNotFoundError(GonogoError):
    """A model that answered nothing of what was read, or a name that may be several models."""


class BudgetExceeded(GonogoError):  # noqa: N818 - the name by which applications catch it
    """A call that a hard limit on spending does not let pass; nothing was sent.

    Attributes:
        limit: Name of the limit.
        scope: Whose amount it is, by attribute; empty where all calls share it. May hold personal
            data, which the message leaves out.
        left_usd: How much is left of the amount, calls in flight taken off; at least 0.
        asked_usd: What the call can cost at most.
        resets_at: When there will be enough again if nothing else is spent; None: never, the call
            may cost more than the whole amount.
    """

    def __init__(
        self,
        message: str,
        *,
        limit: str,
        scope: Mapping[str, str],
        left_usd: Decimal,
        asked_usd: Decimal,
        resets_at: datetime | None,
    ) -> None:
        self.limit = limit
        self.scope = dict(scope)
        self.left_usd = left_usd
        self.asked_usd = asked_usd
        self.resets_at = resets_at
        super().__init__(message)


class StoreDownError(GonogoError):
    """A store that does not answer, or not in time."""


class UnknownReservationError(GonogoError):
    """A reservation that was never made, or is no longer remembered."""


class UnusableHistoryError(GonogoError):
    """Sums over time that cannot be forecast: too few hours, not finite, negative."""


class MissingExtraError(GonogoError):
    """A part of gonogo that needs packages of an extra which are not installed."""


NOT_RUN: Final = (
    MissingRecordingError,
    SecretInRecordingError,
    CostLimitError,
    RunStoppedError,
)
"""Why a case has no answer to be judged: it was not run."""
