"""`gonogo record`: asks Claude what the recordings of suites lack, and records the answers."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from gonogo.asking_cases import Asked, Hooks, Interview
from gonogo.cli.exits import Exit, reported_errors, say
from gonogo.cli.progress import counting
from gonogo.errors import BadSettingsError, CostLimitError, GonogoError, Problem
from gonogo.plain_text import counted, one_line
from gonogo.project import Asking, Project
from gonogo.recordings import Mode
from gonogo.recordings.attempts import attempt_of

if TYPE_CHECKING:
    from gonogo.claude.asking import Question
    from gonogo.evaluation import Suite

_PROBLEMS_SHOWN: Final = 10


def _amount(text: str) -> Decimal:
    try:
        amount = Decimal(text)
    except InvalidOperation:
        raise typer.BadParameter(f"expected an amount of US dollars, got {text!r}") from None
    if not (amount.is_finite() and amount >= 0):
        raise typer.BadParameter(f"expected at least 0, got {text}")
    return amount


def record(  # noqa: PLR0913 - a parameter an option
    *,
    suites: Annotated[
        list[str], typer.Argument(metavar="SUITE", help="Folders below the datasets.")
    ],
    trials: Annotated[int, typer.Option(min=1, help="How many answers each case is to have.")] = 1,
    cases: Annotated[
        list[str] | None,
        typer.Option("--case", metavar="ID", help="Only this case; may be given more than once."),
    ] = None,
    candidate: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Record for datasets/SUITE/candidates/NAME."),
    ] = None,
    rerecord: Annotated[
        bool,
        typer.Option(
            "--rerecord",
            help="Ask all anew; what was recorded is replaced when all is answered.",
        ),
    ] = False,
    batch: Annotated[
        bool,
        typer.Option("--batch", help="Use the Message Batches API: half the price, within a day."),
    ] = False,
    poll_seconds: Annotated[
        float,
        typer.Option(min=0.01, help="Between the first two looks at the batches."),
    ] = 5.0,
    max_cost_usd: Annotated[
        Decimal | None,
        typer.Option(
            parser=_amount,
            metavar="USD",
            help="Spend no more.  [default: max_cost_usd of the settings]",
        ),
    ] = None,
    from_cassette: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE", help="Ask nothing: take over what vcrpy or pytest-recording recorded."
        ),
    ] = None,
) -> None:
    """Ask Claude what the recordings of suites lack, and record the answers.

    It says first what that costs at most, and refuses above the limit. Each answer is recorded as
    it comes: stop it at any moment, and the same command goes on where it stopped.

    Exit status: 0 all is recorded, 1 the cost limit was reached, 2 bad input or an answer that may
    not be recorded, 4 Claude could not be asked.
    """
    with reported_errors():
        project = Project(
            Path.cwd(),
            candidate=candidate,
            asking=Asking(
                mode=Mode.RERECORD if rerecord else Mode.RECORD,
                trials=trials,
                max_cost_usd=max_cost_usd,
            ),
        )
        if from_cassette:
            raise typer.Exit(_take_over(project, _only(suites), from_cassette))
        chosen = frozenset(cases or ())
        jobs = [_Job(project, name, chosen) for name in suites]
        exits = [job.run(batch=batch, poll_seconds=poll_seconds) for job in jobs]
    raise typer.Exit(max(exits, default=Exit.DONE))


class _Job:
    """The recording of one suite."""

    def __init__(self, project: Project, name: str, chosen: frozenset[str]) -> None:
        self._project = project
        self._suite = project.suite(name)
        unknown = sorted(chosen - {case.id for case in self._suite.cases})
        if unknown:
            raise BadSettingsError(f"--case {unknown[0]}: suite {name} has no such case")
        self._cases = [c for c in self._suite.cases if not chosen or c.id in chosen]

    def run(self, *, batch: bool, poll_seconds: float) -> Exit:
        """Record what is missing, and say what became of it."""
        trials = self._project.asking.trials
        interview = self._project.interview(self._suite.name)
        questions = interview.missing(self._cases, self._suite.shared_request, trials=trials)
        if not questions and not _journal_of(self._suite).exists():
            say(f"{self._suite.name}: nothing is missing")
            return self._close(Asked(), 0)
        with self._stoppable(), counting(len(questions), f"{self._suite.name}: answers") as bar:
            self._project.hooks = Hooks(
                announce=lambda what: say(f"{self._suite.name}: {what}"),
                answered=lambda _: bar.advance(),
                progress=lambda state: bar.describe(
                    f"{self._suite.name}: {state.ended_batches} of {state.batches} batches ended"
                ),
            )
            interview = self._project.interview(self._suite.name)
            asked = self._ask(interview, questions, batch=batch, poll_seconds=poll_seconds)
        return self._close(asked, len(questions))

    def _ask(
        self,
        interview: Interview,
        questions: "Sequence[Question]",
        *,
        batch: bool,
        poll_seconds: float,
    ) -> Asked:
        if not batch:
            return interview.ask(questions)
        return interview.ask_in_batches(
            questions, _journal_of(self._suite), first_poll_seconds=poll_seconds
        )

    @contextmanager
    def _stoppable(self) -> Iterator[None]:
        try:
            yield
        except KeyboardInterrupt:
            say(
                f"{self._suite.name}: stopped; what was answered is recorded, and the same"
                " command goes on"
            )
            raise typer.Exit(Exit.INTERRUPTED) from None

    def _close(self, asked: Asked, count: int) -> Exit:
        failed = sum(len(found) for found in asked.failures.values())
        if count:
            left = count - asked.answered - failed
            say(
                f"{self._suite.name}: {asked.answered} of {count} recorded, {failed} failed,"
                f" {left} not asked; ${asked.spent_usd:.4f} spent"
            )
        for case_id, found in list(asked.failures.items())[:_PROBLEMS_SHOWN]:
            error = found[0].error
            why = "no answer" if error is None else f"{error.type}: {one_line(error.message)}"
            say(f"  case {case_id}: {why}")
        for case_id, problem in list(asked.problems.items())[:_PROBLEMS_SHOWN]:
            say(f"  case {case_id}: {problem}")
        status = _exit_of(asked)
        if status is Exit.DONE:
            self._project.shelf.close(self._suite.recordings.path)
        if asked.stopped is not None:
            say(f"gonogo: {asked.stopped}")
        return status


def _exit_of(asked: Asked) -> Exit:
    if isinstance(asked.stopped, CostLimitError):
        return Exit.NO_GO
    if asked.stopped is not None or asked.failures:
        return Exit.SERVICE_FAILED
    return Exit.BAD_INPUT if asked.problems else Exit.DONE


def _journal_of(suite: "Suite") -> Path:
    return suite.recordings.path.with_suffix(".batches.jsonl")


def _only(suites: list[str]) -> str:
    if len(suites) != 1:
        raise BadSettingsError("--from-cassette: name one suite whose recordings they become")
    return suites[0]


def _take_over(project: Project, name: str, paths: Sequence[Path]) -> Exit:
    """Add what cassettes hold to a suite's recordings; what is there already stays as it is."""
    from gonogo.sources.cassettes import read_cassette  # noqa: PLC0415 - only for cassettes

    suite = project.suite(name)
    book = project.suite_book(name)
    there = {call.final.id for call in book.recordings.calls}
    taken = 0
    problems: list[Problem] = []
    for path in paths:
        cassette = read_cassette(path)
        problems += cassette.problems
        for exchange in cassette.exchanges:
            if exchange.id in there:
                continue
            there.add(exchange.id)
            try:
                book.add(attempt_of(exchange))
                taken += 1
            except GonogoError as error:
                problems.append(Problem(str(path), str(error)))
        if cassette.skipped:
            say(f"{path}: {counted(cassette.skipped, 'other call')} left out")
    for problem in problems:
        say(f"gonogo: {problem}")
    answered = sum(
        case.request_with(suite.shared_request).fingerprint(project.settings.volatile)
        in book.recordings.by_fingerprint
        for case in suite.cases
    )
    say(
        f"{name}: {counted(taken, 'recording')} taken over; {answered} of"
        f" {counted(len(suite.cases), 'case')} have an answer"
    )
    return Exit.BAD_INPUT if problems else Exit.DONE
