"""Sums of usage: exact, by any attribute and calendar, bounded, and what is unknown is visible."""

import gzip
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import typer
from click.testing import Result
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from typer.testing import CliRunner

from gonogo.cli.usage import usage
from gonogo.exchanges import CallError, Exchange, Request, Response, Usage, encode_exchange
from gonogo.pricing import ConfiguredPrice, cost_of
from gonogo.reports.usage_sums import render_usage_plot, render_usage_table
from gonogo.spend.usage import OTHER, Attribute, Grouping, Interval, UsageSums, sum_usage

AT = datetime(2026, 11, 24, 2, tzinfo=UTC)
PRICES = {
    "cheap": ConfiguredPrice(input_mtok=Decimal(1), output_mtok=Decimal(5)),
    "dear": ConfiguredPrice(
        input_mtok=Decimal(4),
        output_mtok=Decimal(20),
        cache_read_mtok=Decimal("0.4"),
        cache_write_mtok=Decimal(5),
        discount=Decimal("0.15"),
    ),
}


def call(model: str = "cheap", at: datetime | None = AT, **given_: Any) -> Exchange:
    counts = {
        "input_tokens": given_.pop("uncached", 1000),
        "output_tokens": given_.pop("output", 100),
        "cache_read_input_tokens": given_.pop("reads", 0),
        "cache_creation_input_tokens": given_.pop("writes", 0),
    }
    body = {"model": model, "content": [{"type": "text", "text": "a"}]}
    fields: dict[str, Any] = {
        "id": "1",
        "request": Request({"model": model, "messages": []}),
        "response": Response(body | {"stop_reason": given_.pop("stop", "end_turn")}),
        "usage": Usage(counts),
        "at": at,
    }
    return Exchange(**(fields | given_))


def by(*names: str, interval: Interval = Interval.ALL, zone: Any = UTC) -> Grouping:
    return Grouping(by=tuple(Attribute(name) for name in names), interval=interval, zone=zone)


def keys(exchanges: list[Exchange], grouping: Grouping, **options: Any) -> dict[Any, UsageSums]:
    table = sum_usage(exchanges, grouping, prices=PRICES, **options)
    return {row.key: row.sums for row in table.rows}


def test_outcomes_tokens_and_costs_of_a_worked_example() -> None:
    exchanges = [
        call("dear", user="ann", uncached=1000, output=100, reads=2000, writes=500),
        call("cheap", user="ann", stop="max_tokens"),
        call("cheap", user="bob", stop="refusal", output=50),
        call("cheap", user="bob", response=None, usage=None, error=CallError("overloaded_error")),
    ]
    found = keys(exchanges, by("user"))
    ann, bob = found[("ann",)], found[("bob",)]
    assert (ann.calls, ann.answered, ann.truncated, ann.failed) == (2, 1, 1, 0)
    assert (bob.calls, bob.refused, bob.failed, bob.unpriced) == (2, 1, 1, 0)
    tokens = ann.tokens
    assert (tokens.uncached, tokens.cache_write_5m, tokens.cache_read, tokens.output) == (
        (2000, 500, 2000, 200)
    )
    # dear: (1000 x 4 + 500 x 5 + 2000 x 0.4 + 100 x 20) / 1e6 x 0.85; cheap: (1000 + 500) / 1e6
    assert ann.cost_usd == Decimal("0.009300") * Decimal("0.85") + Decimal("0.001500")
    assert bob.cost_usd == Decimal("0.001250")


def test_each_attribute_and_those_that_are_not_given() -> None:
    exchanges = [
        call(user="u", department="d", domain="m", tags={"prompt_version": "7"}),
        call("dear", tags={"other": "x"}),
    ]
    assert set(keys(exchanges, by(*Attribute))) == {
        ("u", "d", "m", "7", "cheap"),
        (None, None, None, None, "dear"),
    }
    assert set(keys(exchanges, by())) == {()}


