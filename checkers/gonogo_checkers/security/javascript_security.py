"""Scans a block of JavaScript or TypeScript: the rules SEC1xx.

| rule | what | bad example |
|---|---|---|
| SEC101 | Code built from data is run | `eval(code)`, `new Function(body)` |
| SEC102 | Shell command built from data | ``exec(`ls ${dir}`)`` |
| SEC103 | HTML set from data | `element.innerHTML = name` |
| SEC104 | SQL built from strings | `db.query("... WHERE id = " + id)` |
| SEC105 | Certificates not verified | `rejectUnauthorized: false` |
| SEC106 | `Math.random` for secrets | `const token = Math.random()` |
| SEC107 | Request data sent as HTML | `res.send("<p>" + req.query.q)` |
| SEC108 | Path from a request opened unchecked | `fs.readFile(req.query.file, done)` |
| SEC109 | Open redirect | `res.redirect(req.query.next)` |
| SEC110 | Signing key in the code | `jwt.sign(claims, "s3cr3t")` |
| SEC111 | Broken hash or cipher | `createHash("md5")`, `aes-128-ecb` |
| SEC112 | Server-side request to any URL | `axios.get(req.query.url)` |
| SEC113 | Pattern from a request | `new RegExp(req.query.pattern)` |
| SEC114 | Message sent to any origin | `parent.postMessage(data, "*")` |
| SEC115 | Signature not verified | `jwt.verify(t, key, {algorithms: ["none"]})` |

A function that cleans or checks such data (`escapeHtml`, `DOMPurify`, `startsWith`, `path.resolve`
with a check) is not flagged.
"""

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from gonogo_checkers.reading.code_blocks import CodeBlock
from gonogo_checkers.reading.grammars import ParseTooSlow, parse
from gonogo_checkers.reading.python_snippets import SkippedPart
from gonogo_checkers.security.javascript_dataflow import (
    Script,
    arguments_of,
    enclosing_function,
    read_script,
)
from gonogo_checkers.security.weaknesses import CodeScan, LocatedWeakness, Place, Weakness
from gonogo_checkers.verdict import Confidence, Severity

if TYPE_CHECKING:
    from tree_sitter import Node

JAVASCRIPT: Final = frozenset({"javascript", "typescript", "tsx"})


_WRAPPINGS: Final = (("", ""), ("({\n", "\n})"), ("class W {\n", "\n}"))
_LONGEST_FRAGMENT: Final = 20_000


class _Rule(NamedTuple):
    severity: Severity
    confidence: Confidence
    cwe: int
    message: str


_MEDIUM, _HIGH = Severity.MEDIUM, Severity.HIGH
_LIKELY, _SURE = Confidence.MEDIUM, Confidence.HIGH

RULES: Final = {
    "SEC101": _Rule(_HIGH, _LIKELY, 95, "A string that is built from data is run as code."),
    "SEC102": _Rule(
        _HIGH, _SURE, 78, "A shell runs a command built from data: use execFile with a list."
    ),
    "SEC103": _Rule(
        _MEDIUM, _LIKELY, 79, "HTML is set from data: use textContent, or sanitise it."
    ),
    "SEC104": _Rule(
        _HIGH, _SURE, 89, "SQL is built from strings: pass the values as parameters of the query."
    ),
    "SEC105": _Rule(_HIGH, _SURE, 295, "Certificates are not verified: anyone may answer."),
    "SEC106": _Rule(
        _MEDIUM, _LIKELY, 338, "Math.random is predictable: use crypto for what must stay secret."
    ),
    "SEC107": _Rule(_MEDIUM, _LIKELY, 79, "Data from the request is sent back as HTML unescaped."),
    "SEC108": _Rule(
        _HIGH, _LIKELY, 22, "A path from the request is opened unchecked: it may leave the folder."
    ),
    "SEC109": _Rule(_MEDIUM, _LIKELY, 601, "The redirect goes wherever the request says."),
    "SEC110": _Rule(
        _HIGH, _LIKELY, 798, "A signing key is written in the code: read it from the environment."
    ),
    "SEC111": _Rule(_MEDIUM, _LIKELY, 327, "This hash or cipher is broken: use a modern one."),
    "SEC112": _Rule(_HIGH, _LIKELY, 918, "The server fetches a URL that the request chooses."),
    "SEC113": _Rule(_MEDIUM, _LIKELY, 1333, "A pattern from outside is compiled: escape it."),
    "SEC114": _Rule(_MEDIUM, _LIKELY, 345, "The message goes to any origin: name the one meant."),
    "SEC115": _Rule(_HIGH, _SURE, 347, "The token's signature is not verified."),
}

