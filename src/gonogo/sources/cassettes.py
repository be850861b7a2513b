"""Reads cassettes of vcrpy and pytest-recording: their calls of the Messages API, as exchanges.

Of headers only those that hold nothing secret are taken over. Cassettes know no times: latency and
the cuts of streams are not told.
"""

from base64 import b64decode
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from email.utils import parsedate_to_datetime
from hashlib import sha256
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import msgspec

from gonogo.errors import BadInputError, Problem
from gonogo.exchanges import (
    CallError,
    Exchange,
    Request,
    Response,
    Usage,
    decode_exchange,
    encode_exchange,
)
from gonogo.json_lines import JsonObject
from gonogo.recordings.events import accumulate
from gonogo.sources.cassette_documents import UnknownTag, interactions_in
from gonogo.sources.content_encodings import decompress
from gonogo.wires import MESSAGES_PATH, Wire, pack

MOST_CASSETTE_BYTES: Final = 64 * 1024 * 1024
"""A larger file is refused: YAML takes a second for some 5 MB."""

_HEADERS: Final = frozenset(
    {"content-type", "request-id", "retry-after", "retry-after-ms", "x-should-retry"}
)
_HEADER_PREFIX: Final = "anthropic-ratelimit-"
_RETRY: Final = "x-stainless-retry-count"


@dataclass(frozen=True, slots=True)
class Cassette:
    """What a cassette holds.

    Attributes:
        exchanges: Its calls of the Messages API, one an HTTP attempt, in the order of the file.
        problems: Of interactions that cannot be read; they cost only themselves.
        skipped: How many interactions are of other endpoints.
    """

    exchanges: tuple[Exchange, ...]
    problems: tuple[Problem, ...]
    skipped: int


def read_cassette(path: Path, *, max_bytes: int = MOST_CASSETTE_BYTES) -> Cassette:
    """Read a cassette, as YAML or as JSON.

    Args:
        path: The file.
        max_bytes: The largest file that is read.

    Raises:
        BadInputError: If the file cannot be read, is too large, or is no cassette.
    """
    try:
        with path.open("rb") as stream:
            content = stream.read(max_bytes + 1)
    except OSError as error:
        raise BadInputError([Problem(str(path), f"cannot be read: {error.strerror}")]) from error
    if len(content) > max_bytes:
        raise BadInputError([Problem(str(path), f"is larger than {max_bytes} bytes: split it")])
    return parse_cassette(content, str(path))


def parse_cassette(content: bytes, name: str) -> Cassette:
    """Read the bytes of a cassette; otherwise as `read_cassette`.

    The id of an exchange follows from what was sent and what came back: reading the same
    interaction again, from wherever, gives the same id.
    """
    reading = _Reading()
    problems = []
    for number, interaction in enumerate(interactions_in(content, name), 1):
        try:
            reading.take(interaction)
        except (ValueError, RecursionError, msgspec.MsgspecError) as error:
            problems.append(Problem(f"{name}, interaction {number}", _why(error)))
    return Cassette(tuple(reading.exchanges), tuple(problems), reading.skipped)


@dataclass(frozen=True, slots=True)
class _Interaction:
    """One interaction, decoded.

    Attributes:
        request: What was sent.
        retries: How many attempts of the same call the SDK says it made before.
        status: HTTP status.
        headers: Of the answer, in lower case: those that may be kept.
        at: When the server began to answer; None where it does not say.
        body: Of the answer, decompressed.
    """

    request: Request
    retries: int
    status: int
    headers: Mapping[str, str]
    at: datetime | None
    body: bytes

    @property
    def is_stream(self) -> bool:
        """Whether it was answered with server-sent events."""
        return self.headers.get("content-type", "").startswith("text/event-stream")


