"""Reads the numbers of a text: digits, spelled-out numbers, shares, money, times of day."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from gonogo_checkers.claims.number_words import (
    HEDGES,
    ORDINALS,
    PERCENT_WORDS,
    SCALES,
    TENS,
    UNITS,
)

Kind: TypeAlias = Literal["plain", "percent", "money", "time", "code"]

_CURRENCY: Final = "$€£¥₹₩₽"
_TIME: Final = re.compile(
    r"(?<![\d:.,])(?P<hour>\d{1,2})(?::(?P<minute>\d{1,2})(?::\d{2})?"
    r"(?:\s?(?P<half>[ap])\.?m\b\.?)?|\s?(?P<bare_half>[ap])\.?m\b\.?)(?![\d:])",
    re.IGNORECASE,
)
_DIGITS: Final = re.compile(
    r"(?<![A-Za-z\d])(?<!\d[.,])(?<![A-Z]-)(?P<digits>"
    r"\d{1,3}(?:[ \u2009\u00a0\u202f]\d{3})+(?:[.,]\d{1,2})?(?![.,]?\d)"
    r"|\d+(?:[.,'’\u00a0\u202f]\d+)*)"
    r"(?:(?P<attached>k|K|m|M|mn|bn|B|b|tn)(?![^\W\d_])|(?P<ordinal>st|nd|rd|th)(?![^\W\d_]))?"
)
_LONG_CODE: Final = re.compile(
    r"(?<![\w+])(?:\+\d(?:[ .()/-]{0,2}\d){7,16}|\d{4}([ -])\d{4}\1\d{4}\1\d{2,4})(?!\w)"
)
_SEPARATOR: Final = re.compile(r"[.,'’\u00a0\u202f]")
_BLANK: Final = re.compile(r"[ \u2009\u00a0\u202f]")
_DECIMALS: Final = re.compile(r"\d+(?:[ \u2009\u00a0\u202f]\d+)*(?:[.,]\d{1,2})?")
_SCALE_AFTER: Final = re.compile(r"[\s-]?([^\W\d_]+)")
_PERCENT_AFTER: Final = re.compile(
    r"\s?(?:[%％٪]|per cent\b|pour cent\b|por ciento\b|por cento\b|per cento\b)"
)
_MONEY_AFTER: Final = re.compile(
    rf"\s?(?:[{_CURRENCY}]|(?:USD|EUR|GBP|JPY|CHF|CAD|AUD|INR|CNY|BRL|MXN|円|元|원)\b"
    r"|(?:dollars?|euros?|pounds?|yen|cents?)\b)"
)
_BEFORE: Final = re.compile(rf"(?:([{_CURRENCY}])|\b(?:USD|EUR|GBP|JPY|CHF|CAD|AUD)\s?)$")
_WORD_BEFORE: Final = re.compile(r"([^\W\d_]+|[~≈])\s*(?:than|to|at|als|de|a|que|di|dan)?\s*$")
_SPELLED: Final = re.compile(r"[^\W\d_]+")


_BEGINNINGS: Final = UNITS.keys() | TENS.keys()


@dataclass(frozen=True, slots=True)
class Quantity:
    """One number in a text.

    Attributes:
        text: As written, with its unit.
        start: Offset of its first character.
        end: One past its last.
        kind: What it counts.
        readings: The values that it may stand for; minutes for a time of day. `1.200` is 1200 to
            a German and 1.2 to others. Empty where it is a code:
            `3.11.2`, a telephone number.
        step: The place value of its last digit that counts: 0.1 for 11.8, 1000 for 12 thousand;
            0 where the readings disagree about it.
        hedged: True where a word such as `about` stands before it, or it is scaled.
        spelled: True where it is written in letters.
    """

    text: str
    start: int
    end: int
    kind: Kind
    readings: tuple[float, ...]
    step: float = 1.0
    hedged: bool = False
    spelled: bool = False

    @property
    def likely_readings(self) -> tuple[float, ...]:
        """The first reading; all of them where `1.200` leaves it open."""
        return self.readings if self.step == 0 else self.readings[:1]


def quantities_of(text: str, *, limit: int = 5000) -> list[Quantity]:
    """Read the numbers of a text in the order of their places, at most `limit` of each sort."""
    times = [quantity for quantity, _ in zip(_times(text), range(limit), strict=False)]
    times += [code for code, _ in zip(_long_codes(text), range(limit), strict=False)]
    taken = {position for time in times for position in range(time.start, time.end)}
    digits = []
    for match in _DIGITS.finditer(text):
        if match.start() not in taken:
            digits.append(_read_digits(text, match))
        if len(digits) >= limit:
            break
    spelled = [quantity for quantity, _ in zip(_spelled(text), range(limit), strict=False)]
    return sorted([*times, *digits, *spelled], key=lambda quantity: quantity.start)


def _long_codes(text: str) -> Iterator[Quantity]:
    """Telephone and card numbers: one code each, not several numbers."""
    for match in _LONG_CODE.finditer(text):
        yield Quantity(match[0], match.start(), match.end(), "code", ())


def _times(text: str) -> Iterator[Quantity]:
    for match in _TIME.finditer(text):
        hour, minute = int(match["hour"]), int(match["minute"] or 0)
        if hour > 24 or minute > 59:
            continue
        half = (match["half"] or match["bare_half"] or "").lower()
        hours: tuple[int, ...] = (hour % 24,)
        if half:
            hours = (hour % 12 + (12 if half == "p" else 0),)
        elif 0 < hour <= 12:
            hours = (hour % 12, hour % 12 + 12)
        readings = tuple(float(value * 60 + minute) for value in hours)
        yield Quantity(match[0], match.start(), match.end(), "time", readings)


def _read_digits(text: str, match: re.Match[str]) -> Quantity:
    readings, step = _read_number(match["digits"])
    start, end = match.span()
    kind: Kind = "plain" if readings else "code"
    hedged = False
    scale = SCALES[match["attached"].lower()] if match["attached"] else 1.0
    after = text[end : end + 24]
    word = _SCALE_AFTER.match(after)
    if not match["attached"] and word and word[1].lower() in SCALES and len(word[1]) > 1:
        scale = SCALES[word[1].lower()]
        end += word.end()
    elif word and word[1][0] in SCALES and not word[1].isascii():
        scale = SCALES[word[1][0]]
        end += word.start(1) + 1
    if scale != 1.0:
        readings = (*(value * scale for value in readings), *readings)
        step, hedged = step * scale, True
    before = text[max(0, start - 24) : start]
    sign = _BEFORE.search(before)
    kind, end = _unit(kind, text, end, has_sign=sign is not None)
    rounded = _WORD_BEFORE.search(before[: sign.start()] if sign else before)
    hedged = hedged or (rounded is not None and rounded[1].lower() in HEDGES)
    start -= len(sign[0]) if sign else 0
    return Quantity(text[start:end], start, end, kind, readings, step, hedged)


def _unit(kind: Kind, text: str, end: int, *, has_sign: bool) -> tuple[Kind, int]:
    after = text[end : end + 24]
    percent = _PERCENT_AFTER.match(after)
    word = _SCALE_AFTER.match(after)
    if percent:
        return "percent", end + percent.end()
    if word and word[1].lower() in PERCENT_WORDS:
        return "percent", end + word.end()
    money = _MONEY_AFTER.match(after)
    if money:
        return "money", end + money.end()
    return ("money" if has_sign else kind), end


def _read_number(digits: str) -> tuple[tuple[float, ...], float]:
    """Return the values that digits may stand for, and the place value of the last."""
    if len(digits) > 40:
        return (), 1.0
    if _BLANK.search(digits):
        return _read_spaced(digits)
    parts = _SEPARATOR.split(digits)
    separators = _SEPARATOR.findall(digits)
    whole = float("".join(parts))
    if not separators:
        return (whole,), 1.0
    decimal = float("".join(parts[:-1]) + "." + parts[-1])
    step = 10.0 ** -len(parts[-1])
    grouped = len(parts[0]) <= 3 and all(len(part) == 3 for part in parts[1:])
    if len(separators) == 1:
        return ((decimal, whole), 0.0) if grouped else ((decimal,), step)
    if grouped and len(set(separators)) == 1:
        return (whole,), 1.0
    inner = all(len(part) == 3 for part in parts[1:-1]) and len(set(separators[:-1])) == 1
    return ((decimal,), step) if inner and separators[-1] != separators[0] else ((), 1.0)


def _read_spaced(digits: str) -> tuple[tuple[float, ...], float]:
    """Read `4 720,50`; with plain blanks it may be several numbers as well."""
    if not _DECIMALS.fullmatch(digits):
        return (), 1.0
    joined = _BLANK.sub("", digits)
    fraction = re.search(r"[.,](\d+)$", joined)
    step = 10.0 ** -len(fraction[1]) if fraction else 1.0
    value = float(joined.replace(",", "."))
    if " " not in digits:
        return (value,), step
    return (value, *(float(part.replace(",", ".")) for part in digits.split())), step


def _spelled(text: str) -> Iterator[Quantity]:
    words = list(_SPELLED.finditer(text))
    position = 0
    while position < len(words):
        if words[position][0].lower() not in _BEGINNINGS:
            position += 1
            continue
        last, value = _spelled_run(text, words, position)
        if value is None:
            position += 1
            continue
        start, end = words[position].start(), words[last].end()
        before = _WORD_BEFORE.search(text[max(0, start - 24) : start])
        hedged = before is not None and before[1].lower() in HEDGES
        kind, end = _unit("plain", text, end, has_sign=False)
        yield Quantity(text[start:end], start, end, kind, (value,), 1.0, hedged, spelled=True)
        position = last + 1


def _spelled_run(text: str, words: list[re.Match[str]], position: int) -> tuple[int, float | None]:
    """Read `two hundred and fifty` from a place on; the value is None where no number begins."""
    total, current, last = 0.0, None, position
    for index in range(position, min(position + 10, len(words))):
        word = words[index][0].lower()
        gap = text[words[index - 1].end() : words[index].start()] if index > position else " "
        if gap not in {" ", "-", "\n"}:
            break
        if word == "and" and current is not None:
            continue
        value = UNITS.get(word, TENS.get(word))
        if value is not None and (current is None or _adds(current, value)):
            current = (current or 0.0) + value
        elif len(word) > 2 and word in SCALES and current is not None:
            total, current = _scaled(total, current, SCALES[word])
        else:
            break
        last = index
    return last, None if current is None else total + current


def _adds(current: float, value: float) -> bool:
    return (current % 100 == 0 and current > 0) or (
        current % 10 == 0 and current % 100 >= 20 and 0 < value < 10
    )


def _scaled(total: float, current: float, scale: float) -> tuple[float, float]:
    if scale == 100:
        return total, current * 100
    return total + current * scale, 0.0


def ordinal_values(text: str) -> set[float]:
    """Return the numbers that ordinals and words such as `twice` or `both` stand for."""
    return {
        float(ORDINALS[word]) for word in map(str.lower, _SPELLED.findall(text)) if word in ORDINALS
    }
