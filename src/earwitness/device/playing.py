"""Replies and tones in order, one after the other, beside whatever else the satellite does."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field

from earwitness.device.speaker import Speaker
from earwitness.device.tones import RATE, Tone
from earwitness.kernel.errors import SpeakerFailed

MOST_WAITING = 256  # pieces; the hub sends four seconds ahead at most


@dataclass(frozen=True, slots=True)
class _Reply:
    """The end of a reply."""


@dataclass(frozen=True, slots=True)
class _Start:
    rate: int


@dataclass(frozen=True, slots=True)
class _Sound:
    pcm: bytes = field(repr=False)


class Player:
    """Plays. :meth:`run` it in a task; the other methods return at once."""

    def __init__(self, speaker: Speaker, played: Callable[[], Awaitable[None]], failed: Callable[[str], None]) -> None:
        """``played`` is called after each whole reply, ``failed`` with a sentence when the speaker fails."""
        self._speaker = speaker
        self._played = played
        self._failed = failed
        self._waiting: asyncio.Queue[_Start | _Sound | _Reply | Tone] = asyncio.Queue(MOST_WAITING)
        self._playing: asyncio.Task[None] | None = None
        self._open = False  # a reply has begun and was not stopped
        self.is_busy = False

    def start(self, rate: int) -> None:
        """A reply begins."""
        self._open = True
        self._put(_Start(rate))

    def write(self, pcm: bytes) -> None:
        """More of it; of one that was stopped nothing more is played."""
        if self._open:
            self._put(_Sound(pcm))

    def end(self) -> None:
        """It is whole."""
        if self._open:
            self._open = False
            self._put(_Reply())

    def tone(self, tone: Tone) -> None:
        """Play a tone after what waits."""
        self._put(tone)

    def stop(self) -> None:
        """Be silent at once; what waits is thrown away."""
        self._open = False
        while not self._waiting.empty():
            self._waiting.get_nowait()
        if self._playing is not None:
            self._playing.cancel()

    async def run(self) -> None:
        """Play until cancelled."""
        try:
            while True:
                item = await self._waiting.get()
                self.is_busy = True
                self._playing = asyncio.create_task(self._play(item))
                await self._finished(self._playing)
                self._playing = None
                self.is_busy = not self._waiting.empty()
        finally:
            await self._speaker.close()

    async def _finished(self, playing: asyncio.Task[None]) -> None:
        try:
            await asyncio.wait({playing})
        finally:
            playing.cancel()
        try:
            await playing
        except asyncio.CancelledError:
            await self._speaker.stop()
        except SpeakerFailed as error:
            await self._speaker.stop()
            self._failed(f"{error.what} {error.next_step}".strip())

    async def _play(self, item: _Start | _Sound | _Reply | Tone) -> None:
        match item:
            case _Start(rate):
                await self._speaker.start(rate)
            case _Sound(pcm):
                await self._speaker.write(pcm)
            case _Reply():
                await self._speaker.finish()
                await self._played()
            case Tone():
                await self._speaker.start(RATE)
                await self._speaker.write(item.samples())
                await self._speaker.finish()

    def _put(self, item: _Start | _Sound | _Reply | Tone) -> None:
        self.is_busy = True
        with suppress(asyncio.QueueFull):  # a hub that sends more than it may loses it
            self._waiting.put_nowait(item)
