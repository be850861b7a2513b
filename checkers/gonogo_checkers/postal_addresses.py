"""Finds postal addresses: a street with its number, and a postal code or a unit near it."""

import re
from collections.abc import Iterator
from itertools import islice
from typing import Final

_MOST: Final = 100
_NAME: Final = r"[A-ZÀ-Þ][\w.'’-]{1,24}"
_ENGLISH: Final = re.compile(
    rf"(?<![\w.,-])\d{{1,5}}[A-Za-z]? (?:[NSEW]\.? )?(?:{_NAME} |\d{{1,3}}(?:st|nd|rd|th) ){{1,3}}"
    r"(?:Street|St|Avenue|Ave|Road|Rd|Boulevard|Blvd|Lane|Ln|Drive|Dr|Court|Ct|Way|Place|Pl|Terrace"
    r"|Square|Parkway|Pkwy|Circle|Close|Crescent|Highway|Hwy)\b\.?"
)
_GERMAN: Final = re.compile(
    r"(?<!\w)[A-ZÄÖÜ][\wäöüß-]{2,24}(?:straße|strasse|str\.|weg|platz|allee|gasse|ring|damm|ufer)"
    r" \d{1,4} ?[a-z]?\b"
)
_ROMANCE: Final = re.compile(
    r"(?<![\w.,-])\d{1,4}(?: ?bis| ?ter)?,? (?:rue|avenue|boulevard|place|chemin|impasse|allée|quai)"
    r" (?:(?:de|du|des|la|le|les|l['’]) ?){0,2}[A-ZÀ-Þ][\w'’-]{1,24}"
    r"|(?<!\w)(?:Calle|Avenida|Paseo|Plaza|Via|Viale|Corso|Piazza|Rua|Travessa|Praça)"
    r" (?:(?:de|del|la|da|do|dos|das|di|della) ){0,2}[A-ZÀ-Þ][\w'’-]{1,24}(?: [A-ZÀ-Þ][\w'’-]{1,24})?"
    r",? (?:n\.?º? ?)?\d{1,4}\b"
)
_REST: Final = re.compile(
    r"[ ,.\n]{1,4}(?:(?:Apt|Apartment|Suite|Unit|Flat|Floor|Room)\.? ?#?\w{1,6}\b"
    r"|[^\n.;!?]{0,40}?[\n,]? ?(?:\b[A-Z]{2} \d{5}(?:-\d{4})?|\b\d{4,5}(?=[ ,.\n]|$)(?: [A-ZÀ-Þ]\w+)?"
    r"|\b[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}|\b[A-Z]\d[A-Z] ?\d[A-Z]\d)\b)"
)


def find_postal_addresses(text: str) -> Iterator[tuple[int, int]]:
    """Yield the spans of postal addresses.

    A street alone is not one: a unit (`Apt 4`) or a postal code must follow on the same or the
    next line.
    """
    for pattern in (_ENGLISH, _GERMAN, _ROMANCE):
        for match in islice(pattern.finditer(text), _MOST):
            rest = _REST.match(text, match.end(), match.end() + 90)
            if rest:
                yield match.start(), rest.end()
