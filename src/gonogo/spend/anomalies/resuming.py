"""A watch that outlives its process: its state in a file, no exchange looked at twice."""

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import IO, Final

import msgspec

from gonogo.errors import BadInputError, Problem
from gonogo.exchanges import Exchange
from gonogo.json_lines import write_atomically
from gonogo.spend.anomalies.alarms import Alarm
from gonogo.spend.anomalies.plain_data import UnreadableStateError, decode, encode
from gonogo.spend.anomalies.sightings import digest
from gonogo.spend.anomalies.watching import Watcher

try:
    import fcntl
except ImportError:  # Windows: whoever starts the watch sees to it that it runs once
    fcntl = None  # type: ignore[assignment]  # the module that is not there

_FORMAT: Final = "gonogo spend watch"
MOST_SEEN: Final = 200_000
"""Exchanges whose ids are kept; older ones are told by their time."""

_LARGEST_BYTES: Final = 1 << 30


class ResumedWatch:
    """A watcher with what it has seen; made by `resumed_watch`."""

    def __init__(self, watcher: Watcher, most_seen: int = MOST_SEEN) -> None:
        self.watcher = watcher
        self._seen = _Seen(most_seen)

    def feed(self, exchange: Exchange) -> tuple[Alarm, ...]:
        """Look at an exchange unless it was looked at before; return the news."""
        if not self._seen.is_new(exchange):
            return ()
        alarms = self.watcher.feed(exchange)
        self._seen.add(exchange, self.watcher.now)
        return alarms

    def load(self, path: Path) -> None:
        """Go on from a file; where there is none, from the beginning.

        Raises:
            BadInputError: If it is no state, broken, or of another version or other settings.
        """
        try:
            held = _read(path)
            self.watcher.load(held.watcher)
            self._seen = decode(held.seen, _Seen).resumed()
        except FileNotFoundError:
            return
        except (UnreadableStateError, OSError) as error:
            message = f"no state of the watch that can be gone on from ({error})"
            remedy = "name another file, or delete it: the watch then begins anew"
            raise BadInputError([Problem(str(path), f"{message}: {remedy}")]) from error

    def save(self, path: Path) -> None:
        """Write the state whole or not at all.

        Raises:
            BadInputError: If it cannot be written.
        """
        try:
            body = _Body(self.watcher.dump(), encode(self._seen))
            raw = encode(body)
            write_atomically(path, [encode(_File(_FORMAT, _digest(raw), raw))])
        except (OSError, ValueError) as error:
            raise BadInputError([Problem(str(path), f"cannot be written: {error}")]) from error


@contextmanager
def resumed_watch(
    path: Path, watcher: Watcher, *, most_seen: int = MOST_SEEN
) -> Iterator[ResumedWatch]:
    """Go on with a watch where it stopped; its state is written where nothing is raised inside.

    Args:
        path: The file of the state; made where there is none.
        watcher: A new one, of the same settings as before.
        most_seen: Exchanges whose ids are kept; what is older than those was seen.

    Raises:
        BadInputError: If the file cannot be used, or another process is at it.
    """
    with _alone(path):
        watch = ResumedWatch(watcher, most_seen)
        watch.load(path)
        yield watch
        watch.save(path)


class _File(msgspec.Struct):
    format: str
    digest: str
    body: bytes


class _Body(msgspec.Struct):
    watcher: bytes
    seen: bytes


@dataclass(slots=True)
class _Seen:
    """The last exchanges by the digests of their ids, and until when older ones were seen.

    Attributes:
        most: Ids that are kept.
        last: Digest and time of each, in the order in which they came.
        forgotten_until: Time of the stream up to which ids are not kept any more.
        before: The same when the watch was resumed: exchanges of earlier runs are not older.
    """

    most: int
    last: deque[tuple[int, float]] = field(default_factory=deque)
    forgotten_until: float = float("-inf")
    before: float = float("-inf")
    known: set[int] = field(default_factory=set)
    """The same digests as in `last`; rebuilt, not read back."""

    def is_new(self, exchange: Exchange) -> bool:
        is_old = exchange.at is not None and exchange.at.timestamp() <= self.before
        return not is_old and _number_of(exchange) not in self.known

    def add(self, exchange: Exchange, now: float) -> None:
        if len(self.last) >= self.most:
            number, at = self.last.popleft()
            self.known.discard(number)
            self.forgotten_until = max(self.forgotten_until, at)
        number = _number_of(exchange)
        self.last.append((number, now))
        self.known.add(number)

    def resumed(self) -> "_Seen":
        known = {number for number, _ in self.last}
        return _Seen(self.most, self.last, self.forgotten_until, self.forgotten_until, known)


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Hold the state's lock: two watches at once would each forget what the other saw."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock: IO[bytes] = path.with_name(f".{path.name}.lock").open("ab")
    except OSError as error:
        raise BadInputError([Problem(str(path), f"cannot be written: {error}")]) from error
    with lock:
        if fcntl is not None:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                message = "another watch is at it: wait for its end, or name another file"
                raise BadInputError([Problem(str(path), message)]) from error
        yield


def _read(path: Path) -> _Body:
    if path.stat().st_size > _LARGEST_BYTES:
        raise UnreadableStateError(f"larger than {_LARGEST_BYTES:,} bytes")
    held = decode(path.read_bytes(), _File)
    if held.format != _FORMAT or held.digest != _digest(held.body):
        raise UnreadableStateError("its digest does not fit its content")
    return decode(held.body, _Body)


def _digest(raw: bytes) -> str:
    return blake2b(raw, digest_size=16).hexdigest()


def _number_of(exchange: Exchange) -> int:
    return int(digest(exchange.id), 16)
