"""Keys and tokens in what is to be recorded: found by place and kind, and taken out.

All keys are synthetic: drawn at random when the tests run, in the form of real ones.
"""

import base64
import json
import random
import string
import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.errors import BadInputError
from gonogo.recordings.secrets import (
    find_secrets,
    find_secrets_in_text,
    redact_secrets,
    redact_secrets_in_text,
)
from gonogo_checkers.output import JsonValue
from gonogo_checkers.security.secret_formats import FORMATS

LETTERS = string.ascii_letters
BASE62 = LETTERS + string.digits
BASE64URL = BASE62 + "-_"
BASE64 = BASE62 + "+/"
HEX = "0123456789abcdef"
Draw = random.Random


def chars(draw: Draw, alphabet: str, length: int) -> str:
    return "".join(draw.choices(alphabet, k=length))


def base64_of(draw: Draw, length: int) -> str:
    return base64.b64encode(draw.randbytes(length)).decode()


def token_of(draw: Draw) -> str:
    parts = ({"alg": "HS256", "typ": "JWT"}, {"sub": chars(draw, BASE62, 12), "exp": 1900000000})
    encoded = (base64.urlsafe_b64encode(json.dumps(p).encode()).decode().strip("=") for p in parts)
    return ".".join([*encoded, chars(draw, BASE64URL, 43)])


def pem_of(draw: Draw, name: str = "PRIVATE KEY") -> str:
    encoded = base64_of(draw, 600)
    lines = [encoded[i : i + 64] for i in range(0, len(encoded), 64)]
    return "\n".join([f"-----BEGIN {name}-----", *lines, f"-----END {name}-----"])


KEYS: dict[str, tuple[str, Callable[[Draw], str]]] = {
    "anthropic": ("Anthropic API key", lambda d: f"sk-ant-api03-{chars(d, BASE64URL, 93)}AA"),
    "anthropic admin": (
        "Anthropic API key",
        lambda d: f"sk-ant-admin01-{chars(d, BASE64URL, 93)}AA",
    ),
    "openai project": (
        "OpenAI API key",
        lambda d: f"sk-proj-{chars(d, BASE64URL, 74)}T3BlbkFJ{chars(d, BASE64URL, 74)}",
    ),
    "openai": (
        "OpenAI API key",
        lambda d: f"sk-{chars(d, BASE62, 20)}T3BlbkFJ{chars(d, BASE62, 20)}",
    ),
    "aws": (
        "AWS access key id",
        lambda d: "AKIA" + chars(d, string.ascii_uppercase + "234567", 16),
    ),
    "aws temporary": ("AWS access key id", lambda d: "ASIA" + chars(d, string.ascii_uppercase, 16)),
    "bedrock": ("Amazon Bedrock API key", lambda d: "ABSK" + base64_of(d, 96)),
    "github": ("GitHub token", lambda d: "ghp_" + chars(d, BASE62, 36)),
    "github oauth": ("GitHub token", lambda d: "gho_" + chars(d, BASE62, 36)),
    "github refresh": ("GitHub token", lambda d: "ghr_" + chars(d, BASE62, 76)),
    "github app": ("GitHub token", lambda d: "ghs_" + chars(d, BASE62, 36)),
    "github app 2026": (
        "GitHub token",
        lambda d: f"ghs_{chars(d, BASE62, 30)}.{chars(d, BASE64URL, 80)}",
    ),
    "github fine-grained": (
        "GitHub token",
        lambda d: f"github_pat_{chars(d, BASE62, 22)}_{chars(d, BASE62, 59)}",
    ),
    "gitlab": ("GitLab token", lambda d: "glpat-" + chars(d, BASE64URL, 20)),
    "gitlab routable": (
        "GitLab token",
        lambda d: f"glpat-{chars(d, BASE64URL, 27)}.01.{chars(d, string.digits, 9)}",
    ),
    "slack bot": (
        "Slack token",
        lambda d: (
            f"xoxb-{chars(d, string.digits, 12)}-{chars(d, string.digits, 12)}-{chars(d, BASE62, 24)}"
        ),
    ),
    "stripe": ("Stripe live key", lambda d: "sk_live_" + chars(d, BASE62, 24)),
    "stripe restricted": ("Stripe live key", lambda d: "rk_live_" + chars(d, BASE62, 99)),
    "google": ("Google API key", lambda d: "AIza" + chars(d, BASE64URL, 35)),
    "google oauth": ("Google OAuth client secret", lambda d: "GOCSPX-" + chars(d, BASE64URL, 28)),
    "npm": ("npm token", lambda d: "npm_" + chars(d, BASE62, 36)),
    "pypi": ("PyPI token", lambda d: "pypi-AgEIcHlwaS5vcmc" + chars(d, BASE64URL, 140)),
    "hugging face": ("Hugging Face token", lambda d: "hf_" + chars(d, LETTERS, 34)),
    "sendgrid": (
        "SendGrid API key",
        lambda d: f"SG.{chars(d, BASE64URL, 22)}.{chars(d, BASE64URL, 43)}",
    ),
    "digitalocean": ("DigitalOcean token", lambda d: "dop_v1_" + chars(d, HEX, 64)),
    "jwt": ("JSON Web Token", token_of),
    "pkcs8": ("private key", pem_of),
    "rsa": ("private key", lambda d: pem_of(d, "RSA PRIVATE KEY")),
    "pgp": ("private key", lambda d: pem_of(d, "PGP PRIVATE KEY BLOCK")),
}
"""Whole secrets, by a name for the test: kind, and how one is drawn."""

