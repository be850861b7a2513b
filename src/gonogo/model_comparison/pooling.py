"""Pools the answers of two models: takes them in one by one, pairs them by case at the end."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from gonogo.errors import ModelNotFoundError
from gonogo.model_comparison.answers import WEIGHTED, CaseKey, LeftOut, ModelAnswers, Source
from gonogo.model_comparison.columns import Columns, Kind, Name, Side, merge_columns
from gonogo.model_comparison.names import find_model, may_mean
from gonogo.model_comparison.pairs import DomainPairs, ModelPairs, Paired

_Case = tuple[CaseKey, int]
_Sides = tuple[Side, Side]


class AnswerPool:
    """Grows by answers of which it keeps the numbers; says at the end what two models share."""

    def __init__(self, first: str, second: str) -> None:
        """Take the two models as a person names them."""
        self._asked = (first, second)
        self._models: set[str] = set()
        self._columns: dict[str, Columns] = defaultdict(Columns)
        self._cases: dict[CaseKey, int] = {}
        self._seen: set[bytes] = set()
        self._several = 0
        self._unnamed = 0
        self._repeated = 0

    def wants(self, model: str) -> bool:
        """Tell whether a model may be one of the two: the answers of others need no judging."""
        return any(may_mean(asked, model) for asked in self._asked)

    def add(self, answers: ModelAnswers | LeftOut) -> None:
        """Take in answers."""
        if isinstance(answers, LeftOut):
            self._unnamed += not answers.models
            self._several += len(answers.models) > 1 and any(map(self.wants, answers.models))
            self._models |= answers.models
            return
        if answers.trials:  # the name that a failed call asked for may be an alias
            self._models.add(answers.model)
        if self.wants(answers.model) and not self._was_there(answers):
            case = self._cases.setdefault(answers.case, len(self._cases))
            self._columns[answers.model].add(case, answers)

    def pairs(self) -> ModelPairs:
        """Return what the two models share.

        Raises:
            ModelNotFoundError: If one of them did not answer, may be several, or is the other.
        """
        first, second = (find_model(asked, self._models) for asked in self._asked)
        if set(first) & set(second):
            raise ModelNotFoundError(
                f"{self._asked[0]!r} and {self._asked[1]!r} are both {first[-1]}: name two models"
            )
        sides = (self._side(first), self._side(second))
        by_domain: dict[str, list[_Case]] = defaultdict(list)
        for case, number in sorted(self._cases.items()):
            if any(side.of(kind, number) for side in sides for kind in (Kind.TRIALS, Kind.FAILED)):
                by_domain[case.domain].append((case, number))
        return ModelPairs(
            models=(first, second),
            domains=tuple(_pair(domain, cases, sides) for domain, cases in by_domain.items()),
            several=self._several,
            unnamed=self._unnamed,
            repeated=self._repeated,
        )

    def _side(self, names: Sequence[str]) -> Side:
        """Return one model; a failed call counts under the alias that it asked for."""
        aliases = [
            name
            for name in self._columns
            if name not in self._models and any(full.startswith(name) for full in names)
        ]
        return merge_columns([self._columns[name] for name in (*names, *sorted(aliases))])

    def _was_there(self, answers: ModelAnswers) -> bool:
        if not answers.identity:
            return False
        scores = sorted((name, tuple(values)) for name, values in answers.scores.items())
        whole = repr((answers.model, answers.case, answers.identity, answers.failed, scores))
        identity = hashlib.blake2b(whole.encode(errors="replace"), digest_size=10).digest()
        was_there = identity in self._seen
        self._seen.add(identity)
        self._repeated += was_there
        return was_there


def _pair(domain: str, cases: Sequence[_Case], sides: _Sides) -> DomainPairs:
    first, second = sides
    numbers = [number for _, number in cases]
    answered = [tuple(bool(side.of(Kind.TRIALS, n)) for side in sides) for n in numbers]
    both = [case for case, who in zip(cases, answered, strict=True) if all(who)]
    kept = [(case, n) for case, n in both if not _is_changed(case.source, n, sides)]
    places = [n for _, n in kept]

    def paired(name: Name) -> Paired:
        return Paired([first.of(name, n) for n in places], [second.of(name, n) for n in places])

    def counted(kind: Kind, chosen: Sequence[int]) -> tuple[int, int]:
        return first.total(kind, chosen), second.total(kind, chosen)

    failed, judged = counted(Kind.FAILED, numbers), counted(Kind.TRIALS, numbers)
    return DomainPairs(
        domain=domain,
        cases=tuple(case.name for case, _ in kept),
        exchanges=tuple(second.exchanges.get(n, "") for n in places),
        groups=tuple(first.groups.get(n, second.groups.get(n)) for n in places),
        scores={
            name: scores
            for name in sorted({*first.score_names, *second.score_names})
            if (scores := paired(name)).common or name == WEIGHTED
        },
        passed=paired(Kind.PASSED),
        costs=paired(Kind.COST),
        latencies=paired(Kind.LATENCY),
        new_severe=(_new_severe(second, first, places), _new_severe(first, second, places)),
        alone=(answered.count((True, False)), answered.count((False, True))),
        changed=len(both) - len(kept),
        trials=counted(Kind.TRIALS, places),
        broken=counted(Kind.BROKEN, places),
        failed=failed,
        calls=(failed[0] + judged[0], failed[1] + judged[1]),
    )


def _is_changed(source: Source, case: int, sides: _Sides) -> bool:
    """Tell whether not the same was asked under one name.

    Each model may be asked in its own words where a tag says that it is the same case.
    """
    if any(case in side.ambiguous for side in sides):
        return True
    digests = {side.digests[case] for side in sides if case in side.digests}
    return source is Source.SUITE and len(digests) > 1


def _new_severe(before: Side, after: Side, cases: Sequence[int]) -> Mapping[str, int]:
    found: Counter[str] = Counter()
    for case in cases:
        known = before.severe.get(case, {})
        now = after.severe.get(case, {})
        found.update(rule for rule, count in now.items() if count > known.get(rule, 0))
    return dict(sorted(found.items()))
