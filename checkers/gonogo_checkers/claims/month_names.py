"""The months by their names in eight languages."""

import re
from typing import Final

_NAMES: Final = (
    ("january", "jan", "januar", "jänner", "januari", "janvier", "enero", "janeiro", "gennaio"),
    ("february", "feb", "februar", "februari", "février", "febrero", "fevereiro", "febbraio"),
    ("march", "mar", "märz", "maart", "mars", "marzo", "março"),
    ("april", "apr", "avril", "abril", "aprile"),
    ("may", "mai", "mei", "mayo", "maio", "maggio", "maj"),
    ("june", "jun", "juni", "juin", "junio", "junho", "giugno"),
    ("july", "jul", "juli", "juillet", "julio", "julho", "luglio"),
    ("august", "aug", "augustus", "août", "agosto", "augusti"),
    ("september", "sep", "sept", "septembre", "septiembre", "setembro", "settembre"),
    ("october", "oct", "oktober", "octobre", "octubre", "outubro", "ottobre"),
    ("november", "nov", "novembre", "noviembre", "novembro"),
    ("december", "dec", "dezember", "décembre", "diciembre", "dezembro", "dicembre"),
)
_NUMBER_OF: Final = {name: number for number, names in enumerate(_NAMES, 1) for name in names}
_WORD: Final = re.compile(r"[^\W\d_]{3,10}")
_IN_DATE: Final = re.compile(
    r"\b\d{4}[-/.](\d{1,2})\b|\b(\d{1,2})[/.](\d{1,2})[/.]\d{2,4}\b|(\d{1,2})[月월]"
)


def month_number(name: str) -> int | None:
    """Return 1 to 12 for the name of a month, or None."""
    return _NUMBER_OF.get(name.lower())


def months_in(text: str) -> set[int]:
    """Return the months that a text names, in words or in dates such as 2024-05-15 and 15/5/24."""
    named = {_NUMBER_OF[word] for word in set(_WORD.findall(text.lower())) if word in _NUMBER_OF}
    for groups in _IN_DATE.findall(text):
        named.update(int(group) for group in groups if group and 1 <= int(group) <= 12)
    return named
