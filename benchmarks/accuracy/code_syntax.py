"""Measures `code_syntax` on exact labels: SALLM's completions, MBXP's programs and mutants.

Beside accuracy: how often prose is taken for code, how often the language is guessed right, and
the time a snippet takes against a plain parse by tree-sitter in the same run.
"""

import json
import statistics
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from measurement import Row, precision_recall, share

from gonogo_checkers.code_syntax import CodeSyntax
from gonogo_checkers.output import Output
from gonogo_checkers.reading.code_blocks import find_code_blocks
from gonogo_checkers.reading.grammars import has_grammar, parse
from gonogo_checkers.reading.language_detection import detect_language
from gonogo_checkers.reading.languages import canonical_language
from gonogo_checkers.verdict import Judged

_CHECKER = CodeSyntax()
_CODE_LANGUAGES = ("csharp", "cpp", "java", "javascript", "kotlin", "php", "python", "ruby")


def measure(data: Path) -> list[Row]:
    """Return the figures; every n-th row of a set is read, always the same."""
    return [
        *_sallm(data),
        *_mutants(data),
        *_programs(data),
        *_references(data),
        *_detection(data),
        *_prose(data),
        *_times(data),
    ]


def _rows(path: Path, step: int = 1) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines):
            if number % step == 0:
                yield json.loads(line)


def _is_flagged(code: str, language: str) -> bool:
    verdict = _CHECKER.check(Output(response=f"~~~~~~~~{language}\n{code}\n~~~~~~~~"))
    return isinstance(verdict, Judged) and verdict.score < 1.0


def _sallm(data: Path) -> list[Row]:
    pairs = [
        (not row["compilable"], _is_flagged(row["code"], "python"))
        for row in _rows(data / "sallm" / "llm_outputs.jsonl")
    ]
    agreed = sum(label == flagged for label, flagged in pairs)
    rows = precision_recall("sallm python", pairs)
    return [share("sallm python: same answer as the label", agreed, len(pairs), bar=0.999), *rows]


def _mutants(data: Path) -> list[Row]:
    pairs: dict[str, list[tuple[bool, bool]]] = defaultdict(list)
    for row in _rows(data / "mbxp" / "mutants.jsonl", step=2):
        language = row["lang"]
        if language == "python":
            continue
        label = row["parses_v8"] if language == "javascript" else row["parses_tsc"]
        pairs[language].append((not label, _is_flagged(row["code"], language)))
    rows = []
    for language, counted in sorted(pairs.items()):
        bad = [flagged for label, flagged in counted if label]
        good = [flagged for label, flagged in counted if not label]
        what = f"mbxp mutants {language}"
        rows.append(share(f"{what}: recall", sum(bad), len(bad), bar=0.96))
        alarms = f"{what}: false alarms"
        rows.append(share(alarms, sum(good), len(good), bar=0.01, at_most=True))
    return rows


def _programs(data: Path) -> list[Row]:
    flagged: dict[str, list[bool]] = defaultdict(list)
    for row in _rows(data / "mbxp" / "programs.jsonl", step=4):
        language = canonical_language(row["lang"]) or ""
        code = row["prompt"] + row["solution"] + (row["test"] if language == "csharp" else "")
        if has_grammar(language):
            flagged[language].append(_is_flagged(code, language))
    return [
        share(f"mbxp programs {name}: false alarms", sum(f), len(f), bar=0.01, at_most=True)
        for name, f in sorted(flagged.items())
    ]


def _references(data: Path) -> list[Row]:
    flagged: dict[str, list[bool]] = defaultdict(list)
    for row in _rows(data / "cweval" / "samples.jsonl"):
        flagged[row["lang"]].append(_is_flagged(row["code"], row["lang"]))
    return [
        share(f"cweval {name}: false alarms", sum(f), len(f)) for name, f in sorted(flagged.items())
    ]


def _detection(data: Path) -> list[Row]:
    guesses = [
        (canonical_language(row["lang"]), detect_language(row["prompt"] + row["solution"]))
        for row in _rows(data / "mbxp" / "programs.jsonl", step=10)
    ]
    known = [(name, guess) for name, guess in guesses if name in _CODE_LANGUAGES]
    right = sum(name == guess for name, guess in known)
    wrong = sum(guess is not None and name != guess for name, guess in known)
    return [
        share("mbxp programs: language guessed right", right, len(known), bar=0.95),
        share("mbxp programs: language guessed wrong", wrong, len(known), bar=0.02, at_most=True),
    ]


def _prose(data: Path) -> list[Row]:
    texts = [row["source"] for row in _rows(data / "summedits" / "samples.jsonl", step=10)]
    taken = sum(any(True for _ in find_code_blocks(Output(response=text))) for text in texts)
    return [share("summedits: prose taken for code", taken, len(texts), bar=0.005, at_most=True)]


def _times(data: Path) -> list[Row]:
    rows = list(_rows(data / "mbxp" / "programs.jsonl", step=20))
    ours, plain = [], []
    for row in rows:
        language = canonical_language(row["lang"]) or ""
        if not has_grammar(language):
            continue
        code = row["prompt"] + row["solution"] + row["test"]
        began = time.perf_counter()
        _is_flagged(code, language)
        between = time.perf_counter()
        root = parse(code, language).root_node
        plain.append(time.perf_counter() - between + 0.0 * root.has_error)
        ours.append(between - began)
    return [
        Row(
            what="mbxp programs: time a snippet, median",
            value=1000 * statistics.median(ours),
            unit="ms",
            n=len(ours),
            bar=5.0,
            at_most=True,
            peer="plain tree-sitter",
            peer_value=1000 * statistics.median(plain),
        )
    ]
