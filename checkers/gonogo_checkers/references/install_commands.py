"""Finds the packages that a response says to install: commands, requirements, project files.

`pip install`, `uv add`, `poetry add` and the like in code, in inline code and at the start of a
line; `requirements.txt` and `pyproject.toml` in blocks. Commands that name another index are left
out: private packages are not registered at PyPI.
"""

import re
import tomllib
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from gonogo_checkers.reading.code_blocks import CodeBlock

_LOOKED_AT: Final = 400_000
_MOST_REQUIREMENTS: Final = 300
_MOST_COMMANDS: Final = 1_000
_LONGEST_COMMAND: Final = 2_000

_COMMAND: Final = re.compile(
    r"\b(?:pip3?(?:\.\d{1,2})?[ \t]{1,4}install|pipx[ \t]{1,4}(?:install|run)|uv[ \t]{1,4}add"
    r"|uv[ \t]{1,4}tool[ \t]{1,4}install|(?:poetry|pdm|rye|hatch)[ \t]{1,4}add)(?=[ \t])"
)
_BEFORE_COMMAND: Final = re.compile(
    r"[ \t]{0,40}(?:[-*+$%!>#][ \t]?|\d{1,2}[.)][ \t]|RUN[ \t]|sudo[ \t]|uv[ \t]"
    r"|python[\d.]{0,5}[ \t]-m[ \t]|py[ \t]-m[ \t]){0,4}"
)
_WITH_VALUE: Final = frozenset(
    """
    -r --requirement -c --constraint -e --editable -t --target --prefix --root --python-version
    --platform --proxy --trusted-host --cache-dir --group -G --python -p --log --src --report
    --implementation --abi --only-binary --no-binary --upgrade-strategy --progress-bar --timeout
    --retries --cert --config-settings -C --extra --optional --branch --tag --rev -d --dest
    """.split()  # noqa: SIM905 - a list of single words reads better as text
)
_OTHER_INDEX: Final = (
    "-i",
    "--index",
    "--index-url",
    "--extra-index-url",
    "-f",
    "--find-links",
    "--source",
    "--default-index",
)
_REQUIREMENT: Final = re.compile(
    r"(?P<name>[A-Za-z0-9](?:[A-Za-z0-9._-]{0,98}[A-Za-z0-9])?)"
    r"(?P<extras>\[[A-Za-z0-9._, -]{0,200}\])?"
    r"(?P<rest>[ \t]*(?:(?:[<>=!~]=?=?|@|\^)[^;#]*)?(?:;.*)?)"
)
_SPECIFIER_ONLY: Final = re.compile(r"[<>=!~]=?=?|;.*")
_PLACEHOLDER: Final = re.compile(
    r"(?:(?:your|my|our|some|the|example|sample|test)[-_.].*"
    r"|.*(?:package|library|module|lib|plugin)[-_]?name.*|packages?|library|libraries|modules?"
    r"|missing|foo|bar|baz|pkg|name|x+|requirements?|dependenc(?:y|ies)|project|target|dist|wheel)",
    re.IGNORECASE,
)
_SENTENCE_WORDS: Final = frozenset(
    """
    a again all an and any are as at before both by can command commands did do does during each
    either error errors failed fails first for from has have here i if in into is isn it its just
    later latest like may might must no not now of on once one only or our per should so some that
    the their them then there these they this those to too two under until using via was we were
    when where which while will with within without would you your
    """.split()  # noqa: SIM905 - a list of single words reads better as text
)
"""A sentence that goes on after `pip install`, in a comment or a string, names nothing."""

_FILE_ENDINGS: Final = (".txt", ".whl", ".gz", ".zip", ".toml", ".cfg", ".py", ".in", ".lock")
_NAMED_REQUIREMENTS: Final = re.compile(r"requirements[\w.-]{0,40}\.(?:txt|in)", re.IGNORECASE)
_PLAIN_FENCES: Final = frozenset({"", "txt", "text", "plaintext", "plain", "pip", "requirements"})


@dataclass(frozen=True, slots=True)
class Requirement:
    """A package that is to be installed.

    Attributes:
        name: As written, without version, extras and marker.
        start: Offset in the response of its first character.
    """

    name: str
    start: int

    @property
    def end(self) -> int:
        """Offset in the response of one past its last character."""
        return self.start + len(self.name)


def find_requirements(response: str, blocks: Sequence[CodeBlock]) -> list[Requirement]:
    """Return the packages that a response says to install, in order, each place once."""
    found: dict[int, Requirement] = {}
    for source in (
        _in_commands(response[:_LOOKED_AT], blocks),
        _in_requirement_files(response, blocks),
        _in_project_files(blocks),
    ):
        for requirement in source:
            found.setdefault(requirement.start, requirement)
            if len(found) >= _MOST_REQUIREMENTS:
                return sorted(found.values(), key=lambda one: one.start)
    return sorted(found.values(), key=lambda one: one.start)


def is_placeholder(name: str) -> bool:
    """Tell whether a name only stands for one: `package-name`, `your-library`."""
    return _PLACEHOLDER.fullmatch(name) is not None


