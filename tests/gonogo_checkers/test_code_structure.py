"""What the labelled cases of `code_structure` cannot show."""

import subprocess
import sys
import time

import pytest

from gonogo_checkers.code_structure import CodeStructure
from gonogo_checkers.output import Output
from gonogo_checkers.reading.code_blocks import find_code_blocks
from gonogo_checkers.structure.code_shapes import SHAPES
from gonogo_checkers.structure.code_tree import read_trees
from gonogo_checkers.structure.function_measures import FunctionMeasures, measure_functions
from gonogo_checkers.verdict import Judged

NESTED = """def f(rows):
    for row in rows:
        if row and row.ok or row.late:
            while row.next:
                try:
                    row = row.next
                except KeyError:
                    break
    return [r for r in rows if r]
"""


def judged(code: str, language: str = "python", **settings: int) -> Judged:
    response = f"Here it is:\n\n```{language}\n{code}\n```\n"
    verdict = CodeStructure(**settings).check(Output(response=response))
    assert isinstance(verdict, Judged)
    return verdict


def measures(code: str, language: str = "python") -> list[FunctionMeasures]:
    blocks = find_code_blocks(Output(response=f"```{language}\n{code}\n```"))
    (tree,) = read_trees(blocks, frozenset(SHAPES))
    return measure_functions(tree)


def test_measures_counted_by_hand() -> None:
    (function,) = measures(NESTED)
    # 1 + for + if + and + or + while + except + comprehension's for + its if
    assert function.complexity == 9
    assert function.nesting == 4
    assert function.lines == 9
    assert function.parameters == 1
    assert function.name == "f"


def test_complexity_is_what_ruff_counts(tmp_path_factory: pytest.TempPathFactory) -> None:
    # Ruff counts neither operators nor comprehensions: without them the two must agree.
    code = NESTED.replace(" and row.ok or row.late", "").replace("[r for r in rows if r]", "rows")
    path = tmp_path_factory.mktemp("ruff") / "code.py"
    path.write_text(code)
    command = [sys.executable, "-m", "ruff", "check", "--isolated", "--select", "C901", "--config"]
    limit = "lint.mccabe.max-complexity=1"
    said = subprocess.run([*command, limit, path], capture_output=True, text=True, check=False)
    (function,) = measures(code)
    assert f"({function.complexity} > 1)" in said.stdout


@pytest.mark.parametrize(
    ("language", "code", "name", "parameters"),
    [
        ("go", "package a\n\nfunc (s *S) Do(a int, b string) int { return a }", "Do", 2),
        ("java", "class A { int add(int a, int b) { return a + b; } }", "add", 2),
        ("rust", "impl A { fn add(&self, a: i32) -> i32 { a } }", "add", 1),
        ("cpp", "int add(int a, int b) { return a + b; }", "add", 2),
        ("c", "int *add(int a) { return 0; }", "add", 1),
        ("csharp", "class A { int Add(int a, int b) { return a + b; } }", "Add", 2),
        ("php", "<?php function add($a, $b) { return $a + $b; }", "add", 2),
        ("ruby", "def add(a, b)\n  a + b\nend", "add", 2),
        ("tsx", "const add = (a: number, b: number) => { return a + b; };", "add", 2),
    ],
)
def test_functions_of_every_language(language: str, code: str, name: str, parameters: int) -> None:
    (function,) = measures(code, language)
    assert (function.name, function.parameters, function.complexity) == (name, parameters, 1)


def test_a_closure_is_measured_by_itself() -> None:
    outer, inner = measures(
        "def outer(a):\n    def inner(b):\n        if b:\n            return b\n    return inner"
    )
    assert (outer.complexity, inner.complexity) == (1, 2)
    assert (outer.nesting, inner.nesting) == (0, 1)


def test_spans_lie_on_the_line_of_the_finding() -> None:
    response = (
        "Look:\n\n1. First\n\n   ```python\n   x = 1\n   def f(a, b=[]):\n       return b\n   ```\n"
    )
    verdict = CodeStructure().check(Output(response=response))
    assert isinstance(verdict, Judged)
    (finding,) = verdict.findings
    assert response[finding.start : finding.end] == "b=[]"
    assert response.split("\n")[finding.line - 1].strip() == "def f(a, b=[]):"


def test_limits_are_settings() -> None:
    code = "def f(a, b, c):\n    return a"
    assert not judged(code).findings
    assert [f.rule for f in judged(code, max_parameters=2).findings] == ["STR004"]


def test_longer_is_never_better() -> None:
    scores = [
        judged("def f(a):\n" + "    a += 1\n" * lines + "    return a").score
        for lines in (10, 58, 60, 70, 130, 300)
    ]
    assert scores == sorted(scores, reverse=True)
    assert scores[0] > scores[-1]


@pytest.mark.parametrize(
    "code",
    [
        "(" * 200_000,
        "if a:\n" * 50_000,
        "def f():\n" + " pass\n" * 150_000,
        "x = 1\n" * 160_000,
        "\x00def f(:" * 20_000,
        "".join(f"{' ' * depth}if a:\n" for depth in range(900)),
    ],
)
def test_hostile_code_comes_back_in_time(code: str) -> None:
    started = time.perf_counter()
    CodeStructure().check(Output(response=f"```python\n{code[:1_000_000]}\n```"))
    assert time.perf_counter() - started < 5
