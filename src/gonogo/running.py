"""Runs cases: each gives trials, by replaying what was recorded or by asking the application."""

from collections.abc import Callable
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
    exchanges = recordings.answers_to(case, request)
    return tuple(
        Trial(case.id, number, (exchange,)) for number, exchange in enumerate(exchanges, start=1)
    )


def ask_application(case: Case, shared_request: JsonObject, ask: Ask) -> tuple[Trial, ...]:
    """Return the one trial in which the application's own function answers a case."""
    answer = ask(case)
    if isinstance(answer, str):
        answer = Exchange(
            id=f"asked_{case.id}",
            request=case.request_with(shared_request),
            response=Response({"content": [{"type": "text", "text": answer}]}),
        )
    return (Trial(case.id, 1, (answer,)),)
