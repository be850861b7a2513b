"""What the given texts hold, made ready to be looked up: numbers, words, wording, addresses."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain, islice
from typing import Final

from gonogo_checkers.derived_numbers import is_among
from gonogo_checkers.month_names import months_in
from gonogo_checkers.proper_names import Vocabulary, vocabulary_of
from gonogo_checkers.quantities import Quantity, ordinal_values, quantities_of
from gonogo_checkers.quotations import wording_of
from gonogo_checkers.web_addresses import web_addresses_of

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
    """

    values: dict[str, list[float]]
    codes: frozenset[str]
    vocabulary: Vocabulary
    wording: str
    addresses: frozenset[str]
    hosts: frozenset[str]
    months: frozenset[int]
    likely: tuple[float, ...]

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
        slack = quantity.step / 2
        rounds = quantity.hedged or quantity.kind != "plain" or quantity.step < 1
        return any(
            self._near(kind, readings, slack if rounds else 0.0)
            or (quantity.hedged and self._near(kind, readings, _rounding(max(readings))))
            for kind in looked_in
        )

    def share_of_wording(self, parts: Iterable[str]) -> float:
        """Return the share of a quotation's runs of three words that are given, of at most 20."""
        words = " ".join(parts).split()
        runs = [" ".join(words[index : index + 3]) for index in range(len(words) - 2)][:20]
        return sum(f" {run} " in self.wording for run in runs) / max(1, len(runs))

    def _near(self, kind: str, readings: Iterable[float], slack: float) -> bool:
        values = self.values.get(kind, [])
        return any(is_among(reading, values, slack) for reading in readings)


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
    read = list(_within_limit(texts))
    found = list(chain.from_iterable(map(quantities_of, read)))
    by_kind: dict[str, set[float]] = {}
    for quantity in found:
        by_kind.setdefault(quantity.kind, set()).update(quantity.readings)
        if quantity.kind != "time":
            by_kind.setdefault("any", set()).update(quantity.readings)
    ordinals = set().union(*map(ordinal_values, read))
    for kind in ("plain", "any"):
        by_kind.setdefault(kind, set()).update(ordinals)
    addresses = list(chain.from_iterable(map(web_addresses_of, read)))
    counted = (quantity for quantity in found if quantity.kind not in {"code", "time"})
    values = chain.from_iterable(quantity.likely_readings for quantity in counted)
    return GivenTexts(
        values={kind: sorted(numbers) for kind, numbers in by_kind.items()},
        codes=frozenset(_digits_of(one.text) for one in found if one.kind == "code"),
        vocabulary=vocabulary_of(read),
        wording=f" {' '.join(map(wording_of, read))} ",
        addresses=frozenset(address.key for address in addresses),
        hosts=frozenset(address.host for address in addresses),
        months=frozenset().union(*map(months_in, read)),
        likely=tuple(islice(values, _MOST_LIKELY)),
    )


def _within_limit(texts: Iterable[str]) -> Iterable[str]:
    left = MOST_CHARACTERS
    for text in texts:
        if left <= 0:
            return
        yield text[:left]
        left -= len(text)
