"""Finds what the names in a Python snippet stand for, scope by scope, without running it.

The view is blind to the order of statements: a name stands for something only where all that is
ever bound to it in its scope says the same. Parameters, loop variables and everything else that
may hold anything are unknown, and what is unknown is left alone.
"""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from gonogo_checkers.references.standard_library import (
    Class,
    Found,
    Function,
    Instance,
    Module,
    Thing,
    builtin_instance,
    find_member,
    result_of,
)
from gonogo_checkers.references.stub_modules import is_standard_module

Guard: TypeAlias = Literal["import", "attribute", "version"]

_IMPORT_ERRORS: Final = frozenset(
    {"ImportError", "ModuleNotFoundError", "Exception", "BaseException", ""}
)
_ATTRIBUTE_ERRORS: Final = frozenset({"AttributeError", "NameError", ""})
_VERSION_WORDS: Final = frozenset(
    {
        "version_info",
        "hexversion",
        "python_version",
        "python_implementation",
        "implementation",
        "PY2",
        "PY3",
        "PY34",
        "PYPY",
        "TYPE_CHECKING",
    }
)
_BY_STRING: Final = frozenset(
    {"hasattr", "getattr", "setattr", "delattr", "patch", "object", "methodcaller", "attrgetter"}
)
"""Calls that name an attribute in a string: what is asked for, set or mocked is not judged."""

_MAX_STEPS: Final = 40
_MAX_BINDINGS: Final = 20
"""A name bound more often is taken as unknown: they are compared at every use."""

_LITERALS: Final[dict[type[ast.expr], str]] = {
    ast.JoinedStr: "str",
    ast.List: "list",
    ast.ListComp: "list",
    ast.Dict: "dict",
    ast.DictComp: "dict",
    ast.Set: "set",
    ast.SetComp: "set",
    ast.Tuple: "tuple",
}
_CONSTANTS: Final[dict[type, str]] = {str: "str", bytes: "bytes", int: "int", float: "float"}
_UNUSUAL_CLASSES: Final = frozenset({"type", "super", "object", "property"})
"""Calling them does not give a plain value of theirs."""


@dataclass(frozen=True, slots=True)
class ImportedModule:
    """`import path`, or `import path as name`."""

    path: str


@dataclass(frozen=True, slots=True)
class ImportedName:
    """`from module import name`."""

    module: str
    name: str


@dataclass(frozen=True, slots=True, eq=False)
class Assigned:
    """`name = value`."""

    value: ast.expr


@dataclass(frozen=True, slots=True)
class Anything:
    """A binding that may hold any value."""


Binding: TypeAlias = ImportedModule | ImportedName | Assigned | Anything
_ANYTHING: Final = Anything()


@dataclass(slots=True, eq=False)
class Scope:
    """A scope and what is bound in it."""

    kind: Literal["module", "function", "class", "comprehension"]
    parent: "Scope | None"
    bindings: dict[str, list[Binding]] = field(default_factory=dict)
    global_names: set[str] = field(default_factory=set)
    has_star_import: bool = False

    def enclosing(self) -> Iterator["Scope"]:
        """Yield the scope and those around it, innermost first."""
        scope: Scope | None = self
        while scope is not None:
            yield scope
            scope = scope.parent


@dataclass(frozen=True, slots=True, eq=False)
class Use:
    """A node to be judged, where its names are looked up, and what guards it."""

    node: ast.expr | ast.Import | ast.ImportFrom
    scope: Scope
    guards: frozenset[Guard]


