"""Asks Claude the cases of a suite: what its recordings lack, within the cost limit of the run.

Each answer is recorded the moment it is complete, so that nothing that was paid for is lost.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gonogo.cases import Case
from gonogo.errors import (
    BatchesUnfinishedError,
    BatchRefusedError,
    CostLimitError,
    GonogoError,
    RunStoppedError,
    UnpricedModelError,
)
from gonogo.exchanges import Exchange
from gonogo.json_lines import JsonObject
from gonogo.plain_text import counted
from gonogo.pricing import cost_of
from gonogo.recordings import Book, Call, Recordings
from gonogo.recordings.attempts import attempt_of

if TYPE_CHECKING:
    from gonogo.claude.asking import Asker, Question
    from gonogo.claude.batch_options import BatchOptions, BatchProgress
    from gonogo.claude.cost_limit import Reservation
    from gonogo.claude.estimating import Estimate, TokenCounts

_TRIAL: Final = "trial"
"""Tag of an exchange that names the trial which it answers: `refund-late#2`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hooks:
    """Who is told how a run goes on.

    Attributes:
        announce: Is told before the first call what will be asked, and what it costs at most.
        answered: Is told of each question that is answered, or failed for good.
        progress: Is told how far the batches are.
    """

    announce: Callable[[str], None] = lambda _: None
    answered: Callable[[str], None] = lambda _: None
    progress: "Callable[[BatchProgress], None]" = lambda _: None


@dataclass(slots=True, kw_only=True)
class Asked:
    """What became of the questions of a run; grows while it goes on.

    Attributes:
        answered: How many were answered and recorded.
        failures: By case, the calls that failed for good: they are not recorded.
        refused: How many were answered, and may not be recorded.
        problems: By case, why its answer could not be recorded, or its request not be sent.
        stopped: Why not all were asked; None: all were.
        spent_usd: What it cost in US dollars.
    """

    answered: int = 0
    refused: int = 0
    failures: dict[str, list[Exchange]] = field(default_factory=dict)
    problems: dict[str, GonogoError] = field(default_factory=dict)
    stopped: GonogoError | None = None
    spent_usd: Decimal = Decimal(0)

    def not_run(self, case_id: str) -> GonogoError | None:
        """Return why a case has no answer; None where no reason is known."""
        return self.problems.get(case_id) or self.stopped


