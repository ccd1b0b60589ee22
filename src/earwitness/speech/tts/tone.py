"""Tones made of numbers: what is played where no voice can speak, and where words would be too much."""

import math
import struct
from typing import Final

from earwitness.speech.tts.port import Sound

RATE: Final = 16_000
LOUDNESS: Final = 0.2
EDGE_MS: Final = 10  # faded in and out, so that nothing clicks
SORRY_NOTES: Final = ((523.25, 140), (392.0, 220))  # falling: something did not work
DONE_NOTES: Final = ((659.25, 90), (880.0, 130))  # rising: done


def tone(notes: tuple[tuple[float, int], ...]) -> Sound:
    """One after the other: each a frequency in Hz and a length in ms."""
    return Sound(b"".join(_note(hertz, length_ms) for hertz, length_ms in notes), RATE)


def _note(hertz: float, length_ms: int) -> bytes:
    count, edge = RATE * length_ms // 1000, RATE * EDGE_MS // 1000
    samples = (
        int(32_767 * LOUDNESS * min(1.0, at / edge, (count - at) / edge) * math.sin(2 * math.pi * hertz * at / RATE))
        for at in range(count)
    )
    return struct.pack(f"<{count}h", *samples)
