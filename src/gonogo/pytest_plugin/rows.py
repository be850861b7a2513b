"""What a test of a suite leaves for the decision: its rows, and how it ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from gonogo.pytest_plugin.marked_tests import case_of

if TYPE_CHECKING:
    from gonogo.harness import Gonogo
    from gonogo.runs import Failure, Row

ROWS: Final = "gonogo_rows"
"""The attribute of a test's report that carries its rows, from a worker of xdist too."""


def rows_of(
    item: pytest.Item,
    suite_name: str,
    held: Gonogo | None,
    call: pytest.CallInfo[None],
    report: pytest.TestReport,
) -> list[Row]:
    """Return the rows of one test of a suite, the last with how the test ended."""
    import msgspec  # noqa: PLC0415 - heavy: only for suites

    from gonogo.runs import Row  # noqa: PLC0415 - heavy: only for suites

    case = case_of(item)
    rows = list(held.rows) if held is not None else []
    if not rows:
        rows = [Row(suite=suite_name, case=item.name if case is None else case.id)]
    if held is not None:
        used = tuple(sorted(held.tape.used))
        rows[-1] = msgspec.structs.replace(rows[-1], used=used)
    if report.skipped:
        reason = str(call.excinfo.value) if call.excinfo is not None else "skipped"
        spared = call.excinfo is not None and is_spared(call.excinfo.value.__context__)
        rows[-1] = msgspec.structs.replace(rows[-1], skipped=reason, is_spared=spared)
    elif report.failed and call.excinfo is not None:
        failure, message = _failure_of(call.excinfo.value, has_result=rows[-1].result is not None)
        rows[-1] = msgspec.structs.replace(rows[-1], failure=failure, message=message)
    return rows


def is_spared(error: BaseException | None) -> bool:
    """Tell whether a test ended because its case need not be asked any more."""
    if error is None or type(error).__module__ != "gonogo.errors":
        return False
    from gonogo.errors import StoppedEarlyError  # noqa: PLC0415 - already there

    return isinstance(error, StoppedEarlyError)


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