@dataclass(frozen=True, slots=True, kw_only=True)
class Interview:
    """Asks questions about cases, and records the answers.

    Attributes:
        asker: How Claude is asked: its pace, cost limit and prices are the run's.
        counts: Counts of input tokens of earlier runs.
        book: What is recorded, and where answers go.
        hooks: Who is told.
    """

    asker: "Asker"
    counts: "TokenCounts"
    book: Book
    hooks: Hooks = Hooks()

    def missing(
        self,
        cases: Iterable[Case],
        shared_request: JsonObject,
        *,
        trials: int | None,
        replaced: Recordings | None = None,
    ) -> "list[Question]":
        """Return what the recordings lack: a question a trial, none twice.

        Args:
            cases: What is asked.
            shared_request: What all requests of their suite share.
            trials: How many answers each is to have; None: as many as those that are replaced,
                one at least.
            replaced: What the answers take the place of; None: they are added.
        """
        from gonogo.claude.asking import Question  # noqa: PLC0415 - heavy: imports the SDK

        recordings = self.book.recordings
        old = {} if replaced is None else replaced.by_fingerprint
        questions, seen = [], set()
        for case in cases:
            request = case.request_with(shared_request)
            fingerprint = request.fingerprint(recordings.volatile)
            if fingerprint in seen:
                continue
            seen.add(fingerprint)
            recorded = recordings.by_fingerprint.get(fingerprint, ())
            wanted = trials or len(old.get(fingerprint, ())) or 1
            numbers = _missing_numbers(case.id, recorded, wanted)
            questions += [Question(f"{case.id}#{number}", request) for number in numbers]
        return questions

    def recordable(self, questions: "Sequence[Question]", asked: Asked) -> "list[Question]":
        """Return the questions whose request may be recorded; the others are problems.

        Args:
            questions: What is to be asked.
            asked: Its problems grow.
        """
        allowed = []
        for question in questions:
            try:
                if self.book.file is not None:
                    self.book.file.demand_recordable(question.request.body)
            except GonogoError as error:
                asked.problems[case_of(question.key)] = error
            else:
                allowed.append(question)
        return allowed

    def estimate(self, questions: "Sequence[Question]", *, batch: bool = False) -> "Estimate":
        """Work out what questions cost at most, and say it.

        Raises:
            CostLimitError: If that is more than is left of the limit.
            RunStoppedError: If Claude cannot be asked.
        """
        from gonogo.claude.estimating import estimate_all  # noqa: PLC0415 - heavy: imports the SDK

        estimate = estimate_all(
            questions, self.asker, counts=self.counts, at=datetime.now(UTC), batch=batch
        )
        self.hooks.announce(describe_estimate(estimate, batch=batch))
        estimate.demand_within(self.asker.limit)
        return estimate

    def ask(
        self,
        questions: "Sequence[Question]",
        asked: Asked,
        *,
        bounds: Mapping[str, Decimal] | None = None,
    ) -> None:
        """Ask questions one by one, side by side, and record the answers.

        Args:
            questions: What is asked; each may be recorded.
            asked: Grows.
            bounds: By key what each costs at most in US dollars; None: it is worked out and said
                before the first call.
        """
        from gonogo.claude.asking import ask_all  # noqa: PLC0415 - heavy: imports the SDK

        if not questions:
            return
        try:
            bounds = self.estimate(questions).bounds if bounds is None else bounds
        except GonogoError as error:
            asked.stopped = error
            return
        summary = ask_all(self.asker, questions, partial(self.take, asked), bounds=bounds)
        asked.stopped = summary.stopped
        asked.spent_usd += summary.spent_usd

    def unsubmitted(self, questions: "Sequence[Question]", journal: Path) -> "Sequence[Question]":
        """Return the questions that are in no batch under way.

        Args:
            questions: What is missing.
            journal: Notes what is under way.

        Raises:
            BadInputError: If the journal is damaged.
        """
        if not journal.exists():
            return questions
        from gonogo.claude.batching import unsubmitted  # noqa: PLC0415 - heavy: imports the SDK

        return unsubmitted(questions, journal, self._batch_options(questions))

    def ask_in_batches(
        self,
        questions: "Sequence[Question]",
        journal: Path,
        asked: Asked,
        *,
        bounds: Mapping[str, Decimal] | None = None,
        first_poll_seconds: float = 5.0,
    ) -> None:
        """Ask questions by the Message Batches API, at half the price, and record the answers.

        What a batch could not answer is asked one by one.

        Args:
            questions: What is asked; each may be recorded.
            journal: Notes what is under way; the same call resumes from it.
            asked: Grows.
            bounds: By key what those that are in no batch yet cost at most in US dollars; what it
                lacks is worked out and said.
            first_poll_seconds: Between the first two looks at the batches; later ones are longer.

        Raises:
            BadInputError: If the journal is damaged.
            JournalInUseError: If another run uses it.
        """
        from gonogo.claude import batching  # noqa: PLC0415 - heavy: imports the SDK
        from gonogo.claude.batch_options import BatchHooks  # noqa: PLC0415 - likewise

        paying = _BatchPaying(self, bounds or {})
        hooks = BatchHooks(
            on_answer=partial(paying.take, asked),
            before_submission=paying.reserve,
            on_progress=self.hooks.progress,
            on_notice=self.hooks.announce,
        )
        to_ask: Sequence[Question] = ()
        try:
            with batching.claude_client() as client:
                to_ask = batching.ask_in_batches(
                    questions,
                    client,
                    journal=journal,
                    hooks=hooks,
                    options=self._batch_options(questions, first_poll_seconds),
                ).to_ask
        except _ENDS as error:
            asked.stopped = error
        finally:
            paying.settle(asked)
        self.ask(to_ask, asked)

    def _batch_options(
        self, questions: "Sequence[Question]", first_poll_seconds: float = 5.0
    ) -> "BatchOptions":
        from gonogo.claude.batch_options import (  # noqa: PLC0415 - heavy: imports the SDK
            BatchOptions,
            BatchWaiting,
        )

        # A trial whose request changed since has an answer on file, but not to this question.
        answered = self._recorded_trials().difference(question.key for question in questions)
        return BatchOptions(
            already_answered=answered,
            waiting=BatchWaiting(first_seconds=first_poll_seconds),
            fingerprint=lambda request: request.fingerprint(self.book.recordings.volatile),
        )

    def _recorded_trials(self) -> frozenset[str]:
        """Return the keys of all questions whose answers are recorded."""
        exchanges = (call.final.exchange for call in self.book.recordings.calls)
        return frozenset(e.tags[_TRIAL] for e in exchanges if e is not None and _TRIAL in e.tags)

    def take(self, asked: Asked, question: "Question", exchange: Exchange) -> None:
        """Record an answer; a call that failed for good is none."""
        case_id = case_of(question.key)
        exchange = replace(exchange, tags={**exchange.tags, _TRIAL: question.key})
        if exchange.error is not None or exchange.response is None:
            asked.failures.setdefault(case_id, []).append(exchange)
        else:
            try:
                self.book.add(attempt_of(exchange))
                asked.answered += 1
            except GonogoError as error:
                asked.problems[case_id] = error
                asked.refused += 1
        self.hooks.answered(question.key)


