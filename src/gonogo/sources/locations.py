"""Opens what a command line names: a file, a folder, an fsspec URL, or `-` for standard input.

What is compressed by gzip or zstandard is decompressed as it is read: its first bytes say so, not
its name, so that standard input may be compressed as well.
"""

import gzip
import io
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final, Protocol, TypeVar, cast

from gonogo.errors import BadInputError, Problem
from gonogo.json_lines import read_records
from gonogo.plain_text import one_line

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_LINES: Final = (".jsonl", ".ndjson")
_PACKED: Final = ("", ".gz", ".zst")
_SUFFIXES: Final = (*(name + packed for name in _LINES for packed in _PACKED), ".parquet")
_GZIP: Final = b"\x1f\x8b"
_ZSTANDARD: Final = b"\x28\xb5\x2f\xfd"
_PACKED_BYTES: Final = 1024
"""So much is decompressed at a time: of bytes made to explode, 1 KiB makes some 30 MB at most."""

T = TypeVar("T")


def read_locations(locations: Iterable[str], decode: Callable[[bytes], T]) -> Iterator[T | Problem]:
    """Yield each record of all locations in order, or the problem that stands in its place.

    Args:
        locations: Paths of files and folders, fsspec URLs, or `-`.
        decode: Decoder of a record; see `gonogo.json_lines.decode_record`.

    Raises:
        BadInputError: Before anything is read, if a location does not exist or a folder holds no
            file to read.
    """
    return read_files(locations, lambda stream, name: read_records(stream, name, decode))


def read_files(
    locations: Iterable[str], read: Callable[[IO[bytes], str], Iterator[T | Problem]]
) -> Iterator[T | Problem]:
    """Yield what is read of each file; otherwise as `read_locations`.

    Args:
        locations: Paths of files and folders, fsspec URLs, or `-`.
        read: Reads one opened file; it is told what the file is called in problems.
    """
    for location in expand_locations(locations):
        name = "<stdin>" if location == "-" else location
        try:
            with _opened(location) as stream:
                yield from read(stream, name)
        except (OSError, EOFError, zlib.error) as error:
            yield Problem(name, f"cannot be read to its end: {_reason(error)}")


def expand_locations(locations: Iterable[str]) -> list[str]:
    """Return the files that locations name.

    Those of a folder and all below it are sorted by path; hidden ones are passed over. A URL that
    ends in `/` or holds a `*` stands for what it matches, any other stays as it is.

    Raises:
        BadInputError: With all locations that do not exist or hold nothing to read.
    """
    expanded: list[str] = []
    problems: list[Problem] = []
    for location in locations:
        try:
            expanded += _files_of(location)
        except _NothingThereError as error:
            problems.append(Problem(location, str(error)))
    if problems:
        raise BadInputError(problems)
    return expanded


class _NothingThereError(Exception):
    """A location holds nothing to read; says why."""


def _files_of(location: str) -> list[str]:
    if "://" in location:
        return _files_at(location) if location.endswith("/") or "*" in location else [location]
    path = Path(location)
    if path.is_dir() and location != "-":
        found = sorted(_files_in(path))
        if not found:
            raise _NothingThereError(f"holds no file ending in {', '.join(_SUFFIXES)}")
        return [str(file) for file in found]
    if location != "-" and not path.exists():
        raise _NothingThereError("there is no such file or folder")
    return [location]


def _files_in(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*"):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if path.name.endswith(_SUFFIXES) and not hidden and path.is_file():
            yield path


class _FileSystem(Protocol):
    """What is used of fsspec's file systems, which have no types."""

    def find(self, path: str) -> list[str]: ...
    def glob(self, path: str) -> list[str]: ...
    def unstrip_protocol(self, name: str) -> str: ...


def _files_at(url: str) -> list[str]:
    import fsspec  # noqa: PLC0415 - only for URLs

    try:
        opened: tuple[_FileSystem, str] = fsspec.core.url_to_fs(url)
        system, path = opened
        found = system.glob(path) if "*" in url else system.find(path)
    except (ImportError, ValueError, OSError) as error:
        raise _NothingThereError(f"cannot be listed: {_reason(error)}") from error
    named = sorted(name for name in found if "*" in url or name.endswith(_SUFFIXES))
    if not named:
        raise _NothingThereError("there is no such file")
    return [system.unstrip_protocol(name) for name in named]


@contextmanager
def _opened(location: str) -> Iterator[IO[bytes]]:
    if location == "-":
        yield _decompressed(sys.stdin.buffer)
        return
    with _raw(location) as raw:
        yield _decompressed(raw)


@contextmanager
def _raw(location: str) -> Iterator[IO[bytes]]:
    if "://" not in location:
        with Path(location).open("rb") as stream:
            yield stream
        return
    import fsspec  # noqa: PLC0415 - only for URLs

    try:
        opened = fsspec.open(location, "rb")
    except (ImportError, ValueError) as error:
        raise BadInputError([Problem(location, f"cannot be opened: {error}")]) from error
    with opened as stream:
        yield stream


def _decompressed(raw: IO[bytes]) -> IO[bytes]:
    stream = cast("io.BufferedReader", raw)
    if not hasattr(raw, "peek"):
        stream = io.BufferedReader(cast("io.RawIOBase", raw))
    head = stream.peek(len(_ZSTANDARD))
    if head.startswith(_GZIP):
        return cast("IO[bytes]", gzip.GzipFile(fileobj=stream))
    if head.startswith(_ZSTANDARD):
        return io.BufferedReader(_ZstandardStream(stream))
    return stream


class _ZstandardStream(io.RawIOBase):
    """Decompresses frames; unlike zstandard's own reader it tells a cut file from a whole one."""

    def __init__(self, packed: IO[bytes]) -> None:
        import zstandard  # noqa: PLC0415 - only for such files

        self._new_frame = zstandard.ZstdDecompressor().decompressobj
        self._error = zstandard.ZstdError
        self._packed = packed
        self._frame = self._new_frame()
        self._is_within = False
        self._plain = b""

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        """Fill the buffer as far as there is something.

        Raises:
            OSError: If the bytes are no frames of zstandard.
            EOFError: If the last frame is cut.
        """
        room = memoryview(buffer).cast("B")
        while not self._plain:
            packed = self._frame.unused_data or self._packed.read(_PACKED_BYTES)
            if self._frame.eof:
                self._frame, self._is_within = self._new_frame(), False
            if not packed:
                if self._is_within:
                    raise EOFError("it is cut within a frame of zstandard")
                return 0
            self._plain = self._unpacked(packed)
        taken = len(room[: len(self._plain)])
        room[:taken] = self._plain[:taken]
        self._plain = self._plain[taken:]
        return taken

    def _unpacked(self, packed: bytes) -> bytes:
        self._is_within = True
        try:
            return self._frame.decompress(packed)
        except self._error as error:
            raise OSError(str(error)) from error


def _reason(error: BaseException) -> str:
    """Return what an error says on one line; fsspec's are not formatted."""
    if isinstance(error, OSError) and error.strerror and "%" not in error.strerror:
        return error.strerror
    if isinstance(error, FileNotFoundError):
        return "there is no such file"
    return one_line(str(error)) or type(error).__name__
