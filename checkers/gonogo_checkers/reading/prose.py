"""Splits text into words and sentences, the same way for every checker that judges text."""

import re
from typing import Final

_WORD: Final = re.compile(r"\w+(?:['’.-]\w+)*")
_SENTENCE_END: Final = re.compile(r"(?<=[.!?。！？])[\"')\]]?\s+|\n{2,}")


def words_of(text: str) -> list[str]:
    """Return the words of a text, in order, as written."""
    return _WORD.findall(text)


def sentences_of(text: str) -> list[tuple[int, str]]:
    """Return the sentences of a text, each with the offset of its first character."""
    sentences = []
    start = 0
    for match in _SENTENCE_END.finditer(text):
        sentences.append((start, text[start : match.start()]))
        start = match.end()
    sentences.append((start, text[start:]))
    return [(offset, sentence) for offset, sentence in sentences if sentence.strip()]
