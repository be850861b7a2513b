"""Appending: adds recordings to a file so that a killed process loses none that it had added.

One line is one write under a lock, then fsync: several processes may add to one file. What must
not be stored is refused here, or redacted on the way in.
"""

import os
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from gonogo.errors import Problem, SecretInRecordingError
from gonogo.exchanges import CallError, Request, Response
from gonogo.fingerprints import VOLATILE
from gonogo.json_lines import JsonObject, decode_record, read_lines, write_atomically
from gonogo.recordings.attempts import Attempt, decode_attempt, encode_attempt
from gonogo.recordings.aws_events import FRAMES_TYPE, as_server_sent_events
from gonogo.recordings.documents import store_documents
from gonogo.recordings.secrets import Secret, find_secrets, find_secrets_in_text
from gonogo.recordings.store import documents_of, load_recordings
from gonogo.wires import Wire
from gonogo_checkers.output import JsonValue

try:
    import fcntl
except ImportError:  # Windows: one process at a time records there
    fcntl = None  # type: ignore[assignment]  # the module that is not there

if TYPE_CHECKING:
    from gonogo.recordings.redaction import Redaction

_TAIL: Final = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingFile:
    """A file that recordings are added to.

    Attributes:
        path: The file; made with its folder where there is none.
        documents: Folder of the long documents of its requests.
        redact: Whether personal data and secrets are redacted on the way in.
        volatile: Fields of a request that its fingerprint leaves out.
    """

    path: Path
    documents: Path
    redact: bool = False
    volatile: frozenset[str] = VOLATILE

    def demand_recordable(self, body: JsonValue) -> None:
        """Refuse a request that may not be stored, before it is sent and paid for.

        Raises:
            SecretInRecordingError: If it holds a secret, and is not redacted.
        """
        if not self.redact:
            _demand_no_secret(find_secrets(body), "the request", "sent")

    def append(self, attempt: Attempt) -> Attempt:
        """Add one recording, durably.

        Returns:
            What was stored: the attempt, redacted where that is asked for.

        Raises:
            SecretInRecordingError: If its answer holds a secret, and is not redacted.
        """
        if self.redact:
            attempt = _redacted(attempt, self.volatile)
        else:
            _demand_no_secret(_secrets_of_answer(attempt), "the answer", f"stored in {self.path}")
        line = encode_attempt(_with_documents(attempt, self.documents)) + b"\n"
        with _locked(self.path) as descriptor:
            _mend_tail(descriptor)
            left = memoryview(line)
            while left:
                left = left[os.write(descriptor, left) :]
            os.fsync(descriptor)
        return attempt


def mend(path: Path) -> None:
    """Remove the torn line that a killed process may have left at the end of a file."""
    if path.exists():
        with _locked(path) as descriptor:
            _mend_tail(descriptor)


