"""Reads exchanges from whatever holds them: JSON Lines or Parquet, traces of the SDK, cassettes.

The first bytes of a file, and of each line, say what it is; names and settings do not.
"""

from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import IO, Final

import msgspec

from gonogo.errors import BadInputError, Problem
from gonogo.exchanges import Exchange
from gonogo.json_lines import decode_record, read_lines
from gonogo.recordings.attempts import decode_attempt
from gonogo.recordings.store import documents_of, with_documents
from gonogo.sources.cassettes import MOST_CASSETTE_BYTES, parse_cassette
from gonogo.sources.locations import read_files
from gonogo.sources.otel import read_otlp
from gonogo.sources.parquet import is_parquet, read_parquet
from gonogo.sources.spans import is_trace

_REFERENCE: Final = b"gonogo_sha256"
"""Stands in every line of which parts are stored apart, escaped or not."""

_YAML: Final = (b"interactions:", b"version:", b"---", b"#")


def read_exchanges(locations: Iterable[str]) -> Iterator[Exchange | Problem]:
    """Yield the exchanges of all locations in order, or the problem that stands in one's place.

    Args:
        locations: See `gonogo.sources.locations.read_files`.

    Raises:
        BadInputError: Before anything is read, if a location does not exist or a folder holds no
            file to read.
    """
    return read_files(locations, exchanges_in)


def exchanges_in(
    stream: IO[bytes], name: str, *, max_document_bytes: int = MOST_CASSETTE_BYTES
) -> Iterator[Exchange | Problem]:
    """Yield the exchanges of one file; its lines are read as they are asked for.

    Args:
        stream: Bytes, uncompressed.
        name: What the file is called in problems.
        max_document_bytes: The largest file that is read as one document of many lines.
    """
    if is_parquet(stream):
        yield from read_parquet(stream, name)
        return
    lines = read_lines(stream, name)
    first = next(lines, None)
    if first is None:
        return
    if isinstance(first, tuple) and _begins_document(first[1]):
        content = first[1] + b"\n" + stream.read(max_document_bytes)
        if len(content) > max_document_bytes:
            yield Problem(
                name, f"is one document of more than {max_document_bytes} bytes: split it"
            )
        else:
            yield from _document_in(content, name)
        return
    documents = documents_of(Path(name))
    for line in chain([first], lines):
        if isinstance(line, Problem):
            yield line
        elif is_trace(line[1]):
            yield from read_otlp(line[1], line[0])
        else:
            yield from _ours(line[1], line[0], documents)


def _ours(line: bytes, place: str, documents: Path) -> Iterator[Exchange | Problem]:
    """Yield the exchange of a line; a recorded call that is none, such as a count, is left out."""
    attempt = decode_record(line, decode_attempt, place)
    if isinstance(attempt, Problem):
        yield attempt
        return
    if _REFERENCE not in line:
        if attempt.exchange is not None:
            yield attempt.exchange
        return
    try:
        exchange = with_documents(attempt, documents).exchange
    except BadInputError as error:
        yield from (Problem(place, str(problem)) for problem in error.problems)
        return
    if exchange is not None:
        yield exchange


def _begins_document(line: bytes) -> bool:
    """Return whether a file is one document over many lines: no line of ours begins like this."""
    return line.strip() == b"{" or line.startswith(_YAML)


def _document_in(content: bytes, name: str) -> Iterator[Exchange | Problem]:
    if is_trace(content):
        yield from read_otlp(content, name)
    elif _is_cassette(content):
        yield from _of_cassette(content, name)
    else:
        yield Problem(
            name,
            "is neither JSON Lines of exchanges (one object a line), nor a trace, nor a cassette",
        )


class _CassetteKeys(msgspec.Struct):
    interactions: msgspec.Raw


def _is_cassette(content: bytes) -> bool:
    if not content.startswith(b"{"):
        return True
    try:
        msgspec.json.decode(content, type=_CassetteKeys)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    return True


def _of_cassette(content: bytes, name: str) -> Iterator[Exchange | Problem]:
    try:
        cassette = parse_cassette(content, name)
    except BadInputError as error:
        yield from error.problems
        return
    yield from cassette.problems
    yield from cassette.exchanges
