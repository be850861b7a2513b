"""The well-known formats of keys and tokens: their prefix, their length, and where that is written.

Only formats that announce themselves: a password that stands alone looks like any other word.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class SecretFormat:
    """How one kind of secret is written.

    Attributes:
        kind: What it is called in messages and markers.
        prefixes: Literal texts, one of which every such secret begins with.
        rest: Pattern of what follows; bounded, so that a search is linear. A group named `secret`
            is the secret part, else all of it is, with its prefix; one named `judged` is what is
            told from made-up keys, else the secret without its prefix is.
        source: Where the format is documented.
        least_entropy: Bits a character, of what follows the prefix; random ones have more.
        least_classes: How many of lower case, upper case and digits must be mixed.
        not_after: Characters, as in a character class, that it cannot follow, since it would be
            part of a longer word then; empty: it may follow any.
        holds_anything: Whether real ones hold what else marks a made-up one, such as `AAAAAAA`.
    """

    kind: str
    prefixes: tuple[str, ...]
    rest: str
    source: str
    least_entropy: float = 3.0
    least_classes: int = 2
    not_after: str = "A-Za-z0-9"
    holds_anything: bool = False


_RULES: Final = "github.com/gitleaks/gitleaks, config/gitleaks.toml: "
_WORD: Final = "[A-Za-z0-9_-]"
_PRIVATE_KEY: Final = r"[A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----"
_KEY_GAP: Final = r"(?:\\[nrt]|[\s\"'+,\\]){0,20}"
_KEY_END: Final = (
    rf"(?:{_KEY_GAP}[A-Za-z0-9+/=]{{0,16}}{_KEY_GAP}"
    rf"(?:=[A-Za-z0-9+/]{{4}}{_KEY_GAP})?-----END {_PRIVATE_KEY})"
)

FORMATS: Final = (
    SecretFormat(
        "private key",
        ("-----BEGIN ",),
        rf"{_PRIVATE_KEY}(?:[^-]|-(?!----)){{0,400}}?(?P<judged>[A-Za-z0-9+/]{{40,100}}+)"
        rf"(?:{_KEY_GAP}[A-Za-z0-9+/=]{{16,100}}+){{0,1000}}+{_KEY_END}?",
        "RFC 7468 (PEM), RFC 9580 section 6.2 (OpenPGP); one that is cut off counts",
        not_after="",
        holds_anything=True,
    ),
    SecretFormat(
        "Anthropic API key",
        ("sk-ant-",),
        rf"{_WORD}{{32,200}}+",
        _RULES + "anthropic-api-key (`api03-`, 93 characters, `AA`); other series are alike",
    ),
    SecretFormat(
        "OpenAI API key",
        ("sk-proj-", "sk-svcacct-", "sk-admin-"),
        rf"{_WORD}{{40,200}}+",
        _RULES + "openai-api-key (58 or 74 characters, `T3BlbkFJ`, as many again)",
    ),
    SecretFormat(
        "OpenAI API key",
        ("sk-",),
        r"[A-Za-z0-9]{48}(?![A-Za-z0-9])",
        _RULES + "openai-api-key (20 characters, `T3BlbkFJ`, 20 characters)",
    ),
    SecretFormat(
        "AWS access key id",
        ("AKIA", "ASIA", "ABIA", "ACCA"),
        r"[A-Z0-9]{16}(?![A-Za-z0-9])",
        "docs.aws.amazon.com, IAM identifiers, unique ID prefixes; 20 characters",
        least_entropy=2.5,
        least_classes=1,
    ),
    SecretFormat(
        "AWS secret access key",
        (
            *("aws_secret_access_key", "AWS_SECRET_ACCESS_KEY", "secret_access_key"),
            *("SecretAccessKey", "secretAccessKey"),
        ),
        r"[\\\"'\s]{0,6}[=:][\\\"'\s]{0,6}(?P<secret>[A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])",
        "docs.aws.amazon.com, managing access keys; 40 characters, known by its name only",
        not_after="",
    ),
    SecretFormat(
        "Amazon Bedrock API key",
        ("ABSK", "bedrock-api-key-"),
        r"[A-Za-z0-9+/]{100,4000}+={0,2}",
        _RULES + "aws-amazon-bedrock-api-key (109 to 269 characters; short-lived ones longer)",
    ),
    SecretFormat(
        "GitHub token",
        ("ghp_", "gho_", "ghu_", "ghr_"),
        r"[A-Za-z0-9]{36,251}+",
        "github.blog, 2021-03-31 authentication token format updates; 36 characters, up to 251",
    ),
    SecretFormat(
        "GitHub token",
        ("ghs_",),
        r"[A-Za-z0-9._-]{36,2000}+",
        "github.blog, 2026-05-15 GitHub App installation tokens; from 36 characters",
    ),
    SecretFormat(
        "GitHub token",
        ("github_pat_",),
        r"[A-Za-z0-9_]{60,244}+",
        _RULES + "github-fine-grained-pat (22 characters, `_`, 59 characters)",
    ),
    SecretFormat(
        "GitLab token",
        (
            *("glpat-", "gldt-", "glrt-", "glptt-", "glcbt-", "gloas-", "glft-", "glimt-"),
            *("glagent-", "glsoat-", "glffct-"),
        ),
        r"[A-Za-z0-9_.-]{20,320}+",
        "docs.gitlab.com, token overview, token prefixes; 20 characters or more",
    ),
    SecretFormat(
        "Slack token",
        ("xoxb-", "xoxp-", "xoxa-", "xoxr-", "xoxs-", "xoxe-", "xoxe.xox", "xapp-"),
        r"[A-Za-z0-9-]{20,300}+",
        "docs.slack.dev, tokens; " + _RULES + "slack-*",
    ),
    SecretFormat(
        "Slack webhook",
        ("hooks.slack.com/services/", "hooks.slack.com/workflows/", "hooks.slack.com/triggers/"),
        r"(?P<secret>[A-Za-z0-9+/]{40,60}+)",
        _RULES + "slack-webhook-url (43 to 56 characters)",
    ),
    SecretFormat(
        "Stripe live key",
        ("sk_live_", "rk_live_"),
        r"[A-Za-z0-9]{16,247}+",
        "docs.stripe.com, API keys; from 24 characters, older ones from 16",
    ),
    SecretFormat(
        "Google API key",
        ("AIza",),
        r"[A-Za-z0-9_-]{35}(?![A-Za-z0-9_-])",
        _RULES + "gcp-api-key (35 characters)",
    ),
    SecretFormat(
        "Google OAuth client secret",
        ("GOCSPX-",),
        r"[A-Za-z0-9_-]{28}(?![A-Za-z0-9_-])",
        "docs.github.com, supported secret scanning patterns (google_oauth_client_secret)",
    ),
    SecretFormat(
        "npm token",
        ("npm_",),
        r"[A-Za-z0-9]{36}(?![A-Za-z0-9])",
        "github.blog, 2021-09-23 npm's new access token format; " + _RULES + "npm-access-token",
    ),
    SecretFormat(
        "PyPI token",
        ("pypi-AgE",),
        rf"{_WORD}{{50,1000}}+",
        _RULES + "pypi-upload-token; pypi.org/help#apitoken (a macaroon in base64)",
    ),
    SecretFormat(
        "Hugging Face token",
        ("hf_", "api_org_"),
        r"[A-Za-z0-9]{34,40}(?![A-Za-z0-9])",
        _RULES + "huggingface-access-token (34 characters)",
    ),
    SecretFormat(
        "SendGrid API key",
        ("SG.",),
        rf"{_WORD}{{20,24}}\.{_WORD}{{39,50}}(?!{_WORD})",
        _RULES + "sendgrid-api-token (66 characters: 22, `.`, 43)",
    ),
    SecretFormat(
        "DigitalOcean token",
        ("dop_v1_", "doo_v1_", "dor_v1_"),
        r"[a-f0-9]{64}(?![a-f0-9])",
        _RULES + "digitalocean-pat (64 hexadecimal digits)",
    ),
    SecretFormat(
        "Azure storage account key",
        ("AccountKey=",),
        r"(?P<secret>[A-Za-z0-9+/]{86}==)",
        "learn.microsoft.com, configure Azure Storage connection strings; 64 bytes in base64",
        not_after="",
    ),
    SecretFormat(
        "JSON Web Token",
        ("eyJ",),
        rf"{_WORD}{{10,4000}}+\.eyJ{_WORD}{{10,16000}}+\.{_WORD}{{20,1500}}+",
        "RFC 7519, RFC 7515 section 3.1: signed; header and payload are JSON objects in base64url",
        not_after="A-Za-z0-9_-",
    ),
    SecretFormat(
        "bearer token",
        ("Bearer ", "bearer ", "BEARER "),
        r"(?P<secret>[A-Za-z0-9._~+/-]{20,4000}+={0,2})",
        "RFC 6750 section 2.1",
    ),
    SecretFormat(
        "password in a connection string",
        ("://",),
        r"[^\s:/@\"'\\<>{}|]{0,100}:(?P<secret>[^\s/@\"'\\<>{}]{6,200})@[A-Za-z0-9\[]",
        "RFC 3986 section 3.2.1",
        least_entropy=2.0,
        not_after="",
    ),
)
"""In the order of how much a kind says; where two overlap, the first names them."""
