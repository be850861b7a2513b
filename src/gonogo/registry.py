"""Finds checkers by id: the settings' own, those of installed packages, ours.

A package offers checkers by the entry point group `gonogo.checkers`, the entry's name being the
checker's id; one that has the id of one of ours replaces it.
"""

import dataclasses
import importlib
from collections.abc import Mapping
from functools import cached_property
from importlib.metadata import entry_points
from typing import Final

import msgspec

from gonogo.errors import BadSettingsError, UnknownCheckerError
from gonogo.settings import CheckerSetting
from gonogo_checkers import CHECKERS
from gonogo_checkers.checker import Checker

GROUP: Final = "gonogo.checkers"
"""Entry point group of checkers."""

CheckerSettings = Mapping[str, Mapping[str, CheckerSetting]]


class CheckerRegistry:
    """Loads each checker once, when it is first asked for."""

    def __init__(self, settings: CheckerSettings | None = None) -> None:
        """Take the settings of checkers by id; `use` in them names another class to load."""
        self._settings = settings or {}
        self._loaded: dict[str, Checker] = {}

    @cached_property
    def _offered(self) -> dict[str, str]:
        """Where the checkers of installed packages are, by id: found once, it reads all of them."""
        return {entry.name: entry.value for entry in entry_points(group=GROUP)}

    def load(self, checker_id: str) -> Checker:
        """Return the checker of an id, made with its settings.

        Raises:
            UnknownCheckerError: If nobody offers it.
            BadSettingsError: If its class cannot be loaded, or refuses its settings.
        """
        if checker_id not in self._loaded:
            self._loaded[checker_id] = self._make(checker_id)
        return self._loaded[checker_id]

    def version(self, checker_id: str) -> str:
        """Return what a baseline keeps of a checker, to see whether scores can be compared.

        The version of one of ours; for another class its name before it; settings behind it.
        """
        checker = self.load(checker_id)
        ours = CHECKERS.get(checker_id) == self._target(checker_id)
        name = "" if ours else f"{type(checker).__module__}:{type(checker).__qualname__} "
        given = self._given(checker_id)
        settings = "".join(f" {key}={value!r}" for key, value in sorted(given.items()))
        return f"{name}{checker.version}{settings}"

    def _make(self, checker_id: str) -> Checker:
        target = self._target(checker_id)
        place = f"[tool.gonogo.checkers.{checker_id}]"
        try:
            made = _make_with(_load(target), self._given(checker_id))
        except (ImportError, AttributeError) as error:
            raise BadSettingsError(
                f"checker {checker_id!r} cannot be loaded from {target!r}: {error}"
            ) from error
        except (TypeError, ValueError, msgspec.ValidationError) as error:
            raise BadSettingsError(f"{place}: {target} refuses its settings: {error}") from error
        if not isinstance(made, Checker):
            raise BadSettingsError(f"{place}: {target} lacks `id`, `version` or `check`")
        return made

    def _given(self, checker_id: str) -> dict[str, object]:
        return {
            key: tuple(value) if isinstance(value, list) else value
            for key, value in self._settings.get(checker_id, {}).items()
            if key != "use"
        }

    def _target(self, checker_id: str) -> str:
        own = self._settings.get(checker_id, {}).get("use")
        if own is not None:
            return str(own)
        target = self._offered.get(checker_id) or CHECKERS.get(checker_id)
        if target is None:
            known = ", ".join(sorted({*self._offered, *CHECKERS}))
            raise UnknownCheckerError(f"no checker is called {checker_id!r}; there are: {known}")
        return target


def _make_with(checker: type, given: dict[str, object]) -> object:
    """Make a checker with settings of the types that it declares."""
    if not dataclasses.is_dataclass(checker):
        return checker(**given)
    names = {field.name for field in dataclasses.fields(checker) if field.init}
    unknown = ", ".join(sorted(set(given) - names))
    if unknown:
        raise TypeError(f"unknown: {unknown}; there are: {', '.join(sorted(names)) or 'none'}")
    return msgspec.convert(given, checker)


def _load(target: str) -> type:
    module, _, name = target.partition(":")
    loaded: type = getattr(importlib.import_module(module), name)
    return loaded
