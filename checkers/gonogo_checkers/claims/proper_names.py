"""Finds names in prose by their capitals, and tells which of their words other texts contain."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from gonogo_checkers.claims.abbreviations import SAME_THING
from gonogo_checkers.claims.function_words import FUNCTION_WORDS
from gonogo_checkers.claims.month_names import month_number
from gonogo_checkers.claims.number_words import UNITS


def _words(spaced: str) -> frozenset[str]:
    return frozenset(spaced.split())


_TOKEN: Final = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_PART: Final = re.compile(r"[A-ZÀ-ÖØ-Þ]?[a-zà-öø-ÿ]+|[A-ZÀ-ÖØ-Þ]+(?![a-zà-öø-ÿ])|[^\W_]+")
_STARTERS: Final = re.compile(
    r"(?:^|[\n.!?:;•。！？…|]|[-*+>#]\s|\d[.)]\s)[\s\"'“”‘’«»„(\[*_#>-]*$"
)
_JOINERS: Final = frozenset(
    {"of", "for", "de", "la", "von", "van", "der", "du", "del", "and", "the", "&"}
)
_SMALL: Final = frozenset().union(*FUNCTION_WORDS.values())
_CALENDAR: Final = _words(
    """january february march april may june july august september october november december
    jan feb mar apr jun jul aug sep sept oct nov dec monday tuesday wednesday thursday friday
    saturday sunday montag dienstag mittwoch donnerstag freitag samstag sonntag lundi mardi
    mercredi jeudi vendredi samedi dimanche lunes martes miércoles jueves viernes sábado domingo
    yesterday today tomorrow mon tue tues wed thu thur thurs fri sat sun am pm"""
)
_TITLES: Final = _words(
    """mr mrs ms dr prof eur usd gbp chf sir madam ok okay hi hello dear sincerely celsius
    fahrenheit
    guten tag frau
    herr herrn sehr geehrte geehrter liebe lieber grüße bonjour madame monsieur cher chère
    cordialement señor señora estimado estimada hola saludos senhor senhora olá prezado prezada
    signor signora gentile buongiorno mevrouw meneer beste groet"""
)
_ENDINGS: Final = tuple(
    sorted(
        _words(
            "'s’s s es n an ian ean ese ish a e y i o ic ies ing ed er ers ist en em er es und"
            " ом а у е ы ой ия ии ию ский ская ское ого"
        )
    )
)
_ENDINGS_BY_LAST: Final = {
    last: tuple(ending for ending in _ENDINGS if ending[-1] == last)
    for last in {ending[-1] for ending in _ENDINGS}
}
_LONGEST_KEPT: Final = 30


@dataclass(frozen=True, slots=True)
class Name:
    """A run of capitalised words.

    Attributes:
        words: Its words as written, without joiners such as `of`.
        start: Offset of its first character.
        end: One past its last.
        opens_sentence: True where its first word would be capitalised anyway.
    """

    words: tuple[str, ...]
    start: int
    end: int
    opens_sentence: bool

    @property
    def initials(self) -> str:
        """The first letters of its words, for abbreviations."""
        return "".join(word[0] for word in self.words).lower()


def names_of(text: str, *, limit: int = 2000) -> list[Name]:
    """Find the names of a text in the order of their places, at most `limit`.

    A single word that opens a sentence, a line or an item counts only where its own shape says
    that it is a name (`NASA`, `iPhone`, `McKay`). Headings in capitals are no names.
    """
    names: list[Name] = []
    run: list[re.Match[str]] = []
    for line in re.finditer(r"[^\n]+", text):
        if _is_heading(line[0]):
            continue
        for token in _TOKEN.finditer(text, line.start(), line.end()):
            if run and not _continues(text, run[-1], token):
                names += _close(text, run)
                run = []
            if _is_capital(token[0]) or (run and token[0] in _JOINERS):
                run.append(token)
        names += _close(text, run)
        run = []
        if len(names) >= limit:
            break
    return names[:limit]


def _is_heading(line: str) -> bool:
    stripped = line.strip().strip("*_")
    if line.lstrip().startswith("#") or (line.strip().startswith("**") and stripped[-1:] == ":"):
        return True
    words = [word for word in _TOKEN.findall(stripped) if word.lower() not in _SMALL]
    return len(stripped) < 80 and stripped[-1:] not in ".!?," and all(map(_is_capital, words))


def _is_capital(word: str) -> bool:
    return word[0].isupper() or (len(word) > 2 and word[1].isupper() and word[0].isalpha())


def _continues(text: str, before: re.Match[str], token: re.Match[str]) -> bool:
    gap = text[before.end() : token.start()]
    shortened = len(before[0]) == 1 or before[0].lower() in _TITLES
    return gap in {" ", " & "} or (gap == ". " and shortened)


def _close(text: str, run: list[re.Match[str]]) -> list[Name]:
    while run and run[-1][0] in _JOINERS:
        run = run[:-1]
    if not run:
        return []
    opens = _STARTERS.search(text, max(0, run[0].start() - 12), run[0].start()) is not None or (
        run[0].start() == 0
    )
    while run and _is_ordinary(run[0][0]):
        run, opens = run[1:], False
    kept = [token for token in run if token[0] not in _JOINERS and not _is_ordinary(token[0])]
    if opens and len(kept) > 1 and len(kept[0][0]) > 3 and kept[0][0].endswith(("ing", "ly", "ed")):
        kept = kept[1:]
    if not kept or (opens and len(kept) == 1 and not _looks_like_name(kept[0][0])):
        return []
    words = tuple(token[0] for token in kept)
    return [Name(words, kept[0].start(), kept[-1].end(), opens)]


def _is_ordinary(word: str) -> bool:
    lowered = word.lower()
    head = re.split(r"['’]", lowered, maxsplit=1)[0]
    return (
        len(word) == 1
        or head in _SMALL
        or lowered in _SMALL
        or head in _CALENDAR
        or month_number(head) is not None
        or head in _TITLES
        or head in UNITS
    )


def _looks_like_name(word: str) -> bool:
    return len(word) > 1 and any(char.isupper() or char.isdigit() for char in word[1:])


def stems_of(word: str) -> frozenset[str]:
    """Return the forms under which a word and its kin meet: Canada and Canadian share `canad`."""
    return _stems_of(word) if len(word) <= _LONGEST_KEPT else frozenset(_forms(word))


@lru_cache(maxsize=30_000)
def _stems_of(word: str) -> frozenset[str]:
    return frozenset(_forms(word))


def _forms(word: str) -> set[str]:
    if word.isascii():
        plain = word.casefold()
    else:
        decomposed = unicodedata.normalize("NFKD", word.casefold())
        plain = "".join(char for char in decomposed if not unicodedata.combining(char))
    plain = plain.replace("’", "'").removesuffix("'s").removesuffix("'")
    stems = {plain}
    if len(word) > 2 and word.endswith("s") and word[:-1].isupper():
        stems.add(plain[:-1])
    for ending in _ENDINGS_BY_LAST.get(plain[-1:], ()):
        if plain.endswith(ending) and len(plain) - len(ending) >= 4:
            stems.add(plain[: -len(ending)])
    return stems


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The words of some texts, in all their forms.

    Attributes:
        stems: Forms of every word.
        initials: First letters of every run of capitalised words, for abbreviations.
    """

    stems: frozenset[str]
    initials: frozenset[str]

    def knows(self, word: str) -> bool:
        """Tell whether the texts contain the word, a form of it, or all parts of a compound."""
        if not self.stems.isdisjoint(stems_of(word)):
            return True
        if not self.stems.isdisjoint(SAME_THING.get(word.lower(), ())):
            return True
        parts = [part for part in re.split(r"['’-]", word) if len(part) > 1]
        return len(parts) > 1 and (
            not self.stems.isdisjoint(stems_of("".join(parts)))
            or all(self._knows_part(part, word) for part in parts)
        )

    def _knows_part(self, part: str, word: str) -> bool:
        ordinary = part.lower() in _SMALL or (part.islower() and not word.islower())
        return ordinary or not self.stems.isdisjoint(stems_of(part))


def vocabulary_of(texts: Iterable[str]) -> Vocabulary:
    """Collect the words of some texts."""
    tokens: set[str] = set()
    initials: set[str] = set()
    for text in texts:
        tokens.update(_TOKEN.findall(text))
        initials.update(name.initials for name in names_of(text) if len(name.words) > 1)
    words = set(tokens)
    for token in tokens:
        words.add(token.replace("-", ""))
        words.update(_PART.findall(token))
    return Vocabulary(
        frozenset().union(*(stems_of(word) for word in words if word)), frozenset(initials)
    )
