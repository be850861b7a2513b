"""Decides what each request gets: the API's endpoints, without any input or output."""

import dataclasses
import threading
from collections import Counter
from typing import Final

from standin.admin import ORGANIZATION, AdminReports
from standin.answers import Answer, Answering, Text
from standin.batches import BatchStore, ItemOutcome
from standin.calls import Call, CallLog
from standin.catalogue import model_json, models_page
from standin.failures import ApiFailure, invalid_request, not_found
from standin.faults import (
    DroppedConnection,
    ErrorReply,
    Fault,
    FaultScript,
    RefusedAnswer,
    TruncatedAnswer,
)
from standin.messages import build_message, refuse_answer, truncate_answer
from standin.rate_limits import RateLimits
from standin.replies import (
    NoReply,
    Reply,
    afflict,
    error_reply,
    json_lines_reply,
    json_reply,
    message_reply,
)
from standin.requests import (
    BATCHES,
    COUNT_TOKENS,
    MESSAGES,
    MODELS,
    JsonObject,
    Request,
    asks_for_a_message,
)
from standin.usage import PromptCache, Tier, count_input
from standin.validation import check_batch, check_count, check_headers, check_message

CONTROL: Final = "/standin/calls"
"""Where another process reads the record of calls; neither recorded nor part of the API."""

_BODY_CHECKS: Final = {
    MESSAGES: check_message,
    COUNT_TOKENS: check_count,
    BATCHES: check_batch,
}


class Service:
    """The API behind one server; safe to use from several threads."""

    def __init__(
        self,
        answer: Answering,
        *,
        models: tuple[str, ...],
        rate_limits: RateLimits,
        batch_polls: int,
        batch_outcome: ItemOutcome,
    ) -> None:
        """Take what `StandIn` was given."""
        self.answer = answer
        self.rate_limits = rate_limits
        self.url = ""
        self.script = FaultScript()
        self.log = CallLog()
        self.reports = AdminReports()
        self.broken: list[Exception] = []
        self.batches = BatchStore(
            polls=batch_polls, outcome=batch_outcome, answer=self._answer_batch_item
        )
        self._models = models
        self._cache = PromptCache()
        self._answered: Counter[str] = Counter()
        self._lock = threading.Lock()

    def respond(self, request: Request, call: Call) -> Reply | NoReply:
        """Decide what a request gets; an exception of a test's own function becomes a 500."""
        try:
            check_headers(request)
            self._check_body(request)
            return self._decide(request, call)
        except ApiFailure as failure:
            refusal = ErrorReply("", failure.status, failure.kind, failure.message)
            return error_reply(refusal, call.request_id)
        except Exception as error:  # noqa: BLE001 - a test's function may raise anything; raised again at the end
            self.broken.append(error)
            message = f"a function of the test, or the stand-in itself, raised {error!r}"
            broken = ErrorReply("broken_test", 500, "api_error", message, should_retry=False)
            return error_reply(broken, call.request_id)

    def calls_json(self) -> JsonObject:
        """Return the record of calls as another process reads it."""
        calls = [
            {**dataclasses.asdict(call), "at": call.at.isoformat()} for call in self.log.snapshot()
        ]
        paid = sum(call["is_paid"] for call in calls)
        return {"paid": paid, "paid_custom_ids": self.batches.paid_custom_ids(), "calls": calls}

    def _check_body(self, request: Request) -> None:
        if request.problem:
            raise invalid_request(request.problem)
        check = _BODY_CHECKS.get(request.path) if request.method == "POST" else None
        if check is not None:
            check(request, frozenset(self._models))

    def _decide(self, request: Request, call: Call) -> Reply | NoReply:
        fault = self.script.next_for(request)
        match fault:
            case ErrorReply():
                return error_reply(fault, call.request_id)
            case DroppedConnection(name):
                return NoReply(name)
        if asks_for_a_message(request):
            return self._message(request, fault)
        return afflict(self._resource(request), fault)

    def _message(self, request: Request, fault: Fault | None) -> Reply:
        request = dataclasses.replace(request, repeat=self._take_repeat(request.question_digest))
        answer = self._said(request)
        match fault:
            case TruncatedAnswer(tokens):
                answer = truncate_answer(answer, tokens)
            case RefusedAnswer():
                answer = refuse_answer(answer)
        message = self._built(request, answer, "standard")
        return afflict(message_reply(message, fault, is_streamed=request.is_streamed), fault)

    def _said(self, request: Request) -> Answer:
        said = self.answer(request)
        return Answer((Text(said),)) if isinstance(said, str) else said

    def _built(self, request: Request, answer: Answer, tier: Tier) -> JsonObject:
        return build_message(request, answer, self._cache.count(request.body), tier=tier)

    def _take_repeat(self, digest: str) -> int:
        with self._lock:
            self._answered[digest] += 1
            return self._answered[digest] - 1

    def _answer_batch_item(self, params: JsonObject) -> JsonObject:
        request = Request("POST", MESSAGES, {}, {}, params)
        return self._built(request, self._said(request), "batch")

    def _resource(self, request: Request) -> Reply:
        """Answer what costs nothing."""
        path = request.path
        if path.startswith(ORGANIZATION):
            return json_reply(self.reports.page(request))
        if path.startswith(BATCHES):
            rest = path.removeprefix(BATCHES).strip("/")
            return self._batches(request, [part for part in rest.split("/") if part])
        if (request.method, path) == ("POST", COUNT_TOKENS):
            return json_reply({"input_tokens": count_input(request.body)})
        if (request.method, path) == ("GET", MODELS):
            return json_reply(models_page(self._models, request.query))
        if request.method == "GET" and path.startswith(f"{MODELS}/"):
            return json_reply(model_json(self._models, path.removeprefix(f"{MODELS}/")))
        raise not_found(f"Not found: {request.method} {path[:80]}")

    def _batches(self, request: Request, rest: list[str]) -> Reply:
        match request.method, rest:
            case "POST", []:
                return json_reply(self.batches.create(request.body["requests"], self.url))
            case "GET", []:
                return json_reply(self.batches.page(request.query, self.url))
            case "GET", [batch_id]:
                return json_reply(self.batches.retrieve(batch_id, self.url))
            case "GET", [batch_id, "results"]:
                return json_lines_reply(self.batches.results(batch_id))
            case "POST", [batch_id, "cancel"]:
                return json_reply(self.batches.cancel(batch_id, self.url))
            case "DELETE", [batch_id]:
                return json_reply(self.batches.delete(batch_id))
        raise not_found(f"Not found: {request.method} {request.path[:80]}")
