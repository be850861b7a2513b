"""The ledger under many threads and processes that die: a short form of `benchmarks/ledger.py`."""

from pathlib import Path

import pytest
from hammer import Plan, hammer
from servers import postgres_url, redis_url  # noqa: F401 - fixtures


@pytest.mark.parametrize("kind", ["sqlite", "redis", "postgres"])
def test_no_limit_is_passed_and_all_of_it_can_be_spent(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    url = "ledger.db" if kind == "sqlite" else request.getfixturevalue(f"{kind}_url")
    plan = Plan(
        url=url,
        name="hammered",
        folder=str(tmp_path),
        calls=1200,
        processes=2,
        kill_every_seconds=0.7,
        hold_seconds=0.5,
    )
    outcome = hammer(plan, patience_seconds=30)
    assert outcome.over == 0
    assert outcome.truly_over <= 0
    assert outcome.wrong_refusals == 0
    assert outcome.is_consistent
    assert outcome.utilisation >= 0.99
    assert outcome.kills > 0
