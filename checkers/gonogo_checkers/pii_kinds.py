"""The kinds of personal data that `pii` knows: rule, name, harm, and the words that go with them."""

import re
from dataclasses import dataclass
from typing import Final

from gonogo_checkers.verdict import Confidence, Severity


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of personal data.

    Attributes:
        rule: Stable id.
        name: What a reader calls it, with its article.
        severity: Harm of a leak.
        confidence: How sure a hit is.
        rank: Where two kinds overlap, the lower rank wins: it is the more specific.
        context: Words of which one must stand shortly before; None: none is needed.
    """

    rule: str
    name: str
    severity: Severity
    confidence: Confidence
    rank: int
    context: re.Pattern[str] | None = None


def _words(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{pattern})", re.IGNORECASE)


_HIGH, _MEDIUM, _LOW = Severity.HIGH, Severity.MEDIUM, Severity.LOW
_SURE, _LIKELY = Confidence.HIGH, Confidence.MEDIUM
_IDENTITY: Final = "an identity document's number"
_PASSPORT: Final = _words(
    r"pass(?:port|nummer|eport|aporto)|reisepass|pasaporte|passaporte|travel doc"
)
_LICENCE: Final = _words(
    r"driv\w*(?:'s|’s)? +licen[cs]e|licen[cs]e +(?:number|no|id|is|plate)|dvla|\bdl\b|permit|lic\b"
    r"|driver'?s? +lic"
)

KINDS: Final[dict[str, Kind]] = {
    "IBAN_CODE": Kind("PII005", "an IBAN", _HIGH, _SURE, 0),
    "CREDIT_CARD": Kind("PII003", "a payment card's number", _HIGH, _SURE, 1),
    "CRYPTO": Kind("PII010", "a Bitcoin wallet's address", _MEDIUM, _SURE, 1),
    "EMAIL_ADDRESS": Kind("PII001", "an e-mail address", _HIGH, _SURE, 1),
    "US_SSN": Kind("PII004", "a US social security number", _HIGH, _LIKELY, 2),
    "MEDICAL_LICENSE": Kind(
        "PII011",
        "a medical licence's number",
        _MEDIUM,
        _LIKELY,
        3,
        _words(r"\bDEA\b|medical|prescri\w+|licen[cs]e"),
    ),
    "US_ITIN": Kind("PII007", _IDENTITY, _HIGH, _LIKELY, 3, _words(r"itin\b|taxpayer|tax +id")),
    "UK_NINO": Kind("PII007", _IDENTITY, _HIGH, _LIKELY, 3),
    "UK_NHS": Kind("PII007", _IDENTITY, _HIGH, _LIKELY, 3, _words(r"nhs\b|national health")),
    "ES_NIF": Kind(
        "PII007", _IDENTITY, _HIGH, _LIKELY, 3, _words(r"nif\b|dni\b|documento|identidad|fiscal")
    ),
    "ES_NIE": Kind("PII007", _IDENTITY, _HIGH, _LIKELY, 3, _words(r"nie\b|extranjero|documento")),
    "IT_FISCAL_CODE": Kind("PII007", _IDENTITY, _HIGH, _SURE, 3),
    "IN_PAN": Kind("PII007", _IDENTITY, _HIGH, _LIKELY, 3, _words(r"pan\b|permanent account")),
    "IN_AADHAAR": Kind("PII007", _IDENTITY, _HIGH, _LIKELY, 3, _words(r"aadh?aa?r|uidai")),
    "SG_NRIC_FIN": Kind("PII007", _IDENTITY, _HIGH, _LIKELY, 3, _words(r"nric\b|fin\b")),
    "PL_PESEL": Kind("PII007", _IDENTITY, _HIGH, _LIKELY, 3, _words(r"pesel\b")),
    "FI_PERSONAL_IDENTITY_CODE": Kind("PII007", _IDENTITY, _HIGH, _SURE, 3),
    "DE_TAX_ID": Kind(
        "PII007", _IDENTITY, _HIGH, _LIKELY, 3, _words(r"steuer\W?id\w*|steueridentifik|tax +id")
    ),
    "DE_ID_CARD": Kind("PII007", _IDENTITY, _HIGH, _LIKELY, 4, _words(r"\w*ausweis\w*|id +card")),
    "KR_RRN": Kind("PII007", _IDENTITY, _HIGH, _LIKELY, 3, _words(r"rrn\b|resident|주민")),
    "SE_PERSONNUMMER": Kind("PII007", _IDENTITY, _HIGH, _LIKELY, 3, _words(r"personnummer")),
    "AU_TFN": Kind("PII007", _IDENTITY, _HIGH, _LIKELY, 3, _words(r"tfn\b|tax file")),
    "CA_SIN": Kind("PII007", _IDENTITY, _HIGH, _LIKELY, 3, _words(r"sin\b|social insurance")),
    "TR_NATIONAL_ID": Kind("PII007", _IDENTITY, _HIGH, _LIKELY, 3, _words(r"t\.?c\.? *kimlik")),
    "UK_DRIVING_LICENCE": Kind("PII007", _IDENTITY, _HIGH, _LIKELY, 3),
    "US_PASSPORT": Kind("PII007", _IDENTITY, _HIGH, _LIKELY, 4, _PASSPORT),
    "UK_PASSPORT": Kind("PII007", _IDENTITY, _HIGH, _LIKELY, 4, _PASSPORT),
    "DE_PASSPORT": Kind("PII007", _IDENTITY, _HIGH, _LIKELY, 4, _PASSPORT),
    "ES_PASSPORT": Kind("PII007", _IDENTITY, _HIGH, _LIKELY, 4, _PASSPORT),
    "IT_PASSPORT": Kind("PII007", _IDENTITY, _HIGH, _LIKELY, 4, _PASSPORT),
    "US_DRIVER_LICENSE": Kind("PII007", _IDENTITY, _HIGH, _LIKELY, 4, _LICENCE),
    "PHONE_NUMBER": Kind("PII002", "a telephone number", _HIGH, _LIKELY, 5),
    "IP_ADDRESS": Kind("PII006", "a public IP address", _LOW, _LIKELY, 6),
    "POSTAL_ADDRESS": Kind("PII009", "a postal address", _MEDIUM, _LIKELY, 7),
    "PERSON": Kind("PII008", "a person's name", _MEDIUM, Confidence.LOW, 8),
}
"""By the names that presidio uses; `POSTAL_ADDRESS` is ours."""

IN_CODE: Final = frozenset({"EMAIL_ADDRESS", "CREDIT_CARD", "US_SSN", "IBAN_CODE", "PHONE_NUMBER"})
"""Kinds that are precise enough to be looked for in string literals and comments."""
