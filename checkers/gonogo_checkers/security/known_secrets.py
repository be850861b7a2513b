"""Finds keys and tokens of well-known formats in a text; what is obviously made up is none.

Time is linear in the text: the literal beginnings of the formats are looked for first, and only a
format whose beginning is there is matched.
"""

import math
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Final

from gonogo_checkers.security.secret_formats import FORMATS, SecretFormat

_ESCAPES: Final = (r"\\[nrtbf]", r"\\u[0-9A-Fa-f]{4}", r"%[0-9A-Fa-f]{2}")
r"""What ends in a letter or a digit and yet is no part of a word: `\n`, `\u003c`, `%3D`."""

_MADE_UP: Final = re.compile(
    r"(.)\1{5}|x{5}|\*{3}|\.{3}|…|<|>|\$\{|\{\{|%\("
    r"|example|placeholder|redacted|changeme|change[-_]me|insert|replace|dummy|sample"
    r"|1234567|abcdefg|a1b2c3|qwerty|deadbeef"
    r"|(?<![a-z0-9])(?:your|test|fake|mock|demo|secret|token|here|real)(?![a-z0-9])"
    r"|sIjoIMTIzNDU2Nzg5M|IxMjM0NTY3ODkw",
    re.IGNORECASE,
)
"""What no random key holds: one character over and over, ellipses, holes of templates, words that
stand by themselves, counting; and the subject 1234567890 of the example token of jwt.io."""

_COMMON_PASSWORD: Final = re.compile(
    r"(?:my|your|the|db|user)?[-_]?(?:pass(?:word|wd|phrase)?|pwd|pw|secret|postgres|mysql|root"
    r"|admin|guest|user|test)[-_]?\d{0,4}!?",
    re.IGNORECASE,
)
_CLASSES: Final = tuple(map(re.compile, ("[a-z]", "[A-Z]", "[0-9]")))
_LONGEST_JUDGED: Final = 2_000


@dataclass(frozen=True, slots=True)
class KnownSecret:
    """A secret in a text; never its value.

    Attributes:
        kind: What it is: `Anthropic API key`.
        start: Its first character.
        end: One past its last.
    """

    kind: str
    start: int
    end: int


def find_known_secrets(text: str) -> list[KnownSecret]:
    """Return the secrets in a text, in order; those that overlap are one, of the first kind.

    Args:
        text: Any text; JSON and URLs may be escaped, as they come over the wire.
    """
    found = sorted(
        (start, rank, end)
        for rank, secret_format in enumerate(FORMATS)
        for start, end in _places(text, secret_format)
    )
    merged: list[list[int]] = []
    for start, rank, end in found:
        if merged and start < merged[-1][2]:
            merged[-1][1:] = min(merged[-1][1], rank), max(merged[-1][2], end)
        else:
            merged.append([start, rank, end])
    return [KnownSecret(FORMATS[rank].kind, start, end) for start, rank, end in merged]


def _places(text: str, secret_format: SecretFormat) -> Iterator[tuple[int, int]]:
    for prefix in secret_format.prefixes:
        if prefix not in text:
            continue
        for match in _pattern(prefix, secret_format).finditer(text):
            groups = match.groupdict()
            body = groups.get("judged") or groups.get("secret") or match[0][len(prefix) :]
            if not _is_made_up(body[:_LONGEST_JUDGED], secret_format):
                yield match.span("secret" if "secret" in groups else 0)


@cache
def _pattern(prefix: str, secret_format: SecretFormat) -> re.Pattern[str]:
    """Compile a format; the literal prefix comes first, which makes the search fast."""
    literal = re.escape(prefix)
    if not secret_format.not_after:
        return re.compile(literal + secret_format.rest)
    edges = [
        rf"(?<![{secret_format.not_after}]{literal})",
        *(f"(?<={escape}{literal})" for escape in _ESCAPES),
    ]
    return re.compile(f"{literal}(?:{'|'.join(edges)}){secret_format.rest}")


def _is_made_up(body: str, secret_format: SecretFormat) -> bool:
    classes = sum(characters.search(body) is not None for characters in _CLASSES)
    if classes < secret_format.least_classes or _entropy(body) < secret_format.least_entropy:
        return True
    if secret_format.holds_anything:
        return False
    return _MADE_UP.search(body) is not None or _COMMON_PASSWORD.fullmatch(body) is not None


def _entropy(text: str) -> float:
    """Return Shannon's entropy of the characters of a text that is not empty, bits a character."""
    return -sum(
        count / len(text) * math.log2(count / len(text)) for count in Counter(text).values()
    )
