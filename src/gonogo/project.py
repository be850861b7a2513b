"""The project under test: its settings, suites, baselines, checkers and recordings.

Each is loaded once; knows nothing of pytest.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gonogo.asking_cases import Asked, Hooks, Interview
from gonogo.baselines import Baseline, BaselineCase, load_baseline
from gonogo.cases import Case
from gonogo.errors import RunStoppedError
from gonogo.evaluation import Suite, asked_folder, load_suite
from gonogo.json_lines import write_atomically
from gonogo.plain_text import counted
from gonogo.recordings import Book, Mode, Recordings, Shelf
from gonogo.recordings.appending import mend
from gonogo.registry import CheckerRegistry
from gonogo.settings import Settings, load_settings

if TYPE_CHECKING:
    from gonogo.claude.asking import Asker, Question
    from gonogo.claude.estimating import TokenCounts
    from gonogo.claude.spending import Spending
    from gonogo.sequential_runs import SequentialRun


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """How the answers of a run are had.

    Attributes:
        mode: From recordings, or by asking.
        trials: How many of each case; None: as many as are recorded, and one where none is.
        max_cost_usd: The most that may be spent; None: as the settings say.
        workers: How many processes share that sum.
        started: Names the folder of what a live run asks.
    """

    mode: Mode = Mode.REPLAY
    trials: int | None = None
    max_cost_usd: Decimal | None = None
    workers: int = 1
    started: str = ""


REPLAYING: Final = Asking()


class Project:
    """The project under test: its settings, suites, baselines and checkers, each loaded once.

    Attributes:
        asking: How answers are had.
        books: The files of recordings that were opened.
        planned: By suite, the cases that will be run: they are asked side by side.
        asked: By suite, what became of what was asked.
        hooks: Who is told how asking goes on.
        sequential: By suite, the rounds of a run that may stop early.
    """

    def __init__(
        self,
        root: Path,
        *,
        datasets: Path | None = None,
        baselines: Path | None = None,
        candidate: str | None = None,
        updating: bool = False,
        asking: Asking = REPLAYING,
    ) -> None:
        """Take the places of things.

        Args:
            root: Folder of the project's pyproject.toml.
            datasets: Overrides the setting `datasets`.
            baselines: Overrides the setting `baselines`.
            candidate: Replay this candidate's prompt and recordings.
            updating: Whether baselines are to be updated: a regression then fails no test.
            asking: How answers are had.
        """
        self.asking = asking
        self.books: dict[Path, Book] = {}
        self.planned: dict[str, frozenset[str]] = {}
        self.asked: dict[str, Asked] = {}
        self.hooks = Hooks()
        self.sequential: dict[str, SequentialRun] = {}
        self._done: dict[str, set[str]] = {}
        self._root = root
        self._datasets = datasets
        self._baselines = baselines
        self.candidate = candidate
        self.updating = updating
        self._suites: dict[str, Suite] = {}
        self._loaded_baselines: dict[str, Baseline | None] = {}

    @cached_property
    def settings(self) -> Settings:
        """What `[tool.gonogo]` says."""
        return load_settings(self._root)

    @cached_property
    def registry(self) -> CheckerRegistry:
        """Where the checkers are."""
        return CheckerRegistry(self.settings.checkers)

    @property
    def datasets(self) -> Path:
        """Folder of the datasets."""
        return self._datasets or self._root / self.settings.datasets

    @property
    def baselines(self) -> Path:
        """Folder of the baselines."""
        return self._baselines or self._root / self.settings.baselines

    def suite_names(self) -> list[str]:
        """Return the names of all suites: the folders of datasets that hold cases."""
        return sorted(path.parent.name for path in self.datasets.glob("*/cases.jsonl"))

    def suite(self, name: str) -> Suite:
        """Return a suite by its name.

        Raises:
            BadInputError: If its files cannot be used.
        """
        if name not in self._suites:
            if self.asking.mode is Mode.RECORD:
                folder = asked_folder(self.datasets / name, self.candidate)
                mend(folder / "recordings.jsonl")
            self._suites[name] = load_suite(
                name,
                self.datasets,
                candidate=self.candidate,
                volatile=self.settings.volatile,
            )
        return self._suites[name]

    @cached_property
    def shelf(self) -> Shelf:
        """How the files of recordings are used."""
        return Shelf(
            mode=self.asking.mode,
            live=self._root / ".gonogo" / "live" / self.asking.started,
            redact=self.settings.recordings.redact,
            volatile=self.settings.volatile,
        )

    def suite_book(self, name: str) -> Book:
        """Return the recordings of a suite, as the mode uses them.

        Raises:
            BadInputError: If they cannot be used.
        """
        recordings = self.suite(name).recordings
        return self.book(recordings.path, name, loaded=recordings)

    def book(self, path: Path, name: str, *, loaded: Recordings | None = None) -> Book:
        """Return the recordings of a file, as the mode uses them.

        Args:
            path: The file.
            name: Of the file that a live run leaves.
            loaded: What the file holds, where that is known.

        Raises:
            BadInputError: If they cannot be used.
        """
        if path not in self.books:
            if self.asking.mode is Mode.LIVE:
                self.own_folder()
            self.books[path] = self.shelf.open(path, name, loaded=loaded)
        return self.books[path]

    def name_of(self, path: Path) -> str:
        """Return the name of the file that a live run leaves of a test's own recordings."""
        try:
            relative = path.relative_to(self._root)
        except ValueError:  # a test from elsewhere
            relative = Path(*path.parts[1:])
        return str(relative.with_suffix(""))

    @cached_property
    def asker(self) -> "Asker":
        """How Claude is asked: one pace and one cost limit for the whole run."""
        from gonogo.claude.asking import Asker  # noqa: PLC0415 - heavy: imports the SDK
        from gonogo.claude.cost_limit import CostLimit  # noqa: PLC0415 - likewise
        from gonogo.claude.pacing import Pace  # noqa: PLC0415 - likewise

        return Asker(
            pace=Pace(maximum=max(1, self.settings.concurrency // self.asking.workers)),
            limit=CostLimit(self.max_cost_usd),
            prices=self.settings.prices,
        )

    @property
    def max_cost_usd(self) -> Decimal | None:
        """The most that this process may spend: its share of what the run may."""
        most = self.asking.max_cost_usd
        if most is None:
            most = self.settings.max_cost_usd
        return None if most is None else most / self.asking.workers

    def spending(self) -> "Spending | None":
        """Return the cost limit as an application's own calls meet it; None: there is none."""
        if not self.asking.mode.asks or self.max_cost_usd is None:
            return None
        from gonogo.claude.spending import Spending  # noqa: PLC0415 - heavy: imports the SDK

        return Spending(
            limit=self.asker.limit, prices=self.settings.prices, counts=self.token_counts
        )

    @cached_property
    def token_counts(self) -> "TokenCounts":
        """Counts of input tokens of earlier runs."""
        from gonogo.claude.estimating import TokenCounts  # noqa: PLC0415 - heavy: imports the SDK

        return TokenCounts(self.own_folder() / "token_counts.jsonl")

    def interview(self, suite: str) -> Interview:
        """Return what asks Claude the cases of a suite, and records the answers.

        Raises:
            BadInputError: If what is recorded cannot be used.
        """
        return Interview(
            asker=self.asker,
            counts=self.token_counts,
            book=self.suite_book(suite),
            hooks=self.hooks,
        )

    def own_folder(self) -> Path:
        """Return the folder `.gonogo`, which keeps itself out of version control."""
        folder = self._root / ".gonogo"
        if not folder.exists():
            write_atomically(folder / ".gitignore", [b"*\n"])
        return folder

    def questions(self, suite: Suite, cases: Iterable[Case]) -> "list[Question]":
        """Return what is to be asked about cases of a suite, in this mode."""
        return self.interview(suite.name).missing(
            cases,
            suite.shared_request,
            trials=self.asking.trials,
            replaced=suite.recordings if self.asking.mode is Mode.RERECORD else None,
        )

    def ask(self, suite_name: str, case: Case) -> Asked:
        """Ask Claude a case of a suite, once a run, and with it the others that are planned.

        Returns:
            What became of all that was asked of the suite.
        """
        asked = self.asked.setdefault(suite_name, Asked())
        done = self._done.setdefault(suite_name, set())
        if case.id not in done and asked.stopped is None:
            suite = self.suite(suite_name)
            planned = self._side_by_side(suite_name, case.id)
            cases = [c for c in suite.cases if c.id == case.id or c.id in planned]
            cases = [c for c in cases if c.id not in done]
            done.update(c.id for c in cases)
            questions = self.questions(suite, cases)
            asked.stopped = self._already_submitted(suite, questions)
            if asked.stopped is None:
                interview = self.interview(suite_name)
                interview.ask(interview.recordable(questions, asked), asked)
        return asked

    def _side_by_side(self, suite_name: str, case_id: str) -> frozenset[str]:
        """Return the cases that are asked together with one: all, or those of its round."""
        if suite_name in self.sequential:
            return self.sequential[suite_name].companions(case_id)
        return self.planned.get(suite_name, frozenset())

    def _already_submitted(
        self, suite: Suite, questions: "Sequence[Question]"
    ) -> RunStoppedError | None:
        """Return why questions are not asked one by one: they are paid for, in batches."""
        journal = suite.recordings.path.with_suffix(".batches.jsonl")
        if self.asking.mode is Mode.LIVE or not journal.exists():
            return None
        unpaid = self.interview(suite.name).unsubmitted(questions, journal)
        if len(unpaid) == len(questions):
            return None
        return RunStoppedError(
            f"{suite.name}: {counted(len(questions) - len(unpaid), 'question')} in batches under"
            f" way, already paid for: fetch the answers with gonogo record {suite.name} --batch"
        )

    def baseline(self, suite: str) -> Baseline | None:
        """Return the baseline of a suite; None where there is none."""
        if suite not in self._loaded_baselines:
            path = self.baselines / f"{suite}.jsonl"
            self._loaded_baselines[suite] = load_baseline(path)
        return self._loaded_baselines[suite]

    def accepted(self, suite: str, case_id: str) -> BaselineCase | None:
        """Return the accepted result of a case; None where there is none."""
        baseline = self.baseline(suite)
        return None if baseline is None else baseline.cases.get(case_id)
