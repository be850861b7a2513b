"""What a command line may name, packed or not, and what is said of what cannot be read."""

import gzip
import io
import sys
from pathlib import Path

import pytest
import zstandard

from gonogo.errors import BadInputError, Problem
from gonogo.exchanges import Exchange
from gonogo.sources.exchange_files import read_exchanges

LINE = b'{"id": "%d", "prompt": "q", "response": "a"}\n'
LINES = b"".join(LINE % number for number in range(500))


def read(*locations: Path | str) -> list[Exchange | Problem]:
    return list(read_exchanges([str(location) for location in locations]))


def zst(content: bytes) -> bytes:
    return zstandard.ZstdCompressor().compress(content)


@pytest.mark.parametrize(
    "content",
    [LINES, gzip.compress(LINES), zst(LINES), zst(LINES[:90]) + zst(LINES[90:])],
    ids=["plain", "gzip", "zst", "two zst frames"],
)
def test_first_bytes_say_how_it_is_packed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    path = tmp_path / "log"
    path.write_bytes(content)
    assert len(read(path)) == len(read(f"file://{path}")) == 500
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
    assert len(read("-")) == 500


def at_line_ends(content: bytes) -> bytes:
    """Pack so that all of the first part can be unpacked before the last bytes are there."""
    packer = zstandard.ZstdCompressor().compressobj()
    return packer.compress(content) + packer.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK)


@pytest.mark.parametrize(
    "content",
    [
        gzip.compress(LINES)[:-9],
        at_line_ends(LINES),
        zst(LINES)[:-9],
        gzip.compress(LINES)[:30] + b"\xff" * 40,
        b"\x28\xb5\x2f\xfd" + b"\xff" * 40,
    ],
    ids=["cut gzip", "cut zst at a block", "cut zst", "broken gzip", "broken zst"],
)
def test_what_is_cut_or_broken_is_told_after_what_could_be_read(
    tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "log"
    path.write_bytes(content)
    *_, last = read(path)
    assert isinstance(last, Problem)
    assert last.message.startswith("cannot be read to its end: ")


def test_a_folder_is_read_with_all_below_it_but_what_is_hidden(tmp_path: Path) -> None:
    names = ("2026/11/b.jsonl", "2026/a.ndjson", "c.jsonl.gz", ".gonogo/d.jsonl", "e.txt")
    for number, name in enumerate(names):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(gzip.compress(LINE % number) if name.endswith("gz") else LINE % number)
    found = read(tmp_path)
    assert [each.id for each in found if isinstance(each, Exchange)] == ["0", "1", "2"]


def test_a_url_may_stand_for_several_files(tmp_path: Path) -> None:
    for name in ("a.jsonl", "b.jsonl"):
        (tmp_path / name).write_bytes(LINE % 1)
    (tmp_path / "c.txt").write_bytes(b"x")
    assert len(read(f"file://{tmp_path}/*.jsonl")) == len(read(f"file://{tmp_path}/")) == 2


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("file:///nowhere/*.jsonl", "there is no such file"),
        ("nosuch://x/*", "cannot be listed: Protocol not known: nosuch"),
        ("nosuch://x", "cannot be opened: Protocol not known: nosuch"),
    ],
)
def test_a_url_of_nothing(url: str, message: str) -> None:
    with pytest.raises(BadInputError, match=message):
        read(url)


def test_a_url_of_a_file_that_is_not_there(tmp_path: Path) -> None:
    (found,) = read(f"file://{tmp_path}/none.jsonl")
    assert str(found).endswith("cannot be read to its end: No such file or directory")
