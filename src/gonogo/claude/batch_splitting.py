"""Splits questions into batches within the API's limits, measured on the bytes that are sent."""

import json
from collections.abc import Iterable
from typing import Final

from gonogo.claude.asking import Question
from gonogo.claude.batch_journal import custom_id_of
from gonogo.claude.batch_options import BatchLimits
from gonogo.claude.batch_results import params_of
from gonogo.json_lines import JsonObject

_TOKEN: Final = "0" * 16


def split_into_batches(
    questions: Iterable[Question], limits: BatchLimits
) -> tuple[list[list[Question]], list[Question]]:
    """Return the questions in batches within the limits, and those that fit into none.

    Sizes are those of the bytes that are sent. The order stays.
    """
    batches: list[list[Question]] = []
    too_large: list[Question] = []
    size = room = limits.max_bytes - len(b'{"requests":[]}')
    for question in questions:
        needed = len(_encoded(batch_item(_TOKEN, 0, question))) + len(b",")
        if needed > room:
            too_large.append(question)
            continue
        size += needed
        if size > room or len(batches[-1]) >= limits.max_requests:
            batches.append([])
            size = needed
        batches[-1].append(question)
    return batches, too_large


def batch_item(token: str, index: int, question: Question) -> JsonObject:
    """Return a question as one request of a batch."""
    return {"custom_id": custom_id_of(token, index), "params": params_of(question.request)}


def _encoded(item: JsonObject) -> bytes:
    """Return JSON as the SDK sends it."""
    return json.dumps(item, ensure_ascii=False, separators=(",", ":")).encode()
