"""The history of a baseline: its accepted scores one after the other, and what lies below its best.

A slow slide is found here: many small drops, each of which was accepted.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from gonogo.baselines import WEIGHTED, Acceptance, Baseline, sum_up_acceptance
from gonogo.best_scores import BelowBest, below_best


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptedScores:
    """One acceptance, held against those before it.

    Attributes:
        acceptance: What was kept of it.
        since_before: Change of the weighted score since the one before, -1 to 1; None: one of
            them did not keep it, or they cannot be compared.
        since_best: The same since the best of all before that it can be compared with.
        notes: Why it cannot be compared with the one before, or only roughly.
    """

    acceptance: Acceptance
    since_before: float | None
    since_best: float | None
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What a baseline's file, and the best scores beside it, tell of its past.

    Attributes:
        suite: Name of the suite.
        accepted: Acceptances, oldest first.
        below: Scores that lie below their best accepted ones now, the deepest first.
    """

    suite: str
    accepted: tuple[AcceptedScores, ...]
    below: tuple[BelowBest, ...]


def history_of(baseline: Baseline, best: Baseline | None) -> History:
    """Return the history of a baseline.

    Args:
        baseline: The baseline. Where its last acceptance comes from a version that did not keep
            scores, they are those of its cases.
        best: The best accepted scores; None: the baseline is the best in all.
    """
    acceptances = list(baseline.header.history)
    if acceptances:
        acceptances[-1] = sum_up_acceptance(acceptances[-1], baseline)
    return History(
        suite=baseline.header.suite,
        accepted=_held_against_earlier(acceptances),
        below=() if best is None else below_best(best, baseline),
    )


def _held_against_earlier(acceptances: Sequence[Acceptance]) -> tuple[AcceptedScores, ...]:
    accepted = []
    before: Acceptance | None = None
    best: float | None = None
    for acceptance in acceptances:
        stops = () if before is None else tuple(_stops(before, acceptance))
        notes = stops if before is None else (*stops, *_roughly(before, acceptance))
        if stops:
            best = None
        score = acceptance.scores.get(WEIGHTED)
        previous = None if before is None or stops else before.scores.get(WEIGHTED)
        accepted.append(
            AcceptedScores(
                acceptance=acceptance,
                since_before=_change(previous, score),
                since_best=_change(best, score),
                notes=notes,
            )
        )
        best = max((value for value in (best, score) if value is not None), default=None)
        before = acceptance
    return tuple(accepted)


def _stops(before: Acceptance, now: Acceptance) -> Sequence[str]:
    """Say why scores of one acceptance cannot be compared with those of the one before."""
    stops = []
    if before.run is not None and now.run is not None and before.run.model != now.run.model:
        stops.append(f"another model: {before.run.model or 'none'} -> {now.run.model or 'none'}")
    if None not in (before.checkers, now.checkers) and before.checkers != now.checkers:
        stops.append("other versions of checkers")
    return stops


def _roughly(before: Acceptance, now: Acceptance) -> Sequence[str]:
    """Say why scores of one acceptance can only roughly be compared with the one before."""
    if None not in (before.dataset, now.dataset) and before.dataset != now.dataset:
        return ["other cases"]
    return []


def _change(before: float | None, now: float | None) -> float | None:
    return None if before is None or now is None else round(now - before, 6)
