"""Resolves dotted names of the standard library: modules, classes, functions, members of classes.

Built on the stubs of typeshed (`stub_modules`); imports nothing of what it is asked about. Where a
stub leaves a doubt (an unknown base class, `__getattr__`, a private name), the answer is `UNSURE`.
"""

import ast
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import Final, TypeAlias

from gonogo_checkers.references.module_tables import undocumented_members
from gonogo_checkers.references.stub_modules import (
    NEWEST_MINOR,
    Definition,
    Imported,
    Typed,
    class_names,
    is_standard_module,
    load_stub,
)

_MAX_HOPS: Final = 12
"""Re-exports and aliases followed from one name; the longest chain in typeshed is 5."""

_TRANSPARENT_BASES: Final = frozenset({"Generic", "Protocol", "object"})
_OPEN_MODULES: Final = frozenset(
    {"typing", "typing_extensions", "_typeshed", "collections.abc", "_collections_abc", "abc"}
)
"""Their classes name what a value can at least do; the value itself may do more."""

_GENERATING_BASES: Final = frozenset({"NamedTuple", "TypedDict"})
"""The constructor is made from the fields."""

_OPEN_BUILTINS: Final = frozenset({"object", "type", "tuple", "float", "complex"})
"""An annotation `float` takes an int, `tuple` a named one."""

_PUBLIC_MODULES: Final = {"posixpath": "os.path", "ntpath": "os.path", "genericpath": "os.path"}

_DYNAMIC: Final = ("__getattr__", "__getattribute__")


class Answer(Enum):
    """What is known of a name that is not simply there."""

    ABSENT = "absent"
    UNSURE = "unsure"


@dataclass(frozen=True, slots=True)
class Module:
    """A module of the standard library."""

    path: str


@dataclass(frozen=True, slots=True)
class Class:
    """A class; `node` is its stub, `module` where that stands."""

    module: str
    node: ast.ClassDef

    @property
    def path(self) -> str:
        """Dotted name for messages."""
        return _public_path(self.module, self.node.name)


@dataclass(frozen=True, slots=True)
class Instance:
    """A value that is known to be of a class."""

    cls: Class

    @property
    def path(self) -> str:
        """Dotted name of its class, for messages."""
        return self.cls.path


FunctionNode: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Function:
    """A function, all its overloads and versions.

    Attributes:
        module: Where its annotations are to be read.
        nodes: Its definitions.
        path: Dotted name, for messages.
        owner: Its class, for a method.
        bound: True where a method was taken from an instance.
    """

    module: str
    nodes: tuple[FunctionNode, ...]
    path: str
    owner: Class | None = None
    bound: bool = False


@dataclass(frozen=True, slots=True)
class Variable:
    """A name that exists and of whose value nothing is known."""


Thing: TypeAlias = Module | Class | Instance | Function | Variable


@dataclass(frozen=True, slots=True)
class Found:
    """A member that exists; `gone_in`: first minor version of Python 3 without it, if any."""

    thing: Thing
    gone_in: int | None = None


def find_member(owner: Thing, name: str) -> Found | Answer:
    """Look a member up on a module, a class or a value.

    Args:
        owner: What it is asked of.
        name: The member, one word.
    """
    match owner:
        case Module(path):
            return _module_member(path, name)
        case Class():
            return _class_member(owner, name, bound=False)
        case Instance(cls):
            return _class_member(cls, name, bound=True)
    return Answer.UNSURE


def _module_member(path: str, name: str) -> Found | Answer:
    definitions = _names_in(path, name, 0)
    if definitions:
        where, found = definitions
        return Found(_thing_of(where, name, found, 0), _gone_in(found))
    if is_standard_module(f"{path}.{name}"):
        return Found(Module(f"{path}.{name}"))
    stub = load_stub(path)
    if stub is None or name.startswith("_") or "__getattr__" in stub.names or _is_thin(path):
        return Answer.UNSURE
    # Modules that a module imports for its own use are its attributes too (`logging.os`).
    is_there = is_standard_module(name) or name in undocumented_members().get(path, ())
    return Answer.UNSURE if is_there else Answer.ABSENT


def member_names(owner: Thing) -> set[str]:
    """Return the public names that a module or a class has by itself, for suggestions."""
    match owner:
        case Module(path):
            stub = load_stub(path)
            names = set(stub.names) if stub else set()
        case Class() | Instance():
            cls = owner if isinstance(owner, Class) else owner.cls
            names = {name for current in lineage(cls)[0] for name in _names_of_class(current)}
        case _:
            names = set()
    return {name for name in names if not name.startswith("_")}


def _is_thin(path: str) -> bool:
    """Tell modules whose stubs leave out what works: the stubs of distutils are no longer kept."""
    return path.partition(".")[0] in {"distutils", "lib2to3"}


