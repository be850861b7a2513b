"""Prices of a project's own: where they go before the list's, from when to when, and what is wrong."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from gonogo.errors import BadInputError, UnboundedCostError, UnpricedModelError
from gonogo.exchanges import Exchange, Request, Response, Usage
from gonogo.pricing import (
    ConfiguredPrice,
    Prices,
    combine_prices,
    cost_of,
    dearest_of_line,
    line_of,
    load_price_file,
    price_exchange,
    price_version,
    upper_bound_of,
)

NOVEMBER = datetime(2026, 11, 1, tzinfo=UTC)
PLAIN = {"input_tokens": 1000, "output_tokens": 100}
Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def written(text: str) -> Path:
        path = tmp_path / "prices.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return written


def cost(
    model: str, prices: Prices, usage: dict[str, Any] | None = None, at: datetime | None = NOVEMBER
) -> Decimal | None:
    answered = Exchange(
        id="x",
        request=Request({"messages": []}),
        response=Response({"content": [], "model": model}),
        usage=Usage(PLAIN | (usage or {})),
        at=at,
    )
    return cost_of(answered, prices)


def own(**fields: Any) -> ConfiguredPrice:
    given = {"input_mtok": 10, "output_mtok": 50} | fields
    return ConfiguredPrice(
        **{
            name: Decimal(str(value))
            if name.endswith(("mtok", "factor", "kcount", "discount"))
            else value
            for name, value in given.items()
        }
    )


FILE = """
[prices."*"]
discount = 0.10

[[prices."claude-mythos-1"]]
input_mtok = 10
output_mtok = 50.5
until = 2026-06-30

[[prices."claude-mythos-1"]]
from = 2026-07-01
input_mtok = 8
output_mtok = 40

