"""Flags code that does not parse.

Every block of code in the response (fenced, indented, or the whole response where it is code
alone) is parsed in the language of its fence, else of the case, else the one that its text shows.
Blocks that are no programs (diffs, console output, plain text, sessions of foreign shells) are
left out; of Python and shell sessions what was typed is judged.

| rule | what | bad example |
|---|---|---|
| SYN001 | The code does not parse | `def f(x: return x` |
| SYN002 | The response ends inside of code that breaks off | an open fence with `return (x +` |
| SYN003 | The fence is never closed, although its code is whole | an open fence with `x = 1` |
| SYN004 | Python 2 where the fence does not say so | `print "done"` |
| SYN005 | Code in another language than its fence says | a fence `json` with YAML in it |
| SYN006 | Too long, too deeply nested or too slow to be judged | 300,000 characters of code |

**Who decides.** Python: its own compiler (nothing is run; code for a newer Python than the
running one is left to tree-sitter). JSON, TOML and YAML: their parsers. JSON may hold comments
and trailing commas where the fence says `jsonc` or `json5`. All else: tree-sitter by the grammar
of the language. For C, C++, Bash and SQL, whose grammars have gaps, errors count from a share of
the code's bytes (5 %, 5 %, 10 %, 30 %) or where brackets do not match.

**Fragments** are no errors: indented code, a method without its class, statements without their
function, PHP without its tag, Go without its package, top-level `await` and `return`, notebook
magics, JSX, pairs of JSON without braces, templates in YAML, and placeholders (`...`,
`# your code here`, `<your key>`).

**Score**: the share of the judged lines of code (blank ones apart) that stand in blocks that
parse, 0 to 1. A block of SYN005 counts half, as does one that the token limit cut between two
statements (SYN002); a block of SYN006 does not count. A fence left open (SYN003) takes 0.05 off,
unless a stop sequence ended the response. One broken block is broken as a whole, since none of it
runs.

**Not applicable** where there is no code, none in a language that is known, or no grammar for it
is installed (Kotlin, Swift, Scala and Lua come with `pip install 'gonogo[languages]'`).

**Known limits.** Only syntax: undefined names and wrong types are other checkers' concern. A
grammar accepts some code that a compiler rejects (an invalid regular expression, a missing
semicolon that is optional elsewhere). Two faults in one block give one finding, at the first.
Evidence shows the code at the fault with long literals masked.

References: tree-sitter (https://tree-sitter.github.io), CommonMark 0.31 section 4.5 for fences.
"""

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import ClassVar, Final

from gonogo_checkers.output import Output
from gonogo_checkers.reading.code_blocks import CodeBlock, find_code_blocks, line_of
from gonogo_checkers.reading.grammars import has_grammar
from gonogo_checkers.reading.language_detection import detect_language
from gonogo_checkers.reading.languages import info_word
from gonogo_checkers.syntax.data_syntax import judge_json, judge_toml, judge_yaml
from gonogo_checkers.syntax.python_syntax import judge_python
from gonogo_checkers.syntax.syntax_problem import ProblemKind, SyntaxProblem
from gonogo_checkers.syntax.tree_syntax import judge_by_tree
from gonogo_checkers.verdict import Confidence, Finding, Judged, NotApplicable, Severity

_DATA_PARSERS: Final = {"json": judge_json, "toml": judge_toml, "yaml": judge_yaml}
_MAX_SECONDS: Final = 1.5
"""After this time no further block is begun; only odd input takes so long."""
_MAX_RELABELLED: Final = 20_000
"""Characters of a broken block up to which it is tried in another language."""
_CUT_OFF: Final = frozenset({"max_tokens", "model_context_window_exceeded"})
_LITERAL: Final = re.compile(r"([\"'`])[^\"'`]{12,}(\1|$)|[\w.+-]+@[\w-]+\.\w+|\d{6,}|\w{24,}")
_JSX: Final = re.compile(r"</\w|/>")
"""Signs of TSX, which is often called TypeScript."""
_NAMES: Final = {
    "cpp": "C++",
    "csharp": "C#",
    "css": "CSS",
    "html": "HTML",
    "javascript": "JavaScript",
    "json": "JSON",
    "php": "PHP",
    "sql": "SQL",
    "toml": "TOML",
    "tsx": "TSX",
    "typescript": "TypeScript",
    "yaml": "YAML",
}


