"""Finds the code in a response: fenced blocks, indented blocks, and answers that are code alone.

Blocks that are no programs (diffs, output, plain text, sessions of other shells) are found too,
with their `kind` and without a language, so that no checker judges them as programs. A Python or
shell session is reduced to what was typed in it. Inline code is prose.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import compress
from typing import Final

from gonogo_checkers.output import Output
from gonogo_checkers.reading.bare_code import code_language, is_code
from gonogo_checkers.reading.block_kinds import BlockKind, kind_of, typed_code
from gonogo_checkers.reading.fences import Fence, find_fences
from gonogo_checkers.reading.language_detection import detect_language
from gonogo_checkers.reading.languages import canonical_language, info_word, language_of_info

_COMPANIONS: Final = frozenset({"bash", "json", "yaml", "toml", "html", "css", "sql"})
"""Languages that stand beside programs of another: a block without a word may be in one of them
although the case names the other."""
_DETECTION_BUDGET: Final = 300_000
"""Characters of code per response whose language is detected; it takes some microseconds each."""
_DETECTION_COST: Final = 500
"""Characters that a detection costs at least."""
_TOO_MUCH: Final = "?"
"""Stands for the case's language where the budget for detection is spent."""
_INDENTED: Final = re.compile(r"(?: {4}|\t)[ \t]*\S")
_LIST_ITEM: Final = re.compile(r"[ \t]*(?:[-*+]|\d{1,9}[.)])[ \t]")


