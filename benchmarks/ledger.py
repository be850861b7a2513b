"""The ledger under 32 threads in 8 processes that are killed at random, and the time it takes.

On SQLite, Redis and PostgreSQL, with three scopes a call: what goes over a hard limit, how much of
the limit can be spent, and how long `reserve` and `settle` take together. Beside it the design that
checks, calls, and then increments. Servers are started on loopback and ended again; fsync is on.
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from decimal import Decimal
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "benchmarks" / "accuracy"))
sys.path.insert(0, str(ROOT / "tests"))

from hammer import Outcome, Plan, RedisCounters, SqliteCounters, hammer, naive_overspend
from measurement import Row, as_markdown, show, store
from results import replace_tables
from servers import postgres_server, redis_server

PAIRS = 2000
LATENCY_BAR_MS = 1.0
NAIVE_SECONDS = 12.0


@contextmanager
def stores() -> Iterator[dict[str, str]]:
    """Yield the URLs of the stores by kind."""
    with ExitStack() as servers:
        yield {
            "SQLite": "ledger.db",
            "Redis": servers.enter_context(redis_server()),
            "PostgreSQL": servers.enter_context(postgres_server()),
        }


def latencies(url: str, folder: Path) -> list[float]:
    """Return how many milliseconds `reserve` and `settle` take together, in one thread."""
    plan = Plan(url=url, name="latency", folder=str(folder), calls=100 * PAIRS)
    ledger = plan.ledger()
    found = []
    for number in range(PAIRS):
        whose = {"user": f"u{number % 4}", "department": f"d{number % 2}"}
        started = time.perf_counter()
        ledger.reserve(str(number), whose, upper_bound_usd=Decimal("0.001"))
        ledger.settle(str(number), Decimal("0.0007"))
        found.append((time.perf_counter() - started) * 1000)
    ledger.close()
    return found


def latency_rows(kind: str, url: str, folder: Path) -> list[Row]:
    """Measure an idle ledger."""
    found = latencies(url, folder)
    bar = LATENCY_BAR_MS if kind != "PostgreSQL" else None
    return [
        Row(
            what=f"{kind}: reserve + settle in three scopes, median",
            value=statistics.median(found),
            unit="ms",
            n=len(found),
            bar=bar,
            at_most=True,
        ),
        Row(
            what=f"{kind}: reserve + settle, 95th percentile",
            value=statistics.quantiles(found, n=20)[-1],
            unit="ms",
            n=len(found),
        ),
    ]


def hammer_rows(kind: str, plan: Plan, peer: int | None) -> list[Row]:
    """Hammer a ledger, and say what came of it."""
    outcome = hammer(plan)
    print(f"{kind}, expired holds {plan.expired}: {outcome}")
    what = f"{kind}, expired holds {plan.expired}"
    rows = [
        Row(
            what=f"{what}: over any hard limit",
            value=float(outcome.over),
            unit="micro-dollars",
            n=outcome.calls,
            bar=0.0,
            at_most=True,
            peer="check, call, increment",
            peer_value=None if peer is None else float(peer),
        ),
        Row(
            what=f"{what}: of the limit spent at the end",
            value=100 * outcome.utilisation,
            unit="%",
            n=outcome.calls,
            bar=99.0,
        ),
        Row(
            what=f"{what}: refusals of what would have fit",
            value=float(outcome.wrong_refusals + (not outcome.is_consistent)),
            unit="refusals",
            n=outcome.calls,
            bar=0.0,
            at_most=True,
        ),
        Row(
            what=f"{what}: processes killed",
            value=float(outcome.kills),
            unit="processes",
            n=outcome.calls,
        ),
    ]
    return [*rows, *truth_rows(what, plan, outcome)]


def truth_rows(what: str, plan: Plan, outcome: Outcome) -> list[Row]:
    """Say what the calls truly cost, those of killed processes included, that nobody settled."""
    account = plan.amounts["account"]
    return [
        Row(
            what=f"{what}: truly over, calls of killed processes included",
            value=float(max(outcome.truly_over, 0)),
            unit="micro-dollars",
            n=outcome.calls,
            bar=None if plan.expired == "release" else 0.0,
            at_most=True,
        ),
        Row(
            what=f"{what}: of the limit truly spent",
            value=100 * (account + outcome.truly_over) / account,
            unit="%",
            n=outcome.calls,
        ),
    ]


def peer_of(kind: str, url: str, folder: Path, calls: int) -> int | None:
    """Return how far the naive design goes over, in micro-dollars; None: not measured."""
    plan = Plan(url=url, name="naive", folder=str(folder), calls=calls, is_naive=True)
    if kind == "SQLite":
        counters: SqliteCounters | RedisCounters = SqliteCounters(str(folder / url))
    elif kind == "Redis":
        counters = RedisCounters(url, plan.name)
    else:
        return None
    return naive_overspend(plan, counters.all, seconds=NAIVE_SECONDS)


def main() -> int:
    """Measure, show, store; 1 where a bar does not hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=6000, help="that exhaust a limit, roughly")
    parser.add_argument("--page", type=Path, help="a Markdown page to write the rows to")
    given = parser.parse_args()
    rows: list[Row] = []
    with stores() as urls, tempfile.TemporaryDirectory() as scratch:
        for kind, url in urls.items():
            folder = Path(scratch) / kind
            folder.mkdir()
            rows += latency_rows(kind, url, folder)
            peer = peer_of(kind, url, folder, given.calls)
            for expired in ("charge_sent", "release"):
                own = folder / expired
                own.mkdir()
                name = f"hammer_{expired}"
                plan = Plan(url=url, name=name, folder=str(own), calls=given.calls, expired=expired)
                rows += hammer_rows(kind, plan, peer if expired == "charge_sent" else None)
    print(show("ledger", rows))
    store("ledger", rows, ROOT / "results")
    if given.page is not None:
        replace_tables(given.page, as_markdown("ledger", rows))
    return 0 if all(row.holds for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
