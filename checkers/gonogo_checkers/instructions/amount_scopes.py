"""Tells what an amount that a prompt asks for is an amount of: the whole answer, or a part of it.

"At most 80 words" is a limit on the answer only where nothing says that it is one on a bullet, on
what follows a table, on the first paragraph, on a field. Parts that an answer shows plainly (the
items of a list, what stands beside a table) are named, so that they can be judged; of all others
it is only known that they are parts.
"""

import re
from enum import Enum, auto
from typing import Final

from gonogo_checkers.instructions.instruction import MASK, NUMBER, Mention


class Scope(Enum):
    """What an amount is one of."""

    WHOLE = auto()
    EACH_ITEM = auto()
    BESIDE_TABLE = auto()
    SOME_PART = auto()


_ITEM: Final = (
    r"(?:\w+\s+)?(?:bullets?|points?|items?|entry|stichpunkte?|punkte?|puces?|viñetas?)\b"
)
_EACH: Final = r"(?:each|every|per|jede[rnms]?|pro|chaque|par|cada|por)"
_OPENS_WITH_ITEM: Final = re.compile(
    rf"\W*(?:\d+[.)]\s*)?(?:for\s+|in\s+)?{_EACH}\s+{_ITEM}", re.IGNORECASE
)
_ITEM_BEFORE: Final = re.compile(rf"\b{_EACH}\s+{_ITEM}[^,;:]{{0,60}}$", re.IGNORECASE)
_ITEM_FOLLOWS: Final = re.compile(
    rf",?\s*(?:long\s+)?(?:(?:for|to|in|on)\s+)?(?:{_EACH}|an?)\s+{_ITEM}", re.IGNORECASE
)
_TABLE: Final = re.compile(r"\b(?:table|tabelle|tableau|tabla)\b", re.IGNORECASE)
_TABLE_FOLLOWS: Final = re.compile(
    r"(?:\s+(?:of|in)(?:\s+\w+){1,3})?,?\s*(?:(?:and\s+)?then|followed by|and)\s+(?:an?|the)\s+"
    r"(?:\w+\s+)?table\b",
    re.IGNORECASE,
)
_AFTERWARDS: Final = re.compile(
    r"^\W*(?:\d+[.)]\s*)?(?:then|after that|afterwards|finally|(?:under|below|after) (?:it|the "
    r"table|that)|dann|danach|puis|ensuite|luego|después)\b|\b(?:and then|, then|followed by)\b",
    re.IGNORECASE,
)
_WHOLE_NAMED: Final = (
    r"(?:entire|whole|your|the|deine|votre|tu) (?:\w+ )?(?:response|answer|output|reply|antwort|"
    r"réponse|respuesta)"
)
_OPENS_PART: Final = re.compile(
    r"^\W*(?:\d+[.)]\s*)?(?:then|first|firstly|second|secondly|third|thirdly|next|after that|"
    r"afterwards|finally|lastly|start|begin|open|lead|end|close|finish|conclude|at the (?:end|"
    r"start|beginning|top|bottom)|under|below|above|each|every|for (?:each|every)|per|zuerst|dann|"
    r"danach|puis|ensuite|d['’]abord|luego|después|primero)\b",
    re.IGNORECASE,
)
_PART_BEFORE: Final = re.compile(
    r"\b(?:then|(?:start|begin|open|lead|end|clos|finish|conclud)(?:s|e|ing)? (?:it )?with|"
    r"follow(?:ed)? (?:it )?(?:by|with)|plus|preceded by|as well as|jeweils|je|zusätzlich)\b"
    r"[^.;!?\n]{0,40}$",
    re.IGNORECASE,
)
_NOT_WHOLE: Final = re.compile(
    r"\b(?:each(?!,? separated)|every|per|"
    r"(?:first|second|third|fourth|last|final|opening|closing|next) "
    r"(?:\w+ )?(?:sentence|paragraph|section|part|line|bullet)|title|subject|headline|heading|"
    r"introduction|intro|conclusion|caption|footnote|abstract|jede[rnms]?|chaque|cada)\b"
    rf"(?:(?!\b{_WHOLE_NAMED}\b)[^;,])*$",
    re.IGNORECASE,
)
_DENIED: Final = re.compile(
    r"(?:\bnot|n['’]t|\bnever)\s+(?!(?:more|less|fewer|longer|exceed)\b)(?:\w+\s+){0,3}$",
    re.IGNORECASE,
)
_ADDED: Final = re.compile(
    r"\b(?:add|append|attach|includ\w+|plus|and|with)\s+an?\s+(?:\w+\s+)?$", re.IGNORECASE
)
_FOLLOWED_BY_PART: Final = re.compile(
    r"\s*(?:an?\s+\w|each\b(?!,? separated)|apiece|per\b|(?:for|to|on|in) each|"
    r"(?:be|are|is|from|starting|beginning|ending|containing|or phrases|"
    r"(?:that|which) (?:are|start|begin|end|rhyme|describe))\b|"
    r"(?:in|for) (?:chats?|e-?mails?|mails|sms|letters)\b|jeweils|"
    r"in (?:all )?(?:cap|upper|bold|italic)|with all cap)",
    re.IGNORECASE,
)
_MORE_FOLLOWS: Final = re.compile(
    r"[^.;!?\n]{0,160}?\b(?:plus|followed by|(?:and|,) ?then|and (?:list|give|explain|describe|"
    r"tell|provide an?|show|state|(?:also )?an?(?: \w+)? (?:table|list|diagram|headline|title)|"
    rf"{NUMBER} (?:\w+ )?(?:bullets?|(?:bullet )?points|takeaways|questions|examples|keywords|"
    r"hashtags)))\b|"
    rf"\s*,\s*(?:and\s+)?(?:an?|{NUMBER})\s+(?:\w+\s+){{0,2}}(?:list|table|lines?|paragraphs?|"
    r"sentences?|bullets?|titles?|headings?|headline|sections?|summary|questions?|quotes?)\b",
    re.IGNORECASE,
)
_GIVEN: Final = re.compile(
    r"\b(?:from|following|these|those|given|above|below|example|are|(?:use|using) the)\s+"
    r"(?:the\s+)?$",
    re.IGNORECASE,
)
"""What comes before an amount of something that is there already."""
_ALTERNATIVE: Final = re.compile(rf"\s*or\s+{NUMBER}\b", re.IGNORECASE)
_ANSWER_FOLLOWS: Final = re.compile(
    r"\s*(?:answer|reply|response|label|summary|only|[.,;!\n]|$)", re.IGNORECASE
)
_FIELD: Final = re.compile(
    rf"[ \t]*(?:[-*•]|\d+[.)])[ \t]*(?:\*\*)?[\"“`']?(?P<label>[\w{MASK}][\w{MASK} ]{{0,40}}?)"
    r"[\"”`']?(?:\*\*)?[ \t]*[:=–—(]"
)
_LISTED_PIECE: Final = re.compile(
    rf"[ \t]*(?:[-*•]|\d+[.)])[ \t]*(?:an?|the|{NUMBER})\s+\w+(?:\s+\w+)*[,:(–—]", re.IGNORECASE
)
_WHOLE_LABEL: Final = re.compile(
    r"length|words?|limit|format|style|size|constraint|requirement|rule|response|answer|output|"
    r"reply|task|instruction|form|structure|note|important|tone|count|länge|longueur|longitud",
    re.IGNORECASE,
)
_OF_SOME_THING: Final = re.compile(
    r"\s*(?:(?:on|about|for|explaining|describing)\s|(?:that|which)\s)", re.IGNORECASE
)
_OWN_TASK: Final = re.compile(
    r"\b(?:explain|summari[sz]e|describe|correct|justify|state|tell|say|assess|recommend)\b",
    re.IGNORECASE,
)
_OTHER_TASK: Final = re.compile(
    r"(?:^|[.!?:]\s+|\n\s*(?:[-*•]|\d+[.)])?\s*)(?:please\s+|also\s+|(?:can|could) you\s+)?"
    r"(?:give|list|explain|describe|compare|name|tell|show|fix|change|correct|translate|extract|"
    r"find|calculate|check|review|refactor|convert|judge|decide)\b|"
    r"\b(?:what|which|why|how|who|when|where|is|are|does|do|can)\b[^.?!\n]{3,200}\?",
    re.IGNORECASE,
)


