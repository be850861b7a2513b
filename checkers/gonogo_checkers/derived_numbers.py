"""What can be computed from given numbers in one or two steps: sums, differences, shares.

The more is tried, the more is met by chance: small whole numbers should be held against sums and
differences alone.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import accumulate, combinations
from typing import Final

_PAIRED: Final = 90
_STRIDES: Final = range(1, 7)


def sums_and_differences(values: Sequence[float]) -> list[float]:
    """Return, sorted, the sums and differences of any two of the first 90 distinct values."""
    paired = list(dict.fromkeys(values))[:_PAIRED]
    found: set[float] = set()
    for a, b in combinations(paired, 2):
        found.update((a + b, abs(a - b)))
    return sorted(found)


def derived_values(values: Sequence[float]) -> list[float]:
    """Return, sorted, what sums, differences and products of the values come to.

    Sums of any two, and of runs of neighbours or of every second to sixth value (the columns of a
    table); differences and products of any two; halves, quarters, twelfths, and one value as so
    many per cent of another, alone, added and taken off.

    Args:
        values: In the order of their places; the first 90 distinct ones are paired.
    """
    paired = list(dict.fromkeys(values))[:_PAIRED]
    found: set[float] = set()
    for a, b in combinations(paired, 2):
        found.add(a * b)
        for base, rate in ((a, b), (b, a)):
            if 0 < rate < 100:
                part = base * rate / 100
                found.update((part, base + part, base - part))
    for value in paired:
        found.update((value / 2, value / 4, value / 12, value * 2, value * 12))
    found.update(sums_and_differences(values))
    found.update(_run_sums(values[: 2 * _PAIRED]))
    return sorted(found)


def derived_shares(values: Sequence[float]) -> list[float]:
    """Return, sorted, all ratios and changes of two of the values, in per cent and as factors."""
    paired = [value for value in dict.fromkeys(values) if value][:_PAIRED]
    found: set[float] = set()
    for a, b in combinations(paired, 2):
        for part, whole in ((a, b), (b, a)):
            found.update((100 * part / whole, part / whole, abs(100 * (part - whole) / whole)))
    return sorted(found)


def _run_sums(values: Sequence[float]) -> Iterator[float]:
    for stride in _STRIDES:
        for offset in range(stride):
            sums = [0.0, *accumulate(values[offset::stride])]
            for first, last in combinations(range(len(sums)), 2):
                if 2 < last - first <= 24:
                    yield sums[last] - sums[first]


def is_among(wanted: float, values: Sequence[float], slack: float) -> bool:
    """Tell whether sorted values hold one within `slack` of the one wanted."""
    margin = slack + 1e-9 * max(1.0, abs(wanted))
    index = bisect_left(values, wanted - margin)
    return index < len(values) and values[index] <= wanted + margin
