"""Replaces personal data and secrets in what is to be recorded by markers.

`jo@example.org` becomes `<EMAIL_ADDRESS_1>`: the name says what it was, the number which one, so
that the text stays readable. What is personal data is for the checker `pii` to say, with its
limits: names of persons, postal addresses and dates of birth are not looked for, and words such as
"order" before a number speak for another kind. Placeholders are replaced like the rest: a marker
for one does no harm, a real address taken for one would.

Everything is content but what has a meaning of its own in the API: ids, models, roles, types,
media types, signatures and base64, as far as they look like it. Inputs of tools and metadata are
content throughout, whole numbers too, and a key in them announces its value (`passport_number`).

Our own replacement of the spans, not presidio-anonymizer: it numbers no values and knows neither
JSON nor the pieces of a stream, and what is left is a loop.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import accumulate, count, pairwise
from typing import Final

from gonogo.errors import BadInputError, Problem
from gonogo.recordings.json_strings import Place, strings_in, with_strings
from gonogo_checkers.output import JsonValue
from gonogo_checkers.personal.personal_data import PersonalDatum, find_personal_data
from gonogo_checkers.personal.personal_data_kinds import Kind
from gonogo_checkers.pii import Pii
from gonogo_checkers.security.known_secrets import find_known_secrets

MOST_CHARS: Final = 4_000_000
"""Of content in one value; more is refused. A context window of a million tokens holds less."""

_MARKERS: Final = {
    Kind.IBAN: "IBAN_CODE",
    Kind.CARD: "CREDIT_CARD",
    Kind.MAIL: "EMAIL_ADDRESS",
    Kind.SSN: "US_SSN",
    Kind.NATIONAL_ID: "NATIONAL_ID",
    Kind.TAX_ID: "TAX_ID",
    Kind.HEALTH_ID: "HEALTH_ID",
    Kind.WALLET: "CRYPTO",
    Kind.PHONE: "PHONE_NUMBER",
    Kind.IP: "IP_ADDRESS",
    Kind.LICENCE: "DRIVER_LICENSE",
    Kind.PASSPORT: "PASSPORT",
    Kind.ACCOUNT: "BANK_ACCOUNT",
    Kind.NAME: "PERSON",
}
"""Presidio's names where it has one."""

_MARKER: Final = re.compile("<(" + "|".join(_MARKERS.values()) + r")_([1-9]\d{0,8})>")
_STRUCTURE: Final = frozenset(
    {"id", "tool_use_id", "file_id", "type", "role", "model", "media_type"}
)
_OPAQUE: Final = frozenset({"data", "signature", "encrypted_content", "encrypted_index"})
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_.:/-]{0,199}")
_BASE64: Final = re.compile(r"[A-Za-z0-9+/_-]*={0,2}")
_FREE: Final = frozenset({"input", "metadata"})
_LABEL: Final = re.compile(r"[A-Za-z][A-Za-z0-9_ -]{0,39}")
_WORD_EDGE: Final = re.compile(r"[_-]|(?<=[a-z])(?=[A-Z])")
_LEAST_NUMBER: Final = 10**6
_TOO_LONG_NUMBER: Final = 10**20
_GLOBAL_IPV6: Final = re.compile(r"[23][0-9A-Fa-f]{3}:")
"""IANA allots global addresses from 2000::/3 only."""
_IN_FRACTION: Final = re.compile(r"\d\.$")
_LONGEST_MARKER: Final = 32

_UNSPACED: Final = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3"
"""Thai, Lao, Burmese, Khmer, kana, Han, Hangul: words stand next to numbers without a space."""
_GLUED: Final = re.compile(f"[{_UNSPACED}](?=[0-9A-Za-z+])|(?<=[0-9A-Za-z])[{_UNSPACED}]")

_STEP: Final = 20_000
"""Characters at a time: the finder looks at no more than 60,000 around possible data."""
_MARGIN: Final = 400
"""Around them: longer than any datum and the words that announce it."""
_MOST_ROUNDS: Final = 12


