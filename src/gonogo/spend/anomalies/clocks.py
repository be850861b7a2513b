"""The time of a stream of exchanges: it never goes back, and one wrong date does not count."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from gonogo.spend.anomalies.plain_data import decode, encode

_LEAP: Final = 7 * 86400.0
"""Seconds; a longer leap ahead counts once a second exchange is there too."""


@dataclass(slots=True)
class StreamClock:
    """Tells the time by the exchanges that come.

    What comes late, or has no date, counts as now.
    """

    now: float | None = None
    claimed: float | None = None

    def tell(self, at: datetime | None) -> float:
        """Return the time of the next exchange, in seconds since 1970."""
        if at is None:
            return self.now or 0.0
        claimed = at.timestamp()
        if self.now is None or claimed - self.now <= _LEAP or self._is_confirmed(claimed):
            self.now = max(self.now or 0.0, claimed)
            self.claimed = None
        else:
            self.claimed = claimed
        return self.now

    def dump(self) -> bytes:
        """Return the time as plain data."""
        return encode(self)

    def load(self, raw: bytes) -> None:
        """Take up a time that was dumped."""
        one = decode(raw, StreamClock)
        self.now, self.claimed = one.now, one.claimed

    def _is_confirmed(self, claimed: float) -> bool:
        return self.claimed is not None and abs(claimed - self.claimed) <= _LEAP
