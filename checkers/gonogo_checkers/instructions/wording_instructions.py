"""Instructions about words: to use or to avoid, how often, where, and how to begin and to end."""

import re
from dataclasses import dataclass
from typing import ClassVar

from gonogo_checkers.instructions.instruction import (
    Answer,
    Broken,
    Kept,
    Outcome,
    Unclear,
)
from gonogo_checkers.instructions.length_instructions import Amount
from gonogo_checkers.reading.folded_text import fold_text
from gonogo_checkers.reading.markdown_text import split_sentences
from gonogo_checkers.reading.prose import words_of


@dataclass(frozen=True, slots=True)
class Includes:
    """Words or phrases that must all be there."""

    rule: ClassVar[str] = "FOL040"
    words: tuple[str, ...]

    def judge(self, answer: Answer) -> Outcome:
        """Look for each; case does not count, and it may stand inside a word."""
        text = fold_text(answer.text)
        for word in self.words:
            if fold_text(word) not in text:
                return Broken(f"The prompt asks for {word[:60]!r}; it is not there.")
        return Kept()


@dataclass(frozen=True, slots=True)
class Avoids:
    """Words or phrases of which none may be there."""

    rule: ClassVar[str] = "FOL041"
    words: tuple[str, ...]

    def judge(self, answer: Answer) -> Outcome:
        """Look for each as a whole word; case does not count."""
        for word in self.words:
            match = _whole_word(word).search(answer.text)
            if match is not None:
                return Broken(f"The prompt forbids {word[:60]!r}.", match.start(), match.end())
        return Kept()


@dataclass(frozen=True, slots=True)
class WordFrequency:
    """A word so many times."""

    rule: ClassVar[str] = "FOL042"
    word: str
    amount: Amount

    def judge(self, answer: Answer) -> Outcome:
        """Count it as a whole word and inside others; where that decides, it is unclear."""
        whole = len(_whole_word(self.word).findall(answer.text))
        inside = answer.text.lower().count(self.word.lower())
        return _frequency(self.amount, {whole, inside}, repr(self.word))


@dataclass(frozen=True, slots=True)
class LetterFrequency:
    """A letter so many times; case does not count."""

    rule: ClassVar[str] = "FOL043"
    letter: str
    amount: Amount

    def judge(self, answer: Answer) -> Outcome:
        """Count it."""
        count = answer.text.lower().count(self.letter.lower())
        return _frequency(self.amount, {count}, f"the letter {self.letter!r}")


@dataclass(frozen=True, slots=True)
class CapitalWordCount:
    """So many words in capitals."""

    rule: ClassVar[str] = "FOL044"
    amount: Amount

    def judge(self, answer: Answer) -> Outcome:
        """Count words in capitals with and without those of one letter."""
        capitals = [word for word in words_of(answer.text) if word.isupper()]
        longer = sum(len(word) > 1 for word in capitals)
        return _frequency(self.amount, {len(capitals), longer}, "words in capitals")


@dataclass(frozen=True, slots=True)
class NoWordOften:
    """No word more often than so."""

    rule: ClassVar[str] = "FOL045"
    most: int

    def judge(self, answer: Answer) -> Outcome:
        """Count each word; case does not count."""
        counts: dict[str, int] = {}
        for match in re.finditer(r"\w+", answer.text):
            word = match[0].lower()
            counts[word] = counts.get(word, 0) + 1
            if counts[word] > self.most:
                message = (
                    f"The prompt allows each word {self.most} times; {word[:40]!r} is there more."
                )
                return Broken(message, match.start(), match.end())
        return Kept()


@dataclass(frozen=True, slots=True)
class NoCommas:
    """No comma."""

    rule: ClassVar[str] = "FOL046"

    def judge(self, answer: Answer) -> Outcome:
        """Look for the first."""
        at = answer.text.find(",")
        return Kept() if at < 0 else Broken("The prompt forbids commas.", at, at + 1)


@dataclass(frozen=True, slots=True)
class StartsWith:
    """A phrase to begin with."""

    rule: ClassVar[str] = "FOL047"
    phrase: str

    def judge(self, answer: Answer) -> Outcome:
        """Compare the beginning; case, typography and marks before it do not count."""
        wanted = fold_text(self.phrase)
        if (
            fold_text(answer.text[: 4 * len(self.phrase) + 200])
            .lstrip("\"'*_#<- ")
            .startswith(wanted)
        ):
            return Kept()
        return Broken(f"The prompt asks for {self.phrase[:60]!r} as the beginning.")


