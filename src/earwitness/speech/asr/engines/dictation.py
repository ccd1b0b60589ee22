"""Open dictation for what stands in an open slot: PocketSphinx with the language model that ships with it.

The whole utterance is decoded once more, so that the words before the slot give context and the cepstral mean is
that of the utterance; the words whose middle lies in the slot are taken.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from earwitness.kernel.errors import EngineMissing
from earwitness.speech.asr.engines.searches import FEATURES
from earwitness.speech.asr.engines.segments import Segment, read_segments
from earwitness.speech.asr.features import Floats, centred

if TYPE_CHECKING:
    import pocketsphinx


class Dictation:
    """Free text; its model (27 MB) is loaded when first needed. One utterance at a time."""

    def __init__(self) -> None:
        """Load nothing yet."""
        self._decoder: pocketsphinx.Decoder | None = None

    def words(self, frames: Floats, spans: Sequence[tuple[int, int]]) -> list[list[Segment]]:
        """The words spoken in each span of frames.

        Raises:
            EngineMissing: the model cannot be loaded.
        """
        decoder = self._decoder = self._decoder or _load()
        decoder.start_utt()
        try:
            decoder.process_cep(centred(frames).tobytes(), full_utt=True)
        finally:
            decoder.end_utt()
        spoken = [each for each in read_segments(decoder) if each.spoken] if decoder.hyp() else []
        return [[each for each in spoken if start <= (each.start + each.end) // 2 < end] for start, end in spans]


def _load() -> "pocketsphinx.Decoder":
    try:
        import pocketsphinx  # noqa: PLC0415 - loads a native library

        return pocketsphinx.Decoder(remove_noise=False, featparams=FEATURES, loglevel="FATAL")
    except (ImportError, OSError, RuntimeError) as error:
        msg = "PocketSphinx's language model cannot be loaded."
        raise EngineMissing(msg, next_step="Install the package pocketsphinx for this platform.") from error
