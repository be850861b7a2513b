r"""Holds a response against what its case expects of it: texts, patterns, schema, facts, length.

| rule | the case says | the response |
|---|---|---|
| EXP001 | `contains: ["refund"]` | does not contain it |
| EXP002 | `excludes: ["guarantee"]` | contains it |
| EXP003 | `matches: ["ORD-[0-9]{6}"]` | nothing in it matches, or matching did not end in time |
| EXP004 | `json_schema: {"required": ["total"]}` | its JSON does not satisfy the schema: one finding for each error, up to 20 |
| EXP005 | `equals: "42"` | is something else |
| EXP006 | `facts: [["30 days", "one month"]]` | states it in none of its wordings |
| EXP007 | `max_words: 50` | is longer |
| EXP008 | `json_schema: ...` | holds no JSON that can be read |

How texts are compared: for `contains` and `excludes`, case, white space, Unicode form (NFKC) and
the typography of quotes and dashes do not count, and the text may stand inside a word. A fact
stands between word boundaries; numbers in it are equal with and without thousands separators, and
Markdown's emphasis does not part it. `equals` forgives white space at both ends and `\r\n`, no more.

Patterns are searched by the `regex` package, whose syntax is that of `re` and more, without flags
(write `(?i)` and `(?s)` where they are wanted). The response is hostile, so all patterns of a case
together have `pattern_seconds`; one that does not end in time counts as not matching.

The JSON is the whole response, else its fenced JSON block, else the longest object or array in
it. The draft is that of `$schema`, else 2020-12. Nothing is fetched: a `$ref` to another document
is refused. `format` is an annotation, as the standard says, unless `check_formats` is set.

The score is the share of single expectations that hold: each text, pattern and fact counts one,
and so do schema, `equals` and `max_words`. Blank texts count nothing. An `expect` that holds only
`refusal` is left to the refusal checker.

Limits: `contains` and facts do not see a negation ("not within 30 days"). JSON beyond 4 million
characters, or nested deeper than Python's reader goes, is not read (EXP008).

References: JSON Schema, drafts 4 to 2020-12, https://json-schema.org/specification; validated by
jsonschema-rs, https://github.com/Stranger6667/jsonschema. Unicode normalisation: UAX #15.
"""  # noqa: E501 - rows of a table

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, ClassVar, Final

from gonogo_checkers.output import Expectations, Output
from gonogo_checkers.reading.code_blocks import line_of
from gonogo_checkers.reading.folded_text import fold, fold_text
from gonogo_checkers.reading.json_answer import find_json
from gonogo_checkers.reading.word_counts import count_words
from gonogo_checkers.verdict import Confidence, Finding, Judged, NotApplicable, Severity
from gonogo_checkers.wording.expected_facts import drop_emphasis, fact_pattern

if TYPE_CHECKING:
    import jsonschema_rs
    import regex  # type: ignore[import-untyped]  # ships no types

_MOST_SCHEMA_ERRORS: Final = 20


@dataclass(frozen=True, slots=True)
class _Held:
    """One expectation that was held against the response; it holds where nothing was found."""

    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class ExpectationsMet:
    """Tells whether the response holds what `expect` says.

    Attributes:
        pattern_seconds: Time for all of `matches` together, in seconds.
        check_formats: Whether `format` in a schema is asserted (`email`, `date-time`, ...).
    """

    id: ClassVar[str] = "expectations"
    version: ClassVar[int] = 1

    pattern_seconds: float = 1.0
    check_formats: bool = False

    def check(self, output: Output) -> Judged | NotApplicable:
        """Hold every expectation against the response.

        Raises:
            ValueError: If a pattern or the schema of the case is not valid; names its place.
        """
        held = list(self._hold(output))
        if not held:
            return NotApplicable("the case expects nothing that is checked here")
        findings = [finding for one in held for finding in one.findings]
        findings.sort(key=lambda finding: (finding.start is None, finding.start or 0, finding.rule))
        kept = sum(not one.findings for one in held)
        return Judged(round(kept / len(held), 6), tuple(findings))

    def _hold(self, output: Output) -> Iterator[_Held]:
        expect = output.expect
        if expect.contains or expect.excludes or expect.facts:
            folded = fold_text(output.response)
            yield from _hold_contains(expect, folded)
            yield from _hold_excludes(expect, folded, output.response)
            yield from _hold_facts(expect, folded)
        if expect.matches:
            yield from _hold_matches(expect.matches, output.response, self.pattern_seconds)
        if expect.json_schema is not None:
            yield _hold_schema(output, check_formats=self.check_formats)
        if expect.equals is not None:
            yield _hold_equals(expect.equals, output.response)
        if expect.max_words is not None:
            yield _hold_length(expect.max_words, output.response)


def _hold_contains(expect: Expectations, folded: str) -> Iterator[_Held]:
    for text in expect.contains:
        wanted = fold_text(text)
        if not wanted:
            continue
        if wanted in folded:
            yield _Held()
        else:
            yield _broken("EXP001", f"The response does not contain {_shown(text)}.")


