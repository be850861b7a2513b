"""Reduces a text to its letters and digits, so that the way a number is written does not count."""

import re
import unicodedata
from typing import Final

_OTHERS: Final = re.compile(r"[\W_]+")


def compact(text: str) -> str:
    """Return the letters and digits of a text, NFKC and casefolded, with nothing between them."""
    return _OTHERS.sub("", unicodedata.normalize("NFKC", text).casefold())
