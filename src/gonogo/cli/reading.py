"""What commands read: exchanges, each once, and time zones; and what they say of what is amiss."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, tzinfo
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from gonogo.cli.exits import say
from gonogo.errors import BadInputError, Problem
from gonogo.exchanges import Exchange
from gonogo.plain_text import counted, one_line
from gonogo.sources.exchange_files import read_exchanges
from gonogo.sources.repeats import MOST_KNOWN, SeenExchanges

_MODELS_SAID: Final = 10
_PROBLEMS_SAID: Final = 20


class ReadExchanges:
    """Reads exchanges each once; says and counts what could not be read, and what stood twice.

    Attributes:
        problems: Records that could not be read.
        repeated: Exchanges that stood in the files before and were passed over.
    """

    def __init__(self) -> None:
        self.problems = 0
        self.repeated = 0

    def of(self, locations: Iterable[str]) -> Iterator[Exchange]:
        """Yield the exchanges of all locations in order."""
        seen = SeenExchanges()
        for record in read_exchanges(locations):
            if isinstance(record, Problem):
                self._note(record)
            elif seen.is_repeated(record):
                self.repeated += 1
            else:
                yield record
        if self.problems > _PROBLEMS_SAID:
            say(f"gonogo: {self.problems - _PROBLEMS_SAID:,} more like these")
        if self.repeated:
            what = "in the files more than once (same id, time, model and tokens): counted once"
            say(f"gonogo: {counted(self.repeated, 'call')} stood {what}")
        if seen.is_full:
            say(f"gonogo: calls that stand twice were looked for among the first {MOST_KNOWN:,}")

    def _note(self, problem: Problem) -> None:
        self.problems += 1
        if self.problems <= _PROBLEMS_SAID:
            say(f"gonogo: {problem}")


def zone_named(name: str) -> tzinfo:
    """Return a time zone.

    Raises:
        BadInputError: If there is none of that name.
    """
    if name == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        message = f"{name!r} is no time zone: give one such as Europe/Berlin"
        raise BadInputError([Problem("--timezone", message)]) from error


def say_unpriced(unpriced: Mapping[str, int]) -> None:
    """Name the models whose calls have no price, and how many those are."""
    for model, count in list(unpriced.items())[:_MODELS_SAID]:
        name = one_line(model, 60)
        remedy = f': set [tool.gonogo.prices."{name}"]' if name else " or usage that is not known"
        say(f"gonogo: {counted(count, 'call')} of {name or 'a model'} without a price{remedy}")
    if len(unpriced) > _MODELS_SAID:
        say(f"gonogo: {len(unpriced) - _MODELS_SAID} more models without a price")
