"""PocketSphinx (BSD; its English model ships with it) as a recogniser of closed sentences: nothing to download.

While the person speaks, frames are decoded as they come (:meth:`partial`). At a pause (:meth:`settle`) and at the
end the utterance is decoded again with its own cepstral mean, which is worth several points. ``bestpath`` stays
off: with it the decoder answers sentences outside the grammar. What comes out is held against the
grammar again, and a logistic regression on what the decoder reports says whether it was a sentence at all
(``confidence``).
"""

from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np

from earwitness.kernel.audio import SAMPLE_RATE, SAMPLE_WIDTH
from earwitness.kernel.errors import BadInput
from earwitness.kernel.word_graph import WordGraph
from earwitness.speech.asr import confidence
from earwitness.speech.asr.engines.dictation import Dictation
from earwitness.speech.asr.engines.noise import NOISY_BELOW_DB, clearance_db, load_noisy
from earwitness.speech.asr.engines.passes import Found, Passes, bare
from earwitness.speech.asr.engines.searches import CLOSED, LOOP, OPEN, PHONE_PENALTY
from earwitness.speech.asr.engines.segments import PHONE, SCORE_UNIT, open_spans
from earwitness.speech.asr.engines.votes import NOT_STREAMED, Reading, agree, answer, words_of
from earwitness.speech.asr.features import (
    CEPSTRA,
    FRAME_MS,
    Floats,
    Frontend,
    NoiseTracker,
    RunningMean,
    cepstra,
)
from earwitness.speech.asr.port import Hypothesis, Partial, Recognition
from earwitness.speech.lexicon.espeak import EspeakLexicon

LONGEST_MS: Final = 30_000
TAIL_FRAMES: Final = 25  # silence that is kept behind the end of speech
WARPS: Final = (0.92, 0.96, 1.04, 1.08)  # vocal tract lengths tried where the first pass leaves doubt
FEW_WARPS: Final = (0.94, 1.06)  # for large grammars, where each pass takes long
SMALL: Final = 3_000  # arcs
UNHEARD: Final = 0.02  # so surely no sentence that trying on is no use
CERTAIN: Final = 0.97
OPEN_BELOW: Final = 0.5  # open slots are tried where no closed sentence is likely
CLEAN_IN_NOISE: Final = 0.4  # the vote of the model for clean speech beside the one for noise: wrong more often there
OTHERS: Final = 0.2  # what is left for the closed readings beside one with an open slot


class PocketSphinxRecogniser:
    """The port :class:`~earwitness.speech.asr.port.Recogniser`. One utterance at a time."""

    def __init__(self, lexicon: EspeakLexicon | None = None, acoustics: Path | None = None) -> None:
        """Load the model; ``acoustics`` is the folder of one that was learned (speech.asr.acoustics).

        Raises:
            EngineMissing: pocketsphinx cannot be loaded here.
        """
        self._clean = Passes(acoustics)
        self._noisy = load_noisy(acoustics)
        self._lexicon = lexicon or EspeakLexicon()
        self._dictation = Dictation()
        self._grammar: WordGraph | None = None

    def prepare(self, grammar: WordGraph) -> None:
        """See the port. Costs some milliseconds; the same grammar again costs nothing."""
        if grammar is self._grammar:
            return
        unknown = self._clean.unknown(grammar.words())
        learned = dict(zip(unknown, self._lexicon.pronounce(unknown), strict=True))
        for each in (self._clean, self._noisy):
            each.learn(learned)
            each.expect(grammar)
        self._clean.load()
        self._grammar = grammar

    def listen(self) -> "PocketSphinxListening":
        """See the port."""
        if self._grammar is None:
            raise BadInput("The recogniser has no sentences yet.", next_step="Call prepare with a grammar first.")
        return PocketSphinxListening(self._clean, self._noisy, self._grammar, self._dictation)


