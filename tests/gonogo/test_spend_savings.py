"""Savings: each worked out by hand once, and a total that never counts anything twice."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import typer
from click.testing import Result
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from gonogo.cli.savings import savings as command
from gonogo.errors import BadInputError
from gonogo.exchanges import Exchange, Request, Response, Usage, encode_exchange
from gonogo.pricing import ConfiguredPrice, cost_of
from gonogo.reports.savings import render_savings_table
from gonogo.spend.savings import (
    Basis,
    Kind,
    RoutingEvidence,
    Saving,
    SavingsReport,
    SavingsSettings,
    estimate_savings,
    load_evidence,
)
from gonogo.spend.savings.evidence import Finding
from gonogo.spend.savings.prompts import prompt_of

AT = datetime(2026, 11, 2, tzinfo=UTC)
MONTH = Decimal("30.4375")
OPUS, SONNET, HAIKU = "claude-opus-9", "claude-sonnet-9", "claude-haiku-9"


def price(uncached: str, **more: Any) -> ConfiguredPrice:
    rate = Decimal(uncached)
    return ConfiguredPrice(
        input_mtok=rate,
        output_mtok=5 * rate,
        cache_read_mtok=rate / 10,
        cache_write_mtok=rate * 5 / 4,
        cache_write_1h_mtok=rate * 2,
        **more,
    )


# the last has a cliff like that of Haiku 5.5: dearer than what it would replace above it
PRICES = {
    OPUS: price("4"),
    SONNET: price("2"),
    HAIKU: price("1", cliff_tokens=20_000, cliff_input_factor=Decimal(5)),
}


def call(
    number: int = 0,
    seconds: float | None = 0,
    *,
    model: str = HAIKU,
    tokens: tuple[int, int] = (1000, 100),
    reads: int = 0,
    messages: list[Any] | None = None,
    stop: str = "end_turn",
    **fields: Any,
) -> Exchange:
    asked = messages or [{"role": "user", "content": f"question {number}"}]
    body: dict[str, Any] = {"model": model, "messages": asked}
    if "system" in fields:
        body["system"] = fields.pop("system")
    return Exchange(
        id=f"ex{number}",
        request=Request(body),
        response=Response(
            {
                "model": model,
                "content": [{"type": "text", "text": "a"}],
                "stop_reason": stop,
            }
        ),
        usage=Usage(
            {
                "input_tokens": tokens[0] - reads,
                "output_tokens": tokens[1],
                "cache_read_input_tokens": reads,
            }
        ),
        at=None if seconds is None else AT + timedelta(seconds=seconds),
        **fields,
    )


def found(verdict: str, *, model: str = SONNET, ratio: str | None = None) -> RoutingEvidence:
    finding = Finding(
        model=model,
        verdict=verdict,
        cases=64,
        cost_ratio=None if ratio is None else Decimal(ratio),
        cases_to_decide=140 if verdict == "undecided" else None,
    )
    return RoutingEvidence({(OPUS, "support"): (finding,)})


def estimate(exchanges: list[Exchange], **options: Any) -> SavingsReport:
    return estimate_savings(exchanges, **({"prices": PRICES, "days": MONTH} | options))


def of_kind(report: SavingsReport, kind: Kind) -> list[Saving]:
    return [saving for saving in report.savings if saving.kind is kind]


# 1000 x 4 + 100 x 20 = $0.006 a call; the same tokens of the smaller model are half of it
@pytest.mark.parametrize(
    ("ratio", "saved"),
    [(None, "0.003"), ("0.6", "0.0024"), ("0.4", "0.003"), ("1.2", None)],
)
def test_routing_costs_what_its_tokens_do_or_what_was_measured_if_that_is_more(
    ratio: str | None, saved: str | None
) -> None:
    one = call(model=OPUS, domain="support")
    report = estimate([one], evidence=found("non_inferior", ratio=ratio))
    assert report.bill_usd == Decimal("0.006")
    routed = of_kind(report, Kind.ROUTING)
    assert [saving.alone_usd for saving in routed] == ([Decimal(saved)] if saved else [])
    if saved:
        assert routed[0].basis is Basis.MEASURED
        assert routed[0].backed_usd == routed[0].in_turn_usd == Decimal(saved)
        assert routed[0].place == f"domain support, {OPUS} -> {SONNET}"
        assert "non-inferior in 64 cases" in routed[0].evidence


@pytest.mark.parametrize(
    ("evidence", "domain", "note"),
    [
        (found("non_inferior"), "other", "not compared"),
        (found("undecided"), "support", "not decided; 140 would decide"),
        (found("inferior"), "support", None),
        (found("inferior", model="claude-sonnet-8"), "support", "not compared"),
    ],
)
def test_routing_without_evidence_is_an_assumption_and_against_it_nothing(
    evidence: RoutingEvidence, domain: str, note: str | None
) -> None:
    report = estimate([call(model=OPUS, domain=domain)], evidence=evidence)
    routed = of_kind(report, Kind.ROUTING)
    if note is None:
        assert routed == []
        return
    (saving,) = routed
    assert saving.basis is Basis.ASSUMED
    assert note in saving.evidence
    assert "gonogo compare --models" in saving.needs
    assert (report.backed_usd, report.total_usd) == (0, Decimal("0.003"))


def test_a_snapshot_is_its_alias_and_the_smallest_model_stays() -> None:
    dated = {OPUS + "-20261001": PRICES[OPUS]} | PRICES
    one = call(model=OPUS + "-20261001", domain="support")
    report = estimate([one], prices=dated, evidence=found("non_inferior"))
    assert of_kind(report, Kind.ROUTING)[0].basis is Basis.MEASURED
    assert of_kind(estimate([call(model=HAIKU)]), Kind.ROUTING) == []


def test_routing_over_a_cliff_saves_nothing() -> None:
    # 50,000 tokens: $0.1 of the old model, above the cliff of the new one $0.25
    one = call(model=SONNET, tokens=(50_000, 0))
    assert of_kind(estimate([one]), Kind.ROUTING) == []


def document(text: str) -> dict[str, Any]:
    return {
        "type": "document",
        "source": {"type": "text", "media_type": "text/plain", "data": text},
    }


def test_a_document_that_stands_twice_is_sent_once() -> None:
    text = "The sea is deep. " * 100
    messages = [{"role": "user", "content": [document(text), document(text), document(text)]}]
    one = call(messages=messages, tokens=(9000, 0))
    (saving,) = of_kind(estimate([one]), Kind.REPEATED_DOCUMENTS)
    size = len(json.dumps(messages[0], separators=(",", ":")))
    removed = int(9000 * (2 * len(text) / size))
    assert 5500 < removed < 6000
    assert saving.alone_usd == Decimal(removed) / 1_000_000
    assert saving.basis is Basis.COMPUTED
    others = [document(text), document(text + "!")]
    report = estimate([call(messages=[{"role": "user", "content": others}])])
    assert of_kind(report, Kind.REPEATED_DOCUMENTS) == []


def test_what_is_left_out_is_taken_from_the_cheapest_tokens() -> None:
    text = "The sea is deep. " * 100
    messages = [{"role": "user", "content": [document(text), document(text)]}]
    plain, cached = (
        of_kind(estimate([call(messages=messages, reads=reads)]), Kind.REPEATED_DOCUMENTS)[0]
        for reads in (0, 900)
    )
    assert cached.alone_usd == plain.alone_usd / 10


def turns(number: int, size: int = 400) -> list[dict[str, str]]:
    roles = ["user", "assistant"]
    return [{"role": roles[n % 2], "content": f"{n:04d} " + "word " * size} for n in range(number)]


def test_old_turns_become_a_summary() -> None:
    messages = turns(21)
    one = call(messages=messages, tokens=(12_600, 0))
    (saving,) = of_kind(estimate([one]), Kind.LONG_HISTORIES)
    prompt = prompt_of(one.request)
    assert prompt is not None
    old = int(12_600 * prompt.share_before_last(6))
    assert 8900 < old < 9100  # 15 of 21 turns
    assert saving.alone_usd == Decimal(int(old * Decimal("0.7"))) / 1_000_000
    assert saving.basis is Basis.ASSUMED
    assert of_kind(estimate([call(messages=turns(7), tokens=(4200, 0))]), Kind.LONG_HISTORIES) == []


def test_answers_far_over_the_median_are_capped() -> None:
    usual = [call(n, n, tokens=(10, 100)) for n in range(60)]
    long = [call(60, 60, tokens=(10, 1000)), call(61, 61, tokens=(10, 400))]
    (saving,) = of_kind(estimate(usual + long), Kind.OUTPUT_CAPS)
    assert (saving.calls, saving.alone_usd) == (1, Decimal(600 * 5) / 1_000_000)
    assert "a cap of 400 tokens" in saving.evidence
    assert of_kind(estimate(usual[:40] + long), Kind.OUTPUT_CAPS) == []
    cut = call(60, 60, tokens=(10, 1000), stop="max_tokens")
    assert of_kind(estimate([*usual, cut]), Kind.OUTPUT_CAPS) == []


@pytest.mark.parametrize(
    ("fields", "basis"),
    [
        ({"tags": {"awaited": "No"}, "user": "u"}, Basis.STATED),
        ({"tags": {"priority": "batch"}}, Basis.STATED),
        ({"domain": "nightly", "streamed": True}, Basis.STATED),
        ({"streamed": False}, Basis.ASSUMED),
        ({"streamed": False, "user": "u"}, None),
        ({"streamed": False, "session": "s"}, None),
        ({"tags": {"awaited": "yes"}}, None),
    ],
)
def test_batching_is_half_the_price_where_nobody_waits(
    fields: dict[str, Any], basis: Basis | None
) -> None:
    nightly = SavingsSettings(batch_domains=frozenset({"nightly"}))
    found_ = of_kind(estimate([call(**fields)], settings=nightly), Kind.BATCHING)
    assert [saving.basis for saving in found_] == ([] if basis is None else [basis])
    if basis is not None:
        assert found_[0].alone_usd == Decimal("0.0015") / 2


def test_a_batch_is_not_counted_on_to_find_anything_in_the_cache() -> None:
    tags = {"awaited": "no"}
    # now 100 + 900/10 + 0 = 190; in a batch 1000/2 = 500
    assert of_kind(estimate([call(reads=900, tokens=(1000, 0), tags=tags)]), Kind.BATCHING) == []
    # now 900 + 100/10 = 910; in a batch 500
    (saving,) = of_kind(estimate([call(reads=100, tokens=(1000, 0), tags=tags)]), Kind.BATCHING)
    assert saving.alone_usd == Decimal(410) / 1_000_000


def shared(number: int, seconds: float | None, **fields: Any) -> Exchange:
    fields = {"tokens": (10_000, 0), "system": "You are kind. " * 400, "user": "u"} | fields
    return call(number, seconds, **fields)


def fixed_tokens(one: Exchange) -> int:
    prompt = prompt_of(one.request)
    assert prompt is not None
    assert one.usage is not None
    return int(one.usage.input_tokens * prompt.fixed_part[1])


def test_caching_pays_for_writes_and_lives_five_minutes() -> None:
    # written, read, read (the five minutes begin anew); after more than an hour the same again
    calls = [shared(n, s) for n, s in enumerate((0, 200, 400, 4400, 4600, 4800))]
    (saving,) = of_kind(estimate(calls), Kind.CACHING)
    tokens = fixed_tokens(calls[0])
    assert 9900 < tokens < 10_000
    saved = 4 * tokens * Decimal("0.9") - 2 * tokens * Decimal("0.25")
    assert saving.alone_usd == saved / 1_000_000
    assert "for five minutes: 67% of 6 uncached calls" in saving.evidence
    assert saving.basis is Basis.COMPUTED


@pytest.mark.parametrize("hour", [Decimal(2), None])
def test_calls_half_an_hour_apart_are_cached_for_an_hour_at_twice_the_price(
    hour: Decimal | None,
) -> None:
    rates: dict[str, Any] = {
        "input_mtok": Decimal(1),
        "output_mtok": Decimal(5),
        "cache_read_mtok": Decimal("0.1"),
        "cache_write_mtok": Decimal("1.25"),
    }
    own = ConfiguredPrice(**rates, cache_write_1h_mtok=hour)
    calls = [shared(n, 1800 * n) for n in range(5)]
    (saving,) = of_kind(estimate(calls, prices={HAIKU: own}), Kind.CACHING)
    tokens = fixed_tokens(calls[0])
    assert saving.alone_usd == tokens * (4 * Decimal("0.9") - 1) / 1_000_000
    assert "for an hour: 80% of 5 uncached calls" in saving.evidence


@pytest.mark.parametrize(("model", "number"), [(SONNET, 1), (HAIKU, 0), (OPUS, 0)])
def test_how_short_a_beginning_may_be_depends_on_the_line(model: str, number: int) -> None:
    calls = [shared(n, n, model=model, tokens=(3000, 0)) for n in range(5)]
    assert len(of_kind(estimate(calls), Kind.CACHING)) == number


def test_applications_beyond_the_bound_do_not_push_out_those_that_hit() -> None:
    once = [shared(n, n, system=f"{n} " + "You are kind. " * 400) for n in range(1500)]
    often = [shared(n, 1500 + n) for n in range(5)]
    again = [replace(one, at=AT + timedelta(seconds=2000 + n)) for n, one in enumerate(once)]
    (saving,) = of_kind(estimate(once + often + again), Kind.CACHING)
    assert "80% of 5 uncached calls" in saving.evidence


@pytest.mark.parametrize(
    ("seconds", "fields"),
    [
        ((0, 3601, 7202), {}),  # each too late: only writes
        ((0, 301, 602), {"tokens": (9000, 0), "system": "You are kind."}),  # the rest differs
        ((0, 1, 2), {"latency_seconds": 30.0}),  # all asked before the first answer began
        ((0, 1, 2), {"tokens": (4000, 0)}),  # too short
        ((0, 1, 2), {"reads": 5000}),  # cached as it is
        ((None, None, None), {}),
    ],
)
def test_where_caching_does_not_pay(seconds: tuple[float | None, ...], fields: Any) -> None:
    calls = [shared(n, s, **fields) for n, s in enumerate(seconds)]
    assert of_kind(estimate(calls), Kind.CACHING) == []


def test_entries_are_of_one_model_and_one_beginning() -> None:
    calls = [
        shared(0, 0),
        shared(1, 1, model=SONNET),
        shared(2, 2, system="You are rude. " * 400),
    ]
    assert of_kind(estimate(calls), Kind.CACHING) == []


def test_a_conversation_is_read_up_to_where_it_was_written() -> None:
    history = turns(9, size=1000)
    calls = [
        call(n, 60 * n, messages=history[: 2 * n + 5], tokens=(1500 * (2 * n + 5), 0), user="u")
        for n in range(3)
    ]
    (saving,) = of_kind(estimate(calls), Kind.CACHING)
    assert "the system prompt and the last message" in saving.evidence
    # 5, then 7 and 9 messages: 5 and 7 of them are read; each new one is written
    written, read = 5 + 2 + 2, 5 + 7
    rough = 1500 * (read * Decimal("0.9") - written * Decimal("0.25")) / 1_000_000
    assert abs(saving.alone_usd / rough - 1) < Decimal("0.01")


def test_marked_prompts_and_images_are_let_be() -> None:
    marked = [{"type": "text", "text": "x" * 9000, "cache_control": {"type": "ephemeral"}}]
    image = {"type": "image", "source": {"type": "base64", "data": "QUFB" * 9000}}
    for content in (marked, [image]):
        messages = [{"role": "user", "content": content}]
        calls = [shared(n, n, messages=messages) for n in range(3)]
        assert of_kind(estimate(calls), Kind.CACHING) == []


def test_the_total_is_that_of_the_bill_that_is_left() -> None:
    # $0.006; routed half of it; batched half of that again: not half and half
    one = call(model=OPUS, domain="support", tags={"awaited": "no"})
    report = estimate([one], evidence=found("non_inferior"))
    assert [(s.kind, s.alone_usd, s.in_turn_usd) for s in report.savings] == [
        (Kind.BATCHING, Decimal("0.003"), Decimal("0.0015")),
        (Kind.ROUTING, Decimal("0.003"), Decimal("0.003")),
    ]
    assert report.total_usd == report.backed_usd == Decimal("0.0045")


def test_what_is_batched_is_not_cached_as_well() -> None:
    # with that much output half of all is more than the input is worth
    calls = [shared(n, n, tokens=(10_000, 8000), tags={"awaited": "no"}) for n in range(10)]
    report = estimate(calls)
    (cached,) = of_kind(report, Kind.CACHING)
    assert cached.alone_usd > 0
    assert cached.in_turn_usd == 0
    assert report.total_usd == report.backed_usd == report.bill_usd / 2


def test_where_caching_saves_more_nothing_is_batched() -> None:
    calls = [shared(n, n, tags={"awaited": "no"}) for n in range(10)]
    report = estimate(calls)
    (cached,), (batched,) = (of_kind(report, kind) for kind in (Kind.CACHING, Kind.BATCHING))
    assert cached.alone_usd > batched.alone_usd == report.bill_usd / 2
    assert (batched.in_turn_usd, batched.backed_usd) == (0, 0)
    assert report.total_usd == report.backed_usd == cached.alone_usd


def test_a_prompt_that_would_get_too_short_to_be_cached_stays_as_it_is() -> None:
    # 21 turns of some 8,000 tokens, asked each minute: their summary would be under 4,096
    calls = [call(n, 60 * n, messages=turns(21), tokens=(8000, 0)) for n in range(10)]
    report = estimate(calls)
    (shorter,), (cached,) = (of_kind(report, k) for k in (Kind.LONG_HISTORIES, Kind.CACHING))
    assert cached.alone_usd > shorter.alone_usd > 0
    assert report.total_usd >= cached.alone_usd


def test_what_rests_on_evidence_does_not_wait_for_assumptions() -> None:
    # assumed routing takes half; batching is stated: half of all, or half of what is left
    one = call(model=SONNET, tags={"awaited": "no"})
    report = estimate([one])
    (batched,) = of_kind(report, Kind.BATCHING)
    assert batched.backed_usd == batched.alone_usd == Decimal("0.0015")
    assert batched.in_turn_usd == Decimal("0.00075")


def test_a_gain_that_two_measures_only_have_together_is_not_counted() -> None:
    # the smaller model saves a little above its cliff; without the copies it would save much
    text = "The sea is deep. " * 2000
    messages = [{"role": "user", "content": [document(text), document(text), document(text)]}]
    one = call(model=SONNET, messages=messages, tokens=(22_000, 20_000))
    report = estimate([one])
    (routed,) = of_kind(report, Kind.ROUTING)
    assert routed.alone_usd == Decimal("0.244") - Decimal("0.21")
    (copies,) = of_kind(report, Kind.REPEATED_DOCUMENTS)
    assert copies.in_turn_usd == copies.alone_usd < Decimal("0.03")
    assert report.total_usd == routed.alone_usd + copies.alone_usd


def test_old_turns_without_their_copies_are_shorter() -> None:
    text = "The sea is deep. " * 300
    copies = [{"role": "user", "content": [document(text), document(text)]}]
    one = call(model=SONNET, messages=copies + turns(14, size=40), tokens=(30_000, 0))
    report = estimate([one], settings=SavingsSettings(smaller_lines={}))
    (copied,) = of_kind(report, Kind.REPEATED_DOCUMENTS)
    (old,) = of_kind(report, Kind.LONG_HISTORIES)
    left = 30_000 - int(copied.alone_usd * 500_000)  # 2 a million
    assert 15_000 < left < 20_000
    removed = int(Decimal("0.7") * int(30_000 * share_of_old(one)))
    assert old.alone_usd == Decimal(removed) / 500_000
    assert old.in_turn_usd == Decimal(removed * left // 30_000) / 500_000


def share_of_old(one: Exchange) -> float:
    prompt = prompt_of(one.request)
    assert prompt is not None
    return prompt.share_before_last(6)


def test_the_order_of_the_total_is_fixed() -> None:
    assert [kind.value for kind in Kind] == [
        "routing",
        "repeated_documents",
        "long_histories",
        "output_caps",
        "batching",
        "caching",
    ]


DOCUMENTS = ["The sea is deep. " * 60, "The sky is wide. " * 90]
CALLS = st.builds(
    call,
    number=st.integers(0, 3),
    seconds=st.none() | st.integers(0, 900),
    model=st.sampled_from([OPUS, SONNET, HAIKU, "unheard-of"]),
    tokens=st.tuples(st.integers(1000, 60_000), st.integers(0, 3000)),
    reads=st.sampled_from([0, 0, 0, 900]),
    system=st.sampled_from(["", "kind " * 800]),
    domain=st.sampled_from(["support", "other", None]),
    user=st.sampled_from(["u", None]),
    streamed=st.booleans(),
    tags=st.sampled_from([{}, {"awaited": "no"}]),
    messages=st.sampled_from(
        [
            None,
            turns(3),
            turns(13),
            turns(15),
            [{"role": "user", "content": [document(d) for d in (*DOCUMENTS, *DOCUMENTS)]}],
        ]
    ),
)


@settings(max_examples=80, deadline=None)
@given(
    st.lists(CALLS, max_size=14),
    st.sampled_from(["non_inferior", "inferior", "undecided"]),
    st.sampled_from([None, "0.1", "0.7"]),
)
def test_nothing_is_counted_twice(
    exchanges: list[Exchange], verdict: str, ratio: str | None
) -> None:
    eager = SavingsSettings(least_answers=2, least_history_tokens=100, least_cacheable_tokens=500)
    report = estimate(exchanges, evidence=found(verdict, ratio=ratio), settings=eager)
    priced = [e for e in exchanges if e.answered_by != "unheard-of"]
    assert report.bill_usd == sum((cost_of(e, PRICES) or 0 for e in priced), Decimal(0))
    assert sum(report.unpriced.values()) == len(exchanges) - len(priced)
    alone = sum((saving.alone_usd for saving in report.savings), Decimal(0))
    assert 0 <= report.total_usd <= min(alone, report.bill_usd)
    assert 0 <= report.backed_usd <= min(alone, report.bill_usd)
    for saving in report.savings:
        assert 0 < saving.alone_usd <= report.bill_usd
        assert 0 <= saving.in_turn_usd <= saving.alone_usd
        assert 0 <= saving.backed_usd <= saving.alone_usd
        assert saving.basis is not Basis.ASSUMED or saving.backed_usd == 0
    for kind in Kind:
        single = sum((saving.alone_usd for saving in of_kind(report, kind)), Decimal(0))
        assert report.total_usd >= single
    amounts = [saving.alone_usd for saving in report.savings]
    assert amounts == sorted(amounts, reverse=True)


def test_a_month_is_like_the_days_that_were_seen() -> None:
    calls = [call(n, 86_400 * n, tags={"awaited": "no"}) for n in (0, 10)]
    report = estimate(calls, days=None)
    assert report.days == 11
    assert report.monthly(report.bill_usd) == Decimal("0.003") * MONTH / 11
    assert estimate(calls[:1], days=None).days == 1
    with pytest.raises(BadInputError, match="no exchange has a time"):
        estimate([call(seconds=None)], days=None)
    assert estimate([], days=None).savings == ()


@pytest.mark.parametrize(
    ("hours", "days"),
    [
        ([0, 3], 1),
        (range(48), 2),
        (range(40 * 24), 40),
        ([24 * day + 2 for day in range(10)], 10),  # a job a night
        ([*range(48), *range(24 * 90, 24 * 90 + 24)], 3),  # two months without a log
    ],
)
def test_a_day_that_has_begun_is_a_day_and_long_gaps_are_none(hours: Any, days: int) -> None:
    assert estimate([call(n, 3600 * n) for n in hours], days=None).days == days


def test_clocks_that_are_wrong_do_not_stretch_a_month() -> None:
    calls = [call(n, 3600 * n) for n in range(240)]
    odd = [replace(calls[0], at=datetime(year, 1, 1, tzinfo=UTC)) for year in (1970, 9999)]
    report = estimate(calls + odd, days=None)
    assert (report.days, report.observed.apart) == (10, 2)
    assert report.observed.first == AT
    assert "2 calls lie more than a month apart" in render_savings_table(report)


def test_less_than_a_day_or_a_week_is_said() -> None:
    short = render_savings_table(estimate([call(n, 1800 * n) for n in range(7)], days=None))
    assert "3.0 hours were observed: they count as a whole day" in short
    days = render_savings_table(estimate([call(n, 86_400 * n) for n in range(3)], days=None))
    assert "less than a week was observed" in days


def test_calls_that_nothing_can_be_tried_on_are_in_the_bill_and_counted() -> None:
    runs: list[Any] = [{"type": "message", "input_tokens": 500}] * 2
    usage = Usage({"input_tokens": 9, "iterations": runs})
    odd = Exchange(
        id="1",
        request=Request({}),
        response=Response({"model": OPUS, "content": []}),
        usage=usage,
        at=AT,
    )
    report = estimate([odd, call(model="unheard-of")])
    assert (report.bill_usd, report.fixed) == (Decimal("0.004"), 1)
    assert dict(report.unpriced) == {"unheard-of": 1}


COMPARISON: dict[str, Any] = {
    "schema": 1,
    "verdict": "non_inferior",
    "margin": 0.05,
    "models": {
        "a": {"model": OPUS, "names": [OPUS, f"{OPUS}-20261001"]},
        "b": {"model": SONNET, "names": [SONNET]},
    },
    "domains": [
        {
            "domain": "support",
            "verdict": "non_inferior",
            "cases": 64,
            "cost": {"ratio": 0.5, "total": 0.6},
            "cases_to_decide": None,
            "doubts": [],
        }
    ],
}


def test_evidence_is_what_compare_prints(tmp_path: Path) -> None:
    path = tmp_path / "models.json"
    path.write_text(json.dumps(COMPARISON))
    evidence = load_evidence([path])
    (finding,) = evidence.about(f"{OPUS}-20261115", "support")
    assert (finding.model, finding.cost_ratio) == (SONNET, Decimal("0.6"))
    assert evidence.about(OPUS, "other") == ()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "truncated"),
        ("[]", "Expected `object`"),
        (json.dumps(COMPARISON | {"schema": 2}), "has schema 2: expected 1"),
        (json.dumps(COMPARISON).replace('"non_inferior", "cases', '"fine", "cases'), "'fine'"),
    ],
)
def test_evidence_that_is_none(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "models.json"
    path.write_text(content)
    with pytest.raises(BadInputError) as raised:
        load_evidence([path, tmp_path / "none.json"])
    assert message in str(raised.value)
    assert "gonogo compare --models" in str(raised.value)
    assert "none.json: cannot be read" in str(raised.value)


def run(*arguments: str, stdin: bytes = b"") -> Result:
    app = typer.Typer()
    app.command()(command)
    return CliRunner().invoke(app, arguments, input=stdin, env={"COLUMNS": "100"})


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    rates = "\n".join(
        f'"{model}" = {{input_mtok = {rate.input_mtok}, output_mtok = {rate.output_mtok}}}'
        for model, rate in PRICES.items()
    )
    (tmp_path / "pyproject.toml").write_text(f"[tool.gonogo.prices]\n{rates}\n")
    (tmp_path / "models.json").write_text(json.dumps(COMPARISON))
    path = tmp_path / "log.jsonl"
    calls = [call(n, n, model=OPUS, domain="support", tags={"awaited": "no"}) for n in range(3)]
    calls.append(call(3, 3, model="unheard-of"))
    path.write_bytes(b"".join(encode_exchange(one) + b"\n" for one in calls))
    return path


def test_the_command_prints_a_table_and_json(log: Path) -> None:
    shown = run(str(log), "--evidence", "models.json", "--days", "1")
    assert shown.exit_code == 0, shown.output
    assert "model routing" in shown.stdout
    assert "if: what was compared stays like what is asked" in shown.stdout
    assert "1 call of unheard-of without a price" in shown.stderr
    result = run(str(log), "--evidence", "models.json", "--days", "1", "--format", "json")
    document = json.loads(result.stdout)
    # three calls a day of $0.006: routed at 0.6, then batched at a half
    assert Decimal(document["bill_monthly_usd"]) == 3 * Decimal("0.006") * MONTH
    assert Decimal(document["backed_monthly_usd"]) == 3 * Decimal("0.0042") * MONTH
    assert [saving["basis"] for saving in document["savings"]] == ["stated", "measured"]
    assert document["unpriced"] == {"unheard-of": 1}


def test_the_command_on_bad_lines_bad_options_and_nothing(log: Path) -> None:
    result = run("-", stdin=log.read_bytes() + b"{\n")
    assert result.exit_code == 2
    assert "<stdin>:5" in result.stderr
    for days in ("0", "x", "-1", "nan"):
        refused = run(str(log), "--days", days)
        assert refused.exit_code == 2
        assert "--days: expected a number of days" in refused.stderr
    assert run("-").exit_code == 3
