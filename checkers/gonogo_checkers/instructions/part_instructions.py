"""Instructions about how much a part of the answer holds: each item of a list, the text at a table.

Only parts that the answer itself marks are judged; where it marks none, it stays open.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

from gonogo_checkers.instructions.instruction import Answer, Broken, Kept, Outcome, Unclear
from gonogo_checkers.instructions.length_instructions import Amount, compare, word_counts_of
from gonogo_checkers.reading.markdown_text import Line, count_sentences, lines_of

_LABEL: Final = re.compile(
    r"[\s\-*+•\d.)]*(?:\*\*[^*\n]{1,80}\*\*[^:\n]{0,40}:?|[^:.!?\n]{1,60}:)\s*"
)
_MARK: Final = re.compile(r"\s*(?:[-*+•‣◦–—]|\d{1,3}[.)]|[a-zA-Z][.)])\s+")


@dataclass(frozen=True, slots=True)
class ItemWordCount:
    """So many words in each item of the list."""

    rule: ClassVar[str] = "FOL011"
    amount: Amount

    def judge(self, answer: Answer) -> Outcome:
        """Count the words of each item, with its label and without."""
        return _judge_items(answer, self.amount, _words_of_item, "words")


@dataclass(frozen=True, slots=True)
class ItemSentenceCount:
    """So many sentences in each item of the list."""

    rule: ClassVar[str] = "FOL012"
    amount: Amount

    def judge(self, answer: Answer) -> Outcome:
        """Count the sentences of each item, with its label and without."""
        return _judge_items(answer, self.amount, _sentences_of_item, "sentences")


@dataclass(frozen=True, slots=True)
class WordsBesideTable:
    """So many words before or after a table."""

    rule: ClassVar[str] = "FOL001"
    amount: Amount

    def judge(self, answer: Answer) -> Outcome:
        """Count the words of the longer side of the only table, and of both sides."""
        lines = lines_of(answer.text)
        rows = [index for index, line in enumerate(lines) if line.kind == "row"]
        if len(rows) < 3 or rows[-1] - rows[0] + 1 != len(rows):
            return Unclear()
        first, last = lines[rows[0]], lines[rows[-1]]
        before, after = answer.text[: first.start], answer.text[last.start + len(last.text) :]
        longer = max(before, after, key=len)
        counts = [*word_counts_of(longer), *word_counts_of(f"{before} {after}")]
        return compare(self.amount, counts, "words beside the table")


def _judge_items(
    answer: Answer,
    amount: Amount,
    count: Callable[[str], Sequence[int]],
    unit: str,
) -> Outcome:
    items = _items_of(answer.prose)
    outcomes = [(start, end, compare(amount, count(text), unit)) for start, end, text in items]
    for start, end, outcome in outcomes:
        if isinstance(outcome, Broken):
            message = outcome.message.replace("the response has", "this item has")
            return Broken(message.replace(f" {unit};", f" {unit} an item;"), start, end)
    if not outcomes or any(isinstance(outcome, Unclear) for _, _, outcome in outcomes):
        return Unclear()
    return Kept()


def _words_of_item(text: str) -> Sequence[int]:
    return [*word_counts_of(_without_mark(text)), *word_counts_of(_without_label(text))]


def _sentences_of_item(text: str) -> Sequence[int]:
    return [*count_sentences(_without_mark(text)), *count_sentences(_without_label(text))]


def _without_mark(text: str) -> str:
    return _MARK.sub("", text, count=1)


def _without_label(text: str) -> str:
    label = _LABEL.match(text)
    rest = text[label.end() :] if label else ""
    return rest if rest.strip() else _without_mark(text)


def _items_of(prose: str) -> list[tuple[int, int, str]]:
    """Return the outermost items of all lists with what belongs to each: start, end, text."""
    lines = lines_of(prose)
    marked = [line.indent for line in lines if line.kind in {"bullet", "numbered"}]
    if not marked:
        return []
    outer = min(marked) + 1
    gathered: list[list[Line]] = []
    within = False
    for before, line in zip((None, *lines), lines, strict=False):
        is_item = line.kind in {"bullet", "numbered"} and line.indent <= outer
        follows_blank = before is not None and before.kind == "blank"
        is_new_text = line.kind == "text" and follows_blank and line.text[:1] not in {" ", "\t"}
        if is_item:
            gathered.append([line])
            within = True
        elif line.kind in {"heading", "bold", "divider", "row"} or is_new_text:
            within = False
        elif within and line.kind != "blank":
            gathered[-1].append(line)
    spans = [(item[0].start, item[-1].start + len(item[-1].text)) for item in gathered]
    return [(start, end, prose[start:end]) for start, end in spans]
