"""Runs that ask a suite in rounds, its cases in random order, and stop as soon as it is certain.

Holds what was heard so far; what the rounds come to, `gonogo.comparison.rounds` says.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from random import Random
from typing import Final

from gonogo.baselines import Baseline, BaselineCase
from gonogo.cases import Case
from gonogo.comparison.amounts import AMOUNTS
from gonogo.comparison.results import ClaimKey, Comparison, compare_results
from gonogo.comparison.rounds import Family, Look, Rounds, follow_looks, settle, take_look
from gonogo.evaluation import CaseResult
from gonogo.settings import Policy, Settings
from gonogo.statistics.repeated_trials import hard_break_p

ROUNDS: Final = 10
"""How many rounds are planned where nobody says."""

Clusters = tuple[tuple[Case, ...], ...]


class SequentialRun:
    """One suite of a run that may stop early; grows while the run goes on.

    Attributes:
        order: Ids of the cases, round by round, in the order in which they are asked.
    """

    def __init__(
        self,
        cases: Sequence[Case],
        baseline: Baseline,
        settings: Settings,
        *,
        trials: int,
        rounds: int = ROUNDS,
        seed: str = "",
    ) -> None:
        """Plan the rounds.

        Args:
            cases: All that will be asked, unless the run stops.
            baseline: What they are held against.
            settings: For the policy and the domains.
            trials: How often each case is asked.
            rounds: How many there are at most; fewer where there are fewer groups of cases.
            seed: Orders the cases at random; the same seed, the same order.
        """
        self._baseline = baseline
        self._settings = settings
        self._trials = trials
        split = split_rounds(cases, rounds=rounds, seed=seed)
        self.order = tuple(
            tuple(case.id for group in clusters for case in group) for clusters in split
        )
        self._clusters = [len(clusters) for clusters in split]
        self._round_of = {case_id: k for k, ids in enumerate(self.order) for case_id in ids}
        self._family = _family(cases, baseline, settings.policy, trials)
        self._asked: set[str] = set()
        self._results: dict[str, CaseResult] = {}
        self._looks: list[Look] = []
        self._looked = 0
        self._stops = ""

    def companions(self, case_id: str) -> frozenset[str]:
        """Return the cases that are asked side by side with one: those of its round."""
        return (
            frozenset(self.order[self._round_of[case_id]])
            if case_id in self._round_of
            else (frozenset())
        )

    def why_not(self, case_id: str) -> str:
        """Return why a case need not be asked any more; empty: it is to be asked.

        Looks at what the rounds before its own came to, once each. A case that is to be asked
        counts as asked, whatever becomes of it.
        """
        rounds = self._round_of.get(case_id, 0)
        if not self._stops and rounds > self._looked:
            self._look(sum(self._clusters[:rounds]))
            self._looked = rounds
        if not self._stops and case_id in self._round_of:
            self._asked.add(case_id)
        return self._stops

    def take(self, result: CaseResult) -> None:
        """Take the result of a case."""
        self._results[result.case_id] = result

    def finish(self, compared: Comparison) -> tuple[Comparison, Rounds]:
        """End the run: look a last time, and let the rounds judge.

        Args:
            compared: All results, as `compare_results` has them.
        """
        if not self._stops:
            done = [ids for ids in self.order if self._asked.issuperset(ids)]
            clusters = sum(self._clusters[: len(done)])
            if len(self._asked) > sum(map(len, done)):  # stopped by hand within a round
                clusters += 1
            self._look(clusters)
        standing = follow_looks(self._looks, self._family)
        measured = [m for r in self._results.values() for t in r.trials for m in t.measured]
        costs = [m.cost_usd for m in measured]
        spent = None if None in costs else sum(filter(None, costs), Decimal(0))
        left = len(self._round_of) - len(self._asked)
        per_case = left / max(1, len(self._asked))
        rounds = Rounds(
            looks=tuple(self._looks),
            standing=standing,
            planned_cases=len(self._round_of),
            asked_cases=len(self._asked),
            spent_calls=len(measured),
            spent_usd=spent,
            saved_calls=round(len(measured) * per_case),
            saved_usd=None if spent is None else spent * Decimal(per_case),
        )
        return settle(compared, rounds, self._settings.policy), rounds

    def _look(self, clusters: int) -> None:
        """Look at all results, after so many groups of cases."""
        fraction = clusters / sum(self._clusters)
        if not self._results or (self._looks and fraction <= self._looks[-1].fraction):
            return
        compared = compare_results(
            self._baseline,
            list(self._results.values()),
            self._baseline.cases,
            self._settings,
            replayed=False,
        )
        self._looks.append(take_look(compared, self._family, fraction=fraction))
        self._stops = follow_looks(self._looks, self._family).stops


def split_rounds(cases: Sequence[Case], *, rounds: int, seed: str) -> tuple[Clusters, ...]:
    """Split cases into rounds of as many groups each, in random order.

    Args:
        cases: Those of one group stay together.
        rounds: 1 or more.
        seed: The same seed, the same order.

    Returns:
        Of each round its groups, each with its cases; no round is empty.
    """
    groups: dict[str, list[Case]] = {}
    for case in cases:
        groups.setdefault(
            f"case {case.id}" if case.group is None else f"group {case.group}", []
        ).append(case)
    clusters = [tuple(group) for group in groups.values()]
    Random(seed).shuffle(clusters)  # noqa: S311 - an order, no secret
    count = min(rounds, len(clusters))
    ends = [round(len(clusters) * (k + 1) / count) for k in range(count)]
    return tuple(tuple(clusters[start:end]) for start, end in zip([0, *ends], ends, strict=False))


def _family(cases: Iterable[Case], baseline: Baseline, policy: Policy, trials: int) -> Family:
    accepted = [baseline.cases[case.id] for case in cases if case.id in baseline.cases]
    names = sorted({name for case in accepted for name, values in case.scores.items() if values})
    claims: list[ClaimKey] = [("score", name) for name in names]
    claims += [
        ("amount", name)
        for name in AMOUNTS
        if policy.rises.limit_of(name) is not None
        and any(value is not None for case in accepted for value in getattr(case, name))
    ]
    return Family(
        claims=tuple(claims),
        exclusions=tuple(name for name in names if policy.test_of(name) == "non-inferiority"),
        could_break=_could_break(accepted, trials, policy.alpha / (len(claims) + 1)),
        policy=policy,
    )


def _could_break(accepted: Sequence[BaselineCase], trials: int, alpha: float) -> int:
    """Return how many cases could break in every trial; 0 where chance could not be excluded.

    Every case counts, whatever passed: the baseline's luck must not choose who is tested.
    """
    could = [case for case in accepted if case.passed]
    best = min((hard_break_p(len(case.passed), trials) for case in could), default=1.0)
    return len(could) if best * len(could) <= alpha else 0
