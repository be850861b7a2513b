"""Reads and writes exchanges as Parquet: the fields of an exchange as columns.

Memory is bounded by a few megabytes of rows, whatever the size of the file and of its row groups.
"""

import math
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from gzip import GzipFile
from itertools import islice
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final, TypeAlias, cast

import msgspec

from gonogo.errors import BadInputError, Problem
from gonogo.exchanges import Exchange, decode_exchange, encode_exchange
from gonogo.json_lines import JsonObject, decode_record
from gonogo_checkers.output import JsonValue

if TYPE_CHECKING:
    import pyarrow
    from pyarrow.parquet import ParquetFile

MAGIC: Final = b"PAR1"
"""The first bytes of every file; no line of JSON begins so."""

_OBJECTS: Final = ("request", "usage", "error", "tags", "wire")
"""Columns that hold an object: as JSON text, as a struct or as a map."""

_LISTS: Final = ("context",)
_COUNTS: Final = ("attempts", "status")
_TEXTS: Final = ("id", "domain", "model", "prompt", "user", "department", "region", "session")
_COLUMNS: Final = (
    *_TEXTS,
    *("at", "request", "response", "usage", "latency_seconds", "ttft_seconds", "attempts"),
    *("status", "error", "streamed", "tags", "context", "language", "wire"),
)
_BATCH_BYTES: Final = 4 * 1024 * 1024
_MOST_ROWS: Final = 1024
_BUFFER_BYTES: Final = 256 * 1024
_ROWS_WRITTEN: Final = 256
_IN_MEMORY: Final = 8 * 1024 * 1024

_Cell: TypeAlias = JsonValue | datetime | Decimal | bytes
_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")


def is_parquet(stream: IO[bytes]) -> bool:
    """Tell by its first bytes whether a stream is Parquet; none of it is taken away."""
    peek = getattr(stream, "peek", None)
    if peek is not None:
        head: bytes = peek(len(MAGIC))[: len(MAGIC)]
        return bool(head) and MAGIC.startswith(head)
    if not stream.seekable():
        return False
    start = stream.tell()
    head = stream.read(len(MAGIC))
    stream.seek(start)
    return head == MAGIC


def read_parquet(stream: IO[bytes], name: str) -> Iterator[Exchange | Problem]:
    """Yield the exchange of each row, or the problem that stands in its place.

    A row that is wrong costs only itself, a row group that is broken only what is left of it.

    Args:
        stream: The file; what cannot be read from its end goes through a temporary file first.
        name: What the file is called in problems: `log.parquet, row 17`.
    """
    import pyarrow  # noqa: PLC0415 - 60 ms, only for such files

    with _seekable(stream) as source:
        try:
            file = _opened(source)
            unknown = _unknown_columns(file.schema_arrow)
        except (pyarrow.ArrowException, OSError, ValueError) as error:
            yield Problem(name, f"is no Parquet file that can be read: {_first_line(error)}")
            return
        if unknown:
            yield Problem(name, f"has columns that no exchange has: {', '.join(unknown)}")
            return
        yield from _rows_of(file, name)


def write_parquet(exchanges: Iterable[Exchange], path: Path) -> int:
    """Write exchanges with request, response, usage, error, tags and wire as JSON text.

    The file appears whole or not at all. Returns how many were written.
    """
    import pyarrow  # noqa: PLC0415 - 60 ms, only for such files
    from pyarrow.parquet import ParquetWriter  # noqa: PLC0415 - likewise

    schema, written = _schema(), 0
    temporary = path.with_name(f".{path.name}.part")
    try:
        with ParquetWriter(temporary, schema, compression="zstd") as writer:
            left = iter(exchanges)
            while rows := [_row_of(exchange) for exchange in islice(left, _ROWS_WRITTEN)]:
                writer.write_table(pyarrow.Table.from_pylist(rows, schema=schema))
                written += len(rows)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    return written


@contextmanager
def _seekable(stream: IO[bytes]) -> Iterator[IO[bytes]]:
    """Give a stream that can be read from its end; one that is unpacked on the fly cannot."""
    if stream.seekable() and not isinstance(stream, GzipFile):
        yield stream
        return
    with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as spooled:
        shutil.copyfileobj(stream, spooled)
        spooled.seek(0)
        yield spooled


def _opened(source: IO[bytes]) -> "ParquetFile":
    from pyarrow.parquet import ParquetFile  # noqa: PLC0415 - only for such files

    return ParquetFile(source, pre_buffer=False, buffer_size=_BUFFER_BYTES)


def _unknown_columns(schema: "pyarrow.Schema") -> list[str]:
    """Return columns that are none of ours; pandas' own, `__index_level_0__`, are passed over."""
    return sorted({name for name in schema.names if name not in _COLUMNS and name[:2] != "__"})


def _rows_of(file: "ParquetFile", name: str) -> Iterator[Exchange | Problem]:
    import pyarrow  # noqa: PLC0415 - only for such files

    columns = [column for column in file.schema_arrow.names if column in _COLUMNS]
    first = 0
    for group in range(file.metadata.num_row_groups):
        described = file.metadata.row_group(group)
        number = first
        try:
            for row in _cells_in(file, group, columns):
                number += 1
                place = f"{name}, row {number}"
                yield Problem(place, row) if isinstance(row, str) else _exchange_in(row, place)
        except (pyarrow.ArrowException, OSError, ValueError) as error:
            last = first + described.num_rows
            yield Problem(
                f"{name}, rows {number + 1} to {last}", f"cannot be read: {_first_line(error)}"
            )
        first += described.num_rows


