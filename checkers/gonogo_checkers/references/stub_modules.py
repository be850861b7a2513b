"""Reads typeshed's stubs of the standard library into tables of names, module by module.

Every branch of a stub is read, whatever its platform or version, so that a name counts as there
when any supported Python has it; the version from which a name is gone is kept beside it. No module
is imported: stubs are parsed, and only those that are asked for.
"""

import ast
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Final, TypeAlias

NEWEST_MINOR: Final = 14
"""Names that are gone by Python 3.14 count as removed."""

_WITHOUT_STUBS: Final = frozenset({"idlelib", "test", "turtledemo", "__phello__", "__hello__"})

_ALWAYS: Final = 10_000
_MODULES_IN_MEMORY: Final = 96
"""Some 0.2 MB of syntax trees each, the largest 4 MB."""


@dataclass(frozen=True, slots=True)
class Imported:
    """A name that a stub takes from elsewhere: a module, or a member of one."""

    module: str
    name: str | None


@dataclass(frozen=True, slots=True)
class Typed:
    """A variable of which the type is known."""

    annotation: ast.expr


Source: TypeAlias = (
    ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.expr | Imported | Typed
)


@dataclass(frozen=True, slots=True)
class Definition:
    """One definition of a name in a stub.

    Attributes:
        source: Function, class, import; a variable's type, or the value of an alias.
        gone_in: First minor version of Python 3 without it; a large number where it is there.
    """

    source: Source
    gone_in: int


@dataclass(frozen=True, slots=True)
class StubModule:
    """What a stub defines; `stars` are the modules whose names it takes over all together."""

    path: str
    names: dict[str, tuple[Definition, ...]]
    stars: tuple[str, ...]


@cache
def _versions() -> dict[str, tuple[int, int | None]]:
    from typeshed_client.finder import (  # noqa: PLC0415 - heavy: only when stubs are read
        find_typeshed,
        get_typeshed_versions,
    )

    return {
        name: (version.min[1], version.max[1] if version.max else None)
        for name, version in get_typeshed_versions(find_typeshed()).items()
    }


def is_standard_package(name: str) -> bool:
    """Tell whether a top-level module comes with Python, those without stubs too."""
    return name in _versions() or name in _WITHOUT_STUBS


def is_standard_module(path: str) -> bool:
    """Tell whether the module has a stub: some Python has it, or had it until a few years ago."""
    return path.partition(".")[0] in _versions() and _stub_path(path) is not None


def standard_modules() -> list[str]:
    """Return the modules that have a stub, sorted."""
    from typeshed_client.finder import find_typeshed  # noqa: PLC0415 - heavy

    root = find_typeshed()
    paths = (file.relative_to(root).with_suffix("").parts for file in root.rglob("*.pyi"))
    return sorted(".".join(path).removesuffix(".__init__") for path in paths)


def module_gone_in(path: str) -> int | None:
    """Return the first minor version of Python 3 without the module; None: it is there."""
    parts = path.split(".")
    for length in range(len(parts), 0, -1):
        last = _versions().get(".".join(parts[:length]), (0, None))[1]
        if last is not None:
            return last + 1 if last < NEWEST_MINOR else None
    return None


@lru_cache(maxsize=_MODULES_IN_MEMORY)
def load_stub(path: str) -> StubModule | None:
    """Parse the stub of a module of the standard library; None where there is none."""
    file = _stub_path(path)
    if file is None:
        return None
    from pathlib import Path  # noqa: PLC0415 - beside its only use

    from typeshed_client.finder import parse_stub_file  # noqa: PLC0415 - heavy

    package = path if file.endswith("__init__.pyi") else path.rpartition(".")[0]
    reader = _StubReader(package)
    reader.read(parse_stub_file(Path(file)).body, _ALWAYS)
    return StubModule(path, reader.frozen_names(), tuple(reader.stars))


@lru_cache(maxsize=4096)
def _stub_path(path: str) -> str | None:
    from typeshed_client.finder import find_typeshed  # noqa: PLC0415 - heavy

    parts = path.split(".")
    if not all(part.isidentifier() for part in parts) or parts[0] not in _versions():
        return None
    base = find_typeshed().joinpath(*parts)
    for file in (base.with_name(f"{parts[-1]}.pyi"), base / "__init__.pyi"):
        if file.is_file():
            return str(file)
    return None


def class_names(node: ast.ClassDef) -> dict[str, tuple[Definition, ...]]:
    """Return what the body of a class in a stub defines."""
    reader = _StubReader("")
    reader.read(node.body, _ALWAYS)
    return reader.frozen_names()


class _StubReader:
    def __init__(self, package: str) -> None:
        self.package = package
        self.names: dict[str, list[Definition]] = {}
        self.stars: list[str] = []

    def frozen_names(self) -> dict[str, tuple[Definition, ...]]:
        return {name: tuple(definitions) for name, definitions in self.names.items()}

    def read(self, body: list[ast.stmt], gone_in: int) -> None:
        for statement in body:
            self._read_statement(statement, gone_in)

    def _read_statement(self, statement: ast.stmt, gone_in: int) -> None:
        match statement:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                self._add(statement.name, statement, gone_in)
            case ast.AnnAssign(target=ast.Name(id=name)):
                self._add(name, _variable(statement), gone_in)
            case ast.Assign(targets=[ast.Name(id=name)]):
                self._add(name, statement.value, gone_in)
            case ast.If():
                until, otherwise = _version_bounds(statement.test)
                self.read(statement.body, min(gone_in, until))
                self.read(statement.orelse, min(gone_in, otherwise))
            case ast.Import():
                self._read_import(statement, gone_in)
            case ast.ImportFrom():
                self._read_import_from(statement, gone_in)

    def _add(self, name: str, source: Source, gone_in: int) -> None:
        self.names.setdefault(name, []).append(Definition(source, gone_in))

    def _read_import(self, statement: ast.Import, gone_in: int) -> None:
        for alias in statement.names:
            name = alias.asname or alias.name.partition(".")[0]
            module = alias.name if alias.asname else name
            self._add(name, Imported(module, None), gone_in)

    def _read_import_from(self, statement: ast.ImportFrom, gone_in: int) -> None:
        module = statement.module or ""
        if statement.level:
            parents = self.package.split(".")
            kept = parents[: len(parents) - statement.level + 1]
            module = ".".join([*kept, module] if module else kept)
        for alias in statement.names:
            if alias.name == "*":
                self.stars.append(module)
            else:
                self._add(alias.asname or alias.name, Imported(module, alias.name), gone_in)


def _variable(statement: ast.AnnAssign) -> Source:
    is_alias = isinstance(statement.annotation, ast.Name) and statement.annotation.id == "TypeAlias"
    return statement.value if is_alias and statement.value else Typed(statement.annotation)


def _version_bounds(test: ast.expr) -> tuple[int, int]:
    """Return from which minor version on the branch, and its else, is not taken any more."""
    match test:
        case ast.BoolOp(op=ast.And()):
            return min(_version_bounds(value)[0] for value in test.values), _ALWAYS
        case ast.Compare(
            left=ast.Attribute(attr="version_info"),
            ops=[operator],
            comparators=[ast.Tuple(elts=[ast.Constant(value=3), ast.Constant(value=int(minor))])],
        ):
            if isinstance(operator, ast.Lt):
                return minor, _ALWAYS
            if isinstance(operator, ast.GtE):
                return _ALWAYS, minor
    return _ALWAYS, _ALWAYS
