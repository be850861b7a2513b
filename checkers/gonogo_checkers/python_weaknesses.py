"""Looks in Python for what bandit has no test for: the rules SEC2xx.

Most follow data from a web request (or from any caller) to where it does harm; see
`python_dataflow`. The rules are described in `code_security`.
"""

import ast
import re
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple, TypeAlias

from gonogo_checkers.python_dataflow import Scope, dotted_name, read_scopes
from gonogo_checkers.python_snippets import PythonSnippet
from gonogo_checkers.verdict import Confidence, Severity
from gonogo_checkers.weaknesses import Place, Weakness


class _Rule(NamedTuple):
    severity: Severity
    confidence: Confidence
    cwe: int
    message: str


_LOW, _MEDIUM, _HIGH = Severity.LOW, Severity.MEDIUM, Severity.HIGH
_MAYBE, _LIKELY, _SURE = Confidence.LOW, Confidence.MEDIUM, Confidence.HIGH

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

_Found: TypeAlias = tuple[str, ast.expr | ast.stmt]
_SQL: Final = re.compile(
    r"\b(?:select\b.{1,400}?\bfrom|insert\s+into|update\b.{1,400}?\bset|delete\s+from|drop\s+\w"
    r"|create\s+(?:table|database|user)|alter\s+\w|replace\s+into|where|order\s+by|values\s*\()",
    re.IGNORECASE | re.DOTALL,
)
_QUERIES: Final = frozenset(
    "execute executemany executescript raw query fetch fetchrow fetchval fetchone fetchall "
    "read_sql read_sql_query execute_sql run_query exec_driver_sql prepare extra scalar scalars "
    "text RawSQL db_execute execute_query".split()
)
_SECRET_WORD: Final = re.compile(
    r"token|passw|passphrase|passcode|secret|session|\botp\b|_otp|otp_|csrf|nonce|salt|api_?key"
    r"|auth_?code|verif|captcha|credential|signature|reset_?(?:code|link)|(?<!_)\bpin\b|pin_?code"
    r"|encryption|private_?key|cookie",
    re.IGNORECASE,
)
_RANDOM: Final = frozenset(
    "choice choices randint random randrange sample getrandbits uniform shuffle randbytes".split()
)
_PATH_CALLS: Final = frozenset(
    "open io.open codecs.open send_file flask.send_file os.remove os.unlink os.rmdir os.listdir "
    "os.mkdir os.makedirs shutil.rmtree shutil.copy shutil.copyfile shutil.move FileResponse "
    "fastapi.responses.FileResponse os.rename Path.open".split()
)
_PATH_METHODS: Final = frozenset(
    "read_text read_bytes write_text write_bytes unlink iterdir".split()
)
_GUARDS: Final = {
    "path": re.compile(
        r"secure_filename|safe_join|startswith|commonpath|commonprefix|relative_to|basename"
        r"|abspath|realpath|resolve|fullmatch|match|isalnum|allowed|valid|sanitiz",
        re.IGNORECASE,
    ),
    "url": re.compile(
        r"urlparse|urlsplit|startswith|is_safe|safe_url|url_has|allowed|valid|fullmatch|match"
        r"|netloc|hostname|whitelist|trusted|tldextract|extract",
        re.IGNORECASE,
    ),
    "html": re.compile(r"escape|bleach|sanitiz|Markup|jsonify|clean", re.IGNORECASE),
    "pattern": re.compile(r"escape|timeout|allowed|whitelist", re.IGNORECASE),
}
_FETCHES: Final = re.compile(
    r"(?:requests|httpx|session|http|client|urllib3)\.(?:get|post|put|patch|delete|head|request)"
    r"|(?:urllib\.request\.)?(?:urlopen|urlretrieve)|requests\.Session\.\w+|http\.request"
)
_LOADERS: Final = frozenset(
    "jsonpickle.decode dill.load dill.loads cloudpickle.load cloudpickle.loads joblib.load "
    "yaml.unsafe_load yaml.full_load ruamel.yaml.unsafe_load pickle.Unpickler torch.load "
    "pandas.read_pickle shelve.open marshal.load numpy.load".split()
)
_XML_PARSERS: Final = re.compile(r"(?:lxml\.)?etree\.(?:parse|fromstring|XML|iterparse)")
_VERIFIED: Final = re.compile(r"verify_mode|check_hostname|verify")
_FAST_HASHES: Final = frozenset("md5 sha1 sha224 sha256 sha384 sha512 sha3_256 sha3_512".split())
_PLACEHOLDER: Final = re.compile(r"<.*>|\$?\{.*\}|%\(.*", re.DOTALL)


