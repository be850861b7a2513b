"""Simulated suites at realistic shapes: what scores look like before and after a change.

All data is synthetic. A case has a latent difficulty, a trial a latent luck, both normal; a
pass-or-fail score is whether their sum is positive, a bounded score is their sum clipped to 0 and
1, so that it has atoms there.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

Floats = NDArray[np.float64]


class Kind(StrEnum):
    """What a score looks like."""

    BINARY = "pass or fail"
    BOUNDED = "bounded, 31 % at 1"
    CEILING = "bounded, 72 % at 1"
    WIDE = "bounded, 21 % at 1 and 12 % at 0"


class Harm(StrEnum):
    """How a drop comes about; both lower the mean by exactly as much as said."""

    EVEN = "every trial a little"
    BREAKS = "some cases wholly"


_LATENT = {Kind.BOUNDED: (0.85, 0.3), Kind.CEILING: (1.2, 0.35), Kind.WIDE: (0.6, 0.5)}
_PASS_RATE = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """A suite and what happened to it.

    Attributes:
        cases: Number of cases.
        before: Trials of each in the baseline.
        after: Trials of each now.
        kind: What scores look like.
        icc: Intraclass correlation of the trials of a case, on the latent scale.
        cluster: Cases in each group; 1: independent.
        kept: Correlation of a group's difficulty before and after: below 1 a change makes some
            better and some worse, none on average.
        drop: Of the mean, 0 or more.
        harm: How it comes about.
        pass_rate: Of pass-or-fail scores.
    """

    cases: int
    before: int = 1
    after: int = 1
    kind: Kind = Kind.BINARY
    icc: float = 0.5
    cluster: int = 1
    kept: float = 1.0
    drop: float = 0.0
    harm: Harm = Harm.EVEN
    pass_rate: float = _PASS_RATE

    def __str__(self) -> str:
        """Return the shape in a line."""
        trials = f"{self.before}" if self.before == self.after else f"{self.before}+{self.after}"
        parts = [f"{self.cases} cases x {trials}", self.kind.value, f"ICC {self.icc}"]
        if self.kind is Kind.BINARY and self.pass_rate != _PASS_RATE:
            parts.append(f"pass rate {self.pass_rate}")
        if self.cluster > 1:
            parts.append(f"groups of {self.cluster}")
        if self.kept < 1:
            parts.append("cases moved either way")
        if self.drop:
            parts.append(f"drop {self.drop:.3g}, {self.harm.value}")
        return ", ".join(parts)

    @property
    def groups(self) -> list[int]:
        """The group of each case."""
        return [case // self.cluster for case in range(self.cases)]

    @property
    def mean(self) -> float:
        """Mean score before."""
        if self.kind is Kind.BINARY:
            return self.pass_rate
        centre, spread = _LATENT[self.kind]
        low, high = -centre / spread, (1 - centre) / spread
        inside = centre * (ndtr(high) - ndtr(low)) + spread * (_density(low) - _density(high))
        return float(inside + ndtr(-high))

    def with_drop(self, drop: float, harm: Harm = Harm.EVEN) -> "Shape":
        """Return the same suite with a drop."""
        return replace(self, drop=drop, harm=harm)


def simulate(shape: Shape, count: int, generator: np.random.Generator) -> tuple[Floats, Floats]:
    """Return scores before and after: arrays of (count, cases, trials)."""
    old, new = draw_difficulties(shape, count, generator)
    before = read_scores(shape, draw_latent(shape, old, shape.before, generator))
    after = read_scores(shape, draw_latent(shape, new, shape.after, generator))
    return before, lower(shape, after, generator)


def draw_difficulties(
    shape: Shape, count: int, generator: np.random.Generator
) -> tuple[Floats, Floats]:
    """Return what is latent of cases before and after, standard normal: (count, cases) each."""
    groups = -(-shape.cases // shape.cluster)

    def draw() -> Floats:
        shared = generator.standard_normal((count, groups)).repeat(shape.cluster, axis=1)
        own = generator.standard_normal((count, shape.cases))
        within = 0.5 if shape.cluster > 1 else 0.0
        return np.sqrt(within) * shared[:, : shape.cases] + np.sqrt(1 - within) * own

    old = draw()
    if shape.kept >= 1:
        return old, old
    return old, shape.kept * old + np.sqrt(1 - shape.kept**2) * draw()


def draw_latent(
    shape: Shape, difficulty: Floats, trials: int, generator: np.random.Generator
) -> Floats:
    """Return what is latent of trials, standard normal: the case's part and luck."""
    luck = generator.standard_normal((*difficulty.shape, trials))
    latent: Floats = np.sqrt(shape.icc) * difficulty[..., None] + np.sqrt(1 - shape.icc) * luck
    return latent


def read_scores(shape: Shape, latent: Floats) -> Floats:
    """Return the scores of what is latent, 0 to 1."""
    if shape.kind is Kind.BINARY:
        return (latent > -ndtri(shape.pass_rate)).astype(np.float64)
    centre, spread = _LATENT[shape.kind]
    return np.clip(centre + spread * latent, 0.0, 1.0)


def lower(shape: Shape, after: Floats, generator: np.random.Generator) -> Floats:
    """Return scores with the shape's drop; arrays of (count, cases, trials)."""
    if shape.drop == 0:
        return after
    share = shape.drop / shape.mean
    if shape.harm is Harm.BREAKS:
        return after * (generator.random((*after.shape[:2], 1)) >= share)
    if shape.kind is Kind.BINARY:
        return after * (generator.random(after.shape) >= share)
    return after * (1 - share)


def _density(z: float) -> float:
    return float(np.exp(-z * z / 2) / np.sqrt(2 * np.pi))
