"""The session: collects what tests leave, decides when the last has run, and says so last."""

from __future__ import annotations

from datetime import UTC, datetime
from shutil import get_terminal_size
from typing import TYPE_CHECKING

import pytest

from gonogo.pytest_plugin.options import mode_of, report_paths
from gonogo.pytest_plugin.projects import gate_of, live_folder, project_of
from gonogo.pytest_plugin.rounds import plan_rounds, planned_cases
from gonogo.pytest_plugin.rows import ROWS

if TYPE_CHECKING:
    from collections.abc import Generator

    from gonogo.runs import Run


class Session:
    """Collects what reports carry, decides when the session ends, and says so last."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._reports = report_paths(config)
        self._rows: list[str] = []
        self._run: Run | None = None

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Plan which cases are asked side by side: all that will be run, unless one may end it."""
        config = self._config
        if mode_of(config) == "replay" or config.option.collectonly or config.option.maxfail == 1:
            return
        planned = planned_cases(session.items)
        if planned:
            from gonogo.asking_cases import Hooks  # noqa: PLC0415 - heavy: only for suites

            project = project_of(config)
            project.planned = planned
            project.hooks = Hooks(announce=self._announce)
            if config.getoption("--gonogo-stop-early"):
                plan_rounds(session, project)

    def _announce(self, what: str) -> None:
        terminal = self._config.pluginmanager.get_plugin("terminalreporter")
        if terminal is not None:
            terminal.ensure_newline()
            terminal.write_line(f"gonogo: {what}")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Collect the rows of one test, wherever it ran."""
        self._rows += vars(report).get(ROWS, [])

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
        live = live_folder(self._config)
        if live is not None and live.exists():
            terminalreporter.write_line(f"gonogo: asked and stored in {live}")

    def _conclude(self) -> Run:
        from gonogo.provenance import find_provenance  # noqa: PLC0415 - heavy: only for suites
        from gonogo.reports import write_report  # noqa: PLC0415 - likewise
        from gonogo.runs import Acceptances, decode_row  # noqa: PLC0415 - likewise

        project = project_of(self._config)
        rows = [decode_row(text) for text in self._rows]
        now = datetime.now(UTC).replace(microsecond=0)
        gate = gate_of(project, now)
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
