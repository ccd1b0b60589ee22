"""Short tones, made here: no files, no licence, the same on every machine."""

from enum import Enum

import numpy as np

RATE = 16_000
LOUDNESS = 0.18
RAMP_MS = 8  # a tone that begins at full strength clicks


class Tone(Enum):
    """What a tone says: pairs of frequency in Hz and length in ms; 0 Hz is a pause."""

    LISTENING = ((660, 60), (880, 80))
    ERROR = ((440, 120), (0, 40), (330, 180))
    MUTED = ((520, 80), (390, 100))
    OPENED = ((390, 80), (520, 100))

    def samples(self) -> bytes:
        """Return the tone as mono s16le at ``RATE``."""
        return b"".join(_part(frequency, length) for frequency, length in self.value)


def _part(frequency: int, length_ms: int) -> bytes:
    count, ramp = RATE * length_ms // 1000, RATE * RAMP_MS // 1000
    wave = np.sin(2 * np.pi * frequency * np.arange(count) / RATE)
    edge = np.minimum(1.0, np.arange(count) / ramp)
    return np.asarray(wave * edge * edge[::-1] * LOUDNESS * 32_767, "<i2").tobytes()
