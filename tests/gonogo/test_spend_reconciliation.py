"""Own exchanges against the bill: the Admin API's reports, over the wire and from a recording."""

import json
import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import anthropic
import pytest
from standin import DroppedConnection, ErrorReply, StandIn, any_request

from gonogo.claude.cost_reports import admin_client, fetch_costs, fetch_usage
from gonogo.errors import BadSettingsError, CostReportError
from gonogo.exchanges import Exchange, Request, Response, decode_exchange
from gonogo.pricing import Caveat, ConfiguredPrice
from gonogo.pricing.billing_reports import (
    CostItem,
    Kind,
    UsageItem,
    decode_cost_page,
    decode_usage_page,
)
from gonogo.reports.reconciliation import reconciliation_document, render_reconciliation
from gonogo.spend.reconciliation import Reconciliation, Row, Tolerance, reconcile

FOLDER = Path(__file__).parent / "fixtures" / "reconciliation"
START, END = date(2026, 11, 1), date(2026, 11, 4)
KEY = "sk-ant-admin01-made-up"
SONNET = "claude-sonnet-5-5"


def own() -> list[Exchange]:
    lines = (FOLDER / "exchanges.jsonl").read_bytes().splitlines()
    return [decode_exchange(line) for line in lines]


def bill() -> list[CostItem]:
    return list(decode_cost_page((FOLDER / "cost_report.json").read_bytes()).items)


def counts() -> list[UsageItem]:
    return list(decode_usage_page((FOLDER / "usage_report.json").read_bytes()).items)


def held(**changes: Any) -> Reconciliation:
    given: dict[str, Any] = {
        "exchanges": own(),
        "bill": bill(),
        "usage": counts(),
        "start": START,
        "end": END,
        "prices": {},
    } | changes
    return reconcile(given.pop("exchanges"), given.pop("bill"), **given)


def row_of(found: Reconciliation, kind: Kind, model: str | None = SONNET) -> Row:
    return next(row for row in found.rows if (row.model, row.kind) == (model, kind))


def test_the_recorded_period_agrees_to_the_last_digit() -> None:
    found = held(tolerance=Tolerance(share=Decimal(0), usd=Decimal(0)))
    assert found.holds, found.alarms
    assert found.ours_usd == found.billed_usd == Decimal("1.9000005")
    assert found.exchanges == 7
    assert [(row.model, str(row.kind), row.ours_usd, row.our_count) for row in found.rows] == [
        ("claude-haiku-5-5", "uncached_input_tokens", Decimal("0.0600005"), 200_001),
        ("claude-haiku-5-5", "output_tokens", Decimal("0.03"), 20_000),
        ("claude-opus-5-5", "uncached_input_tokens", Decimal("0.48"), 110_000),
        ("claude-opus-5-5", "output_tokens", Decimal("0.24"), 11_000),
        (SONNET, "uncached_input_tokens", Decimal("0.4"), 250_000),
        (SONNET, "cache_creation.ephemeral_5m_input_tokens", Decimal("0.1"), 40_000),
        (SONNET, "cache_creation.ephemeral_1h_input_tokens", Decimal("0.08"), 20_000),
        (SONNET, "cache_read_input_tokens", Decimal("0.04"), 400_000),
        (SONNET, "output_tokens", Decimal("0.35"), 40_000),
        (None, "web_search", Decimal("0.12"), 12),
    ]
    assert all(row.our_count == row.billed_count for row in found.rows)
    assert found.price_version.startswith("genai-prices ")


def test_a_missing_exchange_is_an_alarm_that_says_so() -> None:
    found = held(exchanges=own()[1:])
    row = row_of(found, Kind.UNCACHED_INPUT)
    assert (row.ours_usd, row.billed_usd, row.is_off) == (Decimal("0.2"), Decimal("0.4"), True)
    assert row.difference_usd == Decimal("0.2")
    assert "calls are missing" in row.cause
    assert found.is_total_off
    assert any(
        alarm.startswith("claude-sonnet-5-5 uncached_input_tokens: billed 0.4000 USD, exchanges")
        for alarm in found.alarms
    )


def test_an_exchange_twice_is_an_alarm_that_says_so() -> None:
    found = held(exchanges=own() + own()[:1])
    assert "some are twice" in row_of(found, Kind.UNCACHED_INPUT).cause


def test_a_discount_that_is_not_configured_is_told_from_missing_calls() -> None:
    discounted = [replace(item, amount_usd=item.amount_usd * Decimal("0.9")) for item in bill()]
    found = held(bill=discounted)
    assert "the counts agree: a price or a discount" in row_of(found, Kind.OUTPUT).cause
    assert held(bill=discounted, prices={"*": ConfiguredPrice(discount=Decimal("0.1"))}).holds
    without = row_of(held(bill=discounted, usage=None), Kind.OUTPUT)
    assert without.billed_count is None
    assert "usage report was not given" in without.cause


