"""Bounded memory: what was said longest ago is forgotten first."""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Remembered(Generic[K, V]):
    """States by key; at most `most` of them, the one used longest ago goes first.

    Args:
        new: Makes the state of a key that is not known.
        most: At least 1.
    """

    def __init__(self, new: Callable[[], V], most: int) -> None:
        self._new = new
        self._most = most
        self._states: OrderedDict[K, V] = OrderedDict()

    def __len__(self) -> int:
        """Return how many keys are known."""
        return len(self._states)

    def __iter__(self) -> Iterator[K]:
        """Return the known keys, used longest ago first."""
        return iter(self._states)

    def __contains__(self, key: K) -> bool:
        """Say whether a key is known; does not count as a use."""
        return key in self._states

    def of(self, key: K) -> V:
        """Return the state of a key; a new one where it is not known."""
        state = self._states.get(key)
        if state is None:
            state = self._states[key] = self._new()
            if len(self._states) > self._most:
                self._states.popitem(last=False)
        else:
            self._states.move_to_end(key)
        return state

    def forget(self, key: K) -> None:
        """Forget a key; nothing happens where it is not known."""
        self._states.pop(key, None)
