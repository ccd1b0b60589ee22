"""Short replies, kept in memory for some minutes: "done", "turned on the light" are said again and again.

A reply may hold something of a person ("you have milk on your list"), so: only in memory, never on a disk where nobody
erases it; only short ones; only so many and so much; and each only for ten minutes, as long as the hub remembers the
turn itself, whether or not anybody speaks again. What belongs to nobody (an apology) is made ahead in ``sure``.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from earwitness.speech.tts.port import Sound, Synthesizer

LONGEST_TEXT: Final = 60
MOST_REPLIES: Final = 64
MOST_BYTES: Final = 8_000_000  # about three minutes of speech
KEPT_S: Final = 600.0


@dataclass(frozen=True, slots=True)
class _Reply:
    pieces: tuple[Sound, ...]
    until: float

    @property
    def size(self) -> int:
        return sum(len(each.pcm) for each in self.pieces)


class CachedSynthesizer:
    """The port :class:`Synthesizer` before another; the first time streams through, the next are at hand."""

    def __init__(
        self,
        engine: Synthesizer,
        *,
        most: int = MOST_REPLIES,
        kept_s: float = KEPT_S,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Remember at most ``most`` short replies of ``engine`` for ``kept_s`` seconds; the least recent goes first."""
        self._engine = engine
        self._most, self._kept_s, self._monotonic = most, kept_s, monotonic
        self._replies: OrderedDict[str, _Reply] = OrderedDict()
        self._lock = threading.Lock()
        self._timer: threading.Timer | None = None

    @property
    def voice(self) -> str:
        """The engine's voice."""
        return self._engine.voice

    def __len__(self) -> int:
        """How many replies are remembered."""
        with self._lock:
            return len(self._replies)

    def speak(self, text: str) -> Iterator[Sound]:
        """Yield the speech; see the port."""
        self.expire()
        with self._lock:
            known = self._replies.get(text)
            if known is not None:
                self._replies.move_to_end(text)
        if known is not None:
            yield from known.pieces
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
            self._stop_timer()

    def expire(self) -> None:
        """Forget the replies whose time is over."""
        now = self._monotonic()
        with self._lock:
            for text in [text for text, reply in self._replies.items() if reply.until <= now]:
                del self._replies[text]
            self._stop_timer()
            self._start_timer(now)

    def _remember(self, text: str, pieces: tuple[Sound, ...]) -> None:
        now = self._monotonic()
        with self._lock:
            self._replies[text] = _Reply(pieces, now + self._kept_s)
            while len(self._replies) > self._most or sum(each.size for each in self._replies.values()) > MOST_BYTES:
                self._replies.popitem(last=False)
            if self._timer is None:
                self._start_timer(now)

    def _start_timer(self, now: float) -> None:
        """Expire even if nobody speaks again."""
        if self._replies:
            first = min(each.until for each in self._replies.values())
            self._timer = threading.Timer(max(0.0, first - now) + 0.001, self.expire)
            self._timer.daemon = True
            self._timer.start()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