def find_python_weaknesses(snippet: PythonSnippet) -> tuple[Weakness, ...]:
    """Find what the rules SEC2xx describe, in order of place."""
    aliases = _imports(snippet.tree)
    found: list[_Found] = []
    for scope in read_scopes(snippet.tree):
        view = _View(scope, aliases)
        for node in scope.nodes:
            for look in _LOOKS:
                found.extend(look(view, node))
    unique = {(rule, node.lineno, node.col_offset): (rule, node) for rule, node in found}
    return tuple(
        _weakness(rule, node, snippet) for _key, (rule, node) in sorted(unique.items(), key=_order)
    )


def _order(item: tuple[tuple[str, int, int], _Found]) -> tuple[int, int, str]:
    rule, line, column = item[0]
    return line, column, rule


class _View:
    """A scope with what the rules ask of it."""

    def __init__(self, scope: Scope, aliases: dict[str, str]) -> None:
        self.scope = scope
        self._aliases = aliases
        self._words: str | None = None

    @property
    def words(self) -> str:
        """Every name and attribute used in the scope, for guards."""
        if self._words is None:
            self._words = " ".join(
                node.attr if isinstance(node, ast.Attribute) else node.id
                for node in self.scope.nodes
                if isinstance(node, ast.Attribute | ast.Name)
            )
        return self._words

    def is_guarded(self, kind: str) -> bool:
        """Tell whether the scope checks or cleans data of this kind, somewhere."""
        return _GUARDS[kind].search(self.words) is not None or (
            kind in {"path", "url"} and self._compares_given()
        )

    def _compares_given(self) -> bool:
        return any(
            isinstance(node, ast.Compare)
            and any(isinstance(operator, ast.In | ast.NotIn) for operator in node.ops)
            and any(
                isinstance(part, ast.Name) and part.id in self.scope.given
                for part in ast.walk(node.left)
            )
            and any(isinstance(right, ast.Name | ast.List | ast.Set) for right in node.comparators)
            for node in self.scope.nodes
        )

    def name(self, function: ast.AST) -> str:
        """Return the dotted name of what is called, with import aliases resolved."""
        dotted = dotted_name(function)
        first, dot, rest = dotted.partition(".")
        return self._aliases.get(first, first) + dot + rest


def _imports(tree: ast.Module) -> dict[str, str]:
    aliases = {}
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                for name in names:
                    if name.asname:
                        aliases[name.asname] = name.name
            case ast.ImportFrom(module=str(module), names=names):
                for name in names:
                    aliases[name.asname or name.name] = f"{module}.{name.name}"
            case _:
                pass
    return aliases


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


def _first_argument(call: ast.Call, *keywords: str) -> ast.expr | None:
    if call.args:
        return call.args[0]
    return _keyword(call, *keywords)


def _keyword(call: ast.Call, *names: str) -> ast.expr | None:
    return next((given.value for given in call.keywords if given.arg in names), None)


def _look_at_paths(view: _View, node: ast.AST) -> Iterator[_Found]:
    if not isinstance(node, ast.Call):
        return
    name = view.name(node.func)
    target: ast.expr | None = None
    if name in _PATH_CALLS:
        target = _first_argument(node, "file", "path", "filename_or_fp", "path_or_file")
    elif name.endswith("send_from_directory") and node.args:
        target = node.args[0]
    elif isinstance(node.func, ast.Attribute) and node.func.attr in _PATH_METHODS:
        target = node.func.value
    elif isinstance(node.func, ast.Attribute) and node.func.attr == "save" and node.args:
        target = node.args[0]
    if target is not None and view.scope.is_web(target) and not view.is_guarded("path"):
        yield "SEC201", node


def _look_at_templates(view: _View, node: ast.AST) -> Iterator[_Found]:
    if not isinstance(node, ast.Call):
        return
    name = view.name(node.func)
    last = name.rsplit(".", 1)[-1]
    if last not in {"render_template_string", "from_string"} and name not in {
        "jinja2.Template",
        "mako.template.Template",
        "Template",
    }:
        return
    source = _first_argument(node, "source", "text")
    if source is not None and (view.scope.is_web(source) or _is_built_from_given(view, source)):
        yield "SEC202", node


