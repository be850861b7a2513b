"""Parses Python as it stands in responses: fragments, sessions, cut-off ends, single bad lines.

What cannot be parsed is taken out and reported, so that the rest can be looked at. Nothing is
compiled or run.
"""

import ast
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from gonogo_checkers.reading.code_blocks import CodeBlock

MAX_DEPTH: Final = 150
"""Levels of nesting of a syntax tree; a fixed bound below Python's own, which varies by caller."""

MAX_NODES: Final = 40_000
_MAX_ATTEMPTS: Final = 12
_MENDING_CHARACTERS: Final = 300_000

_NEWLINE: Final = re.compile(r"\r\n|\r")
_PROMPT: Final = re.compile(r"(?:>>>|\.\.\.|In \[\d{1,6}\]:)(?: |$)")
_COMMAND: Final = re.compile(r"\s*[!%][A-Za-z%!]")
_BLANK_BODY: Final = re.compile(r"after .+ on line (\d+)")
_OLD_EXCEPT: Final = re.compile(r"(\s*except\s+[^:#,]+|\s*except\s*\([^)#]*\))\s*,\s*(\w+)\s*:")
_HEADERS: Final = (
    (re.compile(r"\s*(?:else\b|elif\b)"), ("if 1:", " pass")),
    (re.compile(r"\s*(?:except\b|finally\b)"), ("try:", " pass")),
)
_TOO_DEEP: Final = f"nested more than {MAX_DEPTH} levels deep"
_OPEN_ENDED: Final = ("was never closed", "unterminated triple-quoted")


@dataclass(frozen=True, slots=True)
class SourceLine:
    """One line that was parsed, and where it stands in the response.

    Attributes:
        text: The line as parsed.
        offset: Offset in the response of the first character of the original line.
        shift: Characters that the original has before the first parsed one.
        length: Characters of the original line.
    """

    text: str
    offset: int
    shift: int
    length: int


@dataclass(frozen=True, slots=True)
class SkippedPart:
    """Code that was not looked at: offsets in the response, and why."""

    start: int
    end: int
    reason: str


@dataclass(frozen=True, slots=True)
class PythonSnippet:
    """A snippet that was parsed.

    Attributes:
        tree: Its syntax tree; columns count UTF-8 bytes, as always in `ast`.
        lines: What was parsed, line by line.
        skipped: What was taken out before; empty where all was parsed.
    """

    tree: ast.Module
    lines: tuple[SourceLine, ...]
    skipped: tuple[SkippedPart, ...]

    @property
    def text(self) -> str:
        """What was parsed."""
        return "\n".join(line.text for line in self.lines)

    def character(self, row: int, byte_column: int) -> int:
        """Turn a column of `ast` into characters.

        Args:
            row: 0-based line.
            byte_column: 0-based column in UTF-8 bytes.
        """
        text = self.lines[min(max(row, 0), len(self.lines) - 1)].text
        if text.isascii():
            return byte_column
        return len(text.encode()[:byte_column].decode(errors="ignore"))

    def offset(self, row: int, column: int) -> int:
        """Return the offset in the response of a place, both 0-based and in characters."""
        line = self.lines[min(max(row, 0), len(self.lines) - 1)]
        return line.offset + min(max(column + line.shift, 0), line.length)


