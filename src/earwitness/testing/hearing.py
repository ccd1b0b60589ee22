"""Fakes of what hears: a voice detector that follows a script, a first stage that fires when told, a fixed verdict."""

from collections.abc import Iterable, Iterator

from earwitness.kernel.audio import SAMPLE_WIDTH
from earwitness.kernel.errors import BadInput
from earwitness.speech.vad.port import FRAME_BYTES
from earwitness.speech.verify.port import Verdict
from earwitness.speech.wake.port import WakeHeard


class ScriptedVoice:
    """The port ``VoiceDetector``: answers with the given probabilities, then with silence."""

    def __init__(self, probabilities: Iterable[float] = ()) -> None:
        """Answer frame after frame with ``probabilities``."""
        self._script: Iterator[float] = iter(probabilities)
        self.resets = 0

    def probability(self, frame: bytes | bytearray | memoryview) -> float:
        """See the port."""
        if len(frame) != FRAME_BYTES:
            msg = f"A voice activity frame has {FRAME_BYTES} bytes, not {len(frame)}."
            raise BadInput(msg)
        return next(self._script, 0.0)

    def reset(self) -> None:
        """See the port."""
        self.resets += 1


class ScriptedWakeStream:
    """The port ``WakeStream``: hears ``word`` at the given samples."""

    def __init__(self, *at: int, word: str = "alexa") -> None:
        """Fire when the sound reaches each position of ``at``."""
        self._at = at
        self._word = word
        self._position = 0
        self.closed = False

    def push(self, pcm: bytes | bytearray | memoryview) -> list[WakeHeard]:
        """See the port."""
        before, self._position = self._position, self._position + len(pcm) // SAMPLE_WIDTH
        return [WakeHeard(self._word, at, 0.9) for at in self._at if before < at <= self._position]

    def reset(self) -> None:
        """See the port."""
        self._position = 0

    def close(self) -> None:
        """See the port."""
        self.closed = True


class FixedVerifier:
    """The port ``Verifier``: gives the verdicts in turn (the last one for ever) and remembers how long windows were."""

    def __init__(self, *accepted: bool) -> None:
        """Accept or reject in this order."""
        self._accepted = list(accepted)
        self.windows: list[int] = []

    def verify(self, window: bytes | bytearray, word: str) -> Verdict:
        """See the port."""
        self.windows.append(len(window))
        accepted = self._accepted.pop(0) if len(self._accepted) > 1 else self._accepted[0]
        return Verdict(accepted, float(accepted), f"fixed:{word}")
