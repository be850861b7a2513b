"""What reaches the server: one request, and what the answers and the faults want to know of it."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

JsonObject: TypeAlias = dict[str, Any]
"""An object of JSON as it came: the API's shapes, kept as they are on the wire."""

MESSAGES: Final = "/v1/messages"
BATCHES: Final = "/v1/messages/batches"
COUNT_TOKENS: Final = "/v1/messages/count_tokens"
MODELS: Final = "/v1/models"


@dataclass(frozen=True, slots=True)
class Request:
    """One request.

    Attributes:
        method: GET, POST or DELETE.
        path: Without the query.
        query: The last value of each name.
        headers: Names in lower case. They hold the key: never kept beyond the request.
        body: The JSON object, empty without a body.
        repeat: How often the same body (streamed or not) was answered before, from 0.
            Only an answering function is told; a predicate sees 0.
        problem: What is wrong with a body that is no JSON object; empty: nothing.
    """

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: JsonObject
    repeat: int = 0
    problem: str = ""

    @property
    def is_beta(self) -> bool:
        """Whether the beta shapes hold: `?beta=true`, or an `anthropic-beta` header.

        SDK 2.12 sends neither for `beta.messages.create` without `betas`: such a call looks like,
        and is checked as, one that is not beta.
        """
        return self.query.get("beta") == "true" or bool(self.headers.get("anthropic-beta"))

    @property
    def is_streamed(self) -> bool:
        """Whether it asks for server-sent events."""
        return self.body.get("stream") is True

    @property
    def retry(self) -> int:
        """How many attempts of the same call the SDK says it made before this one."""
        count = self.headers.get("x-stainless-retry-count", "0")
        return int(count) if count.isdecimal() else 0

    @property
    def last_user_text(self) -> str:
        """The text of the last message of the user, with what its tool results say."""
        for message in reversed(self.body.get("messages", [])):
            if message["role"] == "user":
                return text_of(message["content"])
        return ""

    @property
    def digest(self) -> str:
        """The SHA-256 of method, path and body, the same whatever the order of keys."""
        return digest_of([self.method, self.path, self.body])

    @property
    def question_digest(self) -> str:
        """The SHA-256 of the body without `stream`: streamed or not, the question is the same."""
        return digest_of({name: self.body[name] for name in self.body if name != "stream"})


Predicate: TypeAlias = Callable[[Request], bool]


def asks_for_a_message(request: Request) -> bool:
    """Say whether it is a call that answers with a message: what costs money."""
    return request.method == "POST" and request.path == MESSAGES


def any_request(request: Request) -> bool:
    """Say yes to every request, whatever its path."""
    return True


def text_of(content: object) -> str:
    """Return the text of a message's content, its text blocks and tool results joined by newlines."""
    if isinstance(content, str):
        return content
    texts = []
    for block in content if isinstance(content, list) else []:
        if block.get("type") == "text":
            texts.append(block["text"])
        elif block.get("type") == "tool_result":
            texts.append(text_of(block.get("content")))
    return "\n".join(texts)


def digest_of(value: object) -> str:
    """Return the SHA-256 of a JSON value in its canonical form, as 64 hexadecimal digits."""
    canonical = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()
