"""microWakeWord through pymicro-wakeword (Apache-2.0): a stream costs a quarter of a megabyte and .6 % of a core.

The features are made once for all words of a stream. No silence gate stands before the engine: the model
streams, and sound kept from it would leave a hole in what it remembers, for very little saved.
"""

import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from earwitness.kernel.audio import SAMPLE_WIDTH
from earwitness.kernel.errors import BadInput, EngineFailed, EngineMissing, NotFound
from earwitness.speech.ring import samples_of
from earwitness.speech.wake.models import SHIPPED, WakeModel, shipped_model
from earwitness.speech.wake.port import WakeHeard

FloatArray = np.ndarray[Any, np.dtype[Any]]

if TYPE_CHECKING:
    from pymicro_wakeword import MicroWakeWord, MicroWakeWordFeatures

CUTOFF = 0.3  # low on purpose: finds everybody, also in noise; the second verification drops what is not the word
QUIET_MS = 300  # the same word is not heard twice within this, nor before its score fell
FEATURE_SAMPLES = 160  # one feature frame


class MicroWakeDetector:
    """The port :class:`~earwitness.speech.wake.port.WakeDetector`."""

    def __init__(self, models: tuple[WakeModel, ...], *, cutoff: float | None = CUTOFF) -> None:
        """Listen with ``models``; ``cutoff`` None takes each author's own.

        Raises:
            BadInput: no model, two for one word, or a cutoff outside 0 to 1.
        """
        self._models = {model.word: model for model in models}
        if not models or len(self._models) != len(models):
            msg = "A wake word detector needs one model for each word."
            raise BadInput(msg)
        if cutoff is not None and not 0 < cutoff < 1:
            msg = f"A cutoff of {cutoff} is not between 0 and 1."
            raise BadInput(msg)
        self._cutoff = cutoff

    @classmethod
    def shipped(cls, *words: str, cutoff: float | None = CUTOFF) -> "MicroWakeDetector":
        """Listen for shipped words (all four by default).

        Raises:
            NotFound: there is no such word.
        """
        return cls(tuple(shipped_model(word) for word in words or SHIPPED), cutoff=cutoff)

    @property
    def words(self) -> tuple[str, ...]:
        """See the port."""
        return tuple(self._models)

    def open(self, words: tuple[str, ...] | None = None) -> "MicroWakeStream":
        """See the port."""
        chosen = self.words if words is None else tuple(word.lower() for word in words)
        unknown = [word for word in chosen if word not in self._models]
        if unknown or not chosen:
            msg = f"This detector does not know the wake word '{', '.join(unknown)}'."
            raise NotFound(msg, next_step=f"It knows {', '.join(self.words)}.")
        return MicroWakeStream([_Listening(self._models[word], self._cutoff) for word in chosen])


class MicroWakeStream:
    """The port :class:`~earwitness.speech.wake.port.WakeStream`."""

    def __init__(self, listening: list["_Listening"]) -> None:
        """Take the words' interpreters; use :meth:`MicroWakeDetector.open`."""
        self._listening = listening
        self._features = _features()
        self._frames = 0
        self._closed = False
        self._lock = threading.Lock()  # closing frees native memory that a thread may still be reading

    def push(self, pcm: bytes | bytearray | memoryview) -> list[WakeHeard]:
        """See the port."""
        if len(pcm) % SAMPLE_WIDTH:
            msg = f"{len(pcm)} bytes are not whole samples."
            raise BadInput(msg, next_step="Send 16-bit samples.")
        with self._lock:
            return self._push(bytes(pcm))

    def _push(self, pcm: bytes) -> list[WakeHeard]:
        if self._closed:
            msg = "This wake word stream is closed."
            raise EngineFailed(msg)
        heard: list[WakeHeard] = []
        for features in self._features.process_streaming(pcm):
            self._frames += 1
            at = (self._frames + 2) * FEATURE_SAMPLES  # a frame looks at 30 ms, the first comes after 30 ms
            for word in self._listening:
                score = word.score(features, at)
                if score is not None:
                    heard.append(WakeHeard(word.name, at, score))
        return heard

    def scores(self, pcm: bytes) -> Iterator[tuple[int, float]]:
        """Yield (sample position, averaged probability) of the first word every 30 ms: for training and figures."""
        for features in self._features.process_streaming(pcm):
            self._frames += 1
            probability = self._listening[0].probability(features)
            if probability is not None:
                yield (self._frames + 2) * FEATURE_SAMPLES, probability

    def reset(self) -> None:
        """See the port."""
        with self._lock:
            if self._closed:
                return
            self._features.reset()
            self._frames = 0
            for word in self._listening:
                word.reset()

    def close(self) -> None:
        """See the port."""
        with self._lock:
            if not self._closed:
                self._closed = True
                self._features.reset()
                for word in self._listening:
                    word.close()


class _Listening:
    """One word in one stream: the interpreter and when it last fired."""

    def __init__(self, model: WakeModel, cutoff: float | None) -> None:
        self.name = model.word
        self._cutoff = model.cutoff if cutoff is None else cutoff
        self._engine = _load(model)
        self._quiet_until = 0
        self._fell = True
        self._taken = 0

    def score(self, features: FloatArray, at: int) -> float | None:
        probability = self.probability(features)
        if probability is None:
            return None
        if probability <= self._cutoff:
            self._fell = True
            return None
        if not self._fell or at < self._quiet_until:
            return None
        self._fell = False
        self._quiet_until = at + samples_of(QUIET_MS)
        return min(1.0, probability)

    def probability(self, features: FloatArray) -> float | None:
        """Take a feature frame; return the averaged probability at every third, None between."""
        probability = self._engine.process_streaming_prob(features)
        if probability is None:
            msg = "The wake word engine was closed."
            raise EngineFailed(msg)
        self._taken = (self._taken + 1) % self._engine.stride
        return None if self._taken else float(probability)

    def reset(self) -> None:
        self._engine.reset()
        self._taken = 0
        self._fell = True
        self._quiet_until = 0

    def close(self) -> None:
        self._engine.close()


def _features() -> "MicroWakeWordFeatures":
    from pymicro_wakeword import MicroWakeWordFeatures  # noqa: PLC0415 - loads a native library

    return MicroWakeWordFeatures()


def _load(model: WakeModel) -> "MicroWakeWord":
    try:
        from pymicro_wakeword import MicroWakeWord  # noqa: PLC0415 - as above
    except (ImportError, OSError) as error:
        msg = "The wake word engine cannot be loaded."
        raise EngineMissing(msg, next_step="Install the package pymicro-wakeword for this platform.") from error
    try:
        return MicroWakeWord.from_config(model.description)
    except (ValueError, RuntimeError, OSError, KeyError) as error:
        msg = f"The wake word model of '{model.word}' cannot be loaded."
        raise EngineFailed(msg, next_step="Give another microWakeWord model.") from error
