"""The ledger under steps in any order: against the plainest model, and store against store."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from books import CENT, NOON, STORES, Books, Clock, books_in, spent
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from servers import postgres_url, redis_url  # noqa: F401 - fixtures

from gonogo.errors import BudgetExceeded, UnknownReservationError
from gonogo.spend.ledger import Ledger
from gonogo.spend.reservations import SpendWarning


@pytest.fixture(params=STORES)
def books(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Books]:
    yield from books_in(request.param, request, tmp_path)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["reserve", "send", "settle", "estimate", "release", "wait", "expire"]),
        st.integers(0, 5),
        st.integers(0, 60),
    ),
    max_size=40,
)


@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=STEPS)
def test_whatever_happens_in_whatever_order_is_added_up(
    books: Books, steps: list[tuple[str, int, int]]
) -> None:
    ledger, clock = books.ledger(
        {"all": {"amount_usd": 1, "period": "monthly"}},
        warned=[],
        hold_seconds=100,
        keep_seconds=86_400,
    )
    model = Model()
    for what, number, amount in steps:
        model.seconds += amount if what == "wait" else 0
        clock.now = NOON + timedelta(seconds=model.seconds)
        model.expire()
        if what in {"reserve", "send"}:
            is_sent = what == "send"
            granted = model.reserve(number, amount, is_sent=is_sent)
            assert reserves(ledger, number, amount, is_sent=is_sent) == granted
        elif what in {"settle", "estimate", "release"}:
            cost = None if what == "release" else amount
            is_estimate = what == "estimate"
            known = model.settle(number, cost, is_estimate=is_estimate)
            assert settles(ledger, number, cost, is_estimate=is_estimate) == known
        assert spent(ledger) == [(CENT * model.spent, CENT * model.held)]
    books.close()


def reserves(ledger: Ledger, number: int, amount: int, *, is_sent: bool) -> bool:
    try:
        ledger.reserve(str(number), {}, upper_bound_usd=CENT * amount, is_sent=is_sent)
    except BudgetExceeded:
        return False
    return True


def settles(ledger: Ledger, number: int, cost: int | None, *, is_estimate: bool) -> bool:
    try:
        if cost is None:
            ledger.release(str(number))
        else:
            ledger.settle(str(number), CENT * cost, is_estimate=is_estimate)
    except UnknownReservationError:
        return False
    return True


class Model:
    """What a ledger should do, in the plainest words."""

    def __init__(self) -> None:
        self.seconds = 0
        self.rows: dict[int, dict[str, int | str | bool]] = {}

    @property
    def spent(self) -> int:
        return sum(int(row["cost"]) for row in self.rows.values())

    @property
    def held(self) -> int:
        return sum(int(row["bound"]) for row in self.rows.values() if row["state"] == "open")

    def expire(self) -> None:
        for row in self.rows.values():
            if row["state"] == "open" and self.seconds >= int(row["ends"]):
                row["state"] = "settled" if row["sent"] else "expired"
                row["cost"] = row["bound"] if row["sent"] else 0
                row["guess"] = row["sent"]

    def reserve(self, number: int, bound: int, *, is_sent: bool) -> bool:
        row = self.rows.get(number)
        if row is not None and row["state"] in {"open", "settled"}:
            return True
        if self.spent + self.held + bound > 100:
            return False
        ends = self.seconds + 100
        self.rows[number] = {
            "state": "open",
            "bound": bound,
            "cost": 0,
            "ends": ends,
            "guess": False,
            "sent": is_sent,
        }
        return True

    def settle(self, number: int, cost: int | None, *, is_estimate: bool) -> bool:
        row = self.rows.get(number)
        if row is None:
            return False
        if cost is None:
            if row["state"] == "open" or row["guess"]:
                row |= {"state": "released", "cost": 0, "guess": False}
        elif row["state"] != "settled" or (row["guess"] and not is_estimate):
            row |= {"state": "settled", "cost": cost, "guess": is_estimate}
        return True


MIXED: dict[str, object] = {
    "all": {"amount_usd": 2, "period": "weekly", "warn_at": [0.3, 0.6]},
    "rolling": {"amount_usd": 1, "period": "rolling", "length": "24h", "per": ["user"]},
    "soft": {"amount_usd": 0.5, "period": "daily", "kind": "soft", "per": ["user"]},
}
LONG_STEPS = st.lists(
    st.tuples(
        st.sampled_from(["reserve", "send", "settle", "estimate", "release", "wait"]),
        st.integers(0, 7),
        st.integers(0, 60),
    ),
    max_size=60,
)


@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=LONG_STEPS)
def test_all_stores_do_and_say_the_same(
    redis_url: str,  # noqa: F811 - the fixture
    postgres_url: str,  # noqa: F811 - the fixture
    tmp_path: Path,
    steps: list[tuple[str, int, int]],
) -> None:
    told = []
    for url in ("ledger{number}.db", redis_url, postgres_url):
        books = Books(url, tmp_path)
        warned: list[SpendWarning] = []
        ledger, clock = books.ledger(
            MIXED,
            warned=warned,
            hold_seconds=5 * 3600,
            keep_seconds=24 * 3600,
        )
        told.append([*(said(ledger, clock, step) for step in steps), *map(str, warned)])
        books.close()
    assert told[0] == told[1]
    assert told[0] == told[2]


def said(ledger: Ledger, clock: Clock, step: tuple[str, int, int]) -> object:
    """Do a step, and return all that can be seen of it."""
    what, number, amount = step
    outcome: object = None
    try:
        match what:
            case "wait":
                clock.go_on(minutes=amount * 10)
            case "reserve" | "send":
                whose = {"user": f"u{number % 2}"}
                outcome = ledger.reserve(
                    str(number), whose, upper_bound_usd=CENT * amount, is_sent=what == "send"
                )
            case "release":
                outcome = ledger.release(str(number))
            case _:
                is_estimate = what == "estimate"
                outcome = ledger.settle(str(number), CENT * amount, is_estimate=is_estimate)
    except BudgetExceeded as refused:
        outcome = str(refused), refused.resets_at, refused.scope
    except UnknownReservationError as unknown:
        outcome = str(unknown)
    return outcome, ledger.status(), ledger.status({"user": "u0"})
