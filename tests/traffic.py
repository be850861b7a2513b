"""Streams of calls for tests of spending, each built from what the test is about."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from gonogo.exchanges import Exchange, Request, Response, Usage
from gonogo.pricing import ConfiguredPrice
from gonogo.spend.anomalies import Alarm, Kind, News, Watcher, WatchSettings

BEGIN = datetime(2026, 9, 7, tzinfo=UTC)
CHEAP, DEAR = "claude-haiku-4-5", "claude-opus-5-5"
PRICES = {
    CHEAP: ConfiguredPrice(input_mtok=Decimal(1), output_mtok=Decimal(5)),
    DEAR: ConfiguredPrice(input_mtok=Decimal(4), output_mtok=Decimal(20)),
}


def call(
    number: int,
    seconds: float | None,
    *,
    user: str | None = "u",
    session: str | None = None,
    model: str = CHEAP,
    answered: str | None = None,
    input_tokens: int = 2000,
    output_tokens: int = 100,
    reads: int = 0,
    writes: int = 0,
    text: str | None = None,
    messages: list[Any] | None = None,
    reply: str | None = None,
    tools: list[Any] | None = None,
    called: list[tuple[str, Any]] | None = None,
    system: str | None = None,
) -> Exchange:
    if messages is None:
        messages = [] if text is None else [{"role": "user", "content": text}]
    content: list[Any] = [] if reply is None else [{"type": "text", "text": reply}]
    content += [{"type": "tool_use", "name": n, "input": i} for n, i in called or []]
    body: dict[str, Any] = {"model": model, "messages": messages}
    if tools is not None:
        body["tools"] = tools
    if system is not None:
        body["system"] = system
    return Exchange(
        id=f"ex{number}",
        request=Request(body),
        response=Response({"model": answered or model, "content": content}),
        usage=Usage(
            {
                "input_tokens": input_tokens - reads - writes,
                "output_tokens": output_tokens,
                "cache_read_input_tokens": reads,
                "cache_creation_input_tokens": writes,
            }
        ),
        at=None if seconds is None else BEGIN + timedelta(seconds=seconds),
        user=user,
        session=session,
    )


def watched(exchanges: Iterable[Exchange], **settings: Any) -> list[Alarm]:
    """Return everything that is reported, the end included; nothing is too cheap to be raised."""
    given = {"least_waste_usd_per_hour": Decimal(0)} | settings
    watcher = Watcher(WatchSettings(**given), PRICES)
    alarms = [alarm for exchange in exchanges for alarm in watcher.feed(exchange)]
    return [*alarms, *watcher.finish()]


def opened(exchanges: Iterable[Exchange], **settings: Any) -> list[Alarm]:
    return [a for a in watched(exchanges, **settings) if a.news is News.OPENED]


def kinds(exchanges: Iterable[Exchange], **settings: Any) -> list[Kind]:
    return [alarm.kind for alarm in opened(exchanges, **settings)]
