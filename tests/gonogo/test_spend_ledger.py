"""The ledger, by one suite over all of its stores: what holds in one holds in each."""

import logging
import os
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from books import CENT, DAILY, NOON, STORES, Books, Clock, books_in, spent
from servers import postgres_url, redis_cluster_url, redis_url  # noqa: F401 - fixtures

from gonogo.errors import BudgetExceeded, StoreDownError, UnknownReservationError
from gonogo.spend.ledger import Ledger, open_ledger
from gonogo.spend.limits import decode_spend_settings
from gonogo.spend.periods import microseconds_of
from gonogo.spend.reservations import SpendWarning
from gonogo.spend.steps import ReserveStep, State, StepResult, Store
from gonogo.spend.stores.opening import open_store


@pytest.fixture(params=STORES)
def books(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Books]:
    yield from books_in(request.param, request, tmp_path)


def test_what_is_reserved_is_no_longer_left_and_what_it_cost_takes_its_place(books: Books) -> None:
    ledger, _ = books.ledger(DAILY)
    made = ledger.reserve("a", {}, upper_bound_usd=Decimal("0.6"))
    assert (made.is_new, made.is_recorded, made.state) == (True, True, State.OPEN)
    assert spent(ledger) == [(0, Decimal("0.6"))]
    with pytest.raises(BudgetExceeded) as refused:
        ledger.reserve("b", {}, upper_bound_usd=Decimal("0.400001"))
    assert (refused.value.left_usd, refused.value.asked_usd) == (
        Decimal("0.4"),
        Decimal("0.400001"),
    )
    assert refused.value.resets_at == datetime(2026, 11, 25, tzinfo=UTC)
    assert str(refused.value) == (
        "limit 'daily': the call can cost up to $0.400001, but of $1.00 there are $0.00 spent and"
        " $0.60 set aside for calls in flight; there will be enough at 2026-11-25T00:00:00+00:00:"
        " raise [tool.gonogo.spend.limits.daily] amount_usd, or ask for less (a lower"
        " `max_tokens`, a shorter input)"
    )
    settled = ledger.settle("a", Decimal("0.25"))
    assert (settled.cost_usd, settled.state, settled.is_repeated) == (
        Decimal("0.25"),
        State.SETTLED,
        False,
    )
    assert spent(ledger) == [(Decimal("0.25"), 0)]
    ledger.reserve("b", {}, upper_bound_usd=Decimal("0.75"))


def test_all_scopes_or_none(books: Books) -> None:
    ledger, _ = books.ledger(
        {
            "all": {"amount_usd": 10, "period": "monthly"},
            "user": {"amount_usd": 1, "period": "daily", "per": ["user"]},
            "legal": {
                "amount_usd": 5,
                "period": "weekly",
                "where": {"department": "legal"},
                "per": ["model"],
            },
        }
    )
    kim = {"user": "kim", "department": "legal", "model": "m"}
    with pytest.raises(BudgetExceeded) as refused:
        ledger.reserve("a", kim, upper_bound_usd=Decimal(2))
    assert (refused.value.limit, refused.value.scope) == ("user", {"user": "kim"})
    assert "kim" not in str(refused.value)
    assert [(s.spent_usd, s.held_usd) for s in ledger.status(kim)] == [(0, 0)] * 3
    ledger.reserve("b", kim, upper_bound_usd=Decimal(1))
    ledger.settle("b", Decimal(1))
    ledger.reserve("c", {"user": "lee"}, upper_bound_usd=Decimal(1))
    statuses = {(s.limit, *s.scope.values()): s for s in ledger.status()}
    assert {key: (s.spent_usd, s.held_usd) for key, s in statuses.items()} == {
        ("all",): (1, 1),
        ("legal", "m"): (1, 0),
        ("user", "kim"): (1, 0),
        ("user", "lee"): (0, 1),
    }


def test_calls_that_do_not_say_whose_they_are_share_one_amount(books: Books) -> None:
    ledger, _ = books.ledger({"user": {"amount_usd": 1, "period": "daily", "per": ["user"]}})
    ledger.reserve("a", {}, upper_bound_usd=Decimal("0.7"))
    with pytest.raises(BudgetExceeded):
        ledger.reserve("b", {}, upper_bound_usd=Decimal("0.7"))


