"""What stands twice is known again, whatever its time zone and its file; what is new never is."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from gonogo.exchanges import Exchange, Request, Response, Usage
from gonogo.sources.repeats import SeenExchanges

AT = datetime(2026, 11, 24, 2, tzinfo=UTC)


def call(name: str = "1", at: datetime | None = AT, tokens: int = 5) -> Exchange:
    return Exchange(
        id=name,
        request=Request({"messages": []}),
        response=Response({"model": "m", "content": []}),
        usage=Usage({"input_tokens": tokens, "output_tokens": 1}),
        at=at,
    )


def test_the_same_call_is_known_though_told_otherwise() -> None:
    seen = SeenExchanges()
    assert not seen.is_repeated(call())
    elsewhere = call(at=AT.astimezone(timezone(timedelta(hours=5))))
    assert seen.is_repeated(replace(elsewhere, request=Request({"messages": [], "redacted": 1})))


def test_an_id_that_is_used_again_is_another_call() -> None:
    seen = SeenExchanges()
    others = [call(), call(at=AT + timedelta(microseconds=1)), call(tokens=6), call("2")]
    assert not any(seen.is_repeated(other) for other in others)


def test_without_a_time_all_of_it_must_be_the_same() -> None:
    seen = SeenExchanges()
    one = call(at=None)
    assert not seen.is_repeated(one)
    assert not seen.is_repeated(replace(one, user="ann"))
    assert seen.is_repeated(one)


def test_the_first_are_known_for_good_and_there_are_no_more() -> None:
    seen = SeenExchanges(most=5000)
    calls = [call(str(number)) for number in range(6000)]
    assert not any(seen.is_repeated(one) for one in calls)
    assert seen.is_full
    assert [seen.is_repeated(one) for one in calls] == [True] * 5000 + [False] * 1000


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 3))))
def test_it_tells_what_a_set_would(keys: list[tuple[int, int]]) -> None:
    seen, known = SeenExchanges(), set[tuple[int, int]]()
    for key in keys:
        assert seen.is_repeated(call(str(key[0]), tokens=key[1])) == (key in known)
        known.add(key)
