"""Reads JSON Lines strictly and as a stream, and writes canonical lines atomically.

A record is decoded whole or not at all; what is wrong is said with file, line and field.
"""

import io
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO, Final, TypeAlias, TypeVar

import msgspec

from gonogo.errors import BadInputError, Problem
from gonogo_checkers.output import JsonValue

JsonObject: TypeAlias = dict[str, JsonValue]


MAX_LINE_BYTES: Final = 256 * 1024 * 1024
"""A longer line is refused: no request of the API comes near, and memory is bounded by it."""

T = TypeVar("T")

_ENCODER: Final = msgspec.json.Encoder(order="deterministic", decimal_format="number")


def decode_record(line: bytes, decode: Callable[[bytes], T], place: str) -> T | Problem:
    """Decode one line.

    Args:
        line: The bytes of one record.
        decode: Decoder of the record's type; raises what msgspec raises, or ValueError.
        place: File and line, for the problem.

    Returns:
        The record, or what is wrong with it.
    """
    try:
        return decode(line)
    except UnicodeDecodeError as error:
        return Problem(
            place, f"byte {error.object[error.start]:#04x} is not UTF-8: save the file as UTF-8"
        )
    except RecursionError:
        return Problem(place, "the JSON is nested too deeply")
    except msgspec.ValidationError as error:
        return Problem(place, _with_field(str(error)))
    except (msgspec.DecodeError, ValueError) as error:
        return Problem(place, str(error))


def read_lines(stream: IO[bytes], name: str) -> Iterator[tuple[str, bytes] | Problem]:
    """Yield the place and the bytes of each line that is not blank, or a line's problem."""
    number = 0
    while line := stream.readline(MAX_LINE_BYTES + 1):
        number += 1
        if len(line) > MAX_LINE_BYTES:
            yield Problem(f"{name}:{number}", f"the line is longer than {MAX_LINE_BYTES} bytes")
            return
        if line.strip():
            yield f"{name}:{number}", line.rstrip(b"\r\n")


def read_records(
    stream: IO[bytes], name: str, decode: Callable[[bytes], T]
) -> Iterator[T | Problem]:
    """Yield each record of a stream, or the problem that stands in its place.

    Memory is bounded by the longest line.

    Args:
        stream: Bytes, uncompressed.
        name: What the stream is called in problems.
        decode: See `decode_record`.
    """
    for line in read_lines(stream, name):
        yield line if isinstance(line, Problem) else decode_record(line[1], decode, line[0])


def load_records(path: Path, decode: Callable[[bytes], T]) -> list[tuple[str, T]]:
    """Read a whole file of records, each with its place (`file:line`).

    Raises:
        BadInputError: With all problems of the file, if there are any.
    """
    records: list[tuple[str, T]] = []
    problems: list[Problem] = []
    try:
        stream = path.open("rb")
    except OSError as error:
        raise BadInputError([Problem(str(path), f"cannot be read: {error.strerror}")]) from error
    with stream:
        for line in read_lines(stream, str(path)):
            record = line if isinstance(line, Problem) else decode_record(line[1], decode, line[0])
            if isinstance(record, Problem):
                problems.append(record)
            else:
                records.append((line[0] if isinstance(line, tuple) else str(path), record))
    if problems:
        raise BadInputError(problems)
    return records


def canonical_json(value: object) -> bytes:
    """Return the one way to write a value: sorted keys, no white space, UTF-8.

    Numbers that are equal are written alike: `1.0` as `1`, so that a fingerprint does not depend
    on how a client wrote a number.
    """
    return _ENCODER.encode(_with_equal_numbers(value))


def encode_line(value: object) -> bytes:
    """Return a record as one line, its fields in the order of their definition."""
    return msgspec.json.Encoder(decimal_format="number").encode(value) + b"\n"


def write_atomically(path: Path, chunks: Iterable[bytes]) -> None:
    """Write a file whole or not at all: temporary file in its folder, fsync, rename."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    temporary = Path(name)
    try:
        with io.open(descriptor, "wb") as stream:  # noqa: UP020 - a descriptor, not a path
            stream.writelines(chunks)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.chmod(0o644)
        temporary.replace(path)
    except BaseException:  # Ctrl-C, too, must leave no temporary file behind
        temporary.unlink(missing_ok=True)
        raise


def _with_equal_numbers(value: object) -> object:
    if isinstance(value, dict):
        return {key: _with_equal_numbers(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_with_equal_numbers(item) for item in value]
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    return value


def _with_field(message: str) -> str:
    what, separator, path = message.partition(" - at `")
    return f"field `{path.removeprefix('$.')}: {what}" if separator else what
