"""How prompts ask for words, or forbid them: what `wording_instructions` is found by."""

import re
from collections.abc import Callable
from typing import Final

from gonogo_checkers.instructions.instruction import (
    MASK,
    NUMBER,
    QUOTED,
    Instruction,
    Mention,
    Wording,
    number_of,
)
from gonogo_checkers.instructions.length_instructions import Amount
from gonogo_checkers.instructions.length_wordings import ASKED, amount_of
from gonogo_checkers.instructions.wording_instructions import (
    Avoids,
    CapitalWordCount,
    EndsWith,
    Includes,
    InSentence,
    LetterFrequency,
    NoCommas,
    NoWordOften,
    OneOf,
    ParagraphBegins,
    RepeatsFirst,
    StartsWith,
    WordFrequency,
)

_ITEM: Final = rf"(?:{QUOTED}|[\w'’-]+)"
_ITEMS: Final = (
    rf"[\[(]?(?P<items>{_ITEM}(?:(?:\s*,\s*(?:and\s+|or\s+)?|\s+and\s+|"
    rf"\s+or\s+){_ITEM}){{0,20}})[\])]?"
)
_QUOTED_ITEMS: Final = (
    rf"[\[(]?(?P<items>{QUOTED}(?:(?:\s*,\s*(?:and\s+|or\s+)?|\s+and\s+|"
    rf"\s+or\s+){QUOTED}){{0,20}})[\])]?"
)
_NOUN: Final = (
    r"(?:exact\s+|following\s+|negative\s+)*(?:key\s?|exact\s)?(?:words?|phrases?|terms?)"
)
_USES: Final = (
    r"(?:includ(?:e|es|ing)|contain(?:s|ing)?|us(?:e|es|ing)|mention(?:s|ing)?|incorporat(?:e|es|"
    r"ing)|"
    r"say(?:ing)?|writ(?:e|ing)|utter|exclud(?:e|es|ing)|avoid(?:ing)?|have|add)"
)
_NEGATED: Final = re.compile(
    r"(?:(?:\bnot|n['’]t)(?! forget| fail)|\bnever|\bwithout|\bavoid\w*|\bexclud\w*|\brefrain\w*|"
    r"\bcannot)\b"
    r"(?:(?!\bbut\b|\band (?:do|must|should|include|use|mention|make)\b)[^.;!?\n]){0,45}$",
    re.IGNORECASE,
)
_NO_WORDS: Final = frozenset(
    {
        "a", "about", "above", "an", "and", "any", "anything", "anywhere", "appear", "appears",
        "are", "as", "at", "be", "below", "by", "count", "document", "documents", "each",
        "exactly", "file", "files", "for", "from", "given", "how", "i", "in", "is", "it", "less",
        "like", "limit", "me", "more", "must", "my", "names", "of", "on", "once", "only", "or",
        "order", "other", "others", "problem", "problems", "processor", "provided", "search",
        "should", "such", "that", "the", "them", "these", "this", "those", "throughout", "to",
        "twice", "what", "when", "which", "why", "with", "you", "your", "yourself",
    }
)  # fmt: skip
_FREQUENCY_FOLLOWS: Final = re.compile(
    rf"[^.;!?\n]{{0,30}}?(?:\b(?:once|twice|thrice)\b|\btimes?\b|{NUMBER}\s+times?)|"
    r"\s+(?:should|must|appears?|occurs?|shows?)\b",
    re.IGNORECASE,
)


def items_of(mention: Mention) -> tuple[str, ...]:
    """Return the words that a prompt lists, unquoted; none where they are no keywords."""
    start, end = mention.match.span("items")
    masked, original = mention.match.string[start:end], mention.original[start:end]
    words = []
    for match in re.finditer(_ITEM, masked):
        bare = match[0]
        word = original[match.start() : match.end()].strip("\"'“”‘’«»„`").strip(" .,")
        if MASK not in bare and bare.lower() in {"and", "or"}:
            continue
        if not any(map(str.isalnum, word)) or (MASK not in bare and bare.lower() in _NO_WORDS):
            return ()
        words.append(word)
    return tuple(dict.fromkeys(words))


