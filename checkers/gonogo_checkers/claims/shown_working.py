"""Finds the sums that a text works out before the reader's eyes: `12 x 4,500 = 54,000`."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from gonogo_checkers.claims.quantities import Quantity

_OPERATOR: Final = re.compile(
    r"[^\d\n=+*/×·÷−–-]{0,24}?(?:(?P<sign>[+*/×·÷−–-])|\b(?P<word>x|plus|minus|times|mal|fois|of|"
    r"von|de)\b)[^\d\n=+*/×·÷−–]{0,24}",
    re.IGNORECASE,
)
_EQUALS: Final = re.compile(
    r"[^\d\n=+*/×·÷]{0,30}?(?:=|≈|\b(?:equals|makes|gives|ergibt|sind|donne|soit)\b)[^\d\n=]{0,12}",
    re.IGNORECASE,
)
_SIGNS: Final = {
    "+": "+", "plus": "+", "-": "-", "−": "-", "–": "-", "minus": "-", "/": "/", "÷": "/",
    "*": "*", "×": "*", "·": "*", "x": "*", "times": "*", "mal": "*", "fois": "*", "of": "*",
    "von": "*", "de": "*",
}  # fmt: skip
_MOST_OPERANDS: Final = 24


@dataclass(frozen=True, slots=True)
class Working:
    """A calculation that comes out.

    Attributes:
        operands: What is calculated with.
        result: What it comes to, as written.
        value: The reading of the result that it comes to.
    """

    operands: tuple[Quantity, ...]
    result: Quantity
    value: float


def workings_of(text: str, quantities: Sequence[Quantity]) -> Iterator[Working]:
    """Yield the calculations of a text that come out, in the order of their places.

    Args:
        text: The text.
        quantities: Its numbers, in order.
    """
    operands: list[Quantity] = []
    signs: list[str] = []
    for before, after in pairwise(quantities):
        if not operands:
            operands = [before]
        gap = text[before.end : after.start]
        if _EQUALS.fullmatch(gap):
            value = _outcome(operands, signs, after) if signs else None
            if value is not None:
                yield Working(tuple(operands), after, value)
            operands, signs = [], []
            continue
        operator = _OPERATOR.fullmatch(gap) if len(operands) < _MOST_OPERANDS else None
        if operator is None:
            operands, signs = [], []
            continue
        signs.append(_SIGNS[(operator["sign"] or operator["word"]).lower()])
        operands.append(after)


def _outcome(operands: Sequence[Quantity], signs: Sequence[str], result: Quantity) -> float | None:
    """Return the reading of the result that the calculation comes to, or None."""
    slack = 1.0001 * max(result.step / 2, 1e-9 * abs(max(result.readings, default=0.0)))
    scales = (1.0, 100.0) if result.kind == "percent" else (1.0,)
    for values in _readings_of(operands):
        for value in (_in_order(values, signs), _by_rank(values, signs)):
            for reading in result.readings:
                if value is not None and any(
                    abs(value * scale - reading) <= slack for scale in scales
                ):
                    return reading
    return None


def _readings_of(operands: Sequence[Quantity]) -> Iterator[list[float]]:
    """Yield the operands as read by those to whom `4,500` is 4.5, and by all others."""
    if all(operand.readings for operand in operands):
        for index in (0, -1):
            yield [
                operand.readings[index if operand.step == 0 else 0]
                / (100 if operand.kind == "percent" else 1)
                for operand in operands
            ]


def _in_order(values: Sequence[float], signs: Sequence[str]) -> float | None:
    """Work from left to right: brackets before the last sign are common."""
    total: float | None = values[0]
    for sign, value in zip(signs, values[1:], strict=True):
        total = None if total is None else _apply(total, sign, value)
    return total


def _by_rank(values: Sequence[float], signs: Sequence[str]) -> float | None:
    """Multiply and divide before adding and taking off."""
    terms, rest = [values[0]], []
    for sign, value in zip(signs, values[1:], strict=True):
        if sign in "*/":
            product = _apply(terms[-1], sign, value)
            if product is None:
                return None
            terms[-1] = product
        else:
            rest.append(sign)
            terms.append(value)
    return _in_order(terms, rest)


def _apply(left: float, sign: str, right: float) -> float | None:
    match sign:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
        case _:
            return left / right if right else None
