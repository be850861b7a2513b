"""Rates of findings on solutions that ran and passed, and ruff's beside them."""

import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from code_structure import programs
from measurement import Row, share

from gonogo_checkers.code_performance import CodePerformance
from gonogo_checkers.output import Output
from gonogo_checkers.verdict import Judged

_LANGUAGES = ("python", "javascript", "typescript")


def measure(data: Path) -> list[Row]:
    """Measure on the programs of MBXP, which were executed."""
    checker = CodePerformance()
    flagged: Counter[str] = Counter()
    judged = 0
    python: list[str] = []
    started = time.perf_counter()
    for language, program in programs(data):
        if language not in _LANGUAGES:
            continue
        if language == "python":
            python.append(program)
        verdict = checker.check(Output(response=f"```{language}\n{program}\n```"))
        if isinstance(verdict, Judged):
            judged += 1
            flagged.update({finding.rule for finding in verdict.findings})
            flagged["any"] += bool(verdict.findings)
    milliseconds = 1000 * (time.perf_counter() - started) / max(judged, 1)
    rules = ["any", *(f"PRF{number:03}" for number in range(1, 11))]
    rows = [share(f"mbxp programs with {rule}", flagged[rule], judged) for rule in rules]
    peer = _ruff_flags(python)
    rows.append(share("mbxp python programs that ruff flags by PERF or ASYNC", peer, len(python)))
    return [*rows, Row(what="time a snippet", value=milliseconds, unit="ms", n=judged)]


def _ruff_flags(texts: list[str]) -> int:
    with tempfile.TemporaryDirectory() as folder:
        for number, text in enumerate(texts):
            (Path(folder) / f"p{number}.py").write_text(text, encoding="utf-8")
        command = [sys.executable, "-m", "ruff", "check", "--isolated", "--select", "PERF,ASYNC"]
        said = subprocess.run(
            [*command, "--output-format", "json", folder],
            capture_output=True,
            text=True,
            check=False,
        )
    return len({found["filename"] for found in json.loads(said.stdout) if found["code"]})