WITHIN: dict[str, tuple[str, Callable[[Draw], tuple[str, str, str]]]] = {
    "aws secret": (
        "AWS secret access key",
        lambda d: ("aws_secret_access_key = ", chars(d, BASE64, 40), "\nregion = eu"),
    ),
    "aws secret in JSON": (
        "AWS secret access key",
        lambda d: ('{"SecretAccessKey": "', chars(d, BASE64, 40), '"}'),
    ),
    "bearer": ("bearer token", lambda d: ("Authorization: Bearer ", chars(d, BASE62, 40), "\r\n")),
    "bearer in curl": (
        "bearer token",
        lambda d: ("-H 'authorization: bearer ", chars(d, HEX, 40), "'"),
    ),
    "postgres": (
        "password in a connection string",
        lambda d: ("postgresql://app:", chars(d, BASE62, 16), "@db.internal:5432/orders"),
    ),
    "redis": (
        "password in a connection string",
        lambda d: ("redis://:", chars(d, BASE62, 20), "@cache.internal/0"),
    ),
    "azure": (
        "Azure storage account key",
        lambda d: ("AccountName=a;AccountKey=", base64_of(d, 64), ";EndpointSuffix=x"),
    ),
    "webhook": (
        "Slack webhook",
        lambda d: (
            "https://hooks.slack.com/services/",
            f"T{chars(d, BASE62, 10)}/B{chars(d, BASE62, 10)}/{chars(d, BASE62, 24)}",
            " ",
        ),
    ),
}
"""Secrets that are known by what stands before them: before, secret, after."""


@pytest.mark.parametrize("name", KEYS)
def test_each_kind_is_found_where_it_stands(name: str) -> None:
    kind, draw_key = KEYS[name]
    for seed in range(20):
        key = draw_key(Draw(seed))
        text = f"Use this: {key} for it."
        (secret,) = find_secrets_in_text(text)
        assert (secret.kind, text[secret.start : secret.end]) == (kind, key)
        assert redact_secrets_in_text(text) == f"Use this: <REDACTED:{kind}> for it."


@pytest.mark.parametrize("name", WITHIN)
def test_only_the_secret_part_is_taken_out(name: str) -> None:
    kind, draw_parts = WITHIN[name]
    for seed in range(20):
        before, key, after = draw_parts(Draw(seed))
        assert redact_secrets_in_text(before + key + after) == f"{before}<REDACTED:{kind}>{after}"


def test_every_format_has_an_example_and_a_source() -> None:
    tried = {kind for kind, _ in [*KEYS.values(), *WITHIN.values()]}
    assert tried == {secret_format.kind for secret_format in FORMATS}
    assert all(secret_format.source for secret_format in FORMATS)


