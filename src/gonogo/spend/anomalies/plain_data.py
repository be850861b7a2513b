"""State as plain data: bytes out and the same values in, types checked; the one way for all."""

from array import array
from collections import deque
from typing import Any, TypeVar, get_args, get_origin

import msgspec

T = TypeVar("T")


class UnreadableStateError(ValueError):
    """Bytes that are no state of the type that is asked for."""


def encode(value: object) -> bytes:
    """Return a value of dataclasses, Structs, deques, arrays and plain types as bytes.

    Raises:
        ValueError: If a text in it is no Unicode text (a lone surrogate).
    """
    return msgspec.msgpack.encode(value, enc_hook=_plain)


def decode(raw: bytes, type_: type[T]) -> T:
    """Return the value that was encoded.

    Raises:
        UnreadableStateError: If the bytes are not one of that type.
    """
    try:
        return msgspec.msgpack.decode(raw, type=type_, dec_hook=_restored)
    except (msgspec.DecodeError, TypeError, ValueError, KeyError, RecursionError) as error:
        raise UnreadableStateError(str(error)) from error


def _plain(value: object) -> object:
    if isinstance(value, deque):
        return [value.maxlen, list(value)]
    if isinstance(value, array):
        return value.tolist()
    raise NotImplementedError(f"no state: {type(value).__name__}")


def _restored(type_: type, plain: Any) -> object:
    origin = get_origin(type_) or type_
    if origin is array:
        return array("d", plain)
    if origin is not deque:
        raise NotImplementedError(f"no state: {type_!r}")
    most, items = plain
    (of,) = get_args(type_)
    held = (
        msgspec.convert(item, of, dec_hook=_restored, builtin_types=(bytes, bytearray))
        for item in items
    )
    return deque(held, maxlen=most)
