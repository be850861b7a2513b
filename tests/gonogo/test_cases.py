"""Cases: decoding, identity, and the request that a case makes."""

from pathlib import Path

import msgspec
import pytest
from hypothesis import given

from gonogo.cases import Case, decode_case, load_cases, load_shared_request
from gonogo.errors import BadInputError
from gonogo.strategies import cases


@given(cases())
def test_round_trip(case: Case) -> None:
    assert decode_case(msgspec.json.encode(case)) == case
    assert decode_case(msgspec.json.encode(case)).digest() == case.digest()


def test_two_cases_with_one_id_are_an_error(tmp_path: Path) -> None:
    path = tmp_path / "cases.jsonl"
    path.write_text(
        '{"id": "a", "prompt": "x"}\n{"id": "b", "prompt": "x"}\n{"id": "a", "prompt": "y"}\n'
    )
    with pytest.raises(BadInputError, match=r"cases\.jsonl:3: id 'a' is taken by .*cases\.jsonl:1"):
        load_cases(path)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('{"id": "", "prompt": "x"}', "field `id`"),
        ('{"id": "a", "prompt": "x", "expect": {"contain": ["y"]}}', "unknown field `contain`"),
        ('{"id": "a", "prompt": "x", "expect": {"budget": {"cost": 1}}}', "unknown field `cost`"),
        ('{"id": "a", "prompt": "x", "expect": {"budget": {"cost_usd": -1}}}', "at least 0"),
        ('{"id": "a", "prompt": "x", "expect": {"matches": ["("]}}', "expect.matches[0]: '('"),
        (
            '{"id": "a", "prompt": "x", "expect": {"max_words": -3}}',
            "max_words: expected at least 0",
        ),
        ('{"id": "a"}', "exactly one of `request` and `prompt`"),
        ('{"id": "a", "request": {"messages": "x"}}', "request.messages"),
        ("", "holds no cases"),
    ],
)
def test_bad_case_says_what_and_where(tmp_path: Path, line: str, said: str) -> None:
    path = tmp_path / "cases.jsonl"
    path.write_text(line + "\n")
    with pytest.raises(BadInputError) as caught:
        load_cases(path)
    assert said in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_case_lies_over_what_its_suite_shares(tmp_path: Path) -> None:
    path = tmp_path / "request.toml"
    path.write_text('model = "claude-sonnet-5-5"\nmax_tokens = 10\nsystem = """\nBe brief.\n"""\n')
    shared = load_shared_request(path)
    case = decode_case(b'{"id": "a", "request": {"max_tokens": 20, "messages": []}}')
    assert case.request_with(shared).body == {
        "model": "claude-sonnet-5-5",
        "max_tokens": 20,
        "system": "Be brief.\n",
        "messages": [],
    }
    prompted = decode_case(b'{"id": "a", "prompt": "Hi"}').request_with(shared)
    assert prompted.body["messages"] == [{"role": "user", "content": "Hi"}]


def test_bad_shared_request_is_named(tmp_path: Path) -> None:
    path = tmp_path / "request.toml"
    path.write_text("model = ")
    with pytest.raises(BadInputError, match=r"request\.toml: is not TOML"):
        load_shared_request(path)
    assert load_shared_request(tmp_path / "none.toml") == {}
