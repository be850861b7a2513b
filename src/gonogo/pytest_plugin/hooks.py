"""The hooks and the fixture: what pytest calls for each run and each test.

Imports nothing but the standard library and pytest until a test uses it.
"""

from __future__ import annotations

from collections.abc import Generator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Protocol

import pytest

from gonogo.pytest_plugin.marked_tests import own_recordings, suite_name_of
from gonogo.pytest_plugin.options import demand_sense
from gonogo.pytest_plugin.projects import STARTED, project_of
from gonogo.pytest_plugin.rows import ROWS, is_spared, rows_of
from gonogo.pytest_plugin.session import Session

if TYPE_CHECKING:
    from gonogo.harness import Gonogo

_GONOGO: Final = pytest.StashKey["Gonogo"]()


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
    demand_sense(config)
    config.stash[STARTED] = datetime.now(UTC).strftime("%Y-%m-%dT%H-%M-%S-%fZ")
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Session(config), "gonogo-session")


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: _Worker) -> None:
    """Tell a worker of xdist when the run started: its live recordings go into the same folder."""
    node.workerinput["gonogo_started"] = node.config.stash[STARTED]


@pytest.fixture
def gonogo(request: pytest.FixtureRequest) -> Generator[Gonogo, None, None]:
    """Run cases of the test's suite, capture calls, judge outputs, hold budgets."""
    from gonogo.harness import Gonogo  # noqa: PLC0415 - heavy: only for tests that use it

    project = project_of(request.config)
    own = own_recordings(request.node)
    held = Gonogo(project, suite_name_of(request.node), own)
    request.node.stash[_GONOGO] = held
    with held.capturing():
        yield held
    held.capture.finish()
    if own in project.books:
        project.shelf.close(own)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make one test of each case of the marked suite."""
    suite_name = suite_name_of(metafunc.definition)
    if suite_name is None or "case" not in metafunc.fixturenames:
        return
    from gonogo.errors import GonogoError  # noqa: PLC0415 - heavy: only for suites

    try:
        cases = project_of(metafunc.config).suite(suite_name).cases
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
        if is_spared(error):
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
    suite_name = suite_name_of(item)
    ran = call.when == "call" or (call.when == "setup" and not report.passed)
    if suite_name is not None and ran:
        from gonogo.reports.junit import properties_of  # noqa: PLC0415 - heavy: only for suites
        from gonogo.runs import encode_row  # noqa: PLC0415 - likewise

        held = item.stash.get(_GONOGO, None)
        rows = rows_of(item, suite_name, held, call, report)
        results = [] if held is None else held.results
        item.user_properties += [pair for result in results for pair in properties_of(result)]
        vars(report)[ROWS] = [encode_row(row) for row in rows]
    return report


class _Worker(Protocol):
    """What xdist hands over of a worker."""

    config: pytest.Config
    workerinput: dict[str, object]
