"""Holds JSON against the SDK's own parameter types, and says what does not fit as the API does.

The types are the annotations of the SDK's TypedDicts, read when they are first needed: a key that the
SDK's release does not know is refused, as the API refuses it. A union is narrowed by the literal
`type` or `role` of its members before they are tried, which keeps the work linear in the body.
"""

import functools
import types
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal, TypeAlias, Union, get_args, get_origin

import typing_extensions

TypeHint: TypeAlias = Any
"""A type as an annotation names it: classes, unions, literals and aliases have no common class."""

_TAGS: Final = ("type", "role")
_SCALARS: Final[Mapping[TypeHint, tuple[tuple[type, ...], str]]] = {
    str: ((str,), "a valid string"),
    int: ((int,), "a valid integer"),
    float: ((int, float), "a valid number"),
    bool: ((bool,), "a valid boolean"),
    type(None): ((type(None),), "null"),
}
_LISTS: Final = (list, Iterable, Sequence)
_ANYTHING: Final = (object, Any)
_MISSING: Final = object()


@dataclass(frozen=True, slots=True)
class Problem:
    """One place of a body that does not fit, named as the API names it (`messages.0.content`)."""

    path: tuple[str | int, ...]
    message: str

    def __str__(self) -> str:
        return f"{'.'.join(map(str, self.path))}: {self.message}" if self.path else self.message


@dataclass(frozen=True, slots=True)
class _Fields:
    """The keys of an object: the type of each, which must be there, whether others may be."""

    types: Mapping[str, TypeHint]
    required: frozenset[str]
    is_open: bool


def find_problems(
    value: object, hint: TypeHint, path: tuple[str | int, ...] = ()
) -> Iterator[Problem]:
    """Yield what of a JSON value does not fit a type of the SDK.

    Args:
        value: A value as `json.loads` returns it.
        hint: A TypedDict of `anthropic.types`, or what its annotations hold.
        path: Where the value stands in its body.

    Yields:
        The problems in the order of the type's keys; none if the value fits.
    """
    hint = _bare(hint)
    if hint in _ANYTHING:
        return
    if hint in _SCALARS:
        yield from _scalar_problems(value, hint, path)
    elif _origin(hint) is Literal:
        if not any(value == known and type(value) is type(known) for known in get_args(hint)):
            yield Problem(path, f"Input should be {_listed(get_args(hint))}")
    elif _origin(hint) in (Union, types.UnionType):
        yield from _union_problems(value, get_args(hint), path)
    elif _origin(hint) in _LISTS:
        yield from _list_problems(value, get_args(hint)[0], path)
    else:
        yield from _object_problems(value, hint, path)


def _origin(hint: TypeHint) -> object:
    return get_origin(hint)


def _bare(hint: TypeHint) -> TypeHint:
    while _origin(hint) in (
        Annotated,
        typing_extensions.Required,
        typing_extensions.NotRequired,
    ):
        hint = get_args(hint)[0]
    return hint


def _scalar_problems(
    value: object, hint: TypeHint, path: tuple[str | int, ...]
) -> Iterator[Problem]:
    accepted, name = _SCALARS[hint]
    is_disguised_bool = isinstance(value, bool) and hint is not bool
    if not isinstance(value, accepted) or is_disguised_bool:
        yield Problem(path, f"Input should be {name}")


def _list_problems(value: object, item: TypeHint, path: tuple[str | int, ...]) -> Iterator[Problem]:
    if not isinstance(value, list):
        yield Problem(path, "Input should be a valid list")
        return
    for index, element in enumerate(value):
        yield from find_problems(element, item, (*path, index))


def _union_problems(
    value: object, members: Sequence[TypeHint], path: tuple[str | int, ...]
) -> Iterator[Problem]:
    fitting = [member for member in members if not _contradicts(value, member)]
    if not fitting:
        yield Problem(path, _tag_message(value))
        return
    closest: list[Problem] | None = None
    for member in fitting:
        problems = list(find_problems(value, member, path))
        if not problems:
            return
        # The member that goes deepest before it fails is the one that was meant.
        if closest is None or len(problems[0].path) > len(closest[0].path):
            closest = problems
    yield from closest or ()


def _contradicts(value: object, member: TypeHint) -> bool:
    """Whether the value's tag says that it is meant to be another member of the union."""
    if not isinstance(value, dict) or not _is_object(_bare(member)):
        return False
    fields = _fields_of(_bare(member))
    return any(
        tag in fields.types
        and (tag in fields.required or tag in value)
        and any(find_problems(value.get(tag), fields.types[tag]))
        for tag in _TAGS
    )


def _tag_message(value: object) -> str:
    tags = {tag: value[tag] for tag in _TAGS if tag in value} if isinstance(value, dict) else {}
    if not tags:
        return "Unable to tell which of the accepted objects is meant: `type` is missing"
    named = ", ".join(f"{tag} {found!r}" for tag, found in tags.items())
    return f"Input does not match any of the expected tags: {named[:80]}"


def _object_problems(
    value: object, hint: TypeHint, path: tuple[str | int, ...]
) -> Iterator[Problem]:
    if not isinstance(value, dict):
        yield Problem(path, "Input should be a valid dictionary")
    elif _is_object(hint):
        yield from _field_problems(value, _fields_of(hint), path)
    elif _origin(hint) is not dict:
        yield Problem(path, f"Input should be JSON, not {hint}")


def _field_problems(
    value: Mapping[str, object], fields: _Fields, path: tuple[str | int, ...]
) -> Iterator[Problem]:
    for name, of_field in fields.types.items():
        found = value.get(name, _MISSING)
        if found is not _MISSING:
            yield from find_problems(found, of_field, (*path, name))
        elif name in fields.required:
            yield Problem((*path, name), "Field required")
    if not fields.is_open:
        for name in (name for name in value if name not in fields.types):
            yield Problem((*path, name), "Extra inputs are not permitted")


def _is_object(hint: TypeHint) -> bool:
    return typing_extensions.is_typeddict(hint) or hasattr(hint, "model_fields")


@functools.cache
def _fields_of(hint: TypeHint) -> _Fields:
    """Read the keys of a TypedDict, or of a response's model that is sent back in a request."""
    if not typing_extensions.is_typeddict(hint):
        fields = hint.model_fields.items()
        required = frozenset(name for name, field in fields if field.is_required())
        return _Fields({name: field.annotation for name, field in fields}, required, is_open=False)
    hints = typing_extensions.get_type_hints(hint, include_extras=True)
    # With postponed annotations `__required_keys__` misses `Required[...]` and `NotRequired[...]`.
    required = frozenset(
        name
        for name, of_field in hints.items()
        if _origin(of_field) is typing_extensions.Required
        or (
            name in hint.__required_keys__
            and _origin(of_field) is not typing_extensions.NotRequired
        )
    )
    config = getattr(hint, "__pydantic_config__", {})
    is_open = config.get("extra") == "allow" or getattr(hint, "__extra_items__", None) is object
    return _Fields(hints, required, is_open)


def _listed(values: Sequence[object]) -> str:
    return " or ".join(repr(value) for value in values)
