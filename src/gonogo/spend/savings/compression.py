"""Context compression: documents that stand twice in one request, and histories that grow."""

from collections.abc import Iterator
from decimal import Decimal

from gonogo.spend.savings.drafts import GENERAL, Change, Draft, Redraft
from gonogo.spend.savings.prompts import Prompt, bytes_of
from gonogo.spend.savings.results import Basis, Kind
from gonogo.spend.savings.settings import SavingsSettings


def compressions_of(
    draft: Draft, prompt: Prompt | None, settings: SavingsSettings
) -> Iterator[Change]:
    """Yield what could be left out of the input of a call, as it was made."""
    if prompt is None:
        return
    place = f"domain {draft.exchange.domain or GENERAL}"
    repeated = int(draft.input_tokens * _repeated_share(draft, settings))
    if repeated:
        yield Change(
            kind=Kind.REPEATED_DOCUMENTS,
            place=place,
            basis=Basis.COMPUTED,
            redraft=_without(repeated, draft),
            tokens=repeated,
        )
    old = int(draft.input_tokens * prompt.share_before_last(settings.kept_messages))
    if old >= settings.least_history_tokens:
        tokens = int(old * (Decimal(1) - settings.summary_share))
        yield Change(
            kind=Kind.LONG_HISTORIES,
            place=place,
            basis=Basis.ASSUMED,
            redraft=_without(tokens, draft),
            tokens=tokens,
        )


def _repeated_share(draft: Draft, settings: SavingsSettings) -> float:
    """Return which share of the request's bytes are copies of a document in it."""
    seen: set[str] = set()
    copied = 0
    for text in draft.exchange.request.documents:
        size = len(text.encode(errors="replace"))
        if size >= settings.least_document_bytes:
            copied += size if text in seen else 0
            seen.add(text)
    return min(copied / bytes_of(draft.exchange.request), 1.0) if copied else 0.0


def _without(tokens: int, made: Draft) -> Redraft:
    """Take tokens away; of a draft that is shorter already in proportion."""
    whole = max(made.input_tokens, 1)
    return lambda draft: draft.without_input(tokens * draft.input_tokens // whole)
