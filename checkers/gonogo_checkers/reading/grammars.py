"""Loads tree-sitter grammars on first use and parses within a bound of time."""

import importlib
import time
from functools import cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tree_sitter import Language, Tree

_FACTORIES: Final = {
    "bash": ("tree_sitter_bash", "language"),
    "c": ("tree_sitter_c", "language"),
    "cpp": ("tree_sitter_cpp", "language"),
    "csharp": ("tree_sitter_c_sharp", "language"),
    "css": ("tree_sitter_css", "language"),
    "go": ("tree_sitter_go", "language"),
    "html": ("tree_sitter_html", "language"),
    "java": ("tree_sitter_java", "language"),
    "javascript": ("tree_sitter_javascript", "language"),
    "json": ("tree_sitter_json", "language"),
    "kotlin": ("tree_sitter_kotlin", "language"),
    "lua": ("tree_sitter_lua", "language"),
    "php": ("tree_sitter_php", "language_php"),
    "python": ("tree_sitter_python", "language"),
    "ruby": ("tree_sitter_ruby", "language"),
    "rust": ("tree_sitter_rust", "language"),
    "scala": ("tree_sitter_scala", "language"),
    "sql": ("tree_sitter_sql", "language"),
    "swift": ("tree_sitter_swift", "language"),
    "toml": ("tree_sitter_toml", "language"),
    "tsx": ("tree_sitter_typescript", "language_tsx"),
    "typescript": ("tree_sitter_typescript", "language_typescript"),
    "yaml": ("tree_sitter_yaml", "language"),
}


_CHUNK: Final = 1_024
"""Bytes handed to the parser at a time: its time is looked at between chunks, and a node's text is
read in whole chunks again: 42 us a node with 65,536 bytes, 1.3 us with 1,024."""


class ParseTooSlow(Exception):  # noqa: N818 - a limit was reached, nothing is wrong with the code
    """Parsing took longer than it may."""


def has_grammar(language: str) -> bool:
    """Tell whether a grammar for the language is installed."""
    try:
        _load(language)
    except ModuleNotFoundError:
        return False
    return True


def parse(text: str, language: str, *, seconds: float = 2.0) -> "Tree":
    """Parse a text.

    Args:
        text: The code; columns of the tree's points count UTF-8 bytes.
        language: Canonical name of a language whose grammar is installed.
        seconds: Bound of time; some grammars loop on odd input.

    Raises:
        ParseTooSlow: If the time was not enough.
        ModuleNotFoundError: If no grammar is installed; its message names the extra.
    """
    from tree_sitter import Parser  # noqa: PLC0415 - heavy: only when code is parsed

    deadline = time.monotonic() + seconds
    source = text.encode("utf-8", "replace")
    try:
        tree = Parser(_load(language)).parse(
            lambda offset, _point: source[offset : offset + _CHUNK],
            progress_callback=lambda _offset, _error: time.monotonic() > deadline,
        )
    except ValueError:  # how the binding says that the callback stopped it
        tree = None
    if tree is None:
        raise ParseTooSlow(f"parsing {len(source)} bytes of {language} took over {seconds} s")
    return tree


@cache
def _load(language: str) -> "Language":
    from tree_sitter import Language  # noqa: PLC0415 - heavy: only when code is parsed

    module, factory = _FACTORIES.get(language, ("", ""))
    if not module:
        raise ModuleNotFoundError(f"no grammar is known for {language!r}")
    try:
        return Language(getattr(importlib.import_module(module), factory)())
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            f"no grammar for {language!r} is installed: pip install 'gonogo[languages]'"
        ) from error
