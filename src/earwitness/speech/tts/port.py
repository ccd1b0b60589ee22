"""The port :class:`Synthesizer`: text in, a stream of sound out."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Sound:
    """A piece of speech: signed 16-bit little-endian mono samples at ``rate`` Hz."""

    pcm: bytes
    rate: int

    @property
    def duration_ms(self) -> int:
        """Length in whole milliseconds."""
        return len(self.pcm) * 500 // self.rate


class Synthesizer(Protocol):
    """Speaks. Any number of threads; calls do not wait for each other. Keeps nothing of what it says."""

    @property
    def voice(self) -> str:
        """Which voice of which engine, e.g. ``espeak-ng/en-us``: two of one name sound the same."""
        ...

    def speak(self, text: str) -> Iterator[Sound]:
        """Yield the speech in pieces as they are made; closing the iterator ends the engine's work.

        Raises:
            BadInput: nothing to say, or too much at once.
            EngineMissing: the engine or the voice is not installed.
            EngineFailed: the engine died; what was yielded before it is good.
        """
        ...
