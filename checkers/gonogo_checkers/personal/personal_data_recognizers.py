"""The recognizers of presidio that are used, each with the kind it finds and what it needs.

They are called one by one, on short pieces of text: no NLP engine, no model and no registry of
defaults, none of which this needs and some of which reach for the network. Presidio's context words
are English, and with a blank spaCy pipeline they never match (its lemmas are empty); the words
before a number are judged by `personal_data_kinds`.

Importing this module imports presidio, which takes a second: import it on use.
"""

import re
from dataclasses import dataclass
from functools import cache
from typing import Final

import presidio_analyzer.predefined_recognizers as presidio
import tldextract
from presidio_analyzer import EntityRecognizer, Pattern, PatternRecognizer
from presidio_analyzer.predefined_recognizers.generic.iban_patterns import regex_per_country

from gonogo_checkers.personal.check_digits import is_bsn, is_cpf, is_nir
from gonogo_checkers.personal.personal_data_kinds import Kind

_CASE_COUNTS: Final = re.DOTALL | re.MULTILINE
_ANY_CASE: Final = _CASE_COUNTS | re.IGNORECASE
_RESERVED: Final = (".test", ".example", ".invalid")
_LOWER_IBAN: Final = re.compile(r"\b[a-z]{2}\d{2}[a-z0-9]{10,30}\b")


@dataclass(frozen=True, slots=True)
class Recognized:
    """A place that a recognizer found.

    Attributes:
        kind: What it may be.
        start: Its first character.
        end: One past its last.
        is_proven: Whether its form or check digits are enough; else words must announce it.
    """

    kind: Kind
    start: int
    end: int
    is_proven: bool


def recognize(text: str) -> list[Recognized]:
    """Return what presidio's recognizers find in a text, overlaps included.

    Args:
        text: A short text; some patterns are quadratic in it.
    """
    found = []
    for source in _sources():
        seen = _LOWER_IBAN.sub(_upper, text) if source.kind is Kind.IBAN else text
        flags = _ANY_CASE if source.any_case else _CASE_COUNTS
        analyze = source.recognizer.analyze
        entities = source.recognizer.supported_entities
        results = (
            analyze(seen, entities, regex_flags=flags)  # type: ignore[call-arg]  # of pattern recognizers alone
        )
        for result in results or []:
            proven = source.proves and result.score >= source.least
            found.append(Recognized(source.kind, result.start, result.end, proven))
    return found


def _upper(match: re.Match[str]) -> str:
    return match[0].upper()


@dataclass(frozen=True, slots=True)
class _Source:
    recognizer: EntityRecognizer
    kind: Kind
    proves: bool = False
    least: float = 0.4
    any_case: bool = False


class _Mail(presidio.EmailRecognizer):
    """Judges domains by the bundled public suffix list; presidio's own would fetch the newest."""

    def validate_result(self, pattern_text: str) -> bool:
        domain = pattern_text.rpartition("@")[2]
        return domain.lower().endswith(_RESERVED) or bool(_suffixes()(domain).fqdn)


class _Iban(presidio.IbanRecognizer):
    """Keeps, at its base score, what has a country's form but wrong check digits."""

    def validate_result(self, pattern_text: str) -> bool | None:
        iban = pattern_text.replace(" ", "").replace("-", "")
        form = regex_per_country.get(iban[:2])
        if form is None or re.fullmatch(form, iban) is None:
            return False
        number = int("".join(str(int(character, 36)) for character in iban[4:] + iban[:4]))
        return True if number % 97 == 1 else None


@cache
def _suffixes() -> tldextract.TLDExtract:
    return tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)


def _card() -> EntityRecognizer:
    return presidio.CreditCardRecognizer(
        patterns=[
            *presidio.CreditCardRecognizer.PATTERNS,
            Pattern("4-6-5 and 4-6-4", r"\b3\d{3}[- ]\d{6}[- ]\d{4,5}\b", 0.3),
            Pattern("series 2", r"\b2[1-7]\d{2}(?:[- ]?\d{4}){3}\b|\b2131\d{11}\b", 0.3),
            Pattern("12 and 19 digits", r"\b(?:5[0678]|6\d)\d{10}\b|\b[46]\d{18}\b", 0.3),
        ]
    )


class _Checked(PatternRecognizer):
    """A pattern of our own whose check digits decide."""

    def validate_result(self, pattern_text: str) -> bool:
        return _CHECKS[self.supported_entities[0]](re.sub(r"\W", "", pattern_text))


_CHECKS: Final = {"BR_CPF": is_cpf, "FR_NIR": is_nir, "NL_BSN": is_bsn}


