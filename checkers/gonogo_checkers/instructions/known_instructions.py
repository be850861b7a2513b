"""Finds in a prompt and a system prompt the instructions that can be verified."""

import bisect
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain

from gonogo_checkers.instructions import format_wordings, length_wordings, word_wordings
from gonogo_checkers.instructions.instruction import Instruction, Mention
from gonogo_checkers.instructions.length_instructions import (
    Amount,
    BulletCount,
    ParagraphCount,
    SentenceCount,
    WordCount,
)
from gonogo_checkers.instructions.prompt_text import (
    LOOKED_AT,
    instructs,
    is_default,
    mask_prompt,
    sentence_starts,
)

_FAMILIES = (length_wordings.WORDINGS, format_wordings.WORDINGS, word_wordings.WORDINGS)


@dataclass(frozen=True, slots=True)
class FoundInstruction:
    """An instruction and where it stands.

    Attributes:
        instruction: What is asked for.
        start: Offset in the prompt of the words that ask for it.
        end: One past the last.
        words: These words, as written.
        is_default: Whether it holds only where nothing else is asked for ("without a limit, ...").
    """

    instruction: Instruction
    start: int
    end: int
    words: str
    is_default: bool = False


def find_instructions(prompt: str, *, of_system: bool = False) -> tuple[FoundInstruction, ...]:
    """Find the verifiable instructions of a prompt, in order of place.

    Args:
        prompt: A message of the user, or a system prompt; its first 30,000 characters are read.
        of_system: True for a system prompt, which speaks of what users may ask for.
    """
    return _find(prompt[:LOOKED_AT], of_system)


@lru_cache(maxsize=32)
def _find(prompt: str, of_system: bool) -> tuple[FoundInstruction, ...]:  # noqa: FBT001 - a cache's key
    """Find them; remembered, since the cases of a suite share their system prompt."""
    masked = mask_prompt(prompt)
    lowered = "".join(map(_lower, masked)) if len(masked.lower()) != len(masked) else masked.lower()
    starts = sentence_starts(masked)
    ends = [*starts[1:], len(masked)]
    sentences = [masked[start:end] for start, end in zip(starts, ends, strict=True)]
    asks = [instructs(sentence, of_system=of_system) for sentence in sentences]
    found: dict[Instruction, FoundInstruction] = {}
    for wording in chain.from_iterable(_FAMILIES):
        for match in wording.matches_in(masked, lowered):
            index = bisect.bisect_right(starts, match.start()) - 1
            if not asks[index]:
                continue
            instruction = wording.build(Mention(match, prompt, starts[index]))
            if instruction is not None and instruction not in found:
                start, end = match.span()
                found[instruction] = FoundInstruction(
                    instruction, start, end, prompt[start:end], is_default(sentences[index])
                )
    ordered = sorted(found.values(), key=lambda one: (one.start, one.instruction.rule))
    return tuple(_without_contradictions(ordered))


def _lower(character: str) -> str:
    """Return a character in lower case, but where that is two: places must stay."""
    lowered = character.lower()
    return lowered if len(lowered) == 1 else character


def _without_contradictions(found: list[FoundInstruction]) -> Iterator[FoundInstruction]:
    """Leave out amounts that no answer can keep together: they must be amounts of parts."""
    amounts: dict[type, list[Amount]] = {}
    for one in found:
        if isinstance(one.instruction, WordCount | SentenceCount | ParagraphCount | BulletCount):
            amounts.setdefault(type(one.instruction), []).append(one.instruction.amount)
    for one in found:
        asked = amounts.get(type(one.instruction), [])
        least = max((amount.least or 0 for amount in asked), default=0)
        most = min((amount.most for amount in asked if amount.most is not None), default=least)
        if least <= most:
            yield one