_ENDS: Final = (BatchRefusedError, BatchesUnfinishedError, CostLimitError, RunStoppedError)
"""What a run of batches ends with when Claude, or the cost limit, lets it go no further."""


class _BatchPaying:
    """What batches of a run may cost, until their answers are there."""

    def __init__(self, interview: Interview, bounds: Mapping[str, Decimal]) -> None:
        self._interview = interview
        self._bounds = bounds
        self._reserved: list[Reservation] = []
        self._cost_usd = Decimal(0)

    def take(self, asked: Asked, question: "Question", exchange: Exchange) -> None:
        """Record an answer, and add up what it cost."""
        with suppress(UnpricedModelError):
            self._cost_usd += cost_of(exchange, self._interview.asker.prices) or Decimal(0)
        self._interview.take(asked, question, exchange)

    def reserve(self, questions: "Sequence[Question]") -> None:
        """Set aside what questions cost at most, before they are submitted.

        Raises:
            CostLimitError: If that is more than is left.
        """
        bounds = [self._bounds.get(question.key) for question in questions]
        if None in bounds:  # nobody expected them: a batch was given up
            most = self._interview.estimate(questions, batch=True).upper_bound_usd
        else:
            most = sum(filter(None, bounds), Decimal(0))
        self._reserved.append(self._interview.asker.limit.reserve(most))

    def settle(self, asked: Asked) -> None:
        """Take what the answers cost in place of what was set aside.

        Answers to what an earlier process submitted count, too: nobody has reported them yet.
        """
        limit = self._interview.asker.limit
        with suppress(CostLimitError):  # more is spent than the limit: nothing is added to it
            limit.settle(limit.reserve(Decimal(0)), self._cost_usd)
        for reservation in self._reserved:
            limit.release(reservation)
        asked.spent_usd += self._cost_usd


def describe_estimate(estimate: "Estimate", *, batch: bool) -> str:
    """Say in a sentence what a run will ask, and what it costs at most."""
    what = f"asking {counted(estimate.calls, 'question')}" + (" in batches" if batch else "")
    most = f"at most ${estimate.upper_bound_usd:.4f}"
    unknown = [*estimate.unpriced.items(), *estimate.unbounded.items()]
    if unknown:
        key, why = unknown[0]
        others = f"; the others cost {most}" if estimate.bounds else ""
        return (
            f"{what}; what {len(unknown)} of them cost at most is not known ({key}: {why}){others}"
        )
    if estimate.growing:
        most += f" and what the tools of {len(estimate.growing)} of them read"
    return f"{what}: {most}"


def case_of(key: str) -> str:
    """Return the case of a question's key, `<case>#<number>`."""
    return key.rpartition("#")[0]


def _missing_numbers(case_id: str, recorded: Sequence[Call], wanted: int) -> list[int]:
    """Return the numbers of the trials that are not recorded; recordings without one come first."""
    taken = set()
    for call in recorded:
        exchange = call.final.exchange
        case, _, number = ("" if exchange is None else exchange.tags.get(_TRIAL, "")).rpartition(
            "#"
        )
        if case == case_id and number.isdecimal():
            taken.add(int(number))
    free = [number for number in range(1, wanted + 1) if number not in taken]
    unnumbered = max(0, len(recorded) - len(taken))
    return free[unnumbered:]
