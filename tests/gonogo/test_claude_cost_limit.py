"""The cost limit: settled costs and open reservations together never pass it."""

import asyncio
import threading
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.claude.cost_limit import CostLimit, Reservation
from gonogo.errors import CostLimitError

CENTS = st.integers(0, 500).map(lambda cents: Decimal(cents) / 100)


def test_what_is_reserved_is_no_longer_left() -> None:
    limit = CostLimit(Decimal(1))
    limit.reserve(Decimal("0.6"))
    with pytest.raises(CostLimitError) as refused:
        limit.reserve(Decimal("0.5"))
    assert str(refused.value) == (
        "the next call can cost up to $0.50, but of the limit of $1.00 there are $0.00 spent and"
        " $0.60 reserved for calls in flight: raise --max-cost-usd or [tool.gonogo] max_cost_usd,"
        " or ask less (pytest: --gonogo-max-cost-usd)"
    )


def test_the_limit_itself_may_be_spent() -> None:
    limit = CostLimit(Decimal("0.3"))
    for _ in range(3):
        limit.settle(limit.reserve(Decimal("0.1")), Decimal("0.1"))
    assert limit.spent_usd == Decimal("0.3")
    with pytest.raises(CostLimitError):
        limit.reserve(Decimal("0.000001"))


def test_settling_twice_counts_once() -> None:
    limit = CostLimit(Decimal(1))
    reservation = limit.reserve(Decimal("0.5"))
    limit.settle(reservation, Decimal("0.2"))
    limit.settle(reservation, Decimal("0.2"))
    limit.release(reservation)
    assert (limit.spent_usd, limit.reserved_usd) == (Decimal("0.2"), 0)


def test_releasing_gives_all_of_it_back() -> None:
    limit = CostLimit(Decimal(1))
    limit.release(limit.reserve(Decimal(1)))
    assert limit.reserve(Decimal(1)).bound_usd == 1


def test_without_a_limit_costs_are_added_up_all_the_same() -> None:
    limit = CostLimit(None)
    limit.settle(limit.reserve(Decimal(1000)), Decimal(900))
    assert limit.spent_usd == 900


@pytest.mark.parametrize("amount", ["-0.01", "NaN", "Infinity"])
def test_a_limit_that_is_no_amount_is_refused(amount: str) -> None:
    with pytest.raises(ValueError, match="limit_usd: expected at least 0"):
        CostLimit(Decimal(amount))


def test_what_may_fit_later_is_told_from_what_never_can() -> None:
    limit = CostLimit(Decimal(1))
    first = limit.reserve(Decimal("0.9"))
    assert limit.try_reserve(Decimal("0.5")) is None
    with pytest.raises(CostLimitError):
        limit.try_reserve(Decimal("1.01"))
    limit.settle(first, Decimal("0.4"))
    assert limit.try_reserve(Decimal("0.5")) is not None


def test_a_cost_above_its_reservation_is_counted_and_ends_the_run() -> None:
    limit = CostLimit(Decimal(1))
    limit.settle(limit.reserve(Decimal(1)), Decimal("1.2"))
    assert limit.spent_usd == Decimal("1.2")
    with pytest.raises(CostLimitError):
        limit.reserve(Decimal(0))


def test_a_whole_run_is_refused_beforehand() -> None:
    limit = CostLimit(Decimal(1))
    limit.demand_total(Decimal(1))
    with pytest.raises(CostLimitError, match=r"the run can cost up to \$1\.01"):
        limit.demand_total(Decimal("1.01"))
    CostLimit(None).demand_total(Decimal(10_000))


def test_a_call_waits_until_others_turn_out_cheaper() -> None:
    async def run() -> list[str]:
        limit = CostLimit(Decimal(1))
        first = limit.reserve(Decimal("0.9"))
        events = []

        async def second() -> None:
            await limit.reserve_when_it_fits(Decimal("0.5"))
            events.append("reserved")

        waiting = asyncio.create_task(second())
        await asyncio.sleep(0.01)
        events.append("settled")
        threading.Thread(target=limit.settle, args=(first, Decimal("0.1"))).start()
        await asyncio.wait_for(waiting, 5)
        return events

    assert asyncio.run(run()) == ["settled", "reserved"]


def test_a_waiting_call_is_refused_once_it_can_never_fit() -> None:
    async def run() -> None:
        limit = CostLimit(Decimal(1))
        first = limit.reserve(Decimal("0.9"))
        waiting = asyncio.create_task(limit.reserve_when_it_fits(Decimal("0.5")))
        await asyncio.sleep(0)
        limit.settle(first, Decimal("0.8"))
        await asyncio.wait_for(waiting, 5)

    with pytest.raises(CostLimitError):
        asyncio.run(run())


@given(st.lists(st.tuples(CENTS, st.integers(0, 100), st.booleans()), max_size=60), CENTS)
def test_settled_and_reserved_never_pass_the_limit(
    calls: list[tuple[Decimal, int, bool]], limit_usd: Decimal
) -> None:
    limit = CostLimit(limit_usd)
    open_ones: list[Reservation] = []
    spent = Decimal(0)
    for bound, percent, settles in calls:
        if settles and open_ones:
            reservation = open_ones.pop(0)
            cost = reservation.bound_usd * percent / 100
            limit.settle(reservation, cost)
            spent += cost
        else:
            before = limit.spent_usd + limit.reserved_usd
            try:
                open_ones.append(limit.reserve(bound))
            except CostLimitError:
                assert before + bound > limit_usd  # nothing that fits is refused
        assert limit.spent_usd == spent
        assert limit.spent_usd + limit.reserved_usd <= limit_usd


def test_threads_together_never_pass_the_limit() -> None:
    limit = CostLimit(Decimal(1))
    begin = threading.Barrier(8)
    totals: list[Decimal] = []
    reserved: list[int] = []

    def work() -> None:
        begin.wait()
        for _ in range(200):
            try:
                reservation = limit.reserve(Decimal("0.01"))
            except CostLimitError:
                return
            reserved.append(reservation.number)
            with limit._lock:  # noqa: SLF001 - both sums at one moment
                totals.append(limit._settled + limit._reserved())  # noqa: SLF001
            limit.settle(reservation, Decimal("0.005"))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert max(totals) <= 1
    assert limit.spent_usd == Decimal("0.005") * len(reserved)
    assert limit.spent_usd > Decimal("0.9")
    assert len(set(reserved)) == len(reserved)
