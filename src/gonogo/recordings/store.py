"""The store: a file of recordings, found by the fingerprint of their request.

A changed request is a miss, never the old answer: the miss says what changed.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from gonogo.errors import BadInputError, MissingRecordingError, Problem
from gonogo.exchanges import Exchange, Request
from gonogo.fingerprints import VOLATILE
from gonogo.json_lines import load_records
from gonogo.recordings.attempts import Attempt, decode_attempt, demand_own_request
from gonogo.recordings.documents import restore_documents
from gonogo.recordings.misses import describe_differences
from gonogo.wires import MESSAGES_PATH
from gonogo_checkers.output import JsonValue

_UNDATED: Final = datetime(1, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Call:
    """One recorded call.

    Attributes:
        attempts: Its HTTP attempts, in order; at least one.
    """

    attempts: tuple[Attempt, ...]

    @property
    def final(self) -> Attempt:
        """The attempt that the call ended with."""
        return self.attempts[-1]


@dataclass(frozen=True, slots=True)
class Recordings:
    """What a file of recordings holds.

    Attributes:
        path: The file.
        by_fingerprint: The calls that answered a request, in the order of the file.
        volatile: Fields of a request that its fingerprint leaves out.
    """

    path: Path
    by_fingerprint: Mapping[str, tuple[Call, ...]]
    volatile: frozenset[str] = VOLATILE

    @property
    def calls(self) -> Iterator[Call]:
        """All calls."""
        return (call for found in self.by_fingerprint.values() for call in found)

    def answers_to(self, request: Request, who: str) -> tuple[Exchange, ...]:
        """Return the recorded answers to a request of the Messages API, one a trial.

        Args:
            request: What is asked.
            who: Who asks it, for the message of a miss: `case refund-late`.

        Raises:
            MissingRecordingError: If there are none; says what differs from the nearest one.
        """
        fingerprint = request.fingerprint(self.volatile)
        found = self.by_fingerprint.get(fingerprint)
        if found is None:
            raise self.miss(request.body, fingerprint, who)
        return tuple(call.final.exchange for call in found if call.final.exchange is not None)

    def miss(
        self, body: JsonValue, fingerprint: str, who: str, *, path: str = MESSAGES_PATH
    ) -> MissingRecordingError:
        """Return the error of a request that no recording answers; it says what differs.

        Args:
            body: What is asked.
            fingerprint: Of the request.
            who: Who asks it.
            path: Where it is sent.
        """
        alike = [call.final for call in self.calls if call.final.path == path]
        lines = [f"{who}: no recording answers its request ({fingerprint[:12]})"]
        what = "recordings" if path == MESSAGES_PATH else f"recordings of {path}"
        differences = describe_differences(body, alike)
        lines += differences or [f"  {self.path} holds no {what}"]
        why = "an old answer proves nothing about a changed request: " if differences else ""
        lines.append(
            f"  {why}record it with --gonogo-mode=record, or put the exchange, one line of JSON,"
            f" into {self.path}"
        )
        return MissingRecordingError("\n".join(lines))

    def with_attempt(self, attempt: Attempt) -> "Recordings":
        """Return these recordings and one attempt more."""
        fingerprint = attempt.fingerprint(self.volatile)
        calls = self.by_fingerprint.get(fingerprint, ())
        attempts = [recorded for call in calls for recorded in call.attempts]
        grown = {**self.by_fingerprint, fingerprint: _calls_of([*attempts, attempt])}
        return replace(self, by_fingerprint=grown)


def load_recordings(
    path: Path, *, volatile: Collection[str] = VOLATILE, documents: Path | None = None
) -> Recordings:
    """Read a file of recordings; none where there is no file.

    Args:
        path: The file.
        volatile: Fields of a request that its fingerprint leaves out, as dotted paths.
        documents: Folder of the long documents of its requests; None: the one beside the file.

    Raises:
        BadInputError: With all problems of the file: two recordings with one id, a request that
            was changed after it was recorded, a document that is missing.
    """
    kept = frozenset(volatile)
    if not path.exists():
        return Recordings(path, {}, kept)
    first_seen: dict[str, str] = {}
    problems = []
    by_fingerprint: dict[str, list[Attempt]] = defaultdict(list)
    for place, stored in load_records(path, decode_attempt):
        if stored.id in first_seen:
            problems.append(Problem(place, f"id {stored.id!r} is taken by {first_seen[stored.id]}"))
        first_seen.setdefault(stored.id, place)
        try:
            attempt = with_documents(stored, documents or documents_of(path))
            demand_own_request(attempt)
        except BadInputError as error:
            problems += [Problem(place, str(problem)) for problem in error.problems]
            continue
        except ValueError as error:
            problems.append(Problem(place, str(error)))
            continue
        by_fingerprint[attempt.fingerprint(kept)].append(attempt)
    if problems:
        raise BadInputError(problems)
    return Recordings(path, {key: _calls_of(found) for key, found in by_fingerprint.items()}, kept)


def documents_of(path: Path) -> Path:
    """Return the folder of a file's long documents."""
    return path.with_name(f"{path.stem}.documents")


def with_documents(attempt: Attempt, documents: Path) -> Attempt:
    """Return an attempt with the long documents of its request, which are stored apart.

    Raises:
        BadInputError: If one is missing, or is not what was stored.
    """
    if not isinstance(attempt.body, dict):
        return attempt
    body = restore_documents(attempt.body, documents)
    if body == attempt.body:
        return attempt
    exchange = attempt.exchange
    return replace(
        attempt,
        body=body,
        exchange=None if exchange is None else replace(exchange, request=Request(body)),
    )


def _calls_of(attempts: list[Attempt]) -> tuple[Call, ...]:
    """Group the attempts of one request by their call.

    Calls of which all are dated stand in the order in which they began: a file has them in the
    order in which they ended, and of calls side by side that is another each time.
    """
    grouped: list[list[Attempt]] = []
    latest: dict[str, list[Attempt]] = {}
    for attempt in attempts:
        found = latest.get(attempt.call)
        if found is None or any(one.number == attempt.number for one in found):
            found = latest[attempt.call] = []  # an application may choose one key for two calls
            grouped.append(found)
        found.append(attempt)
    calls = [Call(tuple(sorted(found, key=lambda a: a.number))) for found in grouped]
    if all(call.final.wire is not None and call.final.at is not None for call in calls):
        calls.sort(key=lambda call: call.final.at or _UNDATED)
    return tuple(calls)
