"""Shows what the labelled cases of `code_syntax` cannot: places, settings, bounds, warnings."""

import time
import warnings

import pytest

from gonogo_checkers.code_syntax import CodeSyntax
from gonogo_checkers.output import Output
from gonogo_checkers.reading.grammars import parse
from gonogo_checkers.syntax.python_syntax import judge_python
from gonogo_checkers.syntax.syntax_problem import ProblemKind
from gonogo_checkers.syntax.tree_faults import describe_fault
from gonogo_checkers.syntax.tree_syntax import judge_by_tree
from gonogo_checkers.verdict import Confidence, Finding, Judged, NotApplicable


def judge(response: str, **fields: str) -> Judged:
    verdict = CodeSyntax().check(Output(response=response, **fields))
    assert isinstance(verdict, Judged), verdict
    return verdict


def only_finding(response: str, **fields: str) -> Finding:
    findings = judge(response, **fields).findings
    assert len(findings) == 1, findings
    return findings[0]


@pytest.mark.parametrize(
    ("response", "line", "place"),
    [
        ("Hi\n\n```python\nx = 1\ny = (2\n```\n", 5, "(2"),
        ("```python\n    if x:\n        y = (2\n```\n", 3, "(2"),
        ("1. Do\n   ```js\n   let é = 'ü';\n   let b = [1;\n   ```\n", 4, "[1"),
        ("```java\nint f() {\n  return g(1;\n}\n```", 3, "(1"),
        ('> ```json\n> {"a": 1,}\n> ```', 2, "}"),
        ("```php\necho f(1;\n```", 2, "(1"),
        ("```go\nx := 1\n```\n\n```yaml\na: 1\nb: *c\n```", 7, "*c"),
        ("```toml\na = 1\nb = x\n```", 3, "x"),
        ("```python\r\nx = 1\r\ny = (2\r\n```\r\n", 3, "(2"),
        ("```js\nlet s = '😀'; f(];\n```", 2, "(]"),
    ],
)
def test_names_the_place(response: str, line: int, place: str) -> None:
    finding = only_finding(response)
    assert finding.rule == "SYN001"
    assert finding.line == line
    assert finding.start is not None
    assert response[finding.start :].startswith(place)


def test_message_says_line_column_and_node_of_the_block() -> None:
    message = only_finding("Text\n\n```js\nlet a = 1;\nlet b = ;\n```").message
    assert "JavaScript" in message
    assert "line 2, column 7" in message
    assert "lexical_declaration" in message


def test_says_which_token_is_missing() -> None:
    message = only_finding("```java\nint a = 1\n```").message
    assert "missing ';'" in message


def test_is_less_sure_where_the_grammar_has_gaps() -> None:
    assert only_finding("```c\nint f( { return 1; }\n```").confidence is Confidence.MEDIUM
    assert only_finding("```java\nint f( { return 1; }\n```").confidence is Confidence.HIGH


def test_weighs_blocks_by_their_lines() -> None:
    good = "```python\na = 1\n\nb = 2\nc = 3\n```\n"
    assert judge(good + "```python\nd = (\n```").score == 0.75


def test_tells_a_cut_from_a_fault() -> None:
    cut = "```python\nfor x in y:\n    print(x"
    assert only_finding(cut).rule == "SYN002"
    assert only_finding(cut + "\n```").rule == "SYN001"
    bare = "for x in y:\n    print(x\n\nfor z in y:\n    z.do()"
    assert only_finding(bare, language="python", stop_reason="max_tokens").rule == "SYN002"


def test_evidence_masks_literals_and_is_short() -> None:
    finding = only_finding(f"```python\nkey = 'sk-{'a1' * 20}' (, {'x + ' * 60}\n```")
    assert "a1a1" not in finding.evidence
    assert len(finding.evidence) <= 80


def test_python_warnings_do_not_leak() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert judge("```python\nif x is 1:\n    print('\\d')\n```").score == 1.0


def test_runs_nothing(tmp_path: object) -> None:
    target = f"{tmp_path}/made"
    judge(f"```python\nopen({target!r}, 'w')\nimport nosuch\n```\n```bash\ntouch {target}\n```")
    with pytest.raises(FileNotFoundError):
        open(target).close()  # noqa: PTH123 - shows that it is not there


@pytest.mark.parametrize(
    "code",
    [
        "-" * 100_000 + "1",
        "x" + ".a" * 90_000,
        "(" * 90_000,
        "x = (1" + "\n+ 1" * 40_000 + ")",
        "(" + "lambda:\n" * 20_000 + "1)",
        "if x:\n  pass\n" + "elif x:\n  pass\n" * 10_000,
        "x = 1\n" * 50_000,
    ],
    ids=["unary", "attributes", "brackets", "sum", "lambdas", "elifs", "long"],
)
def test_python_too_deep_or_long_is_not_judged(code: str) -> None:
    problem = judge_python(code)
    assert problem is not None
    assert problem.kind is ProblemKind.TOO_MUCH


def test_what_is_not_judged_is_said_and_never_a_pass() -> None:
    verdict = judge("```python\n" + "(" * 5000 + "\n```")
    assert [finding.rule for finding in verdict.findings] == ["SYN006"]
    assert verdict.score == 0.0


@pytest.mark.parametrize("language", ["javascript", "cpp", "yaml", "html"])
@pytest.mark.parametrize("piece", ["'", "a:\n ", "{{ a }}", "$("])
def test_time_stays_bounded(language: str, piece: str) -> None:
    code = piece * (100_000 // len(piece))
    began = time.process_time()
    judge(f"```{language}\n{code}\n```")
    assert time.process_time() - began < 4


def test_deep_trees_do_not_overflow_the_stack() -> None:
    source = "/*" * 90_000
    root = parse(source, "javascript", seconds=20).root_node
    assert describe_fault(root, source.encode(), rows=0, sure=True).what


def test_yaml_aliases_expand_to_nothing() -> None:
    lines = ["a0: &a0 [x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30)]
    began = time.process_time()
    assert judge("```yaml\n" + "\n".join(lines) + "\n```").score == 1.0
    assert time.process_time() - began < 6


def test_yaml_tags_construct_nothing() -> None:
    assert judge("```yaml\na: !!python/object/apply:os.system ['true']\n```").score == 1.0


def test_a_wrapper_excuses_no_stray_bracket() -> None:
    assert judge_by_tree("int a = 1; } class B { int c;", "java") is not None
    assert judge_by_tree("} echo 1; {", "php") is not None


@pytest.mark.parametrize("fields", [{"language": "de"}, {"language": "nonsense"}, {}])
def test_other_languages_of_the_case_do_not_matter(fields: dict[str, str]) -> None:
    assert judge("```python\nx = 1\n```", **fields).score == 1.0


def test_looks_at_the_wanted_languages_only() -> None:
    response = "```python\nx = (\n```\n\n```js\nlet a = 1;\n```"
    verdict = CodeSyntax(languages=("javascript",)).check(Output(response=response))
    assert verdict == Judged(1.0)


def test_stops_at_the_set_number_of_blocks() -> None:
    response = "```python\nx = 1\n```\n" * 3 + "```python\nx = (\n```"
    assert CodeSyntax(max_blocks=3).check(Output(response=response)) == Judged(1.0)


def test_empty_blocks_say_nothing() -> None:
    verdict = CodeSyntax().check(Output(response="```python\n\n```"))
    assert isinstance(verdict, NotApplicable)
