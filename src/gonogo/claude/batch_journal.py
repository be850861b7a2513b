"""The journal of submitted batches: which question was asked in which batch, and under which id.

It lies beside the recordings while batches are under way, so that a run that was stopped at any
moment resumes without paying twice. It submits and fetches nothing itself.
"""

import io
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Annotated, Final, Literal, TypeAlias

import msgspec

from gonogo.errors import BadInputError, JournalInUseError, Problem
from gonogo.json_lines import decode_record, encode_line, read_lines, write_atomically

_PREFIX: Final = "gonogo"
_CUSTOM_ID: Final = re.compile(rf"{_PREFIX}-([0-9a-zA-Z]+)-([0-9]+)", re.ASCII)

Token: TypeAlias = Annotated[str, msgspec.Meta(pattern="^[0-9a-zA-Z]{8,40}$")]
"""Random, one for each batch, and part of all its custom ids."""

Moment: TypeAlias = Annotated[datetime, msgspec.Meta(tz=True)]


class Item(msgspec.Struct, frozen=True, array_like=True):
    """One question of a batch: its key, which is free text, and its request's fingerprint."""

    key: str
    fingerprint: str


class _Record(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", forbid_unknown_fields=True
):
    token: Token


class Planned(_Record, frozen=True, kw_only=True, tag="planned"):
    """What is about to be submitted; written before it is.

    Attributes:
        schema: Version of the journal.
        at: When, by the clock of this machine.
        newest: The newest batch of the account at that time; None where it had none.
        items: The questions, in the order of the batch.
    """

    schema: Literal[1] = 1
    at: Moment
    newest: str | None
    items: tuple[Item, ...]


class _Created(_Record, frozen=True, kw_only=True, tag="created"):
    batch: str


class _Dropped(_Record, frozen=True, kw_only=True, tag="dropped"):
    why: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A batch of the journal.

    Attributes:
        planned: What it asks.
        batch: The API's id of it; None where it is not known whether the API took it in.
    """

    planned: Planned
    batch: str | None = None

    @property
    def token(self) -> str:
        """The token in its custom ids."""
        return self.planned.token

    @property
    def name(self) -> str:
        """What it is called in messages."""
        return self.batch or f"{_PREFIX}-{self.token}, whose submission was cut off,"

    def index_of(self, custom_id: str) -> int | None:
        """Return which item a custom id means; None where it is not of this batch."""
        match = _CUSTOM_ID.fullmatch(custom_id)
        if match is None or match[1] != self.token:
            return None
        index = int(match[2])
        return index if index < len(self.planned.items) else None


def custom_id_of(token: str, index: int) -> str:
    """Return the custom id of an item: it fits `^[a-zA-Z0-9_-]{1,64}$`, which keys need not."""
    return f"{_PREFIX}-{token}-{index:05d}"


class BatchJournal:
    """A file of JSON Lines that only grows while in use, each line on disk before the next step."""

    def __init__(self, path: Path) -> None:
        """Take the path; nothing is read or written."""
        self.path = path

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other runs out, and cut off what a crash left of a last line.

        Raises:
            JournalInUseError: If another run holds it.
        """
        from filelock import FileLock, Timeout  # noqa: PLC0415 - only where batches are asked

        self.path.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self.path.with_name(f".{self.path.name}.lock"), timeout=0)
        try:
            lock.acquire()
        except Timeout as error:
            raise JournalInUseError(
                f"{self.path}: another run is waiting for these batches: wait for it, or end it"
            ) from error
        try:
            self._cut_torn_line()
            yield
        finally:
            with suppress(PermissionError):  # Windows: removed when it is released
                Path(lock.lock_file).unlink(missing_ok=True)
            lock.release()

    def load(self) -> list[Entry]:
        """Read the batches that are under way, in the order in which they were planned.

        A last line without its end was being written in a crash, before what it announces was
        done: it does not count.

        Raises:
            BadInputError: With all problems of the file, if there are any.
        """
        entries: dict[str, Entry] = {}
        problems: list[Problem] = []
        for line in read_lines(io.BytesIO(self._whole_lines()), str(self.path)):
            record = (
                line
                if isinstance(line, Problem)
                else decode_record(line[1], _DECODER.decode, line[0])
            )
            if isinstance(record, Problem):
                problems.append(_with_remedy(record))
            elif isinstance(record, Planned):
                entries[record.token] = Entry(record)
            elif record.token not in entries:
                problem = f"token {record.token!r} was never planned"
                problems.append(_with_remedy(Problem(str(self.path), problem)))
            elif isinstance(record, _Created):
                entries[record.token] = replace(entries[record.token], batch=record.batch)
            else:
                del entries[record.token]
        if problems:
            raise BadInputError(problems)
        return list(entries.values())

    def plan(self, planned: Planned) -> None:
        """Note what is about to be submitted; it is on disk when this returns."""
        self._append(planned)

    def note_created(self, token: str, batch: str) -> None:
        """Note the id under which the API took a batch in."""
        self._append(_Created(token=token, batch=batch))

    def drop(self, token: str, *, why: str) -> None:
        """Note that the API did not take a batch in, or that its results are gone.

        The file is removed when nothing else is under way.
        """
        self._append(_Dropped(token=token, why=why))
        if not self.load():
            self.path.unlink(missing_ok=True)

    def keep(self, entries: Sequence[Entry]) -> None:
        """Forget all batches but these; without any, the file is removed."""
        if not entries:
            self.path.unlink(missing_ok=True)
            return
        write_atomically(self.path, map(encode_line, _records_of(entries)))

    def _append(self, record: _Record) -> None:
        is_new = not self.path.exists()
        with self.path.open("ab") as stream:
            stream.write(encode_line(record))
            stream.flush()
            os.fsync(stream.fileno())
        if is_new:
            _sync_folder(self.path.parent)

    def _cut_torn_line(self) -> None:
        whole = len(self._whole_lines())
        if self.path.exists() and self.path.stat().st_size > whole:
            with self.path.open("r+b") as stream:
                stream.truncate(whole)
                os.fsync(stream.fileno())

    def _whole_lines(self) -> bytes:
        try:
            content = self.path.read_bytes()
        except FileNotFoundError:
            return b""
        return content[: content.rfind(b"\n") + 1]


_AnyRecord: TypeAlias = Planned | _Created | _Dropped

_DECODER: Final[msgspec.json.Decoder[_AnyRecord]] = msgspec.json.Decoder(_AnyRecord)


def _with_remedy(problem: Problem) -> Problem:
    return Problem(
        problem.place,
        f"{problem.message}: repair the line, or move the file away and so give up the batches that"
        " it names (their answers are paid for, and asked anew)",
    )


def _records_of(entries: Iterable[Entry]) -> Iterator[_Record]:
    for entry in entries:
        yield entry.planned
        if entry.batch is not None:
            yield _Created(token=entry.token, batch=entry.batch)


def _sync_folder(folder: Path) -> None:
    """Make a new file's name survive a power cut, where folders can be opened (not on Windows)."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