@dataclass(frozen=True, slots=True)
class PythonNames:
    """What a snippet imports, reads and calls.

    Attributes:
        uses: Imports, attributes that are read, calls and bare names, in the order of the text.
        settable: Attributes that the snippet sets, mocks, or asks for before it uses them.
        opaque: Names that may stand for anything: those of parts that could not be parsed.
    """

    uses: tuple[Use, ...]
    settable: frozenset[str]
    opaque: frozenset[str]

    def resolve(self, node: ast.expr, scope: Scope, steps: int = 0) -> Thing | None:
        """Return what of the standard library an expression stands for; None: not known."""
        if steps > _MAX_STEPS:
            return None
        match node:
            case ast.Name(id=name):
                return self._resolve_name(name, scope, steps)
            case ast.Attribute(value=value, attr=attr):
                owner = self.resolve(value, scope, steps + 1)
                return _found_thing(owner, attr) if owner is not None else None
            case ast.Call(func=func):
                return _result(self.resolve(func, scope, steps + 1))
            case ast.Constant(value=value):
                kind = _CONSTANTS.get(type(value))
                return builtin_instance(kind) if kind else None
        kind = _LITERALS.get(type(node))
        return builtin_instance(kind) if kind else None

    def is_unbound(self, name: str, scope: Scope) -> bool:
        """Tell whether nothing in the snippet can have bound a name: it is a builtin's or missing.

        A star import may bind any name.
        """
        if name in self.opaque:
            return False
        return not any(
            name in outer.bindings or outer.has_star_import for outer in scope.enclosing()
        )

    def _resolve_name(self, name: str, scope: Scope, steps: int) -> Thing | None:
        if name in self.opaque:
            return None
        for outer in scope.enclosing():
            # A class's names are not seen from its methods.
            if outer.kind == "class" and outer is not scope:
                continue
            if name in outer.bindings:
                return self._resolve_bindings(outer.bindings[name], outer, steps)
        if not self.is_unbound(name, scope):
            return None
        return _found_thing(Module("builtins"), name)

    def _resolve_bindings(self, bindings: list[Binding], scope: Scope, steps: int) -> Thing | None:
        match _agreed(bindings):
            case ImportedModule(path):
                return Module(path) if is_standard_module(path) else None
            case ImportedName(module, name) if is_standard_module(module):
                return _found_thing(Module(module), name)
            case Assigned(value):
                return self.resolve(value, scope, steps + 1)
        return None


def _agreed(bindings: list[Binding]) -> Binding:
    """Return what all bindings of a name say, place holders left out."""
    if len(bindings) > _MAX_BINDINGS:
        return _ANYTHING
    told = [binding for binding in bindings if not _is_none(binding)]
    return told[0] if told and all(binding == told[0] for binding in told[1:]) else _ANYTHING


def _found_thing(owner: Thing, name: str) -> Thing | None:
    found = find_member(owner, name)
    return found.thing if isinstance(found, Found) else None


def _is_none(binding: Binding) -> bool:
    """Tell a place holder, `x = None`, which says nothing of what `x` is when it is used."""
    return (
        isinstance(binding, Assigned)
        and isinstance(binding.value, ast.Constant)
        and binding.value.value is None
    )


def _result(called: Thing | None) -> Thing | None:
    match called:
        case Class():
            return None if called.path in _UNUSUAL_CLASSES else Instance(called)
        case Function():
            return result_of(called)
    return None


def read_names(tree: ast.Module, opaque: Iterable[str] = ()) -> PythonNames:
    """Read the scopes of a snippet.

    Args:
        tree: The snippet; its depth bounds the recursion.
        opaque: Names of which nothing may be assumed.
    """
    reader = _NameReader()
    reader.visit(tree)
    return PythonNames(tuple(reader.uses), frozenset(reader.settable), frozenset(opaque))


