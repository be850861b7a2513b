"""Finds runs of lines that a response writes twice."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gonogo_checkers.code_tree import CodeTree


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A run of lines that stands again further down.

    Attributes:
        first: Row of its first line, where it stands first.
        again: Row of its first line, where it stands again.
        lines: Its length in lines that hold code.
    """

    first: int
    again: int
    lines: int


def find_duplicates(tree: CodeTree, fewest: int) -> Iterator[Duplicate]:
    """Yield runs of at least `fewest` equal lines; blank ones and lone punctuation do not count.

    Indentation does not matter; runs do not overlap. Linear in the number of lines.
    """
    rows = [
        (row, " ".join(line.decode("utf-8", "replace").split()))
        for row, line in enumerate(tree.lines)
    ]
    filled = [(row, text) for row, text in rows if sum(c.isalnum() for c in text) > 2]
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
        yield Duplicate(filled[earlier][0], filled[position][0], length)
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