def _gone_in(definitions: tuple[Definition, ...]) -> int | None:
    last = max(definition.gone_in for definition in definitions)
    return last if last <= NEWEST_MINOR else None


@lru_cache(maxsize=8192)
def _names_in(path: str, name: str, hops: int) -> tuple[str, tuple[Definition, ...]] | None:
    stub = load_stub(path)
    if stub is None or hops > _MAX_HOPS:
        return None
    if name in stub.names:
        return path, stub.names[name]
    if name.startswith("_"):
        return None
    for star in stub.stars:
        found = _names_in(star, name, hops + 1)
        if found:
            return found
    return None


def _thing_of(module: str, name: str, definitions: tuple[Definition, ...], hops: int) -> Thing:
    sources = [definition.source for definition in definitions]
    if isinstance(sources[-1], ast.ClassDef):
        # Versions of one class differ in details: the class is only known where it has one stub.
        return Class(module, sources[-1]) if len(sources) == 1 else Variable()
    functions = [
        source for source in sources if isinstance(source, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    if len(functions) == len(sources):
        return Function(module, tuple(functions), _public_path(module, name))
    if len(sources) == 1 and hops < _MAX_HOPS:
        return _followed(module, sources[0], hops)
    return Variable()


@lru_cache(maxsize=4096)
def _public_path(module: str, name: str) -> str:
    """Return the dotted name under which a class or function is used: `asyncio.sleep`.

    That of the outermost package which hands it on from the module where it is defined.
    """
    if module == "builtins":
        return name
    module = _PUBLIC_MODULES.get(module, module)
    parts = module.split(".")
    for length in range(1, len(parts)):
        package = ".".join(parts[:length])
        if _names_in(package, name, 0):
            return f"{package}.{name}"
    return f"{module}.{name}"


def _followed(module: str, source: object, hops: int) -> Thing:
    thing: Thing | None = None
    match source:
        case Imported(path, None):
            thing = _standard_module(path)
        case Imported(path, str(name)):
            thing = _standard_module(f"{path}.{name}")
            found = _names_in(path, name, 0)
            if thing is None and found:
                return _thing_of(found[0], name, found[1], hops + 1)
        case Typed(annotation):
            cls = annotated_class(module, annotation)
            thing = Instance(cls) if cls is not None else None
        case ast.Name(id=name):
            found = _names_in(module, name, 0) or _names_in("builtins", name, 0)
            if found and found[1][-1].source is not source:
                return _thing_of(found[0], name, found[1], hops + 1)
        case ast.Attribute():
            thing = resolve_annotation(module, source)
    return thing or Variable()


def _standard_module(path: str) -> Module | None:
    return Module(path) if is_standard_module(path) else None


@lru_cache(maxsize=2048)
def lineage(cls: Class) -> tuple[tuple[Class, ...], bool]:
    """Return a class and all its bases, and whether all of them are known.

    The order is depth first, which is enough to tell which names there are.
    """
    classes: list[Class] = []
    complete = True
    pending = [cls]
    while pending and len(classes) < 64:
        current = pending.pop(0)
        if current in classes:
            continue
        classes.append(current)
        for base in current.node.bases:
            thing = _base_class(current.module, base)
            if isinstance(thing, Class):
                pending.append(thing)
            elif thing is None:
                complete = False
    root = _builtin_class("object")
    if root not in classes:
        classes.append(root)
    return tuple(classes), complete


def _base_class(module: str, base: ast.expr) -> Class | bool | None:
    """Return the class; True where the base adds no names; None where it is not known."""
    if isinstance(base, ast.Subscript):
        base = base.value
    if isinstance(base, ast.Name) and base.id in _TRANSPARENT_BASES:
        return True
    thing = resolve_annotation(module, base)
    return thing if isinstance(thing, Class) else None


def resolve_annotation(module: str, node: ast.expr) -> Thing | None:
    """Return what a name or a dotted name in a stub stands for; None where that is not known."""
    if isinstance(node, ast.Name):
        found = _names_in(module, node.id, 0) or _names_in("builtins", node.id, 0)
        return _thing_of(found[0], node.id, found[1], 0) if found else None
    if isinstance(node, ast.Attribute):
        owner = resolve_annotation(module, node.value)
        member = find_member(owner, node.attr) if owner is not None else Answer.UNSURE
        return member.thing if isinstance(member, Found) else None
    return None


def _builtin_class(name: str) -> Class:
    found = find_member(Module("builtins"), name)
    if isinstance(found, Found) and isinstance(found.thing, Class):
        return found.thing
    raise LookupError(f"typeshed has no class {name!r} in builtins")


def builtin_instance(name: str) -> Instance:
    """Return a value of a class of `builtins`, such as `list`."""
    return Instance(_builtin_class(name))


def _class_member(cls: Class, name: str, *, bound: bool) -> Found | Answer:
    classes, complete = lineage(cls)
    for current in classes:
        definitions = _names_of_class(current).get(name)
        if definitions:
            return Found(_member_thing(cls, current, name, definitions, bound=bound))
    if name.startswith("_") or not complete or _is_dynamic(classes) or _is_open(cls):
        return Answer.UNSURE
    if bound:
        return Answer.ABSENT
    return _metaclass_member(classes, name)


def _is_open(cls: Class) -> bool:
    return cls.module in _OPEN_MODULES or _is_thin(cls.module)


def _is_dynamic(classes: tuple[Class, ...]) -> bool:
    return any(
        hook in _names_of_class(current)
        for current in classes
        if current.node.name != "object"
        for hook in _DYNAMIC
    )


def _metaclass_member(classes: tuple[Class, ...], name: str) -> Found | Answer:
    metaclasses = [_builtin_class("type")]
    for current in classes:
        for keyword in current.node.keywords:
            thing = resolve_annotation(current.module, keyword.value)
            if not isinstance(thing, Class):
                return Answer.UNSURE
            metaclasses += lineage(thing)[0]
    if any(name in _names_of_class(metaclass) for metaclass in metaclasses):
        return Found(Variable())
    return Answer.UNSURE if _is_dynamic(tuple(metaclasses[1:])) else Answer.ABSENT


@lru_cache(maxsize=1024)
def _names_of_class(cls: Class) -> dict[str, tuple[Definition, ...]]:
    return class_names(cls.node)


def _member_thing(
    cls: Class, current: Class, name: str, definitions: tuple[Definition, ...], *, bound: bool
) -> Thing:
    sources = [definition.source for definition in definitions]
    functions = [
        source for source in sources if isinstance(source, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    if len(functions) == len(sources):
        path = f"{cls.path}.{name}"
        return Function(current.module, tuple(functions), path, owner=cls, bound=bound)
    return Variable()


def constructor(cls: Class) -> Function | None:
    """Return what a call of a class calls; None where it cannot be told.

    Where a class has both `__new__` and `__init__` of its own, either may take the arguments.
    """
    classes, complete = lineage(cls)
    if not complete or any(current.node.keywords for current in classes):
        return None
    if any(current.node.name in _GENERATING_BASES for current in classes):
        return None
    if any(current.node.decorator_list for current in classes if not _is_marked_only(current)):
        return None
    for current in classes[:-1]:
        names = _names_of_class(current)
        definitions = names.get("__init__", ()) + names.get("__new__", ())
        nodes = tuple(
            definition.source
            for definition in definitions
            if isinstance(definition.source, ast.FunctionDef)
        )
        if nodes:
            return Function(current.module, nodes, cls.path, owner=cls, bound=True)
    return None


_MARKS: Final = frozenset(
    {"deprecated", "disjoint_base", "final", "runtime_checkable", "type_check_only"}
)


def _is_marked_only(cls: Class) -> bool:
    return all(_mark_name(mark) in _MARKS for mark in cls.node.decorator_list)


def _mark_name(mark: ast.expr) -> str:
    named = mark.func if isinstance(mark, ast.Call) else mark
    return named.id if isinstance(named, ast.Name) else "?"


def result_of(function: Function) -> Instance | None:
    """Return what a call of a function gives, where all its overloads give one concrete class."""
    results = {_result_class(function, node) for node in function.nodes}
    result = results.pop() if len(results) == 1 else None
    return Instance(result) if result is not None else None


def _result_class(function: Function, node: FunctionNode) -> Class | None:
    annotation = node.returns
    if isinstance(node, ast.AsyncFunctionDef) or annotation is None or _has_odd_marks(node):
        return None
    if node.name == "__new__":  # gives what its argument says
        return None
    if isinstance(annotation, ast.Name) and annotation.id == "Self":
        return function.owner
    return annotated_class(function.module, annotation)


def annotated_class(module: str, annotation: ast.expr) -> Class | None:
    """Return the class of which a value so annotated is; None where it may be of another.

    Protocols, abstract classes and promoted numbers say what a value can do at least.
    """
    if isinstance(annotation, ast.Subscript):
        annotation = annotation.value
    if isinstance(annotation, ast.Name) and annotation.id == "LiteralString":
        return _builtin_class("str")
    thing = resolve_annotation(module, annotation)
    return thing if isinstance(thing, Class) and _is_closed(thing) else None


def _has_odd_marks(node: FunctionNode) -> bool:
    known = {"overload", "staticmethod", "classmethod", "abstractmethod", "final", "deprecated"}
    return any(_mark_name(mark) not in known for mark in node.decorator_list)


def _is_closed(cls: Class) -> bool:
    if cls.module in _OPEN_MODULES or cls.path in _OPEN_BUILTINS:
        return False
    bases = [base.value if isinstance(base, ast.Subscript) else base for base in cls.node.bases]
    return not any(isinstance(base, ast.Name) and base.id == "Protocol" for base in bases)
