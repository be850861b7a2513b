"""How prompts ask for a form: the words that `format_instructions` is found by."""

import re
from collections.abc import Callable
from typing import Final

from gonogo_checkers.instructions.format_instructions import (
    CodeOnly,
    DataFormat,
    HasPostscript,
    HasTitle,
    InCase,
    InLanguage,
    InQuotes,
    JsonOnly,
    ListOf,
    NoCode,
    NoMarkdown,
    NoWhiteSpace,
    Table,
    TitleCase,
    TwoParts,
    WordPerLine,
)
from gonogo_checkers.instructions.instruction import Instruction, Mention, Wording
from gonogo_checkers.reading.natural_language import LANGUAGE_NAMES

_ANSWER: Final = (
    r"(?:(?:your|the|this|my)\s+)?(?:entire |whole |full |complete |final )?"
    r"(?:response|answer|reply|output|text|message|result|letter|email|story|poem|song|essay|"
    r"article)"
)
_LANGUAGE: Final = "(?P<language>" + "|".join(sorted(LANGUAGE_NAMES, key=len, reverse=True)) + ")"
_LANGUAGE_ENDS: Final = (
    r"(?=\s*(?:$|[.,;:!?)\n]|language\b|only\b|and\b|but\b|with\b|using\b|about\b|for\b|"
    r"no other\b|please\b|"
    r"throughout\b|that\b|to (?:me|a|the|my)\b))"
)
_NATIVE_ENDS: Final = r"(?=\s*(?:$|[.,;:!?)\n]|\w+\s))"
_NATIVE: Final = ("auf ", "en ", "em ", "in ")
_SOME_WORDS: Final = re.compile(
    r"\b(?:words?|letters?|times|title|heading|name|some|keyword|first letter)\b[^.]{0,12}$",
    re.IGNORECASE,
)
"""What comes before a case that only some words are to have."""


def _case(*, upper: bool) -> Callable[[Mention], Instruction | None]:
    def build(mention: Mention) -> Instruction | None:
        before = mention.match.string[mention.sentence_start : mention.match.start()]
        return None if _SOME_WORDS.search(before) else InCase(upper)

    return build


_PARTS: Final = re.compile(
    r"\b(?:every|each|some|\d+(?:st|nd|rd|th)|first|second|last|title|names?|phrase|words?|"
    r"headline|titre|titel|título|mot|wort|palabra|commentaires?|kommentare?|comentarios?|messages?|"
    r"fehlermeldung(?:en)?|variables?)\b",
    re.IGNORECASE,
)


def _language(mention: Mention) -> Instruction | None:
    start, end = mention.sentence_start, mention.match.start("language")
    alone = "no other language" in mention.match.string[end : end + 60]
    if not alone and _PARTS.search(mention.match.string, start, end):
        return None
    return InLanguage(LANGUAGE_NAMES[mention.match["language"].lower()])


def _translation(mention: Mention) -> Instruction | None:
    end = mention.match.string.find("\n", mention.match.end())
    rest = mention.match.string[mention.match.end() : end if end >= 0 else None]
    if re.search(r"\b(?:explain|then|each|word|and)\b", rest[:200], re.IGNORECASE):
        return None
    return _language(mention)


def _postscript(mention: Mention) -> Instruction:
    marker = mention.match.groupdict().get("marker") or "PS"
    return HasPostscript(max(1, marker.lower().count("p")))


def _two_parts(mention: Mention) -> Instruction | None:
    start = mention.match.string.rfind("\n", 0, mention.match.start()) + 1
    asked = mention.match.string[start : mention.match.end()]
    return None if _MORE_THAN_TWO.search(asked) else TwoParts()


_MORE_THAN_TWO: Final = re.compile(
    r"\b(?:three|four|five|[3-9]|\d\d)\s+(?:\w+\s+)?(?:responses|answers|versions|parts|poems|"
    r"jokes)\b",
    re.IGNORECASE,
)


def _always(instruction: Instruction) -> Callable[[Mention], Instruction]:
    return lambda _mention: instruction


