"""Prose against its context: numbers, names, quotations and addresses that nobody gave.

A fact in an answer that the given texts (context, prompt, earlier turns, system prompt) do not
contain is not wrong for that, but it is what a made-up fact looks like. The findings inform a
reviewer; none of them is of high severity, and none decides.

| rule | severity | what | example, where the context says "Ann Lee sold 1,204 units in May" |
|---|---|---|---|
| GRD001 | medium, low | a number, date or time that is not given | "Lee sold 1,402 units" |
| GRD002 | low to medium | a name that is not given | "Ann Lee of Northwind sold" |
| GRD003 | medium, low | a quotation whose wording is not given | Lee: "I sold them all in May" |
| GRD004 | medium, low | a web or e-mail address that is not given | "see https://units.example" |
| GRD005 | low | a sentence mostly of content words that are not given | "Her garden won a prize." |

`1,200`, `1200`, `1 200`, `1.2k` and `twelve hundred` are one number, as is `1,200` in a table in
thousands with 1.2 million; `about 12 %` agrees with 11.8 %, and 5 PM with 17:00. Rows of
comma-separated values are read cell by cell. What the answer works out before the reader's eyes
from given numbers (`12 x 4,500 = 54,000`) is no finding. A number that can be computed from given
ones (sums, also of columns, differences, products, shares, percent changes, minutes between times)
is a finding of low severity; so are a date that lies a given duration from a given date, a count up
to ten, a path on a given host, and a quotation of nearly the same wording. The parts of a name are
looked up one by one, in their inflected forms too, abbreviations by their initials. Code is left
out, and the same claim is flagged once. What was searched for, the words of the user and wording
that is offered to the reader are no quotations.

The system prompt may be repeated: its numbers, names, addresses, wording, and sentences that
restate it are no findings. A word or two in common with it excuse no sentence, and nothing is
computed from its numbers: the score depends on the findings, and those on what was given.

Needs: a context. Without one the checker does not apply.

Limits: it looks words up and understands nothing. A denial, a swapped pair of facts or a wrong
verb between given words is not seen; what everybody knows (a capital, a unit) is flagged. On
RAGTruth the rules reach an F1 of about 0.68, where flagging every answer has 0.58; on answers of
current models, with far fewer faults in them, most findings will be harmless. GRD002 needs
capitals, so it is silent in writings without them, and in German it judges only names of several
words. Where the answer is in another language than its context, GRD002 is weaker and GRD005
silent. Of the answer 60,000 characters are read, of the given texts 300,000 all together.

References: Niu et al. 2024, RAGTruth; Laban et al. 2023, SummEdits; Dziri et al. 2022, BEGIN.
"""

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

from gonogo_checkers.claims.claim_findings import finding_at
from gonogo_checkers.claims.function_words import FUNCTION_WORDS
from gonogo_checkers.claims.given_texts import GivenTexts, index_texts
from gonogo_checkers.claims.number_claims import judge_numbers
from gonogo_checkers.claims.proper_names import Name, names_of
from gonogo_checkers.claims.quotations import Quotation, quotations_of
from gonogo_checkers.claims.web_addresses import WebAddress, web_addresses_of
from gonogo_checkers.output import Output
from gonogo_checkers.reading.code_blocks import prose_of
from gonogo_checkers.reading.natural_language import fitting_languages, main_script
from gonogo_checkers.reading.prose import sentences_of
from gonogo_checkers.verdict import (
    Confidence,
    Finding,
    Judged,
    NotApplicable,
    Severity,
    score_findings,
)

