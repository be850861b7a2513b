"""Looks in Python for unsafe use of libraries: SEC207 to 211, 214 to 216, 218, 219."""

import ast
import re
from collections.abc import Callable, Iterator
from typing import Final

from gonogo_checkers.security.placeholder_secrets import is_placeholder
from gonogo_checkers.security.python_dataflow import dotted_name
from gonogo_checkers.security.python_scope_views import (
    Found,
    ScopeView,
    argument_at,
    first_argument,
    keyword_argument,
    label_of,
)

_SECRET_WORD: Final = re.compile(
    r"token|passw|passphrase|passcode|secret|session|\botp\b|_otp|otp_|csrf|nonce|salt|api_?key"
    r"|auth_?code|verif|captcha|credential|signature|reset_?(?:code|link)|(?<!_)\bpin\b|pin_?code"
    r"|encryption|private_?key|cookie",
    re.IGNORECASE,
)
_RANDOM: Final = re.compile(
    r"choice|choices|randint|random|randrange|sample|getrandbits|uniform|shuffle|randbytes"
)
# B301 has pickle, dill, jsonpickle, shelve and pandas; B614 has torch; B506 has `yaml.load`.
_LOADERS: Final = re.compile(
    r"cloudpickle\.loads?|joblib\.load|numpy\.load|(?:ruamel\.)?yaml\.(?:unsafe|full)_load"
)
_DIGEST_NAME: Final = re.compile(r"(?:expected_|computed_)?(?:signature|hmac|mac)")
_XML_PARSERS: Final = re.compile(r"lxml\.etree\.(?:parse|fromstring|XML|iterparse)")
# B324 has md5 and sha1.
_FAST_HASHES: Final = re.compile(r"sha224|sha256|sha384|sha512|sha3_256|sha3_512")


def _look_at_xml(view: ScopeView, node: ast.AST) -> Iterator[Found]:
    if not isinstance(node, ast.Call):
        return
    name = view.name(node.func)
    if name.endswith("XMLParser"):
        entities = keyword_argument(node, "resolve_entities")
        if isinstance(entities, ast.Constant) and entities.value is True:
            yield "SEC207", node
    elif name.endswith("setFeature") and len(node.args) == 2:
        feature, value = node.args
        if "external_g" in dotted_name(feature) and isinstance(value, ast.Constant) and value.value:
            yield "SEC207", node
    elif _XML_PARSERS.fullmatch(name) and len(node.args) == 1 and view.scope.is_given(node.args[0]):
        yield "SEC207", node


def _look_at_loaders(view: ScopeView, node: ast.AST) -> Iterator[Found]:
    if not isinstance(node, ast.Call) or not _LOADERS.fullmatch(view.name(node.func)):
        return
    if view.name(node.func) == "numpy.load":
        allowed = keyword_argument(node, "allow_pickle")
        if not (isinstance(allowed, ast.Constant) and allowed.value is True):
            return
    first = first_argument(node, "file", "filename")
    if first is not None and not isinstance(view.scope.resolve(first), ast.Constant):
        yield "SEC208", node


def _look_at_random(view: ScopeView, node: ast.AST) -> Iterator[Found]:
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
    if not any(_SECRET_WORD.search(label_of(target)) for target in targets):
        return
    for inner in ast.walk(value):
        if isinstance(inner, ast.Call) and _is_random(view, inner):
            yield "SEC209", inner


def _is_random(view: ScopeView, call: ast.Call) -> bool:
    first, _dot, last = view.name(call.func).partition(".")
    return first == "random" and _RANDOM.fullmatch(last) is not None


def _look_at_tokens(view: ScopeView, node: ast.AST) -> Iterator[Found]:
    if not isinstance(node, ast.Call):
        return
    name = view.name(node.func)
    if name not in {"jwt.encode", "jwt.decode", "jose.jwt.encode", "jose.jwt.decode"}:
        return
    key = argument_at(node, 1, "key")
    if key is not None and _is_written_out(view.scope.resolve(key)):
        yield "SEC210", node
    if name.endswith("decode") and any(_is_unverified(given) for given in node.keywords):
        yield "SEC211", node


