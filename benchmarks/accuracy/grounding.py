"""Measures `grounding` on answers with human labels of what their source does not support.

RAGTruth (answers of six models, word spans), SummEdits (edited summaries) and BEGIN (dialogue
replies). The labels count what is contradicted as well as what is not given; the checker can only
see the second. Peers in the same run: flag everything, and the share of novel content words alone
at its own best threshold.
"""

import json
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from measurement import Row, precision_recall, share

from gonogo_checkers.claims.given_texts import index_texts
from gonogo_checkers.grounding import Grounding
from gonogo_checkers.output import Output
from gonogo_checkers.verdict import Finding, Judged

SAMPLE = 1200
SEED = 20240


@dataclass(frozen=True, slots=True)
class Scored:
    """One labelled answer: is it bad, how bad the checker and the peer find it, and where."""

    bad: bool
    harm: float
    novel: float
    findings: tuple[Finding, ...]
    spans: tuple[tuple[int, int], ...]


def measure(data: Path) -> list[Row]:
    """Measure on a fixed sample of each set; findings of any kind flag an answer by default."""
    rows: list[Row] = []
    for name in ("ragtruth_test", "summedits", "begin"):
        scored = [score(record) for record in sample(data / name / "samples.jsonl")]
        rows += answer_rows(name, scored)
        if name == "ragtruth_test":
            rows += span_rows(name, scored)
    return rows


def sample(path: Path) -> Iterator[dict[str, object]]:
    """Yield a fixed random sample of a file."""
    records = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    random.Random(SEED).shuffle(records)  # noqa: S311 - a fixed sample, no secret
    yield from records[:SAMPLE]


def score(record: dict[str, object]) -> Scored:
    """Judge one record; sources that are objects are given as JSON, as an application would."""
    source = record["source"]
    prompt = str(record.get("message", ""))
    if isinstance(source, dict) and "passages" in source:
        prompt, source = str(source["question"]), source["passages"]
    context = source if isinstance(source, str) else json.dumps(source, ensure_ascii=False)
    output = Output(response=str(record["output"]), prompt=prompt, context=(context,))
    verdict = Grounding().check(output)
    judged = verdict if isinstance(verdict, Judged) else Judged(1.0)
    labels = record.get("labels", [])
    assert isinstance(labels, list)  # noqa: S101 - the shape of the file
    return Scored(
        bad=record["label"] == 1,
        harm=1.0 - judged.score,
        novel=novel_share(output),
        findings=judged.findings,
        spans=tuple((label["start"], label["end"]) for label in labels),
    )


def novel_share(output: Output) -> float:
    """Return the share of words of four letters or more that the given texts do not have."""
    known = index_texts(output.given_texts()).vocabulary
    words = [word.strip(".,;:!?()\"'") for word in output.response.split()]
    words = [word for word in words if len(word) > 3 and word.isalpha()]
    return sum(not known.knows(word) for word in words) / max(1, len(words))


def answer_rows(name: str, scored: list[Scored]) -> list[Row]:
    """Return F1 at the default and at the best threshold, the area under the curve, and rules."""
    harms = [(one.harm, one.bad) for one in scored]
    novel = [(one.novel, one.bad) for one in scored]
    everything = f1(((True, bad) for _, bad in harms))
    default = f1((harm > 0, bad) for harm, bad in harms)
    best, threshold = best_f1(harms)
    peer, _ = best_f1(novel)
    rows = [
        Row(
            what=f"{name}: F1, any finding (the default)",
            value=default,
            n=len(scored),
            peer="flag everything",
            peer_value=everything,
        ),
        Row(
            what=f"{name}: F1 at the best threshold (score <= {1 - threshold:.3f})",
            value=best,
            n=len(scored),
            peer="novel words, best threshold",
            peer_value=peer,
        ),
        Row(
            what=f"{name}: area under the curve",
            value=area(harms),
            n=len(scored),
            peer="novel words",
            peer_value=area(novel),
        ),
    ]
    rows += precision_recall(f"{name}, any finding", ((one.bad, one.harm > 0) for one in scored))
    for rule in ("GRD001", "GRD002", "GRD003", "GRD004", "GRD005"):
        flagged = [one for one in scored if any(found.rule == rule for found in one.findings)]
        rows.append(
            share(f"{name}, {rule}: precision", sum(one.bad for one in flagged), len(flagged))
        )
    return rows


def span_rows(name: str, scored: list[Scored]) -> list[Row]:
    """Return how many findings touch a labelled span, and how many spans a finding touches."""
    found = [(item, one.spans) for one in scored for item in one.findings]
    hits = sum(any(touches(item, span) for span in spans) for item, spans in found)
    labelled = [(span, one.findings) for one in scored for span in one.spans]
    covered = sum(any(touches(item, span) for item in items) for span, items in labelled)
    return [
        share(f"{name}, spans: findings that touch a labelled span", hits, len(found)),
        share(f"{name}, spans: labelled spans that a finding touches", covered, len(labelled)),
    ]


def touches(finding: Finding, span: tuple[int, int]) -> bool:
    """Tell whether a finding and a span overlap."""
    if finding.start is None or finding.end is None:
        return False
    return finding.start < span[1] and span[0] < finding.end


def f1(pairs: Iterable[tuple[bool, bool]]) -> float:
    """Return the harmonic mean of precision and recall of (flagged, bad); 0 where none is right."""
    counted = list(pairs)
    hits = sum(flagged and bad for flagged, bad in counted)
    total = sum(flagged for flagged, _ in counted) + sum(bad for _, bad in counted)
    return 2 * hits / total if total else 0.0


def best_f1(pairs: list[tuple[float, bool]]) -> tuple[float, float]:
    """Return the best F1 over all thresholds, and that threshold; chosen on the same data."""
    thresholds = sorted({value for value, _ in pairs})
    return max((f1((value >= cut, bad) for value, bad in pairs), cut) for cut in thresholds)


def area(pairs: list[tuple[float, bool]]) -> float:
    """Return the share of (bad, good) pairs in which the bad one has more harm; ties count half."""
    bad = [value for value, label in pairs if label]
    good = [value for value, label in pairs if not label]
    wins = sum((b > g) + 0.5 * (b == g) for b in bad for g in good)
    return wins / (len(bad) * len(good)) if bad and good else 0.5
