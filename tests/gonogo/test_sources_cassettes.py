"""Cassettes of vcrpy and pytest-recording become exchanges: made by the real tool, and by hand."""

import base64
import contextlib
import gzip
import json
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anthropic
import pytest
import vcr  # type: ignore[import-untyped]  # ships no types
import yaml
import zstandard
from hypothesis import given
from hypothesis import strategies as st
from standin import Answer, CutStream, StandIn, StreamError, Text, Thinking, ToolUse
from standin import overloaded as busy
from vcr.serializers import yamlserializer  # type: ignore[import-untyped]  # as above

from gonogo.claude.capturing import Capture
from gonogo.errors import BadInputError
from gonogo.exchanges import CallError, Exchange, decode_exchange, encode_exchange
from gonogo.recordings import Book, Tape, load_recordings
from gonogo.sources.cassette_documents import interactions_in
from gonogo.sources.cassettes import Cassette, parse_cassette, read_cassette
from gonogo.sources.content_encodings import MOST_BYTES

RECORDED = Path(__file__).parent / "fixtures" / "cassettes" / "pytest_recording.yaml"
ASK: dict[str, Any] = {
    "model": "claude-sonnet-5-5",
    "max_tokens": 200,
    "messages": [{"role": "user", "content": "Where is my refund? – ü 漢字"}],
}
MESSAGE: dict[str, Any] = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "claude-sonnet-5-5",
    "content": [{"type": "text", "text": "On its way – ü"}],
    "stop_reason": "end_turn",
    "usage": {"input_tokens": 9, "output_tokens": 4},
}
COMPACT = json.dumps(MESSAGE, separators=(",", ":"), ensure_ascii=False)
JSON_VALUES = st.recursive(
    st.none() | st.integers(0, 10**9 - 1) | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
URI = "https://api.anthropic.com/v1/messages"


def interaction(**changes: Any) -> dict[str, Any]:
    """Return an interaction as vcrpy writes it, with changes by dotted name."""
    made: dict[str, Any] = {
        "request": {
            "method": "POST",
            "uri": URI,
            "body": json.dumps(ASK),
            "headers": {"Authorization": ["Bearer made-up-key"]},
        },
        "response": {
            "status": {"code": 200, "message": "OK"},
            "headers": {"Content-Type": ["application/json"]},
            "body": {"string": COMPACT},
        },
    }
    for name, value in changes.items():
        place = made
        *path, last = name.split("__")
        for key in path:
            place = place[key]
        place[last] = value
    return made


def cassette(*interactions: Any) -> Cassette:
    content = yaml.safe_dump({"interactions": list(interactions), "version": 1})
    return parse_cassette(content.encode(), "c.yaml")


def only(*interactions: Any) -> Exchange:
    read = cassette(*interactions)
    assert read.problems == ()
    assert len(read.exchanges) == 1
    return read.exchanges[0]


def problem(*interactions: Any) -> str:
    read = cassette(*interactions)
    assert read.exchanges == ()
    (found,) = read.problems
    assert found.place == "c.yaml, interaction 1"
    return found.message


def answered(exchange: Exchange) -> Any:
    assert exchange.response is not None
    return exchange.response.body


def body_of(exchange: Exchange) -> bytes:
    assert exchange.wire is not None
    body = exchange.wire.body()
    return (
        json.dumps(answered(exchange), separators=(",", ":"), ensure_ascii=False).encode()
        if body is None
        else body
    )


# --- the real tools ----------------------------------------------------------------------------


def record(
    path: Path,
    use: Callable[[StandIn, anthropic.Anthropic], None],
    *,
    serializer: str,
    **options: Any,
) -> Cassette:
    compression = options.pop("compression", "none")
    tape = vcr.VCR(serializer=serializer, record_mode="all", ignore_localhost=False)
    with (
        StandIn(compression=compression) as api,
        tape.use_cassette(str(path), **options),
        anthropic.Anthropic(base_url=api.url, api_key="made-up-key", max_retries=2) as client,
    ):
        use(api, client)
    return read_cassette(path)


@pytest.mark.parametrize(
    ("serializer", "options"),
    [
        ("yaml", {}),
        ("json", {}),
        ("yaml", {"compression": "everything"}),
        ("json", {"compression": "everything", "decode_compressed_response": True}),
    ],
)
def test_what_vcrpy_records_of_the_sdk_is_what_the_sdk_said(
    tmp_path: Path, serializer: str, options: dict[str, Any]
) -> None:
    said: list[Any] = []

    def use(api: StandIn, client: anthropic.Anthropic) -> None:
        api.answer = lambda _: Answer(
            (Thinking("Hm."), Text("Look: 漢字 " * 9), ToolUse("f", {"a": [1, None]}))
        )
        said.append(client.messages.create(**ASK).to_dict())
        with client.messages.stream(**ASK) as stream:
            said.append(stream.get_final_message().to_dict())
        said.append(client.beta.messages.create(betas=["made-up-beta"], **ASK).to_dict())
        client.messages.count_tokens(model=ASK["model"], messages=ASK["messages"])
        client.models.list()

    read = record(tmp_path / "c", use, serializer=serializer, **options)
    assert read.problems == ()
    assert read.skipped == 2
    for exchange, message in zip(read.exchanges, said, strict=True):
        assert answered(exchange) == message
        assert exchange.usage is not None
        assert exchange.usage.body == message["usage"]
        assert exchange.request.body["messages"] == ASK["messages"]
        assert exchange.status == 200
    assert [exchange.streamed for exchange in read.exchanges] == [False, True, False]


def test_what_a_cassette_holds_replays_through_the_sdk(tmp_path: Path) -> None:
    def call(client: anthropic.Anthropic) -> list[Any]:
        with client.messages.stream(**ASK) as stream:
            streamed = [event.to_dict() for event in stream]
        with pytest.raises(anthropic.NotFoundError) as missing:
            client.messages.create(**{**ASK, "model": "claude-made-up"})
        raw = client.messages.with_raw_response.create(**ASK)
        return [client.messages.create(**ASK).to_dict(), streamed, missing.value.body, raw.text()]

    said: list[Any] = []

    def use(api: StandIn, client: anthropic.Anthropic) -> None:
        api.answer = lambda _: Answer((Thinking("Hm."), Text("Look: 漢字"), ToolUse("f", {"a": 1})))
        api.script(None, None, busy(0.001))  # a model that there is not is refused before it
        said.extend(call(client))

    read = record(tmp_path / "c", use, serializer="yaml", compression="everything")
    path = tmp_path / "recordings.jsonl"
    path.write_bytes(b"".join(encode_exchange(exchange) + b"\n" for exchange in read.exchanges))
    heard: list[Exchange] = []
    tape = Tape(lambda: Book(load_recordings(path)), heard)
    with Capture(tape).client({"max_retries": 2}) as client:
        assert call(client) == said
    assert [exchange.attempts for exchange in heard] == [1, 1, 1, 2]


def test_attempts_of_one_call_stay_together_in_the_order_of_the_cassette(tmp_path: Path) -> None:
    def use(api: StandIn, client: anthropic.Anthropic) -> None:
        client.messages.create(**ASK)
        api.script(busy(0.001), busy(0.001))
        client.messages.create(**ASK)
        client.messages.create(**ASK)

    exchanges = record(tmp_path / "c", use, serializer="yaml").exchanges
    assert [exchange.status for exchange in exchanges] == [200, 529, 529, 200, 200]
    assert [exchange.attempts for exchange in exchanges] == [1, 1, 2, 3, 1]
    assert exchanges[1].error == CallError("overloaded_error", "Overloaded")
    assert exchanges[1].response is None
    wires = [exchange.wire for exchange in exchanges if exchange.wire is not None]
    assert [wire.attempt for wire in wires] == [1, 1, 2, 3, 1]
    first = exchanges[1].id
    assert [wire.call for wire in wires] == ["", "", first, first, ""]
    assert wires[1].headers["retry-after"] == "0.001"
    assert len({exchange.id for exchange in exchanges}) == 5


def test_streams_that_break_are_failed_calls(tmp_path: Path) -> None:
    def use(api: StandIn, client: anthropic.Anthropic) -> None:
        api.script(StreamError(after_events=5), CutStream(after_events=5, is_clean=True))
        for _ in range(2):
            with (
                contextlib.suppress(anthropic.APIStatusError),
                client.messages.stream(**ASK) as stream,
            ):
                list(stream)

    failed, cut = record(tmp_path / "c", use, serializer="yaml").exchanges
    assert (failed.status, failed.error) == (200, CallError("overloaded_error", "Overloaded"))
    assert cut.error is not None
    assert cut.error.type == "incomplete_stream"
    assert failed.response is cut.response is None
    assert b"event: error" in body_of(failed)


def test_a_cassette_of_pytest_recording() -> None:
    read = read_cassette(RECORDED)
    plain, streamed, failed, again = read.exchanges
    assert (read.problems, read.skipped) == ((), 1)
    assert answered(plain)["content"][0]["text"] == "It is on its way – wirklich, 明日."
    assert [block["type"] for block in answered(streamed)["content"]] == [
        "thinking",
        "text",
        "tool_use",
    ]
    assert answered(streamed)["content"][2]["input"] == {"order": "T-100", "days": [1, 2]}
    assert streamed.streamed
    assert (failed.status, failed.response, again.attempts) == (529, None, 2)
    assert plain.request.system == "You answer customers of a shop for outdoor gear."
    assert plain.request.fingerprint() == again.request.fingerprint()


def test_no_header_but_harmless_ones_is_taken_over() -> None:
    for exchange in read_cassette(RECORDED).exchanges:
        line = encode_exchange(exchange)
        for secret in (b"made-up-key", b"not-for-recordings", b"00000000-0000-4000", b"127.0.0.1"):
            assert secret not in line
        assert exchange.wire is not None
        allowed = ("content-type", "request-id", "retry-after", "anthropic-ratelimit-")
        assert exchange.wire.headers["request-id"].startswith("req_")
        assert all(name.startswith(allowed) for name in exchange.wire.headers)


def test_exchanges_survive_their_file_and_their_wire_says_what_came() -> None:
    for exchange in read_cassette(RECORDED).exchanges:
        again = decode_exchange(encode_exchange(exchange))
        assert again == exchange
        assert exchange.wire is not None
        assert exchange.wire.fingerprint == exchange.request.fingerprint()
        assert sum(size for _, size in exchange.wire.cuts) == len(body_of(exchange))


# --- what vcrpy, old and new, writes down -------------------------------------------------------


def deflate(body: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(body) + packer.flush()


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", gzip.compress(COMPACT.encode(), mtime=0)),
        ("GZIP", gzip.compress(COMPACT.encode(), mtime=0)),
        ("deflate", zlib.compress(COMPACT.encode())),
        ("deflate", deflate(COMPACT.encode())),
        ("zstd", zstandard.compress(COMPACT.encode())),
        ("gzip, zstd", zstandard.compress(gzip.compress(COMPACT.encode(), mtime=0))),
        ("identity", COMPACT.encode()),
        ("gzip", COMPACT.encode()),
        ("br", COMPACT),
    ],
)
def test_compressed_bodies_and_bodies_that_were_decoded_already(
    encoding: str, body: bytes | str
) -> None:
    headers = {"content-encoding": [encoding], "content-type": ["application/json"]}
    exchange = only(interaction(response__headers=headers, response__body={"string": body}))
    assert answered(exchange) == MESSAGE


