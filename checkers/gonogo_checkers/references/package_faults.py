"""Judges the names of modules and packages against the index of PyPI, with second signals.

That a name is not registered is certain; what it means is not. An application's own modules are
not registered either, so the confidence comes from what else the response and the prompt say.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from gonogo_checkers.output import Output
from gonogo_checkers.references.local_modules import (
    given_modules,
    given_words,
    is_plainly_local,
    may_be_local,
)
from gonogo_checkers.references.module_tables import packages_of_module
from gonogo_checkers.references.package_index import (
    Neighbour,
    is_popular,
    is_registered,
    listed_on,
    nearest_popular,
    normalise,
)
from gonogo_checkers.references.stub_modules import is_standard_module
from gonogo_checkers.verdict import Confidence, Severity

_RELATED: Final = ("python-{}", "py{}", "py-{}", "{}-python", "django-{}", "flask-{}", "{}-py")
"""How packages are called that bring a module of the bare name."""

_LONGEST_HYPHENATED: Final = 40
_SHORTEST_PART: Final = 3


@dataclass(frozen=True, slots=True)
class NameFault:
    """What is wrong with a name, as `Finding` says it."""

    rule: str
    severity: Severity
    confidence: Confidence
    message: str


@dataclass(frozen=True, slots=True)
class ModuleUse:
    """An import of a module that is not of the standard library.

    Attributes:
        path: As imported, dotted.
        guarded: True where the code goes on without it.
    """

    path: str
    guarded: bool

    @property
    def first(self) -> str:
        """The part that a package brings."""
        return self.path.partition(".")[0]


@dataclass(frozen=True, slots=True)
class NameContext:
    """What the response and the given texts say about names.

    Attributes:
        local: Modules that are the application's own.
        mentioned: Words of the given texts, normalised.
        installed: Packages that the response says to install, normalised.
        described: Words that the response calls a library, a package or a module, normalised.
    """

    local: frozenset[str]
    mentioned: frozenset[str]
    installed: frozenset[str]
    described: frozenset[str]


_DESCRIBED: Final = re.compile(
    r"[`*\"']{0,3}\b([A-Za-z_]\w{1,60}(?:-\w{1,30}){0,4})[`*\"']{0,3}[ \t]{1,3}"
    r"(?:librar(?:y|ies)|packages?|modules?|bibliothèque|Bibliothek|Paket|biblioteca|paquete)\b"
)


def read_context(output: Output, own: Iterable[str], installed: Iterable[str]) -> NameContext:
    """Read what is needed to judge names.

    Args:
        output: The response and the given texts.
        own: Modules that the response itself defines or names as files.
        installed: Packages that it says to install.
    """
    described = {normalise(match[1]) for match in _DESCRIBED.finditer(output.response[:400_000])}
    return NameContext(
        frozenset(given_modules(output) | set(own)),
        frozenset(given_words(output)),
        frozenset(normalise(name) for name in installed),
        frozenset(described),
    )


def judge_module(use: ModuleUse, context: NameContext) -> NameFault | None:
    """Judge an imported module that the standard library does not have."""
    name = use.first
    if name.startswith("_") or name in context.local or is_plainly_local(name):
        return None
    if packages_of_module(name) is not None or any(map(is_popular, _hyphenated(name))):
        return None
    if is_registered(name):
        return _misspelling(name, context)
    if any(is_registered("-".join(use.path.split(".")[:parts])) for parts in (2, 3)):
        return None
    near = nearest_popular(name)
    severity, confidence = _weigh_module(use, context, near)
    hint = f"; `{near.name}` is, and may be meant" if near else ""
    message = (
        f"No package `{_short(name)}` was registered at PyPI on {listed_on()}, and it is no known "
        f"module of another package{hint}."
    )
    return NameFault("HAL001", severity, confidence, message)


def _weigh_module(
    use: ModuleUse, context: NameContext, near: Neighbour | None
) -> tuple[Severity, Confidence]:
    word = normalise(use.first)
    if word in context.installed or (near is not None and near.letters == 1):
        return Severity.HIGH, Confidence.HIGH
    if may_be_local(use.first):
        return Severity.LOW, Confidence.LOW
    if word in context.mentioned:
        return Severity.MEDIUM, Confidence.LOW
    if use.guarded or use.path.count(".") > 1 or _has_related(word):
        return Severity.MEDIUM, Confidence.LOW
    if word in context.described:
        return Severity.HIGH, Confidence.HIGH
    return Severity.HIGH, Confidence.MEDIUM


def _has_related(word: str) -> bool:
    names = [form.format(word) for form in _RELATED]
    return any(is_registered(name) for name in [*names, *_hyphenated(word)])


def _hyphenated(name: str) -> Iterator[str]:
    """Yield the name with a hyphen at each place: `importlinter` is of `import-linter`."""
    word = normalise(name)[:_LONGEST_HYPHENATED]
    for place in range(_SHORTEST_PART, len(word) - _SHORTEST_PART + 1):
        yield f"{word[:place]}-{word[place:]}"


def _misspelling(name: str, context: NameContext) -> NameFault | None:
    if is_popular(name) or normalise(name) in context.mentioned:
        return None
    near = nearest_popular(name)
    # `httpx2` is a successor's name, not a slip.
    if near is None or near.name == normalise(name).rstrip("0123456789-"):
        return None
    message = (
        f"`{_short(name)}` is a little used package; `{near.name}`, one of the most used, may be "
        "meant."
    )
    return NameFault("HAL003", Severity.MEDIUM, Confidence.LOW, message)


def judge_requirement(name: str, context: NameContext) -> NameFault | None:
    """Judge a package that the response says to install."""
    if is_registered(name):
        return _misspelling(name, context)
    if is_standard_module(name):
        message = f"`{name}` is part of the standard library: there is nothing to install."
        return NameFault("HAL002", Severity.MEDIUM, Confidence.HIGH, message)
    given = normalise(name) in context.mentioned or name in context.local
    severity = Severity.MEDIUM if given else Severity.HIGH
    confidence = Confidence.LOW if given else Confidence.HIGH
    message = f"No package `{_short(name)}` was registered at PyPI on {listed_on()}{_meant(name)}."
    return NameFault("HAL002", severity, confidence, message)


def _meant(name: str) -> str:
    packages = packages_of_module(name)
    near = nearest_popular(name)
    meant = packages[0] if packages else near.name if near else ""
    return f"; `{meant}` is, and may be meant" if meant else ""


def _short(text: str) -> str:
    return text if len(text) <= 80 else text[:79] + "…"
