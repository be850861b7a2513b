"""Finds in a prompt and a system prompt the instructions that can be verified."""

import bisect
from dataclasses import dataclass

from gonogo_checkers import format_wordings, length_wordings, word_wordings
from gonogo_checkers.instruction import Instruction, Mention
from gonogo_checkers.prompt_text import instructs, mask_prompt, sentence_starts

_FAMILIES = (length_wordings.WORDINGS, format_wordings.WORDINGS, word_wordings.WORDINGS)


@dataclass(frozen=True, slots=True)
class FoundInstruction:
    """An instruction and where it stands.

    Attributes:
        instruction: What is asked for.
        start: Offset in the prompt of the words that ask for it.
        end: One past the last.
        words: These words, as written.
    """

    instruction: Instruction
    start: int
    end: int
    words: str


def find_instructions(prompt: str) -> tuple[FoundInstruction, ...]:
    """Find the verifiable instructions of a prompt, in order of place."""
    masked = mask_prompt(prompt)
    starts = sentence_starts(masked)
    ends = [*starts[1:], len(masked)]
    asks = [instructs(masked[start:end]) for start, end in zip(starts, ends, strict=True)]
    found: dict[Instruction, FoundInstruction] = {}
    for family in _FAMILIES:
        for wording in family:
            for match in wording.pattern.finditer(masked):
                index = bisect.bisect_right(starts, match.start()) - 1
                if not asks[index]:
                    continue
                instruction = wording.build(Mention(match, prompt, starts[index]))
                if instruction is not None and instruction not in found:
                    start, end = match.span()
                    found[instruction] = FoundInstruction(
                        instruction, start, end, prompt[start:end]
                    )
    return tuple(sorted(found.values(), key=lambda one: (one.start, one.instruction.rule)))
