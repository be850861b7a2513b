"""Finds rows of comma-separated values in a text and sets their cells apart.

`Berlin,1940,292940` is three cells and no number of ten digits; a line of prose with `1,940` in it
is left as it is.
"""

import re
from functools import lru_cache
from typing import Final

_ADJOINING: Final = re.compile(r"[^\W\d],\S|\S,[^\W\d]|\d,\d{1,2}(?!\d)|\d{4},\d|\d,\d{4}")
_LEAST_ROWS: Final = 2
_BARE_COMMA: Final = re.compile(r",(?=\S)")
_THOUSANDS: Final = re.compile(
    r"(?:[€$£]|\b(?:EUR|USD|GBP|CHF)|\bin|\()\s?(?:thousands?\b|k\b|['’]?000s?\b|tausend\b|tsd\b|"
    r"milliers\b|miles\b)|\b[Tk]€",
    re.IGNORECASE,
)
_MILLIONS: Final = re.compile(
    r"(?:[€$£]|\b(?:EUR|USD|GBP|CHF)|\bin|\()\s?(?:millions?|m|mn|mio|millionen|millones)\b",
    re.IGNORECASE,
)


def spread_cells(text: str) -> str:
    """Return the text with a blank behind each comma of its comma-separated rows."""
    lines = text.split("\n")
    counts = [len(_BARE_COMMA.findall(line)) if "," in line else 0 for line in lines]
    spread: list[str] = []
    index = 0
    while index < len(lines):
        end = index + 1
        while end < len(lines) and counts[end] == counts[index] > 0:
            end += 1
        rows = lines[index:end]
        if end - index >= _LEAST_ROWS and any(map(_ADJOINING.search, rows)):
            rows = [_BARE_COMMA.sub(" , ", row) for row in rows]
        spread += rows
        index = end
    return "\n".join(spread)


@lru_cache(maxsize=4)
def table_units(text: str) -> frozenset[float]:
    """Return by how much the numbers of a text are scaled ("in thousands"): 1e3, 1e6, both."""
    units = ((_THOUSANDS, 1e3), (_MILLIONS, 1e6))
    return frozenset(scale for pattern, scale in units if pattern.search(text))