@pytest.mark.parametrize(
    ("off_by", "is_off"), [("0.0035", False), ("0.0036", True), ("-0.0034", False)]
)
def test_tolerance_is_a_share_of_the_larger_amount(off_by: str, is_off: bool) -> None:  # noqa: FBT001 - a parameter
    changed = [
        replace(item, amount_usd=item.amount_usd + Decimal(off_by))
        if (item.model, item.kind, item.day.day) == (SONNET, Kind.OUTPUT, 1)
        else item
        for item in bill()
    ]
    found = held(bill=changed, tolerance=Tolerance(share=Decimal("0.01"), usd=Decimal(0)))
    assert row_of(found, Kind.OUTPUT).is_off is is_off


def test_tolerance_does_not_mind_which_side_is_larger() -> None:
    tolerance = Tolerance(share=Decimal("0.1"), usd=Decimal(0))
    assert tolerance.covers(Decimal(9), Decimal(10))
    assert tolerance.covers(Decimal(10), Decimal(9))
    assert not tolerance.covers(Decimal("8.99"), Decimal(10))
    assert not tolerance.covers(Decimal(10), Decimal("8.99"))
    assert tolerance.covers_counts(90, 100)
    assert not tolerance.covers_counts(100, 89)


def test_cents_are_no_alarm() -> None:
    cents = CostItem(day=START, model="claude-2", kind=Kind.OUTPUT, amount_usd=Decimal("0.01"))
    assert held(bill=[*bill(), cents]).holds
    assert not held(bill=[*bill(), replace(cents, amount_usd=Decimal("0.0101"))]).holds


def test_what_exchanges_do_not_say_is_shown_and_only_the_total_is_off() -> None:
    code = CostItem(day=START, model=None, kind=Kind.CODE_EXECUTION, amount_usd=Decimal(1))
    found = held(bill=[*bill(), code])
    row = row_of(found, Kind.CODE_EXECUTION, None)
    assert (row.ours_usd, row.our_count, row.is_off) == (None, None, False)
    assert found.alarms == ("in all: billed 2.9000 USD, exchanges cost 1.9000 USD",)


def test_what_cannot_be_compared_is_counted_and_does_not_hold() -> None:
    template = own()[0]
    unknown = replace(template, response=Response({"content": [], "model": "house-1-20260101"}))
    silent = replace(template, usage=None)
    undated = replace(template, at=None)
    found = held(exchanges=[*own(), unknown, unknown, silent, undated])
    assert found.unpriced == {"": 1, "house-1": 2}
    assert found.undated == 1
    assert found.alarms == (
        "1 exchange without usage or model: unpriced, and not in the comparison",
        "2 exchanges of 'house-1': unpriced, and not in the comparison",
        "1 exchange without a date: not in the comparison",
    )


def test_other_days_are_outside_on_both_sides() -> None:
    found = held(start=date(2026, 11, 2), end=date(2026, 11, 3))
    assert found.holds
    assert (found.exchanges, found.outside) == (3, 4)
    assert found.billed_usd == Decimal("0.99")


def test_other_workspaces_are_left_out_where_asked() -> None:
    elsewhere = [replace(item, workspace="wrkspc_2") for item in bill()]
    assert held(bill=bill() + elsewhere, workspaces={None}).holds
    assert held(bill=bill() + elsewhere, workspaces={"wrkspc_2"}, usage=None).holds
    assert not held(bill=bill() + elsewhere).holds


def test_calls_with_caveats_are_counted() -> None:
    priority = replace(own()[0].usage, body={"input_tokens": 0, "service_tier": "priority"})  # type: ignore[type-var]  # it has usage
    found = held(exchanges=[*own(), replace(own()[0], usage=priority)])
    assert found.caveats == {Caveat.PRIORITY_TIER: 1}
    assert found.holds


def test_a_failed_call_costs_nothing() -> None:
    failed = Exchange(id="f", request=Request({}), response=None, at=own()[0].at)
    assert held(exchanges=[*own(), failed]).holds


# The reports


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"amount": 3}, r"Expected `str`, got `int` - at `\$.data\[0\].results\[0\].amount`"),
        ({"amount": "much"}, "`amount` 'much'"),
        ({"amount": "NaN"}, "`amount` 'NaN'"),
        ({"currency": "EUR"}, "'EUR'"),
        ({"cost_type": None, "token_type": None}, "group it by `description`"),
    ],
)
def test_a_cost_report_that_is_none_is_refused(changes: dict[str, Any], problem: str) -> None:
    report = json.loads((FOLDER / "cost_report.json").read_bytes())
    report["data"][0]["results"][0] |= changes
    with pytest.raises(CostReportError, match=problem):
        decode_cost_page(json.dumps(report).encode())


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b"[" * 100_000])
def test_what_is_no_report_is_refused(body: bytes) -> None:
    with pytest.raises(CostReportError, match="cannot be read"):
        decode_cost_page(body)
    with pytest.raises(CostReportError, match="cannot be read"):
        decode_usage_page(body)


def test_kinds_that_the_api_came_to_bill_since_are_other() -> None:
    report = json.loads((FOLDER / "cost_report.json").read_bytes())
    report["data"][0]["results"][0] |= {"cost_type": "session_usage", "token_type": None}
    assert decode_cost_page(json.dumps(report).encode()).items[0].kind is Kind.OTHER


