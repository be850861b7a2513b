"""Percentiles that refuse to be taken from too few values."""

import math
from collections.abc import Sequence
from decimal import Decimal
from typing import Final, TypeVar

Number = TypeVar("Number", float, Decimal)

FEWEST: Final = {50: 1, 95: 20, 99: 100}
"""Fewest values that each percentile may be taken from: below, its place is the maximum's."""


class TooFewValuesError(ValueError):
    """The percentile of fewer values than it needs."""


def percentile(values: Sequence[Number], percent: int) -> Number:
    """Return a percentile by the nearest rank, a value that really occurred.

    The smallest value with at least `percent` % of the values at or below it (Hyndman and Fan
    1996, definition 1).

    Args:
        values: Any order, any unit.
        percent: 50, 95 or 99.

    Raises:
        TooFewValuesError: Below `FEWEST[percent]` values.
    """
    if len(values) < FEWEST[percent]:
        raise TooFewValuesError(
            f"n too small: p{percent} needs {FEWEST[percent]} values, there are {len(values)}"
        )
    rank = math.ceil(percent / 100 * len(values))
    return sorted(values)[rank - 1]
