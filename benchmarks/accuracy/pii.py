"""Measures `pii` on sentences with exact spans, and its false alarms on texts without such data.

The peer is presidio's own analyzer with its default recognizers and the same blank pipeline, from
score 0.4 on. Sentences of presidio-research are generated from templates: what they measure is
whether forms are known, not how leaks of a model look.
"""

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import spacy
import tldextract.tldextract as extraction
from measurement import Row, share
from presidio_analyzer import AnalyzerEngine
from presidio_analyzer.nlp_engine import SpacyNlpEngine
from presidio_analyzer.recognizer_registry import RecognizerRegistry

from gonogo_checkers.output import Output
from gonogo_checkers.pii import Pii
from gonogo_checkers.verdict import Finding, Judged, Severity

RULES = {
    "EMAIL_ADDRESS": "PII001",
    "PHONE_NUMBER": "PII002",
    "CREDIT_CARD": "PII003",
    "US_SSN": "PII004",
    "IBAN_CODE": "PII005",
    "IP_ADDRESS": "PII006",
    "US_DRIVER_LICENSE": "PII007",
}
PEER = "presidio, default recognizers, blank pipeline"
Span = tuple[int, int, str]
Finder = Callable[[str], list[Span]]
_FIRST_USE = """
import time
from gonogo_checkers.output import Output
from gonogo_checkers.pii import Pii
began = time.perf_counter()
Pii().check(Output(response="Call +44 20 7946 0831 or write to jo@example.org."))
print(time.perf_counter() - began)
"""


def measure(data: Path) -> list[Row]:
    """Measure spans and sentences, then texts that hold hardly any such data, then time."""
    rows = []
    peer = _presidio()
    for name in ("generated_large", "synth_dataset_v2"):
        lines = (data / "presidio_research" / f"{name}.jsonl").read_text(encoding="utf-8")
        sentences = [json.loads(line) for line in lines.splitlines()]
        rows += _compared(name, sentences, peer)
    for what, outputs, words in _clean_texts(data):
        rows += _false_alarms(what, outputs, words, peer)
    first = subprocess.run(
        [sys.executable, "-c", _FIRST_USE], capture_output=True, text=True, check=True
    )
    return [
        *rows,
        Row(what="first use, presidio imported", value=1e3 * float(first.stdout), unit="ms"),
    ]


def _findings(output: Output) -> tuple[Finding, ...]:
    verdict = Pii().check(output)
    return verdict.findings if isinstance(verdict, Judged) else ()


def _ours(text: str) -> list[Span]:
    return [
        (finding.start, finding.end, finding.rule)
        for finding in _findings(Output(response=text))
        if finding.start is not None and finding.end is not None
    ]


class _Blank(SpacyNlpEngine):
    def __init__(self) -> None:
        super().__init__()
        self.nlp = {"en": spacy.blank("en")}


def _presidio() -> Finder:
    # Only in this process: the peer would fetch the public suffix list.
    extraction.TLD_EXTRACTOR = extraction.TLDExtract(suffix_list_urls=(), cache_dir=None)
    engine = _Blank()
    registry = RecognizerRegistry(supported_languages=["en"])
    registry.load_predefined_recognizers(languages=["en"], nlp_engine=engine)
    analyzer = AnalyzerEngine(registry=registry, nlp_engine=engine, default_score_threshold=0.4)

    def find(text: str) -> list[Span]:
        found = analyzer.analyze(text, language="en", entities=list(RULES))
        return [(result.start, result.end, RULES[result.entity_type]) for result in found]

    return find


def _compared(name: str, sentences: list[dict], peer: Finder) -> Iterator[Row]:
    ours, theirs = _count(sentences, _ours), _count(sentences, peer)
    shown = [("span", kind) for kind in RULES.values()] + [("span", "all"), ("sentence", "all")]
    labels = {rule: entity for entity, rule in RULES.items()}
    for unit, kind in shown:
        for measured, bar in (("precision", 0.95), ("recall", 0.9)):
            key = (unit, kind, measured)
            row = share(
                f"{name} {unit}s, {labels.get(kind, kind)}: {measured}",
                ours[*key, "hits"],
                ours[*key, "of"],
                bar=bar if kind == "all" else None,
            )
            total = theirs[*key, "of"]
            yield replace(row, peer=PEER, peer_value=theirs[*key, "hits"] / total if total else 0.0)


