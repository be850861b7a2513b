"""Holds a response against what its prompt asks for, where that can be verified.

Word overlap with the prompt says nothing about following it, so only instructions are judged that
can be read with certainty and checked without understanding. Each is one rule:

| rule | the prompt asks for | found where the response has |
|---|---|---|
| FOL001 | "in at most 100 words" | 140 words |
| FOL002 | "in exactly two sentences" | five |
| FOL003 | "write three paragraphs" | one |
| FOL004 | "give exactly 3 bullet points" | seven |
| FOL005 | "4 sections, each marked with Section X" | no `Section 2` |
| FOL006 | "use 3 headings" | none |
| FOL007 | "at least 3 placeholders such as [name]" | one |
| FOL008 | "highlight at least 2 parts, like *this*" | none |
| FOL009 | "at least 50 unique words" | 30 |
| FOL010 | "exactly 2 numbers in the response" | seven |
| FOL011 | "at most 40 words per bullet" | a bullet of 60 |
| FOL012 | "a numbered list, one sentence to each point" | a point of three |
| FOL020 | "return only JSON" | text beside the JSON, or no JSON |
| FOL021 | "as a table" | no table |
| FOL022 | "as a numbered list", "use bullet points" | no such list |
| FOL023 | "respond in YAML" (CSV, XML) | nothing that reads as YAML |
| FOL024 | "code only" | sentences beside the code |
| FOL025 | "do not include any code", "no code fence" | a code block |
| FOL026 | "no Markdown", "in plain text" | a heading, emphasis, a table |
| FOL027 | "answer in German" | English |
| FOL028 | "in all lowercase", "in all capital letters" | a letter of the other case |
| FOL029 | "in title case" | long words in lower case |
| FOL030 | "wrap your response in double quotation marks" | none at an end |
| FOL031 | "a title in <<double angular brackets>>" | none |
| FOL032 | "a postscript starting with P.S." | none |
| FOL033 | "two responses separated by ******" | not two |
| FOL034 | "without any whitespace" | a space |
| FOL035 | "each word on a new line" | a line of two words |
| FOL040 | "include the word 'cat'" | no cat |
| FOL041 | "do not mention the word 'cat'" | a cat |
| FOL042 | "the word 'cat' should appear at least twice" | one |
| FOL043 | "the letter q at most once" | three |
| FOL044 | "at least 5 words in capital letters" | one |
| FOL045 | "do not repeat any word more than 3 times" | a word four times |
| FOL046 | "do not use commas" | a comma |
| FOL047 | "start with the phrase '...'" | another beginning |
| FOL048 | "end with the phrase '...'" | another end |
| FOL049 | "first repeat the request word for word" | no repetition |
| FOL050 | "the second paragraph must start with 'Then'" | another word |
| FOL051 | "answer with one of the following options: yes/no" | none of them |
| FOL052 | "the word 'cat' in the 3rd sentence" | none there |

Precision comes first. No instruction is read from quotations, code, pasted documents (in tags, in
fences, after `Text:`), examples, questions, conditions ("if the user asks ..."), or what is only
allowed ("you may ..."). An amount of a part is held against that part where the answer marks it
(the items of a list, what stands beside a table: "a table, then in at most 80 words ..."), and is
left out otherwise ("start with one sentence", "- summary: 20 words", one task of several); so are
amounts that contradict each other. Names of code are no words to include. Where readers may count
differently, an instruction is broken only if it is broken in every way of counting; what stays
open counts neither way. A plain "100 words" allows a quarter either way.

The prompt is the last message of the user, the system prompt is read as well; where both set the
same thing, the prompt wins. Of the system prompt nothing is read that depends on what users ask
for, but for a default ("without a limit, stay under 350 words") where the prompt sets no length.

The score is the share of instructions that are followed. A rule of style of the system prompt
(amounts, tables, lists, Markdown) weighs half where it is broken, and its finding is of low
severity: such rules mean the usual answer, not each. NotApplicable where no instruction is found
that can be verified, or the response calls tools and the answer is still to come.

Limits: instructions are read in English, and the commonest (amounts, languages, Markdown) in
German, French and Spanish. Instructions of earlier messages are not read. 30,000 characters of the
prompt are looked at; responses of more than 200,000 are not judged.

References: the classes of instructions follow IFEval (Zhou et al. 2023, arXiv:2311.07911) and
IFBench (Pyatkin et al. 2025, arXiv:2507.02833); patterns and checks are our own.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Final

from gonogo_checkers.instructions.instruction import NUMBER, Answer, Broken, Instruction, Unclear
from gonogo_checkers.instructions.known_instructions import find_instructions
from gonogo_checkers.output import Output
from gonogo_checkers.reading.code_blocks import line_of, prose_of
from gonogo_checkers.verdict import Confidence, Finding, Judged, NotApplicable, Severity

_LONGEST: Final = 200_000
_MANY: Final = frozenset({"FOL040", "FOL041", "FOL042", "FOL043", "FOL046", "FOL050", "FOL052"})
"""Rules of which system prompt and prompt may both set some; of the others, one."""
_STYLE: Final = frozenset(
    {f"FOL{number:03}" for number in range(1, 13)} | {"FOL021", "FOL022", "FOL025", "FOL026"}
)
"""Rules that a system prompt sets as its usual style: how long, with or without Markdown."""
_LENGTH: Final = re.compile(
    rf"\b{NUMBER}[\s-]+(?:\w+[\s-]+)?(?:words?|sentences?|paragraphs?|lines?|bullets?|points?|pages?|"
    r"parts?|rows?|wörter\w*|sätze\w*|mots|phrases|lignes|palabras|frases|líneas)\b|"
    r"\b(?:long|detailed|in detail|thorough|lang|ausführlich|détaillée?|largo|detallad[oa])\b",
    re.IGNORECASE,
)
"""How a prompt sets a length of its own, for the whole answer or for parts of it."""


@dataclass(frozen=True, slots=True)
class PromptFollowing:
    """Tells which verifiable instructions the response does not follow.

    Attributes:
        read_system: Whether instructions of the system prompt count.
    """

    id: ClassVar[str] = "prompt_following"
    version: ClassVar[int] = 1

    read_system: bool = True

    def check(self, output: Output) -> Judged | NotApplicable:
        """Hold each instruction against the response."""
        if output.tool_calls:
            return NotApplicable("the response calls tools: the answer is still to come")
        asked = list(self._instructions(output))
        if not asked:
            return NotApplicable("the prompt holds no instruction that can be verified")
        text = output.response
        if len(text) > _LONGEST:
            return NotApplicable(f"the response is longer than {_LONGEST:,} characters")
        answer = Answer(text, prose_of(text))
        outcomes = [(one, one.instruction.judge(answer)) for one in asked]
        decided = [(one, outcome) for one, outcome in outcomes if not isinstance(outcome, Unclear)]
        if not decided:
            return NotApplicable(
                "whether the instructions are followed depends on how they are read"
            )
        broken = [(one, outcome) for one, outcome in decided if isinstance(outcome, Broken)]
        findings = [_finding(one, outcome, text) for one, outcome in broken]
        findings.sort(key=lambda finding: (finding.start is None, finding.start or 0, finding.rule))
        lost = sum(0.5 if one.is_style else 1.0 for one, _ in broken)
        return Judged(round(1 - lost / len(decided), 6), tuple(findings))

    def _instructions(self, output: Output) -> Iterator["_Asked"]:
        asked = find_instructions(output.prompt)
        yield from (_Asked(one.instruction, one.words, is_style=False) for one in asked)
        if not self.read_system or not output.system:
            return
        set_already = {one.instruction.rule for one in asked}
        known = {one.instruction for one in asked}
        for one in find_instructions(output.system, of_system=True):
            rule = one.instruction.rule
            if one.is_default and _LENGTH.search(output.prompt):
                continue
            if one.instruction not in known and (rule in _MANY or rule not in set_already):
                yield _Asked(one.instruction, one.words, is_style=rule in _STYLE)


@dataclass(frozen=True, slots=True)
class _Asked:
    """An instruction, its words, and whether it is a rule of style of the system prompt."""

    instruction: Instruction
    words: str
    is_style: bool


def _finding(asked: _Asked, broken: Broken, text: str) -> Finding:
    words = " ".join(asked.words.split())
    evidence = words if len(words) <= 80 else words[:79] + "…"
    return Finding(
        rule=asked.instruction.rule,
        severity=Severity.LOW if asked.is_style else Severity.MEDIUM,
        confidence=Confidence.MEDIUM if asked.is_style else Confidence.HIGH,
        message=broken.message,
        start=broken.start,
        end=broken.end,
        line=None if broken.start is None else line_of(text, broken.start),
        evidence=evidence,
    )
