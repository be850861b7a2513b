"""Costs of every kind of usage, worked out by hand from Claude's price list, and what always holds."""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import anthropic
import pytest
from genai_prices import calc_price, extract_usage
from genai_prices.data import providers
from hypothesis import given, settings
from hypothesis import strategies as st
from standin import Answer, StandIn, Text

from gonogo.claude.capturing import Capture
from gonogo.exchanges import Exchange, Request, Response, Usage
from gonogo.pricing import (
    Caveat,
    ConfiguredPrice,
    CostParts,
    Priced,
    Unpriced,
    cost_of,
    price_exchange,
)
from gonogo.pricing.listed_prices import listed_card, listed_models
from gonogo.recordings import Mode, Shelf, Tape

NOVEMBER = datetime(2026, 11, 1, tzinfo=UTC)
PLAIN = {"input_tokens": 1000, "output_tokens": 100}
CACHED = {
    "input_tokens": 1000,
    "output_tokens": 100,
    "cache_read_input_tokens": 10_000,
    "cache_creation_input_tokens": 2000,
    "cache_creation": {"ephemeral_5m_input_tokens": 1500, "ephemeral_1h_input_tokens": 500},
}


def exchange(
    model: str,
    usage: dict[str, Any] | None,
    at: datetime | None = NOVEMBER,
    *,
    asked: dict[str, Any] | None = None,
    **response: Any,
) -> Exchange:
    return Exchange(
        id="x",
        request=Request({"messages": [], "model": "claude-opus-4-1"} | (asked or {})),
        response=Response({"content": [{"type": "text", "text": "t"}], "model": model} | response),
        usage=None if usage is None else Usage(usage),
        at=at,
    )


def priced(
    model: str, usage: dict[str, Any], at: datetime | None = NOVEMBER, **rest: Any
) -> Priced:
    found = price_exchange(exchange(model, usage, at, **rest), {})
    assert isinstance(found, Priced), found
    return found


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def inputs(tokens: int, output: int = 1000, **rest: Any) -> dict[str, Any]:
    return {"input_tokens": tokens, "output_tokens": output} | rest


SEARCHED = {"server_tool_use": {"web_search_requests": 7, "web_fetch_requests": 3}}