class PocketSphinxListening:
    """The port :class:`~earwitness.speech.asr.port.Listening`."""

    def __init__(self, clean: Passes, noisy: Passes, grammar: WordGraph, dictation: Dictation) -> None:
        """Begin to hear an utterance."""
        self._decoder = clean.decoder
        self._clean, self._noisy, self._grammar, self._dictation = clean, noisy, grammar, dictation
        self._frontend = Frontend()
        self._frames: list[Floats] = []
        self._count = 0
        self._heard = 0
        self._settled: tuple[int, Recognition] | None = None
        self._open = True
        self._mean = RunningMean()
        self._streaming = False

    def feed(self, pcm: bytes) -> None:
        """See the port."""
        self._must_be_open()
        self._heard += len(pcm)
        if self._heard > LONGEST_MS * SAMPLE_RATE * SAMPLE_WIDTH // 1000:
            self.cancel()
            raise BadInput("The utterance is longer than 30 seconds.", next_step="End it at a pause.")
        frames = self._frontend.push(pcm)
        if len(frames):
            self._frames.append(frames)
            self._count += len(frames)
            if self._streaming or self._settled is None:  # what follows a pause is most often its silence
                self._stream()

    def partial(self) -> Partial:
        """See the port."""
        if not self._streaming and self._frames:
            self._stream()
        found = self._decoder.hyp() if self._streaming else None
        text = bare(found.hypstr) if found else ""
        words = text.split()
        return Partial(text, bool(words) and self._grammar.accepts(words), self._grammar.may_go_on(words))

    def settle(self) -> None:
        """See the port."""
        self._must_be_open()
        self._settled = self._count, self._decode(self._count)

    def finish(self, *, speech_end_ms: int | None = None) -> Recognition:
        """See the port."""
        self._must_be_open()
        last = self._count if speech_end_ms is None else min(self._count, speech_end_ms // FRAME_MS + TAIL_FRAMES)
        if self._settled and abs(self._settled[0] - last) <= TAIL_FRAMES:
            answer = self._settled[1]
        else:
            answer = self._decode(last)
        self.cancel()
        return answer

    def cancel(self) -> None:
        """See the port."""
        self._open = False
        self._stop()
        self._frames.clear()
        self._frontend.forget()

    def _must_be_open(self) -> None:
        if not self._open:
            raise BadInput("This utterance has ended.", next_step="Begin another one.")

    def _stream(self) -> None:
        """Decode what came last; after ``settle`` from the beginning again."""
        if self._streaming:
            self._decoder.process_cep(self._mean.centre(self._frames[-1]).tobytes())
            return
        self._decoder.start_utt()
        self._streaming, self._mean = True, RunningMean()
        self._decoder.process_cep(self._mean.centre(np.concatenate(self._frames)).tobytes())

    def _stop(self) -> None:
        if self._streaming:
            self._decoder.end_utt()
            self._streaming = False

    def _decode(self, last: int) -> Recognition:
        """Decode the first ``last`` frames as a whole; the stream of partial results ends with it."""
        streamed = self.partial() if self._streaming else NOT_STREAMED
        self._stop()
        frames = np.concatenate(self._frames)[:last] if self._frames else np.zeros((0, CEPSTRA), np.float32)
        heard_ms = len(frames) * FRAME_MS
        if heard_ms < confidence.SHORTEST_MS:
            return Recognition((), 0.0, heard_ms)
        answer = self._judge(frames, last, streamed)
        self._decoder.activate_search(CLOSED)
        return answer

    def _judge(self, frames: Floats, last: int, streamed: Partial) -> Recognition:
        heard_ms = len(frames) * FRAME_MS
        bands = self._frontend.bands()[:last]
        clean = _read(self._clean, frames)
        noisy = _read(self._noisy, cepstra(bands)) if clearance_db(bands) < NOISY_BELOW_DB else None
        if noisy:
            clean.weight = CLEAN_IN_NOISE
        readings = [noisy, clean] if noisy else [clean]
        found = answer(readings, streamed, heard_ms)
        unsure = UNHEARD < found.in_grammar < CERTAIN or not found.hypotheses
        if unsure and not (noisy and agree(noisy, clean)):
            self._again(clean, noisy, last)
            found = answer(readings, streamed, heard_ms)
        if found.in_grammar < OPEN_BELOW and self._grammar.open_slots():
            found = self._with_open(found, clean.loop, frames)
        return found

    def _with_open(self, closed: Recognition, loop: Found | None, frames: Floats) -> Recognition:
        """The answer, or before it a sentence with an open slot where that is more likely."""
        found = self._clean.run(OPEN, frames)
        if found is None or not open_spans(found.segments):
            return closed
        phones = sum(each.word.startswith(PHONE) for each in found.segments)
        fair = replace(found, score=found.score + phones * PHONE_PENALTY / SCORE_UNIT)
        opened = answer([Reading(loop, [fair])], NOT_STREAMED, closed.heard_ms)
        if opened.in_grammar <= closed.in_grammar:
            return closed
        filled = self._fill(fair, frames)
        first = Hypothesis(filled.text, words_of(filled.segments), 1.0 - OTHERS)
        others = (replace(each, score=each.score * OTHERS) for each in closed.hypotheses)
        return Recognition((first, *others), opened.in_grammar, closed.heard_ms)

    def _fill(self, path: Found, frames: Floats) -> Found:
        found = self._dictation.words(frames, open_spans(path.segments))
        closed = [each for each in path.segments if not each.word.startswith(PHONE)]
        segments = sorted((*closed, *(each for words in found for each in words)), key=lambda each: each.start)
        return replace(path, text=" ".join(each.word for each in segments if each.spoken), segments=segments)

    def _again(self, clean: Reading, noisy: Reading | None, last: int) -> None:
        """Hear it as if the speaker's vocal tract were shorter or longer than the model's."""
        small = sum(map(len, self._grammar.arcs)) <= SMALL
        if noisy is not None and small:
            for warp in WARPS:
                noisy.paths += self._noisy.sentences(cepstra(self._frontend.bands(warp)[:last]))
        if noisy is None or not small:
            for warp in WARPS if small else FEW_WARPS:
                bands = NoiseTracker().clean(self._frontend.bands(warp)[:last])
                clean.paths += self._clean.sentences(cepstra(bands))


def _read(passes: Passes, frames: Floats) -> Reading:
    """What one model makes of an utterance at first hearing."""
    return Reading(passes.run(LOOP, frames), passes.sentences(frames))
