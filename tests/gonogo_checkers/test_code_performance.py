"""What the labelled cases of `code_performance` cannot show."""

import time

import pytest

from gonogo_checkers.code_performance import CodePerformance
from gonogo_checkers.output import Output
from gonogo_checkers.verdict import Judged


def judged(response: str) -> Judged:
    verdict = CodePerformance().check(Output(response=response))
    assert isinstance(verdict, Judged)
    return verdict


def test_the_span_is_the_slow_line() -> None:
    response = "So:\n\n> ```python\n> import time\n> async def f():\n>     time.sleep(3)\n> ```\n"
    (finding,) = judged(response).findings
    assert response[finding.start : finding.end] == "time.sleep(3)"
    assert response.split("\n")[finding.line - 1].endswith("time.sleep(3)")


def test_a_rule_speaks_once_for_a_line() -> None:
    code = "async def f():\n    time.sleep(1); time.sleep(2)\n    time.sleep(3)"
    assert [f.rule for f in judged(f"```python\n{code}\n```").findings] == ["PRF004", "PRF004"]


def test_more_patterns_score_lower() -> None:
    line = "    time.sleep({})\n"
    scores = [
        judged(
            f"```python\nasync def f():\n{''.join(line.format(n) for n in range(count))}```"
        ).score
        for count in (1, 2, 5)
    ]
    assert scores == sorted(scores, reverse=True)


def test_what_a_function_nested_in_async_code_does_is_its_own() -> None:
    code = "async def f():\n    def work():\n        time.sleep(1)\n    await to_thread(work)"
    assert judged(f"```python\n{code}\n```").score == 1.0


def test_a_name_that_is_a_set_elsewhere_is_left_alone() -> None:
    code = "seen = []\nseen = set()\nfor x in xs:\n    if x in seen:\n        print(x)"
    assert judged(f"```python\n{code}\n```").score == 1.0


def test_a_prompt_in_another_language_may_speak_of_big_files() -> None:
    response = "```python\ndef f(path):\n    return open(path).readlines()\n```"
    for prompt, rules in (("Le fichier fait 12 GB.", ["PRF013"]), ("Le fichier est petit.", [])):
        verdict = CodePerformance().check(Output(response=response, prompt=prompt))
        assert isinstance(verdict, Judged)
        assert [finding.rule for finding in verdict.findings] == rules


def test_a_loop_too_long_to_be_looked_at_is_taken_to_change_everything() -> None:
    body = "        print(x, sorted(names))\n"
    assert judged(f"```python\ndef f(xs, names):\n    for x in xs:\n{body}```").findings
    long = body + "        x += 1\n" * 1_500
    assert not judged(f"```python\ndef f(xs, names):\n    for x in xs:\n{long}```").findings


DEEP_LOOPS = "".join(f"{' ' * depth}for a{depth} in b{depth}:\n" for depth in range(95))
HOSTILE_PYTHON = [
    "for a in b:\n" * 30_000,
    "for a in b:\n    c.append(a)\n" * 6_000,
    "".join(f"{' ' * depth}for a in b:\n" for depth in range(500)),
    "f(" * 70_000,
    "def f(n):\n    return f(n - 1) + f(n - 2)\n" * 3_300,
    "x = [" + "1, " * 45_000 + "]",
    "def g():\n s = ''\n for a in b:\n" + "  s += a\n" * 15_000,
    "async def f():\n" + " time.sleep(1)\n x.get(1)\n" * 5_600,
    DEEP_LOOPS + "".join(f"{' ' * 95}s += sorted(q{i}); r.pop(0)\n" for i in range(1_000)),
    "x = " + "[a for b in c for a in " * 3_000 + "d" + "]" * 3_000,
]
HOSTILE_JAVASCRIPT = [
    "xs.map((x) => " * 10_000,
    "xs.map((x) => { ys.find((y) => y.id === x.id); " * 3_000 + "})" * 3_000,
    "for (let i = 0; i < n; i++) {" * 5_000,
    "a && " * 28_000 + "b",
]


@pytest.mark.parametrize(
    ("language", "code"),
    [
        *(("python", code) for code in HOSTILE_PYTHON),
        *(("ts", code) for code in HOSTILE_JAVASCRIPT),
    ],
)
def test_hostile_code_comes_back_in_time(language: str, code: str) -> None:
    for text in (code[:149_000], (code * 7)[:1_000_000]):
        started = time.process_time()
        CodePerformance().check(Output(response=f"```{language}\n{text}\n```"))
        assert time.process_time() - started < 4
