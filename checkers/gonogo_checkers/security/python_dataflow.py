"""Follows data through the functions of a Python snippet: what comes from a request, what is built.

Names only, in source order, one function at a time: enough for code of the size that stands in a
response. Values that pass through a call that cleans or converts them are no longer followed.
"""

import ast
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final, TypeAlias

Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef
ScopeNode: TypeAlias = ast.Module | Function

_REQUEST_PARTS: Final = re.compile(
    r"args|form|values|json|data|cookies|headers|files|GET|POST|FILES|META|COOKIES|body"
    r"|get_json|get_data|query_params|path_params|query_string|params|url|full_path"
)
_ROUTE_DECORATORS: Final = re.compile(r"route|get|post|put|delete|patch|api_route|websocket")
_OTHER_INPUTS: Final = frozenset({"input", "raw_input", "sys.argv", "sys.stdin.readline"})
_CLEANING: Final = re.compile(
    r"int|float|bool|len|ord|round|hash|isinstance|secure_filename|escape|quote|quote_plus"
    r"|quote_ident|basename|safe_join|clean|urlencode|url_for|UUID|jsonify|dumps"
    r"|literal_eval|hexdigest|digest|check_password_hash|generate_password_hash|Identifier"
    r"|Literal"
)
_VALUE_TYPES: Final = frozenset({"int", "float", "bool", "UUID", "date", "datetime"})
_MAX_PARTS: Final = 400
_SAFE_NAME: Final = re.compile(r"[A-Z][A-Z0-9_]*")


@dataclass(slots=True)
class Scope:
    """One function, or the top level of the snippet, without the functions inside it.

    Attributes:
        node: The function or module.
        nodes: Its nodes in source order.
        web: Names that hold data of a web request.
        given: Names that hold what a caller, a user or a request gave; a superset of `web`.
        texts: Names that hold a literal or a string built from parts, with the expression.
        is_route: Whether it answers web requests, as far as its decorators say.
    """

    node: ScopeNode
    nodes: list[ast.AST] = field(default_factory=list)
    web: set[str] = field(default_factory=set)
    given: set[str] = field(default_factory=set)
    texts: dict[str, ast.expr] = field(default_factory=dict)
    is_route: bool = False

    @property
    def name(self) -> str:
        """Name of the function; empty at the top level."""
        return "" if isinstance(self.node, ast.Module) else self.node.name

    def is_web(self, expression: ast.AST) -> bool:
        """Tell whether a value comes from a web request."""
        return _holds(expression, self.web, _is_request_part)

    def is_given(self, expression: ast.AST) -> bool:
        """Tell whether a value comes from a caller, a user or a request."""
        return _holds(expression, self.given, _is_input)

    def resolve(self, expression: ast.expr) -> ast.expr:
        """Return the expression that built the string in a name, or the expression itself."""
        if isinstance(expression, ast.Name):
            return self.texts.get(expression.id, expression)
        return expression

    def open_parts(self, expression: ast.expr) -> tuple[str, list[ast.expr]]:
        """Return the text of a built string, and the parts that could break out of it."""
        text, parts = built_parts(self.resolve(expression))
        return text, [
            part
            for part in parts
            if not is_harmless_part(part)
            and not is_harmless_part(self.resolve(part))
            and not isinstance(self.resolve(part), ast.Constant)
        ]


def read_scopes(tree: ast.Module) -> list[Scope]:
    """Split a snippet into scopes, and follow the data in each."""
    scopes = []
    pending: list[ScopeNode] = [tree]
    while pending:
        scope = Scope(pending.pop(0))
        for node in _own_nodes(scope.node):
            if isinstance(node, Function):
                pending.append(node)
            scope.nodes.append(node)
        _follow(scope)
        scopes.append(scope)
    return scopes


def dotted_name(expression: ast.AST) -> str:
    """Return `a.b.c` for a name or attribute, with calls in between left out; else ''."""
    parts: list[str] = []
    while True:
        match expression:
            case ast.Attribute(value=value, attr=attr):
                parts.append(attr)
                expression = value
            case ast.Call(func=func):
                expression = func
            case ast.Name(id=name):
                return ".".join([name, *reversed(parts)])
            case _:
                return "." + ".".join(reversed(parts)) if parts else ""