def test_a_settlement_happens_once(books: Books) -> None:
    ledger, _ = books.ledger(DAILY)
    ledger.reserve("a", {}, upper_bound_usd=CENT * 50)
    ledger.settle("a", CENT * 20)
    again = ledger.settle("a", CENT * 40)
    assert (again.is_repeated, again.cost_usd) == (True, CENT * 20)
    assert ledger.release("a").is_repeated
    assert spent(ledger) == [(CENT * 20, 0)]


def test_a_reservation_happens_once(books: Books) -> None:
    ledger, _ = books.ledger(DAILY)
    ledger.reserve("a", {}, upper_bound_usd=CENT * 50)
    again = ledger.reserve("a", {}, upper_bound_usd=CENT * 90)
    assert (again.is_new, again.state, again.bound_usd) == (False, State.OPEN, CENT * 50)
    ledger.settle("a", CENT)
    settled = ledger.reserve("a", {}, upper_bound_usd=CENT * 90)
    assert (settled.is_new, settled.state, settled.cost_usd) == (False, State.SETTLED, CENT)
    assert spent(ledger) == [(CENT, 0)]


def test_what_failed_costs_nothing_and_may_be_tried_again(books: Books) -> None:
    ledger, _ = books.ledger(DAILY)
    ledger.reserve("a", {}, upper_bound_usd=Decimal(1))
    assert ledger.release("a").state is State.RELEASED
    assert spent(ledger) == [(0, 0)]
    assert ledger.reserve("a", {}, upper_bound_usd=Decimal(1)).is_new
    ledger.settle("a", Decimal(0))
    assert spent(ledger) == [(0, 0)]


def test_an_estimate_holds_until_the_cost_is_known(books: Books) -> None:
    ledger, _ = books.ledger(DAILY)
    ledger.reserve("a", {}, upper_bound_usd=CENT * 50)
    ledger.settle("a", CENT * 50, is_estimate=True)
    (status,) = ledger.status({})
    assert (status.spent_usd, status.estimated_usd) == (CENT * 50, CENT * 50)
    assert ledger.settle("a", CENT * 40, is_estimate=True).is_repeated
    assert not ledger.settle("a", CENT * 20).is_repeated
    (status,) = ledger.status({})
    assert (status.spent_usd, status.estimated_usd) == (CENT * 20, 0)


def test_what_nobody_settles_ends(books: Books) -> None:
    ledger, clock = books.ledger(DAILY, hold_seconds=60)
    ledger.reserve("a", {}, upper_bound_usd=Decimal(1))
    clock.go_on(seconds=59)
    with pytest.raises(BudgetExceeded):
        ledger.reserve("b", {}, upper_bound_usd=CENT)
    clock.go_on(seconds=1)
    ledger.reserve("b", {}, upper_bound_usd=CENT)
    late = ledger.settle("a", CENT * 99)
    assert late.is_late
    assert spent(ledger) == [(CENT * 99, CENT)]
    with pytest.raises(BudgetExceeded):
        ledger.reserve("c", {}, upper_bound_usd=CENT)


def test_what_was_sent_and_nobody_settles_is_charged(books: Books) -> None:
    ledger, clock = books.ledger(DAILY, hold_seconds=60)
    ledger.reserve("a", {}, upper_bound_usd=CENT * 70, is_sent=True)
    ledger.reserve("b", {}, upper_bound_usd=CENT * 30)
    clock.go_on(seconds=61)
    assert ledger.expire() == 2
    assert ledger.expire() == 0
    (status,) = ledger.status({})
    assert (status.spent_usd, status.estimated_usd) == (CENT * 70, CENT * 70)
    ledger.settle("a", CENT * 30)
    (status,) = ledger.status({})
    assert (status.spent_usd, status.estimated_usd) == (CENT * 30, 0)


@pytest.mark.parametrize(("policy", "charged"), [("charge", 2), ("release", 0)])
def test_the_settings_say_what_becomes_of_all_that_nobody_settles(
    books: Books, policy: str, charged: int
) -> None:
    ledger, clock = books.ledger(DAILY, hold_seconds=60, expired_holds=policy)
    ledger.reserve("a", {}, upper_bound_usd=CENT, is_sent=True)
    ledger.reserve("b", {}, upper_bound_usd=CENT)
    clock.go_on(seconds=61)
    assert spent(ledger) == [(CENT * charged, 0)]


