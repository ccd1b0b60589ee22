"""The port of a wake word detector: many streams of sound, each with a small state."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class WakeHeard:
    """A first stage believes it heard ``word`` ending at about sample ``at``; ``score`` is the engine's, 0 to 1."""

    word: str
    at: int
    score: float


class WakeStream(Protocol):
    """One stream. Belongs to one thread at a time; keeps no sound, only the engine's features of the last moment."""

    def push(self, pcm: bytes | bytearray | memoryview) -> list[WakeHeard]:
        """Hear more sound, 16 kHz mono s16le of any length; return what was heard in it, in order.

        Raises:
            BadInput: half a sample.
            EngineFailed: the engine gave nonsense; the stream is to be closed.
        """
        ...

    def reset(self) -> None:
        """Forget what was heard. Positions start again at 0."""
        ...

    def close(self) -> None:
        """Free the engine's memory; pushing afterwards is an error. Closing twice is fine."""
        ...


class WakeDetector(Protocol):
    """An engine that listens for some words. Thread-safe."""

    @property
    def words(self) -> tuple[str, ...]:
        """The wake words it knows, lower case, e.g. ``hey jarvis``."""
        ...

    def open(self, words: tuple[str, ...] | None = None) -> WakeStream:
        """Start a stream that listens for ``words`` (all it knows by default).

        Raises:
            NotFound: a word it does not know.
        """
        ...
