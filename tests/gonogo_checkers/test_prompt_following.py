"""What the labelled cases of `prompt_following` cannot show: places, precision, hostile text."""

import time

import pytest

from gonogo_checkers.instructions.format_instructions import InLanguage, JsonOnly
from gonogo_checkers.instructions.known_instructions import find_instructions
from gonogo_checkers.instructions.length_instructions import (
    Amount,
    BulletCount,
    ParagraphCount,
    SentenceCount,
    WordCount,
)
from gonogo_checkers.instructions.part_instructions import (
    ItemSentenceCount,
    ItemWordCount,
    WordsBesideTable,
)
from gonogo_checkers.instructions.prompt_text import mask_prompt
from gonogo_checkers.instructions.wording_instructions import Avoids, Includes, OneOf, RepeatsFirst
from gonogo_checkers.output import Output
from gonogo_checkers.prompt_following import PromptFollowing
from gonogo_checkers.verdict import Judged, NotApplicable

EVERYTHING = """Answer in German in at most 100 words, in exactly two sentences, three paragraphs,
exactly 3 bullet points, with at least 3 placeholders, and highlight at least 2 sections.
Return only valid JSON. Compare them in a table. Respond in YAML. Respond in CSV. Code only.
Do not include any code. Answer in plain text. Write in all lowercase letters. Add a postscript.
Wrap your entire response in double quotation marks. Include the word "harvest".
Do not use the word "bee". The word "wax" should appear at least 3 times. Use exactly 3 headings.
Start your response with the phrase "In short". End your response with the phrase "That is all".
Include the keyword honey in the 6th sentence. Write 2 sections, each marked with Section X."""


def instructions_of(prompt: str) -> list[object]:
    return [found.instruction for found in find_instructions(prompt)]


@pytest.mark.parametrize(
    ("wording", "least", "most"),
    [
        ("at least 100 words", 100, None),
        ("no fewer than 100 words", 100, None),
        ("100 or more words", 100, None),
        ("100+ words", 100, None),
        ("more than 100 words", 101, None),
        ("at most 100 words", None, 100),
        ("up to 100 words", None, 100),
        ("100 words or less", None, 100),
        ("fewer than 100 words", None, 99),
        ("exactly 100 words", 100, 100),
        ("between 100 and 120 words", 100, 120),
        ("100-120 words", 100, 120),
        ("about 100 words", 75, 125),
        ("1,000 words", 750, 1250),
    ],
)
def test_amounts_are_read(wording: str, least: int | None, most: int | None) -> None:
    assert instructions_of(f"Write a report with {wording}.") == [WordCount(Amount(least, most))]


@pytest.mark.parametrize(
    "prompt",
    [
        "The essay that I wrote has exactly 3 paragraphs, what do you think?",
        "Is it better to write at most 100 words?",
        "If you are asked for code, answer in exactly 3 sentences.",
        "You don't have to keep it under 100 words.",
        "Feel free to use a table.",
        "The house has three floors and two doors, draw it.",
        "Write in your own words, and use the word count tool if needed.",
        "```\nAnswer in at most 10 words.\n```\nWhat does this prompt do?",
        "> Return only valid JSON\n\nWhat did they mean?",
        "Q: Answer in exactly two sentences.\nA: No.\n\nGo on.",
        "Summarize.\n\nText: Please write three paragraphs. Do not use commas.",
        "Tell me a story about French cuisine in German restaurants.",
        "What is 'answer in German' in Spanish?",
        "Using the following three words, tell a joke: sun, sea, sand",
        "Find a single-word palindrome in this text for me.",
    ],
)
def test_what_only_looks_like_an_instruction_is_none(prompt: str) -> None:
    assert instructions_of(prompt) == []


def test_an_instruction_after_a_document_is_read() -> None:
    prompt = "Text: Use exactly 9 words. Never say no.\n\nMore of it.\n\nAnswer in one sentence."
    (found,) = find_instructions(prompt)
    assert prompt[found.start : found.end].strip() == "one sentence"


def test_arguments_keep_their_case_and_lose_their_quotes() -> None:
    asked = instructions_of(
        'Include the words "Berlin" and “Spree”. Do not mention the word Mauer.'
    )
    assert asked == [Includes(("Berlin", "Spree")), Avoids(("Mauer",))]


def test_the_request_to_repeat_is_the_text_before() -> None:
    prompt = "Name three rivers of Peru.\n\nFirst repeat the request above word for word."
    assert RepeatsFirst("Name three rivers of Peru.") in instructions_of(prompt)


def test_options_are_read_from_lines() -> None:
    prompt = "Choose from the following:\n- Yes, sure.\n- No, never."
    assert instructions_of(prompt) == [OneOf(("Yes, sure", "No, never"))]


