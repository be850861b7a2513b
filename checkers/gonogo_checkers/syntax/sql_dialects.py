"""Bridges what the SQL grammar does not know: dialects' quoting, statements and client commands."""

import re
from typing import Final

_MAX_CHARACTERS: Final = 20_000
_UNKNOWN_STATEMENT: Final = re.compile(
    r"(?i:^[ \t]*(?:pragma|show|describe|desc|declare|do|copy|use|call|exec(?:ute)?|vacuum|analyze"
    r"|reindex|cluster|lock|set|reset|print|attach|detach|listen|notify|refresh|kill|optimize|load"
    r"|flush|start|begin tran|commit tran|savepoint|rollback to|release|checkpoint|discard"
    r"|security label|comment on|grant|revoke"
    r"|create (?:operator|cast|aggregate|domain|rule|policy|publication|subscription|server"
    r"|extension|collation|event trigger|foreign|text search)"
    r"|alter table (?:if exists |only )*[\w.\"`]+ (?:validate|enable|disable|owner|attach|detach"
    r"|inherit|replica|cluster|modify|change|set|reset|force|convert|engine|partition|switch)"
    r"|alter (?:operator|extension|function|domain|type|default|policy|system|role|user|database)"
    r")\b[^;]*(?:;|\Z))"
    r"|(?i:^[ \t]*(?:go|delimiter\b[^\n]*)[ \t]*$)|^[ \t]*\\[^\n]*$",
    re.MULTILINE,
)
"""Statements and client commands that the grammar lacks: they are left out, not judged."""
_EXPLAIN: Final = re.compile(
    r"(?i:\bexplain\b)[ \t]*(?:\([^()\n]{0,200}\)|(?i:analyze|verbose)\b)*"
)
_BRACKETED: Final = re.compile(r"\[([A-Za-z_][\w ]{0,120})\]")
_HINT: Final = re.compile(
    r"(?i:\bwith[ \t]*\([ \t]*(?:nolock|updlock|rowlock|holdlock|tablock)[^()\n]*\)"
    r"|\bidentity[ \t]*\([ \t]*\d+[ \t]*,[ \t]*\d+[ \t]*\))"
)
_TAIL: Final = re.compile(
    r"(?i:\bwith (?:no )?data\b|\bon commit (?:drop|delete rows|preserve rows)\b"
    r"|\bnulls (?:first|last)\b|\b(?:restart|continue) identity\b|\boffset \S{1,20} rows?\b"
    r"|\bfetch (?:next|first) \S{1,20} rows? only\b)"
)
_WIDE_TYPE: Final = re.compile(r"(?i:\bn(?=(?:var)?char[ \t]*\())")
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
    plain = _WIDE_TYPE.sub(" ", _TAIL.sub(_blank, plain))
    return _NATIONAL.sub(" ", plain.replace("...", "w  "))


def has_plain_fault(text: str) -> bool:
    """Tell whether SQL that did not parse shows a fault that no dialect allows.

    Args:
        text: The SQL; of more than 20,000 characters it is not asked.
    """
    if len(text) > _MAX_CHARACTERS:
        return False
    bare = _QUOTED.sub(" x ", text)
    return "'" in bare or _FAULT.search(bare) is not None


def _blank(match: re.Match[str]) -> str:
    return re.sub(r"[^\n]", " ", match[0])
