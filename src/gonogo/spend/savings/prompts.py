"""Where a request's tokens are: how much of the input each beginning and each message makes.

Tokens are shared out by bytes of JSON, so that they add up to what the API counted. Requests with
images or files in base64, whose bytes say nothing about tokens, are left out.
"""

import hashlib
from dataclasses import dataclass
from typing import Final

import msgspec

from gonogo.exchanges import Request

_MOST_MESSAGES: Final = 2000
_BASE64: Final = b'"base64"'
_CACHE_CONTROL: Final = b'"cache_control"'
_ENCODER: Final = msgspec.json.Encoder(order="deterministic")


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """What a request is made of, from its beginning to its end.

    Attributes:
        beginnings: Digest and share of the input, 0 to 1, of the tools and the system prompt, then
            with each message more. The first is blank where there is neither.
        is_marked: Whether parts of it are marked for the cache.
    """

    beginnings: tuple[tuple[bytes, float], ...]
    is_marked: bool

    @property
    def fixed_part(self) -> tuple[bytes, float]:
        """The tools and the system prompt."""
        return self.beginnings[0]

    def share_before_last(self, messages: int) -> float:
        """Return which share of the input the messages are but for the last so many."""
        place = len(self.beginnings) - 1 - messages
        return self.beginnings[place][1] - self.fixed_part[1] if place > 0 else 0.0


def prompt_of(request: Request) -> Prompt | None:
    """Return what a request is made of; None where bytes do not say how many tokens they are."""
    body, messages = request.body, request.messages
    if not messages or len(messages) > _MOST_MESSAGES:
        return None
    head = [body[name] for name in ("tools", "system") if body.get(name)]
    pieces = [_ENCODER.encode(head) if head else b"", *map(_ENCODER.encode, messages)]
    if any(_BASE64 in piece for piece in pieces):
        return None
    size, total = 0, sum(map(len, pieces))
    digest, beginnings = hashlib.blake2b(digest_size=16), []
    for piece in pieces:
        digest.update(len(piece).to_bytes(8, "big") + piece)
        size += len(piece)
        beginnings.append((digest.digest(), size / total))
    return Prompt(
        beginnings=tuple(beginnings),
        is_marked=any(_CACHE_CONTROL in piece for piece in pieces),
    )


def bytes_of(request: Request) -> int:
    """Return the bytes of what is sent, the way `Prompt` shares them out."""
    body = request.body
    head = [body[name] for name in ("tools", "system") if body.get(name)]
    return len(_ENCODER.encode(head) if head else b"") + sum(
        len(_ENCODER.encode(message)) for message in request.messages
    )
