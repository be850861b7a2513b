"""What the labelled cases of `expectations` cannot show: spans, time, schemas, the network."""

import socket
import time
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo_checkers.expectations import ExpectationsMet
from gonogo_checkers.output import Expectations, Output
from gonogo_checkers.reading.folded_text import fold, fold_text
from gonogo_checkers.reading.json_answer import find_json
from gonogo_checkers.reading.word_counts import count_words
from gonogo_checkers.verdict import Judged
from gonogo_checkers.wording.expected_facts import fact_pattern


def judge(response: str, *, checker: ExpectationsMet | None = None, **expect: object) -> Judged:
    output = Output(response=response, expect=Expectations(**expect))
    verdict = (checker or ExpectationsMet()).check(output)
    assert isinstance(verdict, Judged)
    return verdict


def test_span_of_an_excluded_text_leads_back_through_folding() -> None:
    response = "Höhe:\u00a0\u00a0“GARANTIERT” ist\nviel."
    (finding,) = judge(response, excludes=('"garantiert"',)).findings
    assert response[finding.start : finding.end] == "“GARANTIERT”"
    assert finding.line == 1
    assert finding.evidence == "“GARANTIERT”"


def test_span_of_schema_errors_is_that_of_the_json() -> None:
    response = 'Here:\n{"a": 1, "b": [1, "x"]}\nDone.'
    schema = {"properties": {"a": {"type": "string"}, "b": {"items": {"type": "integer"}}}}
    findings = judge(response, json_schema=schema).findings
    assert [finding.message.split(":")[0] for finding in findings] == ["$.a", "$.b[1]"]
    assert {response[finding.start : finding.end] for finding in findings} == {
        '{"a": 1, "b": [1, "x"]}'
    }


def test_schema_messages_do_not_repeat_values() -> None:
    findings = judge(
        '{"iban": "DE00 1234"}', json_schema={"properties": {"iban": {"type": "null"}}}
    )
    assert "DE00" not in findings.findings[0].message


def test_schema_errors_are_capped() -> None:
    response = "[" + ",".join(['"x"'] * 500) + "]"
    assert len(judge(response, json_schema={"items": {"type": "integer"}}).findings) == 20


def test_score_is_the_share_of_single_expectations() -> None:
    verdict = judge(
        "alpha beta",
        contains=("alpha", "gamma"),
        excludes=("delta",),
        facts=(("beta",),),
        equals="x",
    )
    assert verdict.score == 0.6
    assert [finding.rule for finding in verdict.findings] == ["EXP001", "EXP005"]


@pytest.mark.parametrize(
    ("expect", "place"),
    [
        ({"matches": ("ok", "(unclosed")}, r"expect\.matches\[1\]"),
        (
            {"json_schema": {"properties": {"a": {"type": "nope"}}}},
            r"expect\.json_schema at \$\.pro",
        ),
        ({"json_schema": {"$ref": "#/$defs/missing"}}, r"expect\.json_schema"),
    ],
)
def test_what_the_case_has_wrong_is_named(expect: dict[str, object], place: str) -> None:
    with pytest.raises(ValueError, match=place):
        judge('{"a": 1}', **expect)


def test_a_remote_reference_is_refused_without_a_connection() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        port = server.getsockname()[1]
        with pytest.raises(ValueError, match=r"expect\.json_schema"):
            judge("{}", json_schema={"$ref": f"http://127.0.0.1:{port}/schema.json"})
        with pytest.raises(TimeoutError):
            server.accept()


def test_a_reference_to_a_file_is_refused(tmp_path: object) -> None:
    with pytest.raises(ValueError, match=r"expect\.json_schema"):
        judge("{}", json_schema={"$ref": f"file://{tmp_path}/schema.json"})


def test_a_pattern_that_never_ends_counts_as_not_matching() -> None:
    checker = replace(ExpectationsMet(), pattern_seconds=0.2)
    began = time.process_time()
    verdict = judge("a" * 5_000 + "b", matches=(r"(a|aa)+$", r"b$"), checker=checker)
    assert time.process_time() - began < 6
    assert [finding.rule for finding in verdict.findings] == ["EXP003", "EXP003"]
    assert "within 0.2 s" in verdict.findings[0].message


@pytest.mark.parametrize(
    "response",
    [
        "[" * 300_000,
        '{"a":' * 100_000,
        "e\u0301" * 200_000,
        "\u0301" * 300_000,
        "\ufdfa" * 100_000,
        "\ud800" * 300_000,
        "\x00" * 300_000,
        "```\n" * 100_000,
    ],
    ids=["brackets", "braces", "composed", "marks", "ligature", "surrogates", "nul", "fences"],
)
def test_hostile_responses_come_back_soon(response: str) -> None:
    began = time.process_time()
    verdict = judge(
        response,
        contains=("needle",),
        excludes=("needle",),
        facts=(("1,204 needles",),),
        json_schema={"type": "object", "properties": {"a": {"pattern": "(x+)+$"}}},
    )
    assert time.process_time() - began < 6
    assert verdict.score < 1


def test_json_deeper_than_can_be_read_is_no_json() -> None:
    assert find_json(Output(response="[" * 100_000 + "]" * 100_000)) is None


def test_a_lone_surrogate_in_json_is_a_finding() -> None:
    verdict = judge('"\\ud800"', json_schema={"type": "string"})
    assert [finding.rule for finding in verdict.findings] == ["EXP004"]


def test_of_several_json_values_the_longest_counts() -> None:
    found = find_json(Output(response='As in [1], the answer {"total": [1, 2, 3]} is final.'))
    assert found is not None
    assert found.value == {"total": [1, 2, 3]}
    assert not found.alone


@given(st.text(max_size=40))
def test_folding_keeps_a_way_back_for_each_character(text: str) -> None:
    folded = fold(text)
    assert len(folded.offsets) == len(folded.text) + 1
    assert list(folded.offsets) == sorted(folded.offsets)
    assert all(0 <= offset <= len(text) for offset in folded.offsets)
    assert fold_text(text) == folded.text


@given(st.integers(1_000, 10**12), st.sampled_from([",", ".", " ", "'", ""]))
def test_a_number_is_the_same_however_its_thousands_are_parted(number: int, sign: str) -> None:
    written = f"{number:,}".replace(",", sign)
    pattern = fact_pattern(fold_text(f"{number:,}"))
    assert pattern is not None
    assert pattern.search(fold_text(f"It is {written}, all told."))
    assert not pattern.search(fold_text(f"It is 7{written}, all told."))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", 0),
        ("Don't stop-the presses", 3),
        ("1,200.50 euros", 2),
        ("机器学习是人工智能的一个分支", 9),
        ("हिन्दी एक भाषा है", 4),
        ("한국어는 좋은 언어", 3),
        ("ภาษาไทย", 2),
    ],
)
def test_words_are_counted_in_every_script(text: str, words: int) -> None:
    assert count_words(text) == words
