"""Finds code that a response writes twice: the same lines, and functions that differ in names."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gonogo_checkers.structure.code_tree import CodeTree, text_of

if TYPE_CHECKING:
    from tree_sitter import Node

_VALUE: Final = re.compile(r"'[^'\n]{0,200}'|\"[^\"\n]{0,200}\"|`[^`\n]{0,200}`|\b\d[\w.]*")
_BRANCHES: Final = re.compile(r"\b(?:if|else|elif|for|while|switch|match|case|try|catch|except)\b")
_MOST_TOKENS: Final = 4_000
_FEWEST_TOKENS: Final = 60
_NAMES: Final = frozenset(
    {"identifier", "property_identifier", "type_identifier", "field_identifier", "variable_name"}
    | {"shorthand_property_identifier", "name", "constant"}
)
_LITERALS: Final = frozenset(
    {"string_content", "string_fragment", "integer", "float", "number", "number_literal"}
    | {"decimal_integer_literal", "integer_literal", "int_literal", "float_literal"}
    | {"interpreted_string_literal_content", "string_literal_content"}
)


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A run of lines that stands again further down.

    Attributes:
        first: Row of its first line, where it stands first.
        again: Row of its first line, where it stands again.
        last: Row of its last line, where it stands again.
        lines: Its length in lines that hold code.
    """

    first: int
    again: int
    last: int
    lines: int


def find_duplicates(tree: CodeTree, fewest: int) -> Iterator[Duplicate]:
    """Yield runs of at least `fewest` equal lines; blank ones and lone punctuation do not count.

    Indentation does not matter; runs do not overlap. Linear in the number of lines.
    """
    return _find_runs(_filled_rows(tree), fewest)


def find_near_duplicates(tree: CodeTree, fewest: int) -> Iterator[Duplicate]:
    """Yield runs of at least `fewest` lines that are equal but for numbers and strings.

    Only runs that branch or repeat in three lines or more: rows of data and calls look alike by
    their nature.
    """
    rows = [(row, _VALUE.sub("0", text)) for row, text in _filled_rows(tree)]
    texts = dict(rows)
    for run in _find_runs(rows, fewest):
        inside = [texts[row] for row in range(run.again, run.last + 1) if row in texts]
        if sum(_BRANCHES.search(text) is not None for text in inside) >= 3:
            yield run


def shape_of(function: "Node") -> tuple[str, ...]:
    """Return the tokens of a function's body, its names numbered in order of appearance.

    Two functions with the same shape differ in names and values alone.

    Returns:
        Empty where the body is too short to tell (under 60 tokens), or over 4,000.
    """
    body = function.child_by_field_name("body")
    tokens: list[str] = []
    numbers: dict[str, int] = {}
    waiting = [] if body is None else [body]
    while waiting and len(tokens) <= _MOST_TOKENS:
        node = waiting.pop()
        if "comment" in node.type:
            continue
        if node.child_count:
            waiting += reversed(node.children)
        elif node.type in _NAMES:
            tokens.append(f"${numbers.setdefault(text_of(node), len(numbers))}")
        else:
            tokens.append("#" if node.type in _LITERALS else node.type)
    return tuple(tokens) if _FEWEST_TOKENS <= len(tokens) <= _MOST_TOKENS else ()


def _filled_rows(tree: CodeTree) -> list[tuple[int, str]]:
    rows = (
        (row, " ".join(line.decode("utf-8", "replace").split()))
        for row, line in enumerate(tree.lines)
    )
    return [(row, text) for row, text in rows if sum(c.isalnum() for c in text[:200]) > 2]


def _find_runs(filled: Sequence[tuple[int, str]], fewest: int) -> Iterator[Duplicate]:
    texts = [text for _, text in filled]
    seen: dict[tuple[str, ...], int] = {}
    position = 0
    while position + fewest <= len(texts):
        window = tuple(texts[position : position + fewest])
        earlier = seen.get(window)
        if earlier is None or earlier + fewest > position or len(set(window)) * 2 <= fewest:
            seen.setdefault(window, position)
            position += 1
            continue
        length = _common_length(texts, earlier, position)
        last = filled[position + length - 1][0]
        yield Duplicate(filled[earlier][0], filled[position][0], last, length)
        position += length


def _common_length(texts: Sequence[str], first: int, again: int) -> int:
    length = 0
    while (
        again + length < len(texts)
        and first + length < again
        and texts[first + length] == texts[again + length]
    ):
        length += 1
    return length