def test_a_call_that_is_found_to_have_failed_costs_nothing_whatever_was_estimated(
    books: Books,
) -> None:
    rolling = {"rolling": {"amount_usd": 1, "period": "rolling", "length": "1h"}}
    ledger, clock = books.ledger({**DAILY, **rolling}, hold_seconds=60)
    for name in ("late", "guessed"):
        ledger.reserve(name, {}, upper_bound_usd=CENT * 40, is_sent=True)
    ledger.settle("guessed", CENT * 20, is_estimate=True)
    clock.go_on(seconds=61)
    assert [s.estimated_usd for s in ledger.status({})] == [CENT * 60] * 2
    for name in ("late", "guessed"):
        gone = ledger.release(name)
        assert (gone.state, gone.cost_usd, gone.is_repeated) == (State.RELEASED, 0, False)
        assert ledger.release(name).is_repeated
    assert [(s.spent_usd, s.estimated_usd) for s in ledger.status({})] == [(0, 0)] * 2
    ledger.reserve("late", {}, upper_bound_usd=CENT * 100)


def test_who_is_told_of_a_warning_cannot_undo_the_step(
    books: Books, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_: SpendWarning) -> None:
        raise RuntimeError("the receiver is broken")

    given = decode_spend_settings({"limits": DAILY}, "test")
    ledger = Ledger(books.store(), given, on_warning=fail)
    ledger.reserve("a", {}, upper_bound_usd=CENT * 90)
    assert len(ledger.settle("a", CENT * 90).warnings) == 1
    assert spent(ledger) == [(CENT * 90, 0)]
    assert "could not be told" in caplog.text


def test_a_status_shows_the_amount_as_it_is_now(books: Books) -> None:
    store = books.store()
    for amount in (1, 2):
        limits = {"daily": {"amount_usd": amount, "period": "daily"}}
        given = decode_spend_settings({"limits": limits}, "test")
        ledger = Ledger(store, given, clock=Clock())
        assert [s.amount_usd for s in ledger.status({})] == [amount]
        if amount == 1:
            ledger.reserve("a", {}, upper_bound_usd=CENT)


def test_without_limits_nothing_is_kept(tmp_path: Path) -> None:
    ledger = open_ledger(decode_spend_settings({}, "test"), tmp_path)
    assert not ledger.reserve("a", {}, upper_bound_usd=CENT).is_recorded
    assert ledger.settle("a", CENT).cost_usd == CENT
    assert ledger.release("b").state is State.RELEASED
    assert list(tmp_path.iterdir()) == []


def test_what_ended_is_forgotten_in_time(books: Books) -> None:
    ledger, clock = books.ledger(DAILY, hold_seconds=60, keep_seconds=120)
    for name in ("settled", "orphaned"):
        ledger.reserve(name, {}, upper_bound_usd=CENT)
    ledger.settle("settled", CENT)
    clock.go_on(days=2)
    ledger.expire()
    assert ledger.status() == []
    with pytest.raises(UnknownReservationError, match="no reservation 'settled'"):
        ledger.settle("settled", CENT)
    ledger.settle("orphaned", CENT)  # ended just now; its counter is gone with its day
    assert ledger.status() == []
    clock.go_on(days=2)
    ledger.expire()
    with pytest.raises(UnknownReservationError):
        ledger.settle("orphaned", CENT)


def test_a_call_counts_on_the_day_on_which_it_began(books: Books) -> None:
    ledger, clock = books.ledger(DAILY, time_zone="America/New_York")
    clock.now = datetime(2026, 11, 25, 4, 59, tzinfo=UTC)  # 23:59 in New York
    ledger.reserve("a", {}, upper_bound_usd=Decimal(1))
    clock.go_on(minutes=1)
    ledger.reserve("b", {}, upper_bound_usd=Decimal(1))
    ledger.settle("a", CENT * 30)
    days = [(s.starts_at, s.spent_usd, s.held_usd) for s in ledger.status()]
    assert days == [
        (datetime(2026, 11, 24, 5, tzinfo=UTC), CENT * 30, 0),
        (datetime(2026, 11, 25, 5, tzinfo=UTC), 0, 1),
    ]


