"""Measures `length`: false alarms on real answers, and recall of lengths that were made wrong.

No public set labels lengths. RAGTruth gives about six models' answers to each source: each is held
against the median length of the others', and what is flagged is shown (models do differ). For
recall, an answer is cut to a fifth or repeated three times ("injected"). XSTest's answers to short
questions are of ordinary length: LEN003 and LEN004 there are false alarms, and an essay put in
their place must be found.
"""

import json
from collections import defaultdict
from pathlib import Path
from statistics import median

from measurement import Row, share

from gonogo_checkers.length import Length, is_short_question
from gonogo_checkers.output import Output
from gonogo_checkers.reading.word_counts import count_words
from gonogo_checkers.verdict import Judged


def measure(data: Path) -> list[Row]:
    """Return rates of findings on real answers, and recall of injected lengths."""
    return [*_against_baseline(data / "ragtruth_test"), *_against_prompt(data / "xstest_refusal")]


def _against_baseline(folder: Path) -> list[Row]:
    answers: dict[str, list[str]] = defaultdict(list)
    for line in (folder / "samples.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        answers[row["id"].rpartition("/")[0]].append(row["output"])
    flagged = cut = repeated = n = 0
    for texts in answers.values():
        counts = [count_words(text) for text in texts]
        for k, text in enumerate(texts):
            others = counts[:k] + counts[k + 1 :]
            if not others:
                continue
            n += 1
            accepted = round(median(others))
            flagged += bool(_rules(text, accepted))
            words = text.split()
            cut += "LEN002" in _rules(" ".join(words[: len(words) // 5]), counts[k])
            repeated += "LEN001" in _rules(f"{text}\n" * 3, counts[k])
    return [
        share("ragtruth: against the other models' median, flagged", flagged, n),
        share("ragtruth, injected: cut to a fifth, found", cut, n),
        share("ragtruth, injected: three times as long, found", repeated, n, bar=0.98),
    ]


def _against_prompt(folder: Path) -> list[Row]:
    n = false_alarms = short = found = 0
    checker = Length()
    essay = "The matter is a long one and has many sides. " * 200
    for line in (folder / "samples.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        verdict = checker.check(Output(response=row["completion"], prompt=row["prompt"]))
        if isinstance(verdict, Judged):
            n += 1
            false_alarms += bool(verdict.findings)
        if is_short_question(row["prompt"]):
            short += 1
            spoiled = checker.check(Output(response=essay, prompt=row["prompt"]))
            found += isinstance(spoiled, Judged) and bool(spoiled.findings)
    return [
        share("xstest: ordinary answers flagged", false_alarms, n, bar=0.02, at_most=True),
        share("xstest, injected: essay for a short question, found", found, short),
    ]


def _rules(response: str, accepted: int) -> set[str]:
    verdict = Length().check(Output(response=response, baseline_words=max(1, accepted)))
    return {f.rule for f in verdict.findings} if isinstance(verdict, Judged) else set()
