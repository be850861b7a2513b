"""What the given texts hold, made ready to be looked up: numbers, words, wording, addresses."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, islice
from typing import Final

from gonogo_checkers.claims.calendar_dates import CalendarDate, Duration, dates_of, durations_of
from gonogo_checkers.claims.derived_numbers import is_among
from gonogo_checkers.claims.month_names import months_in
from gonogo_checkers.claims.proper_names import Vocabulary, vocabulary_of
from gonogo_checkers.claims.quantities import Quantity, ordinal_values, quantities_of
from gonogo_checkers.claims.quotations import wording_of
from gonogo_checkers.claims.table_cells import spread_cells, table_units
from gonogo_checkers.claims.web_addresses import web_addresses_of

_MOST_LIKELY: Final = 2_000
MOST_CHARACTERS: Final = 300_000
"""What is read of the given texts, all together; the rest is not looked at."""


@dataclass(frozen=True, slots=True)
class GivenTexts:
    """Texts that the model was given, indexed.

    Attributes:
        values: Every number by kind, sorted; `any` holds all but times of day.
        codes: Numbers that are codes: versions, sections, telephones; long ones by their digits.
        vocabulary: Their words.
        wording: All their words in order, one space between them.
        addresses: Web and e-mail addresses, normalised.
        hosts: Their hosts.
        months: Months by their numbers, also those in dates such as 2024-05-15.
        likely: The first reading of every number, in order.
        units: By how much the numbers of tables are scaled, such as 1000.
        dates: Dates with a day and a month.
        durations: So many days, months, years.
    """

    values: dict[str, list[float]]
    codes: frozenset[str]
    vocabulary: Vocabulary
    wording: str
    addresses: frozenset[str]
    hosts: frozenset[str]
    months: frozenset[int]
    likely: tuple[float, ...]
    units: frozenset[float]
    dates: tuple[CalendarDate, ...]
    durations: tuple[Duration, ...]

    def has_number(self, quantity: Quantity) -> bool:
        """Tell whether a number is given, as it is or rounded as it is written."""
        if quantity.kind == "code":
            return _digits_of(quantity.text) in self.codes
        kinds = {
            "time": ("time", "any"),
            "percent": ("percent", "plain"),
            "money": ("money", "plain"),
        }
        looked_in = kinds.get(quantity.kind, ("any",))
        readings = quantity.readings
        if quantity.kind == "time":
            hours = tuple(value / 60 for value in readings)
            return self._near("time", readings, 0.0) or self._near("any", hours, 0.0)
        if quantity.kind == "percent":
            shares = tuple(value / 100 for value in readings)
            if self._near("plain", shares, quantity.step / 200):
                return True
        if quantity.kind in {"plain", "money"} and self._is_scaled(quantity):
            return True
        slack = quantity.step / 2
        rounds = quantity.hedged or quantity.kind != "plain" or quantity.step < 1
        return any(
            self._near(kind, readings, slack if rounds else 0.0)
            or (quantity.hedged and self._near(kind, readings, _rounding(max(readings))))
            for kind in looked_in
        )

    def has_value(self, value: float, slack: float) -> bool:
        """Tell whether a number within `slack` of a value is given."""
        return self._near("any", (value,), slack)

    def _is_scaled(self, quantity: Quantity) -> bool:
        """Tell whether a table has the number in thousands or millions."""
        return any(
            self._near(
                "any",
                [value / unit for value in quantity.readings if value >= unit],
                quantity.step / unit / 2,
            )
            for unit in self.units
        )

    def share_of_wording(self, parts: Iterable[str]) -> float:
        """Return the share of a quotation's runs of three words that are given, of at most 20."""
        words = " ".join(parts).split()
        runs = [" ".join(words[index : index + 3]) for index in range(len(words) - 2)][:20]
        return sum(f" {run} " in self.wording for run in runs) / max(1, len(runs))

    def _near(self, kind: str, readings: Sequence[float], slack: float) -> bool:
        """Look readings up; slack is that of the largest: `4.27` of 4.27 million has less."""
        values = self.values.get(kind, [])
        largest = max(readings, default=0.0) or 1.0
        return any(is_among(one, values, slack * one / largest) for one in readings)


def _rounding(value: float) -> float:
    digits = f"{abs(value):.0f}".rstrip("0")
    zeros = len(f"{abs(value):.0f}") - len(digits)
    return float(10**zeros) / 2 if zeros and digits else 0.0


def _digits_of(code: str) -> str:
    """Return a long code without its spacing, and a short one, such as 3.11.2, as it is."""
    digits = "".join(filter(str.isdigit, code))
    return digits if len(digits) >= 8 else code


def index_texts(texts: Iterable[str]) -> GivenTexts:
    """Index the given texts, up to `MOST_CHARACTERS` of them in their order."""
    return _index(tuple(_within_limit(texts)))


@lru_cache(maxsize=3)
def _index(read: tuple[str, ...]) -> GivenTexts:
    """Index them; remembered, since the cases of a suite share system prompts and documents."""
    spread = tuple(map(spread_cells, read))
    per_text = [quantities_of(text) for text in spread]
    found = list(chain.from_iterable(per_text))
    whole = (quantities_of(text) for text, cells in zip(read, spread, strict=True) if text != cells)
    by_kind: dict[str, set[float]] = {}
    for quantity in chain(found, *whole):
        by_kind.setdefault(quantity.kind, set()).update(quantity.readings)
        if quantity.kind != "time":
            by_kind.setdefault("any", set()).update(quantity.readings)
    ordinals = set().union(*map(ordinal_values, read))
    for kind in ("plain", "any"):
        by_kind.setdefault(kind, set()).update(ordinals)
    addresses = list(chain.from_iterable(map(web_addresses_of, read)))
    counted = (quantity for quantity in found if quantity.kind not in {"code", "time"})
    values = chain.from_iterable(quantity.likely_readings for quantity in counted)
    durations = chain.from_iterable(map(durations_of, spread, per_text))
    return GivenTexts(
        values={kind: sorted(numbers) for kind, numbers in by_kind.items()},
        codes=frozenset(_digits_of(one.text) for one in found if one.kind == "code"),
        vocabulary=vocabulary_of(read),
        wording=f" {' '.join(map(wording_of, read))} ",
        addresses=frozenset(address.key for address in addresses),
        hosts=frozenset(address.host for address in addresses),
        months=frozenset().union(*map(months_in, read)),
        likely=tuple(islice(values, _MOST_LIKELY)),
        units=frozenset().union(*map(table_units, read)),
        dates=tuple(islice(chain.from_iterable(map(dates_of, read)), 200)),
        durations=tuple(islice(durations, 200)),
    )


def _within_limit(texts: Iterable[str]) -> Iterable[str]:
    left = MOST_CHARACTERS
    for text in texts:
        if left <= 0:
            return
        yield text[:left]
        left -= len(text)
