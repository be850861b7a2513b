"""Says for whom the calls within a block are made: user, department, session and other attributes.

What is done with it, such as spending limits, is done by whoever makes the calls.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType
from typing import Final

_NOBODY: Final[Mapping[str, str]] = MappingProxyType({})
_ATTRIBUTES: Final[ContextVar[Mapping[str, str]]] = ContextVar("_ATTRIBUTES", default=_NOBODY)


@contextmanager
def attributed(**attributes: str) -> Iterator[None]:
    """Attribute the calls within a block; an inner block adds to and overrides an outer one.

    It holds for the thread or the task that runs the block, and for tasks that it starts.

    Args:
        attributes: `user`, `department`, `user_type`, `session`, `key`, or any other tag.

    Raises:
        TypeError: If a value is no text.
    """
    for name, value in attributes.items():
        if not isinstance(value, str):
            raise TypeError(f"attribute {name!r}: expected text, got {type(value).__name__}")
    token = _ATTRIBUTES.set(MappingProxyType({**_ATTRIBUTES.get(), **attributes}))
    try:
        yield
    finally:
        _ATTRIBUTES.reset(token)


def current_attributes() -> Mapping[str, str]:
    """Return the attributes of the calls that are made here and now; empty where none were set."""
    return _ATTRIBUTES.get()
