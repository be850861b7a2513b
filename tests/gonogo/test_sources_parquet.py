"""Parquet: the columns of an exchange, from our own writer, from pandas, from other tools."""

import gzip
import io
import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gonogo.errors import Problem
from gonogo.exchanges import Exchange, decode_exchange
from gonogo.sources.exchange_files import exchanges_in, read_exchanges
from gonogo.sources.parquet import is_parquet, read_parquet, write_parquet
from gonogo.strategies import exchanges as any_exchange

AT = datetime(2026, 11, 24, 2, tzinfo=UTC)
REQUEST = {"model": "claude-sonnet-5-5", "messages": [{"role": "user", "content": "q"}]}
RESPONSE = {"model": "claude-sonnet-5-5", "content": [{"type": "text", "text": "a"}]}
FULL = {
    "id": "ex_01",
    "at": "2026-11-24T02:00:00Z",
    "domain": "code_generation",
    "request": REQUEST,
    "response": RESPONSE,
    "usage": {"input_tokens": 812, "output_tokens": 240, "cache_read_input_tokens": 0},
    "latency_seconds": 3.2,
    "attempts": 2,
    "status": 200,
    "streamed": True,
    "user": "u-17",
    "tags": {"prompt_version": "7"},
    "context": ["the sea is deep"],
}
FAILED = {
    "id": "ex_02",
    "prompt": "q",
    "response": None,
    "status": 529,
    "error": {"type": "overloaded_error", "message": "Overloaded"},
}


def exchange(record: object) -> Exchange:
    return decode_exchange(json.dumps(record).encode())


def parquet(columns: dict[str, Any], **options: Any) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(pa.table(columns), buffer, **options)
    return buffer.getvalue()


def read(content: bytes) -> list[Exchange | Problem]:
    return list(exchanges_in(io.BytesIO(content), "f.parquet"))


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "log.parquet"
    given_ = [exchange(FULL), exchange(FAILED)]
    assert write_parquet(given_, path) == 2
    assert list(read_exchanges([str(path)])) == given_
    assert [p.name for p in tmp_path.iterdir()] == ["log.parquet"]


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(any_exchange(), max_size=4))
def test_any_exchange_survives(
    tmp_path_factory: pytest.TempPathFactory, some: list[Exchange]
) -> None:
    path = tmp_path_factory.mktemp("p") / "log.parquet"
    write_parquet(some, path)
    assert list(read_exchanges([str(path)])) == some


def test_objects_may_be_structs_maps_or_text() -> None:
    tags = pa.array([[("prompt_version", "7")]], pa.map_(pa.string(), pa.string()))
    row: dict[str, Any] = {
        "id": ["ex_01"],
        "at": pa.array([AT], pa.timestamp("ns", "UTC")),
        "request": [REQUEST | {"system": None}],
        "response": [RESPONSE],
        "usage": [{"input_tokens": 812, "output_tokens": 240, "cache_read_input_tokens": None}],
        "tags": tags,
    }
    (found,) = read(parquet(row))
    assert isinstance(found, Exchange)
    assert (found.at, found.tags) == (AT, {"prompt_version": "7"})
    assert found.request.body == REQUEST
    assert found.usage is not None
    assert found.usage.body == {"input_tokens": 812, "output_tokens": 240}
    as_text = {k: [json.dumps(FULL[k])] for k in ("request", "response", "usage", "tags")}
    (text,) = read(parquet({"id": ["ex_01"], "at": [FULL["at"]], **as_text}))
    assert isinstance(text, Exchange)
    assert text.response == found.response


def test_a_frame_of_pandas_with_missing_counts_and_an_index() -> None:
    frame = pd.DataFrame(
        {
            "id": ["1", "2"],
            "prompt": ["q", "q"],
            "response": ['{"answer": 42}', None],
            "status": [float("nan"), 529],
            "attempts": [None, 3],
        },
        index=[7, 9],
    )
    buffer = io.BytesIO()
    frame.to_parquet(buffer)
    first, second = read(buffer.getvalue())
    assert isinstance(first, Exchange)
    assert isinstance(second, Exchange)
    assert first.response is not None
    assert first.response.text == '{"answer": 42}'
    assert (first.status, first.attempts) == (None, 1)
    assert (second.response, second.status, second.attempts) == (None, 529, 3)


def test_a_bad_row_costs_only_itself_and_says_where() -> None:
    found = read(
        parquet(
            {
                "id": ["1", " ", "3", "4", "5", "6"],
                "request": [
                    json.dumps(REQUEST),
                    json.dumps(REQUEST),
                    "{",
                    "[]",
                    None,
                    json.dumps(REQUEST),
                ],
                "response": ["a", "a", "a", "a", "a", None],
                "usage": [None, None, None, None, None, '{"input_tokens": -1}'],
            }
        )
    )
    assert isinstance(found[0], Exchange)
    assert [str(problem) for problem in found[1:]] == [
        "f.parquet, row 2: field `id`: Expected `str` matching regex '\\\\S'",
        "f.parquet, row 3: field `request`: Input data was truncated",
        "f.parquet, row 4: field `request`: Expected `object`, got `array`",
        "f.parquet, row 5: exactly one of `request` and `prompt` must be given",
        "f.parquet, row 6: `response` is null: `status` or `error` must say how the call failed",
    ]


