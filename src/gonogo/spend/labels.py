"""The attributes of metrics: clean, bounded in number, and without a user's name.

Each new combination of attributes is a series that a metrics store keeps; what callers send must
not be able to make ever more of them.
"""

import hashlib
import hmac
import threading
from collections.abc import Mapping
from typing import Final

from gonogo.plain_text import one_line

OTHER: Final = "other"
"""Stands for the values, and for the combinations, beyond the bounds."""

_LONGEST: Final = 100
_GIVEN_UP_FIRST: Final = ("user", "department", "domain")
"""When there are too many combinations: what has the most values first."""


class Labels:
    """Takes the first values of each attribute as they are, and calls the rest `other`."""

    def __init__(self, most_values: Mapping[str, int], *, most_series: int) -> None:
        """Take the bounds.

        Args:
            most_values: How many different values each attribute may have, at least 1.
            most_series: How many different combinations there may be, at least 1; those whose
                values are all `other` come on top.
        """
        self._most_values = dict(most_values)
        self._most_series = most_series
        self._values: dict[str, set[str]] = {name: set() for name in most_values}
        self._series: set[tuple[tuple[str, str], ...]] = set()
        self._lock = threading.Lock()

    def bounded(self, values: Mapping[str, str | None]) -> dict[str, str]:
        """Return the attributes of a measurement; those without a value are left out.

        Args:
            values: By attribute; those that the bounds do not name are left out, too.
        """
        cleaned = {name: one_line(values.get(name) or "", _LONGEST) for name in self._values}
        given = {name: value for name, value in cleaned.items() if value}
        with self._lock:
            known = {name: self._known(name, value) for name, value in given.items()}
            return self._in_series(known)

    def _known(self, name: str, value: str) -> str:
        values = self._values[name]
        if value not in values:
            if len(values) >= self._most_values[name]:
                return OTHER
            values.add(value)
        return value

    def _in_series(self, labels: dict[str, str]) -> dict[str, str]:
        if self._has_room(labels):
            return labels
        for name in _GIVEN_UP_FIRST:
            if name in labels:
                labels = {**labels, name: OTHER}
                if self._has_room(labels):
                    return labels
        return dict.fromkeys(labels, OTHER)

    def _has_room(self, labels: dict[str, str]) -> bool:
        series = tuple(labels.items())
        if series not in self._series:
            if len(self._series) >= self._most_series:
                return False
            self._series.add(series)
        return True


def pseudonym_of(user: str, secret: bytes) -> str:
    """Return what stands for a user in metrics: 16 hexadecimal digits.

    HMAC-SHA256 (RFC 2104), since a plain hash of a name is found by trying names. The same secret
    gives the same pseudonym; without it nobody can tell whose it is.
    """
    digest = hmac.new(secret, user.encode(errors="replace"), hashlib.sha256)
    return digest.hexdigest()[:16]
