"""Quotes a place of a response as evidence: shortened, and without addresses and long numbers."""

import re
from typing import Final

_LONGEST: Final = 80
_MAILBOX: Final = re.compile(r"[\w.+-]{1,64}@(?=[\w-]+\.)")
_LONG_NUMBER: Final = re.compile(r"(?<![\d.,])\d(?:[ ./()-]?\d){8,40}")


def evidence_of(text: str, start: int, end: int) -> str:
    """Return what stands between two offsets, masked, in at most 80 characters.

    The mailbox of an e-mail address and all but the last two digits of numbers of nine digits or
    more (telephones, cards, accounts) do not reach a report.
    """
    return shortened(masked(text[start : min(end, start + 4 * _LONGEST)]), is_cut=end > start + 320)


def masked(text: str) -> str:
    """Return the text with mailboxes and long numbers masked."""
    return _LONG_NUMBER.sub(lambda match: "…" + match[0][-2:], _MAILBOX.sub("…@", text))


def shortened(text: str, *, is_cut: bool = False) -> str:
    """Return at most 80 characters of a text, with a mark where it goes on."""
    if len(text) <= _LONGEST and not is_cut:
        return text
    return text[: _LONGEST - 1] + "…"
