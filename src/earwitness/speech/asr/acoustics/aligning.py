"""Which state of the acoustic model each 10 ms of a clip belongs to, given the words that were said."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from earwitness.kernel.errors import EngineFailed
from earwitness.speech.asr.acoustics.model import Floats, Ints
from earwitness.speech.asr.engines.noise import NOISY_BELOW_DB, clearance_db
from earwitness.speech.asr.engines.searches import FEATURES
from earwitness.speech.asr.features import Frontend, centred, cepstra
from earwitness.speech.lexicon.espeak import EspeakLexicon

if TYPE_CHECKING:
    import pocketsphinx

WIDE: Final = {"beam": 1e-100, "pbeam": 1e-100, "wbeam": 1e-80}  # the words are known: only their times are sought
FEWEST_FRAMES: Final = 20
SILENT: Final = -1
_WORD = re.compile(r"[a-z']+")


@dataclass(frozen=True, slots=True)
class Aligned:
    """``states[frame]`` is a senone, or :data:`SILENT` where the decoder gave none; ``quiet[frame]``: no word there."""

    states: Ints
    quiet: np.ndarray[tuple[int], np.dtype[np.bool_]]


@dataclass(frozen=True, slots=True)
class Heard:
    """A clip's features, (n, 13), not centred: with the noise weighed down, and as it is.

    ``noisy``: the recogniser hears this clip with the model for speech in noise as well, as it is.
    """

    clean: Floats
    plain: Floats
    noisy: bool


def hear(pcm: bytes) -> Heard:
    """The features of a clip as the recogniser hears it."""
    frontend = Frontend()
    clean = frontend.push(pcm)
    bands = frontend.bands()
    return Heard(clean, cepstra(bands), len(bands) > 0 and clearance_db(bands) < NOISY_BELOW_DB)


def frames_of(pcm: bytes) -> Floats:
    """The features of a clip with the noise weighed down: (n, 13), not centred."""
    return Frontend().push(pcm)


class Aligner:
    """Aligns clips with their words. One at a time; loads PocketSphinx with its model."""

    def __init__(self, lexicon: EspeakLexicon | None = None) -> None:
        """Load the model."""
        import pocketsphinx  # noqa: PLC0415 - loads a native library

        self._decoder: pocketsphinx.Decoder = pocketsphinx.Decoder(
            lm=None, remove_noise=False, featparams=FEATURES, loglevel="FATAL", bestpath=False, **WIDE
        )
        self._lexicon = lexicon or EspeakLexicon()

    def align(self, frames: Floats, text: str) -> Aligned | None:
        """Align centred features with words; None where they do not fit.

        Raises:
            EngineMissing: a word has no pronunciation and nothing that could make one is installed.
        """
        words = _WORD.findall(text.lower())
        if len(frames) < FEWEST_FRAMES or not words:
            return None
        self._learn(words)
        try:
            self._decoder.set_align_text(" ".join(words))
            self._decode(frames)
            self._decoder.set_alignment()
            self._decode(frames)
            found = self._decoder.get_alignment()
        except RuntimeError:  # the sentence did not reach its end in the sound
            return None
        return None if found is None else self._read(found, len(frames))

    def _decode(self, frames: Floats) -> None:
        self._decoder.start_utt()
        try:
            self._decoder.process_cep(centred(frames).tobytes(), full_utt=True)
        finally:
            self._decoder.end_utt()

    def _learn(self, words: list[str]) -> None:
        unknown = sorted({word for word in words if self._decoder.lookup_word(word) is None})
        for word, phones in zip(unknown, self._lexicon.pronounce(unknown), strict=True):
            self._decoder.add_word(word, " ".join(phones), True)

    @staticmethod
    def _read(found: "pocketsphinx.Alignment", count: int) -> Aligned:
        states = np.full(count, SILENT, np.intp)
        quiet = np.ones(count, np.bool_)
        for word in found:
            if word.name[:1] not in "<[(+":
                quiet[word.start : word.start + word.duration] = False
            for phone in word:
                for state in phone:
                    states[state.start : state.start + state.duration] = _senone(state.name)
        return Aligned(states, quiet)


def _senone(name: str) -> int:
    if not name.isdigit():
        raise EngineFailed("PocketSphinx aligned with states it does not name.")
    return int(name)