_Found: TypeAlias = tuple[str, "Node"]
_EVALS: Final = frozenset(
    {
        *("eval", "window.eval", "global.eval", "globalThis.eval"),
        *("vm.runInNewContext", "vm.runInThisContext", "vm.runInContext"),
    }
)
_TIMERS: Final = frozenset({"setTimeout", "setInterval", "window.setTimeout"})
_SHELLS: Final = re.compile(r"(?:^|\.)(?:exec|execSync|execAsync|execPromise|spawnSync|spawn)$")
_SQL_CALLS: Final = re.compile(r"\.(?:query|execute|raw|all|get|run|each|prepare|exec|unsafe)$")
_SQL: Final = re.compile(
    r"\b(?:select\b.{1,400}?\bfrom|insert\s+into|update\b.{1,400}?\bset|delete\s+from|drop\s+table)",
    re.IGNORECASE | re.DOTALL,
)
_SECRET: Final = re.compile(
    r"token|passw|secret|session|\botp\b|otp$|csrf|nonce|salt|api_?key|verif|captcha|credential"
    r"|auth_?code|uuid|guid|encryption",
    re.IGNORECASE,
)
_ANSWERS: Final = re.compile(r"res(?:ponse)?(?:\.status\(\d+\))?\.(?:send|write|end)")
_REDIRECTS: Final = re.compile(r"(?:res(?:ponse)?|ctx)\.redirect")
_FILE_CALLS: Final = re.compile(
    r"(?:^|\.)(?:readFile|readFileSync|createReadStream|writeFile|writeFileSync|sendFile|download"
    r"|unlink|unlinkSync|createWriteStream|readdir|readdirSync|appendFile)$"
)
_FETCHES: Final = re.compile(
    r"(?:axios(?:\.(?:get|post|put|patch|delete|head|request))?|fetch|got(?:\.\w+)?|needle(?:\.\w+)?"
    r"|superagent\.\w+|request(?:\.(?:get|post))?|https?\.(?:get|request))"
)
_GUARDS: Final = {
    "html": re.compile(r"escape|sanitiz|purify|encodeURIComponent|textContent\b", re.IGNORECASE),
    "path": re.compile(
        r"startsWith|indexOf|basename|normalize|relative\(|includes\(|sanitiz|valid|test\(|match\(",
        re.IGNORECASE,
    ),
    "url": re.compile(
        r"startsWith|new URL\(|hostname|allow|includes\(|whitelist|valid|test\(", re.IGNORECASE
    ),
    "pattern": re.compile(r"escape", re.IGNORECASE),
}
_CRYPTO: Final = re.compile(r"(?:^|\.)create(?:Hash|Hmac|Cipheriv|Cipher|Decipheriv|Decipher)$")
_WEAK_CIPHER: Final = re.compile(r"^.(?:md4|md5|sha-?1|.*-ecb|des.*|rc4.*|rc2.*|bf.*).$", re.I)


def scan_javascript(block: CodeBlock) -> CodeScan:
    """Scan a block of JavaScript or TypeScript."""
    try:
        script, broken, added_rows = _best_reading(block)
    except ParseTooSlow:
        script, broken, added_rows = None, 0, 0
    if script is None:
        part = SkippedPart(block.start, block.end, "too large or too odd to be parsed in time")
        return CodeScan(skipped=(part,), is_empty=True)
    if broken * 2 > len(block.text):
        part = SkippedPart(block.start, block.end, "most of it does not parse")
        return CodeScan(skipped=(part,), is_empty=True)
    unique = {}
    for node in script.nodes:
        for look in _LOOKS.get(node.type, ()):
            for rule, place in look(script, node):
                unique[place.start_byte, rule] = place
    lines = block.text.split("\n")
    return CodeScan(
        found=tuple(
            _located(rule, node, block, lines, added_rows)
            for (_, rule), node in sorted(unique.items(), key=lambda item: item[0])
        )
    )


def _best_reading(block: CodeBlock) -> tuple[Script | None, int, int]:
    """Parse a block as it is, else as members of an object or of a class.

    Returns:
        The script with the fewest bytes that do not parse, those bytes, and the lines put before.
    """
    best: tuple[Script | None, int, int] | None = None
    for before, after in _WRAPPINGS:
        text = before + block.text + after
        tree = parse(text, block.language or "javascript", seconds=0.5)
        script = read_script(tree, text.encode("utf-8", "replace"))
        if script is None:
            return None, 0, 0
        broken = _broken_bytes(script)
        if best is None or broken < best[1]:
            best = script, broken, before.count("\n")
        if not broken or len(block.text) > _LONGEST_FRAGMENT:
            break
    return best or (None, 0, 0)