def _count(sentences: list[dict], find: Finder) -> Counter:
    counts: Counter = Counter()
    for sentence in sentences:
        labelled = [
            (span["start_position"], span["end_position"], RULES[span["entity_type"]])
            for span in sentence["spans"]
            if span["entity_type"] in RULES
        ]
        found = find(sentence["full_text"])
        for kind in sorted(set(RULES.values())):
            real = [span for span in labelled if span[2] == kind]
            flagged = [span for span in found if span[2] == kind]
            pairs = {
                "precision": (_matched(flagged, real), len(flagged)),
                "recall": (_matched(real, flagged), len(real)),
            }
            both = int(bool(real) and bool(flagged))
            whole = {"precision": (both, int(bool(flagged))), "recall": (both, int(bool(real)))}
            for unit, figures in (("span", pairs), ("sentence", whole)):
                for name, (hits, of) in figures.items():
                    for key in (kind, "all"):
                        counts[unit, key, name, "hits"] += hits
                        counts[unit, key, name, "of"] += of
    return counts


def _matched(these: list[Span], those: list[Span]) -> int:
    return sum(any(a[0] < b[1] and b[0] < a[1] for b in those) for a in these)


def _clean_texts(data: Path) -> Iterator[tuple[str, list[Output], int]]:
    """Yield sets of texts that hold hardly any such data, and how many words they have."""
    articles = sorted((data / "onestop_english").rglob("*.txt"))
    texts = [path.read_text(encoding="utf-8", errors="replace") for path in articles]
    yield _set("onestop_english articles", [Output(response=text) for text in texts])
    rows = _rows(data / "summedits" / "samples.jsonl")
    sources = list(dict.fromkeys(row["source"] for row in rows))
    yield _set("summedits documents", [Output(response=text) for text in sources])
    programs = _rows(data / "mbxp" / "programs.jsonl")
    code = [
        Output(response=f"```{row['lang']}\n{row['prompt']}{row['solution']}\n{row['test']}\n```")
        for row in programs[::4]
    ]
    yield _set("mbxp programs", code)
    yield _set("tau-bench agent replies", list(_replies(data)))
    rows = _rows(data / "xstest_refusal" / "samples.jsonl")
    yield _set(
        "xstest replies, some with help lines",
        [Output(response=row["completion"], prompt=row["prompt"]) for row in rows],
    )


def _set(what: str, outputs: list[Output]) -> tuple[str, list[Output], int]:
    return what, outputs, sum(len(output.response.split()) for output in outputs)


def _rows(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def _replies(data: Path) -> Iterator[Output]:
    """Yield the agent's replies of each dialogue as one text, with everything else as given."""
    path = data / "taubench_airline" / "gpt-4o-airline.json"
    for dialogue in json.loads(path.read_text(encoding="utf-8")):
        texts: dict[bool, list[str]] = {True: [], False: []}
        for message in dialogue["traj"]:
            is_reply = message["role"] == "assistant" and bool(message.get("content"))
            texts[is_reply].append(str(message.get("content") or ""))
        yield Output(response="\n\n".join(texts[True]), context=tuple(texts[False]))


def _false_alarms(what: str, outputs: list[Output], words: int, peer: Finder) -> Iterator[Row]:
    began = time.process_time()
    findings = [_findings(output) for output in outputs]
    spent = time.process_time() - began
    grave = sum(any(one.severity is Severity.HIGH for one in found) for found in findings)
    row = share(f"{what}: texts with findings", sum(map(bool, findings)), len(outputs))
    sample = outputs[:: max(1, len(outputs) // 60)]
    theirs = sum(bool(peer(output.response[:20_000])) for output in sample) / len(sample)
    yield replace(row, peer=f"{PEER} ({len(sample)} texts)", peer_value=theirs)
    yield share(f"{what}: texts with findings of high severity", grave, len(outputs))
    yield Row(what=f"{what}: time per 1,000 words", value=1e6 * spent / words, unit="ms", n=words)
