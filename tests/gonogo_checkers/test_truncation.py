"""What the labelled cases of `truncation` cannot show: places, confidence, languages, bounds."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo_checkers.output import Output
from gonogo_checkers.truncation import Truncation
from gonogo_checkers.verdict import Confidence, Finding, Judged, NotApplicable
from gonogo_checkers.wording.code_endings import why_code_is_cut, why_json_is_cut
from gonogo_checkers.wording.prose_endings import why_prose_is_cut

WHOLE = """\
def area(shape):
    sizes = {"a": [1, 2], "b": (3, 4)}
    if shape in sizes:
        first, second = sizes[shape]
        return first * second
    raise KeyError(shape)
"""


def findings_of(response: str, stop_reason: str | None = None) -> tuple[Finding, ...]:
    verdict = Truncation().check(Output(response=response, stop_reason=stop_reason))
    assert isinstance(verdict, Judged)
    return verdict.findings


def test_finding_points_at_the_end() -> None:
    response = "All is well.\nThe refund goes to the card that you used and  \n"
    (finding,) = findings_of(response)
    assert finding.end == len(response.rstrip())
    assert finding.line == 2
    assert finding.evidence.endswith("used and")


def test_text_counts_for_less_when_the_model_ended_by_itself() -> None:
    response = "All is well. The refund goes to the card that you used and"
    (unknown,) = findings_of(response)
    (ended,) = findings_of(response, "end_turn")
    assert (unknown.confidence, ended.confidence) == (Confidence.MEDIUM, Confidence.LOW)


def test_the_limit_is_one_finding_even_where_the_text_shows_it_too() -> None:
    rules = [finding.rule for finding in findings_of("Here:\n```python\nx = (", "max_tokens")]
    assert rules == ["TRU001"]


@pytest.mark.parametrize("reason", ["pause_turn", "compaction", "refusal"])
def test_answers_that_are_not_meant_to_be_whole(reason: str) -> None:
    verdict = Truncation().check(Output(response="", stop_reason=reason))
    assert isinstance(verdict, NotApplicable)


def test_a_reason_that_is_not_known_yet_is_judged_by_the_text() -> None:
    assert not findings_of("All is well.", "some_new_reason")
    assert findings_of("All is well. The refund goes to the card of", "some_new_reason")


@pytest.mark.parametrize("cut", [50, 62, 74, 118, 150])
def test_python_cut_inside_a_statement(cut: int) -> None:
    assert why_code_is_cut(WHOLE[:cut], "python")


def test_whole_python_is_whole() -> None:
    assert why_code_is_cut(WHOLE, "python") is None


def test_python_that_is_wrong_before_its_end_is_not_cut() -> None:
    assert why_code_is_cut("def f(:\n    pass\n\n\nprint(f)\n", "python") is None


@pytest.mark.parametrize(
    ("language", "whole", "cut"),
    [
        (
            "javascript",
            "const a = `x ${y}`; // it's (\nf({b: 1});",
            "const a = [1, 2].map((x) => {",
        ),
        ("go", 'func f() {\n\treturn "("\n}', "func f() {\n\treturn"),
        ("rust", "fn f() -> char { '(' }", 'fn f() { println!("half'),
        ("sql", "SELECT a FROM t;", "SELECT a,"),
        ("json", '{"a": "\\"}"}', '{"a": "\\"}'),
    ],
)
def test_other_languages(language: str, whole: str, cut: str) -> None:
    assert why_code_is_cut(whole, language) is None
    assert why_code_is_cut(cut, language)


@given(
    st.recursive(
        st.one_of(st.text(max_size=5), st.integers(), st.booleans(), st.none()),
        lambda inner: st.one_of(
            st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=3), inner, max_size=3)
        ),
        max_leaves=10,
    ).filter(lambda value: isinstance(value, dict | list) and bool(value)),
    st.data(),
)
def test_json_is_cut_wherever_it_is_cut(value: object, data: st.DataObject) -> None:
    import json

    text = json.dumps(value)
    assert why_json_is_cut(text) is None
    assert why_json_is_cut(text[: data.draw(st.integers(1, len(text) - 1))])


@pytest.mark.parametrize(
    "ending",
    [
        "We are open daily.",
        "Is that so?",
        "# Conclusion",
        "**Summary**",
        "- bread\n- milk",
        "Best,\nMaya",
        "Write to maya@example.org",
        "See www.example.org/a",
        "All done 🎉",
        "He said “no.”",
        "(That is all.)",
        "*done.*",
        "今日は晴れです。",
        "你好吗？",
        "धन्यवाद।",
        "The end…",
        ":-)",
    ],
)
def test_endings_that_are_endings(ending: str) -> None:
    assert why_prose_is_cut(f"The first part of it is here. It ends well.\n\n{ending}") is None


@pytest.mark.parametrize(
    "text",
    [
        "(" * 10**6,
        '{"a":[' * 160_000,
        "```\n" * 250_000,
        "import x\n-" + "-" * 90_000,
        "\ud800" * 10**6,
        "[[1," * 250_000,
        "a" * 10**6,
        "import x\n" + "f(" * 40_000,
        '"' * 300_000,
        "- " * 150_000,
    ],
)
def test_hostile_text_takes_bounded_time(text: str) -> None:
    began = time.process_time()
    Truncation().check(Output(response=text, language="javascript"))
    Truncation().check(Output(response=text, language="python"))
    assert time.process_time() - began < 6
