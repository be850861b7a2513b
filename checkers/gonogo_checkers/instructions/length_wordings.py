"""How prompts ask for amounts: the words that `length_instructions` is found by."""

import re
from collections.abc import Callable
from typing import Final

from gonogo_checkers.instructions.amount_scopes import Scope, scope_of
from gonogo_checkers.instructions.instruction import (
    NUMBER,
    QUOTED,
    Instruction,
    Mention,
    Wording,
    number_of,
)
from gonogo_checkers.instructions.length_instructions import (
    Amount,
    BulletCount,
    HeadingCount,
    HighlightCount,
    NumeralCount,
    ParagraphCount,
    PlaceholderCount,
    SectionCount,
    SentenceCount,
    UniqueWordCount,
    WordCount,
)
from gonogo_checkers.instructions.part_instructions import (
    ItemSentenceCount,
    ItemWordCount,
    WordsBesideTable,
)

_BEFORE: Final = (
    r"(?P<before>at least|no (?:fewer|less) than|not (?:fewer|less) than|(?:a )?minimum(?: of)?|"
    r"min\.?|"
    r"more than|over|greater than|longer than|"
    r"at most|no (?:more|longer) than|not (?:more|longer) than|(?:a )?maximum(?: of)?|max\.?|"
    r"up to|within|"
    r"(?:not|n['’]t) exceed(?:ing)?|anything longer than|"
    r"(?:limit(?:ed)?|keep|restrict\w*)(?: (?!to\b)[\w']+){0,6} to|"
    r"less than|fewer than|under|below|shorter than|exactly|precisely|only|just|"
    r"around|about|approximately|approx\.?|roughly|between|from|"
    r"höchstens|maximal|nicht mehr als|mindestens|genau|unter|weniger als|mehr als|etwa|"
    r"au maximum|maximum|pas plus de|au moins|exactement|moins de|environ|"
    r"como máximo|no más de|al menos|exactamente|menos de|máximo)?"
)
ASKED: Final = (
    rf"(?:\b{_BEFORE}\s+|(?P<about>~)\s?|(?<![\w.,]))(?P<n>{NUMBER})(?P<plus>\+)?"
    rf"(?:\s*(?:-|–|to|and|or|bis|oder|à|a|ou|y|o)\s*(?P<m>{NUMBER}))?"
    r"(?P<after> or (?:more|less|fewer))?"
)
_TRAILING: Final = (
    r"(?P<trailing>,?\s+(?:or (?:more|less|fewer)|max(?:imum)?|min(?:imum)?|at (?:most|least)|"
    r"maximum|au maximum|como máximo|o menos|ou moins|oder weniger))?"
)
_ADJECTIVES: Final = (
    r"[\s-]{1,2}(?:(?:very|really|short|brief|concise|clear|simple|complete|full|long|detailed|"
    r"different|distinct|separate|main|markdown|well-\w+|kurzen?|courtes?)[\s-]){0,2}"
)
_LEAST: Final = re.compile(
    r"at least|not? (?:fewer|less) than|(?:a )?min|mindestens|au moins|al menos", re.IGNORECASE
)
_MORE: Final = re.compile(r"more than|over|greater|longer than|mehr als", re.IGNORECASE)
_LESS: Final = re.compile(
    r"less than|fewer|under|below|shorter|unter|weniger|moins de|menos de", re.IGNORECASE
)
_MOST: Final = re.compile(
    r"at most|not? (?:more|longer) than|(?:a )?max|up to|within|not |n.t |anything|limit|keep|"
    r"restrict|"
    r"höchstens|nicht mehr|au maximum|pas plus|como máximo|no más|máximo",
    re.IGNORECASE,
)
_ABOUT: Final = re.compile(r"around|about|approx|roughly|etwa|environ", re.IGNORECASE)


