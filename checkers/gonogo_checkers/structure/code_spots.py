"""What the rules on slow code are asked about: a node, with what stands around it."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from gonogo_checkers.structure.code_tree import CodeTree, Flaw, text_of
from gonogo_checkers.structure.list_names import list_names
from gonogo_checkers.structure.loop_changes import LoopChanges, changes_in
from gonogo_checkers.structure.loop_context import function_around, loops_around

if TYPE_CHECKING:
    from tree_sitter import Node

_SYNC_DRIVER: Final = re.compile(
    r"^[ \t]*(?:import|from)[ \t]+(?:sqlite3|psycopg2|pymysql|MySQLdb|mysql\.connector|pyodbc)\b",
    re.MULTILINE,
)
_SESSION: Final = re.compile(
    r"(?:(\w{1,60})[ \t]*=[ \t]*requests\.[sS]ession\(|requests\.[sS]ession\(\) as (\w{1,60}))"
)
_BEGINS_STRING: Final = re.compile(r"\b(\w{1,80})[ \t]*(?::[ \t]*str[ \t]*)?=[ \t]*[frb]?['\"]")
_SLEEP: Final = re.compile(r"^[ \t]*from time import [^\n]{0,80}\bsleep\b", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class CodeFacts:
    """What is known of a whole block before its nodes are looked at.

    Attributes:
        tree: The block.
        prompt: What was asked.
        lists: Names bound to lists.
        sessions: Names bound to sessions of `requests`.
        has_sync_driver: True where it imports a database driver that blocks.
        has_sleep: True where it imports `sleep` from `time` by name.
        changes: What its loops change, by the id of their node; filled as rules ask.
        begun: Names that are begun as strings, by the id of the node they are begun in; likewise.
    """

    tree: CodeTree
    prompt: str
    lists: frozenset[str]
    sessions: frozenset[str]
    has_sync_driver: bool
    has_sleep: bool
    changes: dict[int, LoopChanges] = field(default_factory=dict)
    begun: dict[int, frozenset[str]] = field(default_factory=dict)


def facts_of(tree: CodeTree, prompt: str) -> CodeFacts:
    """Read off a block what the rules need to know of all of it."""
    text = tree.block.text
    return CodeFacts(
        tree=tree,
        prompt=prompt,
        lists=list_names(tree),
        sessions=frozenset(name for match in _SESSION.findall(text) for name in match if name),
        has_sync_driver=_SYNC_DRIVER.search(text) is not None,
        has_sleep=_SLEEP.search(text) is not None,
    )


@dataclass(frozen=True, slots=True)
class Spot:
    """A node, with all that the rules ask about it."""

    node: "Node"
    ancestors: "Sequence[Node]"
    facts: CodeFacts

    @property
    def loops(self) -> "list[Node]":
        """The loops that run it, innermost first, up to its function."""
        return loops_around(self.node, self.ancestors, self.facts.tree.language)

    @property
    def function(self) -> "Node | None":
        """The function that runs it."""
        return function_around(self.ancestors, self.facts.tree.language)

    @property
    def called(self) -> str:
        """What a call calls, as written; empty for other nodes."""
        name = self.node.child_by_field_name("function")
        return text_of(name or self.node.child_by_field_name("constructor"))[-120:]

    def changes_of(self, loop: "Node") -> LoopChanges:
        """Return what a loop changes."""
        known = self.facts.changes.get(loop.id)
        if known is None:
            known = self.facts.changes[loop.id] = changes_in(loop)
        return known

    def strings_begun_in(self, node: "Node") -> frozenset[str]:
        """Return the names that a function or a loop begins as plain strings."""
        known = self.facts.begun.get(node.id)
        if known is None:
            names = _BEGINS_STRING.findall(text_of(node))
            known = self.facts.begun[node.id] = frozenset(names)
        return known

    def outlives_a_round(self, name: str) -> bool:
        """Tell whether a name stands for the same object in more than one round of a loop."""
        return any(name not in self.changes_of(loop).assigned for loop in self.loops)


SlowRule = Callable[[Spot], Flaw | None]