@pytest.mark.parametrize(
    "response",
    [
        {"body": {"base64_string": base64.b64encode(COMPACT.encode()).decode()}},
        {"body": COMPACT},
        {"content": COMPACT, "status_code": 200, "status": None},
        {"content": COMPACT.encode(), "status_code": 200, "status": None},
    ],
)
def test_forms_of_older_versions(response: dict[str, Any]) -> None:
    made = interaction()
    made["response"] = {"status": made["response"]["status"], "headers": {}} | response
    assert answered(only(made)) == MESSAGE


def test_a_compressed_request() -> None:
    made = interaction(
        request__body=gzip.compress(json.dumps(ASK).encode()),
        request__headers={"Content-Encoding": ["gzip"]},
    )
    assert only(made).request.body == ASK


@pytest.mark.parametrize(
    "body",
    [
        "!!binary " + base64.b64encode(json.dumps(ASK).encode()).decode(),
        "!!python/unicode '" + json.dumps(ASK) + "'",
        "!!python/str '" + json.dumps(ASK) + "'",
        "!!python/object/new:_io.BytesIO {state: !!python/tuple ['"
        + json.dumps(ASK)
        + "', 0, null]}",
        "!!python/object/apply:builtins.iter {args: [['" + json.dumps(ASK) + "']]}",
    ],
)
def test_bodies_with_tags_of_python(body: str) -> None:
    text = yaml.safe_dump({"interactions": [interaction(request__body="BODY")]})
    read = parse_cassette(text.replace("BODY", body).encode(), "c.yaml")
    assert read.problems == ()
    assert read.exchanges[0].request.body == ASK


