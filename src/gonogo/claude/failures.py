"""Failures: what an error of a call means for the run that makes it.

The one table of what is asked again; everything that asks Claude by itself goes by it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

import httpx2
from anthropic import AnthropicError, APIConnectionError, APIStatusError, APITimeoutError

from gonogo.errors import RunStoppedError
from gonogo.exchanges import CallError
from gonogo.plain_text import one_line


class Fate(StrEnum):
    """What comes after a failure."""

    ASK_AGAIN = "ask again"
    GIVE_UP = "give up"
    """The same request would fail again; others need not."""
    STOP = "stop"
    """Every further call would fail."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A call that was not answered.

    Attributes:
        fate: What comes next.
        error: The API's error, or ours where there was none.
        status: HTTP status; None: no answer came.
        error_code: The API's stable name of the cause; empty where it gives none.
        headers: Of the answer, names in lower case; empty where none came.
        may_have_cost: Whether the API may charge for it: an answer had begun, or the request was
            sent and nobody knows what became of it.
        has_no_key: Whether it was not sent, because the SDK finds no key.
    """

    fate: Fate
    error: CallError
    status: int | None = None
    error_code: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    may_have_cost: bool = False
    has_no_key: bool = False

    @property
    def is_overload(self) -> bool:
        """Whether fewer calls at a time would help."""
        return self.status in (429, 529) or self.error.type in _OVERLOADS

    def stopping_error(self) -> RunStoppedError:
        """Return the error that a run ends with."""
        if self.has_no_key:
            return RunStoppedError("no API key is set: set ANTHROPIC_API_KEY")
        said = f": {one_line(self.error.message, 200)}" if self.error.message else ""
        named = self.error_code or self.error.type
        status = "no answer" if self.status is None else f"status {self.status}"
        return RunStoppedError(
            f"Claude answers no further call ({named}, {status}){said}; {_remedy(self)}"
        )


Caught = AnthropicError | httpx2.HTTPError | ValueError
"""What a call of the SDK raises; ValueError: an event of a stream that is not JSON."""

CAUGHT: Final = (AnthropicError, httpx2.HTTPError, ValueError)

_OVERLOADS: Final = frozenset({"overloaded_error", "rate_limit_error"})
_FATAL: Final = frozenset({"authentication_error", "permission_error", "billing_error"})
_FATAL_CODES: Final = frozenset({"organization_on_hold", "linked_organization_billing_unavailable"})
_SPEND_LIMIT: Final = "spend_limit_reached"
"""How the codes end of 429s that look like rate limits, and that no waiting helps against."""
_PASSING: Final = frozenset(
    {
        "api_error",
        "connection_error",
        "incomplete_stream",
        "overloaded_error",
        "rate_limit_error",
        "timeout_error",
        "unreadable_answer",
    }
)
"""Errors within a stream, whose status is 200, that may be gone in the next attempt."""
_NEVER_SENT: Final = (
    httpx2.ConnectError,
    httpx2.ConnectTimeout,
    httpx2.PoolTimeout,
    httpx2.UnsupportedProtocol,
)


def failure_of(error: Caught) -> Failure:
    """Return what an exception of the SDK, or of its transport, means."""
    if isinstance(error, APIStatusError):
        kind = error.type or f"http_{error.status_code}"
        return _failure(
            CallError(kind, error.api_message or ""),
            error.status_code,
            error_code=error.error_code or "",
            headers={name.lower(): value for name, value in error.response.headers.items()},
        )
    if isinstance(error, APIConnectionError | httpx2.HTTPError):
        timeout = isinstance(error, APITimeoutError | httpx2.TimeoutException)
        reason = error.__cause__ if isinstance(error, APIConnectionError) else error
        return Failure(
            fate=Fate.ASK_AGAIN,
            error=CallError("timeout_error" if timeout else "connection_error", _name(reason)),
            may_have_cost=not isinstance(reason, _NEVER_SENT),
        )
    if isinstance(error, ValueError):
        problem = CallError("unreadable_answer", _name(error))
        return Failure(fate=Fate.ASK_AGAIN, error=problem, status=200, may_have_cost=True)
    return Failure(fate=Fate.STOP, error=CallError(_name(error), str(error)))


def failure_in_answer(error: CallError, status: int | None, headers: Mapping[str, str]) -> Failure:
    """Return what it means that an answer came, and is none: a stream that was cut."""
    return _failure(error, status, headers=headers)


def no_credentials() -> Failure:
    """Return what it means that the SDK finds no key."""
    error = CallError("authentication_error", "no API key is set")
    return Failure(fate=Fate.STOP, error=error, has_no_key=True)


def _failure(
    error: CallError,
    status: int | None,
    *,
    error_code: str = "",
    headers: Mapping[str, str] | None = None,
) -> Failure:
    headers = headers or {}
    return Failure(
        fate=_fate(error, status, error_code, headers.get("x-should-retry", "")),
        error=error,
        status=status,
        error_code=error_code,
        headers=headers,
        may_have_cost=status is None or status < 400,
    )


def _fate(error: CallError, status: int | None, error_code: str, should_retry: str) -> Fate:
    is_spent = error_code.endswith(_SPEND_LIMIT) or error_code in _FATAL_CODES
    if is_spent or status in (401, 402, 403) or error.type in _FATAL:
        return Fate.STOP
    if should_retry in ("true", "false"):
        return Fate.ASK_AGAIN if should_retry == "true" else Fate.GIVE_UP
    if status is None or status < 400:
        is_passing = error.type in _PASSING
    else:
        is_passing = status in (408, 409, 429) or status >= 500
    return Fate.ASK_AGAIN if is_passing else Fate.GIVE_UP


def _remedy(failure: Failure) -> str:
    if failure.error_code.endswith(_SPEND_LIMIT) or failure.status == 402:
        return "raise the spending limit in the Claude Console, or run again when it is renewed"
    if failure.error.type == "permission_error" or failure.status == 403:
        return "check that the key's workspace may use what the requests ask for"
    return "check ANTHROPIC_API_KEY, and that its organization is in order"


def _name(error: BaseException | None) -> str:
    return "" if error is None else type(error).__name__