@pytest.mark.parametrize(
    ("period", "zone", "begins", "ends"),
    [
        ("daily", "Europe/Berlin", "2026-10-24T22:00Z", "2026-10-25T23:00Z"),  # 25 hours
        ("daily", "Europe/Berlin", "2026-03-28T23:00Z", "2026-03-29T22:00Z"),  # 23 hours
        ("weekly", "Europe/Berlin", "2026-10-18T22:00Z", "2026-10-25T23:00Z"),
        ("monthly", "Europe/Berlin", "2026-09-30T22:00Z", "2026-10-31T23:00Z"),
        ("daily", "America/Havana", "2026-11-01T04:00Z", "2026-11-02T05:00Z"),  # 0:00 comes twice
        ("daily", "Africa/Cairo", "2026-04-23T22:00Z", "2026-04-24T21:00Z"),  # 0:00 is left out
        ("daily", "Pacific/Chatham", "2026-11-23T10:15Z", "2026-11-24T10:15Z"),
    ],
)
def test_periods_begin_and_end_by_the_clocks_of_the_zone_in_every_store(
    books: Books, period: str, zone: str, begins: str, ends: str
) -> None:
    limits = {"limit": {"amount_usd": 1, "period": period, "time_zone": zone}}
    ledger, clock = books.ledger(limits)
    second = timedelta(seconds=1)
    first, after = (datetime.fromisoformat(text) for text in (begins, ends))
    for number, moment in enumerate((first - second, first, after)):
        clock.now = moment
        ledger.reserve(f"new {number}", {}, upper_bound_usd=CENT * 100)
        ledger.settle(f"new {number}", CENT * 100)
    clock.now = after - second
    with pytest.raises(BudgetExceeded) as refused:
        ledger.reserve("too much", {}, upper_bound_usd=CENT)
    assert refused.value.resets_at == after


def test_a_window_rolls(books: Books) -> None:
    ledger, clock = books.ledger(
        {"rolling": {"amount_usd": 1, "period": "rolling", "length": "24h"}}
    )
    for number in range(4):
        ledger.reserve(str(number), {}, upper_bound_usd=CENT * 25)
        ledger.settle(str(number), CENT * 25)
        clock.go_on(hours=5)
    with pytest.raises(BudgetExceeded) as refused:
        ledger.reserve("x", {}, upper_bound_usd=CENT * 50)
    assert refused.value.resets_at == NOON + timedelta(hours=24 + 5, minutes=1)
    clock.now = NOON + timedelta(hours=24, seconds=59)
    with pytest.raises(BudgetExceeded):
        ledger.reserve("x", {}, upper_bound_usd=CENT)
    clock.now = NOON + timedelta(hours=24, minutes=1)
    ledger.reserve("x", {}, upper_bound_usd=CENT * 25)
    assert spent(ledger) == [(CENT * 75, CENT * 25)]
    clock.go_on(days=3)
    ledger.settle("x", CENT * 25)  # it has left the window before it was settled
    assert spent(ledger) == [(0, 0)]


def test_a_window_that_can_never_hold_a_call_says_so(books: Books) -> None:
    ledger, _ = books.ledger(DAILY)
    with pytest.raises(BudgetExceeded, match="will not fit in a later period") as refused:
        ledger.reserve("a", {}, upper_bound_usd=Decimal("1.000001"))
    assert refused.value.resets_at is None


def test_a_threshold_warns_once_a_period(books: Books) -> None:
    warned: list[SpendWarning] = []
    ledger, clock = books.ledger(DAILY, warned=warned)
    for number in range(10):
        ledger.reserve(str(number), {}, upper_bound_usd=CENT * 10)
        ledger.settle(str(number), CENT * 10)
    assert [w.status.spent_usd for w in warned] == [CENT * 80]
    assert str(warned[0]) == (
        "limit 'daily': $0.80 spent and $0.00 in flight of $1.00 (hard limit, warning at $0.80)"
    )
    clock.go_on(days=1)
    ledger.reserve("x", {}, upper_bound_usd=CENT * 90)
    ledger.settle("x", CENT * 90)
    assert len(warned) == 2