_Row: TypeAlias = dict[str, _Cell]


def _cells_in(file: "ParquetFile", group: int, columns: list[str]) -> Iterator[_Row | str]:
    """Yield the cells of each row of a row group, or what is wrong with them."""
    described = file.metadata.row_group(group)
    size = max(described.total_byte_size // max(described.num_rows, 1), 1)
    rows = min(max(_BATCH_BYTES // size, 1), _MOST_ROWS)
    for batch in file.iter_batches(
        batch_size=rows, row_groups=[group], columns=columns, use_threads=False
    ):
        yield from _as_python(_in_microseconds(batch))


def _as_python(batch: "pyarrow.RecordBatch") -> Iterator[_Row | str]:
    """Turn rows into Python's values; where one cannot be, such as a year 12000, row by row."""
    try:
        yield from batch.to_pylist()
    except (ValueError, OverflowError):
        for place in range(batch.num_rows):
            try:
                yield from batch.slice(place, 1).to_pylist()
            except (ValueError, OverflowError) as error:
                yield f"cannot be read: {_first_line(error)}"


def _in_microseconds(batch: "pyarrow.RecordBatch") -> "pyarrow.RecordBatch":
    """Round times in nanoseconds down: Python's have none."""
    import pyarrow  # noqa: PLC0415 - only for such files

    place = batch.schema.get_field_index("at")
    if place < 0:
        return batch
    kind = batch.schema.field(place).type
    if not pyarrow.types.is_timestamp(kind) or kind.unit != "ns":
        return batch
    rounded = batch.column(place).cast(pyarrow.timestamp("us", kind.tz), safe=False)
    return batch.set_column(place, "at", rounded)


def _exchange_in(cells: dict[str, _Cell], place: str) -> Exchange | Problem:
    try:
        row = {name: _value_of(name, cell) for name, cell in cells.items() if cell is not None}
        if "response" in cells:
            row.setdefault("response", None)
        line = _ENCODER.encode(row)
    except BadInputError as error:
        return Problem(place, error.problems[0].message)
    except (ValueError, TypeError, RecursionError) as error:
        return Problem(place, _first_line(error))
    return decode_record(line, decode_exchange, place)


def _value_of(name: str, cell: _Cell) -> object:
    if isinstance(cell, float) and name in _COUNTS and cell.is_integer():
        return int(cell)  # pandas makes floats of counts as soon as one is missing
    if isinstance(cell, float) and not math.isfinite(cell):
        raise _bad(name, f"expected a number, got {cell}")
    if isinstance(cell, bytes):
        cell = cell.decode()
    if name == "response":
        return _response_of(cell)
    if name in _OBJECTS:
        return _object_of(name, cell)
    if name in _LISTS and isinstance(cell, str):
        return _decoded(name, cell, list[str])
    return cell


def _response_of(cell: _Cell) -> object:
    """Return the body; a text that is no JSON of a body is what was answered."""
    if not isinstance(cell, str):
        return _without_nulls(cell)
    if cell.lstrip().startswith("{"):
        try:
            body = msgspec.json.decode(cell, type=JsonObject)
        except (msgspec.DecodeError, RecursionError):
            return cell
        if isinstance(body.get("content"), list):
            return body
    return cell


def _object_of(name: str, cell: _Cell) -> object:
    if isinstance(cell, str):
        return _decoded(name, cell, JsonObject)
    if isinstance(cell, list):  # Arrow's maps are lists of pairs
        return dict(cast("list[tuple[str, str]]", cell))
    return _without_nulls(cell)


def _decoded(name: str, text: str, type_: object) -> object:
    try:
        return msgspec.json.decode(text, type=type_)
    except msgspec.DecodeError as error:
        raise _bad(name, str(error)) from error


def _bad(name: str, message: str) -> BadInputError:
    return BadInputError([Problem(name, f"field `{name}`: {message}")])


def _without_nulls(value: _Cell) -> object:
    """Leave out of structs what is null: a struct has all fields that any row has."""
    if isinstance(value, dict):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_without_nulls(item) for item in value]
    return value


def _row_of(exchange: Exchange) -> dict[str, _Cell]:
    row: dict[str, _Cell] = msgspec.json.decode(encode_exchange(exchange))
    for name in ("response", *_OBJECTS):
        if row.get(name) is not None:
            row[name] = msgspec.json.encode(row[name]).decode()
    row["at"] = exchange.at
    return row


def _schema() -> "pyarrow.Schema":
    import pyarrow  # noqa: PLC0415 - only for such files

    kinds = {
        "at": pyarrow.timestamp("us", "UTC"),
        "latency_seconds": pyarrow.float64(),
        "ttft_seconds": pyarrow.float64(),
        "attempts": pyarrow.int64(),
        "status": pyarrow.int64(),
        "streamed": pyarrow.bool_(),
        "context": pyarrow.list_(pyarrow.string()),
    }
    names = [name for name in _COLUMNS if name != "prompt"]
    return pyarrow.schema([(name, kinds.get(name, pyarrow.string())) for name in names])


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:300]
