"""A suite in an application's repository: it passes, gets worse, and says so to a stranger."""

import pytest
from app import SYSTEM, App


def last_line(result: pytest.RunResult) -> str:
    return [line for line in result.outlines if line.strip()][-1]


def test_one_item_per_case_and_go_in_the_last_line(
    accepted: App, pytester: pytest.Pytester
) -> None:
    result = pytester.runpytest_inprocess("evals", "-v")
    assert result.ret == 0
    result.stdout.fnmatch_lines(["*test_greetings[[]kim]*PASSED*"])
    result.assert_outcomes(passed=len(accepted.names))
    assert last_line(result) == "GO"


def test_a_worse_answer_fails_with_a_message_a_stranger_can_act_on(
    accepted: App, pytester: pytest.Pytester
) -> None:
    accepted.write_recordings(accepted.dataset, SYSTEM, {"Lee": "Hello. It is on its way to you."})
    result = pytester.runpytest_inprocess("evals")
    assert result.ret == 1
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(
        [
            "*RegressionError: case lee answers worse than the baseline of greetings",
            "*expectations: 1.00 -> 0.00*does not contain 'Lee'*",
            "*--gonogo-update-baselines --gonogo-reason*",
        ]
    )
    assert last_line(result).startswith(
        "NO-GO: greetings: expectations fell by 1.00 in 1 case (lee)"
    )


def test_without_a_baseline_it_is_undecided(app: App, pytester: pytest.Pytester) -> None:
    result = pytester.runpytest_inprocess("evals")
    assert result.ret == 1
    result.assert_outcomes(passed=len(app.names))
    assert last_line(result).startswith("UNDECIDED: greetings: there is no baseline")


def test_policy_may_let_undecided_pass(app: App, pytester: pytest.Pytester) -> None:
    path = app.root / "pyproject.toml"
    path.write_text(path.read_text() + '\n[tool.gonogo.policy]\nundecided = "pass"\n')
    result = pytester.runpytest_inprocess("evals")
    assert result.ret == 0
    assert last_line(result).startswith("UNDECIDED")


def test_a_changed_prompt_is_a_miss_not_the_old_answer(
    accepted: App, pytester: pytest.Pytester
) -> None:
    accepted.write_request(accepted.dataset, "You are brief.")
    result = pytester.runpytest_inprocess("evals", "-k", "kim")
    assert result.ret == 1
    result.stdout.fnmatch_lines(
        [
            "*MissingRecordingError: case kim: no recording answers its request*",
            "*nearest recording: ex_kim*",
            f"*system: recorded '{SYSTEM}', now 'You are brief.'*",
        ]
    )


def test_a_partial_run_says_so(accepted: App, pytester: pytest.Pytester) -> None:
    result = pytester.runpytest_inprocess("evals", "-k", "kim")
    assert result.ret == 0
    assert last_line(result) == "GO (partial: 1 of 3 cases of greetings)"


def test_a_vanished_case_is_reported(accepted: App, pytester: pytest.Pytester) -> None:
    accepted.names = ("Kim", "Lee")
    accepted.write_cases()
    result = pytester.runpytest_inprocess("evals")
    assert result.ret == 1
    assert "cases of the baseline vanished from the dataset (max)" in last_line(result)


def test_a_new_case_is_reported(accepted: App, pytester: pytest.Pytester) -> None:
    accepted.names = (*accepted.names, "Noa")
    accepted.write_cases()
    accepted.write_recordings(accepted.dataset, SYSTEM, {})
    result = pytester.runpytest_inprocess("evals")
    assert result.ret == 1
    assert "cases without a baseline" in last_line(result)
    assert "(noa)" in last_line(result)


def test_a_changed_case_is_reported(accepted: App, pytester: pytest.Pytester) -> None:
    accepted.write_cases(tags={"reviewed": "yes"})
    result = pytester.runpytest_inprocess("evals")
    assert result.ret == 1
    assert "cases changed since the baseline" in last_line(result)


def test_a_skipped_case_is_not_a_pass(accepted: App, pytester: pytest.Pytester) -> None:
    accepted.write(
        "evals/greetings/test_greetings.py",
        """
import pytest

@pytest.mark.gonogo(suite="greetings")
def test_greetings(gonogo, case):
    if case.id == "lee":
        pytest.skip("not today")
    gonogo.run(case)
""",
    )
    result = pytester.runpytest_inprocess("evals")
    assert result.ret == 1
    assert last_line(result).startswith("UNDECIDED: greetings: were skipped (lee)")


def test_a_suite_skipped_as_a_whole_is_not_a_pass(accepted: App, pytester: pytest.Pytester) -> None:
    path = accepted.root / "evals" / "greetings" / "test_greetings.py"
    path.write_text(path.read_text().replace("def test", "@pytest.mark.skip\ndef test"))
    result = pytester.runpytest_inprocess("evals")
    assert result.ret == 1
    assert "were skipped" in last_line(result)


def test_a_failing_assertion_of_the_test_is_no_go(accepted: App, pytester: pytest.Pytester) -> None:
    path = accepted.root / "evals" / "greetings" / "test_greetings.py"
    path.write_text(path.read_text() + "    assert case.id != 'max', 'no Max today'\n")
    result = pytester.runpytest_inprocess("evals")
    assert result.ret == 1
    assert last_line(result).startswith("NO-GO: greetings: test failed: no Max today")


