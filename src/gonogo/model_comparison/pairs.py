"""What two models have in common: the numbers of the cases that both were asked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

NANO: Final = Decimal(10) ** 9
"""Costs are kept as whole billionths of a dollar, which add up exactly."""


@dataclass(frozen=True, slots=True)
class Paired:
    """Numbers of the same cases in the same order; () where a side has none for a case.

    Attributes:
        before: Of each case one number a trial of the first model.
        after: Of the second.
    """

    before: Sequence[Sequence[float]]
    after: Sequence[Sequence[float]]

    @property
    def common(self) -> list[int]:
        """The places of the cases for which both sides have a number."""
        pairs = enumerate(zip(self.before, self.after, strict=True))
        return [place for place, (old, new) in pairs if old and new]

    @property
    def lost(self) -> int:
        """Number of cases for which only the first side has a number."""
        return sum(bool(x) and not y for x, y in zip(self.before, self.after, strict=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainPairs:
    """What both models were asked in one domain; pairs of numbers are (first, second) model.

    Attributes:
        domain: The domain.
        cases: Names of the cases that both answered, sorted.
        exchanges: Of each an exchange to look at, by the second model; empty: not known.
        groups: The group of each; None: it is of none.
        scores: By name, the weighted one as `score`.
        passed: 1 for a trial that passed, else 0.
        costs: In billionths of a dollar.
        latencies: In seconds.
        new_severe: By rule, in how many cases it fired more often than for the other model.
        alone: Cases that only this model answered.
        changed: Cases under whose name not the same was asked.
        trials: Judged answers to `cases`.
        broken: Those of them on which a checker broke.
        failed: Failed calls, whatever the case.
        calls: Calls, failed or judged, whatever the case.
    """

    domain: str
    cases: tuple[str, ...]
    exchanges: tuple[str, ...]
    groups: tuple[str | None, ...]
    scores: Mapping[str, Paired]
    passed: Paired
    costs: Paired
    latencies: Paired
    new_severe: tuple[Mapping[str, int], Mapping[str, int]]
    alone: tuple[int, int]
    changed: int
    trials: tuple[int, int]
    broken: tuple[int, int]
    failed: tuple[int, int]
    calls: tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelPairs:
    """Two models and what both were asked.

    Attributes:
        models: Names of the first and of the second model; of each the most exact one last.
        domains: Sorted by name; also those in which they have no case in common.
        several: Answers by several models together, which are left out.
        unnamed: Answers by a model that is not named, which are left out.
        repeated: Answers that were there before, which count once.
    """

    models: tuple[tuple[str, ...], tuple[str, ...]]
    domains: tuple[DomainPairs, ...]
    several: int = 0
    unnamed: int = 0
    repeated: int = 0