GOLDEN = [
    # Each line: input x rate + output x rate in micro-dollars; then dollars.
    ("claude-haiku-4-5", PLAIN, "2026-11-01", "0.0015"),  # 1,000 x 1 + 100 x 5
    ("claude-sonnet-5-5", PLAIN, "2026-11-01", "0.003"),  # 1,000 x 2 + 100 x 10
    ("claude-opus-5-5", PLAIN, "2026-11-01", "0.006"),  # 1,000 x 4 + 100 x 20
    ("claude-opus-5", PLAIN, "2026-11-01", "0.0075"),  # 1,000 x 5 + 100 x 25
    ("claude-opus-4-1", PLAIN, "2026-11-01", "0.0225"),  # 1,000 x 15 + 100 x 75
    ("claude-fable-5", PLAIN, "2026-11-01", "0.015"),  # 1,000 x 10 + 100 x 50
    ("claude-mythos-5-2", PLAIN, "2026-11-01", "0.012"),  # 1,000 x 8 + 100 x 40
    # A dated name is the same model.
    ("claude-sonnet-5-5-20261001", PLAIN, "2026-11-01", "0.003"),
    # 1,000 x 2 + 10,000 x 0.1 + 1,500 x 2.5 + 500 x 4 + 100 x 10
    ("claude-sonnet-5-5", CACHED, "2026-11-01", "0.00975"),
    # 1,000 x 4 + 10,000 x 0.2 + 1,500 x 5 + 500 x 8 + 100 x 20
    ("claude-opus-5-5", CACHED, "2026-11-01", "0.0195"),
    # Without the split by lifetime all writes were for five minutes: 2,000 x 2.5
    (
        "claude-sonnet-5-5",
        {"input_tokens": 0, "output_tokens": 0, "cache_creation_input_tokens": 2000},
        "2026-11-01",
        "0.005",
    ),
    # Thinking is output, already counted: 100 x 10
    (
        "claude-sonnet-5-5",
        PLAIN | {"output_tokens_details": {"thinking_tokens": 80}},
        "2026-11-01",
        "0.003",
    ),
    # Batches cost half: on both sides of the day from which the list knows it, and for models for
    # which it does not.
    ("claude-sonnet-5-5", CACHED | {"service_tier": "batch"}, "2026-11-01", "0.004875"),
    ("claude-opus-4-8", PLAIN | {"service_tier": "batch"}, "2026-10-13", "0.00375"),
    ("claude-opus-4-8", PLAIN | {"service_tier": "batch"}, "2026-10-14", "0.00375"),
    ("claude-opus-4-1", PLAIN | {"service_tier": "batch"}, "2026-11-01", "0.01125"),
    # ... searches of a batch do not: 0.003 / 2 + 7 x 0.01
    ("claude-sonnet-5-5", PLAIN | SEARCHED | {"service_tier": "batch"}, "2026-11-01", "0.0715"),
    # Fast mode: 1,000 x 8 + 100 x 40; 1,000 x 10 + 100 x 50; 1,000 x 16 + 100 x 80
    ("claude-opus-5-5", PLAIN | {"speed": "fast"}, "2026-11-01", "0.012"),
    ("claude-opus-5", PLAIN | {"speed": "fast"}, "2026-11-01", "0.015"),
    ("claude-fable-5-2", PLAIN | {"speed": "fast"}, "2026-11-01", "0.024"),
    # ... with the cache: 1,000 x 8 + 10,000 x 0.4 + 1,500 x 10 + 500 x 16 + 100 x 40
    ("claude-opus-5-5", CACHED | {"speed": "fast"}, "2026-11-01", "0.039"),
    # A thousand searches cost 10 dollars, fetches nothing: 0.003 + 7 x 0.01
    ("claude-sonnet-5-5", PLAIN | SEARCHED, "2026-11-01", "0.073"),
    # In the US tokens cost 1.1 times as much, searches do not: 0.003 x 1.1 + 0.07
    ("claude-sonnet-5-5", PLAIN | {"inference_geo": "us"}, "2026-11-01", "0.0033"),
    ("claude-sonnet-5-5", PLAIN | SEARCHED | {"inference_geo": "us"}, "2026-11-01", "0.0733"),
    ("claude-sonnet-5-5", PLAIN | {"inference_geo": "not_available"}, "2026-11-01", "0.003"),
    # ... and fast: 0.012 x 1.1; and as a batch: 0.0015 x 1.1
    ("claude-opus-5-5", PLAIN | {"speed": "fast", "inference_geo": "us"}, "2026-11-01", "0.0132"),
    (
        "claude-sonnet-5-5",
        PLAIN | {"service_tier": "batch", "inference_geo": "us"},
        "2026-11-01",
        "0.00165",
    ),
    # The cliff of Haiku 5.5 at 100,000: 0.1 and 0.5 below, 0.5 and 2.5 above, for all tokens.
    ("claude-haiku-5-5", inputs(99_999), "2026-11-01", "0.0104999"),
    ("claude-haiku-5-5", inputs(100_000), "2026-11-01", "0.0105"),
    ("claude-haiku-5-5", inputs(100_001), "2026-11-01", "0.0525005"),
    # ... the cache counts: 1 x 0.1 + 99,999 x 0.01 + 1,000 x 0.5; one more: x 0.5, x 0.05, x 2.5
    (
        "claude-haiku-5-5",
        inputs(1, cache_read_input_tokens=99_999),
        "2026-11-01",
        "0.00150009",
    ),
    (
        "claude-haiku-5-5",
        inputs(2, cache_read_input_tokens=99_999),
        "2026-11-01",
        "0.00750095",
    ),
    # ... for an hour, above it: 100,001 x 1 + 1,000 x 2.5
    (
        "claude-haiku-5-5",
        inputs(
            0,
            cache_creation_input_tokens=100_001,
            cache_creation={"ephemeral_1h_input_tokens": 100_001},
        ),
        "2026-11-01",
        "0.102501",
    ),
    # ... as a batch half of it on either side
    ("claude-haiku-5-5", inputs(100_000, service_tier="batch"), "2026-11-01", "0.00525"),
    ("claude-haiku-5-5", inputs(100_001, service_tier="batch"), "2026-11-01", "0.02625025"),
    ("claude-haiku-5-5", inputs(100_001, service_tier="batch"), "2026-10-13", "0.02625025"),
    # The cliff of Sonnet 4.5 at 200,000: 3 and 15 below, 6 and 22.5 above.
    ("claude-sonnet-4-5", inputs(200_000), "2026-11-01", "0.615"),
    ("claude-sonnet-4-5", inputs(200_001), "2026-11-01", "1.222506"),
    # Those of Opus 4.6 and Sonnet 4.6 fell on 2026-03-13.
    ("claude-opus-4-6", inputs(200_000), "2026-03-12", "1.025"),  # x 5, x 25
    ("claude-opus-4-6", inputs(200_001), "2026-03-12", "2.03751"),  # x 10, x 37.5
    ("claude-opus-4-6", inputs(200_001), "2026-03-13", "1.025005"),
    ("claude-sonnet-4-6", inputs(200_000), "2026-03-12", "0.615"),  # x 3, x 15
    ("claude-sonnet-4-6", inputs(200_001), "2026-03-12", "1.222506"),  # x 6, x 22.5
    ("claude-sonnet-4-6", inputs(200_001), "2026-03-13", "0.615003"),
    # Models from before the cache: what it would have counted is input.
    ("claude-2", {"input_tokens": 1000, "output_tokens": 100}, "2024-01-01", "0.0104"),
]