@dataclass(slots=True)
class _Reading:
    """The exchanges of a cassette so far."""

    exchanges: list[Exchange] = field(default_factory=list)
    skipped: int = 0
    _digests: Counter[str] = field(default_factory=Counter)
    _last: dict[str, list[Exchange]] = field(default_factory=dict)

    def take(self, interaction: object) -> None:
        """Take one interaction.

        Raises:
            ValueError: If it cannot be read.
            msgspec.MsgspecError: If it is nothing that an exchange may hold.
        """
        asked, answered = _halves(interaction)
        if not _asks_for_a_message(asked):
            self.skipped += 1
            return
        self.exchanges.append(self._placed(_decoded(asked, answered)))

    def _placed(self, interaction: _Interaction) -> Exchange:
        exchange = _answered(interaction)
        fingerprint = interaction.request.fingerprint()
        before = self._attempt_before(fingerprint, interaction.retries)
        at, wire = interaction.at, exchange.wire
        if before is not None and before.wire is not None and wire is not None:
            call, number = before.wire.call or before.id, before.wire.attempt + 1
            at, wire = before.at, msgspec.structs.replace(wire, call=call, attempt=number)
        attempts = interaction.retries + 1
        exchange = replace(exchange, id=self._id(interaction), at=at, attempts=attempts, wire=wire)
        decode_exchange(encode_exchange(exchange))  # what cannot be read back is not handed on
        self._last.setdefault(fingerprint, []).append(exchange)
        return exchange

    def _attempt_before(self, fingerprint: str, retries: int) -> Exchange | None:
        """Return the attempt that an attempt repeats, and cross it off; None: it is the first."""
        made = self._last.get(fingerprint, [])
        found = [e for e in made if e.attempts == retries and e.error is not None]
        if not found:
            return None
        made.remove(found[-1])
        return found[-1]

    def _id(self, interaction: _Interaction) -> str:
        sent = msgspec.json.encode(interaction.request.body, order="deterministic")
        parts = (sent, str(interaction.status).encode(), interaction.body)
        digest = sha256(b"\0".join(sha256(part).digest() for part in parts)).hexdigest()[:16]
        self._digests[digest] += 1
        number = self._digests[digest]
        return f"vcr_{digest}" if number == 1 else f"vcr_{digest}_{number}"


def _halves(interaction: object) -> tuple[dict[str, object], dict[str, object]]:
    if not isinstance(interaction, dict):
        raise ValueError("is no object with `request` and `response`")
    asked, answered = interaction.get("request"), interaction.get("response")
    if not (isinstance(asked, dict) and isinstance(answered, dict)):
        raise ValueError("lacks `request` or `response`")
    return asked, answered


def _asks_for_a_message(asked: Mapping[str, object]) -> bool:
    """Return whether a request goes to the Messages API, of Anthropic or behind a gateway."""
    method, uri = asked.get("method"), asked.get("uri")
    if not (isinstance(method, str) and isinstance(uri, str)):
        raise ValueError("`request` lacks `method` or `uri`")
    return method.upper() == "POST" and urlsplit(uri).path.endswith(MESSAGES_PATH)


def _decoded(asked: Mapping[str, object], answered: Mapping[str, object]) -> _Interaction:
    sent_headers = _headers_of(asked, {"content-encoding", _RETRY}.__contains__)
    headers = _headers_of(answered, _is_read)
    body = decompress(_bytes_of_answer(answered), headers.pop("content-encoding", ""))
    retries = sent_headers.get(_RETRY, "0")
    return _Interaction(
        request=_request_of(
            decompress(
                _bytes_of(asked.get("body"), "request.body"),
                sent_headers.get("content-encoding", ""),
            )
        ),
        retries=int(retries) if retries.isdecimal() and len(retries) < 4 else 0,
        status=_status_of(answered),
        at=_time_of(headers.pop("date", "")),
        headers=headers,
        body=body,
    )


def _is_read(header: str) -> bool:
    kept = header in _HEADERS or header.startswith(_HEADER_PREFIX)
    return kept or header in {"content-encoding", "date"}


def _headers_of(half: Mapping[str, object], wanted: Callable[[str], bool]) -> dict[str, str]:
    """Return those headers that are wanted; the others are not even looked at."""
    given = half.get("headers")
    found = {}
    for name, values in given.items() if isinstance(given, dict) else ():
        if isinstance(name, str) and wanted(name.lower()):
            listed = values if isinstance(values, list) else [values]
            found[name.lower()] = ", ".join(_text(value) for value in listed)
    return found


