"""Keeps apart what other versions of checkers judged: such scores cannot be compared."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from gonogo.errors import StaleBaselineError


@dataclass(slots=True)
class Judges:
    """Who judged each suite, file by file; grows."""

    by_suite: dict[str, tuple[str, Mapping[str, str]]] = field(default_factory=dict)

    def demand_same(self, suite: str, checkers: Mapping[str, str], name: str) -> None:
        """Refuse a file that other checkers judged than another one of its suite.

        Args:
            suite: The suite.
            checkers: Version of each checker that judged it, by id.
            name: What the file is called.

        Raises:
            StaleBaselineError: Names both files, what differs, and what to do.
        """
        first, known = self.by_suite.setdefault(suite, (name, checkers))
        differences = [
            f"{checker_id}: {known.get(checker_id, 'none')!r}"
            f" and {checkers.get(checker_id, 'none')!r}"
            for checker_id in sorted({*known, *checkers})
            if known.get(checker_id) != checkers.get(checker_id)
        ]
        if differences:
            raise StaleBaselineError(
                f"other checkers judged {first} than {name} ({'; '.join(differences)}): their"
                " scores cannot be compared; make the older one again: a baseline by pytest evals"
                " --gonogo-update-baselines, a report by another run"
            )
