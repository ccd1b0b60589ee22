"""One utterance being heard: end of speech and recognition side by side, while the person speaks.

Its sound rests here, in memory, until it is kept or wiped; of it only what lies between the first and the last
speech, with a margin, is ever handed on (:meth:`Utterance.cut`).
"""

import threading
from dataclasses import dataclass, field, replace
from typing import Final

from earwitness.kernel.audio import SAMPLE_RATE, SAMPLE_WIDTH
from earwitness.speech.asr.port import Hypothesis, Listening, Partial, Recognition
from earwitness.speech.endpointing import Endpointer, EndpointSettings, EndReason, SpeechStarted
from earwitness.speech.ring import samples_of, wipe
from earwitness.speech.vad.pool import VoicePool
from earwitness.speech.vad.port import FRAME_BYTES

LEAD_MS: Final = 300  # given to the recogniser before the first speech
MARGIN_MS: Final = 200  # kept on both sides of the speech
NOTHING: Final = Partial("", complete=False, may_go_on=True)
SETTLE_MS: Final = 128  # of silence, after which the recogniser works ahead


@dataclass(frozen=True, slots=True)
class Heard:
    """What came of an utterance: positions in milliseconds from its beginning; ``reason`` why listening ended."""

    recognition: Recognition
    speech_ms: int
    silence_ms: int
    reason: EndReason
    pcm: bytes = field(repr=False)  # cut to the speech


UNHEARD: Final = Heard(Recognition((), 0.0, 0), 0, 0, EndReason.NOTHING, b"")


class Utterance:
    """One utterance; calls from several threads wait for each other. :meth:`close` it whatever happens."""

    def __init__(self, listening: Listening, voices: VoicePool, settings: EndpointSettings | None = None) -> None:
        """Begin to hear; ``listening`` is the utterance's own and is ended here.

        Raises:
            EngineError: every voice detector is in use, or one cannot be loaded.
        """
        self._voices = voices
        self._listening = listening
        try:
            self._voice = voices.borrow()
        except BaseException:
            listening.cancel()
            raise
        self._endpointer = Endpointer(self._voice, settings)
        self._sound = bytearray()
        self._judged = 0  # bytes
        self._fed_from: int | None = None  # bytes
        self._settled = False
        self._so_far = NOTHING
        self._open = True
        self._lock = threading.Lock()  # a turn that is dropped is closed while a thread may still be hearing it

    @property
    def started(self) -> bool:
        """Whether speech was heard."""
        return self._endpointer.started

    @property
    def ended(self) -> bool:
        """Whether its end was found."""
        return self._endpointer.ended is not None

    def push(self, pcm: bytes | bytearray) -> bool:
        """Hear more; return whether the utterance has ended. What comes after the end is not taken.

        Raises:
            EngineError: the recogniser failed.
        """
        with self._lock:
            if not self._open:
                return True
            self._sound += pcm
            while len(self._sound) - self._judged >= FRAME_BYTES and not self.ended:
                self._judge(bytes(self._sound[self._judged : self._judged + FRAME_BYTES]))
            return self.ended

    def _judge(self, frame: bytes) -> None:
        so_far = self._so_far = self._partial()
        events = self._endpointer.push(frame, complete=so_far.complete, may_go_on=so_far.may_go_on)
        if self._fed_from is None:
            self._begin(next((each.at for each in events if isinstance(each, SpeechStarted)), None))
        if self._fed_from is not None:
            self._listening.feed(frame)
        self._judged += len(frame)
        self._work_ahead()

    def _partial(self) -> Partial:
        """What the recogniser holds it for; asked only where speech may just have ended, not while it works ahead."""
        if self._fed_from is None or self._endpointer.silence_ms == 0:
            return NOTHING
        return self._so_far if self._settled else self._listening.partial()

    def _begin(self, speech_at: int | None) -> None:
        """Give the recogniser what came before the speech was noticed."""
        if speech_at is not None:
            self._fed_from = max(0, speech_at - samples_of(LEAD_MS)) * SAMPLE_WIDTH
            self._listening.feed(bytes(self._sound[self._fed_from : self._judged]))

    def _work_ahead(self) -> None:
        silent = self._fed_from is not None and self._endpointer.silence_ms >= SETTLE_MS
        if silent and not self._settled and not self.ended:
            self._listening.settle()
        self._settled = silent

    def finish(self) -> Heard:
        """End (a found end or, on demand, right now) and say what was heard.

        Raises:
            EngineError: the recogniser failed.
        """
        with self._lock:
            return self._finish() if self._open else UNHEARD

    def _finish(self) -> Heard:
        end = self._endpointer.ended
        if self._fed_from is None:
            self._listening.cancel()
            return UNHEARD
        speech_end = end.at if end else self._endpointer.last_voice
        begun = self._fed_from // SAMPLE_WIDTH
        answer = self._listening.finish(speech_end_ms=max(0, _ms(speech_end - begun)))
        decided = end.decided_at if end else self._judged // SAMPLE_WIDTH
        return Heard(
            _moved(answer, _ms(begun - self._cut_from())),
            _ms(speech_end - self._endpointer.first_voice),
            _ms(decided - speech_end),
            end.reason if end else EndReason.SILENCE,
            self.cut(speech_end),
        )

    def cut(self, speech_end: int) -> bytes:
        """The sound from the first to the last speech with a margin on both sides."""
        end = speech_end + samples_of(MARGIN_MS)
        return bytes(self._sound[self._cut_from() * SAMPLE_WIDTH : end * SAMPLE_WIDTH])

    def _cut_from(self) -> int:
        return max(0, self._endpointer.first_voice - samples_of(MARGIN_MS))

    def close(self) -> None:
        """Overwrite the sound and give the engines back; twice is fine."""
        with self._lock:
            if self._open:
                self._open = False
                wipe(self._sound)
                self._endpointer.close()
                self._listening.cancel()
                self._voices.give_back(self._voice)


def _ms(samples: int) -> int:
    return samples * 1000 // SAMPLE_RATE


def _moved(answer: Recognition, by_ms: int) -> Recognition:
    """The recognition with its word times counted from the beginning of the cut sound."""
    return replace(answer, hypotheses=tuple(_hypothesis_moved(each, by_ms) for each in answer.hypotheses))


def _hypothesis_moved(one: Hypothesis, by_ms: int) -> Hypothesis:
    words = (
        replace(each, start_ms=max(0, each.start_ms + by_ms), end_ms=max(0, each.end_ms + by_ms)) for each in one.words
    )
    return replace(one, words=tuple(words))
