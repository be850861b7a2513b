"""What the labelled cases of `length` cannot show: the curve, settings, hostile text."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo_checkers.length import Length, asks_for_text, is_short_question
from gonogo_checkers.output import Output
from gonogo_checkers.verdict import Judged


def score(words: int, accepted: int, checker: Length | None = None) -> float:
    output = Output(response="word " * words, baseline_words=accepted)
    verdict = (checker or Length()).check(output)
    assert isinstance(verdict, Judged)
    return verdict.score


@pytest.mark.parametrize(
    ("words", "expected"), [(100, 1.0), (150, 1.0), (200, 0.944), (400, 0.514), (1000, 0.083)]
)
def test_curve_is_that_of_the_page(words: int, expected: float) -> None:
    assert score(words, 100) == pytest.approx(expected, abs=0.001)


@given(st.integers(20, 3_000), st.integers(20, 3_000))
def test_twice_as_long_and_half_as_long_cost_the_same(words: int, accepted: int) -> None:
    assert score(words, accepted) == pytest.approx(score(accepted, words))


@given(st.integers(150, 2_000), st.integers(1, 500))
def test_further_from_the_accepted_length_is_never_better(words: int, more: int) -> None:
    assert score(words + more, 100) <= score(words, 100)


def test_ratios_are_settings() -> None:
    output = Output(response="word " * 180, baseline_words=100)
    strict = Length(longest_ratio=1.7).check(output)
    assert isinstance(strict, Judged)
    assert [finding.rule for finding in strict.findings] == ["LEN001"]


@pytest.mark.parametrize(
    ("prompt", "is_short"),
    [
        ("What is the capital of Peru?", True),
        ("Hauptstadt von Peru?", True),
        ("ペルーの首都はどこですか？", True),
        ("How does a heat pump work?", False),
        ("What is this?\nA long document follows.", False),
        ("Tell me the capital of Peru.", False),
    ],
)
def test_short_questions(prompt: str, is_short: bool) -> None:  # noqa: FBT001 - a parameter of the table
    assert is_short_question(prompt) is is_short


def test_a_choice_asks_for_no_text() -> None:
    assert asks_for_text("Please explain how the tides work and why they come twice a day.")
    assert not asks_for_text("Explain nothing: choose one of the two, and answer with its letter.")


@pytest.mark.parametrize("piece", ["1,", "漢", "```\n", "a-", "\ud800", " \n"])
def test_hostile_text_comes_back_soon(piece: str) -> None:
    text = piece * (1_000_000 // len(piece))
    began = time.process_time()
    Length().check(Output(response=text, prompt=text))
    Length().check(Output(response=text, baseline_words=100))
    assert time.process_time() - began < 4
