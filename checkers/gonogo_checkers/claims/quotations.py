"""Finds passages in quotation marks, and compares wording without regard to punctuation."""

import re
from dataclasses import dataclass
from typing import Final

_EAST_ASIAN: Final = "[\u3041-\u30ff\u3400-\u4dbf\u4e00-\u9fff]"
_QUOTED: Final = re.compile(
    r"(?<![^\s(\[*_—–-])\"(?=\S)([^\"\n]{8,1500})(?<=\S)\"(?![^\W_])|“([^“”\n]{8,1500})”|„([^„“”\n]{8,1500})[“”]|«([^«»\n]{8,1500})»"
    r"|「([^「」\n]{4,800})」|『([^『』\n]{4,800})』"
)
_GAP: Final = re.compile(r"\.\.\.|…|\[[^\]\n]{0,80}\]|\([^)\n]{0,40}\)")
_WORD: Final = re.compile(rf"{_EAST_ASIAN}|[^\W_]+")
_LEAST_WORDS: Final = 4
_LEAST_SIGNS: Final = 8


@dataclass(frozen=True, slots=True)
class Quotation:
    """A passage in quotation marks.

    Attributes:
        text: What stands between the marks.
        start: Offset of its first character.
        end: One past its last.
        parts: Its wording, split where the writer left something out or put something in.
    """

    text: str
    start: int
    end: int
    parts: tuple[str, ...]


def quotations_of(text: str, *, limit: int = 50) -> list[Quotation]:
    """Find the quotations of at least four words (eight characters of Chinese or Japanese)."""
    found: list[Quotation] = []
    for match in _QUOTED.finditer(text):
        number = match.lastindex or 1
        inner = match[number]
        wording = [wording_of(part) for part in _GAP.split(inner)]
        words = sum(len(part.split()) for part in wording)
        needed = _LEAST_SIGNS if re.match(_EAST_ASIAN, inner) else _LEAST_WORDS
        if words >= needed:
            kept = tuple(part for part in wording if part)
            found.append(Quotation(inner, match.start(number), match.end(number), kept))
        if len(found) >= limit:
            break
    return found


def wording_of(text: str) -> str:
    """Return the words of a text in lower case, one space between them and nothing else."""
    return " ".join(_WORD.findall(text.replace("’", "'").replace("'", "").lower()))