@dataclass(frozen=True, slots=True)
class _JudgedBlock:
    """A block, how much of it counts as parsed (0 to 1), and its finding."""

    lines: int
    share: float
    finding: Finding | None


@dataclass(frozen=True, slots=True)
class CodeSyntax:
    """Flags code that does not parse.

    Attributes:
        max_blocks: Blocks that are judged; those after are not looked at.
        max_characters: Characters of code that are judged over all blocks; a block that would
            pass it is reported as SYN006.
        languages: Canonical names of the languages that are judged; empty: all that are known.
    """

    id: ClassVar[str] = "code_syntax"
    version: ClassVar[int] = 1

    max_blocks: int = 200
    max_characters: int = 400_000
    languages: tuple[str, ...] = ()

    def check(self, output: Output) -> Judged | NotApplicable:
        """Parse every block of code in the response."""
        blocks = find_code_blocks(output)
        if not blocks:
            return NotApplicable("no code in the response")
        named = [block for block in blocks if self._is_wanted(block)]
        if not named:
            return NotApplicable("no code in a language that is judged")
        parsable = [block for block in named if _can_parse(block.language)]
        if not parsable:
            missing = ", ".join(sorted({block.language or "" for block in named}))
            return NotApplicable(
                f"no grammar for {missing} is installed: pip install 'gonogo[languages]'"
            )
        judged = list(self._judge(parsable, output))
        findings = tuple(block.finding for block in judged if block.finding is not None)
        counted = [block for block in judged if block.lines]
        if not counted and not findings:
            return NotApplicable("the blocks of code are empty")
        return Judged(_score(counted, findings), findings)

    def _is_wanted(self, block: CodeBlock) -> bool:
        if block.language is None:
            return False
        return not self.languages or block.language in self.languages

    def _judge(self, blocks: list[CodeBlock], output: Output) -> Iterator[_JudgedBlock]:
        left = self.max_characters
        deadline = time.monotonic() + _MAX_SECONDS
        for block in blocks[: self.max_blocks]:
            left -= len(block.text)
            if left < 0 or time.monotonic() > deadline:
                problem: SyntaxProblem | None = SyntaxProblem(
                    line=0, column=0, what="more code than is judged", kind=ProblemKind.TOO_MUCH
                )
            else:
                problem = _judge_block(block, block.language or "")
            breaks_off = problem is not None and problem.at_end and not block.fenced
            cut = _is_cut(block, output) or (breaks_off and _reaches_end(block, output))
            yield _judged_block(block, problem, output, cut=cut)


def _can_parse(language: str | None) -> bool:
    return language is not None and (
        language in {"python", *_DATA_PARSERS} or has_grammar(language)
    )


def _judge_block(block: CodeBlock, language: str) -> SyntaxProblem | None:
    word = info_word(block.info)
    if language == "python":
        return judge_python(block.text, version=2 if word == "python2" else 3)
    if language in _DATA_PARSERS and word not in {"jsonc", "json5"}:
        return _DATA_PARSERS[language](block.text)
    problem = judge_by_tree(block.text, "json5" if language == "json" else language)
    if problem is not None and language == "typescript" and _JSX.search(block.text):
        return judge_by_tree(block.text, "tsx", seconds=0.5) and problem
    return problem


def _is_cut(block: CodeBlock, output: Output) -> bool:
    """Tell whether the response ends where the block does, because it was cut there."""
    if not block.closed:
        return True
    return not block.fenced and output.stop_reason in _CUT_OFF and _reaches_end(block, output)


def _reaches_end(block: CodeBlock, output: Output) -> bool:
    return not output.response[block.end :].strip()


def _judged_block(
    block: CodeBlock, problem: SyntaxProblem | None, output: Output, *, cut: bool
) -> _JudgedBlock:
    response = output.response
    lines = sum(1 for line in block.text.split("\n") if line.strip())
    if problem is None and cut and lines > 0 and output.stop_reason != "stop_sequence":
        if output.stop_reason in _CUT_OFF:
            return _JudgedBlock(lines, 0.5, _cut_between_statements(block, response))
        return _JudgedBlock(lines, 1.0, _open_fence(block, response))
    if problem is None:
        return _JudgedBlock(lines, 1.0, None)
    if problem.kind is ProblemKind.TOO_MUCH:
        return _JudgedBlock(0, 0.0, _not_judged(block, problem, response))
    other = _other_language(block) if block.fenced and not cut else None
    if other is not None:
        return _JudgedBlock(lines, 0.5, _mislabelled(block, other, response))
    return _JudgedBlock(lines, 0.0, _broken(block, problem, response, cut=cut))


