"""Shows which words name a language, and what a text betrays of its own."""

import time

import pytest

from gonogo_checkers.reading.language_detection import detect_language
from gonogo_checkers.reading.languages import (
    LANGUAGES,
    canonical_language,
    info_word,
    language_of_info,
)


@pytest.mark.parametrize(
    ("name", "language"),
    [
        ("PY", "python"),
        (" c++ ", "cpp"),
        ("TypeScriptReact", "tsx"),
        ("yml", "yaml"),
        ("sh", "bash"),
    ],
)
def test_knows_other_names(name: str, language: str) -> None:
    assert canonical_language(name) == language


@pytest.mark.parametrize("name", [None, "", "de", "english", "mermaid", "diff", "text"])
def test_takes_no_other_word_for_a_language(name: str | None) -> None:
    assert canonical_language(name) is None


def test_every_language_names_itself() -> None:
    assert {canonical_language(name) for name in LANGUAGES} == LANGUAGES


@pytest.mark.parametrize(
    ("info", "word"),
    [("", ""), ("{.py}", "py"), ("Python 3", "python"), ("lang=js", "js"), ("  ", ""), ("`", "`")],
)
def test_finds_the_word_of_an_info_string(info: str, word: str) -> None:
    assert info_word(info) == word


@pytest.mark.parametrize(
    ("info", "language"),
    [("main.rs", "rust"), ('title="a/b.go"', "go"), ("v1.2.3", None), ("x" * 100_000, None)],
)
def test_reads_file_names_in_an_info_string(info: str, language: str | None) -> None:
    assert language_of_info(info) == language


SNIPPETS = {
    "python": "import os\n\nclass A(B):\n    def f(self, x=None):\n        return [y for y in x]",
    "javascript": "const a = require('a');\nmodule.exports = (x) => x === 1;",
    "typescript": "interface A { id: number }\nexport const f = (a: A): string => `${a.id}`;",
    "tsx": 'const A = ({ x }: { x: string }) => {\n  return <div className="a">{x}</div>;\n};',
    "java": "public class A {\n  public static void main(String[] a) {\n    int x = 1;\n  }\n}",
    "go": "package a\n\nfunc f(x int) error {\n\tif err := g(x); err != nil {\n\t\treturn err\n\t}\n}",
    "rust": 'fn f(x: &str) -> Option<u32> {\n    let mut y = 1;\n    println!("{x}");\n    Some(y)\n}',
    "c": '#include <stdio.h>\n\nint main(void) {\n  char *p = malloc(3);\n  printf("a");\n}',
    "cpp": "#include <vector>\n\nint main() {\n  std::vector<int> v;\n  std::cout << v.size();\n}",
    "csharp": "using System;\n\npublic class A {\n  public string N { get; set; }\n}",
    "ruby": "class A < B\n  attr_reader :x\n\n  def f(x)\n    @x = x\n  end\nend",
    "php": "<?php\n$x = $_GET['a'];\necho $x;",
    "bash": '#!/bin/bash\nset -e\nfor f in *; do\n  echo "$f"\ndone',
    "sql": "SELECT a, COUNT(*)\nFROM t\nWHERE b = 1\nGROUP BY a;",
    "json": '{"a": [1, 2], "b": null}',
    "yaml": 'version: 3\nservices:\n  web:\n    image: nginx\n    ports:\n      - "80:80"',
    "toml": '[project]\nname = "a"\nversion = "1"',
    "html": '<div class="a">\n  <p>Hello</p>\n</div>',
    "css": ".a {\n  color: #fff;\n  margin: 0 2px;\n}",
    "kotlin": "data class A(val x: Int)\n\nfun f(a: A): Int = a.x",
    "swift": 'import SwiftUI\n\nfunc f(x: Int) -> String {\n  guard x > 1 else { return "" }\n}',
    "scala": "case class A(x: Int)\n\nobject B extends App {\n  val y: Int = 1\n}",
    "lua": "local t = {}\nfor k, v in pairs(t) do\n  print(k)\nend",
}


@pytest.mark.parametrize("language", SNIPPETS)
def test_detects(language: str) -> None:
    assert detect_language(SNIPPETS[language]) == language


def test_covers_every_language() -> None:
    assert set(SNIPPETS) == LANGUAGES


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \n",
        "x = 1",
        "foo",
        "a, b, c",
        "Some words, and more of them.",
        "- a\n- b",
        "12 + 3 = 15",
    ],
)
def test_abstains(text: str) -> None:
    assert detect_language(text) is None


@pytest.mark.parametrize(
    "piece",
    ["a:\n ", "cat <<EOF\n", "(", " ", "def f(", "<a ", "a::b ", "/*", '{"a":', "x = ", "\n"],
)
def test_time_stays_bounded(piece: str) -> None:
    began = time.process_time()
    detect_language(piece * (300_000 // len(piece)))
    assert time.process_time() - began < 6
