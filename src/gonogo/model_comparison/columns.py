"""What is known of one model, by case: numbers in columns, some 16 bytes each."""

from array import array
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from enum import Enum
from typing import TypeAlias

from gonogo.model_comparison.answers import ModelAnswers
from gonogo.model_comparison.pairs import NANO


class Kind(Enum):
    """What a number says that is no score."""

    PASSED = "passed"
    COST = "cost"
    LATENCY = "latency"
    TRIALS = "trials"
    FAILED = "failed"
    BROKEN = "broken"


Name: TypeAlias = Kind | str
"""A kind, or the name of a score."""


@dataclass(frozen=True, slots=True)
class Side:
    """What is known of one model; cases go by their number.

    Attributes:
        numbers: By name and case, sorted.
        groups: The group of a case that has one.
        digests: Of what was asked.
        ambiguous: Cases under whose name several things were asked.
        severe: How often each rule fired at most in a trial.
        exchanges: Id of an exchange to look at.
    """

    numbers: Mapping[Name, Mapping[int, Sequence[float]]]
    groups: Mapping[int, str]
    digests: Mapping[int, str]
    ambiguous: Set[int]
    severe: Mapping[int, Mapping[str, int]]
    exchanges: Mapping[int, str]

    def of(self, name: Name, case: int) -> Sequence[float]:
        """Return the numbers of a case; () where there are none."""
        return self.numbers.get(name, {}).get(case, ())

    def total(self, name: Name, cases: Iterable[int]) -> int:
        """Return the sum of the numbers of cases."""
        return int(sum(sum(self.of(name, case)) for case in cases))

    @property
    def score_names(self) -> list[str]:
        """Names of its scores."""
        return [name for name in self.numbers if isinstance(name, str)]


@dataclass(slots=True)
class Columns:
    """What is known under one name of a model; grows by answers.

    Attributes:
        numbers: By name, the number of the case and the value, side by side.
        groups: As of `Side`; what follows likewise.
    """

    numbers: dict[Name, tuple["array[int]", "array[float]"]] = field(default_factory=dict)
    groups: dict[int, str] = field(default_factory=dict)
    digests: dict[int, str] = field(default_factory=dict)
    ambiguous: set[int] = field(default_factory=set)
    severe: dict[int, Counter[str]] = field(default_factory=dict)
    exchanges: dict[int, str] = field(default_factory=dict)

    def add(self, case: int, answers: ModelAnswers) -> None:
        """Take in answers to the case of a number."""
        for name, values in answers.scores.items():
            self._extend(name, case, values)
        self._extend(Kind.PASSED, case, answers.passed)
        # A float holds whole billionths of a dollar exactly up to nine million dollars.
        self._extend(Kind.COST, case, [float(round(cost * NANO)) for cost in answers.costs_usd])
        self._extend(Kind.LATENCY, case, answers.latencies_seconds)
        for kind, count in (
            (Kind.TRIALS, answers.trials),
            (Kind.FAILED, answers.failed),
            (Kind.BROKEN, answers.broken),
        ):
            self._extend(kind, case, (count,) if count else ())
        if answers.group is not None:
            _keep_least(self.groups, case, answers.group)
        if answers.exchange:
            _keep_least(self.exchanges, case, answers.exchange)
        digest = answers.digest
        if digest and self.digests.setdefault(case, digest) != digest:
            self.ambiguous.add(case)
        if answers.severe:
            self.severe[case] = self.severe.get(case, Counter()) | Counter(answers.severe)

    def _extend(self, name: Name, case: int, values: Sequence[float]) -> None:
        if values:
            cases, numbers = self.numbers.setdefault(name, (array("q"), array("d")))
            cases.extend([case] * len(values))
            numbers.extend(values)


def merge_columns(names: Sequence[Columns]) -> Side:
    """Return what is known of a model that answered under several names."""
    groups: dict[int, str] = {}
    digests: dict[int, str] = {}
    ambiguous: set[int] = set()
    severe: dict[int, Counter[str]] = {}
    exchanges: dict[int, str] = {}
    for columns in names:
        for case, group in columns.groups.items():
            _keep_least(groups, case, group)
        for case, exchange in columns.exchanges.items():
            _keep_least(exchanges, case, exchange)
        for case, digest in columns.digests.items():
            if digests.setdefault(case, digest) != digest:
                ambiguous.add(case)
        ambiguous |= columns.ambiguous
        for case, rules in columns.severe.items():
            severe[case] = severe.get(case, Counter()) | rules
    return Side(
        numbers=_by_case(names),
        groups=groups,
        digests=digests,
        ambiguous=ambiguous,
        severe=severe,
        exchanges=exchanges,
    )


def _keep_least(by_case: dict[int, str], case: int, text: str) -> None:
    """Keep the least of several texts: whichever file comes first."""
    by_case[case] = min(by_case.get(case, text), text)


def _by_case(names: Sequence[Columns]) -> dict[Name, dict[int, list[float]]]:
    """Return all numbers, those of a case in ascending order: files come in any."""
    numbers: dict[Name, dict[int, list[float]]] = {}
    for columns in names:
        for name, (cases, values) in columns.numbers.items():
            by_case = numbers.setdefault(name, {})
            for case, value in zip(cases, values, strict=True):
                by_case.setdefault(case, []).append(value)
    for by_case in numbers.values():
        for of_case in by_case.values():
            of_case.sort()
    return numbers
