"""Fetches what the Admin API reports that was billed: the door to it, with a key of its own.

The key comes from the environment alone and goes into the request's header alone.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, time
from typing import Final, TypeVar

import httpx2
from anthropic import Anthropic, Omit

from gonogo.claude.failures import CAUGHT, failure_of
from gonogo.errors import BadSettingsError, CostReportError
from gonogo.plain_text import one_line
from gonogo.pricing.billing_reports import (
    CostItem,
    Page,
    UsageItem,
    decode_cost_page,
    decode_usage_page,
)

COSTS_PATH: Final = "/v1/organizations/cost_report"
USAGE_PATH: Final = "/v1/organizations/usage_report/messages"
KEYS: Final = ("ANTHROPIC_ADMIN_KEY", "ANTHROPIC_ADMIN_API_KEY")
"""Variables that hold the Admin API's key; the first that is set counts."""

_BUCKETS: Final = 31
"""Days a page at most, as the API allows."""

_MOST_PAGES: Final = 1000

_NO_TOKEN: Final[dict[str, str | Omit]] = {"Authorization": Omit()}
"""These reports take the key in `x-api-key`, where the SDK would send it as a token. It stands in
the client's own headers, not here: the SDK logs those of a single request, key and all."""

Item = TypeVar("Item", CostItem, UsageItem)


def admin_client(
    environment: Mapping[str, str] | None = None, *, base_url: str | None = None
) -> Anthropic:
    """Return a client of the Admin API.

    Args:
        environment: Where the key stands; None: the process's environment.
        base_url: Where the API is; None: where the SDK finds it.

    Raises:
        BadSettingsError: If no key is set.
    """
    environment = os.environ if environment is None else environment
    key = next((environment[name] for name in KEYS if environment.get(name)), None)
    if key is None:
        raise BadSettingsError(
            f"{KEYS[0]} is not set: the Admin API needs a key of its own, which an administrator"
            " makes in the Claude Console"
        )
    return Anthropic(api_key=key, base_url=base_url, default_headers={"X-Api-Key": key})


def fetch_costs(client: Anthropic, start: date, end: date) -> list[CostItem]:
    """Fetch what was billed on each day, by model, kind and workspace.

    Args:
        client: Of the Admin API.
        start: First day, in UTC.
        end: Day after the last.

    Raises:
        CostReportError: If the API refuses, does not answer, or answers what cannot be read.
    """
    grouped = ["workspace_id", "description"]
    return list(_items(client, COSTS_PATH, grouped, start, end, decode_cost_page))


def fetch_usage(client: Anthropic, start: date, end: date) -> list[UsageItem]:
    """Fetch the tokens of each day, by model, kind and workspace.

    Args:
        client: Of the Admin API.
        start: First day, in UTC.
        end: Day after the last.

    Raises:
        CostReportError: If the API refuses, does not answer, or answers what cannot be read.
    """
    grouped = ["workspace_id", "model"]
    return list(_items(client, USAGE_PATH, grouped, start, end, decode_usage_page))


def _items(
    client: Anthropic,
    path: str,
    grouped: list[str],
    start: date,
    end: date,
    decode: Callable[[bytes], Page[Item]],
) -> Iterator[Item]:
    query: dict[str, object] = {
        "starting_at": _midnight(start),
        "ending_at": _midnight(end),
        "bucket_width": "1d",
        "group_by": grouped,
        "limit": _BUCKETS,
    }
    seen: set[str] = set()
    for _ in range(_MOST_PAGES):
        page = decode(_body(client, path, query))
        yield from (item for item in page.items if start <= item.day < end)
        if page.next_page is None:
            return
        if page.next_page in seen:
            raise CostReportError(f"{path} names the same next page again: the report has no end")
        seen.add(page.next_page)
        query = {**query, "page": page.next_page}
    raise CostReportError(f"{path} has more than {_MOST_PAGES} pages: ask for fewer days")


def _body(client: Anthropic, path: str, query: dict[str, object]) -> bytes:
    try:
        answer = client.get(
            path, cast_to=httpx2.Response, options={"params": query, "headers": _NO_TOKEN}
        )
    except CAUGHT as error:
        failure = failure_of(error)
        said = f": {one_line(failure.error.message, 200)}" if failure.error.message else ""
        status = "no answer" if failure.status is None else f"status {failure.status}"
        remedy = "run again later"
        if failure.status in (401, 403, 404):
            remedy = f"check that {KEYS[0]} is a key of the Admin API (sk-ant-admin…)"
        raise CostReportError(
            f"{path} could not be fetched ({failure.error.type}, {status}){said}; {remedy}"
        ) from error
    return answer.content


def _midnight(day: date) -> str:
    return datetime.combine(day, time(), tzinfo=UTC).isoformat().replace("+00:00", "Z")
