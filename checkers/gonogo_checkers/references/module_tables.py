"""Reads the tables of module names: which package brings a module, and what Python has removed."""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Removal:
    """When a module or a member left the standard library.

    Attributes:
        version: First version of Python without it.
        instead: What stands in its place; empty where nothing does.
    """

    version: str
    instead: str


def packages_of_module(path: str) -> tuple[str, ...] | None:
    """Return the packages that bring a module whose name is not theirs.

    Returns:
        Their names; none where another program brings it; None where the table has no line.
    """
    return _import_names().get(path.partition(".")[0])


def renamed_modules() -> dict[str, tuple[str, ...]]:
    """Return the modules whose package has another name, with the packages that bring them."""
    return _import_names()


def find_removal(path: str) -> Removal | None:
    """Return when a module or a member, by its dotted name, was removed; None: not known to be."""
    return _removals().get(path)


@cache
def undocumented_members() -> dict[str, frozenset[str]]:
    """Return, by module, the names that modules of the standard library have beyond their stubs."""
    rows = _rows("undocumented_members.tsv")
    return {module: frozenset(names.split()) for module, names in rows}


@cache
def _import_names() -> dict[str, tuple[str, ...]]:
    return {
        module: tuple(name for name in packages.split() if name != "-")
        for module, packages in _rows("import_names.tsv")
    }


@cache
def _removals() -> dict[str, Removal]:
    return {name: Removal(*rest.split("\t", 1)) for name, rest in _rows("removed_from_python.tsv")}


def _rows(file: str) -> list[tuple[str, str]]:
    text = files("gonogo_checkers").joinpath("data", file).read_text(encoding="utf-8")
    lines = (line for line in text.splitlines() if line and not line.startswith("#"))
    return [(name, rest) for name, _, rest in (line.partition("\t") for line in lines)]
