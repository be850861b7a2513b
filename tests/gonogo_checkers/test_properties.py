"""Properties that hold for every checker on whatever comes back."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests_support import load_checker

from gonogo_checkers import CHECKERS
from gonogo_checkers.checker import Checker
from gonogo_checkers.output import Expectations, Output, Turn
from gonogo_checkers.verdict import Judged, NotApplicable

FRAGMENTS = st.sampled_from(
    [
        "```python\n",
        "```\n",
        "~~~\n",
        "````md\n",
        "```js\n",
        "```sql\n",
        "```html\n",
        "def f(x):\n",
        "    return x\n",
        "import os, nosuchpkg\n",
        "for a in b:\n    for c in b:\n",
        "\x00",
        "\ud800",
        '{"a": [1, 2',
        "<div>",
        "SELECT * FROM t;\n",
        "Call +1 415 555 0134 or mail jo@example.org. ",
        "https://example.org/x?y=z ",
        "I'm sorry, but I can't help with that. ",
        "# Title\n\n",
        "- item\n",
        "| a | b |\n",
        "The total was $1,204.50 in 2024. ",
        '"quoted words of someone" ',
        "não é possível ",
        "申し訳ありません。",
        "eval(input())\n",
        "subprocess.call(x, shell=True)\n",
        "\t",
        "\r\n",
        "((((((((",
        "))))",
        "'''",
        "\\",
    ]
)
TEXTS = st.one_of(
    st.text(max_size=300),
    st.lists(st.one_of(FRAGMENTS, st.text(max_size=30)), max_size=25).map("".join),
)
LANGUAGES = st.sampled_from(
    [None, "python", "js", "typescript", "go", "sql", "json", "yaml", "de", "?"]
)
EXPECTATIONS = st.builds(
    Expectations,
    contains=st.lists(st.text(max_size=10), max_size=2).map(tuple),
    excludes=st.lists(st.text(max_size=10), max_size=2).map(tuple),
    facts=st.lists(
        st.lists(st.text(max_size=10), min_size=1, max_size=2).map(tuple), max_size=2
    ).map(tuple),
    max_words=st.one_of(st.none(), st.integers(1, 500)),
    refusal=st.sampled_from([None, True, False]),
    equals=st.one_of(st.none(), st.text(max_size=10)),
    json_schema=st.sampled_from([None, True, False, {"type": "object"}]),
)
OUTPUTS = st.builds(
    Output,
    response=TEXTS,
    prompt=TEXTS,
    system=st.text(max_size=40),
    turns=st.lists(
        st.builds(Turn, role=st.sampled_from(["user", "assistant"]), text=TEXTS), max_size=2
    ).map(tuple),
    context=st.lists(TEXTS, max_size=2).map(tuple),
    expect=EXPECTATIONS,
    language=LANGUAGES,
    stop_reason=st.sampled_from([None, "end_turn", "max_tokens", "refusal", "tool_use"]),
    baseline_words=st.one_of(st.none(), st.integers(0, 2000)),
)


@pytest.fixture(scope="module", params=sorted(CHECKERS))
def checker(request: pytest.FixtureRequest) -> Checker:
    return load_checker(request.param)()


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(output=OUTPUTS)
def test_answers_whatever_comes_back(checker: Checker, output: Output) -> None:
    verdict = checker.check(output)
    assert isinstance(verdict, Judged | NotApplicable)
    assert verdict == checker.check(output)
    if isinstance(verdict, Judged):
        assert 0.0 <= verdict.score <= 1.0
        for finding in verdict.findings:
            assert (finding.start is None) == (finding.end is None)
            if finding.start is not None and finding.end is not None:
                assert 0 <= finding.start <= finding.end <= len(output.response)
            if finding.line is not None:
                assert 1 <= finding.line <= output.response.count("\n") + 1
            assert finding.message
    else:
        assert verdict.reason