def _hold_excludes(expect: Expectations, folded: str, response: str) -> Iterator[_Held]:
    for text in expect.excludes:
        unwanted = fold_text(text)
        if not unwanted:
            continue
        at = folded.find(unwanted)
        if at < 0:
            yield _Held()
            continue
        span = fold(response).span(at, at + len(unwanted))
        yield _broken(
            "EXP002", f"The response contains {_shown(text)}, which it must not.", response, span
        )


def _hold_facts(expect: Expectations, folded: str) -> Iterator[_Held]:
    text = drop_emphasis(folded)
    for wordings in expect.facts:
        patterns = [fact_pattern(fold_text(wording)) for wording in wordings]
        given = [pattern for pattern in patterns if pattern is not None]
        if not given:
            continue
        if any(pattern.search(text) for pattern in given):
            yield _Held()
            continue
        others = f" (nor in {len(wordings) - 1} other wordings)" if len(wordings) > 1 else ""
        yield _broken("EXP006", f"The response does not state {_shown(wordings[0])}{others}.")


def _hold_matches(patterns: tuple[str, ...], response: str, seconds: float) -> Iterator[_Held]:
    compiled = [_compile_pattern(text, index) for index, text in enumerate(patterns)]
    ends = time.monotonic() + seconds
    for pattern in compiled:
        left = ends - time.monotonic()
        try:
            found = left > 0 and pattern.search(response, timeout=left) is not None
        except TimeoutError:
            found, left = False, 0.0
        if found:
            yield _Held()
            continue
        why = "matches" if left > 0 else f"was found within {seconds:g} s to match"
        yield _broken(
            "EXP003", f"Nothing in the response {why} the pattern {_shown(pattern.pattern)}."
        )


@lru_cache(maxsize=500)
def _compile_pattern(text: str, index: int) -> "regex.Pattern[str]":
    import regex  # noqa: PLC0415 - heavy: only cases with patterns need it

    try:
        return regex.compile(text)
    except regex.error as error:
        raise ValueError(f"expect.matches[{index}]: {text!r} is no pattern: {error}") from error


def _hold_schema(output: Output, *, check_formats: bool) -> _Held:
    schema = output.expect.json_schema
    validator = _validator(json.dumps(schema, sort_keys=True), check_formats)
    found = find_json(output)
    if found is None:
        return _broken("EXP008", "The response holds no JSON that can be read.")
    span = (found.start, found.end)
    findings: list[Finding] = []
    try:
        for error in validator.iter_errors(found.value):
            message = f"{_json_path(error.instance_path)}: {_clip(error.message, 160)}."
            findings += _broken("EXP004", message, output.response, span).findings
            if len(findings) == _MOST_SCHEMA_ERRORS:
                break
    except ValueError as error:
        # Lone surrogates cannot be handed over; nesting beyond the validator's depth neither.
        message = f"$: the JSON cannot be validated ({type(error).__name__})."
        findings += _broken("EXP004", message, output.response, span).findings
    return _Held(tuple(findings))


@lru_cache(maxsize=100)
def _validator(schema_text: str, check_formats: bool) -> "jsonschema_rs.Validator":  # noqa: FBT001 - a cache key
    import jsonschema_rs  # noqa: PLC0415 - heavy: only cases with a schema need it

    try:
        return jsonschema_rs.validator_for(
            json.loads(schema_text), offline=True, mask="the value", validate_formats=check_formats
        )
    except ValueError as error:
        place = _json_path(getattr(error, "instance_path", []))
        reason = getattr(error, "message", str(error)).split("\n", 1)[0]
        raise ValueError(f"expect.json_schema at {place}: {reason}") from error


def _hold_equals(expected: str, response: str) -> _Held:
    if response.strip().replace("\r\n", "\n") == expected.strip().replace("\r\n", "\n"):
        return _Held()
    return _broken("EXP005", f"The response is not {_shown(expected)}.")


def _hold_length(most: int, response: str) -> _Held:
    words = count_words(response)
    if words <= most:
        return _Held()
    message = f"The response has {words} words; {most} are allowed."
    return _broken("EXP007", message, severity=Severity.MEDIUM)


def _broken(
    rule: str,
    message: str,
    response: str = "",
    span: tuple[int, int] | None = None,
    severity: Severity = Severity.HIGH,
) -> _Held:
    if span is None:
        finding = Finding(rule=rule, severity=severity, confidence=Confidence.HIGH, message=message)
        return _Held((finding,))
    start, end = span
    finding = Finding(
        rule=rule,
        severity=severity,
        confidence=Confidence.HIGH,
        message=message,
        start=start,
        end=end,
        line=line_of(response, start),
        evidence=_clip(response[start:end], 80),
    )
    return _Held((finding,))


def _json_path(steps: "list[str | int]") -> str:
    path = "$"
    for step in steps[:20]:
        path += f"[{step}]" if isinstance(step, int) else f".{_clip(step, 40)}"
    return path


def _shown(text: str) -> str:
    return repr(_clip(text, 60))


def _clip(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
