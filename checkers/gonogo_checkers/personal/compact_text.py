"""Reduces numbers and addresses to what they say; the way they are written does not count."""

import re
import unicodedata
from typing import Final

_MAILBOX: Final = re.compile(r"[\w.+-]{1,64}@[\w.-]{1,255}")
_OTHERS: Final = re.compile(r"[\W_]+")


def compact(text: str) -> str:
    """Return the letters and digits of a text, NFKC and casefolded, with nothing between them."""
    return _OTHERS.sub("", unicodedata.normalize("NFKC", text).casefold())


def plain_mailboxes(text: str) -> list[str]:
    """Return the addresses in a text, casefolded, as far as they are of ordinary characters.

    What else an address may hold (`'`, `=`, `*`, ...) more often stands around it.
    """
    folded = unicodedata.normalize("NFKC", text).casefold()
    return [match.lstrip("._+-").rstrip(".-_") for match in _MAILBOX.findall(folded)]


def plain_mailbox(address: str) -> str:
    """Return one address in the same form; where it has none, the address casefolded."""
    found = plain_mailboxes(address)
    return found[-1] if found else address.casefold()
