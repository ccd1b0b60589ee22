"""The asr service: an utterance in, decoded while it comes, its transcript out. Nothing of it is kept."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Final

from earwitness.assistant.utterance import Utterance
from earwitness.gateway.wyoming.bounds import Bounds
from earwitness.gateway.wyoming.connection import Connection
from earwitness.gateway.wyoming.services import Services
from earwitness.gateway.wyoming.sound import must_be_ours
from earwitness.kernel.audio import SAMPLE_RATE, SAMPLE_WIDTH
from earwitness.kernel.errors import BadInput, EngineBusy
from earwitness.protocol.wyoming.audio import AudioChunk, AudioStart, AudioStop
from earwitness.protocol.wyoming.listening import (
    Transcribe,
    Transcript,
    TranscriptChunk,
    TranscriptStart,
    TranscriptStop,
)
from earwitness.speech.asr.port import LONGEST_MS

PAUSE_MS: Final = 3_000  # the client says when the utterance is over; a pause to think is not the end
LANGUAGE: Final = "en"


class Recognising:
    """One client's utterances, one after the other."""

    def __init__(
        self, services: Services, connection: Connection, wish: Transcribe, places: asyncio.Semaphore, bounds: Bounds
    ) -> None:
        """Transcribe what follows.

        Raises:
            BadInput: a language that is not recognised here.
        """
        if wish.language and wish.language.lower().replace("_", "-").partition("-")[0] != LANGUAGE:
            raise BadInput("This language is not recognised here.", next_step="Ask with 'describe' which are.")
        self._services = services
        self._connection = connection
        self._places = places
        self._bounds = bounds
        self._utterance: Utterance | None = None
        self._heard = 0

    async def start(self, form: AudioStart) -> None:
        """An utterance begins.

        Raises:
            BadInput: its sound has another form.
            EngineError: nothing is free to recognise it.
        """
        must_be_ours(form)
        await self.close()
        sayable = await self._services.sayable()
        shared = self._services.shared
        endpoints = replace(
            shared.engines.endpoints,
            silence_ms=PAUSE_MS,
            pause_ms=PAUSE_MS,
            complete_silence_ms=PAUSE_MS,
            patience_ms=LONGEST_MS,
            longest_ms=LONGEST_MS - PAUSE_MS,
        )
        await self._take_place()
        with self._place_on_failure():
            self._utterance = await shared.apart(lambda: shared.engines.utterance(sayable.graph, endpoints))
        await self._connection.send(TranscriptStart(LANGUAGE))

    async def hear(self, chunk: AudioChunk) -> None:
        """Hear on.

        Raises:
            BadInput: too much, another form, or before the start.
        """
        must_be_ours(chunk)
        utterance = self._utterance
        if utterance is None:
            raise BadInput("Sound came before 'audio-start'.")
        self._heard += len(chunk.audio)
        if self._heard > self._bounds.utterance_s * SAMPLE_RATE * SAMPLE_WIDTH:
            raise BadInput(f"An utterance has at most {self._bounds.utterance_s:.0f} seconds.")
        if not utterance.ended:
            await self._services.shared.apart(lambda: utterance.push(chunk.audio))

    async def stop(self, _end: AudioStop) -> None:
        """The utterance is over: say what was said, or nothing where it was no sentence that may be said."""
        utterance = self._utterance
        if utterance is None:
            raise BadInput("The sound stopped before it began.")
        heard = await self._services.shared.apart(utterance.finish)
        await self.close()
        best = heard.recognition.best
        text = best.text if best is not None and heard.recognition.for_me() else ""
        if text:  # in one piece: what was sent cannot be taken back, and the recogniser may until the end
            await self._connection.send(TranscriptChunk(text))
        await self._connection.send(Transcript(text, LANGUAGE))
        await self._connection.send(TranscriptStop())

    async def close(self) -> None:
        """Overwrite the sound and free the recogniser."""
        utterance, self._utterance, self._heard = self._utterance, None, 0
        if utterance is not None:
            try:
                await self._services.shared.apart(utterance.close)
            finally:
                self._places.release()

    async def _take_place(self) -> None:
        try:
            async with asyncio.timeout(self._bounds.queue_s):
                await self._places.acquire()
        except TimeoutError:
            raise EngineBusy("Other clients are being transcribed.", next_step="Try again in a moment.") from None

    @contextmanager
    def _place_on_failure(self) -> Iterator[None]:
        try:
            yield
        except BaseException:
            self._places.release()
            raise
