"""How questions are asked in batches: limits, waiting, and who is told of what."""

import secrets
import time
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from gonogo.claude.asking import OnAnswer, Question
from gonogo.exchanges import Request


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchLimits:
    """How large a batch may be; the API's own limits (Claude's guide to batch processing).

    Attributes:
        max_requests: Requests in one batch.
        max_bytes: Bytes of one batch as it is sent.
    """

    max_requests: int = 100_000
    max_bytes: int = 256_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchWaiting:
    """How batches are waited for.

    Attributes:
        first_seconds: Between the first two looks.
        growth: Each wait is that much longer than the one before, at least 1.
        longest_seconds: No wait is longer.
        max_seconds: After that long the run gives up; the API ends a batch after 24 hours.
        settle_seconds: How old a submission of unknown outcome must be before the account's list is
            taken to show it.
        max_failed_looks: As many looks in a row may fail before the run gives up, beside what the
            SDK retries.
        now: Tells the time, with its zone.
        sleep: Waits that many seconds.
    """

    first_seconds: float = 5.0
    growth: float = 1.5
    longest_seconds: float = 60.0
    max_seconds: float = 25 * 3600.0
    settle_seconds: float = 60.0
    max_failed_looks: int = 5
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    sleep: Callable[[float], None] = time.sleep


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchProgress:
    """How far the batches are. The API counts a batch's requests only when it has ended.

    Attributes:
        batches: Batches under way or ended; ended_batches of them have.
        processing: Requests in batches that have not ended.
        succeeded: Requests that were answered; errored, canceled and expired likewise.
        waited_seconds: Since the run began.
    """

    batches: int
    ended_batches: int
    processing: int
    succeeded: int
    errored: int
    canceled: int
    expired: int
    waited_seconds: float


def _ignore(_: object) -> None:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchHooks:
    """What is told of a run.

    Attributes:
        on_answer: Is given each answer the moment it is read, and each failure that lies in the
            request. The caller stores it: an answer that was not stored comes again on resuming.
        before_submission: Is given what is about to be paid for, each question once. What it raises
            ends the run before anything of it is submitted.
        on_progress: Is told how far the batches are, after each look.
        on_notice: Is told in a sentence what a person should know.
    """

    on_answer: OnAnswer
    before_submission: Callable[[Sequence[Question]], None] = _ignore
    on_progress: Callable[[BatchProgress], None] = _ignore
    on_notice: Callable[[str], None] = _ignore


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchOptions:
    """What a run may be told to do otherwise.

    Attributes:
        already_answered: Keys whose answers the caller has stored, asked now or not.
        limits: How large a batch may be.
        waiting: How batches are waited for.
        fingerprint: Says whether a question is still the one that was submitted.
        new_token: Gives a batch's token: letters and digits, random.
    """

    already_answered: Container[str] = frozenset()
    limits: BatchLimits = BatchLimits()
    waiting: BatchWaiting = BatchWaiting()
    fingerprint: Callable[[Request], str] = Request.fingerprint
    new_token: Callable[[], str] = lambda: secrets.token_hex(8)


@dataclass(frozen=True, slots=True)
class BatchOutcome:
    """What became of the questions.

    Attributes:
        answered: Keys of those that were answered now.
        failed: Keys of those that failed for a reason that lies in the request.
        to_ask: Those to be asked one by one: errored, expired, canceled, or too large for a batch.
    """

    answered: tuple[str, ...]
    failed: tuple[str, ...]
    to_ask: tuple[Question, ...]