def amount_of(mention: Mention, *, bare: str) -> Amount | None:
    """Return what an amount in a prompt allows.

    Args:
        mention: With the groups of `ASKED` and `_TRAILING`.
        bare: How to read a number that nothing qualifies: "exact", or "about" (a quarter either
            way), as people mean it of words.

    Returns:
        The amount, or None where the number cannot be read.
    """
    groups = mention.match.groupdict()
    number = number_of(groups["n"])
    if number is None:
        return None
    if groups["m"]:
        other = number_of(groups["m"])
        return None if other is None or other <= number else Amount(number, other)
    after = (groups["after"] or groups.get("trailing") or "").lower()
    if groups["plus"] or after.endswith(("more", "min", "minimum", "least")):
        return Amount(least=number)
    if after:
        return Amount(most=number)
    before = " ".join((groups["before"] or "").lower().split())
    return _qualified(before, number) or _unbounded(
        number,
        about=bool(groups["about"] or _ABOUT.match(before) or (not before and bare == "about")),
    )


def _qualified(before: str, number: int) -> Amount | None:
    if _LEAST.match(before):
        return Amount(least=number)
    if _MORE.match(before):
        return Amount(least=number + 1)
    if _LESS.match(before):
        return Amount(most=number - 1)
    return Amount(most=number) if _MOST.match(before) else None


