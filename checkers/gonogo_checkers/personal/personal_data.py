"""Finds personal data in a text: where something may be, what it is, and which of two wins.

Only excerpts around places that may be personal data reach the recognizers, at most 60,000
characters of them: ordinary prose costs next to nothing, and hostile text no more than a second.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final

from gonogo_checkers.personal.check_digits import has_card_start
from gonogo_checkers.personal.compact_text import compact, plain_mailbox
from gonogo_checkers.personal.personal_data_kinds import Kind, announced
from gonogo_checkers.personal.telephone_numbers import find_telephone_numbers
from gonogo_checkers.verdict import Confidence

if TYPE_CHECKING:
    from gonogo_checkers.personal.personal_data_recognizers import Recognized

_TRIGGER: Final = re.compile(
    r"[@\uff20]"
    r"|\d(?:[ .\-/()\u00a0\u2010-\u2013]{0,2}\d){5,40}"
    r"|\d{1,3}(?:\.\d{1,3}){3}"
    r"|(?<![0-9A-Za-z])(?=[A-Z]{0,12}\d)[A-Z0-9]{6,70}"
    r"|[0-9A-Fa-f]{1,4}:[0-9A-Fa-f]{0,4}:[0-9A-Fa-f]"
    r"|(?<![0-9A-Za-z])(?:bc1|[13])[0-9A-Za-z]{25,60}"
)
_BEFORE: Final = 70
_AFTER: Final = 60
_LONGEST_EXCERPT: Final = 2_000
_BUDGET: Final = 60_000
_ORDER: Final = {kind: rank for rank, kind in enumerate(Kind)}
_MIN_ID_CHARACTERS: Final = 6
_VERSION_BEFORE: Final = re.compile(
    r"(?:versions?|release|build|v|section|clause|§|rule|article|chapter|annex|firmware)\s?$",
    re.IGNORECASE,
)
_PUBLIC_RESOLVERS: Final = frozenset(
    {"8.8.8.8", "8.8.4.4", "1.1.1.1", "1.0.0.1", "9.9.9.9", "208.67.222.222", "208.67.220.220"}
)


@dataclass(frozen=True, slots=True)
class PersonalDatum:
    """One piece of personal data in a text.

    Attributes:
        kind: What it is.
        start: Its first character.
        end: One past its last.
        normal: How it is compared: a telephone's national digits, an address casefolded, anything
            else by its letters and digits, casefolded.
        confidence: High where its form and check digits, or words before it, settle it.
        is_plain: Whether its form alone settles it: only such data counts in programs.
        is_service: Whether it is a telephone number of a service.
    """

    kind: Kind
    start: int
    end: int
    normal: str
    confidence: Confidence
    is_plain: bool
    is_service: bool = False


def find_personal_data(text: str, regions: tuple[str, ...]) -> list[PersonalDatum]:
    """Return the personal data in a text, in order and without overlaps.

    Args:
        text: Any text.
        regions: Two-letter codes of the regions whose national telephone numbers are known.
    """
    found: list[PersonalDatum] = []
    for start, end in _excerpts(text):
        from gonogo_checkers.personal.personal_data_recognizers import (  # noqa: PLC0415 - heavy: presidio
            recognize,
        )

        excerpt = text[start:end]
        found += _recognized(text, start, recognize(excerpt))
        found += (
            PersonalDatum(
                Kind.PHONE,
                start + number.start,
                start + number.end,
                number.digits,
                Confidence.HIGH if number.is_sure else Confidence.MEDIUM,
                number.has_country_code,
                number.is_service,
            )
            for number in find_telephone_numbers(excerpt, regions)
        )
    whole = (datum for datum in found if not _is_cut(text, datum))
    return _without_overlaps(whole)


def _excerpts(text: str) -> Iterator[tuple[int, int]]:
    left = _BUDGET
    first = last = 0
    for match in _TRIGGER.finditer(text):
        start, end = max(0, match.start() - _BEFORE), min(len(text), match.end() + _AFTER)
        if start <= last and end - first <= _LONGEST_EXCERPT:
            last = end
            continue
        if last > first:
            yield first, last
            left -= last - first
        if left <= 0:
            return
        first, last = start, end
    if last > first:
        yield first, last


@dataclass(frozen=True, slots=True)
class _Candidate:
    """What a recognizer found, and what the words before it say (see `announced`)."""

    written: str
    before: str
    is_proven: bool
    label: bool | None


def _recognized(
    text: str, offset: int, recognized: "Iterable[Recognized]"
) -> Iterator[PersonalDatum]:
    for place in recognized:
        start, end = offset + place.start, offset + place.end
        written = text[start:end]
        label = announced(text, start, place.kind)
        candidate = _Candidate(written, text[max(0, start - 30) : start], place.is_proven, label)
        confidence = _JUDGES.get(place.kind, _judge_other)(candidate)
        if confidence is None:
            continue
        normal = plain_mailbox(written) if place.kind is Kind.MAIL else compact(written)
        yield PersonalDatum(place.kind, start, end, normal, confidence, place.is_proven)


def _judge_other(found: _Candidate) -> Confidence | None:
    if sum(map(str.isalnum, found.written)) < _MIN_ID_CHARACTERS:
        return None
    if found.label:
        return Confidence.HIGH
    return Confidence.MEDIUM if found.is_proven and found.label is None else None


def _judge_mail(_found: _Candidate) -> Confidence | None:
    return Confidence.HIGH


def _judge_iban(found: _Candidate) -> Confidence | None:
    if found.is_proven:
        return Confidence.HIGH
    return Confidence.MEDIUM if found.label else None


def _judge_card(found: _Candidate) -> Confidence | None:
    digits = re.sub(r"\D", "", found.written)
    if not has_card_start(digits) or len(set(digits)) < 3:
        return None
    if found.label:
        return Confidence.HIGH if found.is_proven else Confidence.MEDIUM
    if found.label is False or not found.is_proven:
        return None
    return Confidence.MEDIUM if digits == found.written else Confidence.HIGH


def _judge_ssn(found: _Candidate) -> Confidence | None:
    if found.label:
        return Confidence.HIGH
    is_dashed = re.fullmatch(r"\d{3}-\d{2}-\d{4}", found.written) is not None
    return Confidence.MEDIUM if is_dashed and found.label is None else None


def _judge_ip(found: _Candidate) -> Confidence | None:
    address, _, prefix = found.written.partition("/")
    parsed = ip_address(address.partition("%")[0])
    is_host = prefix in {"", "32", "128"}
    if not parsed.is_global or not is_host or address in _PUBLIC_RESOLVERS:
        return None
    if found.label:
        return Confidence.HIGH
    numbers = address.split(".")
    looks_numbered = len(numbers) == 4 and all(int(number) < 30 for number in numbers)
    if looks_numbered or found.label is False or _VERSION_BEFORE.search(found.before):
        return None
    return Confidence.MEDIUM


_JUDGES: Final = {
    Kind.MAIL: _judge_mail,
    Kind.IBAN: _judge_iban,
    Kind.CARD: _judge_card,
    Kind.SSN: _judge_ssn,
    Kind.IP: _judge_ip,
}


def _is_cut(text: str, datum: PersonalDatum) -> bool:
    """Tell whether a place is only part of a longer word, as at the edge of an excerpt."""
    before, after = text[max(0, datum.start - 1) : datum.start], text[datum.end : datum.end + 1]
    return (before.isalnum() and text[datum.start].isalnum()) or (
        after.isalnum() and text[datum.end - 1].isalnum()
    )


def _precedence(datum: PersonalDatum) -> tuple[int, int, bool, int, str]:
    is_unsure = datum.confidence is not Confidence.HIGH
    return (_ORDER[datum.kind], datum.start - datum.end, is_unsure, datum.start, datum.normal)


def _without_overlaps(found: Iterable[PersonalDatum]) -> list[PersonalDatum]:
    """Keep, where places overlap, the most specific kind; of the same kind the longest."""
    kept: list[PersonalDatum] = []
    taken: set[int] = set()
    for datum in sorted(found, key=_precedence):
        if taken.isdisjoint(range(datum.start, datum.end)):
            taken.update(range(datum.start, datum.end))
            kept.append(datum)
    return sorted(kept, key=lambda datum: datum.start)
