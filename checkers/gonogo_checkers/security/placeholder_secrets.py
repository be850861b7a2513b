"""Tells secrets that stand in code from placeholders for them."""

import re
from typing import Final

_PLACEHOLDER: Final = re.compile(
    r"your|change|example|placeholder|dummy|sample|xxx|todo|insert|replace|fake|[<>{}\s]|\*\*\*",
    re.IGNORECASE,
)


def is_placeholder(value: str) -> bool:
    """Tell whether a literal stands for a secret that somebody is to fill in."""
    return not value or _PLACEHOLDER.search(value) is not None


def looks_secret(value: str) -> bool:
    """Tell whether a literal looks like a real password or key: letters with digits in it."""
    return (
        len(value) >= 6
        and any(character.isdigit() for character in value)
        and any(character.isalpha() for character in value)
        and not is_placeholder(value)
    )
