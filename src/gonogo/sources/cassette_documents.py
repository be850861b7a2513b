"""Opens cassettes as YAML or JSON: plain values come out, whatever a cassette's tags ask for."""

import json
from base64 import b64decode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from gonogo.errors import BadInputError, Problem

if TYPE_CHECKING:
    from yaml import Event, NodeEvent, ScalarEvent

_DEEPEST: Final = 64
"""vcrpy nests six deep; libYAML's time grows with the square of the depth."""

_YAML: Final = "tag:yaml.org,2002:"


@dataclass(frozen=True, slots=True)
class UnknownTag:
    """Stands for a value whose YAML tag is neither YAML's own nor one that vcrpy writes."""

    tag: str


def interactions_in(content: bytes, name: str) -> list[object]:
    """Return the interactions of a cassette as plain values, none of them checked.

    Args:
        content: YAML or JSON.
        name: What the file is called in problems.

    Raises:
        BadInputError: If it is neither, or no cassette.
    """
    cassette = _document(content, name)
    if isinstance(cassette, list):
        raise BadInputError([Problem(name, "is older than vcrpy 1.0: record it again")])
    interactions = cassette.get("interactions") if isinstance(cassette, dict) else None
    if not isinstance(interactions, list):
        raise BadInputError([Problem(name, "is no cassette of vcrpy: it lacks `interactions`")])
    return interactions


def _document(content: bytes, name: str) -> object:
    if content.lstrip()[:1] == b"{":
        try:
            return json.loads(content)
        except (ValueError, RecursionError):
            pass  # YAML may begin like this, too
    import yaml  # noqa: PLC0415 - only for who reads cassettes

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return _built(yaml.parse(content, Loader=loader))
    except (yaml.YAMLError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        place = name if mark is None else f"{name}:{mark.line + 1}"
        what = getattr(error, "problem", None) or str(error)
        raise BadInputError([Problem(place, f"is neither YAML nor JSON: {what}")]) from error


def _built(events: "Iterator[Event]") -> object:
    """Build the values of the first document from its events.

    In place of PyYAML's own loaders: those take several times as long, end the process on deep
    nesting, and spell out merge keys, a few lines of which can name billions of entries.

    Raises:
        ValueError: If it is nested too deeply, or names an anchor that there is not.
    """
    import yaml  # noqa: PLC0415 - as above

    building = _Building()
    for event in events:
        match event:
            case yaml.ScalarEvent():
                building.add(_scalar(event), event.anchor)
            case yaml.AliasEvent():
                building.add_alias(event.anchor)
            case yaml.SequenceStartEvent() | yaml.MappingStartEvent():
                building.open(event, is_mapping=isinstance(event, yaml.MappingStartEvent))
            case yaml.CollectionEndEvent():
                building.close()
            case yaml.DocumentEndEvent():
                break
    return building.root


@dataclass(slots=True)
class _Open:
    """A list or an object whose end has not come; an object's are keys and values in turn."""

    tag: str | None
    anchor: str | None
    is_mapping: bool
    held: list[object] = field(default_factory=list)


@dataclass(slots=True)
class _Building:
    root: object = None
    _open: list[_Open] = field(default_factory=list)
    _anchors: dict[str, object] = field(default_factory=dict)

    def add(self, value: object, anchor: str | None = None) -> None:
        """Put a value where the next one belongs."""
        if anchor is not None:
            self._anchors[anchor] = value
        if self._open:
            self._open[-1].held.append(value)
        else:
            self.root = value

    def add_alias(self, anchor: str | None) -> None:
        """Put the same value as before; it is not copied."""
        if anchor is None or anchor not in self._anchors:
            raise ValueError(f"the alias {anchor!r} names nothing before it")
        self.add(self._anchors[anchor])

    def open(self, event: "NodeEvent", *, is_mapping: bool) -> None:
        """Begin a list or an object."""
        if len(self._open) == _DEEPEST:
            raise ValueError(f"nested more than {_DEEPEST} deep")
        self._open.append(_Open(getattr(event, "tag", None), event.anchor, is_mapping))

    def close(self) -> None:
        """End the list or object that was begun last."""
        done = self._open.pop()
        self.add(_collection(done), done.anchor)


def _collection(done: _Open) -> object:
    held = done.held
    value: object = held
    if done.is_mapping:
        pairs = zip(held[::2], held[1::2], strict=True)
        value = {key: item for key, item in pairs if isinstance(key, str | int)}
    tag = (done.tag or "").removeprefix(_YAML)
    if tag in {"", "map", "seq", "!", "python/tuple"}:
        return value
    key = _FIRST_OF.get(tag)
    if key is None or not isinstance(value, dict):
        return UnknownTag(tag)
    wrapped = value.get(key)
    return wrapped[0] if isinstance(wrapped, list) and wrapped else b""


_FIRST_OF: Final = {
    "python/object/new:_io.BytesIO": "state",
    "python/object/apply:builtins.iter": "args",
}
"""Bodies that were files or iterators, as vcrpy writes them, and where what they held stands."""


def _scalar(event: "ScalarEvent") -> object:
    tag = (event.tag or "").removeprefix(_YAML)
    if tag in {"", "!"}:
        return _plain(event.value) if event.implicit[0] else event.value
    construct = _CONSTRUCTORS.get(tag)
    if construct is None:
        return UnknownTag(tag)
    try:
        return construct(event.value)
    except ValueError:
        return UnknownTag(tag)  # costs only its interaction


def _plain(text: str) -> object:
    """Return what a scalar without quotes means in a cassette: null, an integer, else text."""
    if text in {"", "~", "null"}:
        return None
    return int(text) if text.isdecimal() and text.isascii() and len(text) < 10 else text


_CONSTRUCTORS: Final[Mapping[str, Callable[[str], object]]] = {
    "str": str,
    "python/str": str,
    "python/unicode": str,
    "int": int,
    "null": lambda _: None,
    "binary": lambda text: b64decode("".join(text.split()), validate=True),
}
