"""How large the input of a call can be, by an estimate on the safe side that asks nobody.

The API counts exactly, for free, but takes a second trip; limits are asked before every call.
"""

import math
from collections.abc import Iterator
from typing import Final

from gonogo.exchanges import Request
from gonogo.json_lines import JsonObject
from gonogo.pricing.pdf_pages import pages_in
from gonogo.pricing.server_tools import MOST_ROUNDS, most_uses, server_tools_of
from gonogo_checkers.output import JsonValue

BYTES_PER_TOKEN: Final = 2.0
"""Of words: English prose has 3 to 5 bytes of UTF-8 a token, Chinese and Japanese 2 to 3. The worst
text has one: whoever must be sure against hostile input sets 1."""

_SIGNS: Final = bytes(
    code for code in range(128) if not (chr(code).isalpha() or chr(code).isspace())
)
"""Digits, punctuation and control characters: each may be a token of its own, as in tables."""

MOST_INPUT: Final = 1_000_000
"""Tokens; the largest context window there is. The API refuses what is longer, free of charge."""

_PER_BLOCK: Final = 8
"""Tokens that frame a message or a block; a guess on the safe side."""

_FIXED: Final = 1000
"""Tokens of the prompts that the API adds where there are tools; a guess on the safe side."""

_PER_TOOL: Final = 2000
"""Tokens of the prompt that each of Anthropic's own tools brings along; likewise."""

_PER_IMAGE: Final = 5000
"""The most that the API makes of one image, high resolution included."""

_PER_PAGE: Final = 6000
"""Of a PDF, which the API reads as text, "1,500 to 3,000 tokens", and as an image (documentation of
PDF support); on the safe side."""

_UNSEEN_DOCUMENT: Final = 200_000
"""Tokens of a document of which nobody can see how long it is: a guess, most are shorter."""

_PER_USE: Final = {"web_fetch_": 50_000, "web_search_": 10_000}
"""Tokens that one use of a server tool brings into the input: a guess, a page fetched may hold
more where the tool names no `max_content_tokens`."""

_PER_OTHER_USE: Final = 5000


def input_tokens_at_most(request: Request, bytes_per_token: float = BYTES_PER_TOKEN) -> int:
    """Return an estimate on the safe side of all input that a call is charged for, in tokens.

    All that stands in the request may be read, whatever field it is in. Where the API runs tools
    itself, each of its rounds reads all that is there by then, and is charged again.

    Args:
        request: What will be asked.
        bytes_per_token: Bytes of UTF-8 that a token of words has at least, at least 1.
    """
    own = _FIXED + _tokens_of(request.body, bytes_per_token)
    own += _PER_TOOL * sum(1 for _ in _tools_of_anthropic(request))
    own = min(math.ceil(own), MOST_INPUT)
    uses, brought = _brought_in(request)
    rounds = min(uses, MOST_ROUNDS)
    if not rounds:
        return own
    written = request.body.get("max_tokens")
    most_written = written if isinstance(written, int) and written > 0 else 0
    read = (rounds + 1) * own + math.ceil((rounds + 1) * brought / 2) + rounds * most_written
    return min(read, (rounds + 1) * MOST_INPUT)


def _brought_in(request: Request) -> tuple[int, int]:
    """Return how often server tools may be used, and the tokens that their results have at most."""
    uses, tokens = 0, 0
    for tool in server_tools_of(request):
        number = most_uses(tool)
        uses += number
        tokens += number * _tokens_per_use(tool)
    servers = request.body.get("mcp_servers")
    if servers:
        uses += MOST_ROUNDS
        tokens += MOST_ROUNDS * _PER_OTHER_USE
    return uses, tokens


def _tokens_per_use(tool: JsonObject) -> int:
    most = tool.get("max_content_tokens")
    if isinstance(most, int) and most >= 0:
        return most
    kind = str(tool.get("type"))
    return next((n for start, n in _PER_USE.items() if kind.startswith(start)), _PER_OTHER_USE)


def _tools_of_anthropic(request: Request) -> Iterator[JsonObject]:
    tools = request.body.get("tools")
    for tool in tools if isinstance(tools, list) else ():
        if isinstance(tool, dict) and tool.get("type") not in {None, "custom"}:
            yield tool


def _tokens_of(value: JsonValue, bytes_per_token: float) -> float:
    """Add up a value at any depth, without recursion: requests may be nested deeply."""
    tokens = 0.0
    left = [value]
    while left:
        value = left.pop()
        if isinstance(value, str):
            tokens += _tokens_of_text(value.encode(errors="replace"), bytes_per_token)
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


def _tokens_of_text(text: bytes, bytes_per_token: float) -> float:
    words = text.translate(None, _SIGNS)
    return len(words) / bytes_per_token + len(text) - len(words)


def _fixed_tokens(block: JsonObject) -> int | None:
    """Return what a block takes whose length does not follow from its text; None: it does."""
    source = block.get("source")
    kind = source.get("type") if isinstance(source, dict) else None
    if block.get("type") == "image" and kind is not None:
        return _PER_IMAGE
    if block.get("type") != "document" or not isinstance(source, dict):
        return None
    if kind == "base64":
        return _tokens_of_pdf(source.get("data"))
    return _UNSEEN_DOCUMENT if kind in {"url", "file"} else None


def _tokens_of_pdf(data: JsonValue) -> int:
    pages = pages_in(data) if isinstance(data, str) else None
    return _UNSEEN_DOCUMENT if pages is None else min(pages * _PER_PAGE, MOST_INPUT)