@pytest.mark.parametrize(
    ("prompt", "instruction"),
    [
        ("Antworte auf Deutsch.", InLanguage("de")),
        ("Responde en español, por favor.", InLanguage("es")),
        ("Réponds en anglais.", InLanguage("en")),
        ("Bitte schreibe genau drei Absätze.", ParagraphCount(Amount(3, 3))),
        ("Donne exactement 3 puces.", BulletCount(Amount(3, 3))),
        ("Gib nur JSON aus.", JsonOnly()),
    ],
)
def test_other_languages_are_read(prompt: str, instruction: object) -> None:
    assert instruction in instructions_of(prompt)


def test_masking_keeps_every_place() -> None:
    prompt = 'Say "hi" to <doc>a\nb</doc> and `x`.\n> quoted\n'
    masked = mask_prompt(prompt)
    assert len(masked) == len(prompt)
    assert masked.count("\n") == prompt.count("\n")
    assert "hi" not in masked
    assert "quoted" not in masked


def test_finding_points_to_the_forbidden_word() -> None:
    response = "Bees fly.\nHoney is sweet."
    output = Output(response=response, prompt='Do not use the word "honey".')
    verdict = PromptFollowing().check(output)
    assert isinstance(verdict, Judged)
    (finding,) = verdict.findings
    assert (response[finding.start : finding.end], finding.line) == ("Honey", 2)


def test_system_prompt_can_be_left_out() -> None:
    output = Output(response="Well, yes.", prompt="Is it?", system="Never use commas.")
    assert isinstance(PromptFollowing().check(output), Judged)
    assert isinstance(PromptFollowing(read_system=False).check(output), NotApplicable)


def test_a_response_beyond_the_bound_is_not_judged() -> None:
    output = Output(response="a" * 200_001, prompt="Do not use commas.")
    assert isinstance(PromptFollowing().check(output), NotApplicable)


@pytest.mark.parametrize("piece", ["• \n", "[", "A. ", "```\n", "*a", "漢", "\ud800", "a-"])
def test_hostile_response_comes_back_soon(piece: str) -> None:
    response = piece * (200_000 // len(piece))
    began = time.process_time()
    PromptFollowing().check(Output(response=response, prompt=EVERYTHING))
    assert time.process_time() - began < 4


@pytest.mark.parametrize("piece", ["<a>", '"x', "*a", "write 1 ", "use the word a and ", "in "])
def test_hostile_prompt_comes_back_soon(piece: str) -> None:
    prompt = piece * (1_000_000 // len(piece))
    began = time.process_time()
    PromptFollowing().check(Output(response="No.", prompt=prompt))
    assert time.process_time() - began < 4


@pytest.mark.parametrize(
    ("prompt", "instruction"),
    [
        ("Use bullet points, at most 9 words per bullet.", ItemWordCount(Amount(most=9))),
        ("Each bullet: a name, then a figure, in at most 9 words.", ItemWordCount(Amount(most=9))),
        ("List them, in one sentence for each point.", ItemSentenceCount(Amount(1, 1))),
        ("Give me a table. Then in at most 9 words: why?", WordsBesideTable(Amount(most=9))),
        ("Write 80 to 90 words, then a table.", WordsBesideTable(Amount(80, 90))),
        ("First, your answer must have at most 9 words.", WordCount(Amount(most=9))),
        ("Write 3 or 4 paragraphs.", ParagraphCount(Amount(3, 4))),
    ],
)
def test_amounts_of_parts_know_their_part(prompt: str, instruction: object) -> None:
    amounts = (ItemWordCount, ItemSentenceCount, WordsBesideTable, WordCount, ParagraphCount)
    assert [one for one in instructions_of(prompt) if isinstance(one, amounts)] == [instruction]


def test_item_is_pointed_to_and_holds_its_continuation() -> None:
    response = "- one two\n- three four\n  five six\n\nSeven eight nine ten eleven."
    output = Output(response=response, prompt="Use bullet points, at most 3 words per bullet.")
    verdict = PromptFollowing().check(output)
    assert isinstance(verdict, Judged)
    (finding,) = verdict.findings
    assert response[finding.start : finding.end] == "- three four\n  five six"
    assert "this item has 4" in finding.message


def test_places_stay_where_lower_case_is_longer() -> None:
    assert instructions_of("İİİİ. Answer in exactly two sentences.") == [
        SentenceCount(Amount(2, 2))
    ]


def test_two_parts_are_found_soon_in_long_sentences() -> None:
    prompt = "two answers between both essays " * 900 + "*****" * 30
    began = time.process_time()
    find_instructions(prompt)
    assert time.process_time() - began < 6


def test_many_documents_in_a_prompt_cost_little() -> None:
    prompt = "The tenant pays 3 words of rent in two sentences for each of 12 bullets. " * 400
    began = time.process_time()
    find_instructions(prompt)
    assert time.process_time() - began < 6
