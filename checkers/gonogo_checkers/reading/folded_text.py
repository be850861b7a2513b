"""Folds text so that case, typography and white space do not count, and keeps the way back.

Both what is looked for and where it is looked for are folded; a place in the folded text leads
back to its place in the original.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

_PIECE: Final = re.compile(
    r"[!-~]+(?![\u0300-\u036f])|\s+|.[\u0300-\u036f\u3099\u309a\uff9e\uff9f]{0,30}", re.DOTALL
)
_TYPOGRAPHY: Final = str.maketrans(
    {
        **dict.fromkeys("‘’‚‛′´`ʼ", "'"),
        **dict.fromkeys("“”„‟″«»「」", '"'),
        **dict.fromkeys("‐‑‒–—―−﹘﹣－", "-"),
        **dict.fromkeys("\u200b\u2060\ufeff\u00ad", ""),
    }
)


@dataclass(frozen=True, slots=True)
class FoldedText:
    """A folded text.

    Attributes:
        text: The text: NFKC, casefolded, each run of white space one space, none at the ends,
            typographic quotes and dashes plain, decimal digits of every script as 0-9.
        offsets: For each character of `text`, the offset of its origin in the original; one more
            at the end.
    """

    text: str
    offsets: tuple[int, ...]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return the place in the original of a place in the folded text."""
        if end <= start:
            return self.offsets[start], self.offsets[start]
        return self.offsets[start], max(self.offsets[end], self.offsets[end - 1] + 1)


def fold(original: str) -> FoldedText:
    """Fold a text; linear in its length."""
    pieces: list[str] = []
    offsets: list[int] = []
    for match in _PIECE.finditer(original):
        piece, start = match[0], match.start()
        if piece.isascii() and not piece.isspace():
            folded = piece.lower().replace("`", "'")
            offsets.extend(range(start, start + len(piece)))
        else:
            folded = _fold_cluster(piece) if len(piece) < 40 else " "
            if folded == " " and (not pieces or pieces[-1] == " "):
                continue
            offsets.extend([start] * len(folded))
        pieces.append(folded)
    text = "".join(pieces)
    if text.endswith(" "):
        text = text[:-1]
        offsets.pop()
    end = offsets[-1] + 1 if offsets and not text else len(original)
    return FoldedText(text, (*offsets, end))


def fold_text(original: str) -> str:
    """Fold a text without the way back, which is faster where no place is asked for."""
    if original.isascii():
        return " ".join(original.lower().replace("`", "'").split())
    return fold(original).text


@lru_cache(maxsize=20_000)
def _fold_cluster(cluster: str) -> str:
    if cluster.isspace():
        return " "
    if cluster.isdecimal():
        return str(unicodedata.decimal(cluster))
    folded = unicodedata.normalize("NFKC", cluster.translate(_TYPOGRAPHY)).casefold()
    # One character may stand for a whole phrase (U+FDFA: 18 letters): hostile text would swell.
    if len(folded) > 4 * len(cluster):
        return cluster
    return " " if folded.isspace() else unicodedata.normalize("NFKC", folded)