@contextmanager
def _locked(path: Path) -> Iterator[int]:
    """Open a file for appending, and keep other processes from it within a block.

    The lock is the file's own: nothing is left behind. Where it was replaced while this process
    waited, the new one is opened.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        try:
            if fcntl is not None:
                fcntl.flock(descriptor, fcntl.LOCK_EX)
            if path.exists() and os.path.samestat(os.fstat(descriptor), path.stat()):
                yield descriptor
                return
        finally:
            os.close(descriptor)


def replace_recordings(path: Path, fresh: Path, *, volatile: Collection[str] = VOLATILE) -> int:
    """Let fresh recordings take the place of those of the same requests; the others stay.

    Args:
        path: The file that changes, whole or not at all.
        fresh: The fresh recordings; removed at the end.
        volatile: Fields of a request that its fingerprint leaves out.

    Returns:
        How many requests have fresh recordings.
    """
    documents = documents_of(path)
    mend(fresh)
    with _locked(path):
        new: dict[str, list[bytes]] = {}
        for fingerprint, line in _fingerprinted(fresh, documents, volatile):
            new.setdefault(fingerprint, []).append(line)
        count, replaced = len(new), frozenset(new)
        lines = []
        for fingerprint, line in _fingerprinted(path, documents, volatile):
            lines += new.pop(fingerprint, []) if fingerprint in replaced else [line]
        lines += [line for found in new.values() for line in found]
        write_atomically(path, (line + b"\n" for line in lines))
        fresh.unlink(missing_ok=True)
    return count


class _Named(msgspec.Struct, frozen=True):
    id: str


def _fingerprinted(
    path: Path, documents: Path, volatile: Collection[str]
) -> Iterator[tuple[str, bytes]]:
    """Yield each line of a file with the fingerprint of its request."""
    loaded = load_recordings(path, volatile=volatile, documents=documents)
    fingerprints = {
        attempt.id: fingerprint
        for fingerprint, calls in loaded.by_fingerprint.items()
        for call in calls
        for attempt in call.attempts
    }
    if fingerprints:
        with path.open("rb") as stream:
            for line in read_lines(stream, str(path)):
                if not isinstance(line, Problem):
                    yield fingerprints[msgspec.json.decode(line[1], type=_Named).id], line[1]


def _redacted(attempt: Attempt, volatile: Collection[str]) -> Attempt:
    """Return an attempt without personal data; its fingerprint is the one it had before.

    The chunks of a redacted answer are gone: a replayed stream has each block whole.
    """
    from gonogo.recordings.redaction import Redaction  # noqa: PLC0415 - heavy: presidio

    redaction = Redaction()
    fingerprint = attempt.fingerprint(volatile)
    exchange = attempt.exchange
    wire = None if attempt.wire is None else _redacted_wire(attempt.wire, fingerprint, redaction)
    body = redaction.redact(attempt.body)
    if exchange is not None and isinstance(body, dict):
        response, error = exchange.response, exchange.error
        exchange = replace(
            exchange,
            request=Request(body),
            response=None
            if response is None
            else Response(_object(redaction.redact(response.body))),
            error=None
            if error is None
            else CallError(error.type, redaction.redact_text(error.message)),
            wire=None if wire is None else msgspec.structs.replace(wire, text=None, cuts=()),
        )
        wire = exchange.wire
    return replace(attempt, body=body, exchange=exchange, wire=wire)


def _redacted_wire(wire: Wire, fingerprint: str, redaction: "Redaction") -> Wire:
    body = wire.body()
    text = None if body is None else redaction.redact_text(body.decode(errors="replace"))
    size = 0 if text is None else len(text.encode())
    cuts = tuple((at, size) for at, _ in wire.cuts[-1:])
    return msgspec.structs.replace(
        wire, fingerprint=fingerprint, redacted=True, text=text, packed=None, cuts=cuts
    )


def _object(value: JsonValue) -> JsonObject:
    return value if isinstance(value, dict) else {}


def _with_documents(attempt: Attempt, documents: Path) -> Attempt:
    if not isinstance(attempt.body, dict):
        return attempt
    body = store_documents(attempt.body, documents)
    exchange = attempt.exchange
    return replace(
        attempt,
        body=body,
        exchange=None if exchange is None else replace(exchange, request=Request(body)),
    )


def _secrets_of_answer(attempt: Attempt) -> list[Secret]:
    found = []
    if attempt.exchange is not None and attempt.exchange.response is not None:
        found += find_secrets(attempt.exchange.response.body)
    wire = attempt.wire
    body = None if wire is None else wire.body()
    if wire is not None and body is not None:
        if wire.headers.get("content-type", "").startswith(FRAMES_TYPE):
            body = b"".join(as_server_sent_events(body))
        found += find_secrets_in_text(body.decode(errors="replace"))
    return found


def _demand_no_secret(found: Sequence[Secret], what: str, left_undone: str) -> None:
    if not found:
        return
    first = found[0]
    more = "" if len(found) == 1 else f" and {len(found) - 1} more"
    raise SecretInRecordingError(
        f"{what} holds a secret ({first.kind} at {first.path}{more}): it is not {left_undone};"
        " take it out, or set [tool.gonogo.recordings] redact = true"
    )


def _mend_tail(descriptor: int) -> None:
    size = os.fstat(descriptor).st_size
    end = size
    while end:
        start = max(0, end - _TAIL)
        newline = os.pread(descriptor, end - start, start).rfind(b"\n")
        if newline >= 0:
            end = start + newline + 1
            break
        end = start
    if end == size:
        return
    torn = os.pread(descriptor, size - end, end)
    if isinstance(decode_record(torn, decode_attempt, ""), Problem):
        os.ftruncate(descriptor, end)
    else:
        os.write(descriptor, b"\n")
