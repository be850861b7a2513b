"""Rates of findings on solutions that ran and passed, and recall on injected faults."""

import json
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from measurement import Row, share

from gonogo_checkers.code_structure import CodeStructure
from gonogo_checkers.output import Output
from gonogo_checkers.verdict import Judged


def measure(data: Path) -> list[Row]:
    """Measure on the programs of MBXP, which were executed."""
    checker = CodeStructure()
    flagged: Counter[str] = Counter()
    judged = 0
    started = time.perf_counter()
    for language, program in programs(data):
        verdict = checker.check(Output(response=f"```{language}\n{program}\n```"))
        if isinstance(verdict, Judged):
            judged += 1
            flagged.update({finding.rule for finding in verdict.findings})
    milliseconds = 1000 * (time.perf_counter() - started) / max(judged, 1)
    rows = [
        share(f"mbxp programs with {rule}", flagged[rule], judged, bar=0.02, at_most=True)
        for rule in [f"STR{number:03}" for number in range(1, 11)]
    ]
    rows += [
        share(f"python, {what}, injected: recall", *_found(checker, data, rule, before, after))
        for rule, what, before, after in _FAULTS
    ]
    return [*rows, Row(what="time a snippet", value=milliseconds, unit="ms", n=judged)]


def programs(data: Path) -> Iterator[tuple[str, str]]:
    """Yield the language and the text of each program."""
    with (data / "mbxp" / "programs.jsonl").open(encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            yield row["lang"], row["prompt"] + row["solution"]


_FAULTS = (
    ("STR006", "a statement after the last return", "", "\n    unreachable_call()"),
    ("STR007", "an unwritten function", "", "\n\n\ndef later(a):\n    # TODO: implement\n    pass"),
    ("STR008", "a swallowed error", "try:\n    go()\nexcept Exception:\n    pass\n\n", ""),
    ("STR009", "a shared default", "def add(item, items=[]):\n    return items\n\n\n", ""),
    ("STR010", "an unused import", "import wave\n", ""),
)


def _found(
    checker: CodeStructure, data: Path, rule: str, before: str, after: str
) -> tuple[int, int]:
    hits = n = 0
    for language, program in programs(data):
        if language != "python":
            continue
        ends_in_return = program.rstrip().split("\n")[-1].startswith("    return")
        if rule == "STR006" and not ends_in_return:
            continue
        code = before + program.rstrip() + after
        verdict = checker.check(Output(response=f"```python\n{code}\n```"))
        n += 1
        hits += isinstance(verdict, Judged) and rule in {f.rule for f in verdict.findings}
    return hits, n
