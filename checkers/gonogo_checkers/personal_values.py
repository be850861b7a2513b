"""Compares, masks and weighs personal values: the same one in another writing, one from a manual."""

import ipaddress
import re
import unicodedata
from collections.abc import Iterable
from typing import Final

_NO_SIGN: Final = re.compile(r"[\W_]+")
_PLACEHOLDER_BOX: Final = re.compile(
    r"(?:your|my|the)?[._-]?(?:user|users?name|name|first|last|first[._-]?(?:name)?[._-]?last(?:name)?"
    r"|e?mail|address|me|you|someone|somebody|anyone|person|test|tester|testing|foo|bar|baz|abc|xyz"
    r"|example|sample|demo|dummy|customer|client|recipient|sender|john|jane|john[._-]?doe"
    r"|jane[._-]?doe|j[._-]?doe|john[._-]?smith|jane[._-]?smith|alice|bob|x+|a|b|to|from)\d{0,3}",
    re.IGNORECASE,
)
_ROLE_BOX: Final = re.compile(
    r"(?:info|support|help|helpdesk|sales|contact|contacts|hello|hi|team|office|admin|billing"
    r"|service|customer[._-]?(?:service|care|support)|care|press|media|jobs|careers|hr|legal"
    r"|privacy|dpo|security|abuse|webmaster|postmaster|no[._-]?reply|do[._-]?not[._-]?reply"
    r"|newsletter|orders?|returns?|refunds?|feedback|enquiries|inquiries|git|noc)",
    re.IGNORECASE,
)
_PLACEHOLDER_HOST: Final = re.compile(
    r"(?:your|my|our|the)?[._-]?(?:domain|company|site|website|email|host|server|provider|mail|org"
    r"|organi[sz]ation|business)(?:name)?\.(?:com|org|net|io|co|tld)",
    re.IGNORECASE,
)
_DOCUMENTATION_HOST: Final = re.compile(
    r"(?:.*\.)?(?:example(?:\.\w{2,6})?|.*\.(?:test|example|invalid|localhost))", re.IGNORECASE
)
_TEST_CARDS: Final = frozenset(
    {
        *("4111111111111111", "4242424242424242", "4012888888881881", "4000000000000002"),
        *("5555555555554444", "5105105105105100", "5200828282828210", "378282246310005"),
        *("371449635398431", "6011111111111117", "6011000990139424", "30569309025904"),
        *("3530111333300000", "4222222222222", "4000056655665556", "2223003122003222"),
    }
)
_SAMPLE_NUMBERS: Final = frozenset(
    {
        *("123456789", "987654321", "1234567890", "0123456789", "078051120", "219099999"),
        *("gb82west12345698765432", "gb29nwbk60161331926819", "de89370400440532013000"),
        *("fr1420041010050500013m02606", "1a1zp1ep5qgefi2dmptftl5slmv7divfna", "12345678z"),
    }
)
_FICTION: Final = re.compile(r"(?:1?\d{3})?55501\d\d|(?:44|0)?(?:2079460|1632960|7700900)\d{3}")
_KNOWN_SERVERS: Final = frozenset({"8.8.8.8", "8.8.4.4", "1.1.1.1", "1.0.0.1", "9.9.9.9"})


def normalised(text: str) -> str:
    """Return the letters and digits of a text, case folded: the form in which values compare."""
    return _NO_SIGN.sub("", unicodedata.normalize("NFKC", text).casefold())


class GivenValues:
    """The texts that a model was given, ready to be asked whether a value stands in them."""

    _LONGEST: Final = 1_000_000
    """Characters that are read, all texts together."""

    def __init__(self, texts: Iterable[str]) -> None:
        """Read the texts."""
        joined = "\n".join(texts)[: self._LONGEST]
        self._plain = joined.casefold()
        self._normalised = normalised(joined)

    def holds(self, kind: str, value: str) -> bool:
        """Tell whether a value stands in the given texts, in whatever writing.

        A telephone number is the same with and without its country code: the last nine digits
        decide. An e-mail address and an IP address must stand there as they are.
        """
        if kind in {"EMAIL_ADDRESS", "IP_ADDRESS"}:
            return re.search(rf"(?<![\w.]){re.escape(value.casefold())}", self._plain) is not None
        compared = normalised(value)
        if kind == "PHONE_NUMBER":
            compared = re.sub(r"\D", "", compared)[-9:]
        return bool(compared) and compared in self._normalised


def is_placeholder(kind: str, value: str) -> bool:
    """Tell whether a value plainly stands for one: `your.name@company.com`, 4242 4242 4242 4242."""
    if kind == "EMAIL_ADDRESS":
        box, _at, host = value.partition("@")
        is_box = _PLACEHOLDER_BOX.fullmatch(box) is not None
        return (is_box and _is_nobodys_host(host)) or _PLACEHOLDER_HOST.fullmatch(host) is not None
    digits = re.sub(r"\D", "", value)
    compared = normalised(value)
    if digits in _TEST_CARDS or compared in _SAMPLE_NUMBERS or digits in _SAMPLE_NUMBERS:
        return True
    return len(digits) > 5 and len(set(digits[-7:])) == 1


def is_documentation(kind: str, value: str) -> bool:
    """Tell whether a value is set aside for documentation and fiction.

    RFC 2606 and 6761 domains, 555-01xx and Ofcom's numbers for drama.
    """
    if kind == "EMAIL_ADDRESS":
        return _DOCUMENTATION_HOST.fullmatch(value.rpartition("@")[2]) is not None
    if kind == "PHONE_NUMBER":
        return _FICTION.fullmatch(re.sub(r"\D", "", value)) is not None
    return is_placeholder(kind, value)


def is_role_address(value: str) -> bool:
    """Tell whether an e-mail address is that of a function, not of a person: `support@…`."""
    return _ROLE_BOX.fullmatch(value.partition("@")[0]) is not None


def is_public_address(value: str) -> bool:
    """Tell whether an IP address is one of the public Internet, and not a known name server."""
    try:
        address = ipaddress.ip_interface(value).ip
    except ValueError:
        return False
    return address.is_global and str(address) not in _KNOWN_SERVERS and not address.is_multicast


def masked(kind: str, value: str) -> str:
    """Return a value as evidence: enough to find it again, too little to use it."""
    if kind == "EMAIL_ADDRESS":
        box, _at, host = value.rpartition("@")
        name, dot, suffix = host.rpartition(".")
        return f"{box[:1]}***@{name[:1]}***{dot}{suffix}"[:80]
    if kind in {"POSTAL_ADDRESS", "PERSON"}:
        return " ".join(f"{word[:1]}***" for word in value.split()[:6])[:80]
    kept = 4 if kind in {"CREDIT_CARD", "US_SSN"} else 2
    hidden = len(re.findall(r"\w", value)) - kept
    shown = []
    for character in value[:80]:
        is_sign = character.isalnum()
        shown.append("*" if is_sign and hidden > 0 else character)
        hidden -= is_sign
    return "".join(shown)


def _is_nobodys_host(host: str) -> bool:
    return (
        _DOCUMENTATION_HOST.fullmatch(host) is not None
        or _PLACEHOLDER_HOST.fullmatch(host) is not None
        or host.casefold() in {"email.com", "domain.com", "test.com", "mail.com", "abc.com"}
    )
