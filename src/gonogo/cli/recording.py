"""Records suites: says first what all of them cost at most, then asks one after the other."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gonogo.asking_cases import Asked, Hooks
from gonogo.cli.exits import Exit, say
from gonogo.cli.progress import Bar, counting
from gonogo.errors import BadSettingsError, CostLimitError
from gonogo.plain_text import counted, one_line
from gonogo.project import Project
from gonogo.recordings import Mode

if TYPE_CHECKING:
    from gonogo.claude.asking import Question

_SHOWN: Final = 10
"""As many cases are named."""


class Recording:
    """The recording of suites."""

    def __init__(
        self, project: Project, names: Sequence[str], chosen: frozenset[str], *, batch: bool
    ) -> None:
        """Load the suites.

        Args:
            project: The project.
            names: Its suites, none twice.
            chosen: Ids of the cases to ask; empty: all.
            batch: Whether to use the Message Batches API.

        Raises:
            GonogoError: If a suite cannot be used, or none has a chosen case.
        """
        suites = [project.suite(name) for name in names]
        known = [case.id for suite in suites for case in suite.cases]
        for case_id in sorted(chosen.difference(known)):
            raise BadSettingsError(
                f"--case {case_id}: no such case in {', '.join(names)}; there are: {_named(known)}"
            )
        self._project = project
        self._jobs = [_Job(project, name, chosen, batch=batch) for name in names]

    def run(self, *, poll_seconds: float) -> Exit:
        """Record what is missing, and say what became of it.

        Raises:
            GonogoError: If nothing is asked: the limit, the key, batches that are under way.
        """
        for job in self._jobs:
            job.prepare()
        paying = [job for job in self._jobs if job.bounds]
        if len(paying) > 1:
            most = sum((job.upper_bound_usd for job in paying), Decimal(0))
            say(f"gonogo: all {len(paying)} suites: at most ${most:.4f}")
            self._project.asker.limit.demand_total(most)
        status = Exit.DONE
        for number, job in enumerate(self._jobs, 1):
            status = max(status, job.run(poll_seconds=poll_seconds))
            if job.asked.stopped is not None:
                for other in self._jobs[number:]:
                    say(f"{other.name}: not asked")
                say(f"gonogo: {job.asked.stopped}")
                break
        return status


class _Job:
    """The recording of one suite."""

    def __init__(self, project: Project, name: str, chosen: frozenset[str], *, batch: bool) -> None:
        self.name = name
        self.asked = Asked()
        self.bounds: dict[str, Decimal] = {}
        self._project = project
        self._suite = project.suite(name)
        self._batch = batch
        self._cases = [c for c in self._suite.cases if not chosen or c.id in chosen]
        self._questions: Sequence[Question] = ()
        self._unsendable = 0

    @property
    def upper_bound_usd(self) -> Decimal:
        """What is still to be paid for costs at most that much."""
        return sum(self.bounds.values(), Decimal(0))

    @property
    def _journal(self) -> Path:
        return self._suite.recordings.path.with_suffix(".batches.jsonl")

    def prepare(self) -> None:
        """Find out what is missing and what it costs at most, and say it.

        Raises:
            GonogoError: If it costs too much, or Claude cannot be asked, or what is missing was
                submitted in batches and is to be asked once more, or a rerecording of other
                cases is unfinished.
        """
        self._demand_no_other_rerecording()
        missing = self._project.questions(self._suite, self._cases)
        self._project.hooks = Hooks(announce=lambda what: say(f"{self.name}: {what}"))
        interview = self._project.interview(self.name)
        self._questions = interview.recordable(missing, self.asked)
        self._unsendable = len(missing) - len(self._questions)
        unpaid = interview.unsubmitted(self._questions, self._journal)
        submitted = len(self._questions) - len(unpaid)
        if submitted and not self._batch:
            raise BadSettingsError(
                f"{self.name}: {counted(submitted, 'question')} in batches under way, already paid"
                f" for: fetch the answers with --batch, or remove {self._journal} to ask anew"
            )
        if unpaid:
            with counting(None, f"{self.name}: working out what it costs"):
                self.bounds = dict(interview.estimate(unpaid, batch=self._batch).bounds)

    def _demand_no_other_rerecording(self) -> None:
        """Refuse to end a rerecording whose other cases may have only some of their answers."""
        if self._project.asking.mode is not Mode.RERECORD:
            return
        book = self._project.suite_book(self.name)
        shared, volatile = self._suite.shared_request, self._project.settings.volatile
        own = {case.request_with(shared).fingerprint(volatile) for case in self._cases}
        if book.file is not None and not book.recordings.by_fingerprint.keys() <= own:
            raise BadSettingsError(
                f"{self.name}: an earlier --rerecord of other cases, or with another prompt, has"
                f" not ended: end it with the same command as then, or remove {book.file.path}"
            )

    def run(self, *, poll_seconds: float) -> Exit:
        """Record what is missing, and say what became of it."""
        spent_before = self._project.asker.limit.spent_usd
        with counting(len(self._questions), f"{self.name}: answered") as bar:
            self._project.hooks = self._hooks(bar)
            try:
                self._ask(poll_seconds)
            except KeyboardInterrupt:
                spent = self._project.asker.limit.spent_usd - spent_before
                self.asked.spent_usd = spent
                self._summarise(is_interrupted=True)
                raise
        self._summarise()
        return self._close()

    def _hooks(self, bar: Bar) -> Hooks:
        return Hooks(
            announce=lambda what: say(f"{self.name}: {what}"),
            answered=lambda _: bar.advance(),
            progress=lambda state: bar.describe(
                f"{self.name}: {state.ended_batches} of {state.batches} batches ended"
            ),
        )

    def _ask(self, poll_seconds: float) -> None:
        interview = self._project.interview(self.name)
        if not self._batch:
            interview.ask(self._questions, self.asked, bounds=self.bounds)
        elif self._questions or self._journal.exists():
            interview.ask_in_batches(
                self._questions,
                self._journal,
                self.asked,
                bounds=self.bounds,
                first_poll_seconds=poll_seconds,
            )

    def _summarise(self, *, is_interrupted: bool = False) -> None:
        asked = self.asked
        count = len(self._questions) + self._unsendable
        if not count:
            say(f"{self.name}: nothing is missing")
            return
        failed = sum(len(found) for found in asked.failures.values())
        left = count - asked.answered - failed - asked.refused
        parts = [f"{asked.answered} of {count} recorded"]
        parts += [f"{failed} failed"] if failed else []
        parts += [f"{asked.refused} may not be recorded"] if asked.refused else []
        parts += [f"{left} not asked"] if left and not is_interrupted else []
        most = "at most " if is_interrupted else ""  # what calls in flight cost is not known
        say(f"{self.name}: {', '.join(parts)}; {most}${asked.spent_usd:.4f} spent")
        for case_id, found in list(asked.failures.items())[:_SHOWN]:
            error = found[0].error
            why = "no answer" if error is None else f"{error.type}: {one_line(error.message)}"
            say(f"  case {case_id}: {why}")
        for case_id, problem in list(asked.problems.items())[:_SHOWN]:
            say(f"  case {case_id}: {problem}")
        more = _beyond(asked.failures) + _beyond(asked.problems)
        if more:
            say(f"  and {counted(more, 'case')} more")

    def _close(self) -> Exit:
        status = _exit_of(self.asked)
        if status is Exit.DONE:
            self._project.shelf.close(self._suite.recordings.path)
            return status
        if self._project.asking.mode is Mode.RERECORD:
            say(f"{self.name}: the old recordings stay until all is answered")
        if self.asked.failures and self.asked.stopped is None:
            say(f"{self.name}: the same command asks only what failed")
        return status


def _exit_of(asked: Asked) -> Exit:
    if isinstance(asked.stopped, CostLimitError):
        return Exit.NO_GO
    if asked.stopped is not None or asked.failures:
        return Exit.SERVICE_FAILED
    return Exit.BAD_INPUT if asked.problems else Exit.DONE


def _beyond(cases: Iterable[str]) -> int:
    return max(0, len(list(cases)) - _SHOWN)


def _named(names: Sequence[str]) -> str:
    more = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
