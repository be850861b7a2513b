"""Reads the parts of a Markdown text that checkers tell apart: paragraphs, lists, headings.

Works line by line, linear in the text; it is no Markdown parser, and needs none of its finer rules.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from gonogo_checkers.reading.prose import sentences_of

_HEADING: Final = re.compile(r"[ \t]{0,3}#{1,6}[ \t]+\S")
_BOLD_LINE: Final = re.compile(r"[ \t]*(?:\*\*[^*\n]{1,200}\*\*|__[^_\n]{1,200}__):?[ \t]*$")
_DIVIDER: Final = re.compile(r"[ \t]*(?:(?:\*[ \t]*){3,}|(?:-[ \t]*){3,}|(?:_[ \t]*){3,})$")
_BULLET: Final = re.compile(r"([ \t]*)(?:[-*+•‣◦–—]|\u2022)[ \t]+(?=\S)")
_NUMBERED: Final = re.compile(r"([ \t]*)(?:\*\*)?(?:\d{1,3}|[a-zA-Z])[.)](?:\*\*)?[ \t]+(?=\S)")
_TABLE_ROW: Final = re.compile(r"[ \t]*\|.*\|[ \t]*$")
_TABLE_RULE: Final = re.compile(
    r"[ \t]*\|?[ \t]*:?-{2,}:?[ \t]*(?:\|[ \t]*:?-{2,}:?[ \t]*)*\|?[ \t]*$"
)
_TERMINATED: Final = re.compile(r"[.!?。！？…:]['\"”’)\]*_]*[ \t]*$")
_ABBREVIATION: Final = re.compile(
    r"(?:^|[\s(])(?:[A-Z]|mr|mrs|ms|dr|prof|st|jr|sr|vs|etc|e\.g|i\.e|cf|no|nos|vol|fig|approx|"
    r"inc|ltd|co|"
    r"corp|dept|gen|gov|sen|rep|rev|hon|u\.s|u\.k|a\.m|p\.m|p\.s|p\.p\.s|z\.b|d\.h|bzw|ca|nr|str|"
    r"usw|"
    r"sra|ud|mme|m|art|al|ph\.d|\d{1,2})\.$",
    re.IGNORECASE,
)
_INLINE_MARKS: Final = re.compile(r"\*{1,3}|_{2,3}|`+|~~|(?<=\])\([^()\n]{0,500}\)|https?://\S+")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a text.

    Attributes:
        kind: What it is.
        text: The line, without its end.
        start: Offset in the text of its first character.
        indent: Columns before its mark, for list items; else 0.
    """

    kind: str
    text: str
    start: int
    indent: int = 0


@dataclass(frozen=True, slots=True)
class Passage:
    """A run of running text, or one list item.

    Attributes:
        text: As written.
        start: Offset of its first character.
        is_item: Whether it is a list item.
    """

    text: str
    start: int
    is_item: bool


@lru_cache(maxsize=2)
def lines_of(text: str) -> tuple[Line, ...]:
    """Return every line: blank, heading, bold, divider, bullet, numbered, row or text."""
    lines = []
    start = 0
    for line in text.split("\n"):
        lines.append(_classify(line.rstrip("\r"), start))
        start += len(line) + 1
    return tuple(lines)


def list_items_of(text: str, *, numbered: bool) -> list[Line]:
    """Return the items of numbered lists, or of those with bullets."""
    kind = "numbered" if numbered else "bullet"
    return [line for line in lines_of(text) if line.kind == kind]


def headings_of(text: str) -> tuple[int, int]:
    """Return how many headings there are with `#`, and how many lines that are bold alone."""
    kinds = [line.kind for line in lines_of(text)]
    return kinds.count("heading"), kinds.count("bold")


def has_table(text: str) -> bool:
    """Tell whether there is a Markdown table: a rule between `|` under a row."""
    previous = ""
    for line in text.split("\n"):
        if "|" in previous and "-" in line and len(line) < 2_000 and _TABLE_RULE.match(line):
            return True
        previous = line
    return False