def _words(mention: Mention) -> Instruction | None:
    match = mention.match
    words = items_of(mention)
    if not words:
        return None
    before = match.string[mention.sentence_start : match.start("items")]
    if _NEGATED.search(before):
        return Avoids(words)
    if _FREQUENCY_FOLLOWS.match(match.string, match.end()) or re.search(
        r"\b(?:each|every)\b|\bor\b", before + match["items"], re.IGNORECASE
    ):
        return None
    return Includes(words)


_CODE_LIKE: Final = re.compile(r"[_(){}\[\]<>=|;\\]")
_OTHER_USE: Final = re.compile(
    r"\s*(?:sparingly|rarely|seldom|carefully|consistently|freely|instead|rather|in place|only|"
    r"for|as|to|when|where|whenever|if|unless|and not|not|over|throughout|"
    r"(?:as )?(?:the |your )?(?:columns?|fields?|keys?|headers?|headings?|sections?|rows?|labels?|"
    r"format|notation|style|parameters?|arguments?|functions?|class(?:es)?|librar(?:y|ies)|"
    r"module|package|commands?|flags?|options?|files?))\b",
    re.IGNORECASE,
)
"""What follows a quotation that says how to use something, not that its words must be there."""


def _quoted_words(mention: Mention) -> Instruction | None:
    """Read `include "cat"`; names of code, and what is to be used in some way, are no words."""
    match = mention.match
    start, end = match.span("items")
    written = mention.original[start:end]
    asked = _words(mention)
    if not isinstance(asked, Includes):
        return asked
    if "`" in written or any(_CODE_LIKE.search(word) for word in asked.words):
        return None
    return None if _OTHER_USE.match(match.string, end) else asked


def _bare_words(mention: Mention) -> Instruction | None:
    words = items_of(mention)
    return Avoids(words) if words else None


def _word_frequency(mention: Mention) -> Instruction | None:
    word = mention.argument("word")
    amount = amount_of(mention, bare="exact")
    if amount is None or (word.lower() in _NO_WORDS and MASK not in mention.match["word"]):
        return None
    follows = _OTHER_UNIT.match(mention.match.string, mention.match.end())
    if follows or re.search(r"\b(?:each|every)\b", _before(mention), re.IGNORECASE):
        return None
    return WordFrequency(word, amount)


_OTHER_UNIT: Final = re.compile(
    r"\s*(?:words?|sentences?|paragraphs?|characters?|letters?|lines?|bullets?|points?)\b",
    re.IGNORECASE,
)


def _before(mention: Mention) -> str:
    return mention.match.string[mention.sentence_start : mention.match.start()]


def _letter_frequency(mention: Mention) -> Instruction | None:
    letter = mention.argument("letter")
    amount = amount_of(mention, bare="exact")
    return None if amount is None or len(letter) != 1 else LetterFrequency(letter, amount)


def _no_letter(mention: Mention) -> Instruction | None:
    letter = mention.argument("letter")
    return LetterFrequency(letter, Amount(most=0)) if len(letter) == 1 else None


def _capital_words(mention: Mention) -> Instruction | None:
    amount = amount_of(mention, bare="exact")
    return None if amount is None else CapitalWordCount(amount)


def _begins(mention: Mention) -> Instruction | None:
    if _PART.search(_before(mention)) or _NEGATED.search(_before(mention)):
        return None
    return StartsWith(mention.argument("phrase"))


def _ends(mention: Mention) -> Instruction | None:
    if _PART.search(_before(mention) + mention.match[0]) or _NEGATED.search(_before(mention)):
        return None
    return EndsWith(mention.argument("phrase"))


_PART: Final = re.compile(
    r"\b(?:each|every|paragraphs?|sections?|lines?|sentences?|bullets?|stanzas?|verses?|items?|"
    r"first word|"
    r"names?|words? (?:that|which)|letter)\b",
    re.IGNORECASE,
)


