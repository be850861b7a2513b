"""Personal data in what is to be recorded: replaced by numbered markers; structure stays.

All names, addresses and numbers are synthetic.
"""

import json
import random
import string
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gonogo.errors import BadInputError
from gonogo.json_lines import JsonObject
from gonogo.recordings.redaction import MOST_CHARS, Redaction, redact, redact_text
from gonogo_checkers.output import JsonValue

MAIL = "l.marchetti@example.org"
PHONE = "+44 20 7946 0831"
CARD = "4539 1488 0343 6467"
DRAW = random.Random(1)  # noqa: S311 - a made-up key, the same in each run
KEY = "sk-ant-api03-" + "".join(DRAW.choices(string.ascii_letters + string.digits, k=95))


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        (f"Write to {MAIL}.", "Write to <EMAIL_ADDRESS_1>."),
        (f"Call {PHONE} or {MAIL}!", "Call <PHONE_NUMBER_1> or <EMAIL_ADDRESS_1>!"),
        (f"Card {CARD}, SSN 536-22-8714", "Card <CREDIT_CARD_1>, SSN <US_SSN_1>"),
        ("IBAN GB33 BUKB 2020 1555 5555 55.", "IBAN <IBAN_CODE_1>."),
        ("You logged in from 81.2.69.142 today.", "You logged in from <IP_ADDRESS_1> today."),
        ("passport number 533401987", "passport number <PASSPORT_1>"),
        ("Her account number is 83920174.", "Her account number is <BANK_ACCOUNT_1>."),
        ("NHS number 943 476 5919", "NHS number <HEALTH_ID_1>"),
        (f"The key is {KEY}.", "The key is <REDACTED:Anthropic API key>."),
        # German, Portuguese, French, Japanese, Korean
        (
            "Bitte an k.vogt@beispiel-versand.de oder Telefon 030 901820 melden.",
            "Bitte an <EMAIL_ADDRESS_1> oder Telefon <PHONE_NUMBER_1> melden.",
        ),
        ("O CPF dele é 529.982.247-25.", "O CPF dele é <TAX_ID_1>."),
        ("Rappelez le 01 42 68 53 00, merci.", "Rappelez le <PHONE_NUMBER_1>, merci."),
        ("電話は+81 3-3224-5000です。", "電話は<PHONE_NUMBER_1>です。"),
        ("メールはa.mori@example.jpまで。", "メールは<EMAIL_ADDRESS_1>まで。"),
        (
            "연락처는 +82 2-312-3456입니다. 카드 4539148803436467입니다",
            "연락처는 <PHONE_NUMBER_1>입니다. 카드 <CREDIT_CARD_1>입니다",
        ),
        ("旅券番号533401987です", "旅券番号<PASSPORT_1>です"),
        ("from 4f8a:c99e:dc86:faf9:5988:5f63:375e:8a2a", "from <IP_ADDRESS_1>"),
        ("from 2a00:1450:4001:82a::200e", "from <IP_ADDRESS_1>"),
        # near misses
        ("Order 4155550142 ships on 2026-11-24.", "Order 4155550142 ships on 2026-11-24."),
        ("The total is $1,204.50 for 12 seats.", "The total is $1,204.50 for 12 seats."),
        ("Use @dataclass and x @ y, see v1.2.3.4.", "Use @dataclass and x @ y, see v1.2.3.4."),
        ("pairs = zip(lst[1::2], lst[::2])", "pairs = zip(lst[1::2], lst[::2])"),
        ("about 2.4539148803436467 metres", "about 2.4539148803436467 metres"),
        ("", ""),
    ],
)
def test_labelled_examples(text: str, redacted: str) -> None:
    assert redact_text(text) == redacted


def test_equal_data_gets_equal_markers_however_it_is_written() -> None:
    body: JsonObject = {
        "system": f"The customer is {MAIL}.",
        "messages": [
            {"role": "user", "content": f"I am L.Marchetti@Example.org, not {MAIL[2:]}; {PHONE}."},
            {"role": "assistant", "content": "Shall I call +44 (0)20 79460831?"},
        ],
    }
    assert redact(body) == {
        "system": "The customer is <EMAIL_ADDRESS_1>.",
        "messages": [
            {
                "role": "user",
                "content": "I am <EMAIL_ADDRESS_1>, not <EMAIL_ADDRESS_2>; <PHONE_NUMBER_1>.",
            },
            {"role": "assistant", "content": "Shall I call <PHONE_NUMBER_1>?"},
        ],
    }