def scope_of(mention: Mention, *, is_marked: bool) -> Scope:
    """Return what the amount of a mention is one of.

    Args:
        mention: Its match has the group `n` for the number.
        is_marked: True for what is counted by marks of its own, such as bullets: other parts of
            the answer add none, so that the amount is one of the whole all the same.
    """
    text = mention.match.string
    before = text[mention.sentence_start : mention.match.start("n")]
    after = text[mention.match.end() : mention.match.end() + 200]
    if _is_of_each_item(before, after):
        return Scope.EACH_ITEM
    if _TABLE_FOLLOWS.match(after) or _comes_after_table(mention, before):
        return Scope.BESIDE_TABLE
    if _is_part(mention, before, after):
        return Scope.SOME_PART
    shares = _MORE_FOLLOWS.match(after) or _is_of_another_task(mention, before, after)
    return Scope.SOME_PART if shares and not is_marked else Scope.WHOLE


def _is_of_each_item(before: str, after: str) -> bool:
    return (
        _OPENS_WITH_ITEM.match(before) is not None
        or _ITEM_BEFORE.search(before) is not None
        or _ITEM_FOLLOWS.match(after) is not None
    )


def _comes_after_table(mention: Mention, before: str) -> bool:
    start = mention.sentence_start
    return (
        _AFTERWARDS.search(before) is not None
        and _TABLE.search(mention.match.string, max(0, start - 400), start + len(before))
        is not None
    )