def _broken_bytes(script: Script) -> int:
    total = 0
    end = -1
    for node in script.nodes:
        if node.type == "ERROR" and node.start_byte >= end:
            total += node.end_byte - node.start_byte
            end = node.end_byte
    return total


def _located(
    rule: str, node: "Node", block: CodeBlock, lines: list[str], added_rows: int
) -> LocatedWeakness:
    row, column = _characters(node.start_point, lines, added_rows)
    end_row, end_column = _characters(node.end_point, lines, added_rows)
    described = RULES[rule]
    weakness = Weakness(
        rule=rule,
        severity=described.severity,
        confidence=described.confidence,
        message=described.message,
        cwe=described.cwe,
        place=Place(row, column, end_row, end_column),
        secret=rule == "SEC110",
    )
    start = block.offset(row, column)
    return LocatedWeakness(weakness, start, max(start, block.offset(end_row, end_column)))


def _characters(point: tuple[int, int], lines: list[str], added_rows: int) -> tuple[int, int]:
    row = min(max(point[0] - added_rows, 0), len(lines) - 1)
    text = lines[row]
    if text.isascii():
        return row, point[1]
    return row, len(text.encode("utf-8", "replace")[: point[1]].decode("utf-8", "ignore"))


def _is_guarded(script: Script, node: "Node", kind: str) -> bool:
    function = enclosing_function(node)
    return function is not None and _GUARDS[kind].search(script.text(function)) is not None


def _look_at_run_code(script: Script, call: "Node") -> Iterator[_Found]:
    callee = script.callee(call)
    arguments = arguments_of(call)
    if not arguments:
        return
    runs_value = callee in _EVALS and not script.is_fixed(arguments[0])
    makes_function = callee == "Function" and not script.is_fixed(arguments[-1])
    runs_later = callee in _TIMERS and script.is_built(arguments[0])
    if runs_value or makes_function or runs_later:
        yield "SEC101", call


def _look_at_shells(script: Script, call: "Node") -> Iterator[_Found]:
    callee = script.callee(call)
    arguments = arguments_of(call)
    if not arguments or not _SHELLS.search(callee):
        return
    if callee.endswith(("spawn", "spawnSync")) and not any(
        re.search(r"shell\s*:\s*true", script.text(given)) for given in arguments[1:]
    ):
        return
    first = arguments[0]
    # `pattern.exec(text)` is a regular expression's, and its text is rarely built on the spot.
    if callee.endswith(".exec") and not re.search(r"child|proc|\bcp\b|shell|util", callee):
        return
    if script.is_built(first) or script.is_given(first):
        yield "SEC102", call


def _look_at_html(script: Script, node: "Node") -> Iterator[_Found]:
    value = _html_value(script, node)
    if value is None or script.is_fixed(value) or _is_guarded(script, node, "html"):
        return
    if not _GUARDS["html"].search(script.text(value)):
        yield "SEC103", node


def _html_value(script: Script, node: "Node") -> "Node | None":
    """Return what is put into a page, where a node does that."""
    if node.type in {"assignment_expression", "augmented_assignment_expression"}:
        target = script.text(node.child_by_field_name("left"))
        is_html = re.search(r"\.(?:innerHTML|outerHTML|srcdoc)$", target)
        return node.child_by_field_name("right") if is_html else None
    callee = script.callee(node)
    arguments = arguments_of(node)
    if re.search(r"(?:^|\.)document\.write(?:ln)?$", callee) and arguments:
        return arguments[0]
    if callee.endswith(".insertAdjacentHTML") and len(arguments) > 1:
        return arguments[1]
    return None


def _look_at_sql(script: Script, call: "Node") -> Iterator[_Found]:
    arguments = arguments_of(call)
    if not arguments or not _SQL_CALLS.search(script.callee(call)):
        return
    if script.is_built(arguments[0]) and _SQL.search(script.text(script.resolve(arguments[0]))):
        yield "SEC104", call


def _look_at_pairs(script: Script, pair: "Node") -> Iterator[_Found]:
    key = script.text(pair.child_by_field_name("key")).strip("'\"")
    value = script.text(pair.child_by_field_name("value"))
    if (key == "rejectUnauthorized" and value == "false") or (
        key == "strictSSL" and value == "false"
    ):
        yield "SEC105", pair


def _look_at_environment(script: Script, node: "Node") -> Iterator[_Found]:
    target = script.text(node.child_by_field_name("left"))
    value = script.text(node.child_by_field_name("right")).strip("'\"`")
    if "NODE_TLS_REJECT_UNAUTHORIZED" in target and value == "0":
        yield "SEC105", node


