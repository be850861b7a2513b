"""Rates of findings on solutions that ran and passed, recall on injected faults, ruff beside them.

The faults are injected by this module: its recall says that a rule works on other people's code,
not how often models make the fault.
"""

import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from measurement import Row, share

from gonogo_checkers.code_structure import CodeStructure
from gonogo_checkers.output import Output
from gonogo_checkers.verdict import Judged

RULES = [f"STR{number:03}" for number in range(1, 19)]

_PEERS = (
    ({"STR010"}, "F401"),
    ({"STR011"}, "F841"),
    ({"STR008", "STR017"}, "E722"),
)
"""Rules of ours and the rules of ruff that mean the same; STR008 knows `except Exception` too."""


def measure(data: Path) -> list[Row]:
    """Measure on the programs of MBXP, which were executed, and on answers of SALLM's models."""
    flagged: Counter[str] = Counter()
    judged = 0
    started = time.perf_counter()
    for language, program in programs(data):
        rules = rules_of(program, language)
        judged += rules is not None
        flagged.update(rules or ())
    milliseconds = 1000 * (time.perf_counter() - started) / max(judged, 1)
    rows = [
        share(f"mbxp programs with {rule}", flagged[rule], judged, bar=0.02, at_most=True)
        for rule in RULES
    ]
    rows += _compare_with_ruff(answers(data))
    rows += [
        share(f"python, {what}, injected: recall", *_found(data, rule, before, after))
        for rule, what, before, after in _FAULTS
    ]
    return [*rows, Row(what="time a snippet", value=milliseconds, unit="ms", n=judged)]


def programs(data: Path) -> Iterator[tuple[str, str]]:
    """Yield the language and the text of each program of MBXP."""
    with (data / "mbxp" / "programs.jsonl").open(encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            yield row["lang"], row["prompt"] + row["solution"]


def answers(data: Path, most: int = 1_500) -> list[str]:
    """Return answers of SALLM's models that compile: evenly taken, each text once."""
    texts: dict[str, None] = {}
    with (data / "sallm" / "llm_outputs.jsonl").open(encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            if row["compilable"] and row["code"]:
                texts[row["code"]] = None
    return list(texts)[:: max(len(texts) // most, 1)]


def rules_of(program: str, language: str) -> set[str] | None:
    """Return the rules that fire on a program; None where the checker has nothing to say."""
    verdict = CodeStructure().check(Output(response=f"```{language}\n{program}\n```"))
    if not isinstance(verdict, Judged):
        return None
    return {finding.rule for finding in verdict.findings}


def find_with_ruff(snippets: Sequence[str], select: str) -> list[set[str]]:
    """Return, for each snippet of Python, the codes of ruff's rules that fire on it.

    Args:
        snippets: Code; what ruff cannot parse gets `invalid-syntax`.
        select: Rules as ruff's `--select` takes them: `PERF,ASYNC`.
    """
    found: list[set[str]] = [set() for _ in snippets]
    with tempfile.TemporaryDirectory() as folder:
        for number, text in enumerate(snippets):
            path = Path(folder) / f"p{number}.py"
            path.write_text(text, encoding="utf-8", errors="replace")
        command = [sys.executable, "-m", "ruff", "check", "--isolated", "--preview"]
        said = subprocess.run(
            [*command, "--select", select, "--output-format", "json", folder],
            capture_output=True,
            text=True,
            check=False,
        )
    for finding in json.loads(said.stdout):
        number = int(Path(finding["filename"]).stem[1:])
        found[number].add(finding["code"] or "invalid-syntax")
    return found


def _compare_with_ruff(snippets: list[str]) -> list[Row]:
    theirs = find_with_ruff(snippets, ",".join(code for _, code in _PEERS))
    ours = [rules_of(text, "python") or set() for text in snippets]
    rows = []
    for rules, code in _PEERS:
        flags = [bool(rules & found) for found in ours]
        peers = [code in found for found in theirs]
        both = sum(flag and peer for flag, peer in zip(flags, peers, strict=True))
        named = " or ".join(sorted(rules))
        rows.append(share(f"sallm: of {named}, ruff has {code} too", both, sum(flags)))
        rows.append(share(f"sallm: of ruff's {code}, {named} fires too", both, sum(peers)))
    return rows


_TWIN = (
    "\n\n\ndef pick_{0}(rows, limit):\n    found = []\n    for row in rows:\n"
    "        if row.{0} > limit and row.size:\n            found.append((row.{0}, row.name))\n"
    "        elif row.{0} == {1}:\n            found.append((row.size, row.name))\n"
    "    found.sort(key=lambda pair: pair[1])\n    return found"
)
_FAULTS = (
    ("STR004", "nine parameters", "def many(a, b, c, d, e, f, g, h, i):\n    return a\n\n\n", ""),
    ("STR006", "a statement after the last return", "", "\n    unreachable_call()"),
    ("STR007", "an unwritten function", "", "\n\n\ndef later(a):\n    # TODO: implement\n    pass"),
    ("STR007", "a refusing function", "", "\n\n\ndef later(a):\n    raise NotImplementedError"),
    ("STR008", "a swallowed error", "try:\n    go()\nexcept Exception:\n    pass\n\n", ""),
    ("STR009", "a shared default", "def add(item, items=[]):\n    return items\n\n\n", ""),
    ("STR010", "an unused import", "import wave\n", ""),
    ("STR011", "an unused variable", "def f(a):\n    kept_size = len(a)\n    return a\n\n\n", ""),
    ("STR012", "a global", "def f(a):\n    global kept\n    kept = a\n\n\n", ""),
    ("STR013", "twins", "", _TWIN.format("weight", 1) + _TWIN.format("price", 7)),
    ("STR016", "a missing return", "", "\n\n\ndef sign(a):\n    if a > 0:\n        return 1"),
    ("STR017", "a bare except", "try:\n    go()\nexcept:\n    print('failed')\n\n", ""),
    ("STR018", "code left out", "", "\n\n\ndef save(a):\n    check(a)\n    # ... rest of the code"),
)


def _found(data: Path, rule: str, before: str, after: str) -> tuple[int, int]:
    hits = n = 0
    for language, program in programs(data):
        if language != "python":
            continue
        ends_in_return = program.rstrip().split("\n")[-1].startswith("    return")
        if rule == "STR006" and not ends_in_return:
            continue
        n += 1
        hits += rule in (rules_of(before + program.rstrip() + after, "python") or ())
    return hits, n