@dataclass(frozen=True, slots=True)
class EndsWith:
    """A phrase to end with."""

    rule: ClassVar[str] = "FOL048"
    phrase: str

    def judge(self, answer: Answer) -> Outcome:
        """Compare the end; case, typography and marks after it do not count."""
        marks = "\"'*_.!?` "
        wanted = fold_text(self.phrase).rstrip(marks)
        if fold_text(answer.text[-4 * len(self.phrase) - 200 :]).rstrip(marks).endswith(wanted):
            return Kept()
        return Broken(f"The prompt asks for {self.phrase[:60]!r} as the end.")


@dataclass(frozen=True, slots=True)
class RepeatsFirst:
    """The request, repeated before the answer."""

    rule: ClassVar[str] = "FOL049"
    text: str

    def judge(self, answer: Answer) -> Outcome:
        """Compare the beginning; case, typography and white space do not count."""
        wanted = fold_text(self.text).rstrip(".!? ")
        given = fold_text(answer.text[: 3 * len(self.text) + 200]).lstrip("\"'*_>#- ")
        if given.startswith(wanted):
            return Kept()
        return Broken("The prompt asks for the request to be repeated first; it is not.")


@dataclass(frozen=True, slots=True)
class ParagraphBegins:
    """The first word of a paragraph; -1 is the last."""

    rule: ClassVar[str] = "FOL050"
    paragraph: int
    word: str

    def judge(self, answer: Answer) -> Outcome:
        """Look at the paragraph between blank lines."""
        paragraphs = [part for part in re.split(r"\n[ \t]*\n", answer.text.strip()) if part.strip()]
        index = self.paragraph if self.paragraph < 0 else self.paragraph - 1
        if not -len(paragraphs) <= index < len(paragraphs):
            return Broken(
                f"The prompt asks for something of paragraph {self.paragraph}; there is none."
            )
        beginning = fold_text(paragraphs[index][:500]).lstrip("\"'*_#<- ")
        if re.match(rf"{re.escape(fold_text(self.word))}\b", beginning):
            return Kept()
        return Broken(f"The prompt asks for a paragraph to begin with {self.word!r}; it does not.")


@dataclass(frozen=True, slots=True)
class OneOf:
    """One of the given answers."""

    rule: ClassVar[str] = "FOL051"
    options: tuple[str, ...]

    def judge(self, answer: Answer) -> Outcome:
        """Compare with each; a longer answer that holds one is kept where that is a phrase."""
        given = fold_text(answer.text).strip("\"'*_. !()")
        options = [fold_text(option).strip("\"'*_. !()") for option in self.options]
        if given in options:
            return Kept()
        held = [option for option in options if _whole_word(option).search(given)]
        if not held:
            return Broken("The response is none of the answers that the prompt allows.")
        return Kept() if len(held) == 1 and " " in held[0] else Unclear()


@dataclass(frozen=True, slots=True)
class InSentence:
    """A word that a certain sentence must hold."""

    rule: ClassVar[str] = "FOL052"
    word: str
    sentence: int

    def judge(self, answer: Answer) -> Outcome:
        """Look at the sentence; where the word is in its neighbour, counting may differ."""
        sentences = [text for _, text in split_sentences(answer.text)]
        word = _whole_word(self.word)
        near = sentences[max(0, self.sentence - 3) : self.sentence + 2]
        if len(sentences) >= self.sentence and word.search(sentences[self.sentence - 1]):
            return Kept()
        if any(word.search(sentence) for sentence in near):
            return Unclear()
        return Broken(f"The prompt asks for {self.word!r} in sentence {self.sentence}.")


def _whole_word(word: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w){re.escape(word)}(?!\w)", re.IGNORECASE)


def _frequency(amount: Amount, counts: set[int], what: str) -> Outcome:
    verdicts = {amount.allows(count) for count in counts}
    if verdicts == {True}:
        return Kept()
    if verdicts == {True, False}:
        return Unclear()
    return Broken(f"The prompt asks for {what} {amount} times; it is there {max(counts)} times.")
