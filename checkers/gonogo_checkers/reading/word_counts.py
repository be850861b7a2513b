"""Counts the words of a text in any script, for everything that compares lengths.

Scripts that put spaces between words are counted by their words. Those that do not are counted by
their characters, divided by what a word of English comes to in them, so that a limit or a ratio in
words means about the same in every language:

| script | characters a word |
|---|---|
| Chinese | 1.6 |
| Japanese (text with kana) | 2.2 |
| Thai, Lao, Khmer, Burmese | 4.5 (vowel and tone marks above and below not counted) |

The divisors are those that translators quote for English (about 600 to 650 words for 1,000
Chinese characters, 400 to 500 for 1,000 Japanese ones); they are round, not measured. Korean puts
spaces, and is counted by them.
"""

import re
import unicodedata
from typing import Final

_MARKS: Final = (
    "\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u0670\u0900-\u0903\u093a-\u094f\u0962\u0963"
    "\u0980-\u0d83\u0dca-\u0ddf\u200c\u200d"
)
_CHINESE: Final = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f"
_KANA: Final = "\u3041-\u30ff\u31f0-\u31ff\uff66-\uff9f"
_UNSPACED: Final = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"
_SPACED_WORD: Final = re.compile(rf"[\w{_MARKS}]+(?:['’.,\-\u2011][\w{_MARKS}]+)*")
_EAST_ASIAN: Final = re.compile(f"[{_CHINESE}]")
_KANA_CHARACTER: Final = re.compile(f"[{_KANA}]")
_UNSPACED_RUN: Final = re.compile(f"[{_UNSPACED}]+")

WORDS_WITHOUT_SPACES: Final = re.compile(f"[{_CHINESE}{_KANA}{_UNSPACED}]")
"""One character of a script that puts no spaces between words."""


def count_words(text: str) -> int:
    """Return the number of words of a text, 0 or more; linear in its length."""
    if text.isascii() or not WORDS_WITHOUT_SPACES.search(text):
        return sum(1 for _ in _SPACED_WORD.finditer(text))
    kana = len(_KANA_CHARACTER.findall(text))
    chinese = len(_EAST_ASIAN.findall(text))
    unspaced = sum(
        not unicodedata.category(character).startswith("M")
        for run in _UNSPACED_RUN.findall(text)
        for character in run
    )
    spaced = sum(1 for _ in _SPACED_WORD.finditer(WORDS_WITHOUT_SPACES.sub(" ", text)))
    per_word = 2.2 if kana else 1.6
    return spaced + round((kana + chinese) / per_word + unspaced / 4.5)
