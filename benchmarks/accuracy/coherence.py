"""Measures the false alarms of `coherence` on sound texts, and its recall on injected faults.

No public set labels these faults, so recall is measured on faults that this file injects into
RAGTruth's answers, and says no more than that the rules fire where they are meant to. A finding
on a sound text counts as a false alarm though some of them are real (OneStopEnglish holds control
characters, airline replies hold empty sections).
"""

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from measurement import Row, share

from gonogo_checkers.coherence import Coherence
from gonogo_checkers.output import Output
from gonogo_checkers.verdict import Judged

INJECTED = 200


def measure(data: Path) -> list[Row]:
    """Measure on all sound texts and on 200 answers a fault."""
    rows = []
    for name, texts in sound_texts(data):
        found = list(texts)
        rows.append(share(f"{name}: false alarms", sum(map(is_flagged, found)), len(found)))
    answers = [text for text in ragtruth(data) if len(text.split()) > 40][:INJECTED]
    for rule, inject in FAULTS:
        hits = sum(rule in rules_of(inject(text)) for text in answers)
        rows.append(share(f"injected into ragtruth_test, {rule}: recall", hits, len(answers)))
    return rows


def loop(text: str) -> str:
    """End in a loop of the last eight words."""
    return text + (" " + " ".join(text.split()[-8:])) * 6


def say_again(text: str) -> str:
    """Put the first paragraph at the end too."""
    first = next(part for part in text.split("\n\n") if len(part.split()) >= 12)
    return f"{text}\n\n{first}"


def garble(text: str) -> str:
    """Read an accented word in the wrong encoding."""
    return text + " " + "Résumé à côté.".encode().decode("cp1252", errors="ignore")


def leak(text: str) -> str:
    """Go on with the user's next turn."""
    return text + "\n\nHuman: And what else?\n\nAssistant: Nothing else."


def leave_blank(text: str) -> str:
    """Leave a variable of a template."""
    return "Dear {{first_name}},\n\n" + text


def misnumber(text: str) -> str:
    """Add a list whose numbers repeat and jump."""
    return text + "\n\n1. Read it.\n2. Check it.\n2. Sign it.\n4. Send it.\n"


FAULTS: tuple[tuple[str, Callable[[str], str]], ...] = (
    ("COH001", loop),
    ("COH003", say_again),
    ("COH004", garble),
    ("COH005", leak),
    ("COH006", leave_blank),
    ("COH008", misnumber),
)


def rules_of(text: str) -> set[str]:
    """Return the rules that fire on a text."""
    verdict = Coherence().check(Output(response=text))
    return {found.rule for found in verdict.findings} if isinstance(verdict, Judged) else set()


def is_flagged(text: str) -> bool:
    """Tell whether any rule fires."""
    return bool(rules_of(text))


def sound_texts(data: Path) -> Iterator[tuple[str, Iterable[str]]]:
    """Yield sets of texts that hold together."""
    yield "tweetsumm summaries", tweetsumm(data / "tweetsumm")
    yield "ragtruth_test answers", ragtruth(data)
    paths = sorted((data / "onestop_english").rglob("*.txt"))
    yield (
        "onestop_english articles",
        (path.read_text(encoding="utf-8-sig", errors="replace") for path in paths),
    )
    airline = json.loads((data / "taubench_airline" / "gpt-4o-airline.json").read_text("utf-8"))
    yield (
        "taubench_airline replies",
        (
            message["content"]
            for trajectory in airline
            for message in trajectory["traj"]
            if message["role"] == "assistant" and message.get("content")
        ),
    )


def ragtruth(data: Path) -> Iterator[str]:
    """Yield RAGTruth's answers."""
    path = data / "ragtruth_test" / "samples.jsonl"
    return (json.loads(line)["output"] for line in path.read_text("utf-8").splitlines())


def tweetsumm(folder: Path) -> Iterator[str]:
    """Yield TweetSumm's abstractive summaries, each as one paragraph."""
    for path in sorted(folder.rglob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            for annotation in json.loads(line)["annotations"]:
                if annotation["abstractive"]:
                    yield " ".join(annotation["abstractive"])
