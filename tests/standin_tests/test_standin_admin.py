"""The stand-in's Admin API: what it refuses, and what a report says without groups."""

from collections.abc import Iterator
from typing import Any

import anthropic
import httpx2
import pytest
from standin import StandIn

COSTS = "/v1/organizations/cost_report"
BUCKET = {
    "starting_at": "2026-11-01T00:00:00Z",
    "ending_at": "2026-11-02T00:00:00Z",
    "results": [
        {
            "amount": "1.5",
            "currency": "USD",
            "cost_type": "tokens",
            "token_type": "output_tokens",
            "model": "claude-opus-5-5",
            "workspace_id": None,
        }
    ],
}


@pytest.fixture
def api() -> Iterator[StandIn]:
    with StandIn() as started:
        started.reports.costs = [BUCKET]
        yield started


def ask(api: StandIn, path: str = COSTS, key: str = "sk-ant-admin01-x", **query: Any) -> Any:
    client = anthropic.Anthropic(
        base_url=api.url, api_key="sk-ant-api03-x", default_headers={"X-Api-Key": key}
    )
    with client:
        answer = client.get(path, cast_to=httpx2.Response, options={"params": query})
    return answer.json()


START = "2026-11-01T00:00:00Z"


def test_a_report_says_what_it_is_grouped_by(api: StandIn) -> None:
    grouped = ask(api, starting_at=START, group_by=["workspace_id", "description"])
    assert grouped == {"data": [BUCKET], "has_more": False, "next_page": None}
    (row,) = ask(api, starting_at=START)["data"][0]["results"]
    assert (row["amount"], row["model"], row["token_type"]) == ("1.5", None, None)


def test_days_outside_are_left_out(api: StandIn) -> None:
    assert ask(api, starting_at="2026-11-02T00:00:00Z")["data"] == []
    assert ask(api, starting_at=START, ending_at="2026-11-01T12:00:00Z")["data"] == []


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"key": "sk-ant-api03-x"}, anthropic.AuthenticationError),
        ({"path": "/v1/organizations/me"}, anthropic.NotFoundError),
        ({"starting_at": ""}, anthropic.BadRequestError),
        ({"limit": 32}, anthropic.BadRequestError),
    ],
)
def test_what_the_admin_api_refuses(
    api: StandIn, changes: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        ask(api, **{"starting_at": START, **changes})
