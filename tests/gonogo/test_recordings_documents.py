"""Large texts of request bodies: stored once by their hash, and given back as they were."""

import hashlib
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gonogo.errors import BadInputError
from gonogo.json_lines import JsonObject, canonical_json
from gonogo.recordings.documents import (
    REFERENCE,
    referred_documents,
    restore_documents,
    store_documents,
    unused_documents,
)
from gonogo_checkers.output import JsonValue

IMAGE = "iVBORw0KGgo" * 3000
KEYS = st.one_of(
    st.text(max_size=6), st.sampled_from([REFERENCE, f"${REFERENCE}", f"$${REFERENCE}", "text"])
)
JSON: st.SearchStrategy[JsonValue] = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(allow_nan=False),
        st.text(st.characters(), max_size=12),
        st.sampled_from(["\ud800", "0" * 64, "é" * 12]),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(KEYS, inner, max_size=4)),
    max_leaves=12,
)


def body_with(*texts: str) -> JsonObject:
    blocks: list[JsonValue] = [
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": text}}
        for text in texts
    ]
    return {"model": "m", "messages": [{"role": "user", "content": blocks}]}


def problems_of(body: JsonObject, folder: Path) -> list[str]:
    with pytest.raises(BadInputError) as caught:
        restore_documents(body, folder)
    return [str(problem) for problem in caught.value.problems]


def reference_to(name: JsonValue) -> JsonObject:
    return {"messages": [{"content": {REFERENCE: name}}]}


def test_equal_texts_are_stored_once_under_their_hash(tmp_path: Path) -> None:
    body = body_with(IMAGE, "short", IMAGE)
    stored = store_documents(body, tmp_path)
    name = hashlib.sha256(IMAGE.encode()).hexdigest()
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_text() == IMAGE
    assert stored == body_with({REFERENCE: name}, "short", {REFERENCE: name})  # type: ignore[arg-type]  # what stands for it
    assert len(canonical_json(stored)) < 700
    assert restore_documents(stored, tmp_path) == body


def test_the_body_that_is_stored_is_left_as_it_was(tmp_path: Path) -> None:
    body = body_with(IMAGE)
    store_documents(body, tmp_path)
    assert body == body_with(IMAGE)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.dictionaries(KEYS, JSON, max_size=4), least=st.integers(1, 15))
def test_whatever_is_stored_comes_back(tmp_path: Path, body: JsonObject, least: int) -> None:
    stored = store_documents(body, tmp_path, least_chars=least)
    assert restore_documents(stored, tmp_path) == body
    names = referred_documents(stored)
    assert all((tmp_path / name).is_file() for name in names)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.dictionaries(KEYS, JSON, max_size=4), least=st.integers(1, 15))
def test_a_stored_body_can_be_stored_again(tmp_path: Path, body: JsonObject, least: int) -> None:
    twice = store_documents(
        store_documents(body, tmp_path, least_chars=least), tmp_path, least_chars=least
    )
    assert restore_documents(restore_documents(twice, tmp_path), tmp_path) == body


def test_an_object_that_looks_like_a_reference_stays_the_callers(tmp_path: Path) -> None:
    for own in ({REFERENCE: "0" * 64}, {REFERENCE: 1, "x": 2}, {f"${REFERENCE}": "y"}):
        body: JsonObject = {"messages": [own]}
        stored = store_documents(body, tmp_path)
        assert referred_documents(stored) == frozenset()
        assert restore_documents(stored, tmp_path) == body


def test_lone_surrogates_come_back(tmp_path: Path) -> None:
    body = body_with("\ud83d" * 20_000)
    assert restore_documents(store_documents(body, tmp_path), tmp_path) == body


def test_a_document_that_is_there_is_not_rewritten(tmp_path: Path) -> None:
    store_documents(body_with(IMAGE), tmp_path)
    (path,) = tmp_path.iterdir()
    os.utime(path, (1, 1))
    store_documents(body_with(IMAGE), tmp_path)
    assert path.stat().st_mtime == 1


def test_a_document_that_was_cut_short_is_mended(tmp_path: Path) -> None:
    stored = store_documents(body_with(IMAGE), tmp_path)
    (path,) = tmp_path.iterdir()
    path.write_text(IMAGE[:100])
    store_documents(body_with(IMAGE), tmp_path)
    assert restore_documents(stored, tmp_path) == body_with(IMAGE)


