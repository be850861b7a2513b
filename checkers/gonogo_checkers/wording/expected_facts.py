"""Finds a fact in a text by any of its wordings: whole words, and numbers however written."""

import re
from functools import lru_cache
from typing import Final

from gonogo_checkers.reading.word_counts import WORDS_WITHOUT_SPACES

_EMPHASIS: Final = re.compile(r"(?<!\w)[*_]{1,3}(?=\w)|(?<=[\w%.)])[*_]{1,3}(?!\w)")
_NUMBER: Final = re.compile(r"\d+(?:[.,' ]\d{3})*(?:[.,]\d+)?")
_GROUPS: Final = "[.,' ]?"


@lru_cache(maxsize=2_000)
def fact_pattern(wording: str) -> re.Pattern[str] | None:
    """Return the pattern that finds a wording in folded text.

    The wording must stand between word boundaries, where its script has any: `12` is not in `112`,
    `12th` or `12.5`, but in `12.` and `12.00`. A number is the same with and without thousands
    separators (comma, point, apostrophe, space), with a decimal point or comma, and with zeros
    after it. `1,204` and `1.204` are therefore taken for one another: a text does not say which
    of the two its separator is.

    Args:
        wording: Folded (`folded_text.fold`).

    Returns:
        A linear pattern, or None where the wording is empty.
    """
    wording = drop_emphasis(wording).strip()
    if not wording:
        return None
    pieces = []
    position = 0
    for match in _NUMBER.finditer(wording):
        pieces.append(re.escape(wording[position : match.start()]))
        pieces.append(_number_pattern(match[0]))
        position = match.end()
    pieces.append(re.escape(wording[position:]))
    return re.compile(_left_edge(wording[0]) + "".join(pieces) + _right_edge(wording[-1]))


def drop_emphasis(text: str) -> str:
    """Return the text with Markdown's emphasis marks left out, so that they part no wording."""
    return _EMPHASIS.sub("", text)


def _number_pattern(number: str) -> str:
    whole, decimals = _split_number(number)
    # Zeros in front make it a code (`007`), which is written one way only.
    digits = whole if whole.startswith("0") and len(whole) > 1 else _with_groups(whole)
    decimals = decimals.rstrip("0")
    return digits + (rf"[.,]{decimals}0*" if decimals else r"(?:[.,]0{1,2}(?!\d))?")


def _split_number(number: str) -> tuple[str, str]:
    """Split a number into its digits before and after the decimal sign.

    The last separator is the decimal sign unless exactly three digits follow it, or it stands
    more than once; `1.204` counts as a thousand.
    """
    last = max(number.rfind(","), number.rfind("."))
    digits = re.sub(r"\D", "", number)
    if last < 0 or number.count(number[last]) > 1 or len(number) - last - 1 == 3:
        return digits, ""
    after = number[last + 1 :]
    return digits[: len(digits) - len(after)], after


def _with_groups(whole: str) -> str:
    head = len(whole) % 3 or 3
    groups = [whole[:head], *(whole[at : at + 3] for at in range(head, len(whole), 3))]
    return _GROUPS.join(groups)


def _left_edge(first: str) -> str:
    if first.isdecimal():
        return rf"(?<!\d[.,'])(?:(?<!\w)|(?<={WORDS_WITHOUT_SPACES.pattern}))"
    return rf"(?:(?<!\w)|(?<={WORDS_WITHOUT_SPACES.pattern}))" if _has_boundary(first) else ""


def _right_edge(last: str) -> str:
    if last.isdecimal():
        return rf"(?![.,']\d)(?:(?!\w)|(?={WORDS_WITHOUT_SPACES.pattern}))"
    return rf"(?:(?!\w)|(?={WORDS_WITHOUT_SPACES.pattern}))" if _has_boundary(last) else ""


def _has_boundary(character: str) -> bool:
    return character.isalnum() and not WORDS_WITHOUT_SPACES.match(character)
