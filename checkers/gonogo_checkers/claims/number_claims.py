"""Judges the numbers and dates of an answer: given, worked out, computable, or from nowhere."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from gonogo_checkers.claims.calendar_dates import CalendarDate, dates_of, follows_from
from gonogo_checkers.claims.claim_findings import finding_at
from gonogo_checkers.claims.derived_numbers import DerivedNumbers, is_among
from gonogo_checkers.claims.given_texts import GivenTexts
from gonogo_checkers.claims.month_names import month_number
from gonogo_checkers.claims.quantities import Quantity, quantities_of
from gonogo_checkers.claims.shown_working import workings_of
from gonogo_checkers.claims.table_cells import table_units
from gonogo_checkers.reading.evidence import masked
from gonogo_checkers.verdict import Confidence, Finding, Severity

_MONTH: Final = re.compile(
    r"\b(?:January|February|March|April|June|July|August|September|October|November|December)\b"
    r"|\bMay\b(?= \d)|(?<=\d )May\b"
)
_MOST_DATES: Final = 40
_CONSTANTS: Final = frozenset(
    {2.0, 4.0, 7.0, 10.0, 12.0, 24.0, 30.0, 52.0, 60.0, 100.0, 365.0, 1e3}
)
"""What calculations convert units with; nobody needs to give them."""
_NEARLY: Final = 1e-5
"""How near a large rounded number must be to what it is computed to, as a share of it."""


def judge_numbers(prose: str, given: GivenTexts, excusing: GivenTexts) -> Iterator[Finding]:
    """Yield a finding for each number, date and month that is not given (GRD001).

    Args:
        prose: The answer, with what holds no numbers blanked.
        given: What the answer must be true to.
        excusing: What may be repeated from as well: the system prompt.
    """
    texts = (given, excusing)
    computed = list(_computed_dates(prose, texts))
    told: set[tuple[int, int]] = set()
    for date in computed:
        if (date.day, date.month) in told:
            continue
        told.add((date.day, date.month))
        shown = prose[date.start : date.end]
        message = f"{shown!r} is in none of the given texts, though it follows from dates that are."
        span = (date.start, date.end)
        yield finding_at("GRD001", prose, span, message, Severity.LOW, Confidence.LOW)
    months = given.months | excusing.months | {date.month for date in computed}
    for match in _MONTH.finditer(prose):
        if month_number(match[0]) not in months:
            message = f"{match[0]} is in none of the given texts."
            yield finding_at(
                "GRD001", prose, match.span(), message, Severity.MEDIUM, Confidence.MEDIUM
            )
    yield from _judge_quantities(prose, texts, computed)


def _computed_dates(prose: str, texts: Sequence[GivenTexts]) -> Iterator[CalendarDate]:
    """Yield the dates of the answer that are not given but follow from a date and a duration."""
    given = [date for text in texts for date in text.dates]
    known = {(date.day, date.month, date.year) for date in given}
    known |= {(date.day, date.month, None) for date in given}
    durations = [duration for text in texts for duration in text.durations]
    if not given or not durations:
        return
    computed: list[CalendarDate] = []
    for date in dates_of(prose)[:_MOST_DATES]:
        place = (date.day, date.month, date.year)
        if place in known:
            continue
        if follows_from(date, [*computed, *given], durations):
            computed.append(date)
            yield date


def _judge_quantities(
    prose: str, texts: Sequence[GivenTexts], computed: Sequence[CalendarDate]
) -> Iterator[Finding]:
    dated = {place for date in computed for place in range(date.start, date.end)}
    quantities = quantities_of(prose)
    known = [_is_known(quantity, texts, prose) for quantity in quantities]
    if all(known):
        return
    times = tuple(texts[0].values.get("time", ()))
    worked = _Worked.of(prose, quantities, known, _Derivable(texts[0].likely, times))
    derived = _Derivable((*worked.values, *texts[0].likely), times)
    for quantity, is_known in zip(quantities, known, strict=True):
        if is_known or quantity.start in dated or worked.has(quantity):
            continue
        is_shown = quantity.start in worked.doubtful
        follows = is_shown or derived.holds(quantity)
        minor = follows or _is_count(quantity)
        note = ", though it can be computed from numbers that are" if follows else ""
        note = ", nor is all that it is worked out from" if is_shown else note
        yield finding_at(
            "GRD001",
            prose,
            (quantity.start, quantity.end),
            f"{masked(quantity.text)!r} is in none of the given texts{note}.",
            Severity.LOW if minor else Severity.MEDIUM,
            Confidence.LOW if minor else Confidence.MEDIUM,
        )


def _is_known(quantity: Quantity, texts: Sequence[GivenTexts], prose: str) -> bool:
    if any(text.has_number(quantity) for text in texts):
        return True
    if quantity.kind in {"code", "time", "percent"}:
        return False
    return any(
        texts[0].has_value(reading * unit, quantity.step * unit / 2)
        for unit in table_units(prose)
        for reading in quantity.readings
    )


@dataclass(frozen=True)
class _Derivable:
    """What follows from given numbers; those that are times of day apart."""

    likely: tuple[float, ...]
    times: tuple[float, ...]

    @cached_property
    def _numbers(self) -> DerivedNumbers:
        return DerivedNumbers(self.likely)

    @cached_property
    def _minutes(self) -> DerivedNumbers:
        return DerivedNumbers(self.times)

    def holds(self, quantity: Quantity) -> bool:
        """Tell whether a number follows from the given ones, as it is rounded."""
        if quantity.kind in {"code", "time"}:
            return False
        slack = quantity.step / 2
        return any(
            self._holds_value(quantity, value, slack) or self._holds_share(quantity, value, slack)
            for value in quantity.likely_readings
        )

    def _holds_value(self, quantity: Quantity, value: float, slack: float) -> bool:
        rounds = slack < 0.5 or quantity.hedged or slack < _NEARLY * value
        within = slack if rounds else 1e-6
        if value < 100 and value.is_integer():
            return self._numbers.holds_sum(value, within) or self._minutes.holds_sum(value, 0.0)
        return self._numbers.holds_value(value, within) or self._minutes.holds_sum(value, 0.0)

    def _holds_share(self, quantity: Quantity, value: float, slack: float) -> bool:
        if quantity.kind == "percent" or 0 < slack < 0.5:
            return self._numbers.holds_share(value, slack)
        return quantity.kind == "money" and self._numbers.holds_share(value, 1e-6)


@dataclass(frozen=True, slots=True)
class _Worked:
    """What the answer works out itself.

    Attributes:
        values: Results whose operands are all given or worked out, sorted.
        doubtful: Places of results of which an operand is neither.
        constants: Places of operands that convert units.
    """

    values: list[float]
    doubtful: frozenset[int]
    constants: frozenset[int]

    @classmethod
    def of(
        cls,
        prose: str,
        quantities: Sequence[Quantity],
        known: Sequence[bool],
        derived: _Derivable,
    ) -> "_Worked":
        """Follow the calculations of the answer in their order; what is worked out helps on."""
        given = {one.start for one, is_known in zip(quantities, known, strict=True) if is_known}
        values: set[float] = set()
        doubtful, constants = set(), set()
        for working in workings_of(prose, quantities):
            if all(
                operand.start in given
                or not values.isdisjoint(operand.readings)
                or not _CONSTANTS.isdisjoint(operand.readings)
                or derived.holds(operand)
                for operand in working.operands
            ):
                values.add(working.value)
                constants |= {
                    operand.start
                    for operand in working.operands
                    if not _CONSTANTS.isdisjoint(operand.readings)
                }
            else:
                doubtful.add(working.result.start)
        return cls(sorted(values), frozenset(doubtful), frozenset(constants))

    def has(self, quantity: Quantity) -> bool:
        """Tell whether a number is one of the results, as it is rounded, or converts units."""
        if quantity.start in self.constants:
            return True
        slack = quantity.step / 2 if quantity.step < 1 or quantity.hedged else 0.0
        return any(is_among(value, self.values, slack) for value in quantity.likely_readings)


def _is_count(quantity: Quantity) -> bool:
    return quantity.kind == "plain" and quantity.readings[0] in range(11)
