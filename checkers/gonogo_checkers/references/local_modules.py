"""Tells which modules are the application's own: named in the response, given, or plainly local."""

import re
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.resources import files
from typing import Final

from gonogo_checkers.output import Output

_LOOKED_AT: Final = 400_000
"""Characters of all given texts together that are searched for names."""

_FILE: Final = re.compile(r"(?<![\w./\\-])[\w./\\-]{1,200}\.(?:py|pyi|pyx|ipynb|toml|so)\b")
_FOLDER: Final = re.compile(r"\b([A-Za-z_]\w{0,60})/(?=\s|[A-Za-z_#]|$)", re.MULTILINE)
_IMPORT: Final = re.compile(
    r"^[ \t>.]{0,40}(?:from[ \t]+([A-Za-z_]\w*)[\w.]*[ \t]+import\b|import[ \t]+([A-Za-z_]\w*))",
    re.MULTILINE,
)
_MEMBER: Final = re.compile(r"\b([A-Za-z_]\w{1,60})\.[A-Za-z_]\w*\(")
_DEFINITION: Final = re.compile(
    r"^[ \t]{0,40}(?:class|def|module)[ \t]+([A-Za-z_]\w*)", re.MULTILINE
)
_WORD: Final = re.compile(r"[A-Za-z_][\w-]*")

_OWN_PREFIX: Final = re.compile(
    r"(?:my|your|our|some|the|sample|example|dummy|placeholder)_\w+"
    r"|(?:my|your|our)(?:app|class|code|company|config|lib|library|models?|module|package|program"
    r"|project|script|service|site|solution|tool|utils?)"
)
_OWN_SUFFIX: Final = re.compile(
    r"\w+_(?:app|api|bot|config|settings|utils?|utilities|helpers?|models?|services?|modules?"
    r"|tests?|views?|db|database|handlers?|manager|project|site|scripts?|lib|library|package"
    r"|constants|schemas?|routes|client|server|functions?|func|solution|main|class|base|core|impl"
    r"|example|demo|pb2|pb2_grpc|tools|parser|processor|generator|validator|calculator|controller"
    r"|repository|factory|types|system)|tests?_\w+",
    re.IGNORECASE,
)


def is_plainly_local(module: str) -> bool:
    """Tell whether a module's name is what applications call their own: `utils`, `my_project`."""
    word = module.lower()
    return word in _plain_names() or _OWN_PREFIX.fullmatch(word) is not None


def may_be_local(module: str) -> bool:
    """Tell whether a module's name is made like those of applications' own: `bank_service`."""
    return _OWN_SUFFIX.fullmatch(module) is not None


@cache
def _plain_names() -> frozenset[str]:
    text = files("gonogo_checkers").joinpath("data", "local_modules.txt").read_text("utf-8")
    return frozenset(line for line in text.splitlines() if not line.startswith("#"))


def named_files(text: str) -> set[str]:
    """Return the modules and folders that file names and paths in a text name."""
    names: set[str] = set()
    for match in _FILE.finditer(text[:_LOOKED_AT]):
        path = match[0].rpartition(".")[0]
        names.update(part for part in re.split(r"[/\\.]", path) if part)
    names.update(match[1] for match in _FOLDER.finditer(text[:_LOOKED_AT]))
    return names


def given_modules(output: Output) -> set[str]:
    """Return the modules that the code in the given texts imports, uses, defines or is."""
    names: set[str] = set()
    for text in _given(output):
        names |= named_files(text)
        names.update(match[1] or match[2] for match in _IMPORT.finditer(text))
        names.update(match[1] for match in _MEMBER.finditer(text))
        names.update(match[1] for match in _DEFINITION.finditer(text))
    return names


def given_words(output: Output) -> set[str]:
    """Return the words of the given texts, in lower case, `_` and `-` being alike."""
    words = (match[0] for text in _given(output) for match in _WORD.finditer(text))
    return {word.lower().replace("_", "-") for word in words}


def _given(output: Output) -> Iterator[str]:
    return _first(output.given_texts(), _LOOKED_AT)


def _first(texts: Iterable[str], characters: int) -> Iterator[str]:
    for text in texts:
        if characters <= 0:
            return
        yield text[:characters]
        characters -= len(text)
