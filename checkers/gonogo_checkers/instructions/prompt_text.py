"""Splits a prompt into the sentences that may instruct, and masks what is quoted in it.

Precision comes first: an instruction inside a pasted document, a quotation, code, an example or a
condition is not one to the model. What is masked is written over with `MASK`, character by
character, so that places stay and an instruction's quoted argument can be read from the original.
"""

import re
from typing import Final

from gonogo_checkers.instructions.instruction import MASK

LOOKED_AT: Final = 30_000
"""What is read of a prompt, in characters."""
_FENCED: Final = re.compile(r"^[ \t]*(```|~~~)[^\n]*\n.*?(?:^[ \t]*\1[ \t]*$|\Z)", re.DOTALL | re.M)
_DELIMITED: Final = re.compile(r'("""|\'\'\'|^-{4,}$|^={4,}$).*?\1', re.DOTALL | re.MULTILINE)
_TAG: Final = re.compile(r"<([a-zA-Z][\w-]{0,40})(?:\s[^<>\n]{0,200})?>")
_INSTRUCTING_TAG: Final = re.compile(
    r"instruct|task|format|rule|guideline|requirement|constraint|output|style|tone|prompt|system|"
    r"(?:b|i|em|strong|title|name)$",
    re.IGNORECASE,
)
_LONG_QUOTE: Final = re.compile(
    r'(?:(?<=[\s(:])|^)["“]([^"“”]{60,}?)["”](?=[\s.,;:!?)]|$)', re.DOTALL
)
_QUOTE: Final = re.compile(r"[\"“”„]([^\"“”„\n]{1,300})[\"“”]|«([^«»\n]{1,300})»|`([^`\n]{1,300})`")
_SINGLE_QUOTE: Final = re.compile(r"(?<![\w])['‘]([^'‘’\n]{1,80})['’](?!\w)")
_BLOCK_LINE: Final = re.compile(r"^[ \t]*>[^\n]*$", re.MULTILINE)
_EXAMPLE_LINE: Final = re.compile(
    r"^[ \t]*(?:#+ *)?(?:\*\*)?(?:examples?(?: \d+| input| output)?|input|output|q|a|question|"
    r"answer|"
    r"user|assistant|human|customer|agent|beispiel|exemple|ejemplo)(?: ?\d+)?(?:\*\*)?[ \t]*:"
    r".*?(?=\n[ \t]*\n|\Z)",
    re.DOTALL | re.IGNORECASE | re.MULTILINE,
)
_DOCUMENT_LABEL: Final = re.compile(
    r"(?:^|(?<=[.!?:] ))[ \t]*(?:#+ *)?(?:\*\*)?(?:(?:the |here is the |here's the |reference |"
    r"source |"
    r"original |following |input |my )*(?:text|article|document|passage|email|e-mail|transcript|"
    r"essay|story|paragraph|letter|contract|review|message|conversation|context|notes|report|"
    r"content))"
    r"(?: below| follows| above)?(?:\*\*)?[ \t]*:(?!\w)",
    re.IGNORECASE | re.MULTILINE,
)
_SENTENCE_END: Final = re.compile(
    r"(?<!\b[ie]\.[eg]\.)(?<![A-Z]\.[A-Z]\.)(?<=[.!?。！？])[\"”')\]]*\s+|\n+"
)
_DIRECTIVE: Final = re.compile(
    r"\b(?:please|must|should|shall|ensure|make sure|be sure|need|want|require\w*|like|let's|"
    r"response|answer|reply|respond|output|return|write|rewrite|use|using|give|provide|include|"
    r"contain\w*|"
    r"compare|exclud\w*|omit|allowed|forbidden|keep|limit\w*|list|create|generate|compose|draft|"
    r"summari[sz]e|explain|"
    r"describe|put|add|"
    r"start|begin|"
    r"end|finish|conclude|wrap|enclose|highlight|italici[sz]e|format|produce|present|separate\w*|"
    r"avoid|"
    r"don['’]?t|do not|never|always|no|refrain|translate|repeat|mention|have|say|only|can you|"
    r"could you|"
    r"plan|design|convert|expand|complete|name|choose|tell|make|elaborate|show|print|mark|take|"
    r"state|"
    r"antworte\w*|schreib\w*|verwende\w*|nutze|fasse|erkläre|gib|bitte|höchstens|mindestens|"
    r"réponds|répondez|écri\w*|rédige\w*|utilise\w*|résume\w*|donne\w*|maximum|minimum|"
    r"at most|each (?:bullet|point|item)|(?:length|limit|format|länge|longueur)(?=\s*:)|"
    r"responde|respond[ae]|escrib\w*|usa|resume|máximo|mínimo|escreva|use|scrivi|rispondi|nenne|"
    r"liste|auf deutsch|en français|en español)(?!\w)",
    re.IGNORECASE,
)
_CONDITION: Final = re.compile(
    r"^\W*(?:\d+[.)]\s*)?(?:[-*]\s*)?(?:if|when|whenever|unless|in case|where|wenn|falls|si|se|"
    r"quand)\b|"
    r"\b(?:if (?:the|you|a|an|there|it|they|any|asked|no|someone|possible)|unless|only (?:if|when)|"
    r"whenever|when (?:the user|asked|you are|you're|a user|users|responding|a customer|"
    r"the customer))\b",
    re.IGNORECASE,
)
_NOT_ASKED: Final = re.compile(
    r"\b(?:(?:don['’]?t|do not|doesn['’]?t|does not|not) (?:have|need) to|no need|not (?:required|"
    r"necessary|necessarily)|needn['’]?t|feel free|optional\w*|ideally|preferabl[ey]|try to|"
    r"you (?:may(?! not)|can(?! ?not|['’]t)|could)|it['’]?s (?:ok|okay|fine)|"
    r"i (?:wrote|have written|have to write|had|was|read|did|got|need to write|must write)|"
    r"my (?:essay|article|teacher|professor|boss|homework|assignment|paper|thesis|story|"
    r"cover letter) "
    r"(?:is|was|has|must|should|says|said|asked|wants|needs))\b",
    re.IGNORECASE,
)
_QUESTION: Final = re.compile(
    r"^\W*(?:why|is|are|does|did|do you|was|were|has|have you|had|how|what|where|which|who|whose|"
    r"should i|do i|can i|am i)\b[^?]*\?",
    re.IGNORECASE,
)
_OPENER: Final = re.compile(
    r"\s*(?:your|the (?:response|answer|output|summary|reply)|in your|do not|don['’]t|please|use|"
    r"write|"
    r"answer|respond|reply|make|include|keep|limit|return|output|give|highlight|wrap|end|start|"
    r"first|"
    r"finish|summari[sz]e|translate|ensure|add|format|provide|avoid|mention|repeat|now|then)\b",
    re.IGNORECASE,
)


