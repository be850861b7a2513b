"""Tells how hard the prose of a response is to read, against a school grade.

| rule | bad example |
|---|---|
| REA001 | grade 19 where 12 is aimed at: long sentences of long words throughout |
| REA002 | a sentence of 70 words |
| REA003 | a paragraph of 300 words without a break |

Only running prose is measured: code, tables, headings, list items, links and Markdown's marks are
left out. It needs 100 words of it, in English (median of Flesch-Kincaid, Gunning fog, SMOG, ARI
and Coleman-Liau), German (first Vienna formula), Spanish (Fernández Huerta), French (Kandel and
Moles) or Italian (Flesch-Vacca); everything else is NotApplicable. `readability_formulas` gives
each formula with its source, and `syllables` says how syllables are counted.

The score is 1 up to `target_grade` and falls smoothly beyond it: about 0.87 at three grades more,
0.57 at six, 0.29 at nine. Each sentence or paragraph that is too long takes a few hundredths.
REA001 is found from three grades beyond the target.

Limits: the formulas see lengths, not meaning; a text of terms that its readers know reads easier
than its grade. Grades of different languages are not comparable to the digit. 200,000 characters
are looked at.

References: named at each formula; Flesch's bands in "The Art of Readable Writing" (1949).
"""

import math
from dataclasses import dataclass
from typing import ClassVar, Final

from gonogo_checkers.output import Output
from gonogo_checkers.reading.code_blocks import line_of, prose_of
from gonogo_checkers.reading.markdown_text import Passage, passages_of, plain_text, split_sentences
from gonogo_checkers.reading.natural_language import fitting_languages
from gonogo_checkers.reading.prose import words_of
from gonogo_checkers.verdict import (
    Confidence,
    Finding,
    Judged,
    NotApplicable,
    Severity,
    score_findings,
)
from gonogo_checkers.wording.readability_formulas import count_text, reading_grade

_LOOKED_AT: Final = 200_000
_LANGUAGES: Final = frozenset({"en", "de", "es", "fr", "it"})
_MOST_FINDINGS: Final = 10
_WIDTH: Final = 5.7
"""Grades beyond the target at which the score is down to exp(-1/2), 0.61."""


@dataclass(frozen=True, slots=True)
class Readability:
    """Judges how readable the prose is.

    Attributes:
        target_grade: School grade that the readers have; above it, the score falls.
        least_words: Words of prose below which nothing is judged.
        long_sentence: Words above which a sentence is too long.
        long_paragraph: Words above which a paragraph is a wall of text.
    """

    id: ClassVar[str] = "readability"
    version: ClassVar[int] = 1

    target_grade: float = 12.0
    least_words: int = 100
    long_sentence: int = 60
    long_paragraph: int = 250

    def check(self, output: Output) -> Judged | NotApplicable:
        """Judge the prose of the response."""
        text = output.response[:_LOOKED_AT]
        if text.lstrip().startswith(("{", "[{")):
            return NotApplicable("the response is JSON, not a text to be read")
        passages = prose_passages(text)
        grade = grade_passages(passages, least_words=self.least_words)
        if isinstance(grade, NotApplicable):
            return grade
        places = [*self._long_sentences(text, passages), *self._walls(text, passages)]
        places.sort(key=lambda finding: (finding.start or 0, finding.rule))
        beyond = max(0.0, grade - self.target_grade)
        score = math.exp(-((beyond / _WIDTH) ** 2) / 2) * score_findings(places)
        findings = [*self._too_hard(grade), *places]
        return Judged(round(score, 6), tuple(findings))

    def _too_hard(self, grade: float) -> list[Finding]:
        if grade < self.target_grade + 3:
            return []
        return [
            Finding(
                rule="REA001",
                severity=Severity.LOW,
                confidence=Confidence.MEDIUM,
                message=f"The text reads at grade {grade:.0f}; {self.target_grade:g} is aimed at.",
            )
        ]

    def _long_sentences(self, text: str, passages: list[Passage]) -> list[Finding]:
        findings: list[Finding] = []
        for passage in passages:
            for offset, sentence in split_sentences(passage.text):
                words = len(words_of(sentence))
                if words > self.long_sentence and len(findings) < _MOST_FINDINGS:
                    message = f"A sentence of {words} words; divide it."
                    start = passage.start + offset
                    findings.append(_place(text, "REA002", message, start, len(sentence)))
        return findings

    def _walls(self, text: str, passages: list[Passage]) -> list[Finding]:
        findings: list[Finding] = []
        for passage in passages:
            words = len(words_of(passage.text))
            if words > self.long_paragraph and len(findings) < _MOST_FINDINGS:
                message = f"A paragraph of {words} words without a break; divide it."
                length = len(passage.text)
                findings.append(_place(text, "REA003", message, passage.start, length))
        return findings


def prose_passages(text: str) -> list[Passage]:
    """Return the running prose: no code, tables, headings or list items; marks blanked."""
    plain = plain_text(prose_of(text))
    return [passage for passage in passages_of(plain) if not passage.is_item]


def grade_passages(passages: list[Passage], *, least_words: int) -> float | NotApplicable:
    """Return the school grade of prose, or why it has none."""
    words = [word for passage in passages for word in words_of(passage.text)]
    if len(words) < max(1, least_words):
        return NotApplicable(f"fewer than {least_words} words of running prose")
    fitting = fitting_languages(" ".join(words[:2_000])) & _LANGUAGES
    if len(fitting) != 1:
        return NotApplicable("the prose is in no language that has a formula here")
    sentences = sum(len(split_sentences(passage.text)) for passage in passages)
    (language,) = fitting
    return reading_grade(count_text(words, sentences, language), language)


def _place(text: str, rule: str, message: str, start: int, length: int) -> Finding:
    evidence = " ".join(text[start : start + 120].split())
    return Finding(
        rule=rule,
        severity=Severity.LOW,
        confidence=Confidence.MEDIUM,
        message=message,
        start=start,
        end=start + length,
        line=line_of(text, start),
        evidence=evidence if len(evidence) <= 80 else evidence[:79] + "…",
    )
