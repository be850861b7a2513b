"""The pytest plugin: options, markers, fixtures, and the decision at the end of a session.

Imports nothing but the standard library and pytest until a test uses it.
"""

from __future__ import annotations

import argparse
import hashlib
import re
from collections.abc import Generator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from shutil import get_terminal_size
from typing import TYPE_CHECKING, Final, Protocol

import pytest

if TYPE_CHECKING:
    from decimal import Decimal

    from gonogo.cases import Case
    from gonogo.harness import Gonogo
    from gonogo.project import Asking, Project
    from gonogo.runs import Failure, Gate, Row, Run

_PROJECT: Final = pytest.StashKey["Project"]()
_GONOGO: Final = pytest.StashKey["Gonogo"]()
_STARTED: Final = pytest.StashKey[str]()
_ROWS: Final = "gonogo_rows"
_MODES: Final = ("replay", "record", "rerecord", "live")
_REPORT_SUFFIXES: Final = (".md", ".html", ".json", ".sarif")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options and ini settings, all of them prefixed."""
    group = parser.getgroup("gonogo", "gonogo: is what Claude answers still good enough?")
    group.addoption(
        "--gonogo-mode",
        choices=_MODES,
        default=None,
        help="how answers are had: replay (default; no network), record (ask what is missing),"
        " rerecord (ask all anew), live (ask all; recordings stay as they are)",
    )
    group.addoption(
        "--gonogo-trials",
        metavar="N",
        type=_positive,
        help="how often each case is tried (default: as often as it is recorded)",
    )
    group.addoption(
        "--gonogo-max-cost-usd",
        metavar="USD",
        type=_amount,
        help="spend no more on asking Claude; overrides [tool.gonogo] max_cost_usd",
    )
    group.addoption(
        "--gonogo-stop-early",
        action="store_true",
        help="ask the cases in random order, in rounds, and stop as soon as the decision is certain"
        " (mode live)",
    )
    group.addoption(
        "--gonogo-rounds",
        metavar="N",
        type=_positive,
        default=None,
        help="how many rounds --gonogo-stop-early plans (default: 10)",
    )
    group.addoption(
        "--gonogo-candidate",
        metavar="NAME",
        help="take the prompt and the recordings of datasets/<suite>/candidates/NAME",
    )
    group.addoption(
        "--gonogo-update-baselines",
        action="store_true",
        help="accept this run as the new baseline of each suite that ran completely",
    )
    group.addoption(
        "--gonogo-reason",
        metavar="TEXT",
        help="why a run is accepted although it is NO-GO; kept in the baseline's history",
    )
    group.addoption(
        "--gonogo-report",
        metavar="PATH",
        action="append",
        default=[],
        help="write a report; .md, .html, .json or .sarif; may be given more than once",
    )
    parser.addini("gonogo_mode", "how answers are had", default="replay")
    parser.addini("gonogo_datasets", "folder of the datasets; overrides [tool.gonogo] datasets")
    parser.addini("gonogo_baselines", "folder of the baselines; overrides [tool.gonogo] baselines")


def pytest_configure(config: pytest.Config) -> None:
    """Register the markers, and where reports arrive the session that decides.

    Raises:
        pytest.UsageError: If a mode or a report is asked for that there is not.
    """
    config.addinivalue_line(
        "markers", "gonogo(suite): make a test of each case of a suite; it asks for `case`"
    )
    config.addinivalue_line(
        "markers",
        "budget(**limits): fail the test if its exchanges use more: input_tokens, output_tokens,"
        " total_tokens, cost_usd, latency_seconds, ttft_seconds, calls, tool_calls",
    )
    if _mode(config) not in _MODES:
        raise pytest.UsageError(
            f"gonogo_mode = {_mode(config)!r}: there is only {', '.join(_MODES)}"
        )
    _demand_stoppable(config)
    reports = [Path(path) for path in config.getoption("--gonogo-report")]
    wrong = [path for path in reports if path.suffix not in _REPORT_SUFFIXES]
    if wrong:
        known = ", ".join(_REPORT_SUFFIXES)
        raise pytest.UsageError(f"--gonogo-report {wrong[0]}: its name must end in {known}")
    config.stash[_STARTED] = datetime.now(UTC).strftime("%Y-%m-%dT%H-%M-%S-%fZ")
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(_Session(config, reports), "gonogo-session")


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: _Worker) -> None:
    """Tell a worker of xdist when the run started: its live recordings go into the same folder."""
    node.workerinput["gonogo_started"] = node.config.stash[_STARTED]


@pytest.fixture
def gonogo(request: pytest.FixtureRequest) -> Generator[Gonogo, None, None]:
    """Run cases of the test's suite, capture calls, judge outputs, hold budgets."""
    from gonogo.harness import Gonogo  # noqa: PLC0415 - heavy: only for tests that use it

    project = _project(request.config)
    own = _own_recordings(request.node)
    held = Gonogo(project, _suite_name(request.node), own)
    request.node.stash[_GONOGO] = held
    with held.capturing():
        yield held
    held.capture.finish()
    if own in project.books:
        project.shelf.close(own)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make one test of each case of the marked suite."""
    suite_name = _suite_name(metafunc.definition)
    if suite_name is None or "case" not in metafunc.fixturenames:
        return
    from gonogo.errors import GonogoError  # noqa: PLC0415 - heavy: only for suites

    try:
        cases = _project(metafunc.config).suite(suite_name).cases
    except GonogoError as error:
        raise pytest.Collector.CollectError(str(error)) from error
    metafunc.parametrize("case", cases, ids=[case.id for case in cases])


def pytest_itemcollected(item: pytest.Item) -> None:
    """Give a test with a budget the fixture that measures it."""
    names = getattr(item, "fixturenames", None)
    if names is not None and "gonogo" not in names and item.get_closest_marker("budget"):
        names.insert(0, "gonogo")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """End the test's recordings and hold its exchanges to its budget, in its call phase."""
    __tracebackhide__ = True
    try:
        outcome = yield
    except Exception as error:
        if _is_spared(error):
            pytest.skip(str(error))
        raise
    held = item.stash.get(_GONOGO, None)
    if held is not None:
        held.finish()
        for marker in item.iter_markers("budget"):
            held.hold_budget(marker.kwargs)
        for unused in held.unused_recordings():
            item.warn(pytest.PytestWarning(unused))
    return outcome


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Let the report of a suite's test carry its rows to the session, from a worker too."""
    report = yield
    suite_name = _suite_name(item)
    ran = call.when == "call" or (call.when == "setup" and not report.passed)
    if suite_name is not None and ran:
        from gonogo.reports.junit import properties_of  # noqa: PLC0415 - heavy: only for suites
        from gonogo.runs import encode_row  # noqa: PLC0415 - likewise

        rows = _rows_of(item, suite_name, call, report)
        held = item.stash.get(_GONOGO, None)
        results = [] if held is None else held.results
        item.user_properties += [pair for result in results for pair in properties_of(result)]
        vars(report)[_ROWS] = [encode_row(row) for row in rows]
    return report


