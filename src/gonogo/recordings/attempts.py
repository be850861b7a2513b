"""Attempts: one HTTP attempt of a call as it was recorded, of the Messages API or of its sisters.

A line of a recordings file is an exchange, or a call that is none: counting tokens, batches.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final

import msgspec

from gonogo.exchanges import Exchange, decode_exchange, encode_exchange
from gonogo.fingerprints import VOLATILE, fingerprint_of
from gonogo.wires import MESSAGES_PATH, Wire
from gonogo_checkers.output import JsonValue


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One HTTP attempt of a call.

    Attributes:
        id: Unique in its file, not blank.
        at: When its call began; None where a person wrote the recording without it.
        method: HTTP method.
        path: Path, with its query where it says what is asked.
        body: What was sent; None where nothing was.
        status: HTTP status; None where no answer came, or a person left it out.
        wire: How it travelled; None where a person wrote the recording.
        exchange: The call as an exchange; None: it is not one of the Messages API.
    """

    id: str
    at: datetime | None = None
    method: str = "POST"
    path: str = MESSAGES_PATH
    body: JsonValue
    status: int | None
    wire: Wire | None = None
    exchange: Exchange | None = None

    @property
    def call(self) -> str:
        """What all attempts of its call share; its own id where that was not recorded."""
        return self.id if self.wire is None or not self.wire.call else self.wire.call

    @property
    def number(self) -> int:
        """1-based among the attempts of its call."""
        return 1 if self.wire is None else self.wire.attempt

    def fingerprint(self, volatile: Collection[str] = VOLATILE) -> str:
        """Return the fingerprint of the request; as it was before it was redacted."""
        if self.wire is not None and self.wire.redacted:
            return self.wire.fingerprint
        return fingerprint_of(self.method, self.path, self.body, volatile=volatile)


def attempt_of(exchange: Exchange) -> Attempt:
    """Return the attempt that an exchange ended with."""
    wire = exchange.wire
    return Attempt(
        id=exchange.id,
        at=exchange.at,
        method="POST" if wire is None else wire.method,
        path=MESSAGES_PATH if wire is None else wire.path,
        body=exchange.request.body,
        status=exchange.status,
        wire=wire,
        exchange=exchange,
    )


class _Kind(msgspec.Struct, frozen=True):
    method: str = "POST"
    path: str = MESSAGES_PATH


class _Peek(msgspec.Struct, frozen=True):
    wire: _Kind | None = None


class _OtherRow(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    id: Annotated[str, msgspec.Meta(pattern=r"\S")]
    at: Annotated[datetime, msgspec.Meta(tz=True)] | None = None
    request: JsonValue = None
    status: Annotated[int, msgspec.Meta(ge=100, le=599)] | None = None
    wire: Wire


_PEEK: Final = msgspec.json.Decoder(_Peek)
_OTHER: Final = msgspec.json.Decoder(_OtherRow)


def decode_attempt(line: bytes) -> Attempt:
    """Decode one line of a recordings file.

    Raises:
        msgspec.DecodeError: If the bytes are not JSON, or a field is unknown or of a wrong type.
        ValueError: If fields contradict each other.
    """
    kind = _PEEK.decode(line).wire
    if kind is None or kind == _Kind():
        return attempt_of(decode_exchange(line))
    row = _OTHER.decode(line)
    return Attempt(
        id=row.id,
        at=row.at,
        method=row.wire.method,
        path=row.wire.path,
        body=row.request,
        status=row.status,
        wire=row.wire,
    )


def encode_attempt(attempt: Attempt) -> bytes:
    """Return an attempt as JSON, without a line end.

    Raises:
        ValueError: If it is neither an exchange nor travelled over a wire.
    """
    if attempt.exchange is not None:
        return encode_exchange(attempt.exchange)
    if attempt.wire is None:
        raise ValueError(f"{attempt.id}: neither an exchange nor a recorded call")
    return msgspec.json.encode(
        _OtherRow(
            id=attempt.id,
            at=attempt.at,
            request=attempt.body,
            status=attempt.status,
            wire=attempt.wire,
        )
    )


def demand_own_request(attempt: Attempt) -> None:
    """Refuse an attempt whose request is not the one that was sent.

    Raises:
        ValueError: If its request was changed after it was recorded.
    """
    wire = attempt.wire
    if wire is None or wire.redacted or not wire.fingerprint:
        return
    if fingerprint_of(attempt.method, attempt.path, attempt.body) != wire.fingerprint:
        raise ValueError(
            f"{attempt.id}: its request is not the one that was answered: record it again, or, if"
            " you mean it, remove `wire`"
        )
