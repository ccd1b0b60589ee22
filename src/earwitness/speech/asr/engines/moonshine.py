"""moonshine-voice (MIT, as its English weights) behind the port: an optional package, weights only from a local folder.

``earwitness engines install moonshine`` fetches the weights. The library itself looks for a model only where it is
told to; its own downloading functions are never called.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from earwitness.kernel.errors import EngineFailed, EngineMissing
from earwitness.speech.asr.engines.transcribing import TranscribingRecogniser, Transcript
from earwitness.speech.asr.port import Word

if TYPE_CHECKING:
    import moonshine_voice

INSTALL: Final = "earwitness engines install moonshine"
EVERY_MS: Final = 500  # it costs by the length of the sound, so it can be asked while the person speaks
UNTOLD: Final = 0.8  # its confidence, where it tells none: what it wrote is taken for heard


class Moonshine:
    """Transcribes with a model in a folder; ``arch`` is the library's number for its architecture."""

    def __init__(self, folder: str, *, arch: int, word_times: bool = False) -> None:
        """Load it.

        Raises:
            EngineMissing: the package or the weights are not installed.
            EngineFailed: the weights cannot be read.
        """
        if not (Path(folder) / "tokenizer.bin").is_file():
            raise EngineMissing("The weights of Moonshine are not installed.", next_step=INSTALL)
        try:
            from moonshine_voice.moonshine_api import ModelArch  # noqa: PLC0415 - optional, and loads native libraries
            from moonshine_voice.transcriber import Transcriber  # noqa: PLC0415 - likewise
        except (ImportError, OSError) as error:
            raise EngineMissing("The package moonshine-voice is not installed.", next_step=INSTALL) from error
        options = {"return_audio_data": "false"} | ({"word_timestamps": "true"} if word_times else {})
        try:
            self._model: moonshine_voice.transcriber.Transcriber = Transcriber(folder, ModelArch(arch), options=options)
        except Exception as error:  # the library raises whatever its parts raise
            raise EngineFailed("The weights of Moonshine cannot be read.", next_step=INSTALL) from error

    def __call__(self, sound: NDArray[np.float32]) -> Transcript:
        """Transcribe an utterance."""
        lines = self._model.transcribe_without_streaming(sound.tolist(), 16_000).lines
        words = tuple(
            Word(each.word.strip(), round(1000 * each.start), round(1000 * each.end), float(each.confidence))
            for line in lines
            for each in line.words or ()
        )
        told = [each.confidence for each in words if 0.0 < each.confidence <= 1.0]
        confidence = float(np.mean(told)) if told else UNTOLD
        return Transcript(" ".join(line.text.strip() for line in lines), confidence, words)


def load(folder: str, *, arch: int, word_times: bool = False) -> TranscribingRecogniser:
    """Make the recogniser; called in its process."""
    return TranscribingRecogniser(Moonshine(folder, arch=arch, word_times=word_times), every_ms=EVERY_MS)
