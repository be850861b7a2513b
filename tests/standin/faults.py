"""What can go wrong with a call, as values, and the script that says which call it happens to.

api.script(rate_limited(retry_after=0.01), None, overloaded())   # the next three calls
api.script(StreamError(after_events=3), when=lambda request: "boom" in request.last_user_text)
"""

import threading
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from standin.requests import Predicate, Request, asks_for_a_message

MAX_WAIT_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True)
class ErrorReply:
    """An error in place of the answer.

    Attributes:
        name: What the call log calls it.
        status: The HTTP status, 400 to 599.
        kind: `error.type`.
        message: `error.message`.
        error_code: `error.details.error_code`; None: no details.
        retry_after: The header in seconds, fractions allowed; None: no header.
        should_retry: The header `x-should-retry`; None: no header.
    """

    name: str
    status: int
    kind: str
    message: str
    error_code: str | None = None
    retry_after: float | None = None
    should_retry: bool | None = None


@dataclass(frozen=True, slots=True)
class Latency:
    """The right answer, its headers that many seconds late (at most 60)."""

    seconds: float
    name: str = "latency"


@dataclass(frozen=True, slots=True)
class DroppedConnection:
    """No answer: the connection is closed once the request was read."""

    name: str = "dropped_connection"


@dataclass(frozen=True, slots=True)
class StreamError:
    """An `error` event in place of the rest of a stream; a call without a stream answers as usual.

    Attributes:
        after_events: How many events come before it, `message_start` and `ping` included.
        kind: `error.type`.
        message: `error.message`.
    """

    after_events: int = 4
    kind: str = "overloaded_error"
    message: str = "Overloaded"
    name: str = "stream_error"


@dataclass(frozen=True, slots=True)
class CutStream:
    """A stream that ends before `message_stop`; without a stream, a body that is cut in half.

    Attributes:
        after_events: How many events come before the cut.
        is_clean: Whether the HTTP body is ended properly: the client sees no error then, only
            that the message is not complete. Else the connection is closed within the body.
    """

    after_events: int = 4
    is_clean: bool = False
    name: str = "cut_stream"


@dataclass(frozen=True, slots=True)
class SlowFirstToken:
    """A stream whose headers come at once and whose first event comes that many seconds later.

    Attributes:
        seconds: At most 60.
        before: Which event waits: `message_start`, or the first `content_block_delta`.
    """

    seconds: float
    before: Literal["message_start", "content_block_delta"] = "message_start"
    name: str = "slow_first_token"


@dataclass(frozen=True, slots=True)
class SlowChunks:
    """A stream that waits that many seconds (at most 60) before every `content_block_delta`."""

    seconds: float
    name: str = "slow_chunks"


@dataclass(frozen=True, slots=True)
class TruncatedAnswer:
    """An answer that stops with `max_tokens` after that many tokens."""

    tokens: int = 2
    name: str = "truncated_answer"


@dataclass(frozen=True, slots=True)
class RefusedAnswer:
    """An answer that stops with `refusal` and has no content."""

    name: str = "refused_answer"


Fault: TypeAlias = (
    ErrorReply
    | Latency
    | DroppedConnection
    | StreamError
    | CutStream
    | SlowFirstToken
    | SlowChunks
    | TruncatedAnswer
    | RefusedAnswer
)


def rate_limited(retry_after: float | None = None) -> ErrorReply:
    """Return a 429; without `retry_after` there is no such header."""
    message = "This request would exceed your organization's rate limit."
    return ErrorReply("rate_limited", 429, "rate_limit_error", message, retry_after=retry_after)


def spend_limit(error_code: str = "enforced_spend_limit_reached") -> ErrorReply:
    """Return the 429 of a spending limit: no `retry-after`, its cause in `error.details`."""
    message = "You have reached your specified API usage limits."
    return ErrorReply("spend_limit", 429, "rate_limit_error", message, error_code)


def overloaded(retry_after: float | None = None) -> ErrorReply:
    """Return a 529."""
    return ErrorReply("overloaded", 529, "overloaded_error", "Overloaded", retry_after=retry_after)


def server_error(retry_after: float | None = None, status: int = 500) -> ErrorReply:
    """Return a 500, or another 5xx."""
    message = "Internal server error"
    return ErrorReply("server_error", status, "api_error", message, retry_after=retry_after)


@dataclass(slots=True)
class _Rule:
    fault: Fault | None
    when: Predicate
    times: int | None


class FaultScript:
    """Faults in the order in which calls run into them; safe to use from several threads."""

    def __init__(self) -> None:
        """Start without faults."""
        self._rules: list[_Rule] = []
        self._lock = threading.Lock()

    def add(self, *faults: Fault | None, when: Predicate | None, times: int | None) -> None:
        """Append faults.

        Args:
            faults: Each happens to the next call that fits; None lets one call pass.
            when: Which requests it may happen to; None: calls that ask for a message.
            times: How often each happens; None: to every call that fits, for ever.
        """
        chosen = when or asks_for_a_message
        with self._lock:
            self._rules += [_Rule(fault, chosen, times) for fault in faults]

    def next_for(self, request: Request) -> Fault | None:
        """Return what happens to a request, and cross it off; None if it is to be answered."""
        with self._lock:
            for index, rule in enumerate(self._rules):
                if rule.when(request):
                    if rule.times is not None:
                        rule.times -= 1
                        if rule.times <= 0:
                            del self._rules[index]
                    return rule.fault
        return None

    def pending(self) -> int:
        """Count the faults that have not happened as often as they were to."""
        with self._lock:
            return len(self._rules)

    def clear(self) -> None:
        """Forget what has not happened."""
        with self._lock:
            self._rules.clear()
