"""Finds Markdown that contradicts itself: list numbers, headings without text, broken tables."""

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

_NUMBERED: Final = re.compile(r"([ \t]*)(?:\*\*)?(\d{1,3})([.)])(?:\*\*)?[ \t]+\S")
_HEADING: Final = re.compile(r"(#{1,6})[ \t]+[^\s#]")
_TELLING: Final = re.compile(r":[*_]*[ \t]+\S")
_RULE: Final = re.compile(r"[ \t]*(?:-[ \t]*){3,}$|[ \t]*(?:\*[ \t]*){3,}$|[ \t]*(?:_[ \t]*){3,}$")
_DELIMITER: Final = re.compile(r"[ \t]*\|?(?:[ \t]*:?-+:?[ \t]*\|)+(?:[ \t]*:?-+:?[ \t]*)?$")
_INLINE_CODE: Final = re.compile(r"`[^`\n]*`")


@dataclass(frozen=True, slots=True)
class MarkdownFault:
    """A place where the structure breaks.

    Attributes:
        start: Offset of the line's first character that is no space.
        end: One past the line's last.
        what: What is wrong, as a clause.
    """

    start: int
    end: int
    what: str


@dataclass(frozen=True, slots=True)
class _Line:
    start: int
    text: str

    @property
    def is_blank(self) -> bool:
        return not self.text.strip()

    def fault(self, what: str) -> MarkdownFault:
        lead = len(self.text) - len(self.text.lstrip())
        return MarkdownFault(self.start + lead, self.start + len(self.text.rstrip()), what)


def find_numbering_faults(prose: str) -> list[MarkdownFault]:
    """Find lists whose numbers repeat or jump: 1, 2, 2, 5.

    A list may begin anywhere, start again at 1 (or 0), count down, or give every item the same
    number, as Markdown allows. At most one fault a list is found, and lists of fewer than three
    items are not judged, nor are excerpts, which start late and mostly jump. A heading ends a list.
    """
    faults = []
    for items in _numbered_lists(_lines_of(prose)):
        fault = _numbering_fault(items)
        if fault is not None:
            faults.append(fault)
    return faults


def _lines_of(text: str) -> list[_Line]:
    lines = []
    start = 0
    for line in text.split("\n"):
        lines.append(_Line(start, line))
        start += len(line) + 1
    return lines


def _numbered_lists(lines: list[_Line]) -> list[list[tuple[int, _Line]]]:
    """Group numbered lines by their indentation; less indented text closes the deeper lists."""
    done: list[list[tuple[int, _Line]]] = []
    open_lists: dict[tuple[int, str], list[tuple[int, _Line]]] = {}
    for line in lines:
        match = _NUMBERED.match(line.text)
        indent = len(line.text) - len(line.text.lstrip())
        if _HEADING.match(line.text) or _RULE.match(line.text):
            done += open_lists.values()
            open_lists = {}
        if match is None:
            continue
        number = int(match[2])
        for key in [key for key in open_lists if key[0] > indent]:
            done.append(open_lists.pop(key))
        key = (indent, match[3])
        if number <= 1 and any(
            first > 1 or second > 1 for first, second in [_ends(open_lists.get(key))]
        ):
            done.append(open_lists.pop(key))
        open_lists.setdefault(key, []).append((number, line))
    return done + list(open_lists.values())


def _ends(items: list[tuple[int, _Line]] | None) -> tuple[int, int]:
    return (items[0][0], items[-1][0]) if items else (0, 0)


def _numbering_fault(items: list[tuple[int, _Line]]) -> MarkdownFault | None:
    numbers = [number for number, _ in items]
    pairs = list(pairwise(numbers))
    if len(items) < 3 or len(set(numbers)) == 1 or max(numbers) > 200:
        return None
    if all(before - after == 1 for before, after in pairs):
        return None
    rising = sum(after - before == 1 for before, after in pairs)
    for index, (before, after) in enumerate(pairs):
        if after - before != 1:
            if numbers[0] > 1 and rising < len(pairs) / 2:
                return None
            return items[index + 1][1].fault(f"number {after} follows number {before}")
    return None


def find_empty_headings(prose: str) -> list[MarkdownFault]:
    """Find headings followed by one of the same or a higher level, or by the end.

    A heading with a colon and words behind it says what it has to say.

    Args:
        prose: The response with its code replaced by something that is not blank.
    """
    faults = []
    above: _Line | None = None
    for line in _lines_of(prose):
        if line.is_blank or _RULE.match(line.text):
            continue
        if above is not None and _level(line) and _level(line) <= _level(above):
            faults.append(above.fault("nothing stands below this heading"))
        above = line if _level(line) else None
    if above is not None:
        faults.append(above.fault("nothing stands below this heading"))
    return faults


def _level(line: _Line) -> int:
    match = _HEADING.match(line.text)
    return len(match[1]) if match and not _TELLING.search(line.text) else 0


def find_broken_tables(prose: str) -> list[MarkdownFault]:
    """Find tables that do not render or lose cells, at most one fault a table.

    The line of dashes must have as many cells as the header (else it is no table to GitHub), and
    no row may have other cells than the header; the last row of a text may be cut off.
    """
    faults = []
    lines = _lines_of(prose)
    row = 0
    while row < len(lines):
        if not lines[row].text.lstrip().startswith("|"):
            row += 1
            continue
        end = row
        while end < len(lines) and lines[end].text.lstrip().startswith("|"):
            end += 1
        at_end = all(line.is_blank for line in lines[end:])
        fault = _table_fault(lines[row : end - 1] if at_end and end - row > 3 else lines[row:end])
        if fault is not None:
            faults.append(fault)
        row = end
    return faults


def _table_fault(rows: list[_Line]) -> MarkdownFault | None:
    if len(rows) < 2 or not all(row.text.rstrip().endswith("|") for row in rows[:2]):
        return None
    columns = _cells(rows[0])
    if not _DELIMITER.match(rows[1].text.rstrip()):
        if len(rows) < 3 or _DELIMITER.match(rows[0].text.rstrip()):
            return None
        return rows[0].fault("the table has no line of dashes below its header")
    if _cells(rows[1]) != columns:
        return rows[1].fault(
            f"the header has {columns} cells, the line of dashes {_cells(rows[1])}"
        )
    for row in rows[2:]:
        if _cells(row) != columns:
            return row.fault(f"the row has {_cells(row)} cells, the header {columns}")
    return None


def _cells(row: _Line) -> int:
    text = _INLINE_CODE.sub("c", row.text.replace("\\|", "")).strip()
    return text.removeprefix("|").removesuffix("|").count("|") + 1