[prices."claude-opus-4-6"]
fast_factor = 6
"""


def test_a_file_of_prices_is_read_with_its_dates(write: Write) -> None:
    prices = load_price_file(write(FILE))
    june, july = datetime(2026, 6, 30, 23, tzinfo=UTC), datetime(2026, 7, 1, tzinfo=UTC)
    # 1,000 x 10 + 100 x 50.5; then 1,000 x 8 + 100 x 40
    assert cost("claude-mythos-1", prices, at=june) == Decimal("0.01505")
    assert cost("claude-mythos-1", prices, at=july) == Decimal("0.012")
    assert cost("claude-mythos-1", prices, at=None) == Decimal("0.012")
    # the list's 0.003 less 10 %, of a model without an entry of its own
    assert cost("claude-sonnet-5-5", prices) == Decimal("0.0027")
    # six times 0.0075, and no discount: the entry of its own goes alone
    assert cost("claude-opus-4-6", prices, {"speed": "fast"}) == Decimal("0.045")


def test_a_discount_of_every_model_makes_no_price_of_an_unknown_one(write: Write) -> None:
    prices = load_price_file(write('[prices."*"]\ndiscount = 0.1\n'))
    with pytest.raises(UnpricedModelError, match="'house-model'"):
        cost("house-model", prices)


def test_before_its_first_day_the_list_holds() -> None:
    prices = {"claude-sonnet-5-5": own(since=date(2026, 11, 2))}
    assert cost("claude-sonnet-5-5", prices) == Decimal("0.003")
    at = datetime(2026, 11, 2, tzinfo=UTC)
    assert cost("claude-sonnet-5-5", prices, at=at) == Decimal("0.015")


@pytest.mark.parametrize("name", ["claude-new-9", "claude-new-9-20260901", "claude-new-9@20260901"])
def test_an_entry_stands_for_the_dated_names_of_its_model(name: str) -> None:
    prices = {"claude-new-9": own(), "claude-new-9-20260902": own(input_mtok=1)}
    assert cost(name, prices) == Decimal("0.015")


def test_the_exact_name_goes_before_the_undated_one() -> None:
    prices = {"claude-new-9": own(), "claude-new-9-20260902": own(input_mtok=1)}
    assert cost("claude-new-9-20260902", prices) == Decimal("0.006")


@pytest.mark.parametrize(
    ("price", "usage", "dollars"),
    [
        # Input at 10, output at 50; what the cache does at the rate of input.
        (own(), {"cache_creation_input_tokens": 100, "cache_read_input_tokens": 100}, "0.017"),
        (own(cache_write_mtok=20), {"cache_creation_input_tokens": 100}, "0.017"),
        (
            own(cache_write_mtok=20, cache_write_1h_mtok=40),
            {
                "cache_creation_input_tokens": 100,
                "cache_creation": {"ephemeral_1h_input_tokens": 100},
            },
            "0.019",
        ),
        (own(cache_read_mtok=1), {"cache_read_input_tokens": 100}, "0.0151"),
        (own(), {"server_tool_use": {"web_search_requests": 2}}, "0.035"),
        (own(web_search_kcount=0), {"server_tool_use": {"web_search_requests": 2}}, "0.015"),
        (own(), {"service_tier": "batch"}, "0.0075"),
        (own(batch_factor=1), {"service_tier": "batch"}, "0.015"),
        (own(), {"inference_geo": "us"}, "0.0165"),
        (own(us_factor=1), {"inference_geo": "us"}, "0.015"),
        (own(fast_factor=2), {"speed": "fast"}, "0.03"),
        (own(discount="0.2"), {}, "0.012"),
        # The cliff: for all tokens, above and not at it.
        (own(cliff_tokens=1000, cliff_input_factor=2, cliff_output_factor="1.5"), {}, "0.015"),
        (own(cliff_tokens=999, cliff_input_factor=2, cliff_output_factor="1.5"), {}, "0.0275"),
    ],
)
def test_golden_costs_of_own_prices(
    price: ConfiguredPrice, usage: dict[str, Any], dollars: str
) -> None:
    assert cost("house-model", {"house-model": price}, usage) == Decimal(dollars)


@pytest.mark.parametrize(
    ("fields", "usage", "dollars"),
    [
        ({"discount": "0.15"}, {}, "0.00255"),
        ({"batch_factor": "0.4"}, {"service_tier": "batch"}, "0.0012"),
        ({"fast_factor": 3}, {"speed": "fast"}, "0.009"),
        ({"us_factor": "1.2"}, {"inference_geo": "us"}, "0.0036"),
        ({"web_search_kcount": 5}, {"server_tool_use": {"web_search_requests": 1}}, "0.008"),
    ],
)
def test_an_entry_without_rates_changes_the_lists(
    fields: dict[str, Any], usage: dict[str, Any], dollars: str
) -> None:
    change = own(input_mtok=0, output_mtok=0, **fields)
    change = ConfiguredPrice(**{name: getattr(change, name) for name in fields})
    assert cost("claude-sonnet-5-5", {"claude-sonnet-5-5": change}, usage) == Decimal(dollars)


def test_fast_mode_without_a_factor_is_unpriced() -> None:
    with pytest.raises(UnpricedModelError, match=r'prices."house-model"\] fast_factor'):
        cost("house-model", {"house-model": own()}, {"speed": "fast"})


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        ("[prices", ["cannot be read"]),
        ("", ["has no table `prices`"]),
        ("x = 1\n[prices]", ["unknown key 'x'"]),
        ('[prices."m"]\ninput_mtok = 1', ['[prices."m"]', "input_mtok and output_mtok: give both"]),
        (
            '[prices."m"]\ninput_mtok = -1\noutput_mtok = 1',
            ["input_mtok: expected at least 0, got -1"],
        ),
        ('[prices."m"]\ninput_mtok = nan\noutput_mtok = 1', ["input_mtok: expected at least 0"]),
        ('[prices."m"]\ndiscount = 15', ["discount: expected a share of at most 1, got 15"]),
        ('[prices."m"]\ncache_read_mtok = 1', ["cache_read_mtok: needs input_mtok"]),
        ('[prices."m"]\ninput = 1', ["unknown field `input`", "there are: input_mtok", "from"]),
        ('[prices."m"]\nfrom = 2026-02-01\nuntil = 2026-01-31', ["until: 2026-01-31 is before"]),
        ('[prices."m"]\nfrom = "soon"', ["$.from"]),
        ("[prices]\nm = 3", ['[prices."m"]', "Expected `object`"]),
        (
            '[[prices."m"]]\ndiscount = 0.1\nuntil = 2026-06-30\n'
            '[[prices."m"]]\ndiscount = 0.2\nfrom = 2026-06-30',
            ['[prices."m"]', "two prices hold on 2026-06-30"],
        ),
        (
            '[[prices."m"]]\ndiscount = 0.1\n[[prices."m"]]\ndiscount = 0.2',
            ["two prices hold on every day"],
        ),
        # All problems at once.
        ('y = 1\n[prices."m"]\ndiscount = 2\n[prices."n"]\nz = 1', ["'y'", '"m"', '"n"']),
    ],
)
def test_what_is_no_price_is_said_with_its_place(
    write: Write, text: str, problems: list[str]
) -> None:
    with pytest.raises(BadInputError) as caught:
        load_price_file(write(text))
    for problem in ["prices.toml", *problems]:
        assert problem in str(caught.value)


def test_a_file_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match=r"none.toml: cannot be read"):
        load_price_file(tmp_path / "none.toml")


def test_settings_and_file_are_put_together(write: Write) -> None:
    prices = combine_prices({"house-model": own()}, load_price_file(write(FILE)), "pyproject.toml")
    assert cost("house-model", prices) == Decimal("0.015")
    assert cost("claude-mythos-1", prices) == Decimal("0.012")
    twice = {"claude-mythos-1": own(), "m": (own(), own(since=date(2026, 1, 1)))}
    with pytest.raises(BadInputError) as caught:
        combine_prices(twice, prices, "pyproject.toml")
    assert 'pyproject.toml [tool.gonogo.prices."claude-mythos-1"]: stands in' in str(caught.value)
    assert "two prices hold on 2026-01-01" in str(caught.value)


def test_the_version_names_list_rules_and_what_is_configured(write: Write) -> None:
    plain = price_version({})
    assert plain.startswith("genai-prices 0.")
    assert plain.endswith(", rules 1")
    one = {"a": own(), "b": own(discount="0.1")}
    same = {"b": own(discount="0.10"), "a": (own(input_mtok="10.0"),)}
    assert price_version(one).startswith(f"{plain}, overlay ")
    assert price_version(one) == price_version(same)
    assert price_version(one) != price_version({"a": own(), "b": own(discount="0.2")})
    assert price_version(one) != price_version({"a": own()})
    prices = load_price_file(write(FILE))
    reordered = "\n\n".join(reversed(FILE.split("\n\n")))
    assert price_version(prices) == price_version(load_price_file(write(reordered)))


def test_the_same_version_gives_the_same_cost_again(write: Write) -> None:
    answered = Exchange(
        id="x",
        request=Request({"messages": []}),
        response=Response({"content": [], "model": "claude-mythos-1"}),
        usage=Usage(PLAIN),
        at=NOVEMBER,
    )
    first = price_exchange(answered, load_price_file(write(FILE)))
    again = price_exchange(answered, load_price_file(write(FILE)))
    assert first == again
    assert first.price_version == again.price_version


# Lines of models, and bounds


@pytest.mark.parametrize(
    ("model", "line"),
    [
        ("claude-opus-5-5", "opus"),
        ("claude-3-5-haiku-latest", "haiku"),
        ("claude-mythos-preview", "mythos"),
        ("anthropic.claude-sonnet-9-v1:0", "sonnet"),
        ("claude-2", None),
    ],
)
def test_the_line_of_a_model_is_in_its_name(model: str, line: str | None) -> None:
    assert line_of(model) == line


def test_the_dearest_of_a_line_takes_each_rate_from_whichever_model() -> None:
    rates = dearest_of_line("claude-haiku-7", {}, at=NOVEMBER, input_tokens=1000)
    # Haiku 4.5: 1 and 5, 2 for an hour
    assert (rates.uncached_input, rates.output, rates.cache_write_1h) == (1, 5, 2)
    house = {"house-haiku": own(input_mtok="0.1", output_mtok=9)}
    rates = dearest_of_line("claude-haiku-7", house, at=NOVEMBER, input_tokens=1000)
    assert (rates.uncached_input, rates.output) == (1, 9)
    large = dearest_of_line("claude-sonnet-7", {}, at=NOVEMBER, input_tokens=200_001)
    assert (large.uncached_input, large.output) == (6, Decimal("22.5"))
    batch = dearest_of_line("claude-sonnet-7", {}, at=NOVEMBER, input_tokens=200_001, batch=True)
    assert (batch.uncached_input, batch.output) == (3, Decimal("11.25"))
    unknown = dearest_of_line("nameless-1", {}, at=NOVEMBER, input_tokens=1)
    assert (unknown.uncached_input, unknown.output) == (15, 75)


def test_fast_mode_of_a_line_without_one_has_no_dearest_rate() -> None:
    with pytest.raises(UnpricedModelError, match="'claude-haiku-7'"):
        dearest_of_line("claude-haiku-7", {}, at=NOVEMBER, input_tokens=1, fast=True)


def bound(fields: dict[str, Any], tokens: int = 1000, **options: Any) -> Decimal:
    request = Request({"model": "claude-sonnet-5-5", "messages": [], "max_tokens": 100} | fields)
    return upper_bound_of(request, tokens, {}, at=NOVEMBER, **options)


def test_a_bound_of_an_unknown_model_is_the_dearest_of_its_line_where_that_is_set() -> None:
    with pytest.raises(UnpricedModelError):
        bound({"model": "claude-haiku-7"})
    # 1,000 x 1 + 100 x 5, in the US times 1.1
    assert bound({"model": "claude-haiku-7"}, unknown_as_dearest=True) == Decimal("0.00165")
    us = bound({"model": "claude-haiku-7", "inference_geo": "us"}, unknown_as_dearest=True)
    assert us == Decimal("0.00165")
    request = Request(
        {"model": "claude-haiku-7", "messages": [], "max_tokens": 100, "inference_geo": "us"}
    )
    own_factor = {"house-haiku": own(input_mtok="0.1", output_mtok="0.1", us_factor="1.5")}
    most = upper_bound_of(request, 1000, own_factor, at=NOVEMBER, unknown_as_dearest=True)
    assert most == Decimal("0.00225")


ADVISOR = {
    "type": "advisor_20260301",
    "name": "advisor",
    "model": "claude-opus-5-5",
    "max_uses": 2,
    "max_tokens": 500,
}
COMPACT = {"type": "compact_20260112"}


@pytest.mark.parametrize(
    ("fields", "tokens", "dollars"),
    [
        # 0.003 of its own, and of each model that may be asked after it: 1,000 x 4 + 100 x 20
        ({"fallbacks": [{"model": "claude-opus-5-5"}]}, 1000, "0.009"),
        ({"fallbacks": []}, 1000, "0.003"),
        # ... 1,000 x 4 + 200 x 20
        ({"fallbacks": [{"model": "claude-opus-5-5", "max_tokens": 200}]}, 1000, "0.011"),
        # ... 1,000 x 8 + 100 x 40
        ({"fallbacks": [{"model": "claude-opus-5-5", "speed": "fast"}]}, 1000, "0.015"),
        # Two uses of an advisor that reads all there is: 2 x (1,100 x 4 + 500 x 20)
        ({"tools": [ADVISOR]}, 1000, "0.0318"),
        # ... for an hour in the cache: 2 x (1,100 x 8 + 500 x 20)
        ({"tools": [ADVISOR | {"caching": {"type": "ephemeral", "ttl": "1h"}}]}, 1000, "0.0406"),
        # A context that may be compacted is read twice: 2 x (150,000 x 2 + 100 x 10)
        ({"context_management": {"edits": [COMPACT]}}, 150_000, "0.602"),
        ({"context_management": {"edits": [COMPACT]}}, 149_999, "0.300998"),
        (
            {"context_management": {"edits": [COMPACT | {"trigger": {"value": 50_000}}]}},
            50_000,
            "0.202",
        ),
        ({"context_management": {"edits": [{"type": "clear_tool_uses_2025"}]}}, 150_000, "0.301"),
    ],
)
def test_golden_bounds_of_what_a_request_sets_off(
    fields: dict[str, Any], tokens: int, dollars: str
) -> None:
    assert bound(fields, tokens) == Decimal(dollars)


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"fallbacks": "default"}, "`fallbacks` 'default'"),
        ({"fallbacks": [{"max_tokens": 1}]}, "fallback without a `model`"),
        ({"tools": [ADVISOR | {"max_tokens": None}]}, "'advisor_20260301' without"),
        ({"tools": [ADVISOR | {"max_uses": None}]}, "'advisor_20260301' without `max_uses`"),
    ],
)
def test_what_the_api_chooses_itself_has_no_bound(fields: dict[str, Any], named: str) -> None:
    with pytest.raises(UnboundedCostError, match=named):
        bound(fields)


def test_an_absurd_number_of_uses_takes_no_time() -> None:
    assert bound({"tools": [ADVISOR | {"max_uses": 10**15}]}) > 10**12
