"""What a call can cost at most, by an estimate of its input that asks nobody.

The dearest rates that may apply are those of `gonogo.pricing`; of a model without a price, those of
the dearest known model of its line.
"""

import math
from datetime import datetime
from decimal import Decimal
from typing import Final

from gonogo.exchanges import Request
from gonogo.json_lines import JsonObject
from gonogo.pricing import Prices, upper_bound_of
from gonogo_checkers.output import JsonValue

BYTES_PER_TOKEN: Final = 2.0
"""English prose has 3 to 5 bytes of UTF-8 a token, code 2.5 to 4, Chinese and Japanese 2 to 3. The
worst text has one: whoever must be sure against hostile input sets 1."""

MOST_INPUT: Final = 1_000_000
"""Tokens; the largest context window there is. The API refuses what is longer, free of charge."""

_PER_BLOCK: Final = 8
"""Tokens that frame a message or a block; a guess on the safe side."""

_FIXED: Final = 1000
"""Tokens of the prompts that the API adds where there are tools; a guess on the safe side."""

_PER_IMAGE: Final = 5000
"""The most that the API makes of one image, high resolution included."""

_UNSEEN_DOCUMENT: Final = 200_000
"""Tokens of a document that stands elsewhere, unseen: a guess, most are shorter."""


def input_tokens_at_most(request: Request, bytes_per_token: float = BYTES_PER_TOKEN) -> int:
    """Return an estimate of the input of a call on the safe side, in tokens; up to a million.

    Args:
        request: What will be asked.
        bytes_per_token: Bytes of UTF-8 that a token has at least, at least 1.
    """
    counted = {name: request.body.get(name) for name in ("system", "messages", "tools")}
    tokens = _FIXED + sum(_tokens_of(value, bytes_per_token) for value in counted.values())
    return min(math.ceil(tokens), MOST_INPUT)


def bound_usd(
    request: Request, input_tokens: int, prices: Prices, *, at: datetime, batch: bool = False
) -> Decimal:
    """Return what a call can cost at most, in US dollars; of an unknown model by its line.

    Args:
        request: What will be asked.
        input_tokens: Its whole input at most.
        prices: Configured prices by model.
        at: When it will be asked.
        batch: Whether it will be asked by the Message Batches API.

    Raises:
        UnpricedModelError: If the request names no model, or no price of its line is known.
        UnboundedCostError: If the cost has no bound: a server tool without `max_uses`.
    """
    return upper_bound_of(
        request, input_tokens, prices, at=at, batch=batch, unknown_as_dearest=True
    )


def _tokens_of(value: JsonValue, bytes_per_token: float) -> float:
    """Add up a value at any depth, without recursion: requests may be nested deeply."""
    tokens = 0.0
    left = [value]
    while left:
        value = left.pop()
        if isinstance(value, str):
            tokens += len(value.encode(errors="replace")) / bytes_per_token
        elif isinstance(value, list):
            left.extend(value)
        elif isinstance(value, dict):
            tokens += _PER_BLOCK
            fixed = _fixed_tokens(value)
            if fixed is None:
                left.extend(value)  # names of fields are read, too: tools are sent as JSON
                left.extend(value.values())
            else:
                tokens += fixed
        elif value is not None:
            tokens += 4
    return tokens


def _fixed_tokens(block: JsonObject) -> int | None:
    """Return what a block takes whose length does not follow from its text; None: it does."""
    source = block.get("source")
    kind = source.get("type") if isinstance(source, dict) else None
    if block.get("type") == "image" and kind is not None:
        return _PER_IMAGE
    if block.get("type") == "document" and kind in {"url", "file"}:
        return _UNSEEN_DOCUMENT
    return None