def test_one_redaction_numbers_request_and_response_alike() -> None:
    redaction = Redaction()
    request = redaction.redact({"messages": [{"role": "user", "content": f"{MAIL}, {PHONE}"}]})
    response = redaction.redact({"content": [{"type": "text", "text": f"ann@x-y.org and {MAIL}"}]})
    assert request == {
        "messages": [{"role": "user", "content": "<EMAIL_ADDRESS_1>, <PHONE_NUMBER_1>"}]
    }
    assert response == {
        "content": [{"type": "text", "text": "<EMAIL_ADDRESS_2> and <EMAIL_ADDRESS_1>"}]
    }


def test_numbers_of_markers_that_are_there_already_are_not_used_again() -> None:
    text = f"<EMAIL_ADDRESS_1> wrote to {MAIL} and <EMAIL_ADDRESS_3>, cc jo@x-y.org."
    assert redact_text(text) == (
        "<EMAIL_ADDRESS_1> wrote to <EMAIL_ADDRESS_2> and <EMAIL_ADDRESS_3>, cc <EMAIL_ADDRESS_4>."
    )


def test_structure_stays_and_content_does_not() -> None:
    base64 = "VGVs4155550142" * 40
    body: JsonObject = {
        "model": "claude-sonnet-5-5-20261101",
        "max_tokens": 4155550142,
        "messages": [
            {
                "role": "user",
                "content": [
                    {
                        "type": "image",
                        "source": {"type": "base64", "media_type": "image/png", "data": base64},
                    },
                    {"type": "document", "title": MAIL, "source": {"type": "text", "data": PHONE}},
                    {"type": "tool_result", "tool_use_id": "toolu_4155550142", "content": MAIL},
                ],
            },
            {
                "role": "assistant",
                "content": [
                    {"type": "thinking", "thinking": MAIL, "signature": "EqQB415+5550142/01=="},
                    {"type": "tool_use", "id": "toolu_4155550142", "name": "f", "input": {}},
                ],
            },
        ],
    }
    redacted = redact(body)
    expected = json.loads(
        json.dumps(body).replace(MAIL, "<EMAIL_ADDRESS_1>").replace(PHONE, "<PHONE_NUMBER_1>")
    )
    assert redacted == expected


def test_what_poses_as_structure_is_content() -> None:
    body: JsonObject = {
        "model": MAIL,
        "id": PHONE,
        "content": [
            {"type": "text", "data": PHONE, "signature": MAIL, "role": f"of {MAIL}"},
            {"type": "base64", "data": f"not base64: {PHONE}"},
        ],
    }
    assert MAIL not in json.dumps(redact(body))
    assert PHONE not in json.dumps(redact(body))


def test_inputs_of_tools_are_content_with_their_keys_and_numbers() -> None:
    body: JsonObject = {
        "content": [
            {
                "type": "tool_use",
                "id": "toolu_1",
                "input": {
                    "id": MAIL,
                    "passport_number": "533401987",
                    "cardNumber": 4539148803436467,
                    "ssn": [536228714],
                    "order": 4539148803436467,
                    "amount": 1204.5,
                    "count": 1234567,
                    "is_new": True,
                    MAIL: {"type": MAIL},
                    MAIL.upper(): "twice",
                },
            }
        ],
        "metadata": {"user_id": MAIL},
    }
    redacted = redact(body)
    assert redacted == {
        "content": [
            {
                "type": "tool_use",
                "id": "toolu_1",
                "input": {
                    "id": "<EMAIL_ADDRESS_1>",
                    "passport_number": "<PASSPORT_1>",
                    "cardNumber": "<CREDIT_CARD_1>",
                    "ssn": ["<US_SSN_1>"],
                    "order": 4539148803436467,
                    "amount": 1204.5,
                    "count": 1234567,
                    "is_new": True,
                    "<EMAIL_ADDRESS_1>": {"type": "<EMAIL_ADDRESS_1>"},
                    "<EMAIL_ADDRESS_1> (2)": "twice",
                },
            }
        ],
        "metadata": {"user_id": "<EMAIL_ADDRESS_1>"},
    }
    assert redact(redacted) == redacted


def test_the_value_that_is_redacted_is_left_as_it_was() -> None:
    body: JsonObject = {"messages": [{"content": MAIL}]}
    redact(body)
    assert body == {"messages": [{"content": MAIL}]}


