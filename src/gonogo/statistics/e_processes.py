"""Evidence that may be looked at after every observation, for ever: betting against the claim.

For monitoring that has no end. A run with an end asks less with `sequential`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

BETS: Final = 24
"""How many bets, from cautious to bold, share the initial wealth evenly."""

_BOLDEST: Final = 0.9
_MOST_CAUTIOUS: Final = 0.002


@dataclass(frozen=True, slots=True, kw_only=True)
class EProcess:
    """Wealth won so far against the claim that values lie at or above a level on average.

    The claim: each value, given those before, has a mean of `level` or more. A gambler who bets
    the share b that values fall short multiplies his wealth by 1 + b (level - x) / (high - level);
    under the claim he is not expected to win, and the chance that his wealth ever reaches 1/alpha
    is at most alpha (Ville 1939; Waudby-Smith and Ramdas 2024, "Estimating means of bounded random
    variables by betting", section 4; the even mixture over a grid of bets instead of one adaptive
    bet is theirs, section 5.4, and needs no tuning).

    Attributes:
        level: The mean that is claimed, above `low`, below `high`.
        low: No value is lower.
        high: No value is higher.
        log_wealths: Of each bet, natural logarithm.
        seen: Number of values so far.
        best: Highest logarithm of the mixed wealth at any time so far; 0 or more.
    """

    level: float
    low: float
    high: float
    log_wealths: tuple[float, ...]
    seen: int
    best: float

    @property
    def p_value(self) -> float:
        """Valid at every time at once, 0 to 1: 1 / the highest wealth so far."""
        return float(np.exp(-self.best))


def start_e_process(level: float, *, low: float = 0.0, high: float = 1.0) -> EProcess:
    """Start without evidence.

    For scores against the mean of a baseline, `level` is that mean less the tolerance. For
    differences of pairs, `low` is -1, `high` is 1 and `level` is minus the tolerance.

    Args:
        level: The mean that is claimed.
        low: No value is lower.
        high: No value is higher.

    Raises:
        ValueError: A level that is not inside the range.
    """
    if not low < level < high:
        raise ValueError(
            f"level {level!r} must lie inside the range of values, {low!r} to {high!r}"
        )
    return EProcess(level=level, low=low, high=high, log_wealths=(0.0,) * BETS, seen=0, best=0.0)


def observe(process: EProcess, values: Sequence[float] | Floats) -> EProcess:
    """Return the process after more values, in their order.

    Args:
        process: What came before.
        values: From `low` to `high`; may be empty.

    Raises:
        ValueError: A value out of range, or no number: the guarantee would be void.
    """
    seen = np.asarray(values, dtype=np.float64)
    if seen.size == 0:
        return process
    inside = (seen >= process.low) & (seen <= process.high)
    if not inside.all():
        stray = float(seen[~inside][0])
        raise ValueError(f"{stray!r} is not from {process.low!r} to {process.high!r}")
    gains = log_gains(seen, level=process.level, high=process.high)
    paths = np.asarray(process.log_wealths) + np.cumsum(gains, axis=0)
    return EProcess(
        level=process.level,
        low=process.low,
        high=process.high,
        log_wealths=tuple(float(wealth) for wealth in paths[-1]),
        seen=process.seen + seen.size,
        best=max(process.best, float(mix_wealths(paths).max())),
    )


def log_gains(values: Floats, *, level: float, high: float) -> Floats:
    """Return the logarithm of what each bet's wealth is multiplied by.

    Args:
        values: Any shape.
        level: The mean that is claimed.
        high: No value is higher.

    Returns:
        The shape of the values, and one more axis for the bets.
    """
    shares = np.geomspace(_MOST_CAUTIOUS, _BOLDEST, BETS)
    return np.log1p(shares * ((level - values) / (high - level))[..., None])


def mix_wealths(log_wealths: Floats) -> Floats:
    """Return the logarithm of the mean wealth over the bets, the last axis."""
    top = log_wealths.max(axis=-1)
    mixed: Floats = np.log(np.exp(log_wealths - top[..., None]).mean(axis=-1)) + top
    return mixed
