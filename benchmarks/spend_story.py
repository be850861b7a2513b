"""Tells the story of a synthetic month and its four incidents, and puts it into its page.

Beside it, how often healthy months of other seeds are alarmed.
"""

import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from results import replace_tables
from spending_month import BEGIN, healthy_month, moment_of
from spending_story import MONTHLY, Story, Told, priced, tell_story

from gonogo.exchanges import Exchange, Usage
from gonogo.spend.anomalies import Entity, News, Watcher
from gonogo.spend.forecasting.projections import NotBy

MONTHS = ((6, range(1, 9)), (10, range(5, 9)))
TERSE = 10
_SHOWN = 6


def main() -> None:
    """Print the tables, and write them into docs/spend-story.md."""
    with tempfile.TemporaryDirectory() as folder:
        story = tell_story(Path(folder))
    tables = "\n".join(_lines(story)) + "\n"
    print(tables)
    replace_tables(ROOT / "docs" / "spend-story.md", tables)


def _lines(story: Story) -> Iterator[str]:
    yield "\n### The healthy months\n"
    yield "| seed | analysts | calls | cost | alarms | entities | alarms an entity | most of one |"
    yield "|--:|--:|--:|--:|--:|--:|--:|--:|"
    for analysts, seeds in MONTHS:
        for seed in seeds:
            yield _healthy_line(seed, analysts)
    yield (
        f"\nThe story's own month is that of seed 5 and six analysts; the ledger refused"
        f" {story.refusals} of its calls and warned {story.warnings} times.\n\n### The incidents\n"
    )
    yield (
        "| incident | lasts | calls of it | first alarm that names the cause | after"
        " | had cost by then | stopped by the ledger | cost with the ledger | would have cost |"
    )
    yield "|---|---|--:|---|--:|--:|---|--:|--:|"
    for told in story.told:
        yield _incident_line(told)
    yield f"\n{_terse_line(story.told[1])}\n\n### What was raised, in order\n"
    for told in story.told:
        yield f"\n{told.incident.name}:\n"
        yield from _raised_lines(told)
    yield "\n### What was foreseen half-way\n"
    yield (
        "| incident | at | spent of the limit | month, likely | month, 80 % | limit hit: earliest"
        " | likely | latest |"
    )
    yield "|---|---|--:|--:|--:|---|---|---|"
    for told in story.told:
        yield _foreseen_line(told)


def _healthy_line(seed: int, analysts: int) -> str:
    month = healthy_month(seed, analysts=analysts)
    watcher = Watcher(prices={})
    alarms: Counter[Entity] = Counter()
    for exchange in month:
        news = watcher.feed(exchange, cost=priced(exchange))
        alarms.update(alarm.entity for alarm in news if alarm.news is News.OPENED)
    entities = len({e.user for e in month} | {e.answered_by for e in month}) + 1
    cost = sum(map(priced, month), Decimal(0))
    return (
        f"| {seed} | {analysts} | {len(month):,} | {_usd(cost)} | {alarms.total()} | {entities}"
        f" | {alarms.total() / entities:.2f} | {max(alarms.values(), default=0)} |"
    )


def _incident_line(told: Told) -> str:
    case, first = told.incident, told.named
    if told.refused is None:
        stopped = "no"
    else:
        at, error = told.refused
        stopped = f"`{error.limit}` refused first on {_at(at)}; refusals in all: {told.refusals:,}"
    return (
        f"| {case.name} | {_at(case.begins)} to {_at(case.ends)} | {len(case.touched):,}"
        f" | `{first.alarm.kind}` of {first.alarm.entity} | {first.minutes:,.0f} min,"
        f" {first.calls} calls | {_usd(first.cost_usd)} | {stopped} | {_usd(told.stopped_usd)}"
        f" | {_usd(told.whole_usd)} |"
    )


def _terse_line(told: Told) -> str:
    """Return what becomes of the routing error where the router answers in ten tokens."""
    case = told.incident
    watcher = Watcher(prices={})
    raised, cost, healthy = 0, Decimal(0), Decimal(0)
    for exchange in case.month:
        if moment_of(exchange) >= case.ends:
            break
        seen = _terse(exchange) if exchange.department == case.limit else exchange
        news = watcher.feed(seen, cost=priced(seen))
        raised += sum(a.news is News.OPENED and moment_of(exchange) >= case.begins for a in news)
        if exchange.id in case.touched:
            cost += priced(seen)
            healthy += priced(_terse(case.healthy[exchange.id]))
    return (
        f"With answers of {TERSE} tokens in place of 30 to 55 the same routing error costs"
        f" {_usd(cost - healthy)} in its week; alarms raised then: {raised}."
    )


def _terse(exchange: Exchange) -> Exchange:
    tokens = 0 if exchange.usage is None else exchange.usage.input_tokens
    return replace(exchange, usage=Usage({"input_tokens": tokens, "output_tokens": TERSE}))


def _raised_lines(told: Told) -> Iterator[str]:
    yield "| alarm | of | after, minutes | calls | had cost | severity | estimated waste an hour |"
    yield "|---|---|--:|--:|--:|---|--:|"
    for one in told.raised[:_SHOWN]:
        waste = one.alarm.waste_usd_per_hour
        an_hour = "" if waste is None else _usd(waste)
        yield (
            f"| `{one.alarm.kind}` | {one.alarm.entity} | {one.minutes:,.1f} | {one.calls}"
            f" | {_usd(one.cost_usd)} | {one.alarm.severity} | {an_hour} |"
        )
    more = len(told.raised) - _SHOWN
    if more > 0:
        yield f"\n… and {more} more of other users and kinds."
    warned = sorted({limit for limit, _ in told.warned})
    firsts = [next((limit, at) for limit, at in told.warned if limit == name) for name in warned]
    yield (
        "\nThe ledger warned first: "
        + ("; ".join(f"`{limit}` on {_at(at)}" for limit, at in firsts) or "never")
        + "."
    )


def _foreseen_line(told: Told) -> str:
    seen = told.foreseen
    month = seen.month.total
    return (
        f"| {told.incident.name} | {_at(seen.at)} | {_usd(seen.month.spent)} of"
        f" {_usd(MONTHLY[told.incident.limit])} | {_usd(month.likely)}"
        f" | {_usd(month.low_80)} to {_usd(month.high_80)} | {_when(seen.hit.earliest)}"
        f" | {_when(seen.hit.likely)} | {_when(seen.hit.latest)} |"
    )


def _when(moment: datetime | NotBy) -> str:
    return "not this month" if isinstance(moment, NotBy) else _at(moment)


def _at(moment: datetime) -> str:
    return f"{moment.astimezone(BEGIN.tzinfo):%a %d %b %H:%M}"


def _usd(amount: Decimal) -> str:
    return f"${amount:,.2f}"


if __name__ == "__main__":
    main()