def redact(value: JsonValue) -> JsonValue:
    """Return a JSON value with markers in place of personal data and secrets.

    The same input gives the same output; redacting again changes nothing; equal data within the
    value gets equal markers, numbered in the order of their first appearance. To number a request
    and its response alike, redact them as one value, or by one `Redaction`.

    Args:
        value: Any JSON, such as the body of a request.

    Raises:
        BadInputError: If the value nests too deeply, holds more than `MOST_CHARS` of content, or
            cannot be redacted for good; nothing comes back unredacted.
    """
    return Redaction().redact(value)


def redact_text(text: str) -> str:
    """Return a text with markers in place of personal data and secrets (see `redact`)."""
    return Redaction().redact_text(text)


class Redaction:
    """Redacts the values that belong together: equal data gets equal markers in all of them.

    Args:
        regions: Two-letter codes of the regions whose national telephone numbers are known.
    """

    def __init__(self, *, regions: tuple[str, ...] = Pii().regions) -> None:
        self._regions = regions
        self._markers: dict[tuple[Kind, str], str] = {}
        self._taken: set[str] = set()
        self._numbers = {name: count(1) for name in _MARKERS.values()}
        self._labels: dict[str, str] = {}

    def redact(self, value: JsonValue) -> JsonValue:
        """Return a redacted JSON value (see the function `redact`).

        Raises:
            BadInputError: As there.
        """
        self._prepare([text for text, place in strings_in(value) if not _is_opaque(text, place)])
        return with_strings(
            value,
            self._redacted_string,
            change_key=self._redacted,
            change_number=self._redacted_number,
        )

    def redact_text(self, text: str) -> str:
        """Return a redacted text.

        Raises:
            BadInputError: As the function `redact`.
        """
        self._prepare([text])
        return self._redacted(text)

    def redact_pieces(self, pieces: Sequence[str]) -> list[str]:
        """Redact a text that came in pieces, such as the deltas of a stream.

        Args:
            pieces: The pieces in order; data may reach over several.

        Returns:
            As many pieces, which joined are the redacted text; a marker is in the piece where the
            data began, and the pieces that held its rest are shorter or empty.

        Raises:
            BadInputError: As the function `redact`.
        """
        text = "".join(pieces)
        self._prepare([text])
        cuts = list(accumulate(map(len, pieces), initial=0))
        for _ in range(_MOST_ROUNDS):
            replacements = self._replacements(text, "")
            if not replacements:
                return [text[start:end] for start, end in pairwise(cuts)]
            text, cuts = _replaced(text, replacements, cuts)
        raise _unstable_error()

    def _prepare(self, texts: Sequence[str]) -> None:
        """Refuse what is too long, and keep the numbers of markers that are there already."""
        if (chars := sum(map(len, texts))) > MOST_CHARS:
            message = f"{chars} characters of content are more than {MOST_CHARS}: redact in parts"
            raise BadInputError([Problem("redaction", message)])
        for text in texts:
            self._taken.update(match[0] for match in _MARKER.finditer(text))

    def _redacted_string(self, text: str, place: Place) -> JsonValue:
        if _is_opaque(text, place):
            return text
        return self._redacted(text, self._label(place))

    def _redacted_number(self, number: int, place: Place) -> JsonValue:
        if not (_is_free(place) and _LEAST_NUMBER <= number < _TOO_LONG_NUMBER):
            return number
        text = str(number)
        redacted = self._redacted(text, self._label(place))
        return number if redacted == text else redacted

    def _label(self, place: Place) -> str:
        """Return the words of the key that announce a value; none outside of free content."""
        key = next((step for step in reversed(place.steps) if isinstance(step, str)), "")
        if not (_is_free(place) and _LABEL.fullmatch(key)):
            return ""
        if key not in self._labels:
            is_kept = self._redacted(key) == key
            self._labels[key] = f"{_WORD_EDGE.sub(' ', key)}: " if is_kept else ""
        return self._labels[key]

    def _redacted(self, text: str, label: str = "") -> str:
        for _ in range(_MOST_ROUNDS):
            replacements = self._replacements(text, label)
            if not replacements:
                return text
            text, _ = _replaced(text, replacements, [])
        raise _unstable_error()

    def _replacements(self, text: str, label: str) -> list[tuple[int, int, str]]:
        """Return what is to be replaced next: secrets first, then personal data, in order."""
        if secrets := find_known_secrets(text):
            return [(found.start, found.end, f"<REDACTED:{found.kind}>") for found in secrets]
        lead = len(label)
        return [
            (datum.start - lead, datum.end - lead, self._marker(datum))
            for datum in _personal_data(label + text, self._regions)
            if datum.start >= lead
        ]

    def _marker(self, datum: PersonalDatum) -> str:
        key = (datum.kind, datum.normal)
        if key not in self._markers:
            name = _MARKERS[datum.kind]
            marker = next(
                marker
                for number in self._numbers[name]
                if (marker := f"<{name}_{number}>") not in self._taken
            )
            self._markers[key] = marker
        return self._markers[key]


