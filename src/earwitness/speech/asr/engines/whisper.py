"""faster-whisper (MIT; Whisper's weights MIT) behind the port: an optional package, weights only from a local folder.

``earwitness engines install whisper`` fetches the weights. Here nothing is ever fetched: a folder that lacks a file is
refused before the library sees it, because the library would go and look for a tokenizer elsewhere.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from earwitness.kernel.errors import EngineFailed, EngineMissing
from earwitness.speech.asr.engines.transcribing import TranscribingRecogniser, Transcript
from earwitness.speech.asr.port import Word

if TYPE_CHECKING:
    import faster_whisper

NEEDED: Final = ("config.json", "model.bin", "tokenizer.json")
BEAM: Final = 1  # a household's sentences are short, and two cores are few
INSTALL: Final = "earwitness engines install whisper"


class Whisper:
    """Transcribes with a model in a folder."""

    def __init__(self, folder: str, *, threads: int = 1, language: str = "en") -> None:
        """Load it.

        Raises:
            EngineMissing: the package or the weights are not installed.
            EngineFailed: the weights cannot be read.
        """
        lacking = [name for name in NEEDED if not (Path(folder) / name).is_file()]
        if lacking:
            raise EngineMissing("The weights of Whisper are not installed.", next_step=INSTALL)
        try:
            from faster_whisper import WhisperModel  # noqa: PLC0415 - optional, and loads native libraries
        except ImportError as error:
            raise EngineMissing("The package faster-whisper is not installed.", next_step=INSTALL) from error
        try:
            self._model: faster_whisper.WhisperModel = WhisperModel(
                folder, device="cpu", compute_type="int8", cpu_threads=threads, local_files_only=True
            )
        except Exception as error:  # the library raises whatever its parts raise
            raise EngineFailed("The weights of Whisper cannot be read.", next_step=INSTALL) from error
        self._language = language if self._model.model.is_multilingual else "en"

    def __call__(self, sound: NDArray[np.float32]) -> Transcript:
        """Transcribe an utterance."""
        # Where it finds no times for the words the library drops the words as well, so then they are asked for alone.
        found = self._first(sound, times=True) or self._first(sound, times=False)
        if found is None:
            return Transcript("", 0.0)
        words = tuple(
            Word(each.word.strip(), round(1000 * each.start), round(1000 * each.end), float(each.probability))
            for each in found.words or ()
        )
        confidence = float(np.exp(found.avg_logprob)) * (1.0 - found.no_speech_prob)
        return Transcript(found.text.strip(), float(np.clip(confidence, 0.0, 1.0)), words)

    def _first(self, sound: NDArray[np.float32], *, times: bool) -> "faster_whisper.transcribe.Segment | None":
        """What the library writes of its first window, 30 seconds, which is all there is.

        It would go on behind the last word, and write something of the silence there.
        """
        segments, _ = self._model.transcribe(
            sound,
            language=self._language,
            beam_size=BEAM,
            temperature=0.0,
            condition_on_previous_text=False,
            without_timestamps=True,
            word_timestamps=times,
        )
        return next(iter(segments), None)


def load(folder: str, *, threads: int = 1, language: str = "en") -> TranscribingRecogniser:
    """Make the recogniser; called in its process."""
    return TranscribingRecogniser(Whisper(folder, threads=threads, language=language))
