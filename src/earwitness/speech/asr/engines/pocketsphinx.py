"""PocketSphinx (BSD; its English model ships with it) as a recogniser of closed sentences: nothing to download.

While the person speaks, frames are decoded as they come (:meth:`partial`). At a pause (:meth:`settle`) and at the
end the utterance is decoded again with its own cepstral mean, which is worth several points. ``bestpath`` stays
off: with it the decoder answers sentences outside the grammar. What comes out is held against the
grammar again, and a logistic regression on what the decoder reports says whether it was a sentence at all
(``confidence``).
"""

from collections.abc import Iterator
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
from earwitness.speech.asr.engines.segments import PHONE, SCORE_UNIT, Segment, open_spans
from earwitness.speech.asr.features import (
    CEPSTRA,
    FRAME_MS,
    Floats,
    Frontend,
    NoiseTracker,
    RunningMean,
    cepstra,
)
from earwitness.speech.asr.port import Hypothesis, Partial, Recognition, Word
from earwitness.speech.lexicon.espeak import EspeakLexicon

LONGEST_MS: Final = 30_000
TAIL_FRAMES: Final = 25  # silence that is kept behind the end of speech
WARPS: Final = (0.92, 0.96, 1.04, 1.08)  # vocal tract lengths tried where the first pass leaves doubt
FEW_WARPS: Final = (0.94, 1.06)  # for large grammars, where each pass takes long
SMALL: Final = 3_000  # arcs
UNHEARD: Final = 0.02  # so surely no sentence that trying on is no use
CERTAIN: Final = 0.97
TEMPERATURE: Final = 0.5  # nats a frame: a pass so much worse than the best has a vote of a third
OPEN_BELOW: Final = 0.5  # open slots are tried where no closed sentence is likely
OTHERS: Final = 0.2  # what is left for the closed readings beside one with an open slot
UNSCORED: Final = 0.05  # weight of what only the stream said
NOT_STREAMED: Final = Partial("", complete=False, may_go_on=True)


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
        bands = self._frontend.bands()[:last]
        noisy = clearance_db(bands) < NOISY_BELOW_DB
        answer = self._judge(self._noisy if noisy else self._clean, cepstra(bands) if noisy else frames, last, streamed)
        self._decoder.activate_search(CLOSED)
        return answer

    def _judge(self, passes: Passes, frames: Floats, last: int, streamed: Partial) -> Recognition:
        heard_ms = len(frames) * FRAME_MS
        closed = passes.run(CLOSED, frames)
        found = [closed] if closed else []
        loop = passes.run(LOOP, frames)
        answer = _answer(found, loop, streamed, heard_ms)
        if UNHEARD < answer.in_grammar < CERTAIN or not found:
            found += self._again(passes, last)
            answer = _answer(found, loop, streamed, heard_ms)
        if answer.in_grammar < OPEN_BELOW and self._grammar.open_slots():
            answer = self._with_open(passes, answer, loop, frames)
        return answer

    def _with_open(self, passes: Passes, answer: Recognition, loop: Found | None, frames: Floats) -> Recognition:
        """The answer, or before it a sentence with an open slot where that is more likely."""
        found = passes.run(OPEN, frames)
        if found is None or not open_spans(found.segments):
            return answer
        phones = sum(each.word.startswith(PHONE) for each in found.segments)
        fair = replace(found, score=found.score + phones * PHONE_PENALTY / SCORE_UNIT)
        opened = _answer([fair], loop, Partial("", complete=False, may_go_on=False), answer.heard_ms)
        if opened.in_grammar <= answer.in_grammar:
            return answer
        filled = self._fill(fair, frames)
        first = Hypothesis(filled.text, _words(filled.segments), 1.0 - OTHERS)
        others = (replace(each, score=each.score * OTHERS) for each in answer.hypotheses)
        return Recognition((first, *others), opened.in_grammar, answer.heard_ms)

    def _fill(self, path: Found, frames: Floats) -> Found:
        found = self._dictation.words(frames, open_spans(path.segments))
        closed = [each for each in path.segments if not each.word.startswith(PHONE)]
        segments = sorted((*closed, *(each for words in found for each in words)), key=lambda each: each.start)
        return replace(path, text=" ".join(each.word for each in segments if each.spoken), segments=segments)

    def _again(self, passes: Passes, last: int) -> Iterator[Found]:
        """What the utterance says if the speaker's vocal tract is shorter or longer than the model's."""
        small = sum(map(len, self._grammar.arcs)) <= SMALL
        for warp in WARPS if small else FEW_WARPS:
            bands = self._frontend.bands(warp)
            frames = cepstra(bands if passes is self._noisy else NoiseTracker().clean(bands))
            found = passes.run(CLOSED, frames[:last])
            if found:
                yield found


def _answer(paths: list[Found], loop: Found | None, streamed: Partial, heard_ms: int) -> Recognition:
    """What the passes said, each text once, the one with most votes first; the scores add up to one."""
    if not paths or loop is None:
        return Recognition((), 0.0, heard_ms)
    paths = sorted(paths, key=lambda each: -each.score)
    frame_nats = SCORE_UNIT * FRAME_MS / heard_ms
    best: dict[str, Found] = {}
    votes: dict[str, float] = {}
    for each in paths:
        best.setdefault(each.text, each)
        vote = float(np.exp((each.score - paths[0].score) * frame_nats / TEMPERATURE))
        votes[each.text] = votes.get(each.text, 0.0) + vote
    first = best[max(votes, key=votes.__getitem__)]
    chance = confidence.in_grammar(confidence.measure(first.segments, (first.score - loop.score) * frame_nats))
    if streamed.complete:
        votes.setdefault(streamed.text, UNSCORED)
    total = sum(votes.values())
    words = {text: _words(each.segments) for text, each in best.items()}
    ordered = sorted(votes, key=lambda text: -votes[text])
    return Recognition(
        tuple(Hypothesis(text, words.get(text, ()), votes[text] / total) for text in ordered), chance, heard_ms
    )


def _words(segments: list[Segment]) -> tuple[Word, ...]:
    return tuple(
        Word(each.word, each.start * FRAME_MS, each.end * FRAME_MS, confidence.of_word(each))
        for each in segments
        if each.spoken
    )
