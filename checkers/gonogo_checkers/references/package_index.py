"""Tells which package names are registered at PyPI, offline, and which popular one is near a name.

The index is built by `checkers/build_package_index.py` and ships with the package: every name that
was registered on the day of `listed_on`, as a marisa trie, and the most downloaded names by rank.
"""

import json
import re
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Final

from gonogo_checkers.references.module_tables import renamed_modules

if TYPE_CHECKING:
    import marisa_trie

LONGEST_NAME: Final = 100
"""Names that are longer are cut before they are compared."""

_NEAR_BY_ONE: Final = 1_500
_NEAR_BY_TWO: Final = 500
"""How many of the most downloaded names are looked at for a slip of one, and of two, letters."""

_SHORTEST_NEAR: Final = {1: 5, 2: 8}


def normalise(name: str) -> str:
    """Return the normal form of a package name (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def is_registered(name: str) -> bool:
    """Tell whether a package of that name was registered on the day of `listed_on`."""
    return normalise(name) in _trie()


def is_popular(name: str) -> bool:
    """Tell whether a package is among the 15,000 most downloaded."""
    return normalise(name) in _ranks()


@cache
def listed_on() -> str:
    """Return the day on which the registry's names were listed, YYYY-MM-DD."""
    facts = json.loads(_read("pypi_names.json"))
    return str(facts["listed_on"])


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A much used package or module whose name is near another; `letters`: how many apart, 1, 2."""

    name: str
    letters: int


@lru_cache(maxsize=4096)
def nearest_popular(name: str) -> Neighbour | None:
    """Return the much used package or module that a name may be a misspelling of.

    One letter missing, added, changed or swapped with its neighbour in a name of at least five
    letters, or two in one of at least eight (Damerau 1964, restricted to adjacent letters).
    Hyphens that are missing or too many count as one letter.

    Returns:
        The nearest, of two as near the more downloaded; None where none is near, or where the name
        is popular itself.
    """
    word = normalise(name)[:LONGEST_NAME]
    if word in _ranks() or len(word) < _SHORTEST_NEAR[1]:
        return None
    bare = word.replace("-", "")
    by_two = None
    letters = _letters(word)
    for rank, popular, its_letters in _targets():
        if abs(len(popular) - len(word)) > 2 or (letters ^ its_letters).bit_count() > 4:
            continue
        distance = 1 if popular.replace("-", "") == bare else _distance(word, popular)
        if distance == 1:
            return Neighbour(popular, 1)
        is_long = min(len(word), len(popular)) >= _SHORTEST_NEAR[2]
        if distance == 2 and is_long and rank < _NEAR_BY_TWO and by_two is None:
            by_two = Neighbour(popular, 2)
    return by_two


def _letters(word: str) -> int:
    """Return the letters of a word as bits: one change of a letter moves two bits at most."""
    bits = 0
    for letter in word:
        bits |= 1 << ord(letter) % 64
    return bits


@cache
def _targets() -> tuple[tuple[int, str, int], ...]:
    """Return the names to compare with, by rank: packages, and modules that are called otherwise.

    A module has the rank of its package.
    """
    ranked = {name: rank for name, rank in _ranks().items() if rank < _NEAR_BY_ONE}
    for module, packages in renamed_modules().items():
        rank = min((_ranks().get(package, _NEAR_BY_ONE) for package in packages), default=None)
        if rank is not None and rank < _NEAR_BY_ONE:
            ranked.setdefault(normalise(module), rank)
    long = (item for item in ranked.items() if len(item[0]) >= _SHORTEST_NEAR[1])
    return tuple(sorted((rank, name, _letters(name)) for name, rank in long))


def _distance(word: str, other: str) -> int:
    """Return the optimal string alignment distance, or 3 where it is more than 2."""
    before: list[int] = []
    last = list(range(len(other) + 1))
    for row, letter in enumerate(word, start=1):
        line = [row]
        for column, wanted in enumerate(other, start=1):
            cost = min(last[column] + 1, line[-1] + 1, last[column - 1] + (letter != wanted))
            swapped = row > 1 and column > 1 and letter == other[column - 2]
            if swapped and word[row - 2] == wanted:
                cost = min(cost, before[column - 2] + 1)
            line.append(cost)
        if min(line) > 2:
            return 3
        before, last = last, line
    return min(last[-1], 3)


def _read(file: str) -> str:
    return files("gonogo_checkers").joinpath("data", file).read_text(encoding="utf-8")


@cache
def _trie() -> "marisa_trie.Trie":
    import marisa_trie  # noqa: PLC0415 - heavy: only when a name is looked up

    content = files("gonogo_checkers").joinpath("data", "pypi_names.marisa").read_bytes()
    return marisa_trie.Trie().frombytes(content)


@cache
def _ranks() -> dict[str, int]:
    names = _read("popular_packages.txt").split()
    return {name: rank for rank, name in enumerate(names)}