class _NameReader(ast.NodeVisitor):
    def __init__(self) -> None:
        self.scope = Scope("module", None)
        self.guards: frozenset[Guard] = frozenset()
        self.uses: list[Use] = []
        self.settable: set[str] = set()

    def bind(self, name: str, binding: Binding = _ANYTHING) -> None:
        scopes = list(self.scope.enclosing())
        target = scopes[-1] if name in self.scope.global_names else self.scope
        target.bindings.setdefault(name, []).append(binding)

    def note(self, node: ast.expr | ast.Import | ast.ImportFrom) -> None:
        self.uses.append(Use(node, self.scope, self.guards))

    def visit_all(self, nodes: Iterable[ast.AST | None]) -> None:
        for node in nodes:
            if node is not None:
                self.visit(node)

    def visit_Import(self, node: ast.Import) -> None:
        self.note(node)
        for alias in node.names:
            first = alias.name.partition(".")[0]
            path = alias.name if alias.asname else first
            self.bind(alias.asname or first, ImportedModule(path))

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        self.note(node)
        for alias in node.names:
            if alias.name == "*":
                self.scope.has_star_import = True
            elif node.level or not node.module:
                self.bind(alias.asname or alias.name)
            else:
                self.bind(alias.asname or alias.name, ImportedName(node.module, alias.name))

    def visit_Assign(self, node: ast.Assign) -> None:
        self.visit(node.value)
        for target in node.targets:
            if isinstance(target, ast.Name):
                self.bind(target.id, Assigned(node.value))
            else:
                self.visit(target)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        self.visit_all([node.annotation, node.value])
        if isinstance(node.target, ast.Name):
            self.bind(node.target.id, Assigned(node.value) if node.value else _ANYTHING)
        else:
            self.visit(node.target)

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Load):
            self.note(node)
        else:
            self.bind(node.id)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        self.visit(node.value)
        if isinstance(node.ctx, ast.Load):
            self.note(node)
        else:
            self.settable.add(node.attr)

    def visit_Call(self, node: ast.Call) -> None:
        self.visit(node.func)
        self.note(node)
        self.visit_all([*node.args, *(keyword.value for keyword in node.keywords)])
        called = node.func
        name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
        if name in _BY_STRING:
            self.settable |= {word.rpartition(".")[2] for word in _strings(node.args)}

    def visit_Global(self, node: ast.Global) -> None:
        self.scope.global_names |= set(node.names)

    def visit_Nonlocal(self, node: ast.Nonlocal) -> None:
        for scope in self.scope.enclosing():
            for name in node.names:
                scope.bindings.setdefault(name, []).append(_ANYTHING)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self._visit_function(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        self._visit_function(node)

    def _visit_function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self.bind(node.name)
        self.visit_all([*node.decorator_list, node.returns])
        self._enter_function(node.args, node.body)

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self._enter_function(node.args, [node.body])

    def _enter_function(self, arguments: ast.arguments, body: Iterable[ast.AST]) -> None:
        parameters = [
            *arguments.posonlyargs,
            *arguments.args,
            *arguments.kwonlyargs,
            *(extra for extra in (arguments.vararg, arguments.kwarg) if extra),
        ]
        self.visit_all([*arguments.defaults, *arguments.kw_defaults])
        self.visit_all(parameter.annotation for parameter in parameters)
        self.scope = Scope("function", self.scope)
        for parameter in parameters:
            self.bind(parameter.arg)
        self._visit_and_leave(body)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self.bind(node.name)
        self.visit_all([*node.decorator_list, *node.bases])
        self.visit_all(keyword.value for keyword in node.keywords)
        self.scope = Scope("class", self.scope)
        self._visit_and_leave(node.body)

    def _visit_and_leave(self, body: Iterable[ast.AST]) -> None:
        self.visit_all(body)
        self.scope = self.scope.parent or self.scope

    def _visit_comprehension(self, node: ast.expr) -> None:
        self.scope = Scope("comprehension", self.scope)
        self._visit_and_leave(ast.iter_child_nodes(node))

    visit_ListComp = _visit_comprehension  # noqa: N815 - names that `NodeVisitor` gives
    visit_SetComp = _visit_comprehension  # noqa: N815 - ast's own names
    visit_DictComp = _visit_comprehension  # noqa: N815 - ast's own names
    visit_GeneratorExp = _visit_comprehension  # noqa: N815 - ast's own names

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        self.visit(node.value)
        for scope in self.scope.enclosing():
            scope.bindings.setdefault(node.target.id, []).append(_ANYTHING)
            if scope.kind != "comprehension":
                break

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        if node.name:
            self.bind(node.name)
        self.generic_visit(node)

    def visit_MatchAs(self, node: ast.MatchAs) -> None:
        if node.name:
            self.bind(node.name)
        self.generic_visit(node)

    def visit_MatchStar(self, node: ast.MatchStar) -> None:
        if node.name:
            self.bind(node.name)

    def visit_MatchMapping(self, node: ast.MatchMapping) -> None:
        if node.rest:
            self.bind(node.rest)
        self.generic_visit(node)

    def visit_If(self, node: ast.If) -> None:
        self.visit(node.test)
        guard: set[Guard] = {"version"} if _asks_version(node.test) else set()
        self._visit_guarded([*node.body, *node.orelse], guard)

    def visit_Try(self, node: ast.Try) -> None:
        caught = {name for handler in node.handlers for name in _caught_names(handler)}
        guard: set[Guard] = set()
        if caught & _IMPORT_ERRORS:
            guard.add("import")
        if caught & _ATTRIBUTE_ERRORS:
            guard.add("attribute")
        self._visit_guarded([*node.body, *node.handlers], guard)
        self.visit_all([*node.orelse, *node.finalbody])

    def _visit_guarded(self, nodes: Iterable[ast.AST], guard: set[Guard]) -> None:
        before = self.guards
        self.guards = before | guard
        self.visit_all(nodes)
        self.guards = before


def _strings(nodes: Iterable[ast.expr]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def _asks_version(test: ast.expr) -> bool:
    return any(
        getattr(node, "attr", getattr(node, "id", "")) in _VERSION_WORDS for node in ast.walk(test)
    )


def _caught_names(handler: ast.ExceptHandler) -> set[str]:
    """Return the names of what is caught; an empty one for a bare `except`."""
    if handler.type is None:
        return {""}
    nodes = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return {str(getattr(node, "attr", getattr(node, "id", "?"))) for node in nodes}
