"""Tells whether prose stops in the middle of something: a sentence, an item, a bracket, a row.

Looks for signs that something is missing; the lack of a full stop alone is none, since lists,
headings, signatures, addresses, emoji and whole writing systems do without.
"""

import re
import unicodedata
from typing import Final

from gonogo_checkers.reading.natural_language import fitting_languages, main_script

_TERMINALS: Final = frozenset(".!?…。！？｡؟۔।॥။።។჻؛‽")
_CLOSERS: Final = "\"'”’»›)]}」』）】》〉*_~`"
_EAST_ASIAN: Final = re.compile("[\u3041-\u30ff\u3400-\u4dbf\u4e00-\u9fff]")
_WITHOUT_STOPS: Final = frozenset({None, "thai"})
_ITEM: Final = re.compile(r"[ \t>]*(?:[-*+•]|\(?\d{1,3}[.)])[ \t]+(?P<text>.*)")
_BARE_MARK: Final = re.compile(r"[ \t>]*(?:[-*+•]|\(?\d{1,3}[.)])[ \t]*(?:\*\*)?[ \t]*$")
_DANGLING: Final = re.compile(r"(?:[,;:(\[{&/、，；：（「『]|[^\W\d_]-|[ \w][–—]|\s[-=+<])$")
_SMILEY_END: Final = re.compile(r"(?:^|\s)[:;=8xX]['’]?[-o^]?[()\[\]{}|/\\DPp]$")
_ADDRESS: Final = re.compile(r"(?:https?://|www\.)\S+$|\S+@\S+\.\S+$")
_SMILEY: Final = re.compile(r"[:;=8xX]['’]?[-o^]?[()\[\]{}|/\\]")
_HEADING: Final = re.compile(r"[ \t]*(?:#{1,6}[ \t]|\*\*[^*\n]+\*\*:?$|__[^_\n]+__:?$)")

_NEVER_LAST: Final = {
    language: frozenset(words.split())
    for language, words in {
        "en": "a an the and or but of with from into their your our its my because than"
        " which whose if as between during upon although while these every is are was were",
        "de": "der die das den dem des ein eine einen einem einer eines und oder aber von für weil"
        " dass wenn sowie durch zwischen ihre seine unsere im zum zur beim",
        "fr": "le la les un une des du de et ou mais à au aux avec pour dans par que qui sur leur"
        " leurs notre votre ses ces cette dont lorsque",
        "es": "el la los las un una de del y o pero con para por que en su sus al entre sobre como"
        " cuando nuestro nuestra",
        "pt": "o os as um uma de do da dos das e ou mas com para por que em no na nos nas ao aos"
        " seu sua entre sobre quando",
        "it": "il lo la gli le un una di del della dei delle e o ma con per che in nel nella al"
        " alla dal dalla tra fra quando",
        "nl": "de het een en of maar van voor met bij omdat wanneer hun uw onze deze tussen",
    }.items()
}
"""Words that no sentence ends with."""

_END_MARK: Final = re.compile(
    r"[-–—*#_ ]{0,10}(?:ends?|ende|fin|fine|fim|einde|the end|30|###)[-–—*#_. ]{0,10}",
    re.IGNORECASE,
)
"""What press releases and stories close with."""


def why_prose_is_cut(prose: str) -> str | None:
    """Say what the prose breaks off in.

    Args:
        prose: The response without its code; only its last 20,000 characters count.

    Returns:
        What is left open, as a noun phrase; None where the end looks like one.
    """
    lines = [line for line in prose[-20_000:].split("\n") if line.strip()]
    if not lines:
        return None
    last = lines[-1].rstrip()
    if last.lstrip().startswith("|"):
        return _cut_row(lines)
    if len(lines) > 1 and _BARE_MARK.fullmatch(last):
        return "a list item without text"
    if _ADDRESS.search(last) or _SMILEY_END.search(last) or _HEADING.match(last) or _is_end(last):
        return None
    if _ends_a_sentence(last):
        return None
    return _open_mark(last) or _dangling_end(last) or _cut_sentence(lines)


def _is_end(line: str) -> bool:
    return _END_MARK.fullmatch(line.strip()) is not None


def _cut_row(lines: list[str]) -> str | None:
    rows = [line.strip() for line in lines if line.lstrip().startswith("|")]
    if len(rows) < 3 or rows[-1].endswith("|") or not rows[-2].endswith("|"):
        return None
    return "a row of a table"


def _ends_a_sentence(line: str) -> bool:
    stripped = line.rstrip(_CLOSERS + " \t")
    if not stripped:
        return True
    last = stripped[-1]
    return last in _TERMINALS or (
        unicodedata.category(last) in {"So", "Sk", "Cs", "Mn", "Cf"}
        and not last.isalpha()
        and main_script(last) is None
    )


def _open_mark(line: str) -> str | None:
    plain = _SMILEY.sub("", line)
    for opening, closing in ("()", "[]", "（）", "「」", "“”", "«»"):
        if plain.count(opening) > plain.count(closing):
            return f"an open {opening}"
    if plain.count("`") % 2:
        return "inline code"
    if plain.count("**") % 2:
        return "bold text"
    return None


def _dangling_end(line: str) -> str | None:
    words = line.split()
    item = _ITEM.match(line)
    text = item["text"] if item else line
    if _DANGLING.search(text[-10:]) and not (len(words) <= 5 and line.endswith((",", "，", "、"))):
        return "a sentence that goes on"
    if len(words) < 4:
        return None
    final = words[-1].strip(_CLOSERS + "“„«").lower()
    languages = fitting_languages(line) or frozenset({"en"})
    if any(final in _NEVER_LAST.get(language, frozenset()) for language in languages):
        return "the middle of a sentence"
    return None


def _cut_sentence(lines: list[str]) -> str | None:
    """Compare the last line with the others: an answer that ends its sentences ends its last."""
    last = lines[-1]
    if main_script(last) in _WITHOUT_STOPS:
        return None
    item = _ITEM.match(last)
    if item:
        others = [match["text"] for line in lines[-12:-1] if (match := _ITEM.match(line))]
        least = 2
    else:
        others = [line for line in lines[-12:-1] if _length(line) >= 8 and not _ITEM.match(line)]
        least = 1
    ended = sum(map(_ends_a_sentence, others))
    enough = 3 if item else 8
    if _length(last) < enough or len(others) < least or ended < 0.8 * len(others):
        if item or _length(last) < enough or others:
            return None
        return _cut_after_a_sentence(last)
    return "a list item" if item else "a sentence"


def _cut_after_a_sentence(line: str) -> str | None:
    """Judge a lone paragraph: earlier sentences in it end with stops and the last does not."""
    pieces = re.split(r"(?<=[.!?])\s+(?=[A-ZÀ-ÞА-Я])|(?<=[。！？])", line)
    if len(pieces) > 1 and _length(pieces[-1]) >= 5:
        return "a sentence"
    return None


def _length(text: str) -> int:
    """Count words; two characters of Chinese or Japanese are one."""
    east = len(_EAST_ASIAN.findall(text))
    return east // 2 + len(_EAST_ASIAN.sub(" ", text).split())
