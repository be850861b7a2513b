"""Masks personal data for evidence, so that a report does not leak what it reports."""

from typing import Final

from gonogo_checkers.personal.personal_data_kinds import FACTS, Kind

_LONGEST: Final = 78


def mask(kind: Kind, written: str) -> str:
    """Return a piece of personal data with all but a few characters as `*`, at most 80 characters.

    Args:
        kind: What it is; of numbers the last two to four characters stay (and the country of an
            IBAN), of an address the first of mailbox and domain and the
            last part of the domain, of names the initials.
        written: As it stands in the text.
    """
    if kind is Kind.MAIL:
        local, _, domain = written.partition("@")
        name, _, top = domain.rpartition(".")
        return f"{local[:1]}***@{name[:1]}***.{top[:20]}"
    if kind is Kind.NAME:
        return " ".join(f"{word[:1]}***" for word in written.split()[:6])
    if kind is Kind.IBAN:
        return written[:2] + _masked(written[2:], 2)
    return _masked(written, FACTS[kind].shown)


def _masked(written: str, left: int) -> str:
    masked = []
    for character in reversed(written[-_LONGEST:]):
        is_shown = left > 0 or not character.isalnum()
        masked.append(character if is_shown else "*")
        left -= character.isalnum()
    return "".join(reversed(masked))
