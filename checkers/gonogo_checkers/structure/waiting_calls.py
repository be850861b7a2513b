"""Rules on calls that wait: for the event loop, the database, the network or a file."""

import re
from typing import TYPE_CHECKING, Final

from gonogo_checkers.structure.code_spots import Spot
from gonogo_checkers.structure.code_tree import Flaw, text_of
from gonogo_checkers.structure.loop_changes import names_in, nodes_in
from gonogo_checkers.structure.loop_context import COMPREHENSIONS, data_of, is_async
from gonogo_checkers.verdict import Confidence, Severity

if TYPE_CHECKING:
    from tree_sitter import Node

_BLOCKING: Final = re.compile(
    r"(?:time\.sleep|requests\.(?:get|post|put|patch|delete|head|request)|urllib\.request\.urlopen"
    r"|urlopen|subprocess\.(?:run|call|check_call|check_output|getoutput)|os\.system|input"
    r"|sqlite3\.connect|psycopg2\.connect|pymysql\.connect|socket\.create_connection"
    r"|(?:fs\.|child_process\.)?\w{2,30}Sync|Atomics\.wait)$"
)
_SYNC_QUERY: Final = re.compile(
    r"(?:self\.)?_?(?:cursor|cur|conn|connection|db)\.(?:execute|executemany|fetchone|fetchall|commit)$"
)
_SESSION_CALL: Final = re.compile(r"(?P<name>\w+)\.(?:get|post|put|patch|delete|head|request)$")
_QUERY: Final = re.compile(
    r"(?:(?:self\.|this\.)?_?(?:cursor|cur|conn|connection|db|database|session|pool|tx|trx|knex)"
    r"(?:\(\))?\.(?:execute|query|scalar|scalars|fetch|fetchrow|fetchval|fetch_one|fetch_all|get"
    r"|find|find_one|one|raw)"
    r"|[\w.]+\.objects\.(?:get|filter|exclude|create|update|count|first|get_or_create)"
    r"|(?:this\.)?prisma\.\w+\.(?:find\w*|create|update|count)"
    r"|(?:this\.)?\w*(?:[rR]epository|[rR]epo|Model)\.(?:find\w*|get\w*|count\w*|load\w*)"
    r"|[\w.]*\.(?:findOne|findById|findUnique|find_one|fetch_one|executeQuery))$"
)
_NETWORK_GET: Final = re.compile(r"(?:session|pool|conn|connection)\.get$")
_MODEL: Final = re.compile(r"\(\s*[A-Z]\w*\s*,")
_REQUEST: Final = re.compile(
    r"(?:fetch|axios(?:\.\w+)?|got(?:\.\w+)?|(?:self\.|this\.)?_?(?:http|client|session|api)\w*"
    r"\.(?:get|post|put|patch|delete|request)|(?:self\.|this\.)?(?:fetch|download|request)[A-Z_]\w*)$"
)
_FEW_ROUNDS: Final = re.compile(r"range\(\s*(?:\d+|\w*(?:retr|attempt|tries)\w*)\b", re.IGNORECASE)
_STOPS: Final = frozenset({"return_statement", "break_statement"})
_MUCH_DATA: Final = re.compile(
    r"(?:\d|several|many|multiple)\s?(?:GB|GiB|TB|gigabytes?)\b"
    r"|\b(?:huge|large|big|gro(?:ß|ss)en?|gros|volumineux|grandes)\b[^.\n]{0,30}\b(?:files?|logs?|Dateien?|fichiers?|archivos?)\b"
    r"|fit in(?:to)? (?:memory|RAM)|constant memory|line by line",
    re.IGNORECASE,
)
_READS_ALL: Final = re.compile(
    r"(?:(?:f|fh|fp|file|infile|handle|src|source|\w+_file)\.(?:read|readlines)|[\w.]+\.read_text"
    r"|[\w.()'\"/]+\.readlines|(?:fs\.)?(?:promises\.)?readFile(?:Sync)?)$"
)