def passages_of(text: str) -> Iterator[Passage]:
    """Yield the running text between headings, dividers, tables and blank lines; items apart."""
    gathered: list[Line] = []
    for line in lines_of(text):
        if line.kind == "text":
            gathered.append(line)
            continue
        if gathered:
            yield _passage(text, gathered)
            gathered = []
        if line.kind in {"bullet", "numbered"}:
            yield Passage(line.text, line.start, is_item=True)
    if gathered:
        yield _passage(text, gathered)


def split_sentences(passage: str) -> list[tuple[int, str]]:
    """Return the sentences of a passage with their offsets; abbreviations end none."""
    sentences: list[tuple[int, str]] = []
    for offset, sentence in sentences_of(passage):
        if sentences and _continues(sentences[-1][1], sentence):
            first = sentences[-1][0]
            sentences[-1] = (first, passage[first : offset + len(sentence)])
        else:
            sentences.append((offset, sentence))
    return sentences


def count_sentences(prose: str) -> tuple[int, int]:
    """Return the fewest and the most sentences that the text can be said to have.

    The fewest leaves out headings, and items that end in no full stop, and reads verse without
    full stops as one; the most counts each of them, each line, and each end mark.
    """
    low = high = 0
    for line in lines_of(prose):
        if line.kind in {"heading", "bold", "bullet", "numbered", "text"}:
            high += max(1, len(sentences_of(line.text)))
    for passage in passages_of(prose):
        if not passage.is_item or _TERMINATED.search(passage.text):
            low += len(split_sentences(passage.text))
    return min(low, high), max(low, high)


def paragraph_counts(text: str) -> tuple[int, ...]:
    """Return how many paragraphs the text can be said to have; first without headings and lists."""
    blocks = _blocks_of(text)
    running = sum(any(line.kind == "text" for line in block) for block in blocks)
    counts = [running, len(blocks)]
    dividers = sum(line.kind == "divider" for line in lines_of(text))
    if dividers:
        counts.append(_parts_between_dividers(text))
    if len(blocks) == 1:
        counts.append(sum(line.kind == "text" for line in blocks[0]))
    return tuple(counts)


def plain_text(text: str) -> str:
    """Return the text with inline marks and addresses blanked, offsets kept."""
    return _INLINE_MARKS.sub(lambda match: " " * len(match[0]), text)


def _classify(line: str, start: int) -> Line:
    if not line:
        return Line("blank", line, start)
    head = line[:500]
    plain = {
        "blank": not head.strip() and not line.strip(),
        "divider": _DIVIDER.match(head),
        "heading": _HEADING.match(head),
        "bold": _BOLD_LINE.match(head) and len(line) <= len(head),
    }
    for kind, matches in plain.items():
        if matches:
            return Line(kind, line, start)
    for kind, pattern in (("bullet", _BULLET), ("numbered", _NUMBERED)):
        match = pattern.match(line)
        if match:
            return Line(kind, line, start, len(match[1].expandtabs(4)))
    is_row = head.count("|") > 1 and (_TABLE_ROW.match(line) or _TABLE_RULE.match(head))
    return Line("row" if is_row else "text", line, start)


def _passage(text: str, lines: list[Line]) -> Passage:
    start = lines[0].start
    return Passage(text[start : lines[-1].start + len(lines[-1].text)], start, is_item=False)


def _continues(sentence: str, following: str) -> bool:
    first = following.lstrip("\"'“”‘’([*_")[:1]
    return first.islower() or _ABBREVIATION.search(sentence[-12:]) is not None


def _blocks_of(text: str) -> list[list[Line]]:
    blocks: list[list[Line]] = [[]]
    for line in lines_of(text):
        if line.kind in {"blank", "divider"}:
            blocks.append([])
        else:
            blocks[-1].append(line)
    return [block for block in blocks if block]


def _parts_between_dividers(text: str) -> int:
    parts = 0
    within = False
    for line in lines_of(text):
        if line.kind == "divider":
            within = False
        elif line.kind != "blank" and not within:
            parts, within = parts + 1, True
    return parts
