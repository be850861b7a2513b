"""Exchanges that stand in the files more than once: logs overlap, and shippers deliver twice.

Two are the same if id, time, model and tokens are; without a time, if all of them is.
"""

import hashlib
from array import array
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec

from gonogo.exchanges import Exchange, encode_exchange

MOST_KNOWN: Final = 4_194_304
"""So many exchanges are known again; a table of 64 MB holds them."""

_FIRST_SLOTS: Final = 4096
_DIGEST_BYTES: Final = 8
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_EMPTY: Final = 0


class SeenExchanges:
    """Knows again what went by; a digest of 64 bits each.

    Of four million exchanges, two different ones are taken for the same once in two million runs.
    """

    def __init__(self, most: int = MOST_KNOWN) -> None:
        """Remember at most so many, the first ones."""
        self._most = most
        self._slots = array("Q", bytes(_DIGEST_BYTES * _FIRST_SLOTS))
        self._known = 0

    @property
    def is_full(self) -> bool:
        """Whether there is no room for more."""
        return self._known >= self._most

    def is_repeated(self, exchange: Exchange) -> bool:
        """Say whether an exchange went by before, and remember it."""
        digest = _digest_of(exchange)
        place = self._place_of(digest)
        if self._slots[place] == digest:
            return True
        if not self.is_full:
            self._slots[place] = digest
            self._known += 1
            if 2 * self._known > len(self._slots):
                self._grow()
        return False

    def _place_of(self, digest: int) -> int:
        """Return the slot of a digest, or the empty one where it belongs."""
        slots = self._slots
        last = len(slots) - 1  # their number is a power of two
        place = digest & last
        while slots[place] not in (digest, _EMPTY):
            place = (place + 1) & last
        return place

    def _grow(self) -> None:
        old = self._slots
        self._slots = array("Q", bytes(2 * _DIGEST_BYTES * len(old)))
        for digest in old:
            if digest != _EMPTY:
                self._slots[self._place_of(digest)] = digest


def _digest_of(exchange: Exchange) -> int:
    digest = hashlib.blake2b(_identity_of(exchange), digest_size=_DIGEST_BYTES).digest()
    return int.from_bytes(digest, "big") or 1


def _identity_of(exchange: Exchange) -> bytes:
    if exchange.at is None:
        return encode_exchange(exchange)
    usage = exchange.usage
    return msgspec.json.encode(
        (
            exchange.id,
            (exchange.at - _EPOCH) // _MICROSECOND,
            exchange.answered_by,
            0 if usage is None else usage.input_tokens,
            0 if usage is None else usage.output_tokens,
        )
    )
