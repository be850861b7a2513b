"""Measures `pii` on sentences with exact spans, and its false alarms on texts without such data."""

import json
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from measurement import Row, share

from gonogo_checkers.output import Output
from gonogo_checkers.pii import Pii
from gonogo_checkers.verdict import Judged

RULES = {
    "EMAIL_ADDRESS": "PII001",
    "PHONE_NUMBER": "PII002",
    "CREDIT_CARD": "PII003",
    "US_SSN": "PII004",
    "IBAN_CODE": "PII005",
    "IP_ADDRESS": "PII006",
    "US_DRIVER_LICENSE": "PII007",
}
PEER = "presidio's default recognizers, blank engine"
Span = tuple[int, int, str]
Finder = Callable[[str], list[Span]]


def measure(data: Path) -> list[Row]:
    """Measure spans and sentences against presidio's defaults, then texts that hold no such data."""
    rows = []
    peer = _presidio()
    for name in ("generated_large", "synth_dataset_v2"):
        lines = (data / "presidio_research" / f"{name}.jsonl").read_text(encoding="utf-8")
        sentences = [json.loads(line) for line in lines.splitlines()]
        rows += _compared(name, sentences, peer)
    for what, texts in _clean_texts(data):
        rows += _false_alarms(what, texts, peer)
    return rows


def _ours(text: str) -> list[Span]:
    verdict = Pii().check(Output(response=text))
    findings = verdict.findings if isinstance(verdict, Judged) else ()
    return [
        (finding.start, finding.end, finding.rule)
        for finding in findings
        if finding.start is not None and finding.end is not None
    ]


def _presidio() -> Finder:
    import spacy
    from presidio_analyzer import AnalyzerEngine
    from presidio_analyzer.nlp_engine import SpacyNlpEngine
    from presidio_analyzer.recognizer_registry import RecognizerRegistry

    import tldextract.tldextract as extraction

    # Only in this process: the peer would fetch the public suffix list.
    extraction.TLD_EXTRACTOR = extraction.TLDExtract(suffix_list_urls=(), cache_dir=None)

    class Blank(SpacyNlpEngine):
        def __init__(self) -> None:
            super().__init__()
            self.nlp = {"en": spacy.blank("en")}

    engine = Blank()
    registry = RecognizerRegistry(supported_languages=["en"])
    registry.load_predefined_recognizers(languages=["en"], nlp_engine=engine)
    analyzer = AnalyzerEngine(registry=registry, nlp_engine=engine, default_score_threshold=0.4)

    def find(text: str) -> list[Span]:
        found = analyzer.analyze(text, language="en", entities=list(RULES))
        return [(result.start, result.end, RULES[result.entity_type]) for result in found]

    return find


def _compared(name: str, sentences: list[dict], peer: Finder) -> Iterator[Row]:
    ours, theirs = _count(sentences, _ours), _count(sentences, peer)
    kinds = sorted(set(RULES.values()))
    for unit in ("span", "sentence"):
        for kind in [*kinds, "all"]:
            for measure_name in ("precision", "recall"):
                key = (unit, kind, measure_name)
                hits, total = ours[(*key, "hits")], ours[(*key, "of")]
                label = next((e for e, rule in RULES.items() if rule == kind), "")
                row = share(f"{name} {unit} {kind} {label}: {measure_name}".replace(" :", ":"), hits, total)
                peer_total = theirs[(*key, "of")]
                peer_value = theirs[(*key, "hits")] / peer_total if peer_total else 0.0
                yield Row(**{**_fields(row), "peer": PEER, "peer_value": peer_value})


def _fields(row: Row) -> dict:
    return {name: getattr(row, name) for name in Row.__slots__}


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


def _clean_texts(data: Path) -> Iterator[tuple[str, list[str]]]:
    yield "onestop_english prose", _fields_of(data / "onestop_english", 150)
    yield "summedits documents", _fields_of(data / "summedits", 400)
    yield "mbxp programs", _fields_of(data / "mbxp", 600)
    yield "tau-bench agent replies", _fields_of(data / "taubench_airline", 400)


def _fields_of(folder: Path, most: int) -> list[str]:
    raise NotImplementedError
