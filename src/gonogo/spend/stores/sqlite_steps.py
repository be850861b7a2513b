"""The steps of a ledger in SQLite, each within a transaction that somebody else begins and ends."""

import sqlite3
from typing import Final

import msgspec

from gonogo.spend.steps import (
    Answer,
    Count,
    Demand,
    ReserveStep,
    SettleStep,
    State,
    StepResult,
)

COUNT: Final = "counter, label, spent, held, estimated, level, thresholds"

_ADD_SLOT: Final = (
    "INSERT INTO slots VALUES (?, ?, ?, ?)"
    " ON CONFLICT (counter, slot) DO UPDATE SET amount = amount + excluded.amount"
)


class Transaction:
    """One step, within its transaction."""

    def __init__(self, connection: sqlite3.Connection, now: int, keep: int) -> None:
        self._connection = connection
        self._execute = connection.execute
        self._now = now
        self._keep = keep

    def reserve(self, step: ReserveStep) -> StepResult:
        """Set aside in all scopes or in none."""
        self.sweep()
        if any(not demand.starts <= self._now < demand.ends for demand in step.demands):
            return StepResult(answer=Answer.OTHER_PERIOD, now=self._now)
        before = self._load(step.id)
        if before is not None and before.state in {State.OPEN, State.SETTLED}:
            return self._result(Answer.REPEATED, before)
        counts = [self._count_for(demand) for demand in step.demands]
        if any(
            demand.is_hard and count.spent + count.held + step.bound > demand.amount
            for demand, count in zip(step.demands, counts, strict=True)
        ):
            return StepResult(answer=Answer.REFUSED, now=self._now, counts=tuple(counts))
        held = tuple(
            self._hold(step, demand, count)
            for demand, count in zip(step.demands, counts, strict=True)
        )
        row = _Row(
            id=step.id,
            state=State.OPEN,
            bound=step.bound,
            at=self._now,
            charges=step.charges,
            parts=tuple(_Part(d.counter, d.slot, d.length) for d in step.demands),
        )
        self._save(row, due=self._now + step.hold)
        return self._result(Answer.DONE, row, counts=held)

    def settle(self, step: SettleStep) -> StepResult:
        """Take the cost in place of the reservation, once."""
        row = self._load(step.id)
        if row is None:
            return StepResult(answer=Answer.UNKNOWN, now=self._now)
        if _is_over(row, step):
            return self._result(Answer.REPEATED, row)
        if row.state is State.OPEN:
            self._unhold(row)
        is_late = row.state in {State.RELEASED, State.EXPIRED}
        row = self._charge(row, step.cost or 0, is_estimate=step.is_estimate)
        if step.cost is None:
            row = msgspec.structs.replace(row, state=State.RELEASED)
        self._save(row, due=self._now + self._keep)
        return self._result(Answer.DONE, row, is_late=is_late, counts=self._warned(row))

    def sweep(self) -> int:
        """Do what is due, and return how many reservations ended."""
        for counter, slot, amount in self._execute(
            "SELECT counter, slot, amount FROM slots WHERE leaves <= ?", (self._now,)
        ).fetchall():
            self._leave(counter, slot, amount)
        ended = 0
        for (id_,) in self._execute(
            "SELECT id FROM reservations WHERE due <= ?", (self._now,)
        ).fetchall():
            row = self._load(id_)
            if row is None or row.state is not State.OPEN:
                self._execute("DELETE FROM reservations WHERE id = ?", (id_,))
                continue
            ended += 1
            self._unhold(row)
            if row.charges:
                row = self._charge(row, row.bound, is_estimate=True)
            else:
                row = msgspec.structs.replace(row, state=State.EXPIRED)
            self._save(row, due=self._now + self._keep)
        self._execute("DELETE FROM counters WHERE keep_until <= ?", (self._now,))
        return ended

    def _leave(self, counter: str, slot: int, amount: int) -> None:
        self._execute("DELETE FROM slots WHERE counter = ? AND slot = ?", (counter, slot))
        self._execute("UPDATE counters SET spent = spent - ? WHERE counter = ?", (amount, counter))
        count = read_count(self._connection, counter)
        if count is not None and count.thresholds and count.spent < count.thresholds[0]:
            self._execute("UPDATE counters SET level = 0 WHERE counter = ?", (counter,))

    def _count_for(self, demand: Demand) -> Count:
        """Return the counter of a scope as it is, or as it would begin."""
        count = read_count(self._connection, demand.counter)
        if count is None:
            return Count(
                counter=demand.counter,
                label=demand.label,
                spent=0,
                held=0,
                estimated=0,
                level=0,
                passed=0,
                thresholds=demand.thresholds,
            )
        return count

    def _hold(self, step: ReserveStep, demand: Demand, count: Count) -> Count:
        reached = _level_at(count.spent, demand.thresholds)
        passed = count.level
        if count.thresholds != demand.thresholds:
            passed = min(passed, reached)
        level = max(passed, reached)
        held = count.held + step.bound
        if not demand.is_hard and count.spent + held > demand.amount:
            level = len(demand.thresholds)
        last = self._now + demand.length + step.hold if demand.length else demand.ends
        self._execute(
            "INSERT OR REPLACE INTO counters VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                demand.counter,
                demand.label,
                _joined(demand.thresholds),
                count.spent,
                held,
                count.estimated,
                level,
                last + step.keep,
            ),
        )
        return Count(
            counter=demand.counter,
            label=demand.label,
            spent=count.spent,
            held=held,
            estimated=count.estimated,
            level=level,
            passed=passed,
            thresholds=demand.thresholds,
        )

    def _unhold(self, row: "_Row") -> None:
        for part in row.parts:
            self._execute(
                "UPDATE counters SET held = held - ? WHERE counter = ?", (row.bound, part.counter)
            )

    def _charge(self, row: "_Row", cost: int, *, is_estimate: bool) -> "_Row":
        amount = cost - row.charged
        estimated = (cost if is_estimate else 0) - (row.charged if row.is_estimate else 0)
        for part in row.parts if amount or estimated else ():
            counts = not part.slot or self._add_to_slot(part, row.at, amount)
            spent = amount if counts else 0
            self._execute(
                "UPDATE counters SET spent = spent + ?, estimated = estimated + ?"
                " WHERE counter = ?",
                (spent, estimated, part.counter),
            )
        return msgspec.structs.replace(
            row, state=State.SETTLED, charged=cost, is_estimate=is_estimate
        )

    def _add_to_slot(self, part: "_Part", at: int, amount: int) -> bool:
        """Say whether the slot is still in its window, and if so add to it."""
        slot = at // part.slot
        leaves = (slot + 1) * part.slot + part.length
        if leaves <= self._now:
            return False
        self._execute(_ADD_SLOT, (part.counter, slot, amount, leaves))
        return True

    def _warned(self, row: "_Row") -> tuple[Count, ...]:
        """Return the counters of a reservation, with the thresholds that they have passed now."""
        counts = []
        for part in row.parts:
            count = read_count(self._connection, part.counter)
            if count is None:
                continue
            level = max(count.level, _level_at(count.spent, count.thresholds))
            if level > count.level:
                self._execute(
                    "UPDATE counters SET level = ? WHERE counter = ?", (level, part.counter)
                )
            counts.append(msgspec.structs.replace(count, level=level, passed=count.level))
        return tuple(counts)

    def _load(self, id_: str) -> "_Row | None":
        found = self._execute(
            "SELECT state, bound, charged, is_estimate, at, charges, parts FROM reservations"
            " WHERE id = ?",
            (id_,),
        ).fetchone()
        if found is None:
            return None
        state, bound, charged, is_estimate, at, charges, parts = found
        return _Row(
            id=id_,
            state=State(state),
            bound=bound,
            charged=charged,
            is_estimate=bool(is_estimate),
            at=at,
            charges=bool(charges),
            parts=_PARTS.decode(parts),
        )

    def _save(self, row: "_Row", *, due: int) -> None:
        self._execute(
            "INSERT OR REPLACE INTO reservations VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                row.id,
                row.state.value,
                row.bound,
                row.charged,
                row.is_estimate,
                row.at,
                due,
                msgspec.json.encode(row.parts),
                row.charges,
            ),
        )

    def _result(
        self,
        answer: Answer,
        row: "_Row",
        *,
        is_late: bool = False,
        counts: tuple[Count, ...] = (),
    ) -> StepResult:
        return StepResult(
            answer=answer,
            now=self._now,
            state=row.state,
            bound=row.bound,
            charged=row.charged,
            is_late=is_late,
            counts=counts,
        )


