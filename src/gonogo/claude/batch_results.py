"""What a line of a batch's results means: a question is answered, failed, or to be asked again."""

from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from gonogo.claude.batch_calls import BatchLine
from gonogo.claude.failures import Fate, failure_in_answer
from gonogo.exchanges import CallError, Exchange, Request, Response, Usage
from gonogo.json_lines import JsonObject
from gonogo_checkers.output import JsonValue


@dataclass(frozen=True, slots=True)
class Answered:
    """Claude answered; paid at half the price."""

    exchange: Exchange


@dataclass(frozen=True, slots=True)
class Failed:
    """The request itself is wrong; not paid, and not to be asked again as it is."""

    exchange: Exchange


@dataclass(frozen=True, slots=True)
class ToAskAgain:
    """Nothing came of it, and nothing was paid: a server's error, expired, or canceled."""

    why: str


Result: TypeAlias = Answered | Failed | ToAskAgain


def params_of(request: Request) -> JsonObject:
    """Return a request as a batch takes it: an answer in a batch cannot be streamed."""
    return {name: value for name, value in request.body.items() if name != "stream"}


def read_result(line: BatchLine, request: Request, at: datetime) -> Result:
    """Return what became of a question.

    Args:
        line: Its result.
        request: What was asked.
        at: When its batch was created.
    """
    sent = Request(params_of(request))
    message, error = line.result.get("message"), _error_in(line.result)
    match line.result.get("type"):
        case "succeeded" if isinstance(message, dict) and isinstance(message.get("content"), list):
            return Answered(
                Exchange(
                    id=line.custom_id,
                    request=sent,
                    response=Response(message),
                    usage=_usage_in(message),
                    at=at,
                    status=200,
                    streamed=False,
                )
            )
        case "errored" if failure_in_answer(error, None, {}).fate is Fate.GIVE_UP:
            return Failed(
                Exchange(
                    id=line.custom_id,
                    request=sent,
                    response=None,
                    at=at,
                    error=error,
                    streamed=False,
                )
            )
        case "errored":
            return ToAskAgain(error.type)
        case "expired" | "canceled" as kind:
            return ToAskAgain(kind)
        case _:
            return ToAskAgain("unknown result")


def _usage_in(message: JsonObject) -> Usage | None:
    usage = message.get("usage")
    if not isinstance(usage, dict):
        return None
    # Half the price goes by the tier. Where the answer names none, it came in a batch all the same.
    is_named = usage.get("service_tier") is not None
    return Usage(usage if is_named else {**usage, "service_tier": "batch"})


def _error_in(result: JsonObject) -> CallError:
    """Return the error of an errored result: an error response that wraps the error itself."""
    outer = result.get("error")
    inner: JsonValue = outer.get("error", outer) if isinstance(outer, dict) else None
    if not isinstance(inner, dict):
        return CallError("api_error")
    kind, message = inner.get("type"), inner.get("message")
    return CallError(
        kind if isinstance(kind, str) else "api_error",
        message if isinstance(message, str) else "",
    )
