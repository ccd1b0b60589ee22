"""Where an utterance starts and where it ends.

Speech starts when enough of it came at a stretch, and ends after a trailing silence. How long that silence
must be depends on what the recogniser says: short when the sentence is complete, long when it is not, so that a
pause to think cuts nobody off. Positions are samples since the endpointer's start.
"""

from dataclasses import dataclass
from enum import StrEnum

from earwitness.kernel.audio import SAMPLE_RATE, SAMPLE_WIDTH
from earwitness.kernel.errors import BadInput
from earwitness.speech.ring import samples_of, wipe
from earwitness.speech.vad.port import FRAME_BYTES, FRAME_MS, FRAME_SAMPLES, VoiceDetector


class EndReason(StrEnum):
    """Why listening ended."""

    SILENCE = "silence"  # the person stopped
    LONGEST = "longest"  # cut at the maximum length
    NOTHING = "nothing"  # nobody spoke in time


@dataclass(frozen=True, slots=True)
class EndpointSettings:
    """Probabilities are the voice detector's; lengths are milliseconds."""

    start_probability: float = 0.5
    keep_probability: float = 0.35  # below the start's, or soft endings would count as silence
    start_ms: int = 96  # so much speech at a stretch is speech, less is a click
    sure_probability: float = 0.9  # a frame of it must be so surely speech: clatter in a kitchen gets to .8,
    unsure_ms: int = 480  # or this much at a stretch, for who speaks softly or far away
    complete_silence_ms: int = 224
    pause_ms: int = 320  # after a whole sentence that may go on: of recorded orders 1.6 % have such a pause at all
    silence_ms: int = 700
    patience_ms: int = 5_000  # from the wake word to the first word
    longest_ms: int = 15_000

    def __post_init__(self) -> None:
        """Refuse what would never end or cut everybody off.

        Raises:
            BadInput: a probability outside 0 to 1, or lengths out of order.
        """
        if not 0 < self.keep_probability <= self.start_probability <= self.sure_probability < 1:
            msg = "Voice probabilities must lie between 0 and 1 in this order: to go on, to start, to be sure."
            raise BadInput(msg)
        if not 0 < self.start_ms <= self.longest_ms or not (
            0 < self.complete_silence_ms <= self.pause_ms <= self.silence_ms
        ):
            msg = "Lengths must be positive, and the silence after a complete sentence not longer than the others."
            raise BadInput(msg)


@dataclass(frozen=True, slots=True)
class SpeechStarted:
    """Somebody began to speak at sample ``at``."""

    at: int


@dataclass(frozen=True, slots=True)
class SpeechEnded:
    """Listening is over: the last speech ended at sample ``at``, which was known at sample ``decided_at``."""

    at: int
    decided_at: int
    reason: EndReason


Endpoint = SpeechStarted | SpeechEnded


class Endpointer:
    """Finds start and end of one utterance; after the end it takes no more. One thread at a time."""

    def __init__(self, voice: VoiceDetector, settings: EndpointSettings | None = None) -> None:
        """Listen with a detector that remembers nothing of another stream."""
        self._voice = voice
        self._settings = settings or EndpointSettings()
        self._rest = bytearray()
        self._position = 0  # samples judged
        self._run_ms = 0  # speech at a stretch
        self._surest = 0.0  # probability in it
        self._started_at: int | None = None
        self._last_voice = 0
        self.ended: SpeechEnded | None = None

    @property
    def started(self) -> bool:
        """Whether speech was heard."""
        return self._started_at is not None

    @property
    def first_voice(self) -> int:
        """The sample at which speech began; 0 before."""
        return self._started_at or 0

    @property
    def last_voice(self) -> int:
        """The sample after the last speech so far."""
        return self._last_voice

    @property
    def silence_ms(self) -> int:
        """How long nobody has spoken since the last speech; 0 before the first."""
        return (self._position - self._last_voice) * 1000 // SAMPLE_RATE if self.started else 0

    def push(
        self, pcm: bytes | bytearray | memoryview, *, complete: bool = False, may_go_on: bool = False
    ) -> list[Endpoint]:
        """Judge more sound.

        ``complete`` says that the recogniser holds what was said so far for a whole sentence, ``may_go_on`` that a
        longer one begins with it.
        """
        self._rest += pcm
        events: list[Endpoint] = []
        while len(self._rest) >= FRAME_BYTES and self.ended is None:
            probability = self._voice.probability(bytes(self._rest[:FRAME_BYTES]))
            wipe(memoryview(self._rest)[:FRAME_BYTES])
            del self._rest[:FRAME_BYTES]
            self._position += FRAME_SAMPLES
            event = self._judge(probability, self._needed(complete=complete, may_go_on=may_go_on))
            if event is not None:
                events.append(event)
        if self.ended is not None:
            self.close()
        return events

    def close(self) -> None:
        """Overwrite what was not judged yet."""
        wipe(self._rest)
        self._rest.clear()

    def _needed(self, *, complete: bool, may_go_on: bool) -> int:
        """The silence (ms) that ends the utterance now."""
        if not complete:
            return self._settings.silence_ms
        return self._settings.pause_ms if may_go_on else self._settings.complete_silence_ms

    def _judge(self, probability: float, needed_ms: int) -> Endpoint | None:
        settings = self._settings
        if self._started_at is None:
            return self._before_speech(probability)
        if probability >= settings.keep_probability:
            self._last_voice = self._position
        if self._position - self._last_voice >= samples_of(needed_ms):
            return self._end(EndReason.SILENCE)
        if self._position - self._started_at >= samples_of(settings.longest_ms):
            return self._end(EndReason.LONGEST)
        return None

    def _before_speech(self, probability: float) -> Endpoint | None:
        settings = self._settings
        speech = probability >= settings.start_probability
        self._run_ms = self._run_ms + FRAME_MS if speech else 0
        self._surest = max(self._surest, probability) if speech else 0.0
        sure = self._surest >= settings.sure_probability or self._run_ms >= settings.unsure_ms
        if self._run_ms >= settings.start_ms and sure:
            self._started_at = self._position - samples_of(self._run_ms)
            self._last_voice = self._position
            return SpeechStarted(self._started_at)
        if self._position >= samples_of(settings.patience_ms):
            return self._end(EndReason.NOTHING)
        return None

    def _end(self, reason: EndReason) -> SpeechEnded:
        self.ended = SpeechEnded(self._last_voice, self._position, reason)
        return self.ended


def speech_only(pcm: bytes, voice: VoiceDetector, *, probability: float = 0.5, margin_ms: int = 200) -> bytes:
    """Return ``pcm`` cut to its speech with a margin on both sides; nothing is left of a clip without speech."""
    voiced = [
        at
        for at in range(0, len(pcm) - FRAME_BYTES + 1, FRAME_BYTES)
        if voice.probability(pcm[at : at + FRAME_BYTES]) >= probability
    ]
    if not voiced:
        return b""
    margin = samples_of(margin_ms) * SAMPLE_WIDTH
    return pcm[max(0, voiced[0] - margin) : voiced[-1] + FRAME_BYTES + margin]