def test_a_call_of_several_models_is_shared_by_its_tokens() -> None:
    iterations = [
        {"type": "message", "input_tokens": 100, "output_tokens": 10},
        {"type": "advisor_message", "model": "dear", "input_tokens": 50, "output_tokens": 5},
    ]
    one = call("cheap", usage=Usage({"input_tokens": 100, "iterations": iterations}))
    found = keys([one], by("model"))
    assert (found[("cheap",)].calls, found[("dear",)].calls) == (1, 0)
    assert (found[("cheap",)].tokens.output, found[("dear",)].tokens.output) == (10, 5)
    assert found[("cheap",)].cost_usd + found[("dear",)].cost_usd == cost_of(one, PRICES)


def test_what_has_no_price_is_counted_with_its_tokens_and_named() -> None:
    exchanges = [call("unheard-of"), call("cheap", usage=None), call("cheap")]
    table = sum_usage(exchanges, by(), prices=PRICES)
    assert (table.total.calls, table.total.unpriced) == (3, 2)
    assert table.total.tokens.uncached == 2000
    assert table.total.cost_usd == Decimal("0.0015")
    assert dict(table.unpriced) == {"cheap": 1, "unheard-of": 1}


@pytest.mark.parametrize(
    ("interval", "starts", "hours"),
    [
        (Interval.HOUR, "2026-10-25T00:00:00+00:00", 1),
        (Interval.DAY, "2026-10-24T22:00:00+00:00", 25),
        (Interval.WEEK, "2026-10-18T22:00:00+00:00", 7 * 24 + 1),
        (Interval.MONTH, "2026-09-30T22:00:00+00:00", 31 * 24 + 1),
    ],
)
def test_the_calendar_is_that_of_the_zone(interval: Interval, starts: str, hours: int) -> None:
    at = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)  # Berlin: the clocks go back on this day
    grouping = by(interval=interval, zone=ZoneInfo("Europe/Berlin"))
    (row,) = sum_usage([call(at=at)], grouping, prices=PRICES).rows
    assert row.span is not None
    assert row.span.starts.isoformat() == starts
    assert row.span.ends - row.span.starts == timedelta(hours=hours)


def test_an_hour_of_a_zone_with_half_hours() -> None:
    grouping = by(interval=Interval.HOUR, zone=ZoneInfo("Asia/Kolkata"))
    (row,) = sum_usage([call(at=AT)], grouping, prices=PRICES).rows
    assert row.span is not None
    assert row.span.starts == AT - timedelta(minutes=30)


def test_exchanges_without_a_time_or_of_odd_years_are_not_lost() -> None:
    odd = datetime(1805, 1, 1, tzinfo=UTC)
    table = sum_usage(
        [call(at=None), call(at=odd), call()], by(interval=Interval.DAY), prices=PRICES
    )
    assert [row.span is None for row in table.rows] == [False, True]
    assert (table.total.calls, table.undated) == (3, 1)


def test_the_first_rows_stay_exact_and_the_rest_is_other() -> None:
    exchanges = [call(user=str(n % 50)) for n in range(500)]
    table = sum_usage(exchanges, by("user"), prices=PRICES, most_rows=10)
    assert len(table.rows) == 11
    assert {row.sums.calls for row in table.rows[:-1]} == {10}
    other = table.rows[-1]
    assert (other.is_other, other.key, other.sums.calls) == (True, (OTHER,), 400)
    assert table.crowded == 400
    assert table.total.calls == 500


def test_what_has_no_room_keeps_its_time() -> None:
    days = [AT + timedelta(days=n) for n in range(4)]
    exchanges = [call(at=day, user=f"{day}{n}") for day in days for n in range(5)]
    table = sum_usage(exchanges, by("user", interval=Interval.DAY), prices=PRICES, most_rows=5)
    assert all(row.span is not None for row in table.rows)
    others = [row for row in table.rows if row.is_other]
    assert [row.sums.calls for row in others] == [5, 5, 5]
    hours = [call(at=AT + timedelta(hours=n), user=str(n)) for n in range(1000)]
    crowded = sum_usage(hours, by("user", interval=Interval.HOUR), prices=PRICES, most_rows=5)
    assert len(crowded.rows) == 11
    assert crowded.total.calls == 1000