@pytest.mark.parametrize(("model", "usage", "day", "dollars"), GOLDEN)
def test_golden_costs(model: str, usage: dict[str, Any], day: str, dollars: str) -> None:
    found = priced(model, usage, at(day))
    assert found.cost_usd == Decimal(dollars)
    assert found.parts.total_usd == Decimal(dollars)
    assert cost_of(exchange(model, usage, at(day)), {}) == Decimal(dollars)
    assert sum((c.spread().total_usd for c in found.charges), Decimal(0)) == Decimal(dollars)


def test_parts_say_what_each_kind_cost() -> None:
    found = priced("claude-sonnet-5-5", CACHED | SEARCHED | {"inference_geo": "us"})
    assert found.parts == CostParts(
        uncached_input=Decimal("0.002"),
        cache_write_5m=Decimal("0.00375"),
        cache_write_1h=Decimal("0.002"),
        cache_read=Decimal("0.001"),
        output=Decimal("0.001"),
        web_search=Decimal("0.07"),
        us_inference=Decimal("0.000975"),
    )
    assert found.model == "claude-sonnet-5-5"


ADVISED = {
    "input_tokens": 412,
    "output_tokens": 531,
    "iterations": [
        {"type": "message", "input_tokens": 412, "output_tokens": 89},
        {
            "type": "advisor_message",
            "model": "claude-opus-5-5",
            "input_tokens": 823,
            "output_tokens": 1612,
        },
        {
            "type": "message",
            "input_tokens": 1348,
            "cache_read_input_tokens": 412,
            "output_tokens": 442,
        },
    ],
}


@pytest.mark.parametrize(
    ("usage", "dollars"),
    [
        # Sonnet: (412 + 1,348) x 2 + 412 x 0.1 + 531 x 10; the advisor: 823 x 4 + 1,612 x 20
        (ADVISED, "0.0444032"),
        # ... in the US all of it, and the advisor is not fast because the executor would be
        (ADVISED | {"inference_geo": "us"}, "0.04884352"),
        # Searches stand beside the iterations: 7 x 0.01
        (ADVISED | SEARCHED, "0.1144032"),
        # Compaction is not in the sums: (180,000 + 23,000) x 2 + (3,500 + 1,000) x 10
        (
            {
                "input_tokens": 23_000,
                "output_tokens": 1000,
                "iterations": [
                    {"type": "compaction", "input_tokens": 180_000, "output_tokens": 3500},
                    {"type": "message", "input_tokens": 23_000, "output_tokens": 1000},
                ],
            },
            "0.451",
        ),
        # Each iteration is on its own side of a cliff.
        (
            {
                "input_tokens": 60_000,
                "output_tokens": 20,
                "iterations": [
                    # 60,000 x 0.1 + 10 x 0.5, twice, though together they exceed 100,000
                    {
                        "type": "message",
                        "model": "claude-haiku-5-5",
                        "input_tokens": 60_000,
                        "output_tokens": 10,
                    },
                ]
                * 2,
            },
            "0.01201",
        ),
    ],
)
def test_golden_costs_of_iterations(usage: dict[str, Any], dollars: str) -> None:
    found = priced("claude-sonnet-5-5", usage)
    assert found.cost_usd == Decimal(dollars) == found.parts.total_usd


