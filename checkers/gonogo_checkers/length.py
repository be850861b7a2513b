"""Holds the length of a response against the accepted one, or against what the prompt implies.

| rule | bad example |
|---|---|
| LEN001 | the accepted answer has 80 words, this one 400: more than twice as long |
| LEN002 | the accepted answer has 200 words, this one 40: less than half |
| LEN003 | "What is the capital of Peru?" is answered with 1,200 words; "briefly" with 600 |
| LEN004 | nothing at all; or "Explain in detail how ... works, and why" is answered "Yes." |

With `baseline_words`, the score is 1 while the ratio of lengths lies within 2/3 to 3/2, and falls
smoothly outside: about 0.94 at twice or half the length, 0.5 at four times or a quarter, 0.08 at
ten. Lengths under 20 words count as 20, so that "Yes." against "Yes, it is." is no difference.

Without a baseline only extremes are judged: an answer longer than 900 words (300 where the prompt
asks for brevity) to a question of one line that asks for nothing long, and an answer of up to
three words to a prompt that asks for more. An empty response is always too short. Where the prompt
is neither a short question nor asks for something long or short, there is nothing to say
(NotApplicable). Code blocks count with a baseline and do not count without one.

A number of words that the prompt or `expect` asks for is left to `prompt_following` and
`expectations`: without a baseline such a case is NotApplicable. So are responses that only call
tools, and refusals by the API (`stop_reason` "refusal").

Words are counted as `word_counts` says (Chinese, Japanese, Thai and others by characters). What a
prompt implies is read in English, German, French, Spanish, Italian, Portuguese and Dutch; a short
question is known in any language by its question mark.

Limits: whether a long answer was wanted is not always written in the prompt; LEN003 therefore has
low confidence. The curve is a choice, not a measurement.
"""

import math
import re
from dataclasses import dataclass
from typing import ClassVar, Final

from gonogo_checkers.output import Output
from gonogo_checkers.reading.code_blocks import prose_of
from gonogo_checkers.reading.word_counts import count_words
from gonogo_checkers.verdict import Confidence, Finding, Judged, NotApplicable, Severity

_WIDTH: Final = 0.85
"""How fast the score falls with the logarithm of the ratio beyond 3/2."""
_ASKED_NUMBER: Final = re.compile(
    r"\b\d[\d.,]{0,12}\s*(?:\+|-|–|or\s+more\s+|or\s+fewer\s+|or\s+less\s+)?\s*"
    r"(?:words?|sentences?|paragraphs?|characters?|bullet|wörter|worten?|sätzen?|absätzen?|mots|"
    r"phrases|"
    r"paragraphes|palabras|oraciones|frases|párrafos|palavras|parágrafos|parole|frasi|woorden|"
    r"zinnen)",
    re.IGNORECASE,
)
_ASKS_LONG: Final = re.compile(
    r"\b(?:write|essay|story|article|detail\w*|comprehensive|in[- ]depth|thorough\w*|explain|"
    r"describe|elaborate|discuss|compare|list|outline|guide|step[- ]by[- ]step|tutorial|report|"
    r"analy[sz]e|"
    r"summari[sz]e|translate|draft|compose|create|generate|design|plan|implement|rewrite|how|why|"
    r"all|every|"
    r"schreib\w*|erklär\w*|beschreib\w*|ausführlich\w*|aufsatz|geschichte|warum|wieso|wie|"
    r"vergleich\w*|liste|"
    r"écri\w*|expli\w*|décri\w*|détaill\w*|pourquoi|comment|rédige\w*|compare\w*|"
    r"escrib\w*|descri\w*|redact\w*|detall\w*|cómo|"
    r"escreva|detalh\w*|porque|como|scrivi|spieg\w*|dettagli\w*|perché|come|"
    r"schrijf|leg\s+uit|beschrijf|waarom|hoe|uitgebreid)\b",
    re.IGNORECASE,
)
_ASKS_SHORT: Final = re.compile(
    r"\b(?:brief(?:ly)?|concise(?:ly)?|short(?:ly)?\s+(?:answer|reply|response|summary)|"
    r"(?:keep|make)\s+it\s+(?:short|brief)|in\s+(?:a\s+)?short|quick\s+(?:answer|reply|summary)|"
    r"(?:one|a\s+single)[- ](?:word|line)|yes\s+or\s+no|tl;?dr|"
    r"kurz|knapp|brièvement|bref|brevemente|en\s+breve|resumidamente|in\s+breve|kort|beknopt)\b",
    re.IGNORECASE,
)
_ASKS_TEXT: Final = re.compile(
    r"\b(?:explain|describe|elaborate|discuss|compare|outline|summari[sz]e|essay|story|article|"
    r"in\s+detail|"
    r"write\s+(?:an?|me|the|us|about)|draft|compose|why|how\s+(?:do(?:es)?|can|could|should|"
    r"would|to|did)|"
    r"erklär\w*|beschreib\w*|schreib\w*|vergleich\w*|warum|wieso|expliqu\w*|décri\w*|rédige\w*|"
    r"pourquoi|"
    r"expli\w*|describ\w*|escrib\w*|escreva|descrev\w*|spieg\w*|descriv\w*|scrivi|beschrijf|"
    r"schrijf|waarom)\b",
    re.IGNORECASE,
)
_ASKS_CHOICE: Final = re.compile(
    r"\b(?:classif\w+|label|categor\w+|yes\s*(?:/|or)\s*no|true\s*(?:/|or)\s*false|options?|"
    r"choose|pick|only|"
    r"one\s+word|single|just|extract|sentiment|rate|score|which\s+of|answer\s+with|"
    r"respond\s+with|reply\s+with|"
    r"nur|seulement|solo|sólo|apenas|soltanto|alleen)\b",
    re.IGNORECASE,
)
_QUESTION_END: Final = re.compile(r"[?？؟]\s*$")
_LOOKED_AT: Final = 20_000
_PROSE_LOOKED_AT: Final = 200_000


