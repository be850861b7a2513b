"""Runs cases: each gives trials, by replaying what was recorded or by asking the application."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeAlias

from gonogo.cases import Case
from gonogo.exchanges import Exchange, Response
from gonogo.json_lines import JsonObject
from gonogo.recordings import Recordings
from gonogo.trials import Trial

Ask: TypeAlias = Callable[[Case], Exchange | str]
"""An application's own function: answers a case, as text or as the exchange that it made."""


def replay_trials(
    case: Case, shared_request: JsonObject, recordings: Recordings
) -> tuple[Trial, ...]:
    """Return a trial for each recorded answer to a case's request.

    Raises:
        MissingRecordingError: If there is none.
    """
    request = case.request_with(shared_request)
    exchanges = recordings.answers_to(request, f"case {case.id}")
    return tuple(
        Trial(case.id, number, (exchange,)) for number, exchange in enumerate(exchanges, start=1)
    )


def ask_application(
    case: Case, shared_request: JsonObject, ask: Ask, captured: Sequence[Exchange]
) -> tuple[Trial, ...]:
    """Return the one trial in which the application's own function answers a case.

    Args:
        case: What is asked.
        shared_request: What all requests of its suite share.
        ask: The application's function.
        captured: Grows by each call that the application makes; what it had before counts not.
    """
    before = len(captured)
    answer = ask(case)
    made = tuple(captured[before:])
    if isinstance(answer, str) and made:
        return (Trial(case.id, 1, (*made[:-1], _answering(made[-1], answer))),)
    if isinstance(answer, str):
        answer = Exchange(
            id=f"asked_{case.id}",
            request=case.request_with(shared_request),
            response=Response({"content": [{"type": "text", "text": answer}]}),
        )
    return (Trial(case.id, 1, (answer,)),)


def _answering(exchange: Exchange, answer: str) -> Exchange:
    """Return the last call with what the application made of its answer."""
    body = {} if exchange.response is None else exchange.response.body
    content: JsonObject = {"content": [{"type": "text", "text": answer}]}
    return replace(exchange, response=Response(body | content))
