"""Programming languages by the names people write for them."""

import re
from typing import Final

_ALIASES: Final = {
    "python": ("py", "python3", "py3", "python2", "ipython", "pycon", "python-repl", "pyi"),
    "javascript": ("js", "jsx", "node", "nodejs", "node.js", "mjs", "cjs", "javascriptreact"),
    "typescript": ("ts", "mts", "cts"),
    "tsx": ("typescriptreact",),
    "java": (),
    "go": ("golang",),
    "rust": ("rs",),
    "c": ("h",),
    "cpp": ("c++", "cc", "cxx", "hpp", "h++"),
    "csharp": ("c#", "cs", "c-sharp", "dotnet"),
    "ruby": ("rb",),
    "php": ("php3", "php5", "php7", "php8"),
    "bash": ("sh", "shell", "zsh", "ksh", "shellscript"),
    "sql": (
        *("postgresql", "postgres", "psql", "mysql", "mariadb", "sqlite", "sqlite3"),
        *("plsql", "plpgsql", "tsql", "pgsql"),
    ),
    "json": ("jsonc", "json5"),
    "yaml": ("yml",),
    "toml": (),
    "html": ("htm", "xhtml", "html5"),
    "css": ("css3",),
    "kotlin": ("kt", "kts"),
    "swift": (),
    "scala": (),
    "lua": (),
}

LANGUAGES: Final = frozenset(_ALIASES)
"""Canonical names of the languages that checkers know."""

_CANONICAL: Final = {
    alias: name for name, aliases in _ALIASES.items() for alias in (name, *aliases)
}

_INFO_WORD: Final = re.compile(r"[\s{.]*(?:lang(?:uage)?[-=:]\s*)?([^\s{}()\[\],:;=\"'|]+)")
_FILE_NAME: Final = re.compile(r"[\w-]\.(\w{1,5})(?![\w.])")


def canonical_language(name: str | None) -> str | None:
    """Return the canonical name of a programming language.

    Args:
        name: A fence's or a case's word for it, in any case: `py`, `C++`; None: not given.

    Returns:
        One of `LANGUAGES`, or None where the word names no language that we know.
    """
    return None if name is None else _CANONICAL.get(name.strip().lower())


def info_word(info: str) -> str:
    """Return the word of a fence's info string that should name the language, in lower case.

    Knows `python title="x"`, `{.python .numberLines}`, `{python, echo=FALSE}`, `js{1,3}`,
    `py:main.py`, `language-python`.

    Args:
        info: What the fence says of itself; only its first 200 characters are looked at.
    """
    match = _INFO_WORD.match(info[:200])
    return match[1].lower() if match else ""


def language_of_info(info: str) -> str | None:
    """Return the canonical language that a fence's info string names, by word or file name.

    Returns:
        One of `LANGUAGES`, or None where it names none that we know.
    """
    named = canonical_language(info_word(info))
    if named is not None:
        return named
    file_names = _FILE_NAME.findall(info[:200])
    return canonical_language(file_names[-1]) if file_names else None
