"""Routing evidence: does one model answer as well as another, at what cost and how fast?"""

from gonogo.model_comparison.answers import CaseKey, LeftOut, ModelAnswers, Source
from gonogo.model_comparison.comparing import compare_models
from gonogo.model_comparison.pooling import AnswerPool
from gonogo.model_comparison.reading import AnswerReader
from gonogo.model_comparison.results import (
    AmountResult,
    DomainResult,
    ModelComparison,
    RoutingVerdict,
    ScoreResult,
    WorseCase,
)

__all__ = [
    "AmountResult",
    "AnswerPool",
    "AnswerReader",
    "CaseKey",
    "DomainResult",
    "LeftOut",
    "ModelAnswers",
    "ModelComparison",
    "RoutingVerdict",
    "ScoreResult",
    "Source",
    "WorseCase",
    "compare_models",
]
