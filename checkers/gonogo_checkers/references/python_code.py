"""Reads the Python blocks of a response: what they import, define and use."""

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from gonogo_checkers.reading.code_blocks import CodeBlock
from gonogo_checkers.reading.python_snippets import PythonSnippet, SkippedPart, read_python
from gonogo_checkers.references.package_faults import ModuleUse
from gonogo_checkers.references.python_names import PythonNames, Use, read_names
from gonogo_checkers.references.standard_library_faults import Place, place_of

_MOST_CODE: Final = 150_000
_MOST_BLOCKS: Final = 200

_IMPORT_LINE: Final = re.compile(
    r"^[ \t]{0,40}(?:>>>[ \t])?(?:import[ \t]{1,8}(?P<module>[A-Za-z_][\w.]{0,200})"
    r"|from[ \t]{1,8}(?P<source>[A-Za-z_][\w.]{0,200})[ \t]{1,8}import\b)",
    re.MULTILINE,
)
_FROM: Final = re.compile(r"from[ \t]+")
_PROMPT: Final = re.compile(r"^([ \t]*)>>>", re.MULTILINE)
_WORD: Final = re.compile(r"[A-Za-z_]\w*")


@dataclass(frozen=True, slots=True)
class Import:
    """A module that the code imports, and where in the response its name stands."""

    use: ModuleUse
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class PythonCode:
    """What was read of one block.

    Attributes:
        imports: Absolute imports, in order.
        defined: Functions and classes that it defines.
        snippet: What could be parsed; None: only lines that import were found, by their looks.
        names: What its names stand for; None where nothing could be parsed.
    """

    imports: tuple[Import, ...]
    defined: frozenset[str] = frozenset()
    snippet: PythonSnippet | None = None
    names: PythonNames | None = None


def first_blocks(blocks: Iterable[CodeBlock], languages: frozenset[str]) -> Iterator[CodeBlock]:
    """Yield the blocks of some languages as long as there is room: 150,000 characters, 200."""
    room = _MOST_CODE
    number = 0
    for block in blocks:
        if block.language in languages:
            room -= len(block.text)
            number += 1
            if room < 0 or number > _MOST_BLOCKS:
                return
            yield block


def read_block(block: CodeBlock) -> PythonCode:
    """Read a block; what cannot be parsed is looked through for lines that import."""
    # Sessions come reduced to what was typed: a prompt that is left stands in a docstring.
    read = read_python(replace(block, text=_PROMPT.sub(r"\1...", block.text)))
    if isinstance(read, SkippedPart):
        return PythonCode(tuple(_imports_by_line(block)))
    skipped = (
        block.text[max(part.start - block.start, 0) : max(part.end - block.start, 0)]
        for part in read.skipped
    )
    names = read_names(read.tree, _WORD.findall(" ".join(skipped)))
    defined = (
        node.name
        for node in ast.walk(read.tree)
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
    )
    return PythonCode(tuple(_imports_of(read, names)), frozenset(defined), read, names)


def span_of(snippet: PythonSnippet, place: Place) -> tuple[int, int]:
    """Return the offsets in the response of a place in a snippet."""
    start = snippet.offset(place.row, snippet.character(place.row, place.column))
    end = snippet.offset(place.end_row, snippet.character(place.end_row, place.end_column))
    return start, max(start, end)


def _imports_of(snippet: PythonSnippet, names: PythonNames) -> Iterator[Import]:
    for use in names.uses:
        node = use.node
        if isinstance(node, ast.Import):
            for alias in node.names:
                start, end = span_of(snippet, place_of(alias))
                yield Import(_use(alias.name, use), start, min(end, start + len(alias.name)))
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            start, end = _span_of_source(snippet, node, node.module)
            yield Import(_use(node.module, use), start, end)


def _use(path: str, use: Use) -> ModuleUse:
    return ModuleUse(path, guarded="import" in use.guards)


def _span_of_source(snippet: PythonSnippet, node: ast.ImportFrom, module: str) -> tuple[int, int]:
    start, end = span_of(snippet, place_of(node))
    row = node.lineno - 1
    written = _FROM.match(snippet.lines[row].text, snippet.character(row, node.col_offset))
    if written is None:
        return start, end
    start = snippet.offset(row, written.end())
    return start, min(max(start, end), start + len(module))


def _imports_by_line(block: CodeBlock) -> Iterator[Import]:
    row, counted = 0, 0
    for match in _IMPORT_LINE.finditer(block.text):
        group = "module" if match["module"] else "source"
        row += block.text.count("\n", counted, match.start(group))
        counted = match.start(group)
        line_start = block.text.rfind("\n", 0, counted) + 1
        start = block.line_offsets[row] + counted - line_start
        yield Import(
            ModuleUse(match[group].rstrip("."), guarded=False), start, start + len(match[group])
        )
