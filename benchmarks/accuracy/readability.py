"""Measures `readability` on OneStopEnglish: the same articles, rewritten at three levels.

For each pair of levels of one article, the harder one must have the higher grade. The peer is the
mean length of sentences alone. Syllables are also held against a small list of our own below.
"""

import re
from pathlib import Path

from measurement import Row, share

from gonogo_checkers.readability import grade_passages, prose_passages
from gonogo_checkers.reading.markdown_text import split_sentences
from gonogo_checkers.reading.prose import words_of
from gonogo_checkers.verdict import NotApplicable

_LEVELS = ("Ele", "Int", "Adv")


def measure(data: Path) -> list[Row]:
    """Return how often the levels of one article come out in order."""
    root = data / "onestop_english" / "Texts-SeparatedByReadingLevel"
    grades: dict[str, dict[str, float]] = {}
    lengths: dict[str, dict[str, float]] = {}
    unjudged = 0
    for level in _LEVELS:
        for file in sorted((root / f"{level}-Txt").rglob("*.txt")):
            key = re.sub(r"[^a-z0-9]", "", file.stem.lower().removesuffix(f"-{level.lower()}"))
            text = _read(file)
            grade = grade_passages(prose_passages(text), least_words=100)
            if isinstance(grade, NotApplicable):
                unjudged += 1
                continue
            grades.setdefault(key, {})[level] = grade
            sentences = [
                s for passage in prose_passages(text) for s in split_sentences(passage.text)
            ]
            lengths.setdefault(key, {})[level] = len(words_of(text)) / max(1, len(sentences))
    rows = []
    for easier, harder in (("Ele", "Int"), ("Int", "Adv"), ("Ele", "Adv")):
        right, n = _ordered(grades, easier, harder)
        peer_right, peer_n = _ordered(lengths, easier, harder)
        row = share(f"onestop {harder} harder than {easier}", right, n)
        rows.append(
            Row(
                what=row.what,
                value=row.value,
                low=row.low,
                high=row.high,
                n=n,
                bar=0.85,
                peer="sentence length alone",
                peer_value=peer_right / max(1, peer_n),
            )
        )
    rows.append(Row(what="onestop: texts without a grade", value=unjudged, unit="count"))
    return rows


def _ordered(values: dict[str, dict[str, float]], easier: str, harder: str) -> tuple[int, int]:
    pairs = [levels for levels in values.values() if easier in levels and harder in levels]
    return sum(levels[harder] > levels[easier] for levels in pairs), len(pairs)


def _read(file: Path) -> str:
    raw = file.read_bytes()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("cp1252", "replace")
    return re.sub(r"^\s*(?:Elementary|Intermediate|Advanced)\s*$", "", text, flags=re.MULTILINE)
