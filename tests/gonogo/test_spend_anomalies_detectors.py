"""Each detector fires where it should, and not at its near misses."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from itertools import accumulate
from typing import Any

import pytest
from traffic import BEGIN, CHEAP, DEAR, call, kinds, opened

from gonogo.exchanges import Exchange
from gonogo.spend.anomalies import TOTAL, Entity, Kind, Scope

LONG = "the order of last week has not arrived and I want to know where it is"
REPLY = " ".join(["The parcel is on its way and will be with you before Friday noon."] * 3)


def pauses(number: int) -> float:
    """Return when a person asks: after half a minute, or after three."""
    return 60.0 * number + 25 * (number * 7 % 5)


def talk(
    inputs: list[int],
    *,
    said: str = "short",
    output: int = 100,
    at: Callable[[int], float] = pauses,
) -> list[Exchange]:
    return [
        call(
            i,
            at(i),
            session="s",
            input_tokens=tokens,
            output_tokens=output,
            messages=[
                {"role": "assistant", "content": "x"},
                {"role": "user", "content": said and f"{chr(97 + i % 26) * 3} {said}"},
            ],
        )
        for i, tokens in enumerate(inputs)
    ]


def test_bloat_is_growth_beyond_what_was_said() -> None:
    (alarm,) = opened(talk([2000, 4000, 8000, 16_000, 32_000]))
    assert alarm.kind is Kind.CONTEXT_BLOAT
    assert alarm.entity == Entity(Scope.SESSION, "s")
    assert alarm.exchanges[-1] == "ex3"
    assert "beyond what was said" in alarm.cause


def test_a_talk_that_grows_by_what_is_said_is_none() -> None:
    growing = list(accumulate([100 + 150] * 25, initial=2000))
    assert kinds(talk(growing)) == []


def test_long_documents_that_were_said_are_no_bloat() -> None:
    growing = list(accumulate([5000 + 150] * 5, initial=2000))
    assert kinds(talk(growing, said="x" * 15_000)) == []
    assert kinds(talk(growing)) == [Kind.CONTEXT_BLOAT]


def test_two_swollen_turns_are_no_bloat_yet() -> None:
    assert kinds(talk([2000, 9000, 18_000, 18_200, 18_300])) == []


def test_without_text_only_growth_upon_growth_is_bloat() -> None:
    grown = [1000 * 2**i for i in range(8)]
    assert kinds(call(i, 60 * i, session="s", input_tokens=t) for i, t in enumerate(grown)) == [
        Kind.CONTEXT_BLOAT
    ]
    steady = [1000 + 1500 * i for i in range(24)]
    assert kinds(call(i, 60 * i, session="s", input_tokens=t) for i, t in enumerate(steady)) == []


def by_itself(turns: int, gap: float, *, reads: float = 0.0, tools: bool = False) -> list[Exchange]:
    """An agent that is sent its own answers: no two alike, the input grows by each."""
    said = [{"type": "tool_result", "content": "x"}] if tools else "and this one"
    return [
        call(
            i,
            gap * i,
            session="s",
            input_tokens=2000 + 640 * i,
            output_tokens=600,
            reads=int(reads * (2000 + 640 * i)),
            messages=[{"role": "assistant", "content": f"{i}"}, {"role": "user", "content": said}],
            reply=f"{chr(97 + i % 26) * 4} {i * 7919} of it",
        )
        for i in range(turns)
    ]


def test_a_conversation_that_goes_on_by_itself_is_bloat_after_twelve_turns() -> None:
    (alarm,) = opened(by_itself(20, 60.0))
    assert alarm.kind is Kind.CONTEXT_BLOAT
    assert alarm.raised <= BEGIN + timedelta(minutes=15)
    assert "regular as a clock" in alarm.cause or "faster than anybody" in alarm.cause
    assert kinds(by_itself(12, 60.0)) == []


def test_an_agent_with_tools_and_a_cached_history_are_no_conversation_by_itself() -> None:
    assert kinds(by_itself(30, 10.0, tools=True)) == []
    assert kinds(by_itself(30, 10.0, reads=0.8)) == []


def test_a_person_who_reads_and_writes_is_none_however_long_the_talk() -> None:
    growing = [2000 + 260 * i for i in range(60)]
    hurried = talk(growing, at=lambda i: 90.0 * i + 40 * (i * 7 % 5))
    assert kinds(hurried) == []
    pausing = by_itself(12, 60.0) + [
        call(50 + i, 5000 + 1000.0 * i, session="s", input_tokens=10_000 + 700 * i)
        for i in range(20)
    ]
    assert kinds(pausing) == []


def test_a_history_without_end_is_bloat_unless_it_is_cached() -> None:
    grown = list(accumulate([2000] * 39, initial=1000))
    plain = talk(grown, said="x" * 6000)
    assert Kind.CONTEXT_BLOAT in kinds(plain)
    cached = [
        call(
            i,
            60.0 * i,
            session="s",
            input_tokens=t,
            reads=int(t * 0.9),
            text=chr(97 + i % 26) * 6000,
        )
        for i, t in enumerate(grown)
    ]
    assert kinds(cached) == []


def repeated(count: int, gap: float = 30.0, **more: Any) -> list[Exchange]:
    return [call(i, gap * i, session="s", **more) for i in range(count)]


def test_the_same_request_six_times_in_an_hour_is_a_loop() -> None:
    assert kinds(repeated(6, text=LONG)) == [Kind.RUNAWAY_LOOP]
    assert kinds(repeated(5, text=LONG)) == []
    assert kinds(repeated(8, gap=800, text=LONG)) == []


def test_short_prompts_are_said_again_by_people() -> None:
    assert kinds(repeated(9, text="go on")) == []
    assert Kind.RUNAWAY_LOOP not in kinds(
        call(i, 30.0 * i, session="s", text="go on", input_tokens=5000 + 300 * i) for i in range(12)
    )


def test_a_short_prompt_ten_times_without_a_history_is_a_loop() -> None:
    assert kinds(repeated(10, text="go on")) == [Kind.RUNAWAY_LOOP]
    names = [call(i, 30.0 * i, session="s", text=f"name {i}") for i in range(12)]
    assert kinds(names) == []


def test_numbered_requests_are_a_loop_only_with_the_same_answer() -> None:
    numbered = [
        call(i, 30.0 * i, session="s", text=f"{LONG}, attempt {i}", reply=REPLY) for i in range(7)
    ]
    assert kinds(numbered) == [Kind.RUNAWAY_LOOP]
    batch = [
        call(i, 30.0 * i, session="s", text=f"{LONG}, item {i}", reply=f"{chr(97 + i)} " * 80)
        for i in range(7)
    ]
    assert kinds(batch) == []


def test_the_same_answer_over_and_over_is_a_loop_unless_it_is_a_label() -> None:
    def answers(reply: str) -> list[Exchange]:
        return [call(i, 30.0 * i, session="s", text=f"{LONG[i:]}", reply=reply) for i in range(8)]

    assert kinds(answers(REPLY)) == [Kind.RUNAWAY_LOOP]
    assert kinds(answers("yes")) == []


@pytest.mark.parametrize("length", [1, 2, 3, 6])
def test_rounds_of_tool_calls_are_a_loop(length: int) -> None:
    rounds = [
        call(i, 30.0 * i, session="s", called=[(f"tool{i % length}", {"q": 1})]) for i in range(18)
    ]
    assert kinds(rounds) == [Kind.RUNAWAY_LOOP]


def test_tools_with_other_arguments_are_no_loop() -> None:
    assert (
        kinds(call(i, 30.0 * i, session="s", called=[("search", {"q": i})]) for i in range(24))
        == []
    )


def test_calls_of_one_size_are_a_loop_where_no_text_was_recorded() -> None:
    sizes = [5000 + 3 * (i % 4) for i in range(12)]
    assert kinds(call(i, 20.0 * i, session="s", input_tokens=t) for i, t in enumerate(sizes)) == [
        Kind.RUNAWAY_LOOP
    ]
    growing = [5000 + 30 * i for i in range(12)]
    assert (
        kinds(call(i, 20.0 * i, session="s", input_tokens=t) for i, t in enumerate(growing)) == []
    )
    labels = [call(i, 20.0 * i, session="s", output_tokens=3) for i in range(20)]
    assert kinds(labels) == []
    others = [5000 + 700 * (i % 3) for i in range(12)]
    assert kinds(call(i, 20.0 * i, session="s", input_tokens=t) for i, t in enumerate(others)) == []


def test_the_same_request_in_new_conversations_takes_twice_as_many() -> None:
    def anew(count: int) -> list[Exchange]:
        return [call(i, 30.0 * i, session=f"s{i}", text=LONG) for i in range(count)]

    (alarm,) = opened(anew(12))
    assert alarm.entity == Entity(Scope.USER, "u")
    assert kinds(anew(11)) == []


def usual(count: int = 60, *, first: int = 0, start: float = 0.0, **more: Any) -> list[Exchange]:
    return [
        call(
            first + i,
            start + 60.0 * i,
            **({"input_tokens": 1500 + 100 * (i * 7 % 10)} | more),
        )
        for i in range(count)
    ]


def test_a_giant_context_in_each_call_is_found() -> None:
    giants = [call(100 + i, 4000 + 60 * i, input_tokens=200_000 + 500 * i) for i in range(6)]
    (alarm,) = [a for a in opened([*usual(), *giants]) if a.kind is Kind.GIANT_CONTEXT]
    assert alarm.exchanges == ("ex100",)
    assert alarm.waste_usd is not None
    assert Decimal("0.19") < alarm.waste_usd < Decimal("0.2")
    assert "hard-coded" in alarm.cause


def test_a_giant_in_each_call_of_a_user_without_past_is_found_at_the_fifth() -> None:
    giants = [call(i, 60.0 * i, input_tokens=200_000 + 500 * i) for i in range(6)]
    (alarm,) = [a for a in opened(giants) if a.kind is Kind.GIANT_CONTEXT]
    assert alarm.exchanges == tuple(f"ex{i}" for i in range(5))


def giant(number: int, tokens: int, **more: Any) -> Exchange:
    return call(number, 4000 + 60.0 * number, input_tokens=tokens, **more)


def test_one_sudden_giant_is_raised_at_once_where_nobody_said_so_much() -> None:
    assert kinds([*usual(), giant(100, 500_000)]) == [Kind.GIANT_CONTEXT]
    assert kinds([*usual(), giant(100, 500_000, text="and now?")]) == [Kind.GIANT_CONTEXT]
    assert kinds([*usual(), giant(100, 40_000)]) == []
    assert kinds([*usual(), giant(100, 500_000, reads=400_000)]) == []
    assert kinds([*usual(19), giant(100, 500_000)]) == []


def test_a_giant_that_was_said_is_raised_when_the_next_conversation_has_one_too() -> None:
    book = "x" * 2_000_000
    assert kinds([*usual(), giant(100, 500_000, text=book)]) == []
    assert kinds([*usual(), giant(100, 80_000)]) == []  # not a hundred times the usual
    again = giant(101, 500_000, text=f"{book}!")
    assert kinds([*usual(), giant(100, 500_000, text=book), again]) == [Kind.GIANT_CONTEXT]


def test_a_giant_system_prompt_is_named() -> None:
    giants = [
        call(i, 60.0 * i, input_tokens=200_000, text=f"question {i}", system="law " * 200_000)
        for i in range(5)
    ]
    (alarm,) = [a for a in opened(giants) if a.kind is Kind.GIANT_CONTEXT]
    assert "system prompt" in alarm.cause


def test_four_giants_giants_of_one_talk_and_cached_ones_are_none() -> None:
    four = [call(i, 60.0 * i, input_tokens=200_000) for i in range(4)]
    assert kinds(four) == []
    one_talk = [call(i, 60.0 * i, session="s", input_tokens=150_000 + 9000 * i) for i in range(9)]
    assert Kind.GIANT_CONTEXT not in kinds(one_talk)
    cached = [call(i, 60.0 * i, input_tokens=200_000, reads=190_000) for i in range(9)]
    assert Kind.GIANT_CONTEXT not in kinds(cached)
    documents = [call(i, 60.0 * i, input_tokens=(20 + 90 * (i % 2)) * 1000) for i in range(40)]
    assert Kind.GIANT_CONTEXT not in kinds(documents)


def test_who_always_sends_much_is_not_wrong_to() -> None:
    large = [call(i, 600.0 * i, input_tokens=70_000 + 1000 * (i % 7)) for i in range(40)]
    larger = [call(50 + i, 30_000 + 600.0 * i, input_tokens=110_000 + i) for i in range(8)]
    assert Kind.GIANT_CONTEXT not in kinds([*large, *larger])


def mixed(count: int, dear: int, *, first: int = 0) -> list[Exchange]:
    """One call in ten minutes; of each ten, `dear` go to the dear model."""
    return [
        call(
            first + i,
            600.0 * (first + i),
            model=DEAR if i * 7 % 10 < dear else CHEAP,
            input_tokens=1500 + 10 * (i * 13 % 29),
        )
        for i in range(count)
    ]


def test_a_shift_to_the_dear_model_is_found_for_the_user_and_in_total() -> None:
    alarms = opened([*mixed(200, 2), *mixed(40, 10, first=200)])
    assert {alarm.kind for alarm in alarms} == {Kind.MODEL_SHIFT}
    assert {alarm.entity for alarm in alarms} == {TOTAL, Entity(Scope.USER, "u")}
    assert all(alarm.raised <= BEGIN + timedelta(seconds=215 * 600) for alarm in alarms)
    assert all("claude-opus-5-5" in alarm.cause for alarm in alarms)
    assert all(alarm.waste_usd > 0 for alarm in alarms if alarm.waste_usd is not None)


def test_an_even_mixture_and_a_shift_to_the_cheap_model_are_none() -> None:
    assert kinds(mixed(600, 3)) == []
    assert kinds([*mixed(200, 10), *mixed(200, 0, first=200)]) == []


def test_what_the_first_day_brings_is_no_shift() -> None:
    assert kinds([*mixed(100, 2), *mixed(40, 10, first=100)]) == []


def test_batches_that_came_before_are_no_shift_but_one_that_does_not_end_is() -> None:
    batches: list[Exchange] = []
    for block in range(60):
        batches += mixed(20, 10 if block % 4 == 3 else 0, first=20 * block)
    assert kinds(batches) == []
    assert Kind.MODEL_SHIFT in kinds([*batches, *mixed(200, 10, first=1200)])


def test_another_model_than_was_asked_is_found() -> None:
    (alarm,) = opened([call(1, 0, model=CHEAP, answered=DEAR)])
    assert alarm.kind is Kind.MODEL_MISMATCH
    assert alarm.waste_usd == Decimal("0.0075")


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        ("claude-haiku-4-5", "claude-haiku-4-5-20251001"),
        ("claude-3-5-haiku-latest", "claude-3-5-haiku-20241022"),
        ("us.anthropic.claude-haiku-4-5-20251001-v1:0", "claude-haiku-4-5-20251001"),
        ("claude-haiku-4-5@20251001", "claude-haiku-4-5"),
    ],
)
def test_two_names_of_one_model_do_not_differ(asked: str, answered: str) -> None:
    assert kinds([call(1, 0, model=asked, answered=answered)]) == []


def tiny(count: int, **more: Any) -> list[Exchange]:
    given = {"input_tokens": 120, "output_tokens": 5, "model": DEAR} | more
    return [call(i, 600.0 * i, **given) for i in range(count)]


def test_trivial_tasks_on_a_dear_model_are_found() -> None:
    assert kinds(tiny(40)) == [Kind.DEAR_MODEL]


@pytest.mark.parametrize(
    "more",
    [
        {"model": "claude-haiku-5-5"},
        {"input_tokens": 301},
        {"output_tokens": 61},
        {"tools": [{"name": "t"}]},
    ],
)
def test_tasks_that_are_not_trivial_or_not_dear_are_none(more: dict[str, Any]) -> None:
    assert kinds(tiny(60, **more)) == []


def test_a_price_that_jumps_is_found_for_the_model() -> None:
    before = [call(i, 60.0 * i, user=f"u{i % 3}") for i in range(60)]
    after = [call(60 + i, 3600 + 60.0 * i, user=f"u{i % 3}") for i in range(5)]
    (alarm,) = priced(before, after, factor=2)
    assert alarm.kind is Kind.PRICE_JUMP
    assert alarm.entity == Entity(Scope.MODEL, CHEAP)
    assert "2.0 times" in alarm.cause


def test_a_price_that_one_user_pays_is_found_for_the_user() -> None:
    before = [call(i, 60.0 * i, user=f"u{i % 3}") for i in range(120)]
    after = [call(120 + i, 7200 + 60.0 * i, user="u1") for i in range(10)]
    (alarm,) = priced(before, after, factor=2)
    assert alarm.entity == Entity(Scope.USER, "u1")


def test_a_price_that_jumps_by_half_is_found_though_its_beginning_lifts_the_median() -> None:
    before = [call(i, 60.0 * i) for i in range(120)]
    after = [call(120 + i, 7200 + 60.0 * i) for i in range(6)]
    (alarm,) = priced(before, after, factor=1.5)
    assert "1.5 times" in alarm.cause


def test_a_small_rise_of_prices_or_some_dear_calls_are_none() -> None:
    before = [call(i, 60.0 * i, user=f"u{i % 3}") for i in range(60)]
    after = [call(60 + i, 3600 + 60.0 * i, user=f"u{i % 3}") for i in range(40)]
    assert priced(before, after, factor=1.2) == []
    assert priced(before, after[:2], factor=3) == []


def priced(before: list[Exchange], after: list[Exchange], *, factor: float) -> list[Any]:
    from gonogo.spend.anomalies import Watcher

    watcher = Watcher()
    alarms: list[Any] = []
    for price, stream in ((Decimal(1), before), (Decimal(str(factor)), after)):
        for one in stream:
            alarms.extend(watcher.feed(one, cost=price))
    return [a for a in alarms if a.kind is Kind.PRICE_JUMP]


def cached(count: int, reads: int, *, first: int = 0, gap: float = 60.0, **more: Any) -> list[Any]:
    return [
        call(first + i, gap * (first + i), input_tokens=10_000 + i % 7 * 310, reads=reads, **more)
        for i in range(count)
    ]


def test_a_cache_that_breaks_is_found() -> None:
    (alarm,) = opened([*cached(30, 9000), *cached(6, 0, first=30)])
    assert alarm.kind is Kind.CACHE_BREAK
    assert alarm.exchanges == tuple(f"ex{i}" for i in range(30, 36))
    assert "83% of the input" in alarm.cause


def test_a_cache_that_ran_out_misses_now_and_then_or_was_never_there_is_none() -> None:
    assert kinds([*cached(30, 9000), *cached(5, 0, first=30), *cached(9, 9000, first=35)]) == []
    assert kinds(cached(60, 0)) == []
    pauses = [call(40 + i, 4000 + 900.0 * i, input_tokens=10_000 + i * 131) for i in range(9)]
    assert kinds([*cached(30, 9000), *pauses]) == []


def test_a_cache_that_is_written_and_never_read_is_found() -> None:
    assert kinds(cached(25, 0, writes=8000)) == [Kind.UNREAD_CACHE]
    assert kinds(cached(19, 0, writes=8000)) == []
    assert kinds([*cached(10, 0, writes=8000), *cached(30, 8000, first=10)]) == []


def tooled(count: int, size: int, called: str) -> list[Exchange]:
    tools = [{"name": "used", "description": "x"}, {"name": "spare", "description": "y " * size}]
    return [
        call(
            i,
            600.0 * i,
            input_tokens=5000 + i * 101 % 977,
            tools=tools,
            called=[(called, {"i": i})],
        )
        for i in range(count)
    ]


def test_tools_that_are_never_called_are_found() -> None:
    (alarm,) = opened(tooled(100, 3000, "used"))
    assert alarm.kind is Kind.UNUSED_TOOLS
    assert "1 of 2 tools" in alarm.cause
    assert kinds(tooled(99, 3000, "used")) == []
    assert kinds(tooled(120, 3000, "spare")) == []
    assert kinds(tooled(120, 300, "used")) == []


def sent(number: int, seconds: float, *texts: str, **more: Any) -> Exchange:
    blocks = [{"type": "document", "source": {"type": "text", "data": text}} for text in texts]
    question = {"type": "text", "text": f"what does chapter {number} say of it"}
    message = {"role": "user", "content": [*blocks, question]}
    given = {"input_tokens": 9000 + number * 37, "messages": [message]} | more
    return call(number, seconds, **given)


def test_a_document_sent_again_and_again_uncached_is_found() -> None:
    law = "paragraph " * 2000
    assert kinds(sent(i, 60.0 * i, law) for i in range(10)) == [Kind.REPEATED_DOCUMENT]
    assert kinds(sent(i, 60.0 * i, law) for i in range(9)) == []
    assert kinds(sent(i, 60.0 * i, law, reads=7000) for i in range(12)) == []
    assert kinds(sent(i, 60.0 * i, f"{i} {law}") for i in range(12)) == []


def test_a_document_twice_in_one_request_is_found() -> None:
    law = "paragraph " * 2000
    (alarm,) = opened([sent(1, 0, law, law)])
    assert "twice" in alarm.cause
    assert kinds([sent(1, 0, law, law + "!")]) == []


def test_huge_input_for_next_to_no_output_is_found() -> None:
    def heavy(count: int, tokens: int, output: int) -> list[Exchange]:
        return [
            call(i, 60.0 * i, input_tokens=tokens + i * 997 % 15_000, output_tokens=output)
            for i in range(count)
        ]

    assert kinds(heavy(40, 30_000, 5)) == [Kind.INPUT_HEAVY]
    assert kinds(heavy(40, 30_000, 300)) == []
    assert kinds(heavy(40, 4_000, 5)) == []