def _other_language(block: CodeBlock) -> str | None:
    """Return the language in which the code parses, where it is not that of its fence."""
    detected = detect_language(block.text)
    if detected is None or detected == block.language or not block.info:
        return None
    if not _can_parse(detected) or "\n" not in block.text or len(block.text) > _MAX_RELABELLED:
        return None
    return detected if _judge_block(block, detected) is None else None


def _broken(block: CodeBlock, problem: SyntaxProblem, response: str, *, cut: bool) -> Finding:
    start = block.offset(problem.line, problem.column)
    end = max(
        start, min(block.offset(problem.line, problem.column + problem.length), len(response))
    )
    row = min(problem.line, len(block.line_offsets) - 1)
    place = f"line {row + 1}, column {problem.column + 1} of the block"
    name = _name(block.language)
    if problem.kind is ProblemKind.PYTHON_2:
        rule = "SYN004"
        message = (
            f"This is Python 2 and does not run under Python 3: {_after_colon(problem)} at {place}."
        )
    elif cut:
        rule = "SYN002"
        message = f"The response ends inside the {name} code: {problem.what} at {place}."
    else:
        rule = "SYN001"
        message = f"The {name} code does not parse at {place}: {problem.what}."
    return Finding(
        rule=rule,
        severity=Severity.HIGH,
        confidence=Confidence.HIGH if problem.sure else Confidence.MEDIUM,
        message=message,
        start=start,
        end=end,
        line=line_of(response, start),
        evidence=_evidence(block.text.split("\n")[row], problem.column),
    )


def _after_colon(problem: SyntaxProblem) -> str:
    return problem.what.partition(": ")[2] or problem.what


def _cut_between_statements(block: CodeBlock, response: str) -> Finding:
    return Finding(
        rule="SYN002",
        severity=Severity.MEDIUM,
        confidence=Confidence.HIGH,
        message=f"The token limit cut the response inside the {_name(block.language)} code; "
        "what is there parses, but the rest is missing.",
        start=block.end,
        end=block.end,
        line=line_of(response, block.end),
        evidence=_evidence(block.text.rstrip().rpartition("\n")[2], 0),
    )


def _open_fence(block: CodeBlock, response: str) -> Finding:
    message = f"The fence of this {_name(block.language)} code is never closed; close it."
    return _of_whole_block(block, response, "SYN003", Severity.LOW, message)


def _mislabelled(block: CodeBlock, language: str, response: str) -> Finding:
    said, is_now = _name(block.language), _name(language)
    message = f"The fence says {said}, but the code parses only as {is_now}."
    found = _of_whole_block(block, response, "SYN005", Severity.MEDIUM, message)
    return replace(found, confidence=Confidence.MEDIUM, evidence=block.info[:80])


def _not_judged(block: CodeBlock, problem: SyntaxProblem, response: str) -> Finding:
    message = f"This {_name(block.language)} code was not judged: {problem.what}."
    return _of_whole_block(block, response, "SYN006", Severity.LOW, message)


def _of_whole_block(
    block: CodeBlock, response: str, rule: str, severity: Severity, message: str
) -> Finding:
    return Finding(
        rule=rule,
        severity=severity,
        confidence=Confidence.HIGH,
        message=message,
        start=block.start,
        end=block.end,
        line=line_of(response, block.start),
    )


def _score(blocks: list[_JudgedBlock], findings: tuple[Finding, ...]) -> float:
    lines = sum(block.lines for block in blocks)
    parsed = sum(block.lines * block.share for block in blocks) / lines if lines else 0.0
    left_open = any(finding.rule == "SYN003" for finding in findings)
    return round(max(parsed - 0.05 * left_open, 0.0), 6)


def _name(language: str | None) -> str:
    return _NAMES.get(language or "", (language or "").capitalize())


def _evidence(line: str, column: int) -> str:
    """Return the code around a fault, at most 80 characters, its literals masked."""
    masked = _LITERAL.sub("…", line)
    if len(masked) <= 80:
        return masked.strip()
    first = min(max(column - 30, 0), len(masked) - 80)
    return masked[first : first + 80].strip()
