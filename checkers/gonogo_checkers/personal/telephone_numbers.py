"""Finds telephone numbers by their form, their numbering plan and the words before them.

A number with a country code counts if its plan knows its length (so do the numbers that regulators
keep for fiction). A national one counts where it has a form that few other numbers have and is
valid in one of the regions, or where words before it announce a telephone.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gonogo_checkers.personal.personal_data_kinds import Kind, announced

if TYPE_CHECKING:
    from phonenumbers import PhoneNumber

_GAP: Final = r"(?:[ \u00a0\u202f]?\(|\)[ \u00a0.-]?|[ \u00a0\u202f./\u2010-\u2013-])"
_CANDIDATE: Final = re.compile(
    r"(?<![\w@#$€£+\uff0b])(?<!\d[.,/-])"
    rf"((?:[+\uff0b] ?)?+\(?+[+\uff0b]?+\d{{1,15}}+(?:{_GAP}\d{{1,12}}+){{0,8}}+)"
    r"(?: ?(?:x|ext\.?|extension) ?\d{1,6})?+(?![\w%€$£°]|[.,]\d| ?[€$£%]|-(?!-))",
    re.IGNORECASE,
)
_INTERNATIONAL: Final = re.compile(r"\(?[+\uff0b]|00[1-9]|011[ -]?[1-9]")
_DATE: Final = re.compile(
    r"(?:(?:19|20)\d\d([-./])(?:0?[1-9]|1[0-2])\1(?:0?[1-9]|[12]\d|3[01])"
    r"|(?:0?[1-9]|[12]\d|3[01])([-./])(?:0?[1-9]|[12]\d|3[01])\2(?:19|20)?\d\d)(?!\d|[-./]\d)"
    r"|(?:19|20)\d\d[-\u2013](?:19|20)\d\d(?!\d)"
)
_FORM: Final = re.compile(
    r"(?:1[ .-])?(?:\([2-9]\d\d\) ?|[2-9]\d\d([.-]))[2-9]\d\d[ .-]\d{4}"
    r"|\(0\d{1,5}\)[ /-]?\d[\d -]{4,10}\d"
    r"|0\d(?:([ .-])\d\d)(?:\2\d\d){3}"
    r"|0\d{1,4}([ -])\d{3,4}\3\d{3,4}"
    r"|\(\d\d\) ?9?\d{4}-\d{4}"
)
"""North America; area code in parentheses; pairs as in France; trunk zero in three groups; Brazil.
"""
_MIN_DIGITS: Final = 7
_MAX_DIGITS: Final = 15


@dataclass(frozen=True, slots=True)
class TelephoneNumber:
    """A telephone number in a text.

    Attributes:
        start: Its first character.
        end: One past its last.
        digits: Its national digits, without leading zeros and extension: how it is compared.
        is_sure: Whether it has a country code, or words before it announce it and it is valid.
        has_country_code: Whether it is written with one.
        is_service: Whether the plan gives it to services: toll-free, shared cost, premium.
    """

    start: int
    end: int
    digits: str
    is_sure: bool
    has_country_code: bool
    is_service: bool


def find_telephone_numbers(text: str, regions: tuple[str, ...]) -> Iterator[TelephoneNumber]:
    """Yield the telephone numbers in a text, in order.

    Args:
        text: The text; time is linear in its length, some 20 to 100 microseconds a candidate.
        regions: Two-letter codes of the regions whose national numbers are known.
    """
    for match in _CANDIDATE.finditer(text):
        written = match[1]
        count = sum(character.isdecimal() for character in written)
        if not _MIN_DIGITS <= count <= _MAX_DIGITS or _DATE.match(written):
            continue
        start = match.start() + len(written) - len(written.lstrip("("))
        if written.startswith("(") and ")" in written:
            start = match.start()
        found = _judge(text, match.start(1), written, regions)
        if found is not None:
            number, is_sure, has_code = found
            yield TelephoneNumber(
                start,
                match.end(),
                str(number.national_number),
                is_sure,
                has_code,
                _is_service(number),
            )


def _judge(
    text: str, start: int, written: str, regions: tuple[str, ...]
) -> "tuple[PhoneNumber, bool, bool] | None":
    label = announced(text, start, Kind.PHONE)
    if _INTERNATIONAL.match(written):
        return _international(written, label=label)
    is_fraction = "/" in written and not written.startswith(("0", "(0"))
    if label is False or is_fraction or (label is None and not _FORM.fullmatch(written)):
        return None
    number = _national(written, regions)
    if number is not None:
        return number, label is True, False
    return _announced_number(written, regions) if label else None


def _international(written: str, *, label: bool | None) -> "tuple[PhoneNumber, bool, bool] | None":
    import phonenumbers  # noqa: PLC0415 - heavy: 30 ms

    has_plus = written.lstrip("( ")[:1] in {"+", "\uff0b"}
    text = written if has_plus else re.sub(r"(?:00|011[ -]?)", "+", written, count=1)
    number = _parse(text, None)
    if number is None or (
        not has_plus and label is None and not phonenumbers.is_valid_number(number)
    ):
        return None
    return (number, True, True) if phonenumbers.is_possible_number(number) else None


def _national(written: str, regions: tuple[str, ...]) -> "PhoneNumber | None":
    import phonenumbers  # noqa: PLC0415 - heavy: 30 ms

    for region in regions:
        number = _parse(written, region)
        if number is not None and phonenumbers.is_valid_number(number):
            return number
    return None


def _announced_number(
    written: str, regions: tuple[str, ...]
) -> "tuple[PhoneNumber, bool, bool] | None":
    has_gap = re.search(r"\d\D+\d", written) is not None
    enough = sum(map(str.isdecimal, written)) >= (7 if has_gap else 8)
    number = _parse(written, regions[0] if regions else "US") if enough else None
    return None if number is None else (number, False, False)


def _parse(written: str, region: str | None) -> "PhoneNumber | None":
    import phonenumbers  # noqa: PLC0415 - heavy: 30 ms

    try:
        return phonenumbers.parse(written, region)
    except phonenumbers.NumberParseException:
        return None


def _is_service(number: "PhoneNumber") -> bool:
    import phonenumbers  # noqa: PLC0415 - heavy: 30 ms

    kinds = phonenumbers.PhoneNumberType
    return phonenumbers.number_type(number) in {
        kinds.TOLL_FREE,
        kinds.SHARED_COST,
        kinds.PREMIUM_RATE,
        kinds.UAN,
    }