def test_a_tag_that_would_run_code_runs_nothing_and_costs_only_its_interaction(
    tmp_path: Path,
) -> None:
    trace = tmp_path / "ran"
    text = yaml.safe_dump({"interactions": [interaction(request__body="BODY"), interaction()]})
    tag = f"!!python/object/apply:os.system ['touch {trace}']"
    read = parse_cassette(text.replace("BODY", tag).encode(), "c.yaml")
    assert not trace.exists()
    assert len(read.exchanges) == 1
    assert "os.system" in str(read.problems[0])


def test_gateways_and_parameters_of_the_same_call() -> None:
    for uri in (f"{URI}?beta=true", "http://gateway.example:8080/anthropic/v1/messages"):
        exchange = only(interaction(request__uri=uri))
        assert exchange.wire is not None
        assert exchange.wire.path == "/v1/messages"
        assert b"gateway" not in encode_exchange(exchange)


@pytest.mark.parametrize(
    "changes",
    [
        {"request__uri": "https://example.com/v1/chat/completions"},
        {"request__uri": f"{URI}/count_tokens"},
        {"request__uri": f"{URI}/batches"},
        {"request__method": "GET"},
    ],
)
def test_other_calls_are_counted_and_passed_over(changes: dict[str, Any]) -> None:
    read = cassette(interaction(**changes), interaction())
    assert (len(read.exchanges), read.skipped, read.problems) == (1, 1, ())