def _request_of(body: bytes) -> Request:
    try:
        request = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"`request.body` is not JSON: {error}") from error
    if not isinstance(request, dict) or not isinstance(request.get("messages"), list):
        raise ValueError("`request.body` is no request of the Messages API: it lacks `messages`")
    return Request(request)


def _status_of(answered: Mapping[str, object]) -> int:
    status = answered.get("status")
    code = status.get("code") if isinstance(status, dict) else answered.get("status_code")
    if not isinstance(code, int) or not 100 <= code <= 599:
        raise ValueError("`response.status.code` is no HTTP status")
    return code


def _time_of(date: str) -> datetime | None:
    try:
        at = parsedate_to_datetime(date)
    except (ValueError, IndexError, TypeError):
        return None
    return at if at.tzinfo is not None else None


def _bytes_of_answer(answered: Mapping[str, object]) -> bytes:
    """Return the body as it was stored by any version of vcrpy since 1.0."""
    body = answered.get("body", answered.get("content"))
    if not isinstance(body, dict):
        return _bytes_of(body, "response.body")
    if "base64_string" in body:
        return b64decode(_bytes_of(body["base64_string"], "response.body.base64_string"))
    return _bytes_of(body.get("string"), "response.body.string")


def _bytes_of(value: object, what: str) -> bytes:
    match value:
        case bytes():
            return value
        case str():
            return value.encode()
        case list() if all(isinstance(piece, bytes | str) for piece in value):
            return b"".join(_bytes_of(piece, what) for piece in value)
        case UnknownTag(tag):
            raise ValueError(f"`{what}` has the tag {tag}, which is not read: record it again")
        case _:
            raise ValueError(f"`{what}` holds no text: record the cassette with its bodies")


def _exchange_of(interaction: _Interaction, message: JsonObject | None) -> Exchange:
    """Return the exchange without what its place in the cassette says."""
    body = interaction.request.body
    usage = None if message is None else message.get("usage")
    return Exchange(
        id="",
        request=interaction.request,
        response=None if message is None else Response(message),
        usage=Usage(usage) if isinstance(usage, dict) else None,
        model=interaction.request.model,
        status=interaction.status,
        streamed=interaction.is_stream or body.get("stream") is True,
        wire=_wire_of(interaction, message),
    )


def _wire_of(interaction: _Interaction, message: JsonObject | None) -> Wire:
    body = interaction.body
    is_compact = message is not None and msgspec.json.encode(message) == body
    text, packed = (None, None) if is_compact or not body else pack(body)
    return Wire(
        fingerprint=interaction.request.fingerprint(),
        headers=dict(interaction.headers),
        cuts=((0.0, len(body)),) if body else (),
        text=text,
        packed=packed,
    )


def _answered(interaction: _Interaction) -> Exchange:
    """Return what an interaction amounts to: an answer or a failure."""
    if interaction.status >= 400:
        return replace(_exchange_of(interaction, None), error=_error_of(interaction))
    if not interaction.is_stream:
        return _exchange_of(interaction, _message_in(interaction.body))
    streamed = accumulate(interaction.body)
    if streamed.problem:
        raise ValueError(f"`response.body`: {streamed.problem}")
    error = streamed.error
    if error is None and not streamed.is_complete:
        error = CallError("incomplete_stream", "the stream ended before the message did")
    exchange = _exchange_of(interaction, streamed.message if error is None else None)
    usage = None if streamed.usage is None else Usage(streamed.usage)
    return replace(exchange, usage=usage, error=error)


def _message_in(body: bytes) -> JsonObject:
    try:
        message = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"`response.body` is not JSON: {error}") from error
    if not isinstance(message, dict) or not isinstance(message.get("content"), list):
        raise ValueError("`response.body` is no message: it lacks `content`")
    return message


def _error_of(interaction: _Interaction) -> CallError:
    try:
        error = msgspec.json.decode(interaction.body)["error"]
        return CallError(str(error["type"]), str(error.get("message") or ""))
    except (msgspec.DecodeError, UnicodeDecodeError, AttributeError, KeyError, TypeError):
        return CallError(f"http_{interaction.status}")


def _text(value: object) -> str:
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    return str(value) if isinstance(value, str | int) else ""


def _why(error: Exception) -> str:
    return "is nested too deeply" if isinstance(error, RecursionError) else str(error)
