"""The wake word on the device: a ring of two seconds, the first stage, and the sound that may go to the hub.

Nothing leaves the ring before the wake word fires. Then it hands over at most ``LEAD_MS``: the word itself and half a
second before it, which the hub needs to verify it; the rest is overwritten.
"""

from dataclasses import dataclass, field

from earwitness.kernel.audio import SAMPLE_WIDTH
from earwitness.protocol.device.bounds import LEAD_MS
from earwitness.speech.ring import AudioRing, samples_of
from earwitness.speech.wake.port import WakeDetector

PIECE = samples_of(100) * SAMPLE_WIDTH


@dataclass(frozen=True, slots=True)
class Woke:
    """The wake word fired: it ended at sample ``ends_at`` of ``sound``; ``rest`` of what was pushed comes after."""

    word: str
    score: float
    ends_at: int
    sound: bytes = field(repr=False)
    rest: bytes = field(repr=False)


class Ear:
    """Listens for one wake word. Belongs to one task at a time."""

    def __init__(self, detector: WakeDetector, word: str) -> None:
        """Listen for ``word``.

        Raises:
            NotFound: the detector does not know it.
        """
        self.word = word
        self._stream = detector.open((word,))
        self._ring = AudioRing()
        self._base = 0  # the ring's position when the stream was last reset

    def push(self, pcm: bytes) -> Woke | None:
        """Hear more sound, 16 kHz mono s16le; return the wake word when it fires.

        Raises:
            BadInput: half a sample.
            EngineFailed: the engine gave nonsense.
        """
        for at in range(0, len(pcm), PIECE):
            piece = pcm[at : at + PIECE]
            heard = self._stream.push(piece)
            self._ring.push(piece)
            if heard:
                word_end = self._base + heard[0].at
                start = max(self._ring.start, word_end - samples_of(LEAD_MS))
                sound = bytes(self._ring.take(start, self._ring.end))
                self.forget()
                return Woke(self.word, heard[0].score, word_end - start, sound, pcm[at + PIECE :])
        return None

    def forget(self) -> None:
        """Overwrite the ring and begin anew."""
        self._ring.wipe()
        self._stream.reset()
        self._base = self._ring.end

    def close(self) -> None:
        """Overwrite the ring and free the engine."""
        self._ring.close()
        self._stream.close()
