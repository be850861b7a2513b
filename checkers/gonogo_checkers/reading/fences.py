"""Finds Markdown's fenced blocks: nested, quoted, listed, with tildes, and never closed.

Follows CommonMark 0.31 (section 4.5), and is more lenient where models are careless: a fence may
stand at any indentation (deep lists), what it holds may be less indented than the fence, and a
block marked as Markdown may hold fences of its own length.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from gonogo_checkers.reading.languages import info_word

_FENCE: Final = re.compile(
    r"(?P<quote>(?:[ \t]*>)*)(?P<indent>[ \t]*)(?P<bullet>(?:[-*+]|\d{1,9}[.)])[ \t]+)?"
    r"(?P<fence>`{3,}|~{3,})(?P<info>[^\n]*)"
)
_QUOTE: Final = re.compile(r"[ \t]*> ?")
_MARKDOWN: Final = frozenset({"md", "markdown", "mdx", "rmd", "qmd", "commonmark", "gfm"})
_MAX_FAILED_NESTINGS: Final = 8
"""How often a Markdown block may turn out not to nest before it is no longer tried: each try may
read to the end of the response, and time must stay linear."""


@dataclass(frozen=True, slots=True)
class Fence:
    """One fenced block, as it stands in the response.

    Attributes:
        lines: What it holds, line by line, without container marks and the fence's indentation.
        offsets: For each line the offset in the response of its first character; never empty,
            so that an empty block has a place too.
        info: The info string, stripped.
        closed: False where the response ends before the fence does.
        first_line: 0-based line of the opening fence.
        last_line: 0-based line of the closing fence, or the last line that the block holds.
    """

    lines: tuple[str, ...]
    offsets: tuple[int, ...]
    info: str
    closed: bool
    first_line: int
    last_line: int


@dataclass(frozen=True, slots=True)
class _Opening:
    mark: str
    indent: int
    quotes: int
    info: str


def find_fences(lines: Sequence[str], starts: Sequence[int]) -> list[Fence]:
    """Find the fenced blocks of a response, in order, in linear time.

    Args:
        lines: The lines of the response, without their line ends.
        starts: The offset of each line's first character.
    """
    found: list[Fence] = []
    row = 0
    failed_nestings = 0
    while row < len(lines):
        opening = _opening(lines[row])
        if opening is None:
            row += 1
            continue
        last, closed = _find_end(lines, row, opening)
        if info_word(opening.info) in _MARKDOWN and failed_nestings < _MAX_FAILED_NESTINGS:
            nested = _find_nested_end(lines, row, opening)
            if nested is None:
                failed_nestings += 1
            else:
                last, closed = nested, True
        found.append(_fence(lines, starts, row, last, opening, closed=closed))
        row = last + 1
    return found


def _opening(line: str) -> _Opening | None:
    match = _FENCE.match(line)
    if match is None or (match["fence"][0] == "`" and "`" in match["info"]):
        return None
    indent = len(match["indent"])
    if match["quote"]:
        indent = max(0, indent - 1)
    return _Opening(
        mark=match["fence"],
        indent=indent + len(match["bullet"] or ""),
        quotes=match["quote"].count(">"),
        info=match["info"].strip(),
    )


def _find_end(lines: Sequence[str], first: int, opening: _Opening) -> tuple[int, bool]:
    """Return the last row of a block and whether it is closed there."""
    for row in range(first + 1, len(lines)):
        if opening.quotes and not lines[row].lstrip(" \t").startswith(">"):
            return row - 1, True
        if _closes(lines[row], opening):
            return row, True
    return len(lines) - 1, False


def _find_nested_end(lines: Sequence[str], first: int, opening: _Opening) -> int | None:
    """Return the row that closes a Markdown block which holds fences as long as its own."""
    depth = 1
    for row in range(first + 1, len(lines)):
        inner = _opening(lines[row])
        if inner is None or inner.mark[0] != opening.mark[0]:
            continue
        if inner.info:
            depth += len(inner.mark) >= len(opening.mark)
        elif len(inner.mark) >= len(opening.mark):
            depth -= 1
        if depth == 0:
            return row
    return None


def _closes(line: str, opening: _Opening) -> bool:
    if opening.mark[:3] not in line:
        return False
    match = _FENCE.fullmatch(line)
    if match is None or match["bullet"] or match["info"].strip():
        return False
    mark = match["fence"]
    return (
        mark[0] == opening.mark[0]
        and len(mark) >= len(opening.mark)
        and len(match["indent"]) <= opening.indent + 3 + bool(match["quote"])
    )


def _fence(
    lines: Sequence[str],
    starts: Sequence[int],
    first: int,
    last: int,
    opening: _Opening,
    *,
    closed: bool,
) -> Fence:
    has_end = closed and last > first and _closes(lines[last], opening)
    rows = range(first + 1, last if has_end else last + 1)
    margins = [_margin(lines[row], opening) for row in rows]
    texts = tuple(
        lines[row][margin:].removesuffix("\r") for row, margin in zip(rows, margins, strict=True)
    )
    offsets = tuple(starts[row] + margin for row, margin in zip(rows, margins, strict=True))
    if not offsets:
        after = first + 1
        at = starts[after] if after < len(lines) else starts[first] + len(lines[first])
        texts, offsets = ("",), (at,)
    return Fence(texts, offsets, opening.info, closed, first, last)


def _margin(line: str, opening: _Opening) -> int:
    """Return how many characters of a line belong to quotes and to the fence's indentation."""
    margin = 0
    for _ in range(opening.quotes):
        quote = _QUOTE.match(line, margin)
        if quote is None:
            break
        margin = quote.end()
    white = len(line) - margin - len(line[margin:].lstrip(" \t"))
    return margin + min(opening.indent, white)
