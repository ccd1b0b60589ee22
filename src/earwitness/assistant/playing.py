"""Playing sound into a session, as a device with a microphone would send it: for commands and measurements.

What is played is what is heard; after it comes nothing but silence. Playing faster than life is possible, since
positions are counted in samples.
"""

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final, TypeVar

from earwitness.assistant.assistant import Assistant
from earwitness.assistant.events import Event, Idle, Listening, Muted, Speech, SpeechEnded
from earwitness.assistant.session import Session, State
from earwitness.kernel.audio import SAMPLE_RATE, SAMPLE_WIDTH

PIECE: Final = 1_280  # bytes: 40 ms
LEAD: Final = bytes(SAMPLE_RATE * SAMPLE_WIDTH)  # a second: nobody speaks the moment a device comes in
TAIL: Final = bytes(8 * SAMPLE_RATE * SAMPLE_WIDTH)  # for the end of speech to be found
T = TypeVar("T", bound=Event)


@dataclass(slots=True)
class Played:
    """What came of it: each event with the seconds since the sound began, and the sound of the reply."""

    events: list[tuple[float, Event]] = field(default_factory=list)
    reply: bytearray = field(default_factory=bytearray)
    rate: int = 0

    def last(self, kind: type[T]) -> T | None:
        """The latest event of a kind."""
        return next((event for _, event in reversed(self.events) if isinstance(event, kind)), None)

    def when(self, kind: type[Event]) -> float | None:
        """When the first event of a kind came, in seconds since the sound began."""
        return next((at for at, event in self.events if isinstance(event, kind)), None)


@dataclass(slots=True)
class Player:
    """One device without a wake word of its own; ``pace`` plays as slowly as life, ``watch`` sees every event."""

    assistant: Assistant
    device: str
    watch: Callable[[float, Event], None] = lambda _at, _event: None
    pace: bool = False
    _session: Session | None = None
    _played: Played = field(default_factory=Played)
    _begun: float = 0.0
    _over: asyncio.Event = field(default_factory=asyncio.Event)

    async def open(self) -> Session:
        """Connect, unless it is connected.

        Raises:
            NotFound: no such device.
        """
        if self._session is None:
            self._session = await self.assistant.open(self.device, self._hear, wakes_itself=False)
        return self._session

    async def at_rest(self) -> None:
        """Wait until what is being said to the device has been said."""
        session = await self.open()
        await session.caught_up()
        if session.state is State.ANSWERING:
            await self._over.wait()

    async def leave(self) -> None:
        """Nobody answers what was asked last, and whatever rings is stopped by its button."""
        session = await self.open()
        await session.cancel()
        await session.caught_up()

    async def play(self, pcm: bytes, *, button: bool = False) -> Played:
        """Play 16 kHz mono s16le sound and wait until the turn is over, or nothing woke.

        Where the assistant has asked something, the sound is the answer; ``button``: no wake word is needed.

        Raises:
            NotFound: no such device.
        """
        session = await self.open()
        self._played, self._begun = Played(), time.monotonic()
        self._over.clear()
        if button:
            await session.listen()
        await self._send(session, pcm if button else LEAD + pcm)
        await session.finish()
        await session.caught_up()
        if self._played.when(SpeechEnded) is not None:
            await self._over.wait()
        return self._played

    async def close(self) -> None:
        """Disconnect."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _send(self, session: Session, pcm: bytes) -> None:
        sent = 0
        for piece in _pieces(pcm):
            await session.hear(piece)
            sent += len(piece)
            await self._keep_pace(sent)
        for piece in _pieces(TAIL):
            if self._played.when(SpeechEnded) is not None:
                return
            await session.hear(piece)
            sent += len(piece)
            await self._keep_pace(sent)

    async def _keep_pace(self, sent: int) -> None:
        ahead = sent / SAMPLE_WIDTH / SAMPLE_RATE - (time.monotonic() - self._begun)
        await asyncio.sleep(max(0.0, ahead) if self.pace else 0)

    async def _hear(self, event: Event) -> None:
        at = time.monotonic() - self._begun
        if isinstance(event, Speech):
            self._played.reply += event.pcm
            self._played.rate = event.rate or self._played.rate
            if event.last and self._session is not None:
                await self._session.played()
        self._played.events.append((at, event))
        self.watch(at, event)
        ended = self._played.when(SpeechEnded) is not None
        if isinstance(event, Idle | Muted) or (ended and isinstance(event, Listening)):
            self._over.set()


def _pieces(pcm: bytes) -> Iterator[bytes]:
    return (pcm[at : at + PIECE] for at in range(0, len(pcm), PIECE))
