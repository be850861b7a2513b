"""Cases that are not independent (`group`), and the standard error that takes it into account."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Clusters:
    """The values of the cases, summed by cluster.

    Attributes:
        sums: Sum of the values of each cluster.
        sizes: Number of cases of each cluster, 1 or more.
    """

    sums: Floats
    sizes: Floats

    @property
    def cases(self) -> int:
        """Number of cases."""
        return int(self.sizes.sum())

    @property
    def mean(self) -> float:
        """Mean over cases; every case weighs alike, whatever its cluster."""
        return float(self.sums.sum() / self.sizes.sum())

    def minus(self, value: float) -> Floats:
        """Return the sums of (value of the case minus `value`)."""
        return self.sums - self.sizes * value


@dataclass(frozen=True, slots=True, kw_only=True)
class StandardError:
    """Of a mean: its size and how many degrees of freedom it has (1 or more)."""

    size: float
    degrees_of_freedom: float


def sum_clusters(values: Floats, groups: Sequence[Hashable | None] | None = None) -> Clusters:
    """Sum values by group, in the order in which groups appear.

    Args:
        values: One a case.
        groups: The group of each case; a case of group None is a cluster by itself. None: each
            case is.
    """
    if groups is None:
        return Clusters(sums=values, sizes=np.ones_like(values))
    numbers: dict[Hashable, int] = {}
    keys: list[Hashable] = [
        ("alone", place) if group is None else ("group", group)
        for place, group in enumerate(groups)
    ]
    places = np.array([numbers.setdefault(key, len(numbers)) for key in keys], dtype=np.intp)
    return Clusters(
        sums=np.bincount(places, weights=values).astype(np.float64),
        sizes=np.bincount(places).astype(np.float64),
    )


def standard_error_of_mean(clusters: Clusters) -> StandardError:
    """Return the cluster-robust standard error of the mean over cases.

    CR2 with the degrees of freedom of Bell and McCaffrey 2002 ("Bias reduction in standard errors
    for linear regression with multi-stage samples"), which for a mean need no matrices: residual
    sums are divided by sqrt(1 - n_g / n). With every case by itself it is s / sqrt(n) with n - 1
    degrees of freedom, exactly.

    Args:
        clusters: Two clusters or more.
    """
    n = clusters.sizes.sum()
    shares = clusters.sizes / n
    residuals = clusters.minus(clusters.mean)
    variance = float((residuals**2 / (1 - shares)).sum() / n**2)
    weights = shares * clusters.sizes / (1 - shares)
    off_diagonal = weights.sum() ** 2 - (weights**2).sum()
    freedom = n**2 / ((clusters.sizes**2).sum() + off_diagonal)
    return StandardError(size=variance**0.5, degrees_of_freedom=max(1.0, float(freedom)))
