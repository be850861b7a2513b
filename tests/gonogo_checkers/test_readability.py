"""What the labelled cases of `readability` cannot show: formulas, syllables, spans, hostile text."""

import time

import pytest

from gonogo_checkers.output import Output
from gonogo_checkers.readability import Readability
from gonogo_checkers.reading.natural_language import fitting_languages
from gonogo_checkers.verdict import Judged
from gonogo_checkers.wording.readability_formulas import (
    TextCounts,
    automated_readability_index,
    coleman_liau,
    fernandez_huerta,
    flesch_kincaid_grade,
    flesch_reading_ease,
    flesch_vacca,
    grade_of_ease,
    gunning_fog,
    kandel_moles,
    smog,
    wiener_sachtextformel,
)
from gonogo_checkers.wording.syllables import count_syllables

COUNTS = TextCounts(
    words=100,
    sentences=5,
    letters=450,
    syllables=150,
    long_words=20,
    polysyllables=10,
    monosyllables=60,
)
PLAIN = "The dog ran to the park and it saw a cat in the tree. The cat did not move at all. " * 8


@pytest.mark.parametrize(
    ("formula", "by_hand"),
    [
        (flesch_reading_ease, 206.835 - 20.3 - 126.9),
        (flesch_kincaid_grade, 7.8 + 17.7 - 15.59),
        (gunning_fog, 0.4 * (20 + 10)),
        (smog, 1.043 * 60**0.5 + 3.1291),
        (automated_readability_index, 21.195 + 10 - 21.43),
        (coleman_liau, 26.46 - 1.48 - 15.8),
        (wiener_sachtextformel, 1.935 + 3.344 + 2.594 - 1.962 - 0.875),
        (fernandez_huerta, 206.84 - 90 - 20.4),
        (kandel_moles, 209 - 102 - 23),
        (flesch_vacca, 217 - 90 - 26),
    ],
)
def test_formulas_by_hand(formula: object, by_hand: float) -> None:
    assert callable(formula)
    assert formula(COUNTS) == pytest.approx(by_hand)


def test_ease_becomes_grade_by_flesch_bands() -> None:
    assert [grade_of_ease(ease) for ease in (120, 95, 65, 15, -50)] == [4, 5, 8.5, 18, 23]
    assert grade_of_ease(60) == pytest.approx(9.75)


@pytest.mark.parametrize(
    ("word", "syllables"),
    [
        ("strengths", 1),
        ("walked", 1),
        ("wanted", 2),
        ("little", 2),
        ("changes", 2),
        ("situation", 4),
        ("society", 4),
        ("rhythm", 2),
        ("completely", 3),
        ("shouldn't", 2),
        ("well-being", 3),
        ("Zoë", 1),
        ("", 1),
        ("1984", 1),
    ],
)
def test_english_syllables(word: str, syllables: int) -> None:
    assert count_syllables(word) == syllables


@pytest.mark.parametrize(
    ("word", "language", "syllables"),
    [
        ("Donaudampfschifffahrt", "de", 5),
        ("Häuser", "de", 2),
        ("aeropuerto", "es", 5),
        ("ciudad", "es", 2),
        ("ordinateur", "fr", 4),
        ("parlent", "fr", 1),
        ("buongiorno", "it", 3),
    ],
)
def test_syllables_of_other_languages(word: str, language: str, syllables: int) -> None:
    assert count_syllables(word, language) == syllables


@pytest.mark.parametrize(
    ("text", "languages"),
    [
        ("The quick brown fox jumps over the lazy dog and it is not tired.", {"en"}),
        ("Der schnelle Fuchs springt über den faulen Hund und ist nicht müde.", {"de"}),
        ("これはテストです。漢字が多い。", {"ja"}),
        ("机器学习是人工智能", {"zh"}),
        ("यह एक परीक्षण है", {"hi", "mr", "ne"}),
        ("Hello", set()),
        ("", set()),
    ],
)
def test_languages_of_texts(text: str, languages: set[str]) -> None:
    assert fitting_languages(text) == languages


def test_spans_of_long_sentences_and_walls() -> None:
    long = "We went there " + "and saw the house by the sea " * 10 + "and came home."
    response = f"# Title\n\n{PLAIN.strip()}\n\n{long} It was late.\n"
    verdict = Readability().check(Output(response=response))
    assert isinstance(verdict, Judged)
    (finding,) = verdict.findings
    assert response[finding.start : finding.end] == long
    assert finding.line == 5


def test_target_is_a_setting() -> None:
    output = Output(response=PLAIN)
    assert Readability(target_grade=12).check(output) == Judged(1.0)
    strict = Readability(target_grade=-5).check(output)
    assert isinstance(strict, Judged)
    assert strict.score < 0.7


def test_findings_are_capped() -> None:
    response = ("We went home and then to see the dog " + "and then the cat " * 20 + "there. ") * 40
    verdict = Readability().check(Output(response=response))
    assert isinstance(verdict, Judged)
    assert sum(finding.rule == "REA002" for finding in verdict.findings) == 10


@pytest.mark.parametrize("piece", ["• \n", "a", "the ", "A. ", "`", "[", "\x00", "\ud800", "* "])
def test_hostile_text_comes_back_soon(piece: str) -> None:
    began = time.process_time()
    Readability().check(Output(response=piece * (1_000_000 // len(piece))))
    assert time.process_time() - began < 6
