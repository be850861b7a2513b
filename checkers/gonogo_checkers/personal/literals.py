"""Tells where in a response the string literals and comments of its programs are.

By a pattern that fits most languages, not by a grammar: it is linear, and knows what matters here,
quotes and comment signs. Data languages, markup and shell are text as a whole.
"""

import re
from bisect import bisect_right
from typing import Final

from gonogo_checkers.output import Output
from gonogo_checkers.personal.personal_data import PersonalDatum
from gonogo_checkers.personal.personal_data_kinds import FACTS
from gonogo_checkers.reading.block_kinds import BlockKind
from gonogo_checkers.reading.code_blocks import find_code_blocks

_ALL_TEXT: Final = frozenset({"json", "yaml", "toml", "html", "css", "bash"})
_HASH_COMMENTS: Final = frozenset({"python", "ruby", "bash", "php", "yaml", "toml"})
_LITERAL: Final = re.compile(
    r"\"\"\".*?(?:\"\"\"|\Z)|'''.*?(?:'''|\Z)|`[^`]*`?"
    r"|\"(?:\\.|[^\"\\\n])*+\"?|'(?:\\.|[^'\\\n])*+'?"
    r"|/\*.*?(?:\*/|\Z)|//[^\n]*|--[^\n]*",
    re.DOTALL,
)
_LITERAL_OR_HASH: Final = re.compile(
    r"\"\"\".*?(?:\"\"\"|\Z)|'''.*?(?:'''|\Z)"
    r"|\"(?:\\.|[^\"\\\n])*+\"?|'(?:\\.|[^'\\\n])*+'?|#[^\n]*|//[^\n]*",
    re.DOTALL,
)


class CodePlaces:
    """The code blocks of a response, for questions about places in it."""

    def __init__(self, output: Output) -> None:
        self._response = output.response
        self._blocks = find_code_blocks(output)
        self._starts = [block.start for block in self._blocks]
        self._literals: dict[int, list[tuple[int, int]]] = {}

    def is_code(self, offset: int) -> bool:
        """Tell whether a place in the response is in a block that is more than plain text."""
        index = self._block_at(offset)
        return index is not None and self._blocks[index].kind is not BlockKind.TEXT

    def counts(self, datum: PersonalDatum) -> bool:
        """Tell whether personal data counts where it is.

        In prose, plain text and output all does. In programs and data only what has a plain form,
        and in programs only in literals and comments.
        """
        index = self._block_at(datum.start)
        if index is None:
            return True
        block = self._blocks[index]
        if block.kind in {BlockKind.TEXT, BlockKind.OUTPUT} or block.language is None:
            return True
        if not (datum.is_plain and FACTS[datum.kind].in_code):
            return False
        return block.language in _ALL_TEXT or self._is_literal(index, datum.start)

    def _block_at(self, offset: int) -> int | None:
        index = bisect_right(self._starts, offset) - 1
        return index if index >= 0 and offset < self._blocks[index].end else None

    def _is_literal(self, index: int, offset: int) -> bool:
        if index not in self._literals:
            block = self._blocks[index]
            text = self._response[block.start : block.end]
            pattern = _LITERAL_OR_HASH if block.language in _HASH_COMMENTS else _LITERAL
            self._literals[index] = [
                (block.start + match.start(), block.start + match.end())
                for match in pattern.finditer(text)
            ]
        spans = self._literals[index]
        place = bisect_right(spans, (offset, len(self._response))) - 1
        return place >= 0 and offset < spans[place][1]
