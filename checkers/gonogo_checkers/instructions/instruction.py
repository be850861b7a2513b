"""What an instruction is that can be verified, and how it is found and held against an answer."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import ClassVar, Final, Protocol, TypeAlias


@dataclass(frozen=True, slots=True)
class Kept:
    """The answer follows the instruction."""


@dataclass(frozen=True, slots=True)
class Broken:
    """The answer does not follow it.

    Attributes:
        message: What is wrong, as one sentence.
        start: First character of the place in the response; None: the whole response.
        end: One past the last.
    """

    message: str
    start: int | None = None
    end: int | None = None


@dataclass(frozen=True, slots=True)
class Unclear:
    """Whether it does depends on how the instruction is read: it counts neither way."""


Outcome: TypeAlias = Kept | Broken | Unclear


@dataclass(frozen=True, slots=True)
class Answer:
    """A response, as instructions look at it.

    Attributes:
        text: The response as it came; places are offsets into it.
        prose: The same with code blocks blanked, offsets kept.
    """

    text: str
    prose: str


class Instruction(Protocol):
    """One thing that a prompt asks for and that can be verified without understanding."""

    rule: ClassVar[str]

    def judge(self, answer: Answer) -> Outcome:
        """Hold the answer against the instruction."""
        ...


@dataclass(frozen=True, slots=True)
class Mention:
    """A place in a prompt where a wording matched.

    Attributes:
        match: On the prompt as the wordings see it: everything quoted is masked.
        original: The prompt as it is.
        sentence_start: Offset of the sentence in which the match begins.
    """

    match: re.Match[str]
    original: str
    sentence_start: int

    def argument(self, group: str) -> str:
        """Return what a group matched, as the prompt has it, without its quotation marks."""
        start, end = self.match.span(group)
        return self.original[start:end].strip().strip("\"'“”‘’«»„`").strip()


@dataclass(frozen=True, slots=True)
class Wording:
    """How an instruction is put in words.

    Attributes:
        pattern: Finds it in a masked prompt.
        build: Makes the instruction of it, or None where it turns out to be none.
        needs: Texts in lower case of which every match has one, so that only their neighbourhood
            is searched. Empty: all of the prompt is.
        reach: How far from the first of these texts a match may begin or end, in characters.
    """

    pattern: re.Pattern[str]
    build: Callable[[Mention], Instruction | None]
    needs: tuple[str, ...] = ()
    reach: int = 300

    def matches_in(self, masked: str, lowered: str) -> Iterator[re.Match[str]]:
        """Find the wording in a masked prompt; `lowered` is the same in lower case."""
        if not self.needs:
            yield from self.pattern.finditer(masked)
            return
        done = 0
        for start, end in self._neighbourhoods(lowered):
            for match in self.pattern.finditer(masked, max(start, done), end):
                yield match
                done = match.end()

    def _neighbourhoods(self, lowered: str) -> list[tuple[int, int]]:
        places = set()
        for needed in self.needs:
            at = lowered.find(needed)
            while at >= 0:
                places.add(at)
                at = lowered.find(needed, at + len(needed))
        merged: list[tuple[int, int]] = []
        for place in sorted(places):
            start, end = max(0, place - self.reach), place + self.reach
            if merged and start <= merged[-1][1]:
                merged[-1] = (merged[-1][0], end)
            else:
                merged.append((start, end))
        return merged


MASK: Final = "\ue000"
"""Stands for each character of a prompt that is quoted: a keyword, a phrase, a document."""

QUOTED: Final = rf"[\"“”„«'‘’`]{MASK}+[\"“”»'‘’`]"
"""A quotation in a masked prompt."""

_NUMBER_WORDS: Final = {
    "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7,
    "eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13,
    "fourteen": 14, "fifteen": 15, "sixteen": 16, "seventeen": 17, "eighteen": 18,
    "nineteen": 19, "twenty": 20,
    "a single": 1, "single": 1, "once": 1, "twice": 2, "thrice": 3,
    "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "hundred": 100, "a hundred": 100,
    "one hundred": 100, "two hundred": 200, "three hundred": 300, "five hundred": 500,
    "ein": 1, "einem": 1, "einen": 1, "eine": 1, "einer": 1, "zwei": 2, "drei": 3, "vier": 4,
    "fünf": 5, "sechs": 6, "sieben": 7, "acht": 8, "zehn": 10,
    "un": 1, "une": 1, "deux": 2, "trois": 3, "quatre": 4, "cinq": 5, "dix": 10,
    "una": 1, "dos": 2, "tres": 3, "cuatro": 4, "cinco": 5, "diez": 10,
}  # fmt: skip

NUMBER: Final = (
    r"(?:\d{1,3}(?:,\d{3})+|\d{1,6}|(?:one |two |three |five |a )?hundred|a single|"
    + "|".join(sorted((word for word in _NUMBER_WORDS if " " not in word), key=len, reverse=True))
    + ")"
)
"""A number in digits or words; not captured."""


def number_of(text: str) -> int | None:
    """Return the number that `NUMBER` matched, or None."""
    plain = " ".join(text.lower().split())
    if plain in _NUMBER_WORDS:
        return _NUMBER_WORDS[plain]
    digits = plain.replace(",", "")
    return int(digits) if digits.isascii() and digits.isdigit() else None