def test_text_in_an_object_cannot_add_fields() -> None:
    (found,) = read(
        parquet({"id": ["1"], "request": ['{"messages": []}, "user": "eve"'], "response": ["a"]})
    )
    assert isinstance(found, Problem)
    assert "field `request`" in found.message


def test_a_time_without_a_zone_is_refused() -> None:
    naive = pa.array([datetime(2026, 1, 1)], pa.timestamp("us"))  # noqa: DTZ001 - what is tested
    (found,) = read(parquet({"id": ["1"], "prompt": ["q"], "response": ["a"], "at": naive}))
    assert isinstance(found, Problem)
    assert "timezone" in found.message


def test_a_value_that_python_does_not_have_costs_only_its_row() -> None:
    far = pa.array([0, 2**60, 1], pa.timestamp("us", "UTC"))
    bad_text = pa.array([b"1", b"2", b"\xff"]).view(pa.string())
    found = read(parquet({"id": bad_text, "prompt": ["q"] * 3, "response": ["a"] * 3, "at": far}))
    assert isinstance(found[0], Exchange)
    assert [str(problem)[:33] for problem in found[1:]] == [
        "f.parquet, row 2: cannot be read:",
        "f.parquet, row 3: cannot be read:",
    ]


def test_unknown_columns_are_said_once() -> None:
    columns = {"id": ["1", "2"], "prompt": ["q", "q"], "response": ["a", "a"], "colour": [1, 2]}
    (found,) = read(parquet(columns))
    assert str(found) == "f.parquet: has columns that no exchange has: colour"


def test_a_broken_row_group_costs_only_itself() -> None:
    size = 40
    content = bytearray(
        parquet(
            {
                "id": [str(n) for n in range(size)],
                "prompt": ["q" * 500 + str(n) for n in range(size)],
                "response": ["a"] * size,
            },
            row_group_size=10,
            use_dictionary=False,
            compression="gzip",
        )
    )
    group = pq.ParquetFile(io.BytesIO(bytes(content))).metadata.row_group(1).column(1)
    start = group.data_page_offset
    content[start + 30 : start + group.total_compressed_size] = b"\xff" * (
        group.total_compressed_size - 30
    )
    found = read(bytes(content))
    problems = [record for record in found if isinstance(record, Problem)]
    assert [problem.place for problem in problems] == ["f.parquet, rows 11 to 20"]
    ids = [record.id for record in found if isinstance(record, Exchange)]
    assert ids == [str(n) for n in range(size) if not 10 <= n < 20]


@pytest.mark.parametrize("cut", [4, 10, 100])
def test_a_file_that_was_cut_is_one_problem(cut: int) -> None:
    content = parquet({"id": ["1"], "prompt": ["q"], "response": ["a"]})
    (found,) = read(content[:-cut])
    assert "is no Parquet file that can be read" in str(found)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_no_bytes_break_it(data: st.DataObject) -> None:
    content = bytearray(parquet({"id": ["1"], "prompt": ["q"], "response": ["a"]}))
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(4, len(content) - 1))] = data.draw(st.integers(0, 255))
    for record in read(bytes(content)):
        assert isinstance(record, Exchange | Problem)


def test_packed_files_folders_and_standard_input(tmp_path: Path) -> None:
    path = tmp_path / "b.parquet"
    write_parquet([exchange(FULL)], path)
    (tmp_path / "a.jsonl").write_text(json.dumps(FAILED))
    assert [e.id for e in read_exchanges([str(tmp_path)]) if isinstance(e, Exchange)] == [
        "ex_02",
        "ex_01",
    ]
    gz, zst = tmp_path / "b.parquet.gz", tmp_path / "b.parquet.zst"
    gz.write_bytes(gzip.compress(path.read_bytes()))
    zst.write_bytes(zstandard.compress(path.read_bytes()))
    for packed in (gz, zst):
        assert list(read_exchanges([str(packed)])) == [exchange(FULL)]
    command = [sys.executable, "-m", "gonogo", "check", "--format", "jsonl", "-"]
    with path.open("rb") as stdin:
        checked = subprocess.run(
            command, cwd=tmp_path, stdin=stdin, capture_output=True, text=True, check=False
        )
    assert json.loads(checked.stdout)["id"] == "ex_01", checked.stderr


def test_other_streams_are_not_taken_for_parquet() -> None:
    class Pipe(io.RawIOBase):
        def readable(self) -> bool:
            return True

    assert not is_parquet(io.BytesIO(b"PAR"))
    assert not is_parquet(io.BytesIO(b""))
    assert not is_parquet(io.BufferedReader(io.BytesIO(b'{"id"')))  # type: ignore[arg-type]
    stream = io.BytesIO(b"PAR1...")
    assert is_parquet(stream)
    assert stream.tell() == 0
    assert not is_parquet(Pipe())  # type: ignore[arg-type]


def test_rows_are_read_as_they_are_asked_for() -> None:
    content = parquet(
        {"id": [str(n) for n in range(5000)], "prompt": ["q"] * 5000, "response": ["a"] * 5000}
    )
    rows = read_parquet(io.BytesIO(content), "f")
    first = next(rows)
    assert isinstance(first, Exchange)
    assert first.id == "0"
    rows.close()  # type: ignore[attr-defined]