def _repeat(mention: Mention) -> Instruction | None:
    match, original = mention.match, mention.original
    sentence = match.string[mention.sentence_start : match.end() + 200]
    if re.search(r"\bbut change\b|\brepeated?ly\b", sentence, re.IGNORECASE):
        return None
    if match["quoted"]:
        return RepeatsFirst(mention.argument("quoted"))
    text = original[: mention.sentence_start].strip() or _after_repeating(mention)
    if re.search(r"\bfirst (?:line|sentence)\b", match[0], re.IGNORECASE):
        text = text.split("\n", 1)[0].strip()
    while _ABOUT_REPEATING.search(text):
        text = _ABOUT_REPEATING.sub("", text).strip()
    return RepeatsFirst(text) if len(text.split()) > 2 else None


def _after_repeating(mention: Mention) -> str:
    line_end = mention.original.find("\n", mention.match.end())
    return mention.original[line_end:].strip() if line_end >= 0 else ""


_ABOUT_REPEATING: Final = re.compile(
    r"(?:^|(?<=[.!?\n]))\s*[^.!?\n]*\b(?:repeat\w*|do not (?:say|output) any)\b[^.!?\n]*[.!?]?\s*$",
    re.IGNORECASE,
)

_ORDINALS: Final = {
    "first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7,
    "eighth": 8, "ninth": 9, "tenth": 10, "last": -1, "final": -1,
}  # fmt: skip
_ORDINAL: Final = (
    r"(?P<place>first|second|third|fourth|fifth|sixth|"
    r"seventh|eighth|ninth|tenth|last|final|\d{1,2}(?:-?(?:st|nd|rd|th)))"
)


def _place(text: str) -> int:
    digits = re.match(r"\d+", text)
    return int(digits[0]) if digits else _ORDINALS[text.lower()]


def _paragraph(mention: Mention) -> Instruction:
    place = _place(mention.match["place"] or mention.match["at"])
    return ParagraphBegins(place, mention.argument("word"))


def _sentence(mention: Mention) -> Instruction | None:
    place = _place(mention.match["place"])
    return InSentence(mention.argument("word"), place) if place > 0 else None


_BETWEEN_OPTIONS: Final = re.compile(r"\s*(?:/|,\s*(?:or\s+)?|\s+or\s+)\s*")


def _options(mention: Mention) -> Instruction | None:
    start, end = mention.match.span("options")
    text = mention.original[start:end]
    quoted = [match[0] for match in re.finditer(r"[\"”“'‘]([^\"”“\n]{1,120}?)[\"”“’']", text)]
    lines = text.strip().split("\n")
    pieces = quoted if len(quoted) > 1 else lines
    if len(pieces) == 1:
        pieces = _BETWEEN_OPTIONS.split(text)
    options = tuple(piece.strip(" .\"'”“’‘()*-\t\r\n") for piece in pieces)
    options = tuple(option for option in options if option)
    if not 2 <= len(options) <= 20 or any(len(option) > 80 for option in options):
        return None
    return OneOf(options)


def _repeats_limited(mention: Mention) -> Instruction | None:
    number = number_of(mention.match["n"])
    return None if number is None else NoWordOften(number)


def _pattern(text: str, flags: re.RegexFlag = re.IGNORECASE) -> re.Pattern[str]:
    return re.compile(text, flags)


def _always(instruction: Instruction) -> Callable[[Mention], Instruction]:
    return lambda _mention: instruction


