"""Cases: what to ask, and what is expected of the answer; and their decoding."""

import hashlib
import tomllib
from pathlib import Path
from typing import Final

import msgspec

from gonogo.budgets import Budget
from gonogo.errors import BadInputError, Problem
from gonogo.exchanges import Blankless, Request
from gonogo.json_lines import JsonObject, canonical_json, load_records
from gonogo_checkers.output import Expectations


class CaseExpectations(Expectations, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What can be checked of a case's answer, and what it may use.

    Attributes:
        budget: Limits on each trial of the case.
    """

    budget: Budget | None = None


class Case(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One row of a dataset.

    Attributes:
        id: Unique in its dataset, not blank.
        domain: Kind of task; None: that of its suite.
        request: Body of the call, laid over what the suite's requests share.
        prompt: Short form of a request: one message of the user.
        context: Texts that the answer must be true to, beside the documents in the request.
        language: Natural or programming language of the answer.
        expect: What can be checked of the answer.
        group: Cases of one group are not independent (paraphrases of one question).
        tags: Free labels.
    """

    id: Blankless
    domain: Blankless | None = None
    request: JsonObject | None = None
    prompt: str | None = None
    context: tuple[str, ...] = ()
    language: str | None = None
    expect: CaseExpectations = CaseExpectations()
    group: str | None = None
    tags: dict[str, str] = {}

    def __repr__(self) -> str:
        """Say what a failing test shows of its case."""
        return f"<case {self.id}>"

    def request_with(self, shared: JsonObject) -> Request:
        """Return the whole request: this case's own over what the suite's requests share."""
        if self.prompt is not None:
            message: JsonObject = {"role": "user", "content": self.prompt}
            return Request({**shared, "messages": [message]})
        return Request({**shared, **(self.request or {})})

    def digest(self) -> str:
        """Return what identifies the case's content: 16 hexadecimal digits of SHA-256."""
        return hashlib.sha256(canonical_json(msgspec.to_builtins(self))).hexdigest()[:16]


_DECODER: Final = msgspec.json.Decoder(Case)


def decode_case(line: bytes) -> Case:
    """Decode a case from JSON.

    Raises:
        msgspec.DecodeError: If the bytes are not JSON, or a field is unknown or of a wrong type.
        ValueError: If not exactly one of `request` and `prompt` is given.
    """
    case = _DECODER.decode(line)
    if (case.request is None) == (case.prompt is None):
        raise ValueError(f"case {case.id!r}: exactly one of `request` and `prompt` must be given")
    if case.request is not None and not isinstance(case.request.get("messages"), list):
        raise ValueError(f"case {case.id!r}: field `request.messages`: expected a list of messages")
    return case


def load_cases(path: Path) -> tuple[Case, ...]:
    """Read a dataset's cases, in the order of the file.

    Raises:
        BadInputError: With all problems of the file; no cases at all, and two cases with the
            same id, are problems.
    """
    records = load_records(path, decode_case)
    first_seen: dict[str, str] = {}
    problems = []
    for place, case in records:
        if case.id in first_seen:
            problems.append(Problem(place, f"id {case.id!r} is taken by {first_seen[case.id]}"))
        first_seen.setdefault(case.id, place)
    if not records:
        problems.append(Problem(str(path), "holds no cases: add one, or remove the suite"))
    if problems:
        raise BadInputError(problems)
    return tuple(case for _, case in records)


def load_shared_request(path: Path) -> JsonObject:
    """Read what the requests of a suite share (`request.toml`); empty where there is no file.

    Raises:
        BadInputError: If the file is not TOML.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise BadInputError([Problem(str(path), f"cannot be read: {error}")]) from error
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadInputError([Problem(str(path), f"is not TOML: {error}")]) from error
