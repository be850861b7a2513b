"""What the labelled cases of `coherence` cannot show: spans, severities, parts, bounds."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo_checkers.coherence import Coherence
from gonogo_checkers.output import Output
from gonogo_checkers.verdict import Finding, Judged, Severity
from gonogo_checkers.wording.garbled_text import find_garbled
from gonogo_checkers.wording.leaked_markers import find_blanks, find_chat_markers, find_unfilled
from gonogo_checkers.wording.markdown_faults import (
    find_broken_tables,
    find_empty_headings,
    find_numbering_faults,
)
from gonogo_checkers.wording.repetition import find_loop


def findings_of(response: str, prompt: str = "", context: str = "") -> tuple[Finding, ...]:
    verdict = Coherence().check(Output(response=response, prompt=prompt, context=(context,)))
    assert isinstance(verdict, Judged)
    return verdict.findings


def test_a_loop_at_the_end_is_graver_and_found_once() -> None:
    loop = " It closes at five in the evening." * 6
    (end,) = findings_of("The shop opens at nine." + loop)
    (middle,) = findings_of("The shop opens at nine." + loop + " After that we all went home.")
    assert (end.rule, end.severity) == ("COH001", Severity.HIGH)
    assert (middle.rule, middle.severity) == ("COH001", Severity.MEDIUM)
    assert end.start == len("The shop opens at nine. ")


@pytest.mark.parametrize(("times", "found"), [(2, False), (3, True)])
def test_a_loop_needs_three_rounds(times: int, found: bool) -> None:  # noqa: FBT001 - a parameter
    text = "first words " + "one two three four five six seven eight nine ten " * times
    assert (find_loop(text) is not None) is found


@given(st.lists(st.sampled_from("abcdefgh"), min_size=3, max_size=12), st.integers(12, 20))
def test_every_true_loop_is_found(words: list[str], times: int) -> None:
    repeat = find_loop(" ".join(words * times))
    assert repeat is not None
    assert repeat.at_end
    assert repeat.times >= 3


def test_numbers_in_a_row_are_no_loop() -> None:
    assert find_loop("0 1 " * 40) is None


@given(st.text(alphabet="äöüéèñçßøåÄÖÜ’–€“", min_size=1, max_size=1))
def test_mojibake_is_told_and_repaired(char: str) -> None:
    try:
        garbled = char.encode().decode("cp1252")
    except UnicodeDecodeError:
        return
    (found,) = find_garbled(f"xx {garbled} xx")
    assert (found.damage, found.meant) == ("mojibake", char)


@pytest.mark.parametrize(
    "text", ["Ångström, À la carte", "„Ä“ und «Ö»", "NÃO É", "25 °C ± 2", "naïve"]
)
def test_sound_accents_are_left_alone(text: str) -> None:
    assert not find_garbled(text)


def test_many_damaged_places_are_one_finding() -> None:
    (finding,) = findings_of("Caf\ufffd and th\ufffd and m\ufffdre.")
    assert "3 places" in finding.message
    assert finding.severity is Severity.MEDIUM


def test_markers_are_no_markers_in_code() -> None:
    assert findings_of("It ends here.</s>")
    assert not findings_of("It ends so:\n\n```\n</s> {{ name }}\n```\n")


@pytest.mark.parametrize(
    "text", ["<|im_start|>", "[INST]", "<start_of_turn>", "<|eot_id|>", "<</SYS>>"]
)
def test_chat_markers(text: str) -> None:
    assert [marker.text for marker in find_chat_markers(f"a {text} b")] == [text]


@pytest.mark.parametrize(
    "text", ["{{ user.name }}", "${USER_NAME}", "%(name)s", "[INSERT DATE]", "[Insert date here]"]
)
def test_places_to_fill_in(text: str) -> None:
    assert [marker.text for marker in find_unfilled(f"a {text} b")] == [text]


@pytest.mark.parametrize(
    "text", ["[1]", "[x]", "[...]", "[the contract]", "[name](https://a.example)"]
)
def test_brackets_that_are_no_blanks(text: str) -> None:
    assert not find_blanks(text)
    assert not find_unfilled(text)


@pytest.mark.parametrize("text", ["[Your Name]", "[Customer's Name]", "[Ihr Name]", "[Votre nom]"])
def test_blanks(text: str) -> None:
    assert find_blanks(text)


@pytest.mark.parametrize(
    ("numbers", "faults"),
    [
        ((1, 2, 3), 0),
        ((0, 1, 2), 0),
        ((4, 5, 6), 0),
        ((1, 1, 1), 0),
        ((5, 4, 3), 0),
        ((1, 2, 3, 1, 2, 3), 0),
        ((1, 2), 0),
        ((1, 2, 2, 3), 1),
        ((1, 2, 4), 1),
        ((2, 7, 11), 0),
        ((1998, 2003, 2011), 0),
    ],
)
def test_numbering(numbers: tuple[int, ...], faults: int) -> None:
    text = "\n\n".join(f"{number}. An item." for number in numbers)
    assert len(find_numbering_faults(text)) == faults


def test_heading_before_the_end_is_empty() -> None:
    text = "# A\n\nText.\n\n## B\n\n---\n"
    (fault,) = find_empty_headings(text)
    assert text[fault.start : fault.end] == "## B"
    assert not find_empty_headings("## Total: 12 euros\n\n## B\n\nText.")


def test_table_fault_names_the_numbers() -> None:
    (fault,) = find_broken_tables("| a | b |\n|---|---|---|\n| 1 | 2 |")
    assert fault.what == "the header has 2 cells, the line of dashes 3"
    assert not find_broken_tables("| lone line |")
    assert not find_broken_tables("a | b\n--|--\n1 | 2 | 3")


def test_writing_is_not_judged_on_a_word() -> None:
    assert not findings_of("да", prompt="When does the shop open?")
    assert not findings_of("42", prompt="Сколько будет шесть раз по семь?")


def test_answer_with_both_writings_is_not_wrong() -> None:
    text = "Магазин открывается в девять часов утра.\n\nThis means: the shop opens at nine."
    assert not findings_of(text, prompt="What does this sign on the door say?")


@pytest.mark.parametrize(
    "text",
    [
        "a b " * 250_000,
        "|a|b|\n" * 160_000,
        "# a\n" * 250_000,
        "Ã©" * 500_000,
        "\x00" * 10**6,
        "[insert " * 120_000,
        "{{ a" * 250_000,
        "1. a\n" * 200_000,
        "|-" * 500_000,
        "漢" * 10**6,
        "\ud800" * 10**6,
        "\n \n" * 300_000,
        "x" * 10**6,
        "- " * 500_000,
        "<|" * 500_000,
    ],
)
def test_hostile_text_takes_bounded_time(text: str) -> None:
    began = time.process_time()
    Coherence().check(Output(response=text, prompt=text, context=(text,)))
    assert time.process_time() - began < 4


def test_circles_are_counted_in_prose_and_not_in_records() -> None:
    said = "You may return the helmet within thirty days if the seal of the box is closed. "
    other = "We pay the money back to the card that was charged for it, which takes a week. "
    circling = (said + other + "So " + said + "As " + other) * 2
    records = "".join(
        f"- Flight {n}: leaves at nine from gate four and lands at ten\n" for n in range(30)
    )
    assert "COH011" in {finding.rule for finding in findings_of(circling)}
    assert not findings_of(records)
    verdict = Coherence(circling_share=1.0, sentence_words=99).check(Output(response=circling))
    assert isinstance(verdict, Judged)
    assert "COH011" not in {finding.rule for finding in verdict.findings}