WORDINGS: Final = (
    Wording(
        _pattern(rf"\b{_USES}\s+(?:the\s+|these\s+)?{_NOUN}\b(?:\s+such as)?\s*:?\s*{_ITEMS}"),
        _words,
    ),
    Wording(_pattern(rf"\bwith (?:the|these)\s+{_NOUN}\b\s*:\s*{_ITEMS}"), _words),
    Wording(_pattern(rf"\b{_USES}\s+{_QUOTED_ITEMS}"), _quoted_words),
    Wording(
        _pattern(
            r"\b(?:do not|don['’]t|never)\s+(?:mention|say)\s+"
            + _ITEMS
            + r"(?=\s*(?:[.,;!\n]|$|in (?:your|the)|anywhere|throughout|at all))"
        ),
        _bare_words,
    ),
    Wording(
        _pattern(
            rf"\b(?:word|keyword|phrase)s?\s+{_ITEMS}\s+(?:should|must|may|can|do|does)\s*(?:not|"
            rf"n['’]t)\s+"
            r"(?:appear|occur|be (?:used|included|mentioned|present)|show up)"
        ),
        _bare_words,
    ),
    Wording(
        _pattern(
            rf"\b(?:word|keyword|phrase)s?\s+(?P<word>{_ITEM})(?:\s+in your (?:response|answer|"
            rf"reply))?"
            r"(?:\s+(?:should|must|needs? to|has to|to|that|which))?"
            r"(?:\s+(?:appears?|appearing|occurs?|be (?:used|included|repeated|mentioned)|"
            r"shows? up|is used))?"
            rf"(?:\s+for)?\s+{ASKED}(?:\s+times?\b|\b(?=[\s.,;!)]|$))"
        ),
        _word_frequency,
        needs=("word", "phrase"),
    ),
    Wording(
        _pattern(
            rf"\b{_USES}\s+(?P<word>{QUOTED})(?:\s+in your (?:response|answer|"
            rf"reply))?(?:\s+for)?\s+{ASKED}\s+times?\b"
        ),
        _word_frequency,
    ),
    Wording(
        _pattern(
            rf"\bletter\s+(?P<letter>{QUOTED}|\w\b)(?:\s+in your (?:response|"
            rf"answer))?(?:\s+(?:should|must|needs? to))?"
            r"(?:\s+(?:appears?|appearing|occurs?|be used|shows? up|is used))?(?:\s+for)?"
            rf"\s+{ASKED}(?:\s+times?\b|(?=[\s.,;!)]|$))"
        ),
        _letter_frequency,
        needs=("letter",),
    ),
    Wording(
        _pattern(
            r"(?:\b(?:not|never|without|avoid)|n['’]t)\b\s*"
            rf"(?:\w+\s+){{0,2}}the\s+letter\s+(?P<letter>{QUOTED}|\w\b)"
            r"(?=\s*(?:[.,;!\n]|$|in|anywhere|at all|throughout))"
        ),
        _no_letter,
        needs=("letter",),
    ),
    Wording(
        _pattern(
            rf"{ASKED}\s+words?\s+(?:or phrases\s+)?(?:be\s+|written\s+|that are\s+)?(?:in|"
            rf"with)\s+(?:all\s+)?"
            r"(?:capital(?:s|\s+letters)?|caps|upper[\s-]?case)\b"
        ),
        _capital_words,
        needs=("capital", "caps", "upper"),
    ),
    Wording(
        _pattern(rf"{ASKED}\s+(?:such\s+)?(?:capitali[sz]ed|all-caps)\s+words?\b"),
        _capital_words,
        needs=("capital", "caps"),
    ),
    Wording(
        _pattern(
            r"\b(?:words?\s+(?:in|with)\s+(?:all\s+)?(?:capital(?:s|\s+letters)?|caps)|"
            r"all-caps words)"
            r"(?:\s*\([^()\n]{0,60}\))?(?:\s+(?:should|must))?(?:\s+(?:appear|be used|be|"
            r"occur))?(?:\s+used)?"
            rf"\s+{ASKED}(?:\s+times?\b|(?=[\s.,;!)]|$))"
        ),
        _capital_words,
        needs=("capital", "caps", "upper"),
    ),
    Wording(
        _pattern(
            rf"\b(?:begin|start)\s+(?:(?:your|the|with)\s+)?(?:entire |"
            rf"whole )?(?:\w+\s+)?(?:with|by saying|by writing)\s+"
            rf"(?:(?:the|this)\s+)?(?:exact\s+)?(?:(?:phrases?|words?|sentence|"
            rf"line)\s*:?\s+)?(?P<phrase>{QUOTED})"
        ),
        _begins,
    ),
    Wording(
        _pattern(
            r"\b(?:end|finish|conclude|close)\b[^.!?\n]{0,60}?\bwith\s+(?:(?:the|"
            r"this)\s+)?(?:(?:very\s+)?exact\s+)?"
            rf"(?:(?:phrase|words?|sentence|line|question)\s*(?:of)?\s*:?\s+)?(?P<phrase>{QUOTED})"
        ),
        _ends,
    ),
    Wording(
        _pattern(
            r"\b(?:end|finish|conclude)\b[^.!?\n]{0,60}?\bwith\s+(?:the|this)\s+"
            r"exact\s+(?:phrase|question|words|sentence)\s*:?\s+"
            rf"(?P<phrase>(?!of\b)[^\"“'‘{MASK}\n.!?]{{3,120}}[.!?]?)"
        ),
        _ends,
    ),
    Wording(
        _pattern(
            r"\b(?:first,?\s+|please\s+|just\s+|let['’]s\s+|"
            r"to\s+)repeat\s+(?:back\s+)?(?:(?P<quoted>" + QUOTED + r")|"
            r"(?:the|my|this|all)?\s*(?:entire |exact |whole |full |above |first )*"
            r"(?:request|prompt|question|sentence|text|line|instruction|message|paragraph)s?\b)"
        ),
        _repeat,
    ),
    Wording(
        _pattern(
            rf"\b(?:{_ORDINAL}\s+paragraph|paragraph\s+(?P<at>\d{{1,2}}))\s+(?:must|should|"
            rf"has to|needs to)?\s*(?:start|"
            rf"begin)s?\s+with\s+"
            rf"(?:the\s+)?(?:word\s+|phrase\s+)?(?P<word>{_ITEM})"
        ),
        _paragraph,
        needs=("paragraph",),
    ),
    Wording(
        _pattern(
            rf"\b(?:word|keyword|phrase)\s+(?P<word>{_ITEM})\s+in\s+(?:the|"
            rf"your)\s+{_ORDINAL}\s+sentence"
            r"(?!\s*,?\s*as)"
        ),
        _sentence,
        needs=("sentence",),
    ),
    Wording(
        _pattern(
            r"\b(?:one of the (?:following|options)|choose (?:one )?(?:from|"
            r"of)(?: the following)?)\b"
            r"(?:\s+(?:exact\s+)?(?:options?|phrases?|answers?|responses?|words?|labels?|"
            r"values?))?[ \t]*:[ \t]*"
            r"(?P<options>(?:\n[ \t]*[^\n]{1,80}){2,8}|[^.\n]{3,200})"
        ),
        _options,
    ),
    Wording(
        _pattern(rf"\banswer\s+(?:with\s+)?(?P<options>{QUOTED}(?:,?\s+or\s+{QUOTED}){{1,8}})"),
        _options,
    ),
    Wording(
        _pattern(rf"\bnot repeat any word more than (?P<n>{NUMBER}) times?\b"),
        _repeats_limited,
        needs=("repeat",),
    ),
    Wording(
        _pattern(
            r"\b(?:no|not a single|zero)\s+commas?\b|"
            r"(?:\b(?:without|avoid\w*|refrain\w* from|not|never|cannot|free of)|n['’]t)\s+"
            r"(?:\w+\s+){0,3}?(?:any\s+)?commas?\b|"
            r"\bcommas? (?:are|is) (?:not|n['’]t) allowed\b|\bsans virgules?\b|\bohne kommas?\b|"
            r"\bsin comas\b"
        ),
        _always(NoCommas()),
    ),
)
"""How words are asked for and forbidden."""
