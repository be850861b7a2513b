"""Finds text that repeats itself: loops, and sentences and paragraphs that come again."""

import re
from collections import Counter
from dataclasses import dataclass
from typing import Final

_EAST_ASIAN: Final = "\u3041-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
_TOKEN: Final = re.compile(rf"[{_EAST_ASIAN}]|[^\W_{_EAST_ASIAN}]+")
_STUTTER: Final = re.compile(r"([^\s\-=_*.~#+/\\|─═━·•\u2500-\u259f])\1{59,}")
_ITEMS: Final = re.compile(r"\n[ \t]*(?:[-*+•|]|\d{1,3}[.)])[ \t]")
_RECORD: Final = re.compile(r"(?m)^(?:[ \t]+\S|[ \t]*(?:[-*+•|>#]|\d{1,3}[.)]))[^\n]*$")
_LEAST_RUNS: Final = 60
_LONGEST_PERIOD: Final = 60
_MOST_TOKENS: Final = 12_000


@dataclass(frozen=True, slots=True)
class Repeat:
    """A passage that repeats what came before.

    Attributes:
        start: Offset of the first character of the first repeat.
        end: One past the last character of the last one.
        times: How often the passage stands there, the first time included.
        at_end: True where the text ends with it.
    """

    start: int
    end: int
    times: int
    at_end: bool


def find_loop(text: str) -> Repeat | None:
    """Find the longest run in which the same words follow each other again and again.

    A loop is one to sixty words (or characters of Chinese or Japanese) that come at least three
    times in a row and fill at least sixteen words; a single word must come ten times. Numbers
    alone are no loop. A character that comes sixty times in a row is one, rules and lines aside.

    Args:
        text: Prose; its first 12,000 words are looked at, and its last 12,000.

    Returns:
        The longest, or None.
    """
    stutter = _STUTTER.search(text)
    if stutter:
        times = stutter.end() - stutter.start()
        return Repeat(stutter.start(), stutter.end(), times, stutter.end() == len(text.rstrip()))
    tokens = list(_TOKEN.finditer(text))
    found = _loop_in(tokens[:_MOST_TOKENS])
    if found is None and len(tokens) > _MOST_TOKENS:
        found = _loop_in(tokens[-_MOST_TOKENS:])
    if found is None:
        return None
    first, last, times = found
    return Repeat(first.start(), last.end(), times, last is tokens[-1])


def _loop_in(tokens: list[re.Match[str]]) -> tuple[re.Match[str], re.Match[str], int] | None:
    numbers: dict[str, int] = {}
    coded = [numbers.setdefault(token[0].lower(), len(numbers)) for token in tokens]
    best: tuple[int, int, int] | None = None
    for period in range(1, min(_LONGEST_PERIOD, len(coded) // 3) + 1):
        run = 0
        least = 9 if period == 1 else max(2 * period, 16 - period)
        for index in range(period, len(coded) + 1):
            if index < len(coded) and coded[index] == coded[index - period]:
                run += 1
                continue
            if (
                run >= least
                and (best is None or run > best[2])
                and _has_words(tokens, index, period)
            ):
                best = (index - run - period, index, run)
                times = run // period + 1
            run = 0
    if best is None:
        return None
    return tokens[best[0]], tokens[best[1] - 1], times


def _has_words(tokens: list[re.Match[str]], end: int, period: int) -> bool:
    return any(token[0].isalpha() for token in tokens[end - period : end])


def find_repeated_sentences(sentences: list[tuple[int, str]], least_words: int) -> list[Repeat]:
    """Find sentences that come at least three times, wherever they stand.

    Args:
        sentences: Offsets and texts.
        least_words: Shorter sentences may come again.
    """
    return _repeats(sentences, least_words, least_times=3)


def find_repeated_paragraphs(text: str, least_words: int) -> list[Repeat]:
    """Find paragraphs that come at least twice; lists and records may.

    Args:
        text: Prose.
        least_words: Shorter paragraphs may come again.
    """
    paragraphs = []
    start = 0
    for match in re.finditer(r"\n[ \t\r]*\n\s*", text):
        paragraphs.append((start, text[start : match.start()]))
        start = match.end()
    paragraphs.append((start, text[start:]))
    paragraphs = [item for item in paragraphs if not _ITEMS.search(item[1])]
    return _repeats(paragraphs, least_words, least_times=2)


def repeated_share(text: str) -> float:
    """Return the share of runs of four words that came before, lists and records left out.

    Returns:
        0 to 1, best is 0. Sound prose stays below 0.1. 0 where there are fewer than 60 runs; of
        long texts the first 12,000 words count.
    """
    prose = _RECORD.sub("", text)
    words = [
        token[0].lower()
        for token, _ in zip(_TOKEN.finditer(prose), range(_MOST_TOKENS), strict=False)
    ]
    runs = list(zip(words, words[1:], words[2:], words[3:], strict=False))
    return 1.0 - len(set(runs)) / len(runs) if len(runs) >= _LEAST_RUNS else 0.0


def _repeats(pieces: list[tuple[int, str]], least_words: int, *, least_times: int) -> list[Repeat]:
    keyed = [(" ".join(_TOKEN.findall(piece)).lower(), start, piece) for start, piece in pieces]
    keyed = [item for item in keyed if item[0].count(" ") + 1 >= least_words]
    counted = Counter(key for key, _, _ in keyed)
    seen: Counter[str] = Counter()
    repeats = []
    for key, start, piece in keyed:
        seen[key] += 1
        if counted[key] >= least_times and seen[key] == 2:
            end = start + len(piece.rstrip())
            repeats.append(Repeat(start, end, counted[key], at_end=False))
    return repeats
