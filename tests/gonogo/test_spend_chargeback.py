"""Chargeback: what is charged adds up to the bill, and FOCUS rows are what FOCUS 1.2 asks for."""

import csv
import io
import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gonogo.errors import BadInputError
from gonogo.exchanges import Exchange, Request, Response, Usage
from gonogo.pricing import ConfiguredPrice, cost_of
from gonogo.spend.chargeback import (
    FOCUS_MANDATORY,
    BillingAccount,
    csv_lines,
    focus_grouping,
    focus_lines,
    plain,
    unfocused,
)
from gonogo.spend.usage import Attribute, Grouping, Interval, sum_usage

AT = datetime(2026, 11, 24, 2, tzinfo=UTC)
ACCOUNT = BillingAccount(id="acc-1", name="Example")
NOT_NULL = set(FOCUS_MANDATORY) - {"BillingAccountName", "ChargeClass"}


def call(model: str = "claude-sonnet-5-5", at: datetime | None = AT, **given_: Any) -> Exchange:
    usage = {
        "input_tokens": 1000,
        "output_tokens": 100,
        "cache_creation_input_tokens": 600,
        "cache_creation": {"ephemeral_5m_input_tokens": 400, "ephemeral_1h_input_tokens": 200},
        "cache_read_input_tokens": 5000,
        "server_tool_use": {"web_search_requests": 2},
    } | given_.pop("usage", {})
    return Exchange(
        id="1",
        request=Request({"messages": []}),
        response=Response({"model": model, "content": []}),
        usage=Usage(usage),
        at=at,
        **given_,
    )


def rows(lines: Iterable[str]) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO("".join(lines))))


def focus(exchanges: list[Exchange], grouping: Grouping) -> list[dict[str, str]]:
    table = sum_usage(exchanges, focus_grouping(grouping))
    return rows(focus_lines(table, ACCOUNT))


def test_a_call_becomes_a_row_a_meter() -> None:
    found = focus([call(department="legal")], Grouping(by=(Attribute.DEPARTMENT,)))
    shown = {row["SkuMeter"]: (row["ConsumedQuantity"], row["BilledCost"]) for row in found}
    # claude-sonnet-5-5: 2 in, 10 out, 2.5 and 4 to write, 0.1 to read; 10 a thousand searches
    assert shown == {
        "Uncached Input Tokens": ("1000", "0.002"),
        "Cache Write Tokens 5m": ("400", "0.001"),
        "Cache Write Tokens 1h": ("200", "0.0008"),
        "Cache Read Tokens": ("5000", "0.0005"),
        "Output Tokens": ("100", "0.001"),
        "Web Searches": ("2", "0.02"),
    }
    output = next(row for row in found if row["SkuMeter"] == "Output Tokens")
    assert output["SkuId"] == "claude-sonnet-5-5/output"
    assert (output["PricingQuantity"], output["PricingUnit"]) == ("0.0001", "1000000 Tokens")
    assert json.loads(output["Tags"]) == {"department": "legal"}
    assert output["ChargePeriodStart"] == output["BillingPeriodStart"] == "2026-11-01T00:00:00Z"
    assert output["ChargePeriodEnd"] == "2026-12-01T00:00:00Z"
    assert sum(int(row["x_Calls"]) for row in found) == 1


def test_all_mandatory_columns_are_there_and_filled() -> None:
    found = focus([call(), call("claude-haiku-5-5")], Grouping(interval=Interval.DAY))
    assert len(FOCUS_MANDATORY) == 21
    for row in found:
        assert set(FOCUS_MANDATORY) <= set(row)
        assert all(row[column] for column in NOT_NULL)
        assert row["ServiceCategory"] == "AI and Machine Learning"
        assert row["ChargeCategory"] == "Usage"
        assert row["ChargeClass"] == ""
        assert row["BilledCost"] == row["EffectiveCost"] == row["ListCost"] == row["ContractedCost"]


def test_days_of_a_zone_lie_in_its_months() -> None:
    at = datetime(2026, 10, 31, 23, 30, tzinfo=UTC)
    zone = ZoneInfo("Europe/Berlin")
    found = focus([call(at=at)], Grouping(interval=Interval.DAY, zone=zone))
    assert {row["ChargePeriodStart"] for row in found} == {"2026-10-31T23:00:00Z"}
    assert {row["BillingPeriodStart"] for row in found} == {"2026-10-31T23:00:00Z"}


def test_weeks_do_not_fit_into_bills() -> None:
    with pytest.raises(BadInputError, match="weeks"):
        focus_grouping(Grouping(interval=Interval.WEEK))


def test_calls_without_a_time_are_left_out_and_told() -> None:
    table = sum_usage([call(at=None), call()], focus_grouping(Grouping()))
    cost = cost_of(call(), {})
    assert unfocused(table) == (1, cost)
    assert sum(Decimal(row["BilledCost"]) for row in rows(focus_lines(table, ACCOUNT))) == cost