def find_blocking_call(spot: Spot) -> Flaw | None:
    """PRF004: a call in asynchronous code during which everything else waits."""
    called = spot.called
    if not _blocks(spot, called) or not is_async(spot.function) or _is_deferred(spot):
        return None
    message = f"{called[-40:]!r} blocks the event loop: everything else waits for it."
    return Flaw("PRF004", Severity.MEDIUM, message, Confidence.HIGH)


def find_query_in_loop(spot: Spot) -> Flaw | None:
    """PRF005: a query for each element, where one for all would do."""
    called = spot.called
    if not _QUERY.match(called) or not _goes_over_data(spot) or _runs_a_script(spot):
        return None
    given = text_of(spot.node.child_by_field_name("arguments"))[:80]
    if _NETWORK_GET.search(called) and not _MODEL.match(given):
        return None
    if not spot.outlives_a_round(called.split(".")[0]):
        return None
    message = f"{called[-40:]!r} asks the database in every round: ask once for all."
    return Flaw("PRF005", Severity.MEDIUM, message, Confidence.MEDIUM)


def find_requests_in_turn(spot: Spot) -> Flaw | None:
    """PRF006: awaited requests that wait for each other although none needs the one before."""
    awaited = spot.node.named_children[0] if spot.node.named_children else None
    called = "" if awaited is None else text_of(awaited.child_by_field_name("function"))[-120:]
    if not _REQUEST.match(called) or not spot.loops:
        return None
    loop = spot.loops[0]
    # Callbacks of map run side by side; a loop that stops at the first answer needs its order.
    if not _is_over_data(loop) or loop.type == "call_expression" or _stops_early(loop):
        return None
    message = f"Each {called[-40:]!r} waits for the one before: start them together."
    return Flaw("PRF006", Severity.LOW, message, Confidence.MEDIUM)


def find_whole_file(spot: Spot) -> Flaw | None:
    """PRF013: a file read whole, although the prompt speaks of big ones."""
    if not _READS_ALL.match(spot.called) or not _MUCH_DATA.search(spot.facts.prompt[:20_000]):
        return None
    arguments = spot.node.child_by_field_name("arguments")
    if spot.called.endswith(".read") and arguments is not None and arguments.named_children:
        return None
    message = (
        "Reads the whole file into memory, and the prompt speaks of big ones: go line by line."
    )
    return Flaw("PRF013", Severity.LOW, message, Confidence.MEDIUM)


def _blocks(spot: Spot, called: str) -> bool:
    if spot.ancestors and spot.ancestors[-1].type in {"await", "await_expression"}:
        return False
    if _BLOCKING.match(called) or (called == "sleep" and spot.facts.has_sleep):
        return True
    if spot.facts.has_sync_driver and _SYNC_QUERY.match(called):
        return True
    session = _SESSION_CALL.match(called)
    return session is not None and session["name"] in spot.facts.sessions


def _is_deferred(spot: Spot) -> bool:
    """Tell whether a call stands in a lambda: somebody else runs it, perhaps in a thread."""
    return any(above.type == "lambda" for above in spot.ancestors[-12:])


def _goes_over_data(spot: Spot) -> bool:
    """Tell whether a loop around goes over data, and not over tries or pages."""
    return any(_is_over_data(loop) for loop in spot.loops)


def _is_over_data(loop: "Node") -> bool:
    if loop.type in COMPREHENSIONS or loop.type == "call_expression":
        return True
    right = loop.child_by_field_name("right")
    if right is None:
        return loop.type == "for_statement" and bool(data_of(loop))
    text = text_of(right)[:200]
    return not text.startswith("range(") or (bool(data_of(loop)) and not _FEW_ROUNDS.match(text))


def _runs_a_script(spot: Spot) -> bool:
    """Tell whether the query itself is what the loop goes over: statements of a migration."""
    arguments = spot.node.child_by_field_name("arguments")
    first = arguments.named_children[0] if arguments and arguments.named_children else None
    if first is None or first.type != "identifier":
        return False
    return any(text_of(first) in names_in(loop.child_by_field_name("left")) for loop in spot.loops)


def _stops_early(loop: "Node") -> bool:
    return any(node.type in _STOPS for node in nodes_in(loop, 500))
