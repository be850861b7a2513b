"""Counts the pages of a PDF, without reading it further: what it costs to ask about it follows."""

import base64
import binascii
import re
import zlib
from typing import Final

_PAGE: Final = re.compile(rb"/Type\s{0,9}/Page(?![a-zA-Z])")
_OBJECTS: Final = re.compile(rb"/ObjStm\b[^>]{0,500}>>\s{0,9}stream\r?\n")
"""Where objects begin that are compressed, pages among them (ISO 32000-1, 7.5.7)."""

_MOST_UNPACKED: Final = 8 * 1024 * 1024


def pages_in(data: str) -> int | None:
    """Return how many pages a PDF has, at least 1; None: that cannot be seen.

    Args:
        data: The PDF in base64.
    """
    try:
        pdf = base64.b64decode(data)
        pages = _count(pdf) + _count_compressed(pdf)
    except (binascii.Error, ValueError, zlib.error):
        return None
    return pages or None


def _count(content: bytes) -> int:
    return sum(1 for _ in _PAGE.finditer(content))


def _count_compressed(pdf: bytes) -> int:
    """Count the pages in compressed objects.

    Raises:
        ValueError: If they unpack to more than is looked at.
        zlib.error: If they are compressed otherwise, or encrypted.
    """
    pages, left = 0, _MOST_UNPACKED
    for start in _OBJECTS.finditer(pdf):
        unpacking = zlib.decompressobj()
        content = unpacking.decompress(memoryview(pdf)[start.end() :], left)
        left -= len(content)
        if left <= 0 or not unpacking.eof:
            raise ValueError("more than is looked at, or cut")
        pages += _count(content)
    return pages
