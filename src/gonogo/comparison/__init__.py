"""Holds results against a baseline: `cases` one by one, `scores` and `amounts` over all of them."""

from gonogo.comparison.amounts import AmountComparison
from gonogo.comparison.cases import CaseComparison, ScoreChange, SevereFinding, compare_case
from gonogo.comparison.claims import Claim
from gonogo.comparison.repeats import Breaks, FlakyCase, PassRates, Repeats
from gonogo.comparison.results import Comparison, compare_results
from gonogo.comparison.scores import DrawnScore, ScoreComparison
from gonogo.comparison.slides import Slide

__all__ = [
    "AmountComparison",
    "Breaks",
    "CaseComparison",
    "Claim",
    "Comparison",
    "DrawnScore",
    "FlakyCase",
    "PassRates",
    "Repeats",
    "ScoreChange",
    "ScoreComparison",
    "SevereFinding",
    "Slide",
    "compare_case",
    "compare_results",
]
