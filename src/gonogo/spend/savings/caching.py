"""Prompt caching: plays the five-minute cache over the exchanges' own times and prices.

Two ways to mark prompts are tried for each application, that is for each set of tools and system
prompt: mark these alone, or the end of the conversation, too. What pays more is taken; where the
writes cost more than the reads save, none.
"""

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Final

from gonogo.pricing import Prices
from gonogo.spend.savings.drafts import Draft
from gonogo.spend.savings.prompts import Prompt
from gonogo.spend.savings.settings import SavingsSettings

_LOOK_BACK: Final = 20
"""So many beginnings before a mark does the API look for an entry."""

_MOST_ENTRIES: Final = 100_000
_MOST_APPLICATIONS: Final = 2000
_ZERO: Final = Decimal(0)


class Marking(StrEnum):
    """Where a prompt is marked for the cache."""

    FIXED_PART = "the tools and the system prompt"
    CONVERSATION = "the system prompt and the last message"


@dataclass(slots=True)
class Account:
    """What caching would have come to for one application.

    Attributes:
        saved: By way of marking, in US dollars; below 0 where it costs more.
        calls: That would have been marked, by way of marking.
        hits: Of these, those that would have read something.
        example: Id of an exchange.
    """

    saved: dict[Marking, Decimal] = field(default_factory=lambda: dict.fromkeys(Marking, _ZERO))
    calls: dict[Marking, int] = field(default_factory=lambda: dict.fromkeys(Marking, 0))
    hits: dict[Marking, int] = field(default_factory=lambda: dict.fromkeys(Marking, 0))
    example: str = ""

    @property
    def best(self) -> Marking:
        """The way of marking that saves more; the simpler one where both save alike."""
        return max(Marking, key=lambda marking: self.saved[marking])


@dataclass(slots=True)
class _Entry:
    ready: datetime
    used: datetime


class CacheTrial:
    """Plays the cache for one course of the bill."""

    def __init__(self, settings: SavingsSettings, prices: Prices) -> None:
        self._settings = settings
        self._prices = prices
        self._entries: OrderedDict[tuple[Marking, str, bytes], _Entry] = OrderedDict()
        self.accounts: dict[tuple[str, bytes], Account] = {}

    def see(
        self, key: tuple[str, bytes], draft: Draft, prompt: Prompt, *, cost_usd: Decimal
    ) -> None:
        """Play a call; calls that the cache has a part in, or that are batched, are let be.

        Args:
            key: Model that was asked and fixed part: the application.
            draft: The call, as far as other measures have changed it.
            prompt: What its request is made of.
            cost_usd: What the draft costs.
        """
        at = draft.exchange.at
        if at is None or draft.is_batch or draft.is_cached or prompt.is_marked:
            return
        account = self._account(key)
        if account is None:
            return
        account.example = account.example or draft.exchange.id
        for marking in Marking:
            tokens = self._tokens(marking, draft, prompt, at)
            if tokens is None:
                continue
            after = _cached(draft, *tokens).cost_usd(self._prices)
            if after is not None:
                account.saved[marking] += cost_usd - after
                account.calls[marking] += 1
                account.hits[marking] += tokens[0] > 0

    def _account(self, key: tuple[str, bytes]) -> Account | None:
        if key not in self.accounts and len(self.accounts) >= _MOST_APPLICATIONS:
            return None
        return self.accounts.setdefault(key, Account())

    def _tokens(
        self, marking: Marking, draft: Draft, prompt: Prompt, at: datetime
    ) -> tuple[int, int] | None:
        """Return the tokens that are read and written; None: too short to be cached."""
        marked = prompt.fixed_part if marking is Marking.FIXED_PART else prompt.beginnings[-1]
        whole = int(draft.uncached * marked[1])
        if whole < self._settings.least_cacheable_tokens:
            return None
        ready = at + _until_ready(draft)
        read = 0
        for digest, share in self._candidates(marking, prompt):
            tokens = int(draft.uncached * share)
            key = (marking, draft.model, digest)
            if tokens < self._settings.least_cacheable_tokens or not self._is_alive(key, at):
                continue
            self._entries[key].used = at
            self._entries.move_to_end(key)
            read = tokens
            break
        for digest, share in dict.fromkeys((prompt.fixed_part, marked)):
            if int(draft.uncached * share) > read:
                self._write((marking, draft.model, digest), at, ready)
        return read, whole - read

    def _candidates(self, marking: Marking, prompt: Prompt) -> Iterator[tuple[bytes, float]]:
        """Yield beginnings that may be in the cache, the longest first."""
        if marking is Marking.CONVERSATION:
            yield from reversed(prompt.beginnings[1:][-_LOOK_BACK:])
        yield prompt.fixed_part

    def _is_alive(self, key: tuple[Marking, str, bytes], at: datetime) -> bool:
        entry = self._entries.get(key)
        if entry is None:
            return False
        return entry.ready <= at <= entry.used + self._settings.cache_lifetime

    def _write(self, key: tuple[Marking, str, bytes], at: datetime, ready: datetime) -> None:
        entry = self._entries.get(key)
        in_flight = entry is not None and at < entry.ready < ready
        self._entries[key] = _Entry(ready=entry.ready if entry and in_flight else ready, used=at)
        self._entries.move_to_end(key)
        self._forget(at)

    def _forget(self, at: datetime) -> None:
        """Drop the entries that were used longest ago: those that are dead, and too many."""
        while self._entries:
            oldest = next(iter(self._entries.values()))
            is_dead = oldest.used + self._settings.cache_lifetime < at
            if not is_dead and len(self._entries) <= _MOST_ENTRIES:
                return
            self._entries.popitem(last=False)


def _until_ready(draft: Draft) -> timedelta:
    """Return how long it takes until an entry can be read: until the answer begins."""
    seconds = draft.exchange.ttft_seconds
    if seconds is None:
        seconds = draft.exchange.latency_seconds or 0.0
    return timedelta(seconds=min(seconds, 86_400.0))


def _cached(draft: Draft, read: int, written: int) -> Draft:
    return replace(draft, uncached=draft.uncached - read - written, reads=read, writes_5m=written)
