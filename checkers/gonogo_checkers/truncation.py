r"""Answers that were cut off before they were finished.

| rule | severity, confidence | what | example |
|---|---|---|---|
| TRU001 | high, high | the stop reason says so: `max_tokens`, `model_context_window_exceeded` | |
| TRU002 | medium | a code fence is never closed | a fence, `print(1)`, the end |
| TRU003 | medium | it stops within a sentence, item, bracket, string or word | "It is due on the" |
| TRU004 | medium | JSON stops within a string, an object or an array | `{"name": "Ann", "or` |
| TRU005 | high, high | nothing at all: no text and no tool call | |

Where the stop reason settles it, the text is not searched for more: one cause, one finding; an
empty answer at the limit (everything went into thinking) gives TRU001 and TRU005. With `end_turn`
the model ended by itself, so TRU003 has low confidence; where the reason is not known, medium.
With `stop_sequence` and `tool_use` an answer may end anywhere, and only TRU005 is looked for.
`pause_turn`, `compaction` and `refusal` leave an answer that is not meant to be whole: the checker
does not apply.

An answer need not end with a full stop: headings, tables, list items among others without one,
code, addresses, emoji, greetings and names at the end are whole, and so is writing that uses
other marks (。！？ ؟ ।) or none (Thai, Lao, Khmer). What is flagged is a sign that something is
missing: an open bracket, a comma or a colon at the end, a last word that ends no sentence, a
missing stop where the rest of the answer has them, Python that does not parse at its very end.

Needs: nothing. Limits: text that was cut where a sentence or a statement happened to end looks
whole; about a fifth of code cut at a token limit does. The last 20,000 characters of prose
and code of up to 100,000 are read; answers over 300,000 are judged by their stop reason alone.

Reference: Claude API, stop reasons.
"""

import re
from dataclasses import dataclass
from typing import ClassVar, Final

from gonogo_checkers.output import Output
from gonogo_checkers.reading.code_blocks import CodeBlock, find_code_blocks, line_of, prose_of
from gonogo_checkers.reading.evidence import evidence_of
from gonogo_checkers.reading.languages import canonical_language
from gonogo_checkers.verdict import (
    Confidence,
    Finding,
    Judged,
    NotApplicable,
    Severity,
    score_findings,
)
from gonogo_checkers.wording.code_endings import why_code_is_cut, why_json_is_cut
from gonogo_checkers.wording.prose_endings import why_prose_is_cut

_LIMITS: Final = frozenset({"max_tokens", "model_context_window_exceeded"})
_NOT_WHOLE: Final = frozenset({"pause_turn", "compaction", "refusal"})
_ANYWHERE: Final = frozenset({"stop_sequence", "tool_use"})
_MOST_CHARACTERS: Final = 300_000
_CODE_START: Final = re.compile(
    r"\s*(?:import [\w.]+(?: as \w+)?\s*\n|from [\w.]+ import |(?:async )?def \w+\("
    r"|class \w+[(:]|@\w+)"
)
_JSON_START: Final = re.compile(r'\s*(?:\{\s*"|\[\s*(?:[\[{"]|-?\d+\s*,))')


@dataclass(frozen=True, slots=True)
class Truncation:
    """Flags answers that stop before their end, by the stop reason and by the text.

    Attributes:
        judge_text: False to go by the stop reason alone.
    """

    id: ClassVar[str] = "truncation"
    version: ClassVar[int] = 1

    judge_text: bool = True

    def check(self, output: Output) -> Judged | NotApplicable:
        """Look at why the answer stopped, and at how it ends."""
        if output.stop_reason in _NOT_WHOLE:
            return NotApplicable(f"stop reason {output.stop_reason!r}: not meant to be whole")
        findings = _by_reason(output)
        if not findings and self.judge_text and _is_readable(output):
            findings = _by_text(output)
        return Judged(score_findings(findings), tuple(findings))


def _is_readable(output: Output) -> bool:
    if len(output.response) > _MOST_CHARACTERS:
        return False
    return output.stop_reason not in _ANYWHERE and not output.tool_calls


def _by_reason(output: Output) -> list[Finding]:
    findings = []
    if output.stop_reason in _LIMITS:
        message = (
            f"The answer was cut off ({output.stop_reason}): raise max_tokens, or ask for less."
        )
        findings.append(_finding("TRU001", output, message, Severity.HIGH, Confidence.HIGH))
    if not output.response.strip() and not output.tool_calls:
        message = "The response holds neither text nor a tool call."
        findings.append(_finding("TRU005", output, message, Severity.HIGH, Confidence.HIGH))
    return findings


def _by_text(output: Output) -> list[Finding]:
    ended = output.stop_reason is not None
    json_cut = _cut_json(output)
    if json_cut:
        return [_cut("TRU004", output, f"JSON that stops within {json_cut}", Confidence.HIGH)]
    if _JSON_START.match(output.response) and output.response.rstrip()[-1] in "}]":
        return []
    blocks = find_code_blocks(output)
    last = blocks[-1] if blocks else None
    if last is not None and last.fenced and not last.closed:
        return [_cut("TRU002", output, "a code fence that is never closed", Confidence.MEDIUM)]
    why = _why_cut(output, last)
    if why is None:
        return []
    confidence = Confidence.LOW if ended else Confidence.MEDIUM
    return [_cut("TRU003", output, f"a text that breaks off in {why}", confidence)]


def _cut_json(output: Output) -> str | None:
    if _JSON_START.match(output.response):
        return why_json_is_cut(output.response)
    return None


def _why_cut(output: Output, last: CodeBlock | None) -> str | None:
    prose = prose_of(output.response)
    if last is not None and not prose[last.end :].strip():
        return None if last.fenced else why_code_is_cut(last.text, last.language)
    if (last is None or not last.fenced) and _CODE_START.match(output.response):
        return why_code_is_cut(output.response, canonical_language(output.language) or "python")
    return why_prose_is_cut(prose)


def _cut(rule: str, output: Output, what: str, confidence: Confidence) -> Finding:
    message = f"The answer looks cut off: it ends with {what}."
    return _finding(rule, output, message, Severity.MEDIUM, confidence)


def _finding(
    rule: str, output: Output, message: str, severity: Severity, confidence: Confidence
) -> Finding:
    end = len(output.response.rstrip())
    start = max(output.response.rfind("\n", 0, end) + 1, end - 80)
    return Finding(
        rule=rule,
        severity=severity,
        confidence=confidence,
        message=message,
        start=start,
        end=end,
        line=line_of(output.response, end),
        evidence=evidence_of(output.response, start, end),
    )
