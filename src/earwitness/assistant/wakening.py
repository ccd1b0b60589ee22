"""How a session wakes: on the hub's own gate, or on a device's word for it, which the hub verifies again."""

from dataclasses import dataclass, field
from typing import Final

import numpy as np

from earwitness.kernel.audio import SAMPLE_WIDTH
from earwitness.kernel.errors import BadInput
from earwitness.speech.ring import samples_of, wipe
from earwitness.speech.verify.port import AFTER_MS, BEFORE_MS, Verdict, Verifier
from earwitness.speech.wake.gate import Woke

REACH_BACK_MS: Final = 60  # the first stage notices the word's end a little late, and the next word may follow at once


@dataclass(frozen=True, slots=True)
class Awake:
    """A verified wake word; ``rest`` is the sound from its end on, ``loudness`` its mean square."""

    word: str
    first_score: float
    verdict: Verdict
    loudness: float
    rest: bytes = field(repr=False)


def from_gate(woke: Woke) -> Awake:
    """Take the gate's answer and overwrite what came before the end of the word."""
    begin = max(0, woke.at - woke.starts_at - samples_of(REACH_BACK_MS)) * SAMPLE_WIDTH
    loudness = _loudness(woke.sound[:begin])
    rest = bytes(woke.sound[begin:]) + woke.unheard
    wipe(woke.sound)
    return Awake(woke.word, woke.first_score, woke.verdict, loudness, rest)


class Verification:
    """The sound a device sends after its own wake word, until the hub has judged it. One thread at a time.

    ``ends_at`` is the sample of that sound at which the word ended, at most ``BEFORE_MS`` from its beginning.
    """

    def __init__(self, word: str, score: float, ends_at: int) -> None:
        """Wait for the sound.

        Raises:
            BadInput: more sound before the word than may leave the device.
        """
        if not 0 < ends_at <= samples_of(BEFORE_MS):
            raise BadInput(
                "A device sends at most 500 ms before its wake word.",
                next_step=f"Say where the word ended: 1 to {samples_of(BEFORE_MS)} samples from the first one sent.",
            )
        self._word = word
        self._score = score
        self._ends_at = ends_at
        self._sound = bytearray()

    def push(self, pcm: bytes) -> bool:
        """Take sound; return whether it is enough to judge."""
        self._sound += pcm
        return len(self._sound) >= (self._ends_at + samples_of(AFTER_MS)) * SAMPLE_WIDTH

    def judge(self, verifier: Verifier) -> Awake | Verdict:
        """Verify; what is not verified is overwritten at once.

        Raises:
            NotFound: no verifier knows the word.
        """
        window = self._sound[: (self._ends_at + samples_of(AFTER_MS)) * SAMPLE_WIDTH]
        try:
            verdict = verifier.verify(window, self._word)
            if not verdict.accepted:
                return verdict
            begin = max(0, self._ends_at - samples_of(REACH_BACK_MS)) * SAMPLE_WIDTH
            loudness = _loudness(self._sound[:begin])
            return Awake(self._word, self._score, verdict, loudness, bytes(self._sound[begin:]))
        finally:
            wipe(window)
            self.forget()

    def forget(self) -> None:
        """Overwrite the sound."""
        wipe(self._sound)
        self._sound.clear()


def _loudness(sound: bytes | bytearray) -> float:
    samples = np.frombuffer(bytes(sound), "<i2").astype(np.float32)
    return float(np.mean(samples**2)) if len(samples) else 0.0
