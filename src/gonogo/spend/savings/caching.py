"""Prompt caching: plays the cache over the exchanges' own times and prices.

Ways to mark prompts are tried for each application, that is for each set of tools and system
prompt: these alone, or the end of the conversation, too; for five minutes, or for an hour at a
dearer write. What pays most is taken; where the writes cost more than the reads save, none.
"""

from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from itertools import product
from typing import Final, NamedTuple, TypeAlias

from gonogo.pricing import Prices
from gonogo.spend.savings.drafts import Draft
from gonogo.spend.savings.prompts import Prompt
from gonogo.spend.savings.settings import SavingsSettings

Application: TypeAlias = tuple[str, bytes]
"""The model that was asked, and the digest of the tools and the system prompt."""

_Key: TypeAlias = tuple[str, bytes]
"""Model and digest of a beginning."""

_HOUR_FACTOR: Final = Decimal(2)
"""Of a write for an hour to plain input (Claude's price list), where no own price says it."""

_LOOK_BACK: Final = 20
"""So many beginnings before a mark does the API look for an entry."""

_MOST_ENTRIES: Final = 25_000
_MOST_APPLICATIONS: Final = 1000
_ZERO: Final = Decimal(0)
_MILLION: Final = Decimal(1_000_000)


class Marking(StrEnum):
    """Where a prompt is marked for the cache."""

    FIXED_PART = "the tools and the system prompt"
    CONVERSATION = "the system prompt and the last message"


class Lifetime(StrEnum):
    """How long an entry lives since it was last used."""

    MINUTES = "five minutes"
    HOUR = "an hour"

    @property
    def time(self) -> timedelta:
        """The same as a time."""
        return timedelta(minutes=5) if self is Lifetime.MINUTES else timedelta(hours=1)


class Way(NamedTuple):
    """A way to mark prompts."""

    lifetime: Lifetime
    marking: Marking


WAYS: Final = tuple(Way(*pair) for pair in product(Lifetime, Marking))
"""All ways, the simpler ones first."""


@dataclass(slots=True)
class Account:
    """What caching would have come to for one application.

    Attributes:
        saved: By way, in US dollars; below 0 where it costs more.
        calls: That would have been marked, by way.
        hits: Of these, those that would have read something.
        example: Id of an exchange.
    """

    saved: dict[Way, Decimal] = field(default_factory=lambda: dict.fromkeys(WAYS, _ZERO))
    calls: dict[Way, int] = field(default_factory=lambda: dict.fromkeys(WAYS, 0))
    hits: dict[Way, int] = field(default_factory=lambda: dict.fromkeys(WAYS, 0))
    example: str = ""

    @property
    def best(self) -> Way:
        """The way that saves most; of those that save alike the simplest."""
        return max(WAYS, key=lambda way: self.saved[way])

    @property
    def most_saved(self) -> Decimal:
        """What the best way saves; at least 0: nobody has to cache."""
        return max(*self.saved.values(), _ZERO)


@dataclass(slots=True)
class _Entry:
    ready: datetime
    used: datetime


class CacheTrial:
    """Plays the cache for one course of the bill."""

    def __init__(self, settings: SavingsSettings, prices: Prices) -> None:
        self._settings = settings
        self._prices = prices
        self._caches = {way: _Cache(way.lifetime.time) for way in WAYS}
        self._accounts: dict[Application, Account] = {}
        self._unread: OrderedDict[Application, Account] = OrderedDict()

    @property
    def accounts(self) -> dict[Application, Account]:
        """Applications of which a call would have read something."""
        return self._accounts

    def saved(self, application: Application) -> Decimal:
        """Return what the best way saves at an application, in US dollars; at least 0."""
        account = self._accounts.get(application)
        return _ZERO if account is None else account.most_saved

    def see(self, application: Application, draft: Draft, prompt: Prompt) -> None:
        """Play a call; calls that the cache has a part in, or that are batched, are let be.

        Args:
            application: Of which the call is.
            draft: The call, as far as other measures have changed it.
            prompt: What its request is made of.
        """
        at = draft.exchange.at
        if at is None or draft.is_batch or draft.is_cached or prompt.is_marked:
            return
        least = self._settings.least_cacheable_of(draft.model)
        if draft.uncached * prompt.beginnings[-1][1] < least:
            return
        worth = _worth_of(draft, self._prices)
        if worth is None:
            return
        known = self._accounts.get(application) or self._unread.get(application)
        account = known or Account()
        account.example = account.example or draft.exchange.id
        ready = at + _until_ready(draft)
        for marking in Marking:
            marks = _marks_of(marking, draft, prompt, least)
            if marks is None:
                continue
            for lifetime in Lifetime:
                way = Way(lifetime, marking)
                read = self._caches[way].play(marks, at, ready)
                written = marks.whole - read
                if known is None:
                    written = marks.whole  # what it reads it wrote when its account was dropped
                account.saved[way] += worth.saved_by(read, written, lifetime)
                account.calls[way] += 1
                account.hits[way] += read > 0
        self._keep(application, account)

    def _keep(self, application: Application, account: Account) -> None:
        """Keep those that read something for good, of the others the ones that were seen last."""
        has_room = len(self._accounts) < _MOST_APPLICATIONS
        if application in self._accounts or (has_room and any(account.hits.values())):
            self._unread.pop(application, None)
            self._accounts[application] = account
            return
        self._unread[application] = account
        self._unread.move_to_end(application)
        if len(self._unread) > _MOST_APPLICATIONS:
            self._unread.popitem(last=False)