def test_a_broken_checker_of_the_apps_own_is_an_error_in_the_report(
    accepted: App, pytester: pytest.Pytester
) -> None:
    accepted.write(
        "shop_checks.py",
        """
from dataclasses import dataclass
from typing import ClassVar
from gonogo_checkers.verdict import Judged

@dataclass(frozen=True)
class Tone:
    id: ClassVar[str] = "tone"
    version: ClassVar[int] = 1

    def check(self, output):
        if "Lee" in output.response:
            raise KeyError(output.response)
        return Judged(1.0)
""",
    )
    path = accepted.root / "pyproject.toml"
    text = path.read_text().replace("length = 1.0}", "length = 1.0, tone = 1.0}")
    path.write_text(text + '\n[tool.gonogo.checkers.tone]\nuse = "shop_checks:Tone"\n')
    pytester.syspathinsert()
    result = pytester.runpytest_inprocess("evals")
    assert result.ret == 1
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(
        ["*NotScoredError: lee: checkers broke: tone: KeyError at shop_checks.py*"]
    )
    assert "checkers broke: tone (lee)" in last_line(result)
    assert "checker tone: the baseline has 'none'" in last_line(result)


@pytest.mark.parametrize(
    ("cases", "said"),
    [
        ('{"id": "a", "prompt": "x", "colour": 1}\n', "*cases.jsonl:1: *unknown field `colour`*"),
        ("", "*holds no cases*"),
    ],
)
def test_a_bad_dataset_is_one_clear_error(
    accepted: App, pytester: pytest.Pytester, cases: str, said: str
) -> None:
    (accepted.dataset / "cases.jsonl").write_text(cases)
    result = pytester.runpytest_inprocess("evals")
    assert result.ret == 2
    result.stdout.fnmatch_lines([said])
    assert "Traceback" not in result.stdout.str()


def test_an_unknown_suite_names_what_there_is(accepted: App, pytester: pytest.Pytester) -> None:
    path = accepted.root / "evals" / "greetings" / "test_greetings.py"
    path.write_text(path.read_text().replace('"greetings"', '"greeting"'))
    result = pytester.runpytest_inprocess("evals")
    assert result.ret == 2
    result.stdout.fnmatch_lines(["*no suite is called 'greeting'; there are: greetings*"])


def test_a_marker_without_a_suite_is_explained(accepted: App, pytester: pytest.Pytester) -> None:
    path = accepted.root / "evals" / "greetings" / "test_greetings.py"
    path.write_text(path.read_text().replace('suite="greetings"', ""))
    result = pytester.runpytest_inprocess("evals")
    assert result.ret == 2
    result.stdout.fnmatch_lines(["*write the marker as @pytest.mark.gonogo(suite=*"])


def test_a_suite_that_no_test_runs_is_named(accepted: App, pytester: pytest.Pytester) -> None:
    accepted.write("datasets/forgotten/cases.jsonl", '{"id": "a", "prompt": "x"}\n')
    result = pytester.runpytest_inprocess("evals")
    assert last_line(result) == "GO (not run: forgotten)"


def test_an_apps_own_folders_are_left_alone(accepted: App, pytester: pytest.Pytester) -> None:
    accepted.write("checkers/__init__.py", "WHO = 'the app'\n")
    accepted.write("evals/__init__.py", "")
    accepted.write(
        "test_app.py",
        "import checkers, gonogo_checkers\n\ndef test_app():\n    assert checkers.WHO == 'the app'\n",
    )
    pytester.syspathinsert()
    result = pytester.runpytest_subprocess("evals", "test_app.py")
    assert result.ret == 0
    result.assert_outcomes(passed=4)


def test_several_recordings_of_a_case_are_several_trials(
    app: App, pytester: pytest.Pytester
) -> None:
    lines = [
        app.exchange("Kim", SYSTEM, "Hello {name}, it is on its way.", id=f"k{n}") for n in "12"
    ]
    lines += [app.exchange(name, SYSTEM, "Hello {name}, it is here.") for name in ("Lee", "Max")]
    app.write_lines(app.dataset / "recordings.jsonl", lines)
    assert pytester.runpytest_inprocess("evals", "--gonogo-update-baselines").ret == 0
    assert '"case":"kim"' in app.baseline.read_text()
    assert '"expectations":[1.0,1.0]' in app.baseline.read_text()


def test_settings_that_cannot_be_used_end_in_undecided(
    accepted: App, pytester: pytest.Pytester
) -> None:
    path = accepted.root / "pyproject.toml"
    path.write_text(path.read_text() + '\n[tool.gonogo.checkers.length]\nuse = "nowhere:Length"\n')
    result = pytester.runpytest_inprocess("evals")
    assert result.ret == 1
    result.assert_outcomes(failed=3)
    assert "cannot be loaded from 'nowhere:Length'" in last_line(result)
    assert "INTERNALERROR" not in result.stdout.str()


def test_a_failure_of_one_of_two_tests_of_a_case_counts(
    accepted: App, pytester: pytest.Pytester
) -> None:
    path = accepted.root / "evals" / "greetings" / "test_greetings.py"
    again = path.read_text().split("\n\n", 1)[1].replace("test_greetings", "test_later")
    strict = path.read_text() + "    assert case.id != 'lee', 'not Lee'\n"
    path.write_text(strict + "\n\n" + again)
    result = pytester.runpytest_inprocess("evals")
    assert result.ret == 1
    assert last_line(result) == "NO-GO: greetings: test failed: not Lee (lee)"


def test_the_last_line_does_not_hide_what_failed_elsewhere(
    accepted: App, pytester: pytest.Pytester
) -> None:
    accepted.write("evals/test_other.py", "def test_other():\n    assert False\n")
    result = pytester.runpytest_inprocess("evals")
    assert result.ret == 1
    assert last_line(result) == "GO (but pytest fails with exit status 1: see its summary)"


def test_an_unknown_mode_is_refused(accepted: App, pytester: pytest.Pytester) -> None:
    result = pytester.runpytest_subprocess("evals", "-o", "gonogo_mode=dream")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*gonogo_mode = 'dream': there is only replay*"])
