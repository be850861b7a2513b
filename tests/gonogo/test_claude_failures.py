"""The table of failures: what is asked again, what fails alone, and what stops a run."""

import httpx2
import pytest
from anthropic import APIConnectionError, APIStatusError, APITimeoutError, CredentialsError

from gonogo.claude.failures import Fate, failure_in_answer, failure_of, no_credentials
from gonogo.exchanges import CallError

REQUEST = httpx2.Request("POST", "http://127.0.0.1/v1/messages")


def refused(
    status: int, kind: str | None = None, code: str | None = None, **headers: str
) -> APIStatusError:
    error = {"type": kind, "message": "said so", "details": {"error_code": code}}
    body = {"type": "error", "error": error} if kind else None
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    response = httpx2.Response(status, headers=named, request=REQUEST)
    return APIStatusError("said so", response=response, body=body)


@pytest.mark.parametrize(
    ("error", "fate"),
    [
        (refused(429, "rate_limit_error"), Fate.ASK_AGAIN),
        (refused(529, "overloaded_error"), Fate.ASK_AGAIN),
        (refused(500), Fate.ASK_AGAIN),
        (refused(599), Fate.ASK_AGAIN),
        (refused(408), Fate.ASK_AGAIN),
        (refused(409), Fate.ASK_AGAIN),
        (refused(200, "overloaded_error"), Fate.ASK_AGAIN),
        (refused(200, "api_error"), Fate.ASK_AGAIN),
        (refused(400, "invalid_request_error", x_should_retry="true"), Fate.ASK_AGAIN),
        (refused(200, "invalid_request_error"), Fate.GIVE_UP),
        (refused(200), Fate.GIVE_UP),
        (refused(400, "invalid_request_error"), Fate.GIVE_UP),
        (refused(404, "not_found_error"), Fate.GIVE_UP),
        (refused(413), Fate.GIVE_UP),
        (refused(422), Fate.GIVE_UP),
        (refused(529, "overloaded_error", x_should_retry="false"), Fate.GIVE_UP),
        (refused(401), Fate.STOP),
        (refused(402, "billing_error"), Fate.STOP),
        (refused(403), Fate.STOP),
        (refused(200, "permission_error"), Fate.STOP),
        (refused(429, "rate_limit_error", "enforced_spend_limit_reached"), Fate.STOP),
        (refused(429, "rate_limit_error", "contract_spend_limit_reached"), Fate.STOP),
        (
            refused(400, "invalid_request_error", "linked_organization_spend_limit_reached"),
            Fate.STOP,
        ),
        (refused(429, "rate_limit_error", "some_other_code"), Fate.ASK_AGAIN),
        (refused(400, "invalid_request_error", "organization_on_hold"), Fate.STOP),
        (APIConnectionError(request=REQUEST), Fate.ASK_AGAIN),
        (APITimeoutError(request=REQUEST), Fate.ASK_AGAIN),
        (httpx2.ReadTimeout("slow"), Fate.ASK_AGAIN),
        (httpx2.RemoteProtocolError("cut"), Fate.ASK_AGAIN),
        (ValueError("no JSON"), Fate.ASK_AGAIN),
        (CredentialsError("no profile"), Fate.STOP),
    ],
)
def test_what_comes_after_a_failure(error: Exception, fate: Fate) -> None:
    assert failure_of(error).fate is fate  # type: ignore[arg-type]  # all of them are caught


@pytest.mark.parametrize(
    ("error", "may_have_cost"),
    [
        (refused(500), False),
        (refused(429), False),
        (refused(200, "overloaded_error"), True),
        (httpx2.ConnectError("refused"), False),
        (httpx2.ConnectTimeout("slow"), False),
        (httpx2.ReadError("reset"), True),
        (APITimeoutError(request=REQUEST), True),
    ],
)
def test_what_may_have_cost_something(error: Exception, may_have_cost: bool) -> None:  # noqa: FBT001 - a column of the table
    assert failure_of(error).may_have_cost is may_have_cost  # type: ignore[arg-type]  # likewise


def test_a_connection_that_was_never_made_cost_nothing() -> None:
    error = APIConnectionError(request=REQUEST)
    error.__cause__ = httpx2.ConnectError("refused")
    assert not failure_of(error).may_have_cost


@pytest.mark.parametrize(
    ("error", "is_overload"),
    [
        (refused(429), True),
        (refused(529), True),
        (refused(200, "overloaded_error"), True),
        (refused(500), False),
        (APIConnectionError(request=REQUEST), False),
    ],
)
def test_what_is_an_overload(error: APIConnectionError | APIStatusError, is_overload: bool) -> None:  # noqa: FBT001 - a column of the table
    assert failure_of(error).is_overload is is_overload


def test_an_answer_that_is_none_keeps_its_headers() -> None:
    failure = failure_in_answer(CallError("incomplete_stream"), 200, {"retry-after": "1"})
    assert (failure.fate, failure.may_have_cost) == (Fate.ASK_AGAIN, True)
    assert failure.headers == {"retry-after": "1"}


def test_the_error_that_ends_a_run_says_what_and_what_to_do() -> None:
    spent = failure_of(refused(429, "rate_limit_error", "enforced_spend_limit_reached"))
    assert str(spent.stopping_error()) == (
        "Claude answers no further call (enforced_spend_limit_reached, status 429): said so; raise"
        " the spending limit in the Claude Console, or run again when it is renewed"
    )
    said = str(no_credentials().stopping_error())
    assert said == "no API key is set: set ANTHROPIC_API_KEY"
