"""Compares one score over all cases: means, the cases behind them, and what draws show."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean

from gonogo.baselines import WEIGHTED
from gonogo.comparison.cases import DIGITS, ROUNDING, CaseComparison, ScoreChange
from gonogo.comparison.claims import Claim
from gonogo.settings import Policy, Test
from gonogo.statistics.differences import Difference, Untestable
from gonogo.statistics.needs import Needs, Trials, describe_trials, what_it_would_take
from gonogo.statistics.power import Levels


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnScore:
    """What is known of a score whose answers are draws.

    Attributes:
        difference: Of the means, with its interval; untestable where there is too little.
        test: What the policy asks of the score.
        bound: The drop that a NO-GO must exceed: the tolerance, or for `non-inferiority` the
            margin.
        is_excluded: Whether a drop of the margin or more is excluded; None: it is not asked.
        trials: How often the cases were tried, and how much their trials vary.
    """

    difference: Difference | Untestable
    test: Test
    bound: float
    is_excluded: bool | None
    trials: Trials

    def needs(self, policy: Policy, *, claims: int) -> Needs:
        """Say what could have been shown, and what it would take to decide.

        Args:
            policy: For alpha and power.
            claims: How many claims share alpha, 1 or more.
        """
        excluding = self.is_excluded is not None
        return what_it_would_take(
            self.difference,
            trials=self.trials,
            tolerance=self.bound,
            margin=self.bound if excluding else None,
            levels=Levels(
                alpha=policy.alpha if excluding else policy.alpha / claims, power=policy.power
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreComparison:
    """How one score did over the cases that both sides have.

    Attributes:
        name: Checker id, or `score` for the weighted one.
        cases: Number of cases that both sides scored.
        before: Mean over their cases in the baseline, 0 to 1; every case weighs alike.
        after: Mean in this run; a score that is gone counts as 0.
        better: Number of cases whose score rose.
        worse: Number of cases whose score fell.
        regressed: Cases that fell beyond the tolerance for certain, with the difference; the most
            harmful first.
        fallen: Cases that fell beyond the tolerance, for certain or by a draw; likewise.
        drawn: What draws show; None: every case is certain.
        claim: That it dropped; None: every case is certain, or nothing can be said.
        needs: What draws could have shown, and what would decide; None: every case is certain.
    """

    name: str
    cases: int
    before: float
    after: float
    better: int
    worse: int
    regressed: tuple[tuple[str, float], ...]
    fallen: tuple[tuple[str, float], ...] = ()
    drawn: DrawnScore | None = None
    claim: Claim | None = None
    needs: Needs | None = None

    @property
    def difference(self) -> float:
        """Mean after minus mean before, -1 to 1."""
        return self.after - self.before

    @property
    def equal(self) -> int:
        """Number of cases whose score stayed as it was."""
        return self.cases - self.better - self.worse

    @property
    def has_dropped(self) -> bool:
        """Whether a drop is certain in some case, or shown for the mean."""
        return bool(self.regressed) or (self.claim is not None and self.claim.is_shown)


def compare_scores(cases: Iterable[CaseComparison], policy: Policy) -> tuple[ScoreComparison, ...]:
    """Sum up the changes of all cases by score, the weighted one first; claims are not judged."""
    by_name: dict[str, list[tuple[CaseComparison, ScoreChange]]] = defaultdict(list)
    for case in cases:
        for change in case.changes:
            by_name[change.name].append((case, change))
    names = sorted(by_name, key=lambda name: (name != WEIGHTED, name))
    return tuple(_compare(name, by_name[name], policy) for name in names)


def _compare(
    name: str, changes: Sequence[tuple[CaseComparison, ScoreChange]], policy: Policy
) -> ScoreComparison:
    differences = [change.difference for _, change in changes]
    fallen = sorted(
        (
            (change.difference, case.case_id, change)
            for case, change in changes
            if change.has_fallen
        ),
        key=lambda fall: (round(fall[0], DIGITS), fall[1]),
    )
    are_certain = all(change.is_certain for _, change in changes)
    return ScoreComparison(
        name=name,
        cases=len(changes),
        before=fmean(change.before for _, change in changes),
        after=fmean(change.before + change.difference for _, change in changes),
        better=sum(difference > ROUNDING for difference in differences),
        worse=sum(difference < -ROUNDING for difference in differences),
        regressed=tuple((id_, by) for by, id_, change in fallen if change.is_certain),
        fallen=tuple((id_, by) for by, id_, _ in fallen),
        drawn=None if are_certain else _draw(name, changes, policy),
    )


def _draw(
    name: str, changes: Sequence[tuple[CaseComparison, ScoreChange]], policy: Policy
) -> DrawnScore:
    from gonogo.statistics.paired_scores import (  # noqa: PLC0415 - heavy: numpy and scipy
        compare_scores as compare_trials,
    )

    test = policy.test_of(name)
    margin = policy.margin_of(name) if test == "non-inferiority" else None
    bound = policy.tolerance_of(name) if margin is None else margin
    before = [change.before_trials for _, change in changes]
    after = [change.after_trials for _, change in changes]
    groups = [case.group for case, _ in changes]
    difference = compare_trials(before, after, groups, tolerance=bound, margin=margin)
    return DrawnScore(
        difference=difference,
        test=test,
        bound=bound,
        is_excluded=None if margin is None else _is_excluded(difference, policy.alpha),
        trials=describe_trials(before, after),
    )


def _is_excluded(difference: Difference | Untestable, alpha: float) -> bool:
    """Tell whether a drop is excluded; each score by itself, since GO needs it of all of them."""
    if isinstance(difference, Untestable) or difference.p_kept is None:
        return False
    return difference.p_kept <= alpha