@dataclass(frozen=True, slots=True)
class Length:
    """Tells whether a response is much longer or shorter than it should be.

    Attributes:
        longest_ratio: Ratio to the accepted length above which LEN001 is found.
        shortest_ratio: Ratio below which LEN002 is found.
        small_words: Lengths below this count as this, in words.
        long_words: Longest answer to a short question, in words, without a baseline.
        brief_words: Longest answer where the prompt asks for brevity, in words.
        terse_words: Answers up to this, in words, are too short where a text is asked for.
    """

    id: ClassVar[str] = "length"
    version: ClassVar[int] = 1

    longest_ratio: float = 2.0
    shortest_ratio: float = 0.5
    small_words: int = 20
    long_words: int = 900
    brief_words: int = 300
    terse_words: int = 3

    def check(self, output: Output) -> Judged | NotApplicable:
        """Judge the length; see the module for what is held against what."""
        if not output.response.strip():
            return _judge_nothing(output)
        if output.stop_reason == "refusal":
            return NotApplicable("the model refused")
        if output.baseline_words is not None and output.baseline_words > 0:
            return self._judge_ratio(count_words(output.response), output.baseline_words)
        if not output.prompt.strip():
            return NotApplicable("neither an accepted length nor a prompt")
        return self._judge_by_prompt(output)

    def _judge_ratio(self, words: int, accepted: int) -> Judged:
        ratio = max(words, self.small_words) / max(accepted, self.small_words)
        score = _score_ratio(ratio)
        counts = f"{words} words, the accepted one has {accepted}"
        if ratio > self.longest_ratio:
            return _judged(
                score, "LEN001", f"The response is much longer than the accepted one: {counts}."
            )
        if ratio < self.shortest_ratio:
            return _judged(
                score, "LEN002", f"The response is much shorter than the accepted one: {counts}."
            )
        return Judged(score)

    def _judge_by_prompt(self, output: Output) -> Judged | NotApplicable:
        prompt = output.prompt[-_LOOKED_AT:]
        if output.expect.max_words is not None or _ASKED_NUMBER.search(prompt):
            return NotApplicable("the length is asked for in words: left to other checkers")
        most = self._most_words(prompt)
        wants_text = asks_for_text(prompt)
        if most is None and not wants_text:
            return NotApplicable("nothing in the prompt says how long the answer should be")
        words = count_words(prose_of(output.response[:_PROSE_LOOKED_AT]))
        if most is not None and words > most:
            message = f"{words} words answer a prompt that calls for a short answer."
            return _judged(_score_ratio(1.5 * words / most), "LEN003", message, Confidence.LOW)
        has_code = "```" in output.response or "~~~" in output.response
        if wants_text and words <= self.terse_words and not has_code and not output.tool_calls:
            message = f"The prompt asks for a text; the answer has {words} words."
            return _judged(0.2, "LEN004", message, Confidence.MEDIUM)
        return Judged(1.0)

    def _most_words(self, prompt: str) -> int | None:
        if _ASKS_SHORT.search(prompt) and count_words(prompt) <= 60:
            return self.brief_words
        return self.long_words if is_short_question(prompt) else None


def is_short_question(prompt: str) -> bool:
    """Tell whether a prompt is one line, ends in a question mark, and asks for nothing long."""
    line = prompt.strip()
    return (
        "\n" not in line
        and count_words(line) <= 25
        and _QUESTION_END.search(line) is not None
        and _ASKS_LONG.search(line) is None
    )


def asks_for_text(prompt: str) -> bool:
    """Tell whether a prompt of some length asks for an explanation or a text, and no choice."""
    return (
        count_words(prompt) >= 8
        and _ASKS_TEXT.search(prompt) is not None
        and _ASKS_CHOICE.search(prompt) is None
        and _ASKS_SHORT.search(prompt) is None
    )


def _judge_nothing(output: Output) -> Judged | NotApplicable:
    if output.tool_calls:
        return NotApplicable("the response only calls tools")
    if output.stop_reason == "refusal":
        return NotApplicable("the model refused")
    finding = Finding(
        rule="LEN004",
        severity=Severity.HIGH,
        confidence=Confidence.HIGH,
        message="The response is empty.",
    )
    return Judged(0.0, (finding,))


def _score_ratio(ratio: float) -> float:
    """Return 1 within [2/3, 3/2], else a Gaussian of the logarithm's excess; 0 for ratio 0."""
    if ratio <= 0:
        return 0.0
    excess = abs(math.log(ratio)) - math.log(1.5)
    return 1.0 if excess <= 0 else round(math.exp(-((excess / _WIDTH) ** 2) / 2), 6)


def _judged(
    score: float, rule: str, message: str, confidence: Confidence = Confidence.HIGH
) -> Judged:
    severity = Severity.LOW if rule == "LEN003" else Severity.MEDIUM
    finding = Finding(rule=rule, severity=severity, confidence=confidence, message=message)
    return Judged(score, (finding,))
