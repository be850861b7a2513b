"""A function of a Python snippet with what the rules SEC2xx ask of it."""

import ast
import re
from typing import Final, TypeAlias

from gonogo_checkers.security.python_dataflow import Scope, dotted_name

Found: TypeAlias = tuple[str, ast.expr | ast.stmt]
"""A rule that fired, and where."""

_GUARDS: Final = {
    "path": re.compile(
        r"secure_filename|safe_join|startswith|commonpath|commonprefix|relative_to|basename"
        r"|abspath|realpath|resolve|fullmatch|match|isalnum|allowed|valid|sanitiz",
        re.IGNORECASE,
    ),
    "url": re.compile(
        r"urlparse|urlsplit|startswith|is_safe|safe_url|url_has|allowed|valid|fullmatch|match"
        r"|netloc|hostname|whitelist|trusted|tldextract|extract",
        re.IGNORECASE,
    ),
    "html": re.compile(r"escape|bleach|sanitiz|Markup|jsonify|clean", re.IGNORECASE),
    "pattern": re.compile(r"escape|timeout|allowed|whitelist", re.IGNORECASE),
}


class ScopeView:
    """A scope with what the rules ask of it."""

    def __init__(self, scope: Scope, aliases: dict[str, str]) -> None:
        self.scope = scope
        self._aliases = aliases
        self._words: str | None = None
        self._guarded: dict[str, bool] = {}

    @property
    def words(self) -> str:
        """Every name and attribute used in the scope, for guards."""
        if self._words is None:
            self._words = " ".join(
                node.attr if isinstance(node, ast.Attribute) else node.id
                for node in self.scope.nodes
                if isinstance(node, ast.Attribute | ast.Name)
            )
        return self._words

    def is_guarded(self, kind: str) -> bool:
        """Tell whether the scope checks or cleans data of this kind, somewhere."""
        if kind not in self._guarded:
            self._guarded[kind] = _GUARDS[kind].search(self.words) is not None or (
                kind in {"path", "url"} and self._compares_given()
            )
        return self._guarded[kind]

    def _compares_given(self) -> bool:
        return any(
            isinstance(node, ast.Compare)
            and any(isinstance(operator, ast.In | ast.NotIn) for operator in node.ops)
            and any(
                isinstance(part, ast.Name) and part.id in self.scope.given
                for part in ast.walk(node.left)
            )
            and any(isinstance(right, ast.Name | ast.List | ast.Set) for right in node.comparators)
            for node in self.scope.nodes
        )

    def name(self, function: ast.AST) -> str:
        """Return the dotted name of what is called, with import aliases resolved."""
        dotted = dotted_name(function)
        first, dot, rest = dotted.partition(".")
        return self._aliases.get(first, first) + dot + rest


def imported_names(tree: ast.Module) -> dict[str, str]:
    """Return what names stand for by imports: `{"np": "numpy", "loads": "pickle.loads"}`."""
    aliases = {}
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                for name in names:
                    if name.asname:
                        aliases[name.asname] = name.name
            case ast.ImportFrom(module=str(module), names=names):
                for name in names:
                    aliases[name.asname or name.name] = f"{module}.{name.name}"
            case _:
                pass
    return aliases


def first_argument(call: ast.Call, *keywords: str) -> ast.expr | None:
    """Return the first argument of a call, given by place or by one of these keywords."""
    return call.args[0] if call.args else keyword_argument(call, *keywords)


def argument_at(call: ast.Call, place: int, *keywords: str) -> ast.expr | None:
    """Return the argument of a call at a 0-based place, or given by one of these keywords."""
    return call.args[place] if len(call.args) > place else keyword_argument(call, *keywords)


def keyword_argument(call: ast.Call, *names: str) -> ast.expr | None:
    """Return the argument of a call that is given by one of these keywords."""
    return next((given.value for given in call.keywords if given.arg in names), None)


def label_of(target: ast.expr) -> str:
    """Return the name that a target of an assignment gives its value."""
    match target:
        case ast.Subscript(slice=ast.Constant(value=str(key))):
            return key
        case ast.Subscript(value=value):
            return label_of(value)
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""
