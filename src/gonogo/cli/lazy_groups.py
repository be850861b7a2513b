"""Groups of commands that are imported when they are asked for: one does not wait for the others.

A gateway in another language starts `gonogo spend` twice for each of its calls.
"""

import importlib
from collections.abc import Iterator, Mapping, MutableMapping
from typing import Any

import typer
from typer.core import TyperGroup
from typer.main import get_command_from_info, get_group
from typer.models import CommandInfo

from gonogo.cli.usage_lines import PlainUsage


def lazy_group(places: Mapping[str, str]) -> type[TyperGroup]:
    """Return a kind of group that has further commands.

    Args:
        places: By the command's name where it is: `gonogo.cli.check:check`, a function or a group.
    """

    class LazyGroup(TyperGroup):
        def __init__(self, **given: Any) -> None:
            super().__init__(**given)
            self.commands = _Commands(self.commands, places)

    return LazyGroup


class _Commands(MutableMapping[str, Any]):
    """Commands by name; those that have a place are loaded when they are looked up."""

    def __init__(self, loaded: Mapping[str, Any], places: Mapping[str, str]) -> None:
        self._loaded = dict(loaded)
        self._places = dict(places)

    def __getitem__(self, name: str) -> Any:
        if name not in self._loaded:
            self._loaded[name] = _load(name, self._places[name])
        return self._loaded[name]

    def __setitem__(self, name: str, command: Any) -> None:
        self._loaded[name] = command

    def __delitem__(self, name: str) -> None:
        self._loaded.pop(name, None)
        self._places.pop(name, None)

    def __iter__(self) -> Iterator[str]:
        return iter({**self._loaded, **self._places})

    def __len__(self) -> int:
        return len({**self._loaded, **self._places})


def _load(name: str, place: str) -> Any:
    module, _, attribute = place.partition(":")
    found = getattr(importlib.import_module(module), attribute)
    if isinstance(found, typer.Typer):
        return get_group(found)
    info = CommandInfo(name=name, cls=PlainUsage, callback=found)
    return get_command_from_info(info, pretty_exceptions_short=True, rich_markup_mode=None)