_MOST_CHARACTERS: Final = 60_000
_MOST_FINDINGS: Final = 40
_STRUCTURE: Final = re.compile(
    r"(?m:^)[ \t>]*(?:#+[ \t]*)?[(*_]*\d+[.):][*_]*[ \t]|\[\d+(?:[,–-] ?\d+)*\]|\b24/7\b"
    r"|\b(?:step|option|tip|method|passages?|schritt|étape|paso|passo|stap)"
    r" \d+(?:(?:,| and| und| et| y| e| en) \d+)*"
    r"|\bout of (?:5|10|100|five|ten)(?:\.0)?\b|\b(?:seven|7) days a week\b|\b24 hours a day\b"
    r"|\A[^\n]{0,300}:(?=[ \t]*\n)",
    re.IGNORECASE,
)
_INLINE_CODE: Final = re.compile(r"`[^`\n]{1,300}`")
_COURTESY: Final = re.compile(
    r"\b(?:sorry|apolog\w+|thank\w*|please|happy to|glad|let (?:me|us)|feel free|hope|welcome"
    r"|entschuldig\w+|danke|bitte|gern|merci|désolée?s?|veuillez|gracias|lamento|por favor"
    r"|obrigad[oa]|grazie|prego|bedankt|graag)\b",
    re.IGNORECASE,
)
_OWN_QUERY: Final = re.compile(
    r"\b(?:search\w*|quer(?:y|ies|ied)|look(?:ed|ing) (?:up|for)|keywords?|gesucht|suche\w*|"
    r"recherch\w+|cherch\w+|busqu\w+|buscad\w+|buscar|(?:to )?read out|suggest\w*|you (?:can|could|"
    r"may|might) (?:say|write)|proposed|wording)\b[^.!?\n\"“„«]{0,40}[\"“„«]?$",
    re.IGNORECASE,
)
"""What comes before a quotation that no text needs to hold: a search, wording on offer."""
_LANGUAGE_SAMPLE: Final = 20_000
_RESTATED: Final = 0.25
"""Largest share of new words in a sentence that restates the system prompt: a word or two in common
with it excuse nothing, so that a style guide does not move the score."""
_CONTENT: Final = re.compile(r"[^\W\d_]{3,}(?:['’-][^\W\d_]+)*")
_SPACELESS: Final = frozenset({"kana", "han", "thai"})
_SMALL_WORDS: Final = frozenset().union(*FUNCTION_WORDS.values())


@dataclass(frozen=True, slots=True)
class Grounding:
    """Flags what the answer states and the given texts do not contain.

    Attributes:
        novel_share: A sentence is flagged (GRD005) where at least this share of its content words
            is not given, 0 to 1.
        least_words: Shorter sentences, in content words, are not judged by it.
    """

    id: ClassVar[str] = "grounding"
    version: ClassVar[int] = 1

    novel_share: float = 0.6
    least_words: int = 4

    def check(self, output: Output) -> Judged | NotApplicable:
        """Look the facts of the answer up in the given texts."""
        if not any(text.strip() for text in output.context):
            return NotApplicable("no context to hold the answer against")
        prose = _blank_matches(prose_of(output.response[:_MOST_CHARACTERS]), _INLINE_CODE)
        if not any(char.isalnum() for char in prose):
            return NotApplicable("no prose in the response")
        earlier = (turn.text for turn in output.turns)
        called = (call.input_json for call in output.tool_calls)
        given = index_texts([*output.context, output.prompt, *earlier, *called])
        excusing = index_texts([output.system])
        found = self._claims(prose, given, excusing, output)
        claims = sorted(found, key=lambda finding: finding.start or 0)
        distinct = {(finding.rule, finding.evidence): finding for finding in reversed(claims)}
        kept = tuple(list(distinct.values())[::-1][:_MOST_FINDINGS])
        return Judged(_soften(score_findings(kept)), kept)

    def _claims(
        self, prose: str, given: GivenTexts, excusing: GivenTexts, output: Output
    ) -> Iterator[Finding]:
        texts = (given, excusing)
        addresses = web_addresses_of(prose)
        quotations = quotations_of(prose)
        yield from _judge_addresses(prose, addresses, texts)
        yield from _judge_quotations(prose, quotations, texts)
        without = _blank(prose, [(address.start, address.end) for address in addresses])
        yield from judge_numbers(_blank_matches(without, _STRUCTURE), given, excusing)
        context = "\n".join(output.context)[:_LANGUAGE_SAMPLE]
        script = _script_of(prose[:_LANGUAGE_SAMPLE])
        if script != _script_of(context):
            return
        spoken, read = fitting_languages(prose), fitting_languages(context)
        same = not spoken or not read or bool(spoken & read)
        yield from _judge_names(without, texts, is_german="de" in (spoken or read), is_sure=same)
        if same and script not in _SPACELESS:
            yield from self._judge_sentences(without, given, excusing)

    def _judge_sentences(
        self, prose: str, given: GivenTexts, excusing: GivenTexts
    ) -> Iterator[Finding]:
        for start, sentence in sentences_of(prose):
            if _COURTESY.search(sentence):
                continue
            words = [word for word in _CONTENT.findall(sentence) if not _is_small(word)]
            least = self.novel_share * len(words)
            novel = _count_novel(words, given)
            if len(words) < self.least_words or novel < least:
                continue
            if _count_novel(words, excusing) > _RESTATED * len(words):
                message = (
                    f"{novel} of the {len(words)} content words of this sentence are in none "
                    "of the given texts: check where it comes from."
                )
                end = start + len(sentence.rstrip())
                yield finding_at(
                    "GRD005", prose, (start, end), message, Severity.LOW, Confidence.LOW
                )


