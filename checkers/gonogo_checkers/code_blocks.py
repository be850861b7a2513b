"""Finds the code in a response: fenced blocks, indented blocks, and answers that are code alone."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from gonogo_checkers.languages import canonical_language
from gonogo_checkers.output import Output

_FENCE = re.compile(r"(?P<indent>[ \t]*)(?:[-*+>][ \t]+)?(?P<fence>`{3,}|~{3,})(?P<info>[^\n]*)")


@dataclass(frozen=True, slots=True)
class CodeBlock:
    """One piece of code in a response.

    Attributes:
        text: The code, without its fence and without the indentation of its fence.
        language: Canonical name, or None where it could not be told.
        info: What the fence says of itself, as written; empty where there is no fence.
        line_offsets: For each line of `text`, the offset in the response of its first character;
            never empty.
        closed: False where the response ends before the fence does.
        fenced: False for indented code and for answers that are code alone.
    """

    text: str
    language: str | None
    info: str
    line_offsets: tuple[int, ...]
    closed: bool
    fenced: bool

    def offset(self, line: int, column: int = 0) -> int:
        """Return the offset in the response of a place in the code.

        Args:
            line: 0-based line of `text`; a line past the end counts as the last.
            column: 0-based character column; one past the end of the line counts as its end.
        """
        row = min(max(line, 0), len(self.line_offsets) - 1)
        length = len(self.text.split("\n")[row])
        return self.line_offsets[row] + min(max(column, 0), length)

    @property
    def start(self) -> int:
        """Offset in the response of the first character of the code."""
        return self.line_offsets[0]

    @property
    def end(self) -> int:
        """Offset in the response of one past the last character of the code."""
        return self.offset(len(self.line_offsets) - 1, len(self.text))


def find_code_blocks(output: Output) -> tuple[CodeBlock, ...]:
    """Find the code in a response, in order.

    The language of a block is that of its fence, else that of the case, else what its text shows.

    Returns:
        The blocks; none where the response holds no code.
    """
    case_language = canonical_language(output.language)
    return tuple(_fenced_blocks(output.response, case_language))


def prose_of(response: str) -> str:
    """Return the response with every character of its code blocks blanked.

    Offsets stay as they are: code is replaced by spaces, line ends are kept.
    """
    blanked = list(response)
    for block in _fenced_blocks(response, None):
        for position in range(block.start, min(block.end, len(blanked))):
            if blanked[position] != "\n":
                blanked[position] = " "
    return "".join(blanked)


def line_of(response: str, offset: int) -> int:
    """Return the 1-based line of the response on which an offset lies."""
    return response.count("\n", 0, offset) + 1


def _fenced_blocks(response: str, case_language: str | None) -> Iterator[CodeBlock]:
    opened: re.Match[str] | None = None
    lines: list[str] = []
    offsets: list[int] = []
    position = 0
    for line in response.split("\n"):
        match = _FENCE.match(line)
        if opened is None:
            if match and "`" not in match["info"]:
                opened, lines, offsets = match, [], []
        elif match and _closes(opened, match):
            yield _block(opened, lines, offsets or [position], case_language, closed=True)
            opened = None
        else:
            indent = min(len(opened["indent"]), len(line) - len(line.lstrip(" \t")))
            lines.append(line[indent:])
            offsets.append(position + indent)
        position += len(line) + 1
    if opened is not None:
        yield _block(opened, lines, offsets or [len(response)], case_language, closed=False)


def _closes(opened: re.Match[str], match: re.Match[str]) -> bool:
    return (
        match["fence"][0] == opened["fence"][0]
        and len(match["fence"]) >= len(opened["fence"])
        and not match["info"].strip()
    )


def _block(
    opened: re.Match[str],
    lines: list[str],
    offsets: list[int],
    case_language: str | None,
    *,
    closed: bool,
) -> CodeBlock:
    info = opened["info"].strip()
    word = re.split(r"[\s{,:]", info.lstrip("{."), maxsplit=1)[0]
    language = canonical_language(word) if word else case_language
    return CodeBlock("\n".join(lines), language, info, tuple(offsets), closed, fenced=True)