def _unbounded(number: int, *, about: bool) -> Amount:
    if about and number > 10:
        return Amount(number * 3 // 4, -(-number * 5 // 4))
    return Amount(number, number)


def _wording(
    unit: str,
    make: Callable[[Amount], Instruction],
    *,
    needs: tuple[str, ...],
    bare: str = "exact",
    of_items: Callable[[Amount], Instruction] | None = None,
    beside_table: Callable[[Amount], Instruction] | None = None,
) -> Wording:
    """Return how a unit is asked for; amounts of parts that nothing judges are left out."""
    makers = {
        Scope.WHOLE: make,
        Scope.EACH_ITEM: of_items,
        Scope.BESIDE_TABLE: beside_table,
        Scope.SOME_PART: None,
    }

    is_marked = make not in {WordCount, SentenceCount, ParagraphCount}

    def build(mention: Mention) -> Instruction | None:
        chosen = makers[scope_of(mention, is_marked=is_marked)]
        amount = None if chosen is None else amount_of(mention, bare=bare)
        return None if chosen is None or amount is None else chosen(amount)

    pattern = re.compile(rf"{ASKED}{_ADJECTIVES}{unit}{_TRAILING}", re.IGNORECASE)
    return Wording(pattern, build, needs)


def _total_words(mention: Mention) -> Instruction | None:
    number = number_of(mention.match["n"])
    return None if number is None else WordCount(Amount(least=number))


def _sections(mention: Mention) -> Instruction | None:
    number = number_of(mention.match["n"])
    marker = re.match(r"[^\W\d_]+", mention.argument("marker"))
    if number is None or marker is None or not marker[0][0].isupper():
        return None
    unit = mention.match["unit"].lower().rstrip("s")
    if unit in {"day", "chapter"} and marker[0].lower() != unit:
        return None
    return SectionCount(Amount(least=number), marker[0])


def _listed(mention: Mention) -> Instruction | None:
    number = number_of(mention.match["n"])
    return None if number is None else BulletCount(Amount(number, number))


def _some_highlights(_mention: Mention) -> Instruction:
    return HighlightCount(Amount(least=1))


def _least(make: Callable[[Amount], Instruction]) -> Callable[[Amount], Instruction]:
    """Read a plain number as a minimum: more placeholders than asked for are no fault."""

    def build(amount: Amount) -> Instruction:
        return make(Amount(least=amount.least) if amount.least == amount.most else amount)

    return build


_MARKER: Final = rf"(?P<marker>{QUOTED}|(?-i:[A-Z])[A-Za-z]{{2,15}}\s+(?:X|\d|#|N)\b)"
_SECTION_MARKER: Final = (
    r"(?:(?:mark|not|start|begin|label|indicat|titl|nam|head|separat|denot|precede)\w*"
    r"[^.!?\n]{0,60}?(?:with|as|by|using)\s+(?:the\s+)?(?:word\s+)?|[(:]\s*)"
) + _MARKER

WORDINGS: Final = (
    _wording(
        r"(?:words?|wörtern?|worten?|mots|palabras|palavras|parole|woorden)\b",
        WordCount,
        needs=("word", "wört", "wort", "mots", "palav", "palab", "parole", "woorden"),
        bare="about",
        of_items=ItemWordCount,
        beside_table=WordsBesideTable,
    ),
    Wording(
        re.compile(
            rf"\bwords?\b[^.!?\n]{{0,40}}\bshould be (?P<n>{NUMBER}) or more\b", re.IGNORECASE
        ),
        _total_words,
    ),
    _wording(
        r"(?:sentences?|sätzen?|satz|phrases?(?= (?:maximum|au))|frases?|oraciones|zinnen|frasi)\b",
        SentenceCount,
        needs=("sentence", "satz", "sätz", "phrase", "frase", "oracion", "zinnen", "frasi"),
        of_items=ItemSentenceCount,
    ),
    _wording(
        r"(?:paragraphs?|stanzas?|absätzen?|absatz|paragraphes?|párrafos?|parágrafos?)\b",
        ParagraphCount,
        needs=("paragra", "stanza", "absätz", "absatz", "párraf", "parágraf"),
    ),
    _wording(
        r"(?:bullet(?:ed)?[ -]?points?|bullets|bulleted items|stichpunkten?|aufzählungspunkten?|"
        r"puces|viñetas)\b",
        BulletCount,
        needs=("bullet", "stichpunkt", "aufzählung", "puces", "viñetas"),
    ),
    _wording(r"(?:markdown )?(?:sub)?headings\b", HeadingCount, needs=("heading",)),
    _wording(r"placeholders?\b", _least(PlaceholderCount), needs=("placeholder",)),
    _wording(r"unique words\b", UniqueWordCount, needs=("unique",)),
    _wording(r"numbers in the (?:response|answer|reply)\b", NumeralCount, needs=("numbers in",)),
    _wording(
        r"(?:text |answer |response )?(?:sections?|parts?|phrases|words|places|passages)"
        r"(?= (?:[^.!?\n]{0,60}?)(?:highlight|italic|in markdown|with markdown|in bold))",
        _least(HighlightCount),
        needs=("highlight", "italic", "markdown", "bold"),
    ),
    _wording(
        r"(?:italic|bold|highlighted) (?:text )?(?:sections?|parts?|phrases)\b",
        _least(HighlightCount),
        needs=("italic", "bold", "highlight"),
    ),
    _wording(
        r"(?:sections|parts)(?=,? separated (?:using|by|with)[^.!?\n]{0,30}\*{3}(?!\*))",
        ParagraphCount,
        needs=("***",),
    ),
    Wording(
        re.compile(
            rf"\bexactly\s+(?P<n>{NUMBER})\s+(?:\w+\s+){{1,6}}.{{0,120}}?\bbullet points?\s+"
            r"(?:such as|that are indicated|indicated)",
            re.IGNORECASE | re.DOTALL,
        ),
        _listed,
    ),
    Wording(
        re.compile(
            r"\b(?:highlight|italici[sz]e|emphasi[sz]e)(?:/bold)?\s+(?:at least |exactly )?"
            rf"(?P<n>{NUMBER})\b",
            re.IGNORECASE,
        ),
        lambda mention: HighlightCount(Amount(least=number_of(mention.match["n"]))),
    ),
    Wording(
        re.compile(
            r"\b(?:highlight|italici[sz]e)\s+(?:some|the|a few|important|key|any|your|certain|"
            r"main)\b"
            r"[^\n]{0,90}\*",
            re.IGNORECASE,
        ),
        _some_highlights,
    ),
    Wording(
        re.compile(
            rf"(?P<n>\b{NUMBER})[\s-](?:\w+[\s-])?(?P<unit>sections?|parts?|days?|chapters?)\b"
            rf"(?:(?!\*\*\*).){{0,200}}?{_SECTION_MARKER}",
            re.IGNORECASE | re.DOTALL,
        ),
        _sections,
    ),
)
"""How amounts are asked for; a plain number of words allows a quarter either way."""