def _soften(score: float) -> float:
    """Let many findings weigh less than each by itself: long answers collect harmless ones.

    `1 / (1 - ln score)`: about `1 - harm` for one finding, a half for some seven numbers that are
    not given, and never near 0.
    """
    return round(1.0 / (1.0 - math.log(max(score, 1e-6))), 6)


def _script_of(text: str) -> str | None:
    """Return the main script of a text, at once where it is plain ASCII."""
    if text.isascii():
        return "latin" if any(map(str.isalpha, text)) else None
    return main_script(text)


def _is_small(word: str) -> bool:
    return re.split(r"['’]", word.lower(), maxsplit=1)[0] in _SMALL_WORDS


def _count_novel(words: Sequence[str], given: GivenTexts) -> int:
    return sum(not given.vocabulary.knows(word) for word in words)


def _judge_addresses(
    prose: str, addresses: list[WebAddress], texts: Sequence[GivenTexts]
) -> Iterator[Finding]:
    hosts = frozenset().union(*(text.hosts for text in texts))
    for address in addresses:
        is_given = any(address.key in text.addresses for text in texts)
        if is_given or (address.key == address.host in hosts):
            continue
        known = address.host in hosts
        what = "The e-mail address" if address.is_email else "The web address"
        place = "; its host is, its path is not" if known else ""
        yield finding_at(
            "GRD004",
            prose,
            (address.start, address.end),
            f"{what} is in none of the given texts{place}.",
            Severity.LOW if known else Severity.MEDIUM,
            Confidence.MEDIUM,
        )


def _judge_quotations(
    prose: str, quotations: list[Quotation], texts: Sequence[GivenTexts]
) -> Iterator[Finding]:
    for quotation in quotations:
        if any(all(part in text.wording for part in quotation.parts) for text in texts):
            continue
        if _OWN_QUERY.search(prose, max(0, quotation.start - 60), quotation.start):
            continue
        near = texts[0].share_of_wording(quotation.parts) >= 0.5
        what = "differs from that of" if near else "is in none of"
        yield finding_at(
            "GRD003",
            prose,
            (quotation.start, quotation.end),
            f"The wording of this quotation {what} the given texts.",
            Severity.LOW if near or quotation.text.endswith("?") else Severity.MEDIUM,
            Confidence.MEDIUM,
        )


def _judge_names(
    prose: str, texts: Sequence[GivenTexts], *, is_german: bool, is_sure: bool
) -> Iterator[Finding]:
    for name in names_of(prose):
        unknown = [
            word for word in name.words if not any(text.vocabulary.knows(word) for text in texts)
        ]
        if not unknown or any(_is_abbreviation(name, text) for text in texts):
            continue
        if is_german and not _is_german_name(prose[name.start : name.end]):
            continue
        doubtful = len(name.words) == 1 or (name.opens_sentence and unknown == [name.words[0]])
        yield finding_at(
            "GRD002",
            prose,
            (name.start, name.end),
            f"{' '.join(unknown)!r} is in none of the given texts.",
            Severity.MEDIUM if is_sure and not doubtful else Severity.LOW,
            Confidence.MEDIUM if is_sure else Confidence.LOW,
        )


def _is_german_name(text: str) -> bool:
    """Tell names from nouns, which have capitals too: several words and none without one."""
    words = text.split()
    return len(words) > 1 and all(word[0].isupper() for word in words)


def _is_abbreviation(name: Name, given: GivenTexts) -> bool:
    if len(name.words) == 1:
        return name.words[0].lower() in given.vocabulary.initials
    return any(given.vocabulary.knows(letters) for letters in (name.initials, name.initials[:-1]))


def _blank_matches(text: str, pattern: re.Pattern[str]) -> str:
    return _blank(text, [match.span() for match in pattern.finditer(text)])


def _blank(text: str, spans: list[tuple[int, int]]) -> str:
    characters = list(text)
    for start, end in spans:
        characters[start:end] = " " * (end - start)
    return "".join(characters)
