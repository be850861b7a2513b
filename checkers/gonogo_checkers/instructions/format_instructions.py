"""Instructions about form: JSON, tables, lists, code, Markdown, language, case, wrapping."""

import csv
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Final

from gonogo_checkers.instructions.instruction import (
    Answer,
    Broken,
    Kept,
    Outcome,
    Unclear,
)
from gonogo_checkers.output import Output
from gonogo_checkers.reading.code_blocks import find_code_blocks
from gonogo_checkers.reading.json_answer import find_json
from gonogo_checkers.reading.markdown_text import has_table, lines_of, list_items_of
from gonogo_checkers.reading.natural_language import is_in_language


@dataclass(frozen=True, slots=True)
class JsonOnly:
    """JSON, and nothing beside it but its fence."""

    rule: ClassVar[str] = "FOL020"

    def judge(self, answer: Answer) -> Outcome:
        """Read the JSON."""
        found = find_json(Output(response=answer.text))
        if found is None:
            return Broken("The prompt asks for JSON; the response holds none that can be read.")
        if not found.alone:
            return Broken("The prompt asks for JSON; the response holds other text beside it.")
        return Kept()


@dataclass(frozen=True, slots=True)
class Table:
    """A table, in Markdown or HTML."""

    rule: ClassVar[str] = "FOL021"

    def judge(self, answer: Answer) -> Outcome:
        """Look for a row over a rule of dashes, or for `<table`."""
        if has_table(answer.text) or "<table" in answer.text.lower():
            return Kept()
        lines = [line for line in answer.text.split("\n") if line.strip()]
        if sum("\t" in line.strip() or line.count("|") > 1 for line in lines) >= 2:
            return Unclear()
        return Broken("The prompt asks for a table; the response has none.")


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list with bullets or with numbers."""

    rule: ClassVar[str] = "FOL022"
    numbered: bool

    def judge(self, answer: Answer) -> Outcome:
        """Look for one item at least."""
        if list_items_of(answer.text, numbered=self.numbered):
            return Kept()
        kind = "numbered" if self.numbered else "bulleted"
        return Broken(f"The prompt asks for a {kind} list; the response has none.")


@dataclass(frozen=True, slots=True)
class DataFormat:
    """YAML, CSV or XML."""

    rule: ClassVar[str] = "FOL023"
    name: str

    def judge(self, answer: Answer) -> Outcome:
        """Look at the code blocks, else at the whole response."""
        blocks = find_code_blocks(Output(response=answer.text))
        bodies = [block.text for block in blocks if block.fenced] or [answer.text]
        if any(_FORMS[self.name](body.strip()) for body in bodies):
            return Kept()
        return Broken(f"The prompt asks for {self.name}; the response has none that can be read.")


@dataclass(frozen=True, slots=True)
class CodeOnly:
    """Code, and no word beside it."""

    rule: ClassVar[str] = "FOL024"

    def judge(self, answer: Answer) -> Outcome:
        """Look for text outside the code blocks; without a fence it cannot be told."""
        if answer.prose == answer.text:
            return Unclear()
        beside = re.sub(r"[`~]{3,}[^\n]*", "", answer.prose).strip()
        if not beside:
            return Kept()
        start = answer.prose.find(beside[:40].split("\n")[0])
        return Broken("The prompt asks for code only; there is text beside it.", start, start + 1)


@dataclass(frozen=True, slots=True)
class NoCode:
    """No code, or no fence around it."""

    rule: ClassVar[str] = "FOL025"
    fences_only: bool = False

    def judge(self, answer: Answer) -> Outcome:
        """Look for code blocks."""
        found = find_code_blocks(Output(response=answer.text))
        blocks = [block for block in found if block.fenced or not self.fences_only]
        if not blocks:
            return Kept()
        what = "code block" if self.fences_only else "code"
        return Broken(f"The prompt asks for no {what}.", blocks[0].start, blocks[0].end)


@dataclass(frozen=True, slots=True)
class NoMarkdown:
    """Plain text."""

    rule: ClassVar[str] = "FOL026"

    def judge(self, answer: Answer) -> Outcome:
        """Look for headings, emphasis, fences and tables; `-` and numbers may be plain lists."""
        match = _MARKDOWN.search(answer.text)
        if match:
            start, end = match.span()
            return Broken("The prompt asks for plain text; this is Markdown.", start, end)
        return (
            Broken("The prompt asks for plain text; there is a table.")
            if (has_table(answer.text))
            else Kept()
        )


@dataclass(frozen=True, slots=True)
class InLanguage:
    """One natural language."""

    rule: ClassVar[str] = "FOL027"
    code: str

    def judge(self, answer: Answer) -> Outcome:
        """Compare with what script and stop words say."""
        verdict = is_in_language(answer.prose, self.code)
        if verdict is None:
            return Unclear()
        return Kept() if verdict else Broken(f"The prompt asks for the language {self.code!r}.")


@dataclass(frozen=True, slots=True)
class InCase:
    """All capitals, or all lower case."""

    rule: ClassVar[str] = "FOL028"
    upper: bool

    def judge(self, answer: Answer) -> Outcome:
        """Look for the first letter of the other case."""
        for position, character in enumerate(answer.prose):
            if character.islower() if self.upper else character.isupper():
                wanted = "capital letters" if self.upper else "lower case"
                return Broken(f"The prompt asks for {wanted} only.", position, position + 1)
        return Kept()


@dataclass(frozen=True, slots=True)
class TitleCase:
    """Each major word with a capital."""

    rule: ClassVar[str] = "FOL029"

    def judge(self, answer: Answer) -> Outcome:
        """Look for long words that begin in lower case; small words may."""
        for match in re.finditer(r"(?<![\w'’.-])[a-z][a-z]{4,}\b", answer.prose):
            if match[0] not in _SMALL_WORDS:
                return Broken("The prompt asks for title case.", match.start(), match.end())
        return Kept()


@dataclass(frozen=True, slots=True)
class InQuotes:
    """The whole response in double quotation marks."""

    rule: ClassVar[str] = "FOL030"

    def judge(self, answer: Answer) -> Outcome:
        """Look at the first and the last character."""
        text = answer.text.strip()
        if len(text) > 1 and text[0] in '"“„«' and text[-1] in '"”“»':
            return Kept()
        return Broken("The prompt asks for quotation marks around the whole response.")


@dataclass(frozen=True, slots=True)
class HasTitle:
    """A title in double angular brackets."""

    rule: ClassVar[str] = "FOL031"

    def judge(self, answer: Answer) -> Outcome:
        """Look for `<<...>>`."""
        if re.search(r"<<[^\n<>]{1,300}>>", answer.text):
            return Kept()
        return Broken("The prompt asks for a title in <<double angular brackets>>; there is none.")


@dataclass(frozen=True, slots=True)
class HasPostscript:
    """A postscript."""

    rule: ClassVar[str] = "FOL032"
    marks: int

    def judge(self, answer: Answer) -> Outcome:
        """Look for `P.S.`, or `P.P.S`, however dotted."""
        mark = r"\.?\s?".join(["p"] * self.marks + ["s"])
        if re.search(rf"(?<!\w){mark}\b", answer.text, re.IGNORECASE):
            return Kept()
        return Broken("The prompt asks for a postscript; there is none.")


@dataclass(frozen=True, slots=True)
class TwoParts:
    """Two responses with six asterisks between them."""

    rule: ClassVar[str] = "FOL033"

    def judge(self, answer: Answer) -> Outcome:
        """Split at the asterisks; both parts must say something, and not the same."""
        parts = [part.strip() for part in re.split(r"\*{6,}", answer.text)]
        parts = parts[1:] if parts and not parts[0] else parts
        parts = parts[:-1] if parts and not parts[-1] else parts
        if len(parts) == 2 and all(parts) and parts[0] != parts[1]:
            return Kept()
        return Broken("The prompt asks for two parts with ****** between them.")


@dataclass(frozen=True, slots=True)
class NoWhiteSpace:
    """No white space at all."""

    rule: ClassVar[str] = "FOL034"

    def judge(self, answer: Answer) -> Outcome:
        """Look for any within the response."""
        match = re.search(r"(?<=\S)\s+(?=\S)", answer.text)
        if match is None:
            return Kept()
        return Broken("The prompt asks for no white space.", match.start(), match.end())


@dataclass(frozen=True, slots=True)
class WordPerLine:
    """Each word on a line of its own."""

    rule: ClassVar[str] = "FOL035"

    def judge(self, answer: Answer) -> Outcome:
        """Look for a line of two words."""
        for line in lines_of(answer.text):
            if len(line.text.split()) > 1:
                end = line.start + len(line.text)
                return Broken("The prompt asks for each word on a new line.", line.start, end)
        return Kept()


_MARKDOWN: Final = re.compile(
    r"^#{1,6} \S|\*\*[^*\s\n][^*\n]{0,300}\*\*|^```|(?<!\w)`[^`\n]{1,100}`(?!\w)|"
    r"\[[^\[\]\n]{1,100}\]\(https?://",
    re.MULTILINE,
)
_SMALL_WORDS: Final = frozenset(
    {
        "about", "above", "across", "after", "against", "along", "among", "around", "before",
        "behind", "below", "beneath", "beside", "between", "beyond", "could", "during", "except",
        "inal", "inside", "should", "their", "there", "these", "those", "through", "toward",
        "towards", "under", "until", "where", "which", "while", "within", "without", "would",
    }
)  # fmt: skip


def _is_yaml(text: str) -> bool:
    import yaml  # noqa: PLC0415 - heavy: only prompts that ask for YAML need it

    try:
        return isinstance(yaml.safe_load(text[:20_000]), dict | list)
    except (yaml.YAMLError, ValueError, RecursionError):
        return False


def _is_csv(text: str) -> bool:
    lines = text[:100_000].split("\n")[:200]
    for delimiter in (",", "\t", ";", "|"):
        try:
            widths = {len(row) for row in csv.reader(lines, delimiter=delimiter) if row}
        except csv.Error:
            continue
        if len(widths) == 1 and widths.pop() > 1 and len(lines) > 1:
            return True
    return False


def _is_xml(text: str) -> bool:
    return re.match(r"<[\w?!]", text) is not None and text.endswith(">")


_FORMS: Final[dict[str, Callable[[str], bool]]] = {"YAML": _is_yaml, "CSV": _is_csv, "XML": _is_xml}
