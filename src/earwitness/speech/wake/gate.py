"""The gate before a turn: first stage, ring and second verification of one stream, in order of evaluation.

Sound goes to the first stage and into the ring. When the first stage believes it heard a wake word, the gate waits
for ``AFTER_MS`` more, takes the window out of the ring and asks the verifier. Not verified: the window is overwritten,
the count goes up, nothing else happens. Verified: the gate hands over that window and what came after it, and listens
again once it is rearmed for the next turn.
"""

from dataclasses import dataclass, field

from earwitness.kernel.audio import SAMPLE_WIDTH
from earwitness.speech.ring import AudioRing, samples_of, wipe
from earwitness.speech.verify.port import AFTER_MS, BEFORE_MS, Verdict, Verifier
from earwitness.speech.wake.port import WakeHeard, WakeStream

PIECE = samples_of(100) * SAMPLE_WIDTH  # large pieces are fed in turn, or the ring would have moved on


@dataclass(frozen=True, slots=True)
class Woke:
    """A verified wake word. ``sound`` runs from ``starts_at`` to the moment of the decision; its taker wipes it."""

    word: str
    at: int  # sample at which the word ended
    first_score: float
    verdict: Verdict
    starts_at: int
    sound: bytearray = field(repr=False)  # in no log, not even by mistake
    unheard: bytes = field(repr=False)  # what was pushed after the decision, not looked at


@dataclass(slots=True)
class GateCounts:
    """All that remains of what was not a wake word."""

    heard: int = 0
    rejected: int = 0
    verified: int = 0


class WakeGate:
    """One stream's gate. Belongs to one thread at a time."""

    def __init__(self, stream: WakeStream, verifier: Verifier, ring: AudioRing | None = None) -> None:
        """Listen on ``stream`` and have ``verifier`` asked."""
        self._stream = stream
        self._verifier = verifier
        self._ring = ring or AudioRing()
        self._pending: list[WakeHeard] = []
        self._base = 0  # the ring's position when the stream was last reset
        self.counts = GateCounts()

    def push(self, pcm: bytes) -> Woke | None:
        """Hear more sound; return the wake word once it is verified.

        Raises:
            BadInput: half a sample.
            EngineError: the engine failed; close the gate.
        """
        for at in range(0, len(pcm), PIECE):
            piece = pcm[at : at + PIECE]
            heard = self._stream.push(piece)
            self._ring.push(piece)
            self.counts.heard += len(heard)
            self._pending += heard
            woke = self._decide(pcm[at + PIECE :])
            if woke is not None:
                return woke
        return None

    def rearm(self) -> None:
        """Forget the last turn and listen for the next one; the ring starts empty."""
        self._pending.clear()
        self._ring.wipe()
        self._stream.reset()
        self._base = self._ring.end

    def close(self) -> None:
        """Overwrite the ring and free the engine."""
        self._ring.close()
        self._stream.close()

    def _decide(self, unheard: bytes) -> Woke | None:
        while self._pending and self._ring.end >= self._window_of(self._pending[0])[1]:
            woke = self._verify(self._pending.pop(0), unheard)
            if woke is not None:
                return woke
        return None

    def _window_of(self, heard: WakeHeard) -> tuple[int, int]:
        word_end = self._base + heard.at
        return max(0, word_end - samples_of(BEFORE_MS)), word_end + samples_of(AFTER_MS)

    def _verify(self, heard: WakeHeard, unheard: bytes) -> Woke | None:
        start, end = self._window_of(heard)
        window = self._ring.take(start, end)
        try:
            verdict = self._verifier.verify(window, heard.word)
        finally:
            wipe(window)
        if not verdict.accepted:
            self.counts.rejected += 1
            return None
        self.counts.verified += 1
        starts_at = max(start, self._ring.start)
        sound = self._ring.take(starts_at, self._ring.end)
        return Woke(heard.word, self._base + heard.at, heard.score, verdict, starts_at, sound, unheard)