def _checked(entity: str, regex: str) -> EntityRecognizer:
    return _Checked(supported_entity=entity, patterns=[Pattern(entity, regex, 0.3)])


@cache
def _sources() -> tuple[_Source, ...]:
    return (
        _Source(_Iban(), Kind.IBAN, proves=True, least=0.9),
        _Source(_card(), Kind.CARD, proves=True, least=0.9),
        _Source(_grouped("CARD_FORM", r"\b[2-6]\d{3}([ -])\d{4}\1\d{4}\1\d{4}\b"), Kind.CARD),
        _Source(_Mail(), Kind.MAIL, proves=True, any_case=True),
        _Source(presidio.UsSsnRecognizer(), Kind.SSN, proves=True),
        _Source(presidio.IpRecognizer(), Kind.IP, proves=True, any_case=True),
        _Source(presidio.CryptoRecognizer(), Kind.WALLET, proves=True, least=0.9),
        *(
            _Source(recognizer, Kind.NATIONAL_ID, proves=True, least=0.9)
            for recognizer in _proven_ids()
        ),
        *(_Source(recognizer, Kind.NATIONAL_ID) for recognizer in _announced_ids()),
        *(_Source(recognizer, Kind.PASSPORT) for recognizer in _passports()),
        *(_Source(recognizer, Kind.LICENCE, any_case=True) for recognizer in _licences()),
        *(_Source(recognizer, Kind.HEALTH_ID) for recognizer in _health_ids()),
        _Source(_checked("BR_CPF", r"\b\d{3}\.\d{3}\.\d{3}-\d{2}\b"), Kind.TAX_ID, proves=True),
        *(_Source(recognizer, Kind.TAX_ID) for recognizer in _tax_ids()),
        _Source(presidio.UsBankRecognizer(), Kind.ACCOUNT),
        _Source(presidio.AbaRoutingRecognizer(), Kind.ACCOUNT),
    )


def _grouped(entity: str, regex: str) -> EntityRecognizer:
    """A form without check digits, for numbers that are made up but announced."""
    return PatternRecognizer(supported_entity=entity, patterns=[Pattern(entity, regex, 0.3)])


def _proven_ids() -> tuple[EntityRecognizer, ...]:
    return (
        presidio.ItFiscalCodeRecognizer(),
        presidio.EsNifRecognizer(),
        presidio.EsNieRecognizer(),
        presidio.FiPersonalIdentityCodeRecognizer(),
        _checked("FR_NIR", r"\b[12] \d\d \d\d (?:\d\d|2[AB]) \d{3} \d{3} \d\d\b"),
    )


def _announced_ids() -> tuple[EntityRecognizer, ...]:
    return (
        presidio.UkNinoRecognizer(),
        presidio.InAadhaarRecognizer(),
        presidio.PlPeselRecognizer(),
        presidio.SePersonnummerRecognizer(),
        presidio.SgFinRecognizer(),
        presidio.KrRrnRecognizer(),
        presidio.TrNationalIdRecognizer(),
        presidio.CaSinRecognizer(),
        presidio.DeIdCardRecognizer(),
        presidio.DeSocialSecurityRecognizer(),
        _checked("FR_NIR", r"\b[12]\d{4}(?:\d\d|2[AB])\d{8}\b"),
        _checked("NL_BSN", r"\b\d{9}\b|\b\d{4}\.\d{2}\.\d{3}\b"),
    )


def _passports() -> tuple[EntityRecognizer, ...]:
    return (
        presidio.UsPassportRecognizer(),
        presidio.UkPassportRecognizer(),
        presidio.DePassportRecognizer(),
        presidio.EsPassportRecognizer(),
        presidio.InPassportRecognizer(),
        presidio.KrPassportRecognizer(),
    )


def _licences() -> tuple[EntityRecognizer, ...]:
    return (
        presidio.UsLicenseRecognizer(),
        presidio.UkDrivingLicenceRecognizer(),
        presidio.DeFuehrerscheinRecognizer(),
        presidio.ItDriverLicenseRecognizer(),
    )


def _health_ids() -> tuple[EntityRecognizer, ...]:
    return (
        presidio.NhsRecognizer(),
        presidio.UsMbiRecognizer(),
        presidio.AuMedicareRecognizer(),
        presidio.DeHealthInsuranceRecognizer(),
        presidio.MedicalLicenseRecognizer(),
    )


def _tax_ids() -> tuple[EntityRecognizer, ...]:
    return (
        presidio.UsItinRecognizer(),
        presidio.AuTfnRecognizer(),
        presidio.DeTaxIdRecognizer(),
        presidio.InPanRecognizer(),
        _checked("BR_CPF", r"\b\d{11}\b"),
    )