@dataclass(frozen=True, slots=True)
class CodeBlock:
    """One piece of code in a response.

    Attributes:
        text: The code, without its fence and without the indentation of its fence; a session is
            reduced to what was typed.
        language: Canonical name, or None where it could not be told or the block is no program.
        info: What the fence says of itself, as written; empty where there is no fence.
        line_offsets: For each line of `text`, the offset in the response of its first character;
            never empty.
        closed: False where the response ends before the fence does.
        fenced: False for indented code and for answers that are code alone.
        kind: What the block is; only programs and reduced sessions have a language.
    """

    text: str
    language: str | None
    info: str
    line_offsets: tuple[int, ...]
    closed: bool
    fenced: bool
    kind: BlockKind = BlockKind.PROGRAM

    def offset(self, line: int, column: int = 0) -> int:
        """Return the offset in the response of a place in the code.

        Args:
            line: 0-based line of `text`; a line past the end counts as the last.
            column: 0-based character column; one past the end of the line counts as its end.
        """
        row = min(max(line, 0), len(self.line_offsets) - 1)
        length = len(_lines_of(self.text)[row])
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
    A block without a word that is plainly something else beside the case's language (shell
    commands, JSON, plain text) is taken for that.

    Returns:
        The blocks; none where the response holds no code.
    """
    case_language = canonical_language(output.language)
    return tuple(block for block, _ in _find(output.response, case_language))


def prose_of(response: str) -> str:
    """Return the response with every character of its code blocks and their fences blanked.

    Offsets stay as they are: code is replaced by spaces, line ends are kept.
    """
    pieces = []
    position = 0
    for _, (start, end) in _find(response, None):
        pieces.append(response[position:start])
        pieces.append(re.sub(r"[^\n]", " ", response[start:end]))
        position = end
    pieces.append(response[position:])
    return "".join(pieces)


def line_of(response: str, offset: int) -> int:
    """Return the 1-based line of the response on which an offset lies."""
    return response.count("\n", 0, offset) + 1


@lru_cache(maxsize=4)
def _lines_of(text: str) -> list[str]:
    return text.split("\n")


_Found = tuple[CodeBlock, tuple[int, int]]
"""A block, and the span of the response that it and its fence take."""


@lru_cache(maxsize=8)
def _find(response: str, case_language: str | None) -> tuple[_Found, ...]:
    """Find the blocks; remembered, since every checker of a response asks for the same."""
    lines = response.split("\n")
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)
    fences = find_fences(lines, starts)
    budget = _within_budget(starts[fence.last_line] - fence.offsets[0] for fence in fences)
    found = [
        _fenced_block(fence, lines, starts, case_language if detects or fence.info else _TOO_MUCH)
        for fence, detects in zip(fences, budget, strict=True)
    ]
    if not fences:
        bare = _bare_block(response, lines, starts, case_language)
        if bare is not None:
            return ((bare, (0, len(response))),)
    taken = {row for fence in fences for row in range(fence.first_line, fence.last_line + 1)}
    found.extend(_indented_blocks(lines, starts, taken, case_language))
    return tuple(sorted(found, key=lambda item: item[1]))


def _fenced_block(
    fence: Fence, lines: Sequence[str], starts: Sequence[int], case_language: str | None
) -> _Found:
    word = info_word(fence.info)
    numbered = list(zip(fence.lines, fence.offsets, strict=True))
    kind = kind_of(numbered, word)
    language = None
    if kind is BlockKind.SESSION:
        typed = typed_code(numbered, word)
        if typed is not None and typed[0]:
            numbered, language = typed
    elif kind is BlockKind.PROGRAM:
        text = "\n".join(fence.lines)
        language = language_of_info(fence.info) if word else _unnamed_language(text, case_language)
    if kind is BlockKind.PROGRAM and language is None and not word:
        kind = BlockKind.TEXT
    block = CodeBlock(
        text="\n".join(text for text, _ in numbered),
        language=language,
        info=fence.info,
        line_offsets=tuple(offset for _, offset in numbered),
        closed=fence.closed,
        fenced=True,
        kind=kind,
    )
    end = starts[fence.last_line] + len(lines[fence.last_line])
    return block, (starts[fence.first_line], end)


def _within_budget(lengths: Iterable[int]) -> Iterator[bool]:
    spent = 0
    for length in lengths:
        spent += max(length, _DETECTION_COST)
        yield spent <= _DETECTION_BUDGET


def _unnamed_language(text: str, case_language: str | None) -> str | None:
    if case_language == _TOO_MUCH:
        return None
    detected = detect_language(text)
    if case_language is None or detected in _COMPANIONS:
        return detected
    return case_language if detected is not None or is_code(text) else None


def _bare_block(
    response: str, lines: Sequence[str], starts: Sequence[int], case_language: str | None
) -> CodeBlock | None:
    numbered = [
        (line.removesuffix("\r"), start) for line, start in zip(lines, starts, strict=False)
    ]
    kind = kind_of(numbered, "")
    if kind is BlockKind.PROGRAM:
        language = code_language(response.replace("\r\n", "\n"), case_language)
        if language is None:
            return None
    elif kind is BlockKind.SESSION:
        typed = typed_code(numbered, "")
        if typed is None or typed[1] != "python":
            return None
        numbered, language = typed
    else:
        return None
    return CodeBlock(
        text="\n".join(text for text, _ in numbered),
        language=language,
        info="",
        line_offsets=tuple(offset for _, offset in numbered),
        closed=True,
        fenced=False,
        kind=kind,
    )


def _indented_blocks(
    lines: Sequence[str], starts: Sequence[int], taken: set[int], case_language: str | None
) -> Iterator[_Found]:
    runs = list(_indented_runs(lines, taken))
    budget = _within_budget(starts[last + 1] - starts[first] for first, last in runs)
    for first, last in compress(runs, budget):
        rows = range(first, last + 1)
        margins = [
            4 if lines[row].startswith("    ") else int(lines[row][:1] == "\t") for row in rows
        ]
        texts = [lines[row][m:].removesuffix("\r") for row, m in zip(rows, margins, strict=True)]
        text = "\n".join(texts)
        language = code_language(text, case_language)
        if language is None:
            continue
        offsets = tuple(starts[row] + m for row, m in zip(rows, margins, strict=True))
        block = CodeBlock(text, language, "", offsets, closed=True, fenced=False)
        yield block, (starts[first], starts[last] + len(lines[last]))


def _indented_runs(lines: Sequence[str], taken: set[int]) -> Iterator[tuple[int, int]]:
    """Yield the first and last rows of runs of indented lines, outside of lists and fences."""
    in_list = False
    first: int | None = None
    last = -1
    for row, line in enumerate(lines):
        if row in taken:
            indented, blank = False, False
        else:
            indented, blank = _INDENTED.match(line) is not None, not line.strip()
        if first is not None and not indented and not blank:
            yield first, last
            first = None
        if indented:
            if first is None and not in_list and _follows_blank(lines, row):
                first = row
            last = row
        elif not blank and line[:1] not in {" ", "\t"}:
            in_list = _LIST_ITEM.match(line) is not None
    if first is not None:
        yield first, last


def _follows_blank(lines: Sequence[str], row: int) -> bool:
    return row == 0 or not lines[row - 1].strip()
