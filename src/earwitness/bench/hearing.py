"""Hears recordings as a turn hears a person, for the benchmarks that need no whole installation: and takes the time."""

import time
from dataclasses import dataclass, field
from typing import Final

from earwitness.assistant.utterance import LEAD_MS, NOTHING, SETTLE_MS
from earwitness.kernel.audio import SAMPLE_RATE, SAMPLE_WIDTH
from earwitness.speech.asr.port import Recogniser, Recognition
from earwitness.speech.endpointing import Endpointer, EndpointSettings, SpeechStarted
from earwitness.speech.ring import samples_of
from earwitness.speech.vad.port import FRAME_BYTES
from earwitness.speech.vad.silero import SileroVoice

PIECE: Final = 1_024  # bytes: 32 ms
SPEECH: Final = 0.5
# the recordings begin with up to six seconds of silence, where a wake word would stand
LISTENING: Final = EndpointSettings(patience_ms=15_000)


@dataclass(slots=True)
class Clockwork:
    """Seconds of work for seconds of sound."""

    work: float = 0.0
    sound: float = 0.0
    answered: list[float] = field(default_factory=list)  # after the end of speech, silence and work together
    ends: list[int] = field(default_factory=list)  # of each utterance: the sample at which its speech ended


def hear(recogniser: Recogniser, pcm: bytes, voice: SileroVoice, clock: Clockwork) -> Recognition:
    """One utterance as a turn hears it: in pieces, with the endpointer's settings, worked ahead at a pause."""
    started = time.perf_counter()
    hearing = _Hearing(recogniser, pcm, voice)
    for at in range(0, len(pcm), PIECE):
        if hearing.ended_with(at):
            break
    answer = hearing.finish(clock)
    clock.work += time.perf_counter() - started
    clock.sound += len(pcm) / SAMPLE_WIDTH / SAMPLE_RATE
    return answer


class _Hearing:
    """What a turn does with an utterance, and when it would have its answer."""

    def __init__(self, recogniser: Recogniser, pcm: bytes, voice: SileroVoice) -> None:
        voice.reset()
        self._endpointer, self._listening = Endpointer(voice, LISTENING), recogniser.listen()
        self._pcm = pcm
        self._begun_at: int | None = None  # bytes
        self._settled_s: float | None = None  # how long working ahead took at this pause
        self._partial = NOTHING

    def ended_with(self, at: int) -> bool:
        """Hear the piece at byte ``at``; return whether the utterance has ended."""
        endpointer, listening = self._endpointer, self._listening
        if self._begun_at is not None and endpointer.silence_ms == 0:
            self._settled_s, self._partial = None, NOTHING
        elif self._begun_at is not None and self._settled_s is None:
            self._partial = listening.partial()
        piece = self._pcm[at : at + PIECE]
        so_far = self._partial
        for event in endpointer.push(piece, complete=so_far.complete, may_go_on=so_far.may_go_on):
            if isinstance(event, SpeechStarted):
                self._begun_at = max(0, event.at - samples_of(LEAD_MS)) * SAMPLE_WIDTH
                listening.feed(self._pcm[self._begun_at : at])
        if self._begun_at is not None:
            listening.feed(piece)
        if endpointer.silence_ms >= SETTLE_MS and self._settled_s is None and endpointer.ended is None:
            settling = time.perf_counter()
            listening.settle()
            self._settled_s = time.perf_counter() - settling
        return endpointer.ended is not None

    def finish(self, clock: Clockwork) -> Recognition:
        ended, begun = self._endpointer.ended, (self._begun_at or 0) // SAMPLE_WIDTH
        finishing = time.perf_counter()
        spoken_ms = (ended.at - begun) * 1000 // SAMPLE_RATE if ended else None
        answer = self._listening.finish(speech_end_ms=max(0, spoken_ms) if spoken_ms is not None else None)
        waited = (ended.decided_at - ended.at) / SAMPLE_RATE if ended else 0.0
        ahead = SETTLE_MS / 1000 + self._settled_s if self._settled_s is not None else 0.0
        clock.answered.append(max(waited, ahead) + time.perf_counter() - finishing)
        clock.ends.append(ended.at if ended else len(self._pcm) // SAMPLE_WIDTH)
        return answer


def last_voice(pcm: bytes, voice: SileroVoice) -> int:
    """The sample at which the speech of a clean clip ends."""
    voice.reset()
    starts = range(0, len(pcm) - FRAME_BYTES + 1, FRAME_BYTES)
    voiced = [at for at in starts if voice.probability(pcm[at : at + FRAME_BYTES]) >= SPEECH]
    return (voiced[-1] + FRAME_BYTES) // SAMPLE_WIDTH if voiced else 0