def test_what_was_negotiated_off_is_shown() -> None:
    table = sum_usage([call("dear"), call("cheap")], by("model"), prices=PRICES)
    found = {row.key: (row.sums.cost_usd, row.sums.list_cost_usd) for row in table.rows}
    # dear: (1000 x 4 + 100 x 20) / 1e6, less 15 %
    assert found == {
        ("dear",): (Decimal("0.0051"), Decimal("0.006")),
        ("cheap",): (Decimal("0.0015"), Decimal("0.0015")),
    }
    assert "at list" in render_usage_table(table)


def test_a_user_called_other_is_none_of_the_others() -> None:
    exchanges = [call(user=OTHER), call("dear", user="b"), call(user="c")]
    rows = sum_usage(exchanges, by("user"), prices=PRICES, top=2).rows
    assert [(row.key, row.is_other) for row in rows] == [
        (("b",), False),
        (("c",), False),
        ((OTHER,), True),
    ]


def test_the_dearest_over_all_time_are_kept_in_each_span() -> None:
    days = [AT + timedelta(days=n) for n in range(3)]
    exchanges = [call("dear", day, user="a") for day in days]
    exchanges += [call("cheap", days[1], user=str(n)) for n in range(5)]
    table = sum_usage(exchanges, by("user", interval=Interval.DAY), prices=PRICES, top=1)
    assert [row.key[0] for row in table.rows] == ["a", "a", OTHER, "a"]
    assert table.rows[2].sums.calls == 5


CALLS = st.builds(
    call,
    model=st.sampled_from(["cheap", "dear", "none", "claude-haiku-5-5", "claude-sonnet-5-5"]),
    at=st.none() | st.integers(-2000, 200).map(lambda hours: AT + timedelta(hours=hours)),
    user=st.sampled_from(["a", "b", "c", None]),
    domain=st.sampled_from(["x", "y", None]),
    uncached=st.integers(0, 250_000),
    output=st.integers(0, 9999),
    reads=st.integers(0, 9999),
    writes=st.integers(0, 9999),
)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(CALLS, max_size=12),
    st.sets(st.sampled_from(Attribute)),
    st.sampled_from(Interval),
    st.integers(1, 6),
    st.none() | st.integers(1, 3),
)
def test_rows_add_up_to_the_whole_whatever_is_kept_apart(
    exchanges: list[Exchange],
    names: set[Attribute],
    interval: Interval,
    most_rows: int,
    top: int | None,
) -> None:
    grouping = Grouping(by=tuple(sorted(names)), interval=interval)
    table = sum_usage(exchanges, grouping, prices=PRICES, most_rows=most_rows, top=top)
    priced = [e for e in exchanges if e.answered_by != "none"]
    assert table.total.cost_usd == sum((cost_of(e, PRICES) or 0 for e in priced), Decimal(0))
    assert table.total.calls == len(exchanges)
    assert table.total.unpriced == len(exchanges) - len(priced)
    assert sum((row.sums for row in table.rows), UsageSums()) == table.total
    assert len({(row.span, row.key, row.is_other) for row in table.rows}) == len(table.rows)


def run(*arguments: str, stdin: bytes = b"") -> Result:
    app = typer.Typer()
    app.command()(usage)
    return CliRunner().invoke(app, arguments, input=stdin, env={"COLUMNS": "100"})


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "log.jsonl"
    exchanges = [
        call("claude-sonnet-5-5", AT, user="ann"),
        call("claude-sonnet-5-5", AT + timedelta(days=1), user="bob\x1b[31m"),
        call("unheard-of", AT, user="=cmd()"),
    ]
    path.write_bytes(b"".join(encode_exchange(e) + b"\n" for e in exchanges))
    return path


def test_the_table_shows_the_total_and_says_what_has_no_price(log: Path) -> None:
    result = run(str(log), "--by", "user", "--period", "day")
    assert result.exit_code == 0, result.output
    assert "bob�" in result.stdout
    assert result.stdout.splitlines()[-1].split()[:2] == ["total", "3"]
    assert "$0.0060 + ?" in result.stdout
    assert "1 call of unheard-of without a price" in result.stderr


