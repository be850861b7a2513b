"""Finds what belongs to the machinery around an answer: chat markers, turns, placeholders."""

import re
from dataclasses import dataclass
from typing import Final

_MARKER: Final = re.compile(
    r"<\|(?:im_start|im_end|endoftext|eot_id|start_header_id|end_header_id|begin_of_text"
    r"|end_of_text|assistant|user|system|end|pad|eom_id|python_tag|endofprompt)\|>|</?s>"
    r"|\[/?INST\]|<</?SYS>>|<(?:start|end)_of_turn>|<(?:eos|bos|pad|unk|eom)>"
    r"|<｜[^｜\n]{1,40}｜>|</?(?:antml:)?(?:function_calls|function_results)>"
    r"|<(?:antml:)?invoke name=|(?m:^### (?:Instruction|Response|Input):[ \t]*$)"
)
_TURN: Final = re.compile(
    r"(?m)^(?:\*\*)?(?:Human|User|Assistant|System|H|A)(?:\*\*)?:(?:\*\*)?(?=[ \t\n])"
)
_FILL_IN: Final = re.compile(
    r"\{\{ ?[\w.#/ -]{1,60} ?\}\}|\$\{[A-Za-z_]\w{0,40}\}|%\([a-z_]{2,30}\)s|<%= ?[\w.]{1,40} ?%>"
    r"|\[(?:INSERT|ENTER|ADD|FILL|TODO|TBD|PLACEHOLDER|EINFÜGEN|INSÉRER|INSERTAR|INSERIR)\b"
    r"[^\]\n]{0,80}\]|\[(?i:insert|add|enter) [^\]\n]{2,80}\]|\blorem ipsum\b"
    r"|<(?:YOUR|INSERT|ENTER)[_A-Z -]{2,40}>"
)
_BLANK: Final = re.compile(
    r"\[(?:(?:your|customer|client|recipient|company|agent|sender|user|patient|employee|hiring"
    r" manager|manager|event|product|order|account|tracking|phone|e-?mail|street|city|date|time"
    r"|name|title|position|contact|address)(?:'s)?(?: [\w'/-]{1,20}){0,4})\]"
    r"|\[(?:(?:ihr|dein|name|firmen|kunden|datum)\w*(?: \w{1,20}){0,3})\]"
    r"|\[(?:(?:votre|nom|prénom|date|tu|su|nombre|fecha|seu|nome|data|il tuo|uw|naam)"
    r"(?: [\w' ]{1,30})?)\]",
    re.IGNORECASE,
)
TEMPLATE_WANTED: Final = re.compile(
    r"\b(?:template|placeholder|boilerplate|form letter|mail merge|fill[- ]in|skeleton|cookiecutter"
    r"|vorlage|platzhalter|muster|modèle|gabarit|plantilla|modelo|modello|sjabloon|jinja|mustache"
    r"|handlebars|vue|angular|liquid)\b|テンプレート|雛形|模板|范本",
    re.IGNORECASE,
)
"""What a prompt says that asks for something with blanks in it."""

DIALOGUE_WANTED: Final = re.compile(
    r"\b(?:dialog(?:ue)?s?|conversations?|scripts?|interviews?|transcripts?|role-?play|chat"
    r"|skit|scene"
    r"|q ?& ?a|few-shot|prompt|gespräch\w*|unterhaltung|conversación|diálogo|conversa|dialogo"
    r"|gesprek)\b|対話|会話|对话|對話",
    re.IGNORECASE,
)
"""What a prompt says that asks for a conversation in writing."""


@dataclass(frozen=True, slots=True)
class Marker:
    """A marker, the beginning of an invented turn, or a blank.

    Attributes:
        text: As written.
        start: Offset of its first character.
        end: One past its last.
    """

    text: str
    start: int
    end: int


def find_chat_markers(prose: str) -> list[Marker]:
    """Find tokens of chat templates; `<s>…</s>` around words is HTML's strike-through."""
    found = _find(_MARKER, prose)
    if any(marker.text == "<s>" for marker in found):
        found = [marker for marker in found if marker.text not in {"<s>", "</s>"}]
    return found


def find_invented_turns(prose: str) -> list[Marker]:
    """Find turns of a conversation that the answer goes on to invent: not on its first line."""
    lead = len(prose) - len(prose.lstrip())
    return [turn for turn in _find(_TURN, prose) if turn.start > lead]


def find_unfilled(prose: str) -> list[Marker]:
    """Find places that a program or a writer was to fill in: `{{name}}`, `[INSERT DATE]`."""
    return _find(_FILL_IN, prose)


def find_blanks(prose: str) -> list[Marker]:
    """Find blanks left for the reader: `[Your Name]`; links are none."""
    return [blank for blank in _find(_BLANK, prose) if prose[blank.end : blank.end + 1] != "("]


def _find(pattern: re.Pattern[str], text: str) -> list[Marker]:
    matches = zip(pattern.finditer(text), range(200), strict=False)
    return [Marker(match[0], match.start(), match.end()) for match, _ in matches]