def _is_built_from_given(view: _View, expression: ast.expr) -> bool:
    resolved = view.scope.resolve(expression)
    _text, parts = view.scope.open_parts(expression)
    return parts != [resolved] and any(view.scope.is_given(part) for part in parts)


def _look_at_redirects(view: _View, node: ast.AST) -> Iterator[_Found]:
    if not isinstance(node, ast.Call):
        return
    last = view.name(node.func).rsplit(".", 1)[-1]
    if last not in {"redirect", "HttpResponseRedirect", "RedirectResponse"}:
        return
    target = _first_argument(node, "location", "url")
    if target is None or view.is_guarded("url"):
        return
    text, _parts = view.scope.open_parts(target)
    # A fixed beginning with host and path leaves the request no choice of the host.
    if not re.match(r"https?://[^/]+/|/[^/]", text) and view.scope.is_web(target):
        yield "SEC203", node


def _look_at_fetches(view: _View, node: ast.AST) -> Iterator[_Found]:
    if not isinstance(node, ast.Call) or not _FETCHES.fullmatch(view.name(node.func)):
        return
    method = view.name(node.func).rsplit(".", 1)[-1]
    target = node.args[1] if method == "request" and len(node.args) > 1 else None
    target = target or _first_argument(node, "url", "fullurl")
    if target is None or view.is_guarded("url"):
        return
    text, _parts = view.scope.open_parts(target)
    if not re.match(r"https?://[^/]+/", text) and view.scope.is_web(target):
        yield "SEC204", node


def _look_at_sql(view: _View, node: ast.AST) -> Iterator[_Found]:
    if not isinstance(node, ast.Call):
        return
    name = node.func.attr if isinstance(node.func, ast.Attribute) else dotted_name(node.func)
    query = _first_argument(node, "sql", "query", "statement", "operation")
    if name not in _QUERIES or query is None:
        return
    resolved = view.scope.resolve(query)
    text, parts = view.scope.open_parts(query)
    if parts and parts != [resolved] and _SQL.search(text):
        yield "SEC205", node


def _look_at_html(view: _View, node: ast.AST) -> Iterator[_Found]:
    value: ast.expr | None = None
    match node:
        case ast.Return(value=ast.expr() as returned) if view.scope.is_route:
            value = returned
        case ast.Call(func=func, args=[first, *_]) if dotted_name(func).rsplit(".", 1)[-1] in {
            "make_response",
            "HttpResponse",
            "HTMLResponse",
            "Markup",
            "mark_safe",
        }:
            value = first
        case _:
            return
    if view.is_guarded("html"):
        return
    text, parts = view.scope.open_parts(value)
    built = parts != [view.scope.resolve(value)]
    if built and text.strip() and any(view.scope.is_web(part) for part in parts):
        yield "SEC206", node


def _look_at_xml(view: _View, node: ast.AST) -> Iterator[_Found]:
    if not isinstance(node, ast.Call):
        return
    name = view.name(node.func)
    if name.endswith("XMLParser"):
        entities = _keyword(node, "resolve_entities")
        if isinstance(entities, ast.Constant) and entities.value is True:
            yield "SEC207", node
    elif name.endswith("setFeature") and len(node.args) == 2:
        feature, value = node.args
        if "external_g" in dotted_name(feature) and isinstance(value, ast.Constant) and value.value:
            yield "SEC207", node
    elif _XML_PARSERS.fullmatch(name) and len(node.args) < 2 and not node.keywords:
        if node.args and name.startswith("lxml") and view.scope.is_given(node.args[0]):
            yield "SEC207", node


def _look_at_loaders(view: _View, node: ast.AST) -> Iterator[_Found]:
    if not isinstance(node, ast.Call) or view.name(node.func) not in _LOADERS:
        return
    name = view.name(node.func)
    if name == "numpy.load":
        allowed = _keyword(node, "allow_pickle")
        if not (isinstance(allowed, ast.Constant) and allowed.value is True):
            return
    if name == "torch.load":
        return  # B614
    first = _first_argument(node, "file", "filename")
    if first is not None and not isinstance(view.scope.resolve(first), ast.Constant):
        yield "SEC208", node


