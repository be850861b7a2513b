"""Asks questions in batches, at half the price: submits, waits, and hands on each answer.

A run that was stopped at any moment resumes from its journal without paying twice. What nothing
came of is returned, for the caller to ask one by one; spending limits are the caller's, too.
"""

from collections.abc import Sequence
from pathlib import Path

from anthropic import Anthropic

from gonogo.claude.asking import Question
from gonogo.claude.batch_calls import BatchCalls
from gonogo.claude.batch_journal import BatchJournal
from gonogo.claude.batch_options import BatchHooks, BatchOptions, BatchOutcome
from gonogo.claude.batch_run import BatchRun, is_lost


def claude_client() -> Anthropic:
    """Return a client that retries by itself; key and address as in the environment."""
    return Anthropic()


def ask_in_batches(
    questions: Sequence[Question],
    client: Anthropic,
    *,
    journal: Path,
    hooks: BatchHooks,
    options: BatchOptions | None = None,
) -> BatchOutcome:
    """Ask questions in batches, and wait for their answers.

    It is synchronous: between one look in minutes and the next there is nothing to do at the same
    time, and Ctrl-C ends a sleep at once. All batches are submitted before the first is waited for.

    Args:
        questions: What is asked; their keys are unique.
        client: Its own retries are the only ones of a call.
        journal: Where to note what is under way; removed when all is fetched.
        hooks: What is told of the run.
        options: What to do otherwise.

    Raises:
        ValueError: If two questions have the same key.
        RunStoppedError: If the API would refuse any call: the key, a spending limit.
        BatchRefusedError: If the API refuses a batch, or does not know one that it took in.
        BatchesUnfinishedError: If they have not ended in time, or cannot be reached.
        JournalInUseError: If another run uses the journal.
        BadInputError: If the journal is damaged.
    """
    run = BatchRun(questions, BatchCalls(client), BatchJournal(journal), hooks, options)
    return run.ask()


def unsubmitted(
    questions: Sequence[Question], journal: Path, options: BatchOptions | None = None
) -> tuple[Question, ...]:
    """Return the questions that a run would pay for: not answered, and in no batch under way.

    Those of a submission whose outcome is not known yet are among them, to be on the safe side.

    Raises:
        BadInputError: If the journal is damaged.
    """
    chosen = options or BatchOptions()
    paid = {
        (item.key, item.fingerprint)
        for entry in BatchJournal(journal).load()
        if entry.batch is not None and not is_lost(entry, chosen.waiting.now())
        for item in entry.planned.items
    }
    return tuple(
        question
        for question in questions
        if question.key not in chosen.already_answered
        and (question.key, chosen.fingerprint(question.request)) not in paid
    )
