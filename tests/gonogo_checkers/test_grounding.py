"""What the labelled cases of `grounding` cannot show: spans, severities, parts, bounds."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo_checkers.claims.calendar_dates import dates_of, durations_of, follows_from
from gonogo_checkers.claims.derived_numbers import DerivedNumbers
from gonogo_checkers.claims.given_texts import index_texts
from gonogo_checkers.claims.proper_names import names_of, vocabulary_of
from gonogo_checkers.claims.quantities import quantities_of
from gonogo_checkers.claims.quotations import quotations_of
from gonogo_checkers.claims.shown_working import workings_of
from gonogo_checkers.claims.table_cells import spread_cells, table_units
from gonogo_checkers.claims.web_addresses import web_addresses_of
from gonogo_checkers.grounding import Grounding
from gonogo_checkers.output import Output, Turn
from gonogo_checkers.reading.evidence import evidence_of
from gonogo_checkers.verdict import Finding, Judged, Severity

CONTEXT = "In 2023 the shop in Malmö sold 1,200 loaves and 800 rolls. Ann Lee runs it."


def findings_of(response: str, context: str = CONTEXT, **given: object) -> tuple[Finding, ...]:
    output = Output(response=response, context=(context,), **given)  # type: ignore[arg-type]  # fields by name
    verdict = Grounding().check(output)
    assert isinstance(verdict, Judged)
    return verdict.findings


def test_span_line_and_evidence_are_those_of_the_number() -> None:
    response = "The shop did well.\nIt sold 1,300 loaves."
    (finding,) = findings_of(response)
    assert finding.start is not None
    assert response[finding.start : finding.end] == "1,300" == finding.evidence
    assert finding.line == 2


def test_no_finding_decides() -> None:
    response = (
        'Bob Stone of Ystad said "we never once sold any bread here" in June 1987 for $77,321; '
        "see https://a.example/b or mail x@b.example. Purple elephants danced wildly overnight."
    )
    severities = {finding.severity for finding in findings_of(response)}
    assert severities == {Severity.MEDIUM, Severity.LOW}


def test_what_the_prompt_turns_and_system_say_is_given() -> None:
    response = "You asked for 55 rolls, delivered on 17 October to Kiruna."
    assert findings_of(response)
    assert not findings_of(
        response,
        prompt="I asked for 55 rolls.",
        turns=(Turn("user", "They are delivered to Kiruna."),),
        system="Deliveries are made on 17 October only.",
    )


@pytest.mark.parametrize(
    ("response", "note"),
    [
        ("It sold 2,000 pieces of bread.", "sum"),
        ("It sold 400 more loaves than rolls.", "difference"),
        ("It sold 50 % more loaves than rolls.", "percent change"),
    ],
)
def test_what_can_be_computed_is_minor(response: str, note: str) -> None:
    (finding,) = findings_of(response)
    assert finding.severity is Severity.LOW, note
    assert "computed" in finding.message


def test_nearly_given_quotation_is_minor_to_a_made_up_one() -> None:
    context = 'She said: "we sold more bread than in any year before this one".'
    (near,) = findings_of(
        'She said: "we sold more bread than in all years before this one".', context
    )
    (far,) = findings_of('She said: "bread was what we had on sale".', context)
    assert (near.rule, near.severity) == ("GRD003", Severity.LOW)
    assert (far.rule, far.severity) == ("GRD003", Severity.MEDIUM)


def test_answer_in_another_language_is_not_judged_by_its_words() -> None:
    context = "The shop sold bread to the people of the town, and they were happy with it. " * 3
    german = "Der Laden verkaufte den Menschen der Stadt Brot, und sie waren sehr zufrieden damit."
    assert not findings_of(german, context)
    assert [finding.rule for finding in findings_of(german + " Es waren 77.", context)] == [
        "GRD001"
    ]


def test_settings_move_the_share_of_novel_words() -> None:
    output = Output(
        response="The shop sold purple elephants yesterday evening.", context=(CONTEXT,)
    )
    strict, lenient = (Grounding(novel_share=share).check(output) for share in (0.3, 1.0))
    assert isinstance(strict, Judged)
    assert isinstance(lenient, Judged)
    assert [finding.rule for finding in strict.findings] == ["GRD005"]
    assert not lenient.findings


@pytest.mark.parametrize(
    ("text", "reading", "kind"),
    [
        ("1,200", 1200, "plain"),
        ("1.200", 1200, "plain"),
        ("1.2k", 1200, "plain"),
        ("1 200".replace(" ", "\u202f"), 1200, "plain"),
        ("twelve hundred", 1200, "plain"),
        ("two hundred and fifty thousand", 250_000, "plain"),
        ("fifty-two", 52, "plain"),
        ("$1,204.50", 1204.5, "money"),
        ("1.234,56 €", 1234.56, "money"),
        ("11.8 per cent", 11.8, "percent"),
        ("3万円", 30_000, "money"),
        ("٣٥", 35, "plain"),
        ("5:30 PM", 17 * 60 + 30, "time"),
        ("17:00", 17 * 60, "time"),
    ],
)
def test_numbers_are_read(text: str, reading: float, kind: str) -> None:
    (quantity,) = quantities_of(f"it was {text} then")
    assert quantity.kind == kind
    assert any(value == pytest.approx(reading) for value in quantity.readings)


@given(st.integers(0, 10**9), st.sampled_from(["{}", "{:,}", "about {}", "${:,}"]))
def test_a_number_that_is_given_is_found_in_any_writing(number: int, form: str) -> None:
    index = index_texts([f"The total was {number}."])
    (quantity,) = quantities_of(f"It came to {form.format(number)} then")
    assert index.has_number(quantity)


def test_versions_are_codes() -> None:
    (quantity,) = quantities_of("Python 3.11.2 is out")
    assert quantity.kind == "code"
    assert not quantity.readings


def test_names_are_runs_of_capitals_past_the_first_word() -> None:
    text = "Yesterday Ann Lee met the Bank of Sweden in Malmö. Then NASA called."
    assert [name.words for name in names_of(text)] == [
        ("Ann", "Lee"),
        ("Bank", "Sweden"),
        ("Malmö",),
        ("NASA",),
    ]


@pytest.mark.parametrize("word", ["Canadian", "Malmo", "Lee's", "Wi-Fi", "US", "California"])
def test_kin_of_given_words_are_known(word: str) -> None:
    known = vocabulary_of(["Canada, Malmö, Lee, WiFi, America, Goleta CA"])
    assert known.knows(word)
    assert not known.knows("Norway")


def test_quotation_marks_are_paired_by_their_place() -> None:
    text = 'the "Nom" field and then enter their first name in the "Prenom" field of the form'
    assert not quotations_of(text)


def test_addresses_lose_the_punctuation_behind_them() -> None:
    (address,) = web_addresses_of("(see https://www.Example.org/a?b=c).")
    assert (address.text, address.host) == ("https://www.Example.org/a?b=c", "example.org")
    assert address.key == "example.org/a?b=c"


@pytest.mark.parametrize(
    "text",
    [
        "Aa " * 300_000,
        '"a b c d ' * 100_000,
        "1," * 500_000,
        "http://a.b/" * 90_000,
        "\ud800" * 10**6,
        "two hundred and " * 60_000,
        "“" * 10**6,
        "A'B-" * 250_000,
        "1:" * 500_000,
        "1 x " * 250_000,
        "3 May + " * 120_000,
        "a,1\n" * 250_000,
        "30 days of 3 May " * 60_000,
    ],
)
def test_hostile_text_takes_bounded_time(text: str) -> None:
    began = time.process_time()
    Grounding().check(Output(response=text, context=(text, "a")))
    assert time.process_time() - began < 4


def test_many_findings_never_drive_the_score_to_zero() -> None:
    response = "It lists " + ", ".join(f"{number}.5" for number in range(5_000, 5_060)) + " loaves."
    verdict = Grounding().check(Output(response=response, context=(CONTEXT,)))
    assert isinstance(verdict, Judged)
    assert len(verdict.findings) == 40
    assert 0.1 < verdict.score < 0.3


def test_one_claim_is_flagged_once() -> None:
    (finding,) = findings_of("It sold 1,300 loaves. Yes, 1,300 loaves.")
    assert finding.start == len("It sold ")


def test_computed_numbers() -> None:
    numbers = DerivedNumbers((1_204.0, 17.0, 2_916.0, 23.0, 2_230.0, 31.0))
    assert numbers.holds_value(1_204 + 2_916 + 2_230, 0.0)
    assert numbers.holds_value(2_230 * 0.17, 1e-6)
    assert not numbers.holds_value(6_351.0, 0.4)
    assert numbers.holds_sum(2_230 - 1_204, 0.0)
    assert not numbers.holds_sum(2 * 17, 0.0)
    assert DerivedNumbers((800.0, 1_200.0)).holds_share(50.0, 0.0)
    assert not DerivedNumbers((800.0, 1_200.0)).holds_share(51.0, 0.4)
    assert not DerivedNumbers((1.0,)).holds_sum(2.0, 0.0)
    assert not DerivedNumbers(()).holds_value(2.0, 0.0)


def test_evidence_holds_no_mailbox_and_no_long_number() -> None:
    response = "Write to ann.private@b.example or pay to 4111 1111 1111 1234 now."
    found = findings_of(response)
    assert {finding.rule for finding in found} == {"GRD001", "GRD004"}
    shown = " ".join(finding.evidence + finding.message for finding in found)
    assert "private" not in shown
    assert "4111" not in shown
    assert evidence_of("x" * 100, 0, 100) == "x" * 79 + "…"


@pytest.mark.parametrize(
    ("text", "results"),
    [
        ("12 x 4,500 = 54,000", ["54,000"]),
        ("19 % of 4,500 = 855", ["855"]),
        ("(4,720 - 4,500) / 4,500 = 4.9 %", ["4.9 %"]),
        ("100 + 2 x 50 = 200", ["200"]),
        ("£185,750 ÷ 4 = £46,437.50", ["£46,437.50"]),
        ("3.000 mal 2 ergibt 6.000", ["6.000"]),
        ("10 - 3 = 8", []),
        ("5 / 0 = 0", []),
        ("from 3-5 days, 8 in all", []),
        ("12 x 4,500 and 54,000", []),
    ],
)
def test_working_counts_where_it_comes_out(text: str, results: list[str]) -> None:
    assert [one.result.text for one in workings_of(text, quantities_of(text))] == results


@pytest.mark.parametrize(
    ("text", "dates"),
    [
        ("on 3 May 2027", [(3, 5, 2027)]),
        ("am 3. März 2027", [(3, 3, 2027)]),
        ("le 1er août", [(1, 8, None)]),
        ("el 15 de mayo de 2027", [(15, 5, 2027)]),
        ("May 3rd, 2027", [(3, 5, 2027)]),
        ("dated 3 May", [(3, 5, None)]),
        ("2027-05-03", [(3, 5, 2027)]),
        ("from 20 to 27 November", [(20, 11, None), (27, 11, None)]),
        ("40 May 2027 and 3 men", []),
    ],
)
def test_dates_are_read(text: str, dates: list[tuple[int, int, int | None]]) -> None:
    assert [(date.day, date.month, date.year) for date in dates_of(text)] == dates


@pytest.mark.parametrize(
    ("given", "date", "follows"),
    [
        ("30 days from 3 May 2027", "2 June 2027", True),
        ("30 days from 3 May 2027", "9 June 2027", False),
        ("six months before 15 September 2027", "15 March 2027", True),
        ("three months from 30 November 2027", "29 February 2028", True),
        ("five working days from 3 November", "10 November", True),
        ("2 years from 6 May 2025", "6 May 2027", True),
        ("2 years from 6 May 2025", "6 May 2028", False),
        ("14 days from 24 December", "7 January", True),
    ],
)
def test_dates_follow_from_durations(given: str, date: str, follows: bool) -> None:  # noqa: FBT001 - a parameter of the test
    durations = list(durations_of(given, quantities_of(given)))
    assert follows_from(dates_of(date)[0], dates_of(given), durations) is follows


def test_cells_are_set_apart_in_rows_only() -> None:
    assert spread_cells("a,b\n1940,292940") == "a , b\n1940 , 292940"
    prose = "Costs were 1,940 in May.\nThey were 1,200 in June, and less later."
    assert spread_cells(prose) == prose


def test_units_of_tables_are_read() -> None:
    assert table_units("| EUR thousand | 2025 |") == {1e3}
    assert table_units("all in millions; k€ 3") == {1e3, 1e6}
    assert not table_units("a thousand people came in May")


def test_a_scaled_number_does_not_ground_small_ones() -> None:
    (finding,) = findings_of("It took 4.27 million.", "It took 4,720 in 2025.")
    assert finding.severity is Severity.MEDIUM


def test_system_prompt_changes_no_finding_that_it_does_not_state() -> None:
    response = "Purple elephants danced wildly overnight, and 77 loaves were sold in Kiruna."
    plain = findings_of(response)
    guided = findings_of(response, system="Write wildly well. Never say that 12 loaves danced.")
    assert plain == guided
    assert {finding.rule for finding in plain} >= {"GRD001", "GRD002", "GRD005"}
