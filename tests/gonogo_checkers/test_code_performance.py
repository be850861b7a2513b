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


@pytest.mark.parametrize(
    "code",
    [
        "for a in b:\n" * 30_000,
        "for a in b:\n    c.append(a)\n" * 20_000,
        "".join(f"{' ' * depth}for a in b:\n" for depth in range(800)),
        "f(" * 100_000,
        "return f(n - 1) + f(n - 2)\n" * 20_000,
        "x = [" + "1, " * 150_000 + "]",
    ],
)
@pytest.mark.parametrize("language", ["python", "ts"])
def test_hostile_code_comes_back_in_time(code: str, language: str) -> None:
    started = time.perf_counter()
    CodePerformance().check(Output(response=f"```{language}\n{code[:1_000_000]}\n```"))
    assert time.perf_counter() - started < 5
