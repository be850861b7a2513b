"""Opens what a command line names: a file, a folder, an fsspec URL, or `-` for standard input.

Files that end in `.gz` or `.zst` are decompressed as they are read.
"""

import gzip
import io
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final, TypeVar, cast

from gonogo.errors import BadInputError, Problem
from gonogo.json_lines import read_records

_SUFFIXES: Final = (".jsonl", ".jsonl.gz", ".jsonl.zst", ".parquet")

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
        except (OSError, EOFError) as error:
            yield Problem(name, f"cannot be read to its end: {error}")


def expand_locations(locations: Iterable[str]) -> list[str]:
    """Return the files that locations name: a folder's are sorted, URLs stay as they are.

    Raises:
        BadInputError: With all locations that do not exist or hold nothing to read.
    """
    expanded: list[str] = []
    problems: list[Problem] = []
    for location in locations:
        if location == "-" or "://" in location:
            expanded.append(location)
            continue
        path = Path(location)
        if path.is_dir():
            found = sorted(str(p) for p in path.iterdir() if p.name.endswith(_SUFFIXES))
            if not found:
                problems.append(Problem(location, f"holds no file ending in {_SUFFIXES}"))
            expanded += found
        elif path.exists():
            expanded.append(location)
        else:
            problems.append(Problem(location, "there is no such file or folder"))
    if problems:
        raise BadInputError(problems)
    return expanded


@contextmanager
def _opened(location: str) -> Iterator[IO[bytes]]:
    if location == "-":
        yield sys.stdin.buffer
        return
    with _raw(location) as raw:
        yield _decompressed(raw, location)


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


def _decompressed(raw: IO[bytes], location: str) -> IO[bytes]:
    if location.endswith(".gz"):
        return cast("IO[bytes]", gzip.GzipFile(fileobj=raw))
    if location.endswith(".zst"):
        import zstandard  # noqa: PLC0415 - only for such files

        reader = zstandard.ZstdDecompressor().stream_reader(raw, read_across_frames=True)
        return io.BufferedReader(cast("io.RawIOBase", reader))
    return raw