def _is_free(place: Place) -> bool:
    return not _FREE.isdisjoint(place.steps)


def _is_opaque(text: str, place: Place) -> bool:
    """Tell whether a string is structure and no content, and looks like it."""
    key = place.steps[-1] if place.steps else None
    if place.parent is None or _is_free(place):
        return False
    if key in _OPAQUE:
        is_data = key != "data" or place.parent.get("type") in ("base64", "redacted_thinking")
        return is_data and _BASE64.fullmatch(text) is not None
    return key in _STRUCTURE and _NAME.fullmatch(text) is not None


def _personal_data(text: str, regions: tuple[str, ...]) -> Iterator[PersonalDatum]:
    """Yield the personal data of a text of any length, in order and without overlaps."""
    last = 0
    parted = _GLUED.sub(" ", text)  # as long: the finder takes what a letter touches for a word
    for start in range(0, len(text), _STEP):
        begin = max(0, start - _MARGIN)
        window = parted[begin : start + _STEP + _MARGIN]
        for found in find_personal_data(window, regions):
            datum = replace(found, start=begin + found.start, end=begin + found.end)
            is_here = start <= datum.start < start + _STEP and datum.start >= last
            if is_here and not _is_false_alarm(text, datum):
                last = datum.end
                yield datum


def _is_false_alarm(text: str, datum: PersonalDatum) -> bool:
    """Tell what a judge of responses may flag but what must stay in a recording.

    These are the numbers of our own markers, the digits after a decimal point, and slices of Python
    such as `[1::2]`, which read as addresses that nobody has.
    """
    written = text[datum.start : datum.end]
    if datum.kind is Kind.IP and "::" in written:
        return _GLOBAL_IPV6.match(written) is None
    if written.isdecimal() and _IN_FRACTION.search(text[max(0, datum.start - 2) : datum.start]):
        return True
    around = max(0, datum.start - _LONGEST_MARKER)
    markers = _MARKER.finditer(text, around, datum.end + _LONGEST_MARKER)
    return any(marker.start() <= datum.start < marker.end() for marker in markers)


def _replaced(
    text: str, replacements: list[tuple[int, int, str]], cuts: list[int]
) -> tuple[str, list[int]]:
    """Return a text with places replaced, and where its cuts are then.

    A cut within a place moves to the end of what stands for it.
    """
    parts: list[str] = []
    moved: list[int] = []
    last = length = 0
    for start, end, marker in [*replacements, (len(text), len(text), "")]:
        while len(moved) < len(cuts) and cuts[len(moved)] <= start:
            moved.append(length + cuts[len(moved)] - last)
        parts += text[last:start], marker
        length += start - last + len(marker)
        while len(moved) < len(cuts) and cuts[len(moved)] < end:
            moved.append(length)
        last = end
    return "".join(parts), moved


def _unstable_error() -> BadInputError:
    message = (
        f"personal data shows up anew each of {_MOST_ROUNDS} times that some is replaced: take it"
        " out before recording"
    )
    return BadInputError([Problem("redaction", message)])
