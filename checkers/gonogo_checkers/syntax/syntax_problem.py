"""Where and why a piece of code does not parse; shared by the parsers of `code_syntax`."""

from dataclasses import dataclass
from enum import StrEnum


class ProblemKind(StrEnum):
    """What sort of problem it is."""

    BROKEN = "broken"
    PYTHON_2 = "python 2"
    TOO_MUCH = "too much"


@dataclass(frozen=True, slots=True, kw_only=True)
class SyntaxProblem:
    """The first place at which a piece of code does not parse.

    Attributes:
        line: 0-based line of the code.
        column: 0-based column in characters.
        length: Characters concerned on that line; 0 where only the place is known.
        what: What is wrong there, as a clause that follows a colon.
        at_end: Whether the parser ran out of code: what is missing would stand at the end.
        sure: False where the grammar is known to have gaps.
        kind: The sort of problem.
    """

    line: int
    column: int
    what: str
    length: int = 0
    at_end: bool = False
    sure: bool = True
    kind: ProblemKind = ProblemKind.BROKEN