def fell_back(output_tokens: int) -> Priced:
    declined = {"type": "message", "input_tokens": 1000, "output_tokens": output_tokens}
    served = {
        "type": "fallback_message",
        "model": "claude-opus-5-5",
        "input_tokens": 1000,
        "output_tokens": 100,
    }
    usage = PLAIN | {"iterations": [declined, served]}
    return priced("claude-opus-5-5", usage, asked={"model": "claude-fable-5"})


def test_a_model_that_declined_costs_only_what_it_said() -> None:
    assert fell_back(0).cost_usd == Decimal("0.006")  # 1,000 x 4 + 100 x 20
    # beside it 1,000 x 10 + 20 x 50 of the model that was asked
    found = fell_back(20)
    assert found.cost_usd == Decimal("0.017")
    assert [charge.model for charge in found.charges] == ["claude-fable-5", "claude-opus-5-5"]


def test_a_chain_of_models_that_all_declined_is_free() -> None:
    declined = [
        {"type": kind, "model": "claude-opus-5", "input_tokens": 1000, "output_tokens": 0}
        for kind in ("message", "fallback_message", "fallback_message")
    ]
    usage = {"input_tokens": 1000, "output_tokens": 0, "iterations": declined}
    refusal = {"stop_reason": "refusal", "content": [{"type": "fallback"}]}
    assert priced("claude-opus-5", usage, **refusal).cost_usd == 0
    assert priced("claude-opus-5", usage).cost_usd == Decimal("0.005")
    assert priced("claude-opus-5", usage, at("2026-06-01"), **refusal).cost_usd == Decimal("0.015")


def test_an_advisor_is_not_fast_because_the_request_is() -> None:
    found = priced("claude-opus-5-5", ADVISED | {"speed": "fast"})
    # (412 + 1,348) x 8 + 412 x 0.4 + 531 x 40; the advisor at 4 and 20
    assert found.cost_usd == Decimal("0.0354848") + Decimal("0.035532")


def test_a_name_that_is_no_models_is_unpriced_and_shown_short() -> None:
    found = price_exchange(exchange("claude-2" + "x" * 10**6, PLAIN), {})
    assert isinstance(found, Unpriced)
    assert len(found.reason) < 500


def test_a_refusal_before_any_output_is_free_since_june_2026() -> None:
    usage = {"input_tokens": 1000, "output_tokens": 1}
    silent = {"stop_reason": "refusal", "content": []}
    assert priced("claude-opus-5", usage, at("2026-06-01"), **silent).cost_usd > 0
    assert priced("claude-opus-5", usage, at("2026-06-02"), **silent).cost_usd == 0
    spoke = {"stop_reason": "refusal", "content": [{"type": "text", "text": "I"}]}
    assert priced("claude-opus-5", usage, at("2026-06-02"), **spoke).cost_usd > 0
    much = usage | {"output_tokens": 2}
    assert priced("claude-opus-5", much, at("2026-06-02"), **silent).cost_usd > 0


CODE = {"server_tool_use": {"code_execution_requests": 1}}


@pytest.mark.parametrize(
    ("usage", "asked", "when", "caveats"),
    [
        (PLAIN | SEARCHED, {}, NOVEMBER, []),
        (PLAIN, {}, None, [Caveat.UNDATED]),
        (PLAIN | CODE, {}, NOVEMBER, [Caveat.CODE_EXECUTION]),
        (PLAIN | CODE, {"tools": [{"type": "web_fetch_20260209"}]}, NOVEMBER, []),
        (
            PLAIN | {"server_tool_use": {"invented_requests": 2}},
            {},
            NOVEMBER,
            [Caveat.UNKNOWN_SERVER_TOOL],
        ),
        (PLAIN | {"server_tool_use": {"invented_requests": 0}}, {}, NOVEMBER, []),
        (
            PLAIN | {"fallback_credit": {"status": {"type": "redeemed"}}},
            {},
            NOVEMBER,
            [Caveat.FALLBACK_CREDIT],
        ),
        (PLAIN | {"service_tier": "priority"}, {}, NOVEMBER, [Caveat.PRIORITY_TIER]),
    ],
)
def test_what_usage_does_not_say_is_a_caveat(
    usage: dict[str, Any], asked: dict[str, Any], when: datetime | None, caveats: list[Caveat]
) -> None:
    assert list(priced("claude-opus-5", usage, when, asked=asked).caveats) == caveats


