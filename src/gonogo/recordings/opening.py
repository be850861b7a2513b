"""Opening and closing recordings: which file a mode reads, which it adds to, what takes effect."""

from dataclasses import dataclass
from pathlib import Path

from gonogo.fingerprints import VOLATILE
from gonogo.recordings.appending import RecordingFile, mend, replace_recordings
from gonogo.recordings.store import Recordings, documents_of, load_recordings
from gonogo.recordings.tape import Book, Mode


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """How the files of recordings of a run are used.

    Attributes:
        mode: How answers are had.
        live: Folder that a live run leaves its recordings in.
        redact: Whether personal data and secrets are redacted on the way in.
        volatile: Fields of a request that its fingerprint leaves out.
    """

    mode: Mode
    live: Path
    redact: bool = False
    volatile: frozenset[str] = VOLATILE

    def open(self, path: Path, name: str, *, loaded: Recordings | None = None) -> Book:
        """Open the recordings of a suite or a test.

        Args:
            path: Its file of recordings.
            name: Of the file that a live run leaves.
            loaded: What the file holds, mended, where that is known.

        Raises:
            BadInputError: If what is recorded cannot be used.
        """
        target, documents = self._target(path, name)
        recordings = loaded if target == path else None
        if recordings is None:
            if self.mode.asks:
                mend(target)
            recordings = load_recordings(target, volatile=self.volatile, documents=documents)
        if not self.mode.asks:
            return Book(recordings)
        file = RecordingFile(
            path=target, documents=documents, redact=self.redact, volatile=self.volatile
        )
        return Book(recordings, file)

    def close(self, path: Path) -> int:
        """Let what was recorded anew take the place of what was there.

        Partial runs replace only what they asked.

        Returns:
            How many requests have new recordings.
        """
        fresh = _fresh(path)
        if self.mode is not Mode.RERECORD or not fresh.exists():
            return 0
        return replace_recordings(path, fresh, volatile=self.volatile)

    def _target(self, path: Path, name: str) -> tuple[Path, Path]:
        match self.mode:
            case Mode.REPLAY | Mode.RECORD:
                return path, documents_of(path)
            case Mode.RERECORD:
                return _fresh(path), documents_of(path)
            case Mode.LIVE:
                target = self.live / f"{name}.jsonl"
                return target, documents_of(target)


def _fresh(path: Path) -> Path:
    return path.with_name(f"{path.stem}.rerecording.jsonl")
