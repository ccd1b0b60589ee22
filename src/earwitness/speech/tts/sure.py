"""A voice that always answers: the chosen engine, a second one behind it, what was made ahead, and at last a tone.

Apologies are made ahead (:meth:`SureSynthesizer.prepare`), while the engine lives, because they are needed when it does
not. A reply that broke off in its middle is ended with the tone; another voice beginning it again would say it twice.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from earwitness.kernel.errors import EngineError
from earwitness.speech.tts.port import Sound, Synthesizer
from earwitness.speech.tts.tone import SORRY_NOTES, tone

ATTEMPTS: Final = 2  # of the first engine: a process that died once may do the next time


class SureSynthesizer:
    """The port :class:`Synthesizer` that raises no ``EngineError``. Any number of threads."""

    def __init__(
        self, engine: Synthesizer, spare: Synthesizer | None = None, *, closing: Sequence[Callable[[], None]] = ()
    ) -> None:
        """Speak with ``engine``, with ``spare`` where it fails; ``closing`` is called when this is closed."""
        self._closing = closing
        self._engines = (*[engine] * ATTEMPTS, *([spare] if spare else []))
        self._ready: dict[str, tuple[Sound, ...]] = {}
        self._sorry = tone(SORRY_NOTES)
        self.failures = 0  # replies that the first engine did not speak; a count that threads may lose one of

    @property
    def voice(self) -> str:
        """The first engine's voice."""
        return self._engines[0].voice

    def close(self) -> None:
        """End what the engines hold."""
        for close in self._closing:
            close()

    def prepare(self, texts: Sequence[str]) -> None:
        """Make the sound of ``texts`` ahead, where an engine can; nothing of a person belongs in them."""
        for text in texts:
            for engine in self._engines:
                try:
                    self._ready[text] = tuple(engine.speak(text))
                    break
                except EngineError:
                    continue

    def speak(self, text: str) -> Iterator[Sound]:
        """Yield the speech; see the port. Refuses what the engine refuses (``BadInput``)."""
        begun = False
        for engine in self._engines:
            try:
                for piece in engine.speak(text):
                    begun = True
                    yield piece
            except EngineError:
                self.failures += 1
                if begun:
                    break
            else:
                return
        yield from (self._sorry,) if begun else self._ahead(text)

    def _ahead(self, text: str) -> tuple[Sound, ...]:
        """What was made ahead of the text or of its beginning, or the tone."""
        known = max((each for each in self._ready if text.startswith(each)), key=len, default=None)
        return (self._sorry,) if known is None else self._ready[known]
