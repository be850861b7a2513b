"""One run of batches: what is submitted, waited for and fetched, and what is known so far."""

from collections.abc import Container, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Final

from gonogo.claude.asking import Question
from gonogo.claude.batch_calls import (
    BatchCalls,
    Postponed,
    Submission,
    Submitted,
    TroubleError,
    Unclear,
)
from gonogo.claude.batch_journal import BatchJournal, Entry, Item, Planned
from gonogo.claude.batch_options import (
    BatchHooks,
    BatchOptions,
    BatchOutcome,
    BatchProgress,
)
from gonogo.claude.batch_results import Answered, Failed, ToAskAgain, read_result
from gonogo.claude.batch_splitting import batch_item, split_into_batches
from gonogo.errors import BatchesUnfinishedError, BatchRefusedError, RunStoppedError
from gonogo.plain_text import counted, one_line

if TYPE_CHECKING:
    from anthropic.types.messages import MessageBatch

_KEPT: Final = timedelta(days=29)
"""How long the API keeps results (Claude's guide to batch processing)."""

_HOLD: Final = timedelta(minutes=10)
"""A batch may be 256 MB: what the API has no room for is not sent at each look."""

_NAMED: Final = 5
_RESUME: Final = "nothing is lost: run the same command again to resume"


@dataclass(slots=True)
class _Open:
    """A batch that is waited for.

    Attributes:
        entry: What the journal says of it.
        asked: Its questions that are still asked, by their place in it.
        suspects: Ids of the batches that it may be; None: not looked for.
    """

    entry: Entry
    asked: dict[int, Question]
    suspects: list[str] | None = None


@dataclass(slots=True)
class _Tally:
    """What is known of the questions so far, by key."""

    answered: dict[str, None] = field(default_factory=dict)
    failed: dict[str, None] = field(default_factory=dict)
    to_ask: set[str] = field(default_factory=set)
    announced: set[str] = field(default_factory=set)

    def is_settled(self, key: str) -> bool:
        return key in self.answered or key in self.failed


