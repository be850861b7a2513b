"""Looks in Python for data that reaches where it does harm: SEC201 to 206, 212, 213, 217."""

import ast
import re
from collections.abc import Callable, Iterator
from typing import Final

from gonogo_checkers.security.python_dataflow import dotted_name
from gonogo_checkers.security.python_scope_views import (
    Found,
    ScopeView,
    first_argument,
    keyword_argument,
)

_SQL: Final = re.compile(
    r"\b(?:select\b.{1,400}?\bfrom|insert\s+into|update\b.{1,400}?\bset|delete\s+from|drop\s+\w"
    r"|create\s+(?:table|database|user)|alter\s+\w|replace\s+into|where|order\s+by|values\s*\()",
    re.IGNORECASE | re.DOTALL,
)
_SQL_NAME: Final = re.compile(
    r"\b(?:from|into|update|table|database|join|by)\s+[\"'`\[]?(?:\0|\{\w*\}|%s|%\(\w+\)s)",
    re.IGNORECASE,
)
_QUERIES: Final = re.compile(
    r"execute|executemany|executescript|raw|query|fetch|fetchrow|fetchval|fetchone"
    r"|fetchall|read_sql|read_sql_query|execute_sql|run_query|exec_driver_sql|prepare"
    r"|extra|scalar|scalars|text|RawSQL|db_execute|execute_query"
)
_PATH_CALLS: Final = re.compile(
    r"open|io\.open|codecs\.open|send_file|flask\.send_file|os\.remove|os\.unlink"
    r"|os\.rmdir|os\.listdir|os\.mkdir|os\.makedirs|shutil\.rmtree|shutil\.copy"
    r"|shutil\.copyfile|shutil\.move|FileResponse|fastapi\.responses\.FileResponse"
    r"|os\.rename|Path\.open"
)
_PATH_METHODS: Final = re.compile(r"read_text|read_bytes|write_text|write_bytes|unlink|iterdir")
_FETCHES: Final = re.compile(
    r"(?:requests|httpx|session|http|client|urllib3)\.(?:get|post|put|patch|delete|head|request)"
    r"|(?:urllib\.request\.)?(?:urlopen|urlretrieve)|requests\.Session\.\w+|http\.request"
)


def is_sql(text: str) -> bool:
    """Tell whether a text reads as SQL."""
    return _SQL.search(text) is not None


def _look_at_paths(view: ScopeView, node: ast.AST) -> Iterator[Found]:
    if not isinstance(node, ast.Call):
        return
    name = view.name(node.func)
    target: ast.expr | None = None
    if _PATH_CALLS.fullmatch(name):
        target = first_argument(node, "file", "path", "filename_or_fp", "path_or_file")
    elif name.endswith("send_from_directory") and node.args:
        target = node.args[0]
    elif isinstance(node.func, ast.Attribute) and _PATH_METHODS.fullmatch(node.func.attr):
        target = node.func.value
    elif isinstance(node.func, ast.Attribute) and node.func.attr == "save" and node.args:
        target = node.args[0]
    if target is not None and view.scope.is_web(target) and not view.is_guarded("path"):
        yield "SEC201", node


def _look_at_templates(view: ScopeView, node: ast.AST) -> Iterator[Found]:
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
    source = first_argument(node, "source", "text")
    if source is not None and (view.scope.is_web(source) or _is_built_from_given(view, source)):
        yield "SEC202", node


def _is_built_from_given(view: ScopeView, expression: ast.expr) -> bool:
    resolved = view.scope.resolve(expression)
    _text, parts = view.scope.open_parts(expression)
    return parts != [resolved] and any(view.scope.is_given(part) for part in parts)


def _look_at_redirects(view: ScopeView, node: ast.AST) -> Iterator[Found]:
    if not isinstance(node, ast.Call):
        return
    last = view.name(node.func).rsplit(".", 1)[-1]
    if last not in {"redirect", "HttpResponseRedirect", "RedirectResponse"}:
        return
    target = first_argument(node, "location", "url")
    if target is None or view.is_guarded("url"):
        return
    text, _parts = view.scope.open_parts(target)
    # A fixed beginning with host and path leaves the request no choice of the host.
    if not re.match(r"https?://[^/]+/|/[^/]", text) and view.scope.is_web(target):
        yield "SEC203", node


def _look_at_fetches(view: ScopeView, node: ast.AST) -> Iterator[Found]:
    if not isinstance(node, ast.Call) or not _FETCHES.fullmatch(view.name(node.func)):
        return
    method = view.name(node.func).rsplit(".", 1)[-1]
    target = node.args[1] if method == "request" and len(node.args) > 1 else None
    target = target or first_argument(node, "url", "fullurl")
    if target is None or view.is_guarded("url"):
        return
    text, _parts = view.scope.open_parts(target)
    if not re.match(r"https?://[^/]+/", text) and view.scope.is_web(target):
        yield "SEC204", node


def _look_at_sql(view: ScopeView, node: ast.AST) -> Iterator[Found]:
    if not isinstance(node, ast.Call):
        return
    name = node.func.attr if isinstance(node.func, ast.Attribute) else dotted_name(node.func)
    query = first_argument(node, "sql", "query", "statement", "operation")
    if not _QUERIES.fullmatch(name) or query is None:
        return
    resolved = view.scope.resolve(query)
    text, parts = view.scope.open_parts(query)
    if not parts or parts == [resolved] or not _SQL.search(text):
        return
    # A name of a table or column cannot be bound; it counts where a caller chooses it.
    named = len(_SQL_NAME.findall(text)) >= len(parts)
    if not named or any(view.scope.is_given(part) for part in parts):
        yield "SEC205", node


def _look_at_html(view: ScopeView, node: ast.AST) -> Iterator[Found]:
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


def _look_at_shells(view: ScopeView, node: ast.AST) -> Iterator[Found]:
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


def _look_at_patterns(view: ScopeView, node: ast.AST) -> Iterator[Found]:
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


def _look_at_queries(view: ScopeView, node: ast.AST) -> Iterator[Found]:
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return
    candidates: list[ast.expr] = []
    match node.func.attr:
        case "search_s" | "search_ext_s" | "search_st":
            candidates = node.args[2:3] + node.args[:1]
        case "search":
            candidates = [*node.args[1:2], *filter(None, [keyword_argument(node, "search_filter")])]
        case "xpath" | "XPath":
            candidates = node.args[:1]
    for candidate in candidates:
        resolved = view.scope.resolve(candidate)
        text, parts = view.scope.open_parts(candidate)
        if parts and parts != [resolved] and re.search(r"\(\w+=|^\.?//?\w|\[@?\w+", text):
            yield "SEC217", node
            return


LOOKS: Final[tuple[Callable[[ScopeView, ast.AST], Iterator[Found]], ...]] = (
    _look_at_paths,
    _look_at_templates,
    _look_at_redirects,
    _look_at_fetches,
    _look_at_sql,
    _look_at_html,
    _look_at_shells,
    _look_at_patterns,
    _look_at_queries,
)