class _Part(msgspec.Struct, frozen=True, array_like=True):
    """A scope of a reservation: its counter, and how that rolls."""

    counter: str
    slot: int
    length: int


class _Row(msgspec.Struct, frozen=True, kw_only=True):
    """A reservation."""

    id: str
    state: State
    bound: int
    charged: int = 0
    is_estimate: bool = False
    at: int
    charges: bool
    parts: tuple[_Part, ...]


_PARTS: Final = msgspec.json.Decoder(tuple[_Part, ...])


def _is_over(row: _Row, step: SettleStep) -> bool:
    """Say whether a settlement comes after another that stands: all but estimates do."""
    if row.state is State.SETTLED:
        return step.is_estimate or not row.is_estimate
    return step.cost is None and row.state is not State.OPEN


def read_count(connection: sqlite3.Connection, counter: str) -> Count | None:
    """Return what a counter says; None where there is none."""
    row = connection.execute(
        f"SELECT {COUNT} FROM counters WHERE counter = ?",  # noqa: S608 - a constant
        (counter,),
    ).fetchone()
    return None if row is None else count_of(row)


def count_of(row: tuple[str, str, int, int, int, int, str]) -> Count:
    """Return a row of the counters as a value."""
    counter, label, spent, held, estimated, level, thresholds = row
    return Count(
        counter=counter,
        label=label,
        spent=spent,
        held=held,
        estimated=estimated,
        level=level,
        passed=level,
        thresholds=tuple(map(int, filter(None, thresholds.split(",")))),
    )


def _level_at(spent: int, thresholds: tuple[int, ...]) -> int:
    return sum(spent >= threshold for threshold in thresholds)


def _joined(thresholds: tuple[int, ...]) -> str:
    return ",".join(map(str, thresholds))