def built_parts(expression: ast.expr) -> tuple[str, list[ast.expr]]:
    """Split a string that is built from parts.

    Returns:
        Its literal text, and the expressions put into it: f-string fields, operands of `+` and
        `%`, arguments of `format`. No expressions: it is not built. A NUL stands in the text for
        a field or operand.
    """
    text: list[str] = []
    parts: list[ast.expr] = []
    pending: list[ast.expr] = [expression]
    for _ in range(_MAX_PARTS):
        if not pending:
            break
        node = pending.pop(0)
        inner, put_in = _taken_apart(node)
        pending[:0] = inner
        parts.extend(put_in)
        if isinstance(node, ast.Constant):
            text.append(node.value if isinstance(node.value, str) else "")
        elif put_in and not inner:
            text.append("\0")
    return "".join(text), [part for part in parts if not isinstance(part, ast.Constant)]


def is_cleaning(function: ast.expr) -> bool:
    """Tell whether a function's result can no longer break out of what it is put into."""
    return _CLEANING.fullmatch(dotted_name(function).rsplit(".", 1)[-1]) is not None


def _taken_apart(node: ast.expr) -> tuple[list[ast.expr], list[ast.expr]]:
    """Return the operands of a string expression that are strings, and what is put into them."""
    match node:
        case ast.JoinedStr(values=values):
            return values, []
        case ast.FormattedValue(value=value):
            return [], [value]
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return [left, right], []
        case ast.BinOp(left=left, op=ast.Mod(), right=right) if _is_text(left):
            return [left], right.elts if isinstance(right, ast.Tuple) else [right]
        case ast.Call(func=ast.Attribute(value=value, attr="format" | "format_map")) if _is_text(
            value
        ):
            return [value], [*node.args, *(keyword.value for keyword in node.keywords)]
        case _:
            return [], [] if isinstance(node, ast.Constant) else [node]


def is_harmless_part(expression: ast.expr) -> bool:
    """Tell whether a part can hold nothing that breaks out: a constant, a number, placeholders."""
    match expression:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return _SAFE_NAME.fullmatch(name) is not None or "placeholder" in name.lower()
        case ast.Call(func=ast.Attribute(value=ast.Constant(), attr="join"), args=[joined]):
            return not any(
                isinstance(node, ast.Name | ast.Attribute) for node in _element_nodes(joined)
            )
        case ast.Call(func=func):
            return is_cleaning(func)
        case _:
            return False


def _element_nodes(joined: ast.expr) -> Iterator[ast.AST]:
    match joined:
        case ast.ListComp(elt=element) | ast.GeneratorExp(elt=element):
            yield from ast.walk(element)
        case ast.BinOp(left=left, op=ast.Mult()):
            yield from ast.walk(left)
        case _:
            yield from ast.walk(joined)


def _is_text(expression: ast.expr) -> bool:
    return isinstance(expression, ast.JoinedStr | ast.BinOp) or (
        isinstance(expression, ast.Constant) and isinstance(expression.value, str)
    )


def _own_nodes(scope: ScopeNode) -> Iterator[ast.AST]:
    """Yield the nodes of a scope in source order; nested functions without what is in them."""
    pending: list[ast.AST] = list(scope.body)
    if not isinstance(scope, ast.Module):
        pending[:0] = scope.args.defaults
    pending.reverse()
    while pending:
        node = pending.pop()
        yield node
        if not isinstance(node, Function):
            pending.extend(reversed(list(ast.iter_child_nodes(node))))


def _follow(scope: Scope) -> None:
    if isinstance(scope.node, Function):
        _read_parameters(scope, scope.node)
    for node in scope.nodes:
        if isinstance(node, ast.AugAssign):
            _append(scope, node)
            continue
        targets, value, names_only = _flow(node)
        if value is not None and names_only:
            _spread(scope, _names(targets), value)
        elif value is not None:
            _assign(scope, targets, value)


