"""Files say themselves what they are: exchanges, traces, cassettes, and mixtures of lines."""

import gzip
import io
import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.errors import BadInputError, Problem
from gonogo.exchanges import Exchange, decode_exchange
from gonogo.recordings import load_recordings
from gonogo.recordings.appending import RecordingFile
from gonogo.recordings.attempts import Attempt, attempt_of
from gonogo.recordings.store import documents_of
from gonogo.sources.exchange_files import exchanges_in, read_exchanges
from gonogo.wires import Wire

FIXTURES = Path(__file__).parent / "fixtures"
TRACE = FIXTURES / "otel" / "sdk_content.jsonl"
CASSETTE = FIXTURES / "cassettes" / "pytest_recording.yaml"
OURS = b'{"id": "1", "prompt": "q", "response": "a"}\n'


def read(content: bytes) -> list[Exchange | Problem]:
    return list(exchanges_in(io.BytesIO(content), "f"))


def ids(content: bytes) -> list[str]:
    found = read(content)
    return [record.id[:5] if isinstance(record, Exchange) else str(record) for record in found]


def test_lines_of_exchanges_and_of_spans_may_be_mixed() -> None:
    trace = TRACE.read_bytes()
    assert ids(OURS + trace + b"\n" + OURS) == ["1", "otel_", "otel_", "otel_", "1"]
    assert ids(trace) == ["otel_"] * 3


def test_a_trace_over_many_lines() -> None:
    assert ids(json.dumps(json.loads(TRACE.read_bytes()), indent=2).encode()) == ["otel_"] * 3


def test_cassettes() -> None:
    assert [name[:4] for name in ids(CASSETTE.read_bytes())] == ["vcr_"] * 4


def test_a_cassette_in_json() -> None:
    interaction = {
        "request": {
            "method": "POST",
            "uri": "https://api.anthropic.com/v1/messages",
            "body": '{"messages": []}',
            "headers": {},
        },
        "response": {"status": {"code": 200}, "headers": {}, "body": {"string": '{"content": []}'}},
    }
    document = {"version": 1, "interactions": [interaction, 3]}
    broken, exchange = read(json.dumps(document, indent=4).encode())
    assert isinstance(exchange, Exchange)
    assert str(broken) == "f, interaction 2: is no object with `request` and `response`"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'{\n"id": "1"\n}', "f: is neither JSON Lines of exchanges"),
        (b"{\n", "f: is neither JSON Lines of exchanges"),
        (b"# hello\n- 1", "f: is older than vcrpy 1.0"),
        (b"interactions: 3", "f: is no cassette of vcrpy"),
        (b'{"id": "1"}', "f:1: Object missing required field `response`"),
        (b'{"resourceSpans": 3}', "f:1: field `resourceSpans`: Expected `array`, got `int`"),
    ],
)
def test_what_a_file_is_not_is_said_once(content: bytes, message: str) -> None:
    (found,) = read(content)
    assert message in str(found)


def test_a_document_is_bounded() -> None:
    stream = io.BytesIO(b"interactions:\n" + b"- x\n" * 100)
    (found,) = exchanges_in(stream, "f", max_document_bytes=100)
    assert "more than 100 bytes" in str(found)


def test_an_empty_file_holds_nothing() -> None:
    assert read(b"") == read(b"\n \n") == []


def test_files_may_be_compressed_and_must_exist(tmp_path: Path) -> None:
    path = tmp_path / "traces.jsonl.gz"
    path.write_bytes(gzip.compress(TRACE.read_bytes()))
    assert len(list(read_exchanges([str(path), str(CASSETTE)]))) == 7
    with pytest.raises(BadInputError, match="no such file"):
        list(read_exchanges([str(tmp_path / "none")]))


def test_check_scores_traces_and_cassettes_and_counts_failed_calls(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "gonogo", "check", "--format", "jsonl", str(TRACE)]
    checked = subprocess.run(
        [*command, str(CASSETTE)], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    cards = [json.loads(line) for line in checked.stdout.splitlines()]
    assert [card["id"][:4] for card in cards] == ["otel", "otel", "vcr_", "vcr_", "vcr_"]
    assert "2 failed calls" in checked.stderr
    assert checked.returncode == 0


@given(st.binary(max_size=100))
def test_no_bytes_break_it(noise: bytes) -> None:
    for content in (noise, b"{\n" + noise, b"# \n" + noise):
        for record in read(content):
            assert isinstance(record, Exchange | Problem)


def test_recordings_are_read_with_their_documents_and_without_other_calls(tmp_path: Path) -> None:
    path = tmp_path / "recordings.jsonl"
    document = "The sea is deep. " * 2000
    file = RecordingFile(path=path, documents=documents_of(path))
    exchange = decode_exchange(
        json.dumps({"id": "1", "prompt": f"{document} How deep?", "response": "Deep."}).encode()
    )
    file.append(attempt_of(exchange))
    count = Wire(path="/v1/messages/count_tokens", text='{"input_tokens": 9}')
    file.append(Attempt(id="2", path=count.path, body={}, status=200, wire=count))
    (read_back,) = read_exchanges([str(path)])
    assert isinstance(read_back, Exchange)
    assert document in read_back.request.prompt
    next(documents_of(path).iterdir()).unlink()
    (problem,) = read_exchanges([str(path)])
    assert isinstance(problem, Problem)
    assert problem.place == f"{path}:1"
    with pytest.raises(BadInputError, match=r"recordings.jsonl:1: .*documents"):
        load_recordings(path)
