"""A forecast of spending as a table or a plot for people and as JSON for machines."""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Final

import msgspec
from rich.console import Console
from rich.table import Table

from gonogo.json_lines import JsonObject
from gonogo.plain_text import counted

if TYPE_CHECKING:
    from gonogo.spend.forecasting.hourly_sums import HourlySums
    from gonogo.spend.forecasting.projections import (
        BurnRate,
        Estimate,
        LimitHit,
        NotBy,
        Projection,
    )

SCHEMA: Final = 1
"""Version of the JSON document; its fields only ever grow."""

_SILENT: Final = 24
"""After so many hours without any exchange it is said that there was none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreseen:
    """All that is foreseen.

    Attributes:
        measure: `cost` in US dollars, or `tokens`.
        sums: What was spent.
        burn_rate: How fast.
        days: Of the calendar, from the one under way.
        month: Of the calendar, under way.
        limit: In the unit of the measure; None: none was asked about.
        hit: When it is hit; None likewise.
        limit_ends: When it begins anew; of a rolling limit, the end of what is foreseen.
    """

    measure: str
    sums: "HourlySums"
    burn_rate: "BurnRate"
    days: "tuple[Projection, ...]"
    month: "Projection"
    limit: Decimal | None
    hit: "LimitHit | None"
    limit_ends: datetime

    @property
    def is_limit_hit(self) -> bool:
        """Whether the limit is likely to be hit before it begins anew, or was."""
        return (
            self.hit is not None
            and isinstance(self.hit.likely, datetime)
            and (self.hit.is_past or self.hit.likely < self.limit_ends)
        )

    def amount(self, value: Decimal) -> str:
        """Return an amount with its unit."""
        return f"${value:,.2f}" if self.measure == "cost" else f"{value:,.0f}"


def render_forecast(foreseen: Foreseen, *, width: int = 100, plot: bool = False) -> str:
    """Return a forecast as text; with `plot` the days as bars."""
    lines = [*_head(foreseen), "", *(_plot(foreseen, width) if plot else _table(foreseen, width))]
    notes = dict.fromkeys((*foreseen.month.notes, *_silence(foreseen.sums), *_gaps(foreseen.sums)))
    return "".join(f"{line}\n" for line in (*lines, *(f"note: {note}" for note in notes)))


def render_forecast_json(foreseen: Foreseen) -> str:
    """Return a forecast as JSON; amounts are decimal text, times RFC 3339."""
    hit = foreseen.hit
    document: JsonObject = {
        "schema": SCHEMA,
        "measure": foreseen.measure,
        "from": foreseen.sums.starts.isoformat(),
        "until": foreseen.sums.ends.isoformat(),
        "unfinished_hour": str(foreseen.sums.unfinished),
        "unmeasured": foreseen.sums.unmeasured,
        "undated": foreseen.sums.undated,
        "outside": foreseen.sums.outside,
        "per_hour": str(foreseen.burn_rate.per_hour),
        "per_day": str(foreseen.burn_rate.per_day),
        "month": _projection(foreseen.month),
        "days": [_projection(day) for day in foreseen.days],
        "limit": None if foreseen.limit is None else str(foreseen.limit),
        "limit_hit": None
        if hit is None
        else {
            "spent": str(hit.spent),
            "earliest": _moment(hit.earliest),
            "likely": _moment(hit.likely),
            "latest": _moment(hit.latest),
            "is_past": hit.is_past,
            "in_this_month": foreseen.is_limit_hit and _is_before(hit.likely, foreseen.month.ends),
            "before_it_ends": foreseen.is_limit_hit,
            "ends": foreseen.limit_ends.isoformat(),
        },
        "notes": list(dict.fromkeys(foreseen.month.notes)),
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=1).decode() + "\n"


def _head(foreseen: Foreseen) -> Iterator[str]:
    rate, month, amount = foreseen.burn_rate, foreseen.month, foreseen.amount
    yield f"burn rate: {amount(rate.per_hour)} an hour, {amount(rate.per_day)} a day"
    total = month.total
    yield (
        f"{month.starts:%Y-%m}: {amount(month.spent)} spent, {amount(total.likely)} likely in all"
        f" (80 %: {amount(total.low_80)} to {amount(total.high_80)},"
        f" 95 %: {amount(total.low_95)} to {amount(total.high_95)})"
    )
    if foreseen.hit is not None and foreseen.limit is not None:
        yield _limit_line(foreseen, foreseen.hit, foreseen.limit)


def _limit_line(foreseen: Foreseen, hit: "LimitHit", limit: Decimal) -> str:
    said = f"limit of {foreseen.amount(limit)}, {foreseen.amount(hit.spent)} of it spent:"
    if hit.is_past:
        return f"{said} was hit by {_when(hit.likely)}"
    if not isinstance(hit.likely, datetime) and not isinstance(hit.earliest, datetime):
        return f"{said} not hit by {hit.likely.end:%Y-%m-%d}"
    return (
        f"{said} likely hit {_when(hit.likely)} (80 %: {_when(hit.earliest)} to"
        f" {_when(hit.latest)})"
    )


def _when(moment: "datetime | NotBy") -> str:
    if isinstance(moment, datetime):
        return f"{moment:%Y-%m-%d %H:%M}"
    return f"after {moment.end:%Y-%m-%d}"


def _table(foreseen: Foreseen, width: int) -> list[str]:
    shown = Table(box=None, pad_edge=False, padding=(0, 1))
    shown.add_column("day", no_wrap=True)
    for column in ("likely", "80 %", "95 %"):
        shown.add_column(column, justify="right", no_wrap=True)
    for day in foreseen.days:
        total = day.total
        shown.add_row(
            f"{day.starts:%a %Y-%m-%d}",
            foreseen.amount(total.likely),
            f"{foreseen.amount(total.low_80)}..{foreseen.amount(total.high_80)}",
            f"{foreseen.amount(total.low_95)}..{foreseen.amount(total.high_95)}",
        )
    stream = io.StringIO()
    Console(file=stream, width=max(width, 60), no_color=True, highlight=False).print(shown)
    return [line.rstrip() for line in stream.getvalue().splitlines()]


def _plot(foreseen: Foreseen, width: int) -> Iterator[str]:
    """Yield a bar a day: solid as far as is likely, dots up to the end of the 80 % interval."""
    most = max((day.total.high_80 for day in foreseen.days), default=Decimal(0))
    room = max(width - 34, 10)
    for day in foreseen.days:
        likely, high = (_length(v, most, room) for v in (day.total.likely, day.total.high_80))
        bar = "█" * likely + "·" * max(0, high - likely)
        yield f"{day.starts:%a %Y-%m-%d}  {foreseen.amount(day.total.likely):>14}  {bar}".rstrip()


def _length(value: Decimal, most: Decimal, room: int) -> int:
    return round(value / most * room) if most > 0 else 0


def _gaps(sums: "HourlySums") -> Iterator[str]:
    for count, why in (
        (sums.unmeasured, "without a price, or without usage, count as nothing"),
        (sums.undated, "without a time are left out"),
        (sums.outside, "too old, or later than now, are left out"),
    ):
        if count:
            yield f"{counted(count, 'exchange')} {why}"


def _silence(sums: "HourlySums") -> Iterator[str]:
    silent = next((ago for ago, spent in enumerate(reversed(sums.sums)) if spent), 0)
    if silent >= _SILENT and not sums.unfinished:
        since = f"{sums.ends - timedelta(hours=silent):%Y-%m-%dT%H:%M:%SZ}"
        yield (
            f"nothing in the last {silent} hours, which count as such: if the records end before,"
            f" give --now {since}"
        )


def _projection(projection: "Projection") -> JsonObject:
    return {
        "starts": projection.starts.isoformat(),
        "ends": projection.ends.isoformat(),
        "spent": str(projection.spent),
        "ahead": _estimate(projection.ahead),
        "total": _estimate(projection.total),
    }


def _estimate(estimate: "Estimate") -> JsonObject:
    return {name: str(getattr(estimate, name)) for name in _BOUNDS}


_BOUNDS: Final = ("likely", "low_80", "high_80", "low_95", "high_95")


def _is_before(moment: "datetime | NotBy", end: datetime) -> bool:
    return isinstance(moment, datetime) and moment < end


def _moment(moment: "datetime | NotBy") -> str | None:
    return moment.isoformat() if isinstance(moment, datetime) else None