def _flow(node: ast.AST) -> tuple[list[ast.expr], ast.expr | None, bool]:
    """Return where data goes, the value, and whether the target takes parts of the value."""
    match node:
        case ast.Assign(targets=targets, value=value):
            return targets, value, False
        case ast.AnnAssign(target=target, value=value) | ast.NamedExpr(target=target, value=value):
            return [target], value, False
        case ast.For(target=target, iter=value) | ast.AsyncFor(target=target, iter=value):
            return [target], value, True
        case ast.withitem(context_expr=value, optional_vars=ast.expr() as target):
            return [target], value, True
        case _:
            return [], None, False


def _append(scope: Scope, node: ast.AugAssign) -> None:
    if isinstance(node.target, ast.Name) and isinstance(node.op, ast.Add):
        name = node.target.id
        left = scope.texts.get(name, ast.Name(name))
        scope.texts[name] = ast.BinOp(left, ast.Add(), node.value)
        _spread(scope, {name}, node.value, keep=True)


def _read_parameters(scope: Scope, function: Function) -> None:
    arguments = function.args
    parameters = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    free = {
        parameter.arg
        for parameter in parameters
        if parameter.arg not in {"self", "cls", "request", "req", "db", "conn", "cursor", "session"}
        and not _is_value_type(parameter.annotation)
    }
    scope.is_route = any(
        isinstance(decorator, ast.Call)
        and isinstance(decorator.func, ast.Attribute)
        and _ROUTE_DECORATORS.fullmatch(decorator.func.attr) is not None
        for decorator in function.decorator_list
    )
    scope.given |= free
    if scope.is_route:
        scope.web |= free


def _is_value_type(annotation: ast.expr | None) -> bool:
    return annotation is not None and any(
        isinstance(node, ast.Name | ast.Attribute)
        and dotted_name(node).rsplit(".", 1)[-1] in _VALUE_TYPES | {"Depends", "Session"}
        for node in ast.walk(annotation)
    )


def _assign(scope: Scope, targets: list[ast.expr], value: ast.expr) -> None:
    names = _names(targets)
    resolved = scope.resolve(value)
    for name in names:
        is_built = built_parts(resolved)[1] not in ([resolved], [])
        if is_built or _is_text(resolved) or is_harmless_part(resolved):
            scope.texts[name] = resolved
        else:
            scope.texts.pop(name, None)
    _spread(scope, names, value)


def _names(targets: Iterable[ast.expr]) -> set[str]:
    return {
        node.id
        for target in targets
        for node in ast.walk(target)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }


def _spread(scope: Scope, names: set[str], value: ast.expr, *, keep: bool = False) -> None:
    is_web = scope.is_web(value)
    if is_web:
        scope.web |= names
    elif not keep:
        scope.web -= names
    if is_web or scope.is_given(value):
        scope.given |= names
    elif not keep:
        scope.given -= names


def _holds(expression: ast.AST, names: set[str], is_source: Callable[[ast.AST], bool]) -> bool:
    pending = [expression]
    while pending:
        node = pending.pop()
        match node:
            case ast.Call(func=func) if is_cleaning(func):
                continue
            case ast.Compare() | ast.Lambda():
                continue
            case ast.Name(id=name) if name in names:
                return True
        if is_source(node):
            return True
        pending.extend(ast.iter_child_nodes(node))
    return False


def _is_request_part(node: ast.AST) -> bool:
    match node:
        case ast.Attribute(value=ast.Name(id="request" | "req"), attr=attr):
            return _REQUEST_PARTS.fullmatch(attr) is not None
        case ast.Attribute(value=ast.Attribute(attr="request"), attr=attr):
            return _REQUEST_PARTS.fullmatch(attr) is not None
        case _:
            return False


def _is_input(node: ast.AST) -> bool:
    if _is_request_part(node):
        return True
    match node:
        case ast.Call(func=func):
            return dotted_name(func) in _OTHER_INPUTS
        case ast.Attribute():
            return dotted_name(node) in _OTHER_INPUTS
        case _:
            return False