def test_a_table_fits_the_terminal_as_far_as_can_be() -> None:
    exchanges = [
        call(user="a-user-with-a-long-name-" + "界" * 9, department="research and development")
        for _ in range(3)
    ]
    table = sum_usage([*exchanges, call(reads=5_000_000)], by("user", "department"), prices=PRICES)
    full = render_usage_table(table).splitlines()
    assert "unpriced" in full[0]
    assert "5,000,000" in full[-1]
    assert len({cell_len(line) for line in full[1:]}) == 1
    for width in (100, 80, 62):
        lines = render_usage_table(table, width=width).splitlines()
        assert max(map(cell_len, lines)) <= width
        assert "unpriced" not in lines[0]
        assert lines[-1].split()[:2] == ["total", "4"]
    assert "5.00M" in lines[-1]
    assert any("…" in line for line in lines)


def test_bars_tell_of_times_without_any() -> None:
    times = [AT, AT + timedelta(days=1), AT + timedelta(days=5)]
    table = sum_usage([call(at=at) for at in times], by(interval=Interval.DAY), prices=PRICES)
    assert render_usage_plot(table).splitlines()[2] == "(nothing for 3 days)"


def test_what_stands_in_two_logs_is_counted_once(log: Path, tmp_path: Path) -> None:
    packed = tmp_path / "archive" / "log.jsonl.gz"
    packed.parent.mkdir()
    packed.write_bytes(gzip.compress(log.read_bytes()))
    result = run(str(tmp_path), "--format", "json")
    document = json.loads(result.stdout)
    assert (document["total"]["calls"], document["repeated"], document["unread"]) == (3, 3, 0)
    assert "3 calls stood in the files more than once" in result.stderr


def test_a_flood_of_bad_lines_is_told_in_short(log: Path) -> None:
    result = run("-", stdin=b"{}\n" * 500)
    assert result.stderr.count("<stdin>:") == 20
    assert "480 more like these" in result.stderr
    assert result.exit_code == 2


def test_a_time_that_is_none_in_utc_costs_its_line_only(log: Path) -> None:
    line = b'{"id": "1", "at": "%s", "prompt": "q", "response": "a"}\n'
    odd = b"".join(line % at for at in (b"0001-01-01T00:00:00+14:00", b"9999-12-31T23:00:00-11:00"))
    result = run("-", stdin=odd + log.read_bytes())
    assert result.stderr.count("is before year 1 or after 9999 in UTC") == 2
    assert "total" in result.stdout


def test_excel_reads_it_by_a_double_click(log: Path) -> None:
    plain_, marked = (run(str(log), "--format", name).stdout for name in ("csv", "excel"))
    assert marked == "\ufeff" + plain_


def test_json_says_the_same_exactly(log: Path) -> None:
    document = json.loads(run(str(log), "--by", "user,model", "--format", "json").stdout)
    assert document["by"] == ["user", "model"]
    assert document["total"]["cost_usd"] == "0.006"
    assert document["total"]["unpriced"] == 1
    assert document["unpriced"] == {"unheard-of": 1}
    assert sum(Decimal(row["cost_usd"]) for row in document["rows"]) == Decimal("0.006")


def test_bars_are_as_long_as_what_they_show(log: Path) -> None:
    bars = run(str(log), "--plot", "--period", "day").stdout.splitlines()
    assert [line[:10] for line in bars] == ["2026-11-24", "2026-11-25"]
    assert len({line.count("█") for line in bars}) == 1
    by_user = run(str(log), "--plot", "--by", "user").stdout.splitlines()
    assert by_user[-1].split() == ["=cmd()", "$0.00", "+", "?"]


def test_standard_input_and_lines_that_cannot_be_read(log: Path) -> None:
    result = run("-", stdin=log.read_bytes() + b"{\n")
    assert result.exit_code == 2
    assert "<stdin>:4" in result.stderr
    assert "1 record could not be read" in result.stderr
    assert "3" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--by", "colour"], "--by: 'colour' is none of user, department"),
        (["--timezone", "Mars/North"], "'Mars/North' is no time zone"),
        (["--timezone", "../etc"], "is no time zone"),
        (["--format", "focus", "--period", "week"], "weeks do not fit"),
    ],
)
def test_options_that_cannot_be_used(log: Path, arguments: list[str], message: str) -> None:
    result = run(str(log), *arguments)
    assert result.exit_code == 2
    assert message in result.stderr


def test_nothing_to_sum(log: Path) -> None:
    log.write_bytes(b"")
    assert run(str(log)).exit_code == 3
