"""A synthetic month of exchanges, and four incidents in it; all seeded, none of it happened.

Tokens are what `usage` says; texts are kept short, since those of a giant context would fill a disk.
What is raised and what it costs is `spending_story`'s.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from gonogo.exchanges import Exchange, Request, Response, Usage
from gonogo.json_lines import JsonObject

BEGIN: Final = datetime(2026, 10, 1, tzinfo=UTC)
END: Final = datetime(2026, 11, 1, tzinfo=UTC)
HAIKU, SONNET, OPUS = "claude-haiku-5-5", "claude-sonnet-5-5", "claude-opus-5-5"
SUDDEN_500K: Final = "1K-token requests become 500K"
TO_OPUS: Final = "trivial tasks go to the dearest model"
CONTEXT_LOOP: Final = "a recursive context loop over a weekend"
HARD_CODED: Final = "a 200K-token context in every request"
MOST_EXCHANGES: Final = 20_000

_ROUTER, _SUPPORT, _AGENT = "synthetic-router", "synthetic-support", "synthetic-agent"
_BY_HOUR: Final = (1, 1, 1, 1, 1, 2, 4, 8, 14, 18, 20, 18, 14, 17, 19, 18, 14, 9, 5, 3, 2, 2, 1, 1)
"""How busy an hour is against the others."""

_QUEUES: Final = ("billing", "returns", "delivery", "account", "other")
_WINDOW: Final = 1_000_000
_TEXT: Final = (
    "account address amount answer archive basket branch budget cable camera carrier change charge"
    " claim colour contract country courier cover customer damage date deadline delay delivery"
    " deposit discount door email engine error estimate exchange fee filter folder form garden gift"
    " guarantee handle holiday invoice item keyboard label lamp letter light list loan machine"
    " manual meter month notice number offer office order owner package page parcel part password"
    " payment penalty phone plan policy price printer product quality question rate reason receipt"
    " record refund region release reminder rent repair report request return review road room sale"
    " screen season service shelf shipment signal size spare staff stamp station stock street table"
    " tariff tax ticket tool travel update user value vehicle voucher warehouse week window"
)
_WORDS: Final = tuple(_TEXT.split())


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """Something that goes wrong in the month.

    Attributes:
        name: For people.
        begins: When the first exchange of it may be.
        ends: When somebody would have put an end to it: nobody looks before.
        month: All exchanges of the month with it, in the order of their time.
        touched: Ids of those that are part of it.
        healthy: What the touched would have been, by id; without those that would not have been.
        limit: Name of the monthly limit that it runs into.
        ends_when_refused: Whether the application cannot go on after a call is refused.
    """

    name: str
    begins: datetime
    ends: datetime
    month: tuple[Exchange, ...]
    touched: frozenset[str]
    healthy: dict[str, Exchange]
    limit: str
    ends_when_refused: bool = False


def healthy_month(seed: int = 5, *, analysts: int = 6) -> tuple[Exchange, ...]:
    """Return the month as it should be, in the order of its time.

    Args:
        seed: Of its chance.
        analysts: How many there are; each has one to four conversations a working day.
    """
    month: list[Exchange] = []
    for day in range((END - BEGIN).days):
        morning = BEGIN + timedelta(days=day)
        is_weekend = morning.weekday() >= 5
        rng = random.Random(f"{seed} {day}")  # noqa: S311 - a simulation
        month += _router_day(rng, morning, 80 if is_weekend else 260)
        month += _support_day(rng, morning, 14 if is_weekend else 40)
        for analyst in range(analysts):
            sessions = (rng.random() < 0.1) if is_weekend else rng.choice((1, 2, 3, 4))
            for number in range(sessions):
                month += _session(rng, morning, analyst, number)
    return _in_order(month)


def incidents(month: Sequence[Exchange]) -> tuple[Incident, ...]:
    """Return the four, each in the month, each without the others."""
    wednesday = BEGIN + timedelta(days=13, hours=10)
    week = (wednesday, wednesday + timedelta(days=7))
    return (
        _changed(month, week, SUDDEN_500K, _is_of(_SUPPORT), _to_500k, "month"),
        _changed(month, week, TO_OPUS, _is_of(_ROUTER), _to_opus, "routing"),
        _loop(month),
        _changed(month, week, HARD_CODED, lambda _: True, _with_200k, "month"),
    )  # fmt: skip


def user_of(exchange: Exchange) -> str:
    """Return the user; every exchange here has one."""
    assert exchange.user is not None
    return exchange.user


def moment_of(exchange: Exchange) -> datetime:
    """Return when it was asked; every exchange here says so."""
    assert exchange.at is not None
    return exchange.at


def _router_day(rng: random.Random, morning: datetime, calls: int) -> Iterator[Exchange]:
    for number, at in enumerate(_moments(rng, morning, calls)):
        text = f"Which queue does this belong to? {_said(rng, 24)}"
        yield _exchange(
            f"route-{morning:%d}-{number}",
            at,
            (_ROUTER, "routing", HAIKU),
            [{"role": "user", "content": text}],
            (rng.randint(170, 290), rng.randint(30, 55)),
            f"{rng.choice(_QUEUES)}: {_said(rng, 8)}",
        )


def _support_day(rng: random.Random, morning: datetime, calls: int) -> Iterator[Exchange]:
    for number, at in enumerate(_moments(rng, morning, calls)):
        yield _exchange(
            f"ticket-{morning:%d}-{number}",
            at,
            (_SUPPORT, "support", SONNET),
            [{"role": "user", "content": _said(rng, 60)}],
            (rng.randint(850, 1150), rng.randint(110, 220)),
            _said(rng, 60),
        )


def _session(
    rng: random.Random, morning: datetime, analyst: int, number: int
) -> Iterator[Exchange]:
    """Yield the turns of a conversation: each sends what was said before, and something new."""
    at = next(_moments(rng, morning, 1))
    session = f"session-{morning:%d}-{analyst}-{number}"
    first: JsonObject = {"role": "user", "content": _said(rng, 30)}
    messages: list[JsonObject] = [first]
    tokens = rng.randint(5_000, 16_000)
    for turn in range(rng.randint(3, 8)):
        output = rng.randint(200, 700)
        reply = _said(rng, 40)
        yield _exchange(
            f"{session}-{turn}",
            at,
            (f"synthetic-analyst-{analyst}", "analysis", SONNET),
            list(messages),
            (tokens, output),
            reply,
            session=session,
        )
        said = _said(rng, rng.randint(8, 40))
        messages = [
            first,
            {"role": "assistant", "content": reply},
            {"role": "user", "content": said},
        ]
        tokens += output + len(said) // 4
        at += timedelta(seconds=rng.uniform(40, 400))


def _changed(
    month: Sequence[Exchange],
    lasts: tuple[datetime, datetime],
    name: str,
    is_touched: Callable[[Exchange], bool],
    change: Callable[[Exchange], Exchange],
    limit: str,
) -> Incident:
    begins, ends = lasts
    healthy = {e.id: e for e in month if begins <= moment_of(e) < ends and is_touched(e)}
    return Incident(
        name=name,
        begins=begins,
        ends=ends,
        month=tuple(change(e) if e.id in healthy else e for e in month),
        touched=frozenset(healthy),
        healthy=healthy,
        limit=limit,
    )


def _is_of(user: str) -> Callable[[Exchange], bool]:
    return lambda exchange: exchange.user == user


def _to_500k(exchange: Exchange) -> Exchange:
    return _larger(exchange, 499_000)


def _with_200k(exchange: Exchange) -> Exchange:
    return _larger(exchange, 200_000)


def _larger(exchange: Exchange, tokens: int) -> Exchange:
    assert exchange.usage is not None
    body = exchange.usage.body | {"input_tokens": exchange.usage.input_tokens + tokens}
    return replace(exchange, usage=Usage(body))


def _to_opus(exchange: Exchange) -> Exchange:
    assert exchange.response is not None
    return replace(
        exchange,
        request=Request(exchange.request.body | {"model": OPUS}),
        response=Response(exchange.response.body | {"model": OPUS}),
    )


def _loop(month: Sequence[Exchange]) -> Incident:
    """Return an agent that asks itself its own answer, every minute of a weekend.

    The input grows by each answer up to the window; no two requests and no two answers are alike.
    """
    begins = BEGIN + timedelta(days=15, hours=18)
    ends = BEGIN + timedelta(days=18, hours=8)
    rng = random.Random("loop")  # noqa: S311 - a simulation
    calls = []
    tokens, asked = 2000, _said(rng, 60)
    first: JsonObject = {"role": "user", "content": asked}
    messages: list[JsonObject] = [first]
    for number in range(int((ends - begins) / timedelta(minutes=1))):
        reply, output = _said(rng, 60), rng.randint(500, 700)
        at = begins + timedelta(minutes=number, seconds=rng.uniform(0, 5))
        whose = (_AGENT, "analysis", SONNET)
        calls.append(
            _exchange(f"loop-{number}", at, whose, messages, (tokens, output), reply, session="loop")
        )  # fmt: skip
        answer: JsonObject = {"role": "assistant", "content": reply}
        messages = [first, answer, {"role": "user", "content": f"And this? {reply}"}]
        tokens = min(tokens + output + 40, _WINDOW - 1000)
    return Incident(
        name=CONTEXT_LOOP,
        begins=begins,
        ends=ends,
        month=_in_order([*month, *calls]),
        touched=frozenset(call.id for call in calls),
        healthy={},
        limit="month",
        ends_when_refused=True,
    )


def _exchange(
    id_: str,
    at: datetime,
    whose: tuple[str, str, str],
    messages: list[JsonObject],
    tokens: tuple[int, int],
    reply: str,
    *,
    session: str | None = None,
) -> Exchange:
    user, department, model = whose
    content: JsonObject = {"type": "text", "text": reply}
    return Exchange(
        id=id_,
        request=Request({"model": model, "max_tokens": 1000, "messages": [*messages]}),
        response=Response({"model": model, "content": [content]}),
        usage=Usage({"input_tokens": tokens[0], "output_tokens": tokens[1]}),
        at=at,
        user=user,
        department=department,
        session=session,
        tags={"synthetic": "true"},
    )


def _moments(rng: random.Random, morning: datetime, calls: int) -> Iterator[datetime]:
    hours = rng.choices(range(24), weights=_BY_HOUR, k=calls)
    yield from sorted(morning + timedelta(hours=h, seconds=rng.uniform(0, 3600)) for h in hours)


def _said(rng: random.Random, words: int) -> str:
    return " ".join(rng.choices(_WORDS, k=words))


def _in_order(exchanges: Sequence[Exchange]) -> tuple[Exchange, ...]:
    """Return what is within the month, by time."""
    return tuple(sorted((e for e in exchanges if moment_of(e) < END), key=moment_of))
