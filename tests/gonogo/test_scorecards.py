"""Scorecards: one line of JSON, three kinds of verdict."""

import msgspec
import pytest
from hypothesis import given

from gonogo.scorecards import Scorecard, decode_scorecard, encode_scorecard
from gonogo.strategies import scorecards
from gonogo_checkers.verdict import Judged


@given(scorecards())
def test_round_trip(card: Scorecard) -> None:
    line = encode_scorecard(card)
    assert b"\n" not in line
    assert decode_scorecard(line) == card


@pytest.mark.parametrize(
    "verdict",
    [
        {},
        {"score": 1.5, "findings": []},
        {"score": 0.5, "broke": "x"},
        {"not_applicable": "x", "broke": "y"},
        {"not_applicable": "x", "findings": [{}]},
        {"score": 0.5, "findings": [{"rule": "X"}]},
        {"score": 0.5, "colour": 1},
    ],
)
def test_a_verdict_is_exactly_one_of_its_kinds(verdict: dict[str, object]) -> None:
    line = {"id": "a", "domain": "d", "score": None, "verdicts": {"length": verdict}}
    with pytest.raises((msgspec.ValidationError, ValueError)):
        decode_scorecard(msgspec.json.encode(line))


@pytest.mark.parametrize("score", [-0.1, 1.1, float("nan"), float("inf")])
def test_no_score_outside_0_to_1(score: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        Judged(score)
