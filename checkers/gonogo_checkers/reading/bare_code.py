"""Tells code from prose where no fence does: answers that are code alone, and indented blocks.

Prose must never be taken for code, so every line is read for the shapes of both, comments and
docstrings count for neither, and what stays doubtful is prose.
"""

import re
from collections.abc import Sequence
from typing import Final

from gonogo_checkers.reading.language_detection import detect_language

_MAX_LINES: Final = 2_000
_MAX_LINE: Final = 300

_COMMENT: Final = re.compile(r"\s*(?:#(?!include|define|!\[|\[)|//|/\*|\*(?!\S)|--(?!\w)|<!--)")
_QUOTES: Final = re.compile(r"\"\"\"|'''")
_CODE: Final = re.compile(
    r"""\s*(?:
      .*[;{}]\s*$
    | .*[\w\])"'][,(\[]\s*$(?<=[(\[])
    | [\])}]+[,;]?\s*$
    | (?:async\s+)?(?:def|class|fn|func|fun|function)\s+[\w.$]+.*[:({)]\s*$
    | (?:if|elif|for|while|with|except|async\s+with|async\s+for)\b.*:\s*$
    | (?:if|elif|for|while|with|def|class|return)\s.*\w\([^()\s]*\)\s*$
    | (?:else|try|finally)\s*:\s*$
    | from\s+[\w.]+\s+import\b.*$
    | import\s+(?:[\w.*]+(?:\s+as\s+\w+)?(?:\s*,\s*[\w.]+)*|.*['"]);?\s*$
    | (?:return|yield|raise|await|throw|assert)(?:\s+[^\s].*[\])"'\w]|\s*)$(?<![a-z]\s[a-z]\.)
    | (?:pass|break|continue|end|fi|done|esac|then|do|begin|else|ensure)\s*$
    | (?:export\s+|const\s+|let\s+|var\s+|local\s+|public\s+|private\s+|static\s+|final\s+|val\s+)*
      [\w.$@*\[\]"'()-]+(?:\s*:\s*[\w\[\], .|<>]+)?
      \s*(?:[-+*/|&%^?]|//|\*\*|<<|>>|\|\||&&)?:?=(?![=>])\s*\S.*$
    | (?:await\s+|new\s+|!)?[\w.$:>-]+[!?]?\(.*[\])},({:]\s*$
    | @[\w.]+(?:\(.*)?$
    | </?[\w!].*>\s*$
    | ["'][^"']{1,80}["']\s*:\s*\S.*$
    | \#(?:include|define|ifdef|ifndef|endif|pragma|!)\b.*$
    | (?:package|use|using|namespace|require|include|puts|echo|print|local|export|set)
      \s+[\w"'$<\\./-]+;?\s*$
    | (?:SELECT|FROM|WHERE|INSERT\s+INTO|UPDATE|DELETE\s+FROM|CREATE\s+\w+|ALTER\s+TABLE|GROUP\s+BY
      |ORDER\s+BY|VALUES|HAVING|LIMIT|SET|(?:LEFT|RIGHT|INNER|CROSS|FULL)?\s*JOIN|UNION|AND|ON)\b.*$
    | \[[\w."-]+\]\s*$
    )""",
    re.VERBOSE,
)
_WORDS_ALONE: Final = re.compile(
    r"(?!\s*(?:from\s+\S+\s+import|import|return|raise|assert|yield|del|global)\b)"
    r"(?!\s*(?:if|elif|for|while|with|except|async\s+for|async\s+with)\b.*:\s*$)"
    r"\s*[^\W\d_]+(?:[,;:]? [\w'’-]+){3,}[.,:;!?]*\s*$"
)
"""A line of plain words, which is prose even where it ends like code."""
_PLACEHOLDER: Final = re.compile(r"\{\{\s*[\w.]+\s*\}\}")
_PROSE: Final = re.compile(
    r"(?:^|[\s(\"'])[^\W\d_]{2,}(?:[,;:]?[ ]+[\"'(]?[^\W\d_]+(?:['’-][^\W\d_]+)?[)\"']?){3}"
    r"|[\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7af\u0e00-\u0e7f]{4}"
)
_SENTENCE_END: Final = re.compile(r"[^\W\d_][.!?:]['\")*_]*\s*$|[。！？]\s*$")
_WORDS: Final = re.compile(r"[A-Z][a-z'’]+(?: [\w'’-]+)*[.:!?,]?\s*$")
_KEY: Final = re.compile(r"\s*(?:- )?[\w.-]+:\s*$")
_MARKDOWN: Final = re.compile(
    r"\s*(?:[-*+] |\d{1,3}[.)] |> |#{1,6} |\|)|\*\*[^*\n]+\*\*|\[[^\]\n]+\]\("
)
_CONFIRMED: Final = 0.7
"""Share of code among the lines that are code or prose, from which a text is code."""


def code_language(text: str, language: str | None) -> str | None:
    """Return the language of a text that is nothing but code; None where it is not.

    Args:
        text: A whole response, or an indented block.
        language: What the case names; it decides what the text cannot, and asks for less proof.
    """
    code, prose, other = _count_shapes(text.split("\n"))
    first = text.lstrip("\ufeff \t\r\n")[:1]
    if first and first in "{[<" and prose <= code + other:
        detected = detect_language(text)
        if detected in {"json", "html", "php"}:
            return detected
    if code > 0 and code >= _CONFIRMED * (code + prose) and not _starts_with_prose(text):
        return language or detect_language(text)
    if prose > 0 or code + other == 0:
        return None
    detected = detect_language(text)
    return detected if detected in {"yaml", "toml", "bash"} else None


def is_code(text: str) -> bool:
    """Tell whether what stands in a fence without a word is rather code than plain text."""
    code, prose, other = _count_shapes(text.split("\n"))
    if code > prose and code * 3 >= code + prose + other:
        return True
    return prose == 0 and detect_language(text) is not None


def _starts_with_prose(text: str) -> bool:
    first = next((line for line in text.split("\n") if line.strip()), "")[:_MAX_LINE]
    return _shape(first) == "prose"


def _count_shapes(lines: Sequence[str]) -> tuple[int, int, int]:
    """Count the lines that look like code, like prose, and like neither."""
    counts = {"code": 0, "prose": 0, "other": 0}
    in_text = False
    for line in lines[:_MAX_LINES]:
        cut = line[:_MAX_LINE]
        quotes = len(_QUOTES.findall(cut))
        if in_text or quotes:
            in_text = in_text != (quotes % 2 == 1)
            continue
        shape = _shape(cut)
        if shape:
            counts[shape] += 1
    return counts["code"], counts["prose"], counts["other"]


def _shape(line: str) -> str:
    """Return `code`, `prose`, `other`, or nothing where a line says nothing."""
    if not line.strip():
        return ""
    filled = _PLACEHOLDER.sub("word", line)
    if _MARKDOWN.match(filled) and filled.lstrip()[0] not in "#|>" and _PROSE.search(filled):
        return "prose"
    if _COMMENT.match(filled):
        return ""
    if _CODE.match(filled) and not _WORDS_ALONE.match(filled):
        return "code"
    return "prose" if _is_prose(filled) else "other"


def _is_prose(line: str) -> bool:
    if _PROSE.search(line) or _WORDS.match(line):
        return True
    return _SENTENCE_END.search(line) is not None and not _KEY.match(line)