def _is_written_out(key: ast.expr) -> bool:
    if not isinstance(key, ast.Constant) or not isinstance(key.value, str | bytes):
        return False
    value = key.value if isinstance(key.value, str) else key.value.decode("latin-1")
    return not is_placeholder(value)


def _is_unverified(keyword: ast.keyword) -> bool:
    match keyword:
        case ast.keyword(arg="verify", value=ast.Constant(value=False)):
            return True
        case ast.keyword(arg="options", value=ast.Dict(keys=keys, values=values)):
            return any(
                isinstance(key, ast.Constant)
                and key.value == "verify_signature"
                and isinstance(value, ast.Constant)
                and value.value is False
                for key, value in zip(keys, values, strict=True)
            )
        case ast.keyword(arg="algorithms", value=value):
            return any(
                isinstance(part, ast.Constant) and str(part.value).lower() == "none"
                for part in ast.walk(value)
            )
        case _:
            return False


def _look_at_certificates(view: ScopeView, node: ast.AST) -> Iterator[Found]:
    del view
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


def _look_at_hashes(view: ScopeView, node: ast.AST) -> Iterator[Found]:
    if not isinstance(node, ast.Call) or not node.args:
        return
    name = view.name(node.func)
    if not (name.startswith("hashlib.") and _FAST_HASHES.fullmatch(name.rsplit(".", 1)[-1])):
        return
    hashed = " ".join(
        part.id if isinstance(part, ast.Name) else part.attr
        for part in ast.walk(node.args[0])
        if isinstance(part, ast.Name | ast.Attribute)
    )
    if re.search(r"passw|passphrase|\bpwd\b", hashed, re.IGNORECASE):
        yield "SEC215", node


def _look_at_ciphers(view: ScopeView, node: ast.AST) -> Iterator[Found]:
    if not isinstance(node, ast.Call):
        return
    name = view.name(node.func)
    mode = node.args[1] if len(node.args) > 1 else keyword_argument(node, "mode")
    if not re.search(r"(?:^|\.)(?:AES|DES|DES3|Blowfish)\.new$", name) or mode is None:
        return
    vector = node.args[2] if len(node.args) > 2 else keyword_argument(node, "iv", "IV")
    is_fixed = vector is not None and isinstance(
        view.scope.resolve(vector), ast.Constant | ast.JoinedStr
    )
    if dotted_name(mode).endswith("MODE_ECB") or is_fixed:
        yield "SEC216", node


def _look_at_errors(view: ScopeView, node: ast.AST) -> Iterator[Found]:
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


def _look_at_comparisons(view: ScopeView, node: ast.AST) -> Iterator[Found]:
    match node:
        case ast.Compare(left=left, ops=[ast.Eq() | ast.NotEq()], comparators=[right]):
            pass
        case _:
            return
    sides = [left, right]
    if not view.scope.given or any(isinstance(side, ast.Constant) for side in sides):
        return
    if any(_is_digest(side) or _DIGEST_NAME.fullmatch(label_of(side)) for side in sides):
        yield "SEC219", node


def _is_digest(side: ast.expr) -> bool:
    return (
        isinstance(side, ast.Call)
        and isinstance(side.func, ast.Attribute)
        and side.func.attr in {"hexdigest", "digest"}
    )


LOOKS: Final[tuple[Callable[[ScopeView, ast.AST], Iterator[Found]], ...]] = (
    _look_at_xml,
    _look_at_loaders,
    _look_at_random,
    _look_at_tokens,
    _look_at_certificates,
    _look_at_hashes,
    _look_at_ciphers,
    _look_at_errors,
    _look_at_comparisons,
)
