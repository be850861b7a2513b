"""Judging: weights, and what becomes of a checker that breaks."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.domains import Domain
from gonogo.judging import judge
from gonogo.registry import CheckerRegistry
from gonogo.scorecards import Scorecard
from gonogo.strategies import SCORES
from gonogo_checkers.checker import Checker
from gonogo_checkers.output import Output
from gonogo_checkers.verdict import CheckerBroke, Judged, NotApplicable


@dataclass(frozen=True)
class Says:
    """Answers what it was made to answer."""

    id: ClassVar[str] = "says"
    version: ClassVar[int] = 1
    answer: object

    def check(self, output: Output) -> Judged | NotApplicable:  # noqa: ARG002 - the protocol's
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer  # type: ignore[return-value]  # a wrong answer is what is tested


class Given(CheckerRegistry):
    """A registry of checkers made by the test."""

    def __init__(self, answers: Mapping[str, object]) -> None:
        self.answers = answers

    def load(self, checker_id: str) -> Checker:
        return Says(self.answers[checker_id])


def judged(answers: Mapping[str, object], weights: Mapping[str, float]) -> Scorecard:
    domain = Domain(name="d", weights=weights)
    return judge(Output(response="text"), domain, Given(answers), output_id="a")


def test_the_weighted_score_is_over_what_judged() -> None:
    card = judged(
        {"a": Judged(1.0), "b": Judged(0.5), "c": NotApplicable("no code")},
        {"a": 1.0, "b": 3.0, "c": 10.0},
    )
    assert card.score == 0.625
    assert card.scores == {"a": 1.0, "b": 0.5}


def test_a_weight_of_0_judges_without_counting() -> None:
    card = judged({"a": Judged(1.0), "b": Judged(0.0)}, {"a": 1.0, "b": 0.0})
    assert card.score == 1.0
    assert card.scores["b"] == 0.0


def test_nothing_judged_is_no_score() -> None:
    assert judged({"a": NotApplicable("x")}, {"a": 1.0}).score is None
    assert judged({"a": Judged(1.0)}, {"a": 0.0}).score is None


@pytest.mark.parametrize(
    "error", [KeyError("x"), RecursionError(), MemoryError(), ValueError("jo@example.org")]
)
def test_a_checker_that_raises_is_broken_never_a_pass(error: Exception) -> None:
    card = judged({"a": Judged(1.0), "b": error}, {"a": 1.0, "b": 1.0})
    assert card.score is None
    broken = card.broken["b"]
    assert broken.startswith(type(error).__name__)
    assert "test_judging.py:" in broken
    assert "example.org" not in broken


@pytest.mark.parametrize("answer", [None, 1.0, CheckerBroke("x"), "fine"])
def test_a_wrong_answer_is_broken_too(answer: object) -> None:
    card = judged({"a": answer}, {"a": 1.0})
    assert isinstance(card.verdicts["a"], CheckerBroke)


@given(st.dictionaries(st.sampled_from("abcd"), SCORES, min_size=1), st.data())
def test_the_weighted_score_lies_between_the_scores(
    scores: dict[str, float], data: st.DataObject
) -> None:
    weights = {name: data.draw(st.floats(0.01, 10)) for name in scores}
    card = judged({name: Judged(score) for name, score in scores.items()}, weights)
    assert card.score is not None
    assert min(scores.values()) - 1e-4 <= card.score <= max(scores.values()) + 1e-4