@pytest.mark.parametrize(
    ("model", "usage", "missing", "reason"),
    [
        ("claude-mythos-1", PLAIN, "claude-mythos-1", "no price is known for model"),
        ("claude-opus-4-6", PLAIN | {"speed": "fast"}, "claude-opus-4-6", "fast_factor"),
        ("claude-opus-5", None, None, "its usage was not recorded"),
        ("claude-opus-5", {}, None, "its usage was not recorded"),
        (
            "claude-opus-5",
            PLAIN | {"iterations": [{"type": "advisor_message", "model": "sage-1"}]},
            "sage-1",
            "'sage-1'",
        ),
    ],
)
def test_what_is_not_known_is_unpriced_and_says_why(
    model: str, usage: dict[str, Any] | None, missing: str | None, reason: str
) -> None:
    found = price_exchange(exchange(model, usage), {})
    assert isinstance(found, Unpriced)
    assert found.model == missing
    assert reason in found.reason
    assert found.price_version.startswith("genai-prices 0.")


def test_counts_that_are_none_cost_nothing_and_break_nothing() -> None:
    odd = {
        "input_tokens": 1000,
        "output_tokens": -5,
        "cache_read_input_tokens": True,
        "cache_creation": ["x"],
        "server_tool_use": {"web_search_requests": "many"},
        "iterations": [3, None],
    }
    assert priced("claude-opus-5", odd).cost_usd == Decimal("0.005")
    torn = {"output_tokens": 0, "cache_creation": {"ephemeral_1h_input_tokens": 1000}}
    assert priced("claude-opus-5", torn).cost_usd == Decimal("0.01")


# What always holds


MODELS = listed_models()
COUNTS = st.one_of(
    st.integers(0, 3000),
    st.integers(99_990, 100_010),
    st.integers(199_990, 200_010),
    st.integers(0, 10**12),
)
KINDS = ("uncached", "5m", "1h", "read", "output", "searches")
TOKENS = st.fixed_dictionaries(dict.fromkeys(KINDS, COUNTS))
DAYS = st.sampled_from([at("2024-02-01"), at("2026-03-12"), at("2026-03-13"), at("2026-10-14")])
RATE = st.decimals(0, 500, places=6)
OWN = st.builds(
    ConfiguredPrice,
    input_mtok=RATE,
    output_mtok=RATE,
    cache_read_mtok=st.none() | RATE,
    cache_write_mtok=st.none() | RATE,
    cache_write_1h_mtok=st.none() | RATE,
    cliff_tokens=st.none() | st.integers(0, 200_000),
    cliff_input_factor=st.decimals(1, 5, places=1),
    discount=st.decimals(0, 1, places=3),
)


def usage_of(tokens: dict[str, int], **rest: Any) -> dict[str, Any]:
    return {
        "input_tokens": tokens["uncached"],
        "output_tokens": tokens["output"],
        "cache_read_input_tokens": tokens["read"],
        "cache_creation_input_tokens": tokens["5m"] + tokens["1h"],
        "cache_creation": {
            "ephemeral_5m_input_tokens": tokens["5m"],
            "ephemeral_1h_input_tokens": tokens["1h"],
        },
        "server_tool_use": {"web_search_requests": tokens["searches"]},
    } | rest


@pytest.mark.parametrize("model", MODELS)
@settings(max_examples=20)
@given(tokens=TOKENS, day=DAYS)
def test_costs_are_those_of_genai_prices(tokens: dict[str, int], model: str, day: datetime) -> None:
    usage = usage_of(tokens)
    assert priced(model, usage, day).cost_usd == theirs(model, usage, day)


VARIANTS = [
    (model.id, variant.when)
    for provider in providers
    if provider.id == "anthropic"
    for model in provider.models
    for variant in model.price_variants or ()
]


@pytest.mark.parametrize(("model", "context"), VARIANTS)
@settings(max_examples=20)
@given(tokens=TOKENS)
def test_costs_of_batches_and_fast_mode_are_those_of_genai_prices(
    tokens: dict[str, int], model: str, context: dict[str, str]
) -> None:
    told = {"processing": "service_tier", "speed": "speed"}
    usage = usage_of(tokens, **{told[name]: value for name, value in context.items()})
    assert priced(model, usage).cost_usd == theirs(model, usage, NOVEMBER, context)


def theirs(
    model: str, usage: dict[str, Any], day: datetime, context: dict[str, str] | None = None
) -> Decimal:
    extracted = extract_usage({"model": model, "usage": usage}, provider_id="anthropic")
    found = calc_price(
        extracted.usage,
        model,
        provider_id="anthropic",
        genai_request_timestamp=day,
        price_context=context,
    )
    return found.total_price


