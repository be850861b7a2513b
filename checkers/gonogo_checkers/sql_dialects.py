"""Bridges what the SQL grammar does not know: dialects' quoting, statements and client commands."""

import re
from typing import Final

_UNKNOWN_STATEMENT: Final = re.compile(
    r"(?i:^[ \t]*(?:pragma|show|describe|desc|declare|do|copy|use|call|exec(?:ute)?|vacuum|analyze"
    r"|reindex|cluster|lock|set|reset|print|attach|detach|listen|notify|refresh|kill|optimize|load"
    r"|flush|savepoint|rollback to|release|checkpoint|discard|security label|comment on|grant"
    r"|revoke|create (?:operator|cast|aggregate|domain|rule|policy|publication|subscription|server"
    r"|extension|collation|event trigger|foreign|text search)"
    r"|alter (?:operator|extension|function|domain|type"
    r"|default|policy|system|role|user|database))\b[^;]*(?:;|\Z))"
    r"|(?i:^[ \t]*(?:go|delimiter\b[^\n]*)[ \t]*$)|^[ \t]*\\[^\n]*$",
    re.MULTILINE,
)
_EXPLAIN: Final = re.compile(
    r"(?i:\bexplain\b)[ \t]*(?:\([^()\n]{0,200}\)|(?i:analyze|verbose)\b)*"
)
_BRACKETED: Final = re.compile(r"\[([A-Za-z_][\w ]{0,120})\]")
_HINT: Final = re.compile(
    r"(?i:\bwith[ \t]*\([ \t]*(?:nolock|updlock|rowlock|holdlock|tablock)[^()\n]*\))"
)
_TOP: Final = re.compile(r"(?i:\btop[ \t]*(?:\([ \t]*\w+[ \t]*\)|\d+)(?:[ \t]+percent)?)")
_NATIONAL: Final = re.compile(r"\bN(?=')")
_FAULT: Final = re.compile(
    r"(?i:\b(?:from|where|set|values|join|having|and|or|select)\s+"
    r"(?:from|where|group\s+by|order\s+by|having|limit)\b|,\s*from\b|\bgroup\s+(?!by\b)\w+\s*(?:;|$)"
    r"|\border\s+(?!by\b)\w+\s*(?:;|$)|\b(?:form|selct|slect|form|wehre|whre)\s+\w)"
)
_QUOTED: Final = re.compile(r"--[^\n]*|\$(\w*)\$.*?\$\1\$|'[^']*'|\"[^\"]*\"|`[^`]*`", re.DOTALL)


def in_standard_terms(text: str) -> str:
    """Return SQL with what only some dialects know blanked or requoted; no offset moves."""
    plain = _UNKNOWN_STATEMENT.sub(_blank, text)
    plain = _EXPLAIN.sub(_blank, plain)
    plain = _BRACKETED.sub(r'"\1"', plain)
    plain = _HINT.sub(_blank, plain)
    plain = _TOP.sub(_blank, plain)
    return _NATIONAL.sub(" ", plain)


def has_plain_fault(text: str) -> bool:
    """Tell whether SQL that did not parse shows a fault that no dialect allows."""
    bare = _QUOTED.sub(" x ", text)
    return "'" in bare or _FAULT.search(bare) is not None


def _blank(match: re.Match[str]) -> str:
    return re.sub(r"[^\n]", " ", match[0])