# Over the wire


@pytest.fixture
def api() -> Iterator[StandIn]:
    with StandIn() as started:
        started.reports.costs = json.loads((FOLDER / "cost_report.json").read_bytes())["data"]
        started.reports.usage = json.loads((FOLDER / "usage_report.json").read_bytes())["data"]
        yield started


@pytest.fixture
def client(api: StandIn) -> Iterator[anthropic.Anthropic]:
    with admin_client({"ANTHROPIC_ADMIN_KEY": KEY}, base_url=api.url) as opened:
        yield opened


@pytest.mark.parametrize("page_size", [1, 2, 31])
def test_all_pages_are_fetched(api: StandIn, client: anthropic.Anthropic, page_size: int) -> None:
    api.reports.page_size = page_size
    assert fetch_costs(client, START, END) == bill()
    assert fetch_usage(client, START, END) == counts()
    assert len(api.calls) == 2 * -(-3 // page_size)
    assert api.paid == 0


def test_only_the_days_that_were_asked_for_come(client: anthropic.Anthropic) -> None:
    days = {item.day for item in fetch_costs(client, date(2026, 11, 2), date(2026, 11, 3))}
    assert days == {date(2026, 11, 2)}


def test_a_key_that_is_none_of_the_admin_api_is_refused_without_being_told(api: StandIn) -> None:
    key = {"ANTHROPIC_ADMIN_KEY": "sk-ant-api03-x"}
    with (
        admin_client(key, base_url=api.url) as wrong,
        pytest.raises(CostReportError, match="check that ANTHROPIC_ADMIN_KEY") as caught,
    ):
        fetch_costs(wrong, START, END)
    assert "sk-ant-api03" not in f"{caught.value!r}{caught.value.__cause__!r}"


def test_the_key_is_not_logged(
    client: anthropic.Anthropic, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        fetch_costs(client, START, END)
    assert caplog.records
    assert KEY not in caplog.text


def test_without_a_key_there_is_no_call() -> None:
    with pytest.raises(BadSettingsError, match="ANTHROPIC_ADMIN_KEY is not set"):
        admin_client({"ANTHROPIC_API_KEY": "sk-ant-api03-x"})
    with admin_client({"ANTHROPIC_ADMIN_API_KEY": KEY}, base_url="http://127.0.0.1:9") as named:
        assert named.api_key == KEY


def test_an_api_that_fails_is_an_error_that_says_how(
    api: StandIn, client: anthropic.Anthropic
) -> None:
    refusal = ErrorReply("busy", 500, "api_error", "try later", should_retry=False)
    api.script(refusal, when=any_request)
    with pytest.raises(CostReportError, match=r"api_error, status 500\): try later; run again"):
        fetch_costs(client, START, END)
    api.script(DroppedConnection(), when=any_request, times=None)
    with pytest.raises(CostReportError, match=r"no answer\)"):
        fetch_costs(client.with_options(max_retries=0), START, END)


def test_a_report_without_an_end_is_an_error(api: StandIn, client: anthropic.Anthropic) -> None:
    api.reports.page_size = 0
    with pytest.raises(CostReportError, match="same next page"):
        fetch_costs(client, START, END)


# Shown


def test_the_table_shows_what_is_off() -> None:
    code = CostItem(day=START, model=None, kind=Kind.CODE_EXECUTION, amount_usd=Decimal(1))
    undated = replace(own()[0], at=None)
    text = render_reconciliation(held(exchanges=[*own()[1:], undated], bill=[*bill(), code]))
    lines = text.splitlines()
    assert lines[0].startswith("2026-11-01 to 2026-11-04 (not included), in US dollars, by genai-")
    assert lines[0].endswith("6 exchanges")
    sonnet = next(line.split() for line in lines if "claude-sonnet-5-5  uncached" in line)
    assert sonnet == [SONNET, "uncached_input_tokens", "0.2000", "0.4000", "+0.2000", "off"]
    assert ["-", "code_execution", "-", "1.0000", "-"] in [line.split() for line in lines]
    assert ["in", "all", "1.5000", "2.9000", "+1.4000", "off"] in [line.split() for line in lines]
    assert lines[-1] == "! 1 exchange without a date: not in the comparison"


def test_the_document_is_exact_json() -> None:
    document = json.loads(json.dumps(reconciliation_document(held())))
    assert document["holds"] is True
    assert document["ours_usd"] == document["billed_usd"] == "1.9000005"
    assert document["rows"][0] == {
        "model": "claude-haiku-5-5",
        "kind": "uncached_input_tokens",
        "ours_usd": "0.0600005",
        "billed_usd": "0.0600005",
        "our_count": 200_001,
        "billed_count": 200_001,
        "is_off": False,
        "cause": "",
    }


def test_names_of_models_break_no_line() -> None:
    odd = CostItem(day=START, model="a\nb\x1b[31m" * 50, kind=Kind.OUTPUT, amount_usd=Decimal(1))
    text = render_reconciliation(held(bill=[*bill(), odd]))
    assert "\x1b" not in text
    assert len(text.splitlines()) == len(render_reconciliation(held()).splitlines()) + 3