class BatchRun:
    """One run; made for one call of `ask`."""

    def __init__(
        self,
        questions: Sequence[Question],
        calls: BatchCalls,
        journal: BatchJournal,
        hooks: BatchHooks,
        options: BatchOptions | None,
    ) -> None:
        """Take what `ask_in_batches` was given.

        Raises:
            ValueError: If two questions have the same key.
        """
        self._options = options or BatchOptions()
        self._waiting = self._options.waiting
        self._questions = _by_key(questions, self._options.already_answered)
        self._prints = {
            key: self._options.fingerprint(question.request)
            for key, question in self._questions.items()
        }
        self._calls, self._journal, self._hooks = calls, journal, hooks
        self._open: dict[str, _Open] = {}
        self._queue: list[list[Question]] = []
        self._held_until: datetime | None = None
        self._others: dict[str, Entry] = {}
        self._seen: dict[str, MessageBatch] = {}
        self._tally = _Tally()
        self._began = self._waiting.now()
        self._failed_looks = 0
        self._unclear = 0

    def ask(self) -> BatchOutcome:
        """Resume what is under way, submit the rest, wait for all; raises as `ask_in_batches`."""
        with self._journal.locked():
            try:
                self._resume()
                self._wait_for_all()
            except (KeyboardInterrupt, BatchRefusedError, RunStoppedError):
                if self._open:
                    self._hooks.on_notice(f"stopped; {self._under_way()}; {_RESUME}")
                raise
            self._journal.keep(list(self._others.values()))
        tally = self._tally
        again = [self._questions[key] for key in self._questions if key in tally.to_ask]
        return BatchOutcome(tuple(tally.answered), tuple(tally.failed), tuple(again))

    def _resume(self) -> None:
        for entry in self._journal.load():
            if is_lost(entry, self._waiting.now()):
                self._give_up(entry, "its results were kept for 29 days")
                continue
            matches = self._matches(entry)
            if matches:
                self._open[entry.token] = _Open(entry, matches)
            if self._holds_other_keys(entry):
                self._others[entry.token] = entry
        if self._open:
            self._hooks.on_notice(f"resuming: {self._under_way()}")

    def _matches(self, entry: Entry) -> dict[int, Question]:
        """Return the questions of a batch that are still asked; those that changed are reported."""
        matches: dict[int, Question] = {}
        changed: list[str] = []
        for index, item in enumerate(entry.planned.items):
            if item.key not in self._questions:
                continue
            if self._prints[item.key] == item.fingerprint:
                matches[index] = self._questions[item.key]
            else:
                changed.append(item.key)
        if changed:
            self._hooks.on_notice(
                f"batch {entry.name} asked {counted(len(changed), 'question')} that changed since"
                f" ({_named(changed)}): its answers to them are not used, they are asked anew"
            )
        return matches

    def _holds_other_keys(self, entry: Entry) -> bool:
        """Whether a later run, of more cases than this one, can use answers of a batch."""
        return any(
            item.key not in self._questions and item.key not in self._options.already_answered
            for item in entry.planned.items
        )

    def _wait_for_all(self) -> None:
        pause = self._waiting.first_seconds
        while True:
            self._fill_queue()
            self._submit_queue()
            has_changed = self._look()
            self._hooks.on_progress(self._progress())
            if has_changed or not self._open:
                self._held_until = None
            if not self._open and not self._queue and not self._unasked():
                return
            if not has_changed:
                self._sleep(pause)
                pause = min(pause * self._waiting.growth, self._waiting.longest_seconds)

    def _sleep(self, seconds: float) -> None:
        left = self._waiting.max_seconds - self._waited()
        if left <= 0:
            raise BatchesUnfinishedError(
                f"{self._under_way()} after {self._waited():.0f} seconds; {_RESUME}"
            )
        self._waiting.sleep(min(seconds, left))

    def _unasked(self) -> list[Question]:
        """Return the questions of which nothing is known, and that are in no batch of this run."""
        tally = self._tally
        claimed = {q.key for opened in self._open.values() for q in opened.asked.values()}
        claimed.update(question.key for batch in self._queue for question in batch)
        claimed |= tally.to_ask
        return [
            question
            for key, question in self._questions.items()
            if key not in claimed and not tally.is_settled(key)
        ]

    def _fill_queue(self) -> None:
        batches, too_large = split_into_batches(self._unasked(), self._options.limits)
        self._tally.to_ask.update(question.key for question in too_large)
        self._queue += batches
        announced = self._tally.announced
        new = [q for batch in batches for q in batch if q.key not in announced]
        if new:
            self._hooks.before_submission(new)
            announced.update(question.key for question in new)

    def _submit_queue(self) -> None:
        """Submit batches until the API takes no more in; then wait for one to end, or for long."""
        while self._queue and not self._is_held():
            try:
                submission = self._submit(self._queue[0])
            except TroubleError as error:
                submission = Postponed(str(error))
            match submission:
                case Postponed(why):
                    self._held_until = self._waiting.now() + _HOLD
                    if not self._open:
                        self._note_failed_look(why)
                case Unclear(why):
                    self._queue.pop(0)
                    self._note_unclear(why)
                case Submitted():
                    self._queue.pop(0)

    def _is_held(self) -> bool:
        return self._held_until is not None and self._waiting.now() < self._held_until

    def _submit(self, batch: list[Question]) -> Submission:
        planned = Planned(
            token=self._options.new_token(),
            at=self._waiting.now(),
            newest=self._calls.newest(),
            items=tuple(Item(question.key, self._prints[question.key]) for question in batch),
        )
        token = planned.token
        self._journal.plan(planned)
        self._open[token] = opened = _Open(Entry(planned), dict(enumerate(batch)))
        try:
            submission = self._calls.create(
                [batch_item(token, index, question) for index, question in enumerate(batch)]
            )
        except (BatchRefusedError, RunStoppedError):
            self._forget(opened.entry, "refused")
            raise
        if isinstance(submission, Submitted):
            self._adopt(opened, submission.batch)
        elif isinstance(submission, Postponed):
            self._forget(opened.entry, "postponed")
        return submission

    def _note_unclear(self, why: str) -> None:
        self._unclear += 1
        self._hooks.on_notice(
            f"it is not known whether a batch was taken in ({why}): looking for it in the account"
        )
        if self._unclear >= self._waiting.max_failed_looks:
            raise BatchesUnfinishedError(f"no batch can be submitted ({why}); {_RESUME}")

    def _note_failed_look(self, why: str) -> None:
        self._failed_looks += 1
        if self._failed_looks >= self._waiting.max_failed_looks:
            raise BatchesUnfinishedError(f"{why}; {self._under_way()}; {_RESUME}")

    def _look(self) -> bool:
        """Look once at each open batch, fetch those that ended; say whether anything changed."""
        has_changed, trouble = False, ""
        for opened in list(self._open.values()):
            try:
                has_changed |= self._look_at(opened)
            except TroubleError as error:
                trouble = str(error)
        if trouble:
            self._note_failed_look(trouble)
        elif self._open:
            self._failed_looks = 0
        return has_changed

    def _look_at(self, opened: _Open) -> bool:
        if opened.entry.batch is None:
            return self._identify(opened)
        batch = self._calls.retrieve(opened.entry.batch)
        self._seen[opened.entry.token] = batch
        if batch.processing_status != "ended":
            return False
        if batch.archived_at is not None:
            self._give_up(opened.entry, "its results are archived")
        else:
            self._fetch(opened, batch)
        return True

    def _identify(self, opened: _Open) -> bool:
        """Find out which batch came of a submission whose answer was lost, if one did."""
        entry = opened.entry
        if opened.suspects is None:
            age = (self._waiting.now() - entry.planned.at).total_seconds()
            if 0 <= age < self._waiting.settle_seconds:
                return False
            opened.suspects = self._suspects_of(entry)
        for suspect in list(opened.suspects):
            batch = self._calls.retrieve(suspect)
            if batch.processing_status != "ended":
                continue
            first = self._calls.first_custom_id(batch)
            if first is not None and entry.index_of(first) is not None:
                self._adopt(opened, batch)
                return True
            opened.suspects.remove(suspect)
        if opened.suspects:
            return False
        self._give_up(entry, "the API did not take it in")
        return True

    def _suspects_of(self, entry: Entry) -> list[str]:
        known = {opened.entry.batch for opened in self._open.values()}
        known |= {other.batch for other in self._others.values()}
        listed = self._calls.created_since(entry.planned)
        return [batch.id for batch in listed if batch.id not in known]

    def _adopt(self, opened: _Open, batch: "MessageBatch") -> None:
        token = opened.entry.token
        self._journal.note_created(token, batch.id)
        opened.entry = Entry(opened.entry.planned, batch.id)
        if token in self._others:
            self._others[token] = opened.entry
        self._seen[token] = batch

    def _give_up(self, entry: Entry, why: str) -> None:
        self._forget(entry, why)
        self._hooks.on_notice(
            f"batch {entry.name} is given up: {why}; its questions are asked anew"
        )

    def _forget(self, entry: Entry, why: str) -> None:
        self._journal.drop(entry.token, why=why)
        for known in (self._open, self._others, self._seen):
            known.pop(entry.token, None)

    def _fetch(self, opened: _Open, batch: "MessageBatch") -> None:
        for line in self._calls.results(batch):
            index = opened.entry.index_of(line.custom_id)
            question = None if index is None else opened.asked.get(index)
            if question is None or self._tally.is_settled(question.key):
                continue
            match read_result(line, question.request, batch.created_at):
                case Answered(exchange):
                    self._hooks.on_answer(question, exchange)
                    self._tally.answered[question.key] = None
                case Failed(exchange):
                    self._hooks.on_answer(question, exchange)
                    self._tally.failed[question.key] = None
                case ToAskAgain():
                    pass
        del self._open[opened.entry.token]
        # By another batch a question may have been answered before this one, or after.
        asked = {question.key for question in opened.asked.values()}
        self._tally.to_ask |= asked
        self._tally.to_ask -= self._tally.answered.keys() | self._tally.failed.keys()

    def _waited(self) -> float:
        return (self._waiting.now() - self._began).total_seconds()

    def _under_way(self) -> str:
        asked = sum(len(opened.asked) for opened in self._open.values())
        batches = f"{len(self._open)} batch{'' if len(self._open) == 1 else 'es'}"
        return f"{batches} of {counted(asked, 'question')} under way"

    def _progress(self) -> BatchProgress:
        counts = [batch.request_counts for batch in self._seen.values()]
        unseen = [opened for token, opened in self._open.items() if token not in self._seen]
        return BatchProgress(
            batches=len(counts) + len(unseen),
            ended_batches=sum(token not in self._open for token in self._seen),
            processing=sum(count.processing for count in counts)
            + sum(len(opened.asked) for opened in unseen),
            succeeded=sum(count.succeeded for count in counts),
            errored=sum(count.errored for count in counts),
            canceled=sum(count.canceled for count in counts),
            expired=sum(count.expired for count in counts),
            waited_seconds=self._waited(),
        )


def is_lost(entry: Entry, now: datetime) -> bool:
    """Whether the API no longer keeps the results of a batch."""
    return now - entry.planned.at > _KEPT


def _by_key(questions: Sequence[Question], already_answered: Container[str]) -> dict[str, Question]:
    by_key: dict[str, Question] = {}
    for question in questions:
        if question.key in by_key:
            shown = one_line(question.key)
            raise ValueError(f"key {shown!r} stands for two questions: make keys unique")
        by_key[question.key] = question
    return {key: question for key, question in by_key.items() if key not in already_answered}


def _named(keys: Sequence[str]) -> str:
    names = ", ".join(one_line(key, 60) for key in islice(keys, _NAMED))
    return names if len(keys) <= _NAMED else f"{names} and {len(keys) - _NAMED} more"