_MORE: Final = re.compile(
    r"[^.!?\n]{0,60}?(?:\bplus\b|\bfollowed by\b|(?:\band|,) (?:then|also)\b|"
    r"\b(?:and|with) (?:an?|one|two|three|your|some|the|explain|describe|summari[sz]e|list|tell|"
    r"below|after|under)\b(?!(?: same)? (?:keys?|fields?|structure|schema|following|format|"
    r"properties|top-level|root)))",
    re.IGNORECASE,
)
"""What follows "only JSON" where something beside it is asked for after all."""


def _alone(instruction: Instruction) -> Callable[[Mention], Instruction | None]:
    def build(mention: Mention) -> Instruction | None:
        more = _MORE.match(mention.match.string, mention.match.end())
        return None if more else instruction

    return build


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text, re.IGNORECASE)


WORDINGS: Final = (
    Wording(
        _pattern(
            rf"\b(?:{_ANSWER}|output|everything|it)\b[^.!?\n]{{0,40}}\b(?:in|as|using|"
            rf"to)\s+(?:a\s+)?"
            r"(?:valid\s+|pure\s+|raw\s+|strict\s+)?json\b(?!\s+(?:schema|file|string|path))|"
            r"\b(?:only|just|nothing but|solely)\s+(?:(?:a|the)\s+)?(?:valid\s+|raw\s+|"
            r"single\s+)?json\b|"
            r"\bjson\s+(?:object\s+|format\s+)?only\b|"
            r"\b(?:answer|respond|reply|response|return|use|please use|"
            r"format)\b[^.!?\n]{0,30}\bjson\s+format|"
            r"\b(?:wrap|respond|reply|answer|output|return)\b[^.!?\n]{0,50}\b(?:in|with|"
            r"as)\s+(?:(?:an?|one|the)\s+)?"
            r"(?:valid\s+|single\s+)?json\b(?!\s+(?:schema|file|string|path))|"
            r"\b(?:write|generate|create|give|provide|"
            r"produce)\b[^.!?\n]{0,80}\bin\s+(?:valid\s+)?json\b"
            r"(?!\s+(?:schema|file|string|path))|"
            r"\bnur\s+(?:mit\s+|als\s+)?(?:gültige[sm]?\s+)?json\b|\buniquement\s+(?:en\s+|"
            r"du\s+)?json\b"
        ),
        _alone(JsonOnly()),
    ),
    Wording(
        _pattern(
            r"\b(?:in|as|into|using|create|make|give me|provide|produce|generate|output)\s+"
            r"(?:(?:a|an|the)\s+)(?:(?:markdown|comparison|simple|html|single|small|"
            r"nice)\s+){0,2}table\b"
            r"(?!\s*(?:of contents|lamp|cloth|tennis|name|schema|called|named|in (?:the|my|"
            r"a) (?:db|database)))|"
            r"\b(?:in table format|in tabular form(?:at)?|als tabelle|in einer tabelle|"
            r"sous forme de tableau|"
            r"en una tabla|en forma de tabla)\b"
        ),
        _always(Table()),
    ),
    Wording(
        _pattern(r"\b(?:as|in|using|with|use|give me|create|make)\s+(?:a\s+)?numbered[\s-]list\b"),
        _always(ListOf(numbered=True)),
    ),
    Wording(
        _pattern(
            r"\b(?:as|in|using|use)\s+(?:a\s+)?(?:bullet(?:ed)?(?:[\s-]point)?[\s-]list|"
            r"bullet[\s-]points?|bullets)\b|"
            r"\bals (?:stichpunkte|aufzählung)\b|\ben (?:viñetas|puces)\b"
        ),
        _always(ListOf(numbered=False)),
    ),
    Wording(
        _pattern(
            r"\b(?:answer|respond|reply|response|output|return|generate|give|provide|format|"
            r"write|create)\b"
            r"[^.!?\n]{0,60}?\b(?:in|as|only|valid)\s+(?:an?\s+)?(?:valid\s+)?(?P<format>yaml|"
            r"csv|xml)\b"
            r"(?!\s*(?:file|parser|schema|reader|library|module|column|path|upload|export|import))"
        ),
        lambda mention: DataFormat(mention.match["format"].upper()),
    ),
    Wording(
        _pattern(
            r"\b(?:only|just)\s+(?:return|output|give|provide|write|respond with|reply with|show|"
            r"include)?\s*(?:me\s+)?"
            r"(?:the\s+)?(?:\w+\s+)?code\b(?!\s*(?:block|that|review|which))|\bcode only\b|"
            r"\b(?:no|without(?: any)?|do not (?:include|give|add|provide|write)(?: any)?|don['’]t "
            r"(?:include|give|add|provide|"
            r"write)(?: any)?)\s+(?:additional\s+)?explanations?\b[^.!?\n]{0,20}"
            r"\b(?:just|only)\b[^.!?\n]{0,20}\bcode\b"
        ),
        _alone(CodeOnly()),
    ),
    Wording(
        _pattern(
            r"\b(?:do not|don['’]t|without|never|avoid)\s+(?:include|including|write|writing|use|"
            r"using|show|"
            r"showing|give|giving|provide|providing|"
            r"any)?\s*(?:me\s+)?(?:any\s+)?code(?:\s+(?:snippets?|blocks?|"
            r"examples?))?(?=\s*(?:[.,;!\n]|$|in|at|or))|"
            r"\bno code\b(?!\s*(?:of|changes|fences?|blocks?))"
        ),
        _always(NoCode()),
        needs=("code",),
    ),
    Wording(
        _pattern(r"\b(?:no|without(?: an?| any)?) (?:code |markdown )?(?:fences?|code blocks?)\b"),
        _always(NoCode(fences_only=True)),
    ),
    Wording(
        _pattern(
            r"\b(?:no|without(?: any)?|do not use(?: any)?|don['’]t use(?: any)?|avoid|"
            r"never use)\s+markdown\b|"
            r"\b(?:in|as|use|using|output|return)\s+(?:only\s+)?plain\s+text\b|\bplain text only\b|"
            r"\bkein markdown\b|\bsans markdown\b|\bsin markdown\b"
        ),
        _always(NoMarkdown()),
    ),
    Wording(
        _pattern(
            r"\b(?:answer|respond|reply|write|compose|create|generate|explain|give|provide|"
            r"rewrite|tell|say|"
            rf"make|{_ANSWER}|entirely|completely|only|fully|solely|it['’]?s?|allowed|"
            rf"summari[sz]e)\b"
            rf"[^.!?\n\"“]{{0,90}}?\bin\s+(?:the\s+|only\s+|"
            rf"only the\s+)?{_LANGUAGE}{_LANGUAGE_ENDS}"
        ),
        _language,
    ),
    Wording(
        _pattern(
            rf"\b(?:use|using)\s+(?:only\s+)?(?:the\s+)?{_LANGUAGE}(?=\s+(?:language|only|"
            rf"in (?:your|the)))"
        ),
        _language,
    ),
    Wording(
        _pattern(rf"\b(?:use|using)\s+only\s+(?:the\s+)?{_LANGUAGE}{_LANGUAGE_ENDS}"), _language
    ),
    Wording(
        _pattern(
            rf"\b(?:antworte|schreib\w*|erkläre?|fasse|formuliere|réponds|répondez|répondre|"
            rf"rédige\w*|écri\w*|résume\w*|explique\w*|responde|respond[ae]r?|escrib\w*|"
            rf"explica|explique|resume|responda|escreva|resuma|rispondi|scrivi|riassumi|antwoord|"
            rf"schrijf)\b[^.!?\n\"“]{{0,60}}?\b(?:auf|en|em|in|in het)\s+{_LANGUAGE}"
            rf"{_NATIVE_ENDS}"
        ),
        _language,
        needs=_NATIVE,
    ),
    Wording(
        _pattern(
            rf"(?:^|(?<=[.!?] )|(?<=\n)|[,;:(–—]\s*|"
            rf"\b(?:bitte|merci|por favor|per favore|please)\s+|(?:et|und|y|e)\s+)"
            rf"(?:auf|en|em|in|in het)\s+{_LANGUAGE}(?:,?\s+(?:bitte|please|s['’]il "
            rf"(?:vous|te) pla[iî]t|svp|stp|por favor|per favore|alstublieft|graag)\b|"
            rf"(?=\s*(?:[.,;:!?)\n]|$)|\s+(?:und|et|y|e|bitte)\b))"
        ),
        _language,
        needs=_NATIVE,
    ),
    Wording(
        _pattern(rf"\btranslate\b[^.!?\n]{{0,80}}?\b(?:to|into)\s+{_LANGUAGE}\b"), _translation
    ),
    Wording(
        _pattern(
            r"\b(?:in|use|using|with|only)\s+(?:only\s+|"
            r"english(?:,)? and\s+)?(?:in\s+)?(?:all[\s-]?)?lower[\s-]?case\b|"
            r"\ball (?:in )?lower[\s-]?case\b|\bno capital letters\b|"
            r"\bnot a single letter\b[^.!?\n]{0,40}\bcapitali[sz]ed\b|"
            r"\ball (?:of )?(?:the |your )?letters (?:are|be|should be|"
            r"must be) (?:in )?lower[\s-]?case\b|"
            r""
            r"\bwithout (?:any )?capital letters\b|"
            r"\bin kleinbuchstaben\b|\ben minuscules\b|\ben minúsculas\b"
        ),
        _case(upper=False),
    ),
    Wording(
        _pattern(
            r"\b(?:in|use|using|with|"
            r"english,)\s+(?:only\s+)?(?:english(?:,)? and (?:in )?)?(?:all|only|entirely|"
            r"full)[\s-]"
            r"(?:caps|capital(?:s| letters)?(?! words)|capitalized|upper[\s-]?case)\b|"
            r"\bcapitali[sz]e (?:all|every)(?: of)?(?: your| the)? (?:words?|letters?)\b|"
            r"\bin (?:upper[\s-]?case|capital letters|capitals|großbuchstaben|majuscules|"
            r"mayúsculas)\b"
        ),
        _case(upper=True),
    ),
    Wording(_pattern(r"\bin title case\b"), _always(TitleCase()), needs=("title case",)),
    Wording(
        _pattern(
            rf"\b(?:wrap|enclose|put|surround|place)\w*\s+(?:{_ANSWER}|everything|it all)\b"
            r"[^.!?\n]{0,80}?\b(?:in|with|inside|within)\s+(?:a pair of\s+)?double[\s-]quot\w*|"
            r"\bput\s+double[\s-]quot\w*(?: marks)?\s+around\b[^.!?\n]{0,20}\b(?:entire|whole|"
            r"response)|"
            r"\bdouble[\s-]quot\w*(?: marks)?\s+(?:should be placed\s+|"
            r"must be\s+)?around\b[^.!?\n]{0,20}\b(?:entire|whole|response|"
            r"answer|reply|output)|"
            rf"\b{_ANSWER}\b[^.!?\n]{{0,40}}\b(?:wrapped|enclosed|surrounded|contained)\s+(?:in|"
            rf"with|inside|within|by)\s+"
            r"(?:double\s+)?quot\w+"
        ),
        _always(InQuotes()),
    ),
    Wording(
        _pattern(r"\bdouble[\s-]angular[\s-]brackets?|<<\s*[^<>\n]{1,80}\s*>>"),
        _always(HasTitle()),
    ),
    Wording(
        _pattern(
            r"\bpost[\s-]?script\b(?:[^.!?\n]{0,60}?\b(?:with|as|marked|by|using)\s+[\"'“]?"
            r"(?P<marker>(?:p\.?\s?){1,3}s\b\.?))?"
        ),
        _postscript,
    ),
    Wording(
        _pattern(
            r"(?:\b(?:two|2|them|both|responses|versions|essay|answers|jokes|poems)\b[^\n*]{0,140}?"
            r"(?:separat\w*|between|follow\w*|divid\w*)|"
            r"\bseparat\w*)(?:[^*]|\*(?!\*{5})){0,320}?\*{6,7}(?!\*)"
        ),
        _two_parts,
        needs=("******",),
        reach=600,
    ),
    Wording(
        _pattern(
            r"\b(?:not contain|without|no|not (?:use|include))\s+any\s+white\s?space\b|"
            r"\bno whitespace\b"
        ),
        _always(NoWhiteSpace()),
    ),
    Wording(
        _pattern(r"\beach word (?:on|in) (?:a|its own|a separate) (?:new )?line\b"),
        _always(WordPerLine()),
    ),
)
"""How forms are asked for."""
