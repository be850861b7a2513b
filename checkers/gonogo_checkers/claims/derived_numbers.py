"""What can be computed from given numbers in one or two steps: sums, differences, shares.

The more is tried, the more is met by chance: small whole numbers should be held against sums and
differences alone.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import Final

_PAIRED: Final = 90
_STRIDES: Final = range(1, 7)


@dataclass(frozen=True)
class DerivedNumbers:
    """Given numbers, ready to be asked what follows from them.

    Each question is solved for the second operand and looked up, so that no table of all pairs is
    built.

    Attributes:
        values: In the order of their places; the first 90 distinct ones are paired.
    """

    values: tuple[float, ...]

    @cached_property
    def _paired(self) -> list[float]:
        return sorted(list(dict.fromkeys(self.values))[:_PAIRED])

    @cached_property
    def _sums(self) -> list[float]:
        return sorted(set(_run_sums(self.values[: 2 * _PAIRED])))

    def holds_sum(self, wanted: float, slack: float) -> bool:
        """Tell whether the sum or the difference of two values is within `slack` of a number."""
        return any(
            self._has(wanted - value, slack, value)
            or self._has(value - wanted, slack, value)
            or self._has(value + wanted, slack, value)
            for value in self._paired
        )

    def holds_value(self, wanted: float, slack: float) -> bool:
        """Tell whether a number is a sum, a difference, a product or a part of values.

        Sums of any two, and of runs of neighbours or of every second to sixth value (the columns
        of a table); differences and products of any two; halves, quarters, twelfths, and one value
        as so many per cent of another, alone, added and taken off.
        """
        return (
            self.holds_sum(wanted, slack)
            or any(self._is_multiple(wanted, value, slack) for value in self._paired)
            or is_among(wanted, self._sums, slack)
        )

    def holds_share(self, wanted: float, slack: float) -> bool:
        """Tell whether a number is a ratio or a change of two values, in per cent or a factor."""
        for whole in self._paired:
            if whole and (
                self._has(wanted * whole / 100, slack * abs(whole) / 100, whole)
                or self._has(wanted * whole, slack * abs(whole), whole)
                or self._has(whole * (1 + wanted / 100), slack * abs(whole) / 100, whole)
                or self._has(whole * (1 - wanted / 100), slack * abs(whole) / 100, whole)
            ):
                return True
        return False

    def _is_multiple(self, wanted: float, value: float, slack: float) -> bool:
        if not value:
            return False
        parts = sorted((value / 2, value / 4, value / 12, value * 2, value * 12))
        margin = slack / abs(value)
        alone = 100 * wanted / value
        rates = (alone, alone - 100, 100 - alone)
        return (
            is_among(wanted, parts, slack)
            or self._has(wanted / value, margin, value)
            or any(0 < rate < 100 and self._has(rate, 100 * margin, value) for rate in rates)
        )

    def _has(self, wanted: float, slack: float, other: float) -> bool:
        """Tell whether a value other than the operand itself is within `slack`."""
        margin = slack + 1e-9 * max(1.0, abs(wanted))
        values = self._paired
        index = bisect_left(values, wanted - margin)
        while index < len(values) and values[index] <= wanted + margin:
            if values[index] != other:
                return True
            index += 1
        return False


def _run_sums(values: Sequence[float]) -> Iterator[float]:
    for stride in _STRIDES:
        for offset in range(stride):
            sums = [0.0, *accumulate(values[offset::stride])]
            for first in range(len(sums)):
                for last in range(first + 3, min(first + 25, len(sums))):
                    yield sums[last] - sums[first]


def is_among(wanted: float, values: Sequence[float], slack: float) -> bool:
    """Tell whether sorted values hold one within `slack` of the one wanted."""
    margin = slack + 1e-9 * max(1.0, abs(wanted))
    index = bisect_left(values, wanted - margin)
    return index < len(values) and values[index] <= wanted + margin
