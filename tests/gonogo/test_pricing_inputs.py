"""How large an input can be: on the safe side, bounded in time, and not far beyond."""

import base64
import time
import zlib
from typing import Any

import pytest

from gonogo.exchanges import Request
from gonogo.pricing import MOST_INPUT, input_tokens_at_most
from gonogo.pricing.pdf_pages import pages_in


def tokens(content: Any, **more: Any) -> int:
    message = {"role": "user", "content": content}
    return input_tokens_at_most(Request({"messages": [message], **more}))


def document(data: bytes) -> dict[str, Any]:
    text = base64.b64encode(data).decode()
    source = {"type": "base64", "media_type": "application/pdf", "data": text}
    return {"type": "document", "source": source}


def plain_pdf(pages: int) -> bytes:
    page = b"<< /Type /Page /Parent 1 0 R >> endobj\n"
    return b"%PDF-1.4\n<< /Type /Pages /Count 3 >>\n" + page * pages + b"x" * 1000


def packed_pdf(pages: int, *, end: bytes = b"\nendstream") -> bytes:
    packed = zlib.compress(b"<</Type/Page/Parent 1 0 R>>" * pages + b"<</Type/Pages>>")
    return b"%PDF-1.5\n<</Type/ObjStm/N 9/Filter/FlateDecode>>stream\n" + packed + end


def test_words_images_and_depth() -> None:
    words = "The sea is wide and deep. " * 1000
    assert tokens(words) >= len(words.split()) * 2
    image = {"type": "image", "source": {"type": "base64", "data": "A" * 4_000_000}}
    assert 5000 <= tokens([image]) < 10_000
    assert tokens("x" * 10_000_000) == MOST_INPUT
    nested: Any = "x"
    for _ in range(50_000):
        nested = [nested]
    assert tokens(nested) < 2000


def test_signs_and_digits_may_each_be_a_token() -> None:
    table = "1,2;3|" * 1000
    assert len(table) < tokens(table) < len(table) + 1_200
    assert tokens("1 2\t3\n" * 1000) > 4_500
    assert tokens("\u6d77" * 1000) > 1_500


def test_all_that_stands_in_a_request_is_counted() -> None:
    schema = {"format": {"type": "json_schema", "schema": {"description": "x" * 8_000}}}
    assert tokens("Hi", output_config=schema) > tokens("Hi") + 4_000
    assert tokens("Hi", a_field_of_tomorrow="x" * 8_000) > tokens("Hi") + 4_000
    own = {"type": "computer_20251124", "name": "computer"}
    assert tokens("Hi", tools=[own]) > tokens("Hi", tools=[{"name": "own"}]) + 1_000


@pytest.mark.parametrize("pdf", [plain_pdf(3), packed_pdf(3)])
def test_a_pdf_is_read_page_by_page(pdf: bytes) -> None:
    assert 18_000 <= tokens([document(pdf)]) < 20_000


@pytest.mark.parametrize(
    "pdf",
    [
        b"",
        b"no pdf",
        packed_pdf(3)[:-20],
        packed_pdf(0),
        packed_pdf(1).replace(b"x\x9c", b"xx"),
        packed_pdf(1_000_000),
    ],
)
def test_a_document_whose_pages_cannot_be_seen_is_a_long_one(pdf: bytes) -> None:
    assert tokens([document(pdf)]) > 200_000


def test_documents_that_stand_elsewhere_are_long_ones() -> None:
    for source in ({"type": "file", "file_id": "f"}, {"type": "url", "url": "https://x"}):
        assert tokens([{"type": "document", "source": source}]) > 200_000
    text = {"type": "text", "media_type": "text/plain", "data": "x" * 8_000}
    assert 4_000 < tokens([{"type": "document", "source": text}]) < 6_000
    broken = {"type": "base64", "data": "not base64!"}
    assert tokens([{"type": "document", "source": broken}]) > 200_000


@pytest.mark.parametrize(
    "pdf", [b"/ObjStm" * 300_000, b"/ObjStm>>stream\n" * 200_000, packed_pdf(500) * 300]
)
def test_hostile_documents_cost_little_time(pdf: bytes) -> None:
    text = base64.b64encode(pdf).decode()
    started = time.process_time()
    pages_in(text)
    assert time.process_time() - started < 2


def test_each_round_of_server_tools_reads_all_that_came_before() -> None:
    def most(*tools: Any, **more: Any) -> int:
        return tokens("Hi", tools=list(tools), **more)

    fetch: Any = {"type": "web_fetch_20250910", "name": "web_fetch", "max_uses": 2}
    assert most(fetch | {"max_uses": 0}) < 4_000
    assert most(fetch | {"max_content_tokens": 100}) < most(fetch) / 5
    assert most(fetch, max_tokens=50_000) >= most(fetch) + 100_000
    assert most(fetch | {"max_uses": 10**15}) == 11 * MOST_INPUT
    assert most() * 5 < tokens("Hi", mcp_servers=[{"type": "url", "url": "https://x"}])
