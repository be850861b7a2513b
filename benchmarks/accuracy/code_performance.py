"""Rates of findings on solutions that ran and passed, recall on injected faults, ruff beside them.

The faults are injected by this module: its recall says that a rule works on other people's code,
not how often models make the fault.
"""

import time
from collections import Counter
from pathlib import Path

from code_structure import answers, find_with_ruff, programs
from measurement import Row, share

from gonogo_checkers.code_performance import CodePerformance
from gonogo_checkers.output import Output
from gonogo_checkers.verdict import Judged

_LANGUAGES = ("python", "javascript", "typescript")
_RULES = [f"PRF{number:03}" for number in range(1, 14)]


def measure(data: Path) -> list[Row]:
    """Measure on the programs of MBXP, which were executed, and on answers of SALLM's models."""
    flagged: Counter[str] = Counter()
    judged = 0
    started = time.perf_counter()
    for language, program in programs(data):
        if language in _LANGUAGES:
            rules = _rules_of(program, language)
            judged += rules is not None
            flagged.update(rules or ())
            flagged["any"] += bool(rules)
    milliseconds = 1000 * (time.perf_counter() - started) / max(judged, 1)
    rows = [share(f"mbxp programs with {rule}", flagged[rule], judged) for rule in ["any", *_RULES]]
    python = [program for language, program in programs(data) if language == "python"]
    rows.append(_ruffs_share("mbxp python programs", python))
    snippets = answers(data)
    said = [_rules_of(text, "python") or set() for text in snippets]
    rows.append(share("sallm answers with any", sum(map(bool, said)), len(said)))
    rows += [
        share(f"sallm answers with {rule}", sum(rule in rules for rules in said), len(said))
        for rule in ("PRF002", "PRF003", "PRF004", "PRF005")
    ]
    rows.append(_ruffs_share("sallm answers", snippets))
    rows += _recall_on_faults(python)
    return [*rows, Row(what="time a snippet", value=milliseconds, unit="ms", n=judged)]


def _rules_of(program: str, language: str) -> set[str] | None:
    verdict = CodePerformance().check(Output(response=f"```{language}\n{program}\n```"))
    if not isinstance(verdict, Judged):
        return None
    return {finding.rule for finding in verdict.findings}


def _ruffs_share(what: str, snippets: list[str]) -> Row:
    flags = [codes - {"invalid-syntax"} for codes in find_with_ruff(snippets, "PERF,ASYNC")]
    return share(f"{what} that ruff flags by PERF or ASYNC", sum(map(bool, flags)), len(flags))


_FAULTS = (
    ("PRF001", "for {a} in {d}:\n    for {b} in {d}:\n        check({a}, {b})"),
    ("PRF002", "{b} = []\nfor {a} in {d}:\n    if {a} not in {b}:\n        {b}.append({a})"),
    ("PRF002", "{b} = sorted({d})\nout = [{b}.index({a}) for {a} in {d}]"),
    ("PRF003", "{b} = ''\nfor {a} in {d}:\n    {b} += str({a})"),
    ("PRF004", "import time\nasync def wait_{a}():\n    time.sleep(2)"),
    ("PRF004", "import requests\nasync def load_{a}({d}):\n    return requests.get({d})"),
    ("PRF004", "import subprocess\nasync def run_{a}({d}):\n    subprocess.run({d}, check=True)"),
    ("PRF005", "for {a} in {d}:\n    cursor.execute('SELECT 1 FROM t WHERE id = %s', ({a},))"),
    ("PRF005", "{b} = [Owner.objects.get(pk={a}.owner_id) for {a} in {d}]"),
    (
        "PRF006",
        "async def get_{b}(client, {d}):\n    return [await client.get({a}) for {a} in {d}]",
    ),
    ("PRF007", "while {d}:\n    {a} = {d}.pop(0)\n    check({a})"),
    ("PRF008", "import re\nfor {a} in {d}:\n    print(re.compile(r'\\d+').findall({a}))"),
    ("PRF009", "for _, {a} in {d}.iterrows():\n    check({a})"),
    ("PRF010", "def ways_{a}({b}):\n    return ways_{a}({b} - 1) + ways_{a}({b} - 2)"),
    (
        "PRF011",
        "for {a} in {d}:\n    for {b} in rest:\n"
        "        if {a}.id == {b}.id:\n            check({b})",
    ),
    ("PRF012", "for {a} in {d}:\n    check({a}, sorted(rest))"),
)
_NAMES = (("row", "found", "rows"), ("user", "kept", "users"), ("n", "m", "values"))


def _recall_on_faults(python: list[str]) -> list[Row]:
    rows = []
    for rule in sorted({rule for rule, _ in _FAULTS}):
        snippets = [
            f"{program.rstrip()}\n\n\n{form.format(a=a, b=b, d=d)}\n"
            for named, form in _FAULTS
            if named == rule
            for (a, b, d) in _NAMES
            for program in python[::6]
        ]
        hits = sum(rule in (_rules_of(text, "python") or ()) for text in snippets)
        row = share(f"python, {rule}, injected: recall", hits, len(snippets))
        ruff = find_with_ruff(snippets, "PERF,ASYNC")
        caught = sum(bool(codes - {"invalid-syntax"}) for codes in ruff) / max(len(snippets), 1)
        rows.append(
            Row(
                what=row.what,
                value=row.value,
                low=row.low,
                high=row.high,
                n=row.n,
                peer="ruff PERF, ASYNC",
                peer_value=caught,
            )
        )
    return rows
