"""The shape in which scanners of code report what they found, and what they did not look at."""

from dataclasses import dataclass

from gonogo_checkers.reading.python_snippets import SkippedPart
from gonogo_checkers.verdict import Confidence, Severity


@dataclass(frozen=True, slots=True)
class Place:
    """A stretch of a snippet: rows and columns count characters and start at 0.

    Attributes:
        row: First line.
        column: First character of it.
        end_row: Last line.
        end_column: One past the last character of it.
    """

    row: int
    column: int
    end_row: int
    end_column: int


@dataclass(frozen=True, slots=True)
class Weakness:
    """One weakness of a snippet.

    Attributes:
        rule: Stable id: ours (`SEC205`) or bandit's (`B602`).
        severity: Harm if it is real.
        confidence: How sure the scanner is.
        message: One sentence; holds no secret.
        cwe: Number in the Common Weakness Enumeration; None where the scanner names none.
        place: Where.
        secret: True where the code at that place holds a secret that must not be shown.
    """

    rule: str
    severity: Severity
    confidence: Confidence
    message: str
    cwe: int | None
    place: Place
    secret: bool = False


@dataclass(frozen=True, slots=True)
class LocatedWeakness:
    """A weakness with its offsets in the response."""

    weakness: Weakness
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class CodeScan:
    """What scanning a block gave.

    Attributes:
        found: The weaknesses.
        skipped: What of the block was not looked at.
        broken_tests: Tests of a scanner that could not be run on this code.
        is_empty: Whether nothing of the block was looked at.
    """

    found: tuple[LocatedWeakness, ...] = ()
    skipped: tuple[SkippedPart, ...] = ()
    broken_tests: tuple[str, ...] = ()
    is_empty: bool = False
