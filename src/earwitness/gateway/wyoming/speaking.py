"""The tts service: text in, at once or in parts, sound out as it is made."""

import re
from collections.abc import Iterator
from typing import Final

from earwitness.assistant.speaking import spoken
from earwitness.gateway.wyoming.bounds import Bounds
from earwitness.gateway.wyoming.connection import Connection
from earwitness.gateway.wyoming.services import Kind, Services
from earwitness.kernel.audio import SAMPLE_WIDTH
from earwitness.kernel.errors import BadInput, NotFound
from earwitness.protocol.wyoming.audio import AudioChunk, AudioStart, AudioStop
from earwitness.protocol.wyoming.speaking import (
    Synthesize,
    SynthesizeChunk,
    SynthesizeStart,
    SynthesizeStop,
    SynthesizeStopped,
    Voice,
)

SENTENCE_END: Final = re.compile(r"(?<=[.!?…;:])\s+|\n+")
LONGEST_PIECE: Final = 500  # characters given to the engine at once


class Speaking:
    """One client's texts, one after the other."""

    def __init__(self, services: Services, connection: Connection, bounds: Bounds) -> None:
        """Speak to this client."""
        self._services = services
        self._connection = connection
        self._bounds = bounds
        self._streaming = False
        self._rest = ""
        self._length = 0
        self._rate = 0  # of the sound under way
        self._sent_ms = 0.0

    async def say(self, wish: Synthesize) -> None:
        """Speak a text; while one comes in parts this is only its repetition for clients that know no parts.

        Raises:
            BadInput: nothing to say, too much, or a voice that is not here.
        """
        if self._streaming:
            return
        self._check(wish.voice)
        if not wish.text.strip():
            raise BadInput("There is nothing to say.")
        self._rest = wish.text
        await self._end()

    async def begin(self, wish: SynthesizeStart) -> None:
        """A text will come in parts.

        Raises:
            NotFound: a voice that is not here.
        """
        self._check(wish.voice)
        self._streaming, self._rest, self._length = True, "", 0

    async def go_on(self, part: SynthesizeChunk) -> None:
        """Speak what is complete with this part.

        Raises:
            BadInput: no beginning, or too much.
        """
        if not self._streaming:
            raise BadInput("A part of a text came before 'synthesize-start'.")
        self._length += len(part.text)
        if self._length > self._bounds.text:
            raise BadInput(f"A text to speak has at most {self._bounds.text} characters.")
        *complete, self._rest = SENTENCE_END.split(self._rest + part.text)
        for sentence in complete:
            await self._speak(sentence)

    async def finish(self, _end: SynthesizeStop) -> None:
        """Speak the rest and say that this was all."""
        if not self._streaming:
            raise BadInput("The text ended before 'synthesize-start'.")
        self._streaming = False
        await self._end()
        await self._connection.send(SynthesizeStopped())

    async def _end(self) -> None:
        rest, self._rest = self._rest, ""
        for sentence in SENTENCE_END.split(rest):
            await self._speak(sentence)
        if self._rate:
            await self._connection.send(AudioStop(round(self._sent_ms)))
        self._rate, self._sent_ms = 0, 0.0

    async def _speak(self, sentence: str) -> None:
        engines = self._services.shared.engines
        for piece in _pieces(sentence):
            async for sound in spoken(piece, engines.voice, engines.working):
                if not self._rate:
                    self._rate = sound.rate
                    await self._connection.send(AudioStart(sound.rate, SAMPLE_WIDTH, 1, 0))
                at = round(self._sent_ms)
                await self._connection.send(AudioChunk(sound.rate, SAMPLE_WIDTH, 1, sound.pcm, at))
                self._sent_ms += len(sound.pcm) * 1000 / (SAMPLE_WIDTH * sound.rate)

    def _check(self, wish: Voice | None) -> None:
        """Check that the voice that is wished for is the one that there is."""
        (voice,) = self._services.programs[Kind.TTS].models
        wish = wish or Voice()
        language = (wish.language or "").lower().replace("_", "-").partition("-")[0]
        if (wish.name or voice.name) != voice.name or (language and language not in voice.languages):
            raise NotFound("There is no such voice here.", next_step="Ask with 'describe' which there are.")


def _pieces(sentence: str) -> Iterator[str]:
    """The sentence, cut between words where it is longer than an engine is given at once."""
    rest = sentence.strip()
    while len(rest) > LONGEST_PIECE:
        cut = rest.rfind(" ", 1, LONGEST_PIECE)
        cut = LONGEST_PIECE if cut < 0 else cut
        yield rest[:cut]
        rest = rest[cut:].strip()
    if rest:
        yield rest