class _Worth(NamedTuple):
    """What a million tokens are worth to a call: US dollars, all factors in it."""

    read: Decimal
    """Read instead of sent."""
    written_5m: Decimal
    """Written, too; mostly below 0."""
    written_1h: Decimal

    def saved_by(self, read: int, written: int, lifetime: Lifetime) -> Decimal:
        write = self.written_5m if lifetime is Lifetime.MINUTES else self.written_1h
        return (read * self.read + written * write) / _MILLION


def _worth_of(draft: Draft, prices: Prices) -> _Worth | None:
    """Return what tokens are worth; the size of the call, and so its rates, stay the same."""
    card = draft.card(prices)
    if card is None:
        return None
    rates = card.at_size(draft.input_tokens)
    sent, minutes, hour = rates.uncached_input, rates.cache_write_5m, rates.cache_write_1h
    hour = hour if hour > minutes else max(minutes, sent * _HOUR_FACTOR)
    factor = draft.factor * (1 - card.discount) * (card.us_factor if draft.in_us else 1)
    return _Worth(*((sent - rate) * factor for rate in (rates.cache_read, minutes, hour)))


class _Marks(NamedTuple):
    """What of a call is marked.

    Attributes:
        whole: Tokens up to the last mark.
        readable: Beginnings that may be in the cache, the longest first, and their tokens.
        written: Those that are written unless as much is read.
    """

    whole: int
    readable: tuple[tuple[_Key, int], ...]
    written: tuple[tuple[_Key, int], ...]


def _marks_of(marking: Marking, draft: Draft, prompt: Prompt, least: int) -> _Marks | None:
    """Return what is marked; None: it is too short to be cached."""
    uncached, model = draft.uncached, draft.model
    is_fixed = marking is Marking.FIXED_PART
    last = prompt.fixed_part if is_fixed else prompt.beginnings[-1]
    whole = int(uncached * last[1])
    if whole < least:
        return None
    found = [prompt.fixed_part] if is_fixed else _looked_at(prompt)
    tokens = [((model, digest), int(uncached * share)) for digest, share in found]
    first = (model, prompt.fixed_part[0]), int(uncached * prompt.fixed_part[1])
    end = (model, last[0]), whole
    return _Marks(
        whole=whole,
        readable=tuple(each for each in tokens if each[1] >= least),
        written=(end,) if end == first else (first, end),
    )


def _looked_at(prompt: Prompt) -> list[tuple[bytes, float]]:
    """Return the beginnings of a conversation that the API looks for, the longest first."""
    return [*reversed(prompt.beginnings[1:][-_LOOK_BACK:]), prompt.fixed_part]


class _Cache:
    """Entries by model and beginning, those that were used last at the end."""

    def __init__(self, lifetime: timedelta) -> None:
        self._lifetime = lifetime
        self._entries: OrderedDict[_Key, _Entry] = OrderedDict()

    def play(self, marks: _Marks, at: datetime, ready: datetime) -> int:
        """Read the longest beginning that is there, write the others; return what was read."""
        read = next((tokens for key, tokens in marks.readable if self._is_read(key, at)), 0)
        for key, tokens in marks.written:
            if tokens > read:
                self._write(key, at, ready)
        return read

    def _is_read(self, key: _Key, at: datetime) -> bool:
        """Say whether an entry can be read; it lives anew then."""
        entry = self._entries.get(key)
        if entry is None or not entry.ready <= at <= entry.used + self._lifetime:
            return False
        entry.used = at
        self._entries.move_to_end(key)
        return True

    def _write(self, key: _Key, at: datetime, ready: datetime) -> None:
        """Write an entry; one that is being written already is ready when it would have been."""
        entry = self._entries.get(key)
        if entry is not None:
            entry.ready = entry.ready if at < entry.ready < ready else ready
            entry.used = at
            self._entries.move_to_end(key)
            return
        self._entries[key] = _Entry(ready=ready, used=at)
        for _ in range(2):  # one more than came, so that what is dead gets less
            oldest = next(iter(self._entries.values()))
            if oldest.used + self._lifetime < at or len(self._entries) > _MOST_ENTRIES:
                self._entries.popitem(last=False)


def _until_ready(draft: Draft) -> timedelta:
    """Return how long it takes until an entry can be read: until the answer begins."""
    seconds = draft.exchange.ttft_seconds
    if seconds is None:
        seconds = draft.exchange.latency_seconds or 0.0
    return timedelta(seconds=min(seconds, 86_400.0))
