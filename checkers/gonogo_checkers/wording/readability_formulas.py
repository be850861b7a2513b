"""The classic formulas of readability, on counts of a text.

All give a school grade (years of schooling in the United States, or Germany and Austria) or an
ease of 0 (hardest) to 100; both may leave these bounds. A text without words or sentences has no
grade: callers ask for at least a hundred words.
"""

import itertools
import math
from dataclasses import dataclass
from statistics import median
from typing import Final

from gonogo_checkers.wording.syllables import count_syllables

_EASE_TO_GRADE: Final = (
    (100.0, 4.0),
    (95.0, 5.0),
    (85.0, 6.0),
    (75.0, 7.0),
    (65.0, 8.5),
    (55.0, 11.0),
    (40.0, 14.5),
    (15.0, 18.0),
    (-20.0, 23.0),
)
"""Flesch's own bands (1949), each at its middle; between them, on a straight line."""


@dataclass(frozen=True, slots=True)
class TextCounts:
    """What the formulas need, each 1 or more but for the last three.

    Attributes:
        words: Number of words.
        sentences: Number of sentences.
        letters: Letters and digits.
        syllables: Syllables of all words.
        long_words: Words of more than six letters.
        polysyllables: Words of three syllables or more.
        monosyllables: Words of one syllable.
    """

    words: int
    sentences: int
    letters: int
    syllables: int
    long_words: int
    polysyllables: int
    monosyllables: int


def count_text(words: list[str], sentences: int, language: str) -> TextCounts:
    """Count what the formulas need; `words` must not be empty."""
    syllables = [count_syllables(word, language) for word in words]
    letters = [sum(map(str.isalnum, word)) for word in words]
    return TextCounts(
        words=len(words),
        sentences=max(1, sentences),
        letters=sum(letters),
        syllables=sum(syllables),
        long_words=sum(length > 6 for length in letters),
        polysyllables=sum(count >= 3 for count in syllables),
        monosyllables=sum(count == 1 for count in syllables),
    )


def flesch_reading_ease(counts: TextCounts) -> float:
    """Return `206.835 - 1.015 W/S - 84.6 Sy/W` (Flesch 1948); best is 100."""
    return (
        206.835 - 1.015 * counts.words / counts.sentences - 84.6 * counts.syllables / counts.words
    )


def flesch_kincaid_grade(counts: TextCounts) -> float:
    """Return `0.39 W/S + 11.8 Sy/W - 15.59` (Kincaid et al. 1975)."""
    return 0.39 * counts.words / counts.sentences + 11.8 * counts.syllables / counts.words - 15.59


def gunning_fog(counts: TextCounts) -> float:
    """Return `0.4 (W/S + 100 P/W)` (Gunning 1952); proper names are not left out."""
    return 0.4 * (counts.words / counts.sentences + 100 * counts.polysyllables / counts.words)


def smog(counts: TextCounts) -> float:
    """Return `1.043 sqrt(30 P/S) + 3.1291` (McLaughlin 1969); made for 30 sentences or more."""
    return 1.043 * math.sqrt(30 * counts.polysyllables / counts.sentences) + 3.1291


def automated_readability_index(counts: TextCounts) -> float:
    """Return `4.71 L/W + 0.5 W/S - 21.43` (Smith and Senter 1967)."""
    return 4.71 * counts.letters / counts.words + 0.5 * counts.words / counts.sentences - 21.43


def coleman_liau(counts: TextCounts) -> float:
    """Return `0.0588 L - 0.296 S - 15.8`, both for 100 words (Coleman and Liau 1975)."""
    letters = 100 * counts.letters / counts.words
    sentences = 100 * counts.sentences / counts.words
    return 0.0588 * letters - 0.296 * sentences - 15.8


def wiener_sachtextformel(counts: TextCounts) -> float:
    """Return the first Vienna formula for factual texts, a grade (Bamberger and Vanecek 1984).

    `0.1935 MS + 0.1672 SL + 0.1297 IW - 0.0327 ES - 0.875`: MS, IW and ES are the shares in
    percent of words of three syllables or more, of more than six letters, and of one syllable; SL
    is the mean length of sentences in words.
    """
    percent = 100 / counts.words
    return (
        0.1935 * percent * counts.polysyllables
        + 0.1672 * counts.words / counts.sentences
        + 0.1297 * percent * counts.long_words
        - 0.0327 * percent * counts.monosyllables
        - 0.875
    )


def fernandez_huerta(counts: TextCounts) -> float:
    """Return the ease of a Spanish text: `206.84 - 60 Sy/W - 1.02 W/S` (Fernández Huerta 1959)."""
    return 206.84 - 60 * counts.syllables / counts.words - 1.02 * counts.words / counts.sentences


def kandel_moles(counts: TextCounts) -> float:
    """Return the ease of a French text: `209 - 68 Sy/W - 1.15 W/S` (Kandel and Moles 1958)."""
    return 209 - 68 * counts.syllables / counts.words - 1.15 * counts.words / counts.sentences


def flesch_vacca(counts: TextCounts) -> float:
    """Return the ease of an Italian text: `217 - 60 Sy/W - 1.3 W/S` (Franchina and Vacca 1986)."""
    return 217 - 60 * counts.syllables / counts.words - 1.3 * counts.words / counts.sentences


def grade_of_ease(ease: float) -> float:
    """Return the grade of an ease, by Flesch's bands: 4 (100 or more) to 23 (-20 or less)."""
    if ease >= _EASE_TO_GRADE[0][0]:
        return _EASE_TO_GRADE[0][1]
    for (high, easier), (low, harder) in itertools.pairwise(_EASE_TO_GRADE):
        if ease >= low:
            return easier + (harder - easier) * (high - ease) / (high - low)
    return _EASE_TO_GRADE[-1][1]


def reading_grade(counts: TextCounts, language: str) -> float:
    """Return the grade of a text, 0 or more: for English, the median of five formulas.

    Args:
        counts: Of the text.
        language: `en`, `de`, `es`, `fr` or `it`.
    """
    if language == "de":
        grade = wiener_sachtextformel(counts)
    elif language == "es":
        grade = grade_of_ease(fernandez_huerta(counts))
    elif language == "fr":
        grade = grade_of_ease(kandel_moles(counts))
    elif language == "it":
        grade = grade_of_ease(flesch_vacca(counts))
    else:
        grade = median(
            formula(counts)
            for formula in (
                flesch_kincaid_grade,
                gunning_fog,
                smog,
                automated_readability_index,
                coleman_liau,
            )
        )
    return max(0.0, grade)
