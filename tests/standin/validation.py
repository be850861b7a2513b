"""Checks a request as the API does before it answers: key, version, shape and the model's existence."""

import functools
import itertools
import re
from collections.abc import Iterator
from typing import Final, Literal, TypeAlias, get_args

from standin.failures import ApiFailure, invalid_request, not_found
from standin.requests import JsonObject, Request
from standin.schemas import Problem, TypeHint, find_problems

Kind: TypeAlias = Literal["message", "streamed message", "count", "batch"]
_SENT_AS_HEADERS: Final = frozenset({"betas", "user_profile_id", "workspace_id"})
_CUSTOM_ID: Final = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_LEAST_THINKING: Final = 1024
_MAX_BATCH: Final = 100_000


def check_headers(request: Request) -> None:
    """Refuse a request without a key or without the API's version.

    Raises:
        ApiFailure: 401 without `x-api-key` or bearer token, 400 without `anthropic-version`.
    """
    bearer = request.headers.get("authorization", "").removeprefix("Bearer").strip()
    if not (request.headers.get("x-api-key") or bearer):
        raise ApiFailure(401, "authentication_error", "x-api-key header is required")
    if not request.headers.get("anthropic-version"):
        raise invalid_request("anthropic-version: header is required")


def check_message(request: Request, models: frozenset[str]) -> None:
    """Refuse a body that is no `MessageCreateParams` of the SDK.

    Raises:
        ApiFailure: 400 with the first problem, 404 for a model that does not exist.
    """
    kind: Kind = "streamed message" if request.is_streamed else "message"
    _refuse(itertools.chain(_shape(request, kind), _rules(request.body)))
    _check_model(request.body, models)


def check_count(request: Request, models: frozenset[str]) -> None:
    """Refuse a body that is no `MessageCountTokensParams` of the SDK.

    Raises:
        ApiFailure: 400 with the first problem, 404 for a model that does not exist.
    """
    _refuse(_shape(request, "count"))
    _check_model(request.body, models)


def check_batch(request: Request, models: frozenset[str]) -> None:
    """Refuse a body that is no `BatchCreateParams` of the SDK, or whose custom ids are not unique.

    The API takes in a batch with wrong parameters and reports the item as errored; here the whole
    batch is refused, since a test that sends one is wrong.

    Raises:
        ApiFailure: 400 with the first problem, 404 for a model that does not exist.
    """
    _refuse(_shape(request, "batch"))
    items = request.body["requests"]
    if not 1 <= len(items) <= _MAX_BATCH:
        raise invalid_request(f"requests: from 1 to {_MAX_BATCH} requests are accepted")
    seen = set()
    for index, item in enumerate(items):
        custom_id = item["custom_id"]
        if not _CUSTOM_ID.fullmatch(custom_id):
            raise invalid_request(
                f"requests.{index}.custom_id: String should match pattern '^{_CUSTOM_ID.pattern}$'"
            )
        if custom_id in seen:
            raise invalid_request(f"requests.{index}.custom_id: Duplicate custom_id {custom_id!r}")
        seen.add(custom_id)
        _refuse(_rules(item["params"]))
        _check_model(item["params"], models)


@functools.cache
def sdk_models() -> tuple[str, ...]:
    """Return the names of the models that the SDK's types list."""
    from anthropic.types.model import Model

    return get_args(get_args(Model)[0])


@functools.cache
def params_type(kind: Kind, *, is_beta: bool) -> TypeHint:
    """Return the SDK's type of a body; the SDK is imported on the first call."""
    from anthropic.types import message_count_tokens_params, message_create_params
    from anthropic.types.beta import message_count_tokens_params as beta_count
    from anthropic.types.beta import message_create_params as beta_create
    from anthropic.types.beta.messages import batch_create_params as beta_batches
    from anthropic.types.messages import batch_create_params

    types = {
        ("message", False): message_create_params.MessageCreateParamsNonStreaming,
        ("message", True): beta_create.MessageCreateParamsNonStreaming,
        ("streamed message", False): message_create_params.MessageCreateParamsStreaming,
        ("streamed message", True): beta_create.MessageCreateParamsStreaming,
        ("count", False): message_count_tokens_params.MessageCountTokensParams,
        ("count", True): beta_count.MessageCountTokensParams,
        ("batch", False): batch_create_params.BatchCreateParams,
        ("batch", True): beta_batches.BatchCreateParams,
    }
    return types[kind, is_beta]


def _shape(request: Request, kind: Kind) -> Iterator[Problem]:
    for name in sorted(_SENT_AS_HEADERS & request.body.keys()):
        yield Problem((name,), "Extra inputs are not permitted")
    yield from find_problems(request.body, params_type(kind, is_beta=request.is_beta))


def _rules(body: JsonObject) -> Iterator[Problem]:
    """Yield what the types cannot say; read only when the shape is right."""
    if not body["messages"]:
        yield Problem(("messages",), "at least one message is required")
    for index, message in enumerate(body["messages"]):
        if message["content"] in ("", []) and message["role"] == "user":
            yield Problem(("messages", index), "user messages must have non-empty content")
    if body["max_tokens"] < 0:
        yield Problem(("max_tokens",), "Input should be greater than or equal to 0")
    thinking = body.get("thinking") or {}
    if thinking.get("type") == "enabled":
        budget = thinking["budget_tokens"]
        if budget < _LEAST_THINKING:
            yield Problem(
                ("thinking", "enabled", "budget_tokens"),
                f"Input should be greater than or equal to {_LEAST_THINKING}",
            )
        elif budget >= body["max_tokens"]:
            yield Problem(("max_tokens",), "must be greater than thinking.budget_tokens")


def _refuse(problems: Iterator[Problem]) -> None:
    # The first problem ends the reading of shapes before the rules, which rely on them, are read.
    first = next(problems, None)
    if first is None:
        return
    raise invalid_request(str(first))


def _check_model(body: JsonObject, models: frozenset[str]) -> None:
    if body["model"] not in models:
        raise not_found(f"model: {body['model'][:80]}")