def test_data_that_is_split_over_the_deltas_of_a_stream() -> None:
    pieces = ["Write to l.mar", "chetti@exa", "mple.org", " or call ", "+44 20 7946", " 0831.", ""]
    assert Redaction().redact_pieces(pieces) == [
        "Write to <EMAIL_ADDRESS_1>",
        "",
        "",
        " or call ",
        "<PHONE_NUMBER_1>",
        ".",
        "",
    ]
    assert Redaction().redact_pieces([]) == []


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_pieces_joined_are_the_redacted_text(data: st.DataObject) -> None:
    text = data.draw(TEXTS)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=6)))
    pieces = [text[i:j] for i, j in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    redacted = Redaction().redact_pieces(pieces)
    assert len(redacted) == len(pieces)
    assert "".join(redacted) == redact_text(text)


FRAGMENTS = st.sampled_from(
    [
        *(MAIL, PHONE, CARD, KEY, "536-22-8714", "GB33BUKB20201555555555", "81.2.69.142"),
        *("533401987", "83920174", "415-555-0142", "2a00:1450:4001:82a::200e", "529.982.247-25"),
        *(" passport ", " account number ", "IBAN ", "order ", "card: ", "Telefon ", "電話", ", "),
        *("<EMAIL_ADDRESS_1>", "<IBAN_CODE_2>", "<", ">", "_1>", "\n\n", ".", "@", "1", "://a:"),
    ]
)
TEXTS = st.lists(st.one_of(FRAGMENTS, st.text(max_size=6)), max_size=10).map("".join)
WORDS = st.text(st.characters(categories=["L", "Z"]), max_size=30)
"""Without digits and signs: a number that goes on in the next one is another number.
No cards below: words such as `order` before one speak against it."""
VALUES: st.SearchStrategy[JsonValue] = st.recursive(
    st.one_of(TEXTS, st.integers(), st.none(), st.just(4539148803436467)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.one_of(
                TEXTS, st.sampled_from(["input", "type", "id", "data", "text", "passport_number"])
            ),
            inner,
            max_size=4,
        ),
    ),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None)
@given(VALUES)
def test_redacting_again_changes_nothing_and_the_same_input_gives_the_same(
    value: JsonValue,
) -> None:
    redacted = redact(value)
    assert redact(redacted) == redacted
    assert redact(value) == redacted


@settings(max_examples=60, deadline=None)
@given(WORDS, WORDS, st.sampled_from([MAIL, PHONE, KEY]))
def test_plain_data_never_survives(before: str, after: str, datum: str) -> None:
    assert datum not in redact_text(f"{before} {datum} {after}")


@pytest.mark.parametrize("gap", [19_990, 20_000, 20_005, 39_999, 120_000])
def test_long_texts_are_looked_at_to_their_end(gap: int) -> None:
    text = "x" * gap + f" {MAIL}, {PHONE} " + "y" * gap + f" {MAIL}"
    redacted = redact_text(text)
    assert redacted == (
        "x" * gap + " <EMAIL_ADDRESS_1>, <PHONE_NUMBER_1> " + "y" * gap + " <EMAIL_ADDRESS_1>"
    )


def test_none_of_many_is_left() -> None:
    mails = [f"person{number}@example.org" for number in range(4_000)]
    redacted = redact_text(" ".join(mails))
    assert "@" not in redacted
    assert redacted.endswith("<EMAIL_ADDRESS_4000>")


def test_too_much_content_is_refused_and_base64_does_not_count() -> None:
    image: JsonObject = {"type": "base64", "data": "aGVs" * (MOST_CHARS // 2)}
    assert redact(image) == image
    with pytest.raises(BadInputError, match=f"{MOST_CHARS + 1} characters of content are more"):
        redact_text("x" * (MOST_CHARS + 1))


def test_a_hostile_depth_is_refused() -> None:
    value: JsonValue = MAIL
    for _ in range(100_000):
        value = [value]
    with pytest.raises(BadInputError, match="nests deeper than 200 levels"):
        redact(value)


def test_a_number_of_a_hostile_length_is_left() -> None:
    body: JsonObject = {"input": {"card": 10**5000}}
    assert redact(body) == body


@pytest.mark.parametrize(
    "text",
    [
        "An ordinary sentence of some ten words, and no data. " * 4_000,
        "@" * 100_000,
        "IBAN GB33 " * 3_000,
        "passport 5334019 " * 2_000,
        "1" * 100_000,
        "<IBAN_CODE_1>" * 8_000,
    ],
    ids=lambda text: text[:12],
)
def test_time_is_bounded(text: str) -> None:
    start = time.process_time()
    redact_text(text)
    assert time.process_time() - start < 4
