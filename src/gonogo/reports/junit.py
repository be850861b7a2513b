"""The properties of a test in JUnit's XML, which pytest writes with `--junitxml`."""

from statistics import fmean

from gonogo.baselines import scores_by_trial
from gonogo.evaluation import CaseResult


def properties_of(result: CaseResult) -> list[tuple[str, object]]:
    """Return what a case scored and used, as names and values."""
    trials = result.trials
    scores = scores_by_trial(trials)
    properties: list[tuple[str, object]] = [
        (f"gonogo_{name.removesuffix('score')}_score".replace("__", "_"), round(fmean(values), 4))
        for name, values in scores.items()
    ]
    measured = [m for trial in trials for m in trial.measured]
    for name in ("input_tokens", "output_tokens", "cost_usd", "latency_seconds"):
        values = [getattr(m, name) for m in measured]
        if values and None not in values:
            properties.append((f"gonogo_{name}", str(sum(values))))
    return properties
