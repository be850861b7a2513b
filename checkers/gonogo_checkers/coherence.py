r"""Answers that fall apart: loops, leftovers of templates, garbage, broken structure.

| rule | severity | what | example |
|---|---|---|---|
| COH001 | high, medium | a loop; high where the answer ends in it | "and then and then and …" |
| COH002 | medium | a sentence of six words or more comes three times | |
| COH003 | medium | a paragraph of twelve words or more comes twice | |
| COH004 | medium, low | garbage: replacement characters, mojibake, control codes | `cafÃ©` |
| COH005 | high, medium | tokens of a chat template; invented turns | `<\|im_end\|>`, "Human: …" |
| COH006 | medium, low | places to fill in; blanks for the reader | `{{name}}`, `[Your Name]` |
| COH007 | high | another writing than the prompt's, and none was asked for | 你好 |
| COH008 | low | a numbered list whose numbers repeat or jump | 1, 2, 2, 5 |
| COH009 | low | a heading with nothing below it | |
| COH010 | low | a Markdown table that does not render, or a row of another width | |
| COH011 | medium | wording that goes in circles: a fifth of its four-word runs came before | |

Code is left out everywhere, tables where repetition is looked for. Repetition is allowed where the
prompt asks for a poem, lyrics, a chant or to repeat, and where the given texts repeat the same
themselves (boilerplate). Damage, markers and blanks that the given texts hold too are an echo and
no finding; a prompt that asks for a template or a dialogue may get one.

Needs: nothing; the prompt makes it more exact. Limits: it sees form. Whether one sentence follows
from another, and whether two contradict each other, is out of its reach. COH007 tells writings
apart (Latin, Cyrillic, Arabic, Chinese, …), not languages of one writing. Of the answer 100,000
characters are read, and of those 12,000 words at each end for loops.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Final

from gonogo_checkers.output import Output
from gonogo_checkers.reading.code_blocks import line_of, prose_of
from gonogo_checkers.reading.evidence import evidence_of
from gonogo_checkers.reading.natural_language import main_script
from gonogo_checkers.reading.prose import sentences_of
from gonogo_checkers.verdict import (
    Confidence,
    Finding,
    Judged,
    NotApplicable,
    Severity,
    score_findings,
)
from gonogo_checkers.wording.garbled_text import Garbled, find_garbled
from gonogo_checkers.wording.leaked_markers import (
    DIALOGUE_WANTED,
    TEMPLATE_WANTED,
    find_blanks,
    find_chat_markers,
    find_invented_turns,
    find_unfilled,
)
from gonogo_checkers.wording.markdown_faults import (
    find_broken_tables,
    find_empty_headings,
    find_numbering_faults,
)
from gonogo_checkers.wording.repetition import (
    find_loop,
    find_repeated_paragraphs,
    find_repeated_sentences,
    repeated_share,
)

_MOST_CHARACTERS: Final = 100_000
_MOST_GIVEN: Final = 300_000
_MOST_FINDINGS: Final = 30
_TABLE_LINE: Final = re.compile(r"(?m)^[ \t]*\|[^\n]*$")
_REPEATING_WANTED: Final = re.compile(
    r"\b(?:poems?|poetry|lyrics?|songs?|chorus|refrain|chants?|mantra|villanelle|sonnet|haiku"
    r"|ballad"
    r"|rap|prayer|litany|rhymes?|repeat|repeated|repeating|repetit\w+|again and again|loops?"
    r"|gedichte?|lied(?:er)?|wiederhol\w*|poèmes?|chansons?|répét\w*|poemas?|canci\w+"
    r"|repet\w+|repit\w+|canç\w+|poesi\w+|canzon\w+|lied(?:je)?|herhaal\w*"
    r"|(?:\d+|two|three|four|five|ten|many|several|zwei|drei|vier|fünf|zehn|deux|trois|quatre|cinq"
    r"|dix|dos|tres|cuatro|cinco|diez|duas|três|due|tre|twee|drie)\s{0,3}"
    r"(?:times|mal|fois|veces|vezes|volte|keer))\b"
    r"|詩|歌詞|繰り返|诗|歌词|重复|重複",
    re.IGNORECASE,
)
_OTHER_LANGUAGE: Final = re.compile(
    r"\b(?:translat\w+|language|in (?:english|german|french|spanish|portuguese|italian|dutch"
    r"|russian"
    r"|chinese|japanese|korean|arabic|hindi|greek|hebrew|thai|ukrainian|mandarin|kannada|punjabi"
    r"|urdu|persian|farsi|bengali|tamil|telugu|marathi|gujarati|bulgarian|serbian|vietnamese"
    r"|nepali)"
    r"|auf (?:englisch|deutsch|russisch|chinesisch|japanisch)|übersetz\w*|tradui\w*|traduc\w*"
    r"|traduz\w*|tradur\w*|vertaal\w*|переве\w*|перевод\w*|transliterat\w+|romaji|pinyin|script"
    r"|alphabet|katakana|hiragana|kanji|cyrillic|bilingual|multilingual)\b"
    r"|翻訳|訳して|英語|翻译|翻譯|英文|中文|日本語|번역|ترجم|अनुवाद",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Coherence:
    """Flags answers that repeat themselves, leak their machinery or break their structure.

    Attributes:
        sentence_words: Shorter sentences may come again (COH002).
        paragraph_words: Shorter paragraphs may come again (COH003).
        circling_share: From this share of repeated runs of four words an answer goes in circles
            (COH011), 0 to 1.
        flag_blanks: False where blanks for the reader such as `[Your Name]` are welcome.
    """

    id: ClassVar[str] = "coherence"
    version: ClassVar[int] = 1

    sentence_words: int = 6
    paragraph_words: int = 12
    circling_share: float = 0.2
    flag_blanks: bool = True

    def check(self, output: Output) -> Judged | NotApplicable:
        """Look for everything that an answer in one piece does not have."""
        response = output.response[:_MOST_CHARACTERS]
        if not response.strip():
            return NotApplicable("no text in the response")
        prose = prose_of(response)
        given = "\n".join(output.given_texts())[:_MOST_GIVEN]
        found = [
            *self._repetition(prose, output.prompt, given),
            *_garbage(response, given),
            *self._leftovers(prose, output.prompt, given),
            *_wrong_writing(prose, output),
            *_structure(prose, response),
        ]
        found.sort(key=lambda finding: (finding.start or 0, finding.rule))
        return Judged(score_findings(found[:_MOST_FINDINGS]), tuple(found[:_MOST_FINDINGS]))

    def _repetition(self, prose: str, prompt: str, given: str) -> Iterator[Finding]:
        if _REPEATING_WANTED.search(prompt):
            return
        text = _TABLE_LINE.sub(lambda match: " " * len(match[0]), prose)
        loop = find_loop(text)
        if loop is not None and text[loop.start : loop.end] not in given:
            severity = Severity.HIGH if loop.at_end else Severity.MEDIUM
            message = f"The same words come {loop.times} times in a row."
            yield _finding("COH001", prose, loop.start, loop.end, message, severity)
        share = repeated_share(text)
        if loop is None and share >= self.circling_share:
            message = f"The answer goes in circles: {share:.0%} of its wording came before."
            yield _finding("COH011", prose, *_span_of(prose), message, Severity.MEDIUM)
        sentences = find_repeated_sentences(sentences_of(text), self.sentence_words)
        paragraphs = find_repeated_paragraphs(text, self.paragraph_words)
        for rule, what, repeats in (
            ("COH003", "paragraph", paragraphs),
            ("COH002", "sentence", sentences),
        ):
            for repeat in repeats:
                covered = loop is not None and loop.start <= repeat.start < loop.end
                if covered or given.count(text[repeat.start : repeat.end]) > 1:
                    continue
                message = f"This {what} comes {repeat.times} times."
                yield _finding(rule, prose, repeat.start, repeat.end, message, Severity.MEDIUM)

    def _leftovers(self, prose: str, prompt: str, given: str) -> Iterator[Finding]:
        sorts = [("COH005", Severity.HIGH, "A token of a chat template", find_chat_markers)]
        if not DIALOGUE_WANTED.search(prompt):
            sorts.append(("COH005", Severity.MEDIUM, "An invented turn", find_invented_turns))
        if not TEMPLATE_WANTED.search(prompt):
            sorts.append(
                ("COH006", Severity.MEDIUM, "A place that was not filled in", find_unfilled)
            )
            if self.flag_blanks:
                sorts.append(("COH006", Severity.LOW, "A blank left to the reader", find_blanks))
        for rule, severity, what, find in sorts:
            for marker in find(prose):
                if marker.text not in given:
                    message = f"{what} stands in the answer."
                    yield _finding(rule, prose, marker.start, marker.end, message, severity)


def _garbage(response: str, given: str) -> Iterator[Finding]:
    damaged = [garbled for garbled in find_garbled(response) if garbled.text not in given]
    by_damage: dict[str, list[Garbled]] = {}
    for garbled in damaged:
        by_damage.setdefault(garbled.damage, []).append(garbled)
    for damage, places in by_damage.items():
        first = places[0]
        what = {
            "replacement": "A character was lost: U+FFFD stands in its place",
            "mojibake": f"Text went through the wrong encoding: {first.meant!r} was meant here",
            "control": "A control character or half a surrogate pair stands in the text",
        }[damage]
        more = f" ({len(places)} places)" if len(places) > 1 else ""
        severity = Severity.MEDIUM if damage == "mojibake" or len(places) > 2 else Severity.LOW
        yield _finding("COH004", response, first.start, first.end, f"{what}{more}.", severity)


def _wrong_writing(prose: str, output: Output) -> Iterator[Finding]:
    if output.language or _OTHER_LANGUAGE.search(output.prompt + " " + output.system[:20_000]):
        return
    asked = main_script(output.prompt[:20_000])
    answered = main_script(prose[:20_000])
    if asked is None or answered is None or asked == answered:
        return
    if {asked, answered} <= {"kana", "han"} or _mixes(prose[:20_000], asked, answered):
        return
    letters = sum(map(str.isalpha, output.prompt[:2_000]))
    if letters < 12 or sum(map(str.isalpha, prose[:2_000])) < 12:
        return
    message = f"The prompt is in {asked} writing, the answer in {answered}."
    yield _finding("COH007", prose, *_span_of(prose), message, Severity.HIGH)


def _span_of(prose: str) -> tuple[int, int]:
    end = len(prose.rstrip())
    return end - len(prose[:end].lstrip()), end


def _mixes(prose: str, asked: str, answered: str) -> bool:
    """Tell whether the answer holds a good part of the asked writing too."""
    paragraphs = [part for part in prose.split("\n\n") if part.strip()]
    scripts = [main_script(part) for part in paragraphs[:200]]
    return scripts.count(asked) * 4 >= scripts.count(answered)


def _structure(prose: str, response: str) -> Iterator[Finding]:
    for fault in find_numbering_faults(prose):
        message = f"The numbering of the list breaks: {fault.what}."
        yield _finding("COH008", prose, fault.start, fault.end, message, Severity.LOW)
    filled = _fill_code(prose, response)
    for fault in find_empty_headings(filled):
        message = f"An empty section: {fault.what}."
        yield _finding("COH009", prose, fault.start, fault.end, message, Severity.LOW)
    for fault in find_broken_tables(prose):
        message = f"A table breaks: {fault.what}."
        yield _finding("COH010", prose, fault.start, fault.end, message, Severity.LOW)


def _fill_code(prose: str, response: str) -> str:
    """Put a letter where code was blanked, so that a heading above code is not empty."""
    lines = zip(prose.split("\n"), response.split("\n"), strict=True)
    return "\n".join(
        "x" * len(said) if said.strip() != written.strip() else said for said, written in lines
    )


def _finding(
    rule: str, text: str, start: int, end: int, message: str, severity: Severity
) -> Finding:
    return Finding(
        rule=rule,
        severity=severity,
        confidence=_CONFIDENCE[rule],
        message=message,
        start=start,
        end=end,
        line=line_of(text, start),
        evidence=evidence_of(text, start, end),
    )


_CONFIDENCE: Final = {
    "COH001": Confidence.HIGH,
    "COH002": Confidence.MEDIUM,
    "COH003": Confidence.HIGH,
    "COH004": Confidence.HIGH,
    "COH005": Confidence.MEDIUM,
    "COH006": Confidence.MEDIUM,
    "COH007": Confidence.MEDIUM,
    "COH008": Confidence.MEDIUM,
    "COH009": Confidence.MEDIUM,
    "COH010": Confidence.HIGH,
    "COH011": Confidence.MEDIUM,
}
