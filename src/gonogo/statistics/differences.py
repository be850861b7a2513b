"""How far a score moved between two runs of the same cases, and how sure that is."""

from dataclasses import dataclass
from enum import StrEnum


class Method(StrEnum):
    """How the p-values and the interval of a difference were found."""

    MCNEMAR = "exact McNemar, mid-p; score interval"
    PAIRED_SCORE = "score test of paired proportions, by exact enumeration; score interval"
    SIGN_FLIPS = "sign flips of clusters, every one; interval by cluster-robust t"
    DRAWN_FLIPS = "sign flips of clusters, drawn; interval by cluster-robust t"
    CLUSTER_T = "cluster-robust paired t"
    RELABELLED = "paired test and trials dealt out anew within each case, whichever shows less"
    NO_VARIATION = "every case moved alike; interval for a change too rare to be seen"


class Shortage(StrEnum):
    """Why nothing can be said."""

    NO_CASES = "no cases"
    ONE_CLUSTER = "all cases are one cluster"
    NOT_FINITE = "a value is no finite number"


@dataclass(frozen=True, slots=True, kw_only=True)
class Untestable:
    """Too little for any statement: neither a drop nor its absence can be shown.

    Attributes:
        why: What is missing.
        cases: How many cases there were.
    """

    why: Shortage
    cases: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """The mean over cases of (after minus before), and its evidence.

    Attributes:
        estimate: Mean difference, -1 to 1 for scores; below 0: worse.
        low: Lower end of its two-sided 95 % interval.
        high: Upper end.
        p_drop: One-sided p-value, 0 to 1, of "the score dropped by no more than the tolerance":
            small values show a drop beyond the tolerance.
        p_kept: One-sided p-value, 0 to 1, of "the score dropped by the margin or more": small
            values exclude such a drop. None: no margin was given.
        standard_error: Of the estimate, cluster-robust; 0 where every case moved alike.
        degrees_of_freedom: That the standard error has; 1 or more.
        cases: How many cases are compared; 2 or more.
        clusters: How many independent clusters they form; 2 or more.
        better: Cases whose score rose.
        worse: Cases whose score fell.
        method: How the p-values and the interval were found.
    """

    estimate: float
    low: float
    high: float
    p_drop: float
    p_kept: float | None
    standard_error: float
    degrees_of_freedom: float
    cases: int
    clusters: int
    better: int
    worse: int
    method: Method

    @property
    def equal(self) -> int:
        """Cases whose score stayed as it was."""
        return self.cases - self.better - self.worse
