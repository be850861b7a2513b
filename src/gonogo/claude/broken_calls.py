"""What of a call is charged for that did not come to its end: by an estimate on the safe side.

Where the API itself ended it with an error, nothing is.
"""

import math
from typing import Final

import msgspec

from gonogo.exchanges import Exchange, Usage
from gonogo.pricing import BYTES_PER_TOKEN
from gonogo.recordings.events import accumulate
from gonogo.wires import Ending
from gonogo_checkers.output import JsonValue

ABANDONED: Final = "abandoned"
"""The error of a call that the application stopped waiting for."""

BROKEN_OFF: Final = frozenset(
    {"incomplete_stream", "unreadable_answer", "connection_error", "timeout_error", ABANDONED}
)
"""Errors of the way, which the API does not know of: what was said until then is charged for."""

_THOUGHTS: Final = ("thinking", "redacted_thinking")


def is_failed(exchange: Exchange) -> bool:
    """Say whether the API itself ended a call with an error: a failed call costs nothing."""
    return exchange.error is not None and exchange.error.type not in BROKEN_OFF


def is_whole(exchange: Exchange) -> bool:
    """Say whether an answer came to its end, so that its usage is all that is charged for."""
    ending = Ending.COMPLETE if exchange.wire is None else exchange.wire.ending
    return exchange.error is None and ending is Ending.COMPLETE


def usage_until_then(exchange: Exchange) -> Usage | None:
    """Return the tokens of a call until it broke off; None where nothing of them is known.

    The input is told at the beginning. The output is what came, at two bytes a token, at most what
    was asked for; and all of that where what came cannot be seen: thinking that is not shown.
    """
    if exchange.usage is None:
        return None
    asked = exchange.request.body.get("max_tokens")
    most = asked if isinstance(asked, int) and asked > 0 else 0
    content = _content_of(exchange)
    written = most
    if isinstance(content, list) and not any(map(_is_hidden, content)):
        written = math.ceil(len(msgspec.json.encode(content)) / BYTES_PER_TOKEN)
    output = max(min(written, most), exchange.usage.output_tokens)
    return Usage({**exchange.usage.body, "output_tokens": output})


def _content_of(exchange: Exchange) -> JsonValue:
    """Return what had come of the answer; the recorder drops it where an error followed."""
    if exchange.response is not None:
        return exchange.response.body.get("content")
    body = None if exchange.wire is None else exchange.wire.body()
    message = None if body is None else accumulate(body).message
    return None if message is None else message.get("content")


def _is_hidden(block: JsonValue) -> bool:
    if not isinstance(block, dict) or block.get("type") not in _THOUGHTS:
        return False
    return not block.get("thinking")
