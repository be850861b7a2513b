"""What the labelled cases of `code_structure` cannot show."""

import subprocess
import sys
import time

import pytest

from gonogo_checkers.code_structure import CodeStructure
from gonogo_checkers.output import Output, Turn
from gonogo_checkers.reading.code_blocks import find_code_blocks
from gonogo_checkers.structure.code_shapes import SHAPES
from gonogo_checkers.structure.code_tree import read_trees
from gonogo_checkers.structure.function_measures import FunctionMeasures, measure_functions
from gonogo_checkers.verdict import Judged, Severity

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


def test_a_flaw_that_was_given_is_not_the_answers() -> None:
    code = "def f(a, items=[]):\n    return items"
    response = f"```python\n{code}\n```"
    for output in (
        Output(response=response, prompt=f"Rename the function:\n\n{code}"),
        Output(response=response, context=(code,)),
        Output(response=response, turns=(Turn("user", code),)),
    ):
        verdict = CodeStructure().check(output)
        assert isinstance(verdict, Judged)
        assert not verdict.findings
    assert [f.rule for f in judged(code).findings] == ["STR009"]


def test_evidence_shows_no_addresses_and_keys() -> None:
    key = "abcd1234" * 4
    code = f"def f(to='jo@example.org', key='{key}', items=[]):\n    return to"
    (finding,) = judged(code).findings
    assert "jo@" not in finding.evidence
    assert key not in finding.evidence
    assert len(finding.evidence) <= 80


def test_a_default_that_is_changed_weighs_more_than_one_that_is_not() -> None:
    (kept,) = judged("def f(a, items=[]):\n    return items").findings
    (changed,) = judged("def f(a, items=[]):\n    items.append(a)\n    return items").findings
    assert (kept.severity, changed.severity) == (Severity.LOW, Severity.MEDIUM)


def test_a_placeholder_speaks_once() -> None:
    code = "def parse(text):\n    # TODO: implement the parser\n    pass"
    assert [f.rule for f in judged(code).findings] == ["STR007"]


def test_functions_with_the_same_steps_name_each_other() -> None:
    steps = "\n".join(f"    out.append(({{0}}[{n}], check({{0}}[{n}])))" for n in range(8))
    first, second = (
        f"def {name}({name}s):\n    out = []\n{steps.format(name + 's')}\n    return out"
        for name in ("apple", "pear")
    )
    (finding,) = judged(f"{first}\n\n\n{second}").findings
    assert finding.rule == "STR013"
    assert "'pear'" in finding.message
    assert "'apple'" in finding.message
    other = second.replace("check(", "1 + check(", 1)
    assert not judged(f"{first}\n\n\n{other}").findings


def test_only_a_whole_block_shows_unused_names() -> None:
    unused = "import os\n\n\ndef f(a):\n    return a"
    assert [f.rule for f in judged(unused).findings] == ["STR010"]
    cut = CodeStructure().check(Output(response=f"```python\n{unused}"))
    used_below = CodeStructure().check(
        Output(response=f"```python\n{unused}\n```\n\n```python\nprint(os.name)\n```")
    )
    for verdict in (cut, used_below):
        assert isinstance(verdict, Judged)
        assert not verdict.findings


@pytest.mark.parametrize(
    ("language", "code"),
    [
        ("python", "(" * 140_000),
        ("python", "if a:\n" * 20_000),
        ("python", "def f():\n" + " pass\n" * 22_000),
        ("python", "x = 1\n" * 24_000),
        ("python", "\x00def f(:" * 15_000),
        ("python", "".join(f"{' ' * depth}if a:\n" for depth in range(500))),
        ("python", "class A(B):\n  def f(self): raise NotImplementedError\n" * 2_700),
        ("python", "try:\n  a()\nexcept:\n  pass\n" * 4_700),
        ("python", "global a, b\n" * 11_000),
        ("python", "".join(f"import a{n}\n" for n in range(9_000)) + "x = 1"),
        ("python", "def f(a=[], b={}):\n    s = ''\n    for x in y:\n        s += x\n" * 2_200),
        ("js", "function f(){" * 10_000),
        ("js", "import {a, b as c} from 'd';\n" * 4_500 + "x()"),
        ("js", "// ... rest of the code\n" * 6_000),
        ("go", "package a\n" + "func f(a, b int) { for { if x { return } } }\n" * 3_000),
    ],
)
def test_hostile_code_comes_back_in_time(language: str, code: str) -> None:
    for text in (code[:149_000], (code * 7)[:1_000_000]):
        started = time.process_time()
        CodeStructure().check(Output(response=f"```{language}\n{text}\n```"))
        assert time.process_time() - started < 4