def test_calls_without_a_price_cost_nothing_and_say_so() -> None:
    found = focus([call("unheard-of")], Grouping())
    assert {row["BilledCost"] for row in found} == {"0"}
    assert [row["x_UnpricedCalls"] for row in found] == ["1"] + ["0"] * (len(found) - 1)


def test_what_was_negotiated_off_lies_between_list_and_billed_cost() -> None:
    prices = {"claude-sonnet-5-5": ConfiguredPrice(discount=Decimal("0.2"))}
    table = sum_usage([call()], focus_grouping(Grouping()), prices=prices)
    found = rows(focus_lines(table, ACCOUNT))
    for row in found:
        assert Decimal(row["BilledCost"]) == Decimal(row["ListCost"]) * Decimal("0.8")
        assert row["BilledCost"] == row["EffectiveCost"] == row["ContractedCost"]
        assert row["x_PriceVersion"] == table.price_version
    assert sum(Decimal(row["ListCost"]) for row in found) == cost_of(call(), {})
    (line,) = rows(csv_lines(table))
    assert Decimal(line["list_cost_usd"]) == cost_of(call(), {})


def test_calls_without_any_token_are_counted() -> None:
    nothing = {"input_tokens": 0, "output_tokens": 0, "cache_creation_input_tokens": 0}
    none = nothing | {"cache_creation": {}, "cache_read_input_tokens": 0, "server_tool_use": {}}
    found = focus([call(usage=none), call("unheard-of", usage=none)], Grouping())
    assert [row["x_Calls"] for row in found] == ["1", "1"]
    assert sorted(row["x_UnpricedCalls"] for row in found) == ["0", "1"]
    assert all(row[column] for row in found for column in NOT_NULL)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"),
        (" +1", "'+1"),
        ("x;=1+1", "x;'=1+1"),
        ("x; @SUM(1)", "x;' @SUM(1)"),
        ("\uff1d1", "'\uff1d1"),
        ("a-b; c=d", "a-b; c=d"),
        ("Müller 界", "Müller 界"),
    ],
)
def test_no_text_becomes_a_formula(text: str, shown: str) -> None:
    table = sum_usage([call(text, user=text)], Grouping(by=(Attribute.USER, Attribute.MODEL)))
    (line,) = rows(csv_lines(table))
    assert (line["user"], line["model"]) == (shown, shown)
    for row in rows(focus_lines(table, ACCOUNT)):
        assert row["SkuId"].startswith(shown)
        assert json.loads(row["Tags"])["user"] == text


def test_csv_is_exact_and_no_formula() -> None:
    table = sum_usage(
        [call(user="=HYPERLINK(1)"), call(user='a,"b"\nc'), call()], Grouping(by=(Attribute.USER,))
    )
    found = rows(csv_lines(table))
    assert {row["user"] for row in found} == {"'=HYPERLINK(1)", 'a,"b" c', ""}
    assert sum(Decimal(row["cost_usd"]) for row in found) == table.total.cost_usd
    assert found[0]["cache_read_tokens"] == "5000"


@pytest.mark.parametrize(
    ("amount", "text"), [("0", "0"), ("1E+3", "1000"), ("0.1200", "0.12"), ("1E-9", "0.000000001")]
)
def test_amounts_in_full(amount: str, text: str) -> None:
    assert plain(Decimal(amount)) == text


@settings(max_examples=50, deadline=None)
@given(
    st.lists(
        st.builds(
            call,
            model=st.sampled_from(["claude-haiku-5-5", "claude-opus-5-5"]),
            at=st.integers(0, 99).map(lambda hours: AT + timedelta(hours=hours)),
            user=st.sampled_from(["a", "b", None]),
            usage=st.fixed_dictionaries(
                {
                    "input_tokens": st.integers(0, 200_000),
                    "output_tokens": st.integers(0, 5000),
                    "inference_geo": st.sampled_from(["us", "global"]),
                    "service_tier": st.sampled_from(["batch", "standard"]),
                }
            ),
        ),
        max_size=8,
    ),
    st.sampled_from([Interval.HOUR, Interval.DAY, Interval.MONTH, Interval.ALL]),
)
def test_focus_and_csv_add_up_to_the_bill(exchanges: list[Exchange], interval: Interval) -> None:
    bill = sum((cost_of(e, {}) or Decimal(0) for e in exchanges), Decimal(0))
    grouping = Grouping(by=(Attribute.USER,), interval=interval)
    assert sum(Decimal(row["BilledCost"]) for row in focus(exchanges, grouping)) == bill
    assert (
        sum(Decimal(r["cost_usd"]) for r in rows(csv_lines(sum_usage(exchanges, grouping)))) == bill
    )
