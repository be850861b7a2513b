"""The kinds of personal data that are looked for, and the words that stand before them."""

import re
from dataclasses import dataclass
from enum import Enum
from typing import Final

from gonogo_checkers.verdict import Severity


class Kind(Enum):
    """A kind of personal data; the order is that of how specific its form is."""

    IBAN = "iban"
    CARD = "card"
    MAIL = "mail"
    SSN = "ssn"
    NATIONAL_ID = "national_id"
    TAX_ID = "tax_id"
    HEALTH_ID = "health_id"
    WALLET = "wallet"
    PHONE = "phone"
    IP = "ip"
    LICENCE = "licence"
    PASSPORT = "passport"
    ACCOUNT = "account"
    NAME = "name"


@dataclass(frozen=True, slots=True)
class KindFacts:
    """What is known of a kind.

    Attributes:
        rule: Its rule id.
        noun: What it is called in a message, with its article.
        severity: Harm of a leak.
        shown: How many of the last letters and digits evidence may show, 0 to 4.
        labels: Words that announce it, in the languages that are known; matched in casefolded text.
        in_code: Whether its form alone is so plain that it is looked for in programs.
    """

    rule: str
    noun: str
    severity: Severity
    shown: int
    labels: re.Pattern[str]
    in_code: bool = False


def _words(*alternatives: str) -> re.Pattern[str]:
    """Match words where they begin: after anything but a Latin letter or a digit."""
    return re.compile("(?<![a-z0-9à-ɏ])(?:" + "|".join(alternatives) + ")")


FACTS: Final = {
    Kind.MAIL: KindFacts(
        "PII001",
        "an e-mail address",
        Severity.HIGH,
        0,
        _words(r"e-?mails?", "courriel"),
        in_code=True,
    ),
    Kind.PHONE: KindFacts(
        "PII002",
        "a telephone number",
        Severity.HIGH,
        2,
        _words(
            r"(?:tele|cell|mobile |home |work )?phones?(?: numbers?| no\.?)?\b",
            r"tel\b",
            r"call(?:ing)?(?: back)?\b",
            r"dial(?:ling)?\b",
            r"ring\b",
            r"mobiles?\b",
            r"cell\b",
            r"fax\b",
            r"text(?: me| us| them| him| her)?\b",
            r"sms\b",
            r"whatsapp\b",
            r"signal\b",
            r"(?:hot|help|direct |land|mobile |support |billing )lines?\b",
            r"answering(?: at)?\b",
            r"(?:my|your|his|her|their|our|contact|direct|registered|new|emergency) number\b",
            r"(?:reach|contact) (?:me|us|him|her|them|you)\b",
            "telefon",
            "téléphon",
            "teléfono",
            "telefoon",
            "telefone",
            r"handy(?:nummer)?\b",
            "mobil(?:nummer|funk|e)",
            "móvil",
            "portable",
            "celular",
            "cellulare",
            "anruf",
            "rufnummer",
            "durchwahl",
            r"ruf\w{0,5}\b.{0,25}\bunter\b",
            "erreich",
            "appel(?:ez|er)",
            "llam(?:e|ar|ada)",
            "chiam(?:i|are|a)",
            "lig(?:ue|ar)",
            r"bel(?:len)?\b",
            "電話",
            "携帯",
            "전화",
            "连络",
            "☎",
            "📞",
            "✆",
        ),
        in_code=True,
    ),
    Kind.CARD: KindFacts(
        "PII003",
        "a payment card number",
        Severity.HIGH,
        4,
        _words(
            r"(?:credit|debit|bank|payment)? ?cards?\b",
            "visa",
            "master ?card",
            "amex",
            "american express",
            "maestro",
            r"\w{0,20}karte",
            r"cartes?\b",
            "tarjeta",
            r"carta (?:di|de)\b",
            "cartão",
            r"\w{0,20}kaart",
            "カード",
            "카드",
        ),
        in_code=True,
    ),
    Kind.SSN: KindFacts(
        "PII004",
        "a US social security number",
        Severity.HIGH,
        4,
        _words(r"social security", r"ssns?\b", r"social\b", r"seguro social"),
        in_code=True,
    ),
    Kind.IBAN: KindFacts(
        "PII005", "a bank account number (IBAN)", Severity.HIGH, 2, _words("iban"), in_code=True
    ),
    Kind.IP: KindFacts(
        "PII006",
        "a public IP address",
        Severity.LOW,
        2,
        _words(r"ip\b", r"ip[ -]?(?:v[46]|address\w{0,2}|adres\w{0,3})", r"host\b", r"address\b"),
    ),
    Kind.PASSPORT: KindFacts(
        "PII007",
        "a passport number",
        Severity.HIGH,
        2,
        _words(
            "passport",
            "reisepass",
            r"pass(?:nummer|-nr)",
            "passeport",
            "pasaporte",
            "passaport[oe]",
            "paspoort",
            "旅券",
            "パスポート",
            "여권",
            "护照",
        ),
    ),
    Kind.LICENCE: KindFacts(
        "PII007",
        "a driving licence number",
        Severity.HIGH,
        2,
        _words(
            r"driv(?:er|ing)(?:['’]?s)? licen[cs]e",
            r"licen[cs]e (?:number|no\b|#)",
            "führerschein",
            "permis de conduire",
            "permiso de conducir",
            "patente di guida",
            "carta de condução",
            r"cnh\b",
            "rijbewijs",
            "免許",
        ),
    ),
    Kind.NATIONAL_ID: KindFacts(
        "PII007",
        "a national identity number",
        Severity.HIGH,
        2,
        _words(
            r"national (?:id|insurance|identity|identification)",
            r"(?:identity|id) (?:card|number|no\b)",
            r"nino\b",
            r"ni number",
            r"(?:personal)?ausweis",
            r"dni\b",
            r"ni[ef]\b",
            "cédula",
            "carte d['’]identité",
            "carta d['’]identità",
            "codice fiscale",
            "personnummer",
            "henkilötunnus",
            r"hetu\b",
            r"pesel\b",
            r"bsn\b",
            "burgerservicenummer",
            "aadhaar",
            r"nric\b",
            "sécurité sociale",
            r"nir\b",
            "social insurance",
            r"sin\b",
            "kimlik",
            "주민등록",
            "マイナンバー",
            "sozialversicherung",
            "rentenversicherung",
        ),
    ),
    Kind.NAME: KindFacts("PII008", "a person's name", Severity.MEDIUM, 0, _words("name")),
    Kind.WALLET: KindFacts(
        "PII009",
        "the address of a crypto wallet",
        Severity.MEDIUM,
        4,
        _words("wallet", "bitcoin", r"btc\b"),
    ),
    Kind.TAX_ID: KindFacts(
        "PII010",
        "a person's tax number",
        Severity.HIGH,
        2,
        _words(
            r"(?:personal )?tax(?:payer)? (?:id|identification|number|file|reference)",
            r"i?tin\b",
            r"tfn\b",
            r"steuer-?(?:id|nummer|identifikationsnummer)",
            r"cpf\b",
            r"pan\b",
            "permanent account number",
            "numéro fiscal",
        ),
    ),
    Kind.HEALTH_ID: KindFacts(
        "PII011",
        "a health insurance, patient or medical licence number",
        Severity.HIGH,
        2,
        _words(
            r"nhs\b",
            "medicare",
            r"mbi\b",
            "health (?:insurance|card)",
            r"kvnr\b",
            r"(?:kranken)?versicherten?nummer",
            "krankenversicher",
            r"dea\b",
            "medical licen[cs]e",
            r"npi\b",
        ),
    ),
    Kind.ACCOUNT: KindFacts(
        "PII012",
        "a bank account number",
        Severity.MEDIUM,
        2,
        _words(
            r"bank account(?: number| no\.?)?",
            r"(?:checking|savings|current) account",
            r"account (?:number|no\b|#)",
            r"acct\b",
            r"routing(?: number)?",
            r"sort code",
            r"kontonummer",
            r"numéro de compte",
            r"número de (?:cuenta|conta)",
            r"numero di conto",
            r"rekeningnummer",
            r"口座番号",
        ),
    ),
}

