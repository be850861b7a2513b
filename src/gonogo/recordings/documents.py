"""Keeps the large texts of request bodies (images, PDFs, long documents) once, by their hash.

A body that refers to its texts is small enough to read and to review; the texts lie beside it in
files named by the SHA-256 of their UTF-8. What is stored is not searched for secrets or personal
data: that comes before.
"""

import hashlib
import re
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Final, TypeAlias, cast

from gonogo.errors import BadInputError, Problem
from gonogo.json_lines import JsonObject, write_atomically
from gonogo.recordings.json_strings import Place, with_strings
from gonogo_checkers.output import JsonValue

REFERENCE: Final = "$gonogo_sha256"
"""The one key of the object that stands for a text: `{"$gonogo_sha256": "<64 hex digits>"}`."""

MOST_BYTES: Final = 256 * 1024 * 1024
"""A longer document is refused: no request of the API comes near, and memory is bounded by it."""

_HASH: Final = re.compile(r"[0-9a-f]{64}")
_ESCAPED: Final = re.compile(r"\$+gonogo_sha256")


def store_documents(body: JsonObject, folder: Path, *, least_chars: int = 16_384) -> JsonObject:
    """Replace each long string of a body by a reference to a file that holds it.

    An object of the body that looks like a reference is kept apart by one more `$` in its key, so
    that `restore_documents` gives back any body as it was.

    Args:
        body: Any JSON object.
        folder: Where the texts are put; made when the first one is. A file that is there stays.
        least_chars: Strings of this length, in characters, and longer are stored; at least 1.

    Raises:
        BadInputError: If the body nests too deeply or a text is longer than `MOST_BYTES`; nothing
            is written then.
        OSError: If a text cannot be written.
        ValueError: If `least_chars` is less than 1.
    """
    if least_chars < 1:
        raise ValueError(f"least_chars: expected at least 1, got {least_chars}")
    texts: dict[str, bytes] = {}

    def reference(text: str, place: Place) -> JsonValue:
        if len(text) < least_chars:
            return text
        content = text.encode("utf-8", "surrogatepass")
        if len(content) > MOST_BYTES:
            message = f"the text is longer than {MOST_BYTES} bytes: shorten it"
            raise BadInputError([Problem(str(place), message)])
        name = hashlib.sha256(content).hexdigest()
        texts[name] = content
        return {REFERENCE: name}

    stored = with_strings(body, reference, change_key=_escaped)
    for name, content in texts.items():
        _write_once(folder / name, content)
    return cast("JsonObject", stored)


def restore_documents(body: JsonObject, folder: Path) -> JsonObject:
    """Return a body that `store_documents` made as it was before.

    Raises:
        BadInputError: With every reference whose text is missing, is not what its hash says, or
            that is no reference; or if the body nests too deeply.
    """
    problems: list[Problem] = []
    texts: dict[str, str] = {}

    def read(reference: JsonObject, place: Place) -> JsonValue:
        try:
            name = _name_in(reference)
            if name not in texts:
                texts[name] = _read_document(folder / name)
        except ValueError as error:
            problems.append(Problem(str(place), str(error)))
            return None
        return texts[name]

    restored = {
        _unescaped(key): _restored(item, Place().inner(key), read) for key, item in body.items()
    }
    if problems:
        raise BadInputError(problems)
    return restored


def referred_documents(body: JsonValue) -> frozenset[str]:
    """Return the names of the files that a stored body refers to.

    Raises:
        BadInputError: If there is something that is no reference, or the body nests too deeply.
    """
    names: set[str] = set()
    problems: list[Problem] = []

    def note(reference: JsonObject, place: Place) -> JsonValue:
        try:
            names.add(_name_in(reference))
        except ValueError as error:
            problems.append(Problem(str(place), str(error)))
        return None

    _restored(body, Place(), note)
    if problems:
        raise BadInputError(problems)
    return frozenset(names)


def unused_documents(folder: Path, used: Collection[str]) -> list[Path]:
    """Return the stored documents that nothing refers to, sorted; other files are left alone.

    Args:
        folder: Where the documents are; it need not exist.
        used: The names that are referred to (see `referred_documents`).
    """
    if not folder.is_dir():
        return []
    return sorted(
        path
        for path in folder.iterdir()
        if _HASH.fullmatch(path.name) and path.name not in used and path.is_file()
    )


def _escaped(key: str) -> str:
    return f"${key}" if _ESCAPED.fullmatch(key) else key


def _unescaped(key: str) -> str:
    return key[1:] if _ESCAPED.fullmatch(key) else key


def _write_once(path: Path, content: bytes) -> None:
    """Write a document, unless it is there; one that was cut short is mended."""
    if not (path.is_file() and path.stat().st_size == len(content)):
        write_atomically(path, [content])


_Read: TypeAlias = Callable[[JsonObject, Place], JsonValue]


def _restored(value: JsonValue, place: Place, read: _Read) -> JsonValue:
    match value:
        case dict() if REFERENCE in value:
            return read(value, place)
        case dict():
            return {
                _unescaped(key): _restored(item, place.inner(key), read)
                for key, item in value.items()
            }
        case list():
            return [_restored(item, place.inner(index), read) for index, item in enumerate(value)]
        case _:
            return value


def _name_in(reference: JsonObject) -> str:
    name = reference[REFERENCE]
    if len(reference) != 1 or not isinstance(name, str) or not _HASH.fullmatch(name):
        raise ValueError(
            f"`{REFERENCE}` stands for a stored text and takes 64 hexadecimal digits (0-9, a-f),"
            " with no other key beside it: put the text itself here, or record again"
        )
    return name


def _read_document(path: Path) -> str:
    if not path.is_file():
        raise ValueError(f"{path}: the stored text is missing: restore the file, or record again")
    try:
        with path.open("rb") as stream:
            content = stream.read(MOST_BYTES + 1)
    except OSError as error:
        raise ValueError(f"{path}: cannot be read: {error.strerror}") from error
    if len(content) > MOST_BYTES or hashlib.sha256(content).hexdigest() != path.name:
        raise ValueError(
            f"{path}: holds another text than its name says: restore the file, or record again"
        )
    return content.decode("utf-8", "surrogatepass")