def test_the_time_of_the_answer_is_taken_from_its_date() -> None:
    headers = {"Date": ["Tue, 24 Nov 2026 02:00:00 GMT"]}
    at = only(interaction(response__headers=headers)).at
    assert at is not None
    assert at.isoformat() == "2026-11-24T02:00:00+00:00"
    for date in ("yesterday", "", "Tue, 99 Nov 2026 02:00:00 GMT"):
        assert only(interaction(response__headers={"date": [date]})).at is None


def test_repeated_interactions_keep_their_order_and_get_ids_of_their_own() -> None:
    other = json.dumps(MESSAGE | {"content": []})
    read = cassette(interaction(), interaction(response__body={"string": other}), interaction())
    first, second, third = read.exchanges
    assert answered(second)["content"] == []
    assert third.id == f"{first.id}_2"
    assert cassette(*[interaction()] * 2).exchanges[0].id == first.id


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (7, "is no object"),
        ({"request": {}}, "lacks `request` or `response`"),
        (interaction(request__uri=None), "lacks `method` or `uri`"),
        (interaction(request__body=None), "`request.body` holds no text"),
        (interaction(request__body="a=b"), "`request.body` is not JSON"),
        (interaction(request__body="{}"), "lacks `messages`"),
        (interaction(request__body="[" * 100_000), "nested too deeply"),
        (interaction(response__status={"code": 20}), "is no HTTP status"),
        (interaction(response__status="OK"), "is no HTTP status"),
        (interaction(response__body={"string": "<html>"}), "`response.body` is not JSON"),
        (interaction(response__body={"string": "{}"}), "is no message: it lacks `content`"),
        (interaction(response__body={"string": 7}), "`response.body.string` holds no text"),
        (interaction(response__body={}), "`response.body.string` holds no text"),
        (
            interaction(
                response__headers={"content-encoding": ["gzip"]},
                response__body={"string": b"\x1f\x8b\x08"},
            ),
            "decode_compressed_response=True",
        ),
        (
            interaction(
                response__headers={"content-encoding": ["zstd"]},
                response__body={"string": b"\x1f\x8b\x08"},
            ),
            "decode_compressed_response=True",
        ),
        (
            interaction(response__body={"string": COMPACT.replace(":9", ":-9")}),
            "`usage.input_tokens`: expected a count",
        ),
        (interaction(request__body='{"messages": ["\\ud800"]}'), "`request.body` is not JSON"),
        (
            interaction(
                response__headers={"content-encoding": ["secret-sauce"]},
                response__body={"string": "x"},
            ),
            "'secret-sauce'",
        ),
        (
            interaction(
                response__headers={"content-type": ["text/event-stream"]},
                response__body={"string": "event: x\ndata: {\n\n"},
            ),
            "`response.body`: event 'x'",
        ),
    ],
)
def test_an_interaction_that_cannot_be_read_costs_only_itself(made: Any, message: str) -> None:
    assert message in problem(made)
    assert len(cassette(made, interaction()).exchanges) == 1