def _look_at_random(script: Script, call: "Node") -> Iterator[_Found]:
    if script.callee(call) != "Math.random":
        return
    if _SECRET.search(script.function_name(enclosing_function(call))):
        yield "SEC106", call
        return
    current = call.parent
    while current is not None and not current.type.endswith(("statement", "declaration")):
        if current.type in {"variable_declarator", "pair", "assignment_expression"}:
            for name in ("name", "key", "left"):
                if _SECRET.search(script.text(current.child_by_field_name(name))):
                    yield "SEC106", call
            return
        current = current.parent


def _look_at_answers(script: Script, call: "Node") -> Iterator[_Found]:
    arguments = arguments_of(call)
    if not arguments or not _ANSWERS.fullmatch(script.callee(call)):
        return
    first = arguments[0]
    is_built = script.is_built(first) and script.is_given(script.resolve(first))
    if is_built and not _is_guarded(script, call, "html"):
        yield "SEC107", call


def _look_at_redirects(script: Script, call: "Node") -> Iterator[_Found]:
    arguments = arguments_of(call)
    if not arguments or not _REDIRECTS.fullmatch(script.callee(call)):
        return
    target = arguments[-1]
    goes_anywhere = script.is_given(target) and not script.is_built(target)
    if goes_anywhere and not _is_guarded(script, call, "url"):
        yield "SEC109", call


def _look_at_files(script: Script, call: "Node") -> Iterator[_Found]:
    arguments = arguments_of(call)
    if arguments and _FILE_CALLS.search(script.callee(call)):
        target = script.resolve(arguments[0])
        if script.is_given(target) and not _is_guarded(script, call, "path"):
            yield "SEC108", call


def _look_at_fetches(script: Script, call: "Node") -> Iterator[_Found]:
    arguments = arguments_of(call)
    if not arguments or not _FETCHES.fullmatch(script.callee(call)):
        return
    target = script.resolve(arguments[0])
    if re.match(r"[`'\"](?:https?://[^/$]+/|/)", script.text(target)):
        return
    if script.is_given(target) and not _is_guarded(script, call, "url"):
        yield "SEC112", call


def _look_at_tokens(script: Script, call: "Node") -> Iterator[_Found]:
    callee = script.callee(call)
    arguments = arguments_of(call)
    if not re.search(r"(?:^|\.)jwt\.(?:sign|verify)$|^jsonwebtoken\.(?:sign|verify)$", callee):
        return
    if len(arguments) > 1 and (
        arguments[1].type == "string"
        or (arguments[1].type == "identifier" and script.text(arguments[1]) in script.literals)
    ):
        yield "SEC110", call
    if len(arguments) > 2 and re.search(r"['\"]none['\"]", script.text(arguments[2])):
        yield "SEC115", call


def _look_at_crypto(script: Script, call: "Node") -> Iterator[_Found]:
    callee = script.callee(call)
    arguments = arguments_of(call)
    if not arguments or not _CRYPTO.search(callee):
        return
    if _WEAK_CIPHER.match(script.text(arguments[0])) or callee.endswith(("Cipher", "Decipher")):
        yield "SEC111", call


def _look_at_patterns(script: Script, node: "Node") -> Iterator[_Found]:
    arguments = arguments_of(node)
    if script.callee(node) != "RegExp" or not arguments:
        return
    if script.is_given(script.resolve(arguments[0])) and not _is_guarded(script, node, "pattern"):
        yield "SEC113", node


def _look_at_messages(script: Script, call: "Node") -> Iterator[_Found]:
    arguments = arguments_of(call)
    if not script.callee(call).endswith("postMessage") or len(arguments) < 2:
        return
    if script.text(arguments[1]).strip("'\"`") == "*":
        yield "SEC114", call


_Look: TypeAlias = "Callable[[Script, Node], Iterator[_Found]]"
_LOOKS: Final[dict[str, tuple[_Look, ...]]] = {
    "call_expression": (
        _look_at_run_code,
        _look_at_shells,
        _look_at_html,
        _look_at_sql,
        _look_at_random,
        _look_at_answers,
        _look_at_redirects,
        _look_at_files,
        _look_at_fetches,
        _look_at_tokens,
        _look_at_crypto,
        _look_at_patterns,
        _look_at_messages,
    ),
    "new_expression": (_look_at_run_code, _look_at_patterns),
    "assignment_expression": (_look_at_html, _look_at_environment),
    "augmented_assignment_expression": (_look_at_html,),
    "pair": (_look_at_pairs,),
}
