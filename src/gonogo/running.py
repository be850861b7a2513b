"""Runs cases: each gives trials, by replaying what was recorded or by asking the application."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from inspect import isawaitable
from typing import TypeAlias

from gonogo.cases import Case
from gonogo.errors import MissingRecordingError
from gonogo.exchanges import Exchange, Response
from gonogo.json_lines import JsonObject
from gonogo.plain_text import counted
from gonogo.recordings import Recordings
from gonogo.trials import Trial

Ask: TypeAlias = Callable[[Case], Exchange | str | Awaitable[Exchange | str]]
"""An application's own function, sync or async: answers a case, as text or as an exchange."""


def replay_trials(
    case: Case,
    shared_request: JsonObject,
    recordings: Recordings,
    *,
    wanted: int | None = None,
    failures: Sequence[Exchange] = (),
) -> tuple[Trial, ...]:
    """Return a trial for each recorded answer to a case's request.

    Args:
        case: What is asked.
        shared_request: What all requests of its suite share.
        recordings: What is recorded.
        wanted: How many trials; None: as many as there are answers.
        failures: Calls that failed just now: they are trials, too, but not recorded.

    Raises:
        MissingRecordingError: If there are none, or fewer than wanted.
    """
    request = case.request_with(shared_request)
    answers: tuple[Exchange, ...] = ()
    if not failures or request.fingerprint(recordings.volatile) in recordings.by_fingerprint:
        answers = recordings.answers_to(request, f"case {case.id}")
    exchanges = [*answers, *failures]
    if wanted is not None and len(exchanges) < wanted:
        raise MissingRecordingError(
            f"case {case.id}: {counted(wanted, 'trial')} wanted, but {recordings.path} holds"
            f" {counted(len(exchanges), 'answer')} to it: record what is missing with"
            f" --gonogo-mode=record --gonogo-trials={wanted}"
        )
    return tuple(
        Trial(case.id, number, (exchange,))
        for number, exchange in enumerate(exchanges[:wanted], start=1)
    )


def ask_application(
    case: Case,
    shared_request: JsonObject,
    ask: Ask,
    captured: Sequence[Exchange],
    *,
    number: int = 1,
) -> Trial:
    """Return a trial in which the application's own function answers a case.

    Args:
        case: What is asked.
        shared_request: What all requests of its suite share.
        ask: The application's function.
        captured: Grows by each call that the application makes; what it had before counts not.
        number: Of the trial, 1-based.
    """
    before = frozenset(exchange.id for exchange in captured)
    answer = ask(case)
    if isawaitable(answer):
        answer = asyncio.run(_awaited(answer))
    made = tuple(exchange for exchange in captured if exchange.id not in before)
    if isinstance(answer, str) and made:
        return Trial(case.id, number, (*made[:-1], _answering(made[-1], answer)))
    if isinstance(answer, str):
        answer = Exchange(
            id=f"asked_{case.id}",
            request=case.request_with(shared_request),
            response=Response({"content": [{"type": "text", "text": answer}]}),
        )
    earlier = tuple(exchange for exchange in made if exchange.id != answer.id)
    return Trial(case.id, number, (*earlier, answer))


async def _awaited(answer: Awaitable[Exchange | str]) -> Exchange | str:
    return await answer


def _answering(exchange: Exchange, answer: str) -> Exchange:
    """Return the last call with what the application made of its answer."""
    body = {} if exchange.response is None else exchange.response.body
    content: JsonObject = {"content": [{"type": "text", "text": answer}]}
    return replace(exchange, response=Response(body | content))