def _look_at_random(view: _View, node: ast.AST) -> Iterator[_Found]:
    if isinstance(node, ast.Call):
        if _is_random(view, node) and _SECRET_WORD.search(view.scope.name):
            yield "SEC209", node
        return
    targets: list[ast.expr] = []
    match node:
        case ast.Assign(targets=targets, value=value):
            pass
        case ast.AnnAssign(target=target, value=ast.expr() as value):
            targets = [target]
        case _:
            return
    if not any(_SECRET_WORD.search(_label(target)) for target in targets):
        return
    for inner in ast.walk(value):
        if isinstance(inner, ast.Call) and _is_random(view, inner):
            yield "SEC209", inner


def _is_random(view: _View, call: ast.Call) -> bool:
    first, _dot, last = view.name(call.func).partition(".")
    return first == "random" and last in _RANDOM


def _label(target: ast.expr) -> str:
    match target:
        case ast.Subscript(slice=ast.Constant(value=str(key))):
            return key
        case ast.Subscript(value=value):
            return _label(value)
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""


def _look_at_tokens(view: _View, node: ast.AST) -> Iterator[_Found]:
    if not isinstance(node, ast.Call):
        return
    name = view.name(node.func)
    if name not in {"jwt.encode", "jwt.decode", "jose.jwt.encode", "jose.jwt.decode"}:
        return
    key = node.args[1] if len(node.args) > 1 else _keyword(node, "key")
    if isinstance(key, ast.expr) and isinstance(view.scope.resolve(key), ast.Constant):
        secret = view.scope.resolve(key)
        if isinstance(secret, ast.Constant) and isinstance(secret.value, str | bytes):
            if secret.value and not _PLACEHOLDER.fullmatch(str(secret.value)):
                yield "SEC210", node
    if name.endswith("decode") and _is_unverified(node):
        yield "SEC211", node


def _is_unverified(call: ast.Call) -> bool:
    for keyword in call.keywords:
        match keyword:
            case ast.keyword(arg="verify", value=ast.Constant(value=False)):
                return True
            case ast.keyword(arg="options", value=ast.Dict(keys=keys, values=values)):
                for key, value in zip(keys, values, strict=True):
                    match key, value:
                        case ast.Constant(value="verify_signature"), ast.Constant(value=False):
                            return True
            case ast.keyword(arg="algorithms", value=value):
                if any(
                    isinstance(part, ast.Constant) and str(part.value).lower() == "none"
                    for part in ast.walk(value)
                ):
                    return True
    return False


def _look_at_shells(view: _View, node: ast.AST) -> Iterator[_Found]:
    if not isinstance(node, ast.Call) or not node.args:
        return
    name = view.name(node.func)
    command: ast.expr | None = None
    if name.endswith("create_subprocess_shell"):
        command = node.args[0]
    elif name.startswith("subprocess.") and isinstance(node.args[0], ast.List | ast.Tuple):
        words = node.args[0].elts
        heads = [word.value for word in words[:2] if isinstance(word, ast.Constant)]
        if len(words) > 2 and heads[1:] == ["-c"] and str(heads[0]).endswith("sh"):
            command = words[2]
    elif name.endswith(".exec_command"):
        command = node.args[0]
    if command is None:
        return
    resolved = view.scope.resolve(command)
    _text, parts = view.scope.open_parts(command)
    if parts and (parts != [resolved] or view.scope.is_web(resolved)):
        yield "SEC212", node


def _look_at_patterns(view: _View, node: ast.AST) -> Iterator[_Found]:
    if not isinstance(node, ast.Call) or not node.args:
        return
    name = view.name(node.func)
    if name not in {
        f"re.{call}"
        for call in (
            "compile",
            "match",
            "search",
            "fullmatch",
            "findall",
            "finditer",
            "sub",
            "split",
        )
    }:
        return
    if view.scope.is_web(node.args[0]) and not view.is_guarded("pattern"):
        yield "SEC213", node


def _look_at_certificates(view: _View, node: ast.AST) -> Iterator[_Found]:
    match node:
        case ast.Assign(
            targets=[ast.Attribute(attr="verify_mode")], value=ast.Attribute(attr="CERT_NONE")
        ):
            yield "SEC214", node
        case ast.Assign(
            targets=[ast.Attribute(attr="check_hostname")], value=ast.Constant(value=False)
        ):
            yield "SEC214", node
        case ast.Assign(
            targets=[ast.Attribute(value=ast.Name(id=name), attr="verify")],
            value=ast.Constant(value=False),
        ) if "session" in name.lower() or name in {"s", "client", "http"}:
            yield "SEC214", node
        case _:
            return