def _in_commands(text: str, blocks: Sequence[CodeBlock]) -> Iterator[Requirement]:
    starts = [block.start for block in blocks]
    for match in islice(_COMMAND.finditer(text), _MOST_COMMANDS):
        line_start = text.rfind("\n", max(0, match.start() - 400), match.start()) + 1
        before = text[max(line_start, match.start() - 400) : match.start()]
        index = bisect_right(starts, match.start()) - 1
        in_block = index >= 0 and match.start() < blocks[index].end
        starts_line = _BEFORE_COMMAND.fullmatch(before) is not None
        inline = not in_block and before.count("`") % 2 == 1
        if in_block or starts_line or inline:
            # Comments, strings and sentences go on after the command: its first name is sure.
            whole = inline or (in_block and starts_line and "#" not in before)
            yield from _named_in(text, match.end(), only_first=not whole)


def _named_in(text: str, start: int, *, only_first: bool) -> Iterator[Requirement]:
    end = _end_of_command(text, start)
    words = [(match[0], match.start()) for match in re.finditer(r"[^\s\\]+", text[start:end])]
    if any(word.partition("=")[0] in _OTHER_INDEX for word, _ in words):
        return
    skip_next = False
    for word, offset in words:
        if skip_next or word.startswith("-"):
            skip_next = not skip_next and word in _WITH_VALUE
            continue
        quote = len(word) - len(word.lstrip("\"'"))
        named = _requirement(word.strip("\"'"), start + offset + quote)
        if named is None:
            if _SPECIFIER_ONLY.match(word) or _is_path(word):
                continue
            return
        if only_first and named.name.lower() in _SENTENCE_WORDS:
            return
        yield named
        if only_first or word[-1] in ".,:":
            return


def _end_of_command(text: str, start: int) -> int:
    limit = min(len(text), start + _LONGEST_COMMAND)
    for position in range(start, limit):
        character = text[position]
        if character == "\n" and text[position - 1] != "\\":
            return position
        if character in "`|&;#)<" and (character in "`#)" or text[position - 1] in " \t"):
            return position
    return limit


def _is_path(word: str) -> bool:
    return "/" in word or word.startswith((".", "$", "{", "<", "~")) or word.endswith(_FILE_ENDINGS)


def _requirement(text: str, start: int) -> Requirement | None:
    word = text.rstrip(".,:\"'")
    match = _REQUIREMENT.fullmatch(word)
    if match is None or _is_path(match["name"]):
        return None
    return Requirement(match["name"], start)


def _in_requirement_files(response: str, blocks: Sequence[CodeBlock]) -> Iterator[Requirement]:
    for block in blocks:
        if not _is_requirements(response, block):
            continue
        rows = [row.partition(" #")[0].rstrip() for row in block.text.split("\n")]
        if any(row.lstrip().startswith(_OTHER_INDEX) for row in rows):
            continue
        for number, row in enumerate(rows[:_MOST_REQUIREMENTS]):
            word = row.strip()
            if word and not word.startswith(("#", "-")):
                indent = len(row) - len(row.lstrip())
                named = _requirement(word, block.line_offsets[number] + indent)
                if named is not None:
                    yield named


def _is_requirements(response: str, block: CodeBlock) -> bool:
    if _NAMED_REQUIREMENTS.search(block.info) or block.info.lower() == "requirements":
        return True
    if block.info.strip().lower() not in _PLAIN_FENCES or not block.fenced:
        return False
    before = response[max(0, block.start - 120) : block.start] + block.text[:60]
    return _NAMED_REQUIREMENTS.search(before) is not None


def _in_project_files(blocks: Sequence[CodeBlock]) -> Iterator[Requirement]:
    for block in blocks:
        if block.language == "toml" and len(block.text) <= 50_000:
            try:
                document = tomllib.loads(block.text)
            except (tomllib.TOMLDecodeError, RecursionError):
                continue
            for name in _project_names(document):
                position = re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w-])", block.text)
                if position is not None:
                    row = block.text.count("\n", 0, position.start())
                    line_start = block.text.rfind("\n", 0, position.start()) + 1
                    yield Requirement(name, block.offset(row, position.start() - line_start))


def _project_names(document: dict[str, object]) -> Iterator[str]:
    project = _table(document, "project")
    lists = [project.get("dependencies"), _table(document, "build-system").get("requires")]
    lists += _table(project, "optional-dependencies").values()
    lists += _table(document, "dependency-groups").values()
    for entries in lists:
        for entry in entries if isinstance(entries, list) else []:
            named = _requirement(entry, 0) if isinstance(entry, str) else None
            if named is not None:
                yield named.name
    poetry = _table(_table(document, "tool"), "poetry")
    for name, wanted in _table(poetry, "dependencies").items():
        if name != "python" and isinstance(wanted, str):
            yield name


def _table(document: dict[str, object], key: str) -> dict[str, object]:
    value = document.get(key)
    return value if isinstance(value, dict) else {}
