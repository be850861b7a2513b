"""Ledgers for tests, each empty, of every kind of store; a clock that stands still until told."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from gonogo.spend.ledger import Ledger
from gonogo.spend.limits import decode_spend_settings
from gonogo.spend.reservations import SpendWarning
from gonogo.spend.steps import Store
from gonogo.spend.stores.opening import open_store

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
CENT = Decimal("0.01")
DAILY = {"daily": {"amount_usd": 1, "period": "daily"}}
STORES = ["sqlite", "redis", "postgres"]


class Clock:
    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now

    def go_on(self, **time: float) -> None:
        self.now += timedelta(**time)


class Books:
    """Makes ledgers of one kind of store, each empty."""

    _number = 0

    def __init__(self, url: str, folder: Path) -> None:
        self._url = url
        self._folder = folder
        self.opened: list[Store] = []

    def close(self) -> None:
        while self.opened:
            self.opened.pop().close()

    def store(self) -> Store:
        Books._number += 1
        store = open_store(
            self._url.format(number=Books._number),
            name=f"ledger_{Books._number}",
            timeout_seconds=10,
            root=self._folder,
        )
        self.opened.append(store)
        return store

    def ledger(
        self, limits: dict[str, object], *, warned: list[SpendWarning] | None = None, **more: object
    ) -> tuple[Ledger, Clock]:
        clock = Clock()
        given = decode_spend_settings({"limits": limits, **more}, "test")
        tell = None if warned is None else warned.append
        return Ledger(self.store(), given, clock=clock, on_warning=tell), clock


def books_in(kind: str, request: pytest.FixtureRequest, folder: Path) -> Iterator[Books]:
    """Yield what makes ledgers of one of the `STORES`; a fixture's body."""
    is_file = kind == "sqlite"
    url = "ledger{number}.db" if is_file else request.getfixturevalue(f"{kind}_url")
    made = Books(url, folder)
    yield made
    made.close()


def spent(ledger: Ledger, **attributes: str) -> list[tuple[Decimal, Decimal]]:
    return [(s.spent_usd, s.held_usd) for s in ledger.status(attributes)]
