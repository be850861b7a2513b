"""What the labelled cases of made-up names cannot show: places, settings, bounds, the resolver."""

import ast
import time

import pytest

from gonogo_checkers.code_hallucination import CodeHallucination
from gonogo_checkers.output import Output
from gonogo_checkers.reading.code_blocks import find_code_blocks
from gonogo_checkers.references.install_commands import find_requirements
from gonogo_checkers.references.module_tables import find_removal, packages_of_module
from gonogo_checkers.references.package_index import (
    is_popular,
    is_registered,
    listed_on,
    nearest_popular,
)
from gonogo_checkers.references.python_names import read_names
from gonogo_checkers.references.standard_library import (
    Answer,
    Found,
    Instance,
    Module,
    find_member,
)
from gonogo_checkers.references.stub_modules import is_standard_module, module_gone_in
from gonogo_checkers.verdict import Confidence, Finding, Judged, NotApplicable, Severity


def findings_of(code: str, **given: str) -> tuple[Finding, ...]:
    verdict = CodeHallucination().check(Output(response=f"```python\n{code}\n```\n", **given))
    return verdict.findings if isinstance(verdict, Judged) else ()


def installed(response: str) -> list[str]:
    blocks = find_code_blocks(Output(response=response))
    return [requirement.name for requirement in find_requirements(response, blocks)]


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("import json\ntext = 'é' + json.parse('{}')", "parse"),
        ("import json\njson.dumps({}, pretty=True)", "pretty=True"),
        ("from os import path, makedir as m", "makedir as m"),
        ("import  urllib.requests", "urllib.requests"),
        ("from   zzmadeupqx.parts import x", "zzmadeupqx.parts"),
        ("import os, zzmadeupqx as z", "zzmadeupqx"),
        ("import os\nos.getcwd(\n    'ü', 1)", "'ü'"),
        ("import json\nx = (json\n     .parse(1))", "parse"),
        ("    import json\n    json.parse(1)", "parse"),
    ],
)
def test_the_span_is_the_name(code: str, words: str) -> None:
    response = f"Voilà :\n\n```python\n{code}\n```\n"
    verdict = CodeHallucination().check(Output(response=response))
    assert isinstance(verdict, Judged)
    (finding,) = verdict.findings
    assert finding.start is not None
    assert response[finding.start : finding.end] == words
    assert finding.line == response.count("\n", 0, finding.start) + 1


def test_the_span_of_a_requirement_is_its_name() -> None:
    response = 'Run:\n\n```bash\npip install "zzmadeup-qx[all]>=1.0"\n```\n'
    verdict = CodeHallucination().check(Output(response=response))
    assert isinstance(verdict, Judged)
    (finding,) = verdict.findings
    assert response[finding.start : finding.end] == "zzmadeup-qx"


def test_a_fault_is_reported_once_at_its_first_place() -> None:
    found = findings_of(
        "import json\njson.parse(1)\njson.parse(2)\n\nimport zzmadeupqx\nimport zzmadeupqx.b"
    )
    assert [(finding.rule, finding.line) for finding in found] == [("HAL010", 3), ("HAL001", 6)]


def test_messages_suggest_what_may_be_meant() -> None:
    (member,) = findings_of("import os\nos.makedir('x')")
    assert "`makedirs`" in member.message
    (package,) = findings_of("import reqeusts")
    assert "`requests`" in package.message
    assert listed_on() in package.message
    (keyword,) = findings_of("import threading\nthreading.Thread(deamon=True)")
    assert "`daemon`" in keyword.message


@pytest.mark.parametrize(
    ("code", "prompt", "severity", "confidence"),
    [
        ("import zzmadeupqx", "", Severity.HIGH, Confidence.MEDIUM),
        ("import zzmadeupqx", "Use zzmadeupqx.", Severity.MEDIUM, Confidence.LOW),
        ("from zzmadeupqx.a.b import c", "", Severity.MEDIUM, Confidence.LOW),
        ("import zzmadeup_service", "", Severity.LOW, Confidence.LOW),
        ("# pip install zzmadeupqx2\nimport zzmadeupqx2", "", Severity.HIGH, Confidence.HIGH),
        ("import requsts", "Use requsts.", Severity.HIGH, Confidence.HIGH),
    ],
)
def test_confidence_in_a_missing_package_comes_from_second_signals(
    code: str, prompt: str, severity: Severity, confidence: Confidence
) -> None:
    found = [one for one in findings_of(code, prompt=prompt) if one.rule == "HAL001"]
    assert [(one.severity, one.confidence) for one in found] == [(severity, confidence)]


def test_one_letter_is_surer_than_two() -> None:
    one, two = findings_of("import requsts\nimport matplotlobb")
    assert (one.confidence, two.confidence) == (Confidence.HIGH, Confidence.MEDIUM)
    assert "`matplotlib`" in two.message


def test_messages_name_things_as_they_are_used() -> None:
    code = "import asyncio, os\nasyncio.sleep(1, secs=2)\nos.path.abspath('x', cwd='y')"
    sleep, abspath = findings_of(code)
    assert "`asyncio.sleep`" in sleep.message
    assert "`os.path.abspath`" in abspath.message