def _is_part(mention: Mention, before: str, after: str) -> bool:
    if _ALTERNATIVE.match(after) or re.search(r"\bor\s+$", before, re.IGNORECASE):
        return True
    if _GIVEN.search(before) or _DENIED.search(before):
        return True
    if mention.match[0].lower().endswith(("one-word", "single-word", "one word", "single word")):
        return _ANSWER_FOLLOWS.match(after) is None
    opens = _OPENS_PART.match(before) is not None and re.search(_WHOLE_NAMED, before, re.I) is None
    return (
        opens
        or any(pattern.search(before) for pattern in (_PART_BEFORE, _NOT_WHOLE))
        or ("-" in mention.match[0] and _ADDED.search(before) is not None)
        or _FOLLOWED_BY_PART.match(after) is not None
        or _is_in_field(mention)
        or _has_another_amount(mention, before, after)
    )


def _is_in_field(mention: Mention) -> bool:
    """Tell whether the amount describes one field of several: `- summary: at most 20 words`."""
    text = mention.match.string
    start = text.rfind("\n", 0, mention.match.start("n")) + 1
    line = text[start : mention.match.start("n")]
    field = _FIELD.match(line)
    labelled = field is not None and _WHOLE_LABEL.search(field["label"]) is None
    if labelled or _LISTED_PIECE.match(line):
        return True
    return re.search(r"[\"”]\s*:[^.\n]{0,60}$", line) is not None


def _has_another_amount(mention: Mention, before: str, after: str) -> bool:
    """Tell whether its sentence gives two amounts of one unit: each is one of a part."""
    unit = mention.match[0].split()[-1].split("-")[-1].rstrip("s")
    sentence_end = re.search(r"[.!?\n]", after)
    rest = after[: sentence_end.start()] if sentence_end else after
    other = rf"\b{NUMBER}[\s-](?:\w+[\s-])?{re.escape(unit)}s?\b"
    return (
        re.search(rf"{other}.{{25}}", before, re.IGNORECASE | re.DOTALL) is not None
        or re.search(rf".{{25}}{other}", rest, re.IGNORECASE | re.DOTALL) is not None
    )


def _is_of_another_task(mention: Mention, before: str, after: str) -> bool:
    """Tell whether the prompt has several tasks, of which one has the amount."""
    of_some_thing = _OF_SOME_THING.match(after) is not None
    if not of_some_thing and _OWN_TASK.search(before) is None:
        return False
    text = mention.match.string
    sentence_end = re.search(r"[.!?\n]", after)
    end = mention.match.end() + (sentence_end.end() if sentence_end else len(after))
    elsewhere = (text[: mention.sentence_start], text[end:])
    return any(_OTHER_TASK.search(part) for part in elsewhere)
