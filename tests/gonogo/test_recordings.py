"""Recordings: found by fingerprint; a miss says what changed."""

import json
from pathlib import Path
from typing import Any

import pytest

from gonogo.cases import decode_case
from gonogo.errors import BadInputError, MissingRecordingError
from gonogo.recordings import load_recordings

SHARED = {"model": "claude-sonnet-5-5", "system": "Refunds within 30 days of delivery."}
CASE = decode_case(b'{"id": "refund", "prompt": "Where is my refund?"}')


def write(path: Path, *exchanges: dict[str, Any]) -> None:
    path.write_text("".join(json.dumps(exchange) + "\n" for exchange in exchanges))


def recorded(id_: str, prompt: str, **changed: Any) -> dict[str, Any]:
    body = {**SHARED, "messages": [{"role": "user", "content": prompt}], **changed}
    return {"id": id_, "request": body, "response": "It is on its way."}


def test_found_by_the_request_not_by_its_place(tmp_path: Path) -> None:
    path = tmp_path / "recordings.jsonl"
    write(path, recorded("other", "Hello?"), recorded("mine", "Where is my refund?"))
    (found,) = load_recordings(path).answers_to(CASE.request_with(SHARED), "case refund")
    assert found.id == "mine"


def test_several_answers_are_several_trials_in_order(tmp_path: Path) -> None:
    path = tmp_path / "recordings.jsonl"
    write(path, recorded("one", "Where is my refund?"), recorded("two", "Where is my refund?"))
    found = load_recordings(path).answers_to(CASE.request_with(SHARED), "case refund")
    assert [exchange.id for exchange in found] == ["one", "two"]


def test_a_miss_names_the_case_the_nearest_recording_and_what_changed(tmp_path: Path) -> None:
    path = tmp_path / "recordings.jsonl"
    write(path, recorded("other", "Hello?"), recorded("mine", "Where is my refund?"))
    now = SHARED | {"system": "Refunds within 14 days of delivery."}
    with pytest.raises(MissingRecordingError) as caught:
        load_recordings(path).answers_to(CASE.request_with(now), "case refund")
    said = str(caught.value)
    assert "case refund: no recording answers its request" in said
    assert "nearest recording: mine" in said
    assert "system: recorded 'Refunds within 30 days of delivery.', now 'Refunds within 14" in said
    assert str(path) in said


def test_a_miss_shows_paths_into_messages_and_new_fields(tmp_path: Path) -> None:
    path = tmp_path / "recordings.jsonl"
    write(path, recorded("mine", "Where is my refund?!", top_k=3))
    with pytest.raises(MissingRecordingError) as caught:
        load_recordings(path).answers_to(
            CASE.request_with(SHARED | {"max_tokens": 5}), "case refund"
        )
    said = str(caught.value)
    assert "max_tokens: not recorded, now '5'" in said
    assert "messages[0].content: recorded" in said
    assert "top_k: recorded, now missing" in said


def test_without_any_recording_the_miss_says_so(tmp_path: Path) -> None:
    recordings = load_recordings(tmp_path / "recordings.jsonl")
    with pytest.raises(MissingRecordingError, match="holds no recordings"):
        recordings.answers_to(CASE.request_with(SHARED), "case refund")


def test_two_recordings_with_one_id_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "recordings.jsonl"
    write(path, recorded("mine", "a"), recorded("mine", "b"))
    with pytest.raises(BadInputError, match=r"recordings\.jsonl:2: id 'mine' is taken"):
        load_recordings(path)