def test_removed_in_a_supported_python_weighs_less_than_removed_from_all() -> None:
    lately, long_ago = findings_of("import imp\nimport time\ntime.clock()")
    assert (lately.rule, lately.severity) == ("HAL013", Severity.LOW)
    assert "3.12" in lately.message
    assert (long_ago.rule, long_ago.severity) == ("HAL013", Severity.MEDIUM)
    assert "3.8" in long_ago.message


@pytest.mark.parametrize(
    "code",
    [
        "import json\nfor json in []:\n    json.parse(1)",
        "import json\nwith x as json:\n    json.parse(1)",
        "import json\ntry:\n    pass\nexcept E as json:\n    json.parse(1)",
        "import json\n[json.parse(1) for json in x]",
        "import json\nf = lambda json: json.parse(1)",
        "import json\n(json := f())\njson.parse(1)",
        "import json\njson += 1\njson.parse(1)",
        "import json\ndel json\njson.parse(1)",
        "import json\n\n\ndef f():\n    global json\n    json = g()\n\n\njson.parse(1)",
        "import json\nmatch x:\n    case [json, *_]:\n        json.parse(1)",
        "try:\n    import json\nexcept ImportError:\n    import simplejson as json\njson.parse(1)",
        "import json\nsetattr(json, 'parse', f)\njson.parse(1)",
        "import json\ntry:\n    json.parse(1)\nexcept AttributeError:\n    pass",
        "from unittest import mock\nimport json\nwith mock.patch('json.parse'):\n    json.parse(1)",
        "from zzqx import *\nlist.push",
        "import json\n\n\nclass A:\n    json = load()\n    json.parse",
    ],
)
def test_a_name_that_may_hold_anything_is_left_alone(code: str) -> None:
    assert [one for one in findings_of(code) if one.rule != "HAL001"] == []


@pytest.mark.parametrize(
    "code",
    [
        "import json\n\n\nclass A:\n    json = 1\n\n    def f(self):\n        return json.parse(1)",
        "import json\n\n\ndef g(json):\n    return json\n\n\ndef f():\n    return json.parse(1)",
        "json = None\nimport json\njson.parse(1)",
        "import json\nimport json\njson.parse(1)",
        "try:\n    import json\n    json.parse(1)\nexcept Exception as error:\n    print(error)",
    ],
)
def test_a_name_that_is_bound_elsewhere_is_still_known(code: str) -> None:
    assert [one.rule for one in findings_of(code)] == ["HAL010"]


@pytest.mark.parametrize(
    ("expression", "path"),
    [
        ("pathlib.Path('x').resolve().parent.name", None),
        ("pathlib.Path('x').resolve()", "pathlib.Path"),
        ("re.compile('x')", "re.Pattern"),
        ("re.match('x', 'y')", None),
        ("datetime.datetime.now()", "datetime.datetime"),
        ("sys.argv", "list"),
        ("'a'.join([]).split", None),
        ("'a'.join([])", "str"),
        ("random.Random(1)", "random.Random"),
        ("type(x)", None),
        ("x.y.z", None),
        ("(a, b)", "tuple"),
        ("collections.namedtuple('P', 'x')", None),
        ("subprocess.Popen(['x'])", "subprocess.Popen"),
    ],
)
def test_values_are_followed_where_their_class_is_sure(expression: str, path: str | None) -> None:
    imports = "import collections, datetime, pathlib, random, re, subprocess, sys\n"
    tree = ast.parse(imports + expression)
    names = read_names(tree)
    statement = tree.body[-1]
    assert isinstance(statement, ast.Expr)
    thing = names.resolve(statement.value, names.uses[0].scope)
    assert (thing.path if isinstance(thing, Instance) else None) == path


@pytest.mark.parametrize(
    ("module", "name", "expected"),
    [
        ("os", "getcwd", Found),
        ("os", "startfile", Found),
        ("os.path", "join", Found),
        ("asyncio", "TaskGroup", Found),
        ("tkinter", "Tk", Found),
        ("xml", "etree", Found),
        ("logging", "os", Answer.UNSURE),
        ("filecmp", "demo", Answer.UNSURE),
        ("os", "_nosuch", Answer.UNSURE),
        ("os", "nosuch", Answer.ABSENT),
        ("xml", "nosuch", Answer.ABSENT),
    ],
)
def test_members_of_modules(module: str, name: str, expected: object) -> None:
    member = find_member(Module(module), name)
    assert member is expected or type(member) is expected


def test_modules_and_their_ends() -> None:
    assert is_standard_module("xml.etree.ElementTree")
    assert not is_standard_module("numpy")
    assert not is_standard_module("os..path")
    assert not is_standard_module("os.\x00")
    assert module_gone_in("distutils.core") == 12
    assert module_gone_in("json") is None
    removal = find_removal("urllib2")
    assert removal is not None
    assert (removal.version, removal.instead) == ("3.0", "urllib.request")


