"""Shows where code is found in a response, and that every offset leads back to its text."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gonogo_checkers.output import Output
from gonogo_checkers.reading.block_kinds import BlockKind
from gonogo_checkers.reading.code_blocks import CodeBlock, find_code_blocks, line_of, prose_of


def blocks_of(response: str, language: str | None = None) -> tuple[CodeBlock, ...]:
    return find_code_blocks(Output(response=response, language=language))


def only_block(response: str, language: str | None = None) -> CodeBlock:
    blocks = blocks_of(response, language)
    assert len(blocks) == 1, blocks
    return blocks[0]


def assert_offsets_lead_back(response: str, block: CodeBlock) -> None:
    lines = block.text.split("\n")
    assert len(lines) == len(block.line_offsets)
    for row, line in enumerate(lines):
        start = block.offset(row)
        assert response[start : start + len(line)] == line
        assert block.offset(row, len(line) + 99) == start + len(line)
    assert 0 <= block.start <= block.end <= len(response)


FENCED = {
    "plain": ("Hi\n```python\nx = 1\n```\nbye", "x = 1"),
    "tildes": ("~~~python\nx = 1\n```\n~~~", "x = 1\n```"),
    "longer fence": ("`````python\n```\n`````", "```"),
    "list": ("1. Do:\n   ```python\n   if x:\n       y = 1\n   ```\n", "if x:\n    y = 1"),
    "list item": ("- ```python\n  x = 1\n  ```\n", "x = 1"),
    "sloppy list": ("1. Do:\n   ```python\nx = 1\n```\n", "x = 1"),
    "quote": ("> ```python\n> if x:\n>     y = 1\n>\n> ```\n", "if x:\n    y = 1\n"),
    "quote ends": ("> ```python\n> x = 1\nafter", "x = 1"),
    "quoted list": ("> - ```python\n>   x = 1\n>   ```\n", "x = 1"),
    "crlf": ("Hi\r\n```python\r\nif x:\r\n    y = 1\r\n```\r\n", "if x:\n    y = 1"),
    "indented fence in code": ("```python\ns = '''\n    ```\n'''\n```", "s = '''\n    ```\n'''"),
    "tab": ("-\t```python\n\tx = 1\n\t```", "x = 1"),
}


@pytest.mark.parametrize(("response", "text"), FENCED.values(), ids=FENCED)
def test_finds_fenced_code(response: str, text: str) -> None:
    block = only_block(response)
    assert block.text == text
    assert block.language == "python"
    assert block.closed
    assert block.fenced
    assert_offsets_lead_back(response, block)


@pytest.mark.parametrize(
    ("response", "text"),
    [
        ("Hi\n```python\nx = (1", "x = (1"),
        ("```python\nx = 1\n", "x = 1\n"),
        ("```python", ""),
        ("```python\n~~~\n", "~~~\n"),
        ("````python\nx = 1\n```\n", "x = 1\n```\n"),
    ],
)
def test_says_that_a_fence_is_never_closed(response: str, text: str) -> None:
    block = only_block(response)
    assert not block.closed
    assert block.text == text
    assert_offsets_lead_back(response, block)


@pytest.mark.parametrize(
    ("info", "language"),
    [
        ('python title="x.py"', "python"),
        ("{.python .numberLines}", "python"),
        ("{python, echo=FALSE}", "python"),
        ("js{1,3}", "javascript"),
        ("py:main.py", "python"),
        ("src/app/main.go", "go"),
        ('title="lib/a.ts"', "typescript"),
        ("language-rust", "rust"),
        ("C++", "cpp"),
        ("c#", "csharp"),
        ("mermaid", None),
        ("text", None),
    ],
)
def test_reads_the_info_string(info: str, language: str | None) -> None:
    block = only_block(f"```{info}\nx\n```", "ruby")
    assert block.language == language
    assert block.info == info


def test_takes_the_language_of_the_fence_then_of_the_case_then_of_the_text() -> None:
    code = "for row in rows:\n    print(row)"
    assert only_block(f"```js\n{code}\n```", "python").language == "javascript"
    assert only_block(f"```\n{code}\n```", "PY").language == "python"
    assert only_block("```\nfunc f() error {\n\treturn nil\n}\n```").language == "go"


def test_takes_plain_text_and_companions_beside_a_program_for_what_they_are() -> None:
    response = "```\nHello, Ada!\n55\n```\n\n```\npip install requests\n```\n\n```\nx = f(1)\n```"
    blocks = blocks_of(response, "python")
    assert [block.language for block in blocks] == [None, "bash", "python"]
    assert blocks[0].kind is BlockKind.TEXT


NESTED = {
    "longer outer fence": "````md\n# T\n```python\nx = 1\n```\n````\nend",
    "same length": "```markdown\n# T\n```python\nx = 1\n```\nmore\n```bash\nls\n```\n```\nend",
}


@pytest.mark.parametrize("response", NESTED.values(), ids=NESTED)
def test_leaves_nested_fences_inside_of_markdown(response: str) -> None:
    block = only_block(response)
    assert block.language is None
    assert "x = 1" in block.text
    assert prose_of(response).strip() == "end"


def test_closes_a_markdown_block_that_does_not_nest() -> None:
    blocks = blocks_of("```markdown\n# T\n```\nThen\n```python\nx = 1\n```\n")
    assert [block.text for block in blocks] == ["# T", "x = 1"]


@pytest.mark.parametrize(
    ("fence", "code", "kind"),
    [
        ("diff", "- a\n+ b", BlockKind.DIFF),
        ("python", "-a = 1\n+a = 2\n b = 3", BlockKind.DIFF),
        ("", "@@ -1 +1 @@\n-a\n+b", BlockKind.DIFF),
        ("console", "C:\\> dir", BlockKind.SESSION),
        ("sql", "mysql> SELECT 1;\n+---+\n| 1 |", BlockKind.SESSION),
        ("", "Traceback (most recent call last):\n  x\nValueError: y", BlockKind.OUTPUT),
        ("python", "Traceback (most recent call last):\n  x\nValueError: y", BlockKind.OUTPUT),
        ("", ".\n├── a.py\n└── b.py", BlockKind.OUTPUT),
        ("bash", "src/\n├── a.py\n└── b.py", BlockKind.OUTPUT),
        ("", "2026-01-02 10:00:00 INFO started\n2026-01-02 10:00:01 ERROR x", BlockKind.OUTPUT),
        ("text", "def f(): pass", BlockKind.TEXT),
        ("", "Just some words in a box.", BlockKind.TEXT),
    ],
)
def test_recognises_what_is_no_program(fence: str, code: str, kind: BlockKind) -> None:
    block = only_block(f"```{fence}\n{code}\n```", "python")
    assert block.kind is kind
    assert block.language is None


def test_reduces_a_python_session_to_what_was_typed() -> None:
    response = "```python\n>>> x = [1]\n>>> for y in x:\n...     print(y)\n...\n1\n>>> x\n[1]\n```"
    block = only_block(response)
    assert block.text == "x = [1]\nfor y in x:\n    print(y)\n\nx"
    assert block.language == "python"
    assert_offsets_lead_back(response, block)


def test_reduces_a_shell_session_to_what_was_typed() -> None:
    response = "```console\n$ make \\\n    all\nbuilding\nme@host:~/x$ ls\na b\n```"
    block = only_block(response)
    assert block.text == "make \\\n    all\nls"
    assert block.language == "bash"
    assert_offsets_lead_back(response, block)


def test_leaves_a_session_that_shows_a_syntax_error_alone() -> None:
    assert only_block("```\n>>> x = (\nSyntaxError: x\n```").language is None


def test_finds_indented_code_after_a_blank_line() -> None:
    response = "Use this:\n\n    def f(x):\n        return x\n\n    y = f(1)\n\nIt is short."
    block = only_block(response)
    assert block.text.rstrip() == "def f(x):\n    return x\n\ny = f(1)"
    assert not block.fenced
    assert_offsets_lead_back(response, block)
    assert prose_of(response).split() == ["Use", "this:", "It", "is", "short."]


@pytest.mark.parametrize(
    "response",
    [
        "- item\n\n    x = f(1);\n    y = g(2);\n",
        "A paragraph\n    x = f(1);\n    y = g(2);\n",
        "Text.\n\n    An indented paragraph of plain words, as letters have.\n",
    ],
)
def test_takes_no_list_or_paragraph_for_indented_code(response: str) -> None:
    assert blocks_of(response) == ()


BARE = {
    "python": "import os\n\n\ndef f(x):\n    '''Return the thing that was asked for.'''\n    return x",
    "javascript": "const a = 1;\n\nfunction f(x) {\n  return a + x;\n}",
    "sql": "SELECT name, city\nFROM customers\nWHERE id = 1;",
    "json": '{\n  "name": "The quick brown fox jumps",\n  "n": [1, 2]\n}',
    "html": "<!DOCTYPE html>\n<html><body><p>Some words of text here</p></body></html>",
    "yaml": "name: ci\njobs:\n  test:\n    steps:\n      - run: make",
    "go": 'package main\n\nimport "fmt"\n\nfunc main() {\n\tfmt.Println("a")\n}',
    "css": "body {\n  margin: 0;\n  color: #333;\n}",
}


@pytest.mark.parametrize("language", BARE)
def test_takes_an_answer_that_is_code_alone_for_code(language: str) -> None:
    response = BARE[language]
    block = only_block(response)
    assert block.language == language
    assert not block.fenced
    assert_offsets_lead_back(response, block)
    assert prose_of(response).strip() == ""


PROSE = {
    "sentence": "I think that this is fine.",
    "select": "Select from the options below. We have three; choose one.",
    "letter": "Dear Ana,\n\nThank you for your order: it ships today.\n\nKind regards,\nTom",
    "steps": "Steps:\n- Open the app\n- Tap: settings\n- Done",
    "semicolons": "The tenant shall\n- pay the rent on time;\n- keep the place clean;\n- leave quietly;",
    "placeholders": "Hello {{name}}, your order {{order_id}} has shipped to {{address}}",
    "key and value": "Total: 12\nShipping: 3",
    "return": "Return the item within 30 days\nand we refund it.",
    "inline": "Call `f(x)` and `x = 1`, then ```also this```.",
    "french": "Merci de votre message.\nNous vous remboursons sous trois jours ;",
    "japanese": "返金には三日から五日かかります。\n手順は次のとおりです。",
    "heading": "# Summary\n\n## Next steps\n\n1. Call us",
    "url": "https://example.org/a?b=c&d=e",
}


@pytest.mark.parametrize("language", [None, "python", "yaml", "bash", "sql"])
@pytest.mark.parametrize("response", PROSE.values(), ids=PROSE)
def test_never_takes_prose_for_code(response: str, language: str | None) -> None:
    assert blocks_of(response, language) == ()
    assert prose_of(response) == response


def test_blanks_code_and_fences_and_keeps_offsets() -> None:
    response = "Before.\n```python\nx = 1\n```\nAfter ```y``` it.\n"
    prose = prose_of(response)
    assert len(prose) == len(response)
    assert prose.split() == ["Before.", "After", "```y```", "it."]
    assert prose.index("After") == response.index("After")
    assert prose.count("\n") == response.count("\n")


def test_counts_lines_from_one() -> None:
    assert line_of("a\nb\nc", 0) == 1
    assert line_of("a\nb\nc", 2) == 2
    assert line_of("a\nb\nc", 5) == 3


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                *("```", "````md", "```python", "~~~", "> ", "- ", "    ", "\t", "\n", "\r\n"),
                *("\r", "x = 1", ">>> x", "$ ls", "words of prose here", "\ud800", "\x00", "é"),
                *("1. ", "+a"),
            ]
        ),
        max_size=30,
    ).map("".join)
)
def test_every_offset_leads_back_whatever_comes(response: str) -> None:
    for language in (None, "python"):
        for block in blocks_of(response, language):
            assert_offsets_lead_back(response, block)
    assert len(prose_of(response)) == len(response)


@pytest.mark.parametrize(
    "piece",
    [
        *("```\na\n```\n", "```md\n", "`", "> ", "> ```\n", "    x = 1;\n\na\n\n", "| ", "\n"),
        *(" ", "x = 1\n", "(", '{"a":', "$ ls\n", ">>> x\n", "- a\n", "a: b\n"),
    ],
)
def test_time_stays_bounded(piece: str) -> None:
    response = piece * (500_000 // len(piece))
    began = time.process_time()
    blocks_of(response)
    assert time.process_time() - began < 6