def _look_at_hashes(view: _View, node: ast.AST) -> Iterator[_Found]:
    if not isinstance(node, ast.Call) or not node.args:
        return
    name = view.name(node.func)
    if not (name.startswith("hashlib.") and name.rsplit(".", 1)[-1] in _FAST_HASHES):
        return
    hashed = " ".join(
        part.id if isinstance(part, ast.Name) else part.attr
        for part in ast.walk(node.args[0])
        if isinstance(part, ast.Name | ast.Attribute)
    )
    if re.search(r"passw|passphrase|\bpwd\b", hashed, re.IGNORECASE):
        yield "SEC215", node


def _look_at_ciphers(view: _View, node: ast.AST) -> Iterator[_Found]:
    if not isinstance(node, ast.Call):
        return
    name = view.name(node.func)
    mode = node.args[1] if len(node.args) > 1 else _keyword(node, "mode")
    if not re.search(r"(?:^|\.)(?:AES|DES|DES3|Blowfish)\.new$", name) or mode is None:
        return
    vector = node.args[2] if len(node.args) > 2 else _keyword(node, "iv", "IV")
    is_fixed = vector is not None and isinstance(
        view.scope.resolve(vector), ast.Constant | ast.JoinedStr
    )
    if dotted_name(mode).endswith("MODE_ECB") or is_fixed:
        yield "SEC216", node


def _look_at_queries(view: _View, node: ast.AST) -> Iterator[_Found]:
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return
    candidates: list[ast.expr] = []
    match node.func.attr:
        case "search_s" | "search_ext_s" | "search_st":
            candidates = node.args[2:3] + node.args[:1]
        case "search":
            candidates = [*node.args[1:2], *filter(None, [_keyword(node, "search_filter")])]
        case "xpath" | "XPath":
            candidates = node.args[:1]
    for candidate in candidates:
        resolved = view.scope.resolve(candidate)
        text, parts = view.scope.open_parts(candidate)
        if parts and parts != [resolved] and re.search(r"\(\w+=|^\.?//?\w|\[@?\w+", text):
            yield "SEC217", node
            return


def _look_at_errors(view: _View, node: ast.AST) -> Iterator[_Found]:
    if not isinstance(node, ast.ExceptHandler) or not view.scope.is_route:
        return
    for statement in node.body:
        for inner in ast.walk(statement):
            if isinstance(inner, ast.Return) and inner.value and _shows(inner.value, node.name):
                yield "SEC218", inner


def _shows(value: ast.expr, name: str | None) -> bool:
    return any(
        (isinstance(part, ast.Name) and part.id == name and name is not None)
        or (isinstance(part, ast.Call) and dotted_name(part.func).endswith("format_exc"))
        for part in ast.walk(value)
    )


def _look_at_comparisons(view: _View, node: ast.AST) -> Iterator[_Found]:
    match node:
        case ast.Compare(left=left, ops=[ast.Eq() | ast.NotEq()], comparators=[right]):
            pass
        case _:
            return
    sides = [left, right]
    if any(isinstance(side, ast.Constant) for side in sides):
        return
    if any(
        isinstance(side, ast.Call)
        and isinstance(side.func, ast.Attribute)
        and side.func.attr in {"hexdigest", "digest"}
        for side in sides
    ) or any(
        re.search(r"^(?:expected_|computed_)?(?:signature|hmac|mac)$", _label(side))
        for side in sides
    ):
        if view.scope.given:
            yield "SEC219", node


_LOOKS: Final[tuple[Callable[[_View, ast.AST], Iterator[_Found]], ...]] = (
    _look_at_paths,
    _look_at_templates,
    _look_at_redirects,
    _look_at_fetches,
    _look_at_sql,
    _look_at_html,
    _look_at_xml,
    _look_at_loaders,
    _look_at_random,
    _look_at_tokens,
    _look_at_shells,
    _look_at_patterns,
    _look_at_certificates,
    _look_at_hashes,
    _look_at_ciphers,
    _look_at_queries,
    _look_at_errors,
    _look_at_comparisons,
)
