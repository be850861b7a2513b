"""Instructions about how many: words, sentences, paragraphs, bullets, sections, and the like.

Where reasonable readers count differently (is a heading a sentence?), the answer is counted in
every way: the instruction is kept where the plainest count keeps it, broken where none does, and
unclear otherwise.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from gonogo_checkers.instructions.instruction import (
    Answer,
    Broken,
    Kept,
    Outcome,
    Unclear,
)
from gonogo_checkers.reading.markdown_text import (
    count_sentences,
    headings_of,
    list_items_of,
    paragraph_counts,
)
from gonogo_checkers.reading.word_counts import WORDS_WITHOUT_SPACES, count_words


@dataclass(frozen=True, slots=True)
class Amount:
    """How many are asked for: `least` to `most`; None: no bound."""

    least: int | None = None
    most: int | None = None

    def allows(self, count: int) -> bool:
        """Tell whether a count is within the bounds."""
        return (self.least is None or count >= self.least) and (
            self.most is None or count <= self.most
        )

    def __str__(self) -> str:
        if self.least == self.most:
            return f"exactly {self.least}"
        if self.least is None:
            return f"at most {self.most}"
        return f"at least {self.least}" if self.most is None else f"{self.least} to {self.most}"


def compare(amount: Amount, counts: Sequence[int], unit: str) -> Outcome:
    """Hold counts against an amount; the first is that of the plainest way to count."""
    if amount.allows(counts[0]):
        return Kept()
    low, high = min(counts), max(counts)
    if any(amount.allows(count) for count in range(low, high + 1)):
        return Unclear()
    counted = str(low) if low == high else f"{low} to {high}"
    return Broken(f"The prompt asks for {amount} {unit}; the response has {counted}.")


def word_counts_of(text: str) -> list[int]:
    """Return how many words a text can be said to have; the plainest count first."""
    counts = [count_words(text)]
    if not WORDS_WITHOUT_SPACES.search(text):
        counts += [len(text.split())]
    if text.isascii():
        counts += [len(re.findall(r"\w+", text))]
    return counts


@dataclass(frozen=True, slots=True)
class WordCount:
    """So many words."""

    rule: ClassVar[str] = "FOL001"
    amount: Amount

    def judge(self, answer: Answer) -> Outcome:
        """Count words as `word_counts` does, as written between spaces, and each part of one."""
        return compare(self.amount, word_counts_of(answer.text), "words")


@dataclass(frozen=True, slots=True)
class SentenceCount:
    """So many sentences."""

    rule: ClassVar[str] = "FOL002"
    amount: Amount

    def judge(self, answer: Answer) -> Outcome:
        """Count sentences without and with headings and list items that end in no full stop."""
        low, high = count_sentences(answer.prose)
        return compare(self.amount, (low, high), "sentences")


@dataclass(frozen=True, slots=True)
class ParagraphCount:
    """So many paragraphs, parted by blank lines or by a divider."""

    rule: ClassVar[str] = "FOL003"
    amount: Amount

    def judge(self, answer: Answer) -> Outcome:
        """Count paragraphs with and without headings, and by dividers where there are some."""
        return compare(self.amount, paragraph_counts(answer.text), "paragraphs")


@dataclass(frozen=True, slots=True)
class BulletCount:
    """So many bullet points."""

    rule: ClassVar[str] = "FOL004"
    amount: Amount

    def judge(self, answer: Answer) -> Outcome:
        """Count the outermost items, and all; numbered ones where there are no others."""
        bullets = list_items_of(answer.prose, numbered=False)
        items = bullets or list_items_of(answer.prose, numbered=True)
        outer = min((item.indent for item in items), default=0)
        outermost = sum(item.indent <= outer + 1 for item in items)
        return compare(self.amount, (outermost, len(items)), "bullet points")


@dataclass(frozen=True, slots=True)
class SectionCount:
    """So many sections, each marked with a word and its number (`Section 1`)."""

    rule: ClassVar[str] = "FOL005"
    amount: Amount
    marker: str

    def judge(self, answer: Answer) -> Outcome:
        """Count the markers at the start of a line, and anywhere."""
        marker = re.escape(self.marker)
        numeral = r"(?:\d{1,3}|[IVX]{1,5}|[A-Z])"
        anywhere = len(re.findall(rf"\b{marker}\s?{numeral}\b", answer.text, re.IGNORECASE))
        starts = len(
            re.findall(
                rf"^\W{{0,8}}{marker}\s?{numeral}\b", answer.text, re.IGNORECASE | re.MULTILINE
            )
        )
        return compare(self.amount, (starts, anywhere), f"sections marked {self.marker!r}")


@dataclass(frozen=True, slots=True)
class HeadingCount:
    """So many Markdown headings."""

    rule: ClassVar[str] = "FOL006"
    amount: Amount

    def judge(self, answer: Answer) -> Outcome:
        """Count headings with `#`; lines that are bold alone may count."""
        marked, bold = headings_of(answer.prose)
        return compare(self.amount, (marked, marked + bold), "headings")


@dataclass(frozen=True, slots=True)
class PlaceholderCount:
    """So many placeholders in square brackets."""

    rule: ClassVar[str] = "FOL007"
    amount: Amount

    def judge(self, answer: Answer) -> Outcome:
        """Count `[...]`; links count as well, since they look the same."""
        count = len(re.findall(r"\[[^\[\]\n]{1,200}\]", answer.text))
        return compare(self.amount, (count,), "placeholders in square brackets")


@dataclass(frozen=True, slots=True)
class HighlightCount:
    """So many parts emphasised with `*` or `_`."""

    rule: ClassVar[str] = "FOL008"
    amount: Amount

    def judge(self, answer: Answer) -> Outcome:
        """Count emphasised parts of one line."""
        spans = re.findall(
            r"(?<!\*)\*{1,3}(?![\s*])[^*\n]{1,500}\*{1,3}|"
            r"(?<![\w_])_{1,2}(?![\s_])[^_\n]{1,500}_{1,2}",
            answer.text,
        )
        return compare(self.amount, (len(spans),), "highlighted parts")


@dataclass(frozen=True, slots=True)
class UniqueWordCount:
    """So many different words."""

    rule: ClassVar[str] = "FOL009"
    amount: Amount

    def judge(self, answer: Answer) -> Outcome:
        """Count different words; case does not count."""
        count = len({word.lower() for word in re.findall(r"\w+", answer.text)})
        return compare(self.amount, (count,), "different words")


@dataclass(frozen=True, slots=True)
class NumeralCount:
    """So many numbers written in digits."""

    rule: ClassVar[str] = "FOL010"
    amount: Amount

    def judge(self, answer: Answer) -> Outcome:
        """Count runs of digits, and numbers with their separators."""
        runs = len(re.findall(r"\d+", answer.text))
        numbers = len(re.findall(r"\d+(?:[.,:/-]\d+)*", answer.text))
        words = len(re.findall(r"(?<![\w.])\d+(?![\w])", answer.text))
        return compare(self.amount, (numbers, words, runs), "numbers")
