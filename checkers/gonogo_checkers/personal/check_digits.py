"""Check digits of numbers that persons have and presidio does not know, and of payment cards."""

from typing import Final

_CARD_STARTS: Final = (
    ((13, 16, 19), ("4",)),
    ((16,), tuple(map(str, (*range(51, 56), *range(2221, 2721))))),
    ((15,), ("34", "37", "1800", "2131")),
    ((14, 16), ("30", "36", "38", "39")),
    ((16, 19), ("6011", "64", "65", "62", "81", *map(str, range(3528, 3590)))),
    (tuple(range(12, 20)), ("50", "56", "57", "58", "60", "61", "63", "67", "68", "69")),
)
"""Lengths of the numbers of a scheme, and how they begin (ISO/IEC 7812, the schemes' own pages)."""


def is_cpf(digits: str) -> bool:
    """Tell whether 11 digits are a Brazilian CPF: two check digits modulo 11, not all the same."""
    if len(digits) != 11 or len(set(digits)) == 1:
        return False
    numbers = [int(digit) for digit in digits]
    for length in (9, 10):
        total = sum(number * (length + 1 - place) for place, number in enumerate(numbers[:length]))
        if numbers[length] != total * 10 % 11 % 10:
            return False
    return True


def is_nir(number: str) -> bool:
    """Tell whether 15 characters are a French NIR: its key is 97 less the number modulo 97."""
    body = number[:13].upper().replace("2A", "19").replace("2B", "18")
    if len(number) != 15 or not (body + number[13:]).isdecimal():
        return False
    return int(number[13:]) == 97 - int(body) % 97


def is_bsn(digits: str) -> bool:
    """Tell whether 9 digits are a Dutch BSN: the weighted sum (9 to 2, -1) is divisible by 11."""
    if len(digits) != 9 or len(set(digits)) == 1:
        return False
    weights = (9, 8, 7, 6, 5, 4, 3, 2, -1)
    return sum(w * int(digit) for w, digit in zip(weights, digits, strict=True)) % 11 == 0


def has_card_start(digits: str) -> bool:
    """Tell whether a card scheme has numbers of this length that begin like this."""
    return any(
        len(digits) in lengths and digits.startswith(starts) for lengths, starts in _CARD_STARTS
    )