def test_missing_and_altered_documents_are_all_told(tmp_path: Path) -> None:
    stored = store_documents(body_with(IMAGE, IMAGE + "x"), tmp_path)
    altered, missing = (hashlib.sha256(text.encode()).hexdigest() for text in (IMAGE, IMAGE + "x"))
    (tmp_path / altered).write_text("someone's secret")
    (tmp_path / missing).unlink()
    first, second = problems_of(stored, tmp_path)
    assert first.startswith("messages[0].content[0].source.data: ")
    assert altered in first
    assert "holds another text than its name says" in first
    assert "secret" not in first
    assert second.startswith("messages[0].content[1].source.data: ")
    assert "missing: restore the file, or record again" in second


@pytest.mark.parametrize(
    "name",
    [
        "../outside",
        "/etc/passwd",
        "..",
        "",
        "A" * 64,
        "a" * 63,
        "a" * 64 + "\n",
        "٠" * 64,
        "a" * 62 + "/b",
        None,
        7,
        ["a" * 64],
    ],
)
def test_a_hostile_reference_reaches_no_file(tmp_path: Path, name: JsonValue) -> None:
    (tmp_path / "outside").write_text("x")
    folder = tmp_path / "documents"
    folder.mkdir()
    (problem,) = problems_of(reference_to(name), folder)
    assert problem.startswith("messages[0].content: ")
    assert "takes 64 hexadecimal digits" in problem


def test_a_reference_with_another_key_beside_it_is_refused(tmp_path: Path) -> None:
    body: JsonObject = {"a": {REFERENCE: "a" * 64, "type": "text"}}
    (problem,) = problems_of(body, tmp_path)
    assert "no other key beside it" in problem
    with pytest.raises(BadInputError, match="no other key"):
        referred_documents(body)


def test_what_is_no_regular_file_is_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / ("a" * 64))
    (tmp_path / ("b" * 64)).mkdir()
    (tmp_path / ("c" * 64)).symlink_to("/dev/zero")
    for digit in "abc":
        (problem,) = problems_of(reference_to(digit * 64), tmp_path)
        assert "missing" in problem


def test_a_link_to_another_file_gives_nothing_away(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_text("a secret of somebody")
    folder = tmp_path / "documents"
    folder.mkdir()
    (folder / ("d" * 64)).symlink_to(outside)
    (problem,) = problems_of(reference_to("d" * 64), folder)
    assert "holds another text" in problem
    assert "somebody" not in problem


def test_storing_does_not_write_through_a_link(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_text("kept")
    folder = tmp_path / "documents"
    folder.mkdir()
    (folder / hashlib.sha256(IMAGE.encode()).hexdigest()).symlink_to(outside)
    stored = store_documents(body_with(IMAGE), folder)
    assert outside.read_text() == "kept"
    assert restore_documents(stored, folder) == body_with(IMAGE)


def nested(levels: int, innermost: JsonValue) -> JsonObject:
    value = innermost
    for _ in range(levels - 1):
        value = [value]
    return {"a": value}


def test_a_body_may_nest_200_levels_and_no_more(tmp_path: Path) -> None:
    deep = nested(200, IMAGE)
    assert restore_documents(store_documents(deep, tmp_path), tmp_path) == deep
    folder = tmp_path / "more"
    with pytest.raises(BadInputError, match=r"a\[0\].*nests deeper than 200 levels"):
        store_documents({"text": IMAGE, **nested(100_000, IMAGE)}, folder)
    assert not folder.exists()
    with pytest.raises(BadInputError, match="nests deeper"):
        restore_documents(nested(5_000, IMAGE), tmp_path)


def test_texts_of_the_given_length_are_stored_and_shorter_ones_not(tmp_path: Path) -> None:
    stored = store_documents({"a": "x" * 16_383, "b": "x" * 16_384}, tmp_path)
    assert stored["a"] == "x" * 16_383
    assert isinstance(stored["b"], dict)
    with pytest.raises(ValueError, match="least_chars: expected at least 1, got 0"):
        store_documents({}, tmp_path, least_chars=0)


def test_unused_documents_are_those_that_no_body_refers_to(tmp_path: Path) -> None:
    used = store_documents(body_with(IMAGE), tmp_path)
    store_documents(body_with(IMAGE + "x"), tmp_path)
    (tmp_path / "README.md").write_text("not a document")
    (tmp_path / ("e" * 64)).mkdir()
    (unused,) = unused_documents(tmp_path, referred_documents(used))
    assert unused.name == hashlib.sha256((IMAGE + "x").encode()).hexdigest()
    assert unused_documents(tmp_path / "none", ()) == []
