"""Finds web and e-mail addresses in a text."""

import re
from dataclasses import dataclass
from typing import Final

_URL: Final = re.compile(
    r"(?:https?://|www\.)(?P<host>[^\s/?#<>\"'()\[\]{}|\\^`。、，]{3,253})"
    r"(?P<rest>[^\s<>\"\[\]{}|\\^`。、，]{0,1500})",
    re.IGNORECASE,
)
_EMAIL: Final = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@(?P<host>[a-zA-Z0-9.-]{3,253})")


@dataclass(frozen=True, slots=True)
class WebAddress:
    """A web or e-mail address.

    Attributes:
        text: As written, without the punctuation behind it.
        start: Offset of its first character.
        end: One past its last.
        host: Its host in lower case, without `www.`.
        is_email: True for an e-mail address.
    """

    text: str
    start: int
    end: int
    host: str
    is_email: bool

    @property
    def key(self) -> str:
        """The address in the form in which two writings of it are the same."""
        without = re.sub(r"^https?://", "", self.text.lower()).removeprefix("www.")
        return without.rstrip("/")


def web_addresses_of(text: str, *, limit: int = 1000) -> list[WebAddress]:
    """Find the addresses of a text in the order of their places, at most `limit` of each sort."""
    found: list[WebAddress] = []
    for pattern, is_email in ((_URL, False), (_EMAIL, True)):
        for match, _ in zip(pattern.finditer(text), range(limit), strict=False):
            written = match[0].rstrip(".,;:!?)'*_")
            host = match["host"].lower().rstrip(".,;:!?*_").removeprefix("www.").split("@")[-1]
            if "." in host:
                start = match.start()
                found.append(WebAddress(written, start, start + len(written), host, is_email))
    return sorted(found, key=lambda address: address.start)