@pytest.mark.parametrize(
    "text",
    [
        "sk-ant-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        "sk-ant-api03-" + "a" * 93 + "AA",
        "sk-ant-api03-your-key-here-0123-0123-0123-0123-ABC",
        "sk-ant-api03-...",
        "export ANTHROPIC_API_KEY=<your key>",
        "sk-" + "1234567890" * 5,
        "sk-proj-" + "abc123" * 10,
        "AKIAIOSFODNN7EXAMPLE",
        "AKIAXXXXXXXXXXXXXXXX",
        "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        "aws_secret_access_key = os.environ['AWS_SECRET_ACCESS_KEY']",
        "ghp_" + "x" * 36,
        "ghp_A1bC2dE3fH4iJ5kL6mN7oP8qR9sT0u",
        "glpat-XXXXXXXXXXXXXXXXXXXX",
        "npm_package_config_some_long_name_of_a_setting",
        "-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----",
        "-----BEGIN RSA PRIVATE KEY-----\nYOUR_PRIVATE_KEY_CONTENT_HERE\n-----END RSA PRIVATE KEY-----",
        "-----BEGIN PUBLIC KEY-----\n" + "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE" * 3,
        "Authorization: Bearer <token>",
        "Authorization: Bearer $ANTHROPIC_API_KEY",
        "The bearer acknowledges responsibilities",
        "postgres://user:password@localhost:5432/db",
        "postgres://postgres:postgres@localhost/app",
        "https://user:pass123@host.example/x",
        "mysql://root:${DB_PASSWORD}@db/x",
        "redis://:<password>@cache:6379",
        "https://example.org:8080/@team",
        "git+ssh://git@github.com/a/b.git",
        "task-force-of-the-disk-management-risk-assessment-board-2024-A",
        "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIn0."
        + "SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJVadQssw5c",
        "",
    ],
)
def test_placeholders_and_other_words_are_no_secrets(text: str) -> None:
    assert find_secrets_in_text(text) == []


def test_a_key_within_a_longer_word_is_none_but_one_after_an_escape_is() -> None:
    key = KEYS["anthropic"][1](Draw(1))
    assert find_secrets_in_text(f"a{key}") == []
    for before in (r"\n", r"\t", r"\"", "=", "/", "\\u003c", "%3D", "_", "-", "キーは", "clé:"):
        assert len(find_secrets_in_text(before + key)) == 1, before


def test_a_key_after_a_longer_word_that_holds_its_prefix_is_found() -> None:
    key = KEYS["anthropic"][1](Draw(2))
    assert redact_secrets_in_text(f"task-sk-{key}") == "task-sk-<REDACTED:Anthropic API key>"


def test_raw_bodies_are_searched_as_they_are_sent() -> None:
    pem = pem_of(Draw(3))
    body = json.dumps({"text": f"line\n{pem}\nend", "key": KEYS["github"][1](Draw(3))})
    assert [secret.kind for secret in find_secrets_in_text(body)] == ["private key", "GitHub token"]
    redacted = redact_secrets_in_text(body)
    assert pem.splitlines()[1] not in redacted
    assert pem.splitlines()[-2] not in redacted
    assert json.loads(redacted)["text"].endswith("\nend")


def test_a_private_key_that_is_cut_off_is_taken_out_and_prose_after_it_stays() -> None:
    lines = pem_of(Draw(4)).splitlines()[:5]
    text = "\n".join(lines) + "\n\nThis is only an example, as you can see."
    redacted = redact_secrets_in_text(text)
    assert all(line not in redacted for line in lines[1:])
    assert redacted.endswith("an example, as you can see.")


def test_an_encrypted_key_with_headers_is_one_secret() -> None:
    first, *lines = pem_of(Draw(5), "RSA PRIVATE KEY").splitlines()
    headers = ["Proc-Type: 4,ENCRYPTED", "DEK-Info: AES-128-CBC,0A1B2C3D4E5F60718293A4B5C6D7E8F9"]
    text = "\n".join([first, *headers, "", *lines])
    assert redact_secrets_in_text(f"a\n{text}\nb") == "a\n<REDACTED:private key>\nb"


