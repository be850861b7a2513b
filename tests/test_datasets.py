"""The project's own data: what there is, that it replays, and that a worse prompt is named."""

from collections import Counter
from pathlib import Path

import pytest

from gonogo.baselines import load_baseline
from gonogo.comparison import compare_case
from gonogo.evaluation import evaluate_case, load_suite
from gonogo.registry import CheckerRegistry
from gonogo.running import replay_trials
from gonogo.settings import load_settings
from gonogo_checkers.reading.languages import canonical_language

ROOT = Path(__file__).parents[1]
SUITES = ("code_generation", "content_creation", "customer_support", "document_analysis")
CANDIDATE = "worse-prompt"


def test_there_are_at_least_160_cases_over_the_four_domains() -> None:
    counts = {name: len(load_suite(name, ROOT / "datasets").cases) for name in SUITES}
    assert sum(counts.values()) >= 160
    assert min(counts.values()) >= 40


def test_code_in_at_least_eight_languages() -> None:
    cases = load_suite("code_generation", ROOT / "datasets").cases
    assert len({canonical_language(case.language) for case in cases} - {None}) >= 8


@pytest.mark.parametrize("suite", SUITES)
@pytest.mark.parametrize("candidate", [None, CANDIDATE])
def test_every_case_replays_a_synthetic_recording(suite: str, candidate: str | None) -> None:
    loaded = load_suite(suite, ROOT / "datasets", candidate=candidate)
    for case in loaded.cases:
        (trial,) = replay_trials(case, loaded.shared_request, loaded.recordings)
        exchange = trial.final
        assert exchange.tags["synthetic"] == "true"
        assert exchange.usage is not None
        assert exchange.latency_seconds is not None
        assert exchange.ttft_seconds is not None
        assert exchange.at is not None
    recorded = sum(len(found) for found in loaded.recordings.by_fingerprint.values())
    assert recorded == len(loaded.cases)


@pytest.mark.parametrize("suite", SUITES)
def test_the_data_is_varied(suite: str) -> None:
    loaded = load_suite(suite, ROOT / "datasets")
    kinds: Counter[str] = Counter()
    for case in loaded.cases:
        request = case.request_with(loaded.shared_request)
        kinds["turns"] += bool(request.turns)
        kinds["tools"] += bool(case.request and case.request.get("tools")) or any(
            "tool" in str(block) for block in request.body["messages"]
        )
        kinds["long"] += len(str(request.body["messages"])) > 1500
    assert kinds["turns"] >= 5
    assert kinds["tools"] >= 3
    assert kinds["long"] >= 5


@pytest.mark.parametrize("suite", SUITES)
def test_the_worsened_prompt_falls_in_the_right_cases(suite: str) -> None:
    settings = load_settings(ROOT)
    registry = CheckerRegistry(settings.checkers)
    loaded = load_suite(suite, ROOT / "datasets", candidate=CANDIDATE)
    baseline = load_baseline(ROOT / "baselines" / f"{suite}.jsonl")
    assert baseline is not None
    worsened, fallen = set(), set()
    for case in loaded.cases:
        trials = replay_trials(case, loaded.shared_request, loaded.recordings)
        if "worsened" in trials[0].final.tags:
            worsened.add(case.id)
        accepted = baseline.cases[case.id]
        result = evaluate_case(
            suite,
            case,
            trials,
            settings=settings,
            registry=registry,
            baseline_words=accepted.mean_words,
        )
        if compare_case(accepted, result, settings).is_regression:
            fallen.add(case.id)
    assert worsened == fallen
    assert 10 <= len(worsened) <= len(loaded.cases) // 2
