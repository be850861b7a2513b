"""What is remembered between exchanges: bounded, and plain data that outlives the process."""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator, Mapping
from typing import Generic, Protocol, TypeVar

from gonogo.spend.anomalies.plain_data import UnreadableStateError, decode, encode

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Kept(Protocol):
    """A part of the state that can be put away and taken up again."""

    def dump(self) -> bytes:
        """Return the state as plain data."""

    def load(self, raw: bytes) -> None:
        """Take up a state; raises `UnreadableStateError` where it is none of this part."""


class Remembered(Generic[K, V]):
    """States by key; at most `most` of them, the one used longest ago goes first.

    Args:
        new: Makes the state of a key that is not known.
        most: At least 1.
        kept_as: The type of all pairs of key and state, for reading them back.
    """

    def __init__(self, new: Callable[[], V], most: int, kept_as: type[list[tuple[K, V]]]) -> None:
        self._new = new
        self._most = most
        self._kept_as = kept_as
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

    def dump(self) -> bytes:
        """Return all states with their keys, used longest ago first."""
        return encode(list(self._states.items()))

    def load(self, raw: bytes) -> None:
        """Take up what was dumped.

        Raises:
            UnreadableStateError: If it is none of this memory.
        """
        self._states = OrderedDict(decode(raw, self._kept_as)[-self._most :])


class Memories:
    """All parts of a watcher's state by name; what is not in here does not outlive the process.

    Args:
        most: How many keys each memory holds where nothing else is said.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._parts: dict[str, Kept] = {}

    def remember(
        self,
        name: str,
        new: Callable[[], V],
        *,
        kept_as: type[list[tuple[K, V]]],
        most: int | None = None,
    ) -> Remembered[K, V]:
        """Return a new memory, held here under its name."""
        memory = Remembered(new, most or self._most, kept_as)
        self.hold(name, memory)
        return memory

    def hold(self, name: str, part: Kept) -> None:
        """Hold a part of the state.

        Raises:
            ValueError: If the name is taken.
        """
        if name in self._parts:
            raise ValueError(f"{name!r} is remembered already")
        self._parts[name] = part

    def dump(self) -> dict[str, bytes]:
        """Return all parts by name, as plain data."""
        return {name: part.dump() for name, part in self._parts.items()}

    def load(self, parts: Mapping[str, bytes]) -> None:
        """Take up what was dumped.

        Raises:
            UnreadableStateError: If a part is missing, unknown or broken.
        """
        if parts.keys() != self._parts.keys():
            odd = sorted(parts.keys() ^ self._parts.keys())
            raise UnreadableStateError(f"other parts than are known: {', '.join(odd)}")
        for name, raw in parts.items():
            self._parts[name].load(raw)
