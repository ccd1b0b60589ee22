"""What recognisers that take down any speech have in common: they hear the whole utterance at once.

Sound is gathered in memory. At a pause (:meth:`TranscribedListening.settle`) and at the end it is transcribed as a
whole, and what was taken down is held against the grammar (``transcripts``). ``in_grammar`` is the engine's own
confidence times how near the sentence is: a probability by its range, not calibrated. ``Recognition.free`` has the
words as they were taken down, for whoever understands more than the grammar.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from earwitness.kernel.audio import SAMPLE_RATE, SAMPLE_WIDTH
from earwitness.kernel.errors import BadInput
from earwitness.kernel.word_graph import WordGraph
from earwitness.speech.asr.port import LONGEST_MS, Hypothesis, Partial, Recognition, Word
from earwitness.speech.asr.transcripts import Near, nearest, plain_words, unlike

SHORTEST_MS: Final = 150
TAIL_MS: Final = 250  # silence that is kept behind the end of speech
SHARPNESS: Final = 10.0  # how much a nearer sentence is more likely: e times for each tenth of the words


@dataclass(frozen=True, slots=True)
class Transcript:
    """What an engine took down: ``confidence`` 0 to 1; ``words`` as it spells them, none where it tells no times."""

    text: str
    confidence: float
    words: tuple[Word, ...] = ()


Transcribe = Callable[[NDArray[np.float32]], Transcript]
"""Sound at 16 kHz, -1 to 1, to what was said."""


class TranscribingRecogniser:
    """The port :class:`~earwitness.speech.asr.port.Recogniser` around a ``transcribe``. One utterance at a time."""

    def __init__(self, transcribe: Transcribe, *, every_ms: int = 0) -> None:
        """Transcribe with it; while the person speaks each ``every_ms`` of sound (0: only at a pause)."""
        self._transcribe, self._every_ms = transcribe, every_ms
        self._grammar: WordGraph | None = None

    def prepare(self, grammar: WordGraph) -> None:
        """See the port. Any word can be recognised, so nothing is loaded."""
        self._grammar = grammar

    def listen(self) -> "TranscribedListening":
        """See the port."""
        if self._grammar is None:
            raise BadInput("The recogniser has no sentences yet.", next_step="Call prepare with a grammar first.")
        return TranscribedListening(self._transcribe, self._grammar, self._every_ms)


class TranscribedListening:
    """The port :class:`~earwitness.speech.asr.port.Listening`."""

    def __init__(self, transcribe: Transcribe, grammar: WordGraph, every_ms: int) -> None:
        """Begin to hear an utterance."""
        self._transcribe, self._grammar, self._every_ms = transcribe, grammar, every_ms
        self._sound = bytearray()
        self._known: tuple[int, Transcript] = (0, Transcript("", 0.0))  # of the sound up to so many ms
        self._settled = -1
        self._open = True

    def feed(self, pcm: bytes) -> None:
        """See the port."""
        self._must_be_open()
        self._sound += pcm
        if self._heard_ms > LONGEST_MS:
            self.cancel()
            raise BadInput("The utterance is longer than 30 seconds.", next_step="End it at a pause.")

    def partial(self) -> Partial:
        """See the port; as of the last pause, or the last ``every_ms``."""
        if self._open and self._every_ms and self._heard_ms - self._known[0] >= self._every_ms:
            self._hear(self._heard_ms)
        words = plain_words(self._known[1].text)
        return Partial(
            " ".join(words), bool(words) and self._grammar.accepts(words), bool(self._grammar.may_go_on(words))
        )

    def settle(self) -> None:
        """See the port."""
        self._must_be_open()
        self._hear(self._heard_ms)
        self._settled = self._heard_ms

    def finish(self, *, speech_end_ms: int | None = None) -> Recognition:
        """See the port."""
        self._must_be_open()
        last = self._heard_ms if speech_end_ms is None else min(self._heard_ms, speech_end_ms + TAIL_MS)
        if self._settled < 0 or abs(self._settled - last) > TAIL_MS:
            self._hear(last)
        answer = recognition(self._known[1], self._grammar, last)
        self.cancel()
        return answer

    def cancel(self) -> None:
        """See the port."""
        self._open = False
        self._sound[:] = bytes(len(self._sound))
        self._known = (0, Transcript("", 0.0))

    @property
    def _heard_ms(self) -> int:
        return len(self._sound) * 1000 // (SAMPLE_RATE * SAMPLE_WIDTH)

    def _hear(self, last_ms: int) -> None:
        if last_ms < SHORTEST_MS:
            self._known = (last_ms, Transcript("", 0.0))
            return
        end = last_ms * SAMPLE_RATE // 1000 * SAMPLE_WIDTH
        samples = np.frombuffer(bytes(self._sound[:end]), "<i2").astype(np.float32) / np.float32(32_768)
        self._known = (last_ms, self._transcribe(samples))

    def _must_be_open(self) -> None:
        if not self._open:
            raise BadInput("This utterance has ended.", next_step="Begin another one.")


def recognition(transcript: Transcript, grammar: WordGraph, heard_ms: int) -> Recognition:
    """What was taken down as sentences of the grammar."""
    heard = plain_words(transcript.text)
    found = nearest(grammar, heard)
    if not found:
        return Recognition((), 0.0, heard_ms, " ".join(heard))
    weights = [float(np.exp(-SHARPNESS * (each.distance - found[0].distance))) for each in found]
    timed = _timed(transcript, heard, heard_ms)
    hypotheses = tuple(
        Hypothesis(" ".join(each.words), _placed(each, timed), weight / sum(weights))
        for each, weight in zip(found, weights, strict=True)
    )
    return Recognition(hypotheses, transcript.confidence * (1.0 - found[0].distance), heard_ms, " ".join(heard))


def _timed(transcript: Transcript, heard: tuple[str, ...], heard_ms: int) -> tuple[Word, ...] | None:
    """The plain words with their times; one that is spelled as several ("7:30") shares its time among them."""
    timed: list[Word] = []
    for each in transcript.words:
        start, end = (min(max(0, time), heard_ms) for time in (each.start_ms, each.end_ms))
        parts = plain_words(each.text)
        edges = [start + (end - start) * at // max(1, len(parts)) for at in range(len(parts) + 1)]
        timed += [
            Word(part, first, last, each.confidence) for part, (first, last) in zip(parts, pairwise(edges), strict=True)
        ]
    return tuple(timed) if tuple(each.text for each in timed) == heard else None


def _placed(near: Near, timed: tuple[Word, ...] | None) -> tuple[Word, ...]:
    """The sentence's words at the times of the heard ones; none where a word was not heard or has no time."""
    if timed is None or -1 in near.places:
        return ()
    pairs = [(word, timed[place]) for word, place in zip(near.words, near.places, strict=True)]
    return tuple(
        Word(word, heard.start_ms, heard.end_ms, heard.confidence * (1.0 - unlike(word, heard.text)))
        for word, heard in pairs
    )