def test_an_answer_that_unpacks_to_too_much_is_refused() -> None:
    bomb = gzip.compress(bytes(MOST_BYTES + 1), compresslevel=1)
    headers = {"content-encoding": ["gzip"]}
    assert "unpacks to more" in problem(
        interaction(response__headers=headers, response__body={"string": bomb})
    )


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (
            429,
            json.dumps({"type": "error", "error": {"type": "rate_limit_error", "message": "m"}}),
            CallError("rate_limit_error", "m"),
        ),
        (502, "<html>Bad gateway</html>", CallError("http_502")),
        (500, '{"error": "no object"}', CallError("http_500")),
    ],
)
def test_failed_calls(status: int, body: str, error: CallError) -> None:
    exchange = only(interaction(response__status={"code": status}, response__body={"string": body}))
    assert (exchange.status, exchange.response, exchange.error) == (status, None, error)
    assert body_of(exchange).decode() == body


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is no cassette of vcrpy"),
        (b"\xff\xfe\xff", "is neither YAML nor JSON"),
        (b"a: 1\nb: [}\n", "c:2: is neither YAML nor JSON"),
        (b"{", "is neither YAML nor JSON"),
        (b"[{request: 1}]", "is older than vcrpy 1.0"),
        (b"interactions: 3", "is no cassette of vcrpy"),
        (b"interactions: &a [*a]", "the alias 'a' names nothing before it"),
        (b"[" * 50_000, "nested more than 64 deep"),
        (b'{"a":' * 50_000, "nested more than 64 deep"),
    ],
)
def test_files_that_are_no_cassettes(content: bytes, message: str) -> None:
    with pytest.raises(BadInputError) as caught:
        parse_cassette(content, "c")
    assert message in str(caught.value)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="cannot be read"):
        read_cassette(tmp_path / "none.yaml")
    with pytest.raises(BadInputError, match="is larger than 10 bytes"):
        read_cassette(RECORDED, max_bytes=10)


def test_aliases_of_aliases_are_not_spelled_out() -> None:
    lines = ["a0: &a0 [x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    headers = "headers: {content-type: *a11, content-encoding: [*a11]}"
    half = f"{{uri: '{URI}', method: POST, body: *a11, status: {{code: 200}}, {headers}}}"
    lines += [f"interactions: [{{request: {half}, response: {half}}}]"]
    read = parse_cassette("\n".join(lines).encode(), "c")
    assert "holds no text" in str(read.problems[0])


def test_values_that_vcrpy_names_once_and_repeats_by_alias() -> None:
    shared = interaction()
    shared["response"]["headers"] = shared["request"]["headers"] = {"content-type": ["text/plain"]}
    content = yaml.safe_dump({"interactions": [shared, shared]})
    assert "*id" in content
    read = parse_cassette(content.encode(), "c")
    assert [exchange.request.body for exchange in read.exchanges] == [ASK, ASK]
    for exchange in read.exchanges:
        assert exchange.wire is not None
        assert exchange.wire.headers == {"content-type": "text/plain"}


@pytest.mark.parametrize("value", ["!!binary '%'", "!!timestamp 2026-11-24", "!!set {a, b}"])
def test_a_value_that_is_not_its_tag_costs_only_its_interaction(value: str) -> None:
    text = yaml.safe_dump({"interactions": [interaction(request__body="BODY"), interaction()]})
    read = parse_cassette(text.replace("BODY", value).encode(), "c")
    assert (len(read.exchanges), len(read.problems)) == (1, 1)
    assert "has the tag" in str(read.problems[0])


@given(JSON_VALUES)
def test_values_come_back_as_vcrpy_wrote_them(value: Any) -> None:
    content = yamlserializer.serialize({"interactions": [value]})
    assert interactions_in(content.encode(), "c") == [value]


def test_merge_keys_are_not_followed() -> None:
    lines = ["a0: &a0 {k: v}"]
    lines += [f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 10)}]}}" for n in range(1, 12)]
    lines += ["interactions: [*a11]"]
    assert parse_cassette("\n".join(lines).encode(), "c").exchanges == ()


@given(st.binary(max_size=200))
def test_no_bytes_break_it(noise: bytes) -> None:
    for content in (noise, b"interactions:\n- " + noise):
        with contextlib.suppress(BadInputError):
            parse_cassette(content, "c")
