"""Finds what a Python snippet wants of the standard library and what that does not have."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Final

from gonogo_checkers.references.call_signatures import wrong_keywords, wrong_positions
from gonogo_checkers.references.module_tables import Removal, find_removal
from gonogo_checkers.references.python_names import PythonNames, Use
from gonogo_checkers.references.standard_library import (
    Answer,
    Class,
    Found,
    Function,
    Instance,
    Module,
    Thing,
    constructor,
    find_member,
    member_names,
)
from gonogo_checkers.references.stub_modules import is_standard_module, module_gone_in
from gonogo_checkers.verdict import Confidence, Severity

_OLD_BUILTINS: Final = frozenset(
    {"basestring", "execfile", "raw_input", "unichr", "unicode", "xrange"}
)
_SHADOWED_OFTEN: Final = frozenset(
    {
        "code",
        "cmd",
        "commands",
        "exceptions",
        "formatter",
        "parser",
        "symbol",
        "test",
        "thread",
        "token",
        "types",
        "user",
    }
)
"""Applications have modules of these names; `from` imports of them are not judged."""

_TEST_PARTS: Final = frozenset({"test", "tests", "idle_test"})
_OLDEST_SUPPORTED: Final = 10


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a snippet: 0-based rows, columns in UTF-8 bytes."""

    row: int
    column: int
    end_row: int
    end_column: int


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is not there, as `Finding` says it."""

    rule: str
    severity: Severity
    confidence: Confidence
    message: str
    place: Place
    evidence: str


@dataclass(slots=True)
class StandardLibraryReview:
    """Faults of a snippet, and how many uses of the standard library were looked at."""

    faults: list[Fault] = field(default_factory=list)
    looked_at: int = 0


def review(names: PythonNames, local: frozenset[str]) -> StandardLibraryReview:
    """Judge every use of the standard library in a snippet.

    Args:
        names: What the snippet imports, reads and calls.
        local: Modules of the application's own that hide standard ones.
    """
    found = StandardLibraryReview()
    for use in names.uses:
        match use.node:
            case ast.Import():
                _review_import(found, use.node, use, local)
            case ast.ImportFrom():
                _review_import_from(found, use.node, use, local)
            case ast.Attribute():
                _review_attribute(found, use.node, use, names)
            case ast.Call():
                _review_call(found, use.node, use, names)
            case ast.Name():
                _review_name(found, use.node, use, names)
    return found


def place_of(node: ast.expr | ast.alias | ast.keyword | ast.stmt) -> Place:
    """Return where a node stands."""
    end_row = (node.end_lineno or node.lineno) - 1
    return Place(node.lineno - 1, node.col_offset, end_row, node.end_col_offset or 0)


def _review_import(
    found: StandardLibraryReview, node: ast.Import, use: Use, local: frozenset[str]
) -> None:
    for alias in node.names:
        first = alias.name.partition(".")[0]
        if first not in local and not use.guards & {"import", "version"}:
            found.looked_at += is_standard_module(first)
            found.faults += _module_faults(alias.name, place_of(alias))


def _module_faults(path: str, place: Place) -> Iterator[Fault]:
    first = path.partition(".")[0]
    removal = find_removal(path) or find_removal(first)
    if removal is not None and not is_standard_module(path):
        yield _removed(path, removal, place)
    elif is_standard_module(first) and not _is_module_or_member(path):
        if _TEST_PARTS & set(path.split(".")):  # typeshed leaves Python's own tests out
            return
        parent = path.rpartition(".")[0]
        message = (
            f"The standard library has no module `{_short(path)}`{_hint(Module(parent), path)}."
        )
        yield Fault("HAL012", Severity.HIGH, Confidence.HIGH, message, place, _short(path))
    else:
        gone_in = module_gone_in(path)
        if gone_in is not None:
            yield _removed(path, Removal(f"3.{gone_in}", removal.instead if removal else ""), place)


def _is_module_or_member(path: str) -> bool:
    if is_standard_module(path):
        return True
    parent, _, name = path.rpartition(".")
    return is_standard_module(parent) and find_member(Module(parent), name) is not Answer.ABSENT


def _review_import_from(
    found: StandardLibraryReview, node: ast.ImportFrom, use: Use, local: frozenset[str]
) -> None:
    module = node.module or ""
    first = module.partition(".")[0]
    if node.level or first in local or use.guards & {"import", "version"}:
        return
    if first in _SHADOWED_OFTEN and module == first:
        return
    found.looked_at += is_standard_module(first)
    faults = list(_module_faults(module, place_of(node)))
    found.faults += faults
    if faults or not is_standard_module(module):
        return
    for alias in node.names:
        if alias.name != "*":
            found.faults += _member_faults(Module(module), alias.name, place_of(alias), "HAL011")


def _review_attribute(
    found: StandardLibraryReview, node: ast.Attribute, use: Use, names: PythonNames
) -> None:
    if node.attr in names.settable or use.guards & {"attribute", "version"}:
        return
    owner = names.resolve(node.value, use.scope)
    if owner is None:
        return
    found.looked_at += 1
    end = place_of(node)
    width = len(node.attr.encode())
    place = Place(end.end_row, max(end.end_column - width, 0), end.end_row, end.end_column)
    found.faults += _member_faults(owner, node.attr, place, "HAL010")


def _member_faults(owner: Thing, name: str, place: Place, rule: str) -> Iterator[Fault]:
    if not isinstance(owner, Module | Class | Instance):
        return
    member = find_member(owner, name)
    path = f"{owner.path}.{name}"
    removal = _removal_of(owner, name)
    if isinstance(member, Found):
        if member.gone_in is not None:
            version = f"3.{member.gone_in}"
            yield _removed(path, Removal(version, removal.instead if removal else ""), place)
    elif removal is not None:
        yield _removed(path, removal, place)
    elif member is Answer.ABSENT:
        yield Fault(
            rule, Severity.HIGH, _confidence(owner), _absence(owner, name), place, _short(path)
        )


def _removal_of(owner: Module | Class | Instance, name: str) -> Removal | None:
    return find_removal(f"{owner.path}.{name}")


def _confidence(owner: Module | Class | Instance) -> Confidence:
    """A value may be of a subclass that has more; modules and literals are what they are."""
    plain = isinstance(owner, Instance) and owner.cls.module != "builtins"
    return Confidence.MEDIUM if plain else Confidence.HIGH


def _absence(owner: Module | Class | Instance, name: str) -> str:
    hint = _hint(owner, name)
    match owner:
        case Module(path):
            return f"The module `{path}` of the standard library has no `{_short(name)}`{hint}."
        case Class():
            return f"The class `{owner.path}` has no `{_short(name)}`{hint}."
    return f"A value of `{owner.path}` has no `{_short(name)}`{hint}."


def _hint(owner: Thing, name: str) -> str:
    word = name.rpartition(".")[2][:60]
    close = get_close_matches(word, sorted(member_names(owner)), n=1, cutoff=0.75)
    return f"; it has `{close[0]}`" if close else ""


def _removed(path: str, removal: Removal, place: Place) -> Fault:
    is_old = int(removal.version.partition(".")[2]) <= _OLDEST_SUPPORTED
    instead = f"; use `{removal.instead}`" if removal.instead else ""
    message = f"`{_short(path)}` is gone since Python {removal.version}{instead}."
    severity = Severity.MEDIUM if is_old else Severity.LOW
    return Fault("HAL013", severity, Confidence.HIGH, message, place, _short(path))


def _review_call(
    found: StandardLibraryReview, node: ast.Call, use: Use, names: PythonNames
) -> None:
    if "version" in use.guards:
        return
    called = names.resolve(node.func, use.scope)
    function = constructor(called) if isinstance(called, Class) else called
    if not isinstance(function, Function):
        return
    found.looked_at += 1
    found.faults += _keyword_faults(function, node)
    excess = wrong_positions(function, node)
    if excess is not None:
        message = (
            f"`{function.path}` takes at most {excess.allowed} positional "
            f"argument{'s' * (excess.allowed != 1)}, not {excess.given}."
        )
        place = place_of(node.args[max(excess.allowed, 0)])
        evidence = f"{function.path}({excess.given} arguments)"
        found.faults.append(
            Fault("HAL021", Severity.HIGH, Confidence.HIGH, message, place, _short(evidence))
        )


def _keyword_faults(function: Function, node: ast.Call) -> Iterator[Fault]:
    places = {keyword.arg: keyword for keyword in node.keywords}
    for fault in wrong_keywords(function, node):
        keyword = f"{function.path}({fault.name}=)"
        place = place_of(places[fault.name])
        removal = find_removal(keyword)
        if removal is not None:
            yield _removed(keyword, removal, place)
            continue
        if fault.by_position_only:
            message = f"`{function.path}` takes `{_short(fault.name)}` by position only."
        else:
            hint = f"; it has `{fault.nearest}`" if fault.nearest else ""
            message = f"`{function.path}` takes no argument `{_short(fault.name)}`{hint}."
        yield Fault("HAL020", Severity.HIGH, Confidence.HIGH, message, place, _short(keyword))


def _review_name(
    found: StandardLibraryReview, node: ast.Name, use: Use, names: PythonNames
) -> None:
    is_old = node.id in _OLD_BUILTINS and not use.guards
    if not is_old or not names.is_unbound(node.id, use.scope):
        return
    removal = find_removal(f"builtins.{node.id}")
    if removal is not None:
        found.looked_at += 1
        found.faults.append(_removed(node.id, removal, place_of(node)))


def _short(text: str) -> str:
    return text if len(text) <= 80 else text[:79] + "…"
