"""Finds keys and tokens in what is to be recorded, and takes them out.

Which formats there are is known to `gonogo_checkers.security.secret_formats`; here is the JSON
around them. What was found is told by place and kind, never by value.

A key that is split over the deltas of a stream, or over two strings, is not found in the pieces:
join them first. Base64 (images, PDFs) is searched as it stands and not decoded.
"""

from dataclasses import dataclass

from gonogo.recordings.json_strings import Place, strings_in, with_strings
from gonogo_checkers.output import JsonValue
from gonogo_checkers.security.known_secrets import find_known_secrets


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret that was found.

    Attributes:
        path: The string that holds it: `messages[0].content`; empty for a text.
        kind: What it is: `Anthropic API key`.
        start: Its first character in that string.
        end: One past its last.
    """

    path: str
    kind: str
    start: int
    end: int

    def __str__(self) -> str:
        """Return `messages[0].content: Anthropic API key`."""
        return f"{self.path}: {self.kind}" if self.path else self.kind


def find_secrets(value: JsonValue) -> list[Secret]:
    """Return the secrets in the strings and keys of a JSON value, in order.

    Time is linear in the length of the strings, well under a second for 10 MB.

    Raises:
        BadInputError: If the value nests too deeply.
    """
    return [
        Secret(str(_without_secret_step(place)), found.kind, found.start, found.end)
        for text, place in strings_in(value)
        for found in find_known_secrets(text)
    ]


def find_secrets_in_text(text: str) -> list[Secret]:
    """Return the secrets in a text, such as a raw body; escapes of JSON around them do not hide."""
    return [Secret("", found.kind, found.start, found.end) for found in find_known_secrets(text)]


def redact_secrets(value: JsonValue) -> JsonValue:
    """Return a JSON value with `<REDACTED:kind>` in place of every secret, in keys too.

    The same input gives the same output, and redacting again changes nothing.

    Raises:
        BadInputError: If the value nests too deeply.
    """
    return with_strings(
        value, lambda text, _: redact_secrets_in_text(text), change_key=redact_secrets_in_text
    )


def redact_secrets_in_text(text: str) -> str:
    """Return a text with `<REDACTED:kind>` in place of every secret."""
    while found := find_known_secrets(text):  # again: one right after another was part of its word
        pieces: list[str] = []
        kept = 0
        for secret in found:
            pieces += text[kept : secret.start], f"<REDACTED:{secret.kind}>"
            kept = secret.end
        text = "".join([*pieces, text[kept:]])
    return text


def _without_secret_step(place: Place) -> Place:
    steps = (
        "{secret}" if isinstance(step, str) and find_known_secrets(step) else step
        for step in place.steps
    )
    return Place(tuple(steps))
