"""The tape: what one test reads from recordings and adds to them, and its place in each sequence.

Knows nothing of Claude's SDK: the middleware asks it for each HTTP attempt what to do.
"""

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

from gonogo.errors import GonogoError, MissingRecordingError
from gonogo.exchanges import Exchange
from gonogo.fingerprints import fingerprint_of
from gonogo.plain_text import counted
from gonogo.recordings.appending import RecordingFile
from gonogo.recordings.attempts import Attempt
from gonogo.recordings.store import Call, Recordings
from gonogo_checkers.output import JsonValue


class Mode(StrEnum):
    """How answers are had."""

    REPLAY = "replay"
    """From recordings; no network."""
    RECORD = "record"
    """From recordings, and what is missing is asked and recorded."""
    RERECORD = "rerecord"
    """All is asked, and takes the place of what was recorded."""
    LIVE = "live"
    """All is asked; recordings stay as they are."""

    @property
    def asks(self) -> bool:
        """Whether Claude is asked."""
        return self is not Mode.REPLAY


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """One HTTP attempt that is about to be made.

    Attributes:
        method: HTTP method.
        path: Path, with its query where it says what is asked.
        body: What is sent; None where nothing is.
        call: The same for all attempts of one call, not empty.
        attempt: 1-based among the attempts of its call.
    """

    method: str
    path: str
    body: JsonValue
    call: str
    attempt: int


@dataclass(frozen=True, slots=True)
class Recorded:
    """A recorded answer to an attempt.

    Attributes:
        attempt: What was recorded.
        is_final: Whether the recorded call ended with it: it is not to be tried again.
    """

    attempt: Attempt
    is_final: bool


class Book:
    """Recordings that grow: shared by the tapes of all tests that use one file."""

    def __init__(self, recordings: Recordings, file: RecordingFile | None = None) -> None:
        """Take what is recorded, and where to add; None: nothing is added."""
        self.recordings = recordings
        self.file = file
        self._lock = threading.Lock()

    @property
    def asks(self) -> bool:
        """Whether what is missing is asked."""
        return self.file is not None

    def add(self, attempt: Attempt) -> Attempt:
        """Store an attempt durably; return what was stored.

        Raises:
            SecretInRecordingError: If it may not be stored.
        """
        with self._lock:
            stored = attempt if self.file is None else self.file.append(attempt)
            self.recordings = self.recordings.with_attempt(stored)
        return stored


@dataclass(slots=True)
class _UnderWay:
    """One call of the test: what answers it, its place among the calls, what was heard of it."""

    recorded: Call | None
    rank: int
    heard: Exchange | None = None


@dataclass
class Tape:
    """What one test hears: recorded answers, or new ones that are recorded.

    Attributes:
        opening: Returns the recordings; asked at the first call.
        exchanges: Grows by each exchange, in the order in which the calls began, whenever they
            end; a later attempt takes the place of an earlier one.
        problems: What could not be stored, or was asked for in vain.
        used: Ids of the recordings that answered.
    """

    opening: Callable[[], Book]
    exchanges: list[Exchange]
    problems: list[GonogoError] = field(default_factory=list)
    used: set[str] = field(default_factory=set)
    _asked: Counter[str] = field(default_factory=Counter)
    _under_way: dict[str, _UnderWay] = field(default_factory=dict)
    _begun: int = 0
    _ranks: dict[str, int] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    @cached_property
    def book(self) -> Book:
        """The recordings."""
        return self.opening()

    def answer(self, sent: Sent) -> Recorded | None:
        """Return the recorded answer to an attempt; None where Claude is to be asked.

        Raises:
            MissingRecordingError: If there is none, and Claude is not to be asked.
            SecretInRecordingError: If the request may not be recorded.
        """
        with self._lock:
            fingerprint = fingerprint_of(
                sent.method, sent.path, sent.body, volatile=self.book.recordings.volatile
            )
            if sent.attempt == 1 or sent.call not in self._under_way:
                call = self._next(sent, fingerprint)
                self._under_way[sent.call] = _UnderWay(call, self._begun)
                self._begun += 1
            call = self._under_way[sent.call].recorded
        if call is None:
            if self.book.file is not None:
                self.book.file.demand_recordable(sent.body)
            return None
        attempt = call.attempts[min(sent.attempt, len(call.attempts)) - 1]
        self.used.add(attempt.id)
        self._hear(attempt, sent.call)
        return Recorded(attempt, is_final=attempt is call.final)

    def keep(self, attempt: Attempt) -> None:
        """Store what came back to an attempt, and let the test hear of it.

        What may not be stored is among the problems: the answer is the application's all the same.
        """
        self._hear(attempt, attempt.call)
        try:
            self.used.add(self.book.add(attempt).id)
        except GonogoError as error:
            self.problems.append(error)

    def _next(self, sent: Sent, fingerprint: str) -> Call | None:
        """Return the next recorded call of a request."""
        number = self._asked[fingerprint]
        calls = self.book.recordings.by_fingerprint.get(fingerprint, ())
        if number >= len(calls) and not self.book.asks:
            raise self._nothing_left(sent, fingerprint, calls)
        self._asked[fingerprint] += 1
        return calls[number] if number < len(calls) else None

    def _nothing_left(
        self, sent: Sent, fingerprint: str, calls: tuple[Call, ...]
    ) -> MissingRecordingError:
        recordings = self.book.recordings
        if not calls:
            return recordings.miss(sent.body, fingerprint, "the test's call", path=sent.path)
        return MissingRecordingError(
            f"the same request is made {len(calls) + 1} times, but {recordings.path} holds"
            f" {counted(len(calls), 'answer')} to it (the last: {calls[-1].final.id}): record"
            " what is missing with --gonogo-mode=record"
        )

    def _hear(self, attempt: Attempt, call: str) -> None:
        exchange = attempt.exchange
        if exchange is None:
            return
        with self._lock:
            under_way = self._under_way[call]
            place = self._last_place_of(under_way.heard)
            under_way.heard = exchange
            self._ranks[exchange.id] = under_way.rank
            if place is None:
                self.exchanges.insert(self._place_at(under_way.rank), exchange)
            else:
                self.exchanges[place] = exchange

    def _last_place_of(self, exchange: Exchange | None) -> int | None:
        if exchange is None:
            return None
        places = (i for i in reversed(range(len(self.exchanges))) if self.exchanges[i] is exchange)
        return next(places, None)

    def _place_at(self, rank: int) -> int:
        """Return where a call belongs: before those that began later than it."""
        place = len(self.exchanges)
        while place and self._ranks.get(self.exchanges[place - 1].id, -1) > rank:
            place -= 1
        return place