def test_names_of_packages() -> None:
    assert is_registered("Zope.Interface")
    assert is_registered("ruamel_yaml")
    assert not is_registered("zzmadeup-qx")
    assert not is_registered("")
    assert is_popular("PyYAML")
    assert packages_of_module("yaml.nodes") == ("pyyaml",)
    assert packages_of_module("gdb") == ()
    assert packages_of_module("requests") is None


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("scikitlearn", "scikit-learn"),
        ("reqeusts", "requests"),
        ("panda", None),
        ("pandsa", "pandas"),
        ("sklaern", "sklearn"),
        ("matplotlob", "matplotlib"),
        ("tensorflwo", "tensorflow"),
        ("requests", None),
        ("zzmadeup", None),
        ("x", None),
        ("", None),
        ("q" * 10_000, None),
    ],
)
def test_nearest_popular_package(name: str, near: str | None) -> None:
    neighbour = nearest_popular(name)
    assert (neighbour.name if neighbour else None) == near


@pytest.mark.parametrize(
    ("response", "names"),
    [
        ("```bash\npip install a-one 'b_two[x,y]>=1,<2' c.three==1.0\n```", "a-one b_two c.three"),
        (
            "```bash\npip install -r r.txt -c c.txt -U a-one --no-deps && pip3 install b\n```",
            "a-one b",
        ),
        ("```bash\npip install \\\n    a-one \\\n    b-two\necho c\n```", "a-one b-two"),
        (
            "```bash\nuv add a-one\npoetry add b-two@^1.0\npipx run c-three\n```",
            "a-one b-two c-three",
        ),
        ("```bash\npip install a-one  # and more words\n```", "a-one"),
        ("```bash\n# pip install a-one if you like\n```", "a-one"),
        ("```dockerfile\nRUN pip install --no-cache-dir a-one b-two\n```", "a-one b-two"),
        ("```python\n!pip install a-one b-two\n```", "a-one b-two"),
        ("```python\nraise ImportError('pip install a-one to use this')\n```", "a-one"),
        ("```python\n# install with pip install in a shell\n```", ""),
        ("Use `pip install a-one b-two`, then go on.", "a-one b-two"),
        ("You may pip install anything here.", ""),
        ("- pip install a-one\n", "a-one"),
        ("```bash\npip install -e . git+https://example.org/a.git ./x.whl $NAME {name}\n```", ""),
        ("```bash\npip install --extra-index-url https://example.org a-one\n```", ""),
        ("```bash\nnpm install a-one\nconda install b-two\n```", ""),
        ("```requirements.txt\na-one==1\n# c\n\nb-two\n```", "a-one b-two"),
        ("```text\na-one==1\nb-two\n```", ""),
        ("```toml\n[tool.poetry.dependencies]\npython = '^3.11'\na-one = '^1'\n```", "a-one"),
        ("```toml\n[dependency-groups]\ndev = ['a-one>=2', {include-group = 'x'}]\n```", "a-one"),
        ("```toml\n[project\ndependencies = ['a-one']\n```", ""),
    ],
)
def test_packages_to_install(response: str, names: str) -> None:
    assert installed(response + "\n") == names.split()


def test_code_that_is_too_long_is_said_not_passed() -> None:
    response = "```python\nimport zzmadeupqx\n" + "x = 1\n" * 30_000 + "```\n"
    verdict = CodeHallucination().check(Output(response=response))
    assert isinstance(verdict, NotApplicable)
    assert "too long" in verdict.reason


def test_settings() -> None:
    output = Output(response="```python\nimport zzacmeqx\n```\n")
    assert isinstance(CodeHallucination().check(output), Judged)
    own = CodeHallucination(own_modules=("zzacmeqx",)).check(output)
    assert own == Judged(1.0, ())
    off = CodeHallucination(judge_packages=False).check(output)
    assert isinstance(off, NotApplicable)


@pytest.mark.parametrize(
    "response",
    [
        "```python\n" + "(" * 1_000_000 + "\n```",
        "```python\n" + "a." * 500_000 + "\n```",
        "```python\n" + "\n".join(f"import zz{i}qx" for i in range(9_000)) + "\n```",
        "```python\n" + "\n".join("a = 1; a.x" for _ in range(14_000)) + "\n```",
        "```python\nimport os\n" + "".join(f"os.zz{i}()\n" for i in range(8_000)) + "```",
        "```bash\n" + "\n".join(f"pip install zz{i}qx" for i in range(50_000)) + "\n```",
        "pip install " * 80_000,
        "pip install " + "a-" * 500_000,
        "a." * 500_000 + "py",
        "`a` library " * 80_000,
        "```js\n" + 'from "node:x' * 80_000 + "\n```",
        "```python\nfrom" + " " * 1_000_000 + "\n```",
        "```python\nimport os\x00\nimport o\ud800s\n```" * 1_000,
    ],
    ids=lambda response: repr(response[:30]),
)
def test_hostile_text_is_bounded_in_time(response: str) -> None:
    output = Output(response=response, prompt=response)
    started = time.process_time()
    CodeHallucination().check(output)
    assert time.process_time() - started < 5  # some 1 s on two idle cores
