"""The port of a voice activity detector: one number for each 32 ms of sound."""

from typing import Protocol

FRAME_SAMPLES = 512
FRAME_BYTES = FRAME_SAMPLES * 2
FRAME_MS = 32


class VoiceDetector(Protocol):
    """Hears whether somebody speaks. Has a state: one stream at a time, one thread at a time."""

    def probability(self, frame: bytes | bytearray | memoryview) -> float:
        """Return how likely a frame of 512 samples (16 kHz mono s16le) is speech, 0 to 1.

        Raises:
            BadInput: a frame of another size.
        """
        ...

    def reset(self) -> None:
        """Forget what was heard, before another stream or utterance."""
        ...
