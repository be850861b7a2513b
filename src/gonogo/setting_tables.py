"""Reads tables of `[tool.gonogo]` and decodes them; what may stand in each, its owner knows."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from gonogo.errors import BadSettingsError

Table = TypeVar("Table", bound=msgspec.Struct)

OWN_TABLES: Final = ("spend", "alerts", "metrics")
"""Tables that parts of gonogo read by themselves; a suite's run does not look into them."""


def load_table(root: Path, name: str | None = None) -> Mapping[str, object]:
    """Read `[tool.gonogo]` of a project, or one table of it.

    Args:
        root: Folder of its pyproject.toml.
        name: `spend` for `[tool.gonogo.spend]`; None: the whole.

    Returns:
        The table; empty where there is no file or no such table.

    Raises:
        BadSettingsError: If the file is not TOML, or what stands there is no table.
    """
    path = root / "pyproject.toml"
    try:
        document: object = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadSettingsError(f"{path}: cannot be read: {error}") from error
    for part in ("tool", "gonogo", *(() if name is None else (name,))):
        document = document.get(part, {}) if isinstance(document, dict) else document
    if not isinstance(document, dict):
        got = f"a value of type {type(document).__name__}"  # never the value: it may be a secret
        raise BadSettingsError(f"{path} [{heading_of(name)}]: expected a table, got {got}")
    return document


def decode_table(
    table: Mapping[str, object],
    kind: type[Table],
    *,
    place: str,
    name: str | None = None,
    parts: Mapping[str, type[msgspec.Struct]] | None = None,
) -> Table:
    """Decode a table.

    Args:
        table: As read.
        kind: What it becomes.
        place: Names the file in errors.
        name: Of the table, as for `load_table`.
        parts: What stands deeper, by the path where it begins (`$.limits`), the deepest first: so
            that an unknown key is answered with those that there are.

    Raises:
        BadSettingsError: If a key is unknown or of a wrong type; names the place and the key.
    """
    try:
        return msgspec.convert(table, kind)
    except msgspec.ValidationError as error:
        known = _known_keys(str(error), kind, parts or {})
        raise BadSettingsError(f"{place} [{heading_of(name)}]: {error}{known}") from error


def heading_of(name: str | None) -> str:
    """Return the heading of a table in the file."""
    return "tool.gonogo" if name is None else f"tool.gonogo.{name}"


def _known_keys(
    said: str, kind: type[msgspec.Struct], parts: Mapping[str, type[msgspec.Struct]]
) -> str:
    """Name the keys that there are, where one is unknown."""
    what, _, path = said.partition(" - at `")
    if "unknown field" not in what:
        return ""
    table = next((part for start, part in parts.items() if path.startswith(start)), kind)
    return f"; there are: {', '.join(table.__struct_encode_fields__)}"
