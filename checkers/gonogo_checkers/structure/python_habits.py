"""Rules on habits that only Python has."""

from typing import Final

from gonogo_checkers.structure.code_request import CodePlace
from gonogo_checkers.structure.code_tree import Flaw, text_of
from gonogo_checkers.structure.loop_changes import changes_in
from gonogo_checkers.verdict import Severity

_MUTABLE: Final = frozenset({"list", "dictionary", "set", "list_comprehension"})
_MUTABLE_CALLS: Final = frozenset({"list", "dict", "set", "defaultdict", "deque", "Counter"})


def find_shared_default(place: CodePlace) -> Flaw | None:
    """STR009: a default that all calls share; medium where the function changes it."""
    if place.language != "python":
        return None
    parameter, ancestors = place.node, place.ancestors
    value = parameter.child_by_field_name("value")
    if value is None or any(above.type == "lambda" for above in ancestors[-2:]):
        return None
    called = text_of(value.child_by_field_name("function"))
    if value.type not in _MUTABLE and called not in _MUTABLE_CALLS:
        return None
    function = next((a for a in reversed(ancestors) if a.type == "function_definition"), None)
    name = text_of(parameter.child_by_field_name("name"))
    is_changed = function is not None and name in changes_in(function).touched
    message = f"All calls share the default {text_of(value)[:20]!r}: make it inside."
    return Flaw("STR009", Severity.MEDIUM if is_changed else Severity.LOW, message)


def find_global(place: CodePlace) -> Flaw | None:
    """STR012: a function that sets a variable of the module."""
    if place.language != "python":
        return None
    names = ", ".join(text_of(name)[:40] for name in place.node.named_children[:3])
    message = f"Sets {names} of the module: hand it in and return it."
    return Flaw("STR012", Severity.LOW, message)
