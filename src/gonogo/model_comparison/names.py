"""Finds the model that a person means among the names under which models answered."""

import re
from collections.abc import Collection, Iterable
from typing import Final

from gonogo.errors import ModelNotFoundError

_SNAPSHOT: Final = re.compile(r"[-@]20\d{6}(?!\d)")
"""The date in a name: `claude-haiku-5-5-20260101`, `claude-haiku-5-5@20260101`."""

_LATEST: Final = "-latest"
_NAMED: Final = 20
"""So many models are listed in an error; there may be thousands."""


def may_mean(asked: str, name: str) -> bool:
    """Tell whether a model may turn out to be the one that is asked for."""
    return asked.removesuffix(_LATEST) in name


def find_model(asked: str, found: Collection[str]) -> tuple[str, ...]:
    """Return the names of the one model that is meant; the longest, its snapshot's, last.

    A name is exact, else the beginning of one, else a part of one. An alias and the only snapshot
    of it are the same model.

    Args:
        asked: As a person gave it: `claude-haiku-5-5`, `haiku`, `claude-haiku-5-5-20260101`.
        found: Names of all models that answered.

    Raises:
        ModelNotFoundError: If none is meant, or several are; lists those that there are.
    """
    short = asked.removesuffix(_LATEST)
    if not short.strip():
        raise ModelNotFoundError(f"model {asked!r} is blank; there are: {_listed(found)}")
    for meant in (
        {name for name in found if name == short or _without_date(name) == short},
        {name for name in found if name.startswith(short)},
        {name for name in found if short in name},
    ):
        if _are_one(meant):
            return tuple(sorted(meant, key=lambda name: (len(name), name)))
        if short in meant:
            return (short,)
        if meant:
            raise ModelNotFoundError(
                f"model {asked!r} may be {_listed(meant)}: give the whole name of one"
            )
    raise ModelNotFoundError(f"no answer is by model {asked!r}; there are: {_listed(found)}")


def _are_one(names: Collection[str]) -> bool:
    dated = {name for name in names if _SNAPSHOT.search(name)}
    return len(dated) <= 1 and len({_without_date(name) for name in names}) == 1


def _without_date(name: str) -> str:
    return _SNAPSHOT.sub("", name)


def _listed(names: Iterable[str]) -> str:
    ordered = sorted(names)
    more = len(ordered) - _NAMED
    return (", ".join(ordered[:_NAMED]) or "none") + (f" and {more} more" if more > 0 else "")
