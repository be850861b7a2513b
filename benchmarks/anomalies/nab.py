"""The Numenta Anomaly Benchmark: reading its corpus, and scoring detections by its rules.

Rules: Lavin and Ahmad, "Evaluating real-time anomaly detection algorithms: the Numenta Anomaly
Benchmark" (2015, arXiv 1510.03336): windows around the labelled anomalies, a sigmoidal reward for
the earliest detection in each, a penalty for each detection outside, three profiles of weights, and
one threshold for the corpus, the best one.
"""

import csv
import json
import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

PROBATION_SHARE = 0.15
PROBATION_MOST = 750


@dataclass(frozen=True, slots=True)
class Profile:
    """What a false positive and a missed window cost, where a true positive earns at most 1."""

    name: str
    false_positive: float
    false_negative: float


STANDARD = Profile("standard", 0.11, 1.0)
LOW_FP = Profile("reward_low_FP_rate", 0.22, 1.0)
LOW_FN = Profile("reward_low_FN_rate", 0.11, 2.0)
PROFILES = (STANDARD, LOW_FP, LOW_FN)


@dataclass(frozen=True, slots=True)
class Series:
    """One file of the corpus.

    Attributes:
        name: `realTweets/Twitter_volume_AAPL.csv`.
        at: Seconds since 1970, one a record.
        values: One a record.
        windows: First and last record of each labelled window, in order.
    """

    name: str
    at: np.ndarray
    values: np.ndarray
    windows: tuple[tuple[int, int], ...]

    @property
    def probation(self) -> int:
        """How many records at the beginning are not scored."""
        return min(math.floor(PROBATION_SHARE * len(self.values)), PROBATION_MOST)


@dataclass(frozen=True, slots=True)
class Best:
    """The best score that one threshold for all series reaches.

    Attributes:
        score: 0 is the detector that says nothing, 100 the perfect one.
        threshold: Scores at least as large are detections.
    """

    score: float
    threshold: float


def read_corpus(folder: Path) -> list[Series]:
    """Read the files and their windows, in the order of their names."""
    windows = json.loads((folder / "labels" / "combined_windows.json").read_text())
    return [_read_series(folder / "data" / name, name, windows[name]) for name in sorted(windows)]


def best_score(series: Sequence[Series], scores: Sequence[np.ndarray], profile: Profile) -> Best:
    """Return the best score over all thresholds, as the benchmark's sweep finds it."""
    levels, gains = _sweep(series, scores, profile)
    if not len(levels):
        return Best(0.0, math.inf)
    last_of_level = np.append(levels[1:] != levels[:-1], True)
    totals = np.cumsum(gains)[last_of_level]
    place = int(np.argmax(totals))
    if totals[place] <= 0:
        return Best(0.0, math.inf)
    return Best(_normal(totals[place], series, profile), float(levels[last_of_level][place]))


def score_at(
    series: Sequence[Series], scores: Sequence[np.ndarray], profile: Profile, threshold: float
) -> float:
    """Return the score where all that reaches a threshold is a detection."""
    levels, gains = _sweep(series, scores, profile)
    return _normal(float(gains[levels >= threshold].sum()), series, profile)


def detections_of(one: Series, scores: np.ndarray, threshold: float) -> tuple[int, int]:
    """Return how many windows were found, and how many records outside were detections."""
    hits = [i for i in np.flatnonzero(scores >= threshold) if i >= one.probation]
    found = {w for w in one.windows for i in hits if w[0] <= i <= w[1]}
    outside = [i for i in hits if not any(w[0] <= i <= w[1] for w in one.windows)]
    return len(found), len(outside)


def seeded_random(values: np.ndarray) -> np.ndarray:
    """Score as the benchmark's own random detector does: Python's generator, seed 42 a file."""
    draw = random.Random(42)  # noqa: S311 - to be repeated, not to be secret
    return np.array([draw.uniform(0, 1) for _ in values])


def windowed_gaussian(values: np.ndarray) -> np.ndarray:
    """Score as the benchmark's own windowedGaussian does.

    One minus the tail probability under the normal distribution of the last 6,400 values, which
    moves on in steps of 100.
    """
    scores = np.zeros(len(values))
    begin, end = 0, 0
    mean, scale = 0.0, 1.0
    for i, value in enumerate(values):
        if i:
            scores[i] = 1 - 0.5 * math.erfc(abs(value - mean) / scale / 1.4142)
        if i - begin < 6400:
            end = i + 1
        elif i + 1 - end == 100:
            begin, end = begin + 100, i + 1
        else:
            continue
        held = values[begin:end]
        mean, scale = float(np.mean(held)), float(np.std(held)) or 0.000001
    return scores


def _read_series(path: Path, name: str, windows: list[list[str]]) -> Series:
    with path.open(newline="") as lines:
        rows = [(row["timestamp"], float(row["value"])) for row in csv.DictReader(lines)]
    at = [_seconds(stamp) for stamp, _ in rows]
    return Series(
        name,
        np.array(at),
        np.array([value for _, value in rows]),
        tuple((at.index(_seconds(a)), at.index(_seconds(b))) for a, b in windows),
    )


def _seconds(stamp: str) -> float:
    return datetime.fromisoformat(stamp).replace(tzinfo=UTC).timestamp()


def _sweep(
    series: Sequence[Series], scores: Sequence[np.ndarray], profile: Profile
) -> tuple[np.ndarray, np.ndarray]:
    """Return, by falling level, what each record adds to the score of the silent detector."""
    parts = [_file_gains(*pair, profile) for pair in zip(series, scores, strict=True)]
    levels = np.concatenate([level for level, _ in parts])
    gains = np.concatenate([gain for _, gain in parts])
    order = np.argsort(-levels, kind="stable")
    return levels[order], gains[order]


def _file_gains(one: Series, scores: np.ndarray, profile: Profile) -> tuple[np.ndarray, np.ndarray]:
    gains = _penalties(one) * profile.false_positive
    for first, last in one.windows:
        begin = max(first, one.probation)
        place = np.arange(begin, last + 1)
        rewards = _sigmoid(-(last - place + 1) / (last - first + 1)) / _sigmoid(np.array([-1.0]))
        best = -profile.false_negative
        order = np.argsort(-scores[begin : last + 1], kind="stable")
        for i in order:
            gains[begin + i] = max(rewards[i] - best, 0.0)
            best = max(best, float(rewards[i]))
    return scores[one.probation :], gains[one.probation :]


def _penalties(one: Series) -> np.ndarray:
    """Return what a detection at each record counts outside windows: -1, less just after one."""
    penalties = np.full(len(one.values), -1.0)
    for first, last in one.windows:
        after = np.arange(last + 1, len(one.values))
        penalties[after] = _sigmoid((after - last) / (last - first))
    return penalties


def _sigmoid(position: np.ndarray) -> np.ndarray:
    """Return the reward by position: -1 is the window's beginning, 0 its end, beyond 3 all lost."""
    return np.where(position >= 3.0, -1.0, 2 / (1 + np.exp(5 * np.minimum(position, 3.0))) - 1)


def _normal(gain: float, series: Sequence[Series], profile: Profile) -> float:
    windows = sum(len(one.windows) for one in series)
    return 100 * gain / (windows * (1 + profile.false_negative))
