"""Reads off a prompt which code is wanted whole, and holds the places that are judged by it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gonogo_checkers.output import Output

if TYPE_CHECKING:
    from tree_sitter import Node

_MOST: Final = 100_000
_WANTS_GAPS: Final = re.compile(
    r"skeleton|scaffold|\bstubs?\b|boilerplate|placeholder|outline|exercise|abstract|interface|"
    r"protocol|Gerüst|Platzhalter|squelette|esqueleto|\bTODOs?\b",
    re.IGNORECASE,
)
_WORD: Final = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class CodeRequest:
    """What was asked, as far as it says which code is wanted whole.

    Attributes:
        given: The prompt, earlier turns and documents: code in them was not the model's to write.
        words: Words of the prompt.
        wants_gaps: True where it asks for a skeleton, an interface or an exercise.
    """

    given: str
    words: frozenset[str]
    wants_gaps: bool


@dataclass(frozen=True, slots=True)
class CodePlace:
    """A node of a block of code, with all that the rules on structure ask about it.

    Attributes:
        node: The node.
        ancestors: What it stands in, from the root on.
        language: Canonical name of the block's language.
        request: What was asked.
    """

    node: "Node"
    ancestors: "Sequence[Node]"
    language: str
    request: CodeRequest


def read_request(output: Output) -> CodeRequest:
    """Read what an output was asked and given; 100,000 characters of each."""
    prompt = output.prompt[:_MOST]
    given = "\n".join([prompt, *(turn.text for turn in output.turns), *output.context])[:_MOST]
    words = frozenset(_WORD.findall(prompt))
    return CodeRequest(given, words, wants_gaps=_WANTS_GAPS.search(prompt) is not None)