OTHER_NUMBERS: Final = _words(
    r"orders?\b",
    r"invoices?\b",
    r"tracking\b",
    r"parcels?\b",
    r"shipment",
    r"ref(?:erence)?s?\b",
    r"tickets?\b",
    r"cases?\b",
    r"claims?\b",
    r"bookings?\b",
    r"confirmation",
    r"serial",
    r"sku\b",
    r"models?\b",
    r"parts?\b",
    r"items?\b",
    r"isbn",
    r"issn",
    r"ean\b",
    r"upc\b",
    r"gtin",
    r"doi\b",
    r"imei",
    r"rma\b",
    r"po\b",
    r"version",
    r"sections?\b",
    r"clauses?\b",
    r"docket",
    r"patent\b",
    r"policy",
    r"meter\b",
    r"batch\b",
    r"lot\b",
    r"bestell",
    r"auftrag",
    r"rechnung",
    r"sendung",
    r"kunden",
    r"commande",
    r"facture",
    r"colis",
    r"pedido",
    r"factura",
    r"fatura",
    r"ordine",
    r"fattura",
    r"factuur",
    r"bestelling",
    r"注文",
    r"伝票",
)
"""Words before numbers that are no personal data of the kinds above."""

_REACH: Final = 60
_REACH_OF_OTHERS: Final = 30


def announced(text: str, start: int, kind: Kind) -> bool | None:
    """Tell what the words before a number say it is; the nearest counts.

    Args:
        text: The text.
        start: Where the number begins; the 60 characters before it are looked at (30 for what
            speaks against the kind), but not those before an empty line.
        kind: The kind that the number may be.

    Returns:
        True: of this kind. False: something else, such as an order. None: they do not say.
    """
    before = text[max(0, start - _REACH) : start].rpartition("\n\n")[2].casefold()
    ours = _last_end(FACTS[kind].labels, before)
    others = _last_end(OTHER_NUMBERS, before)
    if ours < 0 and others < len(before) - _REACH_OF_OTHERS:
        return None
    return ours >= others


def _last_end(pattern: re.Pattern[str], text: str) -> int:
    return max((match.end() for match in pattern.finditer(text)), default=-_REACH - 1)