def test_paths_lead_to_the_string_and_never_show_a_value() -> None:
    key = KEYS["anthropic"][1](Draw(6))
    aws = KEYS["aws"][1](Draw(6))
    body: JsonValue = {
        "system": "none",
        "messages": [{"role": "user", "content": [{"type": "text", "text": f"{key} and {aws}"}]}],
        "tools": [{"input": {aws: {"a b": [1, f"x {key}"]}}}],
    }
    found = find_secrets(body)
    assert [str(secret) for secret in found] == [
        "messages[0].content[0].text: Anthropic API key",
        "messages[0].content[0].text: AWS access key id",
        "tools[0].input.{…}: AWS access key id",
        "tools[0].input.{…}.{…}[1]: Anthropic API key",
    ]
    assert key not in repr(found)
    assert aws not in repr(found)
    assert find_secrets(key)[0].path == "the whole value"


def test_keys_of_objects_are_redacted_and_none_is_lost() -> None:
    first, second = KEYS["aws"][1](Draw(7)), KEYS["aws"][1](Draw(8))
    redacted = redact_secrets({first: 1, second: 2, "plain": first})
    assert redacted == {
        "<REDACTED:AWS access key id>": 1,
        "<REDACTED:AWS access key id> (2)": 2,
        "plain": "<REDACTED:AWS access key id>",
    }


def test_what_overlaps_is_one_secret_of_the_more_telling_kind() -> None:
    token = KEYS["jwt"][1](Draw(9))
    assert redact_secrets_in_text(f"Bearer {token},") == "Bearer <REDACTED:JSON Web Token>,"
    key = KEYS["anthropic"][1](Draw(9))
    assert redact_secrets_in_text(f"Bearer {key}") == "Bearer <REDACTED:Anthropic API key>"


def test_a_hostile_depth_is_refused() -> None:
    value: JsonValue = "x"
    for _ in range(100_000):
        value = [value]
    for function in (find_secrets, redact_secrets):
        with pytest.raises(BadInputError, match="nests deeper than 200 levels"):
            function(value)


def test_a_key_right_after_another_is_taken_out_too() -> None:
    first, second = KEYS["digitalocean"][1](Draw(1)), KEYS["anthropic"][1](Draw(1))
    redacted = redact_secrets_in_text(first + second)
    assert redacted == "<REDACTED:DigitalOcean token><REDACTED:Anthropic API key>"


PIECES = st.one_of(
    st.text(max_size=8),
    st.sampled_from(["sk-", "AKIA", "://", "a:b@", "Bearer ", '"', "\\n", "-----BEGIN ", "eyJ"]),
    st.builds(
        lambda name, seed: KEYS[name][1](Draw(seed)),
        st.sampled_from(sorted(KEYS)),
        st.integers(0, 99),
    ),
)


@given(st.lists(PIECES, max_size=6).map("".join))
def test_redacting_is_stable_and_leaves_no_secret(text: str) -> None:
    redacted = redact_secrets_in_text(text)
    assert find_secrets_in_text(redacted) == []
    assert redact_secrets_in_text(redacted) == redacted


@given(
    st.sampled_from(sorted(KEYS)), st.integers(0, 999), st.text(max_size=20), st.text(max_size=20)
)
def test_no_part_of_a_key_is_left(name: str, seed: int, before: str, after: str) -> None:
    key = KEYS[name][1](Draw(seed))
    redacted = redact_secrets_in_text(f"{before} {key} {after}")
    assert not any(key[i : i + 12] in redacted for i in range(12, len(key) - 12))


@pytest.mark.parametrize(
    "text",
    [
        "An ordinary sentence, https://example.org/a, with a task-list. " * 30_000,
        base64_of(Draw(10), 1_500_000),
        "task-" * 400_000,
        "ask-ant-" * 250_000,
        "-----BEGIN PRIVATE KEY-----" * 70_000,
        "-----BEGIN PRIVATE KEY----- a b c d e f g " * 45_000,
        "eyJ" * 600_000,
        "eyJaaaaaaaaaa.eyJ" * 100_000,
        "eyJ-" * 500_000,
        "://a:" * 400_000,
        "Bearer " * 280_000,
        "xoxb-1-" * 280_000,
        "secret_access_key" + " " * 100 + "secret_access_key=" * 100_000,
    ],
    ids=lambda text: text[:20],
)
def test_time_is_linear_in_two_million_characters(text: str) -> None:
    start = time.process_time()
    find_secrets_in_text(text)
    assert time.process_time() - start < 2
