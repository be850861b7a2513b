"""Finds what went through the wrong encoding: replacement characters, mojibake, control codes."""

import re
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

Damage: TypeAlias = Literal["replacement", "mojibake", "control"]

_REPLACEMENT: Final = re.compile("\ufffd+")
_CONTROL: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f\u0080-\u009f\ud800-\udfff]+")
_CP1252: Final = "€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ"
_SUSPECT: Final = re.compile(
    f"(?:[Â-ß][\u0080-¿{_CP1252}]|[à-ï][\u0080-¿{_CP1252}]{{2}}|[ð-ô][\u0080-¿{_CP1252}]{{3}})"
)
_USUAL: Final = re.compile("[\u00a0-\u00ff\u2010-\u2122]")
_CLEARLY: Final = 4
_MOST: Final = 2_000


@dataclass(frozen=True, slots=True)
class Garbled:
    """A damaged place.

    Attributes:
        text: The damaged characters.
        start: Offset of the first.
        end: One past the last.
        damage: What happened to them.
        meant: What mojibake was meant to be; empty for the others.
    """

    text: str
    start: int
    end: int
    damage: Damage
    meant: str = ""


def find_garbled(text: str) -> list[Garbled]:
    """Find damaged places, in order, at most 2,000 of each sort.

    Mojibake is UTF-8 read as Windows-1252: the characters are turned back into bytes, and count
    only where those are UTF-8 for a letter, a mark or a sign (`Ã©` for é, `â€™` for ’). What would
    be a rare character counts only among several, since `Ä“` may be a letter and a quote.
    """
    found = [
        Garbled(match[0], match.start(), match.end(), damage)
        for pattern, damage in _SIMPLE
        for match, _ in zip(pattern.finditer(text), range(_MOST), strict=False)
    ]
    mojibake = []
    for match, _ in zip(_SUSPECT.finditer(text), range(_MOST), strict=False):
        meant = _repair(match[0])
        if meant is not None:
            mojibake.append(Garbled(match[0], match.start(), match.end(), "mojibake", meant))
    usual = [garbled for garbled in mojibake if _USUAL.match(garbled.meant)]
    found += mojibake if len(mojibake) >= _CLEARLY else usual
    return sorted(found, key=lambda garbled: (garbled.start, garbled.end))


_SIMPLE: Final[tuple[tuple[re.Pattern[str], Damage], ...]] = (
    (_REPLACEMENT, "replacement"),
    (_CONTROL, "control"),
)


def _repair(text: str) -> str | None:
    try:
        octets = b"".join(
            char.encode("cp1252") if char in _CP1252 else char.encode("latin-1") for char in text
        )
        meant = octets.decode("utf-8")
    except UnicodeError:
        return None
    return meant if len(meant) == 1 and (meant.isprintable() or meant == "\u00a0") else None
