"""Looks in Python for what bandit has no test for: the rules SEC2xx.

Most follow data from a web request (or from any caller) to where it does harm; see
`python_dataflow`. The rules are described in `code_security`.
"""

import ast
from typing import Final, NamedTuple

from gonogo_checkers.reading.python_snippets import PythonSnippet
from gonogo_checkers.security import python_injections, python_misuses
from gonogo_checkers.security.python_dataflow import read_scopes
from gonogo_checkers.security.python_scope_views import Found, ScopeView, imported_names
from gonogo_checkers.security.weaknesses import Place, Weakness
from gonogo_checkers.verdict import Confidence, Severity


class _Rule(NamedTuple):
    severity: Severity
    confidence: Confidence
    cwe: int
    message: str


_LOW, _MEDIUM, _HIGH = Severity.LOW, Severity.MEDIUM, Severity.HIGH
_LIKELY, _SURE = Confidence.MEDIUM, Confidence.HIGH

RULES: Final = {
    "SEC201": _Rule(
        _HIGH, _LIKELY, 22, "A path from the request is opened unchecked: it may leave the folder."
    ),
    "SEC202": _Rule(
        _HIGH, _SURE, 1336, "A template is built from data: pass the data as template variables."
    ),
    "SEC203": _Rule(
        _MEDIUM, _LIKELY, 601, "The redirect goes wherever the request says: check its host first."
    ),
    "SEC204": _Rule(
        _HIGH, _LIKELY, 918, "The server fetches a URL from the request: check its host first."
    ),
    "SEC205": _Rule(
        _HIGH, _SURE, 89, "SQL is built from strings: pass the values as parameters of the query."
    ),
    "SEC206": _Rule(_MEDIUM, _LIKELY, 79, "Data from the request is put into HTML unescaped."),
    "SEC207": _Rule(
        _HIGH, _LIKELY, 611, "The XML parser resolves external entities: switch that off."
    ),
    "SEC208": _Rule(_HIGH, _LIKELY, 502, "Loading this format can run code that is in the data."),
    "SEC209": _Rule(
        _MEDIUM,
        _LIKELY,
        338,
        "`random` is predictable: use `secrets` for what must not be guessed.",
    ),
    "SEC210": _Rule(
        _HIGH, _LIKELY, 798, "A signing key is written in the code: read it from the environment."
    ),
    "SEC211": _Rule(_HIGH, _SURE, 347, "The token's signature is not verified."),
    "SEC212": _Rule(
        _HIGH, _LIKELY, 78, "A shell runs a command that is built from data: pass a list instead."
    ),
    "SEC213": _Rule(
        _MEDIUM, _LIKELY, 1333, "A pattern from outside is compiled: `re.escape` it, or bound it."
    ),
    "SEC214": _Rule(
        _HIGH, _SURE, 295, "Certificates are not verified: anyone may answer for the server."
    ),
    "SEC215": _Rule(
        _MEDIUM, _LIKELY, 916, "A fast hash keeps a password: use argon2, scrypt or bcrypt."
    ),
    "SEC216": _Rule(
        _HIGH, _SURE, 327, "ECB mode, or a fixed IV, shows which plaintexts are equal."
    ),
    "SEC217": _Rule(
        _HIGH, _LIKELY, 643, "An LDAP or XPath query is built from strings: escape or bind values."
    ),
    "SEC218": _Rule(
        _LOW,
        _LIKELY,
        209,
        "An error's text is sent to the client: log it, answer in general words.",
    ),
    "SEC219": _Rule(
        _LOW, _LIKELY, 208, "`==` on a secret takes a time that tells: use `hmac.compare_digest`."
    ),
}

_LOOKS: Final = (*python_injections.LOOKS, *python_misuses.LOOKS)


def find_python_weaknesses(snippet: PythonSnippet) -> tuple[Weakness, ...]:
    """Find what the rules SEC2xx describe, in order of place."""
    aliases = imported_names(snippet.tree)
    found: list[Found] = []
    for scope in read_scopes(snippet.tree):
        view = ScopeView(scope, aliases)
        for node in scope.nodes:
            for look in _LOOKS:
                found.extend(look(view, node))
    unique = {(rule, node.lineno, node.col_offset): (rule, node) for rule, node in found}
    return tuple(
        _weakness(rule, node, snippet) for _key, (rule, node) in sorted(unique.items(), key=_order)
    )


def rows_of_built_sql(snippet: PythonSnippet) -> frozenset[int]:
    """Return the 0-based lines of SQL strings built from parts that could break out of them.

    bandit's B608 also fires where only constants or placeholders are put in, and where an
    f-string holds no fields.
    """
    rows: set[int] = set()
    for scope in read_scopes(snippet.tree):
        for node in scope.nodes:
            if isinstance(node, ast.JoinedStr | ast.BinOp | ast.Call):
                text, parts = scope.open_parts(node)
                if parts and parts != [node] and python_injections.is_sql(text):
                    rows.update(range(node.lineno - 1, node.end_lineno or node.lineno))
    return frozenset(rows)


def _order(item: tuple[tuple[str, int, int], Found]) -> tuple[int, int, str]:
    rule, line, column = item[0]
    return line, column, rule


def _weakness(rule: str, node: ast.expr | ast.stmt, snippet: PythonSnippet) -> Weakness:
    described = RULES[rule]
    row = node.lineno - 1
    end_row = (node.end_lineno or node.lineno) - 1
    return Weakness(
        rule=rule,
        severity=described.severity,
        confidence=described.confidence,
        message=described.message,
        cwe=described.cwe,
        place=Place(
            row,
            snippet.character(row, node.col_offset),
            end_row,
            snippet.character(end_row, node.end_col_offset or node.col_offset + 1),
        ),
        secret=rule == "SEC210",
    )
