"""What is raised: alarms, whom they are about, and the signals of the detectors behind them."""

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum

from gonogo_checkers.verdict import Severity


class Kind(StrEnum):
    """What went wrong."""

    CONTEXT_BLOAT = "context_bloat"
    RUNAWAY_LOOP = "runaway_loop"
    SPEND_SPIKE = "spend_spike"
    PRICE_JUMP = "price_jump"
    MODEL_SHIFT = "model_shift"
    MODEL_MISMATCH = "model_mismatch"
    DEAR_MODEL = "dear_model"
    CACHE_BREAK = "cache_break"
    UNREAD_CACHE = "unread_cache"
    UNUSED_TOOLS = "unused_tools"
    REPEATED_DOCUMENT = "repeated_document"
    INPUT_HEAVY = "input_heavy"
    GIANT_CONTEXT = "giant_context"


class Scope(StrEnum):
    """Over what exchanges are added up."""

    TOTAL = "total"
    USER = "user"
    SESSION = "session"
    MODEL = "model"


@dataclass(frozen=True, slots=True)
class Entity:
    """Whom an alarm is about; the name of the total is empty."""

    scope: Scope
    name: str = ""

    def __str__(self) -> str:
        """Return `user u-17`, `total`."""
        return f"{self.scope} {self.name}".strip()


TOTAL = Entity(Scope.TOTAL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """What a detector says of one exchange; signals of one episode make one alarm.

    Attributes:
        kind: What went wrong.
        entity: Whom it is about.
        detail: Tells episodes of one kind and entity apart: a model, a document's digest.
        exchanges: The evidence, oldest first; the last is the exchange at hand. Of a spike the
            dearest ones, the dearest first.
        since: When the evidence begins, in seconds since 1970.
        waste_usd: What could have been saved; of the whole evidence in the first signal of an
            episode, of the exchange at hand later; None where it has no price.
        waste_now_usd: Of the exchange at hand alone.
        cause: One sentence.
    """

    kind: Kind
    entity: Entity
    detail: str = ""
    exchanges: tuple[str, ...]
    since: float
    waste_usd: Decimal | None
    waste_now_usd: Decimal | None
    cause: str


class News(StrEnum):
    """Why an alarm is reported now."""

    OPENED = "opened"
    WORSENED = "worsened"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """One episode of something that went wrong.

    Attributes:
        id: The same over all reports of one episode.
        news: Why it is reported.
        kind: What went wrong.
        entity: Whom it is about.
        severity: By the waste per hour; `medium` where that is not known.
        begins: When the first exchange of its evidence was asked.
        raised: When it was first reported.
        ends: When its last exchange was asked; None while it lasts.
        exchanges: Ids, as in the signals: the first ones that showed it, and the last ones.
        count: How many exchanges were named.
        waste_usd: Estimated waste so far; None where an exchange has no price.
        waste_usd_per_hour: The same by the hour, over at least five minutes.
        cause: The likely cause, one sentence.
        part_of: Id of the alarm that has the same cause and is told in its place; None: this one
            is told itself.
        entities: How many users, sessions or models it and its parts concern.
    """

    id: str
    news: News
    kind: Kind
    entity: Entity
    severity: Severity
    begins: datetime
    raised: datetime
    ends: datetime | None
    exchanges: tuple[str, ...]
    count: int
    waste_usd: Decimal | None
    waste_usd_per_hour: Decimal | None
    cause: str
    part_of: str | None = None
    entities: int = 1


def as_moment(seconds: float) -> datetime:
    """Return seconds since 1970 as a time in UTC."""
    return datetime.fromtimestamp(seconds, UTC)