class _Worker(Protocol):
    """What xdist hands over of a worker."""

    config: pytest.Config
    workerinput: dict[str, object]


class _Session:
    """Collects what reports carry, decides when the session ends, and says so last."""

    def __init__(self, config: pytest.Config, reports: list[Path]) -> None:
        self._config = config
        self._reports = reports
        self._rows: list[str] = []
        self._run: Run | None = None

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Plan which cases are asked side by side: all that will be run, unless one may end it."""
        config = self._config
        if _mode(config) == "replay" or config.option.collectonly or config.option.maxfail == 1:
            return
        planned: dict[str, set[str]] = {}
        for item in session.items:
            suite_name = _suite_name(item)
            case: Case | None = getattr(getattr(item, "callspec", None), "params", {}).get("case")
            if suite_name is not None and case is not None:
                planned.setdefault(suite_name, set()).add(case.id)
        if planned:
            from gonogo.asking_cases import Hooks  # noqa: PLC0415 - heavy: only for suites

            project = _project(config)
            project.planned = {name: frozenset(cases) for name, cases in planned.items()}
            project.hooks = Hooks(announce=self._announce)
            if config.getoption("--gonogo-stop-early"):
                self._plan_rounds(session, project)

    def _plan_rounds(self, session: pytest.Session, project: Project) -> None:
        """Put the cases of each suite into random order, round by round."""
        from gonogo.errors import GonogoError  # noqa: PLC0415 - heavy: only for suites
        from gonogo.sequential_runs import ROUNDS, SequentialRun  # noqa: PLC0415 - likewise

        gate = self._gate(project, datetime.now(UTC))
        for name, planned in project.planned.items():
            suite = project.suite(name)
            try:
                project.sequential[name] = SequentialRun(
                    [case for case in suite.cases if case.id in planned],
                    gate.baseline_for(suite),
                    project.settings,
                    trials=project.asking.trials or 1,
                    rounds=self._config.getoption("--gonogo-rounds") or ROUNDS,
                    seed=project.asking.started,
                )
            except GonogoError as error:
                raise pytest.UsageError(f"--gonogo-stop-early: {error}") from error
        places = {
            (name, case_id): place
            for name, run in project.sequential.items()
            for place, case_id in enumerate(case_id for ids in run.order for case_id in ids)
        }
        session.items.sort(key=lambda item: _place_of(item, places))

    def _announce(self, what: str) -> None:
        terminal = self._config.pluginmanager.get_plugin("terminalreporter")
        if terminal is not None:
            terminal.ensure_newline()
            terminal.write_line(f"gonogo: {what}")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Collect the rows of one test, wherever it ran."""
        self._rows += vars(report).get(_ROWS, [])

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Generator[None, object, object]:
        """Decide before the others finish, and print the decision after them."""
        if self._rows:
            self._run = self._conclude()
            passes = self._run.passes
            if not passes and session.exitstatus == pytest.ExitCode.OK:
                session.exitstatus = pytest.ExitCode.TESTS_FAILED
        outcome = yield
        terminal = self._config.pluginmanager.get_plugin("terminalreporter")
        if self._run is not None and terminal is not None:
            terminal.ensure_newline()
            terminal.write_line(self._last_line(session.exitstatus), bold=True)
        return outcome

    def _last_line(self, exit_status: int) -> str:
        line = "" if self._run is None else self._run.verdict_line
        if self._run is not None and self._run.passes and exit_status != pytest.ExitCode.OK:
            line += f" (but pytest fails with exit status {int(exit_status)}: see its summary)"
        return line

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print the table of the run."""
        if self._run is not None:
            from gonogo.reports.terminal import render  # noqa: PLC0415 - heavy: only for suites

            terminalreporter.section("gonogo")
            width = get_terminal_size().columns
            terminalreporter.write(render(self._run, width=width, color=terminalreporter.hasmarkup))
            for path in self._reports:
                terminalreporter.write_line(f"report: {path}")
        live = _live_folder(self._config)
        if live is not None and live.exists():
            terminalreporter.write_line(f"gonogo: asked and stored in {live}")

    def _gate(self, project: Project, now: datetime) -> Gate:
        from gonogo.runs import Gate  # noqa: PLC0415 - heavy: only for suites

        return Gate(
            baselines=project.baselines,
            settings=project.settings,
            registry=project.registry,
            mode=project.asking.mode,
            now=now,
        )

    def _conclude(self) -> Run:
        from gonogo.provenance import find_provenance  # noqa: PLC0415 - heavy: only for suites
        from gonogo.reports import write_report  # noqa: PLC0415 - likewise
        from gonogo.runs import Acceptances, decode_row  # noqa: PLC0415 - likewise

        project = _project(self._config)
        rows = [decode_row(text) for text in self._rows]
        now = datetime.now(UTC).replace(microsecond=0)
        gate = self._gate(project, now)
        acceptances = None
        if project.updating:
            reason = self._config.getoption("--gonogo-reason")
            source = find_provenance(self._config.rootpath)
            acceptances = Acceptances(at=now, reason=reason, source=source)
        run = gate.conclude(
            rows,
            {name: project.suite(name) for name in {row.suite for row in rows}},
            present=project.suite_names(),
            acceptances=acceptances,
            sequential=project.sequential,
        )
        for name in sorted({row.suite for row in rows}):
            project.shelf.close(project.suite(name).recordings.path)
        for path in self._reports:
            write_report(run, path)
        return run


def _rows_of(
    item: pytest.Item,
    suite_name: str,
    call: pytest.CallInfo[None],
    report: pytest.TestReport,
) -> list[Row]:
    import msgspec  # noqa: PLC0415 - heavy: only for suites

    from gonogo.runs import Row  # noqa: PLC0415 - heavy: only for suites

    held = item.stash.get(_GONOGO, None)
    case: Case | None = getattr(getattr(item, "callspec", None), "params", {}).get("case")
    rows = list(held.rows) if held is not None else []
    if not rows:
        rows = [Row(suite=suite_name, case=item.name if case is None else case.id)]
    if held is not None:
        used = tuple(sorted(held.tape.used))
        rows[-1] = msgspec.structs.replace(rows[-1], used=used)
    if report.skipped:
        reason = str(call.excinfo.value) if call.excinfo is not None else "skipped"
        spared = call.excinfo is not None and _is_spared(call.excinfo.value.__context__)
        rows[-1] = msgspec.structs.replace(rows[-1], skipped=reason, is_spared=spared)
    elif report.failed and call.excinfo is not None:
        failure, message = _failure_of(call.excinfo.value, has_result=rows[-1].result is not None)
        rows[-1] = msgspec.structs.replace(rows[-1], failure=failure, message=message)
    return rows


def _failure_of(error: BaseException, *, has_result: bool) -> tuple[Failure, str]:
    from gonogo.errors import (  # noqa: PLC0415 - heavy: only for suites
        NOT_RUN,
        BudgetBlownError,
        NotScoredError,
        RegressionError,
    )
    from gonogo.runs import Failure  # noqa: PLC0415 - heavy: only for suites

    message = " ".join(str(error).split()) or type(error).__name__
    if isinstance(error, BudgetBlownError):
        return Failure.BUDGET, error.brief
    if has_result and isinstance(error, (*NOT_RUN, NotScoredError, RegressionError)):
        return Failure.ALREADY_COUNTED, message
    return Failure.TEST, (str(error).splitlines() or [type(error).__name__])[0][:200]


def _suite_name(node: pytest.Item | pytest.Function) -> str | None:
    marker = node.get_closest_marker("gonogo")
    if marker is None:
        return None
    name = marker.kwargs.get("suite")
    if marker.args or set(marker.kwargs) != {"suite"} or not isinstance(name, str):
        raise pytest.Collector.CollectError(
            f"{node.nodeid}: write the marker as @pytest.mark.gonogo(suite='<folder of datasets>')"
        )
    return name


def _mode(config: pytest.Config) -> str:
    return str(config.getoption("--gonogo-mode") or config.getini("gonogo_mode"))


def _demand_stoppable(config: pytest.Config) -> None:
    """Refuse to stop early where that makes no sense, or cannot be done.

    Raises:
        pytest.UsageError: Says why.
    """
    if not config.getoption("--gonogo-stop-early"):
        if config.getoption("--gonogo-rounds") is not None:
            raise pytest.UsageError("--gonogo-rounds plans the rounds of --gonogo-stop-early")
        return
    if _mode(config) != "live":
        raise pytest.UsageError("--gonogo-stop-early saves calls: it needs --gonogo-mode=live")
    if config.getoption("--gonogo-update-baselines"):
        raise pytest.UsageError("--gonogo-stop-early: a run that may stop is no baseline")
    if config.getoption("numprocesses", None):
        raise pytest.UsageError(
            "--gonogo-stop-early asks in rounds: leave out -n, a round's"
            " cases are asked side by side anyway"
        )


def _is_spared(error: BaseException | None) -> bool:
    """Tell whether a test ended because its case need not be asked any more."""
    if error is None or type(error).__module__ != "gonogo.errors":
        return False
    from gonogo.errors import StoppedEarlyError  # noqa: PLC0415 - already there

    return isinstance(error, StoppedEarlyError)


def _place_of(item: pytest.Item, places: Mapping[tuple[str, str], int]) -> tuple[str, int]:
    """Return what the items of suites are sorted by; all others stay before them, as they are."""
    suite_name = _suite_name(item)
    case: Case | None = getattr(getattr(item, "callspec", None), "params", {}).get("case")
    if suite_name is None or case is None:
        return "", 0
    return suite_name, places.get((suite_name, case.id), 0)


def _project(config: pytest.Config) -> Project:
    if _PROJECT not in config.stash:
        from gonogo.project import Project  # noqa: PLC0415 - heavy: only for tests that use it

        datasets, baselines = config.getini("gonogo_datasets"), config.getini("gonogo_baselines")
        config.stash[_PROJECT] = Project(
            config.rootpath,
            datasets=config.rootpath / datasets if datasets else None,
            baselines=config.rootpath / baselines if baselines else None,
            candidate=config.getoption("--gonogo-candidate"),
            updating=config.getoption("--gonogo-update-baselines"),
            asking=_asking(config),
        )
    return config.stash[_PROJECT]


def _asking(config: pytest.Config) -> Asking:
    from gonogo.project import Asking  # noqa: PLC0415 - heavy: only for tests that use it
    from gonogo.recordings import Mode  # noqa: PLC0415 - likewise

    workers: dict[str, object] = getattr(config, "workerinput", {})
    return Asking(
        mode=Mode(_mode(config)),
        trials=config.getoption("--gonogo-trials"),
        max_cost_usd=config.getoption("--gonogo-max-cost-usd"),
        workers=int(str(workers.get("workercount", 1))),
        started=str(workers.get("gonogo_started") or config.stash[_STARTED]),
    )


def _live_folder(config: pytest.Config) -> Path | None:
    """Return where a live run leaves what it asked; None in other modes."""
    return _project(config).shelf.live if _mode(config) == "live" else None


def _own_recordings(node: pytest.Item) -> Path:
    """Return the file of a test's own recordings: `recordings/<module>/<test>.jsonl` beside it."""
    name = node.nodeid.partition("::")[2] or node.name
    plain = re.sub(r"[^\w.=-]+", "-", name).strip("-")
    if plain != name.replace("::", "-"):
        plain += "-" + hashlib.sha256(name.encode()).hexdigest()[:8]
    return node.path.parent / "recordings" / node.path.stem / f"{plain[-100:]}.jsonl"


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"expected at least 1, got {number}")
    return number


def _amount(text: str) -> Decimal:
    from gonogo.amounts import parse_amount  # noqa: PLC0415 - only where it is given

    try:
        return parse_amount(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
