"""The time of a stream of exchanges: it never goes back, and one wrong date does not count."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

_LEAP: Final = 7 * 86400.0
"""Seconds; a longer leap ahead counts once a second exchange is there too."""


@dataclass(slots=True)
class StreamClock:
    """Tells the time by the exchanges that come.

    What comes late, or has no date, counts as now.
    """

    _now: float | None = None
    _claimed: float | None = None

    def tell(self, at: datetime | None) -> float:
        """Return the time of the next exchange, in seconds since 1970."""
        if at is None:
            return self._now or 0.0
        claimed = at.timestamp()
        if self._now is None or claimed - self._now <= _LEAP or self._is_confirmed(claimed):
            self._now = max(self._now or 0.0, claimed)
            self._claimed = None
        else:
            self._claimed = claimed
        return self._now

    def _is_confirmed(self, claimed: float) -> bool:
        return self._claimed is not None and abs(claimed - self._claimed) <= _LEAP