def read_python(block: CodeBlock) -> PythonSnippet | SkippedPart:
    """Parse a block of Python, leaving out what cannot be parsed.

    Returns:
        The snippet; or, where nothing of it could be parsed, why.
    """
    lines, skipped = _take_out_unreadable(_dedent(_without_prompts(list(_physical_lines(block)))))
    lines = _with_header(lines)
    attempts = min(_MAX_ATTEMPTS, max(2, _MENDING_CHARACTERS // (len(block.text) + 1)))
    reason = "not valid Python"
    for _ in range(attempts):
        try:
            tree = _parse(lines)
        except SyntaxError as error:
            reason = f"not valid Python: {error.msg}"
            lines = _mend(lines, error, skipped)
        except (RecursionError, MemoryError):
            reason = _TOO_DEEP
            break
        except ValueError:
            reason = "holds what no Python source may hold"
            break
        else:
            refusal = _too_big(tree)
            if refusal is None and not _is_empty(tree, skipped):
                parts = tuple(_parts(lines, skipped))
                return PythonSnippet(tree, tuple(lines), parts)
            reason = refusal or reason
            break
    return SkippedPart(block.start, block.end, reason)


def _physical_lines(block: CodeBlock) -> Iterator[SourceLine]:
    for text, offset in zip(block.text.split("\n"), block.line_offsets, strict=False):
        start = 0
        for match in _NEWLINE.finditer(text):
            yield SourceLine(text[start : match.start()], offset + start, 0, match.start() - start)
            start = match.end()
        yield SourceLine(text[start:], offset + start, 0, len(text) - start)


def _without_prompts(lines: list[SourceLine]) -> list[SourceLine]:
    if not any(line.text.lstrip().startswith(">>>") for line in lines):
        return lines
    bare = []
    for line in lines:
        indent = len(line.text) - len(line.text.lstrip(" "))
        match = _PROMPT.match(line.text, indent)
        # Output of the session is blanked: it is no code.
        bare.append(_cut(line, match.end()) if match else replace(line, text=""))
    return bare


def _cut(line: SourceLine, characters: int) -> SourceLine:
    return replace(line, text=line.text[characters:], shift=line.shift + characters)


def _dedent(lines: list[SourceLine]) -> list[SourceLine]:
    margins = [_indentation(line.text) for line in lines if _is_code(line.text)]
    margin = min(margins, key=len, default="")
    if not margin or any(not indent.startswith(margin) for indent in margins):
        return lines
    return [_cut(line, len(margin)) if line.text.startswith(margin) else line for line in lines]


def _indentation(text: str) -> str:
    return text[: len(text) - len(text.lstrip(" \t"))]


def _is_code(text: str) -> bool:
    stripped = text.strip()
    return bool(stripped) and not stripped.startswith("#")


def _take_out_unreadable(
    lines: list[SourceLine],
) -> tuple[list[SourceLine], dict[int, str]]:
    skipped: dict[int, str] = {}
    readable = list(lines)
    for row, line in enumerate(lines):
        if "\0" in line.text or any("\ud800" <= character <= "\udfff" for character in line.text):
            skipped[line.offset] = "holds characters that no Python source may hold"
            readable[row] = _passed(line)
        elif _COMMAND.match(line.text):
            readable[row] = _passed(line)  # a notebook's command, not Python
    return readable, skipped


def _passed(line: SourceLine) -> SourceLine:
    return replace(line, text=_indentation(line.text) + "pass")


def _with_header(lines: list[SourceLine]) -> list[SourceLine]:
    first = next((line for line in lines if _is_code(line.text)), None)
    if first is None:
        return lines
    header: tuple[str, ...] = ("if 1:",) if _indentation(first.text) else ()
    for pattern, wrapping in _HEADERS:
        if pattern.match(first.text) and not _indentation(first.text):
            header = wrapping
    return [SourceLine(text, first.offset, 0, 0) for text in header] + lines


def _parse(lines: list[SourceLine]) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse("\n".join(line.text for line in lines))


def _mend(lines: list[SourceLine], error: SyntaxError, skipped: dict[int, str]) -> list[SourceLine]:
    row = min(max((error.lineno or 1) - 1, 0), len(lines) - 1)
    bodiless = _BLANK_BODY.search(error.msg)
    if bodiless:
        return _with_body(lines, int(bodiless[1]) - 1, skipped)
    old = _OLD_EXCEPT.match(lines[row].text)
    if old:
        text = f"{old[1]} as {old[2]}:{lines[row].text[old.end() :]}"
        return _replaced(lines, {row: replace(lines[row], text=text)})
    reason = f"not valid Python: {error.msg}"
    rows = _rows_to_skip(lines, row, error, skipped)
    mended = {}
    for position, lost in enumerate(rows):
        skipped.setdefault(lines[lost].offset, reason)
        mended[lost] = _passed(lines[lost]) if not position else replace(lines[lost], text="")
    return _replaced(lines, mended)


def _replaced(lines: list[SourceLine], mended: dict[int, SourceLine]) -> list[SourceLine]:
    return [mended.get(row, line) for row, line in enumerate(lines)]


def _with_body(lines: list[SourceLine], row: int, skipped: dict[int, str]) -> list[SourceLine]:
    row = min(max(row, 0), len(lines) - 1)
    end = next(
        (later for later in range(row, len(lines)) if lines[later].text.rstrip().endswith(":")),
        row,
    )
    text = lines[end].text.rstrip()
    if text.endswith(":"):
        return _replaced(lines, {end: replace(lines[end], text=f"{text} pass")})
    skipped.setdefault(lines[row].offset, "a header without its body")
    return _replaced(lines, {row: _passed(lines[row])})


def _rows_to_skip(
    lines: list[SourceLine], row: int, error: SyntaxError, skipped: dict[int, str]
) -> range:
    """Choose what to take out: the line, then its suite, then the whole top-level statement."""
    if any(words in error.msg for words in _OPEN_ENDED):
        return range(row, _suite_end(lines, row))
    if lines[row].offset not in skipped and _is_code(lines[row].text):
        return range(row, row + 1)
    before = next((r for r in range(row, -1, -1) if lines[r].offset not in skipped), 0)
    if lines[before].text.strip() and _indentation(lines[before].text):
        return range(before, _suite_end(lines, before))
    return range(before, max(row + 1, _suite_end(lines, before)))


def _suite_end(lines: list[SourceLine], row: int) -> int:
    margin = len(_indentation(lines[row].text))
    for later in range(row + 1, len(lines)):
        text = lines[later].text
        if _is_code(text) and len(_indentation(text)) <= margin and text.strip()[0] not in ")]}":
            return later
    return len(lines)


def _too_big(tree: ast.Module) -> str | None:
    level: list[ast.AST] = [tree]
    nodes = 0
    for _ in range(MAX_DEPTH):
        nodes += len(level)
        if nodes > MAX_NODES:
            return f"more than {MAX_NODES} nodes of syntax"
        level = [child for node in level for child in ast.iter_child_nodes(node)]
        if not level:
            return None
    return _TOO_DEEP


def _is_empty(tree: ast.Module, skipped: dict[int, str]) -> bool:
    """Tell whether nothing but replacements is left of code that was there."""
    fillers = (ast.Module, ast.Constant, ast.Pass, ast.If)
    return bool(skipped) and all(isinstance(node, fillers) for node in ast.walk(tree))


def _parts(lines: list[SourceLine], skipped: dict[int, str]) -> Iterator[SkippedPart]:
    current: SkippedPart | None = None
    for line in lines:
        reason = skipped.get(line.offset)
        end = line.offset + line.length
        if reason is None or not line.length:
            continue
        if current and current.reason == reason and line.offset <= current.end + 80:
            current = replace(current, end=end)
            continue
        if current:
            yield current
        current = SkippedPart(line.offset, end, reason)
    if current:
        yield current
