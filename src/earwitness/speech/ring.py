"""The only place where sound waits before a wake word: at most two seconds of memory, overwritten in a circle.

Nothing here is ever written anywhere. What the ring hands over are copies in a ``bytearray``, so that whoever
takes one can overwrite it too (:func:`wipe`); the ring overwrites itself when it is wiped, closed or dropped.
"""

import threading
import weakref
from types import TracebackType
from typing import Self

from earwitness.kernel.audio import SAMPLE_RATE, SAMPLE_WIDTH
from earwitness.kernel.errors import BadInput

LONGEST_MS = 2_000
PRE_ROLL_MS = 500


def wipe(buffer: bytearray | memoryview) -> None:
    """Overwrite ``buffer`` with zeros, in place."""
    buffer[:] = bytes(len(buffer))


def samples_of(milliseconds: int) -> int:
    """Return how many samples last so many milliseconds."""
    return milliseconds * SAMPLE_RATE // 1000


class AudioRing:
    """The newest samples of one stream. Positions count samples since the stream began; thread-safe."""

    def __init__(self, milliseconds: int = LONGEST_MS) -> None:
        """Hold the newest ``milliseconds`` of 16 kHz mono s16le sound.

        Raises:
            BadInput: longer than two seconds, or not positive.
        """
        if not 0 < milliseconds <= LONGEST_MS:
            msg = f"A ring of {milliseconds} ms is not allowed."
            raise BadInput(msg, next_step=f"Hold between 1 and {LONGEST_MS} ms.")
        self._held = bytearray(samples_of(milliseconds) * SAMPLE_WIDTH)
        self._pushed = 0  # bytes since the stream began
        self._from = 0  # nothing older than this byte is there
        self._lock = threading.Lock()
        self._dropped = weakref.finalize(self, wipe, self._held)

    @property
    def capacity(self) -> int:
        """How many samples are held at most."""
        return len(self._held) // SAMPLE_WIDTH

    @property
    def start(self) -> int:
        """Position of the oldest sample that is held."""
        return max(self._from, self._pushed - len(self._held)) // SAMPLE_WIDTH

    @property
    def end(self) -> int:
        """Position after the newest sample: how many were pushed since the stream began."""
        return self._pushed // SAMPLE_WIDTH

    def push(self, pcm: bytes | bytearray | memoryview) -> None:
        """Take sound in, over the oldest.

        Raises:
            BadInput: half a sample.
        """
        if len(pcm) % SAMPLE_WIDTH:
            msg = f"{len(pcm)} bytes are not whole samples."
            raise BadInput(msg, next_step="Send 16-bit samples.")
        size = len(self._held)
        with self._lock:
            kept = memoryview(pcm)[-size:]
            at = (self._pushed + len(pcm) - len(kept)) % size
            first = min(len(kept), size - at)
            self._held[at : at + first] = kept[:first]
            self._held[: len(kept) - first] = kept[first:]
            self._pushed += len(pcm)

    def take(self, start: int, end: int) -> bytearray:
        """Return a copy of the samples from ``start`` to ``end``, cut to what is still held."""
        with self._lock:
            low, high = max(start, self.start), min(end, self.end)
            if low >= high:
                return bytearray()
            size = len(self._held)
            at, length = low * SAMPLE_WIDTH % size, (high - low) * SAMPLE_WIDTH
            first = min(length, size - at)
            return self._held[at : at + first] + self._held[: length - first]

    def pre_roll(self, before: int, milliseconds: int = PRE_ROLL_MS) -> bytearray:
        """Return a copy of what came just before position ``before``, at most half a second."""
        return self.take(before - samples_of(min(milliseconds, PRE_ROLL_MS)), before)

    def wipe(self) -> None:
        """Overwrite all that is held; positions go on counting."""
        with self._lock:
            wipe(self._held)
            self._from = self._pushed

    def close(self) -> None:
        """Wipe for good; the same happens when the ring is dropped."""
        self.wipe()

    def __enter__(self) -> Self:
        """Use as a context, wiped at its end."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Wipe."""
        self.close()
