"""How a call travelled: what came over the wire, in its chunks and at its times.

A value beside the exchange, enough to send the same bytes again at the same cuts. Knows nothing of
HTTP libraries.
"""

import base64
from enum import StrEnum
from itertools import pairwise
from typing import Annotated, Final, TypeAlias

import msgspec

MESSAGES_PATH: Final = "/v1/messages"

_PLAIN_BYTES: Final = 4096
"""Longer bodies are stored compressed: a stream repeats its envelope with each token."""

_MOST_BYTES: Final = 256 * 1024 * 1024
"""No body of the API comes near; a stored one that unpacks to more is refused."""

Seconds: TypeAlias = Annotated[float, msgspec.Meta(ge=0)]
Size: TypeAlias = Annotated[int, msgspec.Meta(ge=0)]


class Ending(StrEnum):
    """How the body of an answer ended."""

    COMPLETE = "complete"
    ABANDONED = "abandoned"
    """The application stopped reading before the end."""
    CUT = "cut"
    """The connection broke while the body was read; `Wire.failure` says how."""
    NO_ANSWER = "no_answer"
    """The connection failed before there was a status; `Wire.failure` says how."""


class Wire(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """One HTTP attempt of a call.

    Attributes:
        method: HTTP method.
        path: Path, with its query where it says what is asked.
        fingerprint: Of the request as it was sent; empty where a person wrote the recording.
        redacted: Whether the request was redacted after its fingerprint was taken.
        call: The same for all attempts of one call; empty where a person wrote the recording.
        attempt: 1-based among the attempts of its call.
        headers: Of the answer; only those that hold nothing secret.
        cuts: For each chunk of the body the seconds from sending and its number of bytes.
        text: The decoded body; None: it is the exchange's response as compact JSON, or `packed`.
        packed: The decoded body, compressed with zstandard and in base64.
        end_seconds: From sending to the end of the body.
        ending: How the body ended.
        failure: Name of the exception that the transport raised; empty where none did.
    """

    method: str = "POST"
    path: str = MESSAGES_PATH
    fingerprint: str = ""
    redacted: bool = False
    call: str = ""
    attempt: Annotated[int, msgspec.Meta(ge=1)] = 1
    headers: dict[str, str] = {}
    cuts: tuple[tuple[Seconds, Size], ...] = ()
    text: str | None = None
    packed: str | None = None
    end_seconds: Seconds | None = None
    ending: Ending = Ending.COMPLETE
    failure: str = ""

    def body(self) -> bytes | None:
        """Return the decoded body; None where the wire does not hold it itself.

        Raises:
            ValueError: If what is stored cannot be unpacked.
        """
        if self.text is not None:
            return self.text.encode()
        return None if self.packed is None else _unpacked(self.packed)

    def chunks(self) -> list[tuple[float, bytes]]:
        """Return the chunks of the body, each with its seconds from sending; none without a body.

        Raises:
            ValueError: If the body cannot be unpacked, or is shorter or longer than its cuts.
        """
        body = self.body()
        if body is None:
            return []
        edges = [0]
        for _, size in self.cuts:
            edges.append(edges[-1] + size)
        if edges[-1] != len(body):
            raise ValueError(f"`wire`: the cuts hold {edges[-1]} bytes, the body {len(body)}")
        pieces = (body[start:end] for start, end in pairwise(edges))
        return [(at, piece) for (at, _), piece in zip(self.cuts, pieces, strict=True)]


def pack(body: bytes) -> tuple[str | None, str | None]:
    """Return a body as `Wire.text` and `Wire.packed`: short text as it is, all else compressed."""
    if len(body) <= _PLAIN_BYTES:
        try:
            return body.decode(), None
        except UnicodeDecodeError:
            pass  # cut within a character, or binary: compressed bytes need no encoding
    import zstandard  # noqa: PLC0415 - only where something is recorded

    return None, base64.b64encode(zstandard.ZstdCompressor(level=9).compress(body)).decode()


def _unpacked(packed: str) -> bytes:
    import zstandard  # noqa: PLC0415 - only where something was recorded

    try:
        compressed = base64.b64decode(packed, validate=True)
        if zstandard.frame_content_size(compressed) > _MOST_BYTES:
            raise ValueError(f"`wire.packed`: unpacks to more than {_MOST_BYTES} bytes")
        return zstandard.ZstdDecompressor().decompress(compressed, max_output_size=_MOST_BYTES)
    except zstandard.ZstdError as error:
        raise ValueError(f"`wire.packed`: cannot be unpacked: {error}") from error
