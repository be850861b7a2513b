"""Measures `truncation` by the text alone: the stop reason is withheld.

Code of base models that ended at the token limit or by itself (derived from SALLM), and false
alarms on answers that are known to be whole: RAGTruth, TweetSumm summaries, airline dialogues.
XSTest's answers were cut at 256 tokens without a label; only those too short for that are taken.
The peer flags every answer that does not end with a full stop, a bracket, a quote or a fence.
"""

import json
import random
from collections.abc import Iterable, Iterator
from pathlib import Path

from measurement import Row, precision_recall, share

from gonogo_checkers.output import Output
from gonogo_checkers.truncation import Truncation
from gonogo_checkers.verdict import Judged

SAMPLE = 1500
SEED = 20240
SHORT = 600
"""Characters; 256 tokens are about 1,100."""


def measure(data: Path) -> list[Row]:
    """Measure on a fixed sample of the code, and on all whole answers."""
    records = list(jsonl(data / "truncation_sallm" / "samples.jsonl"))
    random.Random(SEED).shuffle(records)  # noqa: S311 - a fixed sample, no secret
    records = records[:SAMPLE]
    rows = []
    for kind in ("code", "mixed"):
        chosen = [record for record in records if record["kind"] == kind]
        pairs = [(record["label"] == 1, is_cut(str(record["text"]), "python")) for record in chosen]
        peers = [(record["label"] == 1, lacks_stop(str(record["text"]))) for record in chosen]
        rows += with_peer(
            precision_recall(f"truncation_sallm {kind}", pairs),
            precision_recall("", peers),
        )
    for name, texts in whole_answers(data):
        found = list(texts)
        row = share(f"{name}: false alarms", sum(map(is_cut, found)), len(found))
        peer = share("", sum(map(lacks_stop, found)), len(found))
        rows += with_peer([row], [peer])
    return rows


def with_peer(rows: list[Row], peers: list[Row]) -> list[Row]:
    """Put the peer's figures beside ours."""
    return [
        Row(
            what=row.what,
            value=row.value,
            low=row.low,
            high=row.high,
            n=row.n,
            peer="no stop at the end",
            peer_value=peer.value,
        )
        for row, peer in zip(rows, peers, strict=True)
    ]


def is_cut(text: str, language: str | None = None) -> bool:
    """Tell whether the checker flags a text whose stop reason it is not told."""
    verdict = Truncation().check(Output(response=text, language=language))
    return isinstance(verdict, Judged) and bool(verdict.findings)


def lacks_stop(text: str) -> bool:
    """Tell whether a text ends without one of the usual marks."""
    return not text.rstrip().endswith((".", "!", "?", "`", ")", '"', "'", "]", "}"))


def whole_answers(data: Path) -> Iterator[tuple[str, Iterable[str]]]:
    """Yield sets of answers that nobody cut."""
    ragtruth = jsonl(data / "ragtruth_test" / "samples.jsonl")
    yield "ragtruth_test answers", (str(record["output"]) for record in ragtruth)
    xstest = jsonl(data / "xstest_refusal" / "samples.jsonl")
    completions = (str(record["completion"]) for record in xstest)
    yield (
        f"xstest answers under {SHORT} characters",
        (text for text in completions if text.strip() and len(text) < SHORT),
    )
    yield "tweetsumm summaries", tweetsumm(data / "tweetsumm")
    yield "taubench_airline replies", airline(data / "taubench_airline" / "gpt-4o-airline.json")


def tweetsumm(folder: Path) -> Iterator[str]:
    """Yield the abstractive summaries, each as one paragraph."""
    for path in sorted(folder.rglob("*.jsonl")):
        for record in jsonl(path):
            annotations = record["annotations"]
            assert isinstance(annotations, list)  # noqa: S101 - the shape of the file
            for annotation in annotations:
                text = " ".join(annotation["abstractive"] or [])
                if text.strip():
                    yield text


def airline(path: Path) -> Iterator[str]:
    """Yield the replies of the assistant."""
    for trajectory in json.loads(path.read_text(encoding="utf-8")):
        for message in trajectory["traj"]:
            if message["role"] == "assistant" and (message.get("content") or "").strip():
                yield message["content"]


def jsonl(path: Path) -> Iterator[dict[str, object]]:
    """Yield the records of a JSON Lines file."""
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)
