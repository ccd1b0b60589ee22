"""A fake recogniser that hears sound in which each letter is a sample, and fakes that go wrong in every way.

It runs in a process of its own like the real ones: ``SPELLED`` is handed to the pool.
"""

import os
import signal
import socket
import tempfile
import threading
from collections.abc import Sequence

import numpy as np

from earwitness.kernel.audio import SAMPLE_RATE
from earwitness.kernel.errors import BadInput, EngineFailed, EngineMissing
from earwitness.kernel.word_graph import WordGraph
from earwitness.speech.asr.port import LONGEST_MS, Hypothesis, Partial, Recognition, Word
from earwitness.speech.asr.process import EngineSpec

LETTER_MS = 50
DIES, HANGS, BREAKS, WRITES = "dies", "hangs", "breaks", "writes"


def spell(text: str) -> bytes:
    """Sound that the fake hears as ``text``: each letter is a sample in 50 ms of silence."""
    sound = np.zeros((len(text), SAMPLE_RATE * LETTER_MS // 1000), "<i2")
    sound[:, 0] = [ord(letter) for letter in text]
    return sound.tobytes()


class SpelledRecogniser:
    """The port ``Recogniser`` without an engine. What dies, hangs, breaks and writes say happens when it hears them."""

    def __init__(self, unpronounceable: Sequence[str] = ()) -> None:
        """Know every word but the ``unpronounceable``."""
        self._unpronounceable = frozenset(unpronounceable)
        self._grammar: WordGraph | None = None

    def prepare(self, grammar: WordGraph) -> None:
        """See the port."""
        if grammar.words() & self._unpronounceable:
            raise EngineMissing("A word has no pronunciation.", next_step="Spell it as it sounds.")
        self._grammar = grammar

    def listen(self) -> "SpelledListening":
        """See the port."""
        if self._grammar is None:
            raise BadInput("The recogniser has no sentences yet.", next_step="Call prepare with a grammar first.")
        return SpelledListening(self._grammar)


class SpelledListening:
    """The port ``Listening``."""

    def __init__(self, grammar: WordGraph) -> None:
        """Hear sentences of ``grammar``."""
        self._grammar = grammar
        self._sound = b""
        self._open = True

    def feed(self, pcm: bytes) -> None:
        """See the port."""
        self._must_be_open()
        self._sound += pcm
        if len(self._sound) > LONGEST_MS * SAMPLE_RATE // 500:
            self.cancel()
            raise BadInput("The utterance is longer than 30 seconds.", next_step="End it at a pause.")

    def partial(self) -> Partial:
        """See the port."""
        words = self._words()
        if words[-1:] == [DIES]:
            os.kill(os.getpid(), signal.SIGKILL)
        if words[-1:] == [HANGS]:
            threading.Event().wait()
        if words[-1:] == [BREAKS]:
            raise RuntimeError(" ".join(words))
        if words[-1:] == [WRITES]:
            with tempfile.TemporaryFile() as file:
                file.write(self._sound)
        return Partial(" ".join(words), bool(words) and self._grammar.accepts(words), self._grammar.may_go_on(words))

    def settle(self) -> None:
        """See the port."""
        self._must_be_open()

    def finish(self, *, speech_end_ms: int | None = None) -> Recognition:
        """See the port."""
        self._must_be_open()
        last = len(self._sound) if speech_end_ms is None else speech_end_ms * SAMPLE_RATE // 500
        self._sound = self._sound[:last]
        partial, heard_ms = self.partial(), len(self._sound) * 500 // SAMPLE_RATE
        self.cancel()
        if not partial.complete:
            return Recognition((), 0.0, heard_ms)
        words, at = [], 0
        for each in partial.text.split():
            words.append(Word(each, at * LETTER_MS, (at + len(each)) * LETTER_MS, 1.0))
            at += len(each) + 1
        return Recognition((Hypothesis(partial.text, tuple(words), 1.0),), 1.0, heard_ms)

    def cancel(self) -> None:
        """See the port."""
        self._open, self._sound = False, b""

    def _must_be_open(self) -> None:
        if not self._open:
            raise BadInput("This utterance has ended.", next_step="Begin another one.")

    def _words(self) -> list[str]:
        whole = self._sound[: len(self._sound) // 2 * 2]
        letters = (chr(each) for each in np.frombuffer(whole, "<i2") if each > 0)
        return "".join(letters).split()


def calling(port: int) -> SpelledRecogniser:
    """An engine that calls somebody while it loads.

    Raises:
        EngineMissing: nobody could be reached.
    """
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    except OSError as error:
        raise EngineMissing("There is no network.") from error
    return SpelledRecogniser()


def missing() -> SpelledRecogniser:
    """An engine that is not installed."""
    raise EngineMissing("The engine is not installed.", next_step="earwitness engines install NAME")


def stillborn() -> SpelledRecogniser:
    """An engine that kills its process while it loads."""
    os.kill(os.getpid(), signal.SIGKILL)
    raise EngineFailed


SPELLED = EngineSpec("spelled", f"{__name__}:SpelledRecogniser")
MISSING = EngineSpec("missing", f"{__name__}:missing")
STILLBORN = EngineSpec("stillborn", f"{__name__}:stillborn")
