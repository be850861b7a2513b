"""Judges a reply of customer support by what can be read off its words.

| rule | weight | bad example |
|---|---|---|
| SUP001 | 0.10 | the first reply neither greets nor thanks, and opens with no courtesy |
| SUP002 | 0.20 | the customer asks for order A-10442; the reply takes up no word of the question |
| SUP003 | 0.25 | "Thank you for your message. Best regards": no answer, no step, no question back |
| SUP004 | 0.15 | a customer complains, and the reply shows no understanding |
| SUP005 | 0.35 | "That's not our problem", "you should have read the instructions", "calm down" |
| SUP006 | 0.35 | "per internal policy", "ticket note:", a sentence of the system prompt |
| SUP007 | 0.05 | the first reply ends without a closing, an offer of help or a question |
| SUP008 | 0.20 | the customer signs as Anna; the reply begins with "Dear Peter" |
| SUP009 | 0.20 | "Dear [Customer Name]", "{{order_id}}" |
| SUP010 | 0.25 | the customer writes in German, the reply is in English |

The score is 1 less the weights of the rules that were found, each once, and not below 0.

Greetings and closings are asked for in the first reply only (no earlier turns), and not of a reply
that also calls a tool. Empathy is asked for only if the customer's last message complains.
Openings, steps, empathy and closings are known in English, German, French, Spanish, Portuguese,
Italian, Dutch and Japanese; in other languages SUP001, SUP003, SUP004 and SUP007 are left out.
Rudeness is known in English, German, French and Spanish; words that the customer used, and the
reply repeats, are not counted. SUP010 speaks only where both languages are plain and the customer
names no language. A response without text, or without anything that a customer said, is
NotApplicable, and so is one that is JSON as a whole: it goes to a program, not to a customer.

Limits: a lexicon sees words, not tone. Irony and cold politeness pass, and so do most rudeness and
most leaks in words that the lists do not hold (measured); a quoted insult may be flagged. SUP002
sees whether the reply takes up the question, not whether it answers it. 50,000 characters of the
response are looked at.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Final

from gonogo_checkers.output import Output
from gonogo_checkers.reading.code_blocks import line_of
from gonogo_checkers.reading.folded_text import FoldedText, fold, fold_text
from gonogo_checkers.reading.natural_language import LANGUAGE_NAMES, fitting_languages
from gonogo_checkers.reading.prose import sentences_of
from gonogo_checkers.verdict import Confidence, Finding, Judged, NotApplicable, Severity
from gonogo_checkers.wording import support_phrases as phrases
from gonogo_checkers.wording.expected_facts import drop_emphasis

_LOOKED_AT: Final = 50_000
_WEIGHTS: Final = {
    "SUP001": 0.10,
    "SUP002": 0.20,
    "SUP003": 0.25,
    "SUP004": 0.15,
    "SUP005": 0.35,
    "SUP006": 0.35,
    "SUP007": 0.05,
    "SUP008": 0.20,
    "SUP009": 0.20,
    "SUP010": 0.25,
}
_MOST_FINDINGS: Final = 5
_PLAIN_LANGUAGE: Final = 80
"""Characters from which on stop words tell the language of a message."""
_ENTITY: Final = re.compile(
    r"#?\b(?=[\w-]{0,30}\d)[A-Za-z0-9][\w-]{2,30}\b|[$€£]\s?\d[\d.,]{0,14}|\d[\d.,]{0,14}\s?[$€£]"
)
_CONTENT_WORD: Final = re.compile(r"[^\W\d_]{4,}")
_TEMPLATE: Final = re.compile(r"\b(?:template|vorlage|modèle|plantilla|placeholder)", re.IGNORECASE)
_TO_THE_MODEL: Final = re.compile(
    r"[\W\d]*(?:you (?:are|must|should|will|can(?:not)?)|your (?:role|task|job|goal)|never|do not|"
    r"don't|always|respond|reply|answer|act as|refuse|when (?:a|the) (?:customer|user))\b",
    re.IGNORECASE,
)
"""How a sentence begins that is said to the model."""
_THANKS: Final = re.compile(r"\b(?:thank|thx|bye|danke|merci|gracias|obrigad|grazie|bedankt)")
_GIVEN: Final = re.compile(r"[?？]|https?://|www\.|\S@\S")
_COMMON: Final = frozenset(
    {
        "about", "after", "again", "also", "avec", "been", "best", "bitte", "bonjour", "como",
        "could", "danke", "dans", "dear", "does", "eine", "einen", "from", "gracias", "habe",
        "haben", "have", "hello", "help", "here", "hola", "into", "just", "kind", "know",
        "like", "mais", "make", "mein", "meine", "merci", "more", "need", "nicht", "para",
        "please", "pour", "regards", "sehr", "should", "sincerely", "some", "support", "team",
        "thank", "thanks", "that", "their", "them", "then", "there", "these", "they", "this",
        "those", "very", "vous", "wann", "want", "were", "what", "when", "where", "which",
        "will", "with", "would", "your",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class SupportReply:
    """Judges whether a reply greets, takes up the question, goes on, and stays polite.

    Attributes:
        ask_greeting: Whether a first reply must open with a courtesy (SUP001).
        ask_closing: Whether a first reply must close (SUP007).
    """

    id: ClassVar[str] = "support_reply"
    version: ClassVar[int] = 1

    ask_greeting: bool = True
    ask_closing: bool = True

    def check(self, output: Output) -> Judged | NotApplicable:
        """Judge the reply."""
        if not output.response.strip():
            reason = "the response only calls tools" if output.tool_calls else "there is no reply"
            return NotApplicable(reason)
        if not output.prompt.strip():
            return NotApplicable("there is nothing that a customer said")
        if _is_json(output.response):
            return NotApplicable("the response is JSON, not a reply to a customer")
        reply = _read(output)
        findings = [*self._find_in_form(reply), *_find_in_content(reply), *_find_leaks(reply)]
        findings.sort(key=lambda finding: (finding.start is None, finding.start or 0, finding.rule))
        lost = sum(_WEIGHTS[rule] for rule in {finding.rule for finding in findings})
        return Judged(round(max(0.0, 1.0 - lost), 6), tuple(findings))

    def _find_in_form(self, reply: "_Reply") -> Iterator[Finding]:
        if not reply.is_first or not reply.is_known_language:
            return
        text = reply.folded.text
        opening = text[:160]
        if self.ask_greeting and not (
            phrases.OPENINGS.search(opening) or any(name in opening for name in reply.names)
        ):
            yield _whole("SUP001", Severity.LOW, "The reply opens with no greeting or courtesy.")
        closing = text[-300:]
        if self.ask_closing and not phrases.CLOSINGS.search(closing):
            yield _whole("SUP007", Severity.LOW, "The reply closes without an offer or farewell.")


@dataclass(frozen=True, slots=True)
class _Reply:
    """A reply as the rules read it."""

    response: str
    folded: FoldedText
    customer: str
    output: Output
    names: frozenset[str]
    is_first: bool
    is_known_language: bool


def _read(output: Output) -> _Reply:
    response = output.response[:_LOOKED_AT]
    customer = output.prompt[:_LOOKED_AT]
    languages = fitting_languages(response) or fitting_languages(f"{customer} {response}")
    return _Reply(
        response=response,
        folded=fold(response),
        customer=fold_text(customer),
        output=output,
        names=customer_names(output),
        is_first=not output.turns and not output.tool_calls,
        is_known_language=bool(languages & phrases.SUPPORT_LANGUAGES) or not languages,
    )


def customer_names(output: Output) -> frozenset[str]:
    """Return the words of the names by which the customer signs or introduces, in lower case."""
    messages = [turn.text for turn in output.turns if turn.role == "user"] + [output.prompt]
    names: set[str] = set()
    for message in messages:
        for pattern in (phrases.SIGN_OFFS, phrases.NAMED):
            for match in pattern.finditer(message[:_LOOKED_AT]):
                names.update(re.findall(r"[\w'’-]{2,}", match["name"].lower()))
    return frozenset(names - phrases.NO_NAMES)


def _find_in_content(reply: _Reply) -> Iterator[Finding]:
    if _is_in_another_language(reply):
        yield _whole(
            "SUP010",
            Severity.MEDIUM,
            "The reply is in another language than the customer's message.",
        )
    if _ignores_question(reply):
        yield _whole(
            "SUP002",
            Severity.MEDIUM,
            "The reply takes up nothing of what the customer asks.",
            Confidence.LOW,
        )
    if not reply.is_known_language:
        return
    if _gives_nothing(reply):
        yield _whole("SUP003", Severity.MEDIUM, "The reply gives no answer and no next step.")
    if phrases.COMPLAINTS.search(reply.customer) and not phrases.EMPATHY.search(reply.folded.text):
        yield _whole(
            "SUP004", Severity.LOW, "The customer complains; the reply shows no understanding."
        )


def _is_json(response: str) -> bool:
    stripped = response.strip()
    if not stripped.startswith(("{", "[")) or len(stripped) > _LOOKED_AT:
        return False
    try:
        json.loads(stripped)
    except (ValueError, RecursionError):
        return False
    return True


def _is_in_another_language(reply: _Reply) -> bool:
    words = set(re.findall(r"[^\W\d_]+", reply.customer))
    if words & LANGUAGE_NAMES.keys() or len(reply.customer) < _PLAIN_LANGUAGE:
        return False
    asked, answered = fitting_languages(reply.output.prompt), fitting_languages(reply.response)
    return bool(asked and answered and not asked & answered)


def _gives_nothing(reply: _Reply) -> bool:
    """Tell whether nothing is left but courtesies, where the customer did more than say thanks."""
    if not reply.is_first and "?" not in reply.customer and _THANKS.search(reply.customer):
        return False
    rest = phrases.COURTESY.sub(" ", drop_emphasis(reply.folded.text))
    return not phrases.STEPS.search(rest) and not _GIVEN.search(rest)


def _ignores_question(reply: _Reply) -> bool:
    """Tell whether a question with words to take up is met by a reply that shares none of them.

    Words are compared by their first four letters, so that inflections count; texts in scripts
    without spaces, and questions of fewer than three such words, are left out.
    """
    if not re.search(r"[?？]", reply.customer) and not reply.is_first:
        return False
    entities = {match[0].strip("#").lower() for match in _ENTITY.finditer(reply.customer)}
    text = reply.folded.text
    if any(entity in text for entity in entities):
        return False
    asked = _stems(reply.customer)
    return len(asked) >= 3 and not asked & _stems(text)


def _stems(text: str) -> set[str]:
    words = _CONTENT_WORD.findall(text)
    return {word[:4] for word in words if word not in _COMMON and word.isalpha()}


def _find_leaks(reply: _Reply) -> Iterator[Finding]:
    yield from _find_phrases(
        reply, phrases.RUDE, "SUP005", Severity.HIGH, "Rude, or blames the customer"
    )
    yield from _find_phrases(
        reply, phrases.INTERNAL, "SUP006", Severity.HIGH, "Not meant for customers"
    )
    yield from _find_system_prompt(reply)
    yield from _find_wrong_name(reply)
    if not _TEMPLATE.search(reply.output.prompt[-_LOOKED_AT:] + reply.output.system[:_LOOKED_AT]):
        for match in list(phrases.PLACEHOLDERS.finditer(reply.response))[:_MOST_FINDINGS]:
            message = "A placeholder that nobody filled."
            yield _place(reply.response, "SUP009", Severity.MEDIUM, message, match.span())


def _find_phrases(
    reply: _Reply, pattern: re.Pattern[str], rule: str, severity: Severity, what: str
) -> Iterator[Finding]:
    found = 0
    for match in pattern.finditer(reply.folded.text):
        if match[0] in reply.customer or found == _MOST_FINDINGS:
            continue
        found += 1
        span = reply.folded.span(*match.span())
        yield _place(reply.response, rule, severity, f"{what}: {match[0][:60]!r}.", span)


def _find_system_prompt(reply: _Reply) -> Iterator[Finding]:
    found = 0
    for _, sentence in sentences_of(reply.output.system[:_LOOKED_AT]):
        if len(sentence) < 40 or not _TO_THE_MODEL.match(sentence) or found == _MOST_FINDINGS:
            continue
        wanted = fold_text(sentence.lstrip("-*# "))
        at = reply.folded.text.find(wanted)
        if at >= 0 and len(wanted) >= 40:
            found += 1
            span = reply.folded.span(at, at + len(wanted))
            message = "A sentence of the system prompt, word for word."
            yield _place(reply.response, "SUP006", Severity.HIGH, message, span)


def _find_wrong_name(reply: _Reply) -> Iterator[Finding]:
    if not reply.names:
        return
    match = phrases.ADDRESSED.search(reply.response[:400])
    if match is None or match["name"].lower() in phrases.NO_NAMES:
        return
    addressed = {word.lower() for word in f"{match['name']} {match['more']}".split()}
    if addressed & reply.names:
        return
    span = (match.start("name"), match.end("more"))
    message = "The reply addresses someone else than the customer who signed."
    yield _place(reply.response, "SUP008", Severity.MEDIUM, message, span, masked=True)


def _whole(
    rule: str, severity: Severity, message: str, confidence: Confidence = Confidence.MEDIUM
) -> Finding:
    return Finding(rule=rule, severity=severity, confidence=confidence, message=message)


def _place(
    response: str,
    rule: str,
    severity: Severity,
    message: str,
    span: tuple[int, int],
    *,
    masked: bool = False,
) -> Finding:
    start, end = span
    words = " ".join(response[start:end].split())
    shown = f"{words[:1]}…" if masked else words if len(words) <= 80 else words[:79] + "…"
    return Finding(
        rule=rule,
        severity=severity,
        confidence=Confidence.MEDIUM,
        message=message,
        start=start,
        end=end,
        line=line_of(response, start),
        evidence=shown,
    )
