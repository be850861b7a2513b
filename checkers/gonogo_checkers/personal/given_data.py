"""Tells whether personal data stands in the texts that the model was given."""

import re
import unicodedata
from functools import cached_property
from typing import Final

from gonogo_checkers.personal.compact_text import compact, plain_mailboxes
from gonogo_checkers.personal.personal_data import PersonalDatum
from gonogo_checkers.personal.personal_data_kinds import Kind

_DOMAIN: Final = re.compile(r"(?<![\w.-])[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
_FEWEST_DIGITS: Final = 6
_PARTED: Final = "\n"
"""Keeps the end of one text from joining the beginning of the next; no number holds it."""


class GivenData:
    """The texts that a model was given, prepared for look-ups on first use.

    Args:
        texts: The texts, in any order.
    """

    def __init__(self, texts: tuple[str, ...]) -> None:
        self._texts = texts

    def holds(self, datum: PersonalDatum) -> bool:
        """Tell whether the data stands in one of the texts, however it is written there."""
        if datum.kind is Kind.MAIL:
            return datum.normal in self._mailboxes
        if datum.kind is Kind.NAME:
            return datum.normal in self._folded
        return len(datum.normal) >= _FEWEST_DIGITS and datum.normal in self._compact

    def knows_domain(self, domain: str) -> bool:
        """Tell whether one of the texts holds an address or a site of this domain."""
        return domain in self._domains

    @cached_property
    def _folded(self) -> str:
        return unicodedata.normalize("NFKC", _PARTED.join(self._texts)).casefold()

    @cached_property
    def _compact(self) -> str:
        return _PARTED.join(map(compact, self._texts))

    @cached_property
    def _mailboxes(self) -> frozenset[str]:
        return frozenset(plain_mailboxes(self._folded))

    @cached_property
    def _domains(self) -> frozenset[str]:
        found: set[str] = set()
        for name in _DOMAIN.findall(self._folded):
            labels = name.split(".")
            found.update(".".join(labels[place:]) for place in range(len(labels) - 1))
        return frozenset(found)
