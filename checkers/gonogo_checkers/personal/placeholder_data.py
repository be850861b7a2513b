"""Tells placeholders, and what documentation and tests use, from data of somebody.

Addresses at `example.com` and numbers like 555-0142 count as data in prose, because datasets of
synthetic traffic leak just these. What nobody could take for a person's does not.
"""

import re
from ipaddress import ip_address, ip_network
from typing import Final

from gonogo_checkers.personal.personal_data import PersonalDatum
from gonogo_checkers.personal.personal_data_kinds import Kind

# fmt: off
_GENERIC_LOCALS: Final = frozenset(
    {
        "user", "username", "user1", "user2", "name", "yourname", "myname", "firstname",
        "lastname", "first", "last", "someone", "somebody", "anyone", "person", "test", "tester",
        "testuser", "example", "sample", "demo", "email", "mail", "address", "foo", "bar", "me",
        "jdoe", "john", "jane", "johndoe", "janedoe", "alice", "bob", "recipient", "sender",
        "firstnamelastname", "firstlast", "flast", "maxmustermann", "max.mustermann", "benutzer",
        "nutzer", "usuario", "utilisateur", "nom", "prenom", "nombre", "correo", "nome",
        "utente", "gebruiker",
    }
)
# fmt: on
_YOUR: Final = re.compile(
    r"(?:you|your[._-]?\w{0,20}|ihr[._-]?(?:name|email)|deine?[._-]?(?:name|email)"
    r"|votre[._-]?\w{0,10}|tu[._-]?(?:nombre|correo|email)|seu[._-]?(?:nome|email)"
    r"|first[._-]?(?:name)?[._-]last[._-]?(?:name)?|firstname|vorname[._-]nachname"
    r"|prenom[._-]nom|nombre[._-]apellidos?)"
)
_FILL_IN_DOMAIN: Final = re.compile(
    r"(?:[\w-]+\.)?(?:(?:your|my|our|ihre?|votre|tu|seu)[-_]?(?:own[-_]?)?"
    r"(?:domain|company|firma|site|org|organi[sz]ation|app|website|dominio|empresa|entreprise)"
    r"|domain|domaine|dominio|company|email|mail|website|site|host|server|test|abc|xyz)"
    r"\.(?:com|org|net|tld|de|fr|es|io|dev|local|co\.uk)"
)
_DOCUMENTATION_DOMAIN: Final = re.compile(
    r"(?:[\w.-]+\.)?(?:example(?:\.[a-z]{2,3}){1,2}|[\w-]*\.?(?:test|invalid|example|localhost|local))"
)
_ROLES: Final = re.compile(
    r"(?:(?:customer|client|tech|technical|it|guest|member|user)?[._-]?"
    r"(?:support|service|services|care|success|help|helpdesk|desk|relations)"
    r"|info|contact|hello|hi|hey|team|office|press|media|pr|sales|billing|accounts?|payments?"
    r"|invoices?|orders?|returns?|refunds?|shipping|privacy|legal|compliance|security|abuse|admin"
    r"|administration|webmaster|postmaster|hostmaster|noreply|no[._-]reply|do[._-]not[._-]reply|jobs"
    r"|careers|hr|recruiting|feedback|news|newsletter|marketing|events?|bookings?|reservations?"
    r"|enquiries|inquiries|dpo|gdpr|datenschutz|kontakt|kunden(?:service|dienst|betreuung)|service[._-]?client|atencion[._-]?(?:al[._-]?)?cliente|buchhaltung|presse|bewerbung"
    r"|contacto|ventas|atendimento|suporte|contato|assistenza|klantenservice|git|root|mailer-daemon)"
    r"(?:[._-]?(?:team|desk|eu|uk|us|de|fr|emea|notices))?"
)
# fmt: off
_TEST_CARDS: Final = frozenset(
    {
        "4242424242424242", "4111111111111111", "4000056655665556", "5555555555554444",
        "2223003122003222", "5200828282828210", "5105105105105100", "378282246310005",
        "371449635398431", "6011111111111117", "6011000990139424", "3056930009020004",
        "30569309025904", "36227206271667", "38520000023237", "3566002020360505",
        "3530111333300000", "6200000000000005", "4012888888881881", "4222222222222",
        "4000000000000002", "4000000000009995", "4000002500003155", "5454545454545454",
        "4444333322221111",
    }
)
# fmt: on
_TEST_WORDS: Final = re.compile(r"\b(?:test|sandbox|dummy|fake|example|sample|demo)", re.IGNORECASE)
_SAMPLES: Final = re.compile(
    r"\b(?:fake|dummy|mock|sample|seed|placeholder|fictional|fictitious|made[- ]up|synthetic|test)"
    r"(?: [\w-]{1,20}){0,3} (?:data|records?|rows?|users?|customers?|contacts?|profiles?|entries"
    r"|persons?|people|fixtures?|e-?mails?|addresses|numbers?|names?|json|csv)\b"
    r"|\b(?:beispiel|test)daten\b|données (?:fictives|de test)|datos (?:ficticios|de prueba)",
    re.IGNORECASE,
)
_EXAMPLE_SSNS: Final = frozenset(
    {"123456789", "078051120", "219099999", "457555462", "987654321", "987654320", "999999999"}
)
# fmt: off
_EXAMPLE_IBANS: Final = frozenset(
    {
        "de89370400440532013000", "gb82west12345698765432", "gb29nwbk60161331926819",
        "nl91abna0417164300", "fr1420041010050500013m02606", "es9121000418450200051332",
        "it60x0542811101000000123456", "ch9300762011623852957", "at611904300234573201",
        "be68539007547034",
    }
)
# fmt: on
_COUNTED: Final = ("12345678901234567890", "9876543210", "010203040506070809", "102030405060")
_FICTION: Final = re.compile(
    r"[2-9]\d\d55501\d\d|7700900\d{3}|20794[67]0\d{3}|1632960\d{3}|[12]1[3-8]49[68]0\d{3}"
)
"""Digits of numbers that the NANPA and Ofcom keep for fiction."""
_DOCUMENTATION_NETWORKS: Final = tuple(
    map(ip_network, ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32"))
)


def is_placeholder(datum: PersonalDatum, text: str, *, is_sample: bool) -> bool:
    """Tell whether a piece of data is a placeholder.

    Args:
        datum: What was found.
        text: The text that it was found in.
        is_sample: Whether it stands in code, or sample data was asked for; documentation values are
            placeholders there.
    """
    written = text[datum.start : datum.end]
    match datum.kind:
        case Kind.MAIL:
            found = _is_placeholder_mail(datum, text, is_sample=is_sample)
        case Kind.PHONE:
            found = _is_placeholder_phone(datum.normal, is_sample=is_sample)
        case Kind.CARD:
            said_test = _TEST_WORDS.search(text[max(0, datum.start - 60) : datum.start])
            found = datum.normal in _TEST_CARDS and (is_sample or said_test is not None)
        case Kind.SSN:
            found = datum.normal in _EXAMPLE_SSNS or len(set(datum.normal)) == 1
        case Kind.IBAN:
            found = is_sample and datum.normal in _EXAMPLE_IBANS
        case Kind.IP:
            found = _is_documentation_address(written)
        case _:
            found = is_counted_up(datum.normal)
    return found


def asks_for_samples(prompt: str) -> bool:
    """Tell whether a prompt asks for made-up data; 20,000 characters of it are looked at."""
    return _SAMPLES.search(prompt[:20_000]) is not None


def is_role_mailbox(mail: str) -> bool:
    """Tell whether an address is that of a role, such as `support@`, and not of a person."""
    return _ROLES.fullmatch(mail.partition("@")[0]) is not None


def is_counted_up(characters: str) -> bool:
    """Tell whether a number is one digit repeated, or digits that count up or down."""
    digits = re.sub(r"\D", "", characters)
    if len(digits) < 6:
        return False
    return len(set(digits)) == 1 or any(digits in counted for counted in _COUNTED)


def _is_placeholder_mail(datum: PersonalDatum, text: str, *, is_sample: bool) -> bool:
    local, _, domain = datum.normal.partition("@")
    before = text[max(0, datum.start - 200) : datum.start].rpartition(" ")[2].rpartition("\n")[2]
    is_url = "://" in before or (local == "git" and text[datum.end : datum.end + 1] in {":", "/"})
    is_documentation = _DOCUMENTATION_DOMAIN.fullmatch(domain) is not None
    is_fill_in = _FILL_IN_DOMAIN.fullmatch(domain) is not None
    is_generic = re.sub(r"[._-]|\d+$|\+.*", "", local) in _GENERIC_LOCALS
    return (
        is_url
        or _YOUR.fullmatch(local) is not None
        or is_fill_in
        or (is_documentation and (is_sample or is_generic))
    )


def _is_placeholder_phone(digits: str, *, is_sample: bool) -> bool:
    is_area_555 = len(digits) == 10 and digits.startswith("555")
    return (
        is_area_555
        or is_counted_up(digits)
        or re.search(r"(\d)\1{6}", digits) is not None
        or (is_sample and _FICTION.fullmatch(digits) is not None)
    )


def _is_documentation_address(written: str) -> bool:
    address = ip_address(written.partition("/")[0].partition("%")[0])
    return any(address in network for network in _DOCUMENTATION_NETWORKS)