def test_a_rolling_window_warns_again_when_it_had_fallen_below(books: Books) -> None:
    warned: list[SpendWarning] = []
    limit = {"amount_usd": 1, "period": "rolling", "length": "24h", "warn_at": [0.5, 0.8]}
    ledger, clock = books.ledger({"rolling": limit}, warned=warned)
    for day in range(2):
        for number in range(3):
            ledger.reserve(f"{day}{number}", {}, upper_bound_usd=CENT * 30)
            ledger.settle(f"{day}{number}", CENT * 30)
        clock.go_on(days=2)
    assert [w.threshold_usd for w in warned] == [CENT * 50, CENT * 80] * 2


def test_a_soft_limit_warns_and_lets_pass(books: Books) -> None:
    warned: list[SpendWarning] = []
    ledger, _ = books.ledger({"soft": {**DAILY["daily"], "kind": "soft"}}, warned=warned)
    ledger.reserve("a", {}, upper_bound_usd=CENT * 60)
    over = ledger.reserve("b", {}, upper_bound_usd=CENT * 60)
    assert [w.threshold_usd for w in over.warnings] == [1]
    assert warned == list(over.warnings)
    ledger.reserve("c", {}, upper_bound_usd=CENT * 60)
    assert len(warned) == 1


def test_an_amount_that_is_raised_holds_at_once(books: Books) -> None:
    store = books.store()
    clock = Clock()
    warned: list[SpendWarning] = []
    for amount in (1, 2):
        limits = {"daily": {"amount_usd": amount, "period": "daily"}}
        given = decode_spend_settings({"limits": limits}, "test")
        ledger = Ledger(store, given, clock=clock, on_warning=warned.append)
        ledger.reserve(f"a{amount}", {}, upper_bound_usd=CENT * 90)
        ledger.settle(f"a{amount}", CENT * 90)
    assert spent(ledger) == [(CENT * 180, 0)]
    assert [w.threshold_usd for w in warned] == [CENT * 80, CENT * 160]


def test_without_a_clock_the_store_tells_the_time(books: Books) -> None:
    given = decode_spend_settings({"limits": DAILY}, "test")
    ledger = Ledger(books.store(), given)
    before = datetime.now(UTC).date()
    made = ledger.reserve("a", {}, upper_bound_usd=CENT)
    assert made.scopes[0].starts_at is not None
    assert before <= made.scopes[0].starts_at.date() <= datetime.now(UTC).date()
    assert ledger.settle("a", CENT).cost_usd == CENT


def test_amounts_are_whole_micro_dollars_in_the_favour_of_the_limit(books: Books) -> None:
    ledger, _ = books.ledger({"big": {"amount_usd": 1_000_000_000, "period": "monthly"}})
    ledger.reserve("a", {}, upper_bound_usd=Decimal("999999999.9999991"))
    assert spent(ledger) == [(0, 1_000_000_000)]
    ledger.settle("a", Decimal("0.0000001"))
    assert spent(ledger) == [(Decimal("0.000001"), 0)]


@pytest.mark.parametrize("amount", ["NaN", "-0.1", "Infinity", "1000000001"])
def test_what_is_no_amount_is_refused(books: Books, amount: str) -> None:
    ledger, _ = books.ledger(DAILY)
    with pytest.raises(ValueError, match="upper_bound_usd: expected US dollars"):
        ledger.reserve("a", {}, upper_bound_usd=Decimal(amount))


def test_ids_and_attributes_may_be_any_text(books: Books) -> None:
    ledger, _ = books.ledger({"user": {"amount_usd": 1, "period": "daily", "per": ["user", "key"]}})
    odd = "it's|\"{}\" \\ \n %s :x $1 ☃ '; DROP TABLE counters"
    attributes = {"user": odd, "key": "sk-secret"}
    ledger.reserve(odd, attributes, upper_bound_usd=CENT)
    ledger.settle(odd, CENT)
    (status,) = ledger.status()
    assert status.scope["user"] == odd
    assert status.spent_usd == CENT
    assert "sk-secret" not in str(status)
    with pytest.raises(ValueError, match="reservation id"):
        ledger.reserve("", {}, upper_bound_usd=CENT)


