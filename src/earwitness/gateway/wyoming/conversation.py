"""One client of the services: its events one after the other, each given to the service that it is for.

An event that we do not know is ignored, as the protocol asks. An error is said and ends the connection: most clients
would wait for an answer that cannot come any more.
"""

import asyncio
from typing import Protocol

from earwitness.gateway.wyoming.answering import answered
from earwitness.gateway.wyoming.bounds import Bounds
from earwitness.gateway.wyoming.connection import Connection
from earwitness.gateway.wyoming.recognising import Recognising
from earwitness.gateway.wyoming.services import Kind, Services
from earwitness.gateway.wyoming.speaking import Speaking
from earwitness.gateway.wyoming.waking import Waking
from earwitness.kernel.errors import BadInput
from earwitness.protocol.wyoming import Event
from earwitness.protocol.wyoming.audio import AudioChunk, AudioStart, AudioStop
from earwitness.protocol.wyoming.control import Describe, Ping, Pong
from earwitness.protocol.wyoming.listening import Detect, Transcribe, Transcript
from earwitness.protocol.wyoming.meaning import Recognize
from earwitness.protocol.wyoming.speaking import Synthesize, SynthesizeChunk, SynthesizeStart, SynthesizeStop


class Listener(Protocol):
    """A service that sound goes to."""

    async def start(self, form: AudioStart) -> None:
        """Sound begins."""
        ...

    async def hear(self, chunk: AudioChunk) -> None:
        """A piece of it."""
        ...

    async def stop(self, end: AudioStop) -> None:
        """It is over."""
        ...

    async def close(self) -> None:
        """Give everything back; twice is fine."""
        ...


class Conversation:
    """What one client does with the services."""

    def __init__(
        self, services: Services, connection: Connection, bounds: Bounds, transcribing: asyncio.Semaphore
    ) -> None:
        """Serve this client; ``transcribing`` are the places that all clients share."""
        self._services = services
        self._connection = connection
        self._bounds = bounds
        self._transcribing = transcribing
        self._listener: Listener | None = None
        self._speaking = Speaking(services, connection, bounds) if Kind.TTS in services.programs else None

    async def run(self) -> None:
        """Serve until the client goes.

        Raises:
            EarwitnessError: what cannot be; the client is to be told, and the connection ended.
            ConnectionError: it broke.
        """
        try:
            while (event := await self._connection.receive()) is not None:
                await self._take(event)
        finally:
            await self._listen(None)

    async def _take(self, event: Event) -> None:
        match event.type:
            case Describe.type:
                await self._connection.send(self._services.info)
            case Ping.type:
                await self._connection.send(Pong(Ping.of(event).text))
            case Detect.type:
                self._services.need(Kind.WAKE)
                await self._listen(Waking(self._services, self._connection, Detect.of(event)))
            case Transcribe.type:
                await self._listen(self._recognising(Transcribe.of(event)))
            case Recognize.type:
                await self._connection.send(await answered(self._services, Recognize.of(event)))
            case Transcript.type:
                await self._connection.send(await answered(self._services, Transcript.of(event)))
            case AudioStart.type | AudioChunk.type | AudioStop.type:
                await self._hear(event)
            case Synthesize.type | SynthesizeStart.type | SynthesizeChunk.type | SynthesizeStop.type:
                await self._speak(event)

    def _recognising(self, wish: Transcribe) -> Recognising:
        self._services.need(Kind.ASR)
        return Recognising(self._services, self._connection, wish, self._transcribing, self._bounds)

    async def _listen(self, listener: Listener | None) -> None:
        before, self._listener = self._listener, listener
        if before is not None:
            await before.close()

    async def _hear(self, event: Event) -> None:
        if self._listener is None and Kind.WAKE in self._services.programs and Kind.ASR not in self._services.programs:
            raise BadInput("Sound came before 'detect'.")
        if self._listener is None:  # 'transcribe' may be left out
            await self._listen(self._recognising(Transcribe()))
        listener = self._listener
        assert listener is not None  # noqa: S101 - as was just seen to
        match event.type:
            case AudioStart.type:
                await listener.start(AudioStart.of(event))
            case AudioChunk.type:
                await listener.hear(AudioChunk.of(event))
            case AudioStop.type:
                await listener.stop(AudioStop.of(event))

    async def _speak(self, event: Event) -> None:
        self._services.need(Kind.TTS)
        speaking = self._speaking
        assert speaking is not None  # noqa: S101 - it is on, as was just checked
        match event.type:
            case Synthesize.type:
                await speaking.say(Synthesize.of(event))
            case SynthesizeStart.type:
                await speaking.begin(SynthesizeStart.of(event))
            case SynthesizeChunk.type:
                await speaking.go_on(SynthesizeChunk.of(event))
            case SynthesizeStop.type:
                await speaking.finish(SynthesizeStop.of(event))