_CASE: Final = re.compile(
    r"^\W*for (?!(?:each|every|all|any)\b)[^,\n]{2,60},|"
    r"\b(?:if|when|whenever|unless|except|until|while|depending|otherwise|by default|asked|"
    r"requested|asks|wants|prefers)\b|"
    r"\b(?:follow|hono(?:u)?r|respect|obey|keep to|stick to|comply with|observe)\b[^.\n]{0,40}"
    r"\b(?:requests?|user|customer|developer|asked|limits?|formats?)\b|"
    r"\bonly (?:for|if|when|where|in)\b",
    re.IGNORECASE,
)
"""In a system prompt, what may arise and what is to be done then."""
_DEFAULT: Final = re.compile(
    r"\bwithout (?:an?|any) (?:\w+ )?(?:limit|length|instruction)\b", re.IGNORECASE
)


def mask_prompt(prompt: str) -> str:
    """Return the prompt, of the same length, with all that is not said to the model masked.

    The first 30,000 characters are looked at; what follows is cut off.
    """
    masked = prompt[:LOOKED_AT]
    for pattern in (_FENCED, _DELIMITED, _EXAMPLE_LINE, _BLOCK_LINE):
        masked = pattern.sub(lambda match: _blank(match[0]), masked)
    masked = _mask_tagged(masked)
    masked = _mask_labelled(masked)
    masked = _LONG_QUOTE.sub(_mask_inside, masked)
    masked = _QUOTE.sub(_mask_inside, masked)
    return _SINGLE_QUOTE.sub(_mask_inside, masked)


def sentence_starts(masked: str) -> list[int]:
    """Return the offsets at which the sentences of a masked prompt begin; the first is 0."""
    return [
        0,
        *(match.end() for match in _SENTENCE_END.finditer(masked) if match.end() < len(masked)),
    ]


def instructs(sentence: str, *, of_system: bool = False) -> bool:
    """Tell whether a masked sentence asks the model for something, unconditionally.

    Args:
        sentence: A sentence of a masked prompt.
        of_system: True for one of a system prompt, where more is said of cases that may arise.
    """
    return (
        _DIRECTIVE.search(sentence) is not None
        and _CONDITION.search(sentence) is None
        and _NOT_ASKED.search(sentence) is None
        and _QUESTION.search(sentence) is None
        and not (of_system and _CASE.search(sentence) is not None)
    )


def is_default(sentence: str) -> bool:
    """Tell whether a sentence says what holds where the user asks for nothing else."""
    return _DEFAULT.search(sentence) is not None


def _blank(text: str) -> str:
    return re.sub(r"[^\n]", MASK, text)


def _mask_tagged(text: str) -> str:
    """Mask what stands between a tag and its end tag, but for tags that name instructions."""
    pieces = []
    position = 0
    for match in _TAG.finditer(text):
        start = match.end()
        if start < position or _INSTRUCTING_TAG.match(match[1]):
            continue
        end = text.find(f"</{match[1]}>", start)
        if end >= 0:
            pieces += [text[position:start], _blank(text[start:end])]
            position = end
    return "".join([*pieces, text[position:]])


def _mask_inside(match: re.Match[str]) -> str:
    return match[0][0] + _blank(match[0][1:-1]) + match[0][-1]


def _mask_labelled(text: str) -> str:
    """Mask what follows `Text:` and its like, but a last short paragraph that instructs again."""
    label = _DOCUMENT_LABEL.search(text)
    if label is None:
        return text
    start, end = label.end(), len(text)
    last = text.rfind("\n\n", start)
    if last > start and len(text) - last < 600 and _OPENER.match(text, last):
        end = last
    return text[:start] + _blank(text[start:end]) + text[end:]