def test_a_cluster_takes_every_step(redis_cluster_url: str, tmp_path: Path) -> None:  # noqa: F811 - the fixture
    books = Books(redis_cluster_url, tmp_path)
    limits: dict[str, object] = {
        **DAILY,
        "rolling": {"amount_usd": 1, "period": "rolling", "length": "24h", "per": ["user"]},
    }
    ledger, clock = books.ledger(limits, hold_seconds=60)
    for name in ("a", "b"):
        ledger.reserve(name, {"user": "kim"}, upper_bound_usd=CENT * 40)
    ledger.settle("a", CENT * 20)
    with pytest.raises(BudgetExceeded):
        ledger.reserve("c", {"user": "kim"}, upper_bound_usd=CENT * 50)
    clock.go_on(seconds=61)
    assert ledger.expire() == 1
    assert spent(ledger, user="kim") == [(CENT * 20, 0)] * 2
    clock.go_on(days=2)
    assert ledger.status() == []
    books.close()


def test_a_forked_process_has_connections_of_its_own(books: Books) -> None:
    ledger, _ = books.ledger(DAILY)
    ledger.reserve("parent", {}, upper_bound_usd=CENT)
    child = os.fork()
    if child == 0:
        try:
            ledger.reserve("child", {}, upper_bound_usd=CENT)
            ledger.settle("parent", CENT)
        except BaseException:  # noqa: BLE001 - the child must not go on as a test run
            os._exit(1)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    ledger.settle("child", CENT)
    assert ledger.settle("parent", CENT).is_repeated
    assert spent(ledger) == [(CENT * 2, 0)]


def test_threads_never_spend_more_than_there_is(books: Books) -> None:
    store = books.store()
    given = decode_spend_settings({"limits": DAILY, "store_timeout_seconds": 30}, "test")
    ledger = Ledger(store, given)
    granted: list[int] = []

    def work(number: int) -> None:
        for call in range(20):
            try:
                ledger.reserve(f"{number}-{call}", {}, upper_bound_usd=CENT * 2)
            except BudgetExceeded:
                continue
            granted.append(1)
            ledger.settle(f"{number}-{call}", CENT * 2)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(granted) == 50
    assert spent(ledger) == [(1, 0)]


class Ahead:
    """A store whose clock says tomorrow."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.settle, self.expire = store.settle, store.expire
        self.counts, self.slots, self.close = store.counts, store.slots, store.close

    def reserve(self, step: ReserveStep) -> StepResult:
        tomorrow = datetime.now(UTC) + timedelta(days=1)
        return self._store.reserve(replace(step, at=microseconds_of(tomorrow)))


@pytest.mark.parametrize(
    "url", ["redis://127.0.0.1:9/0", "postgresql://gonogo@127.0.0.1:9/x", "/dev/null/ledger.db"]
)
def test_a_store_that_is_down_refuses_unless_the_settings_say_otherwise(
    url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    table = {"store": url, "limits": DAILY, "store_timeout_seconds": 0.2}
    closed = open_ledger(decode_spend_settings(table, "test"), tmp_path)
    with pytest.raises(StoreDownError) as down:
        closed.reserve("a", {}, upper_bound_usd=CENT)
    assert "[tool.gonogo.spend] store" in str(down.value)
    with pytest.raises(StoreDownError):
        closed.settle("a", CENT)
    opened = open_ledger(
        decode_spend_settings({**table, "on_store_down": "open"}, "test"), tmp_path
    )
    with caplog.at_level(logging.WARNING, "gonogo.spend"):
        assert not opened.reserve("a", {}, upper_bound_usd=CENT).is_recorded
    assert "the ledger's store is down: a call passes unrecorded" in caplog.text
    soft = {"soft": {**DAILY["daily"], "kind": "soft"}}
    warned_only = open_ledger(decode_spend_settings({**table, "limits": soft}, "test"), tmp_path)
    assert not warned_only.reserve("a", {}, upper_bound_usd=CENT).is_recorded


def test_a_period_is_the_stores_where_clocks_differ(tmp_path: Path) -> None:
    store = open_store("x.db", name="x", timeout_seconds=1, root=tmp_path)
    ledger = Ledger(Ahead(store), decode_spend_settings({"limits": DAILY}, "test"))
    made = ledger.reserve("a", {}, upper_bound_usd=CENT)
    tomorrow = datetime.now(UTC).date() + timedelta(days=1)
    assert made.scopes[0].starts_at is not None
    assert made.scopes[0].starts_at.date() == tomorrow
    store.close()
