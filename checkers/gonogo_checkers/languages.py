"""Programming languages by the names people write for them."""

from typing import Final

_ALIASES: Final = {
    "python": ("py", "python3", "py3", "python2", "ipython", "pycon"),
    "javascript": ("js", "jsx", "node", "mjs", "cjs", "javascriptreact"),
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
    "sql": ("postgresql", "postgres", "psql", "mysql", "sqlite", "plsql", "tsql", "pgsql"),
    "json": ("jsonc", "json5"),
    "yaml": ("yml",),
    "toml": (),
    "html": ("htm", "xhtml"),
    "css": (),
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


def canonical_language(name: str | None) -> str | None:
    """Return the canonical name of a programming language.

    Args:
        name: A fence's or a case's word for it, in any case: `py`, `C++`; None: not given.

    Returns:
        One of `LANGUAGES`, or None where the word names no language that we know.
    """
    return None if name is None else _CANONICAL.get(name.strip().lower())
