"""The fixture in an application's own tests."""

import pytest
from app import App


def test_check_judges_text_and_fails_below_the_threshold(
    app: App, pytester: pytest.Pytester
) -> None:
    app.write(
        "test_app.py",
        """
def test_good(gonogo):
    card = gonogo.check("Your refund is on its way.", domain="greetings", expect={"contains": ["refund"]})
    assert card.scores["expectations"] == 1.0

def test_bad(gonogo):
    gonogo.check("No idea at all.", domain="greetings", expect={"contains": ["refund"]})

def test_only_scored(gonogo):
    assert gonogo.score("No.", domain="greetings", expect={"contains": ["refund"]}).scores["expectations"] == 0
""",
    )
    result = pytester.runpytest_inprocess("test_app.py")
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(
        [
            "*BelowThresholdError: score *domain greetings demands 0.70*",
            "*does not contain 'refund'*",
        ]
    )
    assert "gonogo.py" not in result.stdout.str()


def test_an_expectation_that_fails_fails_whatever_the_score(
    app: App, pytester: pytest.Pytester
) -> None:
    app.write(
        "test_app.py",
        """
def test_app(gonogo):
    text = "Your refund is on its way and arrives tomorrow."
    gonogo.check(text, domain="greetings", expect={"contains": ["refund", "way", "your", "is"], "excludes": ["tomorrow"]})
""",
    )
    result = pytester.runpytest_inprocess("test_app.py")
    result.assert_outcomes(failed=1)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        ("gonogo.check(domain='greetings')", "*nothing to judge: the test made no call*"),
        (
            "gonogo.check('x', domain='greetings', expect={'contain': ['y']})",
            "*unknown field `contain`*",
        ),
        ("gonogo.run(None)", "*this needs a suite*"),
        ("gonogo.budget(cost=1).__enter__()", "*unknown field `cost`*"),
    ],
)
def test_wrong_use_is_explained(app: App, pytester: pytest.Pytester, call: str, said: str) -> None:
    app.write("test_app.py", f"def test_app(gonogo):\n    {call}\n")
    result = pytester.runpytest_inprocess("test_app.py")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([said])


def test_an_unknown_domain_warns_and_is_general(app: App, pytester: pytest.Pytester) -> None:
    app.write(
        "test_app.py",
        """
import pytest

def test_app(gonogo):
    with pytest.warns(UserWarning, match="domain 'cooking' is not defined: judged as 'general'"):
        card = gonogo.score("Boil the water, then add the pasta.", domain="cooking", prompt="How do I cook pasta?")
    assert card.domain == "general"
""",
    )
    pytester.runpytest_inprocess("test_app.py").assert_outcomes(passed=1)


def test_a_suite_may_ask_the_application(app: App, pytester: pytest.Pytester) -> None:
    app.write(
        "evals/greetings/test_greetings.py",
        """
import pytest

def answer(case):
    return f"Hello {case.id.title()}, your order is here."

@pytest.mark.gonogo(suite="greetings")
def test_greetings(gonogo, case):
    result = gonogo.run(case, ask=answer)
    assert result.trials[0].scorecard.scores["expectations"] == 1.0
    assert gonogo.exchanges[-1].response.text.startswith("Hello")
""",
    )
    pytester.runpytest_inprocess("evals").assert_outcomes(passed=3)


def test_no_decision_is_printed_where_no_suite_ran(app: App, pytester: pytest.Pytester) -> None:
    app.write("test_app.py", "def test_app():\n    pass\n")
    result = pytester.runpytest_inprocess("test_app.py")
    plain = pytester.runpytest_inprocess("test_app.py", "-p", "no:gonogo")
    assert len(result.outlines) == len(plain.outlines)
    assert "passed" in result.outlines[-1]


def test_expectations_hold_whatever_the_output_and_the_domain(
    app: App, pytester: pytest.Pytester
) -> None:
    path = app.root / "pyproject.toml"
    path.write_text(path.read_text() + "\n[tool.gonogo.domains.plain]\nweights = {length = 1.0}\n")
    app.write(
        "test_app.py",
        """
import pytest
from gonogo.errors import BelowThresholdError
from gonogo_checkers.output import Output

TEXT = "Your parcel is on its way, and it arrives tomorrow before noon."

@pytest.mark.parametrize("expect", [{"contains": ["refund"]}, {"refusal": True}])
@pytest.mark.parametrize("output", [TEXT, Output(response=TEXT)])
def test_app(gonogo, output, expect):
    with pytest.raises(BelowThresholdError, match="must hold in full"):
        gonogo.check(output, domain="plain", prompt="Where is my parcel now, and when will it come?", expect=expect)
""",
    )
    pytester.runpytest_inprocess("test_app.py").assert_outcomes(passed=4)
