"""The protocol that every checker fulfils, ours and others'."""

from typing import ClassVar, Protocol, runtime_checkable

from gonogo_checkers.output import Output
from gonogo_checkers.verdict import Judged, NotApplicable


@runtime_checkable
class Checker(Protocol):
    """Judges one output.

    A checker is a frozen dataclass whose fields are its settings, each with a default. It gives
    the same answer for the same output, reaches no network, runs nothing of the response, and
    bounds its time and memory whatever the response is.

    Attributes:
        id: Key of its verdict in a scorecard, and its name in settings.
        version: Raised with every change that may move a score; baselines go stale by it.
    """

    id: ClassVar[str]
    version: ClassVar[int]

    def check(self, output: Output) -> Judged | NotApplicable:
        """Judge the output, or say why there is nothing to judge.

        Raises:
            Exception: Anything; the harness turns it into `CheckerBroke`.
        """
        ...
