"""A stand-in for the Messages API: real HTTP on loopback, for tests of everything that asks Claude."""

from standin.answers import Answer, Text, Thinking, ToolUse, echo
from standin.calls import Call
from standin.faults import (
    CutStream,
    DroppedConnection,
    ErrorReply,
    Fault,
    Latency,
    RefusedAnswer,
    SlowChunks,
    SlowFirstToken,
    StreamError,
    TruncatedAnswer,
    overloaded,
    rate_limited,
    server_error,
    spend_limit,
)
from standin.rate_limits import RateLimits
from standin.requests import Request, any_request, asks_for_a_message
from standin.server import StandIn

__all__ = [
    "Answer",
    "Call",
    "CutStream",
    "DroppedConnection",
    "ErrorReply",
    "Fault",
    "Latency",
    "RateLimits",
    "RefusedAnswer",
    "Request",
    "SlowChunks",
    "SlowFirstToken",
    "StandIn",
    "StreamError",
    "Text",
    "Thinking",
    "ToolUse",
    "TruncatedAnswer",
    "any_request",
    "asks_for_a_message",
    "echo",
    "overloaded",
    "rate_limited",
    "server_error",
    "spend_limit",
]
