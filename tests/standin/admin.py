"""The Admin API's reports of costs and usage, in pages of days, from buckets that a test sets."""

from typing import Final

from standin.failures import ApiFailure, invalid_request, not_found
from standin.requests import JsonObject, Request

ORGANIZATION: Final = "/v1/organizations/"
COSTS: Final = "/v1/organizations/cost_report"
USAGE: Final = "/v1/organizations/usage_report/messages"

_GROUPED: Final = {
    COSTS: ("description", ("description", "cost_type", "token_type", "model", "service_tier")),
    USAGE: ("model", ("model",)),
}
"""By report what it must be grouped by to say these fields; else they are null.

Of a name that is sent several times only the last value is kept: it has to be this one.
"""

_MOST_BUCKETS: Final = 31


class AdminReports:
    """What `GET /v1/organizations/...` answers.

    Attributes:
        costs: Buckets of the cost report, in their order.
        usage: Buckets of the usage report, in their order.
        page_size: Buckets a page at most, whatever a request asks for.
    """

    def __init__(self) -> None:
        """Start without a bucket."""
        self.costs: list[JsonObject] = []
        self.usage: list[JsonObject] = []
        self.page_size = _MOST_BUCKETS

    def page(self, request: Request) -> JsonObject:
        """Answer with a page of a report.

        Raises:
            ApiFailure: 401 without a key of the Admin API, 400 without a start or with a limit that
                is too large, 404 for another path.
        """
        if not request.headers.get("x-api-key", "").startswith("sk-ant-admin"):
            raise ApiFailure(401, "authentication_error", "invalid x-api-key")
        if request.method != "GET" or request.path not in _GROUPED:
            raise not_found(f"Not found: {request.method} {request.path[:80]}")
        buckets = self.costs if request.path == COSTS else self.usage
        chosen = [bucket for bucket in buckets if _is_within(bucket, request)]
        size = min(_limit(request), self.page_size)
        begin = int(request.query.get("page", "page_0").removeprefix("page_"))
        has_more = begin + size < len(chosen)
        return {
            "data": [_grouped(bucket, request) for bucket in chosen[begin : begin + size]],
            "has_more": has_more,
            "next_page": f"page_{begin + size}" if has_more else None,
        }


def _is_within(bucket: JsonObject, request: Request) -> bool:
    start = request.query.get("starting_at")
    if not start:
        raise invalid_request("starting_at: Field required")
    end = request.query.get("ending_at") or "9999"
    return bool(bucket["starting_at"] >= start and bucket["ending_at"] <= end)


def _limit(request: Request) -> int:
    limit = int(request.query.get("limit", "7"))
    if not 1 <= limit <= _MOST_BUCKETS:
        raise invalid_request(f"limit: Input should be from 1 to {_MOST_BUCKETS}")
    return limit


def _grouped(bucket: JsonObject, request: Request) -> JsonObject:
    group, fields = _GROUPED[request.path]
    if request.query.get("group_by[]") == group:
        return bucket
    hidden = dict.fromkeys(fields)
    return {**bucket, "results": [{**row, **hidden} for row in bucket["results"]]}
