"""A few voice detectors for many streams: a stream borrows one while somebody speaks, idle streams have none."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from earwitness.kernel.errors import BadInput, EngineError
from earwitness.speech.vad.port import VoiceDetector
from earwitness.speech.vad.silero import SileroVoice

MOST = 32


class VoicePool:
    """At most so many detectors, made when first needed, reset when they come back. Thread-safe."""

    def __init__(self, most: int = MOST, make: Callable[[], VoiceDetector] = SileroVoice) -> None:
        """Make up to ``most`` detectors with ``make``.

        Raises:
            BadInput: ``most`` is not positive.
        """
        if most < 1:
            msg = "A pool needs at least one voice detector."
            raise BadInput(msg)
        self._make = make
        self._idle: list[VoiceDetector] = []
        self._left = most
        self._lock = threading.Lock()

    def borrow(self) -> VoiceDetector:
        """Take a detector with an empty memory; give it back with :meth:`give_back`.

        Raises:
            EngineError: all of them are in use; nothing waits here, a turn that cannot start is told at once.
            EngineMissing: the engine cannot be loaded.
        """
        with self._lock:
            if self._idle:
                return self._idle.pop()
            if self._left == 0:
                msg = "Too many people speak at once: every voice detector is in use."
                raise EngineError(msg, next_step="Try again in a moment.")
            self._left -= 1
        try:
            return self._make()
        except BaseException:
            with self._lock:
                self._left += 1
            raise

    def give_back(self, detector: VoiceDetector) -> None:
        """Return what :meth:`borrow` gave; its memory of the sound is cleared first."""
        detector.reset()
        with self._lock:
            self._idle.append(detector)

    @contextmanager
    def lent(self) -> Iterator[VoiceDetector]:
        """Borrow for the length of a ``with``."""
        detector = self.borrow()
        try:
            yield detector
        finally:
            self.give_back(detector)
