"""Batching: calls that nobody waits for, at the price of the Message Batches API.

A batch has no order in time, so a call in it is not counted on to find anything in the cache: what
it read or wrote is priced as plain input.
"""

from dataclasses import replace

from gonogo.exchanges import Exchange
from gonogo.spend.savings.drafts import GENERAL, Change, Draft
from gonogo.spend.savings.results import Basis, Kind
from gonogo.spend.savings.settings import SavingsSettings


def batching_of(draft: Draft, settings: SavingsSettings) -> Change | None:
    """Return the batching of a call; None: somebody waits for it, or it was batched."""
    if draft.is_batch:
        return None
    exchange = draft.exchange
    said = _said_by(exchange, settings)
    if not said and not _may_be_a_job(exchange):
        return None
    return Change(
        kind=Kind.BATCHING,
        place=f"domain {exchange.domain or GENERAL}",
        basis=Basis.STATED if said else Basis.ASSUMED,
        redraft=_batched,
        note=said,
    )


def _said_by(exchange: Exchange, settings: SavingsSettings) -> str:
    """Return what says that nobody waits; blank where nothing does."""
    if exchange.domain in settings.batch_domains:
        return f"domain {exchange.domain}"
    for name, values in settings.batch_tags.items():
        value = exchange.tags.get(name)
        if value is not None and value.lower() in values:
            return f"tag {name}={value.lower()}"
    return ""


def _may_be_a_job(exchange: Exchange) -> bool:
    """Say whether nothing points to a person who waits: no stream, no session, no user."""
    return exchange.streamed is False and exchange.session is None and exchange.user is None


def _batched(draft: Draft) -> Draft:
    return replace(
        draft, uncached=draft.input_tokens, writes_5m=0, writes_1h=0, reads=0, is_batch=True
    )
