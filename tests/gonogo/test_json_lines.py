"""Bad input: one clear error with file, line and field, and nothing half-read."""

import gzip
from pathlib import Path

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from gonogo.cases import decode_case
from gonogo.errors import BadInputError, Problem
from gonogo.exchanges import Exchange, decode_exchange
from gonogo.json_lines import canonical_json, decode_record, load_records, write_atomically
from gonogo.sources.locations import read_locations

GOOD = b'{"id": "1", "prompt": "hello", "response": "hi"}'


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b'{"id": "1", "prompt": "x", "response": "y", "colour": 1}', "unknown field `colour`"),
        (b'{"id": "1", "prompt": "x", "response": 3}', "field `response`"),
        (b'{"id": "1", "prompt": "x", "latency_seconds": "2", "response": "y"}', "`latency_sec"),
        (b'{"id": "1", "prompt": "x", "latency_seconds": NaN, "response": "y"}', "malformed"),
        (b'{"id": "1", "prompt": "x", "latency_seconds": -1, "response": "y"}', ">= 0"),
        (b'{"id": "1", "prompt": "x", "respon', "truncated"),
        (b'{"id": "1", "prompt": "\xff", "response": "y"}', "0xff is not UTF-8"),
        (b'{"id": " ", "prompt": "x", "response": "y"}', "field `id`"),
        (b'{"id": "1", "response": "y"}', "`request` and `prompt`"),
        (b'{"id": "1", "prompt": "x", "request": {"messages": []}, "response": "y"}', "exactly one"),
        (b'{"id": "1", "prompt": "x", "response": null}', "how the call failed"),
        (b'{"id": "1", "prompt": "x"}', "`response`"),
        (b'{"id": "1", "request": {}, "response": "y"}', "request.messages"),
        (b'{"id": "1", "prompt": "x", "response": {}}', "response.content"),
        (b'{"id": "1", "at": "2026-01-01T00:00:00", "prompt": "x", "response": "y"}', "timezone"),
        (b'{"id": "1", "prompt": "x", "response": "y", "usage": {"input_tokens": 1.5}}', "count of"),
        (b"[" * 100_000, ""),
        (b"17", ""),
    ],
)  # fmt: skip
def test_bad_exchange_says_what_and_where(line: bytes, said: str) -> None:
    problem = decode_record(line, decode_exchange, "log.jsonl:7")
    assert isinstance(problem, Problem)
    assert problem.place == "log.jsonl:7"
    assert said in problem.message


@given(st.binary(max_size=80))
def test_any_bytes_are_a_record_or_a_problem(line: bytes) -> None:
    record = decode_record(line, decode_exchange, "x:1")
    assert isinstance(record, Exchange | Problem)


@given(st.integers(1, len(GOOD) - 1))
def test_a_cut_line_is_never_a_record(cut: int) -> None:
    assert isinstance(decode_record(GOOD[:cut], decode_exchange, "x:1"), Problem)


def test_all_problems_of_a_file_in_one_pass(tmp_path: Path) -> None:
    path = tmp_path / "cases.jsonl"
    path.write_bytes(
        b'{"id": "a", "prompt": "x"}\n{"id": 1}\n\n{"id": "b"}\n{"id": "c", "no": 1}\n'
    )
    with pytest.raises(BadInputError) as caught:
        load_records(path, decode_case)
    assert [problem.place for problem in caught.value.problems] == [
        f"{path}:2",
        f"{path}:4",
        f"{path}:5",
    ]


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match=r"nowhere\.jsonl: cannot be read"):
        load_records(tmp_path / "nowhere.jsonl", decode_case)


@pytest.mark.parametrize("suffix", ["", ".gz", ".zst"])
def test_reads_plain_and_compressed_files(tmp_path: Path, suffix: str) -> None:
    content = GOOD + b"\n" + GOOD.replace(b'"1"', b'"2"') + b"\n"
    packed = {"": bytes, ".gz": gzip.compress, ".zst": zstandard.compress}[suffix](content)
    path = tmp_path / f"log.jsonl{suffix}"
    path.write_bytes(packed)
    records = list(read_locations([str(tmp_path)], decode_exchange))
    assert [record.id for record in records if isinstance(record, Exchange)] == ["1", "2"]


def test_truncated_archive_keeps_what_came_before(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl.gz"
    lines = b"".join(GOOD.replace(b'"1"', b'"%d"' % n) + b"\n" for n in range(2000))
    path.write_bytes(gzip.compress(lines)[:-2000])
    records = list(read_locations([str(path)], decode_exchange))
    assert isinstance(records[0], Exchange)
    assert isinstance(records[-1], Problem)


def test_reads_urls(tmp_path: Path) -> None:
    (tmp_path / "log.jsonl").write_bytes(GOOD + b"\n")
    (record,) = read_locations([f"file://{tmp_path}/log.jsonl"], decode_exchange)
    assert isinstance(record, Exchange)


def test_empty_folder_and_missing_file_are_both_named(tmp_path: Path) -> None:
    with pytest.raises(BadInputError) as caught:
        list(read_locations([str(tmp_path), str(tmp_path / "no.jsonl")], decode_exchange))
    assert len(caught.value.problems) == 2


def test_reading_is_lazy(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    with path.open("wb") as stream:
        for _ in range(50_000):
            stream.write(GOOD + b"\n")
    records = read_locations([str(path)], decode_exchange)
    assert isinstance(next(records), Exchange)
    path.write_bytes(b"")
    assert sum(1 for _ in records) < 50_000


def test_canonical_json_ignores_order_and_number_notation() -> None:
    assert canonical_json({"b": 1.0, "a": [2.50]}) == canonical_json({"a": [2.5], "b": 1})


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "baseline.jsonl"
    path.write_bytes(b"old")

    def chunks():  # type: ignore[no-untyped-def]  # raises
        yield b"new"
        raise RuntimeError("disk gone")

    with pytest.raises(RuntimeError):
        write_atomically(path, chunks())
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["baseline.jsonl"]
