"""Evidence that something which seldom was so is now often so: cumulative sums under a rank gate.

The sum (Page, 1954) of the log likelihood ratio of "it is so in half, or in nine of ten, of the
calls now" against its usual share. What comes in batches makes evidence too: so there must be well
more of it than was ever refuted before.
"""

import math
from dataclasses import dataclass, field
from typing import Final

_NEW_SHARES: Final = (0.5, 0.9)
_SPARE_SHARE: Final = 0.05
_HIGHEST_SHARE: Final = 0.75
"""What is so in so large a part of the calls cannot become much more frequent."""

_LOWEST_RATIO: Final = 2.0
"""A new share must be at least so many times the usual one, else its evidence is chance's."""

_ABOVE_PAST: Final = 3.0
"""How many mean amounts of refuted evidence there must be above the most that was ever refuted."""

_FADE: Final = 0.02


@dataclass(slots=True)
class Sum:
    """Evidence for one thing: as it is, and at its most."""

    now: float = 0.0
    most: float = 0.0


@dataclass(slots=True)
class Gathered:
    """Evidence for each thing, for one new share, and what of it was refuted."""

    sums: dict[str, Sum] = field(default_factory=dict)
    refuted: int = 0
    mean: float = 0.0
    most: float = 0.0

    def add(self, name: str, usual: float, share: float, *, is_hit: bool) -> None:
        """Add a call to the evidence; what is refuted says what chance can do.

        Args:
            name: What may be so.
            usual: The share of calls that it was so in, 0 to 1.
            share: The share that it may be so in now.
            is_hit: Whether it is so in this call.
        """
        before = usual + _SPARE_SHARE
        if before > min(_HIGHEST_SHARE, share / _LOWEST_RATIO if share < _HIGHEST_SHARE else 1.0):
            self.sums.pop(name, None)
            return
        ratio = share / before if is_hit else (1 - share) / (1 - before)
        held = self.sums.setdefault(name, Sum())
        held.now += math.log(ratio)
        held.most = max(held.most, held.now)
        if held.now <= 0:
            del self.sums[name]
            if held.most > 0:
                self.refuted += 1
                weight = max(1 / self.refuted, _FADE)
                self.mean += weight * (held.most - self.mean)
                self.most = max(self.most, held.most)

    def is_enough(self, name: str, least: float) -> bool:
        """Say whether there is enough evidence, and well more than ever before."""
        needed = max(least, self.most + _ABOVE_PAST * self.mean)
        held = self.sums.get(name)
        if held is None or held.now < needed:
            return False
        held.now = min(held.now, 1.5 * needed)
        return True


@dataclass(slots=True)
class Evidence:
    """Evidence of one entity, for each of the new shares."""

    by_share: list[Gathered] = field(default_factory=lambda: [Gathered() for _ in _NEW_SHARES])

    def add(self, name: str, usual: float, *, is_hit: bool) -> None:
        """Add a call; see `Gathered.add`."""
        for share, gathered in zip(_NEW_SHARES, self.by_share, strict=True):
            gathered.add(name, usual, share, is_hit=is_hit)

    def is_enough(self, name: str, least: float) -> bool:
        """Say whether there is enough evidence for any of the shares."""
        return any(gathered.is_enough(name, least) for gathered in self.by_share)

    def names(self) -> list[str]:
        """Return what there is evidence for, in a stable order."""
        return list(dict.fromkeys(name for one in self.by_share for name in one.sums))

    def forget(self, name: str) -> None:
        """Drop the evidence for something."""
        for gathered in self.by_share:
            gathered.sums.pop(name, None)
