"""Shows how grammars are loaded, and that parsing is bounded."""

import pytest

from gonogo_checkers.reading.grammars import ParseTooSlow, has_grammar, parse
from gonogo_checkers.reading.languages import LANGUAGES


@pytest.mark.parametrize("language", sorted(LANGUAGES - {"kotlin", "swift", "scala", "lua"}))
def test_every_core_language_has_a_grammar(language: str) -> None:
    assert has_grammar(language)
    assert parse("", language).root_node.end_byte == 0


def test_says_what_to_install() -> None:
    assert not has_grammar("cobol")
    with pytest.raises(ModuleNotFoundError, match="cobol"):
        parse("", "cobol")


def test_stops_in_time() -> None:
    with pytest.raises(ParseTooSlow, match="javascript"):
        parse("'" * 200_000, "javascript", seconds=0.05)


def test_parses_after_it_was_stopped() -> None:
    with pytest.raises(ParseTooSlow):
        parse("'" * 200_000, "javascript", seconds=0.05)
    assert not parse("let a = 1;", "javascript").root_node.has_error


def test_reads_text_longer_than_a_chunk() -> None:
    text = "let a = 'é';\n" * 20_000
    root = parse(text, "javascript", seconds=5).root_node
    assert not root.has_error
    assert root.end_byte == len(text.encode())


def test_takes_lone_surrogates_and_null_bytes() -> None:
    assert parse("x = '\ud800\x00'", "python").root_node.end_byte > 0
