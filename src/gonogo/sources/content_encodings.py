"""Undoes the compression of HTTP bodies that were stored as they travelled, within bounds."""

import zlib
from collections.abc import Callable, Mapping
from typing import Final

MOST_BYTES: Final = 64 * 1024 * 1024
"""No answer of the API comes near; a body that unpacks to more is refused."""


def decompress(body: bytes, encodings: str) -> bytes:
    """Undo the content encodings of a body; one that was stored decoded stays as it is.

    Args:
        body: As it was stored.
        encodings: The value of the header; empty where there was none.

    Raises:
        ValueError: If it cannot be unpacked, or unpacks to more than `MOST_BYTES`.
    """
    for encoding in reversed([name.strip().lower() for name in encodings.split(",")]):
        if encoding in {"", "identity"}:
            continue
        try:
            unpacked = _DECOMPRESSORS[encoding](body)
        except (KeyError, ValueError) as error:
            if body.lstrip()[:1] in {b"{", b"e", b":"}:
                return body
            raise ValueError(
                f"`body` is compressed with {encoding!r} and cannot be unpacked: record the"
                " cassette with decode_compressed_response=True"
            ) from error
        if len(unpacked) > MOST_BYTES:
            raise ValueError(f"`body` unpacks to more than {MOST_BYTES} bytes")
        body = unpacked
    return body


def _inflate(body: bytes) -> bytes:
    """Undo gzip and deflate, with zlib's wrapper or, as some servers send it, without."""
    for window in (zlib.MAX_WBITS | 32, -zlib.MAX_WBITS):
        inflater = zlib.decompressobj(window)
        try:
            unpacked = inflater.decompress(body, MOST_BYTES + 1)
        except zlib.error:
            continue
        if inflater.eof or len(unpacked) > MOST_BYTES:
            return unpacked
    raise ValueError("neither gzip nor deflate, or not whole")


def _unpack_zstandard(body: bytes) -> bytes:
    import zstandard  # noqa: PLC0415 - only for such bodies

    try:
        reader = zstandard.ZstdDecompressor().stream_reader(body, read_across_frames=True)
        return reader.read(MOST_BYTES + 1)
    except zstandard.ZstdError as error:
        raise ValueError(str(error)) from error


_DECOMPRESSORS: Final[Mapping[str, Callable[[bytes], bytes]]] = {
    "gzip": _inflate,
    "x-gzip": _inflate,
    "deflate": _inflate,
    "zstd": _unpack_zstandard,
}
