"""One acoustic model with its searches: the sentences and any phones, each run over a whole utterance."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from earwitness.kernel.errors import EngineFailed
from earwitness.kernel.word_graph import WordGraph
from earwitness.speech.asr.engines.searches import CLOSED, LOOP, OPEN, load_decoder, load_loop, transitions
from earwitness.speech.asr.engines.segments import Segment, read_segments
from earwitness.speech.asr.features import Floats, centred


@dataclass(frozen=True, slots=True)
class Found:
    """What one pass found: ``score`` is the path's, to be compared on the same frames and model only."""

    text: str
    score: float
    segments: list[Segment]


class Passes:
    """A decoder with its acoustic model. One utterance at a time."""

    def __init__(self, acoustics: Path | None = None, *, with_open: bool = True, **files: str) -> None:
        """Load the model in the folder ``acoustics``, or the one that ships, with some ``files`` of it replaced.

        ``with_open``: sentences with open slots can be searched for, too.

        Raises:
            EngineMissing: pocketsphinx cannot be loaded here.
        """
        self.decoder = load_decoder(acoustics, **files)
        load_loop(self.decoder)
        self._grammar = WordGraph(({},), 0, frozenset())
        self._loaded = True
        self._with_open = with_open

    def unknown(self, words: frozenset[str]) -> list[str]:
        """Those of the words whose pronunciation is not known."""
        return sorted(word for word in words if self.decoder.lookup_word(word) is None)

    def learn(self, pronunciations: Mapping[str, Sequence[str]]) -> None:
        """Take in pronunciations."""
        for word, phones in pronunciations.items():
            self.decoder.add_word(word, " ".join(phones), False)

    def expect(self, grammar: WordGraph) -> None:
        """Take in sentences when they are first needed; a large grammar takes the decoder a third of a second."""
        self._grammar, self._loaded = grammar, False

    def load(self) -> None:
        """Take them in now.

        Raises:
            EngineFailed: the decoder did not take them.
        """
        if self._loaded:
            return
        try:
            self._load_search(CLOSED, self._grammar.closed())
            if self._with_open and self._grammar.open_slots():
                self._load_search(OPEN, self._grammar)
            self.decoder.activate_search(CLOSED)
        except (RuntimeError, ValueError) as error:
            raise EngineFailed("The recogniser did not take the sentences.") from error
        self._loaded = True

    def _load_search(self, name: str, grammar: WordGraph) -> None:
        fsg = self.decoder.create_fsg(name, grammar.start, len(grammar.arcs), list(transitions(grammar)))
        self.decoder.add_fsg(name, fsg)

    def run(self, search: str, frames: Floats) -> Found | None:
        """Hear a whole utterance; None where nothing was found, or no sentence of the grammar."""
        self.load()
        self.decoder.activate_search(search)
        self.decoder.start_utt()
        try:
            self.decoder.process_cep(centred(frames).tobytes(), full_utt=True)
        finally:
            self.decoder.end_utt()
        found = self.decoder.hyp()
        if found is None or (search != LOOP and not self._grammar.accepts(_filled(found.hypstr))):
            return None
        return Found(bare(found.hypstr), float(np.log(max(found.score, 1e-300))), list(read_segments(self.decoder)))

    def sentences(self, frames: Floats) -> list[Found]:
        """The sentence found in a whole utterance, if there is one."""
        found = self.run(CLOSED, frames)
        return [found] if found else []


def bare(text: str) -> str:
    """Words without the decoder's phones of open slots."""
    return " ".join(word for word in text.split() if word[:1] not in "<[(+")


def _filled(text: str) -> list[str]:
    """Words with what was said in an open slot as one word that is in no grammar."""
    return [word for word in text.split() if word[:1] not in "<(+"]
