"""Short replies, kept in memory: "done", "turned on the light" are said again and again.

Only in memory, only so many, and only short ones: a cache on the disk would be a copy of what was
answered that nobody erases.
"""

import threading
from collections import OrderedDict
from collections.abc import Iterator

from earwitness.speech.tts.port import Sound, Synthesizer

LONGEST_TEXT = 60
MOST_REPLIES = 64


class CachedSynthesizer:
    """The port :class:`Synthesizer` before another; the first time streams through, the next are at hand."""

    def __init__(self, engine: Synthesizer, *, most: int = MOST_REPLIES) -> None:
        """Remember at most ``most`` short replies of ``engine``, the least recently said goes first."""
        self._engine = engine
        self._most = most
        self._replies: OrderedDict[str, tuple[Sound, ...]] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def voice(self) -> str:
        """The engine's voice."""
        return self._engine.voice

    def speak(self, text: str) -> Iterator[Sound]:
        """Yield the speech; see the port."""
        with self._lock:
            known = self._replies.get(text)
            if known is not None:
                self._replies.move_to_end(text)
        if known is not None:
            yield from known
            return
        pieces: list[Sound] = []
        for piece in self._engine.speak(text):
            pieces.append(piece)
            yield piece
        if len(text) <= LONGEST_TEXT:
            self._remember(text, tuple(pieces))

    def forget(self) -> None:
        """Forget every reply, e.g. when a person erased what they had been answered."""
        with self._lock:
            self._replies.clear()

    def _remember(self, text: str, pieces: tuple[Sound, ...]) -> None:
        with self._lock:
            self._replies[text] = pieces
            while len(self._replies) > self._most:
                self._replies.popitem(last=False)
