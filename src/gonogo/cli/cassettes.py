"""Takes over what cassettes hold as the recordings of a suite."""

from collections.abc import Sequence
from pathlib import Path

from gonogo.cli.exits import Exit, say
from gonogo.errors import GonogoError, Problem
from gonogo.plain_text import counted
from gonogo.project import Project
from gonogo.recordings.attempts import attempt_of


def take_over(project: Project, name: str, paths: Sequence[Path]) -> Exit:
    """Add what cassettes hold to a suite's recordings; what is there already stays as it is.

    Args:
        project: The project, in the mode `record`.
        name: The suite.
        paths: The cassettes; all are read before anything is added.

    Raises:
        GonogoError: If the suite or a cassette cannot be read.
    """
    from gonogo.sources.cassettes import read_cassette  # noqa: PLC0415 - only for cassettes

    suite = project.suite(name)
    book = project.suite_book(name)
    cassettes = [(path, read_cassette(path)) for path in paths]
    there = {attempt.id for call in book.recordings.calls for attempt in call.attempts}
    taken = 0
    problems: list[Problem] = []
    for path, cassette in cassettes:
        problems += cassette.problems
        for exchange in cassette.exchanges:
            if exchange.id in there:
                continue
            there.add(exchange.id)
            try:
                if book.file is not None:
                    book.file.demand_recordable(exchange.request.body)
                book.add(attempt_of(exchange))
                taken += 1
            except GonogoError as error:
                problems.append(Problem(str(path), str(error)))
        if cassette.skipped:
            say(f"{path}: {counted(cassette.skipped, 'call')} of other endpoints left out")
    for problem in problems:
        say(f"gonogo: {problem}")
    answered = sum(
        case.request_with(suite.shared_request).fingerprint(project.settings.volatile)
        in book.recordings.by_fingerprint
        for case in suite.cases
    )
    have = "has" if len(suite.cases) == 1 else "have"
    say(
        f"{name}: {counted(taken, 'recording')} taken over; {answered} of"
        f" {counted(len(suite.cases), 'case')} {have} an answer"
    )
    return Exit.BAD_INPUT if problems else Exit.DONE