def test_every_cliff_of_the_list_is_in_the_golden_table() -> None:
    days = [at("2026-03-12"), NOVEMBER]
    cliffs = {
        (model, start)
        for model in MODELS
        for day in days
        for start, _ in listed_card(model, day, batch=False, fast=False).cliffs
    }
    assert cliffs == {
        ("claude-haiku-5-5", 100_000),
        ("claude-opus-4-6", 200_000),
        ("claude-sonnet-4-5", 200_000),
        ("claude-sonnet-4-6", 200_000),
    }
    for model, start in cliffs:
        sides = {usage.get("input_tokens") for name, usage, _, _ in GOLDEN if name == model}
        assert {start, start + 1} <= sides


@given(TOKENS, st.sampled_from(["standard", "batch"]), st.sampled_from([None, "global", "us"]), OWN)
def test_parts_add_up_to_the_whole(
    tokens: dict[str, int], tier: str, geo: str | None, own: ConfiguredPrice
) -> None:
    usage = usage_of(tokens, service_tier=tier, inference_geo=geo)
    found = price_exchange(exchange("house-model", usage), {"house-model": own})
    assert isinstance(found, Priced)
    parts = found.parts
    by_hand = (
        parts.uncached_input
        + parts.cache_write_5m
        + parts.cache_write_1h
        + parts.cache_read
        + parts.output
        + parts.web_search
        + parts.us_inference
        + parts.discount
    )
    assert (
        found.cost_usd == by_hand == cost_of(exchange("house-model", usage), {"house-model": own})
    )
    assert found.cost_usd >= 0
    spread = found.charges[0].spread()
    assert spread.total_usd == found.cost_usd
    assert spread.us_inference == spread.discount == 0


@given(TOKENS, st.sampled_from(KINDS), st.integers(0, 200_000), st.sampled_from(MODELS), DAYS)
def test_more_tokens_of_a_kind_never_cost_less(
    tokens: dict[str, int], kind: str, more: int, model: str, day: datetime
) -> None:
    grown = tokens | {kind: tokens[kind] + more}
    less = priced(model, usage_of(tokens), day).cost_usd
    assert priced(model, usage_of(grown), day).cost_usd >= less


def test_but_the_same_input_by_another_way_may_cost_more_or_less() -> None:
    read = priced("claude-opus-5", inputs(0, cache_read_input_tokens=1000)).cost_usd
    plain = priced("claude-opus-5", inputs(1000)).cost_usd
    written = priced("claude-opus-5", inputs(0, cache_creation_input_tokens=1000)).cost_usd
    assert read < plain < written


# Streamed and unstreamed, over the wire


@pytest.fixture
def api() -> Iterator[StandIn]:
    def answer(request: Any) -> Answer:
        extra = USAGES[int(request.last_user_text)]
        return Answer((Text("The sea is wide."),), usage=extra)

    with StandIn(answer=answer) as started:
        yield started


USAGES: list[dict[str, Any]] = [
    {},
    CACHED,
    CACHED | {"inference_geo": "us", "service_tier": "standard"},
    PLAIN | {"speed": "fast"},
    PLAIN | SEARCHED,
    ADVISED | SEARCHED,
]


def test_streamed_and_unstreamed_exchanges_cost_the_same(api: StandIn, tmp_path: Any) -> None:
    heard: list[Exchange] = []
    shelf = Shelf(mode=Mode.RECORD, live=tmp_path / "live")
    capture = Capture(Tape(lambda: shelf.open(tmp_path / "recordings.jsonl", "live"), heard))
    client: anthropic.Anthropic = capture.client(
        {"base_url": api.url, "api_key": "sk-ant-test-key-of-the-stand-in"}
    )
    for number in range(len(USAGES)):
        ask: dict[str, Any] = {
            "model": "claude-opus-5-5",
            "max_tokens": 100,
            "messages": [{"role": "user", "content": str(number)}],
        }
        client.messages.create(**ask)
        with client.messages.stream(**ask) as stream:
            stream.until_done()
    capture.finish()
    costs = [price_exchange(exchange, {}) for exchange in heard]
    assert len(costs) == 2 * len(USAGES)
    for whole, streamed in zip(costs[::2], costs[1::2], strict=True):
        assert isinstance(whole, Priced)
        assert whole == streamed
        assert whole.cost_usd > 0
    assert costs[2].cost_usd == Decimal("0.0195")  # type: ignore[union-attr]  # asserted above
