"""What was recorded of calls: stored beside the cases, found by the fingerprint of a request."""

from gonogo.recordings.opening import Shelf
from gonogo.recordings.store import Call, Recordings, load_recordings
from gonogo.recordings.tape import Book, Mode, Tape

__all__ = ["Book", "Call", "Mode", "Recordings", "Shelf", "Tape", "load_recordings"]
