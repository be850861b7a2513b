"""Budgets as assertions: the marker, the case's own, the context manager, the suite's."""

import pytest
from app import SYSTEM, App


def marked(app: App, limits: str) -> None:
    app.write(
        "evals/greetings/test_greetings.py",
        f"""
import pytest

@pytest.mark.gonogo(suite="greetings")
@pytest.mark.budget({limits})
def test_greetings(gonogo, case):
    gonogo.run(case)
""",
    )


@pytest.mark.parametrize(
    "limits",
    [
        "input_tokens=60, output_tokens=20, total_tokens=80, cost_usd=0.01",
        "latency_seconds=1.5, ttft_seconds=0.4, calls=1, tool_calls=0",
        "cost_usd='0.00032'",
    ],
)
def test_what_stays_within_passes(accepted: App, pytester: pytest.Pytester, limits: str) -> None:
    marked(accepted, limits)
    assert pytester.runpytest_inprocess("evals").ret == 0


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        (
            "output_tokens=10",
            "output_tokens: 20 used, 10 allowed (over by 10, +100%); exchange ex_kim used most",
        ),
        ("cost_usd=0.0003", "cost_usd: 0.00032 used, 0.0003 allowed*ex_kim*"),
        ("latency_seconds=1", "latency_seconds: 1.5 used, 1 allowed*"),
        ("ttft_seconds=0.3", "ttft_seconds: 0.4 used, 0.3 allowed*"),
        ("input_tokens=59", "input_tokens: 60 used, 59 allowed*"),
        ("total_tokens=79", "total_tokens: 80 used, 79 allowed*"),
    ],
)
def test_a_blown_budget_fails_in_the_call_phase(
    accepted: App, pytester: pytest.Pytester, limits: str, said: str
) -> None:
    marked(accepted, limits)
    result = pytester.runpytest_inprocess("evals", "-k", "kim")
    result.assert_outcomes(failed=1, deselected=2)
    result.stdout.fnmatch_lines(["*BudgetBlownError: budget blown*trial kim#1*", f"*{said}"])
    result.stdout.fnmatch_lines(["NO-GO: greetings: budget exceeded: *(kim) *"])


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        ("cost=1", "*budget {'cost': 1}*unknown field `cost`*limits are: input_tokens*"),
        ("calls=-1", "*calls*"),
    ],
)
def test_a_wrong_limit_is_explained(
    accepted: App, pytester: pytest.Pytester, limits: str, said: str
) -> None:
    marked(accepted, limits)
    result = pytester.runpytest_inprocess("evals")
    assert result.ret == 1
    result.stdout.fnmatch_lines([said])


def test_a_cases_own_budget(app: App, pytester: pytest.Pytester) -> None:
    app.write_cases(expect={"budget": {"output_tokens": 19}})
    result = pytester.runpytest_inprocess("evals")
    result.assert_outcomes(failed=3)
    result.stdout.fnmatch_lines(["*BudgetBlownError: budget blown (case kim, trial kim#1)*"])


def test_a_suites_budget_is_decided_at_the_end(accepted: App, pytester: pytest.Pytester) -> None:
    path = accepted.root / "pyproject.toml"
    path.write_text(
        path.read_text()
        + "\n[tool.gonogo.suites.greetings.budget]\ncost_usd_total = 0.0009\nlatency_seconds_p50 = 2\n"
    )
    result = pytester.runpytest_inprocess("evals")
    assert result.ret == 1
    result.assert_outcomes(passed=3)
    result.stdout.fnmatch_lines(
        ["NO-GO: greetings: budget cost_usd_total: 0.00096 used, 0.0009 allowed (+7%)"]
    )


def test_a_percentile_of_too_few_is_refused(accepted: App, pytester: pytest.Pytester) -> None:
    path = accepted.root / "pyproject.toml"
    path.write_text(
        path.read_text() + "\n[tool.gonogo.suites.greetings.budget]\nlatency_seconds_p95 = 60\n"
    )
    result = pytester.runpytest_inprocess("evals")
    assert result.ret == 1
    result.stdout.fnmatch_lines(["UNDECIDED: *n too small: p95 needs 20 values, there are 3*"])


def test_an_unpriced_model_is_an_error_or_a_configured_price(
    app: App, pytester: pytest.Pytester
) -> None:
    marked(app, "cost_usd=1")
    text = (app.dataset / "recordings.jsonl").read_text()
    answered = text.replace(
        '"response": {"model": "claude-sonnet-5-5"', '"response": {"model": "house"'
    )
    (app.dataset / "recordings.jsonl").write_text(answered)
    result = pytester.runpytest_inprocess("evals")
    result.assert_outcomes(failed=3)
    result.stdout.fnmatch_lines(["*UnpricedModelError: no price is known for model 'house'*"])
    path = app.root / "pyproject.toml"
    path.write_text(
        path.read_text() + "\n[tool.gonogo.prices.house]\ninput_mtok=1\noutput_mtok=2\n"
    )
    pytester.runpytest_inprocess("evals").assert_outcomes(passed=3)


def test_the_context_manager(app: App, pytester: pytest.Pytester) -> None:
    app.write(
        "evals/greetings/test_greetings.py",
        """
import pytest

@pytest.mark.gonogo(suite="greetings")
def test_greetings(gonogo, case):
    with gonogo.budget(output_tokens=10 if case.id == "lee" else 20):
        gonogo.run(case)
""",
    )
    result = pytester.runpytest_inprocess("evals")
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(["*BudgetBlownError: budget blown (within the block)*"])


def test_a_failure_of_the_test_itself_is_shown_before_its_budget(
    accepted: App, pytester: pytest.Pytester
) -> None:
    marked(accepted, "output_tokens=1")
    accepted.write_recordings(accepted.dataset, SYSTEM, {"Kim": "Hello. It is on its way."})
    result = pytester.runpytest_inprocess("evals", "-k", "kim")
    result.stdout.fnmatch_lines(["*RegressionError*"])
    assert "BudgetBlown" not in result.stdout.str()
