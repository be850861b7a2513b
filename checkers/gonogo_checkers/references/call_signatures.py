"""Holds the arguments of a call against the definitions of a function in the stubs of typeshed.

An argument counts as wrong only where no overload and no version of the function takes it.
"""

import ast
from dataclasses import dataclass
from typing import Final

from gonogo_checkers.references.standard_library import (
    Class,
    Found,
    Function,
    FunctionNode,
    Module,
    constructor,
    find_member,
)

_KEEPING_SIGNATURE: Final = frozenset(
    {
        "abstractmethod",
        "asynccontextmanager",
        "classmethod",
        "contextmanager",
        "final",
        "overload",
        "staticmethod",
        "type_check_only",
    }
)


_PASSING_ON: Final = {
    "json.dump": ("json.encoder", "JSONEncoder"),
    "json.dumps": ("json.encoder", "JSONEncoder"),
    "json.load": ("json.decoder", "JSONDecoder"),
    "json.loads": ("json.decoder", "JSONDecoder"),
}
"""Functions that hand their other keywords to a class, unless the call names another by `cls`."""


@dataclass(frozen=True, slots=True)
class KeywordFault:
    """A keyword argument that the function does not take; `nearest` may be what was meant."""

    name: str
    by_position_only: bool
    nearest: str | None


@dataclass(frozen=True, slots=True)
class PositionFault:
    """More positional arguments than the function takes; `allowed`: at most."""

    given: int
    allowed: int


def wrong_keywords(function: Function, call: ast.Call) -> list[KeywordFault]:
    """Return the keyword arguments of a call that no definition of the function takes."""
    nodes = _takers(function, call) if _is_checkable(function) else None
    if nodes is None:
        return []
    accepted = {name for node in nodes for name in _keyword_names(node)}
    positional = {name for node in nodes for name in _position_only_names(node)}
    faults = []
    for keyword in call.keywords:
        if keyword.arg is not None and keyword.arg not in accepted:
            by_position = keyword.arg in positional
            nearest = None if by_position else _nearest(keyword.arg, accepted)
            faults.append(KeywordFault(keyword.arg, by_position, nearest))
    return faults


def wrong_positions(function: Function, call: ast.Call) -> PositionFault | None:
    """Return by how much a call has too many positional arguments; None where it has not."""
    if not _is_checkable(function) or any(node.args.vararg for node in function.nodes):
        return None
    if any(isinstance(argument, ast.Starred) for argument in call.args):
        return None
    if function.owner is not None and not function.bound and not _binds_itself(function):
        return None
    hidden = 1 if function.owner is not None and not _is_static(function) else 0
    allowed = max(len(node.args.posonlyargs) + len(node.args.args) for node in function.nodes)
    given = len(call.args)
    return PositionFault(given, allowed - hidden) if given > allowed - hidden else None


def _takers(function: Function, call: ast.Call) -> tuple[FunctionNode, ...] | None:
    """Return the definitions that take the keywords of a call; None: they may take any."""
    passed_on = _PASSING_ON.get(function.path)
    if passed_on is None or any(keyword.arg in {"cls", None} for keyword in call.keywords):
        return None if any(node.args.kwarg for node in function.nodes) else function.nodes
    member = find_member(Module(passed_on[0]), passed_on[1])
    if not isinstance(member, Found) or not isinstance(member.thing, Class):
        return None
    receiver = constructor(member.thing)
    return (*function.nodes, *receiver.nodes) if receiver is not None else None


def _is_checkable(function: Function) -> bool:
    return all(_decorator_names(node) <= _KEEPING_SIGNATURE for node in function.nodes)


def _decorator_names(node: FunctionNode) -> set[str]:
    return {
        mark.id
        if isinstance(mark, ast.Name)
        else "overload"
        if isinstance(mark, ast.Call)
        and isinstance(mark.func, ast.Name)
        and mark.func.id == "deprecated"
        else "?"
        for mark in node.decorator_list
    }


def _is_static(function: Function) -> bool:
    return all("staticmethod" in _decorator_names(node) for node in function.nodes)


def _binds_itself(function: Function) -> bool:
    return all(_decorator_names(node) & {"staticmethod", "classmethod"} for node in function.nodes)


def _keyword_names(node: FunctionNode) -> set[str]:
    names = [argument.arg for argument in node.args.args + node.args.kwonlyargs]
    return {name for name in names if not _is_position_only(name)}


def _position_only_names(node: FunctionNode) -> set[str]:
    return {argument.arg.lstrip("_") for argument in node.args.posonlyargs} | {
        argument.arg.lstrip("_") for argument in node.args.args if _is_position_only(argument.arg)
    }


def _is_position_only(name: str) -> bool:
    """Tell the spelling that stubs used before `/` was there."""
    return name.startswith("__") and not name.endswith("__")


def _nearest(name: str, accepted: set[str]) -> str | None:
    from difflib import get_close_matches  # noqa: PLC0415 - only where something is wrong

    close = get_close_matches(name[:60], sorted(accepted), n=1, cutoff=0.6)
    return close[0] if close else None
