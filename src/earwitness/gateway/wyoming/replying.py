"""What a session tells its device → what a Wyoming satellite is sent, the sound not much ahead of being heard.

A satellite plays all that it was sent, and Wyoming has no word for stopping. So the hub sends the reply at the pace
at which it is played, a little ahead; at "stop" the rest is simply not sent. Every turn ends with one ``transcript``,
an empty one if nothing was heard: a satellite with a wake word of its own sends sound until it gets one.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from typing import Final

from earwitness.assistant import events
from earwitness.gateway.wyoming.waking import as_name
from earwitness.kernel.audio import SAMPLE_WIDTH
from earwitness.protocol.wyoming import Message
from earwitness.protocol.wyoming.audio import AudioChunk, AudioStart, AudioStop
from earwitness.protocol.wyoming.control import Error, PauseSatellite, RunSatellite
from earwitness.protocol.wyoming.listening import Detect, Detection, Transcribe, Transcript, VoiceStarted, VoiceStopped
from earwitness.protocol.wyoming.speaking import Synthesize

AHEAD_S: Final = 0.75  # of sound that the satellite holds; so much is still heard after "stop"
AFTER_S: Final = 0.25  # for the satellite's own buffers
PIECE: Final = 4_096  # bytes of sound in one event
MOST_WAITING: Final = 4 * 1024 * 1024  # bytes of a reply that wait to be sent
LANGUAGE: Final = "en"


class Reply:
    """The way from one session to one satellite. :meth:`run` sends; :meth:`tell` may be called from any task."""

    def __init__(
        self,
        send: Callable[[Message], Awaitable[None]],
        played: Callable[[], Awaitable[None]],
        muted: Callable[[], None],
        *,
        hub_wakes: bool,
    ) -> None:
        """Send with ``send``; ``played`` is called when a reply was heard, ``muted`` after what came before it."""
        self._send = send
        self._played = played
        self._muted = muted
        self._hub_wakes = hub_wakes
        self._waiting: deque[events.Event] = deque()
        self._bytes = 0
        self._changed = asyncio.Condition()
        self._silenced = asyncio.Event()
        self._said_played = asyncio.Event()
        self._rate = 0  # of the sound under way
        self._until = 0.0  # when all that was sent will have been played
        self._owes_transcript = False

    async def tell(self, event: events.Event) -> None:
        """Take an event of the session; waits while more than a few minutes of sound wait."""
        async with self._changed:
            if isinstance(event, events.Silence):
                self._drop_sound()
            await self._changed.wait_for(lambda: self._bytes < MOST_WAITING)
            self._bytes += _size(event)
            self._waiting.append(event)
            self._changed.notify_all()

    def satellite_played(self) -> None:
        """The satellite says that it has played everything."""
        self._said_played.set()

    async def run(self) -> None:
        """Send until cancelled.

        Raises:
            ConnectionError: the satellite is gone.
        """
        while True:
            async with self._changed:
                await self._changed.wait_for(lambda: self._waiting)
                event = self._waiting.popleft()
                self._bytes -= _size(event)
                self._changed.notify_all()
            if isinstance(event, events.Speech):
                await self._speak(event)
            else:
                for message in (*self._of_listening(event), *self._of_answering(event)):
                    await self._send(message)
            if isinstance(event, events.Muted) and event.on:
                self._muted()

    def _drop_sound(self) -> None:
        """Forget what was not sent yet, and wake whoever waits for it to be played."""
        kept = [each for each in self._waiting if not isinstance(each, events.Speech)]
        self._bytes -= sum(map(_size, self._waiting)) - sum(map(_size, kept))
        self._waiting = deque(kept)
        self._silenced.set()

    async def _speak(self, speech: events.Speech) -> None:
        now = asyncio.get_running_loop().time()
        if not self._rate and (speech.pcm or not speech.last):
            self._silenced.clear()
            self._said_played.clear()
            self._rate, self._until = speech.rate, now
            await self._send(AudioStart(speech.rate, SAMPLE_WIDTH, 1, 0))
        for at in range(0, len(speech.pcm), PIECE):
            if self._silenced.is_set():
                return  # the Silence that follows says the end
            piece = speech.pcm[at : at + PIECE]
            await self._send(AudioChunk(speech.rate, SAMPLE_WIDTH, 1, piece))
            self._until = max(self._until, now) + len(piece) / (SAMPLE_WIDTH * speech.rate)
            await self._wait_until(self._until - AHEAD_S, self._silenced)
        if speech.last:
            silenced = bool(self._rate) and await self._silenced_at_the_end()
            if not silenced:
                await self._played()

    async def _silenced_at_the_end(self) -> bool:
        """End the sound and wait until it was heard; return whether it was silenced meanwhile."""
        self._rate = 0
        await self._send(AudioStop())
        await self._wait_until(self._until + AFTER_S, self._said_played)
        return self._silenced.is_set()

    async def _wait_until(self, moment: float, unless: asyncio.Event) -> None:
        """Wait for a moment of the loop's clock, or until it is silenced or ``unless`` happens."""
        waits = [asyncio.ensure_future(each.wait()) for each in {unless, self._silenced}]
        try:
            patience = max(0.0, moment - asyncio.get_running_loop().time())
            await asyncio.wait(waits, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in waits:
                each.cancel()

    def _of_listening(self, event: events.Event) -> Iterator[Message]:
        match event:
            case events.Woken():
                self._owes_transcript = True
                if self._hub_wakes:
                    yield Detection(as_name(event.word))
            case events.Listening():
                self._owes_transcript = True
                yield Transcribe(language=LANGUAGE)
                yield VoiceStarted()
            case events.SpeechEnded():
                yield VoiceStopped()
            case events.Heard():
                yield from self._transcript(event.text)

    def _of_answering(self, event: events.Event) -> Iterator[Message]:
        match event:
            case events.Answered():
                yield from self._transcript("")
                if event.text:
                    yield Synthesize(event.text)
            case events.Silence():
                if self._rate:
                    self._rate = 0
                    yield AudioStop()
            case events.Idle():
                yield from self._transcript("")
                if self._hub_wakes:
                    yield Detect()
            case events.Muted():
                yield PauseSatellite() if event.on else RunSatellite()
            case events.Refused():
                yield Error(event.message, event.code)

    def _transcript(self, text: str) -> Iterator[Message]:
        """The transcript that ends a turn's listening, once."""
        if self._owes_transcript:
            self._owes_transcript = False
            yield Transcript(text, LANGUAGE)


def _size(event: events.Event) -> int:
    return len(event.pcm) if isinstance(event, events.Speech) else 0
