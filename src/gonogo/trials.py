"""Trials: one run of one case, with the exchanges that it made."""

from dataclasses import dataclass

from gonogo.exchanges import Exchange, Outcome


@dataclass(frozen=True, slots=True)
class Trial:
    """One run of one case.

    Attributes:
        case_id: The case that was tried.
        number: 1-based among the case's trials.
        exchanges: The calls that it made, in order; at least one.
    """

    case_id: str
    number: int
    exchanges: tuple[Exchange, ...]

    @property
    def id(self) -> str:
        """`<case id>#<number>`."""
        return f"{self.case_id}#{self.number}"

    @property
    def final(self) -> Exchange:
        """The exchange whose answer is the trial's output."""
        return self.exchanges[-1]

    @property
    def outcome(self) -> Outcome:
        """How the trial ended: as its last exchange did."""
        return self.final.outcome
